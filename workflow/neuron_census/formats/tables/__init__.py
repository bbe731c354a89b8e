"""The schemas of the tables that stages write; code, tests and docs/tables.md share them."""

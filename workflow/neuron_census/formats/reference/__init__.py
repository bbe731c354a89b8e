"""Descriptions of every file of a run, from which docs/tables.md is written; no stage reads them."""

"""The configuration: its schema, its checks, and what it selects."""

"""The schema of the config: the one source of every key's type, bounds, default and meaning."""

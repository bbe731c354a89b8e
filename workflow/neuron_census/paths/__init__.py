"""How files are found: search folders, patterns, and names that stay inside a folder."""

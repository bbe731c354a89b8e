"""Where files are found: search folders, patterns, and what lies inside a folder."""

"""When a rule runs again: what a file was made from, as a digest."""

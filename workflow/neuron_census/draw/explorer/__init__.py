"""The explorer: a page that opens from disk, and the data that it loads when they are needed."""

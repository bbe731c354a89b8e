"""What a recording takes of memory, disk and time, reckoned before the first forward pass."""

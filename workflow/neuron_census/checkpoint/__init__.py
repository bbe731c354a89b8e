"""Checkpoints as the hub ships them: found, checked and read one tensor at a time."""

"""Text from local files, from the hub and from Python distributions, behind one interface."""

"""The streaming forward pass: one place that walks the layers, observed by recorders."""

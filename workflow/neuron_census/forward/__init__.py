"""The streaming forward pass: one place that walks layers, observed by small recorders."""

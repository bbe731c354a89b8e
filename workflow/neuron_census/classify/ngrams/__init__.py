"""Which n-grams activate a neuron, how few of them cover it, and whether it detects them."""

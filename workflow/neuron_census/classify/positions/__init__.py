"""How a neuron depends on position: mutual information, curves, and types of pattern."""

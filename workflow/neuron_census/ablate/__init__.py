"""Ablate: what becomes of a token when the neuron that detects it is silent for once."""

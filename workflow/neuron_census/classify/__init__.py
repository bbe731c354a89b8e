"""Classify: from counts to the census of every neuron; every threshold is applied here."""

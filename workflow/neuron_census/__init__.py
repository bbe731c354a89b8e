"""Neuron Census: what the feed-forward neurons of language models do."""

__version__ = "0.1.0"

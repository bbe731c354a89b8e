"""OPT checkpoints as the hub ships them: found, checked and read one tensor at a time."""

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.tensors import StoredTensor

__all__ = ["Checkpoint", "StoredTensor"]

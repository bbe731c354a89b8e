"""What neurons write towards: their rows of the second FFN matrix, projected on the embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int
from torch import Tensor

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.validation import require_finite

PIECE_BYTES = 1 << 27
"""Of a weight matrix, as float64, this much is in memory at a time."""


def output_rows(
    checkpoint: Checkpoint, layer: int, neurons: Int[np.ndarray, " neuron"]
) -> Float64[Tensor, "neuron embedded"]:
    """Read what neurons add to the residual stream, in the space of the token embeddings.

    A neuron's row is its column of `fc2.weight`; where embeddings have a width of their own, it
    goes through `project_out` (section 4.4). The rest of the layer is not kept.

    Parameters
    ----------
    checkpoint
        holds the layer
    layer
        0-based
    neurons
        indices in the FFN layer, 0-based

    Raises CensusError for a damaged file and for rows that are not finite.
    """
    name = f"layers.{layer}.fc2.weight"
    stored = checkpoint.stored(name)
    chosen = torch.from_numpy(np.asarray(neurons, dtype=np.int64))
    if stored.contiguous:
        hidden, ffn_dim = stored.shape
        row_bytes = ffn_dim * stored.dtype.itemsize
        pieces = [
            replace(stored, offset=stored.offset + first * row_bytes, shape=(last - first, ffn_dim))
            .read()
            .index_select(1, chosen)
            for first, last in _pieces(hidden, ffn_dim)
        ]
        columns = torch.cat(pieces)
    else:
        columns = checkpoint.tensor(name, check=False).index_select(1, chosen)
    require_finite(stored, columns)
    rows = columns.double().T
    if "project_out.weight" in checkpoint.tensors:
        rows = rows @ checkpoint.tensor("project_out.weight").double().T
    return rows.contiguous()


def token_embeddings(checkpoint: Checkpoint, vocabulary: int) -> Float[Tensor, "token embedded"]:
    """Read the embeddings of the tokenizer's tokens, in the type that they are stored in.

    Parameters
    ----------
    checkpoint
        holds them
    vocabulary
        the tokenizer's highest id, plus one; rows beyond it belong to no token

    Raises CensusError where the embedding has fewer rows than that.
    """
    checkpoint.validate(vocabulary=vocabulary)
    return checkpoint.tensor("embed_tokens.weight")[:vocabulary]


def projections(
    embeddings: Float[Tensor, "token embedded"], rows: Float64[Tensor, "neuron embedded"]
) -> Float32[np.ndarray, "neuron token"]:
    """Project output rows on token embeddings: `E @ w` for each neuron (section 4.4).

    Sums are float64: their float32 result does not feel the order in which they were taken.

    Parameters
    ----------
    embeddings
        of any floating type
    rows
        of the neurons of a batch
    """
    found = np.empty((len(rows), len(embeddings)), dtype=np.float32)
    for first, last in _pieces(*embeddings.shape):
        found[:, first:last] = (rows @ embeddings[first:last].double().T).numpy()
    return found


def _pieces(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Cut the rows of a matrix into pieces that are small as float64."""
    step = max(1, PIECE_BYTES // (8 * columns))
    for first in range(0, rows, step):
        yield first, min(first + step, rows)

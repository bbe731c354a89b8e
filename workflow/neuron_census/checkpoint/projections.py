"""What neurons write to the residual stream, projected on the token embeddings."""

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
"""How much of a weight matrix, as float64, is in memory at a time."""


def output_rows(
    checkpoint: Checkpoint, layer: int, neurons: Int[np.ndarray, " neuron"]
) -> Float64[Tensor, "neuron embedded"]:
    """Return what neurons add to the residual stream, in the space of the token embeddings.

    A neuron's row is its column of the second FFN matrix (of one that is stored transposed, its row); where
    embeddings have a width of their own, it goes through the projection to it (section 4.4). The rest of the
    layer does not stay in memory.

    Parameters
    ----------
    checkpoint
        the model
    layer
        0-based
    neurons
        indices in the FFN layer, 0-based

    Raises CensusError for a damaged file and for rows that are not finite.
    """
    family = checkpoint.family
    name = f"layers.{layer}.{family.output}"
    stored = checkpoint.stored(name)
    chosen = torch.from_numpy(np.asarray(neurons, dtype=np.int64))
    if family.output_rows_are_neurons:
        columns = checkpoint.tensor(name, check=False).index_select(0, chosen).T
    elif stored.contiguous:
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
    if family.unembedding_projection in checkpoint.tensors:
        rows = rows @ checkpoint.tensor(family.unembedding_projection).double().T
    return rows.contiguous()


def token_embeddings(checkpoint: Checkpoint, vocabulary: int) -> Float[Tensor, "token embedded"]:
    """Return the unembeddings of the tokenizer's tokens, in the type that they are stored in.

    They are the embeddings, unless the model has an output head of its own.

    Parameters
    ----------
    checkpoint
        the model
    vocabulary
        the tokenizer's highest id, plus one; rows beyond it belong to no token

    Raises CensusError where the embedding has fewer rows than that.
    """
    checkpoint.validate(vocabulary=vocabulary)
    return checkpoint.tensor(checkpoint.unembedding)[:vocabulary]


def projections(
    embeddings: Float[Tensor, "token embedded"], rows: Float64[Tensor, "neuron embedded"]
) -> Float32[np.ndarray, "neuron token"]:
    """Return the projections of output rows on token embeddings: `E @ w` for each neuron (section 4.4).

    Sums are float64, so that their float32 result does not depend on the order in which they are taken.

    Parameters
    ----------
    embeddings
        embeddings, of any floating type
    rows
        output rows of some neurons
    """
    found = np.empty((len(rows), len(embeddings)), dtype=np.float32)
    for first, last in _pieces(*embeddings.shape):
        found[:, first:last] = (rows @ embeddings[first:last].double().T).numpy()
    return found


def _pieces(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """Yield the rows of a matrix in pieces that are small as float64: first row, and the one after the last."""
    step = max(1, PIECE_BYTES // (8 * columns))
    for first in range(0, rows, step):
        yield first, min(first + step, rows)

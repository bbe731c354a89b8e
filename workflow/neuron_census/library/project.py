"""What a neuron writes to the residual stream, seen through the token embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.projections import output_rows, projections, token_embeddings
from neuron_census.errors import CensusError
from neuron_census.formats.tables.ngrams import PROJECTIONS
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText


def project(
    checkpoint: str | Path, layer: int, neuron: int, *, tokenizer: str | Path | None = None
) -> pl.DataFrame:
    """Return the projection of a neuron's output row on every token's embedding (section 4.4).

    One row per token, the most promoted first: token i32, text, value f32. Only `fc2.weight` of the
    layer, the embeddings and `project_out` are read of the checkpoint.

    Parameters
    ----------
    checkpoint
        folder of the model
    layer, neuron
        the neuron; both count from 0
    tokenizer
        folder of its tokenizer; that of the checkpoint if not given

    Raises CensusError for a folder that is no checkpoint, a neuron that it does not have, and damaged files.
    """
    source = Checkpoint.open(Path(checkpoint))
    require_neuron(source, layer, neuron)
    folder = Path(tokenizer or checkpoint)
    vocabulary = Encoder.open(folder).vocabulary
    rows = output_rows(source, layer, np.array([neuron]))
    values = projections(token_embeddings(source, vocabulary), rows)[0]
    return pl.DataFrame(
        {"token": np.arange(vocabulary), "text": TokenText.open(folder).texts, "value": values},
        schema=PROJECTIONS.types("token", "text", "value"),
    ).sort("value", descending=True, maintain_order=True)


def require_neuron(checkpoint: Checkpoint, layer: int, neuron: int) -> None:
    """Raise CensusError, which says what there is, for a neuron that a model does not have."""
    config = checkpoint.config
    layers, neurons = config.num_hidden_layers, config.ffn_dim
    if not (0 <= layer < layers and 0 <= neuron < neurons):
        raise CensusError(
            f"{checkpoint.folder}: has no neuron {neuron} in layer {layer}; expected layers from 0 to "
            f"{layers - 1} and neurons from 0 to {neurons - 1}."
        )

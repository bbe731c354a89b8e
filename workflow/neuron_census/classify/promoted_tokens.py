"""The tokens that neurons promote and suppress most, by what they write to the residual stream.

chosen = neurons_to_project(dead, detectors, positional, multiplications)
for rows in list_promoted(checkpoint, vocabulary, chosen): ...   # the projections table, without texts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
import torch
from jaxtyping import Bool, Float32, Int, Int64
from torch import Tensor

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.projections import output_rows, projections, token_embeddings
from neuron_census.formats.tables.ngrams import PROJECTIONS
from neuron_census.formats.tables.table import NEURON
from neuron_census.formats.tables.vocabulary import NGRAMS
from neuron_census.progress import progress
from neuron_census.tokenizer.token_text import TokenText

EXTREMES = 10
"""Tokens that are listed as the most promoted ones, and as the most suppressed ones."""
BATCH = 512
"""Neurons whose projections are in memory at a time: 100 MB with OPT's vocabulary."""

CHEAP = 2e12
"""Multiplications up to which every alive neuron is projected: some minutes of a core. OPT-125m is below it."""

SPECIAL = (*(f"{ngram}_detector" for ngram in NGRAMS), "positional")
"""What a neuron of a larger model must be for its projections to be listed."""

WITHOUT_TEXT = PROJECTIONS.types(*NEURON, "rank", "token", "value")


def list_projections(
    checkpoint: Checkpoint,
    text: TokenText,
    dead: Bool[np.ndarray, "layer neuron"],
    parts: Iterable[pl.DataFrame | None],
) -> Iterator[pl.DataFrame]:
    """Yield the projections table: of every alive neuron where that is cheap, or else of the special ones.

    Parameters
    ----------
    checkpoint
        the model
    text
        the tokenizer's tokens
    dead
        which neurons of the model are dead
    parts
        parts of the census, which say what a neuron is; None for a study that was not made
    """
    vocabulary = len(text.texts)
    width = checkpoint.stored("embed_tokens.weight").shape[1]
    chosen = neurons_to_project(dead, parts, vocabulary * width)
    for rows in list_promoted(checkpoint, vocabulary, chosen):
        spelled = rows.with_columns(text=text.texts.gather(rows["token"]))
        yield spelled.select(list(PROJECTIONS.columns))


def neurons_to_project(
    dead: Bool[np.ndarray, "layer neuron"],
    parts: Iterable[pl.DataFrame | None],
    multiplications: int,
) -> pl.DataFrame:
    """Return columns layer and neuron of the neurons whose projections are listed, in this order.

    Parameters
    ----------
    dead
        which neurons of the model are dead
    parts
        parts of the census; None for a study that was not made
    multiplications
        what the projections of one neuron take: tokens by the width of an embedding
    """
    place = PROJECTIONS.types(*NEURON)
    alive = np.nonzero(~dead)
    if multiplications * len(alive[0]) <= CHEAP:
        return pl.DataFrame(dict(zip(NEURON, alive, strict=True)), schema_overrides=place)
    special = [pl.DataFrame(schema=place)]
    for part in parts:
        if part is not None:
            kinds = [pl.col(kind).fill_null(False) for kind in SPECIAL if kind in part.columns]
            special.append(part.filter(pl.any_horizontal(kinds)).select(place.names()))
    return pl.concat(special).unique().sort(*NEURON)


def list_promoted(
    checkpoint: Checkpoint, vocabulary: int, neurons: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Yield rows of the projections table, without texts, by layer and neuron; the promoted tokens come first.

    Only `fc2.weight` of the neurons' layers, the embeddings and `project_out` are read of the checkpoint.

    Parameters
    ----------
    checkpoint
        the model
    vocabulary
        the tokenizer's highest id, plus one; rows of the embedding beyond it are left out
    neurons
        columns layer and neuron, sorted by them

    Raises CensusError for an embedding with fewer rows than the tokenizer has ids, and for damaged weights.
    """
    if neurons.is_empty():
        return
    embeddings = token_embeddings(checkpoint, vocabulary)
    with progress(what="listing projections", unit="neuron", total=len(neurons)) as bar:
        for (layer,), of_layer in neurons.group_by("layer", maintain_order=True):
            for batch in of_layer.iter_slices(BATCH):
                chosen = batch["neuron"].to_numpy()
                rows = output_rows(checkpoint, int(layer), chosen)
                yield _rows(int(layer), chosen, projections(embeddings, rows))
                bar.update(len(batch))


def _rows(
    layer: int,
    neurons: Int[np.ndarray, " neuron"],
    values: Float32[np.ndarray, "neuron token"],
) -> pl.DataFrame:
    promoted, suppressed = extremes(torch.from_numpy(values))
    token = torch.cat([promoted, suppressed], dim=1).numpy()
    rank = [*range(1, promoted.shape[1] + 1), *range(-1, -suppressed.shape[1] - 1, -1)]
    return pl.DataFrame(
        {
            "layer": np.full(token.size, layer),
            "neuron": np.repeat(neurons, len(rank)),
            "rank": np.tile(rank, len(neurons)),
            "token": token.reshape(-1),
            "value": np.take_along_axis(values, token, axis=1).reshape(-1),
        },
        schema_overrides=WITHOUT_TEXT,
    )


def extremes(
    values: Float32[Tensor, "neuron token"],
) -> tuple[Int64[Tensor, "neuron promoted"], Int64[Tensor, "neuron suppressed"]]:
    """Return the ten most promoted and the ten most suppressed tokens of each neuron, the most extreme first.

    The lower id comes first where projections are equal. No token is on both lists: with fewer than twenty
    tokens, the promoted ones get half, rounded up.

    Parameters
    ----------
    values
        the projections on all tokens
    """
    tokens = values.shape[1]
    promoted = _highest(values, min(EXTREMES, (tokens + 1) // 2))
    rest = -values
    rest.scatter_(1, promoted, -torch.inf)
    return promoted, _highest(rest, min(EXTREMES, tokens // 2))


def _highest(
    values: Float32[Tensor, "neuron token"], count: int
) -> Int64[Tensor, "neuron highest"]:
    """Return the places of the highest values of each row, in order; equal ones by place."""
    if count == 0:
        return torch.empty((len(values), 0), dtype=torch.int64)
    border = values.topk(count, dim=1).values[:, -1:]
    # `topk` chooses any of equal values, so all that reach the border are put in order.
    row, place = torch.nonzero(values >= border, as_tuple=True)
    by_value = torch.argsort(values[row, place], descending=True, stable=True)
    order = by_value[torch.argsort(row[by_value], stable=True)]
    reached = torch.bincount(row, minlength=len(values))
    first = torch.cumsum(reached, 0) - reached
    return place[order][first[:, None] + torch.arange(count)]

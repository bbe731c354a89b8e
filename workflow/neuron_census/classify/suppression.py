"""Token detectors suppress what triggers them, or promote it (paper, section 4.4).

A detector's output row is projected on the embeddings of all tokens. It suppresses its tokens if
their projections are negative: on average, all of them, or most of them.

    found = measure_suppression(checkpoint, vocabulary, census.token_detectors, "mean")
    found.detectors      # columns of the census, one row per token detector
    found.tokens         # one row per token detector and covered token
    found.spectra        # the table of that name
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.projections import output_rows, projections, token_embeddings
from neuron_census.errors import CensusError, one_of
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import PROJECTIONS, SPECTRA, TRIGGERS
from neuron_census.formats.tables.table import NEURON
from neuron_census.formats.tables.vocabulary import READINGS
from neuron_census.progress import progress

QUANTILES = 257
BATCH = 512
"""Detectors whose projections are in memory at a time: 100 MB with OPT's vocabulary."""

# As they are measured; `suppresses` is read off them.
DETECTORS = CENSUS.types(
    *NEURON,
    "suppression",
    "suppression_all_negative",
    "suppression_majority_negative",
    "suppression_percentile",
)
TOKENS = PROJECTIONS.types(*NEURON, "token") | TRIGGERS.types("projection", "percentile")


@dataclass(frozen=True)
class Suppression:
    """What the output rows of token detectors do to tokens; rows by layer, then neuron.

    `detectors` has the columns of the census; `tokens` has one row per detector and covered token; `spectra` is
    the table of that name.
    """

    detectors: pl.DataFrame
    tokens: pl.DataFrame
    spectra: pl.DataFrame


def measure_suppression(
    checkpoint: Checkpoint, vocabulary: int, detectors: pl.DataFrame, reading: str
) -> Suppression:
    """Project the output rows of token detectors on all tokens, and say which detectors suppress theirs.

    Only the second FFN matrix of the detectors' layers and the unembedding are read of the checkpoint.

    Parameters
    ----------
    checkpoint
        the model
    vocabulary
        the tokenizer's highest id, plus one; rows of the embedding beyond it are left out
    detectors
        columns `layer`, `neuron` and `tokens`, the list of its covered tokens
    reading
        `mean`, `all` or `majority`: which of its projections on them must be negative

    Raises CensusError for another reading, an embedding with fewer rows than the tokenizer has
    ids, and damaged weights; ValueError for a detector without tokens or with unknown ones.
    """
    if reading not in READINGS:
        raise CensusError(
            f"classify.ngrams.suppression: unknown reading '{reading}'; "
            f"{one_of(reading, list(READINGS))}"
        )
    _check(detectors, vocabulary)
    found = _Rows()
    if not detectors.is_empty():
        embeddings = token_embeddings(checkpoint, vocabulary)
        with progress(what="projecting", unit="detector", total=len(detectors)) as bar:
            for layer, batch in _batches(detectors.sort("layer", "neuron")):
                rows = output_rows(checkpoint, layer, batch["neuron"].to_numpy())
                _add_batch(found, layer, batch, rows, embeddings)
                bar.update(len(batch))
    return found.tables(reading)


def _check(detectors: pl.DataFrame, vocabulary: int) -> None:
    tokens = detectors["tokens"]
    if tokens.null_count() or (tokens.list.len() == 0).any():
        raise ValueError("a token detector has covered tokens; found one that has none")
    known = tokens.explode(empty_as_null=False)
    if not known.is_between(0, vocabulary - 1).all():
        raise ValueError(f"covered tokens: found one outside 0 to {vocabulary - 1}")


def _batches(detectors: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Yield the detectors of one layer at a time, and not too many."""
    for (layer,), rows in detectors.group_by("layer", maintain_order=True):
        for batch in rows.iter_slices(BATCH):
            yield int(layer), batch


class _Rows:
    """The rows of all tables, as they are measured."""

    def __init__(self) -> None:
        self.detectors: list[tuple[object, ...]] = []
        self.tokens: list[tuple[object, ...]] = []
        self.spectra: list[tuple[object, ...]] = []

    def tables(self, reading: str) -> Suppression:
        """Return the tables."""
        detectors = pl.DataFrame(self.detectors, schema=DETECTORS, orient="row")
        return Suppression(
            detectors.with_columns(suppresses=READINGS[reading]),
            pl.DataFrame(self.tokens, schema=TOKENS, orient="row"),
            pl.DataFrame(self.spectra, schema=SPECTRA.schema, orient="row"),
        )


def _add_batch(
    found: _Rows,
    layer: int,
    batch: pl.DataFrame,
    rows: Float64[Tensor, "neuron embedded"],
    embeddings: Float[Tensor, "token embedded"],
) -> None:
    values = projections(embeddings, rows)
    for neuron, tokens, of_neuron in zip(
        batch["neuron"], batch["tokens"].to_list(), values, strict=True
    ):
        place = (layer, neuron)
        covered = np.array(sorted(tokens), dtype=np.int32)
        ascending = np.sort(of_neuron)
        own = of_neuron[covered]
        percentiles = rank_percentiles(ascending, own)
        negative = np.count_nonzero(own < 0)
        found.detectors.append(
            (
                *place,
                float(own.mean(dtype=np.float64)),
                bool(negative == len(own)),
                bool(2 * negative > len(own)),
                float(np.median(percentiles)),
            )
        )
        found.tokens += [
            (*place, *row)
            for row in zip(covered.tolist(), own.tolist(), percentiles.tolist(), strict=True)
        ]
        found.spectra.append((*place, quantiles(ascending).tolist()))


def rank_percentiles(
    ascending: Float32[np.ndarray, " token"], values: Float32[np.ndarray, " covered"]
) -> Float64[np.ndarray, " covered"]:
    """Return the places of some projections among all: 0 for the most suppressed, 1 for the most promoted.

    The place of the r-th lowest of V, from 0, is r / (V - 1); equal ones share the mean of their
    places, and a single token is at 0.5.

    Parameters
    ----------
    ascending
        the projections on all tokens, sorted
    values
        some of them
    """
    if len(ascending) == 1:
        return np.full(len(values), 0.5)
    lowest = np.searchsorted(ascending, values, side="left")
    highest = np.searchsorted(ascending, values, side="right") - 1
    places: Float64[np.ndarray, " covered"] = (lowest + highest) / (2 * (len(ascending) - 1))
    return places


def quantiles(ascending: Float32[np.ndarray, " token"]) -> Float32[np.ndarray, " quantile"]:
    """Return 257 evenly spaced quantiles, the lowest and the highest value included.

    Between two values they are interpolated linearly.

    Parameters
    ----------
    ascending
        the projections on all tokens, sorted
    """
    places = np.linspace(0, len(ascending) - 1, QUANTILES)
    found: Float64[np.ndarray, " quantile"] = np.interp(
        places, np.arange(len(ascending)), ascending
    )
    return found.astype(np.float32)

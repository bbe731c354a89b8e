"""Which neurons are ablated: the token detectors, and where these are few the nearest to being one.

How near a neuron is, is read off the diagonal of the sensitivity grid: the highest share at which it would be a
token detector if covers had to hold it and covered tokens had to reach it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64, Int64

ENOUGH = 20
"""With fewer detectors than this, the nearest neurons are ablated as well."""


@dataclass(frozen=True)
class Subject:
    """A neuron to ablate; `near` where it is no detector by the census's thresholds."""

    layer: int
    neuron: int
    near: bool
    nearness: float | None
    suppression: float | None
    triggers: frozenset[int]


def choose_subjects(
    census: pl.DataFrame, triggers: pl.DataFrame, *, most: int, max_cover: int
) -> list[Subject]:
    """Return the neurons to ablate, by layer and neuron.

    Of more token detectors than `most`, every so many in the order of layers and neurons are taken.

    Parameters
    ----------
    census
        the census table, with the columns of the n-gram study
    triggers
        the triggers table
    most
        detectors to ablate at most; near neurons are added up to 20 in all, and no more than this
    max_cover
        the largest cover of a token detector, as the census had it
    """
    tokens = triggers.filter(pl.col("n") == 1)
    detectors = census.filter(pl.col("unigram_detector")).select(
        "layer", "neuron", "suppression", near=pl.lit(False), nearness=pl.lit(None, pl.Float64)
    )
    chosen = detectors[
        np.unique(
            np.linspace(0, len(detectors) - 1, min(most, len(detectors))).round().astype(int)
        ).tolist()
    ]
    wanted = min(ENOUGH, most) - len(detectors)
    if wanted > 0:
        chosen = pl.concat([chosen, nearest(census, tokens, wanted, max_cover)])
    own = tokens.group_by("layer", "neuron").agg(pl.col("ngram").list.first().alias("tokens"))
    rows = chosen.join(own, on=["layer", "neuron"], how="left").sort("layer", "neuron")
    return [
        Subject(
            layer=row["layer"],
            neuron=row["neuron"],
            near=row["near"],
            nearness=row["nearness"],
            suppression=row["suppression"],
            triggers=frozenset(row["tokens"] or ()),
        )
        for row in rows.iter_rows(named=True)
    ]


def nearest(
    census: pl.DataFrame, tokens: pl.DataFrame, wanted: int, max_cover: int
) -> pl.DataFrame:
    """Return the alive neurons that are nearest to being token detectors, the nearest first.

    Parameters
    ----------
    census
        the census table
    tokens
        rows of the triggers table for single tokens; of neurons that are no detectors it lists the most
        frequent ones, so that nearness is a lower bound
    wanted
        how many
    max_cover
        the largest cover of a token detector
    """
    possible = census.filter(
        ~pl.col("dead") & pl.col("unigram_cover").is_not_null() & ~pl.col("unigram_detector")
    ).select("layer", "neuron", "unigram_activations")
    rows = tokens.join(possible, on=["layer", "neuron"], how="inner").sort(
        "layer", "neuron", maintain_order=True
    )
    found = [
        {
            "layer": layer,
            "neuron": neuron,
            "nearness": nearness(
                group["activations"].to_numpy().astype(np.int64),
                group["occurrences"].to_numpy().astype(np.int64),
                int(group["unigram_activations"][0]),
                max_cover,
            ),
        }
        for (layer, neuron), group in rows.group_by("layer", "neuron", maintain_order=True)
    ]
    schema = {"layer": pl.Int16, "neuron": pl.Int32, "nearness": pl.Float64}
    return (
        pl.DataFrame(found, schema=schema)
        .sort(pl.col("nearness"), "layer", "neuron", descending=[True, False, False])
        .head(wanted)
        .select(
            "layer",
            "neuron",
            pl.lit(None, pl.Float32).alias("suppression"),
            pl.lit(True).alias("near"),
            "nearness",
        )
    )


def nearness(
    activations: Int64[np.ndarray, " token"],
    occurrences: Int64[np.ndarray, " token"],
    total: int,
    max_cover: int,
) -> float:
    """Return the highest share s at which a neuron would be a token detector, 0 to 1.

    Its `max_cover` most frequent tokens hold s of its activations, and tokens of which it is active on s of
    the occurrences hold s of them.

    Parameters
    ----------
    activations
        occurrences of each token that activate the neuron
    occurrences
        of each token in the study
    total
        activations at all tokens
    max_cover
        the largest cover of a token detector
    """
    if total == 0:
        return 0.0
    cover = np.sort(activations)[::-1][:max_cover].sum() / total
    presence: Float64[np.ndarray, " token"] = activations / occurrences
    order = np.argsort(-presence, kind="stable")
    held = np.cumsum(activations[order]) / total
    # At the presence of the i-th token, the tokens up to it are covered.
    best = np.minimum(presence[order], held).max(initial=0.0)
    return float(min(cover, best))

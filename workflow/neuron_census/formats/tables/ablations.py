"""What ablations found: one row per neuron that was ablated, and one per firing at which it was."""

from __future__ import annotations

import polars as pl

from neuron_census.formats.tables.table import NEURON, Column, Table

EFFECTS = {
    "direct": "direct effect on the centred logit, the scale of every norm on the way frozen",
    "total": "total effect on the centred logit",
    "frozen": "total effect on the centred logit, the scale of the last norm frozen",
    "log_probability": "total effect on the log-probability",
}
"""What is measured of an ablation: the value with the neuron, less the value without it."""


def _firing_effects() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for prefix, dtype, of, where in (
        ("", pl.Float64(), "the neuron", "at the token"),
        ("matched_", pl.Float64(), "the neuron", "at the token of matched frequency"),
        ("control_", pl.List(pl.Float64()), "each control", "at the token"),
        (
            "control_matched_",
            pl.List(pl.Float64()),
            "each control",
            "at the token of matched frequency",
        ),
        ("random_", pl.Float64(), "a random direction of the same norm", "at the token"),
        (
            "random_matched_",
            pl.Float64(),
            "a random direction of the same norm",
            "at the token of matched frequency",
        ),
    ):
        for effect, meaning in EFFECTS.items():
            columns[f"{prefix}{effect}"] = Column(dtype, f"{meaning}, of {of} {where}")
    return columns


def _neuron_effects() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for effect, meaning in EFFECTS.items():
        said = f"{meaning}: mean over documents of the mean over firings"
        compared = (
            "the same, less that at the token of matched frequency, less the mean of this difference for "
            "the controls"
        )
        columns |= {
            effect: Column(pl.Float64(), said),
            f"{effect}_low": Column(pl.Float64(), "lower end of its 95% interval"),
            f"{effect}_high": Column(pl.Float64(), "upper end of its 95% interval"),
            f"{effect}_random": Column(
                pl.Float64(), "the same for a random direction of the same norm"
            ),
            f"{effect}_difference": Column(pl.Float64(), compared),
            f"{effect}_difference_low": Column(pl.Float64(), "lower end of its 95% interval"),
            f"{effect}_difference_high": Column(pl.Float64(), "upper end of its 95% interval"),
            f"{effect}_difference_p": Column(
                pl.Float64(), "two-sided p-value of no difference, from the same draws"
            ),
            f"{effect}_difference_q": Column(
                pl.Float64(),
                "that after Benjamini and Hochberg, over the model's detectors, or over its near neurons",
            ),
        }
    return columns


ABLATIONS = Table(
    name="ablations",
    row="One row per neuron that was ablated: token detectors and, where a model has fewer than 20, the neurons "
    "nearest to being one; by layer and neuron. Everything after `documents` is null with fewer than 30 firings or "
    "fewer than 10 documents. Effects are the value with the neuron less the value without it; those of a suppressor "
    "are below 0.",
    columns={
        **NEURON,
        "near": Column(pl.Boolean(), "whether it is no detector by the census, only near to one"),
        "nearness": Column(
            pl.Float64(),
            "of a near neuron, the highest share at which it would be a detector, if `coverage` and `presence` "
            "were both that share",
        ),
        "suppression": Column(
            pl.Float32(), "of a detector, its mean projection on its tokens, as in the census"
        ),
        "firings": Column(pl.Int32(), "firings at which it was ablated"),
        "documents": Column(pl.Int32(), "documents that these firings lie in"),
        "projection": Column(
            pl.Float64(),
            "projection of its output row on the embedding of the token at which it fired: mean over documents of "
            "the mean over firings",
        ),
        **_neuron_effects(),
        "ranks": Column(
            pl.List(pl.Float64()),
            "median rank of the token by the logit lens after its own layer and each later one; 1 is the first",
        ),
        "ranks_without": Column(pl.List(pl.Float64()), "the same without the neuron"),
    },
)


FIRINGS = Table(
    name="firings",
    row="One row per firing at which a neuron was ablated, by layer, neuron and window: its first activation in a "
    "window. Effects are the value with the neuron less the value without it.",
    columns={
        **NEURON,
        "window": Column(pl.Int32(), "row of the window in `windows.parquet`"),
        "position": Column(pl.Int32(), "position in the window; 0 is the BOS"),
        "token": Column(pl.Int32(), "token there, the trigger"),
        "matched_token": Column(
            pl.Int32(),
            "token of the nearest frequency in the windows that is no trigger of the neuron; null where there is none",
        ),
        "activation": Column(pl.Float64(), "what the neuron puts out there"),
        "norm": Column(pl.Float64(), "norm of what it adds to the residual stream"),
        "projection": Column(pl.Float64(), "projection of its output row on the token's embedding"),
        "controls": Column(
            pl.List(pl.Int32()),
            "neurons of the same layer that are active there and add the nearest norms: two, or as many as there are",
        ),
        **_firing_effects(),
        "rank": Column(pl.Int32(), "rank of the token among all by its logit; 1 is the first"),
        "rank_without": Column(pl.Int32(), "the same without the neuron"),
        "ranks": Column(
            pl.List(pl.Int32()),
            "rank of the token by the logit lens after the neuron's own layer and each later one",
        ),
        "ranks_without": Column(pl.List(pl.Int32()), "the same without the neuron"),
    },
)

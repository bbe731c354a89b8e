"""Exact counts as frames: what neurons do in each domain, and at each position."""

from __future__ import annotations

import numpy as np
import polars as pl

from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.zarr_store import read_checked


def counts_by_domain(counts: Counts) -> pl.DataFrame:
    """Return one row per neuron and domain of the dead study.

    Columns: layer i16, neuron i32, domain, tokens, windows, activations, active_at_bos, i64.
    """
    active, at_bos = counts.active(), counts.active_at_bos()
    layers, domains, neurons = active.shape
    names = pl.Series("domain", counts.domains, dtype=pl.String)
    domain = np.tile(np.arange(domains), layers * neurons)
    return pl.DataFrame(
        {
            "layer": np.repeat(np.arange(layers), neurons * domains),
            "neuron": np.tile(np.repeat(np.arange(neurons), domains), layers),
            "domain": names.gather(domain),
            "tokens": counts.tokens[domain],
            "windows": counts.windows[domain],
            "activations": active.transpose(0, 2, 1).reshape(-1),
            "active_at_bos": at_bos.transpose(0, 2, 1).reshape(-1),
        },
        schema_overrides=CENSUS.types("layer", "neuron"),
    )


def curve_by_domain(counts: Counts, layer: int, neuron: int) -> pl.DataFrame:
    """Return one row per domain and position: in how many full-length windows a neuron is active there.

    Columns: domain, position i32, windows i64, activations i64, frequency f64. Domains without such
    windows are left out.

    Parameters
    ----------
    counts
        of the model
    layer, neuron
        the neuron, which the model has

    Raises CensusError where no window of the positions study was counted, and for damaged chunks.
    """
    if "positions" not in counts.group:
        raise CensusError(
            f"{counts.path}: no window of the positions study was counted. Give that study text in "
            "`studies.positions` and run again."
        )
    place = (slice(None), layer, slice(None), neuron)
    found = read_checked(counts.group, "positions", place, counts.path).astype(np.int64)
    attributes = counts.group.attrs.asdict()
    windows = np.array(attributes["position_windows"], dtype=np.int64)
    domains, length = found.shape
    domain = np.repeat(np.arange(domains), length)
    return (
        pl.DataFrame(
            {
                "domain": pl.Series(counts.domains, dtype=pl.String).gather(domain),
                "position": np.tile(np.arange(length, dtype=np.int32), domains),
                "windows": windows[domain],
                "activations": found.reshape(-1),
            }
        )
        .filter(pl.col("windows") > 0)
        .with_columns(frequency=pl.col("activations") / pl.col("windows"))
    )

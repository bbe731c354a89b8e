"""Every array of every store has the type, the axes and the attributes that docs/tables.md says it has."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pytest
import zarr
from zarr.core.metadata import ArrayV3Metadata

from helpers.made.checkpoints import make_checkpoint
from helpers.made.windows import made_windows
from helpers.planted.stages import Counted, record_and_count
from neuron_census.formats.reference.stores import (
    COUNTS,
    NGRAM_COUNTS,
    NGRAM_INDEX,
    RECORDING,
    Array,
    Store,
)
from neuron_census.formats.windows import write_windows

STUDIES = {"dead", "ngrams", "positions"}
LAYERS, NEURONS, WINDOW, DOMAINS = 3, 40, 16, ["a", "b"]
SIZES = {"layer": LAYERS, "domain": len(DOMAINS), "neuron": NEURONS, "position": WINDOW}


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    folder = tmp_path_factory.mktemp("stores")
    table = made_windows([WINDOW] * 6, studies=[STUDIES] * 6, domains=DOMAINS * 3, vocabulary=96)
    windows = folder / "windows.parquet"
    write_windows(
        table, windows, window_length=WINDOW, bos=2, vocabulary=96, shards=1, domains=DOMAINS
    )
    model = make_checkpoint(folder / "model", max_position_embeddings=WINDOW)
    return record_and_count(folder, windows, model, shards=1, analysed=1)


@pytest.mark.parametrize(
    "store", [RECORDING, COUNTS, NGRAM_INDEX, NGRAM_COUNTS], ids=lambda s: s.path
)
def test_a_store_is_what_the_page_says(counted: Counted, store: Store) -> None:
    paths = {
        RECORDING.path: counted.recordings[0],
        COUNTS.path: counted.counts,
        NGRAM_INDEX.path: counted.ngrams,
        NGRAM_COUNTS.path: counted.ngram_counts[0],
    }
    group = zarr.open_group(paths[store.path], mode="r")
    arrays = {
        name: array
        for name, array in group.members(max_depth=None)
        if isinstance(array, zarr.Array)
    }
    seen = set()
    for name, array in arrays.items():
        pattern, described = described_as(store.arrays, name)
        seen.add(pattern)
        assert isinstance(array.metadata, ArrayV3Metadata)
        assert array.metadata.dimension_names == described.dimensions, name
        assert str(array.dtype) in (described.dtype, "uint8" * ("to" in described.dtype)), name
        if store in (RECORDING, COUNTS):
            sizes = [SIZES.get(axis) for axis in described.dimensions]
            assert [size for size in sizes if size] == [
                length for length, size in zip(array.shape, sizes, strict=True) if size
            ]
    assert seen == set(store.arrays), "every array that is described is there"
    attributes = {name for names in store.attributes for name in names.split(", ")}
    assert attributes == set(group.attrs.asdict())


def described_as(arrays: Mapping[str, Array], name: str) -> tuple[str, Array]:
    """Return the description of an array, whose name has fields in braces."""
    (found,) = [
        (pattern, array)
        for pattern, array in arrays.items()
        if re.fullmatch(re.sub(r"\{\w+\}", r"\\d+", pattern), name)
    ]
    return found


def test_axes_are_in_the_order_that_is_named(counted: Counted) -> None:
    """Positions by hand: in any order but this one, these sums over axes would differ."""
    group = zarr.open_group(counted.counts, mode="r")
    active, positions = np.asarray(group["active"]), np.asarray(group["positions"])
    # Every window is read by both studies: activations are those at all positions but the BOS.
    assert np.array_equal(positions[:, :, 1:].sum(axis=2).transpose(1, 0, 2), active)
    assert np.array_equal(positions[:, :, 0].transpose(1, 0, 2), np.asarray(group["active_at_bos"]))

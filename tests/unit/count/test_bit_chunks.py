"""Bits that are read straight from the files are those that Zarr reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from neuron_census.count.bit_chunks import BitChunks
from neuron_census.formats import recording
from neuron_census.formats.recording import TOKENS_PER_FILE, create_bits


@pytest.mark.parametrize("tokens", [1, 8, 1001, TOKENS_PER_FILE, 2 * TOKENS_PER_FILE + 9])
@pytest.mark.parametrize("neurons", [1, 16, 37, 64])
def test_every_block_is_what_zarr_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, neurons: int, tokens: int
) -> None:
    monkeypatch.setattr(recording, "CHUNK_NEURONS", 16)
    group = zarr.open_group(tmp_path, mode="w")
    array = create_bits(group, 3, neurons, tokens)
    generator = np.random.default_rng(0)
    written = generator.integers(0, 256, array.shape, dtype=np.uint8)
    written[generator.random(neurons) < 0.2] = 0
    array[:] = written
    bits = BitChunks.open(tmp_path, group, 3)
    assert (bits.ffn_dim, bits.octets) == array.shape
    step = bits.chunk_neurons
    for start in range(0, neurons, step):
        rows = min(step, neurons - start)
        # Rows that are apart in memory, as they are side by side with those of other shards.
        around = np.full((rows, bits.octets + 5), 7, dtype=np.uint8)
        bits.read(start // step, around[:, 2:-3])
        assert np.array_equal(around[:, 2:-3], written[start : start + rows])
        assert np.array_equal(around[:, 2:-3], array[start : start + rows])
        assert (around[:, :2] == 7).all() and (around[:, -3:] == 7).all()

"""The forward pass computes in the type that is asked for, and in no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.made.checkpoints import StateDict, make_checkpoint
from helpers.made.recordings import record_shard
from helpers.made.windows import mixed_windows
from neuron_census.forward import observation as observed

# Bits of 1 + 2**-10 fit every type but bfloat16, those of 1 + 2**-30 fit float64 alone, and 2**-100 is
# zero in float16.
ACTIVE = {
    "float64": [True, True, True],
    "float32": [True, False, True],
    "bfloat16": [False, False, True],
    "float16": [True, False, False],
}


def three_neurons_that_tell_types_apart(weights: StateDict) -> None:
    """Layer 1 sends a constant into its FFN: 1 in the first place, else nothing."""
    for name in ("weight", "bias"):
        weights[f"layers.1.final_layer_norm.{name}"][:] = 0
        weights[f"layers.1.fc1.{name}"][:3] = 0
    weights["layers.1.final_layer_norm.bias"][0] = 1
    weights["layers.1.fc1.weight"][:2, 0] = torch.tensor(
        [1 + 2**-10, 1 + 2**-30], dtype=torch.float64
    )
    weights["layers.1.fc1.bias"][:3] = torch.tensor([-1, -1, 2**-100], dtype=torch.float64)


@pytest.mark.parametrize("dtype", ACTIVE)
@pytest.mark.parametrize("way", ["loops", "tensors"])
def test_neurons_that_are_active_in_some_types_only(
    tmp_path: Path, dtype: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "tensors":
        monkeypatch.setattr(observed, "LOOPS_RUN_ON", frozenset())
    folder = make_checkpoint(
        tmp_path / "m", dtype=torch.float64, plant=three_neurons_that_tell_types_apart
    )
    table = mixed_windows()
    recording = record_shard(tmp_path, folder, table, dtype=dtype)
    counts = np.asarray(recording["counts/active"])[1, :, :3].sum(axis=0)
    text = int((table.filter("dead")["length"] - 1).sum())
    assert counts.tolist() == [text if active else 0 for active in ACTIVE[dtype]]
    tokens = int(table.filter("ngrams")["length"].sum())
    packed = np.asarray(recording["active/1"])[:3]
    bits = np.unpackbits(packed, axis=1, bitorder="little")[:, :tokens].astype(bool)
    assert [row.all() for row in bits] == ACTIVE[dtype]
    assert [row.any() for row in bits] == ACTIVE[dtype]
    assert recording.attrs["dtype"] == dtype

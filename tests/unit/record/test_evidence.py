"""Windows of activity, margins and contexts of a recording, against a reading by loops over plain transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
import zarr

from helpers.made.checkpoints import StateDict, make_checkpoint, plant_dead, planted
from helpers.made.recordings import record_shard
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import pre_activations
from helpers.oracles.evidence_by_loop import Seen, contexts, margin
from neuron_census.formats.context import KINDS
from neuron_census.formats.zarr_store import read_checked
from neuron_census.forward import observation
from neuron_census.record.planning.plan import DTYPES

LENGTHS = [32, 32, 32, 32, 32, 19, 7, 2, 2, 31, 3, 2]
CONSTANT, DEAD = (1, 5), (0, 3)
SEED = 11


def plant_constant(weights: StateDict) -> None:
    """Plant a neuron whose pre-activation is the same at every token."""
    layer, neuron = CONSTANT
    weights[f"layers.{layer}.fc1.weight"][neuron] = 0
    weights[f"layers.{layer}.fc1.bias"][neuron] = 3


def windows_of_documents() -> pl.DataFrame:
    """Return windows of seven documents in two domains, three of which hold several; one window is not read."""
    studies = [{"dead", "ngrams"}] * 4 + [{"ngrams"}] + [{"dead"}] * 7
    domains = ["code"] * 7 + ["prose"] * 5
    table = made_windows(LENGTHS, studies=studies, domains=domains, vocabulary=96)
    documents = [0, 0, 1, 1, 2, 2, 4, 0, 1, 3, 3, 3]
    return table.with_columns(document=pl.Series(documents, dtype=pl.Int32))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(
        tmp_path_factory.mktemp("planted") / "model",
        dtype=torch.float64,
        plant=planted(plant_dead(DEAD), plant_constant),
    )


@pytest.fixture(scope="module")
def seen(checkpoint: Path) -> list[Seen]:
    table = windows_of_documents()
    return [
        Seen(row["window"], row["domain"], row["document"], values)
        for row, values in zip(
            table.iter_rows(named=True), pre_activations(checkpoint, table), strict=True
        )
        if row["dead"]
    ]


def stored(group: zarr.Group, name: str) -> np.ndarray:
    return read_checked(group, name, ..., Path())


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("loops", [True, False], ids=["loops", "tensors"])
def test_a_recording_holds_what_loops_find(
    tmp_path: Path,
    checkpoint: Path,
    seen: list[Seen],
    loops: bool,
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not loops:
        monkeypatch.setattr(observation, "LOOPS_RUN_ON", frozenset())
    group = record_shard(
        tmp_path,
        checkpoint,
        windows_of_documents(),
        batch_tokens="70",
        threads=threads,
        contexts=3,
        seed=SEED,
    )
    bits = np.unpackbits(stored(group, "windows/active"), axis=3, bitorder="little")
    values, windows, positions = (
        stored(group, f"margins/{name}") for name in ("value", "window", "position")
    )
    kept = {
        kind: {
            name: stored(group, f"contexts/{kind}/{name}")
            for name in ("key", "value", "window", "position", "activations")
        }
        for kind in KINDS
    }
    layers, neurons = len(seen[0].values), seen[0].values[0].shape[1]
    for layer in range(layers):
        for number, one in enumerate(seen):
            active = one.values[layer] > 0
            assert (bits[0, layer, :, number] == active[1:].any(axis=0)).all()
            assert (bits[1, layer, :, number] == active[0]).all()
        for neuron in range(neurons):
            for bos in (False, True):
                for half in range(2):
                    place = (int(bos), half, layer, neuron)
                    expected = margin(seen, layer, neuron, bos=bos, half=half)
                    # At the BOS all windows have the same value, but for rounding.
                    assert bos or (windows[place], positions[place]) == expected[1:]
                    assert values[place] == pytest.approx(expected[0], rel=1e-12)
            for kind in KINDS:
                found = kept[kind]
                best = contexts(seen, layer, neuron, kind, most=3, seed=SEED)
                assert int((found["window"][layer, neuron] >= 0).sum()) == len(best)
                for rank, context in enumerate(best):
                    there = {name: array[layer, neuron, rank] for name, array in found.items()}
                    assert there["window"] == context["window"]
                    assert there["position"] == context["position"]
                    assert there["key"] == pytest.approx(context["key"], rel=1e-12)
                    assert there["value"] == pytest.approx(context["value"], rel=1e-12)
                    assert (there["activations"] == context["activations"]).all()
    assert not bits[:, :, :, len(seen) :].any()
    # Every window of the planted neuron has the same largest value: the first ones count, and their first token.
    assert kept["top"]["window"][CONSTANT].tolist() == [0, 1, 2]
    assert kept["top"]["position"][CONSTANT].tolist() == [1, 1, 1]
    assert (kept["top"]["window"][DEAD] == -1).all() and not kept["top"]["activations"][DEAD].any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_loops_and_tensor_operations_write_the_same_bytes(
    tmp_path: Path, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float16)
    found = []
    for name, places in (("loops", {"cpu"}), ("tensors", set())):
        monkeypatch.setattr(observation, "LOOPS_RUN_ON", frozenset(places))
        place = tmp_path / name / "model"
        place.mkdir(parents=True)
        record_shard(place, folder, windows_of_documents(), dtype=dtype, batch_tokens="70")
        store = place / "0.zarr"
        found.append(
            {
                str(file.relative_to(store)): file.read_bytes()
                for part in ("windows", "margins", "contexts")
                for file in sorted((store / part).rglob("*"))
                if file.is_file()
            }
        )
    assert found[0] == found[1] and len(found[0]) > 14


def test_without_contexts_none_are_written(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model")
    group = record_shard(tmp_path, folder, windows_of_documents(), contexts=0)
    assert "contexts" not in group and "margins/value" in group

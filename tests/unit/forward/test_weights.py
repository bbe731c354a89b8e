"""Who owns the weights: the right layer at the right time, and read while another computes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from helpers.fakes import cuda as fake_cuda
from helpers.made.checkpoints import make_checkpoint
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.forward import slots
from neuron_census.forward import weights as owner
from neuron_census.forward.weights import Weights, resident_layers

CPU = torch.device("cpu")
# Two super-batches of five layers, one of three, as windows of the n-gram study alone need.
ORDER = [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2]


def opened(folder: Path, **changes: object) -> Checkpoint:
    return Checkpoint.open(make_checkpoint(folder, num_hidden_layers=5, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("resident", range(6))
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_layer_is_lent_with_its_own_weights(
    tmp_path: Path, resident: int, dtype: torch.dtype
) -> None:
    checkpoint = opened(tmp_path, layout="sharded_bin")
    weights = Weights(checkpoint, dtype, CPU, layers=5, resident=resident)
    assert len(weights.resident) == resident
    lent = 0
    for index, layer in zip(ORDER, weights.lend(ORDER), strict=True):
        for name, tensor in layer.state_dict().items():
            stored = checkpoint.stored(f"layers.{index}.{name}").read()
            assert torch.equal(tensor, stored.to(dtype)), (index, name)
        lent += 1
    assert lent == len(ORDER)


@pytest.mark.parametrize(("layers", "count"), [(1, 0), (1, 1), (7, 3), (64, 2), (64, 63), (24, 24)])
def test_layers_that_stay_are_spread_evenly(layers: int, count: int) -> None:
    chosen = resident_layers(layers, count)
    assert len(chosen) == count and chosen == sorted(set(chosen))
    gaps = [second - first for first, second in zip([-1, *chosen], chosen, strict=False)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_the_next_layer_is_read_while_one_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = {index: threading.Event() for index in range(5)}
    read = slots.read_layer

    def noted(checkpoint: Checkpoint, index: int, *rest: object) -> None:
        began[index].set()
        read(checkpoint, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(slots, "read_layer", noted)
    weights = Weights(opened(tmp_path), torch.float32, CPU, layers=5, resident=0)
    for index, _ in enumerate(weights.lend(range(5))):
        if index + 1 < 5:
            assert began[index + 1].wait(10), "nothing else may be needed for it to begin"
        if index + 2 < 5:
            assert not began[index + 2].is_set(), "no more than two layers are in memory"


def test_a_loop_that_ends_early_ends_the_reading(tmp_path: Path) -> None:
    weights = Weights(opened(tmp_path), torch.float32, CPU, layers=5, resident=0)
    before = threading.active_count()
    lent = weights.lend(ORDER)
    next(lent)
    lent.close()
    assert threading.active_count() == before


def test_what_reading_raises_is_raised_where_the_layer_is_asked_for(tmp_path: Path) -> None:
    def plant(tensors: dict[str, torch.Tensor]) -> None:
        tensors["layers.3.fc1.weight"][0] = torch.nan

    weights = Weights(opened(tmp_path, plant=plant), torch.float32, CPU, layers=5, resident=0)
    with pytest.raises(CensusError, match=r"layers\.3\.fc1\.weight"):
        for _ in weights.lend(range(5)):
            pass


def test_a_slot_of_a_gpu_waits_for_what_it_must_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda = fake_cuda.install(monkeypatch, "slots")
    monkeypatch.setattr(owner, "HostSlot", slots.DeviceSlot)
    monkeypatch.setattr(owner, "SLOTS", 1)
    checkpoint = opened(tmp_path)
    weights = Weights(checkpoint, torch.float32, CPU, layers=5, resident=0)
    for index, layer in enumerate(weights.lend(range(3))):
        stored = checkpoint.stored(f"layers.{index}.fc1.weight").read()
        assert torch.equal(layer.state_dict()["fc1.weight"], stored)
    arrived, freed = "event 1", "event 2"
    first = [
        ("synchronize", "nothing"),
        ("enter", "copies"),
        ("wait", "copies", "nothing"),
        ("record", arrived, "copies"),
        ("leave", "copies"),
        ("wait", "compute", arrived),
        ("record", freed, "compute"),
    ]
    later = [
        # Pinned memory is read into when its copy has arrived, the copy begins when the layer is free.
        ("synchronize", arrived),
        ("enter", "copies"),
        ("wait", "copies", freed),
        *first[3:],
    ]
    assert cuda.log == [("wait", "copies", "compute"), *first, *later, *later]

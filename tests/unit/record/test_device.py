"""Jobs side by side take different GPUs; a scheduler's choice is obeyed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from helpers.fakes.own_process import start_python
from neuron_census.errors import CensusError
from neuron_census.record.forward.device import taken_device

HOLD = (
    "import sys\nfrom pathlib import Path\nfrom neuron_census.record.forward.device import _lock\n"
    "held = _lock(Path(sys.argv[1]))\nprint(held is not None, flush=True)\nsys.stdin.readline()\n"
)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two GPUs, of which the second has more free memory; gives the list of those made current."""
    current: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=f"id-{number}")
    )
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (10 + number, 80))
    monkeypatch.setattr(torch.cuda, "set_device", current.append)
    return current


def test_jobs_side_by_side_take_different_gpus(tmp_path: Path, two_gpus: list[int]) -> None:
    with taken_device("auto", tmp_path) as first, taken_device("cuda", tmp_path) as second:
        assert (first.index, second.index) == (0, 1)
        with taken_device("auto", tmp_path) as third:
            assert third.index == 1, "all are taken: the one with the most free memory is shared"
    with taken_device("auto", tmp_path) as again:
        assert again.index == 0, "a job that ends gives its GPU back"
    assert two_gpus == [0, 1, 1, 0]


def test_the_lock_is_of_the_machine_and_ends_with_its_process(
    tmp_path: Path, two_gpus: list[int]
) -> None:
    other = start_python(HOLD, tmp_path / "neuron-census-gpu-id-0.lock")
    try:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        with taken_device("auto", tmp_path) as device:
            assert device.index == 1
    finally:
        other.kill()
        other.wait()
    with taken_device("auto", tmp_path) as device:
        assert device.index == 0


def test_a_gpu_is_known_by_its_identifier_not_by_its_number(
    tmp_path: Path, two_gpus: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with taken_device("auto", tmp_path):
        # A job to which the scheduler shows the second GPU alone sees it as number 0.
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(
            torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid="id-1")
        )
        with taken_device("auto", tmp_path) as chosen:
            assert chosen.index == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"neuron-census-gpu-id-{number}.lock" for number in range(2)]


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with taken_device("auto", tmp_path) as device:
        assert device.type == "cpu"
    with (
        pytest.raises(CensusError, match="torch sees no GPU"),
        taken_device("cuda", tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())

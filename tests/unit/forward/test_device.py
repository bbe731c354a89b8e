"""Jobs side by side take different GPUs; a scheduler's choice is obeyed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from helpers.fakes.own_process import start_python
from neuron_census.errors import CensusError
from neuron_census.forward.device import acquire_device

HOLD = (
    "import sys\nfrom pathlib import Path\nfrom neuron_census.forward.device import _lock\n"
    "held = _lock(Path(sys.argv[1]))\nprint(held is not None, flush=True)\nsys.stdin.readline()\n"
)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two GPUs, of which the second has more free memory; returns the list of those made current."""
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
    with acquire_device("auto", tmp_path) as first, acquire_device("cuda", tmp_path) as second:
        assert (first.index, second.index) == (0, 1)
        with acquire_device("auto", tmp_path) as third:
            assert third.index == 1, "all are taken: the one with the most free memory is shared"
    with acquire_device("auto", tmp_path) as again:
        assert again.index == 0, "a job that ends gives its GPU back"
    assert two_gpus == [0, 1, 1, 0]


def test_the_lock_is_of_the_machine_and_ends_with_its_process(
    tmp_path: Path, two_gpus: list[int]
) -> None:
    other = start_python(HOLD, tmp_path / "neuron-census-gpu-id-0.lock")
    try:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        with acquire_device("auto", tmp_path) as device:
            assert device.index == 1
    finally:
        other.kill()
        other.wait()
    with acquire_device("auto", tmp_path) as device:
        assert device.index == 0


def test_a_gpu_is_known_by_its_identifier_not_by_its_number(
    tmp_path: Path, two_gpus: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with acquire_device("auto", tmp_path):
        # A job to which the scheduler shows the second GPU alone sees it as number 0.
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(
            torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid="id-1")
        )
        with acquire_device("auto", tmp_path) as chosen:
            assert chosen.index == 0
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"neuron-census-gpu-id-{number}.lock" for number in range(2)]


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with acquire_device("auto", tmp_path) as device:
        assert device.type == "cpu"
    with (
        pytest.raises(CensusError, match="torch sees no GPU"),
        acquire_device("cuda", tmp_path),
    ):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_can_be_had_by_every_user(tmp_path: Path, two_gpus: list[int]) -> None:
    before = os.umask(0o077)
    try:
        with acquire_device("auto", tmp_path):
            pass
    finally:
        os.umask(before)
    lock = tmp_path / "neuron-census-gpu-id-0.lock"
    assert stat.S_IMODE(lock.stat().st_mode) == 0o666
    # Another user's file, from which one may only read, locks as well.
    lock.chmod(0o444)
    with acquire_device("auto", tmp_path) as device, acquire_device("auto", tmp_path) as other:
        assert (device.index, other.index) == (0, 1)


@pytest.mark.parametrize("error", [errno.EACCES, errno.ELOOP, errno.EISDIR])
def test_a_lock_that_cannot_be_opened_counts_as_taken(
    tmp_path: Path,
    two_gpus: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: int,
) -> None:
    """It is of another user, and read-protected: that GPU may be in use, the next one is free."""
    really_open = os.open

    def guarded(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).name.endswith("id-0.lock"):
            raise OSError(error, os.strerror(error))
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", guarded)
    with acquire_device("auto", tmp_path) as device:
        assert device.index == 1
    said = capfd.readouterr().err
    assert "neuron-census-gpu-id-0.lock: this lock of a GPU cannot be opened" in said


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path, two_gpus: list[int]) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    precious.chmod(0o600)
    (tmp_path / "neuron-census-gpu-id-0.lock").symlink_to(precious)
    with acquire_device("auto", tmp_path) as device:
        assert device.index == 1
    assert stat.S_IMODE(precious.stat().st_mode) == 0o600

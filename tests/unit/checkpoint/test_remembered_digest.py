"""The digest is taken once for a checkpoint, and again whenever its files may have changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from helpers.made.checkpoints import make_checkpoint
from neuron_census.checkpoint import remembered
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.remembered import remembered_digest


@pytest.fixture(autouse=True)
def nothing_is_too_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "CLOCK_SECONDS", -60.0)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The checkpoints whose digest was really taken."""
    folders: list[Path] = []
    take = Checkpoint.digest

    def noted(checkpoint: Checkpoint, *, threads: int | None = None) -> str:
        folders.append(checkpoint.folder)
        return take(checkpoint, threads=threads)

    monkeypatch.setattr(Checkpoint, "digest", noted)
    return folders


def digest(folder: Path, note: Path) -> str:
    return remembered_digest(Checkpoint.open(folder), note, threads=1)


@pytest.mark.parametrize("layout", ["safetensors", "sharded_bin"])
def test_it_is_taken_once(tmp_path: Path, taken: list[Path], layout: str) -> None:
    folder = make_checkpoint(tmp_path / "m", layout=layout)  # type: ignore[arg-type]
    note = tmp_path / "results" / "note.json"
    first = digest(folder, note)
    assert digest(folder, note) == first == Checkpoint.open(folder).digest()
    assert len(taken) == 2, "once here, once by the line above"
    assert [path.name for path in note.parent.iterdir()] == ["note.json"]


def flip(folder: Path) -> None:
    """Change a bit in place and put the time of modification back."""
    file = next(folder.glob("*.safetensors"))
    times = file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def replace(folder: Path) -> None:
    """Put another checkpoint of the same sizes in its place, times included."""
    other = make_checkpoint(folder.with_name("other"), seed=1)
    times = (folder / "model.safetensors").stat()
    os.utime(other / "model.safetensors", ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(other / "model.safetensors", folder / "model.safetensors")


def swap_heads(folder: Path) -> None:
    file = folder / "config.json"
    text = file.read_text().replace('"num_attention_heads": 4', '"num_attention_heads": 2')
    file.write_text(text)


@pytest.mark.parametrize("change", [flip, replace, swap_heads])
def test_a_change_is_seen(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    folder, note = make_checkpoint(tmp_path / "m"), tmp_path / "note.json"
    before = digest(folder, note)
    assert note.exists()
    change(folder)
    after = digest(folder, note)
    assert after != before
    assert after == Checkpoint.open(folder).digest() == digest(folder, note)


def test_a_note_of_another_checkpoint_is_not_believed(tmp_path: Path) -> None:
    note = tmp_path / "note.json"
    digest(make_checkpoint(tmp_path / "one"), note)
    two = make_checkpoint(tmp_path / "two", dtype=torch.float64)
    assert digest(two, note) == Checkpoint.open(two).digest()
    copied = tmp_path / "copied"
    shutil.copytree(two, copied)
    flip(copied)
    assert digest(copied, note) == Checkpoint.open(copied).digest() != digest(two, note)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"state": 1}', '{"digest": "x"}'])
def test_a_broken_note_says_nothing(tmp_path: Path, content: str) -> None:
    folder, note = make_checkpoint(tmp_path / "m"), tmp_path / "note.json"
    note.write_text(content)
    assert digest(folder, note) == Checkpoint.open(folder).digest()


def test_what_was_written_just_now_is_not_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "CLOCK_SECONDS", 3600.0)
    folder, note = make_checkpoint(tmp_path / "m"), tmp_path / "note.json"
    digest(folder, note)
    assert not note.exists(), "it may change again within the same tick of the clock"

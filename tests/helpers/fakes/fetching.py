"""The stage that fetches checkpoints, run against the stand-in hub in a process of its own."""

from __future__ import annotations

from pathlib import Path

import torch

from helpers.fakes.hub import COMMIT, StandinHub
from helpers.fakes.own_process import run_python
from helpers.made.checkpoints import Layout, make_checkpoint, make_tokenizer

NAME = "somebody/opt-made"
# The stage as the command line runs it, with user errors on standard error.
STAGE = """
import sys, time
from pathlib import Path
# Waiting between attempts is of no interest here.
time.sleep = lambda seconds, wait=time.sleep: wait(seconds / 20)
from neuron_census.errors import CensusError
from neuron_census.hub.fetch_checkpoint import fetch_checkpoint
try:
    fetch_checkpoint(
        repository=sys.argv[1], revision=sys.argv[2], output=Path(sys.argv[3]),
        tokenizer_only=len(sys.argv) > 4,
    )
except CensusError as error:
    print(f"CensusError: {error}", file=sys.stderr)
    sys.exit(1)
"""
LARGE_FILE = "pytorch_model.bin"


def fetch(
    hub: StandinHub,
    tmp_path: Path,
    *options: str,
    name: str = NAME,
    revision: str = COMMIT,
    token: str | None = None,
) -> tuple[int, str, Path]:
    """Run the stage; return its exit status, the user's error (or all of stderr), the output."""
    output = tmp_path / "results" / "opt-made"
    status, _, errors = run_python(
        STAGE,
        name,
        revision,
        output,
        *options,
        environment=hub.environment(tmp_path / "home", token=token),
    )
    return status, errors.rpartition("CensusError: ")[2], output


def refused(hub: StandinHub, tmp_path: Path, *parts: str, **options: str) -> None:
    """Run the stage, expect one paragraph of error with these parts, and no output."""
    status, error, output = fetch(hub, tmp_path, **options)
    assert status == 1, error
    assert "Traceback" not in error
    assert "\n" not in error.strip()
    for part in parts:
        assert part in error, error
    assert not output.exists()


def put_up(hub: StandinHub, tmp_path: Path, *, layout: Layout = "bin", gated: bool = False) -> Path:
    """Put up a checkpoint of some 3 MB, with files that nobody wants beside it."""
    folder = make_checkpoint(
        tmp_path / "hub",
        layout=layout,
        dtype=torch.float16,
        vocab_size=300,
        hidden_size=128,
        ffn_dim=1024,
        num_hidden_layers=4,
    )
    make_tokenizer(folder, words=["the"])
    for unwanted in ("flax_model.msgpack", "tf_model.h5", "README.md", "training_args.bin"):
        (folder / unwanted).write_bytes(b"unwanted")
    hub.add(NAME, folder, gated=gated)
    return folder


def names_in(folder: Path) -> set[str]:
    """Return the names of all files in a folder, its seal left out."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return set(files) - {".seal"}

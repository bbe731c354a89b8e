"""Downloads from a stand-in hub: whole, cut and continued, damaged and fetched anew."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.fakes.fetching import LARGE_FILE, NAME, STAGE, fetch, names_in, put_up, refused
from helpers.fakes.hub import COMMIT, StandinHub
from helpers.fakes.own_process import start_python
from helpers.made.checkpoints import LAYOUTS, Layout
from neuron_census.checkpoint.checkpoint import Checkpoint


@pytest.fixture
def hub() -> Iterator[StandinHub]:
    with StandinHub() as running:
        yield running


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_arrives_whole_and_without_what_is_not_needed(
    hub: StandinHub, tmp_path: Path, layout: Layout
) -> None:
    folder = put_up(hub, tmp_path, layout=layout)
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    unwanted = {"flax_model.msgpack", "tf_model.h5", "README.md", "training_args.bin"}
    wanted = names_in(folder) - unwanted - {"generation_config.json"}
    assert names_in(output) == wanted | {"fetched.json"}
    for name in wanted:
        assert (output / name).read_bytes() == (folder / name).read_bytes()
    assert Checkpoint.open(output).digest() == Checkpoint.open(folder).digest()
    assert sorted(path.name for path in output.parent.iterdir()) == ["opt-made"]
    note = json.loads((output / "fetched.json").read_text())
    assert (note["repository"], note["commit"]) == (NAME, COMMIT)
    assert note["files"] == {
        name: {
            "bytes": (folder / name).stat().st_size,
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
        }
        for name in wanted
    }


def test_safetensors_are_preferred(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path, layout="bin")
    put_up(hub, tmp_path, layout="safetensors")
    _, _, output = fetch(hub, tmp_path)
    assert (output / "model.safetensors").exists()
    assert not (output / "pytorch_model.bin").exists()


def test_the_tokenizer_alone(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    status, error, output = fetch(hub, tmp_path, "--tokenizer-only")
    assert status == 0, error
    assert names_in(output) == {"config.json", "tokenizer.json", "fetched.json"}
    hub.add(NAME, {"config.json": b"{}", "vocab.json": b"{}"})
    status, error, _ = fetch(hub, tmp_path, "--tokenizer-only")
    assert status == 1
    assert "holds no tokenizer" in error


def test_a_branch_is_resolved_to_its_commit(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    status, error, output = fetch(hub, tmp_path, revision="main")
    assert status == 0, error
    note = json.loads((output / "fetched.json").read_text())
    assert (note["revision"], note["commit"]) == ("main", COMMIT)
    # Files are asked for by commit, so that a push in between cannot mix two states.
    assert all("/resolve/main/" not in request.path for request in hub.requests)


def storage_starts(hub: StandinHub) -> list[int]:
    """List the first bytes that the storage was asked for of the large file."""
    return [request.started for request in hub.asked_for(LARGE_FILE) if request.server == "storage"]


def test_a_cut_connection_is_continued_within_a_run(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.cut[LARGE_FILE] = [1_000_000, 500_000]
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert (output / LARGE_FILE).read_bytes() == (folder / LARGE_FILE).read_bytes()
    assert storage_starts(hub) == [0, 1_000_000, 1_500_000]


def test_a_run_that_gave_up_is_continued_by_the_next(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.cut[LARGE_FILE] = [1_000_000, *[0] * 9]
    refused(hub, tmp_path, "no connection", hub.url, "what was fetched so far is kept")
    continues(hub, tmp_path, folder)


def test_a_run_that_was_killed_is_continued_by_the_next(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.stall[LARGE_FILE] = [1_000_000]
    output = tmp_path / "results" / "opt-made"
    process = start_python(
        STAGE, NAME, COMMIT, output, environment=hub.environment(tmp_path / "home")
    )
    part = output.with_name(".opt-made.download") / LARGE_FILE
    deadline = time.monotonic() + 60
    # Blocks come in pieces of the connection's choice; the last ones may still be buffered.
    while (not part.exists() or part.stat().st_size < 900_000) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not output.exists()
    continues(hub, tmp_path, folder)


def continues(hub: StandinHub, tmp_path: Path, folder: Path) -> None:
    """Run again, with all well, and expect only what was missing to be fetched."""
    parts = tmp_path / "results" / ".opt-made.download"
    there = (parts / LARGE_FILE).stat().st_size
    assert 900_000 < there <= 1_000_000
    hub.faults.cut.clear()
    hub.requests.clear()
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert storage_starts(hub) == [there]
    assert not hub.asked_for("config.json")
    assert (output / LARGE_FILE).read_bytes() == (folder / LARGE_FILE).read_bytes()
    assert not parts.exists()


def test_a_server_that_ignores_ranges_sends_all_again(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.cut[LARGE_FILE] = [1_000_000]
    hub.faults.ignore_range.add(LARGE_FILE)
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert (output / LARGE_FILE).read_bytes() == (folder / LARGE_FILE).read_bytes()


def test_parts_of_another_commit_are_thrown_away(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    parts = tmp_path / "results" / ".opt-made.download"
    parts.mkdir(parents=True)
    (parts / "fetched.json").write_text(json.dumps({"repository": NAME, "commit": "f" * 40}))
    (parts / LARGE_FILE).write_bytes(b"x" * 1000)
    (parts / "leftover.txt").write_text("x")
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert storage_starts(hub) == [0]
    assert not (output / "leftover.txt").exists()


def test_a_damaged_part_is_found_and_fetched_anew(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    parts = tmp_path / "results" / ".opt-made.download"
    parts.mkdir(parents=True)
    note = json.dumps({"repository": NAME, "commit": COMMIT})
    (parts / "fetched.json").write_text(note)
    (parts / LARGE_FILE).write_bytes(b"x" * 1000)
    refused(hub, tmp_path, LARGE_FILE, "sha256", "run again")
    assert not (parts / LARGE_FILE).exists()
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert (output / LARGE_FILE).read_bytes() == (folder / LARGE_FILE).read_bytes()


def test_an_older_output_is_replaced_only_by_a_whole_one(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    output = tmp_path / "results" / "opt-made"
    output.mkdir(parents=True)
    (output / "old.txt").write_text("old")
    hub.faults.corrupt.add(LARGE_FILE)
    status, _, _ = fetch(hub, tmp_path)
    assert status == 1
    assert names_in(output) == {"old.txt"}
    hub.faults.corrupt.clear()
    status, error, _ = fetch(hub, tmp_path)
    assert status == 0, error
    assert "old.txt" not in names_in(output)


def test_an_error_of_the_server_that_passes(hub: StandinHub, tmp_path: Path) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.status = {COMMIT: [500], LARGE_FILE: [502, 429]}
    status, error, output = fetch(hub, tmp_path)
    assert status == 0, error
    assert names_in(output) >= {LARGE_FILE, "config.json"}
    assert Checkpoint.open(output).digest() == Checkpoint.open(folder).digest()

"""Downloads that the stand-in hub refuses or spoils: one clear paragraph, and no output."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.fakes.fetching import LARGE_FILE, NAME, STAGE, fetch, put_up, refused
from helpers.fakes.hub import COMMIT, TOKEN, StandinHub
from helpers.fakes.own_process import run_python


@pytest.fixture
def hub() -> Iterator[StandinHub]:
    with StandinHub() as running:
        yield running


@pytest.mark.parametrize("name", [LARGE_FILE, "config.json"])
def test_a_wrong_checksum(hub: StandinHub, tmp_path: Path, name: str) -> None:
    folder = put_up(hub, tmp_path)
    hub.faults.corrupt.add(name)
    content = (folder / name).read_bytes()
    if name == LARGE_FILE:
        expected = "sha256", hashlib.sha256(content).hexdigest()
    else:
        # What `git hash-object` prints.
        done = subprocess.run(
            ["git", "hash-object", "--stdin"], input=content, capture_output=True, check=True
        )
        expected = "git object id", done.stdout.decode().strip()
    refused(hub, tmp_path, name, *expected, "removed")


def test_an_error_of_the_server_that_stays(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    hub.faults.status["*"] = [500] * 9
    refused(hub, tmp_path, NAME, "answered 500", "Run again later")


def test_a_repository_that_is_not_there(hub: StandinHub, tmp_path: Path) -> None:
    refused(hub, tmp_path, "somebody/else", "no such model repository", name="somebody/else")


def test_a_revision_that_is_not_there(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path)
    refused(hub, tmp_path, NAME, "f" * 40, "the revision is not", revision="f" * 40)


def test_a_name_that_no_repository_can_have(hub: StandinHub, tmp_path: Path) -> None:
    refused(hub, tmp_path, "a/b/c", "Expected owner/name", name="a/b/c")


def test_a_gated_repository_and_its_key(hub: StandinHub, tmp_path: Path) -> None:
    put_up(hub, tmp_path, gated=True)
    refused(hub, tmp_path, NAME, "gated", "HF_TOKEN")
    hub.requests.clear()
    status, error, _ = fetch(hub, tmp_path, token=TOKEN)
    assert status == 0, error
    # The key is for the hub alone: the storage it sends to has another address.
    for request in hub.requests:
        assert request.authorized == (request.server == "hub")


def test_no_network(hub: StandinHub, tmp_path: Path) -> None:
    hub.url = "http://127.0.0.1:9"
    refused(hub, tmp_path, NAME, "no connection to http://127.0.0.1:9", "`path:`")


def test_offline_mode(hub: StandinHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "out"
    environment = hub.environment(tmp_path / "home") | {"HF_HUB_OFFLINE": "1"}
    status, _, errors = run_python(STAGE, NAME, COMMIT, output, environment=environment)
    assert status == 1
    assert "HF_HUB_OFFLINE is set" in errors


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        ({"README.md": b""}, ["holds no config.json", "README.md"]),
        (
            {"config.json": b'{"model_type": "bloom"}', "pytorch_model.bin": b"x"},
            ["'bloom'", "expected one of"],
        ),
        (
            {
                "config.json": b'{"model_type": "opt", "activation_function": "gelu"}',
                "pytorch_model.bin": b"x",
            },
            ["config.json: activation_function is 'gelu'", "expected 'relu'"],
        ),
        ({"config.json": b"{"}, ["config.json: broken JSON"]),
        ({"config.json": b'{"a":' * 100_000}, ["config.json: the JSON is nested too deep"]),
        (
            {"config.json": b'{"model_type": "opt"}', "flax_model.msgpack": b"x"},
            ["holds no PyTorch weights", "flax_model.msgpack"],
        ),
        (
            {"config.json": b'{"model_type": "opt"}', "pytorch_model.bin.index.json": b"[]"},
            ["pytorch_model.bin.index.json: is not an index"],
        ),
        (
            {
                "config.json": b'{"model_type": "opt"}',
                "pytorch_model.bin.index.json": b'{"weight_map": {"a": "../../b.bin"}}',
            },
            ["names the file '../../b.bin'", "leads out of its folder"],
        ),
        (
            {
                "config.json": b'{"model_type": "opt"}',
                "pytorch_model.bin.index.json": b'{"weight_map": {"a": "sub/b.bin"}}',
                "sub/b.bin": b"x",
            },
            ["names the file 'sub/b.bin'", "beside the index"],
        ),
        ({"config.json": b"{}", "../../evil": b"x"}, ["'../../evil'", "leads out of its folder"]),
    ],
)
def test_repositories_that_are_not_checkpoints(
    hub: StandinHub, tmp_path: Path, files: dict[str, bytes], parts: list[str]
) -> None:
    hub.add(NAME, files)
    refused(hub, tmp_path, NAME, *parts)
    # Nothing large was asked for before this was known.
    assert not hub.asked_for("pytorch_model.bin")

"""Files of a Python distribution: fetched by pip from a folder, checked, read without unpacking."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from helpers.made.text import make_wheel, read
from neuron_census.errors import CensusError
from neuron_census.text.pypi_distribution import fetch_distribution

FILES = {
    "made/b.py": "b = 1\n",
    "made/a.py": "a = 1\n",
    "made/tests/test_a.py": "assert True\n",
    "made/data.jsonl": '{"text": "one"}\n{"text": "two"}\n',
}


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see a folder instead of an index, and keep downloads in a cache of the test."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def cached(tmp_path: Path, sha256: str) -> list[str]:
    folder = tmp_path / "cache" / "neuron-census" / "distributions" / sha256
    return sorted(path.name for path in folder.iterdir())


def made_source_distribution(path: Path) -> str:
    """Put the archive where a user would by hand, since building its metadata needs an index."""
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**FILES, "../../made/out.py": "out = 1\n"}.items():
            member = tarfile.TarInfo(f"made-text-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
        link = tarfile.TarInfo("made-text-1.0/made/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_wheel_is_downloaded_once_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, sha256 = make_wheel(tmp_path / "index", FILES)
    source: dict[str, Any] = {
        "pypi": "made-text==1.0",
        "sha256": sha256,
        "files": ["made/**/*.py", "!**/tests/**"],
    }
    documents = read(tmp_path, **source)
    assert [(document.key, document.text) for document in documents] == [
        ("made/a.py", "a = 1\n"),
        ("made/b.py", "b = 1\n"),
    ]
    assert cached(tmp_path, sha256) == [wheel.name]

    wheel.unlink()
    monkeypatch.setattr(subprocess, "run", None)
    assert read(tmp_path, **source) == documents
    records = read(tmp_path, **{**source, "files": ["made/*.jsonl"]})
    assert [(record.key, record.text) for record in records] == [
        ("made/data.jsonl#1", "one"),
        ("made/data.jsonl#2", "two"),
    ]


def test_a_source_distribution_put_there_by_hand(tmp_path: Path) -> None:
    aside = tmp_path / "aside" / "made-text-1.0.tar.gz"
    sha256 = made_source_distribution(aside)
    folder = tmp_path / "cache" / "neuron-census" / "distributions" / sha256
    folder.mkdir(parents=True)
    aside.rename(folder / aside.name)
    documents = read(tmp_path, pypi="made-text==1.0", sha256=sha256, files=["made/*.py"])
    # Neither the symbolic link nor what points out of the archive.
    assert [document.key for document in documents] == ["made/a.py", "made/b.py"]


def test_a_pattern_without_a_match_lists_some_files(tmp_path: Path) -> None:
    _, sha256 = make_wheel(tmp_path / "index", FILES)
    with pytest.raises(CensusError) as error:
        read(tmp_path, pypi="made-text==1.0", sha256=sha256, files=["made/*.py", "none/*.rst"])
    said = str(error.value)
    assert "'none/*.rst'" in said
    assert "made/data.jsonl" in said
    assert "domains.made.files" in said


def test_another_hash_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    make_wheel(tmp_path / "index", FILES)
    sha256 = "ab" * 32
    with pytest.raises(
        CensusError, match="could not download the archive with sha256 abababababab"
    ):
        fetch_distribution("made-text==1.0", sha256)
    assert cached(tmp_path, sha256) == []


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(CensusError, match=r"made-text==2\.0: pip could not download"):
        fetch_distribution("made-text==2.0", "ab" * 32)


def test_a_changed_file_in_the_cache_is_refused(tmp_path: Path) -> None:
    _, sha256 = make_wheel(tmp_path / "index", FILES)
    archive = fetch_distribution("made-text==1.0", sha256)
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(CensusError, match=r"the sha256 is .* Remove the file"):
        fetch_distribution("made-text==1.0", sha256)


def test_a_cache_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(CensusError, match="Set XDG_CACHE_HOME"):
        fetch_distribution("made-text==1.0", "ab" * 32)

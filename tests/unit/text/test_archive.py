"""Archives: every file once, and a clear error for what cannot be read."""

from __future__ import annotations

import io
import struct
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest

from neuron_census.errors import CensusError
from neuron_census.text import unpacking
from neuron_census.text.archive import list_members, read_members

Files = list[tuple[str, bytes]]


def make_zip(path: Path, files: Files) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in files:
            archive.writestr(name, content)
    return path


def make_tar(path: Path, files: Files) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture(params=["wheel", "tar"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    files = [("a-1/x.py", b"x"), ("a-1/in/y.py", b"why"), ("b-1/x.py", b"another"), ("a-1/z", b"")]
    if request.param == "tar":
        return make_tar(tmp_path / "a-1.tar.gz", files)
    names = ["x.py", "in/y.py", "x.py", "z"]
    return make_zip(
        tmp_path / "a-1.whl", [(name, file[1]) for name, file in zip(names, files, strict=True)]
    )


def test_every_file_is_listed_with_its_size(archive: Path) -> None:
    found = [(member.name, member.size) for member in list_members(archive)]
    assert found == [("x.py", 1), ("in/y.py", 3), ("x.py", 7), ("z", 0)]


def test_files_are_read_by_name(archive: Path) -> None:
    members = list_members(archive)
    assert read_members(archive, members[:2]) == {"x.py": b"x", "in/y.py": b"why"}
    assert read_members(archive, members[1:]) == {"in/y.py": b"why", "x.py": b"another", "z": b""}


def test_two_files_of_one_name_are_refused(archive: Path) -> None:
    with pytest.raises(CensusError, match=r"a-1\.[a-z.]+: holds two files that are called 'x\.py'"):
        read_members(archive, list_members(archive))


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "a.whl", [("a.txt", b"text")])
    content = bytearray(path.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(header) + flags, 1)
    path.write_bytes(content)
    with pytest.raises(CensusError, match=r"a\.whl: cannot be read as an archive: .*encrypted"):
        read_members(path, list_members(path))


def test_a_damaged_archive_is_named_or_read(tmp_path: Path) -> None:
    text = b"some text that is long enough, and some more of it"
    for make, name in ((make_zip, "a.whl"), (make_tar, "a.tar.gz")):
        whole = make(tmp_path / name, [("a.txt", text), ("b.txt", text[::-1])]).read_bytes()
        damaged = [whole[:cut] for cut in range(0, len(whole), 7)]
        damaged += [
            whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
            for place in range(len(whole))
        ]
        for content in damaged:
            (tmp_path / name).write_bytes(content)
            try:
                found = read_members(tmp_path / name, list_members(tmp_path / name))
            except CensusError as error:
                assert name in str(error)
            else:
                assert all(isinstance(file, str) for file in found)


@pytest.mark.parametrize("kind", ["wheel", "tar"])
def test_an_archive_that_unpacks_without_end_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 1 << 20)
    files = [("a/zeros", bytes(4 << 20)), ("a/text", b"text")]
    path = (make_zip if kind == "wheel" else make_tar)(tmp_path / "a", files)
    with pytest.raises(
        CensusError, match=r"/a: its first [0-9,]+ bytes unpack to 4,194,304 or more"
    ):
        list_members(path)


def test_a_name_that_is_not_text_is_shown_as_what_it_is(tmp_path: Path) -> None:
    path = make_tar(tmp_path / "a.tar.gz", [("a-1/\udcff.txt", b"text")])
    (member,) = list_members(path)
    assert member.name == "\\xff.txt"

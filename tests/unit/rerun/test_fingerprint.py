"""A fingerprint follows names and contents, and neither times nor places."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from neuron_census.rerun import fingerprint as module
from neuron_census.rerun.fingerprint import SAMPLE, WHOLE_UP_TO, fingerprint


def make(folder: Path, **contents: str) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_text(content)
    return [folder / name for name in contents]


def test_times_order_and_place_make_no_difference(tmp_path: Path) -> None:
    paths = make(tmp_path / "a", one="1", two="2")
    first = fingerprint(paths)
    os.utime(paths[0], (0, 0))
    assert fingerprint(paths) == first
    assert fingerprint(reversed(paths)) == first
    assert fingerprint([*paths, paths[0]]) == first
    assert fingerprint([tmp_path / "a"]) == first
    shutil.copytree(tmp_path / "a", tmp_path / "deep" / "b")
    assert fingerprint([tmp_path / "deep" / "b"]) == first


def test_relative_paths_mean_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = make(tmp_path, one="1", two="2")
    monkeypatch.chdir(tmp_path)
    assert fingerprint([Path("one"), Path("two")]) == fingerprint(paths)


@pytest.mark.parametrize(
    "contents",
    [
        {"one": "1", "two": "3"},
        {"one": "1", "three": "2"},
        {"one": "2", "two": "1"},
        {"one": "1"},
        {"one": "1", "two": "2", "three": ""},
        {"one": "12", "two": ""},
        {},
    ],
)
def test_names_contents_and_numbers_of_files_count(
    tmp_path: Path, contents: dict[str, str]
) -> None:
    first = fingerprint(make(tmp_path / "a", one="1", two="2"))
    assert fingerprint(make(tmp_path / "b", **contents)) != first


@pytest.mark.parametrize("place", ["first", "middle", "last", "size", "elsewhere"])
def test_of_a_large_file_size_and_three_samples_count(tmp_path: Path, place: str) -> None:
    path = tmp_path / "large"
    size = WHOLE_UP_TO + 2 * SAMPLE + 17
    with path.open("wb") as stream:
        stream.truncate(size)
    first = fingerprint([path])
    with path.open("r+b") as stream:
        if place == "size":
            stream.truncate(size + 1)
        else:
            positions = {
                "first": 0,
                "middle": size // 2,
                "last": size - 1,
                # What the docstring says goes unseen.
                "elsewhere": size // 4,
            }
            stream.seek(positions[place])
            stream.write(b"x")
    assert (fingerprint([path]) == first) == (place == "elsewhere")


def test_a_file_at_the_limit_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "limit"
    with path.open("wb") as stream:
        stream.truncate(WHOLE_UP_TO)
    first = fingerprint([path])
    with path.open("r+b") as stream:
        stream.seek(WHOLE_UP_TO // 4)
        stream.write(b"x")
    assert fingerprint([path]) != first


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint([tmp_path / "nowhere"])


def test_it_imports_the_standard_library_only() -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(module.__file__).parents[2])!r})
import neuron_census.rerun.fingerprint
foreign = {{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names
print(sorted(name for name in foreign if not name.startswith(("_", "neuron_census"))))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

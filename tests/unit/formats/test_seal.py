"""Seals: whatever happens to a sealed file, its reader hears of it by name."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest

from helpers.made.stores import let_decay
from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import (
    make_domain_table,
    scan_domain_table,
    write_domain_table,
)
from neuron_census.formats.seal import (
    check_same,
    made_from,
    read_seal,
    seal,
    seal_path,
    sealed,
    verify,
    verify_if_touched,
)
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.ngrams import SPECTRA
from neuron_census.text.document import Document

FLIPS = 400


def a_file(path: Path, text: str = "content") -> Path:
    with sealed(path, {"weights": "w"}) as temporary:
        temporary.write_text(text)
    return path


def a_folder(path: Path) -> Path:
    with sealed(path, {"weights": "w"}) as temporary:
        (temporary / "inner").mkdir(parents=True)
        (temporary / "a").write_text("first")
        (temporary / "inner" / "b").write_text("second")
    return path


@pytest.mark.parametrize("make", [a_file, a_folder])
def test_what_is_whole_is_read(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path / "made")
    assert verify(path) == verify_if_touched(path) == read_seal(path)
    assert read_seal(path).facts == {"weights": "w"}
    assert read_seal(path).provenance is None


def test_provenance_is_that_of_the_run(tmp_path: Path) -> None:
    with made_from('{"code": "1"}'):
        inside = a_file(tmp_path / "inside")
    outside = a_file(tmp_path / "outside")
    assert read_seal(inside).provenance == {"code": "1"}
    assert read_seal(outside).provenance is None


@pytest.mark.parametrize("text", ["", "[]", "3", "{"])
def test_a_provenance_that_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(CensusError, match="--provenance: expected a JSON object"), made_from(text):
        pass


def test_facts_may_be_filled_until_the_block_ends(tmp_path: Path) -> None:
    facts: dict[str, str] = {}
    with sealed(tmp_path / "made", facts) as temporary:
        temporary.write_text("x")
        facts["weights"] = "late"
    assert read_seal(tmp_path / "made").facts == {"weights": "late"}


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = a_file(tmp_path / "made")
    with pytest.raises(RuntimeError), sealed(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "content"
    verify(path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".made.seal", "made"]


def test_every_change_of_a_folder_is_named(tmp_path: Path) -> None:
    made = a_folder(tmp_path / "made")
    for change, said in {
        "lose": r"lose: lacks inner/b, against its seal",
        "add": r"add: has c besides, against its seal",
        "cut": r"inner/b: has 3 bytes, and 6 were sealed",
        "swap": r"inner/b: damaged; its bytes do not match its seal",
    }.items():
        path = tmp_path / change
        shutil.copytree(made, path)
        file = path / "inner" / "b"
        if change == "lose":
            file.unlink()
        elif change == "add":
            (path / "c").write_text("")
        else:
            file.write_text({"cut": "sec", "swap": "sECOND"}[change])
        for look in (verify, verify_if_touched):
            with pytest.raises(CensusError, match=said):
                look(path)


def test_what_snakemake_leaves_in_a_folder_is_not_a_change(tmp_path: Path) -> None:
    made = a_folder(tmp_path / "made")
    (made / ".snakemake_timestamp").touch()
    verify(made)


def test_no_content_no_seal_and_a_damaged_seal_are_named(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match="none: expected a file or folder and found none"):
        verify(tmp_path / "none")
    path = a_file(tmp_path / "made")
    text = seal_path(path).read_bytes()
    for place in range(len(text)):
        seal_path(path).write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        with pytest.raises(CensusError, match=r"\.made\.seal: the seal is damaged"):
            read_seal(path)
    for left in (0, 1, 64, len(text) - 1):
        seal_path(path).write_bytes(text[:left])
        with pytest.raises(CensusError, match=r"\.made\.seal: the seal is damaged"):
            read_seal(path)
    seal_path(path).unlink()
    with pytest.raises(CensusError, match="made: has no seal"):
        read_seal(path)


def test_a_touched_file_is_compared_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_file(tmp_path / "made")
    looks = []
    original = verify

    def counted(looked_at: Path):  # type: ignore[no-untyped-def]
        looks.append(looked_at)
        return original(looked_at)

    monkeypatch.setattr("neuron_census.formats.seal.verify", counted)
    while seal_path(path).stat().st_ctime_ns <= path.stat().st_ctime_ns:
        os.utime(seal_path(path))
    verify_if_touched(path)
    assert not looks
    os.utime(path)
    while path.stat().st_ctime_ns < seal_path(path).stat().st_ctime_ns:
        os.utime(path)
    verify_if_touched(path)
    assert looks == [path]


def test_other_weights_are_refused_by_name(tmp_path: Path) -> None:
    first, second = a_file(tmp_path / "first"), tmp_path / "second"
    with sealed(second, {"weights": "others"}) as temporary:
        temporary.write_text("x")
    third = a_file(tmp_path / "third")
    check_same([read_seal(first), read_seal(third)])
    with pytest.raises(CensusError, match=r"second: was made with the weights others, and .*first"):
        check_same([read_seal(first), read_seal(second)])


def test_facts_that_only_one_knows_are_not_a_difference(tmp_path: Path) -> None:
    first, second = a_file(tmp_path / "first"), tmp_path / "second"
    second.write_text("x")
    seal(second, {"windows": "w"})
    check_same([read_seal(first), read_seal(second)])


def spectra() -> pl.DataFrame:
    return pl.DataFrame(
        {"layer": [0, 1], "neuron": [3, 4], "quantiles": [[0.5] * 257, [0.25] * 257]},
        schema={name: column.dtype for name, column in SPECTRA.columns.items()},
    )


@pytest.mark.parametrize("kind", ["table", "domain"])
def test_every_flipped_bit_of_a_table_is_a_named_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    if kind == "table":
        write_table(spectra(), SPECTRA, path)
    else:
        documents = [Document(key=str(number), text=f"Text {number}.") for number in range(9)]
        table = make_domain_table("notes", documents, seed=0, held_out=None)
        write_domain_table(table, path, {"files": "notes/*"})

    def read() -> None:
        if kind == "table":
            read_table(path, SPECTRA)
        else:
            scan_domain_table(path).collect()

    read()
    chance = random.Random(0)
    for file in itertools.islice(itertools.cycle([path, path, seal_path(path)]), FLIPS):
        whole = file.read_bytes()
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        let_decay(path, file, whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        with pytest.raises(CensusError, match=r"made\.parquet"):
            read()
        file.write_bytes(whole)
    read()


def test_a_seal_is_plain_json_with_a_checksum(tmp_path: Path) -> None:
    path = a_file(tmp_path / "made")
    body, _, _ = seal_path(path).read_text().rpartition("}")
    said = json.loads(body + "}")
    assert said["facts"] == {"weights": "w"} and said["version"] == 1
    assert list(said["files"][""]) == [7, said["files"][""][1]]


def test_what_has_just_been_hashed_is_not_hashed_again(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "made")
    seal(folder, digests={"a": "0" * 64})
    assert read_seal(folder).files["a"] == (5, "0" * 64)
    with pytest.raises(CensusError, match=r"made/a: damaged"):
        verify(folder)

"""Stores on a bad disk: whatever bit is flipped, whatever file is cut or lost, no number is wrong."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import zarr

from helpers.made.checkpoints import make_checkpoint
from helpers.made.stores import finish_store, let_decay
from helpers.made.windows import BOS, made_windows
from neuron_census.count.count import count
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.count.number_ngrams import number_ngrams
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.ngram_index import SIZES, NgramIndex
from neuron_census.formats.seal import NAME, seal
from neuron_census.formats.windows import write_windows
from neuron_census.formats.zarr_store import open_complete, read_checked
from neuron_census.record.record import record

VOCABULARY = 96
FLIPS = 150
KINDS = ("recording", "counts", "ngrams", "ngram_counts")


class Stores:
    """One of every kind, as the stages write them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.windows = folder / "windows.parquet"
        everything = {"dead", "ngrams", "positions"}
        table = made_windows(
            [32, 32, 9, 32, 32, 7],
            studies=[everything, everything, {"dead", "ngrams"}] * 2,
            domains=["code", "prose", "code"] * 2,
            vocabulary=VOCABULARY,
        )
        write_windows(
            table.with_columns(shard=pl.Series([0, 0, 0, 1, 1, 1], dtype=pl.Int32)),
            self.windows,
            window_length=32,
            bos=BOS,
            vocabulary=VOCABULARY,
            shards=2,
            domains=["code", "prose"],
        )
        checkpoint = make_checkpoint(folder / "model", num_hidden_layers=4)
        self.recordings = [folder / f"{shard}.zarr" for shard in range(2)]
        for shard, output in enumerate(self.recordings):
            record(
                windows=self.windows,
                checkpoint=checkpoint,
                shard=shard,
                output=output,
                dtype="float64",
                device="cpu",
            )
        self.paths = {
            "recording": self.recordings[0],
            "counts": folder / "counts.zarr",
            "ngrams": folder / "ngrams.zarr",
            "ngram_counts": folder / "ngram_counts.zarr",
        }
        number_ngrams(windows=self.windows, output=self.paths["ngrams"])
        self.count(self.recordings)
        self.count_ngrams(self.recordings, self.paths["ngrams"])

    def count(self, recordings: list[Path]) -> None:
        count(
            recordings=recordings,
            windows=self.windows,
            output=self.folder / "counts.zarr",
        )

    def count_ngrams(self, recordings: list[Path], ngrams: Path) -> None:
        for layer in range(2):
            count_ngrams(
                recordings=recordings,
                ngrams=ngrams,
                layer=layer,
                threads=1,
                output=self.folder / "ngram_counts.zarr",
            )

    def read(self, kind: str, path: Path) -> None:
        """Do with a store what the next stage does."""
        if kind == "recording":
            recordings = [path, *self.recordings[1:]]
            self.count(recordings)
            self.count_ngrams(recordings, self.paths["ngrams"])
        elif kind == "counts":
            counts = Counts.open(path)
            counts.active(), counts.active_at_bos()
            for name, member in counts.group.members(max_depth=None):
                if isinstance(member, zarr.Array):
                    read_checked(counts.group, name, ..., path)
        elif kind == "ngrams":
            self.count_ngrams(self.recordings, path)
            index = NgramIndex.open(path)
            for n in SIZES:
                index.tokens(n, np.arange(index.distinct(n)))
        else:
            found = NgramCounts.open(path)
            for n in SIZES:
                found.activations(n), found.distinct(n), found.profile(n), found.triggers(n)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Stores:
    return Stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(params=KINDS)
def damaged(
    request: pytest.FixtureRequest, stores: Stores, tmp_path: Path
) -> tuple[Path, Callable[[], None]]:
    """A copy of a store, and what reads all of it."""
    path = Path(shutil.copytree(stores.paths[request.param], tmp_path / "damaged.zarr"))
    return path, lambda: stores.read(request.param, path)


def files_of(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file())


def test_a_flipped_bit_is_an_error_that_names_the_place(
    damaged: tuple[Path, Callable[[], None]],
) -> None:
    """As a bad disk flips it: no time of change gives it away."""
    path, read = damaged
    read()
    chance = random.Random(0)
    # Every file in turn: most are small, and the large ones are hit anywhere.
    for file in itertools.islice(itertools.cycle(files_of(path)), FLIPS):
        whole = file.read_bytes()
        place, bit = chance.randrange(len(whole)), chance.randrange(8)
        let_decay(path, file, whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
        with pytest.raises(CensusError) as raised:
            read()
        said = str(raised.value)
        assert str(path) in said, said
        if file.name not in ("zarr.json", NAME):
            array, _, chunk = file.relative_to(path).as_posix().partition("/c/")
            assert f"array '{array}'" in said and f"{array}/c/{chunk}" in said, said
        let_decay(path, file, whole)
    read()


def test_a_touched_file_is_compared_as_a_whole(damaged: tuple[Path, Callable[[], None]]) -> None:
    """A chunk of another store has right checksums of its own."""
    path, read = damaged
    for file in files_of(path):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(CensusError, match=f"{file}: .*(its bytes do not match|is damaged)"):
            read()
        file.write_bytes(whole)
    read()


def test_a_file_that_is_cut_or_gone_is_an_error(damaged: tuple[Path, Callable[[], None]]) -> None:
    path, read = damaged
    for file in files_of(path):
        whole = file.read_bytes()
        for left in (len(whole) - 1, len(whole) // 2, 3, 0, None):
            if left is None:
                file.unlink()
            else:
                file.write_bytes(whole[:left])
            with pytest.raises(CensusError, match=str(path)):
                read()
            file.write_bytes(whole)
    read()


def made_store(path: Path) -> zarr.Group:
    group = zarr.open_group(path, mode="w")
    group.attrs.update({"format": "made", "version": 3})
    array = group.create_array("numbers", shape=(4, 6), chunks=(2, 3), dtype=np.int64)
    array[:] = np.arange(24).reshape(4, 6) + 1
    return group


def test_a_finished_store_is_opened(tmp_path: Path) -> None:
    finish_store(made_store(tmp_path / "a.zarr"), tmp_path / "a.zarr")
    group = open_complete(tmp_path / "a.zarr", "made", 3)
    assert read_checked(group, "numbers", (1, slice(2, 4)), tmp_path).tolist() == [9, 10]


@pytest.mark.parametrize(
    ("kind", "version", "said"),
    [
        ("other", 3, r"a\.zarr: expected a other store, found format 'made'"),
        ("made", 4, r"a\.zarr: this made store has version 3, and version 4 is needed"),
    ],
)
def test_another_kind_or_version_is_refused(
    tmp_path: Path, kind: str, version: int, said: str
) -> None:
    finish_store(made_store(tmp_path / "a.zarr"), tmp_path / "a.zarr")
    with pytest.raises(CensusError, match=said):
        open_complete(tmp_path / "a.zarr", kind, version)


def test_what_is_not_a_finished_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"a\.zarr: expected a made store and found none"):
        open_complete(tmp_path / "a.zarr", "made", 3)
    made_store(tmp_path / "a.zarr")
    with pytest.raises(CensusError, match=r"a\.zarr: has no seal"):
        open_complete(tmp_path / "a.zarr", "made", 3)
    seal(tmp_path / "a.zarr")
    with pytest.raises(CensusError, match=r"a\.zarr: this made store was never finished"):
        open_complete(tmp_path / "a.zarr", "made", 3)


@pytest.mark.parametrize("change", [{"shards": 7}, {"version": 3.5}, {"more": None}])
def test_what_is_written_after_the_end_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    group = made_store(tmp_path / "a.zarr")
    finish_store(group, tmp_path / "a.zarr")
    group.attrs.update(change)
    with pytest.raises(
        CensusError, match=r"a\.zarr/zarr\.json: .*(do not match its seal|bytes, and)"
    ):
        open_complete(tmp_path / "a.zarr", "made", 3)

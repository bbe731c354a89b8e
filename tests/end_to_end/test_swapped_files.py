"""Files of two models of one shape, exchanged: no stage takes one for the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from helpers.made.checkpoints import make_checkpoint, make_tokenizer
from helpers.made.windows import BOS, made_windows
from neuron_census.classify.classify import classify
from neuron_census.count.count import count
from neuron_census.count.count_ngrams import count_ngrams
from neuron_census.count.number_ngrams import number_ngrams
from neuron_census.draw.model_tables import ModelTables, by_model
from neuron_census.errors import CensusError
from neuron_census.formats.seal import seal_path
from neuron_census.formats.windows import write_windows
from neuron_census.record.record import record
from neuron_census.tokenizer.encoder import Encoder

VOCABULARY = 260
LAYERS, SHARDS = 4, 2
TABLES = ("census", "triggers", "projections", "spectra", "positions", "looser")
EVIDENCE = ("contexts", "coverage", "seen_ngrams")
THRESHOLDS = '{"positions": {"min_windows": 2}}'


class Model:
    """Everything that the workflow makes of a model, in a folder of its own."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.checkpoint = make_checkpoint(
            folder / "checkpoint", seed=seed, vocab_size=VOCABULARY, num_hidden_layers=LAYERS
        )
        self.tokenizer = make_tokenizer(
            folder / "tokenizer", max_position_embeddings=32, vocab_size=VOCABULARY
        )
        self.windows = folder / "windows.parquet"
        everything = {"dead", "ngrams", "positions"}
        table = made_windows(
            [32, 32, 9, 32, 32, 7],
            studies=[everything, everything, {"dead", "ngrams"}] * 2,
            domains=["code"] * 6,
            vocabulary=VOCABULARY,
            seed=seed,
        )
        write_windows(
            table.with_columns(shard=pl.Series([0, 0, 0, 1, 1, 1], dtype=pl.Int32)),
            self.windows,
            window_length=32,
            bos=BOS,
            vocabulary=VOCABULARY,
            shards=SHARDS,
            domains=["code"],
            tokenizer=Encoder.open(self.tokenizer).digest,
        )
        self.ngrams = folder / "ngrams.zarr"
        self.counts = folder / "counts.zarr"
        self.recordings = [folder / f"{shard}.zarr" for shard in range(SHARDS)]
        self.ngram_counts = [folder / "ngrams" / f"{layer}.zarr" for layer in range(LAYERS // 2)]

    def take(self, windows: Path | None = None) -> Model:
        """Run every stage."""
        if windows is not None:
            self.windows = windows
        for shard, output in enumerate(self.recordings):
            record(
                windows=self.windows,
                checkpoint=self.checkpoint,
                shard=shard,
                output=output,
                dtype="float64",
                device="cpu",
            )
        number_ngrams(windows=self.windows, output=self.ngrams)
        self.count()
        self.count_ngrams()
        self.classify()
        return self

    def count(self) -> None:
        count(recordings=self.recordings, windows=self.windows, output=self.counts)

    def count_ngrams(self) -> None:
        for layer, output in enumerate(self.ngram_counts):
            count_ngrams(
                recordings=self.recordings,
                ngrams=self.ngrams,
                layer=layer,
                threads=1,
                output=output,
            )

    def classify(self) -> None:
        classify(
            counts=self.counts,
            ngrams=self.ngrams,
            ngram_counts=self.ngram_counts,
            checkpoint=self.checkpoint,
            tokenizer=self.tokenizer,
            thresholds=THRESHOLDS,
            sensitivity=self.folder / "sensitivity.csv",
            **{name: self.table(name) for name in (*TABLES, *EVIDENCE)},
        )

    def table(self, name: str) -> Path:
        return self.folder / name / "model.parquet"

    def look(self) -> None:
        """Read every table as the figures do."""
        tables: ModelTables = by_model(
            [self.table("census")], {name: [self.table(name)] for name in TABLES[1:]}
        )["model"]
        for name in ("census", "covered", "projections", "spectra", "positions", "looser"):
            getattr(tables, name)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Model]:
    """Two models of one shape, and of the same windows."""
    folder = tmp_path_factory.mktemp("two")
    first = Model(folder / "first", 0).take()
    return first, Model(folder / "second", 1).take(first.windows)


@pytest.fixture
def mixed(two: tuple[Model, Model], tmp_path: Path) -> tuple[Model, Model]:
    """A copy of the first model, in which files of the second are to be put."""
    first, second = two
    copy = Model.__new__(Model)
    shutil.copytree(first.folder, tmp_path / "mixed")
    for name, value in vars(first).items():
        moved = tmp_path / "mixed"
        if isinstance(value, list):
            setattr(copy, name, [moved / path.relative_to(first.folder) for path in value])
        else:
            setattr(copy, name, moved / value.relative_to(first.folder))
    return copy, second


def put(of: Path, there: Path, *, with_seal: bool) -> None:
    """Put a file or folder in the place of another, with its seal or under the other's."""
    if of.is_dir():
        kept = seal_path(there).read_bytes()
        shutil.rmtree(there)
        shutil.copytree(of, there)
        if not with_seal:
            seal_path(there).write_bytes(kept)
    else:
        shutil.copy2(of, there)
        if with_seal:
            shutil.copy2(seal_path(of), seal_path(there))


def test_what_belongs_together_is_read(mixed: tuple[Model, Model]) -> None:
    model, _ = mixed
    model.count()
    model.count_ngrams()
    model.classify()
    model.look()


SWAPS: dict[str, tuple[Callable[[Model], Path], Callable[[Model], None]]] = {
    **{
        f"recording {shard}, then {verb}": (
            lambda model, shard=shard: model.recordings[shard],  # type: ignore[misc]
            lambda model, verb=verb: getattr(model, verb)(),  # type: ignore[misc]
        )
        for shard in range(SHARDS)
        for verb in ("count", "count_ngrams")
    },
    "counts": (lambda model: model.counts, Model.classify),
    "n-gram counts of the first layer": (lambda model: model.ngram_counts[0], Model.classify),
    "n-gram counts of the second layer": (lambda model: model.ngram_counts[1], Model.classify),
    **{
        name: (lambda model, name=name: model.table(name), Model.look)  # type: ignore[misc]
        for name in TABLES
    },
}


@pytest.mark.parametrize("with_seal", [True, False])
@pytest.mark.parametrize("name", SWAPS)
def test_a_file_of_another_model_is_refused(
    mixed: tuple[Model, Model], name: str, with_seal: bool
) -> None:
    model, other = mixed
    which, read = SWAPS[name]
    put(which(other), which(model), with_seal=with_seal)
    with pytest.raises(CensusError, match=r"(do not belong together|was recorded with|seal)"):
        read(model)


def test_another_checkpoint_is_refused(mixed: tuple[Model, Model]) -> None:
    model, other = mixed
    model.checkpoint = other.checkpoint
    with pytest.raises(CensusError, match="another checkpoint, or one that changed since"):
        model.classify()


@pytest.mark.parametrize("layers", [[], [0], [0, 0], [1, 0, 1], [1]])
def test_the_analysed_layers_are_all_there_once(
    mixed: tuple[Model, Model], layers: list[int]
) -> None:
    model, _ = mixed
    model.ngram_counts = [model.ngram_counts[layer] for layer in layers]
    with pytest.raises(CensusError, match="n-grams were recorded in the layers 0 to 1; found"):
        model.classify()


def test_another_tokenizer_is_refused(mixed: tuple[Model, Model], tmp_path: Path) -> None:
    """It has as many ids, and names them otherwise."""
    model, _ = mixed
    other = make_tokenizer(tmp_path / "tokenizer", max_position_embeddings=32)
    text = (other / "tokenizer.json").read_text()
    exchanged = text.replace('"a": 68', '"a": 0x').replace('"b": 69', '"b": 68')
    assert exchanged.count("0x") == 1 and '"b": 68' in exchanged
    (other / "tokenizer.json").write_text(exchanged.replace("0x", "69"))
    model.tokenizer = other
    with pytest.raises(CensusError, match="the windows were cut with another tokenizer"):
        model.classify()


def test_windows_of_another_study_are_refused(mixed: tuple[Model, Model], tmp_path: Path) -> None:
    model, _ = mixed
    others = Model(tmp_path / "others", 5)
    number_ngrams(windows=others.windows, output=others.ngrams)
    model.ngrams = others.ngrams
    for read in (model.count_ngrams, model.classify):
        with pytest.raises(CensusError, match=r"(other windows|do not belong together)"):
            read()
    model.windows = others.windows
    with pytest.raises(CensusError, match="other windows"):
        model.count()


def test_a_single_file_of_a_store_of_another_model_is_refused(mixed: tuple[Model, Model]) -> None:
    """Each chunk has a right checksum of its own; only the seal knows that it is not this model's."""
    model, other = mixed
    tried = 0
    for mine, theirs, read in (
        (model.recordings[0], other.recordings[0], model.count),
        (model.counts, other.counts, model.classify),
        (model.ngram_counts[0], other.ngram_counts[0], model.classify),
    ):
        for file in sorted(path for path in theirs.rglob("c/**/*") if path.is_file()):
            place = mine / file.relative_to(theirs)
            whole = place.read_bytes()
            if whole == file.read_bytes():
                continue
            shutil.copy2(file, place)
            with pytest.raises(CensusError, match="seal"):
                read()
            place.write_bytes(whole)
            tried += 1
        read()
    assert tried >= 10

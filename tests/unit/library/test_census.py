"""What the library reads of results, against the model by transformers and against plain sums."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from helpers.oracles.brute_force import active_tokens
from helpers.planted.run import NAME, Run
from helpers.planted.text import ANALYSED, DEAD, WINDOW
from neuron_census.errors import CensusError
from neuron_census.library.census import Census


@pytest.fixture(scope="module")
def activity(run: Run) -> list[list[np.ndarray]]:
    """Return which neurons are active, `[window][layer]` of `[token, neuron]`, by transformers in float64."""
    return list(active_tokens(run.model.checkpoint, run.model.windows.table))


def test_models_and_tables_are_those_of_the_run(run: Run) -> None:
    census = run.census
    assert census.models == (NAME,)
    for table, read in {
        "census": census.neurons,
        "triggers": census.triggers,
        "projections": census.projections,
        "spectra": census.spectra,
        "positions": census.curves,
    }.items():
        assert read(NAME).equals(pl.read_parquet(run.results / table / f"{NAME}.parquet")), table
    assert census.windows(NAME)["tokens"].equals(run.model.windows.table["tokens"])
    assert census.thresholds(NAME) == {"positions": {"min_windows": 5}}
    assert census.size(NAME) == (4, 40)
    assert census.neuron(NAME, *DEAD)["dead"] is True


def test_tables_of_one_neuron(run: Run) -> None:
    planted = run.model.planted["bigrams, suppressed"]
    rows = run.census.triggers(NAME, planted.layer, planted.neuron)
    everything = pl.read_parquet(run.results / "triggers" / f"{NAME}.parquet")
    expected = [
        row
        for row in everything.to_dicts()
        if (row["layer"], row["neuron"]) == (planted.layer, planted.neuron)
    ]
    assert rows.to_dicts() == expected != []


def test_bits_are_the_activity_of_every_recorded_window(
    run: Run, activity: list[list[np.ndarray]]
) -> None:
    census = run.census
    recorded = [row for row in run.model.windows.table.to_dicts() if row["ngrams"]]
    # The first and the last of each shard, some that begin inside an octet, and the longest.
    chosen = {row["window"] for row in recorded[::7]} | {
        [row["window"] for row in recorded if row["shard"] == shard][end]
        for shard in (0, 1, 2)
        for end in (0, -1)
    }
    neurons = [(planted.layer, planted.neuron) for planted in run.model.planted.values()]
    assert len(chosen) > 15 and {layer for layer, _ in neurons} == set(range(ANALYSED))
    active = 0
    for window in chosen:
        for layer, neuron in neurons[::3]:
            expected = activity[window][layer][:, neuron]
            found = census.bits(NAME, layer, neuron, window)
            assert found.dtype == np.bool_
            assert found.tolist() == expected.tolist()
            active += int(found.sum())
    assert active > 10


def test_a_curve_is_a_sum_over_windows(run: Run, activity: list[list[np.ndarray]]) -> None:
    layer, neuron = 1, 20
    full = [row for row in run.model.windows.table.to_dicts() if row["positions"]]
    sums: Counter[int] = Counter()
    for row in full:
        for position, active in enumerate(activity[row["window"]][layer][:, neuron].tolist()):
            sums[position] += active
    curve = run.census.curve(NAME, layer, neuron)
    assert curve["domain"].unique().to_list() == ["prose"]
    assert curve["windows"].unique().to_list() == [len(full)]
    assert dict(curve.select("position", "activations").iter_rows()) == {
        position: sums[position] for position in range(WINDOW)
    }
    assert curve["frequency"].to_list() == [sums[p] / len(full) for p in range(WINDOW)]


def test_counts_are_sums_over_the_dead_study(run: Run, activity: list[list[np.ndarray]]) -> None:
    counts = run.census.counts(NAME)
    windows = [row for row in run.model.windows.table.to_dicts() if row["dead"]]
    assert len(counts) == 4 * 40 * 2
    for place in [(0, 0), (1, 20), (3, 39), DEAD]:
        for domain in ("code", "prose"):
            chosen = [
                activity[row["window"]][place[0]][:, place[1]]
                for row in windows
                if row["domain"] == domain
            ]
            row = counts.row(
                by_predicate=(pl.col("layer") == place[0])
                & (pl.col("neuron") == place[1])
                & (pl.col("domain") == domain),
                named=True,
            )
            assert row["windows"] == len(chosen)
            assert row["tokens"] == sum(len(active) - 1 for active in chosen)
            assert row["activations"] == sum(int(active[1:].sum()) for active in chosen)
            assert row["active_at_bos"] == sum(int(active[0]) for active in chosen)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda census: census.neurons("plantd"), "did you mean 'planted'?"),
        (lambda census: census.neuron(NAME, 4, 0), "layers from 0 to 3 and neurons from 0 to 39"),
        (lambda census: census.curve(NAME, 0, 40), "neurons from 0 to 39"),
        (lambda census: census.bits(NAME, ANALYSED, 0, 0), "ngram_layers: all"),
        (lambda census: census.bits(NAME, 0, 0, 100_000), "there is no window 100000"),
        (lambda census: census.bits(NAME, 0, -1, 0), "has no neuron -1"),
    ],
)
def test_what_is_not_there_is_said(run: Run, ask: Callable[[Census], object], said: str) -> None:
    with pytest.raises(CensusError, match=said.replace("?", r"\?")):
        ask(run.census)


def test_a_window_that_was_not_recorded_is_named(run: Run) -> None:
    table = run.model.windows.table
    window = table.filter(~pl.col("ngrams"))["window"][0]
    with pytest.raises(CensusError, match=f"window {window} is none of the n-gram study"):
        run.census.bits(NAME, 0, 0, window)


def test_a_folder_without_a_census_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"census: expected the census of a model"):
        Census.open(tmp_path)


def test_recordings_that_were_not_kept_and_damaged_tables_are_refused(
    run: Run, tmp_path: Path
) -> None:
    results = tmp_path / "results"
    shutil.copytree(run.results, results)
    census = Census.open(str(results))
    shutil.rmtree(results / "recordings" / NAME)
    with pytest.raises(CensusError, match="keep: true"):
        census.bits(NAME, 0, 0, 0)
    for table in ("triggers", "census"):
        file = results / table / f"{NAME}.parquet"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    with pytest.raises(CensusError, match="do not match its seal"):
        census.triggers(NAME)
    with pytest.raises(CensusError, match="do not match its seal"):
        census.neurons(NAME)
    shutil.rmtree(results / "windows")
    with pytest.raises(CensusError, match="has no windows that 'planted' has read"):
        census.windows(NAME)

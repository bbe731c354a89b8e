"""Positional neurons of a counts store, against loops over its neurons."""

from __future__ import annotations

from math import log
from pathlib import Path
from statistics import fmean

import numpy as np
import polars as pl
import pytest
import zarr

from helpers.made.stores import finish_store
from helpers.made.thresholds import pattern_rules, position_thresholds
from helpers.oracles.positions_by_loop import information_by_hand
from neuron_census.classify.positions.census import classify_positions
from neuron_census.classify.positions.patterns import classify_patterns, describe
from neuron_census.errors import CensusError
from neuron_census.formats import counts as counts_format
from neuron_census.formats.counts import FORMAT, VERSION, Counts, create_positions, create_totals
from neuron_census.formats.table_files import write_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.positions import POSITIONS

LAYERS, T, NEURONS = 2, 32, 7
WINDOWS = [300, 120, 40]
DOMAINS = ["code", "prose", "verse"]


def made_store(path: Path, positions: np.ndarray | None, windows: list[int] = WINDOWS) -> Counts:
    store = zarr.open_group(path, mode="w")
    for name in ("active", "active_at_bos"):
        create_totals(store, name, LAYERS, len(windows), NEURONS)[:] = 0
    if positions is not None:
        create_positions(store, *positions.shape)[:] = positions
    store.attrs.update(
        {
            "format": FORMAT,
            "version": VERSION,
            "domains": DOMAINS[: len(windows)],
            "tokens": [1000] * len(windows),
            "dead_windows": windows,
            "position_windows": windows,
        }
    )
    finish_store(store, path)
    return Counts.open(path)


def made_positions(neurons: int = NEURONS) -> np.ndarray:
    """Return counts that change more or less with position, and differ between domains."""
    generator = np.random.default_rng(0)
    shape = (len(WINDOWS), LAYERS, 1, neurons)
    slope = generator.normal(0, 0.2, shape) * (
        np.arange(T)[None, None, :, None] - generator.integers(0, T, shape)
    )
    frequency = 1 / (1 + np.exp(-slope))
    counts = [
        generator.binomial(number, part) for number, part in zip(WINDOWS, frequency, strict=True)
    ]
    return np.array(counts)


def test_a_census_equals_a_loop_over_neurons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts_format, "CHUNK_NEURONS", 3)
    counts = made_positions()
    found = classify_positions(made_store(tmp_path / "m.zarr", counts), position_thresholds())
    assert found is not None
    columns, curves = found.columns.rows(named=True), iter(found.positions.rows(named=True))
    positional = 0
    for layer in range(LAYERS):
        for neuron in range(NEURONS):
            row = columns.pop(0)
            assert (row["layer"], row["neuron"]) == (layer, neuron)
            pooled = counts[:, layer, :, neuron].sum(axis=0)
            (information,) = information_by_hand(pooled[:, None], sum(WINDOWS), "e")
            assert row["position_mi"] == pytest.approx(information, abs=1e-12)
            assert row["positional"] == (information > 0.05)
            shares = [int(number) / sum(WINDOWS) for number in pooled]
            assert row["early_frequency"] == pytest.approx(fmean(shares[:16]), rel=1e-6)
            assert row["late_frequency"] == pytest.approx(fmean(shares[16:]), rel=1e-6)
            if not row["positional"]:
                assert row["pattern"] is None and row["strength"] is None
                continue
            positional += 1
            curve = next(curves)
            assert (curve["layer"], curve["neuron"], curve["windows"]) == (layer, neuron, 460)
            frequency = pooled / sum(WINDOWS)
            assert curve["frequency"] == frequency.astype(np.float32).tolist()
            descriptors = describe(frequency[None], sum(WINDOWS), pattern_rules())
            assert {name: curve[name] for name in descriptors.columns} == pytest.approx(
                descriptors.row(0, named=True), abs=1e-12
            )
            kind = classify_patterns(descriptors, pattern_rules()).row(0)
            assert (row["pattern"], row["strength"]) == kind
            for domain, part in enumerate(curve["position_mi"]):
                assert part["domain"] == DOMAINS[domain]
                if WINDOWS[domain] < 100:
                    assert part["position_mi"] is None
                else:
                    (alone,) = information_by_hand(
                        counts[domain, layer, :, neuron][:, None], WINDOWS[domain], "e"
                    )
                    assert part["position_mi"] == pytest.approx(alone, abs=1e-12)
    assert not columns and next(curves, None) is None
    assert 3 < positional < LAYERS * NEURONS, "some are positional, and some are not"


def test_it_has_the_columns_and_types_of_the_tables(tmp_path: Path) -> None:
    store = made_store(tmp_path / "m.zarr", made_positions())
    for threshold in (0.05, 100.0):
        found = classify_positions(store, position_thresholds(mi_threshold=threshold))
        assert found is not None
        write_table(found.positions, POSITIONS, tmp_path / "positions.parquet")
        group = CENSUS.optional["positions"]
        assert {name: found.columns.schema[name] for name in group} == {
            name: column.dtype for name, column in group.items()
        }
        assert found.columns.columns == ["layer", "neuron", *group]
        assert len(found.positions) == found.columns["positional"].sum()
    assert found is not None and found.positions.is_empty(), "none has that much information"


def test_thresholds_say_what_is_positional_and_in_which_unit(tmp_path: Path) -> None:
    counts = np.zeros((1, LAYERS, T, NEURONS), dtype=np.int64)
    counts[0, 1, : T // 2, 2] = 200
    store = made_store(tmp_path / "m.zarr", counts, [200])

    def positional(**changes: object) -> list[tuple[int, int]]:
        found = classify_positions(store, position_thresholds(**changes))
        assert found is not None
        return list(found.columns.filter("positional").select("layer", "neuron").iter_rows())

    assert positional() == [(1, 2)]
    assert positional(mi_threshold=0.69) == [(1, 2)] and positional(mi_threshold=0.70) == []
    assert positional(mi_threshold=0.99, mi_base="2") == [(1, 2)]
    assert positional(mi_threshold=1.01, mi_base="2") == []
    (found,) = positional(mi_threshold=log(2) / log(10) - 0.01, mi_base="10")
    assert found == (1, 2)


def test_rules_of_patterns_are_thresholds(tmp_path: Path) -> None:
    counts = np.zeros((1, LAYERS, T, NEURONS), dtype=np.int64)
    counts[0, 0, : T // 2, 0] = 200
    store = made_store(tmp_path / "m.zarr", counts, [200])
    kinds = []
    for rules in (pattern_rules(), pattern_rules(run=0.9), pattern_rules(thin=-1.0)):
        found = classify_positions(store, position_thresholds(patterns=rules))
        assert found is not None
        kinds += found.columns.filter("positional").select("pattern", "strength").rows()
    assert kinds == [("both extremes", "strong"), ("other", "strong"), ("both extremes", "weak")]


def test_without_windows_of_the_study_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert (
        classify_positions(made_store(tmp_path / "m.zarr", None, [0, 0]), position_thresholds())
        is None
    )


def test_lost_and_impossible_counts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        CensusError, match=r"lost\.zarr: lacks the array 'positions' of 460 windows"
    ):
        classify_positions(made_store(tmp_path / "lost.zarr", None), position_thresholds())
    counts = made_positions()
    counts[2, 1, 5, 6] = 41
    with pytest.raises(
        CensusError, match="layer 1: found more activations at a position than windows"
    ):
        classify_positions(made_store(tmp_path / "many.zarr", counts), position_thresholds())


def test_a_domain_speaks_for_itself_from_the_least_number_of_windows_on(tmp_path: Path) -> None:
    counts = np.zeros((3, LAYERS, T, NEURONS), dtype=np.int64)
    counts[:, 0, : T // 2, 4] = np.array([300, 120, 119])[:, None]
    store = made_store(tmp_path / "m.zarr", counts, [300, 120, 119])
    for base, unit in (("e", 1.0), ("2", log(2))):
        found = classify_positions(store, position_thresholds(min_windows=120, mi_base=base))
        assert found is not None
        (by_domain,) = found.positions["position_mi"].to_list()
        assert [part["position_mi"] for part in by_domain] == [
            pytest.approx(log(2) / unit),
            pytest.approx(log(2) / unit),
            None,
        ]


def test_a_domain_without_windows_says_nothing(tmp_path: Path) -> None:
    counts = np.zeros((2, LAYERS, T, NEURONS), dtype=np.int64)
    counts[0, 0, : T // 2, 4] = 10
    store = made_store(tmp_path / "m.zarr", counts, [10, 0])
    found = classify_positions(store, position_thresholds(min_windows=0))
    assert found is not None
    (by_domain,) = found.positions["position_mi"].to_list()
    assert [part["position_mi"] for part in by_domain] == [pytest.approx(log(2)), None]


def test_a_neuron_of_the_first_few_positions_is_known_though_it_is_not_positional(
    tmp_path: Path,
) -> None:
    """Active in all windows at the first 16 of 512 positions, and in one of 50 windows at the next."""
    counts = np.zeros((1, 1, 512, 2), dtype=np.int64)
    counts[0, 0, :16, 1] = 50
    counts[0, 0, 16, 1] = 1
    windows = position_thresholds(min_windows=50, mi_threshold=0.2)
    found = classify_positions(made_store(tmp_path / "m.zarr", counts, [50]), windows)
    assert found is not None
    frequencies = found.columns.select("positional", "early_frequency", "late_frequency")
    one_of_50_at_one_of_496 = float(np.float32(1 / (50 * 496)))
    assert frequencies.rows() == [(False, 0.0, 0.0), (False, 1.0, one_of_50_at_one_of_496)]


@pytest.mark.parametrize(("length", "late"), [(15, None), (16, None), (17, 0.25)])
def test_a_window_of_few_positions_has_no_late_ones(
    tmp_path: Path, length: int, late: float | None
) -> None:
    counts = np.zeros((1, 1, length, 1), dtype=np.int64)
    counts[0, 0, :16] = 100
    counts[0, 0, 16:] = 50
    store = made_store(tmp_path / "m.zarr", counts, [200])
    found = classify_positions(store, position_thresholds())
    assert found is not None
    assert found.columns.select("early_frequency", "late_frequency").rows() == [(0.5, late)]


def test_too_few_windows_are_refused(tmp_path: Path) -> None:
    counts = np.zeros((1, LAYERS, T, NEURONS), dtype=np.int64)
    store = made_store(tmp_path / "few.zarr", counts, [99])
    with pytest.raises(CensusError, match=r"few\.zarr: the positions study has 99 full-length"):
        classify_positions(store, position_thresholds())
    found = classify_positions(store, position_thresholds(min_windows=99))
    assert found is not None
    assert found.columns.select(pl.col("position_mi").max()).item() == 0.0


@pytest.mark.parametrize("active", [0.5, 0.8])
def test_active_ranges_are_those_of_the_moving_average_of_the_rules(
    tmp_path: Path, active: float
) -> None:
    counts = made_positions()
    store = made_store(tmp_path / "m.zarr", counts)
    found = classify_positions(store, position_thresholds(active=active))
    assert found is not None and pattern_rules().width(T) == 3
    for row in found.positions.iter_rows(named=True):
        pooled = counts[:, row["layer"], :, row["neuron"]].sum(axis=0).tolist()
        means = [fmean(pooled[max(0, at - 1) : at + 2]) for at in range(T)]
        covered = {
            place for one in row["active_ranges"] for place in range(one["start"], one["end"] + 1)
        }
        assert covered == {at for at in range(T) if means[at] >= active * sum(WINDOWS)}
        assert (row["shift"] is None) == (not covered)

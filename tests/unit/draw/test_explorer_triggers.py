"""The n-grams by which the explorer's search finds neurons, beside the triggers table read by a loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.explorer_data import chunk
from helpers.made.census import Made, Size, made_census
from neuron_census.draw.explore import explore
from neuron_census.draw.explorer import trigger_index
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.tables.vocabulary import NGRAM_LENGTHS

SHOWN = 4


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    size = Size(layers=4, neurons=60, vocabulary=101, detectors=0.2)
    return made_census(tmp_path_factory.mktemp("census"), "made", size)


def index_of(folder: Path, n: int, parts: list[str]) -> list[dict[str, Any]]:
    """Every n-gram of a length as the page reads it, with its listed neurons."""
    found = []
    for part in range(len(parts)):
        columns = chunk(folder, f"model-0/triggers/{n}/{part}")
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(columns, values, strict=True))
            numbers = chunk(folder, f"model-0/triggers/{n}/neurons-{row['file']}").reshape(3, -1)
            listed = numbers[:, row["start"] : row["start"] + row["listed"]].T.tolist()
            found.append(row | {"places": [tuple(one) for one in listed]})
    return found


def by_loop(made: Made, n: int, name: str) -> dict[tuple[int, ...], list[tuple[int, int, int]]]:
    """Neurons that show an n-gram and do not detect it: place, activations, activations at any n-gram."""
    census = {(row["layer"], row["neuron"]): row for row in pl.read_parquet(made.census).to_dicts()}
    triggers: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in pl.read_parquet(made.triggers).filter(n=n).to_dicts():
        triggers.setdefault((row["layer"], row["neuron"]), []).append(row)
    found: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
    for (layer, neuron), rows in triggers.items():
        here = census[layer, neuron]
        rows.sort(key=lambda row: (-row["activations"], row["ngram"]))
        for row in rows[: 64 if here[f"{name}_detector"] else SHOWN]:
            if not (here[f"{name}_detector"] and row["covered"]):
                one = (60 * layer + neuron, row["activations"], here[f"{name}_activations"])
                found.setdefault(tuple(row["ngram"]), []).append(one)
    return found


@pytest.mark.parametrize(("name", "n"), NGRAM_LENGTHS.items())
@pytest.mark.parametrize("small", [False, True])
def test_each_ngram_leads_to_the_neurons_that_show_it(
    tmp_path: Path,
    made: Made,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    n: int,
    *,
    small: bool,
) -> None:
    if small:
        monkeypatch.setattr(trigger_index, "WHOLE", 7)
        monkeypatch.setattr(trigger_index, "NGRAMS_OF_A_PART", 7)
        monkeypatch.setattr(trigger_index, "NEURONS_OF_A_FILE", 11)
    explore(**made.options(), other_triggers=SHOWN, output=tmp_path / "explorer")
    parts = chunk(tmp_path / "explorer", "manifest")["models"][0]["searched"][str(n)]
    assert (len(parts) > 3) == small
    found = index_of(tmp_path / "explorer", n, parts)
    expected = by_loop(made, n, name)
    assert {tuple(row["ngram"]) for row in found} == set(expected)
    for row in found:
        wanted = expected[tuple(row["ngram"])]
        assert sorted(row["places"]) == sorted(wanted)
        assert row["neurons"] == row["listed"] == len(wanted)
        shares = [activations / of for _, activations, of in row["places"]]
        assert shares == sorted(shares, reverse=True)
    sought = [row["text"].strip(" ").lower() for row in found]
    assert sought == sorted(sought)
    assert parts == sought[:: 7 if small else len(sought)]


def test_of_a_frequent_ngram_the_neurons_come_that_it_makes_up_most_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger_index, "LISTED", 2)
    census = pl.DataFrame(
        {
            "layer": [0] * 4,
            "neuron": range(4),
            "unigram_activations": [100, 10, 20, 40],
            "bigram_activations": [0] * 4,
            "trigram_activations": [0] * 4,
            "unigram_detector": [False, False, True, False],
        },
        schema_overrides=CENSUS.types("layer", "neuron"),
    )
    # Neuron 2 detects the token 7 but not the token 8.
    shown = [
        (0, 7, 50, False),
        (1, 7, 6, False),
        (2, 7, 20, True),
        (2, 8, 1, False),
        (3, 7, 30, False),
    ]
    rows = pl.DataFrame(
        [
            (0, neuron, 1, [token], " x", active, 60, covered, None, None)
            for neuron, token, active, covered in shown
        ],
        schema=TRIGGERS.schema,
        orient="row",
    )
    index = trigger_index.TriggerIndex()
    index.add(census, rows, 100)
    parts = index.write(tmp_path / "data", "model-0")
    assert parts == {"1": ["x"], "2": [], "3": []}
    frequent, other = index_of(tmp_path, 1, parts["1"])
    assert (frequent["ngram"], frequent["neurons"], frequent["listed"]) == ([7], 3, 2)
    assert frequent["places"] == [(103, 30, 40), (101, 6, 10)]
    assert (other["ngram"], other["places"]) == ([8], [(102, 1, 20)])

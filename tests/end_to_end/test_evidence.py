"""Documents, margins, contexts and n-grams seen, from a planted model to the tables, against loops over its values."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import make_checkpoint, make_tokenizer, plant_dead, planted
from helpers.made.windows import BOS, made_windows
from helpers.oracles.brute_force import pre_activations
from helpers.oracles.evidence_by_loop import AFTER, BEFORE, Seen, around, contexts, margin
from helpers.planted.stages import record_and_count
from neuron_census.classify.classify import classify
from neuron_census.errors import CensusError
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.tables.coverage import COVERAGE, SEEN_NGRAMS
from neuron_census.formats.tables.of_a_model import TABLES
from neuron_census.formats.windows import write_windows
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText

VOCABULARY, LAYERS, MOST = 260, 4, 8
QUICK = {"evidence": {"replicates": 100}}
LENGTHS = [32, 32, 9, 20, 32, 32, 7, 3, 2, 16, 25, 31]
DOMAINS = ["code", "code", "code", "prose", "prose", "prose"] * 2
DOCUMENTS = [0, 0, 1, 0, 1, 2, 3, 3, 4, 2, 5, 2]


@dataclass(frozen=True)
class Model:
    """A made model, its windows, what is in them, and its tables."""

    folder: Path
    windows: Path
    tokenizer: Path
    table: pl.DataFrame
    seen: list[Seen]

    def classified(self, thresholds: dict[str, Any], name: str) -> dict[str, pl.DataFrame]:
        """Classify under thresholds, and return the tables about evidence."""
        folder = self.folder / name
        folder.mkdir()
        outputs: dict[str, Any] = {table.name: folder / f"{table.name}.parquet" for table in TABLES}
        classify(
            counts=self.folder / "counts.zarr",
            windows=self.windows,
            ngrams=self.folder / "ngrams.zarr",
            ngram_counts=[self.folder / "ngram_counts" / f"{n}.zarr" for n in range(LAYERS // 2)],
            checkpoint=self.folder / "checkpoint",
            tokenizer=self.tokenizer,
            thresholds=json.dumps(thresholds),
            sensitivity=folder / "sensitivity.csv",
            **outputs,
        )
        return {
            table.name: read_table(outputs[table.name], table)
            for table in (CENSUS, COVERAGE, CONTEXTS, SEEN_NGRAMS)
        }


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("evidence")
    checkpoint = make_checkpoint(
        folder / "checkpoint",
        dtype=torch.float64,
        vocab_size=VOCABULARY,
        num_hidden_layers=LAYERS,
        plant=planted(plant_dead((0, 3), (1, 0), (3, 2))),
    )
    tokenizer = make_tokenizer(
        folder / "tokenizer", max_position_embeddings=32, vocab_size=VOCABULARY
    )
    table = made_windows(
        LENGTHS,
        studies=[{"dead", "ngrams"}] * 9 + [{"dead"}] * 3,
        domains=DOMAINS,
        vocabulary=VOCABULARY,
    ).with_columns(
        document=pl.Series(DOCUMENTS, dtype=pl.Int32),
        shard=pl.Series([0] * 7 + [1] * 5, dtype=pl.Int32),
    )
    windows = folder / "windows.parquet"
    write_windows(
        table,
        windows,
        window_length=32,
        bos=BOS,
        vocabulary=VOCABULARY,
        shards=2,
        domains=["prose", "code"],
        tokenizer=Encoder.open(tokenizer).digest,
    )
    record_and_count(folder, windows, checkpoint, shards=2, analysed=LAYERS // 2)
    values = pre_activations(checkpoint, table)
    seen = [
        Seen(row["window"], row["domain"], row["document"], layers)
        for row, layers in zip(table.iter_rows(named=True), values, strict=True)
    ]
    return Model(folder, windows, tokenizer, table, seen)


@pytest.fixture(scope="module", params=[False, True], ids=["text", "with BOS"])
def tables(request: pytest.FixtureRequest, model: Model) -> tuple[bool, dict[str, pl.DataFrame]]:
    count_bos: bool = request.param
    return count_bos, model.classified(
        QUICK | {"dead": {"count_bos": count_bos}}, f"bos-{count_bos}"
    )


def test_documents_and_margins_of_every_neuron(
    model: Model, tables: tuple[bool, dict[str, pl.DataFrame]]
) -> None:
    count_bos, found = tables
    first = 0 if count_bos else 1
    everything = {(one.domain, one.document) for one in model.seen}
    for row in found["census"].iter_rows(named=True):
        layer, neuron = row["layer"], row["neuron"]
        active = {
            (one.domain, one.document)
            for one in model.seen
            if (one.values[layer][first:, neuron] > 0).any()
        }
        assert row["documents"] == len(active)
        assert row["dead"] == (len(active) == 0)
        expected = np.log(20) / len(everything) if row["dead"] else None
        assert row["dead_upper"] == pytest.approx(expected)
        best = max(
            margin(model.seen, layer, neuron, bos=bos, half=half)
            for bos in ((True, False) if count_bos else (False,))
            for half in range(2)
        )
        assert row["margin"] == pytest.approx(best[0], rel=1e-12)
        if row["margin_position"] > 0:
            assert (row["margin_window"], row["margin_position"]) == best[1:]
    assert found["census"]["dead"].sum() >= 3 - count_bos


def test_the_coverage_of_every_layer(
    model: Model, tables: tuple[bool, dict[str, pl.DataFrame]]
) -> None:
    count_bos, found = tables
    census, coverage = found["census"], found["coverage"]
    assert coverage["layer"].to_list() == [*range(LAYERS), None]
    documents = sorted({(one.domain, one.document) for one in model.seen})
    for row in coverage.iter_rows(named=True):
        part = census if row["layer"] is None else census.filter(layer=row["layer"])
        assert row["neurons"] == len(part) and row["dead"] == part["dead"].sum()
        assert row["documents"] == len(documents)
        assert row["tokens"] == census["tokens"][0]
        assert row["singletons"] == (part["documents"] == 1).sum()
        assert row["doubletons"] == (part["documents"] == 2).sum()
        assert row["curve"][0] == {"documents": 0, "tokens": 0, "never_active": 1.0}
        assert row["curve"][-1]["documents"] == len(documents)
        assert row["curve"][-1]["never_active"] == pytest.approx(row["dead"] / len(part))
        shares = [point["never_active"] for point in row["curve"]]
        assert shares == sorted(shares, reverse=True)
        assert row["further"][-1]["documents"] == 2 * len(documents)
        last = row["further"][-1]
        assert last["lower"] <= last["never_active"] <= last["upper"]
        assert last["never_active"] == pytest.approx((row["dead"] - row["wakes"]) / len(part))
        domains = {"prose": 0, "code": 0}
        woken, dead_in_even = 0, 0
        for neuron in part.iter_rows(named=True):
            where = {
                (one.domain, one.document)
                for one in model.seen
                if (
                    one.values[neuron["layer"]][0 if count_bos else 1 :, neuron["neuron"]] > 0
                ).any()
            }
            alone = {domain for domain, _ in where}
            if len(alone) == 1:
                domains[alone.pop()] += 1
            if not any(document % 2 == 0 for _, document in where):
                dead_in_even += 1
                woken += bool(where)
        assert {one["domain"]: one["neurons"] for one in row["woken_by"]} == domains
        assert (row["half_dead"], row["half_woken"]) == (dead_in_even, woken)
        assert row["half_documents"] == sum(number % 2 == 0 for _, number in documents)


def test_every_context_of_every_neuron(
    model: Model, tables: tuple[bool, dict[str, pl.DataFrame]]
) -> None:
    _, found = tables
    texts = TokenText.open(model.tokenizer).texts
    rows = {
        (row["layer"], row["neuron"], row["kind"], row["rank"]): row
        for row in found["contexts"].iter_rows(named=True)
    }
    expected = 0
    for layer in range(LAYERS):
        for neuron in range(model.seen[0].values[layer].shape[1]):
            for kind in ("top", "sampled"):
                best = contexts(model.seen, layer, neuron, kind, most=MOST, seed=0)
                if kind == "sampled" and len(best) < MOST:
                    best = []
                expected += len(best)
                for rank, context in enumerate(best, start=1):
                    row = rows[layer, neuron, kind, rank]
                    _same_context(model, row, context, texts)
    assert len(rows) == expected > 100


def _same_context(
    model: Model, row: dict[str, Any], context: dict[str, Any], texts: pl.Series
) -> None:
    window, position = context["window"], context["position"]
    tokens = model.table["tokens"][window].to_list()
    start, end = max(0, position - BEFORE), min(len(tokens), position + AFTER + 1)
    assert (row["window"], row["position"], row["start"]) == (window, position, start)
    assert (row["domain"], row["document"]) == (DOMAINS[window], DOCUMENTS[window])
    assert row["tokens"] == tokens[start:end]
    assert row["texts"] == [texts[token] for token in tokens[start:end]]
    assert row["activation"] == pytest.approx(context["value"], rel=1e-6)
    values = next(one for one in model.seen if one.window == window).values[row["layer"]]
    shown = around(values[:, row["neuron"]], position)
    from_start = BEFORE - (position - start)
    assert row["activations"] == shown[from_start : from_start + end - start].tolist()


def test_ngrams_that_a_further_document_would_bring(model: Model) -> None:
    found = model.classified(QUICK, "seen")["seen_ngrams"]
    rows = model.table.filter("ngrams").iter_rows(named=True)
    text = [((row["domain"], row["document"]), row["tokens"][1:]) for row in rows]
    for n, row in zip((1, 2, 3), found.iter_rows(named=True), strict=True):
        by_document: dict[Any, Counter[tuple[int, ...]]] = {}
        for document, tokens in text:
            ngrams = [tuple(tokens[at : at + n]) for at in range(len(tokens) - n + 1)]
            by_document.setdefault(document, Counter()).update(ngrams)
        new = total = 0
        for document, counted in by_document.items():
            others = {
                ngram for other, seen in by_document.items() if other != document for ngram in seen
            }
            new += sum(times for ngram, times in counted.items() if ngram not in others)
            total += sum(counted.values())
        distinct = set().union(*by_document.values())
        assert row["n"] == n and row["occurrences"] == total
        assert row["distinct"] == len(distinct)
        assert row["seen"] == pytest.approx(len(distinct) / VOCABULARY**n)
        assert row["new"] == pytest.approx(new / total)
        assert row["new_lower"] <= row["new"] <= row["new_upper"]


def test_fewer_contexts_are_the_best_of_those_that_were_kept(model: Model) -> None:
    most = model.classified(QUICK, "most")["contexts"]
    few = model.classified({"evidence": {"contexts": 2, "replicates": 100}}, "few")["contexts"]
    assert few.equals(most.filter(pl.col("rank") <= 2)) and len(few) < len(most)


def test_other_windows_are_refused(model: Model, tmp_path: Path) -> None:
    other = tmp_path / "windows.parquet"
    write_windows(
        model.table.with_columns(document=pl.col("document") + 1),
        other,
        window_length=32,
        bos=BOS,
        vocabulary=VOCABULARY,
        shards=2,
        domains=["prose", "code"],
    )
    strange = Model(model.folder, other, model.tokenizer, model.table, model.seen)
    with pytest.raises(CensusError, match=r"windows\.parquet: these windows have the digest"):
        strange.classified({}, "strange")

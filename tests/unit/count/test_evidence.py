"""Documents, margins and contexts merged over shards, against one reading by loops of all windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.checkpoints import make_checkpoint
from helpers.made.recordings import record_shard
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import pre_activations
from helpers.oracles.evidence_by_loop import Seen, contexts, margin
from neuron_census.count.count import count
from neuron_census.formats.context import KINDS
from neuron_census.formats.counts import Counts

MOST, SEED = 2, 5


def windows_in_shards() -> pl.DataFrame:
    """Return windows of documents that lie in several shards; one document number is in both domains."""
    table = made_windows(
        [32, 32, 20, 9, 32, 5, 32, 2, 17, 32],
        studies=[{"dead"}] * 6 + [{"ngrams"}] + [{"dead"}] * 3,
        domains=[
            "code",
            "prose",
            "code",
            "prose",
            "code",
            "code",
            "code",
            "prose",
            "prose",
            "code",
        ],
        vocabulary=96,
    )
    return table.with_columns(
        document=pl.Series([4, 4, 4, 1, 0, 7, 9, 1, 2, 4], dtype=pl.Int32),
        shard=pl.Series([0, 0, 0, 0, 1, 1, 1, 2, 2, 2], dtype=pl.Int32),
    )


def test_shards_merge_into_what_loops_find_in_all_windows(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64)
    table = windows_in_shards()
    for shard in range(3):
        record_shard(tmp_path, folder, table, shard=shard, shards=3, contexts=MOST, seed=SEED)
    count(
        recordings=[tmp_path / f"{shard}.zarr" for shard in (2, 0, 1)],
        windows=tmp_path / "windows.parquet",
        output=tmp_path / "counts.zarr",
    )
    store = Counts.open(tmp_path / "counts.zarr")
    seen = [
        Seen(row["window"], row["domain"], row["document"], values)
        for row, values in zip(
            table.iter_rows(named=True), pre_activations(folder, table), strict=True
        )
        if row["dead"]
    ]
    documents = sorted({(one.domain, one.document) for one in seen})
    assert len(documents) == 6
    assert store.of_documents("number").tolist() == [number for _, number in documents]
    assert store.of_documents("domain").tolist() == [
        ["code", "prose"].index(domain) for domain, _ in documents
    ]
    lengths = table.filter("dead").group_by("domain", "document").agg(pl.col("length") - 1)
    tokens = {(domain, number): sum(values) for domain, number, values in lengths.iter_rows()}
    assert store.of_documents("tokens").tolist() == [tokens[document] for document in documents]
    values, windows, positions = (store.margins(name) for name in ("value", "window", "position"))
    for layer, (text, either) in enumerate(_bits(store, len(seen[0].values), len(documents))):
        for number, document in enumerate(documents):
            active = [
                one.values[layer] > 0 for one in seen if (one.domain, one.document) == document
            ]
            in_text = np.any([window[1:].any(axis=0) for window in active], axis=0)
            assert (text[:, number] == in_text).all()
            assert (either[:, number] == in_text | active[0][0]).all()
        for neuron in range(text.shape[0]):
            for half in range(2):
                best, window, position = margin(seen, layer, neuron, bos=False, half=half)
                assert values[0, half, layer, neuron] == pytest.approx(best, rel=1e-12)
                assert windows[0, half, layer, neuron] == window
                assert positions[0, half, layer, neuron] == position
            for kind in KINDS:
                expected = contexts(seen, layer, neuron, kind, most=MOST, seed=SEED)
                for name in ("window", "position", "activations"):
                    found = store.contexts(kind, name, layer)[neuron][: len(expected)]
                    assert np.array_equal(found, [context[name] for context in expected] or found)
                taken = store.contexts(kind, "window", layer)[neuron] >= 0
                assert taken.sum() == len(expected)


def _bits(store: Counts, layers: int, documents: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each layer which documents activate which neuron: in their text, and there or at a BOS."""
    unpacked = []
    for layer in range(layers):
        either, text = (
            np.unpackbits(
                store.document_bits(layer, count_bos=count_bos), axis=1, bitorder="little"
            )
            for count_bos in (True, False)
        )
        assert not either[:, documents:].any()
        unpacked.append((text[:, :documents] > 0, either[:, :documents] > 0))
    return unpacked

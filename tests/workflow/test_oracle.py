"""The whole workflow against an oracle: its tables equal plain forward passes over the text, not another run."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer

from helpers.oracles.brute_force import count_by_hand
from helpers.workflow.project import MODELS, Project

WINDOWS = "results/windows/tiny/windows.parquet"
DOMAINS = ["notes", "records"]
WINDOW, BOS = 16, 2


def windows_of(project: Project) -> pl.DataFrame:
    return pl.read_parquet(project.folder / WINDOWS)


def test_windows_hold_the_text_that_lies_in_the_folder(finished: Project) -> None:
    made = finished.folder / "made"
    tokenizer = Tokenizer.from_file(str(made / "tokenizer" / "tokenizer.json"))
    records = [json.loads(line)["body"] for line in (made / "records.jsonl").open()]
    texts = {
        "notes": sorted(path.read_text() for path in (made / "texts").glob("*.txt")),
        "records": sorted(records),
    }
    windows = windows_of(finished)
    assert windows["length"].max() == WINDOW
    assert all(tokens[0] == BOS for tokens in windows["tokens"].to_list())
    for domain, of_domain in windows.partition_by("domain", as_dict=True).items():
        documents = pl.read_parquet(finished.folder / f"results/text/{domain[0]}.parquet")["text"]
        assert sorted(documents.to_list()) == texts[str(domain[0])]
        for number, parts in of_domain.partition_by("document", as_dict=True).items():
            read = [token for part in parts.sort("part")["tokens"].to_list() for token in part[1:]]
            text = documents[int(str(number[0]))]
            whole = tokenizer.encode(text, add_special_tokens=False).ids
            assert read == whole[: len(read)]


@pytest.mark.parametrize("model", MODELS)
def test_a_census_is_what_plain_forward_passes_say(finished: Project, model: str) -> None:
    windows = windows_of(finished)
    by_hand = count_by_hand(finished.folder / "made" / model, windows, DOMAINS, WINDOW)
    active = np.asarray(by_hand["active"])
    census = pl.read_parquet(finished.folder / "results" / "census" / f"{model}.parquet")
    layers, _, neurons = active.shape
    assert census["layer"].to_list() == [layer for layer in range(layers) for _ in range(neurons)]
    assert census["activations"].to_list() == active.sum(axis=1).ravel().tolist()
    assert census["dead"].to_list() == (active.sum(axis=1) == 0).ravel().tolist()
    tokens = int((windows.filter("dead")["length"] - 1).sum())
    assert census["tokens"].unique().to_list() == [tokens]
    full = windows.filter("positions")
    assert full["length"].unique().to_list() == [WINDOW]
    positions = np.asarray(by_hand["positions"]).sum(axis=0) / len(full)
    assert census["early_frequency"].to_numpy() == pytest.approx(
        positions.mean(axis=1).ravel(), rel=1e-6
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_census_says_how_it_was_recorded(finished: Project, model: str) -> None:
    path = finished.folder / "results" / "census" / f"{model}.parquet"
    recorded = json.loads(pl.read_parquet_metadata(path)["recorded"])
    assert recorded["dtype"] == "float64" and recorded["model"] == model
    made = json.loads(pl.read_parquet_metadata(finished.folder / WINDOWS)["windows"])
    assert recorded["windows"] == made["digest"]
    thresholds = json.loads(pl.read_parquet_metadata(path)["thresholds"])
    assert thresholds["positions"]["min_windows"] == 5

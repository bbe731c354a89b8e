"""The text that training tests read."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from neuron_census.formats.seal import seal
from neuron_census.train.train_tokenizer import train_tokenizer


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A domain table of twelve documents, a third held out, and a tokenizer."""
    folder = tmp_path_factory.mktemp("text")
    documents = [
        f"document {number}: " + f"word{number} and more " * number for number in range(12)
    ]
    table = pl.DataFrame(
        {
            "document": pl.Series(range(12), dtype=pl.Int32),
            "key": [f"d{number}" for number in range(12)],
            "held_out": [number % 3 == 0 for number in range(12)],
            "text": documents,
        }
    )
    domain = folder / "made.parquet"
    table.write_parquet(
        domain,
        metadata={"source": json.dumps({"name": "made", "files": ["made.jsonl"], "seed": 0})},
    )
    seal(domain)
    train_tokenizer(domains=[domain], output=folder / "tokenizer", vocabulary=270, window=16)
    return domain, folder / "tokenizer"

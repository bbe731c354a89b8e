"""A planted model of each kind, and text that has its n-grams where an error would show."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch

from helpers.made.checkpoints import make_tokenizer
from helpers.planted.ngrams import BOS, LAYERS, Planted, make_planted
from neuron_census.formats.windows import Windows, write_windows
from neuron_census.tokenizer.encoder import Encoder

WINDOW = 16
SHARDS = 3
ANALYSED = LAYERS // 2
COMMON = ["the", "of", "and", "dog", "cat", "red", "sun", "ice", "war", "joy", "art", "law"]
WORDS = [*COMMON, "once", "never"]
ALWAYS, DEAD = (1, 20), (0, 21)
# Planted, and no detectors of n-grams of that length by the paper's thresholds, as the names say.
UNDETECTED = {
    "a token, not always",
    "a token next to the BOS only",
    "dead in the dead study",
    "more bigrams than are kept of others",
}


@dataclass(frozen=True)
class Model:
    """A planted model, its text, and what is planted."""

    checkpoint: Path
    tokenizer: Path
    windows: Windows
    ids: Mapping[str, int]
    planted: Mapping[str, Planted]


def planted_in(ids: Mapping[str, int]) -> dict[str, Planted]:
    """Return detectors of every kind, in both layers that are analysed."""

    def of(
        layer: int, neuron: int, words: str, effects: tuple[float, ...], unless: str = ""
    ) -> Planted:
        places = tuple(
            tuple(BOS if word == "<bos>" else ids[word] for word in choices.split("|"))
            for choices in words.split()
        )
        return Planted(layer, neuron, places, effects, tuple(ids[word] for word in unless.split()))

    return {
        "one token, suppressed": of(0, 0, "the", (-0.1,)),
        "five tokens, mostly suppressed": of(
            0, 1, "the|of|and|dog|cat", (-0.1, 0.06, -0.1, 0.06, -0.1)
        ),
        "two tokens, promoted": of(1, 0, "red|sun", (0.1, 0.05)),
        "three tokens, on average promoted": of(1, 1, "ice|war|joy", (-0.02, -0.02, 0.1)),
        "four tokens, suppressed": of(1, 2, "art|law|ice|war", (-0.05, -0.04, -0.03, -0.02)),
        "bigrams, suppressed": of(0, 3, "dog|cat red|sun", (-0.1, -0.1)),
        "a word twice": of(1, 3, "joy joy", (0.1,)),
        "trigram": of(0, 4, "ice of war", (0.1,)),
        "trigrams": of(1, 4, "the|red dog|sun cat|the", (-0.05, 0.05)),
        "a token, not always": of(0, 5, "law", (-0.1,), "of"),
        "a token next to the BOS only": of(0, 6, "<bos> art", (-0.1,)),
        "more bigrams than are kept of others": of(
            1, 7, f"the|of|and|dog|cat|red {'|'.join(COMMON)}", (-0.01,) * len(COMMON)
        ),
        "active once": of(1, 5, "once", (-0.1,)),
        "dead in the dead study": of(1, 6, "never", (0.1,)),
    }


def text(ids: Mapping[str, int]) -> pl.DataFrame:
    """Return windows of documents, in which planted n-grams stand where an error would show.

    At the beginning; cut apart where a window ends; at the end of a shard and the beginning of the
    next; and in windows that the n-gram study does not read.
    """
    drawn = random.Random(5)
    written = [
        "joy joy joy ice of war",
        "art law of law the dog cat the sun the",
        "dog red " + "law " * 12 + "joy joy red dog cat",
        "the " * 13 + "ice of war of ice of war",
        "law " * 14 + "cat sun ice",
        "once",
        "art",
    ]
    documents = [line.split() for line in written]
    for _ in range(120):
        documents.append(drawn.choices(COMMON, k=drawn.choice([1, 2, 5, 15, 16, 30, 40])))
    rows: list[dict[str, Any]] = []
    for number, words in enumerate(documents):
        for part, first in enumerate(range(0, len(words), WINDOW - 1)):
            tokens = [BOS, *(ids[word] for word in words[first : first + WINDOW - 1])]
            domain = "code" if number % 3 else "prose"
            rows.append({"document": number, "part": part, "domain": domain, "tokens": tokens})
    rows.append({"document": 999, "part": 0, "domain": "code", "tokens": [BOS, ids["never"]]})
    for row in rows:
        kind = row["document"] % 5
        row["dead"] = row["document"] != 999
        row["ngrams"] = kind != 2 or row["document"] < len(written)
        row["positions"] = False
        row["length"] = len(row["tokens"])
    per_shard = -(-len(rows) // SHARDS)
    shards = [place // per_shard for place in range(len(rows))]
    return pl.DataFrame(rows).with_columns(window=pl.int_range(pl.len()), shard=pl.Series(shards))


def make_model(folder: Path, *, post_norm: bool) -> Model:
    """Write the tokenizer, the windows and the checkpoint, and return what is planted in them."""
    # Matrices are so small that threads would only wait for each other.
    torch.set_num_threads(1)
    tokenizer = make_tokenizer(folder / "tokenizer", words=WORDS, max_position_embeddings=WINDOW)
    encoder = Encoder.open(tokenizer)
    ids = {word: encoder.tokenizer.get_vocab()[word] for word in WORDS}
    write_windows(
        text(ids),
        folder / "windows.parquet",
        window_length=WINDOW,
        bos=BOS,
        vocabulary=encoder.vocabulary,
        shards=SHARDS,
        domains=["code", "prose"],
    )
    planted = planted_in(ids)
    checkpoint = make_planted(
        folder / "model",
        list(planted.values()),
        tokens=list(ids.values()),
        vocabulary=encoder.vocabulary,
        window=WINDOW,
        always=ALWAYS,
        dead=DEAD,
        post_norm=post_norm,
    )
    return Model(checkpoint, tokenizer, Windows.open(folder / "windows.parquet"), ids, planted)

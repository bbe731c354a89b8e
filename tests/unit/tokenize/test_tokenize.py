"""The tokenize stage against the plainest reading of what a window, a study and a shard are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tokenizers import Tokenizer

from helpers.made.text import save_domain
from helpers.made.tokenizers import BOS, TEXT, make_tokenizer
from helpers.oracles.forward_order import assert_in_forward_order
from neuron_census.errors import CensusError
from neuron_census.formats.windows import STUDIES, Windows
from neuron_census.tokenize import tokenize as stage
from neuron_census.tokenize.tokenize import tokenize
from neuron_census.tokenizer.encoder import Encoder

WINDOW = 16
# In this order, which is not that of the alphabet.
TEXTS = {
    "prose": [TEXT[0][:size] for size in (82, 10, 1, 40, 82, 82)] * 3,
    "code": [TEXT[1] * repeats for repeats in (1, 3, 2, 5, 1)] + ["x", "</s>"],
}


@pytest.fixture
def given_text(tmp_path: Path) -> tuple[list[Path], Path]:
    make_tokenizer(tmp_path / "tokenizer", window=WINDOW)
    domains = [save_domain(tmp_path / f"{name}.parquet", texts) for name, texts in TEXTS.items()]
    return domains, tmp_path / "tokenizer"


def run(given_text: tuple[list[Path], Path], studies: dict[str, Any], **options: Any) -> Windows:
    domains, tokenizer = given_text
    output = tokenizer.parent / "windows.parquet"
    tokenize(
        domains=domains, tokenizer=tokenizer, studies=json.dumps(studies), output=output, **options
    )
    return Windows.open(output)


def plain_encoder(folder: Path) -> Tokenizer:
    """The library's own tokenizer, to which special strings are ordinary text."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return tokenizer


def naive_windows(
    domains: list[Path], tokenizer: Path, studies: dict[str, Any], window: int
) -> dict[tuple[str, int, int], tuple[list[int], set[str]]]:
    """Every window that a study reads: one document after the other, one window after the other."""
    encoder = plain_encoder(tokenizer)
    found: dict[tuple[str, int, int], tuple[list[int], set[str]]] = {}
    for path in domains:
        for study, selections in studies.items():
            for selection in selections:
                if selection["domain"] != path.stem:
                    continue
                taken = 0
                for row in pl.read_parquet(path).filter("held_out").iter_rows(named=True):
                    ids = encoder.encode(row["text"], add_special_tokens=False).ids
                    part = 0
                    while ids:
                        text, ids = ids[: window - 1], ids[window - 1 :]
                        full = len(text) == window - 1
                        enough = selection["tokens"] != "all" and taken >= selection["tokens"]
                        if not enough and (full or study != "positions"):
                            taken += len(text)
                            key = (path.stem, row["document"], part)
                            found.setdefault(key, ([BOS, *text], set()))[1].add(study)
                        part += 1
    return found


STUDY_CASES: dict[str, dict[str, Any]] = {
    "everything": {
        study: [{"domain": domain, "tokens": "all"} for domain in TEXTS] for study in STUDIES
    },
    "budgets": {
        "dead": [{"domain": "code", "tokens": 40}, {"domain": "prose", "tokens": "all"}],
        "ngrams": [{"domain": "prose", "tokens": 31}],
        "positions": [{"domain": "code", "tokens": 16}],
    },
    "one token": {"ngrams": [{"domain": "code", "tokens": 1}]},
    "exactly one window": {"positions": [{"domain": "prose", "tokens": WINDOW - 1}], "dead": []},
}


@pytest.mark.parametrize("window", [None, 7, 2, 500])
@pytest.mark.parametrize("case", STUDY_CASES)
def test_windows_are_those_of_a_naive_reading(
    given_text: tuple[list[Path], Path], case: str, window: int | None
) -> None:
    length = min(window or WINDOW, WINDOW)
    windows = run(given_text, STUDY_CASES[case], window=window)
    expected = naive_windows(*given_text, STUDY_CASES[case], length)
    found = {
        (row["domain"], row["document"], row["part"]): (
            row["tokens"],
            {study for study in STUDIES if row[study]},
        )
        for row in windows.table.iter_rows(named=True)
    }
    assert found == expected
    assert len(windows.table) == len(expected)
    assert (windows.window_length, windows.bos, windows.vocabulary) == (length, BOS, 300)
    read = [domain for domain in TEXTS if any(name == domain for name, _, _ in expected)]
    assert windows.domains == read
    assert_in_forward_order(windows.table, read)
    for study in STUDIES:
        for domain in TEXTS:
            tokens = sum(
                len(tokens) - 1
                for (name, _, _), (tokens, read) in expected.items()
                if name == domain and study in read
            )
            assert windows.tokens_of_study(study, domain) == tokens


def test_windows_of_a_document_joined_are_its_encoding(
    given_text: tuple[list[Path], Path],
) -> None:
    table = run(given_text, STUDY_CASES["everything"], shards=3).table
    encoder = plain_encoder(given_text[1])
    for path in given_text[0]:
        for row in pl.read_parquet(path).iter_rows(named=True):
            parts = table.filter(domain=path.stem, document=row["document"]).sort("part")["tokens"]
            joined = [token for part in parts for token in part.to_list()[1:]]
            assert joined == encoder.encode(row["text"], add_special_tokens=False).ids


def test_results_do_not_depend_on_the_batches(
    given_text: tuple[list[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = run(given_text, STUDY_CASES["budgets"]).digest
    monkeypatch.setattr(stage, "CHARACTERS_OF_A_BATCH", 1)
    assert run(given_text, STUDY_CASES["budgets"]).digest == digest


def test_no_more_documents_are_encoded_than_needed(
    given_text: tuple[list[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    original = Encoder.encode

    def counting(self: Encoder, texts: list[str]) -> list[np.ndarray]:
        encoded.extend(texts)
        return original(self, texts)

    monkeypatch.setattr(stage, "CHARACTERS_OF_A_BATCH", 1)
    monkeypatch.setattr(Encoder, "encode", counting)
    run(given_text, STUDY_CASES["one token"])
    assert len(encoded) == 1


def test_studies_read_held_out_documents_only(tmp_path: Path) -> None:
    make_tokenizer(tmp_path / "tokenizer")
    path = save_domain(tmp_path / "prose.parquet", [f"text {number}" for number in range(60)], 0.5)
    windows = run(
        ([path], tmp_path / "tokenizer"), {"dead": [{"domain": "prose", "tokens": "all"}]}
    )
    kept = pl.read_parquet(path).filter("held_out")["document"]
    assert 0 < len(kept) < 60
    assert sorted(windows.table["document"].unique()) == kept.to_list()


def test_more_shards_than_windows_are_refused(given_text: tuple[list[Path], Path]) -> None:
    with pytest.raises(CensusError, match=r"record\.shard_tokens: 1 windows .* 2 shards"):
        run(given_text, STUDY_CASES["one token"], shards=2)
    assert not (given_text[1].parent / "windows.parquet").exists()


BAD: dict[str, tuple[object, dict[str, Any], list[str]]] = {
    "a budget that cannot be filled": (
        {
            "dead": [{"domain": "code", "tokens": 1000000}],
            "ngrams": [{"domain": "code", "tokens": 5}],
        },
        {},
        ["studies.dead", "'code'", "only", "1,000,000", "tokens: all"],
    ),
    "too few full windows": (
        {"positions": [{"domain": "code", "tokens": 100000}]},
        {},
        ["studies.positions", "windows of the full 16 tokens", "100,000"],
    ),
    "unknown study": ({"ngram": []}, {}, ["unknown study 'ngram'", "did you mean 'ngrams'"]),
    "unknown domain": (
        {"dead": [{"domain": "cod", "tokens": 1}]},
        {},
        ["studies.dead[0].domain", "did you mean 'code'"],
    ),
    "a domain twice": (
        {"dead": [{"domain": "code", "tokens": 1}, {"domain": "code", "tokens": "all"}]},
        {},
        ["studies.dead[1].domain", "twice"],
    ),
    "no budget": ({"dead": [{"domain": "code"}]}, {}, ["studies.dead[0]", "'tokens' is missing"]),
    "no tokens": ({"dead": [{"domain": "code", "tokens": 0}]}, {}, ["studies.dead[0].tokens"]),
    "nothing to read": ({"dead": [], "ngrams": []}, {}, ["no study reads any domain"]),
    "no mapping": ([], {}, ["studies: found []"]),
    "window too short": (STUDY_CASES["everything"], {"window": 1}, ["window: found 1"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_studies_are_named(given_text: tuple[list[Path], Path], case: str) -> None:
    studies, options, said = BAD[case]
    with pytest.raises(CensusError) as error:
        run(given_text, studies, **options)  # type: ignore[arg-type]
    assert all(part in str(error.value) for part in said), str(error.value)


def test_a_domain_without_full_windows_is_named(given_text: tuple[list[Path], Path]) -> None:
    path = save_domain(given_text[1].parent / "short.parquet", ["x", "y"])
    studies = {"positions": [{"domain": "short", "tokens": "all"}]}
    with pytest.raises(CensusError, match=r"has no windows of the full 16 tokens"):
        run(([path], given_text[1]), studies)

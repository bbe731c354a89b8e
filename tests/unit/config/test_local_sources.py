"""What lies on this machine is checked while the workflow is planned, and all that is wrong is said at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from helpers.made.text import json_lines, parquet, save
from helpers.made.tokenizers import make_tokenizer
from neuron_census.config.configuration import configure
from neuron_census.config.local_sources import check_local_sources
from neuron_census.config.selection import Selection
from neuron_census.errors import CensusError
from neuron_census.families.adapter.model_config import LARGEST_LAYERS

OPT = {"model_type": "opt", "activation_function": "relu", "num_hidden_layers": 4}
WINDOW = 16


def write_config(folder: Path, content: Any) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    save(folder, {"config.json": text})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model, a tokenizer, a text, a style."""
    write_config(tmp_path / "model", OPT)
    make_tokenizer(tmp_path / "tokenizer", window=WINDOW)
    save(
        tmp_path, {"notes/a.txt": "text", "records.jsonl": json_lines([{"text": "a"}]), "style": ""}
    )
    return tmp_path


def check(folder: Path, **changes: Any) -> None:
    config: dict[str, Any] = {
        "models": ["mine"],
        "checkpoints": {"mine": {"path": "model", "tokenizer": "shared"}},
        "tokenizers": {"shared": {"path": "tokenizer"}},
        "domains": {"notes": {"files": "notes/*.txt"}, "records": {"files": "records.jsonl"}},
        "studies": {
            "dead": [{"domain": "notes", "tokens": 5}, {"domain": "records", "tokens": 5}],
            "ngrams": [],
            "positions": [],
        },
        "draw": {"style": "style"},
    }
    check_local_sources(Selection(configure(config | changes), (folder / "none", folder)))


def said(folder: Path, **changes: Any) -> str:
    with pytest.raises(CensusError) as error:
        check(folder, **changes)
    return str(error.value)


def test_what_is_in_order_passes(folder: Path) -> None:
    check(folder)


BLOOM = {"model_type": "bloom", "n_layer": 24, "num_attention_heads": 16}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BLOOM, "model_type is 'bloom', expected one of"),
        ({}, "model_type is None, expected one of"),
        ([1], "holds a JSON list, expected an object"),
        (OPT | {"activation_function": "gelu"}, "activation_function is 'gelu', expected 'relu'"),
        ({"model_type": "opt"}, "num_hidden_layers is missing"),
        (OPT | {"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        (OPT | {"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000"),
        ("{", "broken JSON: Expecting property name"),
    ],
)
def test_a_checkpoint_of_which_no_census_can_be_taken(
    folder: Path, content: Any, words: str
) -> None:
    write_config(folder / "model", content)
    text = said(folder)
    assert f"{folder / 'model' / 'config.json'}: " in text
    assert words in text
    assert "\n" not in text


def test_an_activation_that_is_not_stated_is_relu_and_any_sane_depth_is_planned(
    folder: Path,
) -> None:
    for layers in (1, LARGEST_LAYERS):
        write_config(folder / "model", {"model_type": "opt", "num_hidden_layers": layers})
        check(folder)


def test_a_model_of_another_kind_is_named_once_though_its_folder_has_its_tokenizer(
    folder: Path,
) -> None:
    write_config(folder / "model", BLOOM)
    text = said(folder, checkpoints={"mine": {"path": "model"}})
    assert "model_type is 'bloom'" in text
    assert "max_position_embeddings" not in text and "bos_token_id" not in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (
            "tokenizer.json",
            "tokenizer: holds no tokenizer: found config.json; expected tokenizer.json",
        ),
        ("config.json", "tokenizer/config.json: is missing"),
    ],
)
def test_a_tokenizer_that_lacks_a_file(folder: Path, missing: str, words: str) -> None:
    (folder / "tokenizer" / missing).unlink()
    assert words in said(folder)


def test_paths_that_are_not_there(folder: Path) -> None:
    text = said(
        folder,
        checkpoints={"mine": {"path": "modle", "tokenizer": "shared"}},
        tokenizers={"shared": {"path": "tokeniser"}},
        domains={"notes": {"files": "nots/*.txt"}, "records": {"files": "records.jsonl"}},
        draw={"style": "styl"},
    )
    assert text.startswith("The config has 4 faults:")
    for words in (
        "draw.style: 'styl' is not there",
        "checkpoints.mine.path: 'modle' is not there",
        "tokenizers.shared.path: 'tokeniser' is not there",
        "domains.notes.files: no file matches 'nots/*.txt'",
    ):
        assert words in text


def test_what_is_still_to_be_fetched_or_trained_is_not_looked_at(folder: Path) -> None:
    hub = {"hub": "owner/name", "revision": "0" * 40}
    check(folder, checkpoints={"mine": hub | {"layers": 3}})
    check(folder, tokenizers={"shared": hub})
    check(folder, domains={"notes": hub | {"files": "*.txt"}, "records": hub | {"files": "*"}})


@pytest.mark.parametrize(
    ("name", "content", "entry", "words"),
    [
        (
            "a.jsonl",
            json_lines([{"body": "a"}]),
            {},
            "a.jsonl, line 1: no key 'text'. Found ['body']",
        ),
        ("a.jsonl.zst", None, {}, "line 1: no key 'text'"),
        ("a.jsonl", json_lines([{"text": 5}]), {}, "line 1: the key 'text' holds int (5)"),
        ("a.jsonl", b"\n{\n", {}, "a.jsonl, line 2: broken JSON"),
        ("a.jsonl", json_lines([{"text": "a"}]), {"group": {"key": "id"}}, "no key 'id'"),
        ("a.parquet", parquet([{"body": "a"}]), {}, "a.parquet: no column 'text'. Found body."),
        (
            "a.parquet",
            parquet([{"in": {"body": "a"}}]),
            {"text": "in.text"},
            "no column 'in.text'. Found in, in.body.",
        ),
        ("a.parquet", parquet([{"text": "a"}]), {"where": {"kind": 1}}, "no column 'kind'"),
        ("a.parquet", parquet([{"text": "a"}]), {"group": {"key": "id"}}, "no column 'id'"),
        ("a.parquet", b"PAR1", {}, "a.parquet: cannot be read as Parquet"),
    ],
)
def test_text_without_the_keys_that_the_config_names(
    folder: Path, name: str, content: bytes | None, entry: dict[str, Any], words: str
) -> None:
    import zstandard

    made = zstandard.compress(json_lines([{"body": "a"}])) if content is None else content
    save(folder / "made", {name: made})
    domains = {"notes": {"files": "notes/*"}, "records": {"files": f"made/{name}", **entry}}
    assert words in said(folder, domains=domains)


def test_records_that_are_not_wanted_need_no_text(folder: Path) -> None:
    save(folder, {"records.jsonl": json_lines([{"kind": 2}, {"kind": 1, "text": "a"}])})
    records = {"files": "records.jsonl", "where": {"kind": 1}}
    check(folder, domains={"notes": {"files": "notes/*"}, "records": records})


def test_nested_columns_are_found(folder: Path) -> None:
    save(folder, {"a.parquet": parquet([{"in": {"deep": {"text": "a"}}}])})
    records = {"files": "*.parquet", "text": "in.deep.text"}
    check(folder, domains={"notes": {"files": "notes/*"}, "records": records})


def positions(*tokens: int | str) -> dict[str, Any]:
    entries = [
        {"domain": name, "tokens": number}
        for name, number in zip(("notes", "records"), tokens, strict=False)
    ]
    return {"dead": [{"domain": "notes", "tokens": 1}], "ngrams": [], "positions": entries}


def test_too_few_windows_are_refused_before_any_text_is_read(folder: Path) -> None:
    # Windows of 16 hold 15 tokens of text: 100 of them, the default, take 1,486 tokens or more.
    check(folder, studies=positions(1486))
    check(folder, studies=positions(16 * 15, 84 * 15))
    check(folder, studies=positions("all"))
    check(folder, studies=positions(15, "all"))
    text = said(folder, studies=positions(1485))
    assert "asks for 1,485 tokens, which are 99 full windows" in text
    assert "min_windows is 100. Ask for 1,500 tokens or more" in text
    assert "99 full windows" in said(folder, studies=positions(16 * 15, 83 * 15))
    few = {"positions": {"min_windows": 99}}
    check(folder, studies=positions(1485), classify=few)
    check(folder, studies=positions(700), window=8)
    assert "100 full" not in said(folder, studies=positions(693), window=8)
    assert "47 full windows" in said(folder, studies=positions(700), window=500)


def test_shards_without_end_are_refused(folder: Path) -> None:
    studies = {"dead": [{"domain": "notes", "tokens": 10**15}], "ngrams": [], "positions": []}
    text = said(folder, studies=studies, record={"shard_tokens": 1})
    assert "record.shard_tokens: 1,000,000,000,000,000 tokens in shards of 1" in text

"""A model's config.json is judged without any library, so that planning can do it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from helpers.fakes.own_process import run_python
from neuron_census.errors import CensusError
from neuron_census.families.adapter.model_config import read_model_config, require_gate

OPT_125M = {
    "model_type": "opt",
    "activation_function": "relu",
    "vocab_size": 50272,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "ffn_dim": 3072,
    "max_position_embeddings": 2048,
    "num_attention_heads": 12,
    "word_embed_proj_dim": 768,
}
# As the hub has it: of its sizes none is called as those of OPT are.
BLOOM = {
    "model_type": "bloom",
    "n_embed": 1024,
    "n_layer": 24,
    "num_attention_heads": 16,
    "vocab_size": 250880,
}


def refusal(folder: Path, content: str | bytes | dict[str, Any]) -> str:
    if isinstance(content, dict):
        content = json.dumps(content)
    path = folder / "config.json"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CensusError, match=rf"^{re.escape(str(path))}: .*\.$") as caught:
        read_model_config(folder)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 700
    return str(caught.value)


def test_an_opt_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(OPT_125M | {"torch_dtype": "float16"}))
    assert read_model_config(tmp_path) == OPT_125M | {"torch_dtype": "float16"}


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "opt", "word_embed_proj_dim": null}')
    assert read_model_config(tmp_path)["model_type"] == "opt"


def test_another_model_is_told_by_its_type_before_anything_else(tmp_path: Path) -> None:
    said = refusal(tmp_path, BLOOM)
    assert "model_type is 'bloom', expected one of " in said and "opt" in said


@pytest.mark.parametrize("activation", ["fatrelu", "x" * 500, ["relu"], 3])
def test_an_activation_of_which_nothing_is_known(tmp_path: Path, activation: object) -> None:
    said = refusal(tmp_path, OPT_125M | {"activation_function": activation})
    assert "activation_function is " in said and "expected one of relu, relu2, " in said


def test_gelu_must_be_written_out() -> None:
    galactica = OPT_125M | {"activation_function": "gelu"}
    with pytest.raises(CensusError) as caught:
        require_gate(galactica, "there", gate=False)
    assert "there: activation_function is 'gelu', expected 'relu'" in str(caught.value)
    assert "ReLU output is above zero" in str(caught.value)
    assert "`gate: true`" in str(caught.value) and "\n" not in str(caught.value)
    require_gate(galactica, "there", gate=True)


@pytest.mark.parametrize("gate", [False, True])
def test_relu_needs_nothing_written_out(gate: bool) -> None:
    require_gate(OPT_125M, "there", gate=gate)
    require_gate({"model_type": "opt"}, "there", gate=gate)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("num_hidden_layers", 10**9, "1000000000"),
        ("num_hidden_layers", 1001, "1001"),
        ("num_hidden_layers", 0, "0"),
        ("num_hidden_layers", 10**3999, "(4000 characters)"),
        ("num_hidden_layers", True, "True"),
        ("num_hidden_layers", 12.0, "12.0"),
        ("ffn_dim", -1, "-1"),
        ("ffn_dim", 2**31, "2147483648"),
        ("vocab_size", "x" * 10_000, "(10002 characters)"),
        ("hidden_size", [768], "[768]"),
    ],
)
def test_sizes_that_cannot_be(tmp_path: Path, key: str, value: object, found: str) -> None:
    said = refusal(tmp_path, OPT_125M | {key: value})
    assert f"{key} is " in said and found in said and "a whole number from 1 to" in said


def test_sizes_at_the_edge(tmp_path: Path) -> None:
    edge = OPT_125M | {"num_hidden_layers": 1000, "ffn_dim": 1, "vocab_size": 2**31 - 1}
    (tmp_path / "config.json").write_text(json.dumps(edge))
    assert read_model_config(tmp_path) == edge


def test_heads_that_do_not_divide_the_width(tmp_path: Path) -> None:
    said = refusal(tmp_path, OPT_125M | {"num_attention_heads": 7})
    assert "hidden_size 768 is not a multiple of num_attention_heads 7" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deep"),
        ('{"num_hidden_layers": ' + "9" * 5000 + "}", "cannot be read"),
        ("{", "broken JSON"),
        (b"\xff\xff", "cannot be read"),
        ("[1]", "holds a JSON list"),
    ],
    ids=["nested lists", "nested objects", "5,000 digits", "cut", "no text", "a list"],
)
def test_what_is_not_json_that_can_be_read(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert said in refusal(tmp_path, content)


def test_neither_torch_nor_transformers_is_imported() -> None:
    script = (
        "import sys; import neuron_census.families.adapter.model_config, neuron_census.paths.weights; "
        "print(sorted({'torch', 'transformers', 'numpy', 'polars'} & set(sys.modules)))"
    )
    status, said, errors = run_python(script)
    assert status == 0, errors
    assert said == "[]\n"

"""Every family's checkpoints: names in files, digests, output rows, unembeddings, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from helpers.made.checkpoints import LAYOUTS
from helpers.made.families import FAMILIES, VOCABULARY, make_family
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.projections import output_rows, token_embeddings
from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import family_named, known_types
from neuron_census.families.adapter.model_config import read_model_config, require_gate
from neuron_census.record.planning.model_size import ModelSize


def edit(folder: Path, **changes: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def refusal(folder: Path, *parts: str) -> None:
    with pytest.raises(CensusError) as caught:
        Checkpoint.open(folder)
    assert "\n" not in str(caught.value)
    for part in (str(folder), *parts):
        assert part in str(caught.value)


def test_every_family_is_tried() -> None:
    assert {family.model_type for family in FAMILIES.values()} == set(known_types())


@pytest.mark.parametrize("name", FAMILIES)
def test_tensors_of_every_layout_are_those_that_transformers_loads(
    tmp_path: Path, name: str
) -> None:
    opened = [Checkpoint.open(make_family(tmp_path / of, name, layout=of)) for of in LAYOUTS]
    assert len({checkpoint.digest(threads=1) for checkpoint in opened}) == 1
    family = FAMILIES[name]
    model = AutoModelForCausalLM.from_pretrained(tmp_path / LAYOUTS[0], dtype=torch.float64)
    decoder = model.get_submodule(family.decoder)
    layers = list(decoder.get_submodule(family.layers).children())
    found = opened[0].outside_layers()
    for index, layer in enumerate(layers):
        expected = layer.state_dict()
        in_file = opened[0].layer(index)
        assert in_file.keys() == expected.keys()
        assert all(torch.equal(in_file[key], expected[key]) for key in expected)
    outside = {
        key: tensor
        for key, tensor in decoder.state_dict().items()
        if not key.startswith(f"{family.layers}.")
    }
    assert found.keys() == outside.keys()
    assert all(torch.equal(found[key], outside[key]) for key in outside)
    head = model.get_output_embeddings().weight
    assert torch.equal(opened[0].tensor(opened[0].unembedding), head)
    assert torch.equal(token_embeddings(opened[0], VOCABULARY - 2), head[:-2])
    parameters = {id(parameter): parameter.numel() for parameter in model.parameters()}
    assert ModelSize.of_checkpoint(opened[0]).parameters == sum(parameters.values())


@pytest.mark.parametrize("name", FAMILIES)
def test_output_rows_are_what_a_neuron_writes(tmp_path: Path, name: str) -> None:
    folder = make_family(tmp_path, name)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    family = FAMILIES[name]
    second = model.get_submodule(f"{family.decoder}.{family.layers}.1.{family.ffn_out}")
    checkpoint, neurons = Checkpoint.open(folder), np.array([0, 7, 39])
    one_hot = torch.zeros(3, 40, dtype=torch.float64)
    one_hot[torch.arange(3), torch.from_numpy(neurons)] = 1
    with torch.no_grad():
        written = second(one_hot) - second(torch.zeros_like(one_hot))
    found = output_rows(checkpoint, 1, neurons)
    torch.testing.assert_close(found, written, rtol=1e-12, atol=1e-14)
    assert checkpoint.ffn_dim == ModelSize.of_checkpoint(checkpoint).ffn_dim == 40


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("llama", {"rms_norm_eps": 0.1}),
        ("llama", {"rope_theta": 7.0}),
        ("llama", {"hidden_act": "relu"}),
        ("qwen3", {"rms_norm_eps": 0.1}),
        ("gpt_neox", {"rotary_pct": 1.0}),
        ("gpt_neox", {"use_parallel_residual": False}),
        ("gpt2", {"layer_norm_epsilon": 0.1}),
        ("galactica", {"activation_function": "relu"}),
    ],
)
def test_the_digest_covers_what_the_forward_pass_takes_from_the_configuration(
    tmp_path: Path, name: str, changes: dict[str, Any]
) -> None:
    plain = Checkpoint.open(make_family(tmp_path / "plain", name)).digest(threads=1)
    other = Checkpoint.open(make_family(tmp_path / "other", name, **changes)).digest(threads=1)
    assert plain != other


def test_an_opt_has_the_digest_that_it_always_had(tmp_path: Path) -> None:
    """What was recorded before there were other families stays what it was."""
    opt = Checkpoint.open(make_family(tmp_path, "galactica", activation_function="relu"))
    assert opt.digest_heading == "heads 4 pre-norm True"
    assert opt.unembedding == "embed_tokens.weight"


@pytest.mark.parametrize("name", ["llama-relu", "qwen3", "gpt_neox"])
def test_an_output_head_that_is_missing(tmp_path: Path, name: str) -> None:
    folder = make_family(tmp_path, name, layout="bin")
    weights = torch.load(folder / "pytorch_model.bin")
    weights = {key: tensor for key, tensor in weights.items() if tensor.shape != (96, 16)}
    embedding = f"{FAMILIES[name].decoder}.{FAMILIES[name].embedding}.weight"
    torch.save(weights | {embedding: torch.zeros(96, 16)}, folder / "pytorch_model.bin")
    refusal(folder, "1 tensors", "'lm_head.weight'", family_named(FAMILIES[name].model_type).title)


@pytest.mark.parametrize(
    ("name", "changes", "parts"),
    [
        (
            "llama",
            {"rope_scaling": {"type": "dynamic", "factor": 2.0}},
            ["rope_scaling", "dynamic"],
        ),
        ("llama", {"rope_parameters": {"rope_type": "longrope"}}, ["rope_parameters", "longrope"]),
        ("qwen2", {"use_sliding_window": True}, ["sliding window"]),
        ("qwen3", {"layer_types": ["full_attention", "sliding_attention"]}, ["sliding window"]),
        ("gpt_neox", {"rope_scaling": {"type": "dynamic"}}, ["rope_scaling", "dynamic"]),
        ("gpt2", {"scale_attn_by_inverse_layer_idx": True}, ["scale_attn_by_inverse_layer_idx"]),
        ("gpt2", {"n_layer": 0}, ["n_layer is 0"]),
        ("gpt2", {"n_head": 3}, ["n_embd 16 is not a multiple of n_head 3"]),
        ("llama", {"intermediate_size": 41}, ["mlp.gate_proj.weight", "[40, 16]", "[41, 16]"]),
        ("llama", {"hidden_act": "fatrelu"}, ["hidden_act is 'fatrelu'", "not known"]),
    ],
)
def test_what_is_not_done_is_refused_in_words(
    tmp_path: Path, name: str, changes: dict[str, Any], parts: list[str]
) -> None:
    refusal(edit(make_family(tmp_path, name), **changes), *parts)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_gate_that_is_not_exact_must_be_written_out(tmp_path: Path, name: str) -> None:
    content = read_model_config(make_family(tmp_path, name))
    exact = name in ("llama-relu", "nemotron", "arcee", "nanochat", "gpt_neox-serial")
    require_gate(content, "there", gate=True)
    if exact:
        require_gate(content, "there", gate=False)
    else:
        with pytest.raises(CensusError, match=r"^there: .* `gate: true` beside this one"):
            require_gate(content, "there", gate=False)


def test_nothing_outside_names_a_family() -> None:
    """A family's name, or a module of transformers, is in no code but its own and in that which trains."""
    package = Path(family_named.__code__.co_filename).parents[2]
    names = [f'"{name}"' for name in known_types()] + ["transformers.models."]
    for file in package.rglob("*.py"):
        if file.relative_to(package).parts[0] not in ("families", "train"):
            text = file.read_text(encoding="utf-8")
            assert not [name for name in names if name in text], file

"""Every layout of a checkpoint has the tensors that transformers' own loader gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import OPTConfig, OPTForCausalLM
from transformers.models.opt.modeling_opt import OPTDecoder, OPTDecoderLayer

from helpers.fakes.own_process import run_python
from helpers.made.checkpoints import (
    LAYOUTS,
    PREFIXES,
    Layout,
    Prefix,
    StateDict,
    make_checkpoint,
    plant_always_active,
    plant_dead,
    planted,
    tiny_config,
)
from neuron_census.checkpoint import checkpoint, tensors
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.names import layer_shapes, outside_shapes
from neuron_census.errors import CensusError

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
SHAPES: dict[str, dict[str, Any]] = {
    "pre_norm": {},
    "post_norm": {"post_norm": True},
    "like_350m": {"post_norm": True, "word_embed_proj_dim": 8},
    "wide_embedding": {"word_embed_proj_dim": 24},
    "no_bias": {"enable_bias": False},
    "plain_norms": {"layer_norm_elementwise_affine": False},
    "old_fine_tuned": {"_remove_final_layer_norm": True},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("shape", ["pre_norm", "like_350m"])
def test_tensors_are_those_that_transformers_loads(
    tmp_path: Path, layout: Layout, prefix: Prefix, shape: str
) -> None:
    folder = make_checkpoint(
        tmp_path, layout=layout, name_prefix=prefix, dtype=torch.float16, **SHAPES[shape]
    )
    expected = OPTForCausalLM.from_pretrained(folder).model.decoder.state_dict()
    opened = Checkpoint.open(folder)
    assert set(opened.tensors) == set(expected)
    for name, tensor in expected.items():
        found = opened.tensor(name)
        assert found.dtype == tensor.dtype == torch.float16
        assert torch.equal(found, tensor), name
    sizes = {name: tensor.size_bytes for name, tensor in opened.tensors.items()}
    assert sizes == {name: tensor.nbytes for name, tensor in expected.items()}


@pytest.mark.parametrize("shape", SHAPES)
def test_names_and_shapes_are_those_of_the_modules_of_transformers(shape: str) -> None:
    config = tiny_config(**SHAPES[shape])
    with torch.device("meta"):
        layer = OPTDecoderLayer(config, layer_idx=0)
        empty = OPTDecoder(OPTConfig(**(config.to_dict() | {"num_hidden_layers": 0})))
    assert layer_shapes(config) == shapes_of(layer.state_dict())
    assert outside_shapes(config) == shapes_of(empty.state_dict())


def shapes_of(state: StateDict) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


@pytest.mark.parametrize("shape", ["pre_norm", "like_350m"])
def test_a_layer_and_what_is_outside_fill_the_modules_of_transformers(
    tmp_path: Path, shape: str
) -> None:
    folder = make_checkpoint(tmp_path, **SHAPES[shape])
    opened = Checkpoint.open(folder)
    decoder = OPTForCausalLM.from_pretrained(folder).model.decoder
    hidden = torch.randn(1, 5, 16)
    for index, expected in enumerate(decoder.layers):
        layer = OPTDecoderLayer(expected.self_attn.config, layer_idx=index).eval()
        layer.load_state_dict(opened.layer(index))
        assert torch.equal(layer(hidden), expected(hidden))
    empty = OPTDecoder(OPTConfig(**(opened.config.to_dict() | {"num_hidden_layers": 0})))
    empty.load_state_dict(opened.outside_layers())
    assert torch.equal(empty.embed_tokens.weight, decoder.embed_tokens.weight)


def test_the_two_final_layer_norms_are_told_apart(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        weights["final_layer_norm.weight"].fill_(7)
        weights["layers.1.final_layer_norm.weight"].fill_(8)

    opened = Checkpoint.open(make_checkpoint(tmp_path, plant=plant))
    assert set(opened.outside_layers()["final_layer_norm.weight"].tolist()) == {7}
    assert set(opened.layer(1)["final_layer_norm.weight"].tolist()) == {8}


@pytest.mark.parametrize("stored", DTYPES)
@pytest.mark.parametrize("wanted", DTYPES)
def test_conversion_is_that_of_torch(
    tmp_path: Path, stored: torch.dtype, wanted: torch.dtype
) -> None:
    folder = make_checkpoint(tmp_path, dtype=stored)
    opened = Checkpoint.open(folder)
    expected = opened.tensor("layers.0.fc1.weight").to(wanted)
    into = torch.empty_like(expected)
    for found in (
        opened.layer(0, dtype=wanted)["fc1.weight"],
        opened.tensor("layers.0.fc1.weight", into=into),
    ):
        assert found.dtype == wanted
        assert torch.equal(found, expected)
    assert torch.equal(into, expected)


@pytest.mark.parametrize("piece", [1, 7, 9, 639, 640, 641])
@pytest.mark.parametrize("wanted", [torch.float64, torch.bfloat16])
def test_a_tensor_is_converted_in_pieces_of_any_size(
    tmp_path: Path, piece: int, wanted: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 640 elements the last may be a piece of its own."""
    monkeypatch.setattr(tensors, "PIECE", piece)
    opened = Checkpoint.open(make_checkpoint(tmp_path, dtype=torch.float32))
    name = "layers.1.fc1.weight"
    expected = opened.tensor(name).to(wanted)
    assert expected.numel() == 640
    place = torch.full(expected.shape, torch.nan, dtype=wanted)
    assert torch.equal(opened.tensor(name, into=place), expected)


def test_reading_into_given_memory_overwrites_it_in_place(tmp_path: Path) -> None:
    opened = Checkpoint.open(make_checkpoint(tmp_path, layout="bin"))
    for name, tensor in opened.layer(1).items():
        place = torch.empty_like(tensor)
        again = opened.tensor(f"layers.1.{name}", into=place)
        assert again.data_ptr() == place.data_ptr()
        assert torch.equal(place, tensor)


@pytest.mark.parametrize("view", ["transposed", "slice", "expanded", "column"])
def test_views_of_larger_storages_in_a_bin_file_are_read_right(tmp_path: Path, view: str) -> None:
    generator = torch.Generator().manual_seed(1)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    views: dict[str, Callable[[], torch.Tensor]] = {
        "transposed": lambda: drawn(16, 40).T,
        "slice": lambda: drawn(100, 16)[13:53],
        "expanded": lambda: drawn(1, 16).expand(40, 16),
        "column": lambda: drawn(40, 50)[:, 3:35:2],
    }
    planted_view = views[view]()

    def plant(weights: StateDict) -> None:
        weights["layers.0.fc1.weight"] = planted_view

    odd = Checkpoint.open(
        make_checkpoint(tmp_path / "odd", layout="bin", dtype=torch.float64, plant=plant)
    )
    plain = Checkpoint.open(
        make_checkpoint(tmp_path / "plain", layout="safetensors", dtype=torch.float64, plant=plant)
    )
    assert torch.equal(odd.tensor("layers.0.fc1.weight"), planted_view)
    into = torch.empty(40, 16, dtype=torch.float64)
    assert torch.equal(odd.tensor("layers.0.fc1.weight", into=into), planted_view)
    assert odd.digest() == plain.digest()


def test_a_bare_decoder_is_a_checkpoint_too(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path)
    decoder = OPTForCausalLM.from_pretrained(folder).model.decoder
    (folder / "model.safetensors").unlink()
    # Not its `state_dict()`, which is of plain tensors: a file may hold parameters as well.
    torch.save(dict(decoder.named_parameters()), folder / "pytorch_model.bin")
    assert torch.equal(
        Checkpoint.open(folder).tensor("layers.2.fc2.bias"), decoder.layers[2].fc2.bias
    )


def test_safetensors_are_taken_before_bin_as_transformers_does(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, layout="bin", seed=1)
    make_checkpoint(tmp_path, layout="safetensors", seed=2)
    expected = OPTForCausalLM.from_pretrained(tmp_path).model.decoder.embed_tokens.weight
    assert torch.equal(Checkpoint.open(tmp_path).tensor("embed_tokens.weight"), expected)


def test_opening_reads_no_tensor_and_reading_one_reads_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[Path, int, int]] = []
    original = tensors.read_bytes

    def noted(file: Path, offset: int, target: torch.Tensor) -> None:
        read.append((file, offset, target.nbytes))
        original(file, offset, target)

    monkeypatch.setattr(tensors, "read_bytes", noted)
    for layout in LAYOUTS:
        read.clear()
        opened = Checkpoint.open(make_checkpoint(tmp_path / layout, layout=layout))
        opened.validate(vocabulary=96)
        assert read == []
        opened.tensor("layers.1.fc1.weight")
        stored = opened.stored("layers.1.fc1.weight")
        assert read == [(stored.file, stored.offset, stored.size_bytes)]


@pytest.mark.parametrize("layout", ["safetensors", "sharded_bin"])
def test_memory_holds_one_layer_at_a_time(tmp_path: Path, layout: Layout) -> None:
    # 16 layers of 6.3 MB each; reading them all must cost about one, not a hundred megabytes.
    folder = make_checkpoint(
        tmp_path, layout=layout, hidden_size=256, ffn_dim=2560, num_hidden_layers=16
    )
    script = """
import resource, sys
from pathlib import Path
from typing import Any
from neuron_census.checkpoint.checkpoint import Checkpoint
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
opened = Checkpoint.open(Path(sys.argv[1]))
opened.layer(0)
before = peak()
for layer in range(16): opened.layer(layer)
opened.digest(threads=2)
sizes = {name: tensor.size_bytes for name, tensor in opened.tensors.items()}
layer = sum(size for name, size in sizes.items() if name.startswith("layers.0."))
print(peak() - before, sum(sizes.values()), layer)
"""
    status, output, errors = run_python(script, folder)
    assert status == 0, errors
    grown, size, layer = map(int, output.split())
    assert size > 100e6
    # One layer may still be held while the next one is read; hashing has a buffer a thread.
    assert grown < 2 * layer + 2 * (8 << 20) + (8 << 20)


def test_each_tensor_is_searched_for_nan_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    monkeypatch.setattr(
        checkpoint, "require_finite", lambda stored, tensor: searched.append(stored.name)
    )
    opened = Checkpoint.open(make_checkpoint(tmp_path))
    for name in layer_shapes(opened.config):
        opened.tensor(f"layers.0.{name}", check=False)
    assert searched == []
    opened.layer(0)
    opened.layer(0)
    assert len(searched) == len(layer_shapes(opened.config))
    opened.layer(0, dtype=torch.float16)
    assert len(searched) == 2 * len(layer_shapes(opened.config))


def test_planted_neurons_are_dead_and_always_active_and_change_nothing_else(tmp_path: Path) -> None:
    plant = planted(plant_dead((0, 3), (2, 5)), plant_always_active((1, 7)))
    folder = make_checkpoint(tmp_path, plant=plant)
    model = OPTForCausalLM.from_pretrained(folder)
    outputs: list[torch.Tensor] = []
    for layer in model.model.decoder.layers:
        layer.fc1.register_forward_hook(
            lambda _module, _input, output: outputs.append(output.detach())
        )
    model(torch.randint(4, 96, (4, 30), generator=torch.Generator().manual_seed(0)))
    active = [(output.reshape(-1, 40) > 0).float().mean(0) for output in outputs]
    assert active[0][3] == 0
    assert active[2][5] == 0
    assert active[1][7] == 1


def test_an_unknown_name_is_an_error_that_says_which_there_are(tmp_path: Path) -> None:
    opened = Checkpoint.open(make_checkpoint(tmp_path))
    with pytest.raises(
        CensusError, match=r"embed_token.weight.*did you mean 'embed_tokens.weight'"
    ):
        opened.tensor("embed_token.weight")
    with pytest.raises(CensusError, match="num_hidden_layers is 3"):
        opened.layer(3)

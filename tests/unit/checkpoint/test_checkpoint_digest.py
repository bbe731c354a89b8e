"""The digest follows the weights and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from helpers.made.checkpoints import LAYOUTS, PREFIXES, StateDict, make_checkpoint
from neuron_census.checkpoint import digest
from neuron_census.checkpoint.checkpoint import Checkpoint


def digest_of(folder: Path, threads: int = 2) -> str:
    return Checkpoint.open(folder).digest(threads=threads)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_every_layout_has_the_same_digest(tmp_path: Path, dtype: torch.dtype) -> None:
    digests = {
        digest_of(
            make_checkpoint(
                tmp_path / f"{layout}-{prefix}-{head}",
                layout=layout,
                name_prefix=prefix,
                dtype=dtype,
                tied_head=head,
            )
        )
        for layout in LAYOUTS
        for prefix in PREFIXES
        for head in (False, True)
    }
    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_threads_and_the_order_of_leaves_make_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Leaves that do not divide tensors evenly, many to each.
    monkeypatch.setattr(digest, "LEAF_BYTES", 1000)
    folder = make_checkpoint(tmp_path, layout="sharded_bin")
    assert len({digest_of(folder, threads) for threads in (1, 2, 5)}) == 1


@pytest.mark.parametrize(
    "name", ["embed_tokens.weight", "layers.2.fc2.weight", "final_layer_norm.bias"]
)
def test_the_last_bit_of_any_tensor_changes_it(tmp_path: Path, name: str) -> None:
    def plant(weights: StateDict) -> None:
        bits = weights[name].view(torch.int64).view(-1)
        bits[-1] ^= 1

    plain = make_checkpoint(tmp_path / "plain", dtype=torch.float64)
    other = make_checkpoint(tmp_path / "other", dtype=torch.float64, plant=plant)
    assert digest_of(plain) != digest_of(other)


def test_two_tensors_that_change_places_change_it(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        first, second = "layers.0.fc1.bias", "layers.1.fc1.bias"
        weights[first], weights[second] = weights[second], weights[first]

    plain = make_checkpoint(tmp_path / "plain")
    assert digest_of(plain) != digest_of(make_checkpoint(tmp_path / "other", plant=plant))


def test_the_stored_type_and_the_heads_change_it(tmp_path: Path) -> None:
    digests = {
        digest_of(make_checkpoint(tmp_path / "plain", dtype=torch.float32)),
        digest_of(make_checkpoint(tmp_path / "wide", dtype=torch.float64)),
        digest_of(make_checkpoint(tmp_path / "heads", num_attention_heads=2)),
        digest_of(make_checkpoint(tmp_path / "norms", _remove_final_layer_norm=True)),
    }
    assert len(digests) == 4


def test_it_is_the_hash_that_its_definition_says(tmp_path: Path) -> None:
    opened = Checkpoint.open(make_checkpoint(tmp_path, layout="sharded_bin", vocab_size=1 << 18))
    total = hashlib.sha256(b"neuron-census weights 1\nheads 4 pre-norm True\n")
    for name in sorted(opened.tensors):
        tensor = opened.tensor(name)
        content = tensor.numpy().tobytes()
        total.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        for start in range(0, len(content), 8 << 20):
            total.update(hashlib.sha256(content[start : start + (8 << 20)]).digest())
    assert opened.digest() == total.hexdigest()


def test_it_stays_what_it_is(tmp_path: Path) -> None:
    # Recordings carry it: a change of its definition must be a deliberate one.
    opened = Checkpoint.open(make_checkpoint(tmp_path, plant=count_up, dtype=torch.float32))
    expected = "73901375815f4666b02711cf68c1a079586a1fec1a231291c44ba2c228109c56"
    assert opened.digest() == expected


def count_up(weights: StateDict) -> None:
    for name, tensor in weights.items():
        weights[name] = torch.arange(tensor.numel(), dtype=torch.float64).view(tensor.shape)

"""Weights that PyTorch can save and that would be read wrong, or that no fingerprint covers."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from helpers.made.checkpoints import Layout, make_checkpoint
from neuron_census.checkpoint import tensors
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError

NAME = "model.decoder.layers.0.fc1.weight"
INDEX = {
    "sharded_bin": "pytorch_model.bin.index.json",
    "sharded_safetensors": "model.safetensors.index.json",
}


def replace_tensor(
    folder: Path, change: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, torch.Tensor]:
    path = folder / "pytorch_model.bin"
    weights: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    weights[NAME] = change(weights[NAME])
    torch.save(weights, path)
    return weights


def negated(tensor: torch.Tensor) -> torch.Tensor:
    """Return a view that says the same and lies in the file with the other sign."""
    return torch.complex(torch.zeros_like(tensor), -tensor).conj().imag


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (negated, "a negative view, .* call `resolve_neg\\(\\)`"),
        (torch.Tensor.to_sparse, r"sparse \(sparse_coo\).* call `to_dense\(\)`"),
        (torch.Tensor.to_sparse_csr, r"sparse \(sparse_csr\).* call `to_dense\(\)`"),
        (lambda tensor: torch.complex(tensor, tensor).conj(), r"conjugate view.*resolve_conj\(\)"),
    ],
    ids=["negative", "sparse", "sparse rows", "conjugate"],
)
def test_a_tensor_that_is_not_what_lies_in_the_file_is_refused(
    tmp_path: Path, change: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    folder = make_checkpoint(tmp_path, layout="bin")
    replace_tensor(folder, change)
    with pytest.raises(CensusError, match=rf"pytorch_model\.bin: the tensor '{NAME}' is .*{said}"):
        Checkpoint.open(folder)


def test_the_remedy_helps(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, layout="bin")
    expected = Checkpoint.open(folder).tensor("layers.0.fc1.weight")
    replace_tensor(folder, lambda tensor: negated(tensor).resolve_neg())
    assert torch.equal(Checkpoint.open(folder).tensor("layers.0.fc1.weight"), expected)


def test_an_archive_with_two_members_of_one_name_is_refused(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path, layout="bin") / "pytorch_model.bin"
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = archive.namelist()[1]
        archive.writestr(twice, b"other")
    with pytest.raises(CensusError, match=rf"pytorch_model\.bin: holds '{twice}' twice"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("layout", INDEX)
@pytest.mark.parametrize(
    "name", ["sub/x.safetensors", "sub/x.bin", "x.pt", "x.safetensors.gz", ".x.bin", "x"]
)
def test_an_index_names_files_of_weights_beside_it_and_no_others(
    tmp_path: Path, layout: Layout, name: str
) -> None:
    """Only those are looked at to tell whether weights have changed."""
    folder = make_checkpoint(tmp_path, layout=layout)
    path = folder / INDEX[layout]
    index = json.loads(path.read_text())
    moved = folder / name
    moved.parent.mkdir(exist_ok=True)
    (folder / index["weight_map"][NAME]).rename(moved)
    former = index["weight_map"][NAME]
    index["weight_map"] = {
        tensor: name if file == former else file for tensor, file in index["weight_map"].items()
    }
    path.write_text(json.dumps(index))
    with pytest.raises(
        CensusError, match=r"index\.json: names the file .*beside the index"
    ) as said:
        Checkpoint.open(folder)
    assert repr(name) in str(said.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"weight_map":' * 100_000, "nested too deep"),
        ('{"weight_map": ' + "1" * 5000 + "}", "cannot be read"),
    ],
    ids=["nested", "5,000 digits"],
)
@pytest.mark.parametrize("layout", INDEX)
def test_an_index_that_python_would_choke_on(
    tmp_path: Path, layout: Layout, content: str, said: str
) -> None:
    path = make_checkpoint(tmp_path, layout=layout) / INDEX[layout]
    path.write_text(content)
    with pytest.raises(CensusError, match=rf"index\.json: .*{said}"):
        Checkpoint.open(tmp_path)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_a_header_that_reaches_beyond_its_file_is_refused(
    tmp_path: Path, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five rows of two elements, of which each begins three after the one before: they span fourteen."""
    file = tmp_path / "pytorch_model.bin"
    stored = tensors.StoredTensor("a", file, 100, (5, 2), (3, 1), dtype)
    monkeypatch.setattr(tensors, "bin_header", lambda _file: {"a": stored})
    whole = 100 + 14 * dtype.itemsize
    file.write_bytes(bytes(whole))
    assert tensors.read_header(file) == {"a": stored}
    file.write_bytes(bytes(whole - 1))
    with pytest.raises(CensusError, match="ends before the tensor 'a' does"):
        tensors.read_header(file)

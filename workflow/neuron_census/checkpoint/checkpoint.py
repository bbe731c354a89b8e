"""One checkpoint: its configuration, and its tensors read one at a time."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedConfig

from neuron_census.checkpoint.config import read_config
from neuron_census.checkpoint.digest import digest_of_tensors
from neuron_census.checkpoint.files import find_weight_files
from neuron_census.checkpoint.names import layer_shapes, outside_shapes
from neuron_census.checkpoint.tensors import StoredTensor
from neuron_census.checkpoint.validation import decoder_tensors, read_headers, require_finite
from neuron_census.errors import CensusError, one_of
from neuron_census.families.adapter.family import Family
from neuron_census.families.adapter.known import family_of


class Checkpoint:
    """A checkpoint in a folder, whatever its layout; only headers are held in memory.

    Tensors go by their names relative to the decoder, for example `embed_tokens.weight` and
    `layers.3.fc1.weight`; those of a layer begin with `layers.` in every family.
    """

    def __init__(
        self, folder: Path, config: PreTrainedConfig, tensors: dict[str, StoredTensor]
    ) -> None:
        self.folder = folder
        self.config = config
        self.tensors = tensors
        self._found_finite: set[tuple[str, torch.dtype]] = set()

    @property
    def family(self) -> Family:
        """The family of the model, which knows where its parts are."""
        return family_of(self.config)

    @property
    def unembedding(self) -> str:
        """The name of the matrix that gives tokens their scores: the embedding, or the output head."""
        head = self.family.head_names[0]
        return head if head in self.tensors else self.family.embedding

    @property
    def ffn_dim(self) -> int:
        """Neurons of a layer."""
        rows, columns = self.stored(f"layers.0.{self.family.output}").shape
        return rows if self.family.output_rows_are_neurons else columns

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """Open a checkpoint: read its configuration and headers, check every name, shape and type.

        Parameters
        ----------
        folder
            holds `config.json` and safetensors or `.bin` weights, sharded or not

        Raises CensusError for a folder that is no whole checkpoint of a known family.
        """
        folder = Path(folder)
        config = read_config(folder)
        stored = read_headers(find_weight_files(folder))
        return cls(folder, config, decoder_tensors(folder, config, stored))

    def stored(self, name: str) -> StoredTensor:
        """Say where a tensor lies, with its shape and type, without reading it.

        Parameters
        ----------
        name
            relative to the decoder

        Raises CensusError for a name that the decoder does not have.
        """
        if name not in self.tensors:
            raise CensusError(
                f"{self.folder}: this {self.family.title} decoder has no tensor '{name}' (num_hidden_layers is "
                f"{self.config.num_hidden_layers}); {one_of(name, list(self.tensors)[:8])}"
            )
        return self.tensors[name]

    def tensor(
        self,
        name: str,
        *,
        dtype: torch.dtype | None = None,
        into: Tensor | None = None,
        check: bool = True,
    ) -> Tensor:
        """Read one tensor into memory of its own, or into memory that is given.

        Parameters
        ----------
        name
            relative to the decoder
        dtype
            convert to this type; as stored if neither this nor `into` is given
        into
            overwritten and returned: a contiguous tensor of the same shape, of any type
        check
            refuse NaN and infinity; each tensor is looked at once for each type, however often
            it is read

        Raises CensusError for an unknown name, a damaged file, and elements that are not finite.
        """
        stored = self.stored(name)
        if into is None:
            into = torch.empty(stored.shape, dtype=dtype or stored.dtype)
        tensor = stored.read_as(into)
        if check and (name, tensor.dtype) not in self._found_finite:
            require_finite(stored, tensor)
            self._found_finite.add((name, tensor.dtype))
        return tensor

    def layer(self, layer: int, *, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
        """Read the whole state dict of one layer.

        Parameters
        ----------
        layer
            0-based
        dtype
            convert to this type; as stored if not given

        Raises CensusError as `tensor` does.
        """
        return {
            name: self.tensor(f"layers.{layer}.{name}", dtype=dtype)
            for name in layer_shapes(self.config)
        }

    def outside_layers(self, *, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
        """Read the state dict of the decoder without its layers.

        Embeddings of tokens and positions, projections and the last norm, where there are.

        Parameters
        ----------
        dtype
            convert to this type; as stored if not given

        Raises CensusError as `tensor` does.
        """
        return {name: self.tensor(name, dtype=dtype) for name in outside_shapes(self.config)}

    def validate(self, *, vocabulary: int) -> None:
        """Check that every token id of a tokenizer has a row in the embedding.

        Parameters
        ----------
        vocabulary
            the tokenizer's highest id, plus one

        Raises CensusError where the embedding is too small.
        """
        rows = self.config.vocab_size
        if vocabulary > rows:
            raise CensusError(
                f"{self.folder}: the tokenizer's ids reach {vocabulary - 1}, and the embedding has "
                f"{rows} rows (ids 0 to {rows - 1}). Give this checkpoint the tokenizer that it "
                "was trained with."
            )

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold the decoder's tensors."""
        return tuple(sorted({tensor.file for tensor in self.tensors.values()}))

    def digest(self, *, threads: int | None = None) -> str:
        """Return the hex digest of the decoder's weights, the same in any layout of files.

        It also covers what the forward pass takes from the configuration besides shapes, such as
        the number of heads.

        Parameters
        ----------
        threads
            number of pieces that are read and hashed at a time; one for each processor available, at
            most 8, if not given
        """
        threads = threads or min(8, count_processors())
        return digest_of_tensors(self.tensors, self.digest_heading, threads)

    @property
    def digest_heading(self) -> str:
        """What the digest covers besides the tensors."""
        return self.family.heading(self.config)


def count_processors() -> int:
    """Return the number of processors that this process may use."""
    # Not every system can say which; then it is all of them.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

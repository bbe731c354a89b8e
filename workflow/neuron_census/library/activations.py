"""What every neuron does at each token of one's own text, with the census beside it.

found = activations("resources/checkpoints/opt-mini-l", "In the beginning", census=Census.open("results"))
found.tokens                  # one row per token, BOS first
found.active                  # bool [layer, position, neuron]
found.firings()               # one row per token and neuron that is active there, with its census
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import Bool, Float, Int64

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.errors import CensusError, one_of
from neuron_census.formats.tables.census import CENSUS
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.device import acquire_device
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.weights import Weights
from neuron_census.library.belonging import check_tokenizer, model_of
from neuron_census.library.census import Census
from neuron_census.tokenizer.encoder import Encoder
from neuron_census.tokenizer.token_text import TokenText

Dtype = Literal["float64", "float32", "bfloat16", "float16"]
DTYPES: dict[str, torch.dtype] = {
    "float64": torch.float64,
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Activations:
    """What every neuron of a model does at each token of a text.

    `tokens` has one row per token, BOS first: position i32, token i32, text. `pre_activations` is
    `[layer, position, neuron]`, float64 for a model in float64, else float32 (which holds every value of
    the smaller types). `model` and `neurons` are the model's name in the census and its table, None where
    no census was given.
    """

    tokens: pl.DataFrame
    pre_activations: Float[np.ndarray, "layer position neuron"]
    model: str | None = None
    neurons: pl.DataFrame | None = None

    @property
    def active(self) -> Bool[np.ndarray, "layer position neuron"]:
        """Which neurons are active at each token: those with a pre-activation above zero."""
        active: Bool[np.ndarray, "layer position neuron"] = self.pre_activations > 0
        return active

    @property
    def values(self) -> Float[np.ndarray, "layer position neuron"]:
        """The activations: what ReLU makes of the pre-activations."""
        values: Float[np.ndarray, "layer position neuron"] = np.maximum(self.pre_activations, 0)
        return values

    def firings(self) -> pl.DataFrame:
        """Return one row per token and neuron that is active there, by position, layer and neuron.

        Columns: position, token, text, layer, neuron, value (the activation), and the neuron's columns of
        the census, where one was given.
        """
        position, layer, neuron = np.nonzero(self.active.transpose(1, 0, 2))
        rows = pl.DataFrame(
            {
                "position": position.astype(np.int32),
                "layer": layer,
                "neuron": neuron,
                "value": self.pre_activations[layer, position, neuron],
            },
            schema_overrides=CENSUS.types("layer", "neuron"),
        )
        rows = self.tokens.join(rows, on="position", how="inner", maintain_order="right")
        rows = rows.select("position", "token", "text", "layer", "neuron", "value")
        if self.neurons is None:
            return rows
        return rows.join(
            self.neurons, on=["layer", "neuron"], how="left", maintain_order="left", validate="m:1"
        )


def activations(
    checkpoint: str | Path,
    text: str,
    *,
    census: Census | None = None,
    model: str | None = None,
    tokenizer: str | Path | None = None,
    dtype: Dtype | None = None,
    device: Device = "auto",
) -> Activations:
    """Return what every neuron does at each token of a text, which is read as one window, BOS first.

    The forward is that of the stage `record`, and a neuron is active as it is there. In a window by itself
    sums may be rounded otherwise than in a batch: a pre-activation at the very edge of zero can fall on the
    other side.

    Parameters
    ----------
    checkpoint
        folder of the model
    text
        shorter than the model's window
    census
        results that have a census of the model, to stand beside its activations
    model
        its name there; the model with the checkpoint's weights if not given
    tokenizer
        folder of its tokenizer; that of the checkpoint if not given
    dtype
        precision of the forward pass; as the census was recorded, or else as the weights are stored
    device
        where to compute; auto takes a GPU if there is one

    Raises CensusError for a folder that is no checkpoint, a text that is too long, a census that has no such
    model or one of other weights or another tokenizer, and pre-activations that are not finite.
    """
    source = Checkpoint.open(Path(checkpoint))
    encoder = Encoder.open(Path(tokenizer or checkpoint))
    source.validate(vocabulary=encoder.vocabulary)
    neurons = None
    if census is not None:
        model = model_of(census, source, model)
        check_tokenizer(census, model, encoder)
        neurons = census.neurons(model)
        dtype = dtype or _dtype(census.facts(model)["dtype"])
    computed = DTYPES[dtype] if dtype else _stored_dtype(source)
    ids = _ids(encoder, text, source)
    with acquire_device(device) as place:
        found = _forward(source, ids, computed, place)
    tokens = pl.DataFrame(
        {
            "position": np.arange(len(ids), dtype=np.int32),
            "token": ids.astype(np.int32),
            "text": TokenText.open(encoder.folder).texts.gather(ids),
        }
    )
    return Activations(tokens, found, model, neurons)


def _dtype(name: str) -> Dtype:
    for known in ("float64", "float32", "bfloat16", "float16"):
        if name == known:
            return known
    raise CensusError(f"dtype: found '{name}'; {one_of(name, list(DTYPES))}")


def _stored_dtype(source: Checkpoint) -> torch.dtype:
    """The type in which weights are stored."""
    return next(iter(source.tensors.values())).dtype


def _ids(encoder: Encoder, text: str, source: Checkpoint) -> Int64[np.ndarray, " position"]:
    (encoded,) = encoder.encode([text])
    longest = source.config.max_position_embeddings - 1
    if len(encoded) > longest:
        raise CensusError(
            f"the text has {len(encoded)} tokens, and {source.folder} reads at most {longest} after the BOS. "
            "Give a shorter one, or part it."
        )
    return np.concatenate([[encoder.bos], encoded]).astype(np.int64)


class _Keep:
    """Keeps the pre-activations of every layer, in host memory."""

    def __init__(self) -> None:
        self.layers: list[np.ndarray] = []

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        values = observation.values
        wide = torch.float64 if values.dtype == torch.float64 else torch.float32
        self.layers.append(values.to("cpu", wide, copy=True).numpy())

    def layer_done(self, layer: int) -> None:
        """Nothing to do: a text is one micro-batch."""


def _forward(
    source: Checkpoint,
    ids: Int64[np.ndarray, " position"],
    dtype: torch.dtype,
    device: torch.device,
) -> Float[np.ndarray, "layer position neuron"]:
    layers = source.config.num_hidden_layers
    batch = MicroBatch(
        windows=np.zeros(1, dtype=np.int64),
        documents=np.zeros(1, dtype=np.int64),
        ids=ids[None],
        lengths=np.array([len(ids)]),
        domain=0,
        dead=True,
        ngrams=True,
        positions=False,
    )
    keep = _Keep()
    with torch.inference_mode(), closing(Outbox(device)) as outbox:
        stream(
            [batch],
            embedding=Embedding(source, dtype, device),
            # Layers pass through one after the other, so that a model may be larger than memory.
            weights=Weights(source, dtype, device, layers=layers, resident=0),
            recorders=[keep],
            outbox=outbox,
            highest_layer=lambda _: layers - 1,
            super_batch_tokens=len(ids),
            hidden_states="device",
            advanced=lambda layer, tokens: None,
        )
    return np.stack(keep.layers)

"""The model on its device, and the windows that it is sent with the rows that ride beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl
import psutil
import torch

from neuron_census.ablate.riders import AblationRiders
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.names import layer_shapes
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import micro_batches
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.unembedding import Unembedding
from neuron_census.forward.weights import Weights

MICRO_BATCH = {"cpu": 1 << 11, "cuda": 1 << 14}
"""Positions that go through a layer at a time."""
SHARE = 0.5
"""Share of the free memory that the layers may take if they are to stay."""

Choice = Literal["auto", "resident", "streamed"]


@dataclass(frozen=True)
class Model:
    """A model with what comes before its layers, and after them."""

    embedding: Embedding
    weights: Weights
    unembedding: Unembedding
    device: torch.device
    layers: int

    @classmethod
    def load(
        cls, source: Checkpoint, dtype: torch.dtype, device: torch.device, choice: Choice
    ) -> Model:
        """Read what stays on the device; a layer that does not is read for every chunk of windows."""
        layers = source.config.num_hidden_layers
        stay = choice == "resident" or (
            choice == "auto" and layers * _layer_bytes(source, dtype) < SHARE * _free(device)
        )
        return cls(
            Embedding(source, dtype, device),
            Weights(source, dtype, device, layers=layers, resident=layers if stay else 0),
            Unembedding(source, dtype, device),
            device,
            layers,
        )

    def send(
        self, windows: pl.DataFrame, domains: list[str], length: int, riders: AblationRiders
    ) -> None:
        """Send some windows through all layers, with their rows.

        Parameters
        ----------
        windows
            rows of the window table, in the order of a forward pass, with the column `order`
        domains
            names of all domains
        length
            tokens of a full-length window
        riders
            find firings, and send their rows
        """
        # Which studies read a window besides is nothing to the forward pass, and would divide the batches.
        alike = windows.with_columns(pl.lit(False).alias(name) for name in ("dead", "positions"))
        riders.take_up(dict(windows.select("window", "order").iter_rows()))
        outbox = Outbox(self.device)
        try:
            stream(
                micro_batches(alike, domains, max(length, MICRO_BATCH[self.device.type])),
                embedding=self.embedding,
                weights=self.weights,
                recorders=[],
                outbox=outbox,
                highest_layer=lambda batch: self.layers - 1,
                super_batch_tokens=1 << 62,
                hidden_states="device",
                advanced=lambda layer, tokens: None,
                riders=riders,
            )
        finally:
            outbox.close()


def _layer_bytes(source: Checkpoint, dtype: torch.dtype) -> int:
    return dtype.itemsize * sum(
        torch.Size(shape).numel() for shape in layer_shapes(source.config).values()
    )


def _free(device: torch.device) -> int:
    if device.type == "cpu":
        return int(psutil.virtual_memory().available)
    return int(torch.cuda.mem_get_info(device)[0])

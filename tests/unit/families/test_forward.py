"""Every family's pre-activations against plain transformers, in float64, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoModelForCausalLM

from helpers.made.families import DEAD, DETECTOR, FAMILIES, TOKEN, make_family
from helpers.made.windows import made_windows
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import MicroBatch, micro_batches
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.weights import Weights

CPU = torch.device("cpu")
LAYERS = 3


class Keeper:
    """A recorder that keeps every pre-activation, padding included."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int], torch.Tensor] = {}

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        self.seen[layer, int(batch.windows[0])] = observation.values.clone()

    def layer_done(self, layer: int) -> None:
        pass


def windows() -> pl.DataFrame:
    lengths = [32, 32, 17, 9, 2, 32, 5]
    everything = {"dead", "ngrams", "positions"}
    return made_windows(
        lengths, studies=[everything] * 7, domains=["a"] * 3 + ["b"] * 4, vocabulary=96
    )


def batches() -> list[MicroBatch]:
    return list(micro_batches(windows(), ["a", "b"], 70))


def kept(folder: Path, resident: int, dtype: torch.dtype = torch.float64) -> Keeper:
    checkpoint, keeper = Checkpoint.open(folder), Keeper()
    with torch.inference_mode():
        stream(
            batches(),
            embedding=Embedding(checkpoint, dtype, CPU),
            weights=Weights(checkpoint, dtype, CPU, layers=LAYERS, resident=resident),
            recorders=[keeper],
            outbox=Outbox(CPU),
            highest_layer=lambda batch: LAYERS - 1,
            super_batch_tokens=100,
            hidden_states="device",
            advanced=lambda layer, tokens: None,
        )
    return keeper


@pytest.mark.parametrize("name", FAMILIES)
def test_pre_activations_are_those_of_transformers_to_the_bit(tmp_path: Path, name: str) -> None:
    family = FAMILIES[name]
    folder = make_family(tmp_path, name)
    resident, streamed = kept(folder, LAYERS), kept(folder, 0)

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    for parameter in model.parameters():
        # The file is mapped, and products round by how memory is aligned.
        parameter.data = parameter.data.clone()
    layers = model.get_submodule(f"{family.decoder}.{family.layers}")
    expected: list[torch.Tensor] = []
    for layer in layers:
        layer.get_submodule(family.ffn_in).register_forward_hook(
            lambda _module, _inputs, output: expected.append(output.flatten(0, -2))
        )
    for batch in batches():
        expected.clear()
        with torch.inference_mode():
            model(input_ids=torch.from_numpy(batch.ids), use_cache=False)
        for index, wanted in enumerate(expected):
            place = (index, int(batch.windows[0]))
            assert torch.equal(resident.seen[place], wanted)
            assert torch.equal(streamed.seen[place], wanted)
    assert len(expected) == LAYERS
    assert len(resident.seen) == LAYERS * len(batches())


@pytest.mark.parametrize("name", FAMILIES)
def test_streamed_equals_resident_in_half_precision(tmp_path: Path, name: str) -> None:
    folder = make_family(tmp_path, name, layout="sharded_safetensors", dtype=torch.bfloat16)
    streamed, resident = (kept(folder, count, torch.bfloat16) for count in (1, LAYERS))
    assert streamed.seen.keys() == resident.seen.keys()
    for place, values in streamed.seen.items():
        assert values.dtype == torch.bfloat16
        assert torch.equal(values, resident.seen[place])


@pytest.mark.parametrize("name", FAMILIES)
def test_planted_neurons_do_what_they_were_made_for(tmp_path: Path, name: str) -> None:
    keeper = kept(make_family(tmp_path, name, plant=True), 0)
    found = 0
    for batch in batches():
        active = (keeper.seen[0, int(batch.windows[0])] > 0).numpy()
        here = batch.ids.reshape(-1) == TOKEN
        assert not active[:, DEAD].any()
        assert np.array_equal(active[:, DETECTOR], here)
        found += int(here.sum())
    assert found

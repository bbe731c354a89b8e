"""The streaming forward against plain transformers, one window at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import OPTConfig, OPTForCausalLM

from helpers.made.checkpoints import make_checkpoint
from helpers.made.windows import made_windows
from helpers.oracles.brute_force import active_tokens
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.decoder import Embedding
from neuron_census.forward.micro_batch import MicroBatch, micro_batches
from neuron_census.forward.observation import Observation
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.forward.weights import Weights

CPU = torch.device("cpu")
EVERYTHING = {"dead", "ngrams", "positions"}


class Keeper:
    """A recorder that keeps every activation, without padding."""

    def __init__(self) -> None:
        self.seen: dict[int, list[torch.Tensor]] = {}

    def observe(self, layer: int, batch: MicroBatch, observation: Observation) -> None:
        rows = torch.from_numpy(batch.rows)
        self.seen.setdefault(layer, []).append(observation.values[rows].relu())

    def layer_done(self, layer: int) -> None:
        pass

    def layer(self, layer: int) -> torch.Tensor:
        return torch.cat(self.seen[layer])


def keep(
    checkpoint: Checkpoint,
    table: pl.DataFrame,
    *,
    dtype: torch.dtype = torch.float64,
    micro: int = 48,
    super_batch: int = 100,
    resident: int | None = None,
) -> Keeper:
    keeper, layers = Keeper(), checkpoint.config.num_hidden_layers
    stay = layers if resident is None else resident
    with torch.inference_mode():
        stream(
            micro_batches(table, sorted(set(table["domain"])), micro),
            embedding=Embedding(checkpoint, dtype, CPU),
            weights=Weights(checkpoint, dtype, CPU, layers=layers, resident=stay),
            recorders=[keeper],
            outbox=Outbox(CPU),
            highest_layer=lambda batch: layers - 1,
            super_batch_tokens=super_batch,
            hidden_states="device",
            advanced=lambda layer, tokens: None,
        )
    return keeper


def some_windows(vocabulary: int = 96) -> pl.DataFrame:
    lengths = [32, 32, 32, 17, 9, 2, 32, 5, 2, 2]
    return made_windows(
        lengths,
        studies=[EVERYTHING] * 6 + [{"dead"}] * 4,
        domains=["a"] * 4 + ["b"] * 6,
        vocabulary=vocabulary,
    )


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"post_norm": True},
        {"post_norm": True, "word_embed_proj_dim": 8},
        {"word_embed_proj_dim": 8},
        {"num_hidden_layers": 1},
    ],
)
def test_activations_equal_those_of_transformers(tmp_path: Path, shape: dict[str, object]) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64, **shape)  # type: ignore[arg-type]
    table = some_windows()
    keeper = keep(Checkpoint.open(folder), table)

    model = OPTForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    for layer, module in enumerate(model.model.decoder.layers):
        expected: list[torch.Tensor] = []
        handle = module.fc1.register_forward_hook(
            lambda _module, _input, output, into=expected: into.append(torch.relu(output))
        )
        for tokens in table["tokens"].to_list():
            with torch.no_grad():
                model(input_ids=torch.tensor([tokens]))
        handle.remove()
        wanted = torch.cat([seen.reshape(-1, seen.shape[-1]) for seen in expected])
        torch.testing.assert_close(keeper.layer(layer), wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("resident", [0, 1, 2])
def test_streamed_equals_resident_to_the_bit_for_any_super_batch(
    tmp_path: Path, dtype: torch.dtype, resident: int
) -> None:
    checkpoint = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    table = some_windows()
    all_resident = keep(checkpoint, table, dtype=dtype, super_batch=48)
    for super_batch in (1, 64, 10**6):
        streamed = keep(checkpoint, table, dtype=dtype, super_batch=super_batch, resident=resident)
        for layer in range(3):
            assert streamed.layer(layer).dtype == dtype
            assert torch.equal(streamed.layer(layer), all_resident.layer(layer))


def test_the_configuration_of_a_checkpoint_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others read it meanwhile; what the modules need is set in a copy."""
    checkpoint = Checkpoint.open(make_checkpoint(tmp_path / "model"))
    changed: list[str] = []
    before = OPTConfig.__setattr__

    def note(config: OPTConfig, name: str, value: object) -> None:
        if config is checkpoint.config:
            changed.append(name)
        before(config, name, value)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(OPTConfig, "__setattr__", note)
    keep(checkpoint, some_windows(), resident=1)
    assert changed == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(2, 20), min_size=1, max_size=30), st.integers(1, 90), st.data())
def test_micro_batches_hold_every_window_once_in_order(lengths, tokens, data) -> None:  # type: ignore[no-untyped-def]
    domains = data.draw(
        st.lists(st.sampled_from("ab"), min_size=len(lengths), max_size=len(lengths))
    )
    flags = st.sets(st.sampled_from(sorted(EVERYTHING)), min_size=1)
    studies = data.draw(st.lists(flags, min_size=len(lengths), max_size=len(lengths)))
    table = made_windows(lengths, studies=studies, domains=domains, vocabulary=90)
    rows = iter(table.iter_rows(named=True))
    for batch in micro_batches(table, ["a", "b"], tokens):
        assert batch.ids.size <= tokens or len(batch.lengths) == 1
        assert len(batch.rows) == batch.tokens
        assert len(batch.text_rows) == batch.tokens - len(batch.lengths)
        flat = batch.ids.reshape(-1)
        texts = np.split(flat[batch.rows], np.cumsum(batch.lengths)[:-1])
        for text in texts:
            row = next(rows)
            assert text.tolist() == row["tokens"]
            assert ["a", "b"].index(row["domain"]) == batch.domain
            assert (batch.dead, batch.ngrams, batch.positions) == tuple(
                row[study] for study in ("dead", "ngrams", "positions")
            )
    assert next(rows, None) is None


def test_brute_force_sees_what_the_model_does(tmp_path: Path) -> None:
    """The oracle of the other tests is itself held against a hand-made model: one neuron always, one never."""

    def plant(weights: dict[str, torch.Tensor]) -> None:
        weights["layers.0.fc1.weight"][:2] = 0
        weights["layers.0.fc1.bias"][:2] = torch.tensor([1.0, -1.0])

    folder = make_checkpoint(tmp_path / "model", plant=plant)
    for layers in active_tokens(folder, some_windows()):
        assert layers[0][:, 0].all()
        assert not layers[0][:, 1].any()

"""One row beside a window against a full second forward of the ablated model, by transformers in float64."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from helpers.made.ablations import ablated, subject
from helpers.made.checkpoints import make_checkpoint
from helpers.made.windows import made_windows
from helpers.oracles.ablation_by_forward import AblatedModel
from neuron_census.ablate.aboard import CONTROLS

SHAPES: dict[str, dict[str, Any]] = {
    "pre-norm": {},
    "post-norm": {"post_norm": True},
    "project_out": {"word_embed_proj_dim": 8},
    "post-norm and project_out": {"post_norm": True, "word_embed_proj_dim": 8},
}
NEURONS = [(layer, neuron) for layer in range(3) for neuron in (7, 31)]


def some_windows() -> pl.DataFrame:
    lengths = [20, 20, 12, 2, 9]
    return made_windows(lengths, studies=[{"dead"}] * 5, domains=["a"] * 4 + ["b"], vocabulary=96)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_row_equals_a_second_forward_of_the_ablated_model(tmp_path: Path, shape: str) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64, **SHAPES[shape])
    table = some_windows()
    outcomes = ablated(folder, table, [subject(*place) for place in NEURONS])
    model = AblatedModel(folder)
    windows = table["tokens"].to_list()
    run = cache(lambda window: model.run(windows[window]))
    activations = cache(lambda window, layer: model.activations(windows[window], layer))
    seen = set()
    for found in outcomes:
        for row, (number, window, position) in enumerate(
            zip(found.subject, found.window, found.position, strict=True)
        ):
            layer, neuron = NEURONS[number]
            tokens = windows[window]
            active = activations(window, layer)
            assert position == 1 + int((active[1:, neuron] > 0).int().argmax())
            assert found.activation[row] == pytest.approx(
                float(active[position, neuron]), abs=1e-12
            )
            trigger, matched = found.tokens[row]
            assert trigger == tokens[position] != matched
            clean = run(window)
            silent = [neuron, *found.controls[row]]
            for kind, ablated_neuron in enumerate(silent):
                if ablated_neuron < 0:
                    assert np.isnan(found.effects["total"][row, kind]).all()
                    continue
                without = model.without(tokens, layer, int(ablated_neuron), int(position))
                for which, token in enumerate((trigger, matched)):
                    total = clean.centred(position, token) - without.centred(position, token)
                    surprise = clean.log_probability(position, token) - without.log_probability(
                        position, token
                    )
                    assert found.effects["total"][row, kind, which] == pytest.approx(
                        total, abs=1e-9
                    )
                    assert found.effects["log_probability"][row, kind, which] == pytest.approx(
                        surprise, abs=1e-9
                    )
                if kind == 0:
                    for above in range(3):
                        expected = [0, 0]
                        if above >= layer:
                            expected = [
                                model.lens_rank(forward.after[above][position], trigger)
                                for forward in (clean, without)
                            ]
                        assert found.ranks[row, above].tolist() == expected
            seen.add((number, window))
    # Every neuron in every window in which it fires.
    for number, (layer, neuron) in enumerate(NEURONS):
        for window in range(len(windows)):
            fires = bool((activations(window, layer)[1:, neuron] > 0).any())
            assert ((number, window) in seen) == fires
    assert len(seen) > 10


@pytest.mark.parametrize("shape", SHAPES)
def test_in_the_last_layer_the_direct_effect_is_the_total_with_the_last_scale_frozen(
    tmp_path: Path, shape: str
) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64, **SHAPES[shape])
    outcomes = ablated(folder, some_windows(), [subject(2, neuron) for neuron in range(6)])
    for found in outcomes:
        np.testing.assert_allclose(
            found.effects["direct"], found.effects["frozen"], rtol=0, atol=1e-9
        )
    assert sum(len(found.window) for found in outcomes) > 2


@pytest.mark.parametrize("shape", SHAPES)
def test_streamed_equals_resident_to_the_byte(tmp_path: Path, shape: str) -> None:
    folder = make_checkpoint(tmp_path / "model", **SHAPES[shape])
    subjects = [subject(*place) for place in NEURONS]
    resident = ablated(folder, some_windows(), subjects, dtype=torch.float32)
    for layers in (0, 1):
        streamed = ablated(folder, some_windows(), subjects, dtype=torch.float32, resident=layers)
        assert len(streamed) == len(resident)
        for one, other in zip(streamed, resident, strict=True):
            assert one.ranks.tobytes() == other.ranks.tobytes()
            for name in one.effects:
                assert one.effects[name].tobytes() == other.effects[name].tobytes()


def test_firings_are_the_first_in_order_and_no_more_than_asked(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64)
    table = some_windows()
    everything = ablated(folder, table, [subject(1, 7)])
    windows = sorted(int(window) for found in everything for window in found.window)
    few = ablated(folder, table, [subject(1, 7)], firings=2)
    assert sorted(int(window) for found in few for window in found.window) == windows[:2]
    # Over several super-batches as well.
    again = ablated(folder, table, [subject(1, 7)], firings=2, super_batch=40)
    assert sorted(int(window) for found in again for window in found.window) == windows[:2]


def test_controls_are_active_there_and_nearest_in_norm(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "model", dtype=torch.float64)
    table = some_windows()
    model = AblatedModel(folder)
    norms = model.decoder.layers[1].fc2.weight.norm(dim=0)
    for found in ablated(folder, table, [subject(1, 7)]):
        for row, window in enumerate(found.window):
            active = model.activations(table["tokens"].to_list()[window], 1)[found.position[row]]
            sizes = (active * norms).tolist()
            others = sorted(
                (abs(size - sizes[7]), neuron)
                for neuron, size in enumerate(sizes)
                if size > 0 and neuron != 7
            )
            assert found.controls[row].tolist() == [neuron for _, neuron in others[:CONTROLS]]
            assert found.norm[row] == pytest.approx(sizes[7])

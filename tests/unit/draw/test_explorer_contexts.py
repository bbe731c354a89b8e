"""The contexts that the explorer hands over, beside the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from helpers.explorer_data import chunk
from helpers.made.census import Made, Size, made_census, vocabulary
from helpers.made.contexts import made_contexts, made_coverage
from neuron_census.draw.explore import explore
from neuron_census.draw.explorer.neuron_contexts import CONTEXT_BLOCK

NEURONS = CONTEXT_BLOCK + 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    size = Size(layers=2, neurons=NEURONS, vocabulary=101, dead=0.5)
    return made_census(tmp_path_factory.mktemp("census"), "made", size)


@pytest.fixture(scope="module")
def contexts(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The last neurons of the first layer have none.
    census = pl.read_parquet(made.census).filter(
        (pl.col("layer") == 1) | (pl.col("neuron") < CONTEXT_BLOCK)
    )
    path = tmp_path_factory.mktemp("contexts") / "made.parquet"
    return made_contexts(path, census, vocabulary(101), most=2)


def test_each_context_is_in_the_block_of_its_neuron(
    made: Made, contexts: Path, tmp_path: Path
) -> None:
    explore(census=[made.census], contexts=[contexts], output=tmp_path / "explorer")
    table = pl.read_parquet(contexts)
    texts = chunk(tmp_path / "explorer", "model-0/contexts/texts")
    spelled = dict(zip(texts["tokens"], texts["texts"], strict=True))
    for layer in (0, 1):
        for block, neurons in enumerate((range(CONTEXT_BLOCK), range(CONTEXT_BLOCK, NEURONS))):
            found = chunk(tmp_path / "explorer", f"model-0/contexts/{layer}-{block}")
            expected = table.filter(
                (pl.col("layer") == layer) & pl.col("neuron").is_in(list(neurons))
            )
            assert found["neuron"] == expected["neuron"].to_list()
            assert [("top", "sampled")[kind] for kind in found["kind"]] == expected[
                "kind"
            ].to_list()
            for name in ("rank", "window", "domain", "document", "position", "start", "tokens"):
                assert found[name] == expected[name].to_list(), name
            shown = [[spelled[token] for token in tokens] for tokens in found["tokens"]]
            assert shown == expected["texts"].to_list()
            for values, exact in zip(found["activations"], expected["activations"], strict=True):
                assert np.allclose(values, exact, rtol=5e-4, atol=0)
    assert chunk(tmp_path / "explorer", "model-0/contexts/0-1")["neuron"] == []


def test_a_folder_without_contexts_has_none(made: Made, tmp_path: Path) -> None:
    explore(census=[made.census], output=tmp_path / "explorer")
    assert not (tmp_path / "explorer" / "data" / "model-0" / "contexts").exists()


def test_the_page_knows_how_sure_the_dead_are(made: Made, tmp_path: Path) -> None:
    path = made_coverage(tmp_path / "coverage" / "made.parquet", pl.read_parquet(made.census))
    explore(census=[made.census], coverage=[path], output=tmp_path / "explorer")
    [model] = chunk(tmp_path / "explorer", "manifest")["models"]
    together = pl.read_parquet(path).row(-1, named=True)
    assert together["layer"] is None and together["dead"] > 0
    assert model["coverage"] == {name: together[name] for name in model["coverage"]}
    assert {"documents", "dead", "wakes", "wakes_lower", "wakes_upper"} <= set(model["coverage"])

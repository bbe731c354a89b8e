"""Which reading of layer and scale a few printed projections fit: on made weights, printed by hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

from helpers.made.checkpoints import make_checkpoint
from helpers.made.tokenizers import make_tokenizer
from neuron_census.classify.identify_projection import identify_projection
from neuron_census.errors import CensusError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write weights of one layer and the embeddings, a tokenizer, and what was printed about layer "2"."""
    vocabulary = make_tokenizer(tmp_path / "tokenizer").get_vocab()
    whole = make_checkpoint(tmp_path / "whole", vocab_size=len(vocabulary))
    tensors = load_file(whole / "model.safetensors")
    kept = ("layers.1.fc2.weight", "decoder.final_layer_norm.weight", "embed_tokens.weight")
    (tmp_path / "part").mkdir()
    save_file(
        {name: tensor for name, tensor in tensors.items() if name.endswith(kept)},
        tmp_path / "part" / "model-00007-of-00014.safetensors",
    )
    row = tensors["model.decoder.layers.1.fc2.weight"][:, 5]
    projections = {
        token: float(tensors["model.decoder.embed_tokens.weight"][number] @ row)
        for token, number in vocabulary.items()
    }
    order = sorted(projections, key=lambda token: projections[token])
    lists = {"suppressed": order[:4], "promoted": order[-4:]}
    pl.DataFrame(
        [
            ("made", 2, 5, name, token, round(projections[token], 2))
            for name, tokens in lists.items()
            for token in tokens
        ],
        schema=["model", "layer_as_printed", "neuron", "list", "token", "value"],
        orient="row",
    ).write_csv(tmp_path / "printed.csv")
    return tmp_path


def test_the_reading_that_was_printed_fits_and_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    identify_projection(
        checkpoint=folder / "part",
        tokenizer=folder / "tokenizer",
        published=folder / "printed.csv",
        output=folder / "found.csv",
    )
    found = pl.read_csv(folder / "found.csv")
    assert found["scale"].n_unique() == 3
    fits = found.filter("fits").row(0, named=True)
    assert found["fits"].sum() == 1
    assert fits["first_layer_is"] == 1 and fits["scale"] == "as it is"
    assert fits["correlation"] > 0.99 and fits["best_factor"] == pytest.approx(1, abs=0.05)
    assert "as it is" in capsys.readouterr().out


def test_a_token_that_is_printed_twice_is_left_out(folder: Path) -> None:
    """Once with another value, as where two tokens look the same in print."""
    table = pl.read_csv(folder / "printed.csv")
    wrong = table.head(1).with_columns(value=pl.lit(100.0))
    pl.concat([table, wrong]).write_csv(folder / "printed.csv")
    identify_projection(
        checkpoint=folder / "part",
        tokenizer=folder / "tokenizer",
        published=folder / "printed.csv",
        output=folder / "found.csv",
    )
    found = pl.read_csv(folder / "found.csv").filter("fits")
    assert found.select("first_layer_is", "scale").rows() == [(1, "as it is")]
    assert found["correlation"].item() > 0.99


def test_a_neuron_beyond_the_last_one_is_of_another_model(folder: Path) -> None:
    pl.read_csv(folder / "printed.csv").with_columns(neuron=pl.lit(40)).write_csv(
        folder / "printed.csv"
    )
    with pytest.raises(CensusError, match=r"fc2\.weight has 40 neurons, and .* names 40"):
        identify_projection(
            checkpoint=folder / "part",
            tokenizer=folder / "tokenizer",
            published=folder / "printed.csv",
        )


def test_what_is_missing_is_named(folder: Path) -> None:
    arguments = {"tokenizer": folder / "tokenizer", "published": folder / "printed.csv"}
    with pytest.raises(CensusError, match="has no weight files"):
        identify_projection(checkpoint=folder / "tokenizer", **arguments)
    table = pl.read_csv(folder / "printed.csv")
    table.with_columns(layer_as_printed=pl.lit(9)).write_csv(folder / "printed.csv")
    with pytest.raises(CensusError, match=r"fc2\.weight of none of the layers .*\[9\]"):
        identify_projection(checkpoint=folder / "part", **arguments)
    table.with_columns(neuron=pl.lit(10**6)).write_csv(folder / "printed.csv")
    with pytest.raises(CensusError, match="these are weights of another model"):
        identify_projection(checkpoint=folder / "part", **arguments)
    table.with_columns(token=pl.col("token").str.replace(r"^.*$", "nowhere")).head(1).write_csv(
        folder / "printed.csv"
    )
    with pytest.raises(CensusError, match="the tokenizer has no 'nowhere'"):
        identify_projection(checkpoint=folder / "part", **arguments)
    weights = folder / "part" / "model-00007-of-00014.safetensors"
    save_file({"decoder.layers.1.fc2.weight": torch.zeros(16, 64)}, weights)
    with pytest.raises(CensusError, match=r"no weight file here has 'embed_tokens\.weight'"):
        identify_projection(checkpoint=folder / "part", **arguments)

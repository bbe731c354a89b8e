"""Identify how the paper numbers layers and scales projections, from a few weights and no text.

The paper prints projections of some detectors (Figure 6) but says neither whether its layers begin at
0 or at 1 nor whether anything besides the embeddings multiplies an output row. Two tensors of that
model decide both.

    identify_projection(checkpoint=Path("opt-66b"), tokenizer=Path("opt-66b"),
                        published=Path("resources/paper/fig06_detector_examples.csv"))
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import torch
from jaxtyping import Float64

from neuron_census.checkpoint.tensors import StoredTensor, read_header
from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import PAPER, family_named
from neuron_census.formats.seal import sealed
from neuron_census.tokenizer.encoder import Encoder

FAMILY = family_named(PAPER)
BASES = (0, 1)
ROUNDING = 0.005
"""The paper prints two decimals."""


def identify_projection(
    *, checkpoint: Path, tokenizer: Path, published: Path, output: Path | None = None
) -> None:
    """Compare printed projections with those that each reading of layer and scale gives.

    A reading that fits has a correlation near 1 and an error below 0.005, that of rounding. Neurons
    whose layer is not in the folder are left out.

    Parameters
    ----------
    checkpoint
        folder with any of the model's weight files: `fc2.weight` of a printed layer and the embeddings;
        with the decoder's `final_layer_norm.weight`, readings that scale by it are tried as well
    tokenizer
        folder of its tokenizer
    published
        resources/paper/fig06_detector_examples.csv, or a table with the same columns
    output
        a CSV file for the comparison, which is also printed
    """
    tensors = _tensors(checkpoint)
    vocabulary = Encoder.open(tokenizer).tokenizer.get_vocab()
    embeddings = _read(tensors, FAMILY.embedding, checkpoint)
    printed = _read_printed(published, vocabulary)
    rows = []
    for (layer, neuron), group in printed.group_by(
        "layer_as_printed", "neuron", maintain_order=True
    ):
        tokens, values = group["id"].to_numpy(), group["value"].to_numpy()
        for base in BASES:
            name = f"layers.{int(str(layer)) - base}.{FAMILY.output}"
            if name not in tensors:
                continue
            fc2 = _read(tensors, name, checkpoint)
            if int(str(neuron)) >= fc2.shape[1]:
                raise CensusError(
                    f"{checkpoint}: {name} has {fc2.shape[1]} neurons, and {published} names {neuron}; "
                    "these are weights of another model."
                )
            for scale, row in _readings(fc2[:, int(str(neuron))], tensors, checkpoint).items():
                found = embeddings[tokens] @ row
                rows.append(
                    {
                        "layer_as_printed": layer,
                        "neuron": neuron,
                        "first_layer_is": base,
                        "scale": scale,
                        **_agreement(found, values),
                    }
                )
    if not rows:
        wanted = sorted(set(printed["layer_as_printed"]))
        raise CensusError(
            f"{checkpoint}: has the fc2.weight of none of the layers that are printed, {wanted}, counted "
            "from 0 or from 1. Fetch the weight file of one of them."
        )
    frame = pl.DataFrame(rows).sort("neuron", "error", maintain_order=True)
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_formatting="ASCII_MARKDOWN"):
        print(frame)
    if output is not None:
        with sealed(output) as temporary:
            frame.write_csv(temporary)


def _read_printed(published: Path, vocabulary: dict[str, int]) -> pl.DataFrame:
    """Return the printed values with the ids of their tokens; a token that is printed twice is left out."""
    try:
        table = pl.read_csv(published).filter(pl.col("list").is_in(["promoted", "suppressed"]))
        once = table.filter(~pl.struct("layer_as_printed", "neuron", "token").is_duplicated())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise CensusError(f"{published}: cannot be read as printed values ({error}).") from error
    unknown = [token for token in once["token"] if token not in vocabulary]
    if unknown:
        raise CensusError(
            f"{published}: the tokenizer has no '{unknown[0]}'; give the tokenizer of the model."
        )
    return once.with_columns(
        pl.col("token").replace_strict(vocabulary, return_dtype=pl.Int64).alias("id")
    )


def _readings(
    row: Float64[np.ndarray, " hidden"], tensors: dict[str, StoredTensor], folder: Path
) -> dict[str, Float64[np.ndarray, " hidden"]]:
    """Return the output row as different readings scale it."""
    readings = {"as it is": row, "of length 1": row / np.linalg.norm(row)}
    if (last_norm := f"{FAMILY.final_norm}.weight") in tensors:
        gain = _read(tensors, last_norm, folder)
        readings["times the last norm's gain"] = row * gain
    return readings


def _agreement(
    found: Float64[np.ndarray, " token"], printed: Float64[np.ndarray, " token"]
) -> dict[str, float | bool]:
    factor = float(found @ printed / (found @ found))
    error = float(np.abs(found - printed).max())
    return {
        "correlation": float(np.corrcoef(found, printed)[0, 1]),
        "best_factor": factor,
        "error": error,
        "fits": error <= ROUNDING * 1.2,
    }


def _tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return the tensors of a folder's weight files, by names relative to the decoder; some may be missing."""
    files = sorted([*folder.glob("*.safetensors"), *folder.glob("*.bin")])
    if not files:
        raise CensusError(f"{folder}: has no weight files (*.safetensors or *.bin).")
    return {
        name: stored
        for file in files
        for full_name, stored in read_header(file).items()
        if (name := FAMILY.decoder_name(full_name)) is not None
    }


def _read(tensors: dict[str, StoredTensor], name: str, folder: Path) -> Float64[np.ndarray, ...]:
    if name not in tensors:
        raise CensusError(
            f"{folder}: no weight file here has '{name}'; found {len(tensors)} other tensors. Also fetch "
            "the file that has it."
        )
    values: Float64[np.ndarray, ...] = tensors[name].read().to(torch.float64).numpy()
    return values

"""The text behind each neuron, in blocks of neighbouring neurons, and the texts of all its tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

import polars as pl

from neuron_census.draw.explorer.chunk import JSON, columns_json, write_chunk
from neuron_census.formats.context import KINDS
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.contexts import CONTEXTS

CONTEXT_BLOCK = 256
"""Neurons per file: a quarter of a megabyte, with eight contexts of each kind."""

DIGITS = 4
"""Significant digits of an activation: float16 holds hardly as many."""


@dataclass
class NeuronContexts:
    """The contexts of a model, written layer by layer, and in the end the texts of their tokens."""

    contexts: Path
    texts: list[pl.DataFrame] = field(default_factory=list)

    def write_blocks(self, folder: Path, model: str, layer: int, neurons: int) -> None:
        """Write the contexts of one layer, `contexts/{layer}-{block}`.

        Of each context there is what the table says, but `kind` is its place among the kinds, and tokens are
        without their texts, which are in `texts`.

        Parameters
        ----------
        folder
            where the data of the explorer are
        model
            the model's folder in it
        layer
            0-based
        neurons
            how many the layer has
        """
        rows = read_table(self.contexts, CONTEXTS, only=pl.col("layer") == layer)
        spelled = rows.select(pl.col("tokens", "texts").explode()).unique("tokens")
        self.texts.append(spelled)
        rounded = pl.element().round_sig_figs(DIGITS)
        kind = pl.col("kind").cast(pl.String)
        shown = rows.with_columns(
            pl.col("domain").cast(pl.String),
            pl.col("activation").round_sig_figs(DIGITS),
            pl.col("activations").list.eval(rounded),
            kind=kind.replace_strict(
                {name: at for at, name in enumerate(KINDS)}, return_dtype=pl.Int8
            ),
            _block=pl.col("neuron") // CONTEXT_BLOCK,
        ).drop("layer", "texts")
        parts = shown.partition_by("_block", as_dict=True, include_key=False, maintain_order=True)
        nothing = shown.drop("_block").clear()
        for block in range(ceil(neurons / CONTEXT_BLOCK)):
            content = columns_json(parts.get((block,), nothing)).encode()
            write_chunk(folder, f"{model}/contexts/{layer}-{block}", JSON, content)

    def write_texts(self, folder: Path, model: str) -> None:
        """Write `contexts/texts`: tokens, and the text of each.

        Parameters
        ----------
        folder
            where the data of the explorer are
        model
            the model's folder in it
        """
        every = pl.concat(self.texts).unique("tokens").sort("tokens")
        write_chunk(folder, f"{model}/contexts/texts", JSON, columns_json(every).encode())

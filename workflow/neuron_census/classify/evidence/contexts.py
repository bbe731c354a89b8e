"""The contexts table: the text around the places where a neuron was most active, and around some drawn ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa
from jaxtyping import Int64

from neuron_census.formats.context import AFTER, BEFORE, KINDS
from neuron_census.formats.counts import Counts
from neuron_census.formats.tables.contexts import CONTEXTS
from neuron_census.formats.windows import Windows
from neuron_census.tokenizer.token_text import TokenText


class ContextTexts:
    """The tokens of all windows, and how they are spelled."""

    def __init__(self, table: Windows, text: TokenText) -> None:
        rows = table.columns("domain", "document", "length", "tokens")
        self.domain = rows["domain"].cast(pl.Categorical)
        self.document = rows["document"]
        self.length = rows["length"].to_numpy().astype(np.int64)
        self._starts = np.cumsum(self.length) - self.length
        self._tokens = rows["tokens"].explode().to_numpy()
        self._texts = text.texts

    def shown(
        self, window: Int64[np.ndarray, " row"], start: Int64[np.ndarray, " row"], sizes: np.ndarray
    ) -> tuple[pl.Series, pl.Series]:
        """Return for each row the tokens from a position on, and the text of each of them."""
        tokens = self._tokens[_ranges(self._starts[window] + start, sizes)]
        return _lists(pa.array(tokens), sizes), _lists(self._texts.gather(tokens).to_arrow(), sizes)


def contexts_of(store: Counts, texts: ContextTexts, most: int) -> Iterator[pl.DataFrame]:
    """Yield the rows of the contexts table, layer by layer.

    Sampled ones are of neurons that fire often: of those of which as many were found as were to be kept.

    Parameters
    ----------
    store
        the counts of a model, with contexts
    texts
        the text of its windows
    most
        the most contexts of a kind and neuron
    """
    for layer in range(int(str(store.group.attrs["num_layers"]))):
        parts = [
            _of_kind(store, texts, kind, place, layer, most) for place, kind in enumerate(KINDS)
        ]
        rows = pl.concat(parts).sort("neuron", "kind_place", "rank", maintain_order=True)
        yield rows.select(list(CONTEXTS.columns))


def _of_kind(
    store: Counts, texts: ContextTexts, kind: str, kind_place: int, layer: int, most: int
) -> pl.DataFrame:
    windows = store.contexts(kind, "window", layer)
    taken = windows >= 0
    if kind == "sampled":
        taken = taken & taken.all(axis=1, keepdims=True)
    neuron, rank = np.nonzero(taken[:, :most])
    window = windows[neuron, rank].astype(np.int64)
    position = store.contexts(kind, "position", layer)[neuron, rank].astype(np.int64)
    start = np.maximum(position - BEFORE, 0)
    sizes = np.minimum(position + AFTER + 1, texts.length[window]) - start
    around = store.contexts(kind, "activations", layer)[neuron, rank].astype(np.float32)
    width = around.shape[1] if around.ndim == 2 else 1
    first = np.arange(len(neuron)) * width + start - (position - BEFORE)
    tokens, spelled = texts.shown(window, start, sizes)
    return pl.DataFrame(
        {
            "layer": np.full(len(neuron), layer),
            "neuron": neuron,
            "kind": pl.Series([kind]).new_from_index(0, len(neuron)).cast(pl.Categorical),
            "kind_place": np.full(len(neuron), kind_place),
            "rank": rank + 1,
            "window": window,
            "domain": texts.domain.gather(window),
            "document": texts.document.gather(window),
            "position": position,
            "activation": store.contexts(kind, "value", layer)[neuron, rank],
            "start": start,
            "tokens": tokens,
            "texts": spelled,
            "activations": _lists(pa.array(around.reshape(-1)[_ranges(first, sizes)]), sizes),
        },
        schema_overrides=dict(CONTEXTS.schema),
    )


def _ranges(
    starts: Int64[np.ndarray, " row"], sizes: Int64[np.ndarray, " row"]
) -> Int64[np.ndarray, " place"]:
    """Return the places of all rows one after the other: from each start on, so many."""
    before = np.cumsum(sizes) - sizes
    places: Int64[np.ndarray, " place"] = np.arange(int(sizes.sum())) + np.repeat(
        starts - before, sizes
    )
    return places


def _lists(values: pa.Array, sizes: Int64[np.ndarray, " row"]) -> pl.Series:
    """Return a list of so many consecutive values for each row."""
    offsets = pa.array(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))
    return pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(offsets, values)))

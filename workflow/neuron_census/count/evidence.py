"""Documents in which neurons are active, margins and contexts: merged over the shards of a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import zarr

from neuron_census.formats.context import KINDS, TOKENS
from neuron_census.formats.counts import create_document_bits, write_document_facts
from neuron_census.formats.documents import StudyDocuments
from neuron_census.formats.recording import CONTEXT_ARRAYS, create_context_arrays, create_margins
from neuron_census.formats.zarr_store import read_checked
from neuron_census.loops.documents import set_document_bits
from neuron_census.progress import progress

Parts = Mapping[Path, zarr.Group]


def evidence_shapes(
    windows: int, layers: int, ffn_dim: int, contexts: int
) -> dict[str, tuple[int, ...]]:
    """Return the arrays that a recording with windows of the dead study has, with their shapes."""
    if not windows:
        return {}
    shapes: dict[str, tuple[int, ...]] = {"windows/active": (2, layers, ffn_dim, -(-windows // 8))}
    shapes |= {f"margins/{name}": (2, 2, layers, ffn_dim) for name in MARGINS}
    if contexts:
        for kind in KINDS:
            for name in CONTEXT_ARRAYS:
                tokens = (TOKENS,) if name == "activations" else ()
                shapes[f"contexts/{kind}/{name}"] = (layers, ffn_dim, contexts, *tokens)
    return shapes


MARGINS = ("value", "window", "position")


def merge_evidence(
    store: zarr.Group, parts: Parts, documents: StudyDocuments, layers: int, ffn_dim: int
) -> None:
    """Write what the recordings with windows of the dead study say together.

    Parameters
    ----------
    store
        the counts store
    parts
        these recordings, open, by their paths
    documents
        the documents of the dead study
    layers, ffn_dim
        sizes of the model
    """
    # By shard, and so by window: of what is equal, the first window counts.
    ordered = dict(sorted(parts.items(), key=lambda part: int(str(part[1].attrs["shard"]))))
    write_document_facts(store, documents)
    bits = create_document_bits(store, layers, ffn_dim, len(documents))
    contexts = int(str(next(iter(ordered.values())).attrs["contexts"]))
    _merge_margins(store, ordered)
    kept = {
        kind: create_context_arrays(store, kind, layers, ffn_dim, contexts)
        for kind in (KINDS if contexts else ())
    }
    with progress(what="merging documents and contexts", unit="layer", total=layers) as bar:
        for layer in range(layers):
            for bos in range(2):
                bits[bos, layer] = _documents_of(ordered, documents, bos, layer, ffn_dim)
            for kind, arrays in kept.items():
                for name, merged in _best_contexts(ordered, kind, layer, contexts).items():
                    arrays[name][layer] = merged
            bar.update()


def _documents_of(
    parts: Parts, documents: StudyDocuments, bos: int, layer: int, ffn_dim: int
) -> np.ndarray:
    """Return the bits of one layer, `[neuron, octet]` of documents."""
    found = np.zeros((ffn_dim, -(-len(documents) // 8)), dtype=np.uint8)
    for path, group in parts.items():
        windows = read_checked(group, "windows/active", (bos, layer), path)
        of_window = documents.of_shard(int(str(group.attrs["shard"])))
        set_document_bits(windows, of_window, found)
    return found


def _merge_margins(store: zarr.Group, parts: Parts) -> None:
    """Write the largest margins, the first of several."""
    merged: dict[str, np.ndarray] = {}
    for path, group in parts.items():
        found = {name: read_checked(group, f"margins/{name}", ..., path) for name in MARGINS}
        if not merged:
            merged = found
            continue
        larger = found["value"] > merged["value"]
        merged = {name: np.where(larger, found[name], merged[name]) for name in MARGINS}
    for name, array in merged.items():
        create_margins(store, f"margins/{name}", array)


def _best_contexts(parts: Parts, kind: str, layer: int, most: int) -> dict[str, np.ndarray]:
    """Return the contexts of one layer with the largest keys, ties by window."""
    found = {
        name: np.concatenate(
            [
                read_checked(group, f"contexts/{kind}/{name}", layer, path)
                for path, group in parts.items()
            ],
            axis=1,
        )
        for name in CONTEXT_ARRAYS
    }
    order = np.argsort(-found["key"], axis=1, kind="stable")[:, :most]
    return {
        name: np.take_along_axis(array, order[:, :, None] if array.ndim == 3 else order, axis=1)
        for name, array in found.items()
    }

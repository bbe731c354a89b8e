"""What the arrays and attributes of Zarr stores mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neuron_census.formats.context import AFTER, BEFORE
from neuron_census.formats.recording import BITS, MARGINS, POSITIONS, TOTALS, WINDOW_BITS


@dataclass(frozen=True)
class Array:
    """One array: its type, the names of its axes, and what it holds."""

    dtype: str
    dimensions: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Store:
    """One kind of store: its path, what it is, its arrays and its attributes."""

    path: str
    what: str
    arrays: Mapping[str, Array]
    attributes: Mapping[str, str]


AXES = {
    "layer": "layers of the model, from 0",
    "domain": "domains, in the order of the attribute `domains`",
    "neuron": "neurons of a layer, from 0",
    "position": "in `positions`, places in a window, the BOS at 0; in `ids`, places in all n-gram windows "
    "of a shard one after the other",
    "octet": "eight consecutive tokens, windows or documents, one bit each, the first in the lowest bit",
    "bos": "0: the text behind the BOS, 1: the BOS itself",
    "half": "0: documents with even numbers, 1: those with odd ones",
    "rank": "contexts of a neuron, the best first; those that are not there have the window -1",
    "document": "documents of the dead study, by domain and number",
    "ngram": "n-grams of the study, in the lexicographic order of their tokens",
    "token": "tokens of an n-gram, the first one first; of a context, "
    f"{BEFORE} before its position and {AFTER} after it",
    "bound": "neurons and one more: the entries of neuron i go from bound i to bound i + 1",
    "profile_entry": "counts that n-grams of a neuron have, neuron after neuron",
    "trigger": "n-grams that are kept, neuron after neuron",
}


def _evidence() -> dict[str, Array]:
    """Return margins and contexts, which recordings and counts hold alike."""
    found = {
        "margins/value": Array(
            "float64",
            MARGINS,
            "largest pre-activation of each neuron in the dead study; -inf where a half has no document",
        ),
        "margins/window": Array("int32", MARGINS, "window in which it is, the first of several"),
        "margins/position": Array(
            "int32", MARGINS, "position in that window, the first of several"
        ),
    }
    place = ("layer", "neuron", "rank")
    for kind, what in (
        ("top", "windows with the largest activations, each at the position of its own"),
        ("sampled", "windows drawn by a seeded hash, each at a position drawn likewise"),
    ):
        found |= {
            f"contexts/{kind}/key": Array("float64", place, f"what ranks them: {what}"),
            f"contexts/{kind}/value": Array("float64", place, "activation at the position"),
            f"contexts/{kind}/window": Array("int32", place, "number of the window"),
            f"contexts/{kind}/position": Array("int32", place, "position in the window"),
            f"contexts/{kind}/activations": Array(
                "float16", (*place, "token"), "activations around it; 0 outside the window"
            ),
        }
    return found


_MADE_FROM = {
    "format, version": "kind of the store, and version of its layout",
    "complete": "true once everything has been written",
    "model, revision": "folder of the checkpoint, and the commit that it was fetched at",
    "weights": "digest of the weights",
    "dtype": "type in which the forward pass was computed",
    "versions": "versions of the libraries that recorded",
    "windows": "digest of the window table",
}

_SHAPE = {
    "contexts, contexts_seed": "contexts of a kind that are kept of each neuron, and the seed of their draw",
    "window_length": "tokens of a full-length window, BOS included",
    "num_layers, ffn_dim": "layers of the model, and neurons of a layer",
    "ngram_layers": "how many of the first layers are recorded token by token",
}

RECORDING = Store(
    "recordings/{model}/{shard}.zarr",
    "What one model did on one shard of windows; deleted once it is counted, unless `record.keep` is set.",
    {
        "active/{layer}": Array(
            "uint8",
            BITS,
            "whether each neuron is active at each token of the shard's n-gram windows",
        ),
        "counts/active": Array("int64", TOTALS, "activations in the dead study, BOS left out"),
        "counts/active_at_bos": Array("int64", TOTALS, "the same at BOS only"),
        "counts/positions": Array(
            "uint8 to uint32",
            POSITIONS,
            "full-length windows in which each neuron is active at each position; absent from a shard without them",
        ),
        "windows/active": Array(
            "uint8",
            WINDOW_BITS,
            "whether each neuron is active in each dead-study window of the shard; like margins and contexts absent "
            "from a shard without such windows",
        ),
        **_evidence(),
    },
    _MADE_FROM
    | {
        "shard": "number of the shard",
        "tokens": "tokens of the shard, BOS of each window included",
        "domains": "names of the domains",
    }
    | _SHAPE,
)

COUNTS = Store(
    "counts/{model}.zarr",
    "The sum of all recordings of a model: exact, and without any threshold.",
    {
        "active": Array("int64", TOTALS, "activations in the dead study, BOS left out"),
        "active_at_bos": Array("int64", TOTALS, "the same at BOS only"),
        "positions": Array(
            "uint32",
            POSITIONS,
            "full-length windows in which each neuron is active at each position; absent without such windows",
        ),
        "documents/active": Array(
            "uint8", WINDOW_BITS, "whether each neuron is active in each document of the dead study"
        ),
        "documents/domain": Array("int32", ("document",), "number of its domain"),
        "documents/number": Array("int32", ("document",), "its number in the domain's table"),
        "documents/tokens": Array(
            "int64", ("document",), "its tokens in the dead study, BOS left out"
        ),
        "documents/windows": Array("int64", ("document",), "its windows in the dead study"),
        **_evidence(),
    },
    _MADE_FROM
    | {
        "domains": "names of the domains",
        "tokens": "tokens of each domain in the dead study, BOS left out",
        "dead_windows": "windows of each domain in the dead study",
        "position_windows": "full-length windows of each domain in the positions study",
    }
    | _SHAPE,
)

NGRAM_INDEX = Store(
    "ngrams/{tokenizer}.zarr",
    "The n-grams of the n-gram study, for n of 1, 2 and 3, numbered once for all models of a tokenizer.",
    {
        "ids/{n}/{shard}": Array(
            "int32",
            ("position",),
            "number of the n-gram that ends at each position; -1 where there is none",
        ),
        "tokens/{n}": Array("int32", ("ngram", "token"), "tokens of each n-gram"),
        "occurrences/{n}": Array("int64", ("ngram",), "how often each n-gram occurs in the study"),
    },
    {
        "format, version": _MADE_FROM["format, version"],
        "complete": _MADE_FROM["complete"],
        "windows": _MADE_FROM["windows"],
        "vocabulary": "number of the tokenizer's ids",
        "shards": "number of shards",
    },
)

NGRAM_COUNTS = Store(
    "counts/{model}/ngrams/{layer}.zarr",
    "Which n-grams activate each neuron of one layer, and how often; exact for all thresholds within `kept`.",
    {
        "{n}/activations": Array(
            "int32", ("neuron",), "activations of each neuron at positions that have an n-gram"
        ),
        "{n}/distinct": Array("int32", ("neuron",), "different n-grams that activate it"),
        "{n}/profile_offsets": Array("int64", ("bound",), "where each neuron's profile begins"),
        "{n}/profile_counts": Array(
            "int32", ("profile_entry",), "counts that its n-grams have, descending"
        ),
        "{n}/profile_multiplicity": Array(
            "int32", ("profile_entry",), "how many of its n-grams have that count"
        ),
        "{n}/trigger_offsets": Array("int64", ("bound",), "where each neuron's kept n-grams begin"),
        "{n}/trigger_ids": Array(
            "int32",
            ("trigger",),
            "numbers of these n-grams, the most frequent first, ties by number",
        ),
        "{n}/trigger_activations": Array("int32", ("trigger",), "their activations of the neuron"),
        "{n}/all_kept": Array("bool", ("neuron",), "whether none of a neuron's n-grams is missing"),
    },
    _MADE_FROM
    | {
        "layer": "the layer, from 0",
        "kept": "the loosest thresholds that can be answered exactly, and how many n-grams are kept of other neurons",
        "domains": "names of the domains",
    }
    | _SHAPE,
)

STORES = (RECORDING, NGRAM_INDEX, COUNTS, NGRAM_COUNTS)

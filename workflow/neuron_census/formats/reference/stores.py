"""What the arrays and attributes of Zarr stores mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neuron_census.formats.recording import BITS, POSITIONS, TOTALS


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
    "octet": "eight consecutive tokens, one bit each, the first in the lowest bit",
    "ngram": "n-grams of the study, in the lexicographic order of their tokens",
    "token": "tokens of an n-gram, the first one first",
    "bound": "neurons and one more: the entries of neuron i go from bound i to bound i + 1",
    "profile_entry": "counts that n-grams of a neuron have, neuron after neuron",
    "trigger": "n-grams that are kept, neuron after neuron",
}

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

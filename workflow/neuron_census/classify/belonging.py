"""Whether what classify reads together belongs together: counts, n-gram counts, n-grams, checkpoint and
tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.remembered import remembered_digest
from neuron_census.errors import CensusError
from neuron_census.formats.counts import Counts
from neuron_census.formats.ngram_counts import NgramCounts
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.windows import Windows
from neuron_census.tokenizer.encoder import Encoder

THREADS = 2


def facts_of_counts(
    counts: Counts, ngram_counts: Sequence[NgramCounts], ngrams: Path | None
) -> dict[str, str]:
    """Return the facts that name model, weights and windows, once all counts agree in them.

    Parameters
    ----------
    counts
        the counts store
    ngram_counts
        the n-gram counts of the analysed layers
    ngrams
        the numbered n-grams, where n-grams were counted

    Raises CensusError if a part was made of another model, of other weights or windows, or if the n-gram counts
    of a layer are missing, there twice, or of a layer that was not analysed.
    """
    paths = [counts.path, *(layer.path for layer in ngram_counts), *([ngrams] if ngrams else [])]
    seals = [read_seal(path) for path in paths]
    check_same(seals)
    if ngrams is not None:
        found = sorted(layer.layer for layer in ngram_counts)
        if found != list(range(counts.ngram_layers)):
            raise CensusError(
                f"{counts.path}: n-grams were recorded in the layers 0 to {counts.ngram_layers - 1}; found "
                f"n-gram counts of the layers {', '.join(map(str, found)) or 'none'}. Give those of each "
                "layer once."
            )
    return dict(seals[0].facts)


def check_weights(checkpoint: Checkpoint, counts: Counts, note: Path) -> None:
    """Refuse a checkpoint whose weights are not those that were recorded.

    Parameters
    ----------
    checkpoint
        the checkpoint
    counts
        the counts store
    note
        the file that remembers the digest of the weights

    Raises CensusError if the digests differ.
    """
    digest = remembered_digest(checkpoint, note, threads=THREADS)
    recorded = counts.recorded["weights"]
    if recorded != digest:
        raise CensusError(
            f"{checkpoint.folder}: its weights have the digest {digest}, and {counts.path} was counted with "
            f"{recorded}: another checkpoint, or one that changed since. Name the checkpoint that was "
            "recorded, or delete the counts and run again; the workflow rebuilds them."
        )


def check_tokenizer(encoder: Encoder, ngrams: Path) -> None:
    """Refuse a tokenizer that is not the one with which the windows were cut.

    Parameters
    ----------
    encoder
        the tokenizer
    ngrams
        the numbered n-grams of the windows

    Raises CensusError if their digests differ.
    """
    cut_with = read_seal(ngrams).facts.get("tokenizer", encoder.digest)
    if cut_with != encoder.digest:
        raise CensusError(
            f"{encoder.folder}: this tokenizer has the digest {encoder.digest}, and the windows were cut with "
            f"another tokenizer ({cut_with}, says {ngrams}). Name the tokenizer that cut them, or delete the "
            "windows and run again; the workflow rebuilds them."
        )


def open_windows(path: Path, counts: Counts) -> Windows:
    """Open the window table that a model was recorded from.

    Parameters
    ----------
    path
        the window table
    counts
        the counts store

    Raises CensusError for other windows.
    """
    table = Windows.open(path)
    recorded = counts.recorded["windows"]
    if recorded != table.digest:
        raise CensusError(
            f"{path}: these windows have the digest {table.digest}, and {counts.path} was counted with "
            f"{recorded}. Name the windows that were recorded, or delete the counts and run again; the workflow "
            "rebuilds them."
        )
    return table

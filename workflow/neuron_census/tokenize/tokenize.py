"""Cut the text of the domains into the windows that the studies read, once per tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int32, Int64

from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import scan_domain_table
from neuron_census.formats.windows import STUDIES, write_windows
from neuron_census.progress import note, progress
from neuron_census.tokenize.studies import ALL, Budget, read_studies
from neuron_census.tokenizer.encoder import Encoder

CHARACTERS_OF_A_BATCH = 4_000_000


def tokenize(
    *,
    domains: list[Path],
    tokenizer: Path,
    studies: str,
    output: Path,
    shards: int = 1,
    window: int | None = None,
    min_position_windows: int = 1,
) -> None:
    """Cut the text that the studies read into windows, and deal these into shards.

    What `classify` would refuse for want of text is refused here, before any model computes.

    Parameters
    ----------
    domains
        domain tables, `{domain}.parquet`, in the order in which domains are numbered
    tokenizer
        folder with a config.json and tokenizer.json, or vocab.json and merges.txt
    studies
        the config's `studies`, as JSON: {study: [{domain, tokens}]}
    output
        the table of windows, Parquet
    shards
        number of shards
    window
        longest window, BOS included, if it is to be shorter than the models' max_position_embeddings
    min_position_windows
        smallest number of windows of the positions study, all domains together, that `classify` will
        accept; it changes nothing in the table
    """
    encoder = Encoder.open(tokenizer)
    length = encoder.longest if window is None else min(encoder.longest, window)
    if length < 2:
        raise CensusError(
            f"window: found {length}, expected 2 or more: BOS and at least one token of text."
        )
    paths = {path.stem: path for path in domains}
    budgets = read_studies(studies, list(paths))
    tables, shortages, read = [], [], []
    for domain, path in paths.items():
        of_domain = [
            Budget(study, budgets[study][domain], only_full=study == "positions")
            for study in STUDIES
            if domain in budgets[study]
        ]
        if of_domain:
            read.append(domain)
            tables.append(_windows_of_domain(domain, path, encoder, length, of_domain))
            shortages += [_shortage(domain, path, length, budget) for budget in of_domain]
    windows = pl.concat(tables)
    if budgets["positions"]:
        found = int(windows["positions"].sum())
        shortages.append(_too_few_windows(found, min_position_windows, length))
    if any(shortages):
        raise CensusError(" ".join(shortage for shortage in shortages if shortage))
    table = deal(windows, read, shards)
    write_windows(
        table,
        output,
        window_length=length,
        bos=encoder.bos,
        vocabulary=encoder.vocabulary,
        shards=shards,
        domains=read,
        tokenizer=encoder.digest,
    )
    note(
        f"{output}: {len(table):,} windows of up to {length} tokens, "
        f"{table['length'].sum() - len(table):,} tokens of text, {shards:,} {'shard' if shards == 1 else 'shards'}."
    )


def _windows_of_domain(
    domain: str, path: Path, encoder: Encoder, length: int, budgets: list[Budget]
) -> pl.DataFrame:
    """The windows of a domain that some study reads; no more documents are encoded than the budgets need."""
    wanted = [budget.tokens for budget in budgets]
    total = None if None in wanted else max(tokens for tokens in wanted if tokens is not None)
    tables = []
    with progress(what=f"tokenizing {domain}", unit="token", total=total) as bar:
        for documents, texts in _batches(path):
            encoded = encoder.encode(texts)
            windows = cut(documents, encoded, length, encoder.bos)
            text_tokens = windows["length"].to_numpy().astype(np.int64) - 1
            taken = {
                budget.study: budget.take(text_tokens, text_tokens == length - 1)
                for budget in budgets
            }
            tables.append(
                windows.with_columns(
                    pl.lit(domain).alias("domain"),
                    *[
                        pl.Series(study, taken.get(study, [False] * len(windows)))
                        for study in STUDIES
                    ],
                ).filter(pl.any_horizontal(STUDIES))
            )
            bar.update(int(text_tokens.sum()))
            if all(budget.filled for budget in budgets):
                break
    return pl.concat(tables) if tables else _no_windows()


def _batches(path: Path) -> Iterator[tuple[Int32[np.ndarray, " documents"], list[str]]]:
    """The held-out documents in their order, a few megabytes at a time: their numbers and their texts."""
    scan_domain_table(path)
    numbers: list[int] = []
    texts: list[str] = []
    characters = 0
    for batch in pq.ParquetFile(path).iter_batches(batch_size=64):
        for row in batch.to_pylist():
            if not row["held_out"]:
                continue
            numbers.append(row["document"])
            texts.append(row["text"])
            characters += len(row["text"])
            if characters >= CHARACTERS_OF_A_BATCH:
                yield np.array(numbers, dtype=np.int32), texts
                numbers, texts, characters = [], [], 0
    if texts:
        yield np.array(numbers, dtype=np.int32), texts


def cut(
    documents: Int32[np.ndarray, " documents"],
    encoded: list[Int32[np.ndarray, " _"]],
    window_length: int,
    bos: int,
) -> pl.DataFrame:
    """Return documents cut into windows: BOS and up to `window_length - 1` consecutive tokens of one document.

    Parameters
    ----------
    documents
        number of each document
    encoded
        tokens of each document, without BOS; a document without tokens has no window
    window_length
        longest window, BOS included
    bos
        the token that is put before each window

    Returns columns document, part, length, tokens, in the order of the documents.
    """
    text = window_length - 1
    sizes = np.array([len(tokens) for tokens in encoded], dtype=np.int64)
    parts = -(-sizes // text)
    document = np.repeat(np.arange(len(sizes)), parts)
    part = _count_within(parts)
    lengths = np.minimum(text, sizes[document] - part * text) + 1
    ends = np.cumsum(lengths)
    tokens = np.empty(int(lengths.sum()), dtype=np.int32)
    is_bos = np.zeros(len(tokens), dtype=np.bool_)
    is_bos[ends - lengths] = True
    tokens[is_bos] = bos
    tokens[~is_bos] = np.concatenate(encoded) if encoded else []
    lists = pa.LargeListArray.from_arrays(np.concatenate([[0], ends]).astype(np.int64), tokens)
    return pl.DataFrame(
        {
            "document": documents[document],
            "part": part.astype(np.int32),
            "length": lengths.astype(np.int32),
            "tokens": pl.Series(pl.from_arrow(lists)),
        }
    )


def _count_within(sizes: Int64[np.ndarray, " groups"]) -> Int64[np.ndarray, " members"]:
    """0, 1, 2, … within each group: [2, 0, 3] gives [0, 1, 0, 1, 2]."""
    first = np.cumsum(sizes) - sizes
    within: Int64[np.ndarray, " members"] = np.arange(int(sizes.sum())) - np.repeat(first, sizes)
    return within


def deal(windows: pl.DataFrame, domains: list[str], shards: int) -> pl.DataFrame:
    """Return windows in forward order, dealt into shards of about equally many tokens.

    Windows that the same studies read stay together, those of `positions` first, then those of
    `ngrams`: what only these studies need is then in few shards. Within a shard, windows of the same
    studies and domain are next to one another, the longest first, so that batches are full.

    Parameters
    ----------
    windows
        columns domain, document, part, length and tokens, and one per study
    domains
        names of the domains, in their order
    shards
        number of shards

    Raises CensusError if a shard would be empty.
    """
    classes = ["positions", "ngrams", "dead"]
    together = [True, True, True]
    place = pl.col("domain").replace_strict(domains, range(len(domains)), return_dtype=pl.Int32)
    ordered = windows.with_columns(place.alias("place")).sort(
        [*classes, "place", "document", "part"], descending=[*together, False, False, False]
    )
    lengths = ordered["length"].to_numpy().astype(np.int64)
    middles = 2 * np.cumsum(lengths) - lengths
    shard = middles * shards // (2 * int(lengths.sum()))
    if len(np.unique(shard)) < shards:
        raise CensusError(
            f"record.shard_tokens: {len(windows):,} windows cannot be dealt into {shards} shards "
            "without leaving one empty. Raise it, so that a shard holds a hundred windows or more."
        )
    return (
        ordered.with_columns(pl.Series("shard", shard.astype(np.int32)))
        .sort(
            ["shard", *classes, "place", "length", "document", "part"],
            descending=[False, *together, False, True, False, False],
        )
        .drop("place")
        .with_row_index("window")
    )


def _shortage(domain: str, path: Path, length: int, budget: Budget) -> str:
    kind = f"windows of the full {length} tokens" if budget.only_full else "windows"
    if budget.tokens is None and budget.taken == 0:
        return (
            f"studies.{budget.study}: domain '{domain}' ({path}) has no {kind}. Give it more or "
            "longer documents, or leave it out of this study."
        )
    if budget.tokens is None or budget.filled:
        return ""
    return (
        f"studies.{budget.study}: domain '{domain}' ({path}) has only {budget.taken:,} tokens of "
        f"text in {kind} that studies may read, and {budget.tokens:,} are asked for. Ask for less, "
        f"set `tokens: {ALL}`, or give the domain more text."
    )


def _too_few_windows(found: int, least: int, length: int) -> str:
    if found >= least:
        return ""
    return (
        f"studies.positions: takes {found:,} windows of the full {length} tokens, and "
        f"classify.positions.min_windows asks for {least:,}. Take {least * (length - 1):,} tokens or more of "
        "documents as long as a window; lower `min_windows`, below which frequencies are mostly chance; or set "
        "`studies.positions: []`, and the tables of the other studies are made without it."
    )


def _no_windows() -> pl.DataFrame:
    return pl.DataFrame(
        schema={
            "document": pl.Int32,
            "part": pl.Int32,
            "length": pl.Int32,
            "tokens": pl.List(pl.Int32),
            "domain": pl.String,
            **dict.fromkeys(STUDIES, pl.Boolean),
        }
    )

"""Ablate: silence each token detector where it fires, and see what becomes of the token.

ablate(checkpoint=model, windows=Path("windows.parquet"), census=Path("census/m.parquet"),
       triggers=Path("triggers/m.parquet"), study='[{"domain": "prose", "tokens": 100000}]',
       ablations=Path("ablations/m.parquet"), firings=Path("firings/m.parquet"))

Each firing is one extra row beside its window (`neuron_census.forward.attention`): there is no second forward.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import torch

from neuron_census.ablate.held_out import choose_windows, chunks
from neuron_census.ablate.matched import MatchedTokens, count_tokens
from neuron_census.ablate.model import Model
from neuron_census.ablate.outcomes import Outcomes
from neuron_census.ablate.riders import AblationRiders
from neuron_census.ablate.subjects import Subject, choose_subjects
from neuron_census.ablate.tables import make_ablations, make_firings
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.remembered import remembered_digest
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.table_files import read_table, write_table
from neuron_census.formats.tables.ablations import ABLATIONS, FIRINGS
from neuron_census.formats.tables.census import CENSUS
from neuron_census.formats.tables.ngrams import TRIGGERS
from neuron_census.formats.windows import Windows
from neuron_census.forward.device import acquire_device
from neuron_census.paths.json_text import parse_json
from neuron_census.progress import note, progress

LARGEST_COVER = 5
"""Of a token detector, where a census does not say it."""


def ablate(
    *,
    checkpoint: Path,
    windows: Path,
    census: Path,
    triggers: Path,
    study: str,
    most_detectors: int = 100,
    most_firings: int = 64,
    seed: int = 0,
    dtype: Literal["float64", "float32", "bfloat16", "float16"] = "float32",
    device: Literal["auto", "cpu", "cuda"] = "auto",
    weights: Literal["auto", "resident", "streamed"] = "auto",
    weights_note: Path | None = None,
    threads: int = 1,
    ablations: Path,
    firings: Path,
) -> None:
    """Ablate token detectors, one at a time and at one position at a time, and measure what happens to the token.

    Parameters
    ----------
    checkpoint
        folder of the checkpoint
    windows
        the window table
    census
        the model's census
    triggers
        its triggers table
    study
        the config's `studies.ablation`, as JSON: [{domain, tokens}]
    most_detectors
        the most detectors that are ablated
    most_firings
        the most firings of each
    seed
        of random directions and of bootstraps
    dtype
        precision of the forward pass
    device
        where to compute; auto takes a GPU if there is one
    weights
        keep all layers on the device, stream them one by one, or decide by the free memory
    weights_note
        file that remembers the digest of the weights
    threads
        number of CPU threads
    ablations
        the table to write, one row per neuron
    firings
        the table to write, one row per firing

    Raises CensusError where census, windows and checkpoint do not belong together, or the census has no n-grams.
    """
    torch.set_num_threads(threads)
    source, table = Checkpoint.open(checkpoint), Windows.open(windows)
    if not source.family.rows_can_ride:
        raise CensusError(
            f"{checkpoint}: neurons of {source.family.title} models cannot be ablated. Set `studies.ablation: []`."
        )
    remembered = weights_note or census.with_name(f".{census.stem}.weights.json")
    facts = _check_belonging(source, [census, triggers, windows], remembered, threads)
    subjects = _choose_subjects(census, triggers, most_detectors)
    chosen = choose_windows(table.table, _read_study(study))
    outcomes: list[Outcomes] = []
    if subjects and chosen.is_empty():
        note(
            f"warning: {windows}: the n-gram study reads every window that the ablation study might, so that no "
            "neuron can be ablated. Give `studies.dead` more text than `studies.ngrams`."
        )
    elif subjects:
        with acquire_device(device) as place, torch.inference_mode():
            model = Model.load(source, getattr(torch, dtype), place, weights)
            riders = AblationRiders(
                subjects,
                firings=most_firings,
                unembedding=model.unembedding,
                match=_count_all_tokens(table).match,
                seed=seed,
                layers=model.layers,
            )
            _send_until_finished(model, chosen, table, riders)
            outcomes = riders.outcomes
    document = pl.struct("domain", "document").rank("dense").cast(pl.Int64)
    documents = dict(chosen.select("window", document).iter_rows())
    write_table(make_firings(subjects, outcomes), FIRINGS, firings, facts=facts)
    # The summary comes last: where it is, the firings are.
    write_table(
        make_ablations(subjects, outcomes, documents, seed), ABLATIONS, ablations, facts=facts
    )


def _send_until_finished(
    model: Model, chosen: pl.DataFrame, table: Windows, riders: AblationRiders
) -> None:
    with progress(what="ablating", unit="window", total=len(chosen)) as bar:
        for chunk in chunks(chosen):
            if riders.finished:
                break
            model.send(chunk, table.domains, table.window_length, riders)
            bar.update(len(chunk))


def _check_belonging(
    source: Checkpoint, files: list[Path], remembered: Path, threads: int
) -> dict[str, str]:
    """Return the facts that name weights, windows and thresholds, once all files and the weights agree in them."""
    seals = [read_seal(file) for file in files]
    check_same(seals)
    facts = dict(seals[0].facts)
    digest = remembered_digest(source, remembered, threads=threads)
    if facts.get("weights", digest) != digest:
        raise CensusError(
            f"{source.folder}: its weights have the digest {digest}, and {files[0]} is of weights with "
            f"{facts['weights']}: another checkpoint, or one that changed since. Name the checkpoint of the census, "
            "or delete the census and run again; the workflow rebuilds it."
        )
    return facts


def _choose_subjects(census: Path, triggers: Path, most: int) -> list[Subject]:
    frame = read_table(census, CENSUS)
    if "unigram_detector" not in frame.columns:
        raise CensusError(
            f"{census}: has no columns about n-grams, of which 'unigram_detector' is needed. Give the n-gram study "
            "text in `studies.ngrams`, or set `studies.ablation: []`."
        )
    thresholds = (read_metadata(census, "thresholds") or {}).get("ngrams", {})
    return choose_subjects(
        frame,
        read_table(triggers, TRIGGERS, only=pl.col("n") == 1),
        most=most,
        max_cover=thresholds.get("max_cover", {}).get("unigram", LARGEST_COVER),
    )


def _read_study(text: str) -> dict[str, int | None]:
    """Return the tokens to take of each domain; None for all."""
    given = parse_json(text, "studies.ablation")
    if not isinstance(given, list):
        raise CensusError(f"studies.ablation: found {given!r}, expected [{{domain, tokens}}].")
    return {
        entry["domain"]: None if entry["tokens"] == "all" else int(entry["tokens"])
        for entry in given
    }


def _count_all_tokens(table: Windows) -> MatchedTokens:
    text = table.columns("tokens").select(pl.col("tokens").list.slice(1).explode().drop_nulls())
    return MatchedTokens(count_tokens(text["tokens"].to_numpy().astype(np.int64), table.vocabulary))

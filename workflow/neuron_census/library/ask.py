"""Ask a model what fires in a text: detectors, positional and dead neurons, token by token.

python -m neuron_census ask opt-mini-l "In the beginning God created the heaven"
"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Any

import polars as pl
from rich.table import Table
from rich.text import Text

from neuron_census.library.activations import Activations, Device, activations
from neuron_census.library.asked import KINDS, firings_by_kind, ngrams_found, of_kind
from neuron_census.library.catalogue import Source, find_source
from neuron_census.library.census import Census
from neuron_census.library.terminal import heading, open_console, shortened, visible

LONGEST_TOKEN = 16
NAMES = {
    "detectors": "n-gram detectors",
    "positional": "positional neurons",
    "dead": "neurons dead in the census",
}
COLOURS = {"detectors": "green", "positional": "cyan", "dead": "red"}
EXPLANATION = (
    "2.431 is neuron 431 of layer 2; layers, neurons and positions count from 0. Behind a detector stands the n-gram "
    "that it detects, where one ends at that token. Dead are neurons that no token of the census activates; the BOS "
    "does not count there, unless `classify.dead.count_bos` is set."
)


def ask(
    model: str,
    text: str,
    /,
    *,
    results: Path = Path("results"),
    configfile: list[Path] | None = None,
    checkpoint: Path | None = None,
    tokenizer: Path | None = None,
    most: int = 3,
    device: Device = "auto",
    json: bool = False,
) -> None:
    """Print which detectors, positional and dead neurons of a model fire at each token of a text.

    Parameters
    ----------
    model
        its name in the config, such as opt-mini-l
    text
        the text, shorter than the model's window
    results
        the folder of results that has the model's census
    configfile
        files that Snakemake was given with --configfile, which say where the checkpoint lies
    checkpoint
        the checkpoint's folder, in place of what the config says
    tokenizer
        the tokenizer's folder; with --checkpoint, that of the checkpoint if not given
    most
        how many neurons of a kind are shown at each token; the others are counted
    device
        where to compute; auto takes a GPU if there is one
    json
        print a JSON object with every neuron of these kinds that fires, in place of a table
    """
    census = Census.open(results)
    census.require_model(model)
    source = (
        find_source(results, model, configfile or [])
        if checkpoint is None
        else Source(checkpoint, checkpoint)
    )
    found = activations(
        source.checkpoint,
        text,
        census=census,
        model=model,
        tokenizer=tokenizer or source.tokenizer,
        device=device,
    )
    firings = firings_by_kind(found)
    ngrams = _ngrams_by_place(ngrams_found(census, found, firings["detectors"]))
    if json:
        print(json_format.dumps(_as_object(model, found, firings, ngrams), indent=1))
    else:
        _print(model, found, firings, ngrams, most)


Place = tuple[int, int, int]
"""Position, layer and neuron of a firing."""


def _ngrams_by_place(found: pl.DataFrame) -> dict[Place, list[str]]:
    ngrams: dict[Place, list[str]] = {}
    for position, layer, neuron, text in found.select(
        "position", "layer", "neuron", "ngram"
    ).iter_rows():
        ngrams.setdefault((position, layer, neuron), []).append(text)
    return ngrams


def _as_object(
    model: str,
    found: Activations,
    firings: dict[str, pl.DataFrame],
    ngrams: dict[Place, list[str]],
) -> dict[str, Any]:
    tokens = []
    for token, share in zip(found.tokens.iter_rows(named=True), _shares(found), strict=True):
        of_kind: dict[str, list[dict[str, Any]]] = {}
        for kind in KINDS:
            rows = firings[kind].filter(pl.col("position") == token["position"])
            of_kind[kind] = rows.select("layer", "neuron", "value").to_dicts()
        for neuron in of_kind["detectors"]:
            place = (token["position"], neuron["layer"], neuron["neuron"])
            neuron["ngrams"] = ngrams.get(place, [])
        tokens.append({**token, "active": share, **of_kind})
    return {"model": model, "tokens": tokens}


def _print(
    model: str,
    found: Activations,
    firings: dict[str, pl.DataFrame],
    ngrams: dict[Place, list[str]],
    most: int,
) -> None:
    console = open_console()
    layers, positions, neurons = found.active.shape
    console.print(
        heading(
            model, f"{layers} layers of {neurons:,} neurons; {positions - 1} tokens after the BOS"
        )
    )
    table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
    table.add_column("at", justify="right", style="dim")
    table.add_column("token", no_wrap=True)
    table.add_column("active", justify="right")
    for kind in KINDS:
        table.add_column(kind, overflow="fold")
    shares = _shares(found)
    for position, token in enumerate(found.tokens["text"]):
        cells = [
            _cell(kind, firings[kind].filter(pl.col("position") == position), ngrams, most)
            for kind in KINDS
        ]
        shown = Text(shortened(visible(token), LONGEST_TOKEN), style="bold")
        table.add_row(str(position), shown, f"{shares[position]:.1%}", *cells)
    console.print(table)
    console.print()
    if found.neurons is not None:
        for kind in KINDS:
            console.print(_total(kind, firings[kind], found.neurons))
    console.print(Text(EXPLANATION, style="dim"))


def _shares(found: Activations) -> list[float]:
    """The share of all neurons that is active at each token."""
    shares: list[float] = found.active.mean(axis=(0, 2)).tolist()
    return shares


def _cell(kind: str, rows: pl.DataFrame, ngrams: dict[Place, list[str]], most: int) -> Text:
    """The neurons of a kind that fire at a token, the most active first, and how many more there are."""
    parts: list[str] = []
    for row in rows.head(most).iter_rows(named=True):
        place = (row["position"], row["layer"], row["neuron"])
        detected = "".join(f" “{visible(text)}”" for text in ngrams.get(place, [])[:1])
        parts.append(f"{row['layer']}.{row['neuron']}{detected if kind == 'detectors' else ''}")
    cell = Text(", ".join(parts), style=COLOURS[kind])
    if len(rows) > most:
        cell.append(f" +{len(rows) - most}", style="dim")
    return cell


def _total(kind: str, rows: pl.DataFrame, neurons: pl.DataFrame) -> Text:
    """How many of all neurons of a kind fire somewhere in the text, and at how many tokens."""
    fired = rows.select("layer", "neuron").n_unique()
    known = len(neurons.filter(of_kind(neurons, kind)))
    tokens = rows["position"].n_unique()
    return Text(f"{NAMES[kind]}: {fired:,} of {known:,} fire, at {tokens:,} of these tokens")

"""The data card of a publication: what is in it, what the words mean, where it comes from, who may use it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from neuron_census.draw.publication.about import BIBTEX, NOT_STATED, PAPER, About, licence_url
from neuron_census.draw.publication.contents import Contents, split_name
from neuron_census.formats.reference.page import column_rows

HUB_LICENCES = frozenset(
    {
        "apache-2.0",
        "mit",
        "cc0-1.0",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0",
        "odc-by",
        "odbl",
    }
)
"""Licences that the Hugging Face hub knows by these names; all others are `other` there."""

DEFINITIONS = """\
- **Neuron**: one unit of a feed-forward layer, by layer and index, both from 0.
- **Active**: the output of the activation function (ReLU) is above zero.
- **Dead**: active at no token of the dead study.
- **Cover**: the smallest number of n-grams that together hold a given share of a neuron's activations (`coverage`).
- **N-gram detector**: a neuron with a small cover (`max_cover`) which is active nearly always when one of its n-grams
  occurs (`presence`), and hardly otherwise. N-grams are counted in the first half of the layers, unless said otherwise.
- **Suppression**: a detector's output lowers the logits of the tokens that it detects.
- **Positional**: activity and position in the window share information above a threshold (`mi_threshold`).
- **Window**: a BOS token followed by consecutive tokens of one document; the BOS counts in nothing, unless
  `count_bos` is set.
"""


def data_card(about: About, contents: Contents) -> str:
    """Return the data card as Markdown, with the header that the Hugging Face hub reads.

    Parameters
    ----------
    about
        what is said of the publication
    contents
        its files
    """
    licence = (
        f"[{about.licence}]({licence_url(about.licence)})" if about.licence else f"{NOT_STATED}."
    )
    lines = [
        *_header(about, contents),
        f"# {about.title}",
        "",
        about.description,
        "",
        f"The definitions are those of {PAPER['authors']}: *{PAPER['name']}* ([{PAPER['venue']}]({PAPER['url']})). The "
        "census was taken by Neuron Census, a Snakemake workflow.",
        "",
        "## What is in it",
        "",
        "| files | rows | what a row is |",
        "|---|---|---|",
        *(
            f"| `data/{table.table.name}/*.parquet` | {sum(table.rows.values()):,} | {table.table.row} |"
            for table in contents.tables
        ),
        "",
        "Every Parquet file is about the model whose name it bears. `numbers/` has summaries as CSV.",
    ]
    if contents.explorer:
        lines += [
            "",
            "`explorer/index.html` shows every neuron; it opens from disk, or from any web server.",
        ]
    lines += ["", "```python", *_example(contents), "```", "", "## Definitions", "", DEFINITIONS]
    lines += ["Thresholds of this census:", "", "| key | value |", "|---|---|"]
    lines += [f"| `{key}` | {json.dumps(value)} |" for key, value in _flat(contents.thresholds)]
    lines += ["", *_provenance(about, contents), "## Licences", ""]
    lines += [f"The tables: {licence}", "", *_licences(about)]
    lines += ["## Columns", ""]
    for table in contents.tables:
        lines += [f"### {table.table.name}", "", table.table.row, ""]
        lines += column_rows({name: table.table.all_columns[name] for name in table.columns})
        lines += [""]
    lines += ["## Citation", "", "```bibtex", BIBTEX, "```"]
    return "\n".join(lines) + "\n"


def _header(about: About, contents: Contents) -> Iterator[str]:
    """Yield the YAML header; JSON texts are YAML, whatever is in them."""
    yield "---"
    yield f"pretty_name: {json.dumps(about.title)}"
    if about.licence:
        is_known = about.licence.lower() in HUB_LICENCES
        yield f"license: {about.licence.lower() if is_known else 'other'}"
        if not is_known:
            yield f"license_name: {json.dumps(split_name(about.licence).lower())}"
            yield f"license_link: {json.dumps(licence_url(about.licence))}"
    yield "tags: [interpretability, neurons, language-models]"
    yield "configs:"
    for table in contents.tables:
        yield f"- config_name: {table.table.name}"
        yield "  data_files:"
        for model, file in table.files.items():
            yield f"  - split: {split_name(model)}"
            yield f"    path: {json.dumps(file.path)}"
    yield "---"
    yield ""


def _example(contents: Contents) -> Iterator[str]:
    census = next(table for table in contents.tables if table.table.name == "census")
    model, file = next(iter(census.files.items()))
    yield "import polars as pl"
    yield ""
    yield f'census = pl.read_parquet("{file.path}")  # {census.rows[model]:,} neurons of {model}'
    yield 'census.group_by("layer").agg(pl.col("dead").mean()).sort("layer")'


def _provenance(about: About, contents: Contents) -> Iterator[str]:
    yield from ("## Where it comes from", "", "### Weights", "")
    yield from (
        "| model | origin | precision | digest of the weights | recorded with |",
        "|---|---|---|---|---|",
    )
    for model, recorded in contents.recorded.items():
        entry = about.models.get(model, {})
        versions = ", ".join(
            f"{name} {version}" for name, version in recorded.get("versions", {}).items()
        )
        yield (
            f"| {model} | {entry.get('origin', NOT_STATED)} | {recorded.get('dtype', NOT_STATED)} | "
            f"`{recorded.get('weights', NOT_STATED)}` | {versions} |"
        )
    yield from (
        "",
        "### Text",
        "",
        "| domain | origin | tokens of the dead study |",
        "|---|---|---|",
    )
    for name, entry in about.domains.items():
        tokens = contents.tokens.get(name)
        yield f"| {name} | {entry['origin']} | {f'{tokens:,}' if tokens is not None else 'none'} |"
    yield from (
        "",
        "Each study reads the first documents of each domain, in a seeded order, up to a budget:",
        "",
    )
    for study, entries in about.studies.items():
        read = ", ".join(f"{entry['domain']} ({_budget(entry['tokens'])})" for entry in entries)
        yield f"- {study}: {read or 'nothing'}"
    yield ""


def _licences(about: About) -> Iterator[str]:
    yield (
        "Tables hold short pieces of the text that was read, and numbers computed from weights. Whether the licences "
        "of weights and text bear on that is for the publisher to judge:"
    )
    yield from ("", "| what | licence |", "|---|---|")
    for kind, catalogue in (("weights of", about.models), ("text of", about.domains)):
        for name, entry in catalogue.items():
            licence = (entry.get("licence") or NOT_STATED).replace("|", r"\|")
            yield f"| {kind} {name} | {licence} |"
    yield ""


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of nested mappings, each under its whole key."""
    for key, value in values.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _flat(value, inner)
        else:
            yield inner, value


def _budget(tokens: Any) -> str:
    return f"{tokens:,} tokens" if isinstance(tokens, int) else "all tokens"

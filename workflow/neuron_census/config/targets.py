"""Why a target is made by no rule, in words: a slip in a name, or what the config leaves out.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from neuron_census.config.figures import FOLDER, Drawable, figure_constants
from neuron_census.config.selection import Selection
from neuron_census.errors import one_of

RESULTS = "results/"
WILDCARD = re.compile(r"\{(\w+)(?:,[^{}]*)?\}")
OF_NGRAMS = re.compile(r"results/(ngrams/|counts/[^/]+/ngrams/)")
CATALOGUES = {
    "model": "checkpoints",
    "domain": "domains",
    "tokenizer": "tokenizers",
    "name": "train",
    "comparison": "comparisons",
    "pair": "comparisons",
}
"""Where the names lie that a wildcard stands for."""


def explain_targets(
    workflow: Any, faults_of: Callable[[Iterable[str], Mapping[str, list[str]]], Iterable[str]]
) -> None:
    """Make Snakemake say, before it plans, why a target is made by no rule. Raises its WorkflowError.

    Parameters
    ----------
    workflow
        Snakemake's own; it learns its targets after the Snakefile is read
    faults_of
        why targets are made by no rule, given the targets and what each rule makes
    """
    from snakemake.exceptions import WorkflowError

    plan = workflow._prepare_dag

    def explained(*arguments: Any, **options: Any) -> Any:
        made = {rule.name: [str(file) for file in rule.output] for rule in workflow.rules}
        if faults := list(faults_of(sorted(workflow.dag_settings.targets), made)):
            raise WorkflowError("\n".join(faults))
        return plan(*arguments, **options)

    workflow._prepare_dag = explained


def target_faults(
    targets: Iterable[str],
    patterns: Mapping[str, Iterable[str]],
    selection: Selection,
    figures: Mapping[str, Drawable],
) -> Iterator[str]:
    """Yield, for each target that no rule makes, why: one sentence or two.

    Parameters
    ----------
    targets
        what was asked for: names of rules, and files and folders under `results`
    patterns
        what each rule makes, with wildcards, by the name of the rule
    selection
        what the config selects
    figures
        the figures that are drawn, by their names
    """
    files = sorted({file for outputs in patterns.values() for file in outputs})
    for target in targets:
        if target in patterns or (not target.startswith(RESULTS) and Path(target).exists()):
            continue
        if "/" not in target:
            yield f"{target}: no rule has this name; {one_of(target, list(patterns))}"
        elif target.startswith(RESULTS):
            yield from _file_faults(str(PurePosixPath(target)), files, selection, figures)


def _file_faults(
    target: str, files: list[str], selection: Selection, figures: Mapping[str, Drawable]
) -> Iterator[str]:
    fitting = [found for file in files if (found := _wildcards(file, target)) is not None]
    if not fitting:
        yield f"{target}: {_nearest(target, files, selection, figures)}"
        return
    faults = [
        [
            fault
            for name, value in found.items()
            if (fault := _fault(name, value, found, selection, figures))
        ]
        for found in fitting
    ]
    if all(faults):
        yield f"{target}: {faults[0][0]}"
    elif OF_NGRAMS.match(target) and not selection.config["studies"]["ngrams"]:
        yield f"{target}: `studies.ngrams` is empty, so no n-grams are counted. Give it text."


def _wildcards(pattern: str, target: str) -> dict[str, str] | None:
    """Return what each wildcard of a pattern would stand for, whatever it may; None if the target differs elsewhere."""
    parts = WILDCARD.split(pattern)
    expression = "".join(
        f"(?P<{part}>[^/]+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    found = re.fullmatch(expression, target)
    return None if found is None else found.groupdict()


def _fault(
    name: str,
    value: str,
    among: Mapping[str, str],
    selection: Selection,
    figures: Mapping[str, Drawable],
) -> str:
    """Return why a wildcard cannot stand for a value; nothing if it can."""
    config = selection.config
    if name == "figure":
        return "" if value in figures else _undrawn(value, selection, figures)
    if name == "shard":
        shards = [str(shard) for shard in selection.shards]
        there = (
            "there is 1 shard, 0"
            if len(shards) == 1
            else f"there are {len(shards)} shards, 0 to {shards[-1]}"
        )
        return "" if value in shards else f"{there}; see `record.shard_tokens`."
    if name == "layer" and among.get("model") in config["checkpoints"]:
        layers = selection.ngram_layers(among["model"])
        if not config["studies"]["ngrams"]:
            return "`studies.ngrams` is empty, so no n-grams are counted. Give it text."
        if not value.isdecimal() or int(value) not in layers:
            return (
                f"n-grams of {among['model']} are counted in layers 0 to {layers[-1]}; see "
                "`record.ngram_layers`."
            )
    if name in CATALOGUES:
        known = _names(name, selection)
        if value not in known:
            return f"unknown {name} '{value}'; {one_of(value, known)} See `{CATALOGUES[name]}` in the config."
    return ""


def _names(name: str, selection: Selection) -> list[str]:
    config = selection.config
    if name == "name":
        return [*config["train"]["tokenizers"], *config["train"]["checkpoints"]]
    if name == "tokenizer":
        return [*config["tokenizers"], *config["checkpoints"]]
    if name in ("comparison", "pair"):
        return list(selection.comparisons if name == "comparison" else selection.pairs)
    return list(config[CATALOGUES[name]])


def _undrawn(figure: str, selection: Selection, figures: Mapping[str, Drawable]) -> str:
    """Return why a figure is not drawn: there is none of this name, or the config leaves out what it shows."""
    module = FOLDER / f"{figure}.py"
    if (
        not re.fullmatch(r"\w+", figure)
        or not module.is_file()
        or "STUDY" not in figure_constants(module)
    ):
        return f"there is no figure '{figure}'; {one_of(figure, list(figures))}"
    needed = figure_constants(module)
    study, models = needed["STUDY"], needed["MODELS"]
    reads = selection.ablation if study == "ablation" else selection.config["studies"].get(study)
    if not reads:
        return f"this figure needs the {study} study, and `studies.{study}` is empty. Give it text."
    named = selection.config["experiments"].get(models, [])
    missing = [model for model in named if model not in selection.models]
    if missing:
        return (
            f"this figure shows `experiments.{models}`, of which {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not in `models`. Add them, for instance in `models_more`."
        )
    return f"this figure shows `experiments.{models}`, which names no model. Name some."


def _nearest(
    target: str, files: list[str], selection: Selection, figures: Mapping[str, Drawable]
) -> str:
    """Return the nearest file or folder to one that fits nothing that is made."""
    folder = target.rstrip("/") + "/"
    if any(file.startswith(folder) for file in files):
        return "is a folder of several results. Name one of them, or give no target: then all are made."
    values = {
        "figure": list(figures),
        "model": selection.models,
        "domain": selection.domains,
        "tokenizer": list(dict.fromkeys(map(selection.tokenizer_of, selection.models))),
    }
    known = []
    for file in files:
        names = WILDCARD.findall(file)
        if not names:
            known.append(file)
        elif len(names) == 1 and names[0] in values:
            known += [WILDCARD.sub(value, file) for value in values[names[0]]]
    hint = one_of(target, known).partition("Allowed: ")[0]
    return f"no rule makes this; {hint or 'docs/tables.md lists what is made.'}".strip()

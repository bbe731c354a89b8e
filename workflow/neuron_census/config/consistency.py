"""What a config must be and its schema cannot say: names that exist, sources that are one of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neuron_census.errors import CensusError, one_of
from neuron_census.text.specification import DomainSpecification


def check_consistency(config: Mapping[str, Any]) -> None:
    """Check what a valid config says against what else it says.

    Parameters
    ----------
    config
        valid by the schema, with its defaults

    Raises CensusError that names the key, what was found, what is allowed and the nearest to it.
    """
    _check_names(config)
    _check_sources(config)
    _check_selections(config)
    _check_recipes(config)


def _check_names(config: Mapping[str, Any]) -> None:
    """No two names in one folder of results may be the same, on any disk."""
    train = config["train"]
    for where, names in (
        ("checkpoints", config["checkpoints"]),
        ("tokenizers", config["tokenizers"]),
        ("domains", config["domains"]),
        ("train.tokenizers", train["tokenizers"]),
        ("train.checkpoints", train["checkpoints"]),
    ):
        seen: dict[str, str] = {}
        for name in names:
            if name.casefold() in seen:
                raise CensusError(
                    f"{where}: '{seen[name.casefold()]}' and '{name}' are the same file where a disk "
                    "does not tell capital letters from small ones. Rename one of them."
                )
            seen[name.casefold()] = name
    shared = {name.casefold(): name for name in config["tokenizers"]}
    for model, checkpoint in config["checkpoints"].items():
        if "tokenizer" not in checkpoint and model.casefold() in shared:
            raise CensusError(
                f"checkpoints.{model}: has no `tokenizer`, so that its own would bear its name, and "
                f"there is a tokenizer '{shared[model.casefold()]}'. Set `tokenizer`, or rename one."
            )


def _check_sources(config: Mapping[str, Any]) -> None:
    for catalogue, kinds in (
        ("checkpoints", ("hub", "path", "trained")),
        ("tokenizers", ("hub", "path")),
    ):
        for name, entry in config[catalogue].items():
            where = f"{catalogue}.{name}"
            found = [f"`{kind}`" for kind in kinds if kind in entry]
            if len(found) != 1:
                expected = ", ".join(f"`{kind}`" for kind in kinds)
                raise CensusError(
                    f"{where}: found {' and '.join(found) or 'none of these'}, expected one of "
                    f"{expected}. A value of the default config is taken away by laying `null` over it."
                )
            _check_revision(where, entry)
    for name, entry in config["checkpoints"].items():
        _check_layers(f"checkpoints.{name}", entry)
        _check_trained(f"checkpoints.{name}", entry, config["train"]["checkpoints"])
    for name, entry in config["domains"].items():
        _check_revision(f"domains.{name}", entry)
        DomainSpecification.from_mapping(name, entry)


def _check_revision(where: str, entry: Mapping[str, Any]) -> None:
    if "hub" in entry and "revision" not in entry:
        raise CensusError(
            f"{where}.revision: is missing; expected the commit of {entry['hub']} to take, 40 "
            "hexadecimal digits: without it, the same config could mean something else tomorrow."
        )
    if "revision" in entry and "hub" not in entry:
        raise CensusError(f"{where}.revision: only an entry with `hub` has one.")


def _check_layers(where: str, entry: Mapping[str, Any]) -> None:
    if "hub" in entry and "layers" not in entry:
        raise CensusError(
            f"{where}.layers: is missing; expected the number of layers of {entry['hub']}, as "
            "num_hidden_layers in its config.json says: jobs are planned before it is fetched."
        )
    if "layers" in entry and "hub" not in entry:
        raise CensusError(f"{where}.layers: only an entry with `hub` has it.")


def _check_trained(where: str, entry: Mapping[str, Any], recipes: Mapping[str, Any]) -> None:
    if "trained" not in entry:
        if "step" in entry:
            raise CensusError(f"{where}.step: only an entry with `trained` has it.")
        return
    _check_known(f"{where}.trained", "recipe", entry["trained"], recipes, "train.checkpoints")
    if "tokenizer" not in entry:
        raise CensusError(
            f"{where}.tokenizer: is missing; expected the tokenizer that it is trained with, as a name "
            "of `tokenizers`."
        )
    kept = recipes[entry["trained"]]["keep"]
    if "step" in entry and entry["step"] not in kept:
        raise CensusError(
            f"{where}.step: {entry['step']} is not kept; train.checkpoints.{entry['trained']}.keep is "
            f"{kept}."
        )


def _check_selections(config: Mapping[str, Any]) -> None:
    experiments = config["experiments"]
    for called, models in {
        "models": config["models"],
        **{f"experiments.{name}": models for name, models in experiments.items()},
    }.items():
        for number, model in enumerate(models):
            where = f"{called}[{number}]"
            _check_known(where, "model", model, config["checkpoints"], "checkpoints")
    if len(pair := experiments["no_positions"]) not in (0, 2):
        raise CensusError(
            f"experiments.no_positions: found {pair}, expected two models, the first with position "
            "embeddings and the second without, or none."
        )
    shown = config["draw"]["oscillatory_ranges"].get("model")
    if shown is not None and shown not in config["models"]:
        raise CensusError(
            f"draw.oscillatory_ranges.model: unknown model '{shown}'; "
            f"{one_of(shown, config['models'])}"
        )
    for model, checkpoint in config["checkpoints"].items():
        if "tokenizer" in checkpoint:
            where = f"checkpoints.{model}.tokenizer"
            name = checkpoint["tokenizer"]
            _check_known(where, "tokenizer", name, config["tokenizers"], "tokenizers")
    for study, entries in config["studies"].items():
        seen = set()
        for number, entry in enumerate(entries):
            where, domain = f"studies.{study}[{number}].domain", entry["domain"]
            _check_known(where, "domain", domain, config["domains"], "domains")
            if domain in seen:
                raise CensusError(f"{where}: '{domain}' is there twice; give one budget for it.")
            seen.add(domain)


def _check_known(
    where: str, kind: str, name: str, catalogue: Mapping[str, Any], called: str
) -> None:
    if name not in catalogue:
        raise CensusError(
            f"{where}: unknown {kind} '{name}'; {one_of(name, list(catalogue))} Add it to the "
            f"catalogue `{called}` or correct it."
        )


def _check_recipes(config: Mapping[str, Any]) -> None:
    for where, recipe in _recipes(config["train"]):
        for domain in recipe["domains"]:
            _check_known(f"{where}.domains", "domain", domain, config["domains"], "domains")
            if "held_out" not in config["domains"][domain]:
                raise CensusError(
                    f"{where}.domains: domain '{domain}' has no `held_out`, so that studies read all of "
                    "it and nothing is left to train on. Set the share that studies may read."
                )
        if "tokenizer" in recipe:
            tokenizers = {**config["tokenizers"], **config["train"]["tokenizers"]}
            called = "train.tokenizers"
            _check_known(f"{where}.tokenizer", "tokenizer", recipe["tokenizer"], tokenizers, called)


def _recipes(train: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for catalogue in ("tokenizers", "checkpoints"):
        for name, recipe in train[catalogue].items():
            yield f"train.{catalogue}.{name}", recipe

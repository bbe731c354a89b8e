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
    for catalogue in ("checkpoints", "tokenizers"):
        for name, entry in config[catalogue].items():
            where = f"{catalogue}.{name}"
            if ("hub" in entry) == ("path" in entry):
                found = "both `hub` and `path`" if "hub" in entry else "neither `hub` nor `path`"
                raise CensusError(
                    f"{where}: found {found}, expected one of them. A value of the default config "
                    "is taken away by laying `null` over it."
                )
            _check_revision(where, entry)
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


def _check_selections(config: Mapping[str, Any]) -> None:
    for number, model in enumerate(config["models"]):
        where = f"models[{number}]"
        _check_known(where, "model", model, config["checkpoints"], "checkpoints")
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
            tokenizers = config["train"]["tokenizers"]
            called = "train.tokenizers"
            _check_known(f"{where}.tokenizer", "tokenizer", recipe["tokenizer"], tokenizers, called)


def _recipes(train: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for catalogue in ("tokenizers", "checkpoints"):
        for name, recipe in train[catalogue].items():
            yield f"train.{catalogue}.{name}", recipe

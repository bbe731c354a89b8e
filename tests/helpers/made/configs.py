"""Configs as Snakemake merges them."""

from __future__ import annotations

from typing import Any

from helpers.repository import REPOSITORY
from neuron_census.config.check import merged, read_yaml
from neuron_census.config.configuration import configure

FOLDER = REPOSITORY / "config"
DEFAULT: dict[str, Any] = read_yaml(FOLDER / "config.yaml")


def shipped_config(name: str) -> dict[str, Any]:
    """Return a config of `config/`, merged into the default one and checked."""
    return configure(merged(DEFAULT, read_yaml(FOLDER / name)))

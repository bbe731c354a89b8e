"""Configs as Snakemake merges them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml

from helpers.repository import REPOSITORY
from neuron_census.config.configuration import configure

FOLDER = REPOSITORY / "config"
DEFAULT: dict[str, Any] = yaml.safe_load((FOLDER / "config.yaml").read_text(encoding="utf-8"))


def laid_over(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Snakemake does: mappings are merged, everything else is replaced."""
    merged = deepcopy(dict(base))
    for key, value in overlay.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = laid_over(merged[key], value)
        else:
            merged[key] = value
    return merged


def shipped_config(name: str) -> dict[str, Any]:
    """Return a config of `config/`, merged into the default one and checked."""
    overlay = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return configure(laid_over(DEFAULT, overlay))

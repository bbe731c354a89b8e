"""The config, checked before anything runs: `workflow/schemas/config.schema.json` and what it cannot say.

Needs nothing that Snakemake does not need itself, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from neuron_census.config.consistency import check_consistency
from neuron_census.schema.section import read_section

COMMIT = re.compile(r"[0-9a-f]{40}")


def configure(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merged config, checked, with its defaults, and without what is null; `models` has `models_more`, too.

    Parameters
    ----------
    given
        the config as Snakemake has merged it

    Raises CensusError that names every key at fault, what was found, what is allowed and the nearest to it.
    """
    config: dict[str, Any] = read_section(given)
    check_consistency(config)
    config["models"] = list(dict.fromkeys([*config["models"], *config["models_more"]]))
    return config


def unpinned(config: Mapping[str, Any]) -> list[str]:
    """Return the entries that this run reads from the hub at a branch or tag instead of a commit.

    Parameters
    ----------
    config
        a config that `configure` has returned
    """
    selected = {
        "checkpoints": config["models"],
        "tokenizers": [config["checkpoints"][model].get("tokenizer") for model in config["models"]],
        "domains": [
            *[entry["domain"] for study in config["studies"].values() for entry in study],
            *chain.from_iterable(
                config["train"]["checkpoints"][trained]["domains"]
                for model in config["models"]
                if (trained := config["checkpoints"][model].get("trained"))
            ),
        ],
    }
    return [
        f"{catalogue}.{name}.revision: {entry['revision']}"
        for catalogue, names in selected.items()
        for name in dict.fromkeys(names)
        if (entry := config[catalogue].get(name, {})) and not _is_pinned(entry)
    ]


def _is_pinned(entry: Mapping[str, Any]) -> bool:
    return "hub" not in entry or COMMIT.fullmatch(entry["revision"]) is not None

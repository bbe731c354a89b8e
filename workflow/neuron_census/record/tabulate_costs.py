"""Write a table of what recording every model of a config costs, in Markdown.

    python -m neuron_census tabulate_costs --config-files config/config.yaml config/opt.yaml > costs.md

It is reckoned from the plans alone: neither weights, windows nor a GPU are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neuron_census.record.planning.catalogue import planned_model, read_configs
from neuron_census.record.planning.costs import Budgets, cost_of, described_gpu, markdown

CONFIGS = (Path("config/config.yaml"), Path("config/opt.yaml"))
GPUS = ("24GB:125", "80GB:312")
"""An A10 and an A100, by their data sheets: memory and TFLOP/s of products in half precision."""


def tabulate_costs(*, config_files: Sequence[Path] = CONFIGS, gpus: Sequence[str] = GPUS) -> None:
    """Print what each selected model takes: download, disk, memory and hours of GPUs, and jobs.

    Parameters
    ----------
    config_files
        the config; each file is laid over those before it
    gpus
        memory and TFLOP/s of each GPU, such as 24GB:125

    Raises CensusError for a config without models or budgets, and for models of unknown shape.
    """
    config = read_configs(config_files)
    budgets = Budgets.of(config)
    cards = [described_gpu(*gpu.partition(":")[::2]) for gpu in gpus]
    models = [planned_model(str(name), config) for name in config.get("models") or []]
    print(markdown([cost_of(model, budgets, cards) for model in models], cards))

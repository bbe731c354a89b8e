"""Provenance of what shows a census: figures, the summary, claims, the explorer.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from neuron_census.config.selection import OUR_CLAIMS, PAPER
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.provenance import Provenance
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.statement import modules_in, statement

EXPLORER = Path(__file__).parents[1] / "draw" / "explorer"


def page_files(folder: Path) -> list[Path]:
    """Return the files of a page that are not code of ours in Python."""
    return [file for file in folder.rglob("*") if file.suffix in (".html", ".js", ".css")]


class ProvenanceOfDrawings(Provenance):
    """Provenance of every kind of file that shows one census beside others."""

    @remembered
    def figure(self, name: str, shown: str, choice: str = "", study: str = "") -> str:
        """Of results/figures/{name}.pdf, .png and .csv, which shows a list of models.

        `choice` is the key of `draw` in the config that chooses a part of what there is to show; `study` is what
        it shows.
        """
        models = self._selection.shown(shown)
        return statement(
            "draw",
            f"draw.figures.{name}",
            settings={
                "models shown": models,
                **({f"draw.{choice}": self._config["draw"][choice]} if choice else {}),
            },
            content={
                "the style of the figures": fingerprint([self._selection.style()]),
                "what the paper's figure shows": fingerprint(self._selection.published(name)),
            },
            made_from=self._censuses(models)
            | (self._all_ablations(models) if study == "ablation" else {}),
        )

    @remembered
    def summary(self) -> str:
        """Of results/summary.csv."""
        models = self._selection.models
        return statement("summarise", settings={"models": models}, made_from=self._censuses(models))

    @remembered
    def claims(self) -> str:
        """Of results/claims.csv."""
        models = self._selection.models
        return statement(
            "check_claims",
            *modules_in("draw/claims"),
            settings={"models": models, "experiments": self._config["experiments"]},
            content={
                "resources/paper/claims.toml": fingerprint([PAPER / "claims.toml"]),
                "resources/ours/claims.toml": fingerprint([OUR_CLAIMS]),
            },
            made_from=self._censuses(models) | self._all_ablations(models),
        )

    @remembered
    def explorer(self) -> str:
        """Of results/explorer."""
        models = self._selection.models
        return statement(
            "explore",
            settings={"models": models, "draw.explorer": self._config["draw"]["explorer"]},
            content={"the explorer's page": fingerprint(page_files(EXPLORER))},
            made_from=self._censuses(models) | self._all_ablations(models),
        )

    def _all_ablations(self, models: Iterable[str]) -> dict[str, str]:
        if not self._selection.ablation:
            return {}
        return {f"results/ablations/{model}.parquet": self.ablations(model) for model in models}

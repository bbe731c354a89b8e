"""What each file that people look at is made from: figures, summary, claims, comparisons, explorer, report.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from pathlib import Path

from neuron_census.config.figures import drawable
from neuron_census.config.report_settings import caption_of_figure, figures_beside
from neuron_census.config.selection import PAPER
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.provenance import Provenance
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.statement import modules_in, statement

# What the pages of the explorer and of the report are made from, besides code.
EXPLORER = Path(__file__).parents[1] / "draw" / "explorer"
REPORT = EXPLORER.with_name("report")
CAPTIONS = Path(__file__).parents[2] / "report"


def _page_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.suffix in (".html", ".js", ".css")]


class DrawnProvenance(Provenance):
    """Provenance of every kind of file that a config asks for, with what is drawn from the census."""

    @remembered
    def figure(self, name: str, shown: str, choice: str = "") -> str:
        """Of results/figures/{name}.pdf, .png and .csv, which shows a list of models.

        `choice` is the key of `draw` in the config that chooses a part of what there is to show.
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
            made_from=self._censuses(models),
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
            content={"resources/paper/claims.toml": fingerprint([PAPER / "claims.toml"])},
            made_from=self._censuses(models),
        )

    @remembered
    def explorer(self) -> str:
        """Of results/explorer."""
        models = self._selection.models
        return statement(
            "explore",
            settings={"models": models},
            content={"the explorer's page": fingerprint(_page_files(EXPLORER))},
            made_from=self._censuses(models),
        )

    @remembered
    def report(self) -> str:
        """Of results/report."""
        figures = drawable(self._config, self._selection)
        beside = figures_beside(self._selection)
        captions = {
            CAPTIONS / f"{caption_of_figure(name)}.rst"
            for name in (*figures, *beside, "summary", "claims", "sensitivity")
        }
        return statement(
            "write_report",
            settings={
                "models": self._selection.models,
                "figures": [*figures, *beside],
                "checkpoints": {
                    model: self._config["checkpoints"][model] for model in self._selection.models
                },
            },
            content={
                "the report's page": fingerprint(
                    [*_page_files(REPORT), EXPLORER / "page" / "style.css"]
                ),
                "the captions": fingerprint([caption for caption in captions if caption.exists()]),
            },
            made_from={
                **self._censuses(self._selection.models),
                **{
                    f"results/figures/{name}": self.figure(name, figure.models, figure.choice)
                    for name, figure in figures.items()
                },
                **{
                    f"results/figures/fates_{name}": self.fates(name)
                    for name in self._selection.comparisons
                },
                "results/summary.csv": self.summary(),
                "results/claims.csv": self.claims(),
            },
        )

    @remembered
    def comparison(self, name: str) -> str:
        """Of results/comparison/{name}.parquet."""
        before, after = self._selection.pairs[name]
        return statement(
            "compare",
            settings={"before": before, "after": after},
            made_from=self._censuses([before, after]),
        )

    @remembered
    def fates(self, name: str) -> str:
        """Of results/figures/fates_{name}.pdf, .png and .csv."""
        return statement(
            "draw_comparison",
            settings={f"comparisons.{name}": self._selection.comparisons[name]},
            content={"the style of the figures": fingerprint([self._selection.style()])},
            made_from={
                f"results/comparison/{pair}.parquet": self.comparison(pair)
                for pair in self._selection.pairs_along(name)
            },
        )

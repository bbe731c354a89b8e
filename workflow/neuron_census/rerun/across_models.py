"""Provenance of what looks across models: comparisons of two; the report and the publication of all.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from pathlib import Path

from neuron_census.config.figures import drawable
from neuron_census.config.publication import describe
from neuron_census.config.report_settings import caption_of_figure, figures_beside
from neuron_census.rerun.drawn import EXPLORER, ProvenanceOfDrawings, page_files
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.statement import statement

REPORT = EXPLORER.with_name("report")
CAPTIONS = Path(__file__).parents[2] / "report"


class ProvenanceAcrossModels(ProvenanceOfDrawings):
    """Provenance of every kind of file that a config asks for."""

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
                    [*page_files(REPORT), EXPLORER / "page" / "style.css"]
                ),
                "the captions": fingerprint([caption for caption in captions if caption.exists()]),
            },
            made_from={
                **self._censuses(self._selection.models),
                **{
                    f"results/figures/{name}": self.figure(
                        name, figure.models, figure.choice, figure.study
                    )
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
    def publication(self) -> str:
        """Of results/publication."""
        pairs = self._selection.pairs
        return statement(
            "publish",
            settings={"publication": describe(self._selection)},
            made_from={
                **self._censuses(self._selection.models),
                **{f"results/comparison/{pair}.parquet": self.comparison(pair) for pair in pairs},
                **{
                    f"results/ablations/{model}.parquet": self.ablations(model)
                    for model in (self._selection.models if self._selection.ablation else [])
                },
                "results/summary.csv": self.summary(),
                "results/claims.csv": self.claims(),
                "results/explorer": self.explorer(),
            },
        )

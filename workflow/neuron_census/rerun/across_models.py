"""Provenance of what looks across models: comparisons of two, and the publication of all.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from neuron_census.config.publication import describe
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.provenance import Provenance
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.statement import statement


class ProvenanceAcrossModels(Provenance):
    """Provenance of every kind of file that a config asks for, comparisons and the publication included."""

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
    def publication(self) -> str:
        """Of results/publication."""
        pairs = self._selection.pairs
        return statement(
            "publish",
            settings={"publication": describe(self._selection)},
            made_from={
                **self._censuses(self._selection.models),
                **{f"results/comparison/{pair}.parquet": self.comparison(pair) for pair in pairs},
                "results/summary.csv": self.summary(),
                "results/claims.csv": self.claims(),
                "results/explorer": self.explorer(),
            },
        )

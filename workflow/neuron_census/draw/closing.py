"""What a run says when it ends: where things are, what was found, what of an earlier run lies beside it.

Standard library only, for Snakemake's own process says it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

FIGURES = Path("results/figures")
SUMMARY = Path("results/summary.csv")


def after_success(folder: Path, figures: Iterable[str]) -> str:
    """Return the closing words of a run: where its results are, and one line for each model.

    Parameters
    ----------
    folder
        where the run took place
    figures
        names of the figures that the config selects
    """
    lines = []
    if (folder / SUMMARY).is_file():
        lines += ["", "What was found (results/summary.csv):", *_found(folder / SUMMARY)]
    places = {
        "the report: start here": "results/report/index.html",
        "figures": "results/figures",
        "claims of the paper, with verdicts": "results/claims.csv",
        "every neuron, to look up": "results/explorer/index.html",
    }
    there = [f"  {what}: {path}" for what, path in places.items() if (folder / path).exists()]
    if there:
        lines += ["", "Where it is:", *there]
    if left := leftovers(folder, figures):
        lines += [
            "",
            f"Made by an earlier configuration and not selected now: {', '.join(left)} in {FIGURES}. "
            "They are not up to date; delete them if they are not wanted.",
        ]
    return "\n".join(lines)


def after_failure() -> str:
    """Return the closing words of a run that failed or was interrupted."""
    return (
        "\nThe run did not finish. What was finished stays, nothing half-written does, and the same command "
        "goes on from here. What a failed job said is above, and in results/logs."
    )


def leftovers(folder: Path, figures: Iterable[str]) -> list[str]:
    """Name the figures that lie beside those of this run and are none of them."""
    there = {file.stem for file in (folder / FIGURES).glob("*.pdf")}
    return sorted(there - set(figures))


def _found(summary: Path) -> Iterator[str]:
    with summary.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            neurons, dead = int(row["neurons"]), int(row["dead"])
            said = [f"{neurons:,} neurons, {dead:,} dead ({100 * dead / neurons:.1f}%)"]
            if row.get("unigram_detectors"):
                said.append(f"{int(row['unigram_detectors']):,} token detectors")
            if row.get("positional"):
                said.append(f"{int(row['positional']):,} positional")
            yield f"  {row['model']}: {', '.join(said)}"

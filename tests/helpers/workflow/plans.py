"""What a dry-run of the tiny project plans, by how early the change is that it follows."""

from __future__ import annotations

from helpers.repository import REPOSITORY

_FOLDER = REPOSITORY / "workflow" / "neuron_census" / "draw" / "figures"
FIGURES = len([*_FOLDER.glob("fig[0-9]*.py"), *_FOLDER.glob("figure_*.py")])
# Whatever is drawn anew, the report shows.
REPORT = {"write_report": 1}
# Three figures show experiments, of which the tiny config has none.
DRAW = {"draw": FIGURES - 3} | REPORT
LOOK_BACK = {"summarise": 1, "check_claims": 1, "explore": 1}
CLASSIFY = {"classify": 2, "ablate": 2} | DRAW | LOOK_BACK
ABLATE = {"ablate": 2, "draw": 1, "check_claims": 1, "explore": 1} | REPORT
# The recordings were deleted when they were counted: to count anything again is to record again, and
# what was recorded again is counted again in every way.
RECORD = {"record": 6, "count": 2, "count_ngrams": 4} | CLASSIFY
TOKENIZE = {"tokenize": 1, "number_ngrams": 1} | RECORD
ALL = {"read_domain": 2} | TOKENIZE

ONE_CENSUS = {"record": 3, "count": 1, "count_ngrams": 2, "classify": 1}
ONE_MODEL = ONE_CENSUS | {"ablate": 1} | DRAW | LOOK_BACK

"""What a dry-run of the tiny project plans, by how early the change is that it follows."""

from __future__ import annotations

from helpers.repository import REPOSITORY

FIGURES = len(
    list((REPOSITORY / "workflow" / "neuron_census" / "draw" / "figures").glob("fig[0-9]*.py"))
)
# Three figures show experiments, of which the tiny config has none.
# Whatever is drawn anew, the report shows.
REPORT = {"write_report": 1}
DRAW = {"draw": FIGURES - 3} | REPORT
LOOK_BACK = {"summarise": 1, "check_claims": 1, "explore": 1}
CLASSIFY = {"classify": 2} | DRAW | LOOK_BACK
# The recordings were deleted when they were counted: to count anything again is to record again, and
# what was recorded again is counted again in every way.
RECORD = {"record": 6, "count": 2, "count_ngrams": 4} | CLASSIFY
TOKENIZE = {"tokenize": 1, "number_ngrams": 1} | RECORD
ALL = {"read_domain": 2} | TOKENIZE

ONE_CENSUS = {"record": 3, "count": 1, "count_ngrams": 2, "classify": 1}
ONE_MODEL = ONE_CENSUS | DRAW | LOOK_BACK

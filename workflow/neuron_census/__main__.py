"""The command line, one command for each stage: `python -m neuron_census record --help` is its manual.

A command's options are its function's parameters. A stage is imported when it is called, and not
before: what one of them needs, the others do without.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from neuron_census import __version__
from neuron_census.errors import CensusError
from neuron_census.formats.seal import made_from
from neuron_census.rerun.stage_process import ending_in_words, watch_the_workflow
from neuron_census.stages import STAGES

if TYPE_CHECKING:
    from cyclopts import App

PROVENANCE = "--provenance"
GROUPS = {
    "tokenize": "Tokenize: text to windows",
    "record": "Record: windows and a checkpoint to recordings",
    "count": "Count: recordings to exact counts",
    "classify": "Classify: counts to the census",
    "ablate": "Ablate: the census, windows and a checkpoint to what detectors do",
    "draw": "Draw: the census to figures, claims and the explorer",
    "library": "Look: what a census knows, in the terminal",
    "hub": "Beside the verbs: the model hub",
    "train": "Beside the verbs: training small models",
}
"""Headings under which the commands of each verb stand, in the order in which data flow."""


def application(called: str | None = None) -> App:
    """Return the application with a command for each stage.

    Parameters
    ----------
    called
        the stage that is about to be called, if any: it describes itself; the others are described
        by the first line of their modules, which are not imported
    """
    from cyclopts import App, Group, Parameter

    app = App(
        name="python -m neuron_census",
        help="The stages of the workflow, each by itself. Every command also takes --provenance, a JSON object "
        "that says what its output is made from; it is written into the output's seal.",
        version=__version__,
        default_parameter=Parameter(consume_multiple=True, negative=()),
        help_format="plaintext",
        result_action="return_value",
    )
    for order, (verb, stages) in enumerate(STAGES.items()):
        group = Group(GROUPS[verb], sort_key=order)
        for stage in stages:
            module = f"{verb}.{stage}"
            summary = None if stage == called else _first_line(module)
            app.command(f"neuron_census.{module}:{stage}", name=stage, help=summary, group=group)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one stage.

    A CensusError, which is the user's to mend, ends with one paragraph on standard error and
    status 1; a wrong option with status 2; anything else is ours and keeps its traceback.

    Parameters
    ----------
    arguments
        name and options of the stage; by default those of the process
    """
    with ending_in_words():
        watch_the_workflow()
        given, provenance = _without_provenance(sys.argv[1:] if arguments is None else arguments)
        with made_from(provenance):
            application(given[0] if given else None)(given)


def _without_provenance(arguments: Sequence[str]) -> tuple[list[str], str | None]:
    """Part the options of a stage from the one that every command takes."""
    given = list(arguments)
    if PROVENANCE not in given:
        return given, None
    at = given.index(PROVENANCE)
    if at + 1 == len(given):
        raise CensusError(f"{PROVENANCE}: expected a JSON object after it, found nothing.")
    return given[:at] + given[at + 2 :], given[at + 1]


def _first_line(module: str) -> str:
    file = Path(__file__).parent.joinpath(*module.split(".")).with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    main()

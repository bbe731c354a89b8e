"""The command line, one command a stage: `python -m neuron_census record --help` is its manual.

A command's options are its function's parameters. A stage is imported when it is called, and not
before: what one of them needs, the others do without.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, Group, Parameter

from neuron_census import __version__
from neuron_census.errors import CensusError
from neuron_census.stages import STAGES

GROUPS = {
    "tokenize": "Tokenize: text to windows",
    "record": "Record: windows and a checkpoint to recordings",
    "count": "Count: recordings to exact counts",
    "classify": "Classify: counts to the census",
    "draw": "Draw: the census to figures, claims and the explorer",
    "hub": "Beside the verbs: the model hub",
    "train": "Beside the verbs: training small models",
}
"""Headings under which the commands of each verb stand, in the order in which data flow."""


def application(called: str | None = None) -> App:
    """Give the application with a command for each stage.

    Parameters
    ----------
    called
        the stage that is about to be called, if any: it describes itself; the others are described
        by the first line of their modules, which are not imported
    """
    app = App(
        name="python -m neuron_census",
        help="The stages of the workflow, each by itself.",
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
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        application(given[0] if given else None)(given)
    except CensusError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _first_line(module: str) -> str:
    file = Path(__file__).parent.joinpath(*module.split(".")).with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    main()

"""The command line, one command a stage: `python -m neuron_census record --help` is its manual.

A command's options are its function's parameters. A stage is imported when it is called, and not
before: what one of them needs, the others do without.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, Parameter

from neuron_census import __version__
from neuron_census.errors import CensusError

STAGES = (
    "read_domain",
    "fetch_checkpoint",
    "tokenize",
    "record",
    "count",
    "number_ngrams",
    "count_ngrams",
    "classify",
    "draw",
    "summarise",
    "check_claims",
    "explore",
    "identify_projection",
    "train_tokenizer",
    "train_checkpoint",
    "generate_mathematics",
)


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
    for stage in STAGES:
        summary = None if stage == called else _first_line(stage)
        app.command(f"neuron_census.{stage}:{stage}", name=stage, help=summary)
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


def _first_line(stage: str) -> str:
    module = Path(__file__).with_name(f"{stage}.py")
    if not module.exists():
        return ""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


if __name__ == "__main__":
    main()

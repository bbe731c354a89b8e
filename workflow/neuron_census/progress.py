"""Progress on standard error: a bar where somebody watches, a line now and then in a log file."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from tqdm import tqdm

SECONDS_BETWEEN_LINES_OF_A_LOG = 30.0


def progress(
    *, what: str, unit: str, total: int | None = None, scale: bool | float = False
) -> tqdm[NoReturn]:
    """Show how far a task is, how fast it goes and when it will be done.

    The caller calls `update(n)`, and closes it or uses it in a `with`.

    Parameters
    ----------
    what
        what is being done, in a few words
    unit
        what is counted
    total
        how many there are, where that is known
    scale
        write large counts with k, M, G; a number is also what each count is multiplied with
    """
    watched = sys.stderr.isatty()
    options: dict[str, Any] = {
        "desc": what,
        "unit": unit,
        "total": total,
        "unit_scale": scale,
        "file": sys.stderr if watched else _Log(),
        "dynamic_ncols": watched,
        "mininterval": 0.2 if watched else SECONDS_BETWEEN_LINES_OF_A_LOG,
        "delay": 0.0 if watched else SECONDS_BETWEEN_LINES_OF_A_LOG,
    }
    return tqdm(**options)


class _Log:
    """Standard error for a file: every state of a bar is a line of its own."""

    def write(self, text: str) -> None:
        if line := text.strip():
            print(line, file=sys.stderr)

    def flush(self) -> None:
        sys.stderr.flush()


def note(message: str) -> None:
    """Write a line to standard error without breaking a bar that is being shown."""
    tqdm.write(message, file=sys.stderr)
    sys.stderr.flush()

"""What Snakemake says of a run, in fewer words: long lists are cut, and reasons are said as they are.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from neuron_census.rerun.decision import reasons_by_change

LOGGER = "snakemake.logging"
MOST_NAMED = 4
PROVENANCE = re.compile(r""" --provenance (?:'[^']*'(?:"'"'[^']*')*|\S+)""")
PREFIXES = ("Params have changed since last execution: ",)
HINT = "Some jobs were triggered by provenance information"
NO_COMMAND = "Shell command: None"
AFTER_THE_HINT = "Rules with provenance triggered jobs"


class Shortened(logging.Filter):
    """Shortens what is logged of jobs; nothing is left out but names of files, provenances and a wrong hint."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is shown, after shortening it."""
        said = record.getMessage()
        if said.startswith(HINT):
            record.msg, record.args = why_words(), ()
            return bool(record.msg)
        if said.startswith(AFTER_THE_HINT) or said == NO_COMMAND:
            return False
        fields = vars(record)
        for field in ("input", "output"):
            if isinstance(fields.get(field), list):
                fields[field] = shorten(fields[field])
        if isinstance(fields.get("reason"), str):
            fields["reason"] = shorten_reason(fields["reason"])
        if isinstance(fields.get("shellcmd"), str):
            fields["shellcmd"] = PROVENANCE.sub("", fields["shellcmd"])
            fields["cmd"] = fields["shellcmd"]
        return True


def speak_briefly() -> None:
    """Shorten what Snakemake logs in this process."""
    logger = logging.getLogger(LOGGER)
    if not any(type(one).__name__ == Shortened.__name__ for one in logger.filters):
        logger.addFilter(Shortened())


def shorten(names: Sequence[str]) -> list[str]:
    """Return the first names of a long list, and how many more there are.

    >>> shorten(["a", "b", "c", "d", "e", "f"])
    ['a', 'b', 'c', 'and 3 more']

    Parameters
    ----------
    names
        files of a job
    """
    if len(names) <= MOST_NAMED:
        return list(names)
    shown = list(names[: MOST_NAMED - 1])
    return [*shown, f"and {len(names) - len(shown)} more"]


def shorten_reason(reason: str) -> str:
    """Return why a job runs, with what changed in the words of the config, and long lists cut.

    Parameters
    ----------
    reason
        as Snakemake says it: kinds of reasons, parted by semicolons
    """
    said = []
    for part in reason.split("; "):
        for prefix in PREFIXES:
            part = part.removeprefix(prefix)
        kind, colon, names = part.partition(": ")
        is_list = kind.endswith(("files", "by another job"))
        said.append(f"{kind}{colon}{', '.join(shorten(names.split(', ')))}" if is_list else part)
    shown = shorten(said)
    return "; ".join(shown)


def why_words() -> str:
    """Return what changed since results were made, each change once, with what it makes anew first."""
    changes = reasons_by_change()
    if not changes:
        return ""
    lines = [
        f"    {change}\n        first: {', '.join(shorten(sorted(files)))}"
        for change, files in changes.items()
    ]
    return "\n".join(["What changed since results were made:", *lines])

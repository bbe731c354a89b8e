"""The process in which a stage runs: it ends with the workflow that started it, and says how it ended in words."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from neuron_census.errors import CensusError
from neuron_census.formats.atomic import process_lives

WORKFLOW = "NEURON_CENSUS_WORKFLOW"
"""Environment variable with the process number of the Snakemake that started a stage."""
SECONDS_BETWEEN_LOOKS = 1.0


def watch_the_workflow() -> None:
    """Interrupt this process once the Snakemake that started it lives no more.

    A killed Snakemake cannot end its jobs, and a stage that goes on would write what the next run writes, too.
    """
    given = os.environ.get(WORKFLOW, "")
    if given.isdigit() and int(given) != os.getpid():
        threading.Thread(target=_watch, args=[int(given)], daemon=True).start()


@contextmanager
def ending_in_words() -> Iterator[None]:
    """End the process with one paragraph where its user can mend what went wrong, or wanted it to end.

    A CensusError and a full disk end with status 1, an interruption with 130; anything else is an error of
    the program, and keeps its traceback.
    """
    try:
        yield
    except CensusError as error:
        _say(f"error: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        _say("interrupted: nothing half-written stays, and the same command goes on from here.")
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        if not _is_full_disk(error):
            raise
        _say(
            f"error: {error}: the disk is full. Nothing half-written stays; free some space, or put results "
            "elsewhere with `--directory`, and run the same command again."
        )
        raise SystemExit(1) from None


def _watch(workflow: int) -> None:
    while process_lives(workflow):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGINT)


def _is_full_disk(error: BaseException) -> bool:
    """Return whether an error, or one that it comes from, is a full disk; libraries wrap and reword it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "no space left on device" in str(cause).lower():
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _say(paragraph: str) -> None:
    print(paragraph, file=sys.stderr, flush=True)

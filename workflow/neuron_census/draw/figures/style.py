"""The style file of the figures: read strictly, and applied over matplotlib's own defaults."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib

from neuron_census.errors import CensusError


@contextmanager
def styled(path: Path) -> Iterator[None]:
    """Draw in the style of a file inside this context, whatever matplotlib settings the user has.

    Parameters
    ----------
    path
        a matplotlib style file

    Raises CensusError for a file that is not there, and for a line that matplotlib would ignore.
    """
    settings = _read(path)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def _read(path: Path) -> matplotlib.RcParams:
    if not path.is_file():
        raise CensusError(f"{path}: found no such style file; `draw.style` in the config names it.")
    complaints = _Complaints(logging.WARNING)
    logger = logging.getLogger("matplotlib")
    logger.addHandler(complaints)
    try:
        settings = matplotlib.rc_params_from_file(str(path), use_default_template=False)
    except UnicodeDecodeError as error:
        raise CensusError(f"{path}: cannot be read as a matplotlib style ({error}).") from error
    finally:
        logger.removeHandler(complaints)
    if complaints.heard:
        raise CensusError(
            f"{path}: cannot be read as a matplotlib style. {complaints.heard[0]}. Correct this line; "
            "`python -c 'import matplotlib; print(matplotlib.rcParams)'` lists what can be set."
        )
    return settings


class _Complaints(logging.Handler):
    """What matplotlib says of a line that it cannot read: it warns and goes on."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        complaint = record.getMessage().strip().partition("\n")[0]
        # A setting that is given twice is clear enough: the last one holds.
        if not complaint.startswith("Duplicate key"):
            self.heard.append(complaint)

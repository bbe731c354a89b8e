"""Progress on standard error: a bar where somebody watches, a line now and then in a log file."""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Any, NoReturn

from tqdm import tqdm

SECONDS_BETWEEN_LINES_OF_A_LOG = 30.0
MINUTE, HOUR, DAY = 60, 3600, 86400

_subject = ContextVar("subject", default="")


def speak_of(subject: str) -> None:
    """Name, for the rest of the process, what all its bars are about, such as a model and a shard.

    Parameters
    ----------
    subject
        a few words; several jobs may write to one terminal
    """
    _subject.set(subject)


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
        what is counted, in the singular
    total
        how many there are, where that is known
    scale
        write large counts with k, M, G; a number is also what each count is multiplied with
    """
    watched = sys.stderr.isatty()
    options: dict[str, Any] = {
        "desc": f"{subject}: {what}" if (subject := _subject.get()) else what,
        "unit": unit,
        "total": total,
        "unit_scale": scale,
        "file": sys.stderr if watched else _Log(),
        "dynamic_ncols": watched,
        "mininterval": 0.2 if watched else SECONDS_BETWEEN_LINES_OF_A_LOG,
        "delay": 0.0 if watched else SECONDS_BETWEEN_LINES_OF_A_LOG,
    }
    return _Bar(**options)


def duration(seconds: float) -> str:
    """Return a time for a reader: in days where it is more than one.

    >>> duration(5), duration(600), duration(9000), duration(200000)
    ('5 s', '10 min', '2.5 h', '2.3 days')

    Parameters
    ----------
    seconds
        how long
    """
    if seconds < 100:
        return f"{seconds:.2g} s"
    if seconds < 100 * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < DAY:
        return f"{seconds / HOUR:.1f} h"
    return f"{seconds / DAY:,.1f} days"


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar whose counts are whole numbers and whose times are in words."""

    @staticmethod
    def format_meter(  # type: ignore[override]
        n: float,
        total: float | None,
        elapsed: float,
        *,
        ncols: int | None = None,
        prefix: str = "",
        unit: str = "",
        unit_scale: bool | float = False,
        rate: float | None = None,
        postfix: str | None = None,
        **others: Any,
    ) -> str:
        factor = 1.0 if isinstance(unit_scale, bool) else float(unit_scale)
        done, whole = n * factor, None if total is None else total * factor
        speed = factor * rate if rate else done / elapsed if elapsed else 0.0

        def counted(number: float) -> str:
            if unit_scale is True:
                return _sized(number, unit)
            return f"{round(number):,} {unit if round(number) == 1 else f'{unit}s'}"

        begun = counted(done) if unit_scale is True else f"{round(done):,}"
        said = [f"{begun} of {counted(whole)}" if whole else counted(done)]
        if unit_scale is True or speed >= 1:
            said.append(f"{counted(speed)}/s")
        elif speed > 0:
            said.append(f"{duration(1 / speed)} per {unit}")
        if whole and speed and done < whole:
            said.append(f"{duration((whole - done) / speed)} left")
        else:
            said.append(f"{duration(elapsed)} so far")
        if postfix:
            said.append(str(postfix))
        text = f"{prefix.removesuffix(': ')}: {{}}{', '.join(said)}"
        if not whole:
            return text.format("")
        share = f"{min(1.0, done / whole):.0%}"
        if not ncols:
            return text.format(f"{share}, ")
        # tqdm draws the bar, as long as the line has room for it.
        shape = {**others, "bar_format": text.format(f"{share} |{{bar}}| ")}
        return str(tqdm.format_meter(min(n, total or n), total or n, elapsed, ncols=ncols, **shape))


def _sized(number: float, unit: str) -> str:
    for prefix in ("", "k", "M", "G"):
        if number < 1000:
            return f"{number:.3g} {prefix}{unit}"
        number /= 1000
    return f"{number:.3g} T{unit}"


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

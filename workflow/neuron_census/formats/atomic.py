"""Files and folders that appear whole or not at all, also when several processes write the same one."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

ENDING = ".partial"
ATTEMPTS = 10


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; rename it to `target` on success, remove it on failure.

    The caller creates a file or a folder at the yielded path. Its name is that of host and process, so that
    two processes do not meet, and what a killed process of this host left behind is cleared away by the next.

    Parameters
    ----------
    target
        where the finished file or folder is to be
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_away(target)
    temporary = target.with_name(f".{target.name}.{_owner()}.{uuid4().hex[:8]}{ENDING}")
    try:
        yield temporary
        _replace(temporary, target)
    finally:
        remove(temporary)


def remove(path: Path) -> None:
    """Remove a file or a whole folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _replace(temporary: Path, target: Path) -> None:
    """Put what was written in the place of what was there; of two that do so at once the last one stays."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            if target.is_dir() and not target.is_symlink():
                aside = temporary.with_name(f"{temporary.name}{ENDING}")
                os.replace(target, aside)
                shutil.rmtree(aside)
            os.replace(temporary, target)
            return
        except OSError:
            # Another process may have put its folder there, or taken the old one away, in between.
            if not attempts_left:
                raise


def _owner() -> str:
    host = socket.gethostname().replace("/", "_").replace(".", "_")
    return f"{host}-{os.getpid()}"


def _clear_away(target: Path) -> None:
    """Remove what processes of this host that live no more left of a target."""
    host = _owner().rpartition("-")[0]
    for left in target.parent.glob(f".{_literal(target.name)}.{_literal(host)}-*{ENDING}"):
        process = left.name.removeprefix(f".{target.name}.{host}-").partition(".")[0]
        if process.isdigit() and int(process) != os.getpid() and not process_lives(int(process)):
            remove(left)


def _literal(name: str) -> str:
    """Return a pattern of file names that only this name matches."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def process_lives(process: int) -> bool:
    """Return whether a process of this machine lives, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""Globs over names of files, for folders that are not on a disk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache


@cache
def pattern_expression(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression: `*` and `?` stay within a folder, `**` crosses folders, `[…]` is a set."""
    expression = ""
    place = 0
    while place < len(pattern):
        if pattern.startswith("**/", place):
            expression += "(?:.*/)?"
            place += 3
        elif pattern.startswith("**", place):
            expression += ".*"
            place += 2
        elif (closing := pattern.find("]", place + 2)) > 0 and pattern[place] == "[":
            inside = pattern[place + 1 : closing].replace("\\", r"\\")
            expression += f"[{'^' + inside[1:] if inside[0] == '!' else inside}]"
            place = closing + 1
        else:
            mark = pattern[place]
            expression += {"*": "[^/]*", "?": "[^/]"}.get(mark, re.escape(mark))
            place += 1
    return re.compile(expression, re.DOTALL)


def wanted_and_unwanted(patterns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the patterns that add files, and those that take files away, without the `!` in front."""
    given = list(patterns)
    return (
        [pattern for pattern in given if not pattern.startswith("!")],
        [pattern[1:] for pattern in given if pattern.startswith("!")],
    )


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name, with `/` between folders, matches at least one of the patterns."""
    return any(pattern_expression(pattern).fullmatch(name) for pattern in patterns)

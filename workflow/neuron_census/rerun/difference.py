"""What changed between two provenances, in words that a person compares.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 60


def differences(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[str]:
    """Say what changed from one provenance to another, one phrase for each change.

    >>> differences(
    ...     {"settings": {"classify": {"dead": {"count_bos": False}}}, "code": "1"},
    ...     {"settings": {"classify": {"dead": {"count_bos": True}}}, "code": "1"},
    ... )
    ['classify.dead.count_bos: false -> true']

    Parameters
    ----------
    before
        the provenance in a seal; None where it was made outside a workflow
    now
        the provenance that the configuration asks for
    """
    if before is None:
        return ["it was not made by the workflow"]
    if before == now:
        return []
    said = [
        f"{key}: {_shown(old)} -> {_shown(new)}"
        for key, old, new in _changed(before.get("settings"), now.get("settings"), "")
    ]
    if before.get("stage") != now.get("stage"):
        said.append(f"made by {before.get('stage')}, not by {now.get('stage')}")
    elif before.get("code") != now.get("code"):
        said.append(f"the code of {now.get('stage', 'the stage')} changed")
    said += [
        f"{name} changed" for name, *_ in _changed(before.get("content"), now.get("content"), "")
    ]
    for name, old, new in _changed(before.get("from"), now.get("from"), "", deep=False):
        if old is None:
            said.append(f"{name} is read now")
        elif new is None:
            said.append(f"{name} is read no more")
        else:
            said.append(f"{name} is to be made from something else")
    return said or ["it was made by another version of the workflow"]


def _changed(
    before: Any, now: Any, path: str, *, deep: bool = True
) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path and both values of everything that differs between two nested mappings."""
    if before == now:
        return
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)) or (path and not deep):
        yield path, before, now
        return
    for key in dict.fromkeys([*before, *now]):
        inner = f"{path}.{key}" if path else str(key)
        yield from _changed(before.get(key), now.get(key), inner, deep=deep)


def _shown(value: Any) -> str:
    """Return a value as a config would have it, cut where it is long."""
    text = "nothing" if value is None else json.dumps(value, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

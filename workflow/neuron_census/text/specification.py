"""What the config says of one domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from neuron_census.errors import CensusError, one_of
from neuron_census.paths.json_text import parse_json


@dataclass(frozen=True)
class Group:
    """Consecutive records whose value of `key` agrees up to the mark `before` are one document."""

    key: str
    before: str = ""

    def name_of(self, value: object) -> str:
        """Return a value up to the mark: 'Genesis 1:1' before ':' is 'Genesis 1'."""
        text = str(value)
        return text.partition(self.before)[0] if self.before else text


def _of(*kinds: type) -> dict[str, tuple[type, ...]]:
    """What a field says of a key of the config: the kinds of value that it may have there."""
    return {"kinds": kinds}


@dataclass(frozen=True)
class DomainSpecification:
    """One entry of the catalogue `domains`, checked.

    `files` are globs; one that begins with `!` takes files away again. `text` and the keys of
    `where` are dotted for nested records. `held_out` is the share of documents kept for studies;
    absent, training reads nothing and studies read everything. `documents` is the number of
    documents after which reading stops.
    """

    name: str
    files: tuple[str, ...] = field(default=(), metadata=_of(str, list))
    hub: str | None = field(default=None, metadata=_of(str))
    pypi: str | None = field(default=None, metadata=_of(str))
    revision: str | None = field(default=None, metadata=_of(str))
    sha256: str | None = field(default=None, metadata=_of(str))
    text: str = field(default="text", metadata=_of(str))
    where: Mapping[str, Any] = field(default_factory=dict, metadata=_of(dict))
    group: Group | None = field(default=None, metadata=_of(dict))
    strip_markup: bool = field(default=False, metadata=_of(bool))
    unique: bool = field(default=False, metadata=_of(bool))
    held_out: float | None = field(default=None, metadata=_of(int, float))
    documents: int | None = field(default=None, metadata=_of(int))

    @property
    def given(self) -> dict[str, Any]:
        """What was given, without what was not."""
        everything = asdict(self)
        return {key: value for key, value in everything.items() if value}

    @classmethod
    def from_json(cls, name: str, text: str) -> DomainSpecification:
        """Return the specification that the command line gives as JSON. Raises CensusError."""
        return cls.from_mapping(name, parse_json(text, f"domains.{name}, the specification"))

    @classmethod
    def from_mapping(cls, name: str, given: object) -> DomainSpecification:
        """Return the specification in an entry of the config. Raises CensusError that names the key at fault."""
        where = f"domains.{name}"
        if not isinstance(given, dict):
            raise CensusError(f"{where}: found {given!r}, expected a mapping with `files`.")
        kinds = {entry.name: entry.metadata["kinds"] for entry in fields(cls) if entry.metadata}
        values = {key: value for key, value in given.items() if value is not None}
        for key, value in values.items():
            if key not in kinds:
                raise CensusError(f"{where}: unknown key '{key}'; {one_of(str(key), list(kinds))}")
            # To Python true is a number, too.
            if not isinstance(value, kinds[key]) or (
                type(value) is bool and bool not in kinds[key]
            ):
                raise CensusError(f"{where}.{key}: found {value!r}, expected {_named(kinds[key])}.")
        if "hub" in values and "pypi" in values:
            raise CensusError(f"{where}: found both `hub` and `pypi`; a domain has one source.")
        files = values.pop("files", [])
        patterns = (files,) if isinstance(files, str) else tuple(map(str, files))
        group = values.pop("group", None)
        specification = cls(
            name=name, files=patterns, group=_group(where, group) if group else None, **values
        )
        specification._check(where)
        return specification

    def _check(self, where: str) -> None:
        if not any(not pattern.startswith("!") for pattern in self.files):
            raise CensusError(
                f"{where}.files: found no pattern, expected at least one, such as 'notes/*.txt'."
            )
        if self.held_out is not None and not 0 < self.held_out < 1:
            raise CensusError(
                f"{where}.held_out: found {self.held_out}, expected a share between 0 and 1, both "
                "excluded. Leave the key out if no training reads this domain: the studies then read "
                "every document."
            )
        if self.documents is not None and self.documents < 1:
            raise CensusError(f"{where}.documents: found {self.documents}, expected 1 or more.")
        if self.pypi is not None:
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+", self.pypi):
                raise CensusError(
                    f"{where}.pypi: found '{self.pypi}', expected a pinned version, 'name==1.2.3'."
                )
            if not re.fullmatch(r"[0-9a-f]{64}", self.sha256 or ""):
                raise CensusError(
                    f"{where}.sha256: found '{self.sha256 or ''}', expected the 64 hexadecimal "
                    f"digits of the archive of {self.pypi} (`pip download --no-deps {self.pypi}`, "
                    "then `pip hash FILE`)."
                )
        elif self.sha256 is not None:
            raise CensusError(f"{where}.sha256: only a `pypi` domain has one.")
        if self.revision is not None and self.hub is None:
            raise CensusError(f"{where}.revision: only a `hub` domain has one.")


def _named(types: tuple[type, ...]) -> str:
    return " or ".join(kind.__name__ for kind in types)


def _group(where: str, given: object) -> Group:
    if not isinstance(given, dict) or not {"key"} <= set(given) <= {"key", "before"}:
        raise CensusError(
            f"{where}.group: found {given!r}, expected {{key: NAME}} or "
            "{key: NAME, before: MARK}."
        )
    return Group(key=str(given["key"]), before=str(given.get("before") or ""))

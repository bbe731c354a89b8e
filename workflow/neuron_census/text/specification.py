"""What the config says about one domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from neuron_census.errors import CensusError, one_of
from neuron_census.json_text import parse_json

TYPES: dict[str, tuple[type, ...]] = {
    "files": (str, list),
    "hub": (str,),
    "pypi": (str,),
    "revision": (str,),
    "sha256": (str,),
    "text": (str,),
    "where": (dict,),
    "group": (dict,),
    "strip_markup": (bool,),
    "unique": (bool,),
    "held_out": (int, float),
    "documents": (int,),
}


@dataclass(frozen=True)
class Group:
    """Consecutive records whose value of `key` agrees up to the mark `before` are one document."""

    key: str
    before: str = ""

    def name_of(self, value: object) -> str:
        """Cut a record's value of the key at the mark: 'Genesis 1:1' before ':' is 'Genesis 1'."""
        text = str(value)
        return text.partition(self.before)[0] if self.before else text


@dataclass(frozen=True)
class DomainSpecification:
    """One entry of the catalogue `domains`, checked.

    `files` are globs; one that begins with `!` takes files away again. `text` and the keys of
    `where` are dotted for nested records. `held_out` is the share of documents kept for studies;
    absent, training reads nothing and studies read everything. `documents` is the number of
    documents after which reading stops.
    """

    name: str
    files: tuple[str, ...] = ()
    hub: str | None = None
    pypi: str | None = None
    revision: str | None = None
    sha256: str | None = None
    text: str = "text"
    where: Mapping[str, Any] = field(default_factory=dict)
    group: Group | None = None
    strip_markup: bool = False
    unique: bool = False
    held_out: float | None = None
    documents: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What was given, without what was not."""
        everything = asdict(self)
        return {key: value for key, value in everything.items() if value}

    @classmethod
    def from_json(cls, name: str, text: str) -> DomainSpecification:
        """Read a specification as the command line gives it. Raises CensusError."""
        return cls.from_mapping(name, parse_json(text, f"domains.{name}, the specification"))

    @classmethod
    def from_mapping(cls, name: str, given: object) -> DomainSpecification:
        """Check an entry of the config. Raises CensusError that names the key at fault."""
        where = f"domains.{name}"
        if not isinstance(given, dict):
            raise CensusError(f"{where}: found {given!r}, expected a mapping with `files`.")
        allowed = [entry.name for entry in fields(cls) if entry.name != "name"]
        values = {key: value for key, value in given.items() if value is not None}
        for key, value in values.items():
            if key not in allowed:
                raise CensusError(f"{where}: unknown key '{key}'; {one_of(str(key), allowed)}")
            if not isinstance(value, TYPES[key]):
                raise CensusError(f"{where}.{key}: found {value!r}, expected {_named(TYPES[key])}.")
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
                "left out. Leave the key away if no training reads this domain: studies then read "
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

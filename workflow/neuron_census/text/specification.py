"""What the config says of one domain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.paths.json_text import parse_json
from neuron_census.schema.section import read_section


@dataclass(frozen=True)
class Group:
    """Consecutive records whose value of `key` agrees up to the mark `before` are one document."""

    key: str
    before: str = ""

    def name_of(self, value: object) -> str:
        """Return a value up to the mark: 'Genesis 1:1' before ':' is 'Genesis 1'."""
        text = str(value)
        return text.partition(self.before)[0] if self.before else text


@dataclass(frozen=True, kw_only=True)
class DomainSpecification:
    """One entry of the catalogue `domains`, checked.

    `files` are globs; one that begins with `!` takes files away again. `text` and the keys of
    `where` are dotted for nested records. `held_out` is the share of documents kept for studies;
    absent, training reads nothing and studies read everything. `documents` is the number of
    documents after which reading stops.
    """

    name: str
    files: tuple[str, ...]
    hub: str | None = None
    pypi: str | None = None
    revision: str | None = None
    sha256: str | None = None
    text: str
    where: Mapping[str, Any]
    group: Group | None = None
    strip_markup: bool
    unique: bool
    held_out: float | None = None
    documents: int | None = None

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
        values = read_section(given, "domains", name)
        files, group = values.pop("files"), values.pop("group", None)
        specification = cls(
            name=name,
            files=(files,) if isinstance(files, str) else tuple(files),
            group=Group(**group) if group else None,
            **values,
        )
        specification._check(where)
        return specification

    def _check(self, where: str) -> None:
        """Refuse what the schema cannot say: keys that do not go together, and forms that need an explanation."""
        if self.hub is not None and self.pypi is not None:
            raise CensusError(f"{where}: found both `hub` and `pypi`; a domain has one source.")
        if all(pattern.startswith("!") for pattern in self.files):
            raise CensusError(
                f"{where}.files: found no pattern, expected at least one, such as 'notes/*.txt'."
            )
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

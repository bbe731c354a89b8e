"""Which windows of a domain each study reads, until its budget is filled."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Int64

from neuron_census.errors import CensusError, one_of
from neuron_census.formats.windows import STUDIES
from neuron_census.paths.json_text import parse_json
from neuron_census.schema.section import read_section

ALL = "all"


@dataclass
class Budget:
    """What one study takes of one domain: its first windows, until they hold `tokens` tokens of text.

    `tokens` is None for a study that takes everything. With `only_full`, windows that are shorter than the
    full length are passed over. `taken` counts tokens of text, without the BOS of each window.
    """

    study: str
    tokens: int | None
    only_full: bool
    taken: int = field(default=0, init=False)

    @property
    def filled(self) -> bool:
        """Whether no further window is wanted; never true of a budget of everything."""
        return self.tokens is not None and self.taken >= self.tokens

    def take(
        self, text_tokens: Int64[np.ndarray, " windows"], full: Bool[np.ndarray, " windows"]
    ) -> Bool[np.ndarray, " windows"]:
        """Return which of the next windows the study reads, and count them as taken.

        Parameters
        ----------
        text_tokens
            tokens of each window, without its BOS
        full
            whether each window has the full length
        """
        wanted = full.copy() if self.only_full else np.ones(len(full), dtype=np.bool_)
        counted = np.where(wanted, text_tokens, 0)
        if self.tokens is not None:
            before = self.taken + np.cumsum(counted) - counted
            wanted &= before < self.tokens
        self.taken += int(counted[wanted].sum())
        return wanted


def read_studies(text: str, domains: list[str]) -> dict[str, dict[str, int | None]]:
    """Return the tokens that each study takes of each domain; None where it takes all.

    Parameters
    ----------
    text
        the config's `studies`, as JSON: `{study: [{domain, tokens}]}`
    domains
        names of the domains that can be read

    Raises CensusError that names the entry at fault.
    """
    given = parse_json(text, "studies")
    if not isinstance(given, dict):
        raise CensusError(f"studies: found {given!r}, expected {{study: [{{domain, tokens}}]}}.")
    for study in given:
        if study not in STUDIES:
            raise CensusError(f"studies: unknown study '{study}'; {one_of(study, list(STUDIES))}")
    read = {study: _selections(study, given.get(study, []), domains) for study in STUDIES}
    if not any(read.values()):
        raise CensusError(
            "studies: no study reads any domain; expected at least one {domain, tokens}."
        )
    return read


def _selections(study: str, given: object, domains: list[str]) -> dict[str, int | None]:
    selections: dict[str, int | None] = {}
    for number, entry in enumerate(read_section(given, "studies", study) if given else []):
        where, domain = f"studies.{study}[{number}].domain", entry["domain"]
        if domain not in domains:
            raise CensusError(f"{where}: unknown domain '{domain}'; {one_of(domain, domains)}")
        if domain in selections:
            raise CensusError(f"{where}: '{domain}' occurs twice; give one budget for it.")
        selections[domain] = None if entry["tokens"] == ALL else entry["tokens"]
    return selections

"""What the configuration says of a publication: title, licences, and where weights and text come from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from neuron_census.errors import CensusError

NOT_STATED = "not stated"
PAPER = {
    "name": "Neurons in Large Language Models: Dead, N-gram, Positional",
    "authors": "Elena Voita, Javier Ferrando, Christoforos Nalmpantis",
    "venue": "Findings of the Association for Computational Linguistics: ACL 2024",
    "url": "https://arxiv.org/abs/2309.04827",
}
BIBTEX = (
    "@inproceedings{voita2024neurons, "
    "title={Neurons in Large Language Models: Dead, N-gram, Positional}, "
    "author={Voita, Elena and Ferrando, Javier and Nalmpantis, Christoforos}, "
    "booktitle={Findings of the Association for Computational Linguistics: ACL 2024}, year={2024}}"
)


@dataclass(frozen=True)
class About:
    """What is said of a publication.

    `models` and `domains` have, by name, where weights and text come from, in words (`origin`), and their licence
    (`licence`, null where it is not stated); `studies` what was read. `date` is the day of the publication.
    """

    title: str
    description: str
    licence: str | None
    version: str
    url: str | None
    creators: list[str]
    date: str
    models: Mapping[str, Mapping[str, Any]]
    domains: Mapping[str, Mapping[str, Any]]
    studies: Mapping[str, list[Mapping[str, Any]]]

    @classmethod
    def from_json(cls, text: str) -> About:
        """Read what `neuron_census.config.publication.describe` has put together.

        Parameters
        ----------
        text
            a JSON object

        Raises CensusError for any other text.
        """
        try:
            said = json.loads(text)
            return cls(**(said | {"date": said["date"] or datetime.now(UTC).date().isoformat()}))
        except (ValueError, TypeError, KeyError) as error:
            raise CensusError(
                f"about: expected a JSON object that describes a publication ({error}). Publish with "
                "`snakemake publish`."
            ) from error


def licence_url(licence: str) -> str:
    """Return the address of a licence: of an SPDX identifier that of its text; anything else as it is.

    >>> licence_url("CC-BY-4.0")
    'https://spdx.org/licenses/CC-BY-4.0.html'
    """
    is_identifier = " " not in licence and "/" not in licence
    return f"https://spdx.org/licenses/{licence}.html" if is_identifier else licence

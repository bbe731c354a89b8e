"""Records of a data set on the Hugging Face hub, streamed file by file, never saved whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuron_census.errors import CensusError
from neuron_census.text.records import Record
from neuron_census.text.specification import DomainSpecification

LONGEST_REASON = 300


def read_hub_records(specification: DomainSpecification) -> Iterator[Record]:
    """Yield the records of a `hub` domain in the order of its files, streamed.

    Only data are read: a data set that needs code of its own to be run is refused. A key is the
    repository and the number of the record, counted over all files before any condition.

    Raises CensusError if the hub, the repository, the revision or a file cannot be read.
    """
    if any(pattern.startswith("!") for pattern in specification.files):
        raise CensusError(
            f"domains.{specification.name}.files: '!' takes files away only from local files and "
            "from a `pypi` distribution; name the files of a hub repository that are wanted."
        )
    repository = str(specification.hub)
    if Path(repository).exists():
        raise CensusError(
            f"domains.{specification.name}.hub: '{repository}' is also a path below {Path.cwd()}, "
            "which would be read instead of the hub. Run elsewhere, or make it a domain of local "
            "`files`."
        )
    try:
        for number, value in enumerate(_stream(specification)):
            yield Record(f"{repository}#{number}", f"{repository}, record {number}", value)
    # Half a dozen libraries are involved, and what they raise has no other ancestor in common.
    except Exception as error:
        revision = specification.revision or "its newest revision"
        raise CensusError(
            f"domains.{specification.name}: {', '.join(specification.files)} of the hub repository "
            f"'{repository}' at {revision} cannot be read: {_first_line(error)} Check the name, "
            "the revision, the files and the network (HF_ENDPOINT, HF_TOKEN and the proxy settings "
            "count)."
        ) from error


def _stream(specification: DomainSpecification) -> Iterator[Any]:
    from datasets import load_dataset  # slow to import, and most domains need none of it

    yield from load_dataset(
        specification.hub,
        revision=specification.revision,
        data_files={"train": _files(specification)},
        split="train",
        streaming=True,
    )


def _files(specification: DomainSpecification) -> list[str]:
    """Patterns, each of files that no other matches: the library reads a file once for every pattern."""
    from datasets.data_files import resolve_pattern

    patterns = list(dict.fromkeys(specification.files))
    if len(patterns) == 1:
        return patterns
    at = f"@{specification.revision}" if specification.revision else ""
    folder = f"hf://datasets/{specification.hub}{at}"
    found = [file for pattern in patterns for file in resolve_pattern(pattern, base_path=folder)]
    return list(dict.fromkeys(found))


def _first_line(error: BaseException) -> str:
    lines = (line.strip() for line in str(error).splitlines())
    text = next((line for line in lines if line), "no reason given")
    text = text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"
    return f"{type(error).__name__}: {text.rstrip('.')}."

"""The documents of a domain: `read_documents` reads every kind of source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.text.document import Document
from neuron_census.text.hub_dataset import read_hub_records
from neuron_census.text.local_files import find_local_files
from neuron_census.text.markup import strip_markup
from neuron_census.text.passages import meets, passages_of, value_of, without_surrogates
from neuron_census.text.pypi_distribution import find_distribution_files
from neuron_census.text.records import Record, read_records
from neuron_census.text.specification import DomainSpecification, Group

BETWEEN_STRINGS = "\n\n"
BETWEEN_RECORDS = "\n"


@dataclass
class Dropped:
    """What was left out: documents without text, and passages that had occurred before."""

    empty_documents: int = 0
    first_empty: str = ""
    repeated_passages: int = 0


@dataclass
class _Draft:
    """A document whose passages are being collected."""

    key: str
    between: str
    passages: list[str] = field(default_factory=list)


def read_documents(
    specification: DomainSpecification,
    search_folders: Sequence[Path],
    dropped: Dropped | None = None,
) -> Iterator[Document]:
    """Yield the documents of a domain, in the order of its source.

    Parameters
    ----------
    specification
        where the text is and how it is read
    search_folders
        where relative paths are looked up, in this order
    dropped
        counts what was left out

    Raises CensusError that names the file, and the line, row or byte, at fault.
    """
    dropped = dropped if dropped is not None else Dropped()
    records = (
        record
        for record in _records(specification, search_folders)
        if not specification.where or meets(record, specification.where)
    )
    drafts = _drafts(records, specification)
    yield from islice(_finished(drafts, specification, dropped), specification.documents)


def _records(
    specification: DomainSpecification, search_folders: Sequence[Path]
) -> Iterator[Record]:
    if specification.hub is not None:
        yield from read_hub_records(specification)
        return
    files = (
        find_distribution_files(specification)
        if specification.pypi is not None
        else find_local_files(specification.name, specification.files, search_folders)
    )
    for file in files:
        yield from read_records(file)


def _drafts(records: Iterator[Record], specification: DomainSpecification) -> Iterator[_Draft]:
    group, text = specification.group, specification.text
    if group is None:
        for record in records:
            between = BETWEEN_STRINGS if record.whole_file else BETWEEN_RECORDS
            yield _Draft(record.key, between, passages_of(record, text))
        return
    names: dict[str, int] = {}
    draft: _Draft | None = None
    current = ""
    for record in records:
        name = _group_key(record, group)
        if draft is None or name != current:
            if draft is not None:
                yield draft
            names[name] = names.get(name, 0) + 1
            again = f" ({names[name]})" if names[name] > 1 else ""
            draft, current = _Draft(name + again, BETWEEN_RECORDS), name
        draft.passages.extend(passages_of(record, text))
    if draft is not None:
        yield draft


def _group_key(record: Record, group: Group) -> str:
    value = value_of(record, group.key)
    if isinstance(value, dict | list):
        raise CensusError(
            f"{record.place}: the key '{group.key}' holds {type(value).__name__}, expected a text or a number "
            "that consecutive records share. Set the domain's `group.key` to one that has it."
        )
    name = without_surrogates(group.name_of(value))
    return f"{record.key.partition('#')[0]}#{name}"


def _finished(
    drafts: Iterator[_Draft], specification: DomainSpecification, dropped: Dropped
) -> Iterator[Document]:
    seen_as_written: set[bytes] = set()
    seen_as_read: set[bytes] = set()
    for draft in drafts:
        passages = draft.passages
        if specification.unique and specification.strip_markup:
            # What is the same as written is the same as read; this spares most of the stripping.
            passages = _new(passages, seen_as_written, dropped)
        if specification.strip_markup:
            passages = [strip_markup(passage) for passage in passages]
        if specification.unique:
            passages = _new(passages, seen_as_read, dropped)
        text = draft.between.join(passage for passage in passages if passage)
        if text.strip():
            yield Document(draft.key, text)
        else:
            dropped.first_empty = dropped.first_empty or draft.key
            dropped.empty_documents += 1


def _new(passages: list[str], seen: set[bytes], dropped: Dropped) -> list[str]:
    fresh = []
    for passage in passages:
        digest = hashlib.blake2b(passage.encode(), digest_size=16).digest()
        if digest in seen:
            dropped.repeated_passages += 1
        else:
            seen.add(digest)
            fresh.append(passage)
    return fresh

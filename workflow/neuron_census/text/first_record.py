"""A first look at the files of a domain: whether their records have the keys that the config names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.text.local_files import find_local_files
from neuron_census.text.passages import meets, passages_of, value_of
from neuron_census.text.records import parquet_keys, read_records
from neuron_census.text.source_file import SourceFile
from neuron_census.text.specification import DomainSpecification


def check_first_record(specification: DomainSpecification, search_folders: Sequence[Path]) -> None:
    """Refuse a domain of local files whose first record lacks the text, at the cost of reading that record.

    Parameters
    ----------
    specification
        where the text is and how it is read
    search_folders
        where relative paths are looked up, in this order

    Raises CensusError that names the file and the key; for Parquet, of every file by its columns alone.
    """
    files = find_local_files(specification.name, specification.files, search_folders)
    for file in files:
        if file.kind == ".parquet" and not file.compression:
            _check_columns(file, specification)
    if files[0].kind == ".jsonl":
        _check_line(files[0], specification)


def _check_columns(file: SourceFile, specification: DomainSpecification) -> None:
    group = [specification.group.key] if specification.group else []
    keys = parquet_keys(file)
    for key in [specification.text, *group, *specification.where]:
        if key not in keys:
            raise CensusError(
                f"{file.place}: no column '{key}'. Found {', '.join(_some(keys))}. Set the domain's `text`, "
                "`group.key` or `where` to columns that are there, dotted for one inside another."
            )


def _check_line(file: SourceFile, specification: DomainSpecification) -> None:
    record = next(read_records(file))
    if meets(record, specification.where):
        passages_of(record, specification.text)
        if specification.group:
            value_of(record, specification.group.key)


def _some(keys: Iterable[str]) -> list[str]:
    return sorted(keys)[:20]

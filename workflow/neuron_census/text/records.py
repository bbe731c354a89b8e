"""From the bytes of a file to its records, by the ending of the file's name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from neuron_census.errors import CensusError, one_of
from neuron_census.text.source_file import SourceFile

PLAIN = (".txt", ".py", ".md", ".rst")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Record:
    """What may become a document: a whole text (str), or parsed JSON or a table's row.

    `place` says where it is, for messages; `key` names it for good, and is part of the order of
    documents.
    """

    key: str
    place: str
    value: Any
    whole_file: bool = False


def read_records(file: SourceFile) -> Iterator[Record]:
    """Read the records of a file. Raises CensusError that names the file and the line or byte."""
    readers: dict[str, Callable[[SourceFile], Iterator[Record]]] = {
        **dict.fromkeys(PLAIN, _plain_text),
        ".json": _json,
        ".jsonl": _json_lines,
        ".parquet": _parquet,
    }
    if file.kind not in readers:
        raise CensusError(
            f"{file.place}: the ending '{file.kind}' names no format that can be read; "
            f"{one_of(file.kind, list(readers))} Each may also end in .gz or .zst."
        )
    return readers[file.kind](file)


def _plain_text(file: SourceFile) -> Iterator[Record]:
    yield Record(file.name, file.place, _decode(file.content(), file.place), whole_file=True)


def _json(file: SourceFile) -> Iterator[Record]:
    text = _decode(file.content(), file.place)
    try:
        yield Record(file.name, file.place, json.loads(text), whole_file=True)
    except json.JSONDecodeError as error:
        raise CensusError(f"{file.place}: broken JSON: {error}.") from error


def _json_lines(file: SourceFile) -> Iterator[Record]:
    empty = True
    for number, first, line in file.lines():
        place = f"{file.place}, line {number}"
        text = _decode(line, place, first)
        if not text.strip():
            continue
        empty = False
        try:
            value = json.loads(text)
        except json.JSONDecodeError as error:
            raise CensusError(
                f"{place}: broken JSON: {error.msg} at column {error.colno}. Expected one JSON "
                "object a line."
            ) from error
        if not isinstance(value, dict):
            raise CensusError(
                f"{place}: found {type(value).__name__} ({text.strip()[:60]}), expected an object."
            )
        yield Record(f"{file.name}#{number}", place, value)
    if empty:
        raise CensusError(f"{file.place}: the file is empty; expected one JSON object a line.")


def _parquet(file: SourceFile) -> Iterator[Record]:
    number = 0
    try:
        table = pq.ParquetFile(io.BytesIO(file.content()))
        for batch in table.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                yield Record(f"{file.name}#{number}", f"{file.place}, row {number}", row)
                number += 1
    except (pa.ArrowException, OSError) as error:
        raise CensusError(f"{file.place}: cannot be read as Parquet: {error}.") from error


def _decode(content: bytes, place: str, first: int = 0) -> str:
    try:
        return content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise CensusError(
            f"{place}: not UTF-8: byte {first + error.start} is 0x{content[error.start]:02x} "
            f"({error.reason}). Convert the file, for example with `iconv -f ENCODING -t UTF-8`."
        ) from error

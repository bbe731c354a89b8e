"""From the bytes of a file to its records, by the ending of its name."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from neuron_census.errors import CensusError, one_of
from neuron_census.paths.json_text import parse_json
from neuron_census.text.source_file import SourceFile

PLAIN = (".txt", ".py", ".md", ".rst")
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Record:
    """What may become a document: a whole text (str), or parsed JSON or a table's row.

    `place` says where it is, for messages; `key` is its permanent name, on which the order of
    documents depends.
    """

    key: str
    place: str
    value: Any
    whole_file: bool = False


def read_records(file: SourceFile) -> Iterator[Record]:
    """Return the records of a file; reading them raises CensusError that names the file and the line or byte."""
    readers: dict[str, Callable[[SourceFile], Iterator[Record]]] = {
        **dict.fromkeys(PLAIN, _plain_text),
        ".json": _json,
        ".jsonl": _json_lines,
        ".parquet": _parquet,
    }
    if file.kind not in readers:
        raise CensusError(
            f"{file.place}: the ending '{file.kind}' is not that of a format that can be read; "
            f"{one_of(file.kind, list(readers))} Each may also end in .gz or .zst."
        )
    return readers[file.kind](file)


def _plain_text(file: SourceFile) -> Iterator[Record]:
    yield Record(file.name, file.place, _decode(file.content(), file.place), whole_file=True)


def _json(file: SourceFile) -> Iterator[Record]:
    value = parse_json(_decode(file.content(), file.place), file.place)
    yield Record(file.name, file.place, value, whole_file=True)


def _json_lines(file: SourceFile) -> Iterator[Record]:
    empty = True
    for number, first, line in file.lines():
        place = f"{file.place}, line {number}"
        text = _decode(line, place, first)
        if not text.strip():
            continue
        empty = False
        value = parse_json(text, place, "Expected one JSON object per line.")
        if not isinstance(value, dict):
            raise CensusError(
                f"{place}: found {type(value).__name__} ({text.strip()[:60]}), expected an object."
            )
        yield Record(f"{file.name}#{number}", place, value)
    if empty:
        raise CensusError(f"{file.place}: the file is empty; expected one JSON object per line.")


def _parquet(file: SourceFile) -> Iterator[Record]:
    import pyarrow as pa  # slow to import, and most domains need none of it
    import pyarrow.parquet as pq

    number = 0
    try:
        table = pq.ParquetFile(io.BytesIO(file.content()))
        for batch in table.iter_batches(batch_size=1024):
            for row in batch.to_pylist():
                yield Record(f"{file.name}#{number}", f"{file.place}, row {number}", row)
                number += 1
    except UnicodeDecodeError as error:
        raise CensusError(
            f"{file.place}: the rows from {number} on hold text that is not UTF-8 ({error.reason}). Write the "
            "file again, its text as UTF-8."
        ) from error
    except (pa.ArrowException, OSError) as error:
        raise CensusError(
            f"{file.place}: cannot be read as Parquet: {error}. Fetch or write it again."
        ) from error


def parquet_keys(file: SourceFile) -> set[str]:
    """Return the columns of a Parquet file, and the fields of those that are records, by their dotted keys.

    Only the end of the file is read. Raises CensusError if it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.open() as opened:
            waiting = [("", field) for field in pq.read_schema(opened)]
    except (pa.ArrowException, OSError) as error:
        raise CensusError(
            f"{file.place}: cannot be read as Parquet: {error}. Fetch or write it again."
        ) from error
    keys = set()
    while waiting:
        above, field = waiting.pop()
        keys.add(above + field.name)
        if pa.types.is_struct(field.type):
            waiting += [(f"{above}{field.name}.", inner) for inner in field.type]
    return keys


def _decode(content: bytes, place: str, first: int = 0) -> str:
    try:
        return content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        raise CensusError(
            f"{place}: not UTF-8: byte {first + error.start} is 0x{content[error.start]:02x} "
            f"({error.reason}). Convert the file, for example with `iconv -f ENCODING -t UTF-8`."
        ) from error

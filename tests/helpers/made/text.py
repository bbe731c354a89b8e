"""Text for tests: files of every kind, and a wheel, made by hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

from neuron_census.formats.domain_table import make_domain_table, write_domain_table
from neuron_census.text.document import Document
from neuron_census.text.documents import Dropped, read_documents
from neuron_census.text.specification import DomainSpecification

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.compress,
}


def json_lines(records: Sequence[Any]) -> bytes:
    """One JSON value a line."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def parquet(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A Parquet file of these rows."""
    file = io.BytesIO()
    pl.DataFrame(rows).write_parquet(file)
    return file.getvalue()


def save(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a folder and return it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(
    folder: Path | Sequence[Path], dropped: Dropped | None = None, **specification: Any
) -> list[Document]:
    """Read the documents of a domain 'made' in the source's order."""
    folders = [folder] if isinstance(folder, Path) else folder
    checked = DomainSpecification.from_mapping("made", specification)
    return list(read_documents(checked, folders, dropped))


def save_domain(path: Path, texts: Sequence[str], held_out: float | None = None) -> Path:
    """Write a domain table of these texts, keyed by their number, and return its path."""
    documents = [Document(f"text-{number}", text) for number, text in enumerate(texts)]
    table = make_domain_table(path.stem, documents, seed=0, held_out=held_out)
    write_domain_table(table, path, {"files": ["made"], "seed": 0})
    return path


def make_wheel(folder: Path, files: Mapping[str, bytes | str]) -> tuple[Path, str]:
    """Make the wheel of a distribution 'made-text' 1.0 and return it with its sha256."""
    path = folder / "made_text-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    about = "made_text-1.0.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: made-text\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()

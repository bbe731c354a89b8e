"""Pieces of data that a page opened from disk can load: scripts that hand them over.

A browser does not let such a page read any other file, but it runs scripts that lie beside it. What a
script hands over is deflated and in base64, so that no text can end the script or become part of it.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64encode
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Shaped

NAME = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*")
LEVEL = 6
JSON = "json"


def write_chunk(folder: Path, name: str, kind: str, payload: bytes) -> None:
    """Write `{name}.js`, which calls `census_data(name, kind, payload)`.

    Parameters
    ----------
    folder
        where the data of the explorer are
    name
        name of the piece, with slashes; never a text that comes from outside
    kind
        `json` or a numpy type of fixed size, little-endian
    payload
        the bytes

    Raises ValueError for a name with other characters, which is an error of the program.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of a chunk")
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = b64encode(deflate.compress(payload) + deflate.flush())
    path = folder / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b'census_data("%b","%b","%b");\n' % (name.encode(), kind.encode(), packed))


def write_array(folder: Path, name: str, values: Shaped[np.ndarray, "*shape"]) -> None:
    """Write numbers as a chunk; whole numbers have the smallest type that holds them all.

    Parameters
    ----------
    folder
        where the data of the explorer are
    name
        name of the chunk
    values
        integers, or float32; in C order
    """
    kept = values.astype("<f4") if values.dtype.kind == "f" else _smallest(values)
    write_chunk(folder, name, kept.dtype.name, kept.tobytes())


def columns_json(frame: pl.DataFrame) -> str:
    """Return a table as a JSON object with one array per column."""
    if frame.width == 0 or frame.height == 0:
        return "{" + ",".join(f'"{name}":[]' for name in frame.columns) + "}"
    return frame.select(pl.all().implode()).write_ndjson().strip()


def _smallest(values: Shaped[np.ndarray, "*shape"]) -> Shaped[np.ndarray, "*shape"]:
    """Return whole numbers in the smallest type of which JavaScript has arrays."""
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    for kind in (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return values.astype(np.dtype(kind).newbyteorder("<"))
    return values.astype("<f8")

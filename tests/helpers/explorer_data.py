"""What the explorer's chunks of data hand over to its page."""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np


def handed_over(folder: Path, name: str) -> tuple[str, bytes]:
    """Return the kind and the payload of a chunk."""
    text = (folder / "data" / f"{name}.js").read_text(encoding="ascii")
    found = re.fullmatch(r'census_data\("([^"]*)","([^"]*)","([^"]*)"\);\n', text)
    assert found is not None and found[1] == name
    return found[2], zlib.decompress(b64decode(found[3]), wbits=-15)


def chunk(folder: Path, name: str) -> Any:
    """Return what a chunk hands over, as the page reads it."""
    kind, payload = handed_over(folder, name)
    return json.loads(payload) if kind == "json" else np.frombuffer(payload, dtype=kind)

"""DataTables, as the Python package itables contains it."""

from __future__ import annotations

from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

from neuron_census.draw.explorer.chunk import write_chunk
from neuron_census.errors import CensusError

PACKAGE = "itables"


def write_table_library(folder: Path, data: Path) -> None:
    """Write the library's code as a chunk, and its style sheet and licence as they are.

    Parameters
    ----------
    folder
        where the files of the page are
    data
        where the data of the explorer are

    Raises CensusError where the package is not installed whole.
    """
    # Importing it would load pandas for nothing.
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise CensusError(
            f"the package {PACKAGE} is not installed, and the explorer's tables need it. Install the "
            "packages that requirements.lock names."
        )
    bundle = Path(found.origin).parent / "html" / "dt_bundle.js"
    try:
        write_chunk(data, "tables", "javascript", bundle.read_bytes())
        (folder / "tables.css").write_bytes(bundle.with_suffix(".css").read_bytes())
        (folder / "tables_licence.txt").write_text(_licence(), encoding="utf-8")
    except FileNotFoundError as error:
        raise CensusError(
            f"{error.filename}: the package {PACKAGE} lacks this file. Install it again."
        ) from error


def _licence() -> str:
    package = distribution(PACKAGE)
    files = [file for file in package.files or [] if file.name == "LICENSE"]
    texts = [file.read_text(encoding="utf-8") for file in files]
    head = (
        f"data/tables.js and tables.css: DataTables, as {PACKAGE} {package.version} contains it.\n"
    )
    return "\n".join([head, "DataTables: © SpryMedia Ltd, MIT licence, as below.\n", *texts])

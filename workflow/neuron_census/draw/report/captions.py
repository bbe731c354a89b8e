"""Captions, as reStructuredText is shown on a page; Snakemake's own report reads the same files."""

from __future__ import annotations

import re
from pathlib import Path

from docutils.core import publish_parts
from docutils.utils import SystemMessage
from markupsafe import Markup

from neuron_census.errors import CensusError

SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "embed_stylesheet": False,
    "report_level": 2,
    "halt_level": 2,
    "warning_stream": False,
    # An equation or a quotation mark stays what it is.
    "smart_quotes": False,
}
FATES = "fates_"
NUMBERED = re.compile(r"fig0*(\d+)_(.+)")


def read_caption(folder: Path, name: str) -> Markup:
    """Return a caption as HTML.

    Parameters
    ----------
    folder
        the folder of captions, `{name}.rst`
    name
        what it is a caption of: a figure, claims, summary, sensitivity

    Raises CensusError where there is none, or it cannot be read as reStructuredText.
    """
    file = folder / f"{name}.rst"
    try:
        text = file.read_text(encoding="utf-8")
        parts = publish_parts(text, writer="html5", settings_overrides=SETTINGS)
    except OSError as error:
        raise CensusError(
            f"{file}: cannot be read ({error.strerror}); expected the caption of {name}. Write what it "
            "shows, what to look at, and how it deviates from the paper."
        ) from error
    except SystemMessage as error:
        raise CensusError(
            f"{file}: is no valid reStructuredText ({error}). Correct that line."
        ) from error
    return Markup(parts["body"])


def figure_title(name: str) -> str:
    """Return what a figure is called above its picture.

    >>> figure_title("fig13_bigram_detectors"), figure_title("figure_coverage")
    ('Figure 13: bigram detectors', 'Coverage')

    Parameters
    ----------
    name
        name of its files
    """
    if found := NUMBERED.fullmatch(name):
        return f"Figure {found[1]}: {found[2].replace('_', ' ')}"
    if name.startswith(FATES):
        return f"What became of neurons: {name.removeprefix(FATES)}"
    words = name.removeprefix("figure_").replace("_", " ")
    return words[:1].upper() + words[1:]

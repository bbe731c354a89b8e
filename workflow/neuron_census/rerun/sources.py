"""What is read and not made: models and tokenizers from outside, and the files of the pages.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from neuron_census.config.selection import Selection
from neuron_census.rerun.statement import folder_content, hub_content

TOKENIZER_FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
CHECKPOINT_FILES = ("config.json", "*.safetensors", "*.bin", "*.index.json")

# What the pages of the explorer and of the report are made from, besides code.
EXPLORER = Path(__file__).parents[1] / "draw" / "explorer"
REPORT = EXPLORER.with_name("report")
CAPTIONS = Path(__file__).parents[2] / "report"


def explorer_page() -> list[Path]:
    """Return the files of the explorer's page."""
    return _page_files(EXPLORER)


def report_page() -> list[Path]:
    """Return the files of the report's page, without those that it shares with the explorer."""
    return _page_files(REPORT)


def captions_of(names: Iterable[str]) -> list[Path]:
    """Return the captions that there are, of figures and tables by name."""
    files = [CAPTIONS / f"{name}.rst" for name in names]
    return [file for file in files if file.exists()]


def _page_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.suffix in (".html", ".js", ".css")]


def tokenizer_content(selection: Selection, name: str) -> Mapping[str, str]:
    """Return a digest of a tokenizer's files, or its revision on the hub, by what it is. Raises CensusError."""
    entry = selection.tokenizer(name)
    if "hub" in entry:
        return hub_content(entry)
    folder = selection.tokenizer_folder(name)
    return {f"the tokenizer {name}": folder_content(folder, TOKENIZER_FILES)}


def checkpoint_content(selection: Selection, model: str) -> Mapping[str, str]:
    """Return a digest of a checkpoint's files, or its revision on the hub, by what it is. Raises CensusError."""
    entry = selection.config["checkpoints"][model]
    if "hub" in entry:
        return hub_content(entry)
    folder = selection.checkpoint_folder(model)
    return {f"the checkpoint {model}": folder_content(folder, CHECKPOINT_FILES)}

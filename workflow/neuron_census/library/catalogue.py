"""Where the checkpoint and the tokenizer of a model lie, by the config of the run that took its census."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neuron_census.config.check import DEFAULT, REPOSITORY, merged, read_yaml
from neuron_census.config.configuration import configure
from neuron_census.config.selection import Selection
from neuron_census.errors import CensusError, one_of

RESULTS = "results"


@dataclass(frozen=True)
class Source:
    """Folders of a checkpoint and of its tokenizer."""

    checkpoint: Path
    tokenizer: Path


def find_source(results: Path, model: str, configfiles: Sequence[Path]) -> Source:
    """Return where a model's checkpoint and tokenizer lie.

    Parameters
    ----------
    results
        the folder of results
    model
        its name in the config's catalogue
    configfiles
        files that are merged over the default config, as Snakemake was given them

    Raises CensusError for a model that the catalogue does not have, and for one that is not on this machine.
    """
    config = read_yaml(DEFAULT)
    for path in configfiles:
        config = merged(config, read_yaml(path))
    config = configure(config)
    if model not in config["checkpoints"]:
        raise CensusError(
            f"checkpoints: the config has no '{model}'; {one_of(model, list(config['checkpoints']))} Give the "
            "file that Snakemake was given with --configfile, or the model's folder with --checkpoint."
        )
    run = results.absolute().parent
    selection = Selection(config, folders=(run, Path.cwd(), REPOSITORY))
    source = Source(
        _within(results, selection.checkpoint_folder(model)),
        _within(results, selection.tokenizer_folder(selection.tokenizer_of(model))),
    )
    for folder in (source.checkpoint, source.tokenizer):
        if not folder.is_dir():
            raise CensusError(
                f"{folder}: is not there, and the config says that '{model}' is. Make it with `snakemake "
                f"--cores 1 {folder}`, or give the model's folder with --checkpoint."
            )
    return source


def _within(results: Path, folder: Path) -> Path:
    """Return a folder that a run has made, in these results; any other as it is."""
    made = not folder.is_absolute() and folder.parts[:1] == (RESULTS,)
    return results.joinpath(*folder.parts[1:]) if made else folder

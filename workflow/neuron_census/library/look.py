"""Look at one neuron in the terminal: how often it is active, what it detects, promotes and encodes.

python -m neuron_census look opt-mini-l 2 534
"""

from __future__ import annotations

import json as json_format
from pathlib import Path

from neuron_census.library.census import Census
from neuron_census.library.neuron_sheet import NeuronSheet
from neuron_census.library.printed_sheet import print_sheet
from neuron_census.library.terminal import open_console


def look(
    model: str,
    layer: int,
    neuron: int,
    /,
    *,
    results: Path = Path("results"),
    most: int = 8,
    json: bool = False,
) -> None:
    """Print everything that a census knows of one neuron.

    Parameters
    ----------
    model
        its name in the config, such as opt-mini-l
    layer
        number of the layer, from 0
    neuron
        number of the neuron in its layer, from 0
    results
        the folder of results that has the model's census
    most
        how many n-grams, tokens and contexts of a kind are shown
    json
        print a JSON object with all that is known, in place of tables
    """
    sheet = NeuronSheet.read(Census.open(results), model, layer, neuron)
    if json:
        print(json_format.dumps(sheet.as_object(), indent=1))
    else:
        print_sheet(sheet, open_console(), most)

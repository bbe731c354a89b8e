"""Draw a comparison: what became of neurons along the checkpoints of a training run, as one figure.

draw_comparison(comparisons=[path], style=style, output=Path("figures/fates_checkpoints"))
"""

from __future__ import annotations

from pathlib import Path

from neuron_census.draw.figures import neuron_fates
from neuron_census.draw.figures.figure import write_drawn
from neuron_census.draw.figures.style import styled
from neuron_census.errors import CensusError
from neuron_census.formats.parquet import read_metadata
from neuron_census.formats.seal import check_same, read_seal
from neuron_census.formats.table_files import read_table
from neuron_census.formats.tables.comparison import COMPARED, COMPARISON


def draw_comparison(*, comparisons: list[Path], style: Path, output: Path) -> None:
    """Draw what became of neurons as PDF and PNG, with the numbers that the figure shows as CSV.

    Parameters
    ----------
    comparisons
        comparison tables in the order of the checkpoints; each begins with the model that the last one ended with
    style
        matplotlib style file
    output
        path of the figure, without its ending
    """
    if not comparisons:
        raise CensusError("comparisons: found no table, expected one for each pair of checkpoints.")
    check_same(read_seal(path) for path in comparisons)
    tables = [
        (*(read_metadata(path, COMPARED) or ["?", "?"]), read_table(path, COMPARISON))
        for path in comparisons
    ]
    for path, (_, ended, _), (begun, _, _) in zip(
        comparisons[1:], tables, tables[1:], strict=False
    ):
        if begun != ended:
            raise CensusError(
                f"{path}: begins with the model '{begun}', and the table before it ends with '{ended}'; expected "
                "comparisons in the order of the checkpoints."
            )
    with styled(style):
        numbers = neuron_fates.table(tables)
        write_drawn(numbers, neuron_fates.draw(numbers), output)

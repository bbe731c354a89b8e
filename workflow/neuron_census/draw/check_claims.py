"""Check: what the paper claims, against the census of every model."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from neuron_census.draw.claims.claim import judge, read_claims
from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.model_tables import by_model
from neuron_census.formats.seal import sealed


def check_claims(
    *,
    claims: Path,
    census: list[Path],
    triggers: list[Path],
    positions: list[Path],
    experiments: str = "{}",
    output: Path,
) -> None:
    """Say of every claim whether it holds, does not hold, or cannot be said with these models.

    Where a run has other models than those that a claim speaks of, it is tested on what corresponds to
    them, and the row says that this is an analogue.

    Parameters
    ----------
    claims
        the claims, a TOML file
    census
        the census tables, `{model}.parquet`
    triggers
        the triggers tables of the same models
    positions
        the positions tables of the same models
    experiments
        the config's `experiments`, as JSON
    output
        a CSV file with a row a claim
    """
    tables = by_model(census, {"triggers": triggers, "positions": positions})
    run = {name: Measured(name, model) for name, model in tables.items()}
    verdicts = [judge(claim, run, json.loads(experiments)) for claim in read_claims(claims)]
    frame = pl.DataFrame(
        [
            {
                "claim": verdict.claim.name,
                "section": verdict.claim.section,
                "figure": verdict.claim.figure,
                "says": verdict.claim.says,
                "test": verdict.claim.exact_test,
                "speaks_of": " ".join(verdict.claim.models),
                "tested_on": " ".join(verdict.models),
                "analogue": verdict.is_analogue,
                "verdict": verdict.verdict,
                "found": verdict.found,
                "published": verdict.claim.published,
            }
            for verdict in verdicts
        ]
    )
    with sealed(output) as temporary:
        frame.write_csv(temporary)

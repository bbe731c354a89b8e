"""Check: what the paper claims, against the census of every model.

check_claims(claims=path, census=[path], triggers=[path], positions=[path], output=Path("claims.csv"))
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from neuron_census.draw.claims.claim import find_analogues, judge, read_claims
from neuron_census.draw.claims.measured import Measured
from neuron_census.draw.model_tables import by_model
from neuron_census.formats.seal import sealed


def check_claims(
    *,
    claims: Path,
    our_claims: Path | None = None,
    census: list[Path],
    triggers: list[Path],
    positions: list[Path],
    ablations: list[Path] | None = None,
    shown: str = "{}",
    output: Path,
) -> None:
    """Say of every claim whether it holds, does not hold, or cannot be said with these models.

    Where a run has none of the models that claims speak of, they are tested on what corresponds to these
    models, and the row says that this is an analogue. Claims of our own are tested on all models.

    Parameters
    ----------
    claims
        TOML file of the paper's claims
    our_claims
        TOML file of claims of our own, which are tested on all models
    census
        the census tables, `{model}.parquet`
    triggers
        the triggers tables of the same models
    positions
        the positions tables of the same models
    ablations
        the ablations tables of the same models, where there are any
    shown
        the models that figures show, by the list of the config that names them (`models`, and those of
        `experiments`), as JSON
    output
        CSV file with one row per claim
    """
    companions = {"triggers": triggers, "positions": positions, "ablations": ablations}
    tables = by_model(census, companions)
    run = {name: Measured(name, model) for name, model in tables.items()}
    known = read_claims(claims)
    if our_claims is not None:
        known += read_claims(our_claims)
    lists = json.loads(shown)
    analogues = find_analogues(known, run, lists)
    ours = lists.get("models", list(run))
    verdicts = [judge(claim, run, analogues, ours) for claim in known]
    frame = pl.DataFrame(
        [
            {
                "claim": verdict.claim.name,
                "section": verdict.claim.section,
                "figure": verdict.claim.figure,
                "source": verdict.claim.source,
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

"""How often the rules of patterns are right on made curves, and how fast they are.

    python tests/benchmarks/bench_patterns.py

Prints the share that is right by length and number of windows, and which type is taken for which.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.made.curves import KINDS, made_curves
from helpers.made.thresholds import pattern_rules
from neuron_census.classify.positions.patterns import classify_patterns, describe

LENGTHS = (64, 128, 256, 512, 2048)
WINDOWS = (100, 200, 500, 1000, 4000)
CURVES = 200
"""Of each type, for each length and number of windows."""


def main() -> None:
    """Print the share that is right by length and windows, and which type is taken for which."""
    rules, generator = pattern_rules(), np.random.default_rng(0)
    taken = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
    seconds, described = 0.0, 0
    print("positions  windows  right")
    for length in LENGTHS:
        for windows in WINDOWS:
            right = 0
            for true, kind in enumerate(KINDS):
                curves = made_curves(kind, CURVES, length, windows, generator)
                start = time.perf_counter()
                found = classify_patterns(describe(curves, windows, rules), rules).rows()
                seconds, described = (
                    seconds + time.perf_counter() - start,
                    described + curves.size,
                )
                for other in found:
                    taken[true, KINDS.index(other)] += 1
                right += found.count(kind)
            print(f"{length:9}  {windows:7}  {right / (CURVES * len(KINDS)):.1%}")
    names = [f"{pattern}, {strength}" for pattern, strength in KINDS]
    table = pl.DataFrame(taken, schema=names, orient="row").insert_column(
        0, pl.Series("made as / taken for", names)
    )
    with pl.Config(tbl_cols=-1, tbl_rows=-1, tbl_width_chars=200, tbl_hide_column_data_types=True):
        print(table)
    print(f"{described / seconds / 1e6:.0f} million positions a second")


if __name__ == "__main__":
    main()

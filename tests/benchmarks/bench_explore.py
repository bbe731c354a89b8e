"""The explorer of a large model: how long it takes to make, how large it is, how fast it answers.

    python tests/benchmarks/bench_explore.py [--layers 64] [--neurons 36864] [--triggers 10] [--contexts 1]

Tables of a made model, by default of the size of OPT-66b, become an explorer; then headless Chromium
opens it from disk and does what a reader does. The folder is removed at the end, unless one is named.
Contexts are made of few layers, for they are by far the largest part; their tokens are drawn at random, which
compresses worse than text does.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers.browser.chromium import Chromium, chromium
from helpers.made.census import Size, made_census, vocabulary
from neuron_census.draw.explore import explore
from neuron_census.formats.context import BEFORE, KINDS, TOKENS
from neuron_census.formats.table_files import write_table_parts
from neuron_census.formats.tables.contexts import CONTEXTS


def bytes_of(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files of a folder."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return sum(sizes), len(sizes)


def drawn_contexts(path: Path, census: pl.DataFrame, size: Size, most: int = 8) -> Path:
    """Write contexts of the alive neurons of some layers, of both kinds, with tokens as frequent as words are."""
    generator = np.random.default_rng(0)
    alive = census.filter(~pl.col("dead")).select("layer", "neuron")
    texts = pl.Series(vocabulary(size.vocabulary))
    path.parent.mkdir(parents=True)

    def of_layer(rows: pl.DataFrame) -> pl.DataFrame:
        kinds = pl.DataFrame(
            {
                "kind": pl.Series(np.repeat(KINDS, most), dtype=pl.Categorical()),
                "rank": pl.Series([*range(1, most + 1)] * len(KINDS), dtype=pl.Int16),
            }
        )
        found = rows.join(kinds, how="cross")
        shape = (len(found), TOKENS)
        tokens = (size.vocabulary ** generator.random(shape)).astype(np.int32)
        fires = generator.random(shape) < 0.2
        values = np.where(fires, generator.gamma(1, 1, shape), 0).astype(np.float16)
        lists = {
            "tokens": pl.Series(tokens, dtype=pl.Array(pl.Int32, TOKENS)).arr.to_list(),
            "texts": texts.gather(tokens.reshape(-1)).reshape((-1, TOKENS)).arr.to_list(),
            "activations": pl.Series(values.astype(np.float32)).arr.to_list(),
        }
        numbers = pl.Series(generator.integers(BEFORE, 2000, len(found)), dtype=pl.Int32)
        return found.with_columns(
            window=numbers,
            domain=pl.lit("prose", dtype=pl.Categorical()),
            document=numbers // 2,
            position=numbers,
            activation=pl.Series(values.max(axis=1).astype(np.float32)),
            start=numbers - BEFORE,
            **lists,
        ).select(list(CONTEXTS.columns))

    parts = alive.partition_by("layer", maintain_order=True)
    write_table_parts((of_layer(rows) for rows in parts), CONTEXTS, path)
    return path


def made(folder: Path, size: Size, layers_with_contexts: int) -> Path:
    start = time.perf_counter()
    tables = made_census(folder, "made-66b", size)
    census = pl.read_parquet(tables.census, columns=["layer", "neuron", "dead"])
    contexts = drawn_contexts(
        folder / "contexts" / tables.census.name,
        census.filter(pl.col("layer") < layers_with_contexts),
        size,
    )
    print(f"tables made in {time.perf_counter() - start:.0f} s, {bytes_of(folder)[0] / 1e6:.0f} MB")
    start = time.perf_counter()
    explore(**tables.options(), contexts=[contexts], output=folder / "explorer")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"explore: {time.perf_counter() - start:.0f} s, at most {peak:.1f} GB of memory with the making"
    )
    for part in ("", "columns", "neurons", "detected", "triggers", "contexts"):
        total, count = bytes_of(folder / "explorer" / (f"data/model-0/{part}" if part else ""))
        print(f"  {part or 'all':24} {total / 1e6:8.1f} MB in {count} files")
    alive = census.filter(~pl.col("dead"), pl.col("layer") < layers_with_contexts).height
    print(f"  contexts: {total / max(1, alive):.0f} bytes of each alive neuron")
    return folder / "explorer"


def answers(page: Chromium, size: Size) -> None:
    last = size.layers // 2 - 1
    steps = {
        "overview": "",
        "the same, sorted": "order=kind",
        "by frequency": "colour=frequency",
        "by pattern": "colour=pattern",
        "table": "view=neurons",
        "sorted by frequency": "view=neurons&sort=frequency&direction=desc",
        "sorted by I(act, pos)": "view=neurons&sort=position_mi&direction=desc",
        "dead ones by neuron": "view=neurons&class=dead&sort=neuron",
        "search": "view=search&q=word",
        "search bigrams": "view=search&q=word&n=2",
        "search a trigger": "view=search&q=word7",
        "search a trigram": "view=search&q=word7&n=3",
        "neuron": f"view=neuron&layer={last}&neuron={size.neurons - 1}",
        "neuron with contexts": f"view=neuron&layer=0&neuron={size.neurons - 1}",
    }
    print(f"{'':24} {'first':>8} {'again':>8}  s")
    for name, state in steps.items():
        page.leave()
        seconds = [page.timed(state)]
        page.goto("view=search&q=nothing-has-this-text")
        seconds.append(page.timed(state))
        print(f"{name:24} " + " ".join(f"{one:8.2f}" for one in seconds))
    used = page.script("return performance.memory.usedJSHeapSize") / 1e6
    print(f"memory of the page's own objects: {used:.0f} MB")
    assert not page.complaints(), page.complaints()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--layers", type=int, default=64)
    parser.add_argument("--neurons", type=int, default=36_864)
    parser.add_argument("--triggers", type=int, default=10, help="of each neuron and length")
    parser.add_argument(
        "--contexts", type=int, default=1, help="layers whose neurons have contexts"
    )
    parser.add_argument("--folder", type=Path, help="where to leave what is made")
    arguments = parser.parse_args()
    # Shares as the paper has them of OPT-66b: many dead neurons, few detectors, few positional ones.
    size = Size(
        layers=arguments.layers,
        neurons=arguments.neurons,
        length=2048,
        vocabulary=50_000,
        dead=0.4,
        detectors=0.01,
        positional=0.001,
        triggers=arguments.triggers,
    )
    with tempfile.TemporaryDirectory() as place:
        folder = made(arguments.folder or Path(place), size, arguments.contexts)
        with chromium(folder) as page:
            answers(page, size)


if __name__ == "__main__":
    main()

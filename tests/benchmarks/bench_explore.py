"""The explorer of a large model: how long it takes to make, how large it is, how fast it answers.

    python tests/benchmarks/bench_explore.py [--layers 64] [--neurons 36864] [--triggers 10]

Tables of a made model, by default of the size of OPT-66b, become an explorer; then headless Chromium
opens it from disk and does what a reader does. The folder is removed at the end, unless one is named.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers.browser.chromium import Chromium, chromium
from helpers.made.census import Size, made_census
from neuron_census.draw.explore import explore


def bytes_of(folder: Path) -> tuple[int, int]:
    """Bytes and number of the files of a folder."""
    sizes = [file.stat().st_size for file in folder.rglob("*") if file.is_file()]
    return sum(sizes), len(sizes)


def made(folder: Path, size: Size) -> Path:
    start = time.perf_counter()
    tables = made_census(folder, "made-66b", size)
    print(f"tables made in {time.perf_counter() - start:.0f} s, {bytes_of(folder)[0] / 1e6:.0f} MB")
    start = time.perf_counter()
    explore(**tables.options(), output=folder / "explorer")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"explore: {time.perf_counter() - start:.0f} s, at most {peak:.1f} GB of memory with the making"
    )
    for part in ("", "data/model-0/columns", "data/model-0/neurons", "data/model-0/detected"):
        total, count = bytes_of(folder / "explorer" / part)
        print(f"  {part or 'all':24} {total / 1e6:8.1f} MB in {count} files")
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
        "neuron": f"view=neuron&layer={last}&neuron={size.neurons - 1}",
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
        folder = made(arguments.folder or Path(place), size)
        with chromium(folder) as page:
            answers(page, size)


if __name__ == "__main__":
    main()

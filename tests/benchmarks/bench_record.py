"""Recording against the bare forward: time and peak memory, side by side in one run.

    python tests/benchmarks/bench_record.py [--threads 2] [--rounds 5] [--windows 4] [--cpu-time]

A 125m-shaped checkpoint with random weights reads the same full-length windows twice in turn: through
transformers' own `OPTModel` (no language-model head), and through the recording stage, which counts,
packs, finds contexts, compresses and writes. All three studies read every window. Prints the ratio of each round.
On a machine that does other work as well, `--cpu-time` compares the seconds that processors spent.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numba
import polars as pl
import torch
from transformers import OPTConfig, OPTForCausalLM, OPTModel

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers.made.windows import made_windows
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.micro_batch import MicroBatch, micro_batches
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import DTYPES, Memory, Request, make_plan
from neuron_census.record.planning.work import Work
from neuron_census.record.shard import Decoder, record_batches

WINDOW, VOCABULARY = 2048, 50272
EVERYTHING = {"dead", "ngrams", "positions"}


def make_125m(folder: Path) -> Path:
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=VOCABULARY,
        hidden_size=768,
        num_hidden_layers=12,
        ffn_dim=3072,
        num_attention_heads=12,
        max_position_embeddings=WINDOW,
        word_embed_proj_dim=768,
    )
    OPTForCausalLM(config).save_pretrained(folder)
    return folder


def windows(count: int) -> pl.DataFrame:
    return made_windows(
        [WINDOW] * count, studies=[EVERYTHING] * count, domains=["a"] * count, vocabulary=VOCABULARY
    )


def bare_forward(model: OPTModel, batches: list[MicroBatch]) -> None:
    with torch.inference_mode():
        for batch in batches:
            model(input_ids=torch.from_numpy(batch.ids), use_cache=False)


class Recording:
    """The recording stage after the weights are read, which the bare forward has in memory as well."""

    def __init__(self, folder: Path, batches: list[MicroBatch], dtype: str) -> None:
        device = torch.device("cpu")
        source = Checkpoint.open(folder)
        self.batches = batches
        size = ModelSize.of_checkpoint(source)
        self.plan = make_plan(
            Request(
                model=size,
                work=Work.of(batches, size, domains=1, window=WINDOW, ngram_layers=6, contexts=8),
                dtype=DTYPES[dtype],
                device="cpu",
                memory=Memory(1 << 40, 1 << 40),
                free_disk=1 << 50,
                weights="resident",
            )
        )
        self.decoder = Decoder.load(source, self.plan, device)
        self.attributes = {"domains": ["a"], "window_length": WINDOW, "ffn_dim": 3072}

    def run(self) -> None:
        with tempfile.TemporaryDirectory() as place:
            record_batches(
                Path(place) / "0.zarr", self.decoder, self.batches, self.plan, self.attributes
            )


def compare(
    folder: Path, dtype: str, count: int, rounds: int, clock: Callable[[], float]
) -> list[float]:
    batches = list(micro_batches(windows(count), ["a"], WINDOW))
    model = OPTModel.from_pretrained(folder, dtype=DTYPES[dtype]).eval()
    recording = Recording(folder, batches, dtype)
    bare_forward(model, batches[:1])
    Recording(folder, batches[:1], dtype).run()
    ratios = []
    for _ in range(rounds):
        start = clock()
        bare_forward(model, batches)
        middle = clock()
        recording.run()
        bare, recorded = middle - start, clock() - middle
        ratios.append(recorded / bare)
        print(f"  {dtype:9} bare {bare:6.2f} s   recording {recorded:6.2f} s   {ratios[-1]:.3f}")
    return ratios


def peak_of_recording(folder: Path, count: int) -> float:
    """Peak memory (MB) of a process of its own that records `count` windows in float32."""
    code = (
        "import sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]; import bench_record as b; "
        "from pathlib import Path; "
        "batches = list(b.micro_batches(b.windows(int(sys.argv[4])), ['a'], b.WINDOW)); "
        "b.Recording(Path(sys.argv[3]), batches, 'float32').run(); "
        "text = Path('/proc/self/status').read_text(); "
        "print(int(text.split('VmHWM:')[1].split()[0]) / 1e3)"
    )
    here = Path(__file__).parent
    result = subprocess.run(
        [sys.executable, "-c", code, str(here), str(here.parent), str(folder), str(count)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(result.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--windows", type=int, default=4, help="full windows of 2,048 tokens")
    parser.add_argument(
        "--cpu-time", action="store_true", help="seconds of processors, not of a clock"
    )
    parser.add_argument("--memory", action="store_true", help="also measure memory, tenfold corpus")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    numba.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as place:
        folder = make_125m(Path(place))
        clock = time.process_time if arguments.cpu_time else time.perf_counter
        summary = []
        for dtype in ("float32", "bfloat16"):
            ratios = compare(folder, dtype, arguments.windows, arguments.rounds, clock)
            summary.append((dtype, min(ratios), statistics.median(ratios), max(ratios)))
        print(f"\n| dtype, {arguments.threads} threads | min | median | max |\n|---|---|---|---|")
        for dtype, *values in summary:
            print(f"| {dtype} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
        if arguments.memory:
            small, large = (peak_of_recording(folder, count) for count in (2, 20))
            print(f"\npeak memory: {small:.0f} MB for 2 windows, {large:.0f} MB for 20")


if __name__ == "__main__":
    main()

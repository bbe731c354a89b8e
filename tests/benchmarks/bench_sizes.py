"""A checkpoint of any size is recorded in memory that is known beforehand: wall, peak, bytes read.

    python tests/benchmarks/shaped_checkpoints.py 66b /data/shaped-66b
    python tests/benchmarks/bench_sizes.py /data/shaped-66b --windows 2 --length 16 --memory 8GB

Runs the recording stage in a process of its own, from files that are not in the page cache. All studies read
every window. Where the matrices are zeros, every neuron is active if its bias is above zero: that is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers.made.windows import made_windows
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.formats.windows import write_windows

STAGE = """
import json, sys, time
from pathlib import Path
import neuron_census.record.record
from neuron_census.__main__ import main
began = time.perf_counter()
main(sys.argv[1:])
io = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({"wall": time.perf_counter() - began, "cpu": time.process_time(),
    "peak": int(status["VmHWM"].split()[0]) * 1024,
    "disk": int(io["read_bytes"]), "read": int(io["rchar"])}))
"""


def forget(folder: Path) -> None:
    """Take a checkpoint's files out of the page cache."""
    for file in folder.iterdir():
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def write_table(folder: Path, windows: int, length: int, vocabulary: int) -> Path:
    """Write a window table of random tokens, each window of full length and read by every study."""
    table = made_windows(
        [length] * windows,
        studies=[{"dead", "ngrams", "positions"}] * windows,
        domains=["made"] * windows,
        vocabulary=vocabulary,
    )
    path = folder / "windows.parquet"
    write_windows(
        table,
        path,
        window_length=length,
        bos=2,
        vocabulary=vocabulary,
        shards=1,
        domains=["made"],
    )
    return path


def record(checkpoint: Path, windows: Path, output: Path, options: list[str]) -> dict[str, float]:
    """Run the stage and tell wall (s), peak resident memory, and bytes read from disk and by calls."""
    called = ["record", "--checkpoint", checkpoint, "--windows", windows, "--output", output]
    result = subprocess.run(
        [sys.executable, "-c", STAGE, *map(str, called), "--shard", "0", *options],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return measured


def check_zeros(checkpoint: Checkpoint, store: Path, tokens: int) -> str:
    """Compare the counts with the signs of the biases, where all matrices are zeros."""
    layers = range(checkpoint.config.num_hidden_layers)
    first = checkpoint.tensor("layers.0.fc1.weight")
    if first.any():
        return "matrices are not zeros: nothing to check here"
    expected = [checkpoint.tensor(f"layers.{n}.fc1.bias").numpy() > 0 for n in layers]
    found = np.asarray(zarr.open_array(store / "counts/active")[:, 0])
    assert np.array_equal(found, tokens * np.array(expected)), "the counts are wrong"
    return f"all {found.size:,} counts are as the biases say"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--times", type=int, default=2, help="the first takes the digest as well")
    parser.add_argument("options", nargs="*", help="of the stage, after --")
    parser.add_argument("--memory", default="auto")
    arguments = parser.parse_args()
    opened = Checkpoint.open(arguments.checkpoint)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        windows = write_table(folder, arguments.windows, arguments.length, opened.config.vocab_size)
        options = ["--dtype", arguments.dtype, "--threads", arguments.threads]
        options += ["--memory", arguments.memory, *arguments.options]
        output = folder / "recordings" / "made" / "0.zarr"
        for _ in range(arguments.times):
            forget(arguments.checkpoint)
            time.sleep(2)
            measured = record(arguments.checkpoint, windows, output, options)
            print(
                f"wall {measured['wall']:.0f} s   peak {measured['peak'] / 1e9:.2f} GB   from disk "
                f"{measured['disk'] / 1e9:.1f} GB   read {measured['read'] / 1e9:.1f} GB   checkpoint "
                f"{sum(tensor.size_bytes for tensor in opened.tensors.values()) / 1e9:.1f} GB",
                flush=True,
            )
        text = arguments.windows * (arguments.length - 1)
        print(check_zeros(opened, output, text))


if __name__ == "__main__":
    main()

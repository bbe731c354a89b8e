"""Streaming against accelerate's disk offload: eight micro-batches of the same windows, with little memory.

    pip install accelerate
    python tests/benchmarks/shaped_checkpoints.py 1.3b /data/shaped-1.3b --fill
    python tests/benchmarks/bench_offload.py /data/shaped-1.3b --memory 2GB --length 128

Both compute in bfloat16 on the CPU and begin with a cold cache. Run as root where control groups (version 1 or
2) are mounted, so that each gets no more memory than given, page cache included; a limit below the
checkpoint's size is what makes reading matter. Beside them: one read of the checkpoint's files from a
cold cache, and the bare arithmetic (every micro-batch through one layer in memory, times the layers).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.bench_sizes import STAGE, forget, write_table
from neuron_census.record.planning.host_memory import CGROUPS, read_size

BATCHES = 8
REPORT = """
io = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
print(json.dumps({"wall": time.perf_counter() - began, "cpu": time.process_time(), "disk": int(io["read_bytes"])}))
"""
OFFLOAD = (
    """
import json, sys, time
from pathlib import Path
import torch
from accelerate import disk_offload, init_empty_weights
from transformers import OPTConfig, OPTModel
began = time.perf_counter()
folder, offloaded, length, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
with init_empty_weights():
    model = OPTModel(OPTConfig.from_pretrained(folder)).to(torch.bfloat16).eval()
disk_offload(model, offloaded, execution_device=torch.device("cpu"), offload_buffers=True)
generator = torch.Generator().manual_seed(0)
with torch.inference_mode():
    for _ in range(8):
        ids = torch.randint(4, 50272, (1, length), generator=generator)
        model(input_ids=ids, use_cache=False)
"""
    + REPORT
)
READ = (
    """
import json, sys, time
from pathlib import Path
began = time.perf_counter()
piece = bytearray(1 << 24)
for file in sorted(Path(sys.argv[1]).glob("*.bin")):
    with file.open("rb", buffering=0) as stream:
        while stream.readinto(piece):
            pass
"""
    + REPORT
)
ARITHMETIC = (
    """
import json, sys, time
from pathlib import Path
import torch
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.forward.decoder import run_layer
from neuron_census.forward.weights import load_layer
checkpoint = Checkpoint.open(Path(sys.argv[1]))
length, layers = int(sys.argv[2]), checkpoint.config.num_hidden_layers
torch.set_num_threads(int(sys.argv[3]))
layer = load_layer(checkpoint, 0, torch.bfloat16, torch.device("cpu"))
hidden = torch.randn(1, length, checkpoint.config.hidden_size).bfloat16()
with torch.inference_mode():
    run_layer(layer, hidden, lambda seen: None, last=False)
    began = time.perf_counter()
    for _ in range(8 * layers):
        run_layer(layer, hidden, lambda seen: None, last=False)
"""
    + REPORT
)
PREPARE = """
import sys
from pathlib import Path
from accelerate.utils import offload_weight, save_offload_index
from neuron_census.checkpoint.checkpoint import Checkpoint
import torch
checkpoint, folder, index = Checkpoint.open(Path(sys.argv[1])), sys.argv[2], {}
for name in checkpoint.names:
    offload_weight(checkpoint.tensor(name, dtype=torch.bfloat16), f"decoder.{name}", folder, index)
save_offload_index(index, folder)
"""


@contextmanager
def limited(most: int | None) -> Iterator[Path | None]:
    """A control group whose processes have at most so many bytes, page cache included."""
    if most is None:
        yield None
        return
    first = (CGROUPS / "memory").is_dir()
    group = (CGROUPS / "memory" if first else CGROUPS) / f"census-benchmark-{os.getpid()}"
    group.mkdir()
    (group / ("memory.limit_in_bytes" if first else "memory.max")).write_text(str(most))
    try:
        yield group
    finally:
        group.rmdir()


def run(script: str, *arguments: object, group: Path | None = None) -> dict[str, float]:
    """Run a script in a process of its own, inside a control group; what its last line says."""
    enter = "" if group is None else f"echo $$ > {group}/cgroup.procs; "
    result = subprocess.run(
        ["sh", "-c", enter + 'exec "$@"', "sh", sys.executable, "-c", script, *map(str, arguments)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, float] = json.loads((result.stdout.splitlines() or ["{}"])[-1])
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--memory", default="auto", help="of each process, page cache included")
    parser.add_argument("--length", type=int, default=128, help="tokens of each of the 8 windows")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    arguments = parser.parse_args()
    folder, length, threads = arguments.checkpoint, arguments.length, arguments.threads
    place = Path(tempfile.mkdtemp(dir=arguments.scratch))
    rows = {}
    try:
        windows = write_table(place, BATCHES, length, 50272)
        (place / "offloaded").mkdir()
        run(PREPARE, folder, place / "offloaded")
        os.sync()
        with limited(read_size(arguments.memory, "--memory")) as group:
            options = ["--checkpoint", folder, "--windows", windows, "--dtype", "bfloat16"]
            options += [
                "--batch-tokens",
                length,
                "--threads",
                threads,
                "--memory",
                arguments.memory,
            ]
            output = place / "recordings" / "0.zarr"
            stage = [STAGE, "record", *options, "--output", output]
            # The digest is taken once for a checkpoint, by the first shard; not what is compared here.
            run(*stage, group=group)
            for name, command in {
                "one read of the files": (READ, folder),
                "bare arithmetic": (ARITHMETIC, folder, length, threads),
                "recording, streamed": stage,
                "accelerate disk offload": (OFFLOAD, folder, place / "offloaded", length, threads),
                "bare arithmetic, again": (ARITHMETIC, folder, length, threads),
            }.items():
                forget(folder)
                forget(place / "offloaded")
                time.sleep(2)
                rows[name] = run(*command, group=group)
                print(name, rows[name], flush=True)
    finally:
        shutil.rmtree(place)
    print("\n| | wall (s) | processor (s) | read from disk (GB) |\n|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | {row['wall']:.0f} | {row['cpu']:.0f} | {row['disk'] / 1e9:.1f} |")
    ours, theirs = rows["recording, streamed"], rows["accelerate disk offload"]
    print(f"\nbytes read: 1/{theirs['disk'] / max(1, ours['disk']):.1f} of accelerate's")


if __name__ == "__main__":
    main()

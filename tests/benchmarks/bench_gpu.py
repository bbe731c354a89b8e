"""On a GPU: which part of the measured matmul rate recording reaches, resident and streamed, and its overhead.

    python tests/benchmarks/shaped_checkpoints.py 6.7b /data/shaped-6.7b --fill
    python tests/benchmarks/bench_gpu.py /data/shaped-6.7b [--windows 128] [--dtype float16]

All windows have 2,048 tokens and are read by every study. Four ways in turn, each several times: the bare forward of
all layers (no recorder), recording with all layers resident where they fit, recording with every layer
streamed from files in the page cache, and a large matrix product. Goals: at least half of the matmul rate from 6.7b
on, streamed within 5% of resident, recording within 5% of the bare forward.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.formats.windows import STUDIES
from neuron_census.forward.device import acquire_device
from neuron_census.forward.micro_batch import MicroBatch, full_windows
from neuron_census.forward.outbox import Outbox
from neuron_census.forward.stream import stream
from neuron_census.record.planning.description import describe
from neuron_census.record.planning.host_memory import free_host_memory
from neuron_census.record.planning.matmul_rate import matmul_rate
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.plan import DTYPES, MICRO_BATCH, Memory, Plan, Request, make_plan
from neuron_census.record.planning.work import Work
from neuron_census.record.shard import Decoder, record_batches

WINDOW = 2048


def bare(decoder: Decoder, batches: list[MicroBatch], plan: Plan) -> None:
    """The same forward with nobody looking."""
    outbox = Outbox(decoder.device)
    try:
        with torch.inference_mode():
            stream(
                batches,
                embedding=decoder.embedding,
                weights=decoder.weights,
                recorders=[],
                outbox=outbox,
                highest_layer=lambda batch: plan.request.model.layers - 1,
                super_batch_tokens=plan.super_batch,
                hidden_states=plan.hidden_states,
                advanced=lambda layer, tokens: None,
            )
    finally:
        outbox.close()


def recorded(decoder: Decoder, batches: list[MicroBatch], plan: Plan, threads: int) -> None:
    attributes = {"window_length": WINDOW}
    with tempfile.TemporaryDirectory() as place:
        record_batches(Path(place) / "0.zarr", decoder, batches, plan, attributes, threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--windows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtype", default="float16", choices=DTYPES)
    parser.add_argument("--threads", type=int, default=4, help="that compress and write")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    arguments = parser.parse_args()
    dtype = DTYPES[arguments.dtype]
    with acquire_device(arguments.device) as device:
        source = Checkpoint.open(arguments.checkpoint)
        size = ModelSize.of_checkpoint(source)
        tokens = arguments.windows * WINDOW
        micro_batch = MICRO_BATCH[device.type]
        batches = list(full_windows(tokens, WINDOW, micro_batch, frozenset(STUDIES)))
        half = (size.layers + 1) // 2
        host = free_host_memory(None)
        on_device = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else host
        request = Request(
            model=size,
            work=Work.of(batches, size, domains=1, window=WINDOW, ngram_layers=half),
            dtype=dtype,
            device=device.type,
            memory=Memory(on_device, host),
            free_disk=1 << 50,
        )
        plan = make_plan(request)
        rate = matmul_rate(size.width, size.ffn_dim, dtype, device)
        print(describe(plan, rate=rate, held=0))
        streamed = replace(plan, resident=0)
        ways = {"streamed": (Decoder.load(source, streamed, device), streamed)}
        resident = make_plan(replace(request, weights="resident"))
        if resident.device_bytes <= 0.8 * on_device:
            ways["resident"] = (Decoder.load(source, resident, device), resident)
        for round_number in range(arguments.rounds + 1):
            for name, (decoder, chosen) in ways.items():
                for what in ("bare", "recording"):
                    start = time.perf_counter()
                    if what == "bare":
                        bare(decoder, batches, chosen)
                    else:
                        recorded(decoder, batches, chosen, arguments.threads)
                    taken = time.perf_counter() - start
                    reached = request.work.operations / taken
                    label = "warm-up" if round_number == 0 else f"round {round_number}"
                    print(
                        f"{label:8} {name:9} {what:10} {taken:7.2f} s  {tokens / taken:9,.0f} tokens/s  "
                        f"{reached / 1e12:7.1f} TFLOP/s  {reached / rate:.2f} of the matmul rate",
                        flush=True,
                    )
        if device.type == "cuda":
            print(f"peak on the GPU {torch.cuda.max_memory_allocated(device) / 1e9:.1f} GB")


if __name__ == "__main__":
    main()

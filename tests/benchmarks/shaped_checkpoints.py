"""Checkpoints of the sizes of the hub's OPT models, sharded as there, without their weights.

    python tests/benchmarks/shaped_checkpoints.py 6.7b /data/shaped-6.7b --fill
    python tests/benchmarks/shaped_checkpoints.py 66b /data/shaped-66b

Names, shapes, types and files are those that the hub ships (float16 in `.bin` shards of at most 10 GB).
Matrices are zeros that take no room on the disk, or with `--fill` random numbers that do; norms and
biases are written either way.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedConfig

from neuron_census.checkpoint.names import decoder_shapes
from neuron_census.checkpoint.published import published_config
from neuron_census.checkpoint.tensors import StoredTensor, bin_header

SHARD_BYTES = 10 * 10**9
# Random numbers are drawn once and written again and again, from another place each time.
POOL = 1 << 26


# How the files of each size spell names.
PREFIXES = {
    "125m": "model.decoder.",
    "1.3b": "model.decoder.",
    "6.7b": "decoder.",
    "13b": "decoder.",
    "30b": "decoder.",
    "66b": "model.decoder.",
}


def shaped_config(name: str) -> PreTrainedConfig:
    """Return the configuration of a size, as the hub has it."""
    config = published_config(f"facebook/opt-{name}")
    config.architectures = ["OPTForCausalLM"]
    config.dtype = torch.float16
    return config


def make_shaped(folder: Path, name: str, *, fill: bool) -> Path:
    """Write a checkpoint of a size into a folder, which is returned; one that is there is kept."""
    if (folder / "config.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    config, prefix = shaped_config(name), PREFIXES[name]
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    held = 0
    for tensor, shape in decoder_shapes(config).items():
        size = 2 * math.prod(shape)
        if shards[-1] and held + size > SHARD_BYTES:
            shards.append({})
            held = 0
        shards[-1][prefix + tensor] = shape
        held += size
    weight_map: dict[str, str] = {}
    pool = _pool()
    for number, shapes in enumerate(shards, start=1):
        file = f"pytorch_model-{number:05d}-of-{len(shards):05d}.bin"
        # Memory that is never touched: only the place of the bytes is written.
        content = {key: torch.empty(shape, dtype=torch.float16) for key, shape in shapes.items()}
        with torch.serialization.skip_data():
            torch.save(content, folder / file)
        for place, stored in enumerate(bin_header(folder / file).values()):
            if fill or len(stored.shape) == 1:
                _write(stored, pool, seed=1000 * number + place)
        weight_map |= dict.fromkeys(shapes, file)
        print(f"{file}: {len(shapes)} tensors", flush=True)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    config.save_pretrained(folder)
    return folder


def _pool() -> np.ndarray:
    drawn = torch.randn(POOL, generator=torch.Generator().manual_seed(0))
    return drawn.mul_(0.02).half().numpy()


def _write(stored: StoredTensor, pool: np.ndarray, seed: int) -> None:
    """Norms are ones; all else is taken from the pool, from a place of its own on."""
    descriptor = os.open(stored.file, os.O_WRONLY)
    try:
        written = 0
        start = seed * 7919 % (len(pool) // 2)
        while written < stored.elements:
            part = pool[start : start + stored.elements - written]
            if "layer_norm.weight" in stored.name:
                part = np.ones_like(part)
            os.pwrite(descriptor, part.tobytes(), stored.offset + 2 * written)
            written += len(part)
            start = 0
    finally:
        os.close(descriptor)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("size", choices=PREFIXES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fill", action="store_true", help="write random matrices as well")
    arguments = parser.parse_args()
    make_shaped(arguments.folder, arguments.size, fill=arguments.fill)


if __name__ == "__main__":
    main()

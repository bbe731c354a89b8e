"""How many bits a recording takes for each (token, neuron), against the entropy bound; and how fast it is read.

    python tests/benchmarks/bench_bits.py [--neurons 4096] [--tokens 131072]

Neurons of one layer are active at rates spread around each density (log-normal, as in a real layer), independently
from token to token: then no code can take fewer bits than the mean entropy of the rates. Real activations come in runs
and take less. Reading is as for counting: blocks of whole Zarr shards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr
from jaxtyping import Float64, UInt8

from neuron_census.count.bit_chunks import BitChunks
from neuron_census.formats.recording import TOKENS_PER_FILE, create_bits

ROUNDS = 4
DENSITIES = (0.0005, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


def rates(density: float, neurons: int) -> Float64[np.ndarray, " neurons"]:
    """Rates of activity whose mean is the density, over two orders of magnitude."""
    drawn = np.random.default_rng(0).lognormal(0.0, 1.0, neurons)
    chosen: Float64[np.ndarray, " neurons"] = np.minimum(drawn * density / drawn.mean(), 0.9)
    return chosen


def entropy(rate: Float64[np.ndarray, " neurons"]) -> float:
    """Bits that a token and neuron take at least, on average."""
    return float(np.mean(-rate * np.log2(rate) - (1 - rate) * np.log2(1 - rate)))


def made_bits(
    rate: Float64[np.ndarray, " neurons"], tokens: int, seed: int
) -> UInt8[np.ndarray, "neurons bytes"]:
    generator = np.random.default_rng(seed)
    active = generator.random((len(rate), tokens), dtype=np.float32) < rate[:, None]
    return np.packbits(active, axis=1, bitorder="little")


def stored_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def read_speed(folder: Path, group: zarr.Group) -> float:
    """Unpacked-bit bytes a second of processor time, read as for counting: a chunk of neurons at a time."""
    bits = BitChunks.open(folder, group, 0)
    block = np.empty((bits.chunk_neurons, bits.octets), dtype=np.uint8)
    began = time.process_time()
    for number in range(bits.ffn_dim // bits.chunk_neurons):
        bits.read(number, block)
    return bits.ffn_dim * bits.octets / (time.process_time() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--neurons", type=int, default=4096)
    parser.add_argument("--tokens", type=int, default=1 << 17)
    arguments = parser.parse_args()
    print("| density | bound (bits) | stored (bits) | ratio | writing (MB/s) | reading (GB/s) |")
    print("|---|---|---|---|---|---|")
    for density in DENSITIES:
        rate = rates(density, arguments.neurons)
        with tempfile.TemporaryDirectory() as place:
            group = zarr.open_group(place, mode="w")
            array = create_bits(group, 0, arguments.neurons, arguments.tokens)
            spent = 0.0
            for start in range(0, arguments.tokens, TOKENS_PER_FILE):
                bits = made_bits(rate, TOKENS_PER_FILE, start)
                began = time.process_time()
                array[:, start // 8 : (start + TOKENS_PER_FILE) // 8] = bits
                spent += time.process_time() - began
            bound = entropy(rate)
            stored = 8 * stored_bytes(Path(place)) / (arguments.neurons * arguments.tokens)
            reading = max(read_speed(Path(place), group) for _ in range(ROUNDS))
            written = arguments.neurons * arguments.tokens // 8
            print(
                f"| {density:.2%} | {bound:.4f} | {stored:.4f} | {stored / bound:.2f} | "
                f"{written / spent / 1e6:.0f} | {reading / 1e9:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""The slowest possible reading of a model: one window at a time, plain transformers, Python loops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import torch
from transformers import OPTForCausalLM


def active_tokens(checkpoint: Path, windows: pl.DataFrame) -> Iterator[list[np.ndarray]]:
    """Yield for each window one bool array `[length, ffn_dim]` per layer, from a float64 forward pass."""
    for layers in pre_activations(checkpoint, windows):
        yield [np.maximum(layer, 0) > 0 for layer in layers]


def pre_activations(checkpoint: Path, windows: pl.DataFrame) -> Iterator[list[np.ndarray]]:
    """Yield for each window one float64 array `[length, ffn_dim]` per layer: the input of its ReLU."""
    torch.set_num_threads(1)
    model = OPTForCausalLM.from_pretrained(checkpoint, dtype=torch.float64).eval()
    seen: list[np.ndarray] = []
    for layer in model.model.decoder.layers:
        layer.fc1.register_forward_hook(lambda _module, _input, output: seen.append(output.numpy()))
    for tokens in windows["tokens"].to_list():
        seen.clear()
        with torch.no_grad():
            model(input_ids=torch.tensor([tokens]))
        yield [layer.reshape(len(tokens), -1) for layer in seen]


def count_by_hand(
    checkpoint: Path, windows: pl.DataFrame, domains: list[str], window_length: int
) -> dict[str, np.ndarray | list[np.ndarray]]:
    """Return everything that a recording holds, by loops over tokens and neurons."""
    seen = list(active_tokens(checkpoint, windows))
    layers, ffn_dim = len(seen[0]), seen[0][0].shape[1]
    active = np.zeros((layers, len(domains), ffn_dim), dtype=np.int64)
    at_bos = np.zeros_like(active)
    positions = np.zeros((len(domains), layers, window_length, ffn_dim), dtype=np.int64)
    bits: list[list[np.ndarray]] = [[] for _ in range(layers)]
    for row, activity in zip(windows.iter_rows(named=True), seen, strict=True):
        domain = domains.index(row["domain"])
        for layer in range(layers):
            for place in range(row["length"]):
                for neuron in range(ffn_dim):
                    if not activity[layer][place, neuron]:
                        continue
                    if row["dead"]:
                        (at_bos if place == 0 else active)[layer, domain, neuron] += 1
                    if row["positions"]:
                        positions[domain, layer, place, neuron] += 1
            if row["ngrams"]:
                bits[layer].append(activity[layer])
    return {
        "active": active,
        "active_at_bos": at_bos,
        "positions": positions,
        "bits": [np.concatenate(layer) if layer else np.zeros((0, ffn_dim)) for layer in bits],
    }

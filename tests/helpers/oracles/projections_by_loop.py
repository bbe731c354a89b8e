"""Projections of output rows on token embeddings, one product of two numbers at a time."""

from __future__ import annotations

from pathlib import Path

from neuron_census.checkpoint.checkpoint import Checkpoint


def projections_by_loop(folder: Path, layer: int, neuron: int) -> list[float]:
    """Return `E @ (project_out @ w)` of a neuron of a checkpoint, in float64, for every row of the embedding."""
    source = Checkpoint.open(folder)
    matrix = source.tensor(f"layers.{layer}.fc2.weight").double().tolist()
    row = [line[neuron] for line in matrix]
    if "project_out.weight" in source.tensors:
        out = source.tensor("project_out.weight").double().tolist()
        row = [sum(a * b for a, b in zip(line, row, strict=True)) for line in out]
    embeddings = source.tensor("embed_tokens.weight").double().tolist()
    return [sum(a * b for a, b in zip(line, row, strict=True)) for line in embeddings]

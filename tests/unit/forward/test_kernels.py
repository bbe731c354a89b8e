"""The kernels against hand-computed cases and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuron_census.forward.kernels import (
    count_active,
    count_by_position,
    count_positions,
    pack_active,
    pack_bits,
)

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", DTYPES)
def test_only_values_above_zero_are_active(dtype: torch.dtype) -> None:
    smallest = torch.finfo(dtype).smallest_normal / 2  # subnormal, and yet above zero
    activations = torch.tensor([[0.0, -0.0, smallest, 1.0, torch.inf]], dtype=dtype)
    counts = np.zeros(5, dtype=np.int64)
    count_active(activations, np.array([0]), counts)
    assert counts.tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rows", [254, 255, 256, 257, 510, 511, 513, 70_000])
def test_a_neuron_that_is_always_active_is_counted_at_every_row(
    rows: int, dtype: torch.dtype
) -> None:
    """Counters of a byte on the way, and of two, would begin anew."""
    values = torch.ones(rows, 3, dtype=dtype)
    values[:, 1] = -1
    values[rows - 1, 2] = 0
    counts = np.zeros(3, dtype=np.int64)
    count_active(values, np.arange(rows), counts)
    assert counts.tolist() == [rows, 0, rows - 1]
    assert count_by_position(values > 0, 1).tolist() == [[rows, 0, rows - 1]]


def test_bits_are_little_and_follow_the_rows_given() -> None:
    activations = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 2.0], [3.0, 0.0]])
    bits = np.zeros((2, 2), dtype=np.uint8)
    pack_active(activations, np.array([0, 2, 3]), bits, first=6)
    # Rows 0, 2, 3 become bits 6, 7, 8.
    assert bits[:, 0].tolist() == [0b01000000, 0b1]
    assert bits[:, 1].tolist() == [0b10000000, 0b0]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 700),
    st.integers(1, 700),
    st.integers(0, 17),
    st.sampled_from(DTYPES),
    st.randoms(use_true_random=False),
)
def test_counting_and_packing_equal_plain_loops(rows, neurons, first, dtype, random) -> None:  # type: ignore[no-untyped-def]
    generator = torch.Generator().manual_seed(random.randrange(1 << 30))
    activations = torch.randn(rows, neurons, generator=generator).to(dtype).relu()
    chosen = np.sort(np.array(random.sample(range(rows), random.randint(1, rows))))
    active = (activations.double().numpy() > 0)[chosen]

    counts = np.full(neurons, 5, dtype=np.int64)
    count_active(activations, chosen, counts)
    assert (counts == 5 + active.sum(axis=0)).all()

    bits = np.zeros((-(-(first + len(chosen)) // 8), neurons), dtype=np.uint8)
    bits[0] |= np.uint8((1 << (first % 8)) - 1) if first < 8 else np.uint8(0)
    pack_active(activations, chosen, bits, first)
    unpacked = np.unpackbits(bits, axis=0, bitorder="little")
    assert (unpacked[first : first + len(chosen)] == active).all()
    assert not unpacked[first + len(chosen) :].any()
    if first < 8:
        assert unpacked[:first].all(), "bits that were there before must stay"

    # What a GPU computes means the same, here on the CPU.
    octets = pack_bits(activations[torch.from_numpy(chosen)] > 0, first % 8).numpy()
    again = np.unpackbits(octets, axis=0, bitorder="little")[first % 8 :]
    assert (again[: len(chosen)] == active).all() and not again[len(chosen) :].any()


@pytest.mark.parametrize("counter", [np.uint8, np.uint16, np.uint32])
def test_position_counts_reach_the_edge_of_their_dtype(counter: type[np.unsignedinteger]) -> None:
    windows = 255
    activations = torch.zeros(windows * 3, 2)
    activations[1::3, 0] = 1.0
    counts = np.zeros((3, 2), dtype=counter)
    count_positions(activations, counts)
    assert counts.tolist() == [[0, 0], [255, 0], [0, 0]]


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 60), st.sampled_from(DTYPES))
def test_position_counts_equal_plain_loops(windows, length, neurons, dtype) -> None:  # type: ignore[no-untyped-def]
    activations = torch.randn(windows * length, neurons).to(dtype).relu()
    counts = np.zeros((length, neurons), dtype=np.uint16)
    count_positions(activations, counts)
    expected = [
        [
            sum(activations[w * length + p, n].item() > 0 for w in range(windows))
            for n in range(neurons)
        ]
        for p in range(length)
    ]
    assert counts.tolist() == expected
    assert count_by_position(activations > 0, length).tolist() == expected

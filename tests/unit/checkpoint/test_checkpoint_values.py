"""NaN and infinity in a checkpoint are found wherever they are, and called by their name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from helpers.made.checkpoints import LAYOUTS, Layout, StateDict, make_checkpoint
from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.conversion import all_finite, convert
from neuron_census.errors import CensusError

DTYPES = [torch.float64, torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([torch.nan], "1 NaN"),
        ([torch.inf, -torch.inf], "2 infinite"),
        ([torch.nan, torch.inf, torch.nan], "2 NaN and 1 infinite"),
    ],
)
def test_elements_that_are_not_numbers(
    tmp_path: Path, layout: Layout, values: list[float], found: str
) -> None:
    def plant(weights: StateDict) -> None:
        weights["layers.2.fc1.weight"].view(-1)[-len(values) :] = torch.tensor(values).double()

    opened = Checkpoint.open(make_checkpoint(tmp_path, layout=layout, plant=plant))
    opened.layer(1)
    with pytest.raises(CensusError) as caught:
        opened.layer(2)
    message = str(caught.value)
    assert "model.decoder.layers.2.fc1.weight" in message
    assert f"holds {found} among its 640 elements" in message
    assert str(opened.stored("layers.2.fc1.weight").file) in message
    assert not opened.tensor("layers.2.fc1.weight", check=False).isfinite().all()


def test_weights_that_do_not_fit_the_type_asked_for(tmp_path: Path) -> None:
    def plant(weights: StateDict) -> None:
        weights["layers.0.fc1.bias"][5] = 1e6

    opened = Checkpoint.open(make_checkpoint(tmp_path, plant=plant, dtype=torch.float32))
    with pytest.raises(
        CensusError, match=r"\(float32\) does not fit float16: 1 infinite of its 40"
    ):
        opened.layer(0, dtype=torch.float16)
    opened.layer(0, dtype=torch.bfloat16)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 3, 16, 17, 129, 70_001])
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_one_bad_element_is_found_wherever_it_is(
    dtype: torch.dtype, size: int, value: float
) -> None:
    # The largest numbers there are: a test by sums would take their overflow for infinity.
    tensor = torch.full((size,), torch.finfo(dtype).max, dtype=dtype)
    tensor[::2] *= -1
    assert all_finite(tensor)
    for place in {*range(min(size, 130)), size // 2, size - 1}:
        kept = tensor[place].clone()
        tensor[place] = value
        assert not all_finite(tensor), place
        tensor[place] = kept


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_conversion_is_that_of_torch_to_the_bit(source: torch.dtype, target: torch.dtype) -> None:
    if source.itemsize == 2:
        # Every value that there is, NaN in all its forms included.
        values = torch.arange(1 << 16, dtype=torch.int32).to(torch.int16).view(source)
    else:
        generator = torch.Generator().manual_seed(0)
        values = torch.randn(70_001, generator=generator, dtype=torch.float64)
        values = (values * 10.0 ** torch.randint(-50, 50, values.shape, generator=generator)).to(
            source
        )
    converted = torch.empty(len(values), dtype=target)
    convert(values, converted)
    expected = values.to(target)
    assert torch.equal(converted.view(torch.uint8), expected.view(torch.uint8))

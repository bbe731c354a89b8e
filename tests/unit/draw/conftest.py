"""Figures are drawn in the style of the workflow, and closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest

from helpers.repository import STYLE
from neuron_census.draw.figures.style import styled


@pytest.fixture
def in_style() -> Iterator[None]:
    """Draw in the style of the workflow; a module of figures uses it in all its tests."""
    with styled(STYLE):
        yield
        plt.close("all")

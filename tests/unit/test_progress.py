"""What progress says: whole numbers, times in days, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from neuron_census.progress import duration, progress, speak_of


@pytest.fixture
def of_a_shard() -> Iterator[None]:
    speak_of("opt-mini-s, shard 0")
    yield
    speak_of("")


def said(seconds: float, done: int, **options: Any) -> str:
    """Return the line of a bar, so long after its start."""
    with progress(**options) as bar:
        bar.start_t -= seconds
        bar.last_print_t = bar.start_t
        bar.update(done)
        return str(bar)


def test_tokens_are_whole_however_they_are_scaled(of_a_shard: None) -> None:
    text = said(100, 1_000_000, what="recording", unit="token", total=8_000_001, scale=1 / 3)
    assert text.startswith(
        "opt-mini-s, shard 0: recording: 12%, 333,333 of 2,666,667 tokens, 3,333 tokens/s"
    )
    assert text.endswith("12 min left")


def test_slow_units_are_said_by_their_time() -> None:
    text = said(3600, 2, what="positions", unit="layer", total=200)
    assert text == "positions: 1%, 2 of 200 layers, 30 min per layer, 4.1 days left"


def test_one_is_not_several() -> None:
    assert "1 of 1 layer, " in said(10, 1, what="positions", unit="layer", total=1)


def test_bytes_have_units() -> None:
    text = said(10, 3_000_000, what="fetching", unit="B", total=8_000_000_000, scale=True)
    assert text == "fetching: 0%, 3 MB of 8 GB, 300 kB/s, 7.4 h left"


def test_where_the_end_is_not_known() -> None:
    assert (
        said(10, 40, what="reading", unit="document")
        == "reading: 40 documents, 4 documents/s, 10 s so far"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (5, "5 s"),
        (99, "99 s"),
        (600, "10 min"),
        (9000, "2.5 h"),
        (86_399, "24.0 h"),
        (200_000, "2.3 days"),
    ],
)
def test_times_over_a_day_are_in_days(seconds: float, text: str) -> None:
    assert duration(seconds) == text

"""What is stale, and why, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neuron_census.formats.seal import made_from, seal_path, sealed
from neuron_census.rerun.decision import why_stale
from neuron_census.rerun.difference import differences

NOW: dict[str, Any] = {
    "stage": "classify",
    "code": "1",
    "settings": {"classify": {"dead": {"count_bos": False}, "ngrams": {"coverage": 0.95}}},
    "content": {"the style of the figures": "s"},
    "from": {"results/counts/a.zarr": "c", "results/counts/b.zarr": "d"},
}


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (NOW, []),
        (None, ["it was not made by the workflow"]),
        (NOW | {"code": "2"}, ["the code of classify changed"]),
        (NOW | {"stage": "draw"}, ["made by draw, not by classify"]),
        (
            NOW | {"settings": {"classify": {"dead": {"count_bos": True}}}},
            [
                "classify.dead.count_bos: true -> false",
                'classify.ngrams: nothing -> {"coverage": 0.95}',
            ],
        ),
        (
            NOW | {"content": {"the style of the figures": "t"}},
            ["the style of the figures changed"],
        ),
        (
            NOW | {"from": {"results/counts/a.zarr": "x", "results/counts/z.zarr": "d"}},
            [
                "results/counts/a.zarr is to be made from something else",
                "results/counts/z.zarr is read no more",
                "results/counts/b.zarr is read now",
            ],
        ),
        ({**NOW, "more": 1}, ["it was made by another version of the workflow"]),
    ],
)
def test_what_changed_is_said_in_words(before: dict[str, Any] | None, said: list[str]) -> None:
    assert differences(before, NOW) == said


def test_a_long_value_is_cut() -> None:
    (said,) = differences({"settings": {"a": "x" * 500}}, {"settings": {"a": 1}})
    assert len(said) < 80 and said.endswith("… -> 1")


def test_what_is_missing_unsealed_or_of_another_size_is_stale(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with made_from(json.dumps(NOW)), sealed(path) as temporary:
        temporary.write_text("content")
    assert why_stale(path, json.dumps(NOW)) == []
    assert why_stale(path, json.dumps(NOW | {"code": "2"})) == ["the code of classify changed"]
    path.write_text("")
    assert "0 bytes" in why_stale(path, json.dumps(NOW))[0]
    path.write_text("c0ntent")
    assert "do not match its seal" in why_stale(path, json.dumps(NOW))[0]
    seal_path(path).unlink()
    assert "has no seal" in why_stale(path, json.dumps(NOW))[0]
    path.unlink()
    assert "found none" in why_stale(path, json.dumps(NOW))[0]

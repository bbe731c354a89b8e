"""JSON from elsewhere: what it says, or one paragraph."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuron_census.errors import CensusError
from neuron_census.paths.json_text import parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_json_is_what_it_says(value: object) -> None:
    assert parse_json(json.dumps(value), "a.json") == value
    assert parse_json(json.dumps(value).encode(), "a.json") == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,\n "b": }', "a.json: broken JSON: Expecting value at line 2, column 7. Mend it."),
        ("", "a.json: broken JSON: Expecting value at line 1, column 1. Mend it."),
        ("[" * 100_000, "a.json: the JSON is nested too deep to be read. Mend it."),
        ('{"a":' * 100_000, "a.json: the JSON is nested too deep to be read. Mend it."),
        ("9" * 5000, "a.json: the JSON cannot be read: Exceeds the limit (4300 digits)"),
        (b'"\xff"', "a.json: the JSON cannot be read: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_anything_else_is_one_paragraph(text: str | bytes, said: str) -> None:
    with pytest.raises(CensusError) as error:
        parse_json(text, "a.json", "Mend it.")
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("Mend it.")

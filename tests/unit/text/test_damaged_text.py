"""Files of a domain with bytes changed, lost or put in: text, or a clear error, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.text import COMPRESS, json_lines, parquet, read, save
from neuron_census.errors import CensusError

RECORDS = [
    {"text": f"Entry {number}: ü, \u2028 and {'much ' * number}more."} for number in range(9)
]
PLAIN = "First line\nsecond ü line\n\n".encode() * 5
FILES = {
    "a.txt": PLAIN,
    "a.txt.gz": COMPRESS[".gz"](PLAIN),
    "a.json": b'{"text": "one", "inner": [{"text": "two"}, {"no": 3}]}',
    "a.jsonl": json_lines(RECORDS),
    "a.jsonl.gz": COMPRESS[".gz"](json_lines(RECORDS)),
    "a.jsonl.zst": COMPRESS[".zst"](json_lines(RECORDS)),
    "a.parquet": parquet(RECORDS),
}


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_read_or_named(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder, whole = tmp_path_factory.mktemp("damaged"), FILES[name]
    specification: dict[str, Any] = {} if name.startswith("a.txt") else {"text": "text"}
    save(folder, {name: whole})
    assert read(folder, files=name, **specification), "it is read while it is whole"
    places = st.integers(0, len(whole) - 1)

    @settings(max_examples=400, deadline=None)
    @given(
        st.lists(
            st.tuples(places, st.binary(max_size=6), st.integers(0, 30)), min_size=1, max_size=3
        )
    )
    def damage(changes: list[tuple[int, bytes, int]]) -> None:
        content = whole
        for place, inserted, removed in changes:
            content = content[:place] + inserted + content[place + removed :]
        (folder / name).write_bytes(content)
        try:
            documents = read(folder, files=name, **specification)
        except CensusError as error:
            assert name in str(error) and str(error).endswith((".", ")"))
        else:
            for document in documents:
                assert document.key.startswith(name)
                document.text.encode()

    damage()

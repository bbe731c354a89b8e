"""Files that unpack without end, and texts that once took forever."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest

from helpers.made.text import COMPRESS, read, save
from neuron_census.errors import CensusError
from neuron_census.text import unpacking
from neuron_census.text.markup import strip_markup
from neuron_census.text.source_file import SourceFile
from neuron_census.text.unpacking import require_no_bomb


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("kind", [".txt", ".jsonl", ".json"])
def test_a_file_that_unpacks_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, kind: str
) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 1 << 20)
    save(tmp_path, {f"a{kind}{ending}": COMPRESS[ending](bytes(200 << 20))})
    tracemalloc.start()
    with pytest.raises(CensusError, match=rf"a\{kind}\{ending}: its first [0-9,]+ bytes unpack to"):
        read(tmp_path, files="*")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # What 4,096 bytes unpack to, and no more: 128 MiB at most of Zstandard, 4 MiB of gzip.
    assert most < 150 << 20


def test_text_that_packs_well_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_ALLOWED", 1 << 10)
    lines = "".join(f"line {number} of many that are alike\n" for number in range(20_000))
    for ending in (".gz", ".zst"):
        save(tmp_path / ending, {f"a.txt{ending}": COMPRESS[ending](lines.encode())})
        (document,) = read(tmp_path / ending, files="*")
        assert document.text == lines


def test_the_limit_is_the_larger_of_a_size_and_a_ratio() -> None:
    allowed = 1 << 30
    require_no_bomb("a", 1, allowed)
    with pytest.raises(CensusError, match="a: its first 1 bytes unpack to 1,073,741,825 or more"):
        require_no_bomb("a", 1, allowed + 1)
    require_no_bomb("a", 10_000_000, 2_000_000_000)
    with pytest.raises(CensusError, match="200 times the compressed size"):
        require_no_bomb("a", 10_000_000, 2_000_000_001)


def lines_of(size: int) -> Callable[[], None]:
    class Endless(BytesIO):
        def read(self, _: int | None = -1) -> bytes:
            return next(chunks)

    chunks: Iterator[bytes] = iter([b"x" * 4096] * (size // 4096) + [b"\nlast", b""])

    def run() -> None:
        first, last = SourceFile("a.txt", "a.txt", Endless).lines()
        assert (len(first[2]), last) == (size, (2, size + 1, b"last"))

    return run


SLOW: dict[str, Callable[[int], Callable[[], object]]] = {
    "one long line": lambda size: lines_of(size * 64),
    "comments": lambda size: lambda: strip_markup("<!--" * (size // 4)),
    "scripts": lambda size: lambda: strip_markup("<script>" * (size // 8)),
    "styles and comments": lambda size: lambda: strip_markup("<style><!--" * (size // 11)),
    "ends of scripts": lambda size: lambda: strip_markup("<script>" + "</script " * (size // 9)),
    "tags": lambda size: lambda: strip_markup("<p " * (size // 3)),
    "digits": lambda size: lambda: strip_markup("&#" + "1" * size),
}


@pytest.mark.parametrize("case", SLOW)
def test_time_is_proportional_to_the_length(case: str) -> None:
    def seconds(size: int) -> float:
        best = float("inf")
        for _ in range(3):
            run = SLOW[case](size)
            begun = time.process_time()
            run()
            best = min(best, time.process_time() - begun)
        return best

    # Quadratic time would be 64 times as much: 8 times as long a text may take 8 times as much, and some.
    assert seconds(8 * 131_072) < 24 * seconds(131_072) + 0.05


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<!-- b", "a<!-- b"),
        ("a<!-- b --><!-- c", "a <!-- c"),
        ("<script>a</style>b", "ab"),
        ("<style>a</STYLE  >b<script>c", "bc"),
        ("<script><!-- a</script>b --> c", "b --> c"),
        ("<!-- <script> -->a</script>", "a"),
        ("<scripts>a</scripts>", "a"),
        ("&#0000000065;&#65;&#99999999;&#" + "9" * 5000 + ";", "AA\ufffd\ufffd"),
    ],
)
def test_what_is_never_closed_stays(markup: str, text: str) -> None:
    assert strip_markup(markup) == text

"""The report's pages, read as a browser without scripts would."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from helpers.made.report import CLAIMS, FIGURES, made_parts, made_report
from helpers.repository import REPOSITORY
from neuron_census.draw.draw import figure_names
from neuron_census.draw.report.captions import figure_title, read_caption
from neuron_census.draw.report.numbers import shown
from neuron_census.draw.write_report import PAGES, write_report
from neuron_census.errors import CensusError
from neuron_census.formats.seal import verify


class Page(HTMLParser):
    """Links, pictures and text of a page, in order; `ids` are the places that a link can lead to."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.order: list[tuple[str, str]] = []
        self.text = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.links += [given[key] for key in ("href", "src") if key in given]
        self.ids += [given["id"]] if "id" in given else []
        self.order.append((tag, given.get("class", "")))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_report(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def pages(report: Path) -> dict[str, Page]:
    return {name: Page(report / f"{name}.html") for name in PAGES}


def test_the_report_is_sealed(report: Path) -> None:
    verify(report)


def test_every_link_leads_somewhere(report: Path, pages: dict[str, Page]) -> None:
    filters = {"holds", "does-not", "cannot"}
    for name, page in pages.items():
        for link in page.links:
            if link.startswith(("data:", "../explorer/index.html")):
                continue
            path, _, place = link.replace("%3C", "<").replace("%3E", ">").partition("#")
            assert not path or (report / path).is_file(), link
            if place:
                there = pages[path.removesuffix(".html")] if path else pages[name]
                assert place in {*there.ids, *(filters if there is pages["claims"] else ())}, link


def test_the_explorer_is_linked_from_every_page_and_model(pages: dict[str, Page]) -> None:
    for page in pages.values():
        assert "../explorer/index.html" in page.links
    assert "../explorer/index.html#view=overview&model=first-model" in pages["index"].links


def test_a_picture_comes_before_its_caption_and_its_numbers(pages: dict[str, Page]) -> None:
    tags = [tag for tag, _ in pages["figures"].order]
    inside = tags[tags.index("figure") :]
    places = [inside.index(tag) for tag in ("img", "figcaption", "table")]
    assert places == sorted(places)
    said = pages["figures"].text
    assert "The caption of fig01_dead_neurons." in said and "a & b < c" in said
    assert "The numbers drawn (130 rows)" in said and "the first 100 rows" in said


def test_claims_have_words_and_colours(pages: dict[str, Page]) -> None:
    rows = [name for tag, name in pages["claims"].order if tag == "tr" and name]
    assert rows == ["holds", "does-not", "cannot", "holds"]
    for claim in CLAIMS:
        assert str(claim["says"]) in pages["claims"].text
        assert str(claim["found"]) in pages["claims"].text, "text stays text"
    assert "holds: 2" in pages["claims"].text and "cannot be said: 1" in pages["claims"].text


def test_thresholds_are_readable(pages: dict[str, Page]) -> None:
    said = pages["thresholds"].text
    assert "classify.dead.count_bos" in said and "true (default false)" in said
    assert (
        "Share of a neuron's activations that its cover holds" in said
        and "0.95 (default" not in said
    )
    assert "prose: 3,000,000 tokens" in said and "nothing" in said


def test_a_figure_without_a_caption_is_refused(tmp_path: Path) -> None:
    parts = made_parts(tmp_path)
    (parts["captions"] / f"{FIGURES[0]}.rst").unlink()
    with pytest.raises(CensusError, match=r"fig01_dead_neurons.rst: cannot be read"):
        write_report(**parts, output=tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_damaged_numbers_are_refused(tmp_path: Path) -> None:
    parts = made_parts(tmp_path)
    parts["claims"].write_text("claim\n")
    with pytest.raises(CensusError, match=re.escape("claims.csv")):
        write_report(**parts, output=tmp_path / "report")


def test_a_caption_that_is_no_restructuredtext_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.rst").write_text("A ``literal that never ends.\n")
    with pytest.raises(CensusError, match=r"broken.rst: is no valid reStructuredText"):
        read_caption(tmp_path, "broken")


@pytest.mark.parametrize("name", ["claims", "summary", "sensitivity", *figure_names()])
def test_every_caption_can_be_shown(name: str) -> None:
    assert "<p>" in read_caption(REPOSITORY / "workflow" / "report", name)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("fig01_dead_neurons", "Figure 1: dead neurons"),
        ("fig16_training_checkpoints", "Figure 16: training checkpoints"),
        ("fates_checkpoints", "What became of neurons: checkpoints"),
        ("figure_causal_suppression", "Causal suppression"),
    ],
)
def test_figures_have_titles(name: str, title: str) -> None:
    assert figure_title(name) == title


@pytest.mark.parametrize(
    ("value", "text"),
    [(1234567, "1,234,567"), (0.123456, "0.1235"), (12345.6, "12,346"), (False, "no"), ("a", "a")],
)
def test_values_are_written_for_readers(value: object, text: str) -> None:
    assert shown(value) == text

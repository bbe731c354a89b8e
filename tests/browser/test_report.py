"""The report in a browser: claims by verdict, light and dark, wide and narrow, the way to the explorer and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.browser.chromium import Chromium, NoBrowserError, chromium
from helpers.made.report import FIGURES, made_report
from neuron_census.draw.write_report import PAGES


@pytest.fixture(scope="module")
def report_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A name that must be quoted in an address.
    return made_report(tmp_path_factory.mktemp("a # folder %41 ü"))


@pytest.fixture(scope="module")
def browser_of_report(report_folder: Path) -> Iterator[Chromium]:
    try:
        with chromium(report_folder) as page:
            yield page
    except NoBrowserError as error:
        pytest.skip(f"THE REPORT IS NOT TESTED IN A BROWSER: {error}")


@pytest.fixture
def report(browser_of_report: Chromium) -> Iterator[Chromium]:
    """The browser at the first page, in light; whatever it complains of fails the test."""
    browser_of_report.driver.set_window_size(1280, 900)
    open_page(browser_of_report, "index")
    browser_of_report.script("localStorage.clear()")
    browser_of_report.complaints()
    open_page(browser_of_report, "index")
    yield browser_of_report
    assert browser_of_report.complaints() == []
    assert browser_of_report.script("return window.census_hacked === undefined")


def open_page(report: Chromium, name: str, place: str = "") -> None:
    report.leave()
    report.driver.get(report.address.replace("index.html", f"{name}.html{place}"))


def shown_claims(report: Chromium) -> list[str]:
    """Verdicts of the rows that are seen, as they are written."""
    found: list[str] = report.script(
        "return [...document.querySelectorAll('#claims tbody tr')].filter((row) => row.offsetParent !== null)"
        ".map((row) => row.querySelector('.verdict').textContent)"
    )
    return found


def test_claims_are_filtered_by_verdict(report: Chromium) -> None:
    open_page(report, "claims")
    assert len(shown_claims(report)) == 4
    report.find("#filter [data-shown=does-not]").click()
    report.until(lambda: shown_claims(report) == ["does not hold"], "claims are not filtered")
    assert report.find("#filter [data-shown=does-not]").get_attribute("aria-pressed") == "true"
    report.find("#filter [data-shown=all]").click()
    report.until(lambda: len(shown_claims(report)) == 4, "claims do not come back")


def test_the_summary_leads_to_the_claims_that_hold(report: Chromium) -> None:
    report.find(".verdicts .holds").click()
    report.until(lambda: shown_claims(report) == ["holds", "holds"], "claims are not filtered")
    report.driver.back()
    report.until(lambda: "What this run found" in report.text("h1"), "no way back")


def test_verdicts_differ_in_words_and_colours(report: Chromium) -> None:
    open_page(report, "claims")
    for dark in (False, True):
        if dark:
            report.find("#theme").click()
        colours = report.script(
            "return ['holds', 'does-not', 'cannot'].map((name) =>"
            " getComputedStyle(document.querySelector(`td .verdict.${name}`)).color)"
        )
        assert len(set(colours)) == 3
    assert set(shown_claims(report)) == {"holds", "does not hold", "cannot be said"}


def test_dark_stays_dark_on_the_next_page(report: Chromium) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    light = report.script(background)
    report.find("#theme").click()
    dark = report.script(background)
    assert dark != light
    report.driver.get(report.address.replace("index.html", "figures.html"))
    assert report.script(background) == dark


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("page", PAGES)
def test_pages_are_as_wide_as_the_window(report: Chromium, page: str, width: int) -> None:
    report.driver.set_window_size(width, 900)
    open_page(report, page)
    report.script("for (const one of document.querySelectorAll('details')) one.open = true")
    wide, window = report.script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def test_pictures_are_shown_before_their_captions(report: Chromium) -> None:
    open_page(report, "figures", f"#{FIGURES[0]}")
    report.until(
        lambda: report.script("return document.querySelector('.picture img').naturalWidth > 0"),
        "the picture is not loaded",
    )
    top = "return document.querySelector(arguments[0]).getBoundingClientRect().top"
    picture, caption, table = (
        report.script(top, selector) for selector in (".picture", "figcaption", "figure details")
    )
    assert picture < caption < table


def test_the_page_without_scripts_shows_every_claim(report_folder: Path) -> None:
    text = (report_folder / "claims.html").read_text(encoding="utf-8")
    assert 'id="filter" role="group" aria-label="Show claims" hidden' in text
    assert text.count('<tr class="') == 4


def test_the_way_to_the_explorer(report: Chromium, folder: Path, report_folder: Path) -> None:
    """The explorer that the links lead to is where a run puts it; from there, a link leads back."""
    link = report_folder.parent / "explorer"
    link.symlink_to(folder, target_is_directory=True)
    report.find("#models tbody a").click()
    report.settle()
    assert report.find("#model").get_attribute("value") == "first-model"
    report.find("header a[href='../report/index.html']").click()
    report.until(lambda: "What this run found" in report.text("h1"), "no way back to the report")

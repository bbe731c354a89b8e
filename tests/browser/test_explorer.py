"""The explorer in a browser: what a reader does, beside what the tables say."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import parse_qs

import polars as pl
import pytest
from selenium.webdriver.common.keys import Keys

from helpers.browser.chromium import Chromium, chromium
from helpers.made.census import Made


def facts(page: Chromium) -> dict[str, str]:
    """What the page of a neuron says, by the names that are there once."""
    return dict(zip(page.all(".facts dt"), page.all(".facts dd"), strict=True))


def rows(page: Chromium, table: str) -> list[list[str]]:
    """Texts of the cells of a table."""
    found: list[list[str]] = page.script(
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))",
        table,
    )
    return found


def test_a_token_leads_to_a_neuron_and_its_curve(
    page: Chromium, census: pl.DataFrame, triggers: pl.DataFrame
) -> None:
    chosen = census.filter(pl.col("unigram_detector") & pl.col("positional")).row(0, named=True)
    mine = triggers.filter(
        (pl.col("model") == "first-model")
        & (pl.col("layer") == chosen["layer"])
        & (pl.col("neuron") == chosen["neuron"])
        & (pl.col("n") == 1)
    )
    token = mine.filter("covered").row(0, named=True)
    page.search(token["text"].strip())
    page.script(
        "[...document.querySelectorAll('.ngrams a')]"
        ".find((one) => new URLSearchParams(one.hash.slice(1)).get('gram') === arguments[0]).click()",
        token["text"],
    )
    page.settle()
    page.until(lambda: "gram=" in page.state(), "no token chosen")
    detecting = _detectors(triggers, token["text"], 1)
    shown = [(row[0], int(row[1]), int(row[2])) for row in rows(page, "#detectors")]
    assert set(shown[: len(detecting)]) == detecting
    page.script(
        "[...document.querySelectorAll('#detectors tbody tr')].find((row) => row.cells[0].textContent"
        " === 'first-model' && row.cells[1].textContent === arguments[0] &&"
        " row.cells[2].textContent === arguments[1]).querySelector('a').click()",
        str(chosen["layer"]),
        str(chosen["neuron"]),
    )
    page.until(lambda: page.all("#neuron") != [], "no page of a neuron")
    page.settle()
    where = f"layer {chosen['layer']}, neuron {chosen['neuron']}"
    assert page.text("h1") == f"first-model, {where}"
    said = facts(page)
    assert said["active on"] == f"{chosen['activations']:,} of 3,000,000 tokens"
    assert said["pattern"] == f"{chosen['pattern']}, {chosen['strength']}"
    assert said["suppresses its tokens"] == ("yes" if chosen["suppresses"] else "no")
    table = [cell[1] for cell in rows(page, ".triggers")[: mine.height]]
    assert table == [
        f"{row['activations']:,} / {row['occurrences']:,}"
        for row in mine.sort("activations", "ngram", descending=[True, False]).to_dicts()
    ]
    points = page.find(".curve .line").get_attribute("points") or ""
    assert len(points.split()) == 64


def test_the_curve_is_that_of_the_table(page: Chromium, made: dict[str, Made]) -> None:
    curve = pl.read_parquet(made["first-model"].positions).row(3, named=True)
    page.goto(f"view=neuron&layer={curve['layer']}&neuron={curve['neuron']}")
    page.press(*[Keys.ARROW_RIGHT] * 5, selector=".curve")
    count = round(curve["frequency"][5] * curve["windows"])
    assert f"position 5: active in {count} of 400 windows" in page.text(".pointed")
    heights = page.script(
        "return [...document.querySelector('.curve .line').points].map((point) => point.y)"
    )
    bottom, top = (
        float(
            page.script(
                "return document.querySelectorAll('.curve .grid')[arguments[0]].y1.baseVal.value",
                at,
            )
        )
        for at in (0, 4)
    )
    shares = [(bottom - height) / (bottom - top) for height in heights]
    assert shares == pytest.approx(curve["frequency"], abs=1e-3)


def test_a_link_shows_what_its_sender_saw(page: Chromium, folder: Path) -> None:
    page.goto("view=neurons")
    page.script(
        "const kind = document.getElementById('filter-class'); kind.value = 'unigram';"
        "kind.dispatchEvent(new Event('change'))"
    )
    page.until(lambda: "class=unigram" in page.state(), "the filter is not in the address")
    page.click("thead th:nth-child(4)")
    page.until(lambda: "sort=frequency" in page.state(), "the order is not in the address")
    page.settle()
    page.click(".dt-paging-button.next")
    page.until(lambda: "start=25" in page.state(), "the page is not in the address")
    page.settle()
    seen, address = rows(page, "#neurons"), page.driver.current_url
    with chromium(folder) as other:
        other.goto(address.partition("#")[2])
        assert rows(other, "#neurons") == seen
        assert other.complaints() == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("class=dead&sort=neuron&direction=desc", pl.col("dead")),
        ("class=alive&first=1&last=2", ~pl.col("dead") & pl.col("layer").is_between(1, 2)),
        ("class=positional&pattern=oscillatory&strength=weak", None),
        ("class=suppresses&low=-0.3&high=-0.1", pl.col("suppression").is_between(-0.3, -0.1)),
        ("least=0.01&most=0.2&sort=frequency", pl.col("frequency").is_between(0.01, 0.2)),
        ("sort=suppression", pl.lit(True)),
        ("sort=suppression&direction=desc", pl.lit(True)),
        ("sort=bigram_cover", pl.lit(True)),
        ("sort=position_mi&direction=desc&class=other", None),
    ],
)
def test_filters_and_orders_are_those_of_the_table(
    page: Chromium, census: pl.DataFrame, state: str, expected: pl.Expr | None
) -> None:
    wanted = {key: values[0] for key, values in parse_qs(state).items()}
    if wanted.get("pattern"):
        expected = (pl.col("pattern") == "oscillatory") & (pl.col("strength") == "weak")
    if wanted.get("class") == "other":
        kinds = ["dead", "positional", *(f"{n}_detector" for n in ("unigram", "bigram", "trigram"))]
        expected = ~pl.any_horizontal(pl.col(kinds).fill_null(False))
    assert expected is not None
    chosen = census.filter(expected.fill_null(False)).sort(
        wanted.get("sort", "layer"),
        descending=wanted.get("direction") == "desc",
        nulls_last=True,
        maintain_order=True,
    )
    page.goto(f"view=neurons&rows=100&{state}")
    assert f"of {chosen.height:,} neurons" in page.text(".dt-info")
    shown = [(int(row[0]), int(row[1])) for row in rows(page, "#neurons")]
    assert shown == chosen.select("layer", "neuron").rows()[:100]


def test_neighbours_are_those_of_the_table(page: Chromium, census: pl.DataFrame) -> None:
    dead = census.filter("dead").sort("neuron", "layer").select("layer", "neuron").rows()
    layer, neuron = dead[1]
    page.goto(f"view=neuron&layer={layer}&neuron={neuron}&class=dead&sort=neuron")
    page.until(lambda: page.all("#next") != [], "no neighbours")
    assert f"2 of {len(dead):,} in the table" in page.text(".neighbours")
    page.press("j")
    page.until(lambda: page.text("h1").endswith(f"layer {dead[2][0]}, neuron {dead[2][1]}"), "j")
    page.until(lambda: page.all("#previous") != [], "no neighbours")
    page.press("k")
    page.until(lambda: page.text("h1").endswith(f"layer {layer}, neuron {neuron}"), "k")


def test_the_picture_is_pointed_at_and_zoomed_with_keys(
    page: Chromium, census: pl.DataFrame
) -> None:
    page.press(Keys.ARROW_DOWN, *[Keys.ARROW_RIGHT] * 3, "+", "+", selector="#picture")
    said = page.text("#pointed")
    assert said.startswith("layer 1, neuron 3")
    row = census.filter((pl.col("layer") == 1) & (pl.col("neuron") == 3)).row(0, named=True)
    assert ("dead" in said) == row["dead"]
    assert "to=" in page.state()
    page.press(Keys.ENTER, selector="#picture")
    page.until(lambda: page.text("h1").endswith("layer 1, neuron 3"), "Enter opens nothing")


def test_the_picture_has_every_neuron_in_its_colour(page: Chromium, census: pl.DataFrame) -> None:
    page.goto("from=0&to=100")
    colours = page.script(
        "const canvas = document.getElementById('picture'), copy = document.createElement('canvas');"
        "[copy.width, copy.height] = [canvas.width, canvas.height];"
        "const context = copy.getContext('2d', { willReadFrequently: true });"
        "context.drawImage(canvas, 0, 0);"
        "const ratio = canvas.width / canvas.clientWidth, each = (canvas.clientWidth - 44) / 100;"
        "return Array.from({ length: 100 }, (_, neuron) => [...context.getImageData("
        "(44 + (neuron + 0.5) * each) * ratio, 10 * ratio, 1, 1).data].slice(0, 3))"
    )
    detectors = ("unigram_detector", "bigram_detector", "trigram_detector", "positional", "dead")
    names = ("unigram", "bigram", "trigram", "positional", "dead", "other")
    for row in census.head(100).to_dicts():
        drawn = next((n for kind, n in zip(detectors, names, strict=False) if row[kind]), "other")
        value = page.script(
            "return getComputedStyle(document.documentElement).getPropertyValue('--' + arguments[0])",
            drawn,
        ).strip()
        assert colours[row["neuron"]] == list(bytes.fromhex(value[1:])), (row["neuron"], drawn)


def test_keys_lead_everywhere_and_leave_typing_alone(page: Chromium) -> None:
    page.press("t")
    page.until(lambda: "view=neurons" in page.state(), "t")
    page.settle()
    page.press("/")
    assert page.script("return document.activeElement.id") == "query"
    page.press("t", "o", "d", selector="#query")
    assert page.script("return document.getElementById('query').value") == "tod"
    page.press(Keys.ESCAPE, selector="#query")
    page.script("document.activeElement.blur()")
    dark = "return document.documentElement.classList.contains('dark')"
    before = page.script(dark)
    page.press("d")
    assert page.script(dark) is not before
    page.press("d")
    page.press("?")
    assert page.find("#keys").is_displayed()


def test_a_model_is_chosen_and_named_as_it_is(page: Chromium) -> None:
    page.script(
        "const model = document.getElementById('model'); model.selectedIndex = 1;"
        "model.dispatchEvent(new Event('change'))"
    )
    page.until(lambda: page.text("h1") == "second <b>model &amp;", "the model is not shown")
    assert "6 layers of 96 neurons" in page.text()


@pytest.mark.parametrize(
    "state",
    [
        "view=neuron&layer=99&neuron=-1",
        "view=neuron&layer=1e0&neuron=constructor",
        "view=nonsense&model=none&from=x&to=1e9",
        "view=neurons&sort=constructor&class=__proto__&least=abc&start=999999999",
        "view=neurons&class=constructor&first=7&last=2",
        "view=search&q=%3Cimg%20src=x%20onerror=census_hacked=1%3E&n=9",
        "%E0%A4%A",
        "view=search&gram=%3Cscript%3E",
    ],
)
def test_no_address_breaks_the_page(page: Chromium, state: str) -> None:
    page.goto(state)
    assert page.all("[role=alert]") == []
    assert page.text("h1")


@pytest.mark.parametrize("width", [360, 1920])
@pytest.mark.parametrize("view", ["overview", "neurons", "search", "neuron&layer=0&neuron=1"])
def test_nothing_is_wider_than_the_window(page: Chromium, width: int, view: str) -> None:
    page.driver.set_window_size(width, 900)
    page.goto(f"view={view}")
    root = "document.documentElement"
    assert page.script(f"return {root}.scrollWidth <= {root}.clientWidth")


def test_a_file_that_is_missing_is_named(page: Chromium, folder: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(folder, copied)
    (copied / "data" / "model-0" / "columns" / "kind.js").unlink()
    with chromium(copied) as other:
        other.goto("")
        assert "data/model-0/columns/kind.js cannot be read" in other.text("[role=alert]")


def _detectors(triggers: pl.DataFrame, text: str, n: int) -> set[tuple[str, int, int]]:
    found = triggers.filter((pl.col("text") == text) & (pl.col("n") == n) & pl.col("covered"))
    return set(found.select("model", "layer", "neuron").iter_rows())

"""The text behind a neuron, in a browser: what is shown beside what the tables say."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from helpers.browser.chromium import Chromium


@pytest.fixture(scope="module")
def table(contexts: Path) -> pl.DataFrame:
    return pl.read_parquet(contexts)


def test_the_text_is_shown_with_the_activation_of_each_token(
    page: Chromium, table: pl.DataFrame
) -> None:
    sampled = table.filter(pl.col("kind") == "sampled").row(0, named=True)
    here = (pl.col("layer") == sampled["layer"]) & (pl.col("neuron") == sampled["neuron"])
    mine = table.filter(here).to_dicts()
    page.goto(f"view=neuron&layer={sampled['layer']}&neuron={sampled['neuron']}")
    shown = page.script(
        "return [...document.querySelectorAll('.contexts li')].map((one) => ({"
        "tokens: [...one.querySelectorAll('.token')].map((token) => ({ said: token.title,"
        " share: parseFloat(getComputedStyle(token).getPropertyValue('--share')),"
        " centre: token.classList.contains('centre'), text: token.textContent })),"
        "whence: one.querySelector('.whence').textContent }))"
    )
    assert page.all(".contexts + h3, .hint + .contexts") != []
    assert len(shown) == len(mine) == 6
    most = max(value for one in mine for value in one["activations"])
    for found, one in zip(shown, mine, strict=True):
        assert (
            f"{one['domain']}, document {one['document']}, position {one['position']}"
            in found["whence"]
        )
        assert len(found["tokens"]) == len(one["tokens"])
        for at, (token, value) in enumerate(zip(found["tokens"], one["activations"], strict=True)):
            said, _, position = token["said"].partition(" at position ")
            assert float(said.replace(",", "")) == pytest.approx(value, rel=1e-3)
            assert int(position) == one["start"] + at
            assert token["centre"] == (one["start"] + at == one["position"])
            assert token["share"] == pytest.approx(85 * value / most, abs=0.1)
            if one["texts"][at].startswith(" word"):
                assert token["text"] == one["texts"][at]


def test_pointing_to_a_token_says_its_activation(page: Chromium, table: pl.DataFrame) -> None:
    first = table.row(0, named=True)
    page.goto(f"view=neuron&layer={first['layer']}&neuron={first['neuron']}")
    page.script(
        "document.querySelector('.contexts .centre')"
        ".dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))"
    )
    assert page.all(".contexts .pointed")[0].endswith(f"at position {first['position']}")


def test_a_dead_neuron_says_how_sure_that_is(page: Chromium, census: pl.DataFrame) -> None:
    dead = census.filter("dead").row(0, named=True)
    page.goto(f"view=neuron&layer={dead['layer']}&neuron={dead['neuron']}")
    said = page.text("#margin")
    assert "No document activates it" in said
    assert f"at most {100 * dead['dead_upper']:.4g}% of documents" in said
    assert f"at position {dead['margin_position']}" in said
    assert "None: it is dead." in page.text()
    assert page.all(".contexts") == []


def test_an_alive_neuron_says_in_how_many_documents_it_is_active(
    page: Chromium, census: pl.DataFrame
) -> None:
    alive = census.filter(~pl.col("dead") & (pl.col("documents") < 400)).row(0, named=True)
    page.goto(f"view=neuron&layer={alive['layer']}&neuron={alive['neuron']}")
    assert f"{alive['documents']} of 400 (" in page.text(".facts")
    assert "Its largest pre-activation is" in page.text("#margin")


def test_the_overview_says_how_many_of_the_dead_would_wake(
    page: Chromium, census: pl.DataFrame
) -> None:
    dead = int(census["dead"].sum())
    assert f"{dead:,} neurons are dead" in page.text("#wakes")
    assert f"would wake about {round(0.1 * dead):,} of them" in page.text("#wakes")


def test_without_contexts_the_page_says_so(page: Chromium) -> None:
    page.goto("view=neuron&model=second+%3Cb%3Emodel+%26amp%3B&layer=0&neuron=0")
    assert "This explorer was made without contexts." in page.text()

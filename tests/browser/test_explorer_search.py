"""Search in a browser: from a text to the neurons that detect it, and to those that it triggers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest

from helpers.browser.chromium import Chromium, chromium
from helpers.made.census import Size, made_census
from neuron_census.draw.explore import explore
from neuron_census.draw.explorer import trigger_index


def table_rows(page: Chromium) -> list[list[str]]:
    """Texts of the cells of the neurons found."""
    found: list[list[str]] = page.script(
        "return [...document.querySelectorAll('#detectors tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return found


def shown_triggers(triggers: pl.DataFrame, censuses: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """What pages of neurons show: 64 n-grams of each detector, 10 of each other neuron."""
    place = pl.int_range(pl.len()).over("model", "layer", "neuron", "n")
    census = pl.concat(
        frame.select("layer", "neuron", detector=f"{name}_detector").with_columns(
            model=pl.lit(model), n=pl.lit(n, dtype=pl.Int8)
        )
        for model, frame in censuses.items()
        for n, name in enumerate(("unigram", "bigram", "trigram"), start=1)
    )
    ordered = triggers.sort("activations", "ngram", descending=[True, False])
    joined = ordered.join(
        census, on=["model", "layer", "neuron", "n"], how="left", maintain_order="left"
    )
    return joined.filter(place < pl.when("detector").then(64).otherwise(10)).with_columns(
        detects=pl.col("covered") & pl.col("detector")
    )


@pytest.mark.parametrize(("typed", "n"), [("word20", 1), ("PART36", 1), ("word1 word", 2)])
def test_a_text_leads_to_the_neurons_that_it_triggers_detectors_first(
    page: Chromium,
    triggers: pl.DataFrame,
    censuses: dict[str, pl.DataFrame],
    typed: str,
    n: int,
) -> None:
    shown = shown_triggers(triggers, censuses).filter(n=n)
    fits = shown.filter(pl.col("text").str.to_lowercase().str.contains(typed.lower(), literal=True))
    page.goto(f"view=search&q={typed.replace(' ', '%20')}&n={n}")
    texts = page.script(
        "return [...document.querySelectorAll('.ngrams a')]"
        ".map((one) => new URLSearchParams(one.hash.slice(1)).get('gram'))"
    )
    assert len(texts) == min(200, fits["text"].n_unique()) and set(texts) <= set(fits["text"])
    chosen = fits.filter(pl.col("text") == texts[0])
    detecting = set(chosen.filter("detects").select("model", "layer", "neuron").iter_rows())
    others = set(chosen.filter(~pl.col("detects")).select("model", "layer", "neuron").iter_rows())
    found = table_rows(page)
    place = [(row[0], int(row[1]), int(row[2])) for row in found]
    said = [row[3] for row in found]
    assert said == ["yes"] * len(detecting) + ["\N{EN DASH}"] * (len(found) - len(detecting))
    assert set(place[: len(detecting)]) == detecting and detecting | others >= set(place)
    assert len(found) == min(25, len(detecting) + len(others))
    assert f"of {len(others):,} other neuron" in page.text("#who .lead")
    by_layer = chosen.filter("detects").group_by("model").len()
    shown_by_layer = page.script(
        "return [...document.querySelectorAll('.layers')]"
        ".map((one) => [one.querySelector('.name'), one.querySelector('.count')].map((part) => part.textContent))"
    )
    assert {name: int(count) for name, count in shown_by_layer if count != "0"} == dict(
        by_layer.rows()
    )
    assert "[object" not in page.text()


def test_the_neurons_of_a_text_are_sorted_by_what_a_heading_says(page: Chromium) -> None:
    page.goto("view=search&q=word20")
    heading = "#detectors thead th:nth-child(6)"
    assert page.text(heading).startswith("occurrences")
    assert page.find(heading).get_attribute("title") == "occurrences in the study"
    page.click(heading)
    page.settle()
    shown = [int(row[5].replace(",", "")) for row in table_rows(page)]
    assert shown == sorted(shown, reverse=True) and len(set(shown)) > 1


def test_every_heading_says_what_it_means(page: Chromium) -> None:
    for view in ("neurons", "neuron&layer=0&neuron=1", "search&q=word"):
        page.goto(f"view={view}")
        unsaid = page.script(
            "return [...document.querySelectorAll('main th, main dt')]"
            ".filter((one) => !one.title && !one.closest('.by-name')).map((one) => one.textContent)"
        )
        assert [one for one in unsaid if not one.startswith("model")] == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            "view=neuron&layer=4&neuron=7",
            "first-model has no layer 4, neuron 7. Its layers are 0 to 3",
        ),
        ("view=neuron&layer=0&neuron=600", "the neurons of each are 0 to 599"),
        ("view=neuron&layer=-1&neuron=0", "first-model has no layer -1"),
        ("view=overview&model=absent", "Nothing here is about a model “absent”"),
        ("view=neuron&model=%3Cb%3E&layer=0&neuron=0", "a model “<b>”"),
    ],
)
def test_a_link_to_what_does_not_exist_says_so(page: Chromium, state: str, said: str) -> None:
    page.goto(state)
    assert page.text("h1").startswith("There is no such ")
    assert said in page.text(".notice")
    page.click("main a")
    assert not page.text("h1").startswith("There is no such ")


def test_many_ngrams_are_searched_by_how_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trigger_index, "WHOLE", 7)
    monkeypatch.setattr(trigger_index, "NGRAMS_OF_A_PART", 7)
    made = made_census(tmp_path, "many", Size(layers=2, neurons=40, vocabulary=80, detectors=0))
    explore(**made.options(), output=tmp_path / "explorer")
    shown = pl.read_parquet(made.triggers).filter(n=1)
    texts = set(shown["text"])
    with chromium(tmp_path / "explorer") as page:
        for typed in ("word2", " Part3", "WORD64", "\u0627", "&lt;", "part", "nothing"):
            begins = [
                text for text in texts if text.strip(" ").lower().startswith(typed.strip().lower())
            ]
            contains = {text for text in begins if typed.lower() in text.lower()}
            page.goto(f"view=search&q={quote(typed)}")
            found = page.script(
                "return [...document.querySelectorAll('.ngrams a')]"
                ".map((one) => new URLSearchParams(one.hash.slice(1)).get('gram'))"
            )
            # Texts that begin alike are neighbours, and two files hold at least eight of them.
            assert set(found) <= contains and len(found) >= min(8, len(contains)), typed
            if found:
                assert "more that begin with it and trigger neurons" in page.text("[role=status]")
        assert page.complaints() == []

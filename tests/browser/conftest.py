"""An explorer of made models, open in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.browser.chromium import Chromium, NoBrowserError, chromium
from helpers.made.ablation_tables import made_ablations
from helpers.made.census import Made, Size, made_census, vocabulary
from helpers.made.contexts import made_contexts, made_coverage
from neuron_census.draw.explore import explore


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    folder = tmp_path_factory.mktemp("census")
    return {
        "first-model": made_census(
            folder, "first-model", Size(layers=4, neurons=600, vocabulary=101, detectors=0.2)
        ),
        "second <b>model &amp;": made_census(
            folder, "second <b>model &amp;", Size(layers=6, neurons=96), seed=1
        ),
    }


@pytest.fixture(scope="session")
def contexts(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Contexts of the first model; the second has none."""
    path = tmp_path_factory.mktemp("contexts") / "first-model.parquet"
    census = pl.read_parquet(made["first-model"].census)
    return made_contexts(path, census, vocabulary(101), most=3)


@pytest.fixture(scope="session")
def coverage(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("coverage") / "first-model.parquet"
    return made_coverage(path, pl.read_parquet(made["first-model"].census))


@pytest.fixture(scope="session")
def ablations(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ablations of the first model; the second has none."""
    path = tmp_path_factory.mktemp("ablations") / "first-model.parquet"
    return made_ablations(path, made["first-model"].census, layers=4)


@pytest.fixture(scope="session")
def folder(
    made: dict[str, Made],
    contexts: Path,
    coverage: Path,
    ablations: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    # A name that must be quoted in an address.
    output = tmp_path_factory.mktemp("a # folder %41 ü") / "explorer"
    kinds = ("census", "triggers", "projections", "positions")
    tables: dict[str, Any] = {kind: [getattr(one, kind) for one in made.values()] for kind in kinds}
    tables |= {"contexts": [contexts], "coverage": [coverage], "ablations": [ablations]}
    explore(**tables, output=output)
    return output


@pytest.fixture(scope="session")
def browser(folder: Path) -> Iterator[Chromium]:
    try:
        with chromium(folder) as page:
            yield page
    except NoBrowserError as error:
        pytest.skip(f"THE EXPLORER IS NOT TESTED IN A BROWSER: {error}")


@pytest.fixture
def page(browser: Chromium) -> Iterator[Chromium]:
    """The browser at the explorer's first view; whatever it complains of fails the test."""
    browser.driver.set_window_size(1280, 900)
    browser.leave()
    browser.complaints()
    browser.goto("")
    yield browser
    assert browser.complaints() == []
    assert browser.script("return window.census_hacked === undefined")


@pytest.fixture(scope="session")
def census(made: dict[str, Made]) -> pl.DataFrame:
    return pl.read_parquet(made["first-model"].census)


@pytest.fixture(scope="session")
def censuses(made: dict[str, Made]) -> dict[str, pl.DataFrame]:
    return {name: pl.read_parquet(one.census) for name, one in made.items()}


@pytest.fixture(scope="session")
def triggers(made: dict[str, Made]) -> pl.DataFrame:
    return pl.concat(
        pl.read_parquet(one.triggers).with_columns(model=pl.lit(name)) for name, one in made.items()
    )

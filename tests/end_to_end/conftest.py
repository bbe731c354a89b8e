"""The planted model that tests from end to end share."""

from __future__ import annotations

import pytest

from helpers.planted.text import Model, make_model


@pytest.fixture(scope="module", params=[False, True], ids=["pre-norm", "post-norm"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a model with neurons planted for n-grams, its windows and what was planted."""
    return make_model(tmp_path_factory.mktemp("planted"), post_norm=request.param)

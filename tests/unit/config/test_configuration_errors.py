"""What is said of a config that is wrong: one paragraph, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.made.configs import DEFAULT
from neuron_census.config.configuration import configure
from neuron_census.errors import CensusError

Change = Callable[[dict[str, Any]], Any]
MAIN: dict[str, Any] = {"hub": "a/b", "revision": "main", "layers": 2}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


WRONG: list[tuple[Change, str]] = [
    (
        lambda c: c.update(modles=[]),
        "config: unknown key 'modles'; did you mean 'models'? Allowed: ",
    ),
    (lambda c: c["record"].update(shards=1), "record: unknown key 'shards'; did you mean"),
    (lambda c: c["record"].update(device="gpu"), "record.device: found 'gpu'; did you mean 'cpu'?"),
    (lambda c: c["record"].update(keep="no"), "record.keep: found 'no', expected true or false."),
    (
        lambda c: c["record"].update(batch_tokens="all"),
        "record.batch_tokens: found 'all', expected 'auto' or a whole number of at least 1.",
    ),
    (lambda c: c.update(seed=True), "seed: found True, expected a whole number of at least 0."),
    (lambda c: c.update(window=1), "window: found 1, expected a whole number of at least 2."),
    (lambda c: c.update(models=[]), "models: found [], expected a list of at least 1 entry"),
    (lambda c: c.update(models=["opt-mini-s", "opt-mini-s"]), "without repetition"),
    (
        lambda c: c.update(models=["opt-mini-x"]),
        "models[0]: unknown model 'opt-mini-x'; did you mean",
    ),
    (
        lambda c: c["checkpoints"].update({"../x": MAIN}),
        "checkpoints: found '../x', expected a name of",
    ),
    (lambda c: c["checkpoints"].update({"x\n": MAIN}), "expected a name of letters"),
    (lambda c: c["checkpoints"].update({125: MAIN}), "config.checkpoints: found the key 125"),
    (
        lambda c: c["checkpoints"].update(x={}),
        "checkpoints.x: found none of these, expected one of `hub`, `path`, `pypi`, `trained`",
    ),
    (
        lambda c: c["checkpoints"].update(x=MAIN | {"path": "y"}),
        "checkpoints.x: found `hub` and `path`, expected one of",
    ),
    (
        lambda c: c["checkpoints"].update(x={"hub": "a/b", "revision": "main"}),
        "checkpoints.x.layers: is missing; expected the number of layers of a/b",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "layers": 2}),
        "checkpoints.x.layers: only an entry with `hub` or `pypi` has it",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "step": 2}),
        "checkpoints.x.step: only an entry with `trained` has it",
    ),
    (
        lambda c: c["checkpoints"].update(x={"trained": "opt-mini", "tokenizer": "opt-mini"}),
        "checkpoints.x.trained: unknown recipe 'opt-mini'; did you mean 'opt-mini-",
    ),
    (
        lambda c: c["checkpoints"].update(x={"trained": "opt-mini-m"}),
        "checkpoints.x.tokenizer: is missing",
    ),
    (
        lambda c: c["checkpoints"].update(
            x={"trained": "opt-mini-m", "step": 5, "tokenizer": "opt-mini"}
        ),
        "checkpoints.x.step: 5 is not kept; train.checkpoints.opt-mini-m.keep is [233, 700]",
    ),
    (
        lambda c: c["experiments"].update(no_positions=["opt-mini-m"]),
        "experiments.no_positions: found ['opt-mini-m'], expected two models",
    ),
    (
        lambda c: c["experiments"].update(post_norm=["opt-mini-x"]),
        "experiments.post_norm[0]: unknown model 'opt-mini-x'",
    ),
    (
        lambda c: c["draw"].update(oscillatory_ranges={"model": "opt-125m"}),
        "draw.oscillatory_ranges.model: unknown model 'opt-125m'",
    ),
    (
        lambda c: c["classify"]["ngrams"]["max_cover"].update({"4gram": 5}),
        "classify.ngrams.max_cover: unknown key '4gram'",
    ),
    (
        lambda c: c["checkpoints"].update(x={"hub": "a/b", "layers": 2}),
        "checkpoints.x.revision: is missing",
    ),
    (
        lambda c: c["checkpoints"].update(x={"hub": "../b"}),
        "checkpoints.x.hub: found '../b', expected",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "revision": "main"}),
        "checkpoints.x.revision: only an entry with `hub` has it",
    ),
    (
        lambda c: c["checkpoints"].update(x={"path": "y", "tokenizer": "opt-mimi"}),
        "checkpoints.x.tokenizer: unknown tokenizer 'opt-mimi'; did you mean 'opt-mini'?",
    ),
    (
        lambda c: c["checkpoints"]["opt-mini-s"].update(dtype="int8"),
        "checkpoints.opt-mini-s.dtype: found 'int8'; Allowed: bfloat16, float16, float32, float64",
    ),
    (lambda c: c["checkpoints"].update({"OPT-Mini-S": MAIN}), "'opt-mini-s' and 'OPT-Mini-S'"),
    (
        lambda c: c["checkpoints"].update(opt={"path": "y"}),
        "checkpoints.opt: has no `tokenizer`, so that its own would bear its name",
    ),
    (lambda c: c["domains"].update(x={}), "domains.x: the key 'files' is missing; expected text"),
    (
        lambda c: c["domains"].update(
            x={"files": "a", "pypi": "b==1", "hub": "a/b", "revision": "c"}
        ),
        "domains.x: found both `hub` and `pypi`",
    ),
    (lambda c: c["domains"].update(x={"files": "a", "pypi": "b"}), "domains.x.pypi: found 'b'"),
    (
        lambda c: c["domains"].update(x={"files": "a", "hub": "b/c"}),
        "domains.x.revision: is missing",
    ),
    (
        lambda c: c["domains"].update(x={"files": "a", "held_out": 1}),
        "domains.x.held_out: found 1,",
    ),
    (
        lambda c: c["studies"]["dead"][0].update(tokens=0),
        "studies.dead[0].tokens: found 0, expected a whole number of at least 1 or 'all'.",
    ),
    (
        lambda c: c["studies"]["dead"][0].pop("tokens"),
        "studies.dead[0]: the key 'tokens' is missing; expected a whole number",
    ),
    (
        lambda c: c["studies"]["dead"].append({"domain": "proes", "tokens": "all"}),
        "studies.dead[4].domain: unknown domain 'proes'; did you mean 'prose'?",
    ),
    (
        lambda c: c["studies"]["ngrams"].append({"domain": "prose", "tokens": 5}),
        "studies.ngrams[4].domain: 'prose' occurs twice",
    ),
    (
        lambda c: c["studies"].update(dead=[]),
        "studies.dead: found [], expected a list of at least 1",
    ),
    (
        lambda c: c["train"]["checkpoints"]["opt-mini-s"].update(tokenizer="opt-mimi"),
        "train.checkpoints.opt-mini-s.tokenizer: unknown tokenizer 'opt-mimi'; did you mean 'opt-mini'?",
    ),
    (
        lambda c: c["checkpoints"].update({"m.zarr": MAIN}),
        "checkpoints: 'm.zarr' ends as the workflow's own files do",
    ),
    (lambda c: c["domains"].update({"M.Parquet": {"files": "a"}}), "domains: 'M.Parquet' ends as"),
    (
        lambda c: c["classify"]["positions"].update(mi_threshold=float("nan")),
        "classify.positions.mi_threshold: found nan, expected a number that is finite.",
    ),
    (
        lambda c: c["classify"]["positions"].update(mi_threshold="inf"),
        "classify.positions.mi_threshold: found inf, expected a number that is finite.",
    ),
    (
        lambda c: c["record"].update(shard_tokens=-(16**5000)),
        "record.shard_tokens: found a whole number of 20001 bits, expected one of at most 63.",
    ),
    (lambda c: c.update(seed="1" * 5000), "expected a whole number of at least 0"),
    (
        lambda c: c["domains"]["python"].update(where={"a": nested(1000)}),
        "is nested more than 20 deep",
    ),
    (
        lambda c: c["classify"]["ngrams"].update(coverage=0.4),
        "classify.ngrams.coverage: found 0.4, expected a number of at least 0.5 and at most 1.",
    ),
    (
        lambda c: c["domains"]["python"].pop("held_out"),
        "domain 'python' has no `held_out`",
    ),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_explained_in_one_paragraph(change: Change, said: str) -> None:
    config = deepcopy(DEFAULT)
    change(config)
    with pytest.raises(CensusError) as error:
        configure(config)
    assert said in str(error.value)
    assert "\n" not in str(error.value).replace("\\n", "")


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(["opt-mini-s", "python", "all", "main", "a/b", "../x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every mapping or list inside a config, with each of its keys."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = [(value, key) for key, _ in inside]
    for container, key in list(found):
        if isinstance(container[key], dict | list):
            found += places(container[key])
    return found


@settings(max_examples=2000, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_config_it_is_taken_or_explained(data: st.DataObject) -> None:
    config = deepcopy(DEFAULT)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(config)))
        if data.draw(st.booleans()):
            container[key] = data.draw(ANYTHING)
        elif isinstance(container, dict):
            container[data.draw(st.text(max_size=6) | st.integers(0, 3))] = data.draw(ANYTHING)
    try:
        configure(config)
    except CensusError as error:
        assert len(str(error)) > 20

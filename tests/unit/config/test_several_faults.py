"""Everything that is wrong with a config is said at once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from helpers.made.configs import DEFAULT
from neuron_census.config.configuration import configure
from neuron_census.errors import CensusError

Change = Callable[[dict[str, Any]], Any]
MAIN: dict[str, Any] = {"hub": "a/b", "revision": "main", "layers": 2}
NUMBERED: dict[Any, Any] = {5: 1}

SEVERAL: dict[str, tuple[list[Change], list[str]]] = {
    "of the schema": (
        [
            lambda c: c.update(modles=[], sead=1),
            lambda c: c["record"].update(device="gpu"),
            lambda c: c["studies"]["dead"].append({}),
            lambda c: c.update(window=1),
        ],
        [
            "unknown key 'modles'",
            "unknown key 'sead'",
            "record.device: found 'gpu'",
            "the key 'domain' is missing",
            "the key 'tokens' is missing",
            "window: found 1",
        ],
    ),
    "of consistency": (
        [
            lambda c: c["models"].append("opt-mini-x"),
            lambda c: c["checkpoints"].update(x={"trained": "none", "revision": "main"}),
            lambda c: c["studies"]["dead"].append({"domain": "proes", "tokens": "all"}),
            lambda c: c["domains"].update(x={"files": "a", "pypi": "b"}, y={"files": "!a"}),
        ],
        [
            "models[8]: unknown model 'opt-mini-x'",
            "checkpoints.x.revision: only an entry with `hub`",
            "checkpoints.x.trained: unknown recipe 'none'",
            "checkpoints.x.tokenizer: is missing",
            "studies.dead[4].domain: unknown domain 'proes'",
            "domains.x.pypi: found 'b'",
            "domains.y.files: found no pattern",
        ],
    ),
    "of keys": (
        [lambda c: c.update(NUMBERED), lambda c: c["checkpoints"].update({125: MAIN})],
        ["config: found the key 5", "config.checkpoints: found the key 125"],
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_faults_are_said_at_once(case: str) -> None:
    changes, said = SEVERAL[case]
    config = deepcopy(DEFAULT)
    for change in changes:
        change(config)
    with pytest.raises(CensusError) as error:
        configure(config)
    first, *listed = str(error.value).splitlines()
    assert first == f"The config has {len(said)} faults:"
    assert len(listed) == len(said)
    for fault in said:
        assert sum(fault in line for line in listed) == 1, (fault, listed)


def test_of_very_many_faults_some_are_said() -> None:
    config = deepcopy(DEFAULT)
    config["models"] = [f"none-{number}" for number in range(30)]
    with pytest.raises(CensusError) as error:
        configure(config)
    lines = str(error.value).splitlines()
    assert lines[0] == "The config has 30 faults:"
    assert lines[-1] == "  and 10 more." and len(lines) == 22

"""What a publication says of where things come from, without a path of this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from neuron_census.config.configuration import configure
from neuron_census.config.publication import describe
from neuron_census.config.selection import Selection

COMMIT = "0" * 40


def test_origins_and_licences_are_those_of_the_catalogues() -> None:
    config: dict[str, Any] = {
        "models": ["hubbed", "local", "trained"],
        "checkpoints": {
            "hubbed": {"hub": "owner/model", "revision": COMMIT, "layers": 2},
            "local": {"path": "/home/someone/model"},
            "trained": {"trained": "recipe", "step": 5, "tokenizer": "letters"},
            "unselected": {"path": "/home/someone/else"},
        },
        "tokenizers": {"letters": {"path": "tokenizer"}},
        "domains": {
            "notes": {"files": ["/home/someone/notes/*.txt"], "held_out": 0.5},
            "code": {"pypi": "code==1.0", "sha256": "0" * 64, "files": "*.py"},
        },
        "studies": {
            "dead": [{"domain": "notes", "tokens": 5}, {"domain": "code", "tokens": "all"}],
            "ngrams": [],
            "positions": [],
        },
        "train": {
            "checkpoints": {
                "recipe": {
                    "domains": ["notes"],
                    "tokenizer": "letters",
                    "hidden_size": 8,
                    "layers": 1,
                    "heads": 1,
                    "steps": 9,
                    "keep": [5],
                }
            }
        },
        "publication": {
            "title": "Mine",
            "creators": ["A. Person"],
            "licences": {
                "weights": {"hubbed": "MIT", "unselected": "MIT"},
                "text": {"code": "BSD"},
            },
        },
    }
    said = describe(Selection(configure(config), (Path(),)))
    assert said["models"] == {
        "hubbed": {
            "origin": f"owner/model on the Hugging Face hub, commit {COMMIT}",
            "licence": "MIT",
        },
        "local": {"origin": "local files", "licence": None},
        "trained": {"origin": "trained by the workflow, recipe recipe, step 5", "licence": None},
    }
    assert said["domains"]["code"] == {
        "origin": f"Python distribution code==1.0, sha256 {'0' * 64}",
        "licence": "BSD",
    }
    assert (said["title"], said["licence"], said["version"]) == ("Mine", None, "1.0.0")
    assert "someone" not in json.dumps(said)

"""What look and ask print: every line fits, nothing in a token commands the terminal, JSON says it all."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from helpers.made.census import Size, made_census
from helpers.planted.run import NAME, Run
from neuron_census.__main__ import main
from neuron_census.errors import CensusError
from neuron_census.library.catalogue import find_source
from neuron_census.library.look import look

COLUMNS = 100


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command prints on standard output, whose every line must fit."""
    main(arguments)
    printed = capsys.readouterr().out
    assert all(len(line) <= COLUMNS for line in printed.splitlines())
    return printed


def options(run: Run) -> list[str]:
    return [
        "--results",
        str(run.results),
        "--checkpoint",
        str(run.model.checkpoint),
        "--tokenizer",
        str(run.model.tokenizer),
    ]


def test_look_prints_what_a_detector_is(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "look", NAME, "0", "0", "--results", str(run.results))
    row = run.census.neuron(NAME, 0, 0)
    for part in (
        "planted, layer 0, neuron 0",
        "alive, token detector, bigram detector, suppresses its tokens",
        f"{row['activations']:,} of {row['tokens']:,} tokens",
        "mutual information",
        "covered",
        "promotes most",
    ):
        assert part in printed
    assert re.search(r"^the .* 100% +covered$", printed, re.MULTILINE)
    assert "\x1b" not in printed


def test_look_as_json_has_every_row(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(
        said_json(capsys, "look", NAME, "0", "0", "--json", "--results", str(run.results))
    )
    assert found["census"] == run.census.neuron(NAME, 0, 0)
    assert found["triggers"] == run.census.triggers(NAME, 0, 0).to_dicts()
    assert found["curve"] == run.census.curve(NAME, 0, 0).to_dicts()
    assert (found["layers"], found["neurons"]) == (4, 40)


def said_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    main(arguments)
    return capsys.readouterr().out


def test_ask_names_the_detector_at_its_token(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    printed = said(capsys, "ask", NAME, "lawdogrednever", *options(run))
    lines = printed.splitlines()
    (red,) = [line for line in lines if re.match(r" *3 +red ", line)]
    bigrams = run.model.planted["bigrams, suppressed"]
    assert f"{bigrams.layer}.{bigrams.neuron} “dogred”" in " ".join(lines)
    assert re.search(r"\d+\.\d%", red)
    dead = run.model.planted["dead in the dead study"]
    (never,) = [line for line in lines if re.match(r" *4 +never ", line)]
    assert f"{dead.layer}.{dead.neuron}" in never
    assert "neurons dead in the census: 1 of " in printed


def test_ask_as_json_has_every_firing(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["ask", NAME, "lawdogred", "--json", *options(run)]
    found = json.loads(said_json(capsys, *arguments))
    assert [token["text"] for token in found["tokens"]][1:] == ["law", "dog", "red"]
    red = found["tokens"][-1]
    planted = run.model.planted["bigrams, suppressed"]
    (detector,) = [
        entry
        for entry in red["detectors"]
        if (entry["layer"], entry["neuron"]) == (planted.layer, planted.neuron)
    ]
    assert detector["ngrams"] == ["dogred"]
    assert 0 < red["active"] < 1


def test_hostile_tokens_are_shown_by_their_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables of a made model, whose tokens would command a terminal; parts that are missing are left out."""
    made_census(tmp_path, "hostile", Size(vocabulary=20, triggers=20))
    shown = set()
    for neuron in range(30):
        look("hostile", 0, neuron, results=tmp_path, most=40)
        printed = capsys.readouterr().out
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b\u202e\u0301\u0600-\u06ff]", printed)
        shown |= {
            code for code in (r"\x1b", r"\u202e", r"\n\t", "␣␣", "(empty)") if code in printed
        }
    assert len(shown) == 5


def test_a_model_is_found_by_the_config_of_its_run(run: Run, tmp_path: Path) -> None:
    """Relative paths start from the folder that has the results; what the hub gave lies in them."""
    results = tmp_path / "run" / "results"
    config = tmp_path / "mine.yaml"
    entries = {
        "mine": {"path": "made/model", "dtype": "float64", "tokenizer": "tiny"},
        "fetched": {"hub": "a/b", "revision": "c" * 40, "layers": 1, "dtype": "float16"},
    }
    config.write_text(
        json.dumps({"checkpoints": entries, "tokenizers": {"tiny": {"path": "made/tokenizer"}}})
    )
    shutil.copytree(run.model.checkpoint, results.parent / "made" / "model")
    shutil.copytree(run.model.tokenizer, results.parent / "made" / "tokenizer")
    found = find_source(results, "mine", [config])
    assert found.checkpoint == results.parent / "made" / "model"
    assert found.tokenizer == results.parent / "made" / "tokenizer"
    with pytest.raises(CensusError, match="results/checkpoints/fetched: is not there"):
        find_source(results, "fetched", [config])
    with pytest.raises(CensusError, match="did you mean 'mine'"):
        find_source(results, "mime", [config])

"""What is logged of a run: short, and no word of what changed is lost."""

from __future__ import annotations

import logging
import shlex

import pytest

from neuron_census.rerun import decision
from neuron_census.rerun.run_log import Shortened, shorten, shorten_reason, why_words

MANY = [f"results/census/model-{place}.parquet" for place in range(150)]


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, message, (), None)
    vars(made).update(fields)
    return made


def test_a_job_names_few_of_its_files() -> None:
    job = record(
        "rule all", input=list(MANY), output=["results/summary.csv"], reason="Forced execution"
    )
    assert Shortened().filter(job)
    fields = vars(job)
    assert fields["input"] == [*MANY[:3], "and 147 more"]
    assert fields["output"] == ["results/summary.csv"]
    assert fields["reason"] == "Forced execution"


def test_a_reason_is_in_the_words_of_the_config() -> None:
    changed = "results/census/a.parquet: classify.dead.count_bos: false -> true"
    assert shorten_reason(f"Params have changed since last execution: {changed}") == changed
    updated = f"Input files updated by another job: {', '.join(MANY)}"
    assert shorten_reason(f"{updated}; {changed}") == (
        f"Input files updated by another job: {', '.join(MANY[:3])}, and 147 more; {changed}"
    )


def test_a_command_is_shown_without_its_provenance_and_runs_as_it_is() -> None:
    provenance = shlex.quote('{"stage": "classify", "content": {"it\'s": "text"}}')
    command = f"python -m neuron_census classify --provenance {provenance} 2>&1 | tee -i log"
    shell = record(f"Shell command: {command}", shellcmd=command)
    assert Shortened().filter(shell)
    assert vars(shell)["shellcmd"] == "python -m neuron_census classify 2>&1 | tee -i log"


def test_a_job_without_a_command_is_no_line() -> None:
    assert not Shortened().filter(record("Shell command: None", shellcmd=None))


def test_the_hint_that_would_take_stale_files_for_current_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changes = {
        "classify.dead.count_bos: false -> true": {"results/census/a.parquet"},
        "results/census/a.parquet is to be made from something else": {"results/summary.csv"},
    }
    monkeypatch.setattr(decision, "_changes", changes)
    hint = record("Some jobs were triggered by provenance information, … '--rerun-triggers mtime'")
    assert Shortened().filter(hint)
    assert hint.getMessage() == why_words()
    assert why_words().splitlines() == [
        "What changed since results were made:",
        "    classify.dead.count_bos: false -> true",
        "        first: results/census/a.parquet",
    ]


def test_nothing_changed_nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "_changes", {})
    assert why_words() == ""
    assert not Shortened().filter(record("Some jobs were triggered by provenance information, …"))


@pytest.mark.parametrize("count", [1, 3, 4, 5])
def test_a_list_of_one_more_is_not_cut(count: int) -> None:
    shown = shorten(MANY[:count])
    assert shown == MANY[:count] if count <= 4 else shown == [*MANY[:3], "and 2 more"]

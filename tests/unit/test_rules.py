"""Rules say everything to their stages: an option that a rule forgets would silently take its default."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

from helpers.repository import REPOSITORY
from neuron_census.stages import STAGES, module_of

RULES = REPOSITORY / "workflow" / "rules"
NOT_SAID = {
    # What a person asks of a plan, or of a machine, and no file of a workflow depends on.
    "record": {"memory", "device_memory", "weights"},
    "explore": {"detector_triggers", "other_triggers"},
    "generate_mathematics": {"seed", "questions_per_module"},
    "fetch_checkpoint": {"tokenizer_only", "gate"},
    "train_checkpoint": {"save_every"},
    # The figure is a positional argument.
    "draw": {"figure"},
}
"""Parameters that a rule leaves at their defaults, or gives in another way."""
NO_RULE = {
    "ask",
    "export_neuronpedia",
    "identify_projection",
    "look",
    "plan_recording",
    "tabulate_costs",
}
"""Commands for people, which no rule calls."""


def shell_lines() -> dict[str, list[str]]:
    """Return the shell commands of all rules, by the stage that they call."""
    found: dict[str, list[str]] = {}
    for file in RULES.glob("*.smk"):
        for block in re.findall(r"shell:\n((?: {8}.*\n)+)", file.read_text(encoding="utf-8")):
            said = " ".join(re.findall(r'"(.*)"', block))
            stage = re.search(r"python -m neuron_census (\w+)", said)
            assert stage, said
            found.setdefault(stage[1], []).append(said)
    return found


MADE_BY_FUNCTIONS = {
    "record": {"revision": "revision", "gate": "gate"},
    "unpack_checkpoint": {"bos": "bos", "gate": "gate"},
    "tokenize": {"window": "window"},
    "classify": {"ngrams": "ngrams", "ngram_counts": "ngrams"},
    "draw": {"choice": "options"},
}
"""Options that a function of common.smk makes where there is something to say, and the param that holds them."""


@pytest.mark.parametrize(
    "stage", [stage for stages in STAGES.values() for stage in stages if stage not in NO_RULE]
)
def test_a_rule_gives_its_stage_every_option(stage: str) -> None:
    function = getattr(import_module(f"neuron_census.{module_of(stage)}"), stage)
    parameters = set(inspect.signature(function).parameters)
    made = MADE_BY_FUNCTIONS.get(stage, {})
    for said in shell_lines()[stage]:
        given = {name.replace("-", "_") for name in re.findall(r"--([a-z][a-z0-9-]*)", said)}
        for param in made.values():
            assert f"{{params.{param}" in said, stage
        assert parameters - NOT_SAID.get(stage, set()) - set(made) <= given, stage
        assert given - {"provenance"} <= parameters, stage


def test_every_rule_with_a_stage_gives_its_provenance() -> None:
    for stage, lines in shell_lines().items():
        for said in lines:
            assert "--provenance {params.provenance:q}" in said, stage


def test_commands_without_a_rule_are_those_for_people() -> None:
    commands = {stage for stages in STAGES.values() for stage in stages}
    assert commands - set(shell_lines()) == NO_RULE

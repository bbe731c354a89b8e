"""The workflow used by other workflows: as a module, and laid out as `snakedeploy` lays it out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from helpers.repository import REPOSITORY
from helpers.workflow.project import environment, planned

SNAKEFILE = json.dumps(str(REPOSITORY / "workflow" / "Snakefile"))
OF_MY_OWN = f"""
configfile: "mine.yaml"

module neuron_census:
    snakefile:
        {SNAKEFILE}
    config:
        config

use rule * from neuron_census as census_*

rule mine:
    input: "results/census/opt-mini-s.parquet"
    output: "mine.txt"
    shell: "cp {{input}} {{output}}"
"""
# As snakedeploy 0.17 writes it, but for the path, which of a local clone it would leave out.
DEPLOYED = f"""
from snakemake.utils import min_version

min_version("6.10.0")

configfile: "config/config.yaml"

module neuron_census:
    snakefile:
        {SNAKEFILE}
    config:
        config

use rule * from neuron_census
"""


def plan(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-n", "--cores", "1", *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_another_workflow_uses_this_one_with_a_config_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(OF_MY_OWN)
    (tmp_path / "mine.yaml").write_text("models: [opt-mini-s]\nexperiments: {}\n")
    said = plan(tmp_path, "mine.txt")
    jobs = planned(said)
    assert jobs["mine"] == jobs["census_record"] == jobs["census_classify"] == 1
    assert all(rule == "mine" or rule.startswith("census_") for rule in jobs)
    assert not (REPOSITORY / "mine.txt").exists()


def test_a_deployed_workflow_makes_everything_without_a_target(tmp_path: Path) -> None:
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow" / "Snakefile").write_text(DEPLOYED)
    for name in ("config", "profiles"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    jobs = planned(plan(tmp_path))
    models = len(yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text())["models"])
    assert jobs["record"] == jobs["classify"] == models
    assert jobs["draw_comparison"] == jobs["explore"] == jobs["summarise"] == 1

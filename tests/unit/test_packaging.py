"""Containers, pixi and the workflow catalog say what pyproject.toml and the lock say. None of them is built here."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from helpers.repository import REPOSITORY
from neuron_census import __version__

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
INSTALL = (
    "pip install --no-cache-dir --constraint /opt/neuron-census/requirements.lock "
    "--editable /opt/neuron-census"
)


def dockerfile() -> list[list[str]]:
    """Return the instructions of the Dockerfile, each in words."""
    text = (REPOSITORY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [shlex.split(line) for line in lines]


def apptainer() -> dict[str, list[str]]:
    """Return the lines of each section of the recipe; the header's under nothing."""
    sections: dict[str, list[str]] = {"": []}
    section = ""
    for line in (REPOSITORY / "apptainer.def").read_text().splitlines():
        if line.startswith("%"):
            section = line[1:].strip()
            sections[section] = []
        elif line.strip() and not line.startswith("#"):
            sections[section].append(line.strip())
    return sections


def copied_by_docker() -> set[str]:
    return {source for line in dockerfile() if line[0] == "COPY" for source in line[1:-1]}


def test_both_images_hold_everything_that_a_run_reads() -> None:
    copied = copied_by_docker()
    assert all((REPOSITORY / name).exists() for name in copied)
    assert copied == {line.split()[0] for line in apptainer()["files"]}
    # A folder that the Snakefile, its rules or the default config name is in the image.
    said = "".join(
        path.read_text()
        for path in [REPOSITORY / "Snakefile", *(REPOSITORY / "workflow" / "rules").glob("*.smk")]
    )
    named = set(re.findall(r"\b(envs|config|resources|profiles|workflow)/", said))
    assert {"envs", "workflow"} <= named <= copied
    assert {"Snakefile", "pyproject.toml", "requirements.lock", PROJECT["readme"]} <= copied


def test_both_images_have_the_same_python_packages_and_version() -> None:
    recipe = apptainer()
    base = next(line[1] for line in dockerfile() if line[0] == "FROM")
    assert f"From: {base}" in recipe[""]
    python = re.fullmatch(r"python:(3\.\d+)-slim", base)
    assert python and SpecifierSet(PROJECT["requires-python"]).contains(python[1])
    ((_, *command),) = [line for line in dockerfile() if line[0] == "RUN"]
    assert " ".join(command) == INSTALL and recipe["post"] == [INSTALL]
    labels = dict(
        word.split("=", 1) for line in dockerfile() if line[0] == "LABEL" for word in line[1:]
    )
    assert labels == dict(line.split(None, 1) for line in recipe["labels"])
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.licenses"] == PROJECT["license"]


def test_both_images_run_the_workflow() -> None:
    entry = next(line for line in dockerfile() if line[0] == "ENTRYPOINT")
    assert " ".join(entry[1:]).replace(",", "") == (
        "[snakemake --snakefile /opt/neuron-census/Snakefile]"
    )
    assert apptainer()["runscript"] == [
        'exec snakemake --snakefile /opt/neuron-census/Snakefile "$@"'
    ]


def test_the_image_of_the_snakefile_is_the_one_that_the_recipe_builds() -> None:
    image = re.search(r'^containerized: "(.*)"$', (REPOSITORY / "Snakefile").read_text(), re.M)
    assert image
    assert f"apptainer build {image[1]} apptainer.def" in (REPOSITORY / "apptainer.def").read_text()
    assert Path(image[1]).suffix == ".sif"


def test_pixi_has_the_ranges_of_conda_and_of_snakemake() -> None:
    pixi = tomllib.loads((REPOSITORY / "pixi.toml").read_text())
    assert pixi["workspace"]["version"] == __version__
    assert pixi["workspace"]["name"] == PROJECT["name"]
    listed = yaml.safe_load((REPOSITORY / "envs" / "neuron-census.yaml").read_text())[
        "dependencies"
    ]
    expected = {
        name: ranges.strip() for name, _, ranges in (entry.partition(" ") for entry in listed)
    }
    (snakemake,) = [line for line in PROJECT["dependencies"] if line.startswith("snakemake")]
    expected["snakemake"] = snakemake.removeprefix("snakemake")
    assert pixi["dependencies"] == expected
    # Of the channels, only bioconda has Snakemake.
    assert pixi["workspace"]["channels"] == ["conda-forge", "bioconda"]
    assert pixi["pypi-dependencies"] == {PROJECT["name"]: {"path": ".", "editable": True}}
    assert all(task.split()[0] == "snakemake" for task in pixi["tasks"].values())


def test_the_catalog_finds_what_it_asks_for() -> None:
    usage = yaml.safe_load((REPOSITORY / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment"}
    ways = usage["software-stack-deployment"]
    assert ways == {"conda": True, "apptainer": True, "apptainer+conda": False, "report": True}
    assert (REPOSITORY / "workflow" / "Snakefile").is_file()
    assert (REPOSITORY / "config" / "README.md").is_file()
    said = "".join(path.read_text() for path in (REPOSITORY / "workflow" / "rules").glob("*.smk"))
    assert said.count("    shell:\n") == said.count("    conda:\n"), "every job has an environment"

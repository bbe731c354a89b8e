"""pyproject.toml, requirements.lock and envs/ say the same."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers.repository import REPOSITORY

PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
# As conda-forge calls them.
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
# What starts the jobs is not needed inside them.
NOT_IN_JOBS = {"snakemake"}


def by_name(requirements: list[str]) -> dict[str, Requirement]:
    parsed = [Requirement(requirement) for requirement in requirements]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def pins() -> dict[str, Requirement]:
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    return by_name([line for line in lines if line and not line.startswith("#")])


def conda(name: str) -> tuple[dict[str, str], list[str]]:
    """The ranges of an environment by name, and what pip installs into it."""
    listed = yaml.safe_load((REPOSITORY / "envs" / f"{name}.yaml").read_text())["dependencies"]
    ranges = dict((entry + " ").split(" ", 1) for entry in listed if isinstance(entry, str))
    pip = [line for entry in listed if isinstance(entry, dict) for line in entry["pip"]]
    return {package: found.strip() for package, found in ranges.items()}, pip


RANGES = by_name(PROJECT["project"]["dependencies"])
TEST = by_name(EXTRAS["test"])
BUILD = by_name(PROJECT["build-system"]["requires"])
MATHEMATICS = by_name(EXTRAS["mathematics"])
PINNED = RANGES | TEST | BUILD | MATHEMATICS


@pytest.mark.parametrize("name", sorted(PINNED))
def test_every_requirement_is_pinned_inside_its_range(name: str) -> None:
    requirement = PINNED[name]
    (pin,) = pins()[name].specifier
    assert pin.operator == "=="
    assert requirement.specifier.contains(pin.version)


def test_what_the_requirements_need_is_pinned_and_nothing_else() -> None:
    needed: set[str] = set()
    waiting = [*PINNED.values()]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = ("", *requirement.extras)
        if name in needed and not requirement.extras:
            continue
        needed.add(name)
        # torch needs other packages for CUDA, and pins them itself.
        for line in requires(name) or []:
            below = Requirement(line)
            applies = below.marker is None or any(
                below.marker.evaluate({"extra": extra}) for extra in extras
            )
            cuda = name == "torch" and below.name.startswith(("nvidia", "triton", "cuda"))
            if applies and not cuda:
                waiting.append(below)
    assert needed == set(pins())


def test_conda_has_the_same_ranges() -> None:
    expected = {
        CONDA_NAMES.get(name, requirement.name): requirement.specifier
        for name, requirement in RANGES.items()
        if name not in NOT_IN_JOBS
    }
    ranges, pip = conda("neuron-census")
    python = ranges.pop("python")
    assert python.startswith(PROJECT["project"]["requires-python"])
    assert {name: Requirement(f"x{found}").specifier for name, found in ranges.items()} == expected
    assert pip == []


def test_conda_has_the_ranges_of_mathematics() -> None:
    ranges, pip = conda("mathematics")
    for name, found in ranges.items():
        if name not in ("python", "pip"):
            assert Requirement(f"x{found}").specifier == (RANGES | MATHEMATICS)[name].specifier
    from_pip = by_name([line for line in pip if not line.startswith("-")])
    assert from_pip.keys() | (ranges.keys() & MATHEMATICS.keys()) == MATHEMATICS.keys()
    assert all(requirement == MATHEMATICS[name] for name, requirement in from_pip.items())


def test_the_lock_names_no_host_and_no_platform() -> None:
    text = (REPOSITORY / "requirements.lock").read_text()
    assert "://" not in text
    assert "+" not in text
    assert all(requirement.marker is None for requirement in pins().values())

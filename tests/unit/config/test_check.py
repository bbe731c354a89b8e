"""A config file by itself: which line is broken, and what Snakemake would make of several."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from helpers.made.configs import DEFAULT
from helpers.repository import REPOSITORY
from neuron_census.config.check import merged, read_yaml
from neuron_census.errors import CensusError


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"models: [a\nseed: 1\n", ", line 2, column 5: broken YAML"),
        (b"seed: 1\nrecord:\n\tkeep: true\n", ", line 3, column 1: broken YAML: while scanning"),
        (b"a: *none\n", ", line 1, column 4: broken YAML: found undefined alias"),
        (b"a: 'b\n", "broken YAML: while scanning a quoted scalar"),
        (b"a: \xff\n", "cannot be read as YAML"),
        (b"a: \x00\n", "cannot be read as YAML"),
        (b"a: " + b"1" * 5000, "cannot be read as YAML: Exceeds the limit"),
        (b"[" * 100_000, "cannot be read as YAML"),
        (b"- a\n", "found list, expected keys"),
        (b"", "found NoneType, expected keys"),
    ],
)
def test_what_is_not_a_config_is_named_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_bytes(content)
    with pytest.raises(CensusError) as error:
        read_yaml(file)
    assert str(error.value).startswith(str(file))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CensusError, match=r"none\.yaml: cannot be read: No such file"):
        read_yaml(tmp_path / "none.yaml")


def test_configs_are_merged_as_snakemake_merges_them(tmp_path: Path) -> None:
    from snakemake.utils import update_config

    overlay = read_yaml(REPOSITORY / "config" / "opt-125m.yaml")
    expected = read_yaml(REPOSITORY / "config" / "config.yaml")
    update_config(expected, overlay)
    assert merged(DEFAULT, overlay) == expected
    assert read_yaml(REPOSITORY / "config" / "config.yaml") == DEFAULT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "neuron_census.config.check", *arguments],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY / "workflow")},
        capture_output=True,
        text=True,
    )


def test_the_command_says_what_a_run_would_end_with(tmp_path: Path) -> None:
    done = run("config/opt.yaml")
    assert (done.returncode, done.stdout) == (0, "The config is in order.\n")
    assert done.stderr == "warning: domains.reddit.revision: main is not a commit.\n"
    (tmp_path / "mine.yaml").write_text("models: [none]\nseed: -1\n")
    done = run(str(tmp_path / "mine.yaml"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: seed: found -1")
    (tmp_path / "mine.yaml").write_text("models: [none]\n")
    assert "models[0]: unknown model 'none'" in run(str(tmp_path / "mine.yaml")).stderr
    (tmp_path / "mine.yaml").write_text("models: [none\n")
    assert "mine.yaml, line 2, column 1: broken YAML" in run(str(tmp_path / "mine.yaml")).stderr

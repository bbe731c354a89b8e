"""A copy of the repository in a folder of its own, with tiny models and texts, and Snakemake to run it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from helpers.made.checkpoints import make_checkpoint, make_tokenizer
from helpers.repository import REPOSITORY

SHIPPED = (
    "Snakefile",
    "workflow",
    "config",
    "profiles",
    "envs",
    "resources/paper",
    "resources/ours",
)
CONFIG = "tiny.yaml"
MODELS = ("tiny-a", "tiny-b")


class Project:
    """A repository of its own; `folder` is where it is and where it runs, unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config_file = folder / CONFIG

    @classmethod
    def make(cls, folder: Path) -> Project:
        """Copy what is shipped, and make two models, a third in reserve, and two domains."""
        folder.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", ".mypy_cache")
        for name in SHIPPED:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=ignored)
            else:
                shutil.copy(source, folder / name)
        make_tokenizer(folder / "made" / "tokenizer", max_position_embeddings=16)
        for seed, model in enumerate([*MODELS, "tiny-c"]):
            make_checkpoint(
                folder / "made" / model,
                seed=seed,
                vocab_size=264,
                max_position_embeddings=16,
                post_norm=model == "tiny-b",
            )
        texts = folder / "made" / "texts"
        texts.mkdir()
        for number in range(6):
            words = " ".join(f"word{number * word}" for word in range(40))
            (texts / f"note{number}.txt").write_text(f"Note {number}. {words}\n")
        (texts / "{odd} name.txt").write_text("An odd name, and an odd text.\n")
        records = [json.dumps({"body": f"Record {number} of many. " * 5}) for number in range(12)]
        (folder / "made" / "records.jsonl").write_text("\n".join(records) + "\n")
        project = cls(folder)
        project.write_config(tiny_config())
        return project

    def write_config(self, config: dict[str, Any]) -> None:
        """Write the config that is laid over the default one; JSON is YAML, too."""
        self.config_file.write_text(json.dumps(config, indent=2))

    def change_config(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit the config in place."""
        config = json.loads(self.config_file.read_text())
        change(config)
        self.write_config(config)

    def append(self, path: str, text: str) -> None:
        """Add text to the end of a file."""
        with (self.folder / path).open("a") as file:
            file.write(text)

    def module(self, name: str) -> str:
        """The path of a module of the package."""
        return f"workflow/neuron_census/{name}.py"

    def copy(self, folder: Path, *, keep_times: bool = True, with_metadata: bool = True) -> Project:
        """Copy everything elsewhere, results included.

        Parameters
        ----------
        folder
            where to; must not exist
        keep_times
            whether files keep the times at which they changed, as they do not in a clone
        with_metadata
            whether what Snakemake remembers comes along
        """
        shutil.copytree(
            self.folder,
            folder,
            copy_function=shutil.copy2 if keep_times else shutil.copyfile,
            ignore=None if with_metadata else shutil.ignore_patterns(".snakemake"),
        )
        return Project(folder)

    def command(self, *arguments: str, config: bool = True) -> list[str]:
        """The command line of Snakemake on one core, with the tiny config laid over unless told not to."""
        given = ["--configfile", str(self.config_file)] if config else []
        return [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, *given]

    def run(
        self, *arguments: str, config: bool = True, directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Snakemake to its end.

        Parameters
        ----------
        arguments
            besides those of `command`
        config
            whether the tiny config is laid over the default one
        directory
            where it is started, if not in the repository
        """
        return subprocess.run(
            self.command(*arguments, config=config),
            cwd=directory or self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,
            check=False,
        )

    def succeed(self, *arguments: str, directory: Path | None = None) -> str:
        """Run Snakemake, which must succeed, and give what it says."""
        done = self.run(*arguments, directory=directory)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fail(self, *arguments: str) -> str:
        """Run Snakemake, which must fail, and give what it says, its lines joined."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        return re.sub(r"\s+", " ", done.stdout)

    def planned(self, *arguments: str, directory: Path | None = None) -> dict[str, int]:
        """How often each rule would run, in a dry-run; without those that do nothing."""
        return planned(self.succeed("-n", *arguments, directory=directory))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake in a process group of its own, so that all of it can be killed."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all its children at once, as a power cut does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def environment() -> dict[str, str]:
    """This process's environment without what would let a stage find the package by chance."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def planned(said: str) -> dict[str, int]:
    """Read the table of jobs that Snakemake prints."""
    table = said.partition("Job stats:")[2].partition("\n\n")[0]
    jobs = Counter({rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)", table, re.M)})
    return {
        rule: count for rule, count in jobs.items() if rule not in ("all", "everything", "total")
    }


def tiny_config(models: Sequence[str] = MODELS) -> dict[str, Any]:
    """Two models of one tokenizer, two domains, every study, three shards."""
    return {
        "models": list(models),
        "checkpoints": {
            model: {"path": f"made/{model}", "dtype": "float64", "tokenizer": "tiny"}
            for model in (*MODELS, "tiny-c")
        },
        "tokenizers": {"tiny": {"path": "made/tokenizer"}},
        "domains": {
            "notes": {"files": ["made/texts/*.txt"]},
            "records": {"files": "made/records.jsonl", "text": "body"},
        },
        "studies": {
            "dead": [{"domain": "notes", "tokens": 600}, {"domain": "records", "tokens": 300}],
            "ngrams": [{"domain": "notes", "tokens": 200}],
            "positions": [{"domain": "records", "tokens": 150}],
        },
        "record": {"shard_tokens": 400, "device": "cpu"},
        "classify": {"positions": {"min_windows": 5}},
    }

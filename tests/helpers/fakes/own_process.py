"""Python in a process of its own: for peak memory, environment variables and kills."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import neuron_census


def start_python(
    script: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a script that can import the package, with its output and errors piped.

    Parameters
    ----------
    script
        Python source
    arguments
        for `sys.argv`
    environment
        of the process; this one's if not given
    """
    # The package may be installed or only be on this process's path.
    package = str(Path(neuron_census.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**(os.environ if environment is None else environment), "PYTHONPATH": package},
    )


def run_python(
    script: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Run a script as `start_python` does and return its exit status, output and errors."""
    process = start_python(script, *arguments, environment=environment)
    output, errors = process.communicate()
    return process.returncode, output, errors

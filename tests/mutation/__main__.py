"""Change the code in small ways, and list the changes that no test notices.

    PYTHONPATH=tests python -m mutation --modules classify count --sample 50 --seed 0

Each change is made in a copy of the package, and the unit tests that mirror the module, with the tests end to end,
run on it until one fails. What survives is either equivalent, which a person judges, or a test is missing. A run
over everything takes days of one core; a sample says how good the tests are.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mutation.mutations import Mutant, mutants

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "workflow" / "neuron_census"
BESIDE = {
    "classify": ["tests/end_to_end"],
    "count": ["tests/end_to_end"],
    "loops": ["tests/unit/count", "tests/unit/record", "tests/end_to_end"],
}
"""Tests besides those of its own folder that a folder of the package is covered by."""
MINUTES = 10


def main() -> None:
    """Run the mutants that were asked for, and print those that survive."""
    options = _options()
    files = [
        file
        for name in options.modules
        for file in sorted((PACKAGE / name).rglob("*.py") if (PACKAGE / name).is_dir() else [])
        or [PACKAGE / f"{name}.py"]
        if file.name != "__init__.py"
    ]
    chosen = [(file, mutant) for file in files for mutant in mutants(file.read_text("utf-8"))]
    print(f"{len(chosen):,} mutants in {len(files)} modules", flush=True)
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "repository"
        ignored = shutil.ignore_patterns(".git", ".venv", "results", ".snakemake", "__pycache__")
        shutil.copytree(REPOSITORY, copy, ignore=ignored)
        for number, (file, mutant) in enumerate(chosen, 1):
            name = file.relative_to(PACKAGE)
            survived = _survives(copy, name, mutant)
            verdict = "SURVIVED" if survived else "killed"
            print(
                f"{number}/{len(chosen)} {verdict} {name}:{mutant.line}  {mutant.change}",
                flush=True,
            )
            if survived:
                survivors.append(f"{name}:{mutant.line}  {mutant.change}")
    print(f"\n{len(survivors)} of {len(chosen)} survived")
    print("\n".join(survivors))


def _survives(copy: Path, module: Path, mutant: Mutant) -> bool:
    """Return whether all tests of a module pass on a mutant of it."""
    verb = module.parts[0].removesuffix(".py")
    unit = copy / "tests" / "unit"
    own = [unit / verb, unit / f"test_{verb}.py", unit]
    tests = [str(next(path for path in own if path.exists()))]
    tests += [str(copy / path) for path in BESIDE.get(verb, [])]
    file = copy / "workflow" / "neuron_census" / module
    as_it_was = file.read_bytes()
    file.write_text(mutant.text, encoding="utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=copy,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "workflow:tests"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60 * MINUTES,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        file.write_bytes(as_it_was)
    return done.returncode == 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--modules",
        nargs="+",
        default=["classify", "count", "loops", "draw/figures", "draw/claims"],
        help="folders or modules of the package (definitions, counting, figures and claims by default)",
    )
    parser.add_argument("--sample", type=int, default=50, help="how many; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""Generate school mathematics with DeepMind's `mathematics-dataset`, as text for the demo.

    generate_mathematics(output=Path("mathematics.jsonl.zst"), questions_per_module=1000)

The package is from 2019. With today's sympy one name has moved, and some of its modules fail; what
failed, and how, is written beside the text.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tqdm import tqdm

from neuron_census.errors import CensusError
from neuron_census.formats.seal import sealed

PACKAGES = ("mathematics_dataset", "sympy", "absl", "six", "numpy")
QUESTIONS_PER_DOCUMENT = 20
# A module whose first attempts all failed is given up.
HOPELESS = 50


@dataclass(frozen=True)
class Generated:
    """The questions of one module, each with its answer, and how its attempts failed."""

    module: str
    questions: list[str]
    failures: int
    last_failure: str


def generate_mathematics(
    *, output: Path, questions_per_module: int = 1000, seed: int = 0, processes: int = 1
) -> None:
    """Write questions and answers, twenty of one kind per document, and a note on where they come from.

    Parameters
    ----------
    output
        a `.jsonl.zst` file with the keys `module` and `text`; the note has the same name and `.md`
    questions_per_module
        how many questions of each kind
    seed
        the text is a function of the seed, whatever the number of processes
    processes
        how many kinds are generated at a time
    """
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise CensusError(
                f"generating mathematics needs the package '{package}', which is not installed here; run "
                "`pip install 'neuron-census[mathematics]'`."
            )
    import zstandard

    modules = list(_modules())
    tasks = [(module, questions_per_module, seed) for module in modules]
    with ProcessPoolExecutor(processes) as pool:
        generated = list(
            tqdm(pool.map(_generate, tasks), total=len(tasks), unit="module", file=sys.stderr)
        )
    documents = [
        {
            "module": part.module,
            "text": "\n\n".join(part.questions[start:][:QUESTIONS_PER_DOCUMENT]),
        }
        for part in generated
        for start in range(0, len(part.questions), QUESTIONS_PER_DOCUMENT)
    ]
    lines = "".join(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    compressed = zstandard.ZstdCompressor(level=19).compress(lines.encode())
    with sealed(output) as file:
        file.write_bytes(compressed)
    note = output.with_name(output.name.split(".")[0] + ".md")
    with sealed(note) as file:
        file.write_text(
            _note(output.name, compressed, documents, generated, questions_per_module, seed),
            encoding="utf-8",
        )


def _modules() -> dict[str, Callable[[], Any]]:
    """Return all training modules by name, in alphabetical order."""
    # In 2019 this module itself held the function that now lives one level further down.
    package = importlib.import_module("sympy.solvers.diophantine")
    moved = importlib.import_module("sympy.solvers.diophantine.diophantine")
    vars(package)["base_solution_linear"] = moved.base_solution_linear
    from mathematics_dataset.modules import modules

    def flatten(tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, Callable[[], Any]]]:
        for name, branch in tree.items():
            if isinstance(branch, dict):
                yield from flatten(branch, f"{prefix}{name}__")
            else:
                yield f"{prefix}{name}", branch

    # The middle of the difficulty that the package trains with.
    return dict(sorted(flatten(modules.train(lambda entropy: entropy), "")))


def _generate(task: tuple[str, int, int]) -> Generated:
    """Return the questions of one module; a module whose first attempts all fail has none."""
    import numpy as np

    name, count, seed = task
    start = int.from_bytes(hashlib.blake2b(f"{seed} {name}".encode(), digest_size=4).digest())
    random.seed(start)
    np.random.seed(start)
    sample = _modules()[name]
    questions: list[str] = []
    seen: set[str] = set()
    failures, last_failure = 0, ""
    # Modules with few different questions repeat themselves; a bound keeps them from going on for ever.
    for attempt in range(3 * count):
        if len(questions) == count or attempt == failures == HOPELESS:
            break
        try:
            problem = sample()
        except (
            Exception
        ) as error:  # whatever a package of 2019 raises is a finding, told in the note
            failures += 1
            last_failure = f"{type(error).__name__}: {error}".splitlines()[0]
            continue
        text = f"{problem.question}\n{problem.answer}"
        if text not in seen:
            seen.add(text)
            questions.append(text)
    return Generated(name, questions, failures, last_failure)


def _note(
    name: str,
    compressed: bytes,
    documents: list[dict[str, str]],
    generated: list[Generated],
    questions_per_module: int,
    seed: int,
) -> str:
    working = [part for part in generated if part.questions]
    failing = [part for part in generated if part.failures]
    size = sum(len(document["text"].encode()) for document in documents)
    return "\n".join(
        [
            f"# {name}",
            "",
            "School mathematics: questions, each with its answer on the next line, up to twenty of one kind in a",
            "document. Made by the generator of *Analysing Mathematical Reasoning Abilities of Neural Models*",
            f"(Saxton, Grefenstette, Hill, Kohli; 2019), `mathematics-dataset` {version('mathematics-dataset')},",
            "copyright DeepMind, Apache License 2.0, which also covers this text.",
            "",
            "```",
            f"python -m neuron_census generate_mathematics --questions-per-module {questions_per_module} "
            f"--seed {seed} --output resources/text/{name}",
            "```",
            "",
            "| what | value |",
            "|---|---|",
            f"| sympy | {version('sympy')} |",
            f"| numpy | {version('numpy')} |",
            f"| modules | {len(working)} |",
            f"| questions | {sum(len(part.questions) for part in working):,} |",
            f"| documents | {len(documents):,} |",
            f"| bytes of text | {size:,} |",
            f"| bytes compressed | {len(compressed):,} |",
            f"| sha256 | {hashlib.sha256(compressed).hexdigest()} |",
            "",
            "Modules of which some attempts fail with these versions, with the last error; without questions, the",
            "module is left out:",
            "",
            "| module | questions | failed attempts | last error |",
            "|---|---|---|---|",
            *[
                f"| `{part.module}` | {len(part.questions):,} | {part.failures:,} | {part.last_failure} |"
                for part in failing
            ],
            "",
        ]
    )

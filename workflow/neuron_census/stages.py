"""The commands of the workflow, and the verb that each belongs to.

A command is a function of its own module, `neuron_census.{verb}.{command}`. The command line, the digests of
code and the tests read this list.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

STAGES: dict[str, tuple[str, ...]] = {
    "tokenize": ("read_domain", "tokenize"),
    "record": ("record", "plan_recording", "tabulate_costs"),
    "count": ("count", "number_ngrams", "count_ngrams"),
    "classify": ("classify", "identify_projection"),
    "ablate": ("ablate",),
    "draw": (
        "draw",
        "summarise",
        "check_claims",
        "explore",
        "write_report",
        "compare",
        "draw_comparison",
        "publish",
        "export_neuronpedia",
    ),
    "library": ("look", "ask"),
    "hub": ("fetch_checkpoint", "unpack_checkpoint"),
    "train": ("train_tokenizer", "train_checkpoint", "check_first_losses", "generate_mathematics"),
}
"""The commands of each verb, of the library, and of the two helpers of verbs, in the order in which data flow."""


def module_of(command: str) -> str:
    """Return the dotted name, inside the package, of the module of a command.

    >>> module_of("number_ngrams")
    'count.number_ngrams'
    """
    verb = next(verb for verb, commands in STAGES.items() if command in commands)
    return f"{verb}.{command}"

"""config/README.md, written from the schema: `python -m neuron_census.config.reference > config/README.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from neuron_census.schema.explanation import expected
from neuron_census.schema.section import schema

INTRODUCTION = """\
# The config

`config.yaml` holds the defaults. A file given with `--configfile`, wherever it is, is merged over the defaults:
mappings (such as the catalogues `checkpoints`, `tokenizers` and `domains`) are merged, lists (such as `models` and the
studies) and single values are replaced, and `null` removes a value. For a single run,
`--config 'classify={"dead": {"count_bos": true}}'` does the same. `models_more` adds to `models` without repeating it.

| file | what it takes a census of |
|---|---|
| `config.yaml` | the demo family, which this repository ships, on text from Python packages |
| `opt.yaml` | the paper: all eight OPT models on over 20 million tokens |
| `opt-125m.yaml` | the smallest OPT model on a little Wikipedia and code |
| `nopos.yaml` | the paper's training experiment: the shape of opt-125m, trained with and without positions |
| `smollm2.yaml` | SmolLM2-135M-Instruct, quantised, from the Python package index, on the demo's text |
| `pythia.yaml` | Pythia from 70m to 12b, and one size at twelve of its steps of training |
| `gpt2.yaml` | GPT-2 in four sizes, whose positions are learned |

An unknown key, a name that is in no catalogue, or a value of the wrong kind ends the run before it begins; so does a
local model, tokenizer or text that cannot be used. All faults are reported at once, each with the nearest key or name
that is allowed. Of a `--configfile` that is not valid YAML, Snakemake says only that; the following names the line, and
checks everything else without Snakemake:

    python -m neuron_census.config.check config/mine.yaml

`NAME` stands for a name that you choose: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit. This
page is written from `workflow/schemas/config.schema.json`.
"""


def reference() -> str:
    """Return a description of every key of the config, as Markdown."""
    lines = [INTRODUCTION]
    for key, described in schema()["properties"].items():
        lines += [f"## `{key}`", "", described["description"], ""]
        rows = list(_rows(key, described))
        if rows:
            lines += ["| key | meaning | allowed values | default |", "|---|---|---|---|"]
            lines += [
                f"| `{path}` | {what} | {kind} | {default} |" for path, what, kind, default in rows
            ]
            lines.append("")
        if not described.get("properties") and not rows:
            lines += [f"{_sentence(expected(described))} Default: {_default(described)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(path: str, described: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Every key below a key: of a mapping, of a catalogue's entries, of a list's."""
    required = described.get("required", [])
    for key, below in described.get("properties", {}).items():
        inside = list(_rows(f"{path}.{key}", below))
        if not inside or "array" in below["type"]:
            default = "required" if key in required else _default(below)
            yield f"{path}.{key}", below["description"], expected(below), default
        yield from inside
    entry = described.get("additionalProperties")
    if isinstance(entry, dict):
        yield from _rows(f"{path}.NAME", entry)
    items = described.get("items", {})
    if items.get("properties"):
        yield from _rows(f"{path}[]", items)


def _default(described: Mapping[str, Any]) -> str:
    default = described.get("default")
    return "none" if default is None else f"`{json.dumps(default)}`"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


if __name__ == "__main__":
    sys.stdout.write(reference())

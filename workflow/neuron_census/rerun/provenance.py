"""What each file of the workflow is made from, in one short text: when to make it anew.

Snakemake compares the times at which files changed, which a clone, a copy or a `touch` changes without
reason, and looks back one step only. So every rule carries the provenance of its output as a parameter,
and nothing else makes it rerun: a digest of its own settings, of its own code, of what the user's files
hold, and of the provenance of every file that it reads. A change anywhere reaches exactly what depends
on it, also after a run that was interrupted.

What changes no result is left out: the device, the batch size, whether recordings are kept.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

from neuron_census.config.selection import PAPER, Selection
from neuron_census.errors import CensusError
from neuron_census.rerun.code_digest import code_digest
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.stages import module_of

TOKENIZER_FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
CHECKPOINT_FILES = ("config.json", "*.safetensors", "*.bin", "*.index.json")

# What the pages of the explorer are made from, besides code.
PAGE = Path(__file__).parents[1] / "draw" / "explorer"


def _remembered(make: Callable[..., str]) -> Callable[..., str]:
    """Work each provenance out once, however many files are made from it."""

    @wraps(make)
    def once(self: Provenance, *names: str) -> str:
        which = (make.__name__, *names)
        if which not in self.known:
            try:
                self.known[which] = make(self, *names)
            except CensusError as error:
                # The user mends a file or the config, and the way here through the code is no help.
                raise error.with_traceback(None) from None
        return self.known[which]

    return once


class Provenance:
    """Provenance of every kind of file that a config asks for."""

    def __init__(self, selection: Selection) -> None:
        self.known: dict[tuple[str, ...], str] = {}
        self._selection = selection
        self._config = selection.config

    @_remembered
    def domain(self, name: str) -> str:
        """Of results/text/{name}.parquet."""
        files = self._selection.domain_files(name)
        return _digest(
            code=code_digest(module_of("read_domain")),
            settings=[self._config["domains"][name], self._config["seed"]],
            content=fingerprint(files) if files else None,
        )

    @_remembered
    def fetched_tokenizer(self, name: str) -> str:
        """Of results/tokenizers/{name}, from the hub."""
        return _digest(content=_of_hub(self._selection.tokenizer(name)))

    @_remembered
    def fetched_checkpoint(self, model: str) -> str:
        """Of results/checkpoints/{model}, from the hub.

        What is fetched is checked against the hub's checksums, whichever code does it: an edit of that
        code fetches nothing anew.
        """
        return _digest(content=_of_hub(self._config["checkpoints"][model]))

    @_remembered
    def windows(self, tokenizer: str) -> str:
        """Of results/windows/{tokenizer}/windows.parquet."""
        return _digest(
            code=code_digest(module_of("tokenize")),
            settings=[
                self._config["studies"],
                self._config.get("window"),
                len(self._selection.shards),
            ],
            content=self._tokenizer_content(tokenizer),
            upstream=[[domain, self.domain(domain)] for domain in self._selection.domains],
        )

    @_remembered
    def recordings(self, model: str) -> str:
        """Of every results/recordings/{model}/{shard}.zarr."""
        return _digest(
            code=code_digest(module_of("record")),
            settings=[
                self._config["checkpoints"][model]["dtype"],
                self._config["record"]["ngram_layers"],
            ],
            content=self._checkpoint_content(model),
            upstream=self.windows(self._selection.tokenizer_of(model)),
        )

    @_remembered
    def counts(self, model: str) -> str:
        """Of results/counts/{model}.zarr."""
        return _digest(code=code_digest(module_of("count")), upstream=self.recordings(model))

    @_remembered
    def ngrams(self, tokenizer: str) -> str:
        """Of results/ngrams/{tokenizer}.zarr."""
        return _digest(
            code=code_digest(module_of("number_ngrams")), upstream=self.windows(tokenizer)
        )

    @_remembered
    def ngram_counts(self, model: str) -> str:
        """Of every results/counts/{model}/ngrams/{layer}.zarr."""
        return _digest(
            code=code_digest(module_of("count_ngrams")),
            upstream=[
                self.recordings(model),
                self.ngrams(self._selection.tokenizer_of(model)),
            ],
        )

    @_remembered
    def census(self, model: str) -> str:
        """Of results/census/{model}.parquet and the tables that go with it."""
        with_ngrams = bool(self._selection.ngram_layers(model))
        return _digest(
            code=code_digest(module_of("classify")),
            settings=self._config["classify"],
            upstream=[self.counts(model), self.ngram_counts(model) if with_ngrams else None],
        )

    @_remembered
    def figure(self, name: str, shown: str, choice: str = "") -> str:
        """Of results/figures/{name}.pdf, .png and .csv, which shows a list of models.

        `choice` is the key of `draw` in the config that chooses a part of what there is to show.
        """
        return _digest(
            code=code_digest(module_of("draw"), f"draw.figures.{name}"),
            settings=self._config["draw"][choice] if choice else None,
            content=[
                fingerprint([self._selection.style()]),
                fingerprint(self._selection.published(name)),
            ],
            upstream=[[model, self.census(model)] for model in self._selection.shown(shown)],
        )

    @_remembered
    def summary(self) -> str:
        """Of results/summary.csv."""
        return _digest(
            code=code_digest(module_of("summarise")),
            upstream=[[model, self.census(model)] for model in self._selection.models],
        )

    @_remembered
    def claims(self) -> str:
        """Of results/claims.csv."""
        return _digest(
            code=code_digest(module_of("check_claims"), *_modules_in("draw/claims")),
            settings=self._config["experiments"],
            content=fingerprint([PAPER / "claims.toml"]),
            upstream=[[model, self.census(model)] for model in self._selection.models],
        )

    @_remembered
    def explorer(self) -> str:
        """Of results/explorer."""
        page = [file for file in PAGE.rglob("*") if file.suffix in (".html", ".js", ".css")]
        return _digest(
            code=code_digest(module_of("explore")),
            content=fingerprint(page),
            upstream=[[model, self.census(model)] for model in self._selection.models],
        )

    @_remembered
    def trained_tokenizer(self, name: str) -> str:
        """Of results/trained/tokenizers/{name}."""
        recipe = self._config["train"]["tokenizers"][name]
        return _digest(
            code=code_digest(module_of("train_tokenizer")),
            settings=recipe,
            upstream=[[domain, self.domain(domain)] for domain in recipe["domains"]],
        )

    @_remembered
    def trained_checkpoint(self, name: str) -> str:
        """Of results/trained/checkpoints/{name}."""
        recipe = self._config["train"]["checkpoints"][name]
        return _digest(
            code=code_digest(module_of("train_checkpoint")),
            settings=recipe,
            upstream=[
                self._training_tokenizer(recipe["tokenizer"]),
                *[[domain, self.domain(domain)] for domain in recipe["domains"]],
            ],
        )

    @_remembered
    def generated_mathematics(self) -> str:
        """Of results/generated/mathematics.jsonl.zst."""
        return _digest(code=code_digest(module_of("generate_mathematics")))

    def _training_tokenizer(self, name: str) -> object:
        if name in self._config["train"]["tokenizers"]:
            return self.trained_tokenizer(name)
        return self._tokenizer_content(name)

    def _tokenizer_content(self, name: str) -> object:
        entry = self._selection.tokenizer(name)
        if "hub" in entry:
            return _of_hub(entry)
        return _folder_content(self._selection.tokenizer_folder(name), TOKENIZER_FILES)

    def _checkpoint_content(self, model: str) -> object:
        entry = self._config["checkpoints"][model]
        if "hub" in entry:
            return _of_hub(entry)
        if "trained" in entry:
            return [self.trained_checkpoint(entry["trained"]), entry.get("step")]
        return _folder_content(self._selection.checkpoint_folder(model), CHECKPOINT_FILES)


def _modules_in(folder: str) -> list[str]:
    """Name the modules in a folder of the package, which are imported by names that files hold."""
    return [
        f"{folder.replace('/', '.')}.{file.stem}"
        for file in sorted((Path(__file__).parents[1] / folder).glob("[!_]*.py"))
    ]


def _digest(**parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _of_hub(entry: Mapping[str, Any]) -> list[str]:
    return [entry["hub"], entry["revision"]]


def _folder_content(folder: Path, patterns: tuple[str, ...]) -> str:
    """What the files in a folder that matter hold: a card or a note beside them does not."""
    files = [file for pattern in patterns for file in folder.glob(pattern)]
    if not files:
        raise CensusError(
            f"{folder}: has none of {', '.join(patterns)}. Expected a folder in Hugging Face's format."
        )
    return fingerprint(files)

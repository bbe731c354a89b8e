"""What the columns of the CSV files mean that are drawn from the census: figures, summary, claims."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from neuron_census.formats.tables.table import Column, Table
from neuron_census.formats.tables.vocabulary import NGRAMS, READINGS

TEXT, WHOLE, NUMBER, TRUTH = pl.String(), pl.Int64(), pl.Float64(), pl.Boolean()

MODEL = {"model": Column(TEXT, "name of the model")}
LAYER = MODEL | {"layer": Column(WHOLE, "layer, from 0")}
NEURON = LAYER | {"neuron": Column(WHOLE, "index in the FFN layer, from 0")}
TOKEN = {
    "list": Column(
        TEXT, "which part of the figure the row belongs to: `detected`, `promoted` or `suppressed`"
    ),
    "rank": Column(WHOLE, "place in its list, from 1"),
    "token": Column(WHOLE, "token"),
    "text": Column(TEXT, "its text; a space at either end is ␣, and what cannot be seen is a code"),
    "value": Column(NUMBER, "projection of the neuron's output row on the token's embedding"),
    "percentile": Column(
        NUMBER, "place of that among all tokens: 0 most suppressed, 1 most promoted"
    ),
    "activations": Column(WHOLE, "occurrences of a detected token that activate the neuron"),
    "occurrences": Column(WHOLE, "occurrences of a detected token in the study"),
    "is_detected": Column(TRUTH, "whether the neuron detects the token"),
}
PATTERN = {
    "pattern": Column(TEXT, "type of the pattern"),
    "strength": Column(TEXT, "strong or weak"),
}
DEPTH = {
    "num_layers": Column(WHOLE, "layers of the model"),
    "relative_depth": Column(NUMBER, "depth of the layer in the model, 0 at the first layer"),
}

LOOSER = {
    "looser_coverage": Column(NUMBER, "the looser coverage, `classify.ngrams.looser.coverage`"),
    "looser_presence": Column(NUMBER, "the looser presence, `classify.ngrams.looser.presence`"),
    "looser_detectors": Column(WHOLE, "neurons of the layer that are detectors under both"),
    "looser_detected": Column(WHOLE, "different n-grams that they detect"),
}

DEAD = Table(
    "fig01_dead_neurons",
    "One row per model and layer.",
    LAYER
    | DEPTH
    | {
        "neurons": Column(WHOLE, "neurons of the layer"),
        "dead": Column(WHOLE, "dead ones among them"),
        "dead_percent": Column(NUMBER, "dead ones, in percent"),
        "mean_frequency_alive": Column(
            NUMBER, "mean activation frequency of alive neurons; empty if all are dead"
        ),
    },
)
COVERS = Table(
    "fig02_unigram_cover, fig11_bigram_cover, fig12_trigram_cover",
    "One row per model, analysed layer and bin; bins without neurons are included.",
    LAYER
    | {
        "bin": Column(TEXT, "sizes of covers that are counted together"),
        "smallest_cover": Column(
            WHOLE, "smallest size in the bin; empty for neurons that are never active"
        ),
        "largest_cover": Column(WHOLE, "largest size in the bin; empty where there is no limit"),
        "neurons": Column(WHOLE, "alive neurons whose cover has such a size"),
    },
)
DETECTORS = Table(
    "fig03_token_detectors, fig13_bigram_detectors, fig13_trigram_detectors",
    "One row per model and analysed layer.",
    LAYER
    | DEPTH
    | {
        "detectors": Column(WHOLE, "neurons of the layer that detect n-grams"),
        "detected": Column(WHOLE, "different n-grams that they detect"),
        "cumulative": Column(WHOLE, "different n-grams that layers up to this one detect"),
    }
    | LOOSER,
)
NGRAMS_BY_LAYER = Table(
    "fig04_tokens_by_layer, fig14_bigrams_by_layer, fig14_trigrams_by_layer",
    "One row per model and analysed layer.",
    LAYER
    | {
        "covered": Column(WHOLE, "different n-grams that the layer's detectors detect"),
        "new_overall": Column(WHOLE, "those that no lower layer detects"),
        "new_to_previous": Column(WHOLE, "those that the layer below does not detect"),
    }
    | LOOSER,
)
SUPPRESSION = Table(
    "fig05_suppression",
    "One row per model, and rows about the detector that is shown; `list` names the part of the figure.",
    {
        "list": Column(
            TEXT, "`model`, `detector`, `detected`, `promoted`, `suppressed` or `quantile`"
        )
    }
    | NEURON
    | {name: column for name, column in TOKEN.items() if name != "list"}
    | {
        "detectors": Column(WHOLE, "token detectors of the model, in a row `model`"),
        **{
            f"suppressing_{reading}": Column(
                NUMBER, f"share of them that suppress their tokens, as `{reading}` reads it; 0 to 1"
            )
            for reading in READINGS
        },
    },
)
EXAMPLES = Table(
    "fig06_detector_examples",
    "One row per detector shown and token in one of its lists.",
    NEURON
    | {
        "neuron_activations": Column(WHOLE, "activations of the neuron at tokens"),
        "suppression": Column(NUMBER, "mean projection on the tokens that it detects"),
        "suppresses": Column(TRUTH, "whether it suppresses them, as the config reads it"),
    }
    | TOKEN,
)
TYPES = Table(
    "fig07_pattern_types",
    "One row per position of each neuron shown: for every type and strength, the neuron with the highest I(act, pos).",
    PATTERN
    | NEURON
    | {
        "position_mi": Column(NUMBER, "mutual information of activity and position"),
        "windows": Column(WHOLE, "full-length windows"),
        "candidates": Column(WHOLE, "neurons of all models that are of this type and strength"),
        "position": Column(WHOLE, "position in the window, the BOS at 0"),
        "frequency": Column(NUMBER, "share of windows in which the neuron is active there"),
    },
)
POSITIONAL = Table(
    "fig08_positional_neurons, fig10_no_positions, fig15_postnorm_positional, fig16_training_checkpoints",
    "One row per model, layer, pattern and strength; kinds without neurons are included.",
    LAYER
    | {"ffn_dim": Column(WHOLE, "neurons of the layer")}
    | PATTERN
    | {"neurons": Column(WHOLE, "neurons of the layer that are of this type and strength")},
)
RANGES = Table(
    "fig09_oscillatory_ranges",
    "One row per range of positions at which a strong oscillatory neuron is active; one empty row if there is none.",
    LAYER
    | {
        "window": Column(WHOLE, "positions of a window"),
        "neuron": Column(WHOLE, "index in the FFN layer, from 0"),
        "shift": Column(
            NUMBER, "middle of the neuron's first range that is longer than the moving average"
        ),
        "start": Column(WHOLE, "first position of the range"),
        "end": Column(WHOLE, "last position of the range"),
    },
)
_EFFECTS = {
    "direct": "direct effect on the centred logit of its token",
    "total": "total effect on it",
    "total_difference": "total effect, less that at the token of matched frequency and less what controls do",
}
CAUSAL = Table(
    "figure_causal_suppression",
    "One row per model, kind of neuron and measure (`share`), and one per ablated neuron (`neuron`).",
    {"list": Column(TEXT, "which part of the figure the row belongs to: `share` or `neuron`")}
    | NEURON
    | {
        "near": Column(TRUTH, "whether it is no detector, only near to one"),
        "nearness": Column(NUMBER, "how near, as in the ablations table"),
        "firings": Column(WHOLE, "firings at which it was ablated"),
        "documents": Column(WHOLE, "documents that these lie in"),
        "projection": Column(NUMBER, "mean projection on its token"),
        **{
            f"{effect}{end}": Column(NUMBER, f"{which}{meaning}")
            for effect, meaning in _EFFECTS.items()
            for end, which in (
                ("", ""),
                ("_low", "lower end of the 95% interval of the "),
                ("_high", "upper end of the 95% interval of the "),
            )
        },
        "total_difference_q": Column(NUMBER, "q-value of no such difference"),
        "measure": Column(TEXT, "column whose sign says whether a neuron suppresses its token"),
        "neurons": Column(WHOLE, "neurons that have it"),
        "suppressing": Column(WHOLE, "those of them that suppress"),
        "share": Column(NUMBER, "their share, 0 to 1"),
        "share_low": Column(NUMBER, "lower end of its 95% interval (Wilson)"),
        "share_high": Column(NUMBER, "upper end of it"),
    },
)
FIGURES = (
    DEAD,
    COVERS,
    DETECTORS,
    NGRAMS_BY_LAYER,
    SUPPRESSION,
    EXAMPLES,
    TYPES,
    POSITIONAL,
    RANGES,
    CAUSAL,
)

SUMMARY = Table(
    "summary.csv",
    "One row per model. Columns about a study that was not made are empty.",
    MODEL
    | {
        "layers": Column(WHOLE, "layers of the model"),
        "neurons": Column(WHOLE, "neurons of all layers"),
        "dead": Column(WHOLE, "dead ones among them"),
        "analysed_layers": Column(WHOLE, "layers whose n-grams are counted"),
        **{f"{ngram}_detectors": Column(WHOLE, f"{ngram} detectors") for ngram in NGRAMS},
        **{
            f"detected_{ngram}s": Column(WHOLE, f"different {ngram}s that they detect")
            for ngram in NGRAMS
        },
        **{
            f"suppressing_{reading}": Column(
                NUMBER,
                f"share of token detectors that suppress their tokens, as `{reading}` reads it; 0 to 1",
            )
            for reading in READINGS
        },
        "positional": Column(WHOLE, "positional neurons"),
        "revision": Column(TEXT, "commit that the checkpoint was fetched at"),
        "weights": Column(TEXT, "digest of its weights"),
        "dtype": Column(TEXT, "type in which the forward pass was computed"),
        "versions": Column(TEXT, "versions of the libraries that recorded"),
    },
)

FATES = Table(
    "fates_{comparison}",
    "One row per two neighbouring checkpoints of a list and pair of kinds (see `comparison/`).",
    {
        "before": Column(TEXT, "name of the earlier model"),
        "after": Column(TEXT, "name of the later model"),
        "kind_before": Column(TEXT, "what neurons were"),
        "kind_after": Column(TEXT, "what they became"),
        "neurons": Column(WHOLE, "how many neurons did; also where there are none"),
    },
)

CLAIMS = Table(
    "claims.csv",
    "One row per claim of the paper, and of ours about what it claims.",
    {
        "claim": Column(TEXT, "name of the claim"),
        "section": Column(TEXT, "section of the paper"),
        "figure": Column(TEXT, "figure of the paper"),
        "source": Column(
            TEXT,
            "`text` for a sentence of the paper, `figure` for a reading of one of its figures, `ours` for neither",
        ),
        "says": Column(TEXT, "what the paper says"),
        "test": Column(TEXT, "what is tested"),
        "speaks_of": Column(TEXT, "models that the claim is about"),
        "tested_on": Column(TEXT, "models of this run that it was tested on"),
        "analogue": Column(TRUTH, "whether these are others than the claim is about"),
        "verdict": Column(TEXT, "`holds`, `does not hold`, or why that cannot be decided"),
        "found": Column(TEXT, "the numbers that decide it"),
        "published": Column(TEXT, "what the paper found"),
    },
)

FROM_THE_PAPER: Mapping[str, str] = {
    "published_{column}": "the value in the paper's figure; empty where it shows none",
    "difference_{column}": "our value minus that one",
}
"""Columns that a figure's table has besides where numbers of the paper's figure are known."""

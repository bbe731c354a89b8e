"""Results of a shipped model on a little text of this repository, quick to make, for what is shown with the demo."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from helpers.made.results import add_model
from helpers.repository import REPOSITORY
from neuron_census.formats.windows import STUDIES, write_windows
from neuron_census.tokenizer.encoder import Encoder

MODEL = "opt-mini-l"
WINDOW = 256
WINDOWS_OF_A_DOMAIN = 12


def make_demo_results(folder: Path) -> Path:
    """Take the census of a shipped model below a folder, which then looks like the repository after a run.

    Returns the folder of results.
    """
    (folder / "resources").symlink_to(REPOSITORY / "resources")
    checkpoint = folder / "resources" / "checkpoints" / MODEL
    encoder = Encoder.open(checkpoint)
    rows = []
    for domain, pattern in (("prose", "*.md"), ("python", "tests/unit/*.py")):
        texts = [file.read_text(encoding="utf-8") for file in sorted(REPOSITORY.glob(pattern))]
        pieces = [
            (document, part, ids[first : first + WINDOW - 1].tolist())
            for document, ids in enumerate(encoder.encode(texts))
            for part, first in enumerate(range(0, len(ids), WINDOW - 1))
        ]
        for document, part, ids in pieces[:WINDOWS_OF_A_DOMAIN]:
            tokens = [encoder.bos, *ids]
            rows.append(
                {
                    "domain": domain,
                    "document": document,
                    "part": part,
                    "length": len(tokens),
                    "dead": True,
                    "ngrams": True,
                    "positions": len(tokens) == WINDOW,
                    "tokens": tokens,
                }
            )
    table = pl.DataFrame(rows).with_columns(window=pl.int_range(pl.len()), shard=pl.lit(0))
    assert set(STUDIES) < set(table.columns)
    results = folder / "results"
    windows = results / "windows" / "opt-mini" / "windows.parquet"
    windows.parent.mkdir(parents=True)
    write_windows(
        table,
        windows,
        window_length=WINDOW,
        bos=encoder.bos,
        vocabulary=encoder.vocabulary,
        shards=1,
        domains=["prose", "python"],
        tokenizer=encoder.digest,
    )
    add_model(results, MODEL, checkpoint, checkpoint, windows, analysed=4, dtype="float32")
    return results

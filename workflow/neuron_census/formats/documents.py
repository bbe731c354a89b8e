"""The documents of the dead study, numbered through all domains, and the bits that say which ones activate a neuron.

documents = StudyDocuments.of(windows)      # by domain, then by number in the domain's table
documents.of_shard(0)                       # the document of each dead-study window of a shard, in order
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int32, Int64

from neuron_census.formats.windows import Windows


@dataclass(frozen=True)
class StudyDocuments:
    """Documents of a study, by domain and number.

    domain    `[document]`   index of the domain, in the order that numbers them everywhere
    number    `[document]`   number in the domain's table
    tokens    `[document]`   tokens of text that the study reads of it, BOS left out
    windows   `[document]`   windows in which these are
    """

    domain: Int32[np.ndarray, " document"]
    number: Int32[np.ndarray, " document"]
    tokens: Int64[np.ndarray, " document"]
    windows: Int64[np.ndarray, " document"]
    _of_window: pl.DataFrame

    @classmethod
    def of(cls, table: Windows, study: str = "dead") -> StudyDocuments:
        """Number the documents of a study."""
        place = pl.col("domain").replace_strict(
            table.domains, range(len(table.domains)), return_dtype=pl.Int32
        )
        rows = table.columns("shard", "domain", "document", "length", study)
        read = rows.filter(study).with_columns(place=place)
        found = (
            read.group_by("place", "document")
            .agg(tokens=(pl.col("length").cast(pl.Int64) - 1).sum(), windows=pl.len())
            .sort("place", "document")
            .with_row_index("id")
        )
        numbered = read.join(
            found.select("place", "document", "id"),
            on=["place", "document"],
            how="left",
            maintain_order="left",
        )
        return cls(
            found["place"].to_numpy(),
            found["document"].to_numpy(),
            found["tokens"].to_numpy(),
            found["windows"].to_numpy().astype(np.int64),
            numbered.select("shard", "id", "length"),
        )

    def __len__(self) -> int:
        return len(self.number)

    def of_shard(self, shard: int) -> Int64[np.ndarray, " window"]:
        """Return the document of each of the study's windows of a shard, in forward order."""
        return self._column("id", shard)

    def lengths_of_shard(self, shard: int) -> Int64[np.ndarray, " window"]:
        """Return the tokens, BOS included, of each of these windows."""
        return self._column("length", shard)

    def _column(self, name: str, shard: int) -> Int64[np.ndarray, " window"]:
        rows = self._of_window.filter(pl.col("shard") == shard)
        return rows[name].to_numpy().astype(np.int64)

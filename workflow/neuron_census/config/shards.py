"""How many shards the windows are dealt into, which follows from the config alone.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from neuron_census.errors import CensusError

MOST_SHARDS = 100_000
"""Far more than any run has. Every shard is a job, so that a wrong number would make an endless plan."""


def shard_count(studies: Mapping[str, Iterable[Mapping[str, Any]]], shard_tokens: int) -> int:
    """Return the tokens that the studies ask for divided by the tokens of a shard, rounded up; at least 1.

    A token that several studies read counts once: of each domain the largest budget counts. What
    `all` will come to is not known yet; it counts as one shard.

    Parameters
    ----------
    studies
        for each study its list of `{domain, tokens}`, as in the config
    shard_tokens
        tokens of a shard, about

    Raises CensusError for a shard of no tokens, and for more than `MOST_SHARDS`.
    """
    if shard_tokens < 1:
        raise CensusError(f"record.shard_tokens: found {shard_tokens}, expected 1 or more.")
    largest: dict[str, int] = {}
    for selections in studies.values():
        for selection in selections:
            tokens = shard_tokens if selection["tokens"] == "all" else int(selection["tokens"])
            largest[selection["domain"]] = max(tokens, largest.get(selection["domain"], 0))
    shards = max(1, -(-sum(largest.values()) // shard_tokens))
    if shards > MOST_SHARDS:
        raise CensusError(
            f"record.shard_tokens: {sum(largest.values()):,} tokens in shards of {shard_tokens:,} are {shards:,} "
            f"shards, each of them a job; expected at most {MOST_SHARDS:,}. Raise it."
        )
    return shards

"""Whether a checkpoint and a tokenizer are those that a census was taken with."""

from __future__ import annotations

from collections.abc import Sequence

from neuron_census.checkpoint.checkpoint import Checkpoint
from neuron_census.checkpoint.remembered import recall_digest
from neuron_census.errors import CensusError
from neuron_census.library.census import Census
from neuron_census.tokenizer.encoder import Encoder


def model_of(census: Census, checkpoint: Checkpoint, model: str | None) -> str:
    """Return the name under which a census has a checkpoint: the one that is given, or the one with its weights.

    Parameters
    ----------
    census
        the results
    checkpoint
        the model
    model
        its name, if it is known

    Raises CensusError for a name that is not there, and where weights are not those that were recorded.
    """
    if model is not None:
        census.require_model(model)
    candidates = census.models if model is None else (model,)
    weights = {name: census.facts(name).get("weights") for name in candidates}
    digest = _digest(census, checkpoint, candidates)
    found = [name for name in candidates if weights[name] == digest]
    if not found:
        raise CensusError(
            f"{checkpoint.folder}: its weights have the digest {digest}, and {census.folder} has no census of "
            f"them; it has {', '.join(f'{name} ({weights[name]})' for name in candidates)}. Name the "
            "checkpoint that was recorded."
        )
    return found[0]


def check_tokenizer(census: Census, model: str, encoder: Encoder) -> None:
    """Refuse a tokenizer other than the one that cut the windows, where those are at hand; CensusError."""
    cut_with = census.tokenizer_digest(model)
    if cut_with not in (None, encoder.digest):
        raise CensusError(
            f"{encoder.folder}: this tokenizer has the digest {encoder.digest}, and the windows that '{model}' "
            f"has read were cut with another one ({cut_with}). Name the tokenizer that cut them."
        )


def _digest(census: Census, checkpoint: Checkpoint, models: Sequence[str]) -> str:
    """Return the digest of a checkpoint, as record has remembered it: to take it of a large one is slow."""
    for model in models:
        note = census.folder / "recordings" / model / ".weights.json"
        if (remembered := recall_digest(checkpoint, note)) is not None:
            return remembered
    # Nothing is written into results, which may be shared.
    return checkpoint.digest()

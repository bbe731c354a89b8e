"""The micro-batches of a shard, and whether its windows are those of the model."""

from __future__ import annotations

from transformers import PreTrainedConfig

from neuron_census.errors import CensusError
from neuron_census.formats.windows import Windows
from neuron_census.record.planning.plan import MICRO_BATCH


def read_batch_tokens(given: str, device: str, window: int) -> int:
    """Return the positions of a micro-batch.

    Parameters
    ----------
    given
        a number, or auto
    device
        cpu or cuda, which decides where auto was given
    window
        tokens of a full-length window, which always fits

    Raises CensusError for anything else.
    """
    if given == "auto":
        return max(window, MICRO_BATCH[device])
    if not (given.isascii() and given.isdigit()) or len(given) > 18 or int(given) < 1:
        raise CensusError(
            f"record.batch_tokens: found '{given}', expected a positive number of tokens or 'auto'."
        )
    return int(given)


def require_own_windows(table: Windows, config: PreTrainedConfig, checkpoint: object) -> None:
    """Refuse windows that are longer than the model takes, or begin with another token than its BOS.

    Parameters
    ----------
    table
        the windows
    config
        the model's configuration
    checkpoint
        what to call the model

    Raises CensusError that names both.
    """
    longest = config.max_position_embeddings
    if table.window_length > longest:
        raise CensusError(
            f"{table.path}: the windows hold {table.window_length} tokens and {checkpoint} takes at "
            f"most {longest} (max_position_embeddings). Set `window: {longest}` in the config, or give "
            "the checkpoint a tokenizer entry of its own."
        )
    if table.bos != config.bos_token_id:
        raise CensusError(
            f"{table.path}: the windows begin with token {table.bos}, and the BOS of {checkpoint} is "
            f"{config.bos_token_id} (bos_token_id in config.json). Give the checkpoint the "
            "tokenizer that it was trained with."
        )

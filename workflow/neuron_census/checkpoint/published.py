"""Models of the hub whose configuration is known here: enough to plan for one that was not fetched."""

from __future__ import annotations

from transformers import PreTrainedConfig

from neuron_census.checkpoint.config import config_of
from neuron_census.errors import CensusError, one_of
from neuron_census.families.adapter.known import published_content, published_repositories


def published_config(repository: str) -> PreTrainedConfig:
    """Return the configuration of a model of the hub.

    Parameters
    ----------
    repository
        owner and name on the hub, for example facebook/opt-66b

    Raises CensusError for one that no family knows.
    """
    content = published_content(repository)
    if content is None:
        raise CensusError(
            f"{repository}: its shape is not known without its config.json; "
            f"{one_of(repository, list(published_repositories()))} "
            "Name a folder that holds the model's config.json instead."
        )
    return config_of(content, repository)

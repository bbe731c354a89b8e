"""What a model repository on the hub holds at one commit, and what its refusals mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from httpx2 import HTTPError
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from neuron_census.errors import CensusError
from neuron_census.paths.inside import require_inside

Result = TypeVar("Result")

TIMEOUT_SECONDS = 30.0
WAITS_SECONDS = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it: git's object id (sha1), or sha256 where Git LFS keeps it."""

    name: str
    size: int
    git_object: str | None
    sha256: str | None


@dataclass(frozen=True)
class HubRepository:
    """The files of a model repository at one commit."""

    name: str
    revision: str
    commit: str
    files: dict[str, HubFile]


def list_repository(repository: str, revision: str) -> HubRepository:
    """Ask the hub which files a model repository holds, with their sizes and checksums.

    Parameters
    ----------
    repository
        owner and name: facebook/opt-125m
    revision
        a commit; a branch or tag is resolved to the commit that it has now

    Raises CensusError for a repository or revision that is not there or not open, and where the
    hub cannot be reached.
    """
    with explain_refusals(repository, revision):
        # HfApi reads the token of a gated repository from HF_TOKEN or from `hf auth login`.
        info = with_retries(
            lambda: HfApi().model_info(
                repository, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS
            )
        )
    files = {}
    for sibling in info.siblings or []:
        require_inside(sibling.rfilename, f"{repository} at {revision}:")
        if sibling.size is None or (sibling.blob_id is None and sibling.lfs is None):
            raise CensusError(
                f"{repository} at {revision}: the hub at {constants.ENDPOINT} gives no size or "
                f"checksum for {sibling.rfilename}, so that a download could not be checked. "
                "Use a hub or mirror that does."
            )
        files[sibling.rfilename] = HubFile(
            name=sibling.rfilename,
            size=sibling.size,
            git_object=None if sibling.lfs else sibling.blob_id,
            sha256=sibling.lfs.sha256 if sibling.lfs else None,
        )
    return HubRepository(repository, revision, info.sha or revision, files)


def with_retries(ask: Callable[[], Result]) -> Result:
    """Ask the hub, again after 1, 2 and 4 seconds where it is unreachable, busy or broken."""
    for wait in WAITS_SECONDS:
        try:
            return ask()
        except HTTPError as error:
            if not may_pass(error):
                raise
            time.sleep(wait)
    return ask()


def may_pass(error: HTTPError) -> bool:
    """Return whether a failure may pass by itself: no answer, too many requests, a broken server."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in (408, 429) or error.response.status_code >= 500
    return True


@contextmanager
def explain_refusals(repository: str, revision: str) -> Iterator[None]:
    """Turn what the hub or the network answers into a CensusError that says what to do.

    Parameters
    ----------
    repository
        owner and name
    revision
        as the user gave it
    """
    hub = constants.ENDPOINT
    what = f"{repository} at {revision}"
    try:
        yield
    except HFValidationError as error:
        raise CensusError(
            f"{repository}: not a name of a repository. Expected owner/name, for example "
            f"facebook/opt-125m ({' '.join(str(error).split())})."
        ) from error
    except GatedRepoError as error:
        raise CensusError(
            f"{what}: gated; {hub} gives it only to accounts that accepted its terms. Accept them "
            f"at {hub}/{repository}, make a token there, and set HF_TOKEN to it."
        ) from error
    except RepositoryNotFoundError as error:
        raise CensusError(
            f"{what}: {hub} has no such model repository, or it is private. Correct the name "
            "(owner/name), or set HF_TOKEN if it is yours."
        ) from error
    except RevisionNotFoundError as error:
        raise CensusError(
            f"{what}: the repository is there, the revision is not. Take a commit from "
            f"{hub}/{repository}/commits/main."
        ) from error
    except OfflineModeIsEnabled as error:
        raise CensusError(
            f"{what}: HF_HUB_OFFLINE is set, so nothing can be fetched. Unset it, or give a local "
            "folder with `path:` instead of `hub:`."
        ) from error
    except HfHubHTTPError as error:
        reason = " ".join(str(error).split())
        raise CensusError(
            f"{what}: {hub} answered {error.response.status_code} ({reason}). Run again later; "
            "what was fetched so far is kept."
        ) from error
    except HTTPError as error:
        raise CensusError(
            f"{what}: no connection to {hub} ({type(error).__name__}: {error}). Check the network "
            "and run again; what was fetched so far is kept. On a machine without internet, fetch "
            "elsewhere and give the folder with `path:`."
        ) from error

"""JSON that comes from elsewhere: whatever is wrong with it is a CensusError that names its place.

Standard library only, for it is used while the workflow is parsed.
"""

from __future__ import annotations

import json
from typing import Any

from neuron_census.errors import CensusError


def parse_json(
    text: str | bytes, place: str, remedy: str = "Correct it, or write it again."
) -> Any:
    """Return what a JSON text says.

    Parameters
    ----------
    text
        the text; bytes are UTF-8
    place
        the file, line, key or option that has it: the beginning of the message
    remedy
        the end of the message: what to do

    Raises CensusError for what is not JSON or not UTF-8, is nested too deep, or has a number of thousands of digits.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise CensusError(f"{place}: broken JSON: {error.msg} at {at}. {remedy}") from error
    except RecursionError as error:
        raise CensusError(f"{place}: the JSON is nested too deep to be read. {remedy}") from error
    except ValueError as error:  # bytes that are not text, and numbers that are too long
        raise CensusError(f"{place}: the JSON cannot be read: {error}. {remedy}") from error

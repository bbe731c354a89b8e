"""How GGUF files call what config.json and the files of the hub hold, for a family that can be read from one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GgufNames:
    """Names in a GGUF file, and what each is called on the hub.

    `sizes` are keys of config.json by the key of the file's metadata, without the architecture in front;
    `constants` are what config.json says of every such model; `outside` are tensors by name, `inside` those of a
    layer by the part behind `blk.N.`. Rows of `interleaved` tensors lie as the file's own rotary positions want
    them: the two halves of a head in turn.
    """

    architecture: str
    sizes: Mapping[str, str]
    constants: Mapping[str, object]
    outside: Mapping[str, str]
    layer: str
    inside: Mapping[str, str]
    heads_of: Mapping[str, str]
    """Of the interleaved tensors, the key of config.json with their number of heads."""

    def name(self, stored: str) -> str | None:
        """Return what the hub calls a tensor of a GGUF file; None for one that has no place."""
        first, _, rest = stored.partition(".")
        number, _, inside = rest.partition(".")
        if first == "blk" and number.isdecimal():
            found = self.inside.get(inside)
            return None if found is None else f"{self.layer}{number}.{found}"
        return self.outside.get(stored)

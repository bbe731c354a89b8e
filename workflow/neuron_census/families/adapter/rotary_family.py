"""What families with rotary positions and tensors named as LLaMA's have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from neuron_census.families.adapter.family import Family

# Those that depend on nothing but the position; others also look at how long the text is.
ROTARY_TYPES = ("default", "linear", "llama3", "yarn")


def rotary_fault(content: Mapping[str, Any]) -> str | None:
    """Return in words what of rotary positions or of attention is not done here; None if nothing."""
    for key in ("rope_scaling", "rope_parameters"):
        said = content.get(key)
        if not isinstance(said, Mapping):
            continue
        kind = said.get("rope_type", said.get("type", "default"))
        if kind not in ROTARY_TYPES:
            return (
                f"{key} is of the type {str(kind)[:40]!r}, expected one of {', '.join(ROTARY_TYPES)}: positions "
                "that depend on the length of the text are not read. Choose another checkpoint."
            )
    kinds = content.get("layer_types") or []
    odd = [kind for kind in kinds if kind != "full_attention"] if isinstance(kinds, list) else []
    if content.get("use_sliding_window") or odd:
        return (
            "some of its layers see a sliding window only (use_sliding_window, layer_types), expected "
            "attention to all that came before. Choose another checkpoint."
        )
    return None


class RotaryFamily(Family):
    """Rotary positions, and tensors that are named as LLaMA's."""

    activation_default = "silu"
    digested = (
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
        "rms_norm_eps",
        "rope_parameters",
        "hidden_act",
    )
    roots = ("embed_tokens.", "norm.")
    left_out = re.compile(r"rotary_emb\.inv_freq$")
    embedding = "embed_tokens.weight"
    final_norm = "norm"
    output = "mlp.down_proj.weight"
    activation = "mlp.act_fn"
    # The gate, what comes through it, and their product; queries and keys are there rotated and not rotated.
    ffn_tensors = 3
    width_tensors = 12

    def fault(self, content: Mapping[str, Any]) -> str | None:
        """Return what of its positions or of its attention is not done here."""
        return rotary_fault(content)

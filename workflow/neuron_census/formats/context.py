"""What a context is made of: its kinds, and the tokens that are kept around the one at which it was taken."""

from __future__ import annotations

KINDS = ("top", "sampled")
"""Where a neuron is most active, and where a seeded draw found it active."""
BEFORE, AFTER = 16, 7
"""Tokens before the one at which a context was taken, and after it."""
TOKENS = BEFORE + 1 + AFTER

"""The compiled loop behind `neuron_census.count.evidence`: bits of windows become bits of their documents."""

from __future__ import annotations

import numba
import numpy as np

from neuron_census.loops.activity import compiled


@compiled
def set_document_bits(windows, document_of, documents):  # type: ignore[no-untyped-def]
    for neuron in numba.prange(windows.shape[0]):
        for octet in range(windows.shape[1]):
            bits = windows[neuron, octet]
            if bits == 0:
                continue
            for place in range(8):
                if (bits >> place) & 1:
                    document = document_of[8 * octet + place]
                    documents[neuron, document >> 3] |= np.uint8(1 << (document & 7))

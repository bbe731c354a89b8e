"""How many bytes each part of a recording takes in memory."""

from __future__ import annotations

from dataclasses import dataclass

from neuron_census.formats.recording import TOKENS_PER_FILE
from neuron_census.forward.hidden import Place
from neuron_census.forward.outbox import MOST_WAITING as MOST_PARCELS
from neuron_census.forward.slots import SLOTS
from neuron_census.record.planning.model_size import ModelSize
from neuron_census.record.planning.work import Work
from neuron_census.record.recorders.writers import MOST_WAITING as MOST_BLOCKS

# What the libraries take when they are first used, whatever the model; measured 0.1 GB.
LIBRARIES = 150_000_000


@dataclass(frozen=True)
class Needs:
    """Bytes of memory at the peak, by what is chosen; `item` is that of the forward pass's type."""

    model: ModelSize
    work: Work
    item: int
    device_type: str

    def device(self, resident: int, super_batch: int, place: Place) -> int:
        """Return the bytes on the device; on a CPU those of the recorders as well.

        Parameters
        ----------
        resident
            number of layers that stay
        super_batch
            number of positions whose hidden states are kept
        place
            where they are kept
        """
        slots = SLOTS * self.layer if resident < self.work.layers else 0
        total = self.model.outside_parameters * self.item + resident * self.layer + slots
        total += self._working
        if place == "device":
            total += self.hidden(super_batch)
        return total + (self._recorders if self.device_type == "cpu" else self._gathered)

    def host(self, super_batch: int, place: Place) -> int:
        """Return the bytes on the host of a GPU."""
        staged = SLOTS * self.layer
        waiting = MOST_PARCELS * max(self._octets, self._positions)
        kept = self.hidden(super_batch) if place == "host" else 0
        return staged + waiting + kept + self._recorders

    @property
    def layer(self) -> int:
        """Bytes of a layer."""
        return self.model.layer_parameters * self.item

    def hidden(self, positions: int) -> int:
        """Return the bytes of the hidden states of some positions."""
        return positions * self.model.width * self.item

    @property
    def _working(self) -> int:
        """Inside a layer: norm, queries, keys, values, attention and its output, and the FFN, twice or more often."""
        model = self.model
        widths = model.width_tensors * model.width + model.ffn_tensors * model.ffn_dim
        return self.work.largest_batch * widths * self.item

    @property
    def _recorders(self) -> int:
        """Libraries, bits of every layer until a Zarr shard is full, blocks to be written, counts, token ids."""
        model, work = self.model, self.work
        tokens = min(work.ngram_tokens, TOKENS_PER_FILE + work.largest_batch)
        bits = work.ngram_layers * model.ffn_dim * -(-tokens // 8)
        written = work.bits_bytes(model) + work.counts_bytes(model) + work.evidence_bytes(model)
        # Twice: what is being compressed is there once more.
        waiting = 2 * min(written, MOST_BLOCKS + model.ffn_dim * TOKENS_PER_FILE // 8)
        # On a CPU what gathers is in host memory as well; the bits are there in any case.
        windows = work.window_bits_bytes(model)
        gathered = self._evidence if self.device_type == "cpu" else 0
        counts = 2 * model.layers * work.domains * model.ffn_dim * 8
        blocks = work.position_domains * work.position_block(model)
        kept = bits + waiting + counts + blocks + windows + gathered
        return LIBRARIES + kept + 3 * 8 * work.positions

    @property
    def _gathered(self) -> int:
        """On a GPU: which neurons are active, in bytes, and what is made of it."""
        active = 2 * self.work.largest_batch * self.model.ffn_dim
        positions = (1 + self.work.position_domains) * self._positions
        # To find maxima, values of a padded batch are there once more.
        found = self.work.largest_batch * self.model.ffn_dim * self.item
        return active + 2 * self._octets + positions + self._evidence + found

    @property
    def _evidence(self) -> int:
        """Margins and contexts of all layers, where the forward pass computes, and those of a layer once more."""
        margins = self.work.margins_bytes(self.model, self.item)
        contexts = self.work.contexts_bytes(self.model, self.item)
        return margins + contexts + 4 * contexts // self.model.layers

    @property
    def _octets(self) -> int:
        return self.work.largest_batch * self.model.ffn_dim // 8

    @property
    def _positions(self) -> int:
        """Counts by position of one layer and domain, in the type that they travel in."""
        return 4 * min(self.work.window, self.work.largest_batch) * self.model.ffn_dim

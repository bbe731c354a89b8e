"""What a shard asks of a model, whatever the device."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from neuron_census.formats.context import KINDS, TOKENS
from neuron_census.formats.recording import smallest_unsigned
from neuron_census.forward.micro_batch import MicroBatch
from neuron_census.record.planning.model_size import ModelSize


@dataclass(frozen=True)
class Work:
    """Sums over the micro-batches of a shard, and the sizes of its recording.

    Positions include padding, tokens do not. `layers` are those that some micro-batch needs.
    """

    tokens: int
    positions: int
    largest_batch: int
    window: int
    layers: int
    ngram_layers: int
    ngram_tokens: int
    domains: int
    position_windows: int
    position_domains: int
    dead_windows: int
    contexts: int
    operations: int

    @classmethod
    def of(
        cls,
        batches: Iterable[MicroBatch],
        model: ModelSize,
        *,
        domains: int,
        window: int,
        ngram_layers: int,
        contexts: int = 0,
    ) -> Work:
        """Sum up micro-batches.

        Parameters
        ----------
        batches
            all micro-batches of a shard
        model
            sizes of the model that they go through
        domains, window, ngram_layers
            sizes of the recording: domains, tokens of a full-length window, layers with bits
        contexts
            contexts of a kind that are kept of each neuron
        """
        batches = list(batches)
        highest = highest_layer(model.layers, ngram_layers)
        with_positions = [batch for batch in batches if batch.positions]
        return cls(
            tokens=sum(batch.tokens for batch in batches),
            positions=sum(batch.ids.size for batch in batches),
            largest_batch=max((batch.ids.size for batch in batches), default=0),
            window=window,
            layers=max((highest(batch) + 1 for batch in batches), default=0),
            ngram_layers=ngram_layers,
            ngram_tokens=sum(batch.tokens for batch in batches if batch.ngrams),
            domains=domains,
            position_windows=sum(len(batch.lengths) for batch in with_positions),
            position_domains=len({batch.domain for batch in with_positions}),
            dead_windows=sum(len(batch.lengths) for batch in batches if batch.dead),
            contexts=contexts,
            operations=sum(
                batch.ids.size * (highest(batch) + 1) * _operations(model, batch.ids.shape[1])
                for batch in batches
            ),
        )

    def counts_bytes(self, model: ModelSize) -> int:
        """Return the bytes of the counts in the recording, not compressed; those of positions included."""
        active = 2 * model.layers * self.domains * model.ffn_dim * 8
        return active + self.domains * model.layers * self.position_block(model)

    def position_block(self, model: ModelSize) -> int:
        """Return the bytes of the position counts of one layer in one domain; 0 where the study reads nothing."""
        if not self.position_windows:
            return 0
        return self.window * model.ffn_dim * smallest_unsigned(self.position_windows).itemsize

    def window_bits_bytes(self, model: ModelSize) -> int:
        """Return the bytes of the windows of activity, at the BOS and behind it."""
        return 2 * model.layers * model.ffn_dim * -(-self.dead_windows // 8)

    def contexts_bytes(self, model: ModelSize, item: int) -> int:
        """Return the bytes of the contexts of both kinds, whose activations take `item` each.

        Besides, a key of 8 bytes, window and position of 4 each.
        """
        if not self.dead_windows:
            return 0
        neurons = model.layers * model.ffn_dim
        return len(KINDS) * neurons * self.contexts * (TOKENS * item + 16)

    def margins_bytes(self, model: ModelSize, item: int) -> int:
        """Return the bytes of the margins of either half, at the BOS and behind it, whose values take `item`."""
        return 4 * model.layers * model.ffn_dim * (item + 8) if self.dead_windows else 0

    def evidence_bytes(self, model: ModelSize) -> int:
        """Return the bytes of windows of activity, margins and contexts in the recording, not compressed."""
        values = len(KINDS) * model.layers * model.ffn_dim * self.contexts * 8
        parts = self.contexts_bytes(model, 2) + self.margins_bytes(model, 8)
        return self.window_bits_bytes(model) + parts + (values if self.dead_windows else 0)

    def bits_bytes(self, model: ModelSize) -> int:
        """Return the bytes of the packed bits in the recording, not compressed."""
        return self.ngram_layers * model.ffn_dim * -(-self.ngram_tokens // 8)


def highest_layer(layers: int, ngram_layers: int) -> Callable[[MicroBatch], int]:
    """Return the highest layer of a micro-batch: the n-gram study needs those with bits, the others need all."""

    def highest(batch: MicroBatch) -> int:
        return (layers if batch.dead or batch.positions else ngram_layers) - 1

    return highest


def _operations(model: ModelSize, length: int) -> int:
    """Return the operations of a layer per position: products with its weights, and attention."""
    return 2 * model.layer_parameters + 2 * length * model.width

"""nanochat: squared ReLU, no gate, norms without weights, one of them before the first layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuron_census.families.adapter.rotary_family import RotaryFamily

if TYPE_CHECKING:
    from jaxtyping import Float, Int64
    from torch import Tensor


class NanoChat(RotaryFamily):
    """The pre-activation is what `fc1` gives."""

    title = "nanochat"
    activation_default = "relu2"
    output = "mlp.fc2.weight"
    activation = "mlp.activation_fn"
    module = "transformers.models.nanochat.modeling_nanochat"
    layer_class = "NanoChatDecoderLayer"
    model_class = "NanoChatModel"
    rotary_class = "NanoChatRotaryEmbedding"

    def embed(
        self, model: Any, ids: Int64[Tensor, "windows length"]
    ) -> Float[Tensor, "windows length hidden_size"]:
        """Return tokens through the norm that is also the last."""
        normed: Tensor = model.norm(model.embed_tokens(ids))
        return normed


FAMILY = NanoChat()

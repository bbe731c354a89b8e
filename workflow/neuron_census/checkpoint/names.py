"""Names of an OPT decoder's tensors, as files spell them and as we do, and their shapes.

The hub's files spell the same tensor `model.decoder.layers.0.fc1.weight` (125m, 1.3b, 2.7b, 66b),
`decoder.layers.0.fc1.weight` (350m, 6.7b, 13b, 30b), and a saved OPTDecoder has it bare. We use
the bare name. Two different tensors are called `final_layer_norm`: `layers.0.final_layer_norm` and
the decoder's own.
"""

from __future__ import annotations

import re

from transformers import OPTConfig

PREFIXES = ("model.decoder.", "decoder.")
ROOTS = (
    "layers.",
    "embed_tokens.",
    "embed_positions.",
    "project_in.",
    "project_out.",
    "final_layer_norm.",
)

Shape = tuple[int, ...]


def decoder_name(name: str) -> str | None:
    """Return the name relative to the decoder of a tensor in a file; None where it is not its own.

    Parameters
    ----------
    name
        as the file has it, for example `model.decoder.layers.0.fc1.weight` or `lm_head.weight`
    """
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name if name.startswith(ROOTS) else None


def layer_of(name: str) -> int | None:
    """Return the layer that a decoder's tensor belongs to; None for one outside the layers."""
    match = re.match(r"layers\.(\d+)\.", name)
    return int(match.group(1)) if match else None


def layer_shapes(config: OPTConfig) -> dict[str, Shape]:
    """Name and shape every tensor of one `OPTDecoderLayer`, as its state dict names them.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    hidden, ffn = config.hidden_size, config.ffn_dim
    shapes: dict[str, Shape] = {}
    for projection in ("k_proj", "v_proj", "q_proj", "out_proj"):
        shapes |= linear(f"self_attn.{projection}", hidden, hidden, bias=config.enable_bias)
    shapes |= norm("self_attn_layer_norm", config)
    shapes |= linear("fc1", hidden, ffn, bias=config.enable_bias)
    shapes |= linear("fc2", ffn, hidden, bias=config.enable_bias)
    return shapes | norm("final_layer_norm", config)


def outside_shapes(config: OPTConfig) -> dict[str, Shape]:
    """Name and shape every tensor of an `OPTDecoder` outside its layers.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    hidden = config.hidden_size
    # transformers fills it in where the file leaves it out.
    embedded = config.word_embed_proj_dim or hidden
    shapes: dict[str, Shape] = {
        "embed_tokens.weight": (config.vocab_size, embedded),
        # OPT never uses the first two rows: its positions start at 2.
        "embed_positions.weight": (config.max_position_embeddings + 2, hidden),
    }
    if embedded != hidden:
        shapes |= linear("project_out", hidden, embedded, bias=False)
        shapes |= linear("project_in", embedded, hidden, bias=False)
    if config.do_layer_norm_before and not config._remove_final_layer_norm:
        shapes |= norm("final_layer_norm", config)
    return shapes


def decoder_shapes(config: OPTConfig) -> dict[str, Shape]:
    """Name and shape every tensor of the whole decoder.

    Parameters
    ----------
    config
        the checkpoint's configuration
    """
    shapes = outside_shapes(config)
    one_layer = layer_shapes(config)
    for layer in range(config.num_hidden_layers):
        shapes |= {f"layers.{layer}.{name}": shape for name, shape in one_layer.items()}
    return shapes


def linear(name: str, inputs: int, outputs: int, *, bias: bool) -> dict[str, Shape]:
    """Name and shape the tensors of an `nn.Linear`."""
    weight: dict[str, Shape] = {f"{name}.weight": (outputs, inputs)}
    return weight | ({f"{name}.bias": (outputs,)} if bias else {})


def norm(name: str, config: OPTConfig) -> dict[str, Shape]:
    """Name and shape the tensors of an `nn.LayerNorm`."""
    if not config.layer_norm_elementwise_affine:
        return {}
    return {f"{name}.weight": (config.hidden_size,), f"{name}.bias": (config.hidden_size,)}

"""Tiny GGUF files of the shape of SmolLM2, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize
from tokenizers import pre_tokenizers

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
WORDS = ("Ġt", "he", "Ġthe")
MERGES = ("Ġ t", "h e", "Ġt he")
TOKENS = (*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), *WORDS)
WIDTH, FFN, LAYERS, HEADS, GROUPS, POSITIONS = 64, 96, 2, 4, 2, 32
HEAD = WIDTH // HEADS
TENSORS = {
    "attn_norm.weight": ((WIDTH,), "input_layernorm"),
    "attn_q.weight": ((WIDTH, WIDTH), "self_attn.q_proj"),
    "attn_k.weight": ((GROUPS * HEAD, WIDTH), "self_attn.k_proj"),
    "attn_v.weight": ((GROUPS * HEAD, WIDTH), "self_attn.v_proj"),
    "attn_output.weight": ((WIDTH, WIDTH), "self_attn.o_proj"),
    "ffn_norm.weight": ((WIDTH,), "post_attention_layernorm"),
    "ffn_gate.weight": ((FFN, WIDTH), "mlp.gate_proj"),
    "ffn_up.weight": ((FFN, WIDTH), "mlp.up_proj"),
    "ffn_down.weight": ((WIDTH, FFN), "mlp.down_proj"),
}


def make_gguf(
    file: Path,
    *,
    kind: str = "Q4_1",
    head: bool = False,
    architecture: str = "llama",
    split: str = "smollm",
    extra: dict[str, Any] | None = None,
    more_tensors: tuple[str, ...] = (),
) -> Path:
    """Write a random model, and return its file; `{file}.npz` has its weights by their names on the hub.

    Parameters
    ----------
    file
        to write
    kind
        type of the matrices; norms are F32, embeddings Q8_0
    head
        whether the unembedding is a matrix of its own
    architecture, split
        as the metadata call the model and the rule by which text is split
    extra
        texts that the metadata have besides
    more_tensors
        names of tensors that no model has
    """
    writer = GGUFWriter(str(file), architecture)
    writer.add_context_length(POSITIONS)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(100000.0)
    writer.add_rope_dimension_count(HEAD)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split)
    writer.add_token_list(list(TOKENS))
    writer.add_token_types([3 if token in SPECIAL else 1 for token in TOKENS])
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for key, value in (extra or {}).items():
        writer.add_string(key, value)
    random = np.random.default_rng(0)
    on_the_hub: dict[str, np.ndarray] = {}

    def add(name: str, shape: tuple[int, ...], stored: str, hub_name: str) -> None:
        values = random.standard_normal(shape, dtype=np.float32) / 8
        if len(shape) == 1:
            values += 1
        of = GGMLQuantizationType[stored]
        # A row is quantised by itself, wherever it lies.
        on_the_hub[hub_name] = dequantize(quantize(values, of), of)
        if name.endswith("attn_q.weight"):
            values = interleaved(values, HEADS)
        if name.endswith("attn_k.weight"):
            values = interleaved(values, GROUPS)
        writer.add_tensor(name, quantize(values, of), raw_dtype=of)

    add("token_embd.weight", (len(TOKENS), WIDTH), "Q8_0", "model.embed_tokens.weight")
    add("output_norm.weight", (WIDTH,), "F32", "model.norm.weight")
    if head:
        add("output.weight", (len(TOKENS), WIDTH), "Q8_0", "lm_head.weight")
    for layer in range(LAYERS):
        for name, (shape, hub_name) in TENSORS.items():
            stored = "F32" if len(shape) == 1 else kind
            add(f"blk.{layer}.{name}", shape, stored, f"model.layers.{layer}.{hub_name}.weight")
    for name in more_tensors:
        add(name, (32,), "F32", name)
    np.savez(f"{file}.npz", **on_the_hub)  # type: ignore[arg-type]
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def interleaved(rows: np.ndarray, heads: int) -> np.ndarray:
    """Return the rows of queries or keys in the order in which llama.cpp writes them, by its own formula."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return halves.swapaxes(1, 2).reshape(rows.shape)

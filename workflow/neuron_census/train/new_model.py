"""A model and its optimizer at step 0."""

from __future__ import annotations

import torch
from torch import nn
from transformers import OPTConfig, OPTForCausalLM

from neuron_census.train.recipe import Recipe
from neuron_census.train.training_windows import PAD

BOS = 2


def new_model(recipe: Recipe, vocabulary: int) -> OPTForCausalLM:
    """Return an OPT with random weights that follow from the recipe's seed.

    Without positions, the table of positions is zero and takes no gradient, so that everything that
    reads an OPT reads such a model (paper, section 5.4).

    Parameters
    ----------
    recipe
        shape and seed
    vocabulary
        number of the tokenizer's ids
    """
    torch.manual_seed(recipe.seed)
    model = OPTForCausalLM(
        OPTConfig(
            vocab_size=vocabulary,
            hidden_size=recipe.hidden_size,
            word_embed_proj_dim=recipe.embedding_size or recipe.hidden_size,
            do_layer_norm_before=recipe.norm == "before",
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            ffn_dim=recipe.ffn_dim or 4 * recipe.hidden_size,
            max_position_embeddings=recipe.window,
            dropout=recipe.dropout,
            attention_dropout=0.0,
            init_std=recipe.initial_deviation,
            bos_token_id=BOS,
            eos_token_id=BOS,
            pad_token_id=PAD,
            use_cache=False,
        )
    )
    if recipe.attention == "eager":
        model.set_attn_implementation("eager")
    if recipe.embedding_size:
        # As small as other weights, they would drown the tokens in their positions.
        for projection in (model.model.decoder.project_in, model.model.decoder.project_out):
            nn.init.normal_(projection.weight, std=projection.in_features**-0.5)
    if recipe.positions == "none":
        table = model.model.decoder.embed_positions.weight
        table.requires_grad_(False).zero_()
    return model


def new_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Return an AdamW for everything that takes a gradient; matrices decay, vectors do not.

    The table of positions is a matrix unless the recipe says that it does not decay.
    """
    decaying: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            spared = "embed_positions" in name and not recipe.decay_positions
            (others if parameter.ndim < 2 or spared else decaying).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": decaying, "weight_decay": recipe.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=recipe.learning_rate,
        betas=(0.9, 0.95),
    )

"""Small tokenizers for tests, in the two forms that OPT's come in."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
BOS = 2
TEXT = [
    "the theme of the thesis: then there is the other theory, and 1234 is not 12 or 34",
    "def theta(x):\n    return x + 1\n\n\nprint(theta(1))\n",
]


def make_tokenizer(folder: Path, *, window: int = 16, pair: bool = False) -> Tokenizer:
    """Write a tokenizer's folder, and return the tokenizer as the library trained it.

    Parameters
    ----------
    folder
        where to write
    window
        max_position_embeddings
    pair
        write vocab.json and merges.txt, as OPT's hub repositories do, instead of tokenizer.json
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    if pair:
        tokenizer.model.save(str(folder))
    else:
        tokenizer.save(str(folder / "tokenizer.json"))
    config = {"model_type": "opt", "bos_token_id": BOS, "max_position_embeddings": window}
    (folder / "config.json").write_text(json.dumps(config))
    return tokenizer

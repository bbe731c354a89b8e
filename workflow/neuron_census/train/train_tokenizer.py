"""Train a byte-level BPE tokenizer with OPT's special ids on the training part of the domains.

train_tokenizer(domains=[Path("text/docs.parquet")], output=Path("tokenizers/mini"))
Encoder.open(Path("tokenizers/mini")).vocabulary
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import scan_domain_table, source_of
from neuron_census.formats.seal import sealed
from neuron_census.progress import note

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
"""OPT's special tokens, each at the place of its id."""
BOS = "</s>"
DOCUMENTS_OF_A_BATCH = 64


def train_tokenizer(
    *, domains: list[Path], output: Path, vocabulary: int = 8192, window: int = 256
) -> None:
    """Train the tokenizer and write it as a Hugging Face folder; the same text gives the same bytes.

    Parameters
    ----------
    domains
        domain tables; only documents that are not held out are read
    output
        folder of the tokenizer
    vocabulary
        number of entries, special tokens included
    window
        longest window of its models, noted as max_position_embeddings
    """
    smallest = len(SPECIAL) + len(pre_tokenizers.ByteLevel.alphabet())
    if vocabulary < smallest:
        raise CensusError(
            f"train.tokenizers: a vocabulary of {vocabulary} is too small; expected at least "
            f"{smallest}: {len(SPECIAL)} special tokens and one entry for each byte."
        )
    read = {path: _training_text(path) for path in domains}
    tokenizer = _trained(_texts(list(read.values())), vocabulary)
    if tokenizer.get_vocab_size() < vocabulary:
        raise CensusError(
            f"train.tokenizers: the text of {', '.join(path.stem for path in domains)} gives only "
            f"{tokenizer.get_vocab_size()} entries of {vocabulary}. Give more text, or ask for "
            "fewer."
        )
    with sealed(output) as folder:
        folder.mkdir()
        tokenizer.save(str(folder / "tokenizer.json"))
        _write_settings(folder, vocabulary, window)
        card = _card(folder, read, vocabulary, window, output)
        (folder / "README.md").write_text(card, encoding="utf-8")
    note(f"{output}: {vocabulary:,} entries from {', '.join(path.stem for path in domains)}.")


def _training_text(path: Path) -> pl.Series:
    texts = scan_domain_table(path).filter(~pl.col("held_out")).select("text").collect()["text"]
    if texts.is_empty():
        raise CensusError(
            f"{path}: every document is held out; nothing is left to train on. Set the domain's "
            "`held_out` to the share that studies may read."
        )
    return texts


def _texts(domains: list[pl.Series]) -> Iterator[list[str]]:
    for texts in domains:
        for batch in texts.to_frame().iter_slices(DOCUMENTS_OF_A_BATCH):
            yield batch.to_series().to_list()


def _trained(texts: Iterator[list[str]], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    # As GPT-2 and OPT: words keep the space before them, and a text gets none in front.
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocabulary,
            min_frequency=2,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL],
            show_progress=False,
        ),
    )
    # For those who load it with transformers; the workflow itself puts the BOS in front.
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A",
        pair=f"{BOS} $A {BOS} $B",
        special_tokens=[(BOS, SPECIAL.index(BOS))],
    )
    return tokenizer


def _write_settings(folder: Path, vocabulary: int, window: int) -> None:
    special = {"bos_token": BOS, "eos_token": BOS, "pad_token": "<pad>", "unk_token": "<unk>"}
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            **special,
            "add_prefix_space": False,
            "clean_up_tokenization_spaces": False,
            "model_max_length": window,
        },
    )
    _write_json(
        folder / "config.json",
        {
            "model_type": "opt",
            "bos_token_id": SPECIAL.index(BOS),
            "eos_token_id": SPECIAL.index(BOS),
            "pad_token_id": SPECIAL.index("<pad>"),
            "vocab_size": vocabulary,
            "max_position_embeddings": window,
        },
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _card(
    folder: Path, read: dict[Path, pl.Series], vocabulary: int, window: int, output: Path
) -> str:
    digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
    rows = [
        f"| {path.stem} | {len(texts):,} | {texts.str.len_bytes().sum():,} | `{_origin(path)}` |"
        for path, texts in read.items()
    ]
    return "\n".join(
        [
            f"# {output.name}",
            "",
            f"Byte-level BPE with {vocabulary:,} entries and OPT's special ids: "
            f"{', '.join(f'`{token}` {number}' for number, token in enumerate(SPECIAL))}.",
            "Text is split into words as by GPT-2 and OPT, without a space put in front.",
            "",
            "Trained by the workflow, on the documents of each domain that are not held out:",
            "",
            "| domain | documents | bytes | source |",
            "|---|---|---|---|",
            *rows,
            "",
            "```",
            f"python -m neuron_census train_tokenizer --domains {' '.join(map(_shown, read))} "
            f"--vocabulary {vocabulary} --window {window} --output {_shown(output)}",
            "```",
            "",
            f"With tokenizers {version('tokenizers')}; the same text gives the same file. sha256 "
            "of `tokenizer.json`:",
            f"`{digest}`",
            "",
        ]
    )


def _shown(path: Path) -> str:
    """Return a path as it was given, without anything about the machine that it is on."""
    return path.name if path.is_absolute() else str(path)


def _origin(path: Path) -> str:
    source = source_of(path)
    files = " ".join(source["files"])
    held_out = f", held out {source['held_out']}" if "held_out" in source else ""
    place = source.get("pypi") or source.get("hub") or ""
    return f"{f'{place}: ' if place else ''}{files}; seed {source['seed']}{held_out}"

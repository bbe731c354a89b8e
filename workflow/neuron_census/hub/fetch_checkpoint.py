"""Fetch a checkpoint, or its tokenizer alone, from the hub at a pinned revision."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from neuron_census.errors import CensusError
from neuron_census.families.adapter.model_config import require_gate
from neuron_census.formats.atomic import remove
from neuron_census.formats.seal import seal
from neuron_census.hub.download import download, size_of
from neuron_census.hub.repository import HubFile, HubRepository, list_repository
from neuron_census.paths.json_text import parse_json
from neuron_census.paths.weights import require_weights_beside
from neuron_census.progress import progress

TOKENIZER_FILES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
# In the order in which transformers looks for them; weights for other frameworks are never taken.
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
PROVENANCE = "fetched.json"
FILES_AT_A_TIME = 4
# So that the disk is not filled to the last byte.
SPARE_BYTES = 64 << 20
WORTH_A_BAR = 4 << 20


def fetch_checkpoint(
    *,
    repository: str,
    revision: str,
    output: Path,
    tokenizer_only: bool = False,
    gate: bool = False,
) -> None:
    """Fetch a checkpoint from the hub: config.json, tokenizer and weights, each checked.

    A run that was cut continues where it stopped: parts are kept in `.{output}.download` beside
    the output, which appears only when it is whole. `fetched.json` in it says what came from where.

    Parameters
    ----------
    repository
        owner and name on the hub: facebook/opt-125m
    revision
        the commit to take (a branch or tag is resolved to its commit, which is then noted)
    output
        the folder to make
    tokenizer_only
        leave the weights out: tokenizer files and config.json only
    gate
        call a neuron active when its gate is above zero, also where that is no exact gate

    Raises CensusError where the hub cannot be reached or refuses, the repository has no PyTorch weights of a
    known family, a file arrives damaged, or the disk is too small.
    """
    source = list_repository(repository, revision)
    parts = output.with_name(f".{output.name}.download")
    claim(parts, source)
    first = [required(source, "config.json")]
    sums = fetch_all(source, first, parts)
    if not tokenizer_only:
        refuse_other_models(source, parts / "config.json", gate=gate)
    small = tokenizer_files(source, required_here=tokenizer_only)
    weights = [] if tokenizer_only else weight_files(source, parts)
    sums |= fetch_all(source, [*small, *weights], parts)
    write_provenance(parts, source, sums)
    keep_only(parts, {*sums, PROVENANCE})
    seal(parts, digests=sums)
    remove(output)
    parts.replace(output)


def claim(parts: Path, source: HubRepository) -> None:
    """Make the folder of parts, or keep the one of the same commit of the same repository."""
    note = parts / PROVENANCE
    here = {"repository": source.name, "commit": source.commit}
    try:
        noted = json.loads(note.read_text())
        same = {key: noted.get(key) for key in here} == here
    except (OSError, ValueError, AttributeError):
        # Nothing there, or cut while it was written: it cannot be told whose parts these are.
        same = False
    if not same:
        remove(parts)
        parts.mkdir(parents=True)
        write_provenance(parts, source, {})


def write_provenance(folder: Path, source: HubRepository, sums: dict[str, str]) -> None:
    """Write into a folder where its files come from, with their sizes and sha256."""
    files = {
        name: {"bytes": source.files[name].size, "sha256": sums[name]} for name in sorted(sums)
    }
    note = {
        "repository": source.name,
        "revision": source.revision,
        "commit": source.commit,
        "files": files,
    }
    (folder / PROVENANCE).write_text(json.dumps(note, indent=2) + "\n")


def keep_only(folder: Path, names: set[str]) -> None:
    """Remove what an earlier attempt fetched and this one did not ask for."""
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in names:
            path.unlink()


def required(source: HubRepository, name: str) -> HubFile:
    """Return a file of the repository; CensusError where it has none of this name."""
    if name not in source.files:
        raise CensusError(
            f"{source.name} at {source.revision}: holds no {name}. Found: {list_files(source)}. Choose "
            "a repository with a checkpoint in Hugging Face's format."
        )
    return source.files[name]


def list_files(source: HubRepository) -> str:
    """Name the first files of a repository."""
    names = sorted(source.files)
    return (", ".join(names[:12]) + (", …" if len(names) > 12 else "")) or "nothing"


def tokenizer_files(source: HubRepository, *, required_here: bool) -> list[HubFile]:
    """Pick the tokenizer's files; CensusError where they must be there and are not."""
    names = [name for name in TOKENIZER_FILES if name in source.files]
    whole = "tokenizer.json" in names or {"vocab.json", "merges.txt"} <= set(names)
    if required_here and not whole:
        raise CensusError(
            f"{source.name} at {source.revision}: holds no tokenizer. Expected tokenizer.json, or "
            f"vocab.json and merges.txt; found: {list_files(source)}. Name another tokenizer."
        )
    return [source.files[name] for name in names]


def refuse_other_models(source: HubRepository, path: Path, *, gate: bool) -> None:
    """Refuse what no census can be taken of before its weights are fetched."""
    place = f"{source.name} at {source.revision}: config.json"
    content = parse_json(path.read_bytes(), place, "Choose another revision.")
    if not isinstance(content, dict):
        raise CensusError(
            f"{place}: holds a JSON {type(content).__name__}, expected an object. Choose another revision."
        )
    require_gate(content, place, gate=gate)


def weight_files(source: HubRepository, parts: Path) -> list[HubFile]:
    """Pick the files with weights: safetensors where there are any, else .bin.

    An index is fetched at once, for it names the shards.
    """
    for name in WEIGHTS:
        if name not in source.files:
            continue
        if not name.endswith(".index.json"):
            return [source.files[name]]
        fetch_all(source, [source.files[name]], parts)
        place = f"{source.name} at {source.revision}: {name}"
        index = parse_json((parts / name).read_bytes(), place, "Choose another revision.")
        try:
            shards = sorted(set(index["weight_map"].values()))
        except (KeyError, TypeError, AttributeError) as error:
            raise CensusError(
                f"{place}: is not an index with a 'weight_map' ({error!r}). Choose another revision."
            ) from error
        for shard in shards:
            require_weights_beside(str(shard), place)
        return [source.files[name], *(required(source, shard) for shard in shards)]
    raise CensusError(
        f"{source.name} at {source.revision}: holds no PyTorch weights. Expected one of "
        f"{', '.join(WEIGHTS)}; found: {list_files(source)}. Choose a repository or revision that has "
        "them, or convert the weights and give the folder with `path:`."
    )


def fetch_all(source: HubRepository, files: list[HubFile], parts: Path) -> dict[str, str]:
    """Fetch files, several at a time under one bar of progress, and return their sha256 by name."""
    total = sum(file.size for file in files)
    missing = total - sum(min(size_of(parts / file.name), file.size) for file in files)
    free = shutil.disk_usage(parts).free
    if missing and missing + SPARE_BYTES > free:
        raise CensusError(
            f"{parts}: {missing:,} bytes of {source.name} are still to be fetched and the disk has "
            f"{free:,} bytes free. Free some, or point the results to a larger disk."
        )
    stop = Event()
    # Small files come faster than a bar can be read.
    bar = (
        progress(what=source.name, unit="B", total=total, scale=True)
        if total >= WORTH_A_BAR
        else None
    )

    def advance(count: int) -> None:
        if bar is not None:
            bar.update(count)

    def fetch(file: HubFile) -> str:
        return download(source, file, parts, advance=advance, stop=stop)

    with ThreadPoolExecutor(FILES_AT_A_TIME) as pool:
        futures = {file.name: pool.submit(fetch, file) for file in files}
        try:
            done = wait(futures.values(), return_when=FIRST_EXCEPTION).done
            # The failure first, whatever order the files are in.
            for future in done:
                future.result()
            return {name: future.result() for name, future in futures.items()}
        finally:
            # After a failure the others stop at their next block and keep what they have.
            stop.set()
            pool.shutdown(cancel_futures=True)
            if bar is not None:
                bar.close()

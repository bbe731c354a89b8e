"""Read the text of one domain from its source into a table, in the seeded order of documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuron_census.errors import CensusError
from neuron_census.formats.domain_table import make_domain_table, write_domain_table
from neuron_census.progress import note, progress
from neuron_census.text.document import Document
from neuron_census.text.documents import Dropped, read_documents
from neuron_census.text.specification import DomainSpecification


def read_domain(
    *,
    domain: str,
    spec: str,
    output: Path,
    seed: int = 0,
    search_folders: list[Path] | None = None,
) -> None:
    """Read all documents of a domain, and write them in a seeded order, split into two parts.

    Parameters
    ----------
    domain
        name of the domain
    spec
        its entry of the config's catalogue `domains`, as JSON
    output
        the domain table, Parquet
    seed
        seed of the order of documents and of the held-out part
    search_folders
        folders in which relative paths are looked up, in this order until one matches; by default
        the working directory
    """
    specification = DomainSpecification.from_json(domain, spec)
    dropped = Dropped()
    documents = read_documents(specification, search_folders or [Path.cwd()], dropped)
    found = list(_with_progress(documents, domain))
    if not found:
        raise _nothing_found(specification, dropped)
    table = make_domain_table(domain, found, seed=seed, held_out=specification.held_out)
    write_domain_table(table, output, {**specification.given, "seed": seed})
    held_out = int(table["held_out"].sum())
    size = int(table["text"].str.len_bytes().sum())
    note(
        f"{domain}: {len(table):,} documents ({size / 1e6:,.1f} MB), of which the studies read {held_out:,}; "
        f"left out {dropped.empty_documents:,} empty documents and {dropped.repeated_passages:,} "
        "repeated passages."
    )


def _with_progress(documents: Iterator[Document], domain: str) -> Iterator[Document]:
    with progress(what=f"reading {domain}", unit="B", scale=True) as bar:
        for document in documents:
            yield document
            bar.update(len(document.text))


def _nothing_found(specification: DomainSpecification, dropped: Dropped) -> CensusError:
    where = f"domains.{specification.name}"
    if dropped.empty_documents:
        return CensusError(
            f"{where}: no text was found: all {dropped.empty_documents:,} documents are empty, the "
            f"first of them {dropped.first_empty}. Check the files, and the key that `text` names."
        )
    return CensusError(
        f"{where}: no record in {', '.join(specification.files)} meets `where` "
        f"({dict(specification.where)}). Compare it with a record of the source."
    )

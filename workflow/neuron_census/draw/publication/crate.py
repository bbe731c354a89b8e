"""The RO-Crate of a publication: what it is, who made it with what, and each of its files, as JSON-LD."""

from __future__ import annotations

from typing import Any

from neuron_census import __version__
from neuron_census.draw.publication.about import PAPER, About, licence_url
from neuron_census.draw.publication.contents import EXPLORER, Contents

SPECIFICATION = "https://w3id.org/ro/crate/1.1"
SOFTWARE = "#neuron-census"
RUN = "#census"
DESCRIPTOR = "ro-crate-metadata.json"
# The words about the files, beside them.
WORDS = {
    "README.md": ("text/markdown", "the data card"),
    "croissant.json": ("application/ld+json", "Croissant metadata"),
}


def crate(about: About, contents: Contents) -> dict[str, Any]:
    """Return the metadata document of an RO-Crate, version 1.1.

    Parameters
    ----------
    about
        what is said of the publication
    contents
        its files
    """
    files = [file for table in contents.tables for file in table.files.values()] + contents.numbers
    described: list[dict[str, Any]] = [
        {
            "@id": file.path,
            "@type": "File",
            "name": file.what,
            "encodingFormat": file.media_type,
            "contentSize": str(file.size),
            "sha256": file.sha256,
        }
        for file in files
    ]
    described += [
        {"@id": path, "@type": "File", "name": name, "encodingFormat": media_type}
        for path, (media_type, name) in WORDS.items()
    ]
    if contents.explorer:
        described.append(
            {
                "@id": f"{EXPLORER}/",
                "@type": "Dataset",
                "name": "explorer",
                "description": "Pages on which every neuron can be looked up; index.html opens from disk, or from any "
                "web server.",
            }
        )
    creators = [
        {"@id": f"#creator-{number}", "@type": "Person", "name": name}
        for number, name in enumerate(about.creators, 1)
    ]
    sources = [
        {
            "@id": f"#{kind}-{name}",
            "@type": "CreativeWork",
            "name": name,
            "description": entry["origin"],
            **_licence(entry),
        }
        for kind, catalogue in (("weights", about.models), ("text", about.domains))
        for name, entry in catalogue.items()
    ]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": about.title,
        "description": about.description,
        "datePublished": about.date,
        "version": about.version,
        "license": _identity(licence_url(about.licence)) if about.licence else None,
        "url": about.url,
        "author": [_identity(person["@id"]) for person in creators],
        "citation": _identity(PAPER["url"]),
        "hasPart": [_identity(entity["@id"]) for entity in described],
        "mentions": _identity(RUN),
    }
    run = {
        "@id": RUN,
        "@type": "CreateAction",
        "name": "The census",
        "instrument": _identity(SOFTWARE),
        "object": [_identity(entity["@id"]) for entity in sources],
        "result": _identity("./"),
    }
    licences = [
        {"@id": licence_url(name), "@type": "CreativeWork", "name": name}
        for name in [about.licence]
        if name
    ]
    graph = [
        {
            "@id": DESCRIPTOR,
            "@type": "CreativeWork",
            "conformsTo": _identity(SPECIFICATION),
            "about": _identity("./"),
        },
        {key: value for key, value in root.items() if value},
        *licences,
        *creators,
        {
            "@id": SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "Neuron Census",
            "version": __version__,
        },
        {
            "@id": PAPER["url"],
            "@type": "ScholarlyArticle",
            "name": PAPER["name"],
            "author": PAPER["authors"],
            "publisher": PAPER["venue"],
        },
        run,
        *sources,
        *described,
    ]
    return {"@context": f"{SPECIFICATION}/context", "@graph": graph}


def _identity(name: str) -> dict[str, str]:
    return {"@id": name}


def _licence(entry: Any) -> dict[str, str]:
    return {"license": entry["licence"]} if entry.get("licence") else {}

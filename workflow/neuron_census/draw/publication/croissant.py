"""Croissant metadata of a publication: files with their checksums, and tables field by field.

Croissant (MLCommons, version 1.0) is JSON-LD that search engines and data loaders read. A row's model is read off the
name of its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from neuron_census.draw.publication.about import BIBTEX, About, licence_url
from neuron_census.draw.publication.contents import PARQUET, Contents, PublishedTable
from neuron_census.formats.tables.table import Column

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context of Croissant 1.0, as its specification gives it."""
# As Croissant's own tools call it, which know no other name.
ENCODINGS = {PARQUET: "application/x-parquet"}
TYPES: dict[type[pl.DataType], str] = {
    pl.Boolean: "sc:Boolean",
    pl.String: "sc:Text",
    pl.Categorical: "sc:Text",
    pl.Int8: "cr:Int8",
    pl.Int16: "cr:Int16",
    pl.Int32: "cr:Int32",
    pl.Int64: "cr:Int64",
    pl.UInt8: "cr:UInt8",
    pl.UInt16: "cr:UInt16",
    pl.UInt32: "cr:UInt32",
    pl.UInt64: "cr:UInt64",
    pl.Float32: "cr:Float32",
    pl.Float64: "cr:Float64",
}


def croissant(about: About, contents: Contents) -> dict[str, Any]:
    """Return the Croissant metadata of a publication.

    Parameters
    ----------
    about
        what is said of it
    contents
        its files
    """
    said: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": about.title,
        "description": about.description,
        "datePublished": about.date,
        "version": about.version,
        "citeAs": BIBTEX,
        "creator": [{"@type": "sc:Person", "name": name} for name in about.creators],
        "license": licence_url(about.licence) if about.licence else None,
        "url": about.url,
        "distribution": list(_distribution(contents)),
        "recordSet": [_record_set(table) for table in contents.tables],
    }
    return {key: value for key, value in said.items() if value}


def _distribution(contents: Contents) -> Iterator[dict[str, Any]]:
    """Yield every file with its checksum, and a set of files for each kind of table."""
    for table in contents.tables:
        yield {
            "@type": "cr:FileSet",
            "@id": _files(table),
            "name": _files(table),
            "description": table.table.row,
            "encodingFormat": ENCODINGS[PARQUET],
            "includes": f"data/{table.table.name}/*.parquet",
        }
    for file in [
        file for table in contents.tables for file in table.files.values()
    ] + contents.numbers:
        yield {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "description": file.what,
            "contentUrl": file.path,
            "contentSize": f"{file.size} B",
            "encodingFormat": ENCODINGS.get(file.media_type, file.media_type),
            "sha256": file.sha256,
        }


def _record_set(table: PublishedTable) -> dict[str, Any]:
    name = table.table.name
    columns = table.table.all_columns
    of_file = {
        "fileSet": {"@id": _files(table)},
        "extract": {"fileProperty": "filename"},
        "transform": {"regex": r"^(.*)\.parquet$"},
    }
    model: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{name}/model",
        "name": f"{name}/model",
        "description": "name of the model, or of the two that are compared: that of the file",
        "dataType": "sc:Text",
        "source": of_file,
    }
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.table.row,
        "field": [model, *(_field(table, key, columns[key]) for key in table.columns)],
    }


def _field(table: PublishedTable, key: str, column: Column) -> dict[str, Any]:
    source = {"fileSet": {"@id": _files(table)}, "extract": {"column": key}}
    said: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table.table.name}/{key}",
        "name": f"{table.table.name}/{key}",
        "description": column.meaning,
    }
    inner = column.dtype
    if isinstance(inner, pl.List):
        said["repeated"] = True
        inner = inner.inner  # type: ignore[assignment]
    if isinstance(inner, pl.Struct):
        said["subField"] = [
            {
                "@type": "cr:Field",
                "@id": f"{table.table.name}/{key}/{part.name}",
                "name": f"{table.table.name}/{key}/{part.name}",
                "dataType": _type(part.dtype),
                "source": source | {"transform": {"jsonPath": part.name}},
            }
            for part in inner.fields
        ]
        return said
    return said | {"dataType": _type(inner), "source": source}


def _type(dtype: Any) -> str:
    return TYPES[dtype if isinstance(dtype, type) else type(dtype)]


def _files(table: PublishedTable) -> str:
    return f"{table.table.name}-files"

"""croissant.json: the data set's Parquet files described for machine learning (MLCommons Croissant 1.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.files import sha256_file
from replication.report import citation

NAME = "croissant.json"
_FORMAT = "http://mlcommons.org/croissant/1.0"
_PARQUET = "application/x-parquet"
_TYPES = {"string": "sc:Text", "integer": "sc:Integer", "number": "sc:Float", "date": "sc:Date"}
_SCHEMA = {"sc": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"}
_TERMS = (
    "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet", "format", "includes",
    "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
    "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **_SCHEMA,
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}


def described(package: Mapping[str, Any], folder: Path, work: citation.Work) -> dict[str, Any]:
    """Describe the Parquet files of a folder.

    Parameters
    ----------
    package
        The folder's Frictionless description, from which columns and keys are taken.
    folder
        Where the files lie, as `parquet/NAME.parquet`.
    work
        The data set as CITATION.cff has it.
    """
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": package["name"],
        "alternateName": package["title"],
        "description": package["description"],
        "conformsTo": _FORMAT,
        "license": [licence["path"] for licence in package["licenses"]],
        "creator": [_creator(author) for author in work["authors"]],
        "datePublished": str(work["date-released"]),
        "version": package["version"],
        "keywords": package["keywords"],
        "citeAs": citation.bibtex(work),
        "isLiveDataset": False,
        **({"url": citation.address(work)} if citation.address(work) else {}),
        "distribution": [_file(resource["name"], folder) for resource in package["resources"]],
        "recordSet": [_records(resource) for resource in package["resources"]],
    }


def _creator(author: Mapping[str, str]) -> dict[str, str]:
    """A person, or a body, which has one name alone."""
    kind = "sc:Organization" if "name" in author else "sc:Person"
    return {"@type": kind, "name": citation.full_name(author)}


def _file(name: str, folder: Path) -> dict[str, Any]:
    """One Parquet file, with its size and hash."""
    path = folder / "parquet" / f"{name}.parquet"
    return {
        "@type": "cr:FileObject",
        "@id": path.name,
        "name": path.name,
        "contentUrl": f"parquet/{path.name}",
        "contentSize": f"{path.stat().st_size} B",
        "encodingFormat": _PARQUET,
        "sha256": sha256_file(path),
    }


def _records(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of one table: key, columns, and references to other tables.

    A reference to the table itself is left out: readers of Croissant take it for a circle.
    """
    name, schema = resource["name"], resource["schema"]
    references = {
        key["fields"][0]: (key["reference"]["resource"], key["reference"]["fields"][0])
        for key in schema.get("foreignKeys", [])
        if key["reference"]["resource"]
    }
    records: dict[str, Any] = {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": resource["title"],
    }
    if "primaryKey" in schema:
        records["key"] = [{"@id": _id(name, column)} for column in schema["primaryKey"]]
    records["field"] = [_field(name, field, references) for field in schema["fields"]]
    return records


def _field(
    table: str, field: Mapping[str, Any], references: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """One column: its type, meaning and unit, where it is read from and what it refers to."""
    column = field["name"]
    unit = f" (unit: {field['unit']})" if "unit" in field else ""
    found: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": _id(table, column),
        "name": _id(table, column),
        "description": f"{field['description']}{unit}",
        "dataType": _TYPES[field["type"]],
        "source": {"fileObject": {"@id": f"{table}.parquet"}, "extract": {"column": column}},
    }
    if column in references:
        found["references"] = {"field": {"@id": _id(*references[column])}}
    return found


def _id(table: str, column: str) -> str:
    """Identifier of a column: Croissant's validator takes none with a blank."""
    return f"{table}/{column}".replace(" ", "_")

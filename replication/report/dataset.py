"""The data set: registry, panels, ledger and main results, to be cited and used apart from the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from pydantic.dataclasses import dataclass as table_class

from replication.attribution import registry
from replication.definitions import load_definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError, OutputError
from replication.files import (
    copy_file,
    present,
    read_csv,
    read_text,
    replaced,
    sha256_file,
    write_json,
    write_text,
)
from replication.report import citation, croissant, datapackage, licences
from replication.report.markdown import Markup, code, markdown

NAME = "open-model-downloads-data"
SUMS, README, LICENCE = "SHA256SUMS", "README.md", "LICENSE"
SOURCE = registry.DATA / "dataset.toml"
TEMPLATE = registry.DATA / "dataset.md"
LEDGER = "paper/claims.toml"
_OF_PACKAGE = (
    "type", "title", "authors", "version", "date-released", "repository-code", "doi",
)  # fmt: skip
"""What the data set's citation says of the package."""
_TYPES = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "date": pa.date32()}
_VALUES: dict[str, Callable[[str], Any]] = {
    "string": str, "integer": int, "number": float, "date": date.fromisoformat,
}  # fmt: skip


@table_class(frozen=True, config=TABLE)
class Part:
    """A part of the data set: its name, what it holds, and its tables."""

    name: str
    about: str
    tables: tuple[str, ...]


@table_class(frozen=True, config=TABLE)
class Contents:
    """All of dataset.toml."""

    title: str
    description: str
    keywords: tuple[str, ...]
    part: tuple[Part, ...]


@dataclass(frozen=True)
class Sources:
    """What the data set is made of: the contents, the package's citation, and its tables' description."""

    root: Path
    contents: Contents
    work: Mapping[str, Any]
    package: Mapping[str, Any]

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The tables of the data set in the order of its parts.

        Raises
        ------
        DefinitionError
            dataset.toml names a table that there is not.
        """
        known = {resource["name"]: resource for resource in self.package["resources"]}
        names = [name for part in self.contents.part for name in part.tables]
        missing = [name for name in names if name not in known]
        if missing:
            what = f"dataset.toml names tables that there are not: {', '.join(missing)}"
            raise DefinitionError(what, "use names of datapackage.json, or run make all")
        return [known[name] for name in names]


def write(root: Path, folder: Path, progress: Callable[[str], None]) -> int:
    """Write the data set and return the number of its tables.

    Parameters
    ----------
    root
        The repository, whose evidence and committed results are written.
    folder
        Where it goes.
    progress
        Called with a line of text before each table.

    Raises
    ------
    DefinitionError
        dataset.toml or CITATION.cff is wrong.
    OutputError
        The folder holds something else.
    """
    contents = toml_files.read(Contents, SOURCE)
    package = datapackage.package(root / "results", load_definitions())
    sources = Sources(root, contents, citation.works(root)[0], package)
    resources = sources.resources
    _require_own(folder, {resource["name"] for resource in resources})
    held = 0
    for resource in resources:
        progress(resource["name"])
        held += write_table(root / resource["path"], resource, folder)
    _describe(sources, folder, held)
    _write_sums(folder)
    return len(resources)


def _require_own(folder: Path, names: set[str]) -> None:
    """Refuse a folder with files that are none of the data set's, which would seem to belong to it."""
    files = {f"{kind}/{name}.{kind}" for name in names for kind in ("csv", "parquet")}
    files |= {SUMS, README, LICENCE, datapackage.NAME, croissant.NAME, citation.NAME}
    held = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]
    others = sorted(set(held) - files)
    if others:
        raise OutputError(
            f"{folder} holds {others[0]}, which is not of the data set",
            "remove it, or name a folder of its own: --out FOLDER (make: OUT=FOLDER)",
        )


def write_table(path: Path, resource: Mapping[str, Any], folder: Path) -> int:
    """Write one table as CSV, the same bytes as in the repository, and as Parquet.

    Returns
    -------
    int
        How many cells have an apostrophe in front in the CSV file, against spreadsheets.
    """
    name = resource["name"]
    copy_file(path, folder / "csv" / f"{name}.csv")
    cells = read_csv(path, dtype=str)
    with replaced(folder / "parquet" / f"{name}.parquet") as temporary:
        pq.write_table(typed(cells, resource), temporary, compression="zstd")
    written = pd.read_csv(path, dtype=str, keep_default_na=False)
    return int((cells.to_numpy() != written.to_numpy()).sum())


def typed(cells: pd.DataFrame, resource: Mapping[str, Any]) -> pa.Table:
    """Cells of text as the types that are described, with meaning and unit in each column's metadata."""
    fields = resource["schema"]["fields"]
    columns = [
        pa.array(
            [_VALUES[field["type"]](cell) if cell != "" else None for cell in cells[field["name"]]],
            type=_TYPES[field["type"]],
        )
        for field in fields
    ]
    schema = [
        pa.field(
            field["name"],
            _TYPES[field["type"]],
            metadata={key: field[key] for key in ("description", "unit") if key in field},
        )
        for field in fields
    ]
    return pa.table(columns, schema=pa.schema(schema, metadata={"title": resource["title"]}))


def _describe(sources: Sources, folder: Path, held: int) -> None:
    """Write descriptions, README, licence and citation."""
    work = _citation(sources)
    package = _package(sources, folder)
    write_json(folder / datapackage.NAME, package)
    described = croissant.described(package, folder, work)
    write_json(folder / croissant.NAME, described)
    write_text(
        folder / citation.NAME, yaml.safe_dump(work, sort_keys=False, allow_unicode=True, width=100)
    )
    write_text(folder / LICENCE, _licence(sources))
    write_text(folder / README, _readme(sources, work, folder, held))


def _citation(sources: Sources) -> dict[str, Any]:
    """The data set's CITATION.cff: the package's, which becomes its first reference and keeps its DOI."""
    work = sources.work
    package = deepcopy({key: work[key] for key in _OF_PACKAGE if key in work})
    own = {
        "title": sources.contents.title,
        "message": "If you use these data, cite them together with the study that they judge.",
        "abstract": sources.contents.description,
        "type": "dataset",
        "license": [licence["name"] for licence in _licences(sources)],
        "keywords": list(sources.contents.keywords),
        "references": [package, *work["references"]],
    }
    return {key: value for key, value in {**work, **own}.items() if key != "doi"}


def _paths(sources: Sources) -> dict[str, str]:
    """Where in the repository the terms of each table are looked up; those of the ledger, by its source."""
    return {
        resource["name"]: LEDGER if resource["name"] == "results_claims" else resource["path"]
        for resource in sources.resources
    }


def _licences(sources: Sources) -> list[dict[str, Any]]:
    """Licences of the tables, each once."""
    return licences.described(_paths(sources).values())


def _package(sources: Sources, folder: Path) -> dict[str, Any]:
    """The Frictionless description of the CSV files, with their sizes and hashes."""
    resources = []
    for resource in sources.resources:
        path = folder / "csv" / f"{resource['name']}.csv"
        file = {
            "path": f"csv/{path.name}",
            "bytes": path.stat().st_size,
            "hash": f"sha256:{sha256_file(path)}",
        }
        resources.append(resource | file)
    return {
        "name": NAME,
        "title": sources.contents.title,
        "description": sources.contents.description,
        "version": str(sources.work["version"]),
        "keywords": list(sources.contents.keywords),
        **({"homepage": citation.address(sources.work)} if citation.address(sources.work) else {}),
        "licenses": _licences(sources),
        "contributors": [
            {"title": citation.full_name(author), "role": "author"}
            for author in sources.work["authors"]
        ],
        "resources": resources,
    }


def _licence(sources: Sources) -> str:
    """The terms of each part, as LICENSE of the repository has them."""
    tables: dict[licences.Files, list[str]] = {}
    for name, path in _paths(sources).items():
        tables.setdefault(licences.files_of(path), []).append(name)
    parts = [
        "Terms of the tables of this data set, and of its README and descriptions (CC-BY-4.0).\n"
    ]
    parts += [licences.entry(of.what, of.licences, names, of.note) for of, names in tables.items()]
    parts += [f"{one['name']}: {one['title']}, {one['path']}" for one in _licences(sources)]
    return "\n".join(parts) + "\n"


def _readme(sources: Sources, work: Mapping[str, Any], folder: Path, held: int) -> str:
    """The README, of its template."""
    study = sources.work["references"]
    values = {
        "title": sources.contents.title,
        "description": sources.contents.description,
        "version": str(work["version"]),
        "date": str(work["date-released"]),
        "package": sources.work["title"],
        "contents": "\n\n".join(_part(part, sources, folder) for part in sources.contents.part),
        "formulas": f"{held:,} cells have one" if held else "no cell has one",
        "licences": _terms(sources),
        "citations": f"```bibtex\n{citation.cited([work, *study], citation.BIBTEX)}\n```",
    }
    text = read_text(TEMPLATE)
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    return text


def _part(part: Part, sources: Sources, folder: Path) -> str:
    """One part: what it holds, and its tables with what a row is."""
    known = {resource["name"]: resource for resource in sources.resources}
    rows = []
    for name in part.tables:
        size = pq.read_metadata(folder / "parquet" / f"{name}.parquet").num_rows
        key = Markup(", ".join(map(code, known[name]["schema"].get("primaryKey", []))) or "–")
        rows.append((code(name), f"{size:,}", known[name]["title"], key))
    shown = markdown(("Table", "Rows", "What it holds", "A row for each"), rows, (24, 8, 60, 30))
    return f"### {part.name}\n\n{part.about}\n\n{shown}"


def _terms(sources: Sources) -> str:
    """One sentence on the terms, and where they stand."""
    names = " and ".join(f"[{one['name']}]({one['path']})" for one in _licences(sources))
    return (
        f"{names} for our part of every table; [LICENSE](LICENSE) says of each what it was computed from. "
        "None of it is computed from data under the ODbL."
    )


def _write_sums(folder: Path) -> None:
    """Write the SHA-256 of every other file, as `sha256sum --check` reads them."""
    files = [*present(folder), *present(folder / "csv"), *present(folder / "parquet")]
    lines = [
        f"{sha256_file(path)}  {path.relative_to(folder).as_posix()}"
        for path in files
        if path.name != SUMS
    ]
    write_text(folder / SUMS, "\n".join(lines) + "\n")

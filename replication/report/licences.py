"""LICENSE, and the terms of each file, from licences.toml."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from pydantic.dataclasses import dataclass as table_class

from replication.attribution import registry
from replication.definitions import Definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.files import write_text

NAME = Path("LICENSE")
SOURCE = registry.DATA / "licences.toml"
_WIDTH = 100
_HEAD = "This repository holds code, text, figures and data under different terms.\n"


@table_class(frozen=True, config=TABLE)
class Terms:
    """A licence: its title, and where it stands in full."""

    title: str
    url: str


@table_class(frozen=True, config=TABLE)
class Files:
    """Files under the same terms: what they are, patterns of paths, SPDX names, a note, and authorship."""

    what: str
    paths: tuple[str, ...]
    licences: tuple[str, ...]
    note: str
    ours: bool = True


@table_class(frozen=True, config=TABLE)
class Elsewhere:
    """Data that are read and lie elsewhere, and their terms."""

    what: str
    terms: str


@table_class(frozen=True, config=TABLE)
class Licences:
    """All of licences.toml."""

    terms: dict[str, Terms]
    files: tuple[Files, ...]
    elsewhere: tuple[Elsewhere, ...]
    texts: dict[str, str]


@cache
def table() -> Licences:
    """The terms of all files, from licences.toml."""
    return toml_files.read(Licences, SOURCE)


def files_of(path: str) -> Files:
    """The files under whose terms a path of the repository falls.

    Raises
    ------
    DefinitionError
        None are described.
    """
    for files in table().files:
        if any(fnmatchcase(path, pattern) for pattern in files.paths):
            return files
    raise DefinitionError(
        f"licences.toml names no terms for {path}", "add its path to a table of [[files]]"
    )


def described(paths: Iterable[str]) -> list[dict[str, Any]]:
    """Licences of files as a Frictionless description has them, each once."""
    names = dict.fromkeys(name for path in paths for name in files_of(path).licences)
    return [
        {"name": name, "title": table().terms[name].title, "path": table().terms[name].url}
        for name in names
    ]


def write(root: Path, results: Path, definitions: Definitions) -> Path:
    """Write LICENSE to `root` and return its path."""
    write_text(root / NAME, rendered(results, definitions))
    return root / NAME


def rendered(results: Path, definitions: Definitions) -> str:  # noqa: ARG001 -- one signature for all documents
    """The text of LICENSE, which is the same for every run."""
    licences = table()
    parts = [_HEAD]
    for files in licences.files:
        parts += [entry(files.what, files.licences, files.paths, files.note)]
    parts.append("Data that are read and are not here:\n")
    parts += [entry(one.what, (), (), one.terms) for one in licences.elsewhere]
    parts += [f"{name}: {terms.title}, {terms.url}" for name, terms in licences.terms.items()]
    return "\n".join([*parts, "", *licences.texts.values()])


def entry(what: str, licences: Sequence[str], paths: Sequence[str], note: str) -> str:
    """One block: what it is with its licences, then paths and a note, indented and wrapped."""
    lines = [f"{what}: {' and '.join(licences)}" if licences else what]
    for text in filter(None, (", ".join(paths), note)):
        lines += textwrap.wrap(
            text, _WIDTH, initial_indent="    ", subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines) + "\n"

"""Records in JSON: crawls, one object a line, and pages of the API's list of models."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from replication.errors import ContractError, SourceError
from replication.sources.records import values
from replication.sources.records.one_record import (
    MODELS,
    OBSERVATIONS,
    Located,
    Part,
    empty,
    models,
    observations,
)
from replication.sources.records.values import Place

_LABEL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BROKEN = "copy the file again: it was cut off or changed"


def read_crawl(located: Located) -> Part:
    """Read crawls, one file each: a line holds repo, model_name, downloads_last_month, date_crawl.

    A line with an error_msg has no count that can be believed, and gives no observation.
    """
    tables, failed, rows, as_text = [], [], 0, 0
    for file in located.files:
        read = _lines(file, Place(located.name(file)))
        errors = [n for n, line in read.items() if line.get("error_msg")]
        failed += [f"{read[n].get('repo')}/{read[n].get('model_name')}" for n in errors]
        complete = {n: line for n, line in read.items() if not line.get("error_msg")}
        table, strings = _crawl(located, file, complete)
        tables.append(table)
        rows, as_text = rows + len(read), as_text + strings
    return Part(
        record=located.record,
        rows=rows,
        observations=pd.concat(tables, ignore_index=True),
        models=empty(MODELS),
        counts_as_text=as_text,
        failed=tuple(failed),
    )


def _crawl(
    located: Located, file: Path, lines: dict[int, dict[str, Any]]
) -> tuple[pd.DataFrame, int]:
    """Tabulate the lines of one crawl, and count the counts that are written as text."""
    label = _LABEL.search(located.name(file))
    if label is None:
        raise SourceError(
            f"{located.name(file)}: no folder in its path is the day of this crawl",
            "keep the folders of the record: 2025-01-14/…",
        )
    if not lines:
        return empty([*OBSERVATIONS, "crawl"]), 0
    place, index = Place(located.name(file)), pd.Index(lines)
    cells = {
        key: values.texts([line.get(key) for line in lines.values()], place, key, index)
        for key in ("repo", "model_name", "date_crawl")
    }
    names = values.names(cells["repo"] + "/" + cells["model_name"], place)
    dates = values.moments(cells["date_crawl"], place, "date_crawl")
    values.refuse(cells["date_crawl"], dates.isna(), "date_crawl is empty", place)
    counts = [line.get("downloads_last_month") for line in lines.values()]
    read, as_text = _counts(counts, place, index)
    return observations(located.record, names, dates, read, crawl=label[0]), as_text


@dataclass(frozen=True)
class _Pages(Place):
    """Where the models of all pages stand; a column's index counts them through, from 1."""

    files: tuple[str, ...] = ()
    ends: tuple[int, ...] = ()
    """Number of the last model of each page."""

    def error(self, number: Any, what: str, remedy: str = _BROKEN) -> ContractError:
        """The error that names the page and the model on it."""
        page = bisect_left(self.ends, number)
        before = self.ends[page - 1] if page else 0
        return Place(self.files[page], "model").error(number - before, what, remedy)


def read_pages(located: Located) -> Part:
    """Read pages of the API's list of models, of the record's date.

    A page is a list of objects with id, downloads, createdAt, pipeline_tag and tags.
    """
    cells: list[tuple[Any, ...]] = []
    ends = []
    for file in located.files:
        cells += _page(file, Place(located.name(file)))
        ends.append(len(cells))
    names = tuple(located.name(file) for file in located.files)
    place, index = _Pages("", "model", names, tuple(ends)), pd.RangeIndex(1, len(cells) + 1)
    ids, downloads, born, tasks, bases = zip(*cells, strict=True) if cells else ((),) * 5
    name = values.names(values.texts(ids, place, "id", index), place)
    counts, as_text = _counts(downloads, place, index)
    described = models(
        located.record,
        name,
        values.moments(values.texts(born, place, "createdAt", index), place, "createdAt"),
        base_models=pd.Series(bases, index, dtype="str"),
        task=values.texts(tasks, place, "pipeline_tag", index),
    )
    seen = observations(located.record, name, pd.Timestamp(located.record.date), counts)
    return Part(located.record, len(cells), seen, described, counts_as_text=as_text)


def _page(file: Path, place: Place) -> list[tuple[Any, ...]]:
    """Return what is needed of the models of one page."""
    page = _parsed(_text(file, place), place)
    if not isinstance(page, list) or not all(isinstance(one, dict) for one in page):
        raise place.error(1, "the page is not a list of objects", _BROKEN)
    return [
        (
            model.get("id"),
            model.get("downloads"),
            model.get("createdAt") or "",
            model.get("pipeline_tag") or "",
            values.of_tags(_tags(model)),
        )
        for model in page
    ]


def _tags(model: dict[str, Any]) -> list[Any]:
    """Return the tags of a model of the API's list."""
    tags = model.get("tags")
    return tags if isinstance(tags, list) else []


def _counts(cells: Sequence[Any], place: Place, index: pd.Index) -> tuple[pd.Series, int]:
    """Read counts; a number that is not whole, a truth value and null are none."""
    written = [cell if isinstance(cell, str) else repr(cell) for cell in cells]
    strings = sum(isinstance(cell, str) for cell in cells)
    return values.counts(values.texts(written, place, "the count", index), place), strings


def _lines(file: Path, place: Place) -> dict[int, dict[str, Any]]:
    """Return the objects of a file with one a line, by the number of the line."""
    lines = _text(file, place).split("\n")
    if lines[-1] == "":
        lines.pop()
    objects = {n: _parsed(line, place, n) for n, line in enumerate(lines, 1)}
    for number, line in objects.items():
        if not isinstance(line, dict):
            raise place.error(number, "the line is not an object", _BROKEN)
    return objects


def _text(file: Path, place: Place) -> str:
    """Return the text of a file."""
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Place(place.file).error(line, "the text is not UTF-8", _BROKEN) from None
    except OSError as error:
        raise SourceError(
            f"cannot read {place.file}: {error.strerror}", "check its permissions"
        ) from error


def _parsed(text: str, place: Place, line: int = 1) -> Any:
    """Parse JSON that begins on `line`."""
    try:
        return json.loads(text)
    except RecursionError:
        raise Place(place.file).error(line, "the JSON is nested too deeply", _BROKEN) from None
    except ValueError as error:
        number = line - 1 + getattr(error, "lineno", 1)
        raise Place(place.file).error(number, f"this is not JSON: {error}", _BROKEN) from None

"""What differs between two runs: in what made them and in what came out."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from replication import run_record
from replication.analysis.lead import LEAD, RATIO
from replication.errors import ContractError, SourceError
from replication.files import present, read_json

NONE = "—"
_KEYS = {"version": str, "source": str, **dict.fromkeys(("files", "inputs", "definitions"), dict)}
"""What a trace holds, beside rows of evidence by file and name."""
_ANSWERS = ("answer", "survives", "turned_by")
_OF_CLAIMS = ("claim", "A", "B", "change", "answer A", "answer B")
_OF_SHARES = ("estimand", "group", "A", "B", "points")
Row = dict[str, str]
Texts = tuple[str, ...]


@dataclass(frozen=True)
class Finished:
    """A run that has ended: its trace and its results."""

    results: Path
    trace: Mapping[str, Any]

    @property
    def whole(self) -> bool:
        """Whether it is of the whole Hub."""
        return bool(self.trace["source"] == "snapshots")

    @cached_property
    def claims(self) -> dict[str, Row]:
        """The judged claims by their id."""
        return {row["id"]: row for row in _rows(self.results / "claims.csv")}

    @cached_property
    def shares(self) -> dict[tuple[str, str], float]:
        """Share of each country group by the headline's choices, by table and group."""
        about = self.trace["definitions"]
        points: dict[tuple[str, str], float] = {}
        places = [("estimates.csv", "headline", "headline.estimand")]
        if not self.whole:
            places.insert(0, ("window_estimates.csv", "published_window", "published_window.id"))
        for name, table, estimand in places:
            chosen = [about[estimand], about[f"{table}.attribution"], about[f"{table}.labels"]]
            for row in _rows(self.results / name):
                if [row["estimand"], row["attribution"], row["labels"]] == chosen:
                    points.setdefault((about[estimand], row["group"]), float(row["point"]))
        return {key: value for key, value in points.items() if key[1] != RATIO}

    @cached_property
    def headline(self) -> dict[str, tuple[float, ...]]:
        """Point and range of the headline's shares and lead."""
        if self.whole:
            estimand = self.trace["definitions"]["headline.estimand"]
            points = {g: self.shares.get((estimand, g)) for g in ("China", "USA", LEAD)}
            return {name: (point,) for name, point in points.items() if point is not None}
        statistics = ("China", "USA", LEAD, "China / (China + USA)")
        columns = ("point", "records_lower", "records_upper")
        table = {row["statistic"]: row for row in _rows(self.results / "window_answers.csv")}
        return {
            name: tuple(float(table[name][c]) for c in columns)
            for name in statistics
            if name in table
        }


@dataclass(frozen=True)
class Section:
    """One table of differences; without rows nothing differs."""

    title: str
    columns: Texts
    rows: tuple[Texts, ...]


def load(folder: Path) -> Finished:
    """Read a run's trace from its folder, or from its folder of results.

    Raises
    ------
    SourceError
        There is no such folder, no finished run in it, or one that left no trace.
    ContractError
        The trace is damaged.
    """
    if not folder.is_dir():
        raise SourceError(
            f"there is no folder {folder}", "name the folder of a run, or . for this one"
        )
    results = folder / "results" if (folder / "results").is_dir() else folder
    remedy = "run it again, to the end: make all with its options"
    if not (results / run_record.NAME).is_file():
        if (results / "claims.csv").is_file():
            what = (
                f"the run in {folder} is of an older version and does not say what it was made by"
            )
            raise SourceError(what, remedy)
        raise SourceError(f"{folder} holds no finished run", remedy)
    trace = read_json(results / run_record.NAME)
    if not _is_trace(trace):
        what = f"{results / run_record.NAME} is damaged or of another version"
        raise ContractError(what, remedy)
    return Finished(results, trace)


def _is_trace(document: Any) -> bool:
    """Whether a document is a trace of this version, with tables where tables are read."""
    if not isinstance(document, dict) or document.get("format") != run_record.FORMAT:
        return False
    evidence = document.get("evidence")
    tables = evidence.values() if isinstance(evidence, dict) else [None]
    named = all(isinstance(document.get(key), kind) for key, kind in _KEYS.items())
    rows = [row for table in tables for row in (table.values() if isinstance(table, dict) else "?")]
    return named and all(isinstance(row, dict) for row in rows)


def sections(old: Finished, new: Finished) -> Iterator[Section]:
    """Everything in which two runs differ: first what made them, then what came out.

    Raises
    ------
    SourceError
        One is of the whole Hub and the other is not: they estimate different things.
    ContractError
        A result that the trace belongs to is missing or damaged.
    """
    if old.whole != new.whole:
        raise SourceError(
            f"{old.results} is of {old.trace['source']} and {new.results} of {new.trace['source']}: the "
            "whole Hub and its released head have no estimand in common",
            "compare two runs of snapshots, or two runs of other data",
        )
    yield Section("Made by", ("what", "A", "B"), tuple(_made_by(old.trace, new.trace)))
    yield Section("Definitions", ("key", "A", "B"), tuple(_definitions(old.trace, new.trace)))
    yield Section("Evidence", ("file", "row", "column", "A", "B"), tuple(_evidence(old, new)))
    inputs = _values(old.trace["inputs"], new.trace["inputs"])
    yield Section("Inputs", ("what", "A", "B"), tuple(inputs))
    try:
        yield Section(
            "Headline (percent)", ("what", "A", "B", "points"), tuple(_headline(old, new))
        )
        yield Section("Claims", _OF_CLAIMS, tuple(_claims(old.claims, new.claims)))
        yield Section(
            "Country shares (percent)", _OF_SHARES, tuple(_shares(old.shares, new.shares))
        )
    except (KeyError, ValueError) as error:
        raise ContractError(f"results do not fit their trace: {error}", "run both again") from None
    yield Section("Tables of results", ("file", "how"), tuple(_tables(old.results, new.results)))


def _made_by(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Texts]:
    keys = ("version", "commit", "source")
    return _values({k: old.get(k, "") for k in keys}, {k: new.get(k, "") for k in keys})


def _values(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Texts]:
    """Rows of two flat tables that differ, in the order of the first."""
    for key in [*old, *(key for key in new if key not in old)]:
        if (key in old) != (key in new) or old[key] != new[key]:
            yield key, *_shown(old.get(key), new.get(key))


def _definitions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Texts]:
    """Definitions that differ; of files that differ in nothing that counts, a word."""
    rows = [*_values(old["definitions"], new["definitions"])]
    yield from rows
    name = "definitions.toml"
    if not rows and old["files"].get(name) != new["files"].get(name):
        yield name, "comments or order alone", ""


def _evidence(old: Finished, new: Finished) -> Iterator[Texts]:
    """Rows of the registry and of the rules that differ, and other files that do."""
    for name, digest in {**old.trace["files"], **new.trace["files"]}.items():
        if name == "definitions.toml":
            continue
        if old.trace["files"].get(name) == new.trace["files"].get(name) == digest:
            continue
        if name not in run_record.EVIDENCE:
            yield name, "", "content", "", "differs"
            continue
        before, after = (run.trace["evidence"].get(name, {}) for run in (old, new))
        rows = [*_rows_that_differ(name, before, after)]
        yield from rows or [(name, "", "notes, sources or order alone", "", "differs")]


def _rows_that_differ(name: str, old: Mapping[str, Row], new: Mapping[str, Row]) -> Iterator[Texts]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in old or key not in new:
            cells = "; ".join(old.get(key, new.get(key, {})).values())
            yield (name, key, "whole row", *((cells, NONE) if key in old else (NONE, cells)))
            continue
        for column, before, after in _values(old[key], new[key]):
            yield name, key, column, before, after


def _headline(old: Finished, new: Finished) -> Iterator[Texts]:
    """The headline's shares with their ranges; all where one differs."""
    if old.headline == new.headline:
        return
    for name in (name for name in old.headline if name in new.headline):
        before, after = old.headline[name], new.headline[name]
        yield name, _range(before), _range(after), _points(100 * (after[0] - before[0]))


def _claims(old: Mapping[str, Row], new: Mapping[str, Row]) -> Iterator[Texts]:
    """Claims whose figure or whose answers differ."""
    for key in [*old, *(key for key in new if key not in old)]:
        before, after = old.get(key, {}), new.get(key, {})
        if all(before.get(c) == after.get(c) for c in ("estimate", *_ANSWERS)):
            continue
        figures = [row.get("estimate", "") for row in (before, after)]
        numbers = [n for n in map(_number, figures) if n is not None]
        change = _points(numbers[1] - numbers[0]) if len(numbers) == 2 else ""
        shown = [f"{n:.2f}" if (n := _number(x)) is not None else x or NONE for x in figures]
        answers = [
            ", ".join(filter(None, (row.get(c) for c in _ANSWERS))) for row in (before, after)
        ]
        yield key, *shown, change, answers[0] or NONE, answers[1] or NONE


def _shares(
    old: Mapping[tuple[str, str], float], new: Mapping[tuple[str, str], float]
) -> Iterator[Texts]:
    """Shares of country groups that differ."""
    for key in [*old, *(key for key in new if key not in old)]:
        pair = old.get(key), new.get(key)
        if pair[0] != pair[1]:
            shown = [NONE if one is None else f"{100 * one:.2f}" for one in pair]
            both = None not in pair
            moved = _points(100 * (new[key] - old[key])) if both else ""
            yield *key, *shown, moved


def _tables(old: Path, new: Path) -> Iterator[Texts]:
    """Files of results that are not the same bytes."""
    before, after = ({path.name: path for path in present(folder)} for folder in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield name, "only in A" if name in before else "only in B"
        elif before[name].read_bytes() != after[name].read_bytes():
            yield name, "differs"


def _shown(old: Any, new: Any) -> tuple[str, str]:
    """Two values that differ; of long lists just the members that differ."""
    if isinstance(old, list) and isinstance(new, list) and len(old) + len(new) > 8:
        gone, come = [x for x in old if x not in new], [x for x in new if x not in old]
        if gone or come:
            return _text(gone), _text(come)
    return _text(old), _text(new)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or NONE
    if isinstance(value, str) and len(value) == 64 and value.isalnum():
        return f"{value[:12]}…"  # a hash
    return NONE if value is None or value == "" else str(value)


def _range(values: tuple[float, ...]) -> str:
    """A point with its range, in percent."""
    point, *ends = (f"{100 * value:.2f}" for value in values)
    return f"{point} ({ends[0]} to {ends[1]})" if ends else point


def _points(value: float) -> str:
    """A difference with its sign and as many decimals as a small one needs; of a tiny one its power of ten."""
    if 0 < abs(value) < 1e-6:
        return f"{value:+.0e}"
    digits = 1 - math.floor(math.log10(abs(value))) if 0 < abs(value) < 0.005 else 2
    return f"{value:+.{digits}f}"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _rows(path: Path) -> list[Row]:
    """Rows of a table of results.

    Raises
    ------
    ContractError
        It is missing.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except FileNotFoundError:
        raise ContractError(f"{path} is missing", "run it again: make all") from None

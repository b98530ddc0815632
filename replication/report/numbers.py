"""The numbers of the text: every key of paper/numbers.toml, read from the results.

A key names a table, a row and a column, and a display format. Values are kept unrounded; rounding
belongs to the format. The text may use only these keys.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic.dataclasses import dataclass as table_class

from replication.definitions import Definitions, toml_files
from replication.definitions.value_types import TABLE
from replication.errors import DefinitionError
from replication.files import read_csv, read_json

NBSP = "\u00a0"
ABSENT = "(not in these data)"
STUDY, ALL = "study", "none"
"""The table of the definitions; the exclusion of nothing."""
DEFINITION = re.compile(r"\{([\w.-]+)\}")
MADE_BY = {
    "estimates": "replication.analysis.estimates.estimate",
    "leave_one_out": "replication.analysis.estimates.leave_one_out",
    "exclusions": "replication.analysis.choices.exclusions",
    "choices": "replication.analysis.choices.choices",
    "tipping_points": "replication.analysis.tipping.tipping_points",
    "label_error": "replication.analysis.label_error.propagate",
    "weekly_shares": "replication.analysis.crossover.series",
    "crossings": "replication.analysis.crossover.series",
    "rolling_shares": "replication.analysis.rolling.rolling",
    "rolling_crossings": "replication.analysis.rolling.rolling",
    "rolling_distribution": "replication.analysis.rolling.rolling",
    "changes": "replication.analysis.change.changes",
    "intervals": "replication.analysis.methods.interval_methods",
    "calibration": "replication.validation.coverage.measure",
    "concentration": "replication.analysis.concentration.concentrations",
    "removal_sets": "replication.analysis.influence.removal_sets",
    "influence": "replication.analysis.influence.dfbeta",
    "specifications": "replication.analysis.grid.multiverse",
    "dimensions": "replication.analysis.sensitivity.dimensions",
    "published_cells": "replication.analysis.sensitivity.published_cells",
    "bridges": "replication.analysis.sensitivity.bridges",
    "published_pair": "replication.analysis.published.published_pair",
    "concentration_curve": "replication.analysis.published.concentration_curve",
    "detectable_gap": "replication.analysis.published.detectable_gap",
    "summary": "replication.analysis.facts.to_frame",
    "window_answers": "replication.analysis.window.errors.answers",
    "window_errors": "replication.analysis.window.errors.errors",
    "window_estimates": "replication.analysis.estimates.estimate",
    "window_months": "replication.analysis.window.months.months",
    "window_passing": "replication.analysis.window.months.passing",
    "window_changes": "replication.analysis.window.changes.changes",
    "window_targets": "replication.analysis.window.targets.targets",
    "window_luck": "replication.analysis.window.targets.luck",
    "window_turnover": "replication.analysis.window.months.turnover",
    "window_specifications": "replication.analysis.window.grid.grid",
    "window_summary": "replication.analysis.window.facts.summary",
    "implied_denominators": "replication.analysis.window.targets.denominators",
    "hub_dates": "replication.analysis.window.lists.hub_dates",
    "capture": "replication.analysis.window.records.captures",
    "records_agreement": "replication.analysis.window.records.agreement",
    "records_left_out": "replication.analysis.window.records.left_out",
    "hub_coverage": "replication.attribution.window.coverage_of_lists",
    "window_coverage": "replication.attribution.window.coverage",
    "window_defects": "replication.panel.window_records.defects",
    "claims": "replication.report.claims.judge",
    "coverage": "replication.attribution.coverage.of_panel",
    "disagreements": "replication.attribution.agreement.disagreements",
    "agreement": "replication.attribution.agreement.with_study",
    "second_agreement": "replication.attribution.audit.agreement",
    "origins": "replication.attribution.assign.origins",
    "defects": "replication.panel.defects.mend",
    "manifest": "replication.sources.manifest.write",
    "chain": "replication.panel.whole_hub.chain.measure",
    "study": "replication.definitions.reading.load_definitions",
}


def _percent(value: Any) -> str:
    return f"{100 * float(value):.1f}{NBSP}%"


def _signed(value: Any) -> str:
    points = 100 * float(value)
    return f"{'−' if points < 0 else '+'}{abs(points):.1f}"


def _in_words(value: Any) -> str:
    words = [
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ]
    number = int(float(value))
    return words[number] if number < len(words) else f"{number:,}"


def _leads(value: Any) -> str:
    points = 100 * float(value)
    ahead, behind = ("China", "the USA") if points > 0 else ("the USA", "China")
    return f"{ahead} leads {behind} by {abs(points):.1f}{NBSP}points"


def _whole(value: Any) -> str:
    return f"{int(float(value)):,}"


def _day(value: Any) -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{day.day}{NBSP}{day:%B %Y}"


def _month(value: Any) -> str:
    try:
        return f"{date.fromisoformat(f'{value}-01'):%B %Y}"
    except ValueError:
        return str(value)


FORMATS: dict[str, Callable[[Any], str]] = {
    "percent": _percent,
    "whole-percent": lambda v: f"{100 * float(v):.0f}{NBSP}%",
    "already-percent": lambda v: f"{float(v):.1f}{NBSP}%",
    "already-whole-percent": lambda v: f"{float(v):.0f}{NBSP}%",
    "signed-points": _signed,
    "distance": lambda v: f"{abs(100 * float(v)):.1f}",
    "points": lambda v: f"{100 * float(v):.1f}",
    "leads": _leads,
    "in-words": _in_words,
    "ratio": lambda v: f"{float(v):.2f}",
    "one-decimal": lambda v: f"{float(v):.1f}",
    "whole": _whole,
    "billions": lambda v: f"{float(v) / 1e9:.1f}{NBSP}billion",
    "millions": lambda v: f"{int(v) / 1e6:.1f}{NBSP}million",
    "day": _day,
    "month": _month,
    "month-of": lambda v: _month(str(v)[:7]),
    "text": str,
    "short-hash": lambda v: f"{str(v)[:12]}…",
}


def collect(declared: Path, results: Path, definitions: Definitions) -> dict[str, dict[str, Any]]:
    """Read every declared number from the results.

    Parameters
    ----------
    declared
        numbers.toml: ``rows`` names sets of conditions, ``numbers`` maps a key to
        ``table | conditions | column | format``.
    results
        Folder of the result tables.
    definitions
        Definitions, readable as the table ``definitions``.

    Returns
    -------
    dict
        Key to ``value, display, format, table, cell, function``.

    Raises
    ------
    StudyError
        A key leads to several cells or to no column, or its format is unknown. A key that leads
        to no row, or to no finite value, has the value None and says so in the text.
    """
    tables = _Tables(results, definitions)
    return {one.key: _number(one, tables) for one in _declared(declared, definitions)}


def require_definitions(declared: Path, definitions: Definitions) -> None:
    """Refuse definitions that lack what the text is about, before any work.

    Parameters
    ----------
    declared
        numbers.toml, as in `collect`.
    definitions
        Definitions.

    Raises
    ------
    StudyError
        A number names a definition, a window, an estimand or an exclusion that is not defined.
    """
    windows = {window.id for window in (*definitions.all_windows, *definitions.at_window.windows)}
    estimands = {one.id for one in (*definitions.estimands, *definitions.at_window.estimands)}
    known = {
        "estimand": estimands,
        "window": windows,
        "exclusion": {ALL, *(x.id for x in definitions.exclusions)},
    }
    for one in _declared(declared, definitions):
        if one.table == STUDY:
            _attribute(one.key, definitions, one.column)
        for column in known.keys() & one.conditions.keys():
            value = one.conditions[column]
            if value not in known[column]:
                raise DefinitionError(
                    f"the text is about the {column} {value} ({declared.name}: {one.key}), which "
                    "is not defined",
                    "keep it among the definitions; others can be added and its values changed",
                )


@table_class(frozen=True, config=TABLE)
class _NumbersFile:
    """numbers.toml."""

    rows: dict[str, str]
    numbers: dict[str, str]


@dataclass(frozen=True)
class _Declared:
    """One declaration: where a number is read, and how it is shown."""

    key: str
    table: str
    told: str
    """The conditions as they are written."""
    conditions: Mapping[str, str]
    column: str
    style: str


def _declared(declared: Path, definitions: Definitions) -> Iterator[_Declared]:
    """Every declaration of numbers.toml, with the definitions that it names."""
    file = toml_files.read(_NumbersFile, declared)
    for key, spec in file.numbers.items():
        parts = [part.strip() for part in spec.split("|")]
        if len(parts) != 4 or parts[3] not in FORMATS:
            raise DefinitionError(
                f"numbers.toml: {key} = {spec!r}", "table | conditions | column | format"
            )
        named = _conditions(key, parts[1], file.rows)
        conditions = {column: _with_study(key, text, definitions) for column, text in named.items()}
        told = _with_study(key, parts[1], definitions)
        yield _Declared(key, parts[0], told, conditions, parts[2], parts[3])


def _with_study(key: str, text: str, definitions: Definitions) -> str:
    """A condition with the definitions that it names in braces."""
    return DEFINITION.sub(lambda found: str(_attribute(key, definitions, found[1])), text)


def _number(one: _Declared, tables: _Tables) -> dict[str, Any]:
    """Resolve one declaration."""
    name, column, style = one.table, one.column, one.style
    value = tables.cell(one.key, name, one.conditions, column)
    if value == "" or (isinstance(value, float) and not math.isfinite(value)):
        value = None
    return {
        "value": value,
        "display": ABSENT if value is None else FORMATS[style](value),
        "format": style,
        "table": f"results/{name}.csv" if name not in {"manifest", STUDY} else name,
        "cell": f"{one.told} → {column}" if one.told else column,
        "function": MADE_BY[name],
    }


def _conditions(key: str, text: str, rows: Mapping[str, str]) -> dict[str, str]:
    """Parse ``@name, column=value, …`` into conditions."""
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        if part.startswith("@"):
            if part[1:] not in rows:
                raise DefinitionError(
                    f"numbers.toml: {key} names no row {part}", "add it to [rows]"
                )
            found |= _conditions(key, rows[part[1:]], rows)
        else:
            column, _, value = part.partition("=")
            found[column.strip()] = value.strip()
    return found


class _Tables:
    """Result tables, read once each."""

    def __init__(self, results: Path, definitions: Definitions) -> None:
        self._results = results
        self._study = definitions
        self._read: dict[str, pd.DataFrame] = {}

    def cell(self, key: str, name: str, where: Mapping[str, str], column: str) -> Any:
        """The one value of `column` in the one row where all conditions hold."""
        if name == STUDY:
            return _attribute(key, self._study, column)
        if name == "manifest":
            return read_json(self._results / "manifest.json")[column]
        if name not in MADE_BY:
            raise DefinitionError(
                f"numbers.toml: {key} names no table {name!r}", f"use {[*MADE_BY]}"
            )
        table = self._table(name)
        for field, value in where.items():
            if field not in table:
                raise DefinitionError(
                    f"numbers.toml: {key}: {name} has no column {field!r}", "correct it"
                )
            table = table[table[field].astype(str) == value]
        if len(table) > 1 or column not in table:
            raise DefinitionError(
                f"numbers.toml: {key} finds {len(table)} rows of {name} and column {column!r}",
                "add conditions until one row is left",
            )
        if table.empty:
            return None  # other data may lack a developer, an exclusion or a reading
        return _plain(table[column].iloc[0])

    def _table(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = read_csv(self._results / f"{name}.csv")
        return self._read[name]


def _attribute(key: str, definitions: Definitions, path: str) -> Any:
    """A definition by its dotted name: inference.replicates, windows.increments-all.start."""
    value: Any = definitions
    for part in path.split("."):
        try:
            if isinstance(value, tuple):
                value = value[int(part)] if part.isdigit() else {x.id: x for x in value}[part]
            else:
                value = getattr(value, part)
        except (AttributeError, IndexError, KeyError, TypeError):
            what = f"numbers.toml: {key}: the study has no {path}"
            raise DefinitionError(what, "correct the name") from None
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value that JSON can hold; text that is a number becomes the number."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return json.loads(value) if value[:1] in "-0123456789" else value
        except ValueError:
            return value
    return value

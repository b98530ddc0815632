"""Tables of the paper and the README about the published figures, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from replication.files import read_csv
from replication.report.markdown import bold, capital, escaped, host, link, markdown
from replication.report.number_formats import NBSP


def verdicts(results: Path) -> str:
    """Every claim that public data can judge: published, what they show, and both answers."""
    table = read_csv(results / "claims.csv", dtype=str)
    table = table[table["estimate"] != ""]
    rows = [
        (
            escaped(capital(row.statement), sentence=True),
            _published(row.published, row.unit),
            _estimate(row.estimate, row.unit),
            _range(row.lower, row.upper, row.unit),
            bold(row.answer),
            _survives(row.survives, row.turned_by),
            link(host(row.url), row.url),
        )
        for row in table.itertuples()
    ]
    header = (
        "Claim",
        "Published",
        "Public data",
        "Range",
        "Does it come out?",
        "Does it survive reasonable choices?",
        "About",
    )
    return markdown(header, rows, (28, 9, 9, 14, 13, 20, 11))


def _survives(answer: str, turned_by: str) -> str:
    """The second answer, with the smallest change that turns the first."""
    if not answer:
        return "–"
    return escaped(f"{answer}: turned by “{turned_by}”" if turned_by else answer, sentence=True)


def unjudged(results: Path) -> str:
    """Every published figure that public data cannot judge, with what it would take."""
    table = read_csv(results / "claims.csv", dtype=str)
    table = table[table["estimate"] == ""]
    rows = [
        (
            escaped(capital(row.statement), sentence=True),
            _published(row.published, row.unit),
            row.answer,
            escaped(row.reason, sentence=True),
            link(host(row.url), row.url),
        )
        for row in table.itertuples()
    ]
    header = ("Published figure", "Value", "Answer", "Why", "About")
    return markdown(header, rows, (28, 12, 16, 30, 21))


def _published(value: str, unit: str) -> str:
    """A published value with its unit, as one would write it."""
    if unit == "percent":
        return f"{value}{NBSP}%"
    if unit in {"majority", "year", "month"}:
        return value or unit
    number = float(value)
    shown = f"{number / 1e9:g}{NBSP}billion" if number >= 1e8 else f"{number:,g}"
    return f"{shown} {unit}" if number < 1e6 else shown


def _estimate(value: str, unit: str) -> str:
    if unit in {"percent", "points", "majority"}:
        number = float(value)
        return f"{number:+.1f}".replace("-", "−") if unit == "points" else f"{number:.1f}{NBSP}%"
    return value


def _range(low: str, high: str, unit: str) -> str:
    if not low:
        return "–"
    return f"{_estimate(low, unit)} … {_estimate(high, unit)}"


def cells(row: Mapping[str, str]) -> dict[str, str]:
    """One claim as texts for a narrow table: what was published, what public data show, both answers."""
    estimate = _estimate(row["estimate"], row["unit"]) if row["estimate"] else "–"
    span = _range(row["lower"], row["upper"], row["unit"]) if row["estimate"] else "–"
    return {
        "claim": capital(row["statement"]),
        "published": _published(row["published"], row["unit"]),
        "public_data": estimate,
        "range": span,
        "comes_out": row["answer"],
        "survives": row["survives"] or "–",
        "turned_by": row["turned_by"],
    }

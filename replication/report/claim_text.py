"""Figures of the ledger as one writes them: what was published, what we find, and its range."""

from __future__ import annotations

import re
from collections.abc import Mapping

from replication import months
from replication.report.answers import ASKED, CONTRADICTED, REPRODUCED
from replication.report.markdown import capital
from replication.report.number_formats import NBSP

AS_PRINTED = {"majority", "year", "month", "rank", "wording"}
"""Units whose published value is a text."""


def published(value: str, unit: str) -> str:
    """A published value with its unit."""
    if unit == "percent":
        return f"{value}{NBSP}%"
    if unit in AS_PRINTED:
        return value or unit
    number = float(value)
    shown = f"{number / 1e9:g}{NBSP}billion" if number >= 1e8 else f"{number:,.12g}"
    return f"{shown} {unit}" if number < 1e6 else shown


def estimate(value: str, unit: str) -> str:
    """Our figure beside a published one of that unit; a dash where there is none."""
    if not value:
        return "–"
    if unit == "downloads":
        return f"{float(value) / 1e9:.2f}{NBSP}billion"
    if unit in {"percent", "points", "majority", "rank"}:
        number = float(value)
        return f"{number:+.1f}".replace("-", "−") if unit == "points" else f"{number:.1f}{NBSP}%"
    return value


def span(low: str, high: str, unit: str) -> str:
    """The range of our figure."""
    if not low:
        return "–"
    return f"{estimate(low, unit)} … {estimate(high, unit)}"


def cells(row: Mapping[str, str]) -> dict[str, str]:
    """A row of claims.csv as texts for a narrow table: published, what public data show, both answers."""
    return {
        "claim": capital(row["statement"]),
        "published": published(row["published"], row["unit"]),
        **_found(row),
        "comes_out": row["answer"],
        "survives": row["survives"] or "–",
        "turned_by": row["turned_by"],
    }


def _found(row: Mapping[str, str]) -> dict[str, str]:
    """Our figure and its range in a narrow table; a lead is said in words, not by a sign."""
    values = [row[name] for name in ("estimate", "lower", "upper")]
    if row["unit"] == "points" and all(values):
        point, *ends = map(float, values)
        return {"public_data": _ahead(point), "range": _ahead_range(*ends)}
    shown = span(values[1], values[2], row["unit"])
    return {
        "public_data": estimate(values[0], row["unit"]),
        "range": shown.replace(f"{NBSP}%", "").replace("…", "to"),
    }


def _ahead(points: float) -> str:
    """Which of both countries is ahead, and by how many points."""
    return f"{'China' if points > 0 else 'USA'} ahead by {abs(points):.1f}"


def _ahead_range(low: float, high: float) -> str:
    """The ends of a lead: two distances where one country leads at both, else the countries too."""
    if low * high > 0:
        near, far = sorted((abs(low), abs(high)))
        return f"{near:.1f} to {far:.1f}"
    return f"{_ahead(low)} to {_ahead(high)}"


def period(text: str) -> str:
    """A period of the ledger in words: its months, or the text itself where it names none."""
    ends = text.removeprefix("to ").split("/")
    if not all(re.fullmatch(r"\d{4}-\d\d(-\d\d)?", end) for end in ends):
        return text
    return " to ".join(map(_month, ends))


def _month(text: str) -> str:
    """The month of a month or day of ISO 8601, with its year."""
    return months.in_words(text[:7])


def as_asked(row: Mapping[str, str]) -> str:
    """What a row of claims.csv says was published; of a majority, with what is asked of it."""
    shown = published(row["published"], row["unit"])
    return f"{shown} ({row['reason']})" if row["reason"].startswith(ASKED) else shown


def in_words(row: Mapping[str, str]) -> str:
    """What public data say of a row of claims.csv, in a sentence without capital and full stop."""
    if row["answer"] not in {REPRODUCED, CONTRADICTED}:
        return f"public data cannot tell whether “{row['statement']}” is true: {row['reason']}"
    if row["unit"] == "points":
        opposite = row["answer"] == CONTRADICTED
        what = "the opposite of what was published" if opposite else "what was published"
        return f"public data show {what}: {lead_in_words(row)}"
    verb = "contradict" if row["answer"] == CONTRADICTED else "are compatible with"
    low, high, unit = row["lower"], row["upper"], row["unit"]
    spread = f" ({span(low, high, unit)})" if low else ""
    ours = f"{estimate(row['estimate'], unit)}{spread}"
    asked = f"; {row['reason']}" if row["reason"].startswith(ASKED) else ""
    return f"public data {verb} “{claimed(row)}”: {ours.replace('…', 'to')}{asked}"


def claimed(row: Mapping[str, str]) -> str:
    """A statement with its published value where the statement does not say it."""
    shown = published(row["published"], row["unit"])
    if row["unit"] in AS_PRINTED and (shown in row["statement"] or row["unit"] == "majority"):
        return row["statement"]
    return f"{row['statement']}: {shown}"


def lead_in_words(row: Mapping[str, str]) -> str:
    """Our figure of a lead: who is ahead of whom, by how many points, and the range."""
    point = float(row["estimate"])
    ahead, behind = ("China", "the USA") if point > 0 else ("the USA", "China")
    said = f"{ahead} is ahead of {behind} by {abs(point):.1f} points"
    if not row["lower"]:
        return said
    ends = sorted(float(row[end]) * (1 if point > 0 else -1) for end in ("lower", "upper"))
    if ends[0] >= 0:
        return f"{said} ({ends[0]:.1f} to {ends[1]:.1f})"
    return f"{said} (from {behind} by {-ends[0]:.1f} to {ahead} by {ends[1]:.1f})"

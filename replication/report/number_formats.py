"""How a number of the text is displayed: the formats that numbers.toml may name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from replication import months
from replication.report.markdown import capital

NBSP = "\u00a0"


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
    return words[number] if 0 <= number < len(words) else f"{number:,}"


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
    return f"{day.day}{NBSP}{months.with_year(day)}"


def _month(value: Any) -> str:
    try:
        return months.in_words(str(value))
    except ValueError:
        return str(value)


def _stays_ahead(value: Any) -> str:
    """From when China is ahead to the end: of a month, or of what stands for none."""
    month = _month(value)
    if month == str(value):
        return "China is not ahead to the end from any month"
    return f"China is ahead to the end from {month}"


def _p_value(value: Any) -> str:
    return f"{float(value):.3f}" if float(value) >= 0.001 else "below 0.001"


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
    "p-value": _p_value,
    "one-decimal": lambda v: f"{float(v):.1f}",
    "whole": _whole,
    "billions": lambda v: f"{float(v) / 1e9:.1f}{NBSP}billion",
    "millions": lambda v: f"{int(v) / 1e6:,.1f}{NBSP}million",
    "day": _day,
    "month": _month,
    "stays-ahead": _stays_ahead,
    "month-of": lambda v: _month(str(v)[:7]),
    "text": str,
    "capital": lambda v: capital(str(v)),
    "short-hash": lambda v: f"{str(v)[:12]}…",
}

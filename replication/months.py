"""Names of months in English, whatever the locale of the process: what strftime writes depends on it."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def name(day: date) -> str:
    """Name of the month: “July”."""
    return MONTHS[day.month - 1]


def short_name(day: date) -> str:
    """Its first three letters: “Jul”."""
    return name(day)[:3]


def with_year(day: date) -> str:
    """Month and year: “July 2025”."""
    return f"{name(day)} {day.year}"


def in_words(month: str) -> str:
    """A month of ISO 8601, “2025-07”, as “July 2025”."""
    return with_year(date.fromisoformat(f"{month}-01"))


def short_with_year(day: date) -> str:
    """Short month and year: “Jul 2025”."""
    return f"{short_name(day)} {day.year}"

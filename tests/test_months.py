"""Names of months: the same in every locale."""

from __future__ import annotations

import re
from datetime import date

import pytest

from replication import months
from replication.places import ROOT

LOCAL = re.compile(r"%-?[aAbBhcpxXrE+]\b(?!\()")
"""Directives of strftime whose text depends on the locale."""


@pytest.mark.parametrize("number", range(1, 13))
def test_names_are_english(number: int) -> None:
    """English, whole and short, with and without the year."""
    day = date(2025, number, 28)
    assert len({months.name(date(2025, n, 1)) for n in range(1, 13)}) == 12
    assert (
        months.short_name(day)
        == (["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])[
            number - 1
        ]
    )
    assert months.with_year(day) == f"{months.name(day)} 2025"
    assert months.short_with_year(day) == f"{months.short_name(day)} 2025"


def test_nothing_writes_what_depends_on_the_locale() -> None:
    """No directive for names of days and months, or for a locale's own form, stands in the package."""
    assert LOCAL.search("{day:%B %Y}")
    assert not LOCAL.search("%Y-%m-%d %H:%M:%S")
    wrong = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "replication").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if LOCAL.search(line)
    ]
    assert wrong == []

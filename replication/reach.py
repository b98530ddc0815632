"""Whether the windows lie inside the data, as far as that is known before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from replication.definitions import Window
from replication.errors import DefinitionError

WEEK = timedelta(days=7)
"""Labels are a week apart, and what is named by one may be read up to six days later."""
MONTH = timedelta(days=30)
"""What the 30-day field of a first reading looks back."""


def require_reach(
    windows: Sequence[Window], first: date, last: date, *, before: timedelta, what: str, remedy: str
) -> None:
    """Refuse a window that begins before the data or ends after it.

    A cohort may begin earlier: its repositories were born then, and are read later.

    Parameters
    ----------
    windows
        Of the estimands and the grid.
    first, last
        First and last label or reading.
    before
        How long before the first one the data say something.
    what, remedy
        What the dates are of, and what can be done, for the message.

    Raises
    ------
    DefinitionError
        Names the window and the data's dates.
    """
    for window in windows:
        early = window.kind != "cohort" and window.start + before < first
        if early or max(window.start, window.last) - WEEK > last:
            raise DefinitionError(
                f"{window.id} reaches from {window.start} to {window.last}, and {what} are from "
                f"{first}{' on' if last == date.max else f' to {last}'}",
                remedy,
            )

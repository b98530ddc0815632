"""The second answer on a claim in words, for tables and for a terminal that loads no definitions."""

from __future__ import annotations


def in_words(survives: str, turned_by: str) -> str:
    """Whether the first answer survives, with the smallest change that turns it where one does."""
    return f"{survives}: turned by “{turned_by}”" if turned_by else survives

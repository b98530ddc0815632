"""Tables of the paper and the README about the published figures, as Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from replication.files import read_csv
from replication.report import claim_text, survival
from replication.report.claims import MAIN
from replication.report.markdown import bold, capital, escaped, host, link, markdown

if TYPE_CHECKING:
    import pandas as pd


def verdicts(results: Path) -> str:
    """Every claim of which public data have a figure: published, what they show, and both answers."""
    table = read_csv(results / "claims.csv", dtype=str)
    return _answers(table[table["estimate"] != ""], about=True)


def main_claims(results: Path) -> str:
    """The statements that the paper is about, as `verdicts` shows them, without their addresses."""
    table = read_csv(results / "claims.csv", dtype=str)
    return _answers(table[table["id"].isin(MAIN)], about=False)


def _answers(table: pd.DataFrame, *, about: bool) -> str:
    """Claims with what was published, what public data show, both answers, and where they stand."""
    rows: list[tuple[str, ...]] = [
        (
            escaped(capital(row.statement), sentence=True),
            claim_text.as_asked(row._asdict()),
            claim_text.estimate(row.estimate, row.unit),
            claim_text.span(row.lower, row.upper, row.unit),
            bold(row.answer),
            _survives(row.survives, row.turned_by),
            *([link(host(row.url), row.url)] if about else []),
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
    )
    if about:
        return markdown((*header, "About"), rows, (26, 10, 8, 14, 14, 19, 14))
    return markdown(header, rows, (30, 16, 9, 15, 13, 25))


def _survives(answer: str, turned_by: str) -> str:
    """The second answer, with the smallest change that turns the first."""
    if not answer:
        return "–"
    return escaped(survival.in_words(answer, turned_by), sentence=True)


def unjudged(results: Path) -> str:
    """Every published figure that public data cannot judge, with what it would take."""
    table = read_csv(results / "claims.csv", dtype=str)
    table = table[table["estimate"] == ""]
    rows = [
        (
            escaped(capital(row.statement), sentence=True),
            claim_text.published(row.published, row.unit),
            escaped(row.reason, sentence=True),
            link(host(row.url), row.url),
        )
        for row in table.itertuples()
    ]
    header = ("Published figure", "Value", "Why", "About")
    return markdown(header, rows, (32, 13, 43, 19))

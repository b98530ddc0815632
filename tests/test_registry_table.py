"""The searchable registry in the HTML report."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

from replication.attribution import registry
from replication.definitions import load_definitions
from replication.report import registry_table
from replication.run import ROOT

DEFINITIONS = load_definitions()
REGISTRY = registry.load(DEFINITIONS.group_of)


class Cells(HTMLParser):
    """Rows of cells, links and tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag, and begin a row or a cell."""
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        """Add text to the cell."""
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def parsed(text: str) -> Cells:
    """A page, read."""
    cells = Cells()
    cells.feed(text)
    return cells


def test_every_developer_is_a_row_with_its_evidence() -> None:
    """One row a developer; every address of evidence is a link; who lacks it says so."""
    found = parsed(registry_table.section(REGISTRY, DEFINITIONS.group_of))
    rows = [row for row in found.rows if row]
    assert [row[0].partition(" (part of")[0] for row in rows] == [
        d.developer for d in REGISTRY.developers
    ]
    assert found.links == [d.evidence_url for d in REGISTRY.developers if d.evidence_url]
    unknown = [row for row in rows if row[2] == "unknown"]
    assert unknown
    assert all(row[6].startswith("none found") for row in unknown)


def test_a_page_s_date_stands_beside_the_day_of_reading() -> None:
    """Where the date of a page is known it is told, and nowhere else."""
    row = dataclasses.replace(REGISTRY.by_name["Meta"], date_of_copy="2020-01")
    for developer, told in ((row, True), (dataclasses.replace(row, date_of_copy=""), False)):
        one = registry.Registry(
            (developer,), {"x": (registry.Tenure("", "9999-12-31", developer),)}
        )
        assert ("(page of 2020-01)" in registry_table.section(one, DEFINITIONS.group_of)) is told


def test_cells_are_text_whatever_they_hold() -> None:
    """Markup in a cell is shown, not obeyed."""
    bad = '<script>alert(1)</script><img src=x onerror="y">'
    row = dataclasses.replace(REGISTRY.developers[0], developer=bad, note=bad)
    one = registry.Registry((row,), {"x": (registry.Tenure("", "9999-12-31", row),)})
    found = parsed(registry_table.section(one, DEFINITIONS.group_of))
    assert found.tags.count("script") == 1
    assert "img" not in found.tags
    assert found.rows[-1][0].startswith(bad)


def test_the_report_ends_with_it() -> None:
    """The committed page holds the table once, and names a namespace of a later row."""
    page = (ROOT / "paper" / "paper.html").read_text(encoding="utf-8")
    assert page.count('id="registry-search"') == 1
    assert "ai-forever" in page
    assert page.rstrip().endswith("</html>")

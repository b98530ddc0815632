"""Terms: every file has them, from one table, and whoever names them elsewhere agrees with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from test_citation import tracked

from replication.definitions import load_definitions, records
from replication.errors import DefinitionError
from replication.files import read_json
from replication.report import licences
from replication.run import ROOT

PACKAGED = ("replication/", "paper/")
"""Folders that the wheel holds."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_every_tracked_file_falls_under_the_table() -> None:
    """No file that git tracks is without terms."""
    names = [path.relative_to(ROOT).as_posix() for path in tracked()]
    assert len(names) > 300
    for name in names:
        assert set(licences.files_of(name).licences) <= set(licences.table().terms)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("replication/data/registry.csv", "Registry"),
        ("replication/data/window_months.csv", "Bundled window"),
        ("replication/data/age-180/window_months.csv", "Bundled window"),
        ("replication/data/age-180/weekly.csv", "Bundled panel"),
        ("replication/data/calibration.csv", "Results"),
        ("paper/claims.toml", "Ledger"),
        ("paper/paper.md", "Text"),
        ("replication/report/licences.py", "Code"),
        ("replication/report/page/vendor/d3.min.js", "Scripts of others"),
    ],
)
def test_the_special_comes_before_the_general(path: str, what: str) -> None:
    """A file falls under what it is, not under its folder."""
    assert licences.files_of(path).what.startswith(what)


def test_a_file_without_terms_is_refused() -> None:
    """A new folder needs a row, and the message says where."""
    with pytest.raises(DefinitionError, match="names no terms for songs/one") as caught:
        licences.files_of("songs/one.mp3")
    assert "[[files]]" in caught.value.remedy


def test_the_file_is_fresh() -> None:
    """LICENSE is what the table makes."""
    text = (ROOT / licences.NAME).read_text(encoding="utf-8")
    assert text == licences.rendered(ROOT / "results", load_definitions())
    assert "Permission is hereby granted, free of charge" in text
    assert "card states no licence" in " ".join(text.split())


def test_package_citation_and_description_have_the_terms_of_the_table() -> None:
    """pyproject.toml and CITATION.cff name the licences of what the wheel holds; datapackage.json of the data."""
    rows = [row for row in licences.table().files if any(p.startswith(PACKAGED) for p in row.paths)]
    terms = {term for row in rows for term in row.licences}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["license"].split(" AND ")) == terms
    assert licences.NAME.name in project["license-files"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert set(citation["license"]) == {term for row in rows if row.ours for term in row.licences}
    described = read_json(ROOT / "datapackage.json")
    of_data = licences.described(resource["path"] for resource in described["resources"])
    assert [one["name"] for one in described["licenses"]] == [one["name"] for one in of_data]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_agree(path: Path) -> None:
    """A row of a document's table that links a file and names our licence names the file's own."""
    for line in path.read_text(encoding="utf-8").splitlines():
        named = {name for name in licences.table().terms if re.search(rf"\b{name}\b", line)}
        links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", line)
        if not (line.startswith("|") and "CC-BY-4.0" in named):
            continue
        for link in links:
            place = (path.parent / link).resolve()
            if place.is_file():
                name = place.relative_to(ROOT).as_posix()
                assert named >= set(licences.files_of(name).licences), line


def test_a_licence_that_asks_for_its_notice_has_it() -> None:
    """The copyright of the record under the MIT License stands in LICENSE."""
    text = " ".join((ROOT / licences.NAME).read_text(encoding="utf-8").split())
    asked = [one.licence_note for one in records.load_records() if one.licence == "MIT"]
    assert asked
    for note in asked:
        assert note in text


def test_share_alike_is_said() -> None:
    """What the ODbL of the snapshots asks of a panel derived from them."""
    (snapshots,) = [one for one in licences.table().elsewhere if "snapshots" in one.what]
    assert load_definitions().snapshots.licence.startswith("ODbL")
    assert load_definitions().snapshots.repository in snapshots.terms
    assert "to be offered under the ODbL" in snapshots.terms

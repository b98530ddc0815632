"""docs/PROVENANCE.md and results/README.md: fresh, complete, and their links lead to code."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path

import pytest

from replication import tables
from replication.definitions import load_definitions
from replication.pipeline import STAGES
from replication.report import codebook, datapackage, provenance
from replication.run import ROOT

DEFINITIONS = load_definitions()
RESULTS = ROOT / "results"
NUMBERS = json.loads((RESULTS / "numbers.json").read_text(encoding="utf-8"))
PROVENANCE = ROOT / provenance.NAME


@pytest.mark.slow
@pytest.mark.parametrize("document", [provenance, codebook], ids=["provenance", "codebook"])
def test_committed_documents_are_fresh(document: object, tmp_path: Path) -> None:
    """Both are what the code makes of the committed results, and written as they are rendered."""
    text = document.rendered(RESULTS, DEFINITIONS)  # type: ignore[attr-defined]
    written = document.write(tmp_path, RESULTS, DEFINITIONS)  # type: ignore[attr-defined]
    assert written.read_text(encoding="utf-8") == text
    assert (ROOT / document.NAME).read_text(encoding="utf-8") == text  # type: ignore[attr-defined]


def test_every_line_is_a_function() -> None:
    """Every link leads to the first line of a function or of its decorators."""
    text = provenance.rendered(RESULTS, DEFINITIONS)
    links = re.findall(r"\]\(\.\./([^)#]+)#L(\d+)\)", text)
    assert len(links) > 50
    for name, number in links:
        line = (ROOT / name).read_text(encoding="utf-8").splitlines()[int(number) - 1]
        assert re.match(r"\s*(def|class|@)", line), (name, line)


def test_every_number_is_in_the_provenance() -> None:
    """Every key stands in the table of what makes each number, once, and no other does."""
    block = provenance.rendered(RESULTS, DEFINITIONS).partition("## Numbers")[2].splitlines()[4:]
    keys = re.findall(r"`([\w-]+)`", "\n".join(block))
    assert sorted(keys) == sorted(NUMBERS)


@pytest.mark.parametrize("name", sorted({number["function"] for number in NUMBERS.values()}))
def test_function_of_every_number_exists(name: str) -> None:
    """The function that made a number can be imported and is a function of this package."""
    module, _, attribute = name.rpartition(".")
    function = getattr(importlib.import_module(module), attribute)
    assert inspect.isfunction(function)
    assert Path(inspect.getfile(function)).is_relative_to(ROOT / "replication")
    assert function.__doc__


def test_lines_hang_on_all_code_that_they_name() -> None:
    """Code that moves a line that is named runs the stage that writes the document."""
    named = {number["function"].split(".")[1] for number in NUMBERS.values()} | {"plots", "report"}
    layers = {name for name in named if (ROOT / "replication" / name).is_dir()}
    (paper,) = [stage for stage in STAGES if stage.names_lines]
    assert paper.name == "paper"
    assert layers <= set(paper.layers)


def test_every_table_of_a_number_exists() -> None:
    """The table that a number comes from is a committed file, and its function is its maker."""
    for key, number in NUMBERS.items():
        if number["table"] in {"definitions", "manifest"}:
            continue
        assert (ROOT / number["table"]).is_file(), key
        assert number["function"] == tables.row(Path(number["table"]).stem).function, key


@pytest.mark.slow
def test_the_codebook_has_every_result_and_every_column() -> None:
    """Each table with its maker, each column with its meaning, and a unit where it has one."""
    text = codebook.rendered(RESULTS, DEFINITIONS)
    sections = dict(part.split("\n", 1) for part in text.split("\n## ")[1:])
    assert set(sections) == {path.stem for path in RESULTS.glob("*.csv")}
    package = datapackage.package(RESULTS, DEFINITIONS)
    for resource in package["resources"]:
        if resource["name"].startswith(datapackage.PREFIX):
            section = sections[resource["name"].removeprefix(datapackage.PREFIX)]
            assert resource["title"] in section
            for field in resource["schema"]["fields"]:
                assert (
                    f"| `{field['name']}` | {field['type']} | {field.get('unit', '–')} |" in section
                )
    assert "| `lead` | number | fraction |" in sections["choices"]


@pytest.mark.slow
def test_every_unit_is_that_of_a_column() -> None:
    """Every name in [units] of columns.toml is a column of a table, or one of a table's own."""
    package = datapackage.package(RESULTS, DEFINITIONS)
    columns = {
        (resource["name"].removeprefix(datapackage.PREFIX), field["name"])
        for resource in package["resources"]
        for field in resource["schema"]["fields"]
    }
    names = {column for _, column in columns}
    dotted = {f"{table}.{column}" for table, column in columns}
    for names_of_unit in datapackage._words()["units"].values():
        for name in names_of_unit:
            table, star, _ = name.partition(".*")
            known = name in names | dotted or (star and any(t == table for t, _ in columns))
            assert known, name

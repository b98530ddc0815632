"""datapackage.json: valid, complete and fresh."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest
from frictionless import Package

from replication.definitions import load_definitions
from replication.errors import DefinitionError
from replication.files import present, read_csv, read_json
from replication.report import datapackage
from replication.run import ROOT

DEFINITIONS = load_definitions()
RESULTS = ROOT / "results"


@pytest.fixture(scope="module")
def described() -> dict[str, object]:
    """The committed description."""
    return dict(read_json(ROOT / datapackage.NAME))


@pytest.mark.slow
def test_every_table_holds_what_is_described() -> None:
    """Frictionless finds no error in any cell, key or reference of any table."""
    report = Package(str(ROOT / datapackage.NAME)).validate()
    wrong = [f"{task.name}: {task.errors[0].message}" for task in report.tasks if not task.valid]
    assert report.valid, wrong


def test_every_table_is_described(described: dict[str, list[dict[str, str]]]) -> None:
    """All evidence, the panel and all results are resources, and nothing else."""
    folders = (ROOT / datapackage.DATA, RESULTS)
    files = {
        p.relative_to(ROOT).as_posix() for f in folders for p in present(f) if p.suffix == ".csv"
    }
    assert {resource["path"] for resource in described["resources"]} == files


@pytest.mark.slow
def test_the_description_is_fresh(described: dict[str, object]) -> None:
    """It is what the code makes of the committed tables."""
    assert datapackage.package(RESULTS, DEFINITIONS) == described


@pytest.mark.slow
def test_a_damaged_table_would_be_found(tmp_path: Path) -> None:
    """An orphan namespace and an unknown sector are errors of the data, not only of our checks."""
    shutil.copy(ROOT / datapackage.NAME, tmp_path)
    shutil.copytree(ROOT / datapackage.DATA, tmp_path / datapackage.DATA)
    shutil.copytree(RESULTS, tmp_path / "results")
    path = tmp_path / datapackage.DATA / "registry.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Alibaba (Qwen),Qwen", "Alibaba,Qwen", 1).replace(
        ",university,", ",college,", 1), encoding="utf-8")  # fmt: skip
    report = Package(str(tmp_path / datapackage.NAME)).validate()
    kinds = {error.type for task in report.tasks for error in task.errors}
    assert {"foreign-key", "constraint-error"} <= kinds


@pytest.mark.slow
def test_a_column_without_a_meaning_is_refused(tmp_path: Path) -> None:
    """A new column or table must be described before it is shipped."""
    folder = tmp_path / "results"
    folder.mkdir()
    table = read_csv(RESULTS / "coverage.csv").assign(novelty=1)
    table.to_csv(folder / "coverage.csv", index=False)
    with pytest.raises(DefinitionError, match="does not describe the column novelty of coverage"):
        datapackage.package(folder, DEFINITIONS)
    (folder / "coverage.csv").rename(folder / "surprise.csv")
    with pytest.raises(DefinitionError, match="does not describe the table surprise"):
        datapackage.package(folder, DEFINITIONS)


def _starred(resource: str, column: str) -> bool:
    """Whether a column has its meaning from the star of its table."""
    words = tomllib.loads(datapackage.COLUMNS.read_text(encoding="utf-8"))["columns"]
    own = words["in"].get(resource.removeprefix("results_"), {})
    return "*" in own and column not in own and not isinstance(words.get(column), str)


@pytest.mark.slow
def test_no_meaning_is_idle(described: dict[str, list[dict[str, object]]]) -> None:
    """Every description in columns.toml is that of a column of some table."""
    text = datapackage.COLUMNS.read_text(encoding="utf-8")
    names = {
        str(field["name"])
        for resource in described["resources"]
        for field in resource["schema"]["fields"]  # type: ignore[index]
        if not _starred(str(resource["name"]), str(field["name"]))
    }
    section = text.partition("[columns]\n")[2].partition("[columns.in]")[0]
    told = {line.partition(" = ")[0] for line in section.splitlines() if " = " in line}
    assert told == names
    assert json.dumps(described, ensure_ascii=False).count("description") > 100

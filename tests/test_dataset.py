"""The data set: what is described is there, the kept tools find it valid, and its examples run."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from cffconvert.cli.create_citation import create_citation
from command_line import assert_one_message, invoke
from frictionless import Package

from replication import __version__
from replication.definitions import toml_files
from replication.errors import DefinitionError
from replication.files import read_csv, read_json, read_text, sha256_file, write_csv
from replication.report import croissant, dataset
from replication.run import ROOT

pytestmark = pytest.mark.slow
CONTENTS = toml_files.read(dataset.Contents, dataset.SOURCE)
TABLES = [name for part in CONTENTS.part for name in part.tables]
SQL_TYPES = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "date": "DATE"}
EXAMPLE = "estimate/365/standard"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of what is committed."""
    target = tmp_path_factory.mktemp("data") / "set"
    assert dataset.write(ROOT, target, lambda _: None) == len(TABLES)
    return target


def held(folder: Path) -> dict[str, str]:
    """Every file of a folder with its hash."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def tool(name: str) -> str:
    """A command of the tools or of the path, or skip where it is not installed."""
    found = shutil.which(name, path=str(ROOT / "build" / "tools" / "bin")) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: make dataset-tools, or for R the system's package")
    return found


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder."""
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_parts_hold_what_they_name(folder: Path) -> None:
    """Each table is there twice, none twice in the list, and what describes them; nothing else."""
    assert len(set(TABLES)) == len(TABLES) > 20
    tables = {f"{kind}/{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")}
    about = {
        "README.md",
        "LICENSE",
        "CITATION.cff",
        "SHA256SUMS",
        "datapackage.json",
        croissant.NAME,
    }
    assert set(held(folder)) == tables | about
    text = read_text(folder / "README.md")
    assert not re.search(r"\{\{[a-z]+\}\}", text)
    assert [name for name in TABLES if f"| `{name}` |" not in text] == []


def test_csv_is_what_is_committed(folder: Path) -> None:
    """Tables of evidence and results are the same bytes as in the repository."""
    for resource in read_json(ROOT / "datapackage.json")["resources"]:
        if resource["name"] in TABLES:
            assert (folder / "csv" / f"{resource['name']}.csv").read_bytes() == (
                ROOT / resource["path"]
            ).read_bytes()


def test_parquet_is_the_csv_by_another_reader(folder: Path) -> None:
    """DuckDB reads the same rows from both, by the types that are described."""
    for resource in read_json(folder / "datapackage.json")["resources"]:
        fields, name = resource["schema"]["fields"], resource["name"]
        types = {field["name"]: SQL_TYPES[field["type"]] for field in fields}
        text = duckdb.read_csv(
            str(folder / resource["path"]), dtype=types, na_values=[""], header=True
        )
        typed = duckdb.read_parquet(str(folder / "parquet" / f"{name}.parquet"))
        assert [str(kind) for kind in typed.types] == list(types.values()), name
        assert len(typed) == len(text) > 0, name
        assert len(typed.except_(text)) == len(text.except_(typed)) == 0, name


def test_each_column_of_parquet_says_what_it_means(folder: Path) -> None:
    """Meaning and unit are in the file itself."""
    schema = pq.read_schema(folder / "parquet" / "window_months.parquet")
    assert schema.field("seen").metadata[b"unit"] == b"downloads"
    assert all(b"description" in field.metadata for field in schema)


def test_same_bytes_at_every_run(folder: Path, tmp_path: Path) -> None:
    """The command writes the same once more, and says how many tables went where."""
    target = tmp_path / "again"
    done = invoke("dataset", "--out", str(target))
    assert done.exit_code == 0, done.stderr
    assert f"{len(TABLES)} tables → {target}" in done.stdout
    assert held(target) == held(folder)


def test_checksums(folder: Path) -> None:
    """Every file but the list itself is in the list."""
    lines = read_text(folder / "SHA256SUMS").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    assert listed == {name: digest for name, digest in held(folder).items() if name != "SHA256SUMS"}


def test_frictionless_finds_it_valid(folder: Path, tmp_path: Path) -> None:
    """Every cell, key, size and hash; one changed cell is found."""
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, [(t.name, t.errors[0].message) for t in report.tasks if not t.valid]
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "csv" / "registry.csv"
    path.write_text(read_text(path).replace(",company,", ",firm,", 1), encoding="utf-8")
    kinds = {
        e.type for t in Package(str(copy / "datapackage.json")).validate().tasks for e in t.errors
    }
    assert {"constraint-error", "hash-count"} <= kinds


def test_mlcroissant_finds_it_valid(folder: Path, tmp_path: Path) -> None:
    """Croissant's own validator has nothing to say, and refuses a column's name with a blank."""
    command = tool("mlcroissant")
    done = run(folder, command, "validate", "--jsonld", croissant.NAME)
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr
    assert "WARNING" not in done.stderr
    wrong = read_text(folder / croissant.NAME).replace("rules/pattern", "rules/the pattern")
    (tmp_path / "wrong.json").write_text(wrong, encoding="utf-8")
    done = run(tmp_path, command, "validate", "--jsonld", "wrong.json")
    assert "wrong `@id`: 'rules/the pattern'" in done.stderr


def test_mlcroissant_reads_rows(folder: Path) -> None:
    """Croissant's loader finds the first row of a table that refers to another."""
    options = ("--jsonld", croissant.NAME, "--record_set", "namespaces", "--num_records", "1")
    done = run(folder, tool("mlcroissant"), "load", *options)
    assert done.returncode == 0, done.stderr
    first = read_csv(folder / "csv" / "namespaces.csv").iloc[0]
    assert f"'namespaces/namespace': b'{first['namespace']}'" in done.stdout + done.stderr


def example(folder: Path, language: str) -> str:
    """The README's example in a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", read_text(folder / "README.md"), re.DOTALL)
    return str(block)


def leading() -> list[tuple[str, str, int]]:
    """What every example prints, by the package's own readers."""
    months = read_csv(ROOT / "replication" / "data" / "window_months.csv")
    uploader = read_csv(ROOT / "replication" / "data" / "window_repositories.csv")
    names = dict(zip(uploader["repository"], uploader["uploader"], strict=True))
    sums = months[EXAMPLE].groupby(months["repository"].map(names)).sum()
    country = {
        namespace: row["country"]
        for _, row in read_csv(ROOT / "replication" / "data" / "registry.csv").iterrows()
        for namespace in row["namespaces"].split()
    }
    known = sums[sums.index.isin(country)].nlargest(5)
    return [(str(name), country[name], int(value)) for name, value in known.items()]


@pytest.mark.parametrize("language", ["python", "r", "sql"])
def test_example_runs(folder: Path, tmp_path: Path, language: str) -> None:
    """The example prints the five leading uploaders, in each language the same."""
    script = tmp_path / f"example.{language}"
    script.write_text(example(folder, language), encoding="utf-8")
    if language == "sql":
        program = "import duckdb, sys; print(duckdb.sql(open(sys.argv[1]).read()).df().to_csv(index=False))"
        done = run(folder, sys.executable, "-c", program, str(script))
    else:
        command = sys.executable if language == "python" else tool("Rscript")
        done = run(folder, command, str(script))
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(io.StringIO(done.stdout), keep_default_na=False)
    assert list(table.columns) == ["uploader", "country", EXAMPLE]
    assert list(table.itertuples(index=False, name=None)) == leading()


def test_formulas_are_held_in_csv_alone(tmp_path: Path) -> None:
    """Text that a spreadsheet would compute has an apostrophe in CSV, is as it was in Parquet, and is counted."""
    table = pd.DataFrame({"name": ["=1+1", "'a", "plain", ""], "n": [-1, 2, 3, 4]})
    write_csv(tmp_path / "t.csv", table)
    fields = [
        {"name": "name", "type": "string", "description": "a name"},
        {"name": "n", "type": "integer", "description": "a number", "unit": "rows"},
    ]
    resource = {"name": "t", "title": "A table", "schema": {"fields": fields}}
    assert dataset.write_table(tmp_path / "t.csv", resource, tmp_path) == 1
    assert read_text(tmp_path / "csv" / "t.csv").splitlines()[1] == "'=1+1,-1"
    read = pq.read_table(tmp_path / "parquet" / "t.parquet").to_pydict()
    assert read == {"name": ["=1+1", "'a", "plain", None], "n": [-1, 2, 3, 4]}


def test_its_own_citation_and_licence(folder: Path) -> None:
    """A valid CITATION.cff of the type dataset, which cites the package; terms of each table."""
    parsed = create_citation(str(folder / "CITATION.cff"), None)
    parsed.validate()
    assert parsed.cffobj["type"] == "dataset"
    assert parsed.cffobj["version"] == __version__
    assert parsed.cffobj["references"][0]["type"] == "software"
    assert CONTENTS.title in read_text(folder / "README.md").split("```bibtex")[1]
    text = " ".join(read_text(folder / "LICENSE").split())
    assert [name for name in TABLES if name not in text] == []
    assert "whose card states no licence" in text
    assert "OSIR-LMTS (MIT License, Copyright (c) 2024 brucecui0120)" in text


def test_a_table_that_there_is_not_is_refused() -> None:
    """A misspelt name in dataset.toml is named."""
    part = dataset.Part("Part", "about", ("registry", "registri"))
    contents = dataset.Contents("Title", "about", (), (part,))
    package = read_json(ROOT / "datapackage.json")
    with pytest.raises(DefinitionError, match="tables that there are not: registri"):
        _ = dataset.Sources(ROOT, contents, {}, package).resources


def test_a_folder_of_others_is_refused(tmp_path: Path) -> None:
    """A folder that holds something else, or is the repository's own, is left as it is."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = invoke("dataset", "--out", str(tmp_path))
    assert_one_message(done.exit_code, done.stderr, "mine.txt, which is not of the data set")
    assert list(tmp_path.iterdir()) == [tmp_path / "mine.txt"]
    refused = invoke("dataset", "--out", str(ROOT / "results"))
    assert_one_message(refused.exit_code, refused.stderr, "own files")

"""No part of a path changes what is read: a folder may have any name, as a source and as a target."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import invoke

from replication.definitions import load_definitions
from replication.errors import OutputError, SourceError
from replication.files import literal
from replication.panel.whole_hub import engines, statements
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.sources import snapshots
from replication.validation import second

BORN = [datetime(2024, 8, 28 + n, tzinfo=UTC) for n in range(3)]
MAKERS = ("Qwen", "google", "mistralai")
LABELS = ["2024-09-04", "2024-09-11"]
ODD = [
    "name=try1", "created=2024", "downloadsAllTime=7", "label=3", "v2?", "v*", "**", "[1]", "[!a]", "[", "]",
    "{a,b}", "a b", " a", "it's", 'a"b', "a;b", "a#b", "100%20", "$HOME", "~", "-d", "a:b", "file:", "Ünï ⚖",
    "back\\slash", "new\nline", "?access_mode=read_only", "k=1/l=2", "x" * 200,
]  # fmt: skip
"""Names of folders; what stands beside them would be read too, were one a pattern."""
TABLES_IN = ("n=3", "v[2]?*", "Ünï, it's 100%20")
DECOYS = ("v", "v2", "v2x", "1", "a", "b")


def snapshot(scale: int = 100, repositories: int = 3) -> pa.Table:
    """A tiny snapshot."""
    return pa.table({
        "_id": [f"66ce6e00{n:016x}" for n in range(repositories)],
        "id": [f"{MAKERS[n]}/m{n}" for n in range(repositories)],
        "createdAt": pa.array(BORN[:repositories], pa.timestamp("us", "UTC")),
        "downloads": [(n + 1) * scale for n in range(repositories)],
        "downloadsAllTime": [3 * (n + 1) * scale for n in range(repositories)],
    })  # fmt: skip


def hub_in(folder: Path, scale: int = 100) -> Path:
    """Write the snapshots into a folder."""
    folder.mkdir(parents=True)
    for number, label in enumerate(LABELS):
        pq.write_table(snapshot(scale + number), folder / f"{label}.parquet")
    return folder


@pytest.fixture(params=ODD, ids=[repr(name[:24]) for name in ODD])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of an odd name, beside others that it would match."""
    for name in DECOYS:
        hub_in(tmp_path / name / "hub", scale=9_000)
        hub_in(tmp_path / name / "run" / "extracts", scale=9_000)
    return tmp_path / "odd" / request.param if "/" in request.param else tmp_path / request.param


def rows(engine: engines.Engine, files: list[Path]) -> list[tuple[object, ...]]:
    """All rows of the extracts as an engine reads them, in order, with the names of the columns."""
    engine.extracts(dict(enumerate(files)))
    table = engine.frame("SELECT * FROM extracts").sort_values(["label", "repository"])
    return [tuple(sorted(table)), *table[sorted(table)].astype(str).itertuples(index=False)]


def fetched(hub: Path, run: Path) -> list[Path]:
    """The extracts that a fetch from one folder into another leaves."""
    about = load_definitions(whole=True).snapshots
    snapshots.fetch(about, run, local=hub, today="2026-11-23", progress=lambda _: None)
    return snapshots.extracts(run)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    """What is read from a folder with a plain name."""
    folder = tmp_path_factory.mktemp("plain")
    with DuckDB(folder / "engine") as engine:
        return rows(engine, fetched(hub_in(folder / "hub"), folder / "run"))


@pytest.mark.slow
def test_any_folder_gives_the_same_rows(odd: Path, expected: list[tuple[object, ...]]) -> None:
    """Snapshots are extracted from, and extracts, tables and what spills lie in, any folder."""
    files = fetched(hub_in(odd / "hub"), odd / "run")
    with DuckDB(odd / "engine") as engine:
        assert rows(engine, files) == expected
        engine.put("one", pd.DataFrame({"n": [1]}))
        assert engine.frame("SELECT n FROM one")["n"].tolist() == [1]
    assert [*(odd / "engine").iterdir()] == []


def test_what_spills_is_removed_wherever_it_lay(tmp_path: Path) -> None:
    """A database that cannot lie in its folder leaves nothing among the temporary files."""
    before = set(Path(tempfile.gettempdir()).glob("replication-*"))
    with DuckDB(tmp_path / "v2?" / "engine", memory="100MB", threads=1) as engine:
        engine.put("n", pd.DataFrame({"n": range(1_000)}))
        found = engine.frame("SELECT count(*) AS n FROM (SELECT DISTINCT a.n, b.n FROM n a, n b)")
        assert found["n"].tolist() == [1_000_000]
    assert set(Path(tempfile.gettempdir()).glob("replication-*")) <= before


def test_nowhere_to_put_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither the folder nor that of temporary files will do, both are named."""
    other = tmp_path / "t?"
    other.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(other))
    with pytest.raises(OutputError, match=r"neither in .*v2.* nor in .*t") as caught:
        DuckDB(tmp_path / "v2?").__enter__()
    assert "TMPDIR" in caught.value.remedy
    assert [*other.iterdir()] == []


def test_a_backslash_and_a_pattern_are_refused() -> None:
    """DuckDB has no text for such a path: the message says so, and does not call a file damaged."""
    with pytest.raises(SourceError, match="holds a backslash"):
        literal(Path("a\\b[1]/x.parquet"))


@pytest.mark.slow
def test_the_command_line(tmp_path: Path) -> None:
    """Two stages run in such a folder, and the names are those of the snapshots."""
    name = "name=try1/it's [v2]?*"
    hub = hub_in(tmp_path / name / "hub")
    for label in pd.date_range("2024-09-18", "2025-09-03", freq="25D").strftime("%Y-%m-%d"):
        scale = 100 + int(label.replace("-", "")[2:])
        pq.write_table(snapshot(scale), hub / f"{label}.parquet")
    options = ("--data", str(hub), "--out", str(tmp_path / name / "out"))
    for stage in ("fetch", "panel"):
        done = invoke(stage, *options)
        assert done.exit_code == 0, done.stderr
    panel = pd.read_csv(tmp_path / name / "out" / "build" / "panel" / "repositories.csv")
    assert set(panel["uploader"]) == set(MAKERS)


@pytest.mark.parametrize("name", ["model=x", "time=3", "[1]", "Ünï?"])
def test_readers_of_single_files(tmp_path: Path, name: str) -> None:
    """Both pyarrow and pandas find in a file what is in it, whatever its folder is called."""
    path = tmp_path / name / "table.parquet"
    path.parent.mkdir()
    table = pa.table({"model": ["a/b"], "n": [1]})
    pq.write_table(table, path)
    assert pq.read_table(path).equals(table)
    assert pd.read_parquet(path).to_dict("records") == [{"model": "a/b", "n": 1}]


@pytest.mark.parametrize("name", ["name=1", "v*", "v?", "[ab]"])
def test_the_second_implementation(tmp_path: Path, name: str) -> None:
    """Its SQL reads the CSV of its own folder, with the columns that are in it."""
    import duckdb

    for folder, cell in ((name, "own"), ("v2", "other"), ("a", "other")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rules.csv").write_text(f"rule\n{cell}\n", encoding="utf-8")
    text = (second.SQL / "attribution.sql").read_text(encoding="utf-8")
    with duckdb.connect() as connection:
        second._confine(connection, tmp_path / name)
        connection.execute(text[text.index("CREATE MACRO csv") : text.index("CREATE TABLE panel")])
        found = connection.execute("FROM csv('rules.csv')")
        assert [column[0] for column in found.description] == ["rule"]
        assert found.fetchall() == [("own",)]


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    """Spark on this machine, ended after the last test."""
    pytest.importorskip("pyspark")
    yield
    from pyspark import SparkContext

    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.usefixtures("spark")
def test_any_folder_gives_the_same_rows_in_spark(
    tmp_path: Path, expected: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark reads extracts from, and keeps its tables in, any folder."""
    monkeypatch.setattr(statements, "SQL", tmp_path)
    (tmp_path / "kept.sql").write_text("SELECT count(*) AS n FROM extracts")
    for name in TABLES_IN:
        with engines.engine("spark", tmp_path / name / "engine") as engine:
            for number, odd in enumerate(ODD[::3] if name == TABLES_IN[0] else []):
                home = tmp_path / f"{name} {number}" / odd
                assert rows(engine, fetched(hub_in(home / "hub"), home / "run")) == expected, odd
            engine.put("extracts", pd.DataFrame({"n": [1, 2]}))
            engine.make("kept")
            assert engine.frame("SELECT * FROM kept").to_dict("list") == {"n": [2]}

"""Spark as the panel's engine: the same panel as DuckDB's, whatever is wrong with the snapshots."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from bench.engines import end_java
from replication.definitions import Definitions, load_definitions
from replication.errors import SourceError
from replication.panel.whole_hub import engine_spark, spark_session
from replication.panel.whole_hub.assembly import HubPanel, assemble
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.engine_spark import Spark, located
from replication.panel.whole_hub.engines import engine
from replication.panel.whole_hub.rebuild import Detailed, detailed, rebuild
from replication.panel.whole_hub.statements import SQL
from replication.places import ROOT
from replication.sources import snapshots as source
from replication.validation.synthetic import snapshots
from replication.validation.synthetic.defects import FIRST_LABEL, DefectRates, schedule
from replication.validation.synthetic.truth import SyntheticHub, synthetic_hub

NEEDED = {
    "pyspark": importlib.util.find_spec("pyspark") is not None,
    "Java": shutil.which("java") is not None or "JAVA_HOME" in os.environ,
}
LACKING = [name for name, is_there in NEEDED.items() if not is_there]
needs_spark = pytest.mark.skipif(bool(LACKING), reason=f"not installed: {', '.join(LACKING)}")
LAST_LABEL = date(2025, 9, 3)
WITHOUT_IDS = (date(2025, 3, 19), date(2025, 8, 27), LAST_LABEL)
"""Labels of the fourth era; the last ones hold repositories that no other snapshot has."""
ODD = "a [b] {c}, it's 100%20"
"""A name of a folder that is none of a pattern, a list or an address."""
GROUPS = {"synthetic-0001": "China", "synthetic-0003": "USA"}
TRUNCATED = 0.75


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what this machine says of Spark, and configure it for tables of a few rows."""
    for name in [name for name in os.environ if name.startswith(("SPARK_", "PYSPARK_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "of-spark"
    folder.mkdir()
    (folder / "spark-defaults.conf").write_text("spark.sql.shuffle.partitions 3\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(folder))
    monkeypatch.setenv(
        "JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1"
    )  # compile once: it runs a minute


@pytest.fixture(scope="module", autouse=True)
def machine() -> Iterator[None]:
    """End the Java machine after the last test."""
    yield
    end_java()


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    """The packaged definitions of the whole Hub with fewer windows."""
    definitions = load_definitions(whole=True)
    grid = dataclasses.replace(definitions.grid, age_limits_days=(365,))
    about = dataclasses.replace(definitions.snapshots, since=FIRST_LABEL, until=LAST_LABEL)
    return dataclasses.replace(definitions, grid=grid, grid_windows=(), snapshots=about)


@pytest.fixture(scope="module")
def hub() -> SyntheticHub:
    """A synthetic Hub of 3,000 repositories."""
    return synthetic_hub(3_000, 100, 11, end=LAST_LABEL)


@pytest.fixture(scope="module")
def extracts(
    tmp_path_factory: pytest.TempPathFactory, hub: SyntheticHub, definitions: Definitions
) -> dict[date, Path]:
    """Extracts of synthetic snapshots with every defect, some of them without ids."""
    folder = tmp_path_factory.mktemp("spark") / ODD
    labels = snapshots.weekly_labels(FIRST_LABEL, LAST_LABEL)
    plan = schedule(hub, DefectRates.realistic(), 11)
    for is_without in (False, True):
        part = [label for label in labels if (label in WITHOUT_IDS) == is_without]
        snapshots.write_snapshots(
            hub, part, plan, folder / "hub", lean=True, without_ids=is_without
        )
    source.fetch(
        definitions.snapshots, folder / "source", local=folder / "hub", today="2026-11-23",
        progress=lambda _: None,
    )  # fmt: skip
    return {date.fromisoformat(path.stem): path for path in source.extracts(folder / "source")}


def made(
    name: str, folder: Path, files: dict[date, Path], definitions: Definitions
) -> tuple[Detailed, HubPanel]:
    """What an engine rebuilds, and the panel of it."""
    with engine(name, folder) as one:
        rebuilt = rebuild(files, definitions, one, truncated_share=TRUNCATED)
        panel = assemble(rebuilt, one, definitions, GROUPS, 1000)
        return detailed(rebuilt, one, definitions), panel


def frames(rebuilt: Detailed, panel: HubPanel) -> dict[str, pd.DataFrame]:
    """Every table of a rebuilt panel."""
    whole = {"stretches": rebuilt.scale.stretches, "read": rebuilt.read.table}
    parts = (rebuilt, ("facts", "totals", "chained", "movers")), (panel, ("chained", "chain"))
    tables = panel.panel, tuple(field.name for field in dataclasses.fields(panel.panel))
    for number, (holder, names) in enumerate((*parts, tables)):
        whole |= {f"{number}-{name}": getattr(holder, name) for name in names}
    return whole


def on_disk(folder: Path) -> list[str]:
    """Files below a folder but Spark's configuration."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if path.name != "spark-defaults.conf"]


@needs_spark
@pytest.mark.slow
def test_both_engines_make_the_same_panel(
    tmp_path: Path, extracts: dict[date, Path], definitions: Definitions, hub: SyntheticHub
) -> None:
    """Every table is the same to the last bit, and nothing of either engine is left on disk."""
    ours = made("duckdb", tmp_path / "duckdb", extracts, definitions)
    theirs = made("spark", tmp_path / ODD, extracts, definitions)
    expected, found = frames(*ours), frames(*theirs)
    assert list(expected) == list(found)
    for name, table in expected.items():
        pd.testing.assert_frame_equal(found[name], table, check_exact=True, obj=name)
    assert theirs[0].absences == ours[0].absences
    assert theirs[0].rolling_sum == ours[0].rolling_sum
    assert theirs[0].scale.factor == ours[0].scale.factor
    assert on_disk(tmp_path) == []
    assert len(expected["0-facts"]) > 1_000
    assert not set(expected["0-facts"]["repository"]) <= set(hub.ids().to_pylist())
    assert (expected["0-chained"].to_numpy() > 0).any()


@needs_spark
@pytest.mark.slow
def test_an_active_session_is_used_and_left(
    tmp_path: Path,
) -> None:
    """The caller's session keeps its settings and views, and goes on."""
    with Spark(tmp_path / "outer") as outer:
        outer.put("mine", pd.DataFrame({"n": [1]}))
        outer._session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
        with Spark(tmp_path / "inner") as inner:
            inner.put("mine", pd.DataFrame({"n": [2]}))
            assert inner.frame("SELECT current_timezone() AS zone")["zone"].tolist() == ["UTC"]
        assert outer.frame("SELECT n, current_timezone() FROM mine").iloc[0].tolist() == [
            1,
            "Asia/Tokyo",
        ]
    assert on_disk(tmp_path) == []


@needs_spark
@pytest.mark.slow
def test_tables_and_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old tables go, a table is dropped, and an error that the user can act on names its cause."""
    leftover = tmp_path / "run" / "spark" / "blocks" / "part-0"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"left by a run that was killed")
    bad = tmp_path / "2025-03-05.parquet"
    bad.write_bytes(b"PAR1 no Parquet file, long enough to be opened")
    with Spark(tmp_path / "run") as one:
        assert not leftover.exists()
        for name, files in {
            "2025-03-05": {1: bad},
            "2025-03-12": {2: tmp_path / "2025-03-12"},
        }.items():
            with pytest.raises(SourceError, match=rf"extract cannot be read.*{name}"):
                read_all(one, files)
        with pytest.raises(SourceError, match="same name"):
            one.extracts({1: bad, 2: tmp_path / "other" / bad.name})
        monkeypatch.setenv("SPARK_EXTRACTS", "nowhere://bucket")
        with pytest.raises(SourceError, match=r"cannot reach.*nowhere"):
            one.extracts({1: bad})
        monkeypatch.setattr(one, "statement", lambda name: f"SELECT '{name}' AS name, 2L AS n")
        one.make("gains")
        one.make("other", "gains")
        assert one.frame("SELECT c.name, o.n FROM gains c CROSS JOIN other o").iloc[0].tolist() == [
            "gains",
            2,
        ]
        one.drop("gains")
        assert "gains" not in [table.name for table in one._session.catalog.listTables()]
        assert list(one._tables) == ["other"]
    assert not (tmp_path / "run" / "spark").exists()


def read_all(one: Spark, files: dict[int, Path]) -> pd.DataFrame:
    """Read every value of the extracts."""
    one.extracts(files)
    return one.frame("SELECT sum(hash(*)) AS h FROM extracts")


@needs_spark
@pytest.mark.slow
def test_both_engines_count_alike(tmp_path: Path) -> None:
    """Each function and operator of the statements gives the same value and type in both."""
    text = """
        SELECT CAST(floor(1e3 * n * (1e0 * 7 / 3) / d) AS BIGINT) AS floored, 1e0 * n / d AS ratio,
            least(n, d, 5) AS least, greatest(n, CAST(NULL AS BIGINT)) AS greatest,
            substring(md5(concat(coalesce(name, ''), ' ', CAST(n AS STRING))), 1, 24) AS hash,
            split_part(name, '/', 1) AS owner, lag(n) OVER w AS before, lead(n, 2) OVER w AS after,
            CAST(row_number() OVER (ORDER BY name, n) AS BIGINT) AS number,
            CASE WHEN lag(n) OVER w <= n THEN 1 ELSE 0 END AS rose
        FROM given_rows CROSS JOIN one
        WINDOW w AS (PARTITION BY d ORDER BY n)
        ORDER BY n"""
    rng = np.random.default_rng(5)
    names = np.array(["a/b", "A/é", "b", "", "漢/字", "𝒳/𝒴"])[rng.integers(0, 6, 500)]
    rows = pd.DataFrame(
        {
            "n": rng.permutation(10**12 + 10**6 * np.arange(500)),
            "d": rng.integers(1, 9, 500),
            "name": names,
        }
    )
    with DuckDB(tmp_path / "duckdb") as duck, Spark(tmp_path / "spark") as one:
        results = []
        for each in (duck, one):
            each.put("given_rows", rows)
            each.put("one", pd.DataFrame({"of_one": [1]}))
            results.append(each.frame(text))
        with pytest.raises(Exception, match="overflow"):
            one.frame("SELECT 9223372036854775807 + max(n) FROM given_rows")
    pd.testing.assert_frame_equal(*results, check_exact=True, check_dtype=False)
    assert results[0]["floored"].dtype == results[1]["floored"].dtype == np.int64
    assert results[0]["ratio"].dtype == results[1]["ratio"].dtype == np.float64


def test_no_statement_computes_in_decimals() -> None:
    """1.0 is a decimal in both engines, of other digits in each; 1e0 is a double in both."""
    texts = {path.name: re.sub(r"--.*", "", path.read_text()) for path in SQL.glob("*.sql")}
    assert len(texts) > 10
    assert [
        name for name, text in texts.items() if re.search(r"\d\.\d|::|//|\bVARCHAR\b", text)
    ] == []


PROGRAM = """
import sys
from pathlib import Path
from replication.panel.whole_hub.spark_session import session
spark, _ = session(Path(sys.argv[1]))
conf = spark.sparkContext.getConf()
for key in ("spark.master", "spark.driver.memory", "spark.driver.bindAddress", "spark.ui.enabled"):
    print(conf.get(key), end=" ")
print(conf.get("spark.local.dir") == sys.argv[1], spark.conf.get("spark.sql.session.timeZone"))
"""


@needs_spark
@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "environment", "expected"),
    [
        ("", {}, "local[2] 2g 127.0.0.1 false True UTC"),
        ("", {"SPARK_MASTER": "local[3]"}, "local[3] 2g 127.0.0.1 false True UTC"),
        (
            "# spark.ui.enabled  true\nspark.master   local[1]\nspark.driver.memory=600m\n\n",
            {"SPARK_MASTER": "local[3]"},
            "local[1] 600m 127.0.0.1 false True UTC",
        ),
        (
            "spark.local.dir /tmp\n",
            {
                "PYSPARK_SUBMIT_ARGS": "--master=local[1] --conf spark.driver.memory=700m pyspark-shell"
            },
            "local[1] 700m 127.0.0.1 false False UTC",
        ),
    ],
)
def test_the_configuration_of_spark_holds(
    tmp_path: Path, file: str, environment: dict[str, str], expected: str
) -> None:
    """Two threads, bounded memory and no port to other machines, but for what Spark is told."""
    (tmp_path / "spark-defaults.conf").write_text(file)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run")],
        env={k: v for k, v in os.environ.items() if k not in {"MASTER", "SPARK_DRIVER_MEMORY"}}
        | {"SPARK_CONF_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
        | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.strip() == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("", "file:///run/extracts/2025-03-05.parquet"),
        ("/shared", "file:///shared/2025-03-05.parquet"),
        ("s3a://bucket/hub/", "s3a://bucket/hub/2025-03-05.parquet"),
        ("hdfs://host:8020/hub", "hdfs://host:8020/hub/2025-03-05.parquet"),
    ],
)
def test_extracts_are_where_every_executor_finds_them(base: str, expected: str) -> None:
    """An address goes to Spark as it is; a local path says that it is local."""
    assert located(Path("/run/extracts/2025-03-05.parquet"), base) == expected


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyspark the message says how to install it and what works without."""
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(SourceError, match="not installed") as caught, engine("spark", tmp_path):
        pass
    assert "make spark" in caught.value.remedy
    assert "ENGINE=duckdb" in caught.value.remedy


@pytest.mark.parametrize(("home", "said"), [("", "Java is not installed"), ("/none", "JAVA_HOME")])
def test_missing_java_is_said(home: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Java the message says which."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("JAVA_HOME", home)
    with pytest.raises(SourceError, match=said) as caught:
        spark_session._require_java()
    assert "Java 17" in caught.value.remedy


@pytest.mark.slow
def test_columns_are_those_of_an_extract(extracts: dict[date, Path]) -> None:
    """The schema that Spark is told is the one of the extracts."""
    names = {"string": "STRING", "int64": "BIGINT"}
    for path in extracts.values():
        fields = [f"{field.name} {names[str(field.type)]}" for field in pq.read_schema(path)]
        assert ", ".join(fields) == engine_spark.COLUMNS

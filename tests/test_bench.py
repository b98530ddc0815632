"""The benchmarks do the same work as what they compare with, and measure it in one table."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bench.__main__ as command
from bench import (
    attribution,
    bootstrap,
    engines,
    limits,
    measure,
    plain_snapshots,
    snapshots,
    synthetic,
)
from bench.measure import COLUMNS, Measured, Row
from replication.inference import merging, resampling
from replication.panel.whole_hub import engine_duckdb
from replication.validation.synthetic.truth import seconds

N, CLUSTERS, B = 3_000, 1_500, 600
OTHERS = (bootstrap.scipy_columns, bootstrap.scipy_bincount, bootstrap.arch_bincount)


@pytest.mark.parametrize("other", OTHERS, ids=lambda work: work.__name__)
def test_others_give_the_same_intervals(other: Callable[..., tuple[float, np.ndarray]]) -> None:
    """Namespaces that are merged by ours, and resampled by index by the others."""
    ours = bootstrap.ours(N, CLUSTERS, B)[1]
    theirs = other(N, CLUSTERS, B, B)[1]
    assert bootstrap.apart(ours, theirs)[0] < command.APART
    assert np.isfinite(ours).all()


def test_both_forms_of_scipy_compute_the_same_statistic() -> None:
    """From one seed they draw the same clusters, so that their replicates are equal."""
    slow, fast = (work(300, 300, 40, 40)[1] for work in OTHERS[:2])
    assert slow.shape == (40, len(bootstrap.NAMES))
    assert np.allclose(slow, fast, rtol=0, atol=1e-15)


def test_another_interval_is_found_out() -> None:
    """Of 1,000 replicates 25 are below the lower end; where it moves up to the 60th, 35 more are."""
    ours = np.tile(np.arange(1000.0), (len(bootstrap.NAMES), 1)).T
    other = ours.copy()
    other[:, 2] = np.maximum(other[:, 2], 59.5)
    assert bootstrap.apart(ours, ours)[0] < 0.1
    far, what = bootstrap.apart(ours, other)
    assert far == pytest.approx(0.035 / np.sqrt(0.025 * 0.975 * 2 / 1000))
    assert what == bootstrap.NAMES[2]


def test_extrapolation_is_in_proportion_to_the_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grouping (2 s on this clock) counts once; 5 s for 10 of 100 replicates are 50 s."""
    times = iter([10.0, 12.0, 17.0])
    monkeypatch.setattr(bootstrap, "perf_counter", lambda: next(times))
    drawn = np.random.default_rng(0).random((10, 3))
    seconds, _ = bootstrap._others(20, 20, 100, 10, lambda cells: (cells,), lambda _: drawn)
    assert seconds == pytest.approx(2 + 50)


def test_a_synthetic_hub_keeps_its_downloads_and_clusters() -> None:
    """Grouped or not, cells hold every download, and each cluster is in one group."""
    for clusters in (N, CLUSTERS):
        hub = synthetic.hub(N, clusters)
        cells = hub.cells()
        assert cells.shape == (clusters, len(synthetic.GROUPS))
        assert cells.sum() == hub.downloads.sum()
        assert ((cells > 0).sum(axis=1) == 1).all()
    assert np.array_equal(cells, synthetic.hub(N, CLUSTERS).cells())


def test_synthetic_lineage_has_no_cycle() -> None:
    """Every edge leads from a later repository to an earlier one."""
    names, edges = synthetic.edges(400)
    place = pd.Series(range(len(names)), index=names)
    assert (edges["parent"].map(place) < edges["repository"].map(place)).all()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (attribution.our_lineage, attribution.networkx_lineage),
        (attribution.our_rules, attribution.pandas_rules),
    ],
    ids=["lineage", "rules"],
)
def test_others_find_the_same(
    ours: Callable[[int], attribution.Found],
    theirs: Callable[[int], attribution.Found],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same roots with the same shares, and as many names for every rule."""
    names, edges = synthetic.edges(400)
    names.append("unsloth/some-model-GGUF")  # invented names alone would match no rule
    monkeypatch.setattr(synthetic, "edges", lambda _: (names, edges))
    found = ours(400)[1]
    assert sum(found) > 0
    assert found == pytest.approx(theirs(400)[1])


def test_the_profile_adds_up_and_leaves_no_trace() -> None:
    """Parts are all of the seconds, none is negative, and the clocks are gone afterwards."""
    before = resampling.merged, merging.Merged.totals
    seconds, parts = limits.profile(N, CLUSTERS, B)
    assert sum(parts.values()) == pytest.approx(seconds)
    assert min(parts.values()) >= 0
    assert parts["looking up numbers"] > 0
    assert (resampling.merged, merging.Merged.totals) == before


def test_the_power_of_a_power_law() -> None:
    """Seconds that grow with the square root of the size have the power one half."""
    sizes = [10, 1_000, 50_000]
    assert limits.exponent(sizes, [3 * np.sqrt(n) for n in sizes]) == pytest.approx(0.5)


def in_process(work: measure.Work, *arguments: object) -> Measured:
    """A stand-in for a process of its own: an invented second and memory."""
    if work is limits.profile:
        return Measured(1.0, 100.0, {"all": 1.0})
    if work.__module__ in {snapshots.__name__, plain_snapshots.__name__}:
        rows = 100 * int(str(arguments[0]))
        return Measured(3.0, 100.0, snapshots.Found(rows, 15, 30, 7, rows / 100, rows**2 / 1e6))
    replicates = np.random.default_rng(0).random((500, len(bootstrap.NAMES)))
    return Measured(float(len(arguments)), 100.0, replicates)


def test_all_tasks_write_one_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The CSV has exactly the columns agreed on, and ratios are the other's seconds over ours."""
    monkeypatch.setattr(command, "in_child", in_process)
    out = tmp_path / "latest.csv"
    assert command.main(["--quick", "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == COLUMNS
    tasks = {row[0] for row in rows}
    assert {"shares", "namespaces", "lineage to the roots", "rules on names", "limit"} <= tasks
    assert {"snapshots, whole panel", "snapshots, one window"} <= tasks
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        if cells["ratio"]:
            ratio = float(cells["other_s"]) / float(cells["ours_s"])
            assert float(cells["ratio"]) == pytest.approx(ratio, abs=0.006)
    assert "synthetic data" in capsys.readouterr().out


def test_other_findings_end_in_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Work that finds something else was not the same work."""

    def differing(work: measure.Work, *_: object) -> Measured:
        return Measured(1.0, 100.0, [1.0 if work is attribution.our_rules else 2.0])

    monkeypatch.setattr(command, "in_child", differing)
    arguments = ["--quick", "--only", "attribution", "--out", str(tmp_path / "latest.csv")]
    assert command.main(arguments) == 1
    said = capsys.readouterr().err
    assert "rules on names: pandas str.match finds something else" in said
    assert "lineage" not in said.split("error:", 1)[1]


def test_intervals_that_differ_end_in_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A package that gives another interval is named, and the command fails."""
    monkeypatch.setattr(command, "in_child", in_process)
    monkeypatch.setattr(bootstrap, "apart", lambda *_: (9.0, "China"))
    arguments = ["--quick", "--only", "shares", "--out", str(tmp_path / "latest.csv")]
    assert command.main(arguments) == 1
    assert "arch, bincount gives another interval of China" in capsys.readouterr().err


def test_snapshots_have_a_command_with_their_sizes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows and snapshots are those asked for, and seconds that grow with the square have power two."""
    asked: list[tuple[object, ...]] = []

    def noted(work: measure.Work, *arguments: object) -> Measured:
        asked.append((work.__name__, *arguments))
        return in_process(work, *arguments)

    monkeypatch.setattr(command, "in_child", noted)
    out = ["--out", str(tmp_path / "latest.csv")]
    assert command.main([*out, "snapshots", "--rows", "1600", "--snapshots", "9"]) == 0
    assert asked == [
        *(("whole", rows, 9) for rows in (100, 400, 1600)),
        ("bare", 400, 9),
        ("one_window", 400),
        ("plain", 400),
    ]
    powers = re.findall(r"│ (\w+_s) +│ +10,000 │ +160,000 │ +(\S+) │", capsys.readouterr().out)
    assert powers == [("extract_s", "1"), ("panel_s", "2")]


def test_other_downloads_of_pandas_end_in_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where pandas finds other downloads than ours it was not the same work."""

    def differing(work: measure.Work, *arguments: object) -> Measured:
        found = in_process(work, *arguments)
        more = 1.01 if work is plain_snapshots.plain else 1.0
        return replace(found, found=replace(found.found, downloads=int(10_000 * more)))

    monkeypatch.setattr(command, "in_child", differing)
    arguments = ["--quick", "--only", "snapshots", "--out", str(tmp_path / "latest.csv")]
    assert command.main(arguments) == 1
    assert "pandas finds 10,100 downloads, ours 10,000" in capsys.readouterr().err


def test_weeks_are_spread_over_the_window() -> None:
    """The first and the last week are always there, all of them a week apart at most."""
    every = snapshots.weeks(snapshots.MOST)
    assert np.unique(np.diff(np.array(every, dtype="datetime64[D]"))).astype(int).tolist() == [7]
    for some in (snapshots.weeks(2), snapshots.weeks(15)):
        assert (some[0], some[-1]) == (every[0], every[-1])
        assert set(some) < set(every)


def test_a_hub_has_the_rows_asked_for_on_average() -> None:
    """It grows from fewer to more rows than the mean of its snapshots."""
    labels = snapshots.weeks(9)
    hub = snapshots.hub(snapshots.size(20_000, labels))
    rows = [hub.alive(seconds(label)) for label in labels]
    assert np.mean(rows) == pytest.approx(20_000, rel=0.01)
    assert rows[0] < 20_000 < rows[-1]


def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write snapshots without a process of their own, which takes seconds to start."""
    monkeypatch.setattr(snapshots, "ProcessPoolExecutor", lambda *_, **__: ThreadPoolExecutor(1))


@pytest.mark.slow
def test_ours_and_pandas_find_the_same_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two implementations find the downloads of one window, from data without defects."""
    in_this_process(monkeypatch)
    ours, theirs = snapshots.one_window(400)[1], plain_snapshots.plain(400)[1]
    assert ours.rows == theirs.rows
    assert ours.downloads > 10_000
    assert ours.downloads == pytest.approx(theirs.downloads, rel=snapshots.TOLERANCE)


@pytest.mark.slow
def test_the_bare_statement_reads_what_ours_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sums every fourth 30-day count and what the counters gain, of the same rows."""
    in_this_process(monkeypatch)
    spent, found = plain_snapshots.bare(400, 9)
    assert found.rows == snapshots.whole(400, 9)[1].rows
    assert found.downloads > 10_000
    assert spent > 0
    assert found.cpu_s > 0


@pytest.mark.slow
def test_a_whole_panel_is_measured_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are all of the seconds, one snapshot at a time lies on disk, and no clock is left."""
    in_this_process(monkeypatch)
    before = engine_duckdb.DuckDB._run
    spent, found = snapshots.whole(400, 9)
    assert engine_duckdb.DuckDB._run is before
    assert spent == found.extract_s + found.panel_s
    assert sum(found.parts.values()) == pytest.approx(spent)
    assert min(found.parts.values()) > 0
    assert {
        "extracts",
        "sql/repository_counts.sql",
        "arrays: repositories",
        "assemble, what is not SQL",
    } <= set(found.parts)
    assert list(found.parts.values()) == sorted(found.parts.values(), reverse=True)
    assert found.snapshots == 9
    assert found.rows == pytest.approx(9 * 400, rel=0.1)
    assert found.disk_mb >= found.kept_mb > 0
    assert found.downloads > 0


def test_disk_is_what_lies_there_at_most(tmp_path: Path) -> None:
    """A file that is gone again counts in the most, and not in what is held."""
    with measure.Disk(tmp_path) as disk:
        (tmp_path / "a").write_bytes(b"1" * 100)
        (tmp_path / "b").write_bytes(b"1" * 50)
        assert disk.held() == 150
        (tmp_path / "a").unlink()
        assert disk.held() == 50
    assert disk.most == 150


def test_help_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks for help learns what can be measured."""
    with pytest.raises(SystemExit):
        command.main(["--help"])
    said = capsys.readouterr().out
    assert all(f"\n  {task} " in said for task in command.TASKS)


def process_number() -> tuple[float, int]:
    """A piece of work that finds the number of its process."""
    return 0.0, os.getpid()


@pytest.mark.slow
def test_work_runs_in_a_process_of_its_own() -> None:
    """Another process, whose peak of memory is known, and only one for the same work."""
    found = measure.in_child(process_number)
    assert found.found != os.getpid()
    assert found.peak_mb > 1
    assert measure.in_child(process_number) is found


def test_a_row_without_another_package_has_empty_cells() -> None:
    """What was not run is empty, not zero."""
    row = Row("growth", 10, None, None, 0.5, 120.4)
    found = dict(zip(COLUMNS, row.values(), strict=True))
    assert found["other_s"] == found["ratio"] == found["clusters"] == ""
    assert found["peak_mb"] == 120


def test_every_mutant_that_survives_is_explained() -> None:
    """By a kind of docs/MUTANTS.md, and a reason: they are read, not only counted."""
    root = Path(command.__file__).parents[1]
    page = (root / "docs" / "MUTANTS.md").read_text(encoding="utf-8")
    rows = pd.read_csv(root / "bench" / "mutants" / "survivors.csv", keep_default_na=False)
    assert all(f"\n| {kind} |" in page for kind in rows["kind"])
    assert (rows["reason"] != "").all()


def test_what_the_seconds_of_engines_say() -> None:
    """A line through three sizes; Spark on ten machines loses a start and saves a part of each row."""
    spark, arrays = engines.Line(30.0, 20.0), engines.Line(1.0, 4.0)
    rows = [100_000, 1_000_000, 4_000_000]
    line = engines.fitted(rows, [spark.seconds(n) for n in rows])
    assert (line.start, line.per_million) == pytest.approx((30, 20))
    assert engines.machines_needed(spark, arrays) == pytest.approx(5)
    assert engines.rows_from(spark, arrays, 5) == float("inf")
    assert engines.rows_from(spark, arrays, 10) == pytest.approx(14.5e6)
    n = 14_500_000
    assert 30 + 20 * n / 1e6 / 10 == pytest.approx(arrays.seconds(n))

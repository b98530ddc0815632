"""Runs that are killed at random moments and resumed end as a run that was never killed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.errors import VerificationError
from replication.validation import kills
from replication.validation.kills import Kill, interrupt
from replication.validation.synthetic.defects import DefectRates

KILLS = 4
LEFT_BY_KILLS = (
    "build/source/.listing.json.abc.part",
    "build/source/extracts/.2025-01-01.parquet.abc.part",
    "build/source/downloads/2025-01-01/blobs/abc.incomplete",
    "build/panel/.weekly.csv.abc.part",
    "build/stages/.panel.json.abc.part",
    "build/engine/panel.duckdb",
    "build/engine/panel.duckdb.wal",
    "build/engine/spill/duckdb_temp_storage-0.tmp",
    "results/.defects.csv.abc.part",
)
"""Under such names a run that is killed leaves what it was about to finish."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kills._Setup]:
    """Serve a synthetic Hub for the tests that start a run of their own."""
    folder = tmp_path_factory.mktemp("interruptions")
    with kills._served(3, folder, lambda _: None) as found:
        yield found


@pytest.fixture
def setup(served: kills._Setup) -> kills._Setup:
    """Return the setup of that Hub, with nothing on it."""
    kills._clear(served)
    return served


@pytest.mark.slow
def test_killed_runs_end_as_one_that_never_was(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """After each of four kills every file is whole, the finished panel is the same, and nothing is left."""
    said: list[str] = []
    found = interrupt(KILLS, 1, tmp_path, said.append)
    assert list(found.columns) == [field.name for field in fields(Kill)]
    assert found["kill"].tolist() == list(range(1, KILLS + 1))
    assert found["stage"].isin(kills.STAGES).all()
    assert (found["moment"] >= 0).all()
    assert found["moment"].nunique() == KILLS
    assert (found["torn"] == 0).all()
    assert found["same"].all(), found
    assert (found["left"] == 0).all(), found
    assert not [*tmp_path.iterdir()]
    assert any(f"kill {KILLS} of {KILLS}" in line for line in said)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_finished_run_takes_away_what_killed_ones_left(setup: kills._Setup) -> None:
    """Parts, broken downloads, the database and what it spilled are gone, wherever the kill fell."""
    for name in LEFT_BY_KILLS:
        path = setup.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"part")
    assert kills._started(setup, None) == ""
    files = kills._files(setup.out)
    assert "build/panel/repositories.csv" in files
    assert not set(LEFT_BY_KILLS).intersection(files)
    assert not [name for name in files if name.endswith((".part", ".incomplete", ".tmp"))]


@pytest.mark.slow
def test_a_run_that_fails_is_told(setup: kills._Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resumed run that ends with an error is not taken for one that ended well."""
    monkeypatch.setattr(kills, "STAGES", ("no-such-stage",))
    with pytest.raises(VerificationError, match="no-such-stage, resumed after a kill, failed"):
        kills._started(setup, None)


@pytest.mark.slow
def test_a_run_is_killed_at_its_moment(setup: kills._Setup) -> None:
    """At once is in the first stage, before anything is whole; the process is gone afterwards."""
    assert kills._started(setup, 0.0) == kills.STAGES[0]


def test_half_a_file_is_torn(tmp_path: Path) -> None:
    """A table that is cut, half a JSON file and a Parquet file without its end are found out."""
    content = {"panel/a.csv": b"a,b\n1,2\n"}
    undisturbed = kills._Undisturbed(1.0, frozenset(), content)
    (tmp_path / "panel").mkdir()
    pq.write_table(pa.table({"x": range(100)}), tmp_path / "x.parquet")
    (tmp_path / "b.json").write_text("[1, 2]")
    (tmp_path / "panel" / "a.csv").write_bytes(content["panel/a.csv"])
    names = ("x.parquet", "b.json", "panel/a.csv")
    assert all(kills._is_whole(tmp_path, name, undisturbed) for name in names)
    for name in names:
        path = tmp_path / name
        path.write_bytes(path.read_bytes()[:-3])
        assert not kills._is_whole(tmp_path, name, undisturbed)


@pytest.mark.slow
def test_another_panel_and_what_is_left_are_told(
    setup: kills._Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panel with one other byte is not the same, and every file too many counts."""
    monkeypatch.setattr(kills, "_started", lambda *_: "")
    kill = Kill(1, 0.5, "panel", 3, 0)
    path = setup.run.panel / "weekly.csv"
    for data, same in ((b"1", True), (b"2", False)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        name = path.relative_to(setup.out).as_posix()
        (path.parent / ".weekly.csv.x.part").write_bytes(b"")
        undisturbed = kills._Undisturbed(1.0, frozenset({name}), {name: b"1"})
        (ended,) = kills._ended(setup, [kill], undisturbed)
        assert (ended.same, ended.left) == (same, 1)
        assert not setup.out.exists()


def test_every_defect_strikes_a_label_that_there_is() -> None:
    """Labels are a few weeks apart, and no defect is lost between them."""
    rates, usual = kills._defects(), DefectRates.none()
    labels = set(kills.labels())
    for name in ("missing", "stale", "null_counters", "falls", "frozen", "truncated"):
        assert set(getattr(rates, name)) <= labels
    assert all(
        getattr(rates, f.name) != getattr(usual, f.name)
        for f in fields(rates)
        if f.name not in {"frozen_rolling", "stalled_days", "kept"}
    )
    assert kills.REPEATED in labels

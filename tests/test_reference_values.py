"""What is known of the study's released file, found again; skipped where the file is not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from released_files import ROOT, real_file

from replication import files
from replication.definitions import load_definitions
from replication.kinds import BUNDLED
from replication.panel import defects, increments, table
from replication.panel.table import Panel
from replication.pipeline import bundles
from replication.run import Run
from replication.sources import bundled
from replication.sources.counters import reading
from replication.sources.counters.contract import COLUMNS, PARENTS
from replication.sources.defect import Defect

DEFINITIONS = load_definitions()
COMMITTED = ROOT / "replication" / "data"
# Duplicates collapsed to the largest, running maximum, study's labels, uploader: in M and percent.
REFERENCE = {
    "increments-2025-08": (572.4, 35.0, 37.1),
    "increments-all": (923.7, 43.8, 28.7),
    "cohort-2025-08": (707.2, 48.3, 25.2),
}
WITHIN = 0.05


@pytest.fixture(scope="module")
def counters() -> pd.DataFrame:
    """The readings of the real file."""
    return reading.read_counters(real_file(), DEFINITIONS.groups, DEFINITIONS.panel.max_counter)


@pytest.fixture(scope="module")
def mended(counters: pd.DataFrame) -> defects.Mended:
    """Its mended readings, with what was found."""
    labels = files.read_csv(COMMITTED / "label_defects.csv")
    return defects.mend(counters, DEFINITIONS.panel.frozen_share, labels)


@pytest.fixture(scope="module")
def panel(counters: pd.DataFrame) -> Panel:
    """Its panel."""
    labels = files.read_csv(COMMITTED / "label_defects.csv")
    return table.build(counters, DEFINITIONS, labels)


def found(mended: defects.Mended, check: str) -> Defect:
    """What one check has recorded."""
    return next(d for d in mended.defects if d.check == check)


@pytest.mark.slow
@pytest.mark.parametrize("window", REFERENCE)
def test_reference_totals_and_shares(panel: Panel, window: str) -> None:
    """The total and both shares are the reference values to their last printed digit."""
    total, china, usa = REFERENCE[window]
    sums = panel.repositories.groupby("study_group_uploader")[window].sum()
    assert abs(sums.sum() / 1e6 - total) <= WITHIN
    assert abs(100 * sums["China"] / sums.sum() - china) <= WITHIN
    assert abs(100 * sums["USA"] / sums.sum() - usa) <= WITHIN


@pytest.mark.slow
def test_the_size_of_the_file(counters: pd.DataFrame) -> None:
    """Rows, names and readings are those of 2026-02-02; six of 550 names are second ones."""
    assert len(counters) == 19_361
    assert counters["name"].nunique() == 550
    assert counters["repository"].nunique() == 550 - 6
    assert counters["reading"].nunique() == 67
    assert f"{counters['reading'].min():%Y-%m-%d}" == "2025-02-26"
    assert f"{counters['reading'].max():%Y-%m-%d}" == "2026-02-01"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "rows"),
    [("duplicate-readings", 676), ("falling-counters", 34)],
)
def test_known_numbers_of_defects(mended: defects.Mended, check: str, rows: int) -> None:
    """845 rows under one label are 169 repositories and 676 too many; 34 increments are falls."""
    assert found(mended, check).rows == rows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("check", "where"),
    [
        ("duplicate-readings", "2026-01-12"),
        ("falling-counters", "worst -116,249: tencent/Hunyuan3D-2, 2025-07-23"),
        (
            "frozen-readings",
            "2025-06-04, 2025-06-11, 2025-06-18, 2025-06-25, 2025-07-02, 2026-01-28, 2026-01-31",
        ),
        ("catch-up-readings", "2025-07-09, 2026-01-29, 2026-02-01"),
        ("mixed-cadence", "2026-01-12 … 2026-02-01"),
        ("label-before-reading", "down to -6.0 days"),
        ("closed-cohort", "2025-07-11"),
        ("ageing-cohort", "405 at the first reading, 411 at most, 124 at the last"),
    ],
)
def test_known_places_of_defects(mended: defects.Mended, check: str, where: str) -> None:
    """Dates, repositories and sizes are those that were found by hand."""
    assert found(mended, check).where == where


@pytest.mark.slow
@pytest.mark.parametrize(("check", "number"), [("renamed-repositories", 6), ("revised-origins", 5)])
def test_known_changes_of_name_and_origin(mended: defects.Mended, check: str, number: int) -> None:
    """Six ids are under two names and five change their origin, each listed once."""
    assert len(found(mended, check).where.split(", ")) == number


@pytest.mark.slow
def test_rows_are_out_of_time_order(mended: defects.Mended) -> None:
    """The file is not sorted, so that a difference of neighbours would be wrong."""
    assert found(mended, "unsorted-rows").rows > 0


@pytest.mark.slow
def test_the_frozen_cohort_on_a_day_between(mended: defects.Mended) -> None:
    """Of 405 repositories at the first reading 368 have a row on 2025-08-27."""
    on_the_day = mended.readings[mended.readings["reading"] == pd.Timestamp("2025-08-27")]
    assert len(on_the_day) == 368


@pytest.mark.slow
def test_mended_counters_never_fall(mended: defects.Mended) -> None:
    """After mending there is one reading a label and no fall."""
    readings = mended.readings
    assert not readings.duplicated(["repository", "reading"]).any()
    assert (readings.groupby("repository")["counter"].diff().dropna() >= 0).all()


@pytest.mark.slow
def test_the_catch_up_is_spread_in_the_weekly_series(panel: Panel, mended: defects.Mended) -> None:
    """Windows keep the frozen weeks at next to nothing and the jump; the weekly series has neither.

    The 107.5 M that the counters gained under one label shrink to a week like the others, and the
    freeze is filled.
    """
    gained = mended.readings.groupby("repository")["counter"].diff()
    as_read = gained.groupby(mended.readings["reading"].dt.strftime("%Y-%m-%d")).sum()
    series = panel.weekly.groupby("week")["downloads"].sum()
    freeze = ["2025-06-04", "2025-06-11", "2025-06-18", "2025-06-25", "2025-07-02"]
    assert abs(as_read["2025-07-09"] / 1e6 - 107.5) <= WITHIN
    assert as_read[freeze].sum() < 0.01 * as_read["2025-07-09"]
    assert series[[*freeze, "2025-07-09"]].between(10e6, 30e6).all()


@pytest.mark.slow
def test_the_weeks_of_the_real_file_add_up(panel: Panel, mended: defects.Mended) -> None:
    """Up to the last weekly label before the daily ones, weeks and increments have one sum.

    A repository that misses the reading at the cut has its next increment on both sides of it, so
    the sums are compared for those that have it or have left before it.
    """
    young = increments.first_year(
        mended.readings, age_limit_days=365, birth_margin_days=DEFINITIONS.panel.birth_margin_days
    )
    cut, start = pd.Timestamp("2026-01-07"), young["reading"].min()
    last = young.groupby("repository")["reading"].max()
    there = young.loc[young["reading"] == cut, "repository"]
    whole = last.index[(last <= cut) | last.index.isin(there)]
    born = young.groupby("repository").first()
    early = born.index[(born["reading"] > start) & (born["created"] < start) & born["newborn"]]
    weeks = increments.weekly(young, mended.frozen).loc[whole.difference(early)]
    rows = young[young["repository"].isin(weeks.index)]
    inside = rows[(rows["reading"] > start) & (rows["reading"] <= cut)]
    expected = inside.groupby("repository")["increment"].sum().reindex(weeks.index, fill_value=0)
    assert (weeks.loc[:, :cut].sum(axis=1) == expected).all()
    assert len(weeks) > 500
    assert set(weeks.dtypes) == {np.dtype(np.int64)}


@pytest.mark.slow
def test_the_committed_bundle_is_made_of_the_real_file(tmp_path: Path) -> None:
    """Bundling the file gives the committed tables byte for byte, and the committed sidecar.

    The sidecar's versions are those of the machine that made it.
    """
    committed = json.loads((COMMITTED / "bundle.json").read_text(encoding="utf-8"))
    source = real_file()
    assert hashlib.sha256(source.read_bytes()).hexdigest() == committed["computed_from"]["sha256"]
    run = Run(BUNDLED, tmp_path)
    bundles.make_bundle(source, tmp_path, run, committed["computed_from"]["accessed"])
    for name in bundled.TABLES:
        assert (tmp_path / name).read_bytes() == (COMMITTED / name).read_bytes()
    made = json.loads((tmp_path / "bundle.json").read_text(encoding="utf-8"))
    for sidecar in (made, committed):
        sidecar.pop("software")
    assert made == committed


@pytest.mark.slow
def test_a_spreadsheet_copy_of_the_real_file_gives_the_same_panel(
    panel: Panel, tmp_path: Path
) -> None:
    """The real file as CSV, in another order of rows, has the same downloads."""
    rows = pd.read_parquet(real_file(), columns=[*COLUMNS, PARENTS])
    rows.sample(frac=1, random_state=1).to_csv(tmp_path / "copy.csv", index=False)
    copy = reading.read_counters(
        tmp_path / "copy.csv", DEFINITIONS.groups, DEFINITIONS.panel.max_counter
    )
    labels = files.read_csv(COMMITTED / "label_defects.csv")
    made = table.build(copy, DEFINITIONS, labels)
    pd.testing.assert_frame_equal(made.repositories, panel.repositories)
    pd.testing.assert_frame_equal(made.weekly, panel.weekly)
    pd.testing.assert_frame_equal(made.variants, panel.variants)

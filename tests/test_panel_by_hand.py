"""First-year downloads, weeks, variants and facts of a few readings, worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import platform
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from replication.definitions import (
    AS_READ,
    INTERPOLATED,
    LEFT_OUT,
    Definitions,
    Variant,
    Window,
    load_definitions,
)
from replication.errors import ContractError
from replication.panel import bundle, increments, table, variants
from replication.panel.table import Panel
from replication.panel.window import WindowPanel, tables
from replication.sources import bundled
from replication.sources.manifest import Manifest

FIRST, DAY = pd.Timestamp("2025-03-05"), pd.Timedelta(days=1)
PLAIN = load_definitions()


def at(days: float) -> pd.Timestamp:
    """So many days after the first reading."""
    return FIRST + days * DAY


def readings(*repositories: tuple[str, float, dict[float, int]]) -> pd.DataFrame:
    """Readings of repositories: name, day of birth, counters by day."""
    rows = [
        {"repository": name, "created": at(born), "reading": at(when), "counter": counter}
        for name, born, counters in repositories
        for when, counter in counters.items()
    ]
    return pd.DataFrame(rows)


def window(kind: str, start: float, end: float, until: float | None = None) -> Window:
    """A window of days."""
    last = None if until is None else at(until).date()
    return Window("w", kind, at(start).date(), at(end).date(), "W", last)


OLD = ("old", -8, {0: 1000, 7: 1030, 14: 1100, 21: 1100})
EDGE = ("edge", -7, {0: 5, 7: 6, 14: 8})
BORN = ("born", 6.5, {7: 40, 14: 50, 21: 90})
YOUNG = increments.first_year(readings(OLD, EDGE, BORN), age_limit_days=20, birth_margin_days=7)


def test_what_was_gained_in_the_first_days_of_life() -> None:
    """A first reading counts in full for a repository born within the margin, else for nothing.

    The old one is 15 days old at its second reading and 22 at its third, which does not count.
    """
    found = YOUNG.groupby("repository")["increment"].agg(list).to_dict()
    assert found == {"old": [0, 30], "edge": [5, 1], "born": [40, 10, 40]}
    assert YOUNG.groupby("repository")["newborn"].first().to_dict() == {
        "born": True, "edge": True, "old": False,
    }  # fmt: skip
    assert YOUNG["increment"].dtype == "int64"
    exact = increments.first_year(readings(EDGE), age_limit_days=14, birth_margin_days=7)
    assert exact["reading"].tolist() == [at(0), at(7)]


def test_a_window_has_both_its_days() -> None:
    """Increments of readings on its days, or counters at its end of who was born on its days."""
    total = increments.window_total(YOUNG, window("increments", 7, 14))
    assert total.to_dict() == {"old": 30, "edge": 1, "born": 50}
    assert increments.window_total(YOUNG, window("increments", 8, 20)).to_dict() == {"born": 10}
    cohort = window("cohort", 6, 14)
    assert increments.window_total(YOUNG, cohort).to_dict() == {"born": 50}
    assert increments.window_total(YOUNG, window("cohort", 6, 14, 21)).to_dict() == {"born": 90}
    assert increments.window_total(YOUNG, window("cohort", 7, 14)).empty
    assert increments.window_total(YOUNG, window("cohort", 0, 6, 13)).to_dict() == {"born": 40}
    noon = YOUNG.assign(reading=YOUNG["reading"] + 12 * pd.Timedelta("1h"))
    assert increments.window_total(noon, window("increments", 7, 14))["born"] == 50
    none = window("increments", 100, 107)
    both = increments.window_totals(YOUNG, [cohort, dataclasses.replace(none, id="none")])
    assert both.to_dict("list") == {"w": [50, 0, 0], "none": [0, 0, 0]}
    assert both.index.tolist() == ["born", "edge", "old"]
    assert both.index.name == "repository"
    assert set(both.dtypes) == {np.dtype("int64")}


def test_weeks_are_drawn_across_frozen_readings() -> None:
    """A newborn's line begins at its birth, an older one's at its first reading, frozen or not.

    The newborn gains 40 between its birth on day 3 and day 11, so 20 by the label on day 7.
    """
    young = increments.first_year(
        readings(
            ("new", 3, {11: 40, 14: 46, 21: 46, 28: 60}),
            ("old", -100, {0: 100, 14: 100, 21: 100, 28: 140, 30: 150}),
        ),
        age_limit_days=365,
        birth_margin_days=7,
    )
    weeks = increments.weekly(young, [at(0), at(21)])
    assert weeks.columns.tolist() == [at(7), at(14), at(21), at(28)]
    assert weeks.index.name == "repository"
    assert weeks.loc["new"].tolist() == [20, 26, 7, 7]
    assert weeks.loc["old"].tolist() == [0, 0, 20, 20]
    assert set(weeks.dtypes) == {np.dtype("int64")}


def test_a_counter_is_a_straight_line_between_readings() -> None:
    """From its birth with 0 where the first counter holds all, else from the first counter."""
    rows = readings(("a", -4, {0: 8, 10: 28}))
    moments = np.array([at(d) for d in (-9, -4, -2, 0, 2.5, 10, 30)], dtype="datetime64[ns]")
    whole = increments.counters_at(rows, moments, whole_life=True)
    assert whole.tolist() == [0, 0, 4, 8, 13, 28, 28]
    part = increments.counters_at(rows, moments, whole_life=False)
    assert part.tolist() == [8, 8, 8, 8, 13, 28, 28]
    later = readings(("b", 1, {0: 8, 10: 28}))  # labelled before its birth
    assert increments.counters_at(later, moments, whole_life=True).tolist()[2:5] == [0, 8, 13]


STALLED = readings(
    ("new", -2, {0: 10, 7: 80, 14: 80, 21: 80, 28: 290}),
    ("old", -80, {0: 500, 7: 570, 14: 570, 21: 570, 28: 780}),
)
GAINED = increments.first_year(STALLED, age_limit_days=365, birth_margin_days=7)


@pytest.mark.parametrize(
    ("rule", "kind", "start", "end", "age", "new", "old"),
    [
        (AS_READ, "increments", 0, 21, 365, 80, 70), (AS_READ, "increments", 0, 28, 365, 290, 280),
        (AS_READ, "increments", 0, 28, 30, 290, 0), (AS_READ, "increments", 0, 28, 29, 80, 0),
        (AS_READ, "cohort", -3, 0, 365, 10, 0), (LEFT_OUT, "increments", 0, 28, 365, 80, 70),
        (LEFT_OUT, "cohort", -3, 0, 365, 10, 0), (INTERPOLATED, "increments", 0, 14, 365, 150, 140),
        (INTERPOLATED, "increments", 0, 21, 365, 220, 210), (INTERPOLATED, "cohort", -2, 0, 365, 10, 0),
        (INTERPOLATED, "increments", 1, 21, 365, 210, 210), (INTERPOLATED, "increments", 0, 21, 13, 120, 0),
        (INTERPOLATED, "cohort", -1, 21, 365, 0, 0), (INTERPOLATED, "increments", 20, 21, 365, 140, 140),
        (INTERPOLATED, "cohort", -3, -1, 365, 5, 0), (INTERPOLATED, "increments", 0, 21, 85, 220, 50),
    ],
)  # fmt: skip
def test_a_freeze_by_each_rule(
    rule: str, kind: str, start: float, end: float, age: int, new: int, old: int
) -> None:
    """Readings of days 14 and 21 are frozen; 30 a day would be gained from day 7 to 28, 10 before.

    Cut at the age limit: the old one is 80 days old at the first reading, the new one 2.
    """
    variant = Variant(window(kind, start, end), age, rule)
    found = variants.variant_totals(GAINED, [at(14), at(21)], [variant])
    assert found.index.name == "repository"
    assert found[variant.id].to_dict() == {"new": new, "old": old}
    assert found[variant.id].dtype == "int64"


def test_a_freeze_at_the_end_has_no_reading_after_it() -> None:
    """What is left out ends with the last reading."""
    table_ = increments.first_year(
        readings(("a", -2, {0: 10, 7: 30, 14: 30})), age_limit_days=365, birth_margin_days=7
    )
    variant = Variant(window("increments", 0, 14), 365, LEFT_OUT)
    assert variants.variant_total(table_, [at(14)], variant).to_dict() == {"a": 30}


def test_facts_are_the_latest_and_roots_are_traced_through_names() -> None:
    """An older name in a list of parents is its repository of today."""
    last = {
        "uploader": "u",
        "origin": "o",
        "study_group_uploader": "USA",
        "study_group_origin": "USA",
    }
    rows = pd.DataFrame([
        {"repository": "1", "name": "new/a", "parents": "['None']", "created": at(0), **last},
        {"repository": "2", "name": "x/b", "parents": "['old/a']", "created": at(-60), **last},
        {"repository": "3", "name": "x/c", "parents": "", "created": at(0), **last},
    ])  # fmt: skip
    counters = pd.concat([rows, rows.iloc[[0]].assign(name="old/a")])
    found = table._facts(rows, counters)
    assert list(found.columns) == table.FACTS
    assert found["created"].tolist() == ["2025-03", "2025-01", "2025-03"]
    assert found["name"].tolist() == ["new/a", "x/b", "x/c"]
    assert found["traced_origin"].tolist()[1:] == ["new", ""]


def test_weeks_of_pairs_leave_out_zeros() -> None:
    """Sums of the repositories of an uploader and origin, in order of week and names."""
    facts = pd.DataFrame(
        {"repository": ["1", "2", "3"], "uploader": ["b", "b", "a"], "origin": "o"}
    )
    weekly = pd.DataFrame(
        [[1, 0], [2, 0], [0, 5]], index=["1", "2", "3"], columns=[at(7), at(14)]
    ).rename_axis("repository")
    found = table._pairs(weekly, facts)
    assert list(found.columns) == table.WEEKLY
    assert found.to_numpy().tolist() == [["2025-03-12", "b", "o", 3], ["2025-03-19", "a", "o", 5]]
    assert found["downloads"].dtype == "int64"


def test_the_study_labels_an_uploader_before_an_origin() -> None:
    """By the key of its name."""
    rows = pd.DataFrame({
        "uploader": ["A", "b"], "origin": ["B", "c"],
        "study_group_uploader": ["USA", "China"], "study_group_origin": ["France", "User"],
    })  # fmt: skip
    assert table.study_groups(rows) == {"b": "China", "c": "User", "a": "USA"}


WINDOWS = (
    Window("sum", "increments", date(2025, 2, 26), date(2025, 4, 16), "Sum"),
    Window("cohort", "cohort", date(2025, 3, 1), date(2025, 4, 16), "Cohort"),
)
DEFINITIONS: Definitions = dataclasses.replace(
    PLAIN, windows=WINDOWS, grid_windows=(), published_specifications=()
)
WEEKS = max(DEFINITIONS.time.smoothing_weeks, table.LEAST_WEEKS)
REBUILD = "rebuild it: python -m replication bundle --from FILE (here)"


def panel() -> Panel:
    """The least panel that a run takes, with a column more in every table."""
    facts = pd.DataFrame({name: ["a", "b"] for name in table.FACTS})
    groups = {"study_group_uploader": "China", "study_group_origin": "USA"}
    rows = facts.assign(**groups, sum=[1, 2], cohort=[3, 4], more=0)
    weekly = pd.DataFrame({name: [f"{n}" for n in range(WEEKS)] for name in table.WEEKLY})
    varied = {variant.id: [0, 1] for variant in DEFINITIONS.variants}
    return Panel(
        rows,
        weekly.assign(downloads=1, more=0),
        pd.DataFrame({"repository": ["a", "b"], **varied, "more": 0}),
        pd.DataFrame({name: ["x"] for name in [*table.DEFECTS, "more"]}),
    )


def test_a_panel_is_cut_to_what_a_run_needs() -> None:
    """Columns in their order, rows as they are."""
    found = table.check(panel(), DEFINITIONS, "here")
    assert list(found.repositories.columns) == [*table.FACTS, "sum", "cohort"]
    assert list(found.weekly.columns) == table.WEEKLY
    assert list(found.variants.columns) == ["repository", *(v.id for v in DEFINITIONS.variants)]
    assert list(found.defects.columns) == table.DEFECTS
    assert found.repositories["sum"].tolist() == [1, 2]


def refused(**changes: pd.DataFrame) -> tuple[str, str]:
    """What is said of a panel with another table."""
    with pytest.raises(ContractError) as error:
        table.check(dataclasses.replace(panel(), **changes), DEFINITIONS, "here")
    return error.value.what, error.value.remedy


def test_a_panel_that_is_not_whole_is_refused() -> None:
    """The message names the table, the column, the window or the group, and what to do."""
    whole = panel()
    rows, weekly = whole.repositories, whole.weekly
    for name, column in (
        ("repositories", "cohort"), ("repositories", "origin"), ("weekly", "week"),
        ("variants", "repository"), ("defects", "treatment"),
    ):  # fmt: skip
        cut = getattr(whole, name).drop(columns=column)
        said = f"{name}.csv of the panel has no column {column}"
        assert refused(**{name: cut}) == (said, REBUILD)
    counts = ("the panel holds downloads that are not counts", REBUILD)
    assert refused(repositories=rows.assign(cohort=[3, -1])) == counts
    assert refused(repositories=rows.assign(sum=[1.0, 2.0])) == counts
    assert refused(weekly=weekly.assign(downloads=-1)) == counts
    assert refused(variants=whole.variants.assign(**{DEFINITIONS.variants[-1].id: 0.5})) == counts
    group = ("the panel names a country group 'Else'", REBUILD)
    for column in ("study_group_uploader", "study_group_origin"):
        assert refused(repositories=rows.assign(**{column: ["China", "Else"]})) == group
    assert refused(repositories=rows.assign(cohort=0)) == (
        "cohort holds no downloads", "choose a window inside the data",
    )  # fmt: skip
    assert refused(repositories=rows.assign(sum=[0, 2])) == (
        "sum: b has all downloads, and shares need several developers",
        "use a file of several developers",
    )
    assert refused(weekly=weekly[:0]) == (
        "the panel holds no week of downloads",
        "use a file whose readings span several weeks",
    )
    assert refused(weekly=weekly[1:]) == (
        f"the panel holds {WEEKS - 1} weeks of downloads, and the series needs {WEEKS}",
        "use data whose readings span more weeks, or fewer smoothing_weeks in a file for --definitions",
    )


def test_the_panel_of_two_repositories() -> None:
    """Every table of a panel that is built of counters: one newborn, one whose last name holds."""
    last = {
        "study_group_uploader": "China", "study_group_origin": "China", "parents": "",
    }  # fmt: skip
    rows = [
        {"repository": "1", "name": name, "author": "u", "uploader": "u", "origin": "u",
         "created": FIRST - 100 * DAY, "reading": at(when), "counter": counter, **last}
        for when, name, counter in ((0, "u/old", 100), (7, "u/old", 130), (14, "u/new", 200))
    ]  # fmt: skip
    rows += [
        {"repository": "2", "name": "v/b", "author": "v", "uploader": "v", "origin": "u",
         "created": FIRST, "reading": at(when), "counter": counter, **last}
        for when, counter in ((0, 5), (7, 10), (14, 12))
    ]  # fmt: skip
    whole = window("increments", 0, 14)
    longest = max(PLAIN.grid.age_limits_days)
    grid = dataclasses.replace(PLAIN.grid, age_limits_days=(110, longest), frozen_rules=(AS_READ,))
    settings = dataclasses.replace(PLAIN.panel, age_limit_days=110)
    definitions = dataclasses.replace(
        PLAIN, windows=(whole,), grid_windows=(), published_specifications=(), panel=settings,
        grid=grid,
    )  # fmt: skip
    known = pd.DataFrame(columns=["check", "column", "value", "reason", "treatment"])
    found = table.build(pd.DataFrame(rows), definitions, known)
    assert list(found.repositories.columns) == [*table.FACTS, "w"]
    # The old one is 114 days old at its last reading, which counts under the grid's longest limit.
    assert found.repositories[["name", "w"]].to_numpy().tolist() == [["u/new", 30], ["v/b", 12]]
    assert found.weekly.to_numpy().tolist() == [
        ["2025-03-12", "u", "u", 30], ["2025-03-12", "v", "u", 5], ["2025-03-19", "v", "u", 2],
    ]  # fmt: skip
    assert longest > 114
    assert found.variants.set_index("repository")[f"w/{longest}/as-read"].to_dict() == {
        "1": 100, "2": 12,
    }  # fmt: skip
    assert found.defects.set_index("check")["where"]["renamed-repositories"] == "u/old → u/new"


def test_a_panel_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Four files by the names of the tables; the window's six likewise."""
    panel().write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(bundled.TABLES)
    for name, written in vars(table.read(tmp_path)).items():
        assert written.astype(str).equals(getattr(panel(), name).astype(str))
    parts = {
        field.name: pd.DataFrame({field.name: [1]}) for field in dataclasses.fields(WindowPanel)
    }
    WindowPanel(**parts).write(tmp_path / "window")
    assert sorted(p.name for p in (tmp_path / "window").iterdir()) == sorted(bundled.WINDOW_TABLES)
    for name, written in vars(tables.read(tmp_path / "window")).items():
        assert written.equals(parts[name])


def test_a_bundle_says_what_its_tables_are(tmp_path: Path) -> None:
    """The source, the command, rules, windows, variants, rows, hashes and versions, and no more."""
    source = Manifest(
        "file", "T", "C", "u", "", "", "f.parquet", "0" * 64, 1, 2, "2026-11-23", "", ""
    )
    bundle.write(panel(), source, DEFINITIONS, tmp_path)
    sidecar = json.loads((tmp_path / bundled.SIDECAR).read_text(encoding="utf-8"))
    software = {name: version(name) for name in ("numpy", "pandas", "pyarrow")}
    software["python"] = platform.python_version()
    assert sidecar == {
        "title": "Bundled panel: first-year downloads computed by this project",
        "computed_from": source.to_dict(),
        "command": "python -m replication bundle --from f.parquet",
        "rules": vars(DEFINITIONS.panel),
        "windows": [
            {"id": "sum", "kind": "increments", "start": "2025-02-26", "end": "2025-04-16",
             "label": "Sum", "read_until": "None"},
            {"id": "cohort", "kind": "cohort", "start": "2025-03-01", "end": "2025-04-16",
             "label": "Cohort", "read_until": "None"},
        ],
        "variants": [variant.id for variant in DEFINITIONS.variants],
        "rows": {"repositories": 2, "weekly": WEEKS, "variants": 2, "defects": 1},
        "sha256": {
            name: sha256((tmp_path / name).read_bytes()).hexdigest() for name in bundled.TABLES
        },
        "software": software,
    }  # fmt: skip


def test_a_bundled_window_says_what_its_tables_are(tmp_path: Path) -> None:
    """The records, the command, rules, rows, hashes and versions, and no more."""
    parts = {field.name: pd.DataFrame({"n": [1, 2]}) for field in dataclasses.fields(WindowPanel)}
    bundle.write_window(WindowPanel(**parts), [{"id": "hub"}], PLAIN, tmp_path)
    sidecar = json.loads((tmp_path / bundled.WINDOW_SIDECAR).read_text(encoding="utf-8"))
    assert sidecar.pop("rules") == json.loads(json.dumps(bundled.window_rules(PLAIN), default=str))
    assert set(sidecar.pop("software")) == {"python", "numpy", "pandas", "pyarrow"}
    assert sidecar == {
        "title": "Bundled window: first-year downloads computed by this project from public records",
        "records": [{"id": "hub"}],
        "command": "python -m replication bundle --records FOLDER",
        "rows": dict.fromkeys(parts, 2),
        "sha256": dict.fromkeys(bundled.WINDOW_TABLES, sha256(b"n\n1\n2\n").hexdigest()),
    }

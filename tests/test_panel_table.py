"""The panel as four tables: built, checked, bundled, and the same from every form of one file."""

from __future__ import annotations

import dataclasses
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from released_files import (
    DAY,
    EXAMPLES,
    clean_rows,
    counters_of,
    id_of,
    label,
    repository,
    synthetic_release,
    synthetic_rows,
    write,
)

from replication.definitions import PACKAGED, Definitions, PanelSettings, Window, load_definitions
from replication.errors import ContractError, DefinitionError, HashMismatchError, ReplicationError
from replication.kinds import BUNDLED
from replication.panel import bundle, table
from replication.panel.table import Panel
from replication.pipeline import bundles, fetch_stage, panel_stage
from replication.run import Run
from replication.sources import bundled, manifest
from replication.sources.bundled import WINDOW_TABLES

TABLES = ("repositories", "weekly", "variants", "defects")
RULES = PanelSettings(365, 7, 0.99, 10**12, 10_000)
WINDOWS = (
    Window("sum", "increments", date(2025, 2, 26), date(2025, 4, 16), "Sum"),
    Window("cohort", "cohort", date(2025, 3, 1), date(2025, 4, 16), "Cohort"),
)
DEFINITIONS = dataclasses.replace(
    load_definitions(), panel=RULES, windows=WINDOWS, grid_windows=(), published_specifications=()
)
NO_LABELS = pd.DataFrame(columns=["check", "column", "value", "reason", "treatment"])
Rows = list[dict[str, Any]]


def build(rows: Rows) -> Panel:
    """The panel of synthetic rows."""
    return table.build(counters_of(synthetic_release(rows)), DEFINITIONS, NO_LABELS)


def check(panel: Panel, windows: tuple[Window, ...] = WINDOWS) -> Panel:
    """Check a panel as a run does."""
    return table.check(panel, dataclasses.replace(DEFINITIONS, windows=windows), "somewhere")


def made_from(path: Path, out: Path) -> Panel:
    """Fetch a file and make its panel with the packaged definitions, as the stages do."""
    run = Run(str(path), out)
    fetch_stage.fetch(run, lambda _: None)
    panel_stage.panel(run, lambda _: None)
    return table.read(run.panel)


def assert_same(one: Panel, two: Panel) -> None:
    """Both panels hold the same tables."""
    for name in TABLES:
        assert_frame_equal(getattr(one, name), getattr(two, name))


@pytest.mark.slow
def test_the_panel_of_clean_data() -> None:
    """Windows by hand: 700 downloads of the old, 750 of the young, and all that the newborns have.

    The old one and the young one gain 100 in each of seven weeks; the young one's first reading, 50,
    counts; the newborn of week k is read first with 10 and gains 100 in each week after.
    """
    panel = build(clean_rows())
    newborns = [10 + 100 * (7 - k) for k in range(1, 8)]
    assert panel.repositories["sum"].tolist() == [700, 750, *newborns]
    assert panel.repositories["cohort"].tolist() == [0, 0, *newborns]
    assert panel.repositories["repository"].tolist() == [id_of(n) for n in range(1, 10)]
    assert panel.repositories["created"].tolist()[:3] == ["2024-11", "2025-02", "2025-03"]
    first = panel.weekly[panel.weekly["week"] == "2025-03-05"]
    assert dict(zip(first["uploader"], first["downloads"], strict=True)) == {
        "maker1": 100,
        "maker2": 100,
        "maker3": 10,
    }
    assert check(panel).repositories["sum"].sum() == 700 + 750 + sum(newborns)


@pytest.mark.slow
def test_weeks_are_summed_by_pair_of_uploader_and_origin() -> None:
    """Two repositories of one pair are one row a week; another origin is another row."""
    rows = repository(1, [0, 10, 30], name="a/one", origin="base")
    rows += repository(2, [0, 5, 6], name="a/two", origin="base")
    rows += repository(3, [0, 7, 7], name="a/three", origin="a")
    weekly = build(rows).weekly
    assert weekly.to_dict("list") == {
        "week": ["2025-03-05", "2025-03-05", "2025-03-12"],
        "uploader": ["a", "a", "a"],
        "origin": ["a", "base", "base"],
        "downloads": [7, 15, 21],
    }


@pytest.mark.slow
def test_names_and_groups_are_the_latest() -> None:
    """One row a repository, under its last name, origin and groups."""
    old = repository(1, [0, 10], name="THUDM/glm", origin="THUDM", group="User")
    new = repository(1, [20, 30], name="zai-org/glm", origin="zai-org", first=label(2))
    panel = build(old + new)
    facts = panel.repositories.drop(columns=["sum", "cohort"]).to_dict("records")
    assert facts == [
        {
            "repository": id_of(1),
            "name": "zai-org/glm",
            "uploader": "zai-org",
            "origin": "zai-org",
            "traced_origin": "zai-org",
            "created": "2025-02",
            "study_group_uploader": "China",
            "study_group_origin": "China",
        }
    ]
    assert set(panel.weekly["uploader"]) == {"zai-org"}


def moving(rows: Rows) -> Panel:
    """The panel of rows that hypothesis drew; those in which nothing moves are refused, and drawn anew."""
    try:
        return build(rows)
    except ContractError as error:
        if "whose counters move" not in error.remedy:
            raise
        reject()


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows(), data=st.data())
def test_the_order_of_the_rows_changes_no_panel(rows: Rows, data: st.DataObject) -> None:
    """Any permutation of any file gives the same panel, duplicates and revisions included."""
    spare = [
        row | {"derived_author": "other", "merged_derived_country_groups_single": "UK"}
        for row in data.draw(st.lists(st.sampled_from(rows), max_size=3))
    ]
    one, two = moving(rows + spare), moving(data.draw(st.permutations(rows + spare)))
    assert_frame_equal(one.repositories, two.repositories)
    assert_frame_equal(one.weekly, two.weekly)


@pytest.mark.slow
@EXAMPLES
@given(rows=synthetic_rows())
def test_downloads_are_counts_everywhere(rows: Rows) -> None:
    """Every column of downloads holds whole numbers, none of them negative."""
    panel = moving(rows)
    columns = [panel.repositories["sum"], panel.repositories["cohort"], panel.weekly["downloads"]]
    assert all(pd.api.types.is_integer_dtype(c) and (c >= 0).all() for c in columns)
    assert (panel.weekly["downloads"] > 0).all()


@pytest.mark.slow
def test_the_tables_come_back_from_their_files(tmp_path: Path) -> None:
    """What is written is read back: names, whole numbers, texts with commas."""
    panel = build(clean_rows())
    panel.write(tmp_path)
    assert_same(table.read(tmp_path), panel)
    text = (tmp_path / "repositories.csv").read_text()
    assert "." not in text
    assert "\r" not in text


@pytest.mark.slow
def test_parquet_and_csv_of_the_same_data_give_the_same_panel(tmp_path: Path) -> None:
    """The form of a file changes nothing; duplicates, falls and a freeze are in the data."""
    rows = clean_rows() + repository(1, [1250, 1230], first=label(2), step=0 * DAY, created=OLD)
    rows += repository(40, [5, 9, 9, 8, 30], created=OLD, name="a/b", origin="NA", group="UK")
    rows = [row for row in rows if row["_id"] != id_of(1)] + [
        row | {"created": pd.Timestamp(OLD)} for row in rows if row["_id"] == id_of(1)
    ]
    release = synthetic_release(rows)
    parquet = made_from(write(release, tmp_path / "a.parquet"), tmp_path / "one")
    csv = made_from(write(release, tmp_path / "a.csv"), tmp_path / "two")
    assert_same(parquet, csv)
    assert parquet.repositories["increments-all"].sum() > 0
    assert "NA" in set(parquet.repositories["origin"])


OLD = "2024-11-30"


@pytest.mark.slow
def test_shuffled_files_give_the_same_panel(tmp_path: Path) -> None:
    """From file to panel, the order of the rows shows in one count of the record only."""
    release = synthetic_release()
    mixed = release.sample(frac=1, random_state=1)
    one = made_from(write(release, tmp_path / "a.parquet"), tmp_path / "one")
    two = made_from(write(mixed, tmp_path / "b.parquet"), tmp_path / "two")
    assert_frame_equal(one.repositories, two.repositories)
    assert_frame_equal(one.weekly, two.weekly)
    differ = one.defects[one.defects["rows"] != two.defects["rows"]]
    assert differ["check"].tolist() == ["unsorted-rows"]


_WRITTEN = ("defects.csv", "manifest.json", "window_defects.csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["../..", "../evil", "$(touch)/;rm", "C:\\x/..\\y", "~/.ssh"])
def test_names_that_look_like_paths_are_refused(tmp_path: Path, name: str) -> None:
    """A name that is a path or a command reaches no table."""
    source = write(synthetic_release(repository(1, [0, 10], name=name)), tmp_path / "a.parquet")
    with pytest.raises(ContractError, match="row 1: model is not author/name"):
        made_from(source, tmp_path / "out")
    assert not (tmp_path / "out" / "build" / "panel").exists()


@pytest.mark.slow
def test_a_run_writes_into_its_folder_alone(tmp_path: Path) -> None:
    """The name of a file is no path and no command; nothing is written outside the run."""
    out = tmp_path / "sandbox" / "out"
    source = tmp_path / "..data;$(id).parquet"
    made_from(write(synthetic_release(clean_rows()), source), out)
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == {
        source.name,
        *(f"sandbox/out/build/panel/{name}.csv" for name in TABLES),
        *(f"sandbox/out/build/panel/{name}" for name in WINDOW_TABLES),
        *(f"sandbox/out/build/source/{name}" for name in ("counters.parquet", "manifest.json")),
        *(f"sandbox/out/build/source/{name}" for name in WINDOW_TABLES),
        *(f"sandbox/out/results/{name}" for name in _WRITTEN),
    }


def test_a_bad_file_is_refused_by_the_stage_that_reads_it(tmp_path: Path) -> None:
    """A broken contract stops the run before a panel is written."""
    release = synthetic_release().assign(downloadsAllTime=-1)
    path = write(release, tmp_path / "a.parquet")
    with pytest.raises(ContractError, match="row 1: downloadsAllTime is negative"):
        made_from(path, tmp_path / "out")
    assert not (tmp_path / "out" / "build" / "panel").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_panel_without_a_column_is_refused(name: str) -> None:
    """Each column that a run needs is named with its table."""
    panel = build(clean_rows())
    for column in getattr(panel, name).columns:
        less = getattr(panel, name).drop(columns=column)
        with pytest.raises(
            ContractError, match=rf"{name}\.csv of the panel has no column {column}"
        ):
            check(dataclasses.replace(panel, **{name: less}))


@pytest.mark.slow
@pytest.mark.parametrize("value", [-1, 0.5, None, "many"])
@pytest.mark.parametrize(("name", "column"), [("repositories", "sum"), ("weekly", "downloads")])
def test_downloads_that_are_not_counts_are_refused(name: str, column: str, value: Any) -> None:
    """A negative, broken, missing or worded number of downloads is no count."""
    panel = build(clean_rows())
    cells = getattr(panel, name)[column].astype(object)
    cells.iloc[0] = value
    wrong = getattr(panel, name).assign(**{column: cells.infer_objects()})
    with pytest.raises(ContractError, match="not counts"):
        check(dataclasses.replace(panel, **{name: wrong}))


@pytest.mark.slow
def test_a_panel_with_an_unknown_group_is_refused() -> None:
    """A group that definitions.toml does not have is named."""
    panel = build(clean_rows())
    wrong = panel.repositories.assign(study_group_origin="Atlantis")
    with pytest.raises(ContractError, match="'Atlantis'"):
        check(dataclasses.replace(panel, repositories=wrong))


@pytest.mark.slow
def test_a_window_outside_the_data_is_refused() -> None:
    """A window without a download has no share; it is named."""
    windows = (*WINDOWS, Window("far", "increments", date(2030, 1, 1), date(2030, 2, 1), "Far"))
    far = dataclasses.replace(DEFINITIONS, windows=windows)
    panel = table.build(counters_of(synthetic_release()), far, NO_LABELS)
    with pytest.raises(ContractError, match="far holds no downloads"):
        check(panel, windows)


@pytest.mark.slow
def test_a_file_of_one_reading_is_refused(tmp_path: Path) -> None:
    """One reading has levels but no week; it is refused by name, not by accident."""
    rows = [row for row in clean_rows() if row["time"] == label(0)]
    with pytest.raises(ContractError, match="no week of downloads"):
        made_from(write(synthetic_release(rows), tmp_path / "a.parquet"), tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize(("weeks", "enough"), [(1, False), (3, False), (4, True)])
def test_fewer_weeks_than_a_smoothed_sum_are_refused(weeks: int, enough: bool) -> None:
    """The series needs as many weeks as one sum takes."""
    assert DEFINITIONS.time.smoothing_weeks == 4
    panel = build(clean_rows())
    labels = sorted(panel.weekly["week"].unique())[:weeks]
    short = dataclasses.replace(panel, weekly=panel.weekly[panel.weekly["week"].isin(labels)])
    if enough:
        assert check(short).weekly["week"].nunique() == weeks
        return
    with pytest.raises(ContractError, match=f"holds {weeks} weeks of downloads"):
        check(short)


@pytest.mark.slow
def test_columns_that_a_run_does_not_need_are_left_out() -> None:
    """A study with fewer windows uses a wider panel."""
    panel = check(build(clean_rows()), WINDOWS[:1])
    assert list(panel.repositories.columns) == [*table.FACTS, "sum"]


@pytest.fixture
def definitions() -> Definitions:
    """The packaged definitions with the windows of the synthetic panel."""
    return dataclasses.replace(load_definitions(), windows=WINDOWS)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A synthetic released file."""
    return write(synthetic_release(), tmp_path / "one_year_rolling.parquet")


def bundle_of(release: Path, folder: Path) -> dict[str, Any]:
    """Bundle a synthetic file with the packaged definitions; return the sidecar."""
    whole = dataclasses.replace(load_definitions(), windows=WINDOWS, grid_windows=())
    run = Run(BUNDLED, folder)
    run.__dict__["definitions"] = (
        whole  # the cached property, with windows inside the synthetic data
    )
    bundles.make_bundle(release, folder, run, "2026-11-23")
    return json.loads((folder / bundle.SIDECAR).read_text())


@pytest.mark.slow
def test_a_bundle_says_what_it_was_computed_from_and_how(tmp_path: Path, release: Path) -> None:
    """The sidecar names file, revision, hash, date, command, rules, windows, rows and versions."""
    sidecar = bundle_of(release, tmp_path / "bundle")
    source = sidecar["computed_from"]
    about = load_definitions().bundled
    assert source["filename"] == "one_year_rolling.parquet"
    assert source["revision"] == about.revision
    assert source["accessed"] == "2026-11-23"
    assert len(source["sha256"]) == 64
    assert sidecar["command"] == "python -m replication bundle --from one_year_rolling.parquet"
    assert sidecar["rules"]["age_limit_days"] == 365
    assert [w["id"] for w in sidecar["windows"]] == ["sum", "cohort"]
    assert sidecar["rows"]["repositories"] == 9
    assert {"python", "numpy", "pandas", "pyarrow"} == set(sidecar["software"])
    assert str(tmp_path) not in json.dumps(sidecar)


@pytest.mark.slow
def test_a_bundle_copies_no_reading_and_no_other_annotation(tmp_path: Path, release: Path) -> None:
    """Only facts of the contract and computed downloads are kept, in four tables and a sidecar."""
    bundle_of(release, tmp_path / "bundle")
    names = {path.name for path in (tmp_path / "bundle").iterdir()}
    assert names == {*(f"{name}.csv" for name in TABLES), bundle.SIDECAR}
    panel = table.read(tmp_path / "bundle")
    assert list(panel.repositories.columns) == [*table.FACTS, "sum", "cohort"]
    assert list(panel.weekly.columns) == table.WEEKLY


@pytest.mark.slow
def test_a_bundle_is_rebuilt_to_the_same_content(tmp_path: Path, release: Path) -> None:
    """The same file gives the same bytes; a file in another order the same downloads."""
    bundle_of(release, tmp_path / "one")
    bundle_of(release, tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    rows = clean_rows()
    random.Random(1).shuffle(rows)
    (tmp_path / "mixed").mkdir()
    mixed = write(synthetic_release(rows), tmp_path / "mixed" / release.name)
    bundle_of(mixed, tmp_path / "three")
    for name in ("repositories.csv", "weekly.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "three" / name).read_bytes()


@pytest.mark.slow
def test_the_bundled_source_is_the_bundle(tmp_path: Path, release: Path) -> None:
    """The tables are copied whole, and the manifest names the file that they came from."""
    sidecar = bundle_of(release, tmp_path / "bundle")
    found = bundled.fetch(tmp_path / "run", tmp_path / "bundle")
    assert found == manifest.read(tmp_path / "run")
    assert found.to_dict() == {**sidecar["computed_from"], "source": "bundled"}
    assert_same(table.read(tmp_path / "run"), table.read(tmp_path / "bundle"))


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"{name}.csv" for name in TABLES])
def test_a_changed_bundle_is_refused(tmp_path: Path, release: Path, name: str) -> None:
    """One changed character in any table is found by its hash, and the table is named."""
    bundle_of(release, tmp_path / "bundle")
    path = tmp_path / "bundle" / name
    path.write_text(path.read_text().replace("1", "2", 1))
    with pytest.raises(HashMismatchError, match=name) as caught:
        bundled.fetch(tmp_path / "run", tmp_path / "bundle")
    assert "bundle --from FILE" in caught.value.remedy
    assert not (tmp_path / "run" / manifest.NAME).exists()


def test_the_committed_bundle_is_whole(tmp_path: Path) -> None:
    """The packaged tables have the hashes of their sidecar and keep the contract of a panel."""
    bundled.fetch(tmp_path)
    definitions = load_definitions()
    panel = table.check(table.read(tmp_path), definitions, "bundled")
    sidecar = json.loads((bundled.FOLDER / bundled.SIDECAR).read_text())
    assert {name: len(getattr(panel, name)) for name in TABLES} == sidecar["rows"]
    assert bundled.folder_of(definitions) == bundled.FOLDER
    assert bundled.window_folder_of(definitions) == bundled.FOLDER


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "age-180"])
def test_every_committed_bundle_is_that_of_its_sidecar(tmp_path: Path, name: str) -> None:
    """Each folder of bundled tables serves the definitions with its age limit, whole."""
    packaged = load_definitions()
    limit = int(name.removeprefix("age-") or packaged.panel.age_limit_days)
    text = PACKAGED.read_text(encoding="utf-8")
    mine = tmp_path / "mine.toml"
    mine.write_text(text.replace("age_limit_days = 365", f"age_limit_days = {limit}", 1))
    definitions = load_definitions(mine)
    folder = bundled.FOLDER / name
    assert bundled.folder_of(definitions) == bundled.window_folder_of(definitions) == folder
    bundled.fetch(tmp_path / "run", folder)
    bundled.fetch_window(tmp_path / "run", definitions)
    panel = table.check(table.read(tmp_path / "run"), definitions, "bundled")
    assert int(panel.repositories["cohort-2025-08"].sum()) == sum(
        panel.variants[f"cohort-2025-08/{limit}/as-read"]
    )


@pytest.mark.slow
def test_the_bundle_answers_for_its_own_definitions_only(
    tmp_path: Path, release: Path, definitions: Definitions
) -> None:
    """Rules or windows that the bundled panel was not computed by are refused, not ignored."""
    bundle_of(release, tmp_path / "bundle")
    folder = tmp_path / "bundle"
    definitions = dataclasses.replace(definitions, grid_windows=())
    changes: dict[str, tuple[PanelSettings, tuple[Window, ...]]] = {
        "panel.age_limit_days is 180": (dataclasses.replace(RULES, age_limit_days=180), WINDOWS),
        "panel.frozen_share is 0.9,": (dataclasses.replace(RULES, frozen_share=0.9), WINDOWS),
        "sum.end is 2025-04-15": (RULES, _changed(end=date(2025, 4, 15))),
        "sum.start is 2025-03-01": (RULES, _changed(start=date(2025, 3, 1))),
        "sum.kind is cohort": (RULES, _changed(kind="cohort")),
        "cohort.read_until is 2025-05-01": (
            RULES,
            (WINDOWS[0], dataclasses.replace(WINDOWS[1], read_until=date(2025, 5, 1))),
        ),
    }
    for said, (rules, windows) in changes.items():
        with pytest.raises(DefinitionError) as caught:
            bundled.folder_of(
                dataclasses.replace(definitions, panel=rules, windows=windows), folder
            )
        assert said in caught.value.what
        assert "DATA=FILE" in caught.value.remedy


@pytest.mark.slow
def test_the_bundle_serves_fewer_windows_and_other_labels(
    tmp_path: Path, release: Path, definitions: Definitions
) -> None:
    """What is only shown may change, and a window may be left out."""
    sidecar = bundle_of(release, tmp_path / "bundle")
    windows = _changed(label="Another label")[:1]
    fewer = dataclasses.replace(definitions, windows=windows, grid_windows=())
    assert bundled.folder_of(fewer, tmp_path / "bundle") == tmp_path / "bundle"
    assert sidecar["windows"][0]["label"] != windows[0].label


def test_a_run_with_other_definitions_is_refused_on_the_bundle(tmp_path: Path) -> None:
    """An edited copy of definitions.toml cannot be answered by a panel of the packaged one."""
    text = PACKAGED.read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(
        text.replace("age_limit_days = 365", "age_limit_days = 90"), encoding="utf-8"
    )
    with pytest.raises(DefinitionError, match="90, but the bundled panel was computed with 365"):
        fetch_stage.fetch(Run(BUNDLED, tmp_path / "out", tmp_path / "mine.toml"), lambda _: None)


def test_a_new_window_is_not_in_the_bundle(tmp_path: Path) -> None:
    """A window that the bundled panel lacks is named, with the way to compute it."""
    bundled.fetch(tmp_path)
    windows = (Window("mine", "cohort", date(2025, 1, 1), date(2025, 6, 1), "Mine"),)
    with pytest.raises(ContractError, match="no column mine") as caught:
        check(table.read(tmp_path), windows)
    assert "bundle --from FILE" in caught.value.remedy


def test_a_panel_that_was_not_fetched_is_an_error(tmp_path: Path) -> None:
    """The panel stage before the fetch stage says which stage is missing."""
    with pytest.raises(ReplicationError) as caught:
        panel_stage.panel(Run(BUNDLED, tmp_path), lambda _: None)
    assert "make all" in caught.value.remedy


def test_content_of_a_pinned_revision_may_not_change() -> None:
    """Another hash under one address is refused; without a revision nothing was promised."""
    known = manifest.Manifest(
        "released", "t", "c", "u", "o/d", "f" * 40, "f", "a" * 64, 1, 1, "2026", "n", ""
    )
    manifest.check_unchanged(None, known)
    manifest.check_unchanged(known, dataclasses.replace(known, accessed="2027"))
    other = dataclasses.replace(known, sha256="b" * 64)
    manifest.check_unchanged(known, dataclasses.replace(other, revision="e" * 40))
    manifest.check_unchanged(
        dataclasses.replace(known, revision=""), dataclasses.replace(other, revision="")
    )
    with pytest.raises(HashMismatchError, match="aaaaaaaaaaaa… when it was first read"):
        manifest.check_unchanged(known, other)


def _changed(**changes: Any) -> tuple[Window, ...]:
    """The windows with the first one changed."""
    return (dataclasses.replace(WINDOWS[0], **changes), *WINDOWS[1:])

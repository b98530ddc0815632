"""The month-by-month record: what comes in, what is refused, what moved, and that order does not matter."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import small_readings as small
from command_line import assert_one_message, contents, invoke, replication
from crawls import desk
from record_files import real_records

from replication.cli import record as commands
from replication.definitions import PACKAGED, load_definitions
from replication.errors import (
    ContractError,
    HashMismatchError,
    HubError,
    SourceError,
    StageOrderError,
)
from replication.files import read_csv, read_json
from replication.monthly import changes, editions, intake, readings, renewal, request, window
from replication.monthly.changes import CAUSES, NEW, REVISED, Step
from replication.monthly.editions import Edition
from replication.monthly.window import Figures, Span
from replication.run import ROOT

DEFINITIONS = load_definitions()
JULY, AUGUST, OCTOBER, DECEMBER = (date(2024, month, 28) for month in (7, 8, 10, 12))


@pytest.fixture(scope="module")
def edition() -> Edition:
    """What the package computes with."""
    return Edition.present()


def taken(file: Path, folder: Path, day: date | None, covers: str = "all") -> intake.Taken:
    """Take a file in by the packaged definitions."""
    offered = intake.look(file, folder, day=day, said=request.extent_of(covers))
    return intake.take(offered, folder, DEFINITIONS)


def figures(points: dict[str, float], developers: list[tuple[str, str, float]]) -> Figures:
    """Figures with some points, and shares of developers."""
    shares = pd.DataFrame({"statistic": window.STATISTICS}).reindex(columns=window.SHARES)
    shares["point"] = [points.get(name, np.nan) for name in window.STATISTICS]
    table = pd.DataFrame(developers, columns=["developer", "group", "share"])
    return Figures(shares, table.assign(downloads=1.0)[window.DEVELOPERS], ())


# What a window is.


def span(first: str, end: date) -> Span:
    """The window of one reading that counts from a day."""
    one = readings.Reading("x", str(end), request.HEAD, "x.csv", "", 0, 0, first)
    return window.span_of([one], end)


def test_a_window_has_twelve_months_or_what_is_covered() -> None:
    """It never begins before the first day that a reading counts."""
    assert span("2020-01-01", date(2025, 8, 27)) == Span(date(2024, 8, 27), date(2025, 8, 27))
    assert span("2020-01-01", date(2024, 2, 29)) == Span(date(2023, 2, 28), date(2024, 2, 29))
    assert span("2024-06-12", date(2024, 7, 11)) == Span(date(2024, 6, 11), date(2024, 7, 11))


def test_covered_days_are_counted_once() -> None:
    """Days before the window, and days that two readings count, add nothing."""
    days = [
        ("2024-07-11", "2024-06-12"),
        ("2024-07-21", "2024-06-22"),
        ("2024-09-20", "2024-08-22"),
    ]
    some = [readings.Reading(d, d, request.HEAD, "", "", 0, 0, first) for d, first in days]
    assert window.covered(some, Span(date(2024, 6, 11), date(2024, 9, 20))) == 40 + 30
    assert window.covered(some, Span(date(2024, 7, 11), date(2024, 9, 20))) == 10 + 30


def test_of_counters_the_newest_file_alone_is_read() -> None:
    """A newer one holds what an older one did; readings after the day do not count."""
    some = [
        readings.Reading(f"{day}-{kind}", day, kind, "", "", 0, 0, "2024-01-01")
        for day, kind in (
            ("2024-03-01", "counters"), ("2024-04-01", "counters"), ("2024-03-02", "top"),
            ("2024-05-01", "top"), ("", "created"),
        )
    ]  # fmt: skip
    kept = [one.id for one in readings.until(some, date(2024, 4, 2))]
    assert kept == ["2024-04-01-counters", "2024-03-02-top", "-created"]
    assert next(one.id for one in readings.until(some, date(2024, 3, 5))) == "2024-03-01-counters"


# What moved.


def test_what_moved_is_taken_apart_exactly() -> None:
    """The causes of a row add up to its change, the developers to the lead."""
    before = figures(
        {"China": 0.20, "China − USA": -0.10}, [("A", "China", 0.2), ("B", "USA", 0.3)]
    )
    again = figures(
        {"China": 0.22, "China − USA": -0.07}, [("A", "China", 0.22), ("B", "USA", 0.29)]
    )
    now = figures(
        {"China": 0.30, "China − USA": 0.02},
        [("A", "China", 0.2), ("C", "China", 0.1), ("B", "USA", 0.28), ("D", "France", 0.4)],
    )
    table = changes.between(
        "2025-01-01", changes.READING, before, [Step(REVISED, again), Step(NEW, now)]
    )
    rows = table.set_index("name")
    assert rows.loc["China", ["change", REVISED, NEW]].tolist() == pytest.approx([0.1, 0.02, 0.08])
    assert (rows.loc["China", list(changes.EDITED)] == 0).all()
    assert np.isnan(rows.loc["total", "change"])
    known = table[table["change"].notna()]
    assert known[list(CAUSES)].sum(axis=1).tolist() == pytest.approx(known["change"].tolist())
    movers = table[table["kind"] == changes.DEVELOPER]
    assert movers["name"].tolist() == ["C", "B", "A", changes.REST]
    for column in ("before", "after", "change", REVISED, NEW):
        assert movers[column].sum() == pytest.approx(rows.loc["China − USA", column])
    assert rows.loc["B", "after"] == -0.28


def test_changes_are_read_as_they_were_written() -> None:
    """What an edition moved is kept as text, with its empty cells."""
    one = figures({"China": 0.2}, [("A", "China", 0.2)])
    table = changes.between("2025-01-01", changes.EDITION, one, [Step("code", one)])
    pd.testing.assert_frame_equal(
        changes.parsed(table.to_csv(index=False)), table, check_dtype=False
    )


# What comes in.


@pytest.mark.slow
def test_a_file_is_taken_in_once(tmp_path: Path) -> None:
    """The same content again changes nothing, whatever its name."""
    folder, file = tmp_path / "record", small.top(tmp_path, AUGUST, 1_000)
    first = taken(file, folder, AUGUST, "top")
    assert first.is_new
    assert (first.reading.day, first.reading.kind, first.reading.cut_off) == (
        "2024-08-28", request.HEAD, 60_000,
    )  # fmt: skip
    before = contents(folder)
    again = taken(file.rename(tmp_path / "other.csv"), folder, AUGUST, "top")
    assert not again.is_new
    assert again.reading == first.reading
    assert contents(folder) == before


@pytest.mark.slow
def test_a_file_that_changes_meanwhile_is_refused(tmp_path: Path) -> None:
    """What was looked at is what is taken in; the folder then holds no reading."""
    folder, file = tmp_path / "record", small.top(tmp_path, AUGUST, 1_000)
    offered = intake.look(file, folder, day=AUGUST, said=request.extent_of("top"))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(SourceError, match="changed while it was taken in"):
        intake.take(offered, folder, DEFINITIONS)
    assert not [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_what_a_list_covers_must_be_said(tmp_path: Path) -> None:
    """Nothing is guessed; a list that ends far above its cut-off is a part."""
    file = small.top(tmp_path, AUGUST, 1_000)
    for covers in ("", "some", "all:3", "top:many"):
        with pytest.raises(SourceError, match="is not known"):
            taken(file, tmp_path / "record", AUGUST, covers)
    with pytest.raises(SourceError, match="complete down to 30,000 downloads and holds none below"):
        taken(file, tmp_path / "record", AUGUST, "top:30000")
    with pytest.raises(SourceError, match="of which day"):
        taken(file, tmp_path / "record", None, "top")
    assert not (tmp_path / "record").exists()
    assert taken(file, tmp_path / "record", AUGUST, "top:50000").reading.cut_off == 50_000


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["1.5", "-3", "", "many"])
def test_a_malformed_file_is_refused_and_nothing_is_lost(tmp_path: Path, cell: str) -> None:
    """The message names the line; the folder stays as it was."""
    folder = tmp_path / "record"
    taken(small.top(tmp_path, AUGUST, 1_000), folder, AUGUST, "top")
    before = contents(folder)
    bad = tmp_path / "bad.csv"
    bad.write_text(f"id,downloads\nQwen/one,5000\nQwen/two,{cell}\n")
    with pytest.raises(ContractError, match=r"bad\.csv, line 3"):
        taken(bad, folder, OCTOBER, "top")
    bad.write_bytes(b"PAR1")
    with pytest.raises(SourceError):
        taken(bad.rename(tmp_path / "bad.parquet"), folder, OCTOBER)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="is no reading: its columns are a, b"):
        taken(other, folder, OCTOBER)
    assert contents(folder) == before


@pytest.mark.slow
def test_a_part_is_refused(tmp_path: Path) -> None:
    """A list with fewer than three quarters of the rows of the one before needs the user's word."""
    folder = tmp_path / "record"
    taken(small.whole(tmp_path, JULY), folder, JULY)
    short = small.whole(tmp_path, AUGUST, rows=3)
    with pytest.raises(SourceError, match="looks like a part") as caught:
        taken(short, folder, AUGUST)
    assert "FORCE=1" in caught.value.remedy
    offered = intake.look(short, folder, day=AUGUST, said=request.extent_of("all"))
    assert intake.take(offered, folder, DEFINITIONS, anyway=True).is_new
    other = small.whole(tmp_path / "other", AUGUST)
    with pytest.raises(SourceError, match="another reading of 2024-08-28"):
        taken(other, folder, AUGUST)


@pytest.mark.slow
def test_a_day_that_the_file_contradicts_is_refused(tmp_path: Path) -> None:
    """A list holds no model of the future, and a crawl is of the day that its lines name."""
    folder = tmp_path / "record"
    with pytest.raises(SourceError, match=r"3 of the 9 models of .* were created later"):
        taken(small.whole(tmp_path, DECEMBER), folder, JULY)
    with pytest.raises(SourceError, match="was crawled on 2024-12-28, not on 2024-10-28"):
        taken(small.crawl(tmp_path, DECEMBER), folder, OCTOBER, "")
    assert taken(small.crawl(tmp_path, DECEMBER), folder, None, "").reading.day == "2024-12-28"


def test_a_crawl_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """The last line is no object any more."""
    file = small.crawl(tmp_path, OCTOBER)
    file.write_text(file.read_text()[:-20])
    with pytest.raises(ContractError, match="this is not JSON"):
        taken(file, tmp_path / "record", None, "")
    assert not (tmp_path / "record").exists()


@pytest.mark.slow
def test_a_file_is_the_reading_of_one_day(tmp_path: Path) -> None:
    """Under another date, or as another extent, it is refused, and the reading that it is is named."""
    folder, file = tmp_path / "record", small.top(tmp_path, AUGUST, 1_000)
    one = taken(file, folder, AUGUST, "top").reading
    before = contents(folder)
    for day, covers in ((OCTOBER, "top"), (AUGUST, "all"), (AUGUST, "top:7")):
        with pytest.raises(SourceError, match="reading of 2024-08-28, the most down") as caught:
            taken(file, folder, day, covers)
        assert str(folder / readings.FOLDER / one.id) in caught.value.remedy
    for covers in ("", "top", "top:60000"):
        assert not taken(file, folder, AUGUST, covers).is_new
    assert contents(folder) == before


@pytest.mark.parametrize("covers", ["all", "top", "top:12"])
def test_an_extent_that_a_file_contradicts_is_refused(tmp_path: Path, covers: str) -> None:
    """Of a crawl of namespaces nobody can say that it is a list; what is said is not passed over."""
    with pytest.raises(SourceError, match="chosen namespaces, not what COVERS says") as caught:
        taken(small.crawl(tmp_path, OCTOBER), tmp_path / "record", None, covers)
    assert caught.value.remedy == "leave COVERS away"
    assert not (tmp_path / "record").exists()


@pytest.mark.parametrize(
    ("covers", "known", "agrees"),
    [
        ("all", (request.WHOLE, 0), True),
        ("all", (request.HEAD, 7), False),
        ("top", (request.HEAD, 7), True),
        ("top:7", (request.HEAD, 7), True),
        ("top:7", (request.HEAD, request.SMALLEST), True),
        ("top:7", (request.HEAD, 8), False),
        ("top:7", (request.WHOLE, 0), False),
    ],
)
def test_what_an_extent_agrees_with(covers: str, known: tuple[str, int], agrees: bool) -> None:
    """A list of the most downloaded without a number may go down to any."""
    said = request.extent_of(covers)
    assert said is not None
    assert said.agrees(*known) == agrees


@pytest.mark.parametrize(
    ("name", "covers", "what"),
    [
        ("no.csv", "top", "there is no file"),
        ("top.csv", "tpo", "what COVERS=tpo means is not known"),
        ("top.csv", "top:", "what COVERS=top: means is not known"),
        ("top.csv", "top:²", "what COVERS=top:² means is not known"),
        ("top.csv", "", "covers is not known"),
        ("other.csv", "top", "is no reading"),
    ],
)
def test_what_is_asked_is_looked_at_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, covers: str, what: str
) -> None:
    """A missing file or a misspelt extent costs nobody a window."""

    def computed(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(editions.Edition, "present", computed)
    (tmp_path / "top.csv").write_text("id,downloads\nQwen/one,5\n")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    asked = ("--reading", tmp_path / name, "--date", "2024-08-28", "--covers", covers)
    done = invoke("record", *asked, "--out", tmp_path / "record")
    assert_one_message(done.exit_code, done.stderr, what)
    assert not (tmp_path / "record").exists()


@pytest.mark.slow
def test_dates_of_creation_alone_close_no_window(tmp_path: Path) -> None:
    """They are taken in and kept for the lists that come later: no failure."""
    file = tmp_path / "created.parquet"
    pd.DataFrame({"name": ["Qwen/one"], "created": [date(2024, 5, 1)]}).to_parquet(file)
    done = invoke("record", "--reading", file, "--out", tmp_path / "record")
    assert done.exit_code == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "any day, dates of creation, 1 row: new reading" in told
    assert "dates of creation alone close no window" in told


@pytest.mark.slow
def test_a_reading_counts_only_when_it_is_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed between the copy and its description leaves nothing that is read."""
    folder, file = tmp_path / "record", small.top(tmp_path, AUGUST, 1_000)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(readings, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            taken(file, folder, AUGUST, "top")
    assert readings.all_of(folder) == ()
    assert taken(file, folder, AUGUST, "top").is_new
    assert [one.id for one in readings.all_of(folder)] == ["2024-08-28-top"]


@pytest.mark.slow
def test_a_changed_file_is_refused(tmp_path: Path, edition: Edition) -> None:
    """Windows are computed from what was taken in, and from nothing else."""
    folder = tmp_path / "record"
    one = taken(small.top(tmp_path, AUGUST, 1_000), folder, AUGUST, "top").reading
    (folder / one.file).write_text("id,downloads\nQwen/one,1\n")
    with pytest.raises(HashMismatchError, match="2024-08-28-top"):
        renewal.renew(folder, edition)
    (folder / readings.FOLDER / one.id / readings.ABOUT).write_text("{}")
    with pytest.raises(ContractError, match="is damaged"):
        renewal.renew(folder, edition)


def test_an_empty_folder_is_said(tmp_path: Path, edition: Edition) -> None:
    """The remedy is a command."""
    with pytest.raises(StageOrderError, match="holds no reading") as caught:
        renewal.renew(tmp_path, edition)
    assert "make record READING=file" in caught.value.remedy


def test_an_edition_is_known_by_its_parts(tmp_path: Path, edition: Edition) -> None:
    """Each part has its key, and the copy has the keys of what was copied."""
    edition.keep(tmp_path)
    kept = Edition.kept(tmp_path, edition.keys)
    assert kept.keys == edition.keys
    other = tmp_path / "my.toml"
    packaged = edition.definitions_file.read_text(encoding="utf-8")
    other.write_text(packaged.replace("carry_days = 30", "carry_days = 20", 1), encoding="utf-8")
    changed = {n for n, key in Edition.present(other).keys.items() if key != edition.keys[n]}
    assert changed == {editions.DEFINITIONS}


def test_only_what_changed_makes_a_step(edition: Edition) -> None:
    """Parts change one after the other: code, definitions, attribution."""
    nothing = figures({}, [])
    some: list[str] = []
    old = edition.keys | {editions.ATTRIBUTION: "other", editions.CODE: "other"}
    made = editions.steps(edition, old, edition, lambda *_: some.append("computed") or nothing)
    assert [step.cause for step in made] == [editions.CODE, editions.ATTRIBUTION]
    assert len(some) == 2


# Windows of readings whose truth is known.


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, edition: Edition) -> Path:
    """A record of a list of all models and two lists of the most downloaded, taken in in order."""
    home = tmp_path_factory.mktemp("monthly")
    taken(small.whole(home, JULY), home / "record", JULY)
    renewal.renew(home / "record", edition)
    for day in (AUGUST, OCTOBER):
        taken(small.top(home, day, 30_000), home / "record", day, "top")
        renewal.renew(home / "record", edition)
    return home


@pytest.mark.slow
def test_shares_are_those_that_are_true(kept: Path) -> None:
    """Every window within a point of the truth; the days that no reading counts are filled by rule."""
    for day in (JULY, AUGUST, OCTOBER):
        home = kept / "record" / renewal.WINDOWS / str(day)
        shares = read_csv(home / renewal.SHARES).set_index("statistic")["point"]
        true = small.truth(date(2024, 6, 28), day)
        assert shares["China"] == pytest.approx(true["China"], abs=0.01)
        assert shares["USA"] == pytest.approx(true["USA"], abs=0.01)
        assert shares["total"] == pytest.approx(true["total"], rel=0.03)


@pytest.mark.slow
def test_what_is_not_known_is_empty_and_said(kept: Path) -> None:
    """No range of the records without a second list, or without a counter."""
    about = {
        day: read_json(kept / "record" / renewal.WINDOWS / str(day) / renewal.ABOUT)
        for day in (JULY, OCTOBER)
    }
    assert about[JULY]["unknown"] == [window.ONE_LIST, window.NO_COUNTERS]
    assert about[OCTOBER]["unknown"] == [window.NO_COUNTERS]
    assert about[OCTOBER]["covered_days"] == 30 + 30 + 30 + 1 - 0 - 1
    series = read_csv(kept / "record" / "shares.csv")
    assert series["records_lower"].isna().all()
    assert series["point"].notna().all()
    assert series.loc[series["statistic"] == "China", "bounds_upper"].notna().all()
    text = (kept / "record" / "README.md").read_text(encoding="utf-8")
    assert "not known" in text
    assert f"Not known: {window.NO_COUNTERS}." in text


@pytest.mark.slow
def test_the_changelog_says_why(kept: Path) -> None:
    """Causes add up; each window begins where the one before ended."""
    table = read_csv(kept / "record" / renewal.CHANGES)
    assert table["day"].unique().tolist() == ["2024-07-28", "2024-08-28", "2024-10-28"]
    later = table[table["before"].notna()]
    assert later[list(CAUSES)].sum(axis=1).to_numpy() == pytest.approx(
        later["change"].to_numpy(), abs=1e-8
    )
    china = table[table["name"] == "China"]
    assert china["before"].tolist()[1:] == china["after"].tolist()[:-1]
    lead = later[(later["name"] == "China − USA") & (later["day"] == "2024-10-28")]
    movers = later[(later["kind"] == changes.DEVELOPER) & (later["day"] == "2024-10-28")]
    assert movers["change"].sum() == pytest.approx(lead["change"].iloc[0], abs=1e-6)
    assert movers["name"].iloc[0] == "Alibaba (Qwen)"


@pytest.mark.slow
def test_the_order_in_which_readings_come_makes_no_difference(
    kept: Path, tmp_path: Path, edition: Edition
) -> None:
    """The same bytes of every file, though an older reading comes last, and after a kill in between."""
    folder = tmp_path / "record"
    for day in (OCTOBER, AUGUST):
        taken(kept / f"top-{day}.csv", folder, day, "top")
    said: list[str] = []

    def killed(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        renewal.renew(folder, edition, killed)
    renewal.renew(folder, edition)
    taken(kept / f"whole-{JULY}.parquet", folder, JULY)
    made = renewal.renew(folder, edition)
    assert [str(day) for day in made.computed] == ["2024-07-28", "2024-08-28", "2024-10-28"]
    assert contents(folder) == contents(kept / "record")
    assert renewal.renew(folder, edition).computed == ()
    assert contents(folder) == contents(kept / "record")


@pytest.mark.slow
def test_a_change_of_definitions_is_no_change_of_the_data(kept: Path, tmp_path: Path) -> None:
    """It is measured on the newest window, and named; readings add no part of it."""
    folder = tmp_path / "record"
    shutil.copytree(kept / "record", folder)
    own = tmp_path / "my.toml"
    packaged = PACKAGED.read_text(encoding="utf-8")
    before = "age_limit_days = 365 "
    assert before in packaged
    own.write_text(packaged.replace(before, "age_limit_days = 200 ", 1), encoding="utf-8")
    changed = Edition.present(own)
    made = renewal.renew(folder, changed)
    rows = made.changes[made.changes["event"] == changes.EDITION]
    assert set(rows["day"]) == {"2024-10-28"}
    total = rows.set_index("name").loc["total"]
    assert total["change"] < 0
    assert total["definitions"] == total["change"]
    assert total[NEW] == total["attribution"] == 0
    again = renewal.renew(folder, changed)
    assert again.computed == ()
    assert again.changes.equals(made.changes)


@pytest.mark.slow
def test_crawls_with_counters_give_a_range(tmp_path: Path, edition: Edition) -> None:
    """Counts and counters of the same models say how well counts rebuild downloads."""
    folder = tmp_path / "record"
    for day in (JULY, AUGUST, OCTOBER, DECEMBER):
        taken(small.whole(tmp_path, day, counters=True), folder, day)
    some = readings.all_of(folder)
    records = window.read(folder, some, edition.definitions)
    assert set(records.observations["kind"]) == {"thirty-day", "cumulative"}
    whole = window.span_of(some, DECEMBER)
    made = window.figures(records, whole, edition.definitions, edition.evidence)
    shares, true = made.shares.set_index("statistic"), small.truth(whole.start, whole.end)
    assert made.unknown == ()
    for side in ("China", "USA"):
        assert shares.loc[side, "point"] == pytest.approx(true[side], abs=0.01)
        assert shares.loc[side, "records_lower"] <= shares.loc[side, "point"]
        assert shares.loc[side, "records_upper"] >= shares.loc[side, "point"]


@pytest.mark.slow
def test_without_a_complete_list_no_share_is_known(tmp_path: Path, edition: Edition) -> None:
    """A crawl of chosen namespaces is kept until a list comes."""
    folder = tmp_path / "record"
    taken(small.crawl(tmp_path, OCTOBER), folder, None, "")
    made = renewal.renew(folder, edition)
    assert made.changes["after"].isna().all()
    assert window.NO_LIST in (folder / "README.md").read_text(encoding="utf-8")
    taken(small.whole(tmp_path, DECEMBER), folder, DECEMBER)
    shares = renewal.renew(folder, edition).changes
    assert shares.loc[shares["day"] == "2024-12-28", "after"].notna().all()


@pytest.mark.slow
def test_models_that_nothing_dates_are_no_young_models(tmp_path: Path, edition: Edition) -> None:
    """A list without dates of creation says nothing of age, unless a list of every model lacks a name."""
    taken(small.top(tmp_path, OCTOBER, 30_000), tmp_path / "record", OCTOBER, "top")
    some = readings.all_of(tmp_path / "record")
    alone = window.read(tmp_path / "record", some, DEFINITIONS)
    made = window.figures(alone, window.span_of(some, OCTOBER), DEFINITIONS, edition.evidence)
    assert made.unknown == (window.NO_BIRTHS,)
    assert made.shares["point"].isna().all()
    taken(small.whole(tmp_path, JULY), tmp_path / "record", JULY)
    both = window.read(tmp_path / "record", readings.all_of(tmp_path / "record"), DEFINITIONS)
    dated, part = window.with_dates(both)
    assert part == 0
    assert len(dated.models) == len(both.models)


@pytest.mark.slow
def test_the_command_takes_a_file_and_says_what_moved(tmp_path: Path) -> None:
    """Exit codes, the lines that say what was done, and a refusal with its remedy."""
    folder = tmp_path / "record"
    file = small.top(tmp_path, AUGUST, 1_000)
    asked = ("record", "--reading", str(file), "--date", "2024-08-28", "--out", str(folder))
    refused = replication(*asked)
    assert refused.returncode == 1
    assert "COVERS=top" in refused.stderr
    done = replication(*asked, "--covers", "top")
    assert done.returncode == 0, done.stderr
    assert "new reading" in done.stdout
    assert "1 window computed" in done.stdout
    assert f"not known: {window.NO_BIRTHS}" in " ".join(done.stdout.split())
    again = replication(*asked, "--covers", "top")
    assert again.returncode == 0
    assert "already there, nothing to take in" in again.stdout
    assert "all as it was" in again.stdout


@pytest.mark.parametrize(
    "asked",
    [
        ("--reading", "x.csv", "--all"),
        ("--reading", "x.csv", "--no-crawl"),
        ("--no-crawl", "--top", "5"),
        ("--date", "2024-09-20"),
        ("--covers", "top"),
        ("--force",),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    asked: tuple[str, ...], tmp_path: Path
) -> None:
    """Before anything is read or written."""
    done = invoke("record", *asked, "--out", str(tmp_path / "record"))
    assert done.exit_code == 2
    assert not (tmp_path / "record").exists()


@pytest.mark.slow
def test_a_crawl_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edition: Edition
) -> None:
    """Without a file the Hub is asked for its most downloaded models, by its real client."""
    with desk(tmp_path, monkeypatch, models=35) as place:
        assert commands._crawl(place.folder, edition, lambda _: None, (False, 20, "")) is None
    (one,) = readings.all_of(place.folder)
    assert (one.kind, one.rows) == (request.HEAD, 20)
    assert one.file == f"crawls/top-20/models/{one.day}/models.parquet"
    renewal.renew(place.folder, edition)
    assert (place.folder / renewal.CHANGES).is_file()


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_said(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there is brought up to date first; the exit code and the remedy say what is not."""

    def unreachable(*_: object, **__: object) -> None:
        raise HubError("the Hub cannot be reached", "check the network")

    monkeypatch.setattr(commands, "crawl", unreachable)
    nothing = invoke("record", "--out", str(tmp_path / "new"))
    assert "or take in a file: make record READING=file" in assert_one_message(
        nothing.exit_code, nothing.stderr, "cannot be reached"
    )
    folder = tmp_path / "record"
    shutil.copytree(kept / "record", folder)
    (folder / "README.md").unlink()
    some = invoke("record", "--out", str(folder))
    assert some.exit_code == 1
    assert contents(folder) == contents(kept / "record")


@pytest.mark.slow
def test_the_real_tables_give_the_window_that_the_package_carries(
    tmp_path: Path, edition: Edition
) -> None:
    """From the same readings, by the same days, every figure of the published window is the same."""
    records = real_records()
    counters = records.parent / "released" / "one_year_rolling.parquet"
    if not counters.is_file():
        pytest.skip("the study's released file is not beside the records")
    names = ["created.parquet", "hub_2024-07-11.parquet", "hf_models_2024-09-20.csv"]
    names += ["hub_top_2025-01-14.csv", "hub_top_2025-03-21.csv"]
    crawls = sorted(records.glob("osir-lmts/oslm-crawler/data/*/HuggingFace/raw-models-info.jsonl"))
    for file in [*(records / name for name in names), counters, *crawls]:
        day = date.fromisoformat(file.parts[-3]) if file in crawls else None
        assert intake.take(intake.look(file, tmp_path, day=day), tmp_path, DEFINITIONS).is_new
    about = DEFINITIONS.published_window
    tables = window.read(tmp_path, readings.all_of(tmp_path), DEFINITIONS)
    made = window.figures(tables, Span(about.start, about.end), DEFINITIONS, edition.evidence)
    carried = read_csv(ROOT / "results" / "window_answers.csv")[window.SHARES]
    pd.testing.assert_frame_equal(made.shares, carried, rtol=1e-8)


def test_readings_of_one_day_go_by_trust() -> None:
    """Readings are sorted by day, then by how far they are trusted."""
    one = readings.Reading(
        "2024-07-28-top", "2024-07-28", request.HEAD, "a.csv", "", 0, 0, "2024-06-29"
    )
    two = replace(one, id="2024-07-28-hub", kind=request.WHOLE, file="b.parquet")
    located = readings.located(Path("x"), [one, two])
    assert [part.record.id for part in located] == ["hub-2024-07-28", "top-2024-07-28"]
    assert [part.record.shape for part in located] == ["list", "top"]

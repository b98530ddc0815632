"""Each definition that a reader may change is changed in one place, and everything follows it."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import invoke
from own_definitions import TEXT
from small import synthetic_repositories

from replication.analysis import estimates, specification
from replication.analysis.cells import Repositories
from replication.analysis.weekly import judged_weeks
from replication.attribution import assign, registry, rules
from replication.definitions import Definitions, Variant, Window, load_definitions
from replication.errors import DefinitionError
from replication.kinds import BUNDLED
from replication.panel import increments, variants
from replication.panel.table import FACTS
from replication.pipeline import fetch_stage
from replication.plots import style
from replication.report import conditions, numbers, own, prose
from replication.run import ROOT, Run


def small(definitions: Definitions) -> Definitions:
    """The same definitions with few replicates."""
    rules = dataclasses.replace(definitions.inference, replicates=100, chunk=100)
    return dataclasses.replace(definitions, inference=rules)


CANADA = '\n[[country_group]]\nname = "Canada"\ncodes = ["CA"]\n'


def changed(folder: Path, *changes: tuple[str, str], added: str = "") -> Path:
    """The packaged definitions with each text replaced once, and more at their end."""
    text = TEXT
    for old, new in changes:
        assert old in text, f"definitions.toml no longer holds {old!r}"
        text = text.replace(old, new, 1)
    path = folder / "mine.toml"
    path.write_text(text + added, encoding="utf-8")
    return path


def both(path: Path) -> tuple[Definitions, Definitions]:
    """The definitions for the released file and for the whole Hub."""
    return load_definitions(path), load_definitions(path, whole=True)


def test_the_published_window_is_one_edit(tmp_path: Path) -> None:
    """Other days of it move every window that is its own, the labels, and the range of snapshots."""
    path = changed(
        tmp_path,
        ("start = 2024-08-27", "start = 2024-05-01"),
        ("end = 2025-08-27", "end = 2025-05-31"),
    )
    released, whole = both(path)
    days = (date(2024, 5, 1), date(2025, 5, 31))
    for definitions, window in ((released, "cohort-2025-08"), (whole, "rebuild-2025-08")):
        found = next(w for w in definitions.windows if w.id == window)
        assert (found.start, found.end) == days
        assert found.label.endswith("May 2024 – May 2025")
    assert released.at_window.windows[0].label == "The published window, May 2024 – May 2025"
    assert next(w for w in released.windows if w.id == "increments-2025-08").end == days[1]
    assert whole.snapshots.since == days[0] - timedelta(days=34)
    assert whole.snapshots.until == days[1] + timedelta(days=7)


def test_a_range_of_snapshots_may_be_stated(tmp_path: Path) -> None:
    """What the file states holds, whatever the window is."""
    path = changed(tmp_path, ("days_before = 34", "since = 2025-01-01\ndays_before = 34"))
    assert load_definitions(path).snapshots.since == date(2025, 1, 1)


def test_the_age_limit_is_one_edit(tmp_path: Path) -> None:
    """It is that of both sources, the first of the grid, and has its word for the text."""
    for definitions in both(changed(tmp_path, ("age_limit_days = 365", "age_limit_days = 180"))):
        assert definitions.panel.age_limit_days == 180
        assert definitions.grid.age_limits_days == (180, 365)
        assert definitions.young == "first-180-day"
    assert load_definitions().young == "first-year"
    labels = [w.label for w in load_definitions(tmp_path / "mine.toml").grid_windows]
    assert labels[-1] == "The same cohort, first 180 days to Feb 2026"


def test_an_age_limit_above_that_of_the_panel_is_a_choice_of_the_grid() -> None:
    """Increments are kept up to the oldest limit of the grid, and cut by each variant at its own."""
    born = pd.Timestamp("2025-03-01")
    days = [born + pd.Timedelta(days=n) for n in (5, 100, 200)]
    readings = pd.DataFrame(
        {"repository": "a", "reading": days, "created": born, "counter": [10, 30, 70]}
    )
    every = increments.first_year(readings, age_limit_days=365, birth_margin_days=7)
    window = Window("w", "increments", date(2025, 3, 1), date(2025, 12, 31), "W")
    totals = [
        int(variants.variant_total(every, [], Variant(window, limit, "as-read"))["a"])
        for limit in (180, 365)
    ]
    assert totals == [30, 70]


@pytest.mark.parametrize(("key", "whole"), [("headline", False), ("whole_hub.headline", True)])
def test_the_headline_is_one_edit(tmp_path: Path, key: str, whole: bool) -> None:
    """The numbers of the text are those of the headline that the definitions name."""
    section = TEXT.index(f"[{key}]")
    labels = TEXT.index("labels = ", section)
    line = TEXT[labels : TEXT.index("\n", labels)]
    other = 'labels = "registry"' if line == 'labels = "study"' else 'labels = "study"'
    path = tmp_path / "mine.toml"
    path.write_text(TEXT[:labels] + other + TEXT[labels + len(line) :], encoding="utf-8")
    definitions = load_definitions(path, whole=whole)
    assert f'labels = "{definitions.headline.labels}"' == other
    declared = prose.source(ROOT / "paper", prose.NUMBERS, whole=whole)
    found = {one.key: one.conditions for one in numbers._declared(declared, definitions)}
    assert found["head-china"]["labels"] == definitions.headline.labels
    assert found["head-china"]["estimand"] == definitions.headline.estimand
    assert {k: found["head-china"][k] for k in vars(definitions.headline)} == vars(
        definitions.headline
    )


@pytest.mark.parametrize("whole", [False, True])
def test_the_grid_holds_what_the_headline_chooses(tmp_path: Path, *, whole: bool) -> None:
    """A dimension that is cut to another choice keeps the headline's, as the age limit is kept."""
    cut = changed(
        tmp_path,
        ('attributions = ["uploader", "origin", "split", "maker"]', 'attributions = ["maker"]'),
        ('labels = ["study", "registry"]', 'labels = ["study"]'),
        ('attribution = "uploader"\nlabels = "study"', 'attribution = "split"\nlabels = "study"'),
    )
    definitions = load_definitions(cut, whole=whole)
    assert definitions.grid.attributions == ("maker", "split")
    assert definitions.credited == "its uploader and the developer of its base model, half each"
    for dimension, choice in specification.headline(definitions).choices.items():
        assert choice in specification.choices_of(definitions)[dimension]


def test_an_unknown_tracked_developer_is_refused_before_any_work(tmp_path: Path) -> None:
    """It would have no month, and its line no end."""
    mine = changed(tmp_path, ('developer = "Meta"', 'developer = "Metta"'))
    with pytest.raises(DefinitionError, match="does not hold: Metta"):
        fetch_stage.fetch(Run(BUNDLED, tmp_path / "out", mine), lambda _: None)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_new_group_is_one_table_of_the_definitions(tmp_path: Path) -> None:
    """Canada, split from Other, has its developers, its share, its place and a colour of its own."""
    definitions = load_definitions(changed(tmp_path, ('"CA", ', ""), added=CANADA))
    assert definitions.group_of["CA"] == definitions.groups[-1] == "Canada"
    facts = synthetic_repositories(definitions)
    mine = facts["uploader"] == "other-cn"
    for role in ("uploader", "origin"):
        facts[role] = facts[role].mask(mine, "CohereLabs")
        facts[f"study_group_{role}"] = facts[f"study_group_{role}"].mask(mine, "Other")
    stated = facts[[*FACTS, *(window.id for window in definitions.windows)]]
    table = assign.attributed(
        stated, registry.load(definitions.group_of), rules.load(), definitions.group_of
    )
    assert set(table.loc[mine, "registry_group_uploader"]) == {"Canada"}
    assert set(table.loc[mine, "study_group_uploader"]) == {"Other"}
    rows = estimates.estimate(Repositories(table, small(definitions)))
    head = rows[(rows["method"] == "bounds") & (rows["attribution"] == "uploader")]
    for labels, points in {"registry": (0.05, 0.0), "study": (0.0, 0.05)}.items():
        own = head[(head["labels"] == labels) & (head["estimand"] == definitions.windows[0].id)]
        groups = own.set_index("group")["point"]
        assert (groups["Canada"], groups["Other"]) == pytest.approx(points)
        places = [groups.index.get_loc(group) for group in definitions.groups]
        assert places == sorted(places)
    assert_has_a_colour(definitions)


def assert_has_a_colour(definitions: Definitions) -> None:
    """The first spare colour is Canada's in every figure by these definitions, and in no other."""
    colours = style.colours_of(definitions)
    assert colours["Canada"] == style.SPARE[0]
    assert len(set(colours.values())) == len(definitions.groups)
    with style.context(definitions):
        assert style.COLOURS["Canada"] == style.SPARE[0]
        assert style.text_colour("Canada") != style.COLOURS["China"]
    assert "Canada" not in style.COLOURS


@pytest.mark.slow
def test_a_group_of_the_study_cannot_go(tmp_path: Path) -> None:
    """Its labels name it: it is refused before any work, and may stay without countries."""
    gone = changed(tmp_path, ('name = "Lithuania"', 'name = "Baltics"'))
    with pytest.raises(DefinitionError, match="name the group 'Lithuania'") as caught:
        fetch_stage.fetch(Run(BUNDLED, tmp_path / "out", gone), lambda _: None)
    assert "codes = []" in caught.value.remedy
    assert not (tmp_path / "out").exists()
    empty = changed(tmp_path, ('codes = ["LT"]', "codes = []"), ('"LI", ', '"LI", "LT", '))
    assert load_definitions(empty).group_of["LT"] == "Rest of Europe"
    fetch_stage.fetch(Run(BUNDLED, tmp_path / "out", empty), lambda _: None)
    assert json.loads((tmp_path / "out" / "results" / "manifest.json").read_text())["rows"] > 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("age_limit_days = 365", "age_limit_days = 90", "panel.age_limit_days is 90"),
        ("end = 2025-08-27", "end = 2025-07-27", "2025-07-27, but the bundled panel"),
        ("age_limits_days = [365, 180]", "age_limits_days = [90]", "no downloads of"),
        ("carry_days = 60", "carry_days = 50", "fillings of the published window"),
        ("small_downloads = 50_000", "small_downloads = 5", "small_downloads of the published"),
        ('id = "increments-all"', 'id = "others"', "increments-all"),
        ('id = "telemetry"', 'id = "counters"', "telemetry"),
        ('"burst", "not-chosen"]', '"burst"]', "window without not-chosen"),
        ('exclusions = ["none", "telemetry"]', 'exclusions = ["telemetry"]', "must hold 'none'"),
        ("end = 2025-12-10", "end = 2025-01-10", "increments-2025-12 ends before it starts"),
    ],
)
def test_what_cannot_follow_is_refused_before_any_work(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """The bundled tables and the text say what they lack, and nothing is written."""
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError, match=said) as caught:
        fetch_stage.fetch(Run(BUNDLED, tmp_path / "out", path), lambda _: None)
    assert caught.value.remedy
    assert not (tmp_path / "out").exists()


def test_weeks_of_a_file_that_has_run_out_are_not_judged() -> None:
    """Thin sums at the end are left out, one in the middle is not, and a full series is judged whole."""
    sums = np.array([90.0, 100, 10, 110, 100, 20, 3])
    assert judged_weeks(sums, 0.25) == 5
    assert judged_weeks(sums, 0.0) == 7
    assert judged_weeks(np.array([5.0]), 0.25) == 1


def test_the_packaged_definitions_are_known_as_such(tmp_path: Path) -> None:
    """A copy with other words in its comments is the packaged one; one margin more is not."""
    same = changed(tmp_path, ("# Every definition", "# Each definition"))
    assert Run(BUNDLED, tmp_path, same).packaged
    other = changed(tmp_path, ("share_margin_points = 1.0", "share_margin_points = 2.0"))
    assert not Run(BUNDLED, tmp_path, other).packaged
    assert dataclasses.replace(load_definitions(), whole=False) == load_definitions()


@pytest.mark.slow
def test_a_run_says_what_it_defines_otherwise(tmp_path: Path) -> None:
    """Each change has its words, labels that follow have none, and the packaged one has nothing to say."""
    path = changed(
        tmp_path,
        ("age_limit_days = 365", "age_limit_days = 180"),
        ("share_margin_points = 1.0", "share_margin_points = 2.5"),
        ('"CA", ', ""),
        added=CANADA,
    )
    assert own.changes(load_definitions(path)) == [
        "panel.age_limit_days 180 in place of 365",
        "verdict.share_margin_points 2.5 in place of 1.0",
        "country_group with Canada",
        "country_group.Other.codes without CA",
    ]
    assert own.changes(load_definitions()) == own.changes(load_definitions(whole=True)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["paper.md", "supplement.md"])
def test_the_abstract_is_that_of_the_run(tmp_path: Path, name: str) -> None:
    """By other definitions it names them, and says which sentences were written for the committed run."""
    text = (ROOT / "paper" / name).read_text(encoding="utf-8")
    about = json.loads((ROOT / "results" / "manifest.json").read_text(encoding="utf-8"))
    (tmp_path / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    packaged = load_definitions()
    other = load_definitions(changed(tmp_path, ("level = 0.95", "level = 0.9")))
    for definitions, changed_run in ((packaged, False), (other, True)):
        front = prose.chosen(text, conditions.of(tmp_path, definitions)).split("---\n")[1]
        assert ("{{source:own}}" in front) == changed_run
        assert ("were written for the committed" in front) == changed_run
    assert own.differences(tmp_path, other) == ["inference.level 0.9 in place of 0.95"]
    (tmp_path / "manifest.json").write_text(json.dumps(about | {"sha256": "0" * 64, "title": "X"}))
    assert own.differences(tmp_path, packaged)[0].startswith("the data X (one_year_rolling")


CONCLUSIONS = {
    "paper": (
        "# The USA was ahead",
        "a majority, not the vast majority",
        "other choices turns the sign",
        "China is ahead in none of them",
        "decided by what nobody recorded",
        "the USA was ahead in every quarter",
        "turn the order",
        "near the one that we find",
    ),
    "supplement": (
        "does not decide who leads over the year",
        "attribution alone decides who leads",
        "concentration outweighs label error",
        "The lead depends on one developer",
        "The sign depends on the window",
        "turns it as well",
        "with the age limit of a year",
    ),
}
"""What holds by the packaged definitions, and need not by others."""


@pytest.mark.parametrize("name", CONCLUSIONS)
def test_a_conclusion_of_the_committed_run_is_not_that_of_another(name: str) -> None:
    """Of a run of its own the text gives the numbers, and does not say what they show."""
    text = (ROOT / "paper" / f"{name}.md").read_text(encoding="utf-8")
    names = set(re.findall(r"\{\{if:([\w-]+)\}\}", text))
    committed, own_text = (
        prose.chosen(text, dict.fromkeys(names, True) | {"own": is_own}) for is_own in (False, True)
    )
    for words in CONCLUSIONS[name]:
        assert words in committed
        assert words not in own_text
    assert "irst-year" not in prose.KEY.sub("", own_text)


@pytest.mark.parametrize("data", ["bundled", "snapshots"])
def test_records_need_counters_that_are_computed_anew(tmp_path: Path, data: str) -> None:
    """A folder of records goes with the public records or a released file, and with nothing else."""
    done = invoke("fetch", "--data", data, "--records", tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "--records" in done.stderr
    assert Run("a.parquet", tmp_path, records=tmp_path).window_from_records
    assert not Run("a.parquet", tmp_path).window_from_records

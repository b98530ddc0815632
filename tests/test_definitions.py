"""definitions.toml: every definition is read, checked, and refused with its name where it is wrong."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from own_definitions import TEXT, error, load, refusal

from replication.attribution import registry
from replication.definitions import PACKAGED, WINDOW, grid, load_definitions
from replication.errors import DefinitionError

LINES = TEXT.splitlines(keepends=True)
KEY = re.compile(r"(\w+) = ")
OPTIONAL = {"codes", "registry_class", "attributed", "colour", "read_until", "sha256", "mirrors"}
DAYS = {"start", "end"}
"""Days that a window takes from the published window where it states none."""
LAID = {"[whole_hub.headline]", "[whole_hub.grid]"}
"""Tables whose keys are laid over those of another table."""
ASSIGNMENTS = [n for n, line in enumerate(LINES) if KEY.match(line)]


def table_of(line: int) -> str:
    """Heading of the table in which a line stands."""
    return next(x.split("#")[0].strip() for x in reversed(LINES[:line]) if x.startswith("["))


def is_required(line: int) -> bool:
    """Whether the definitions are refused without this line."""
    key = LINES[line].split(" = ")[0]
    if table_of(line) in LAID:
        return False
    return key not in OPTIONAL | (DAYS if table_of(line) != "[published_window]" else set())


REQUIRED = [n for n in ASSIGNMENTS if is_required(n)]


def changed(old: str, new: str) -> str:
    """The packaged definitions with the first `old` replaced; `old` must be there."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def name_of(line: int) -> str:
    """Name of a parametrized case: the line and its key."""
    return f"{line + 1}-{LINES[line].split(' = ')[0]}"


def test_the_packaged_definitions_hold() -> None:
    """The packaged file has the study's windows, age limit and seed, each with its type."""
    definitions = load_definitions()
    first = definitions.windows[0]
    assert (first.kind, first.start, first.end) == (
        "increments",
        date(2025, 2, 26),
        date(2025, 8, 27),
    )
    assert definitions.panel.age_limit_days == 365
    assert isinstance(definitions.inference.seed, int)
    assert definitions.exclusions[0].kinds == ("telemetry",)


def test_the_definitions_cannot_be_changed_in_a_run() -> None:
    """A study is frozen: what one stage read, every stage reads."""
    definitions = load_definitions()
    with pytest.raises(dataclasses.FrozenInstanceError):
        definitions.panel.age_limit_days = 366  # type: ignore[misc]


def test_every_window_is_estimated_with_and_without_each_exclusion() -> None:
    """Estimands are all windows, then all windows without the telemetry counters."""
    definitions = load_definitions()
    windows = [w.id for w in definitions.windows]
    assert [e.id for e in definitions.estimands] == windows + [
        f"{w}-without-telemetry" for w in windows
    ]
    assert definitions.estimands[-1].label.endswith(", without telemetry counters")
    assert definitions.estimands[0].label == definitions.windows[0].label


def test_every_code_and_class_has_one_group() -> None:
    """Codes are ISO 3166-1 alpha-2, China holds its special regions, classes stand for nobody."""
    definitions = load_definitions()
    codes = {code for group in definitions.country_groups for code in group.codes}
    assert all(re.fullmatch("[A-Z]{2}", code) for code in codes)
    assert {definitions.group_of[code] for code in ("CN", "HK", "MO")} == {"China"}
    assert definitions.group_of["individual"] == "User"
    assert set(definitions.unattributed) == {"International / Online", "User", "Unknown"}
    assert len(set(definitions.groups)) == len(definitions.groups)


@pytest.mark.parametrize("line", REQUIRED, ids=name_of)
def test_a_missing_key_is_named(tmp_path: Path, line: int) -> None:
    """Without any one of its keys the file is refused, and the key is named."""
    said = refusal(tmp_path, "".join(LINES[:line] + LINES[line + 1 :]))
    assert f"has no {LINES[line].split(' = ')[0]}" in said


@pytest.mark.slow
@pytest.mark.parametrize("line", ASSIGNMENTS, ids=name_of)
def test_a_mistyped_key_is_named(tmp_path: Path, line: int) -> None:
    """A table in place of any one value is refused, and the key is named."""
    key = LINES[line].split(" = ")[0]
    said = refusal(tmp_path, "".join([*LINES[:line], f"{key} = {{}}\n", *LINES[line + 1 :]]))
    assert f"{key} = {{}} is not of type" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("age_limit_days = 365", 'age_limit_days = "365"'),
        ("age_limit_days = 365", "age_limit_days = true"),
        ("age_limit_days = 365", "age_limit_days = 365.0"),
        ("frozen_share = 0.99", 'frozen_share = "0.99"'),
        ("frozen_share = 0.99", "frozen_share = true"),
        ('kind = "increments"', "kind = 1"),
        ("start = 2025-02-26", 'start = "2025-02-26"'),
        ("start = 2025-02-26", "start = 2025-02-26T00:00:00"),
        ("start = 2025-02-26", "start = 00:00:00"),
        ('kinds = ["telemetry"]', 'kinds = "telemetry"'),
        ('kinds = ["telemetry"]', "kinds = [1]"),
        ("attributed = false", 'attributed = "no"'),
        ("attributed = false", "attributed = 0"),
    ],
)
def test_a_value_of_a_near_type_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """Text is no number, true is no 1, a moment is no day; the key and the value are named."""
    said = refusal(tmp_path, changed(old, new))
    assert new.split(" = ", maxsplit=1)[0] in said
    assert "is not of type" in said


def test_a_whole_number_may_stand_for_a_share(tmp_path: Path) -> None:
    """1 is a share as much as 1.0."""
    assert (
        load(tmp_path, changed("frozen_share = 0.99", "frozen_share = 1")).panel.frozen_share == 1
    )


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("[panel]", "[panel]\nage_limit = 365", "[panel]: unknown key age_limit"),
        ('kind = "increments"', 'kind = "increments"\nfinish = 1', "[[window]] 1: unknown key"),
        ("[panel]", "[pannel]", "unknown key pannel"),
        ("[time]\nsmoothing_weeks = 4", "", "no table time"),
        ("[paper]", "extra = 1\n[paper]", "unknown key extra"),
        ("[time]\nsmoothing_weeks = 4", "[[time]]\nsmoothing_weeks = 4", "[time] is not a table"),
    ],
)
def test_keys_and_tables_are_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    """An unknown, misspelt or missing table or key is named with its place."""
    assert named in refusal(tmp_path, changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("age_limit_days = 365", "age_limit_day = 365", "did you mean age_limit_days?"),
        ("carry_days = 60", "carry_day = 60", "did you mean carry_days?"),
        ("days_before = 34", "day_before = 34", "did you mean days_before?"),
        ("[family]", "[families]", "did you mean family?"),
        ("frozen_rules = [", "frozen = [", "did you mean frozen_rules?"),
        ("age_limit_days = 365", "age_limit_days = 365\nzzz = 1", "correct its spelling"),
        ('birth = "earliest"', 'birth = "early"', "write one of 'middle', 'earliest', 'latest'"),
        ('colour = "#D2402B"', 'colour = "red"', "write it like #12386E"),
        ('extent = ""', 'extent = "top 5"', 'write extent = "all" where the folder holds'),
    ],
)
def test_the_remedy_names_what_may_stand_there(
    tmp_path: Path, old: str, new: str, remedy: str
) -> None:
    """The nearest key to a misspelt one, and the choices or the form of a value."""
    assert remedy in error(tmp_path, changed(old, new)).remedy


@pytest.mark.slow
def test_definitions_are_read_without_the_heavy_libraries() -> None:
    """The package of the definitions imports no table and no array."""
    code = "import sys, replication.definitions; print({'pandas', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_every_credit_has_its_words() -> None:
    """Whom the headline may credit is said in words."""
    assert set(grid.CREDITED) == set(get_args(grid.Attribution))


def test_a_table_in_place_of_a_list_is_named(tmp_path: Path) -> None:
    """One table where a list of tables is due is refused with the way to write it."""
    text = PACKAGED.read_text(encoding="utf-8")
    head, _, rest = text.partition("[[exclusion]]")
    tail = rest[rest.index("[grid]") :]
    found = refusal(tmp_path, f'{head}[exclusion]\nid = "one"\n\n{tail}')
    assert "[[exclusion]] is not a list of tables" in found


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "increments-2025-12"', 'id = "increments-2025-08"', "increments-2025-08"),
        ('id = "telemetry"', 'id = "cohort-2025-08"', "cohort-2025-08"),
        ('codes = ["GB"]', 'codes = ["GB", "US"]', "country code in two groups: ['US']"),
        ('registry_class = "individual"', 'registry_class = "international"', "international"),
        ('name = "Asia"', 'name = "Lithuania"', "group used twice: ['Lithuania']"),
        (
            'kind = "cohort"',
            'kind = "cohorts"',
            "window.kind = 'cohorts' is not one of 'increments', 'cohort', 'rebuild'",
        ),
        ("end = 2025-12-10", "end = 2025-02-25", "ends before it starts"),
        ("replicates = 10_000", "replicates = 0", "replicates"),
        ("chunk = 500", "chunk = 0", "chunk"),
        ("level = 0.95", "level = 95", "level"),
        ("level = 0.95", "level = nan", "level"),
        ("frozen_share = 0.99", "frozen_share = 0.0", "frozen_share"),
        ("frozen_share = 0.99", "frozen_share = 99", "frozen_share"),
        ("age_limit_days = 365", "age_limit_days = 0", "age_limit"),
        ("age_limits_days = [365, 180]", "age_limits_days = [0]", "grid.age_limits_days"),
        ("thin_share = 0.25", "thin_share = 1.5", "thin_share"),
        (
            'colour = "#D2402B"',
            'colour = "red"',
            "[[country_group]] 1: country_group.colour = 'red'",
        ),
        ('colour = "#D2402B"', 'colour = "#12386E"', "colour used twice"),
        (
            'labels = "registry"\n\n[whole_hub.grid]',
            'labels = "ours"\n\n[whole_hub.grid]',
            "labels",
        ),
        ("smoothing_weeks = 4", "smoothing_weeks = 0", "smoothing_weeks"),
        ('estimand = "cohort-2025-08"', 'estimand = "cohort"', "headline.estimand"),
        ('attribution = "uploader"', 'attribution = "author"', "headline.attribution"),
        ('labels = "study"', 'labels = "ours"', "headline.labels"),
        ('within = "China"', 'within = "PRC"', "family.within"),
        ('name = "USA"', 'name = "United States"', "China and USA"),
        ('registry_class = "unknown"', 'registry_class = "nobody"', "registry_class = 'unknown'"),
    ],
)
def test_values_that_do_not_hold_together_are_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    """Repeated ids, a code in two groups and values out of range are refused by name."""
    assert named in refusal(tmp_path, changed(old, new))


def test_a_window_of_one_day_is_a_window(tmp_path: Path) -> None:
    """A window may start and end on the same day."""
    definitions = load(tmp_path, changed("end = 2025-12-10", "end = 2025-02-26"))
    assert definitions.windows[1].start == definitions.windows[1].end


def test_text_that_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    """A slip of the pen is found by its line."""
    assert "line 2" in refusal(tmp_path, "[paper]\ntitle = \n")


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    """A file in another encoding is named."""
    path = tmp_path / "mine.toml"
    path.write_bytes("[paper]\ntitle = “x”".encode("utf-16"))
    with pytest.raises(DefinitionError, match=r"mine\.toml is in UTF-16, not in UTF-8"):
        load_definitions(path)


@pytest.mark.parametrize("name", ["absent.toml", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder in its place, is named with the option to correct."""
    with pytest.raises(DefinitionError) as caught:
        load_definitions(tmp_path / name)
    assert str(tmp_path / name) in caught.value.what
    assert "--definitions" in caught.value.remedy


def test_the_published_window_has_its_definitions() -> None:
    """A year to the study's date, by uploader and registry, with rules of filling and of capture."""
    definitions = load_definitions()
    about = definitions.published_window
    assert (about.start, about.end) == (date(2024, 8, 27), date(2025, 8, 27))
    assert (about.attribution, about.labels) == ("uploader", "registry")
    assert about.small_downloads > 0
    assert set(about.exclusions) <= {exclusion.id for exclusion in definitions.exclusions}
    assert (definitions.fillings[0].id, definitions.fillings[0].carry_days) == ("standard", 30)
    assert len({rule.id for rule in definitions.fillings}) == len(definitions.fillings)
    assert {rule.between for rule in definitions.fillings} == {"linear", "geometric"}
    assert {rule.birth for rule in definitions.fillings} == {"earliest", "middle", "latest"}
    assert definitions.capture.rules == ("proportion", "level", "none")
    assert definitions.capture.min_followed == pytest.approx(0.3)


def test_tracked_developers_are_those_of_the_registry() -> None:
    """A developer whose months are shown has namespaces, and no two have one name for readers."""
    definitions = load_definitions()
    tracked = definitions.tracked
    known = {row.developer for row in registry.load(definitions.group_of).developers}
    assert {one.developer for one in tracked} <= known
    assert len({one.name for one in tracked}) == len(tracked)
    assert len({one.developer for one in tracked}) == len(tracked)


def test_the_published_window_takes_the_place_of_the_windows() -> None:
    """Its three measures are windows of their own dates; everything else is as it was."""
    definitions = load_definitions()
    found = definitions.at_window
    own = definitions.published_window.id
    assert [w.id for w in found.windows] == [own, f"{own}-uncorrected", f"{own}-seen"]
    assert {(w.kind, w.start, w.end) for w in found.windows} == {
        (WINDOW, definitions.published_window.start, definitions.published_window.end)
    }
    assert found.windows[0].label == definitions.published_window.label
    assert len({w.label for w in found.windows}) == 3
    assert found.inference.replicates == definitions.published_window.replicates
    assert found.inference.seed == definitions.inference.seed
    unchanged = {
        "panel",
        "fillings",
        "capture",
        "tracked",
        "country_groups",
        "grid",
        "published_window",
    }
    assert all(getattr(found, name) == getattr(definitions, name) for name in unchanged)


def test_the_headline_of_the_published_window() -> None:
    """The corrected measure, credited as the window's definitions say."""
    definitions = load_definitions()
    found = definitions.at_window
    head = found.headline
    assert (head.estimand, head.attribution, head.labels) == (
        definitions.published_window.id,
        definitions.published_window.attribution,
        definitions.published_window.labels,
    )
    assert found.headline_estimand.window == found.windows[0]
    assert found.headline_estimand.exclusion is None


def test_exclusions_of_the_published_window_are_of_its_headline_alone() -> None:
    """Each is estimated once more without its kinds; the other measures are estimated as they are."""
    definitions = load_definitions()
    found, own = definitions.at_window, definitions.published_window.id
    names = [
        x.id for x in definitions.exclusions if x.id in definitions.published_window.exclusions
    ]
    assert [x.id for x in found.estimated_exclusions] == names
    assert [e.id for e in found.estimands] == [
        *(w.id for w in found.windows),
        *(f"{own}-without-{name}" for name in names),
    ]
    assert not [x for x in definitions.estimated_exclusions if x.id == "automated"]


@pytest.mark.parametrize("table", ["published_window", "capture"])
@pytest.mark.parametrize("place", ["", "more."])
def test_a_missing_table_of_the_window_is_named(tmp_path: Path, table: str, place: str) -> None:
    """Without it, or with it under another name, the definitions are refused."""
    text = changed(f"\n[{table}]\n", f"\n[{place}{table}]\n" if place else f"\n[{table}s]\n")
    said = refusal(tmp_path, text)
    assert ("unknown key more" if place else f"unknown key {table}s") in said


@pytest.mark.parametrize(("table", "key"), [("filling", "id"), ("tracked", "name")])
def test_lists_of_tables_of_the_window_are_lists(tmp_path: Path, table: str, key: str) -> None:
    """One table where a list is due is refused with the way to write it."""
    kept = re.sub(rf"\[\[{table}\]\]\n(?:\w+ = .*\n)+", "", TEXT)
    said = refusal(tmp_path, f'{kept}\n[{table}]\n{key} = "one"\n')
    assert f"[[{table}]] is not a list of tables" in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("carry_days = 30", 'carry_days = "30"'),
        ("carry_days = 30", "carry_days = 30.0"),
        ("min_followed = 0.3", 'min_followed = "0.3"'),
        ('rules = ["proportion", "level", "none"]', 'rules = "proportion"'),
        ('exclusions = ["telemetry", "automated"', 'exclusions = [1, "automated"'),
        ("small_downloads = 50_000", "small_downloads = true"),
        ('birth = "middle"', "birth = 2025-01-01"),
        ('developer = "DeepSeek"', "developer = 1"),
    ],
)
def test_a_value_of_the_window_of_a_near_type_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    """Text is no number and a number no text; the key is named."""
    said = refusal(tmp_path, changed(old, new))
    assert new.split(" = ", maxsplit=1)[0] in said
    assert "is not of type" in said


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('birth = "middle"', 'birth = "middle"\nborn = 1', "[[filling]] 1: unknown key born"),
        ("min_followed = 0.3", "min_followed = 0.3\nmost = 1", "[capture]: unknown key most"),
        (
            "small_downloads = 50_000",
            "small_downloads = 1\nlarge = 2",
            "[published_window]: unknown key",
        ),
        ('developer = "DeepSeek"', 'developer = "x"\ncountry = "y"', "[[tracked]] 2: unknown key"),
    ],
)
def test_an_unknown_key_of_the_window_is_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    """With the table, and with its number where there are several."""
    assert named in refusal(tmp_path, changed(old, new))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            'between = "linear"',
            'between = "cubic"',
            "[[filling]] 1: filling.between = 'cubic' is not one of 'linear', 'geometric', 'nearest'",
        ),
        (
            'birth = "middle"',
            'birth = "whenever"',
            "filling.birth = 'whenever' is not one of 'middle', 'earliest', 'latest'",
        ),
        ("carry_days = 30", "carry_days = -1", "[[filling]] 1: filling.carry_days = -1"),
        ('id = "no-carry"', 'id = "standard"', "filling used twice: ['standard']"),
        ('id = "no-carry"', 'id = "no/carry"', "[[filling]] 2: filling.id = 'no/carry'"),
        (
            'exclusions = ["telemetry", "automated"',
            'exclusions = ["telemetri", "automated"',
            "['telemetri']",
        ),
        (
            '["proportion", "level", "none"]',
            '["proportional"]',
            "capture.rules = 'proportional' is not one of 'proportion', 'level', 'none'",
        ),
        ('["proportion", "level", "none"]', "[]", "capture.rules = [] holds nothing"),
        (
            '["proportion", "level", "none"]',
            '["level", "level"]',
            "capture.rules names 'level' twice",
        ),
        (
            "min_followed = 0.3",
            "min_followed = 30",
            "capture.min_followed = 30 must lie between 0 and 1",
        ),
        ("small_downloads = 50_000", "small_downloads = -1", "published_window.small_downloads"),
        (
            "replicates = 2_000           # for each",
            "replicates = 0 # for each",
            "published_window.replicates",
        ),
        (
            'label = "The published window',
            'start = 1\nlabel = "The published window',
            "is not TOML",
        ),
    ],
)
def test_values_of_the_window_that_do_not_hold_together_are_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    """Words that no rule has, an exclusion that is not defined, and values out of range."""
    assert named in refusal(tmp_path, changed(old, new))


def test_a_window_that_ends_before_it_starts_is_refused(tmp_path: Path) -> None:
    """Both days of the published window are named."""
    head, _, rest = TEXT.partition("\n[published_window]\n")
    wrong = rest.replace("end = 2025-08-27", "end = 2024-08-27", 1)
    said = refusal(tmp_path, f"{head}\n[published_window]\n{wrong}")
    assert "[published_window]: start must lie before end" in said


@pytest.mark.parametrize("taken", ["cohort-2025-08", "telemetry", "study"])
def test_the_published_window_has_an_id_of_its_own(tmp_path: Path, taken: str) -> None:
    """It is that of no other window, exclusion or published cell."""
    said = refusal(tmp_path, changed('id = "window-2025-08"', f'id = "{taken}"'))
    assert f"id used twice: ['{taken}']" in said

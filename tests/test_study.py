"""study.toml: every definition is read, checked, and refused with its name where it is wrong."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

from replication import study as definitions
from replication.errors import StudyError

TEXT = definitions.DEFAULT.read_text(encoding="utf-8")
LINES = TEXT.splitlines(keepends=True)
KEY = re.compile(r"(\w+) = ")
OPTIONAL = {"codes", "class", "attributed", "read_until", "sha256", "mirrors"}
ASSIGNMENTS = [n for n, line in enumerate(LINES) if KEY.match(line)]
REQUIRED = [n for n in ASSIGNMENTS if LINES[n].split(" = ")[0] not in OPTIONAL]


def load(folder: Path, text: str) -> definitions.Study:
    """Load `text` as a study of the reader's own, called mine.toml."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return definitions.load(path)


def changed(old: str, new: str) -> str:
    """The packaged definitions with the first `old` replaced; `old` must be there."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def refusal(folder: Path, text: str) -> str:
    """What is said of `text`: one line that names the file, and a remedy."""
    with pytest.raises(StudyError) as caught:
        load(folder, text)
    assert "mine.toml" in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy
    return caught.value.what


def name_of(line: int) -> str:
    """Name of a parametrized case: the line and its key."""
    return f"{line + 1}-{LINES[line].split(' = ')[0]}"


def test_the_packaged_definitions_hold() -> None:
    """The packaged file has the study's windows, age limit and seed, each with its type."""
    study = definitions.load()
    first = study.windows[0]
    assert (first.kind, first.start, first.end) == (
        "increments",
        date(2025, 2, 26),
        date(2025, 8, 27),
    )
    assert study.panel.age_limit_days == 365
    assert isinstance(study.inference.seed, int)
    assert study.exclusions[0].kinds == ("telemetry",)


def test_the_definitions_cannot_be_changed_in_a_run() -> None:
    """A study is frozen: what one stage read, every stage reads."""
    study = definitions.load()
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.panel.age_limit_days = 366  # type: ignore[misc]


def test_every_window_is_estimated_with_and_without_each_exclusion() -> None:
    """Estimands are all windows, then all windows without the telemetry counters."""
    study = definitions.load()
    windows = [w.id for w in study.windows]
    assert [e.id for e in study.estimands] == windows + [f"{w}-without-telemetry" for w in windows]
    assert study.estimands[-1].label.endswith(", without telemetry counters")
    assert study.estimands[0].label == study.windows[0].label


def test_every_code_and_class_has_one_group() -> None:
    """Codes are ISO 3166-1 alpha-2, China holds its special regions, classes stand for nobody."""
    study = definitions.load()
    codes = {code for group in study.country_groups for code in group.codes}
    assert all(re.fullmatch("[A-Z]{2}", code) for code in codes)
    assert {study.group_of[code] for code in ("CN", "HK", "MO")} == {"China"}
    assert study.group_of["individual"] == "User"
    assert set(study.unattributed) == {"International / Online", "User", "Unknown"}
    assert len(set(study.groups)) == len(study.groups)


@pytest.mark.parametrize("line", REQUIRED, ids=name_of)
def test_a_missing_key_is_named(tmp_path: Path, line: int) -> None:
    """Without any one of its keys the file is refused, and the key is named."""
    said = refusal(tmp_path, "".join(LINES[:line] + LINES[line + 1 :]))
    assert f"has no {LINES[line].split(' = ')[0]}" in said


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
        ('kind = "increments"', 'kind = "increments"\nfinish = 1', "[estimand 1]: unknown key"),
        ("[panel]", "[pannel]", "unknown key pannel"),
        ("[time]\nsmoothing_weeks = 4", "", "no table time"),
        ("[study]", "extra = 1\n[study]", "unknown key extra"),
        ("[time]\nsmoothing_weeks = 4", "[[time]]\nsmoothing_weeks = 4", "[time] is not a table"),
    ],
)
def test_keys_and_tables_are_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    """An unknown, misspelt or missing table or key is named with its place."""
    assert named in refusal(tmp_path, changed(old, new))


def test_a_table_in_place_of_a_list_is_named(tmp_path: Path) -> None:
    """One table where a list of tables is due is refused with the way to write it."""
    text = definitions.DEFAULT.read_text(encoding="utf-8")
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
        ('class = "individual"', 'class = "international"', "international"),
        ('name = "Asia"', 'name = "Lithuania"', "group used twice: ['Lithuania']"),
        ('kind = "cohort"', 'kind = "cohorts"', "kind of an estimand"),
        ("end = 2025-08-27", "end = 2025-02-25", "ends before it starts"),
        ("replicates = 10_000", "replicates = 0", "replicates"),
        ("chunk = 500", "chunk = 0", "chunk"),
        ("level = 0.95", "level = 95", "level"),
        ("level = 0.95", "level = nan", "level"),
        ("frozen_share = 0.99", "frozen_share = 0.0", "frozen_share"),
        ("frozen_share = 0.99", "frozen_share = 99", "frozen_share"),
        ("age_limit_days = 365", "age_limit_days = 0", "age_limit_days"),
        ("smoothing_weeks = 4", "smoothing_weeks = 0", "smoothing_weeks"),
        ('estimand = "cohort-2025-08"', 'estimand = "cohort"', "headline.estimand"),
        ('attribution = "uploader"', 'attribution = "author"', "headline.attribution"),
        ('labels = "study"', 'labels = "ours"', "headline.labels"),
        ('within = "China"', 'within = "PRC"', "family.within"),
        ('name = "USA"', 'name = "United States"', "China and USA"),
    ],
)
def test_values_that_do_not_hold_together_are_named(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    """Repeated ids, a code in two groups and values out of range are refused by name."""
    assert named in refusal(tmp_path, changed(old, new))


def test_a_window_of_one_day_is_a_window(tmp_path: Path) -> None:
    """A window may start and end on the same day."""
    study = load(tmp_path, changed("end = 2025-08-27", "end = 2025-02-26"))
    assert study.windows[0].start == study.windows[0].end


def test_text_that_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    """A slip of the pen is found by its line."""
    assert "line 2" in refusal(tmp_path, "[study]\ntitle = \n")


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    """A file in another encoding is named."""
    path = tmp_path / "mine.toml"
    path.write_bytes("[study]\ntitle = “x”".encode("utf-16"))
    with pytest.raises(StudyError, match=r"mine\.toml is not TOML"):
        definitions.load(path)


@pytest.mark.parametrize("name", ["absent.toml", ""])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    """A missing file, or a folder in its place, is named with the option to correct."""
    with pytest.raises(StudyError) as caught:
        definitions.load(tmp_path / name)
    assert str(tmp_path / name) in caught.value.what
    assert "--study" in caught.value.remedy

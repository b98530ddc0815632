"""Traces of runs, and what differs between two of them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import assert_one_message, contents, invoke, small_definitions
from rich.console import Console

from replication import run_record
from replication.cli import comparison
from replication.definitions import load_definitions
from replication.files import sha256_file
from replication.run import ROOT, Run
from replication.sources import bundled
from replication.validation import compare

ANSWERS = "statistic,point,records_lower,records_upper\n"
ESTIMATES = "estimand,attribution,labels,group,point\n"
CLAIMS = "id,estimate,answer,survives,turned_by\n"
MADE: dict[str, Any] = {
    "format": run_record.FORMAT,
    "version": "1.0",
    "source": "bundled",
    "files": {"definitions.toml": "a" * 64, "registry.csv": "b" * 64, "claims.toml": "c" * 64},
    "inputs": {"data rows": 3, "data sha256": "d" * 64},
    "definitions": {
        "headline.estimand": "cohort",
        "headline.attribution": "uploader",
        "headline.labels": "study",
        "published_window.id": "year",
        "published_window.attribution": "uploader",
        "published_window.labels": "registry",
        "verdict.share_margin_points": 1.0,
        "country_group.China.codes": ["CN", "HK", "MO"],
    },
    "evidence": {"registry.csv": {"Lab": {"country": "CN", "sector": "company"}}},
}
TABLES = {
    "window_answers.csv": ANSWERS + "China,0.15,0.11,0.18\nUSA,0.27,0.21,0.34\n",
    "window_estimates.csv": ESTIMATES
    + "year,uploader,registry,China,0.15\nyear,uploader,study,China,0.5\n",
    "estimates.csv": ESTIMATES
    + "cohort,uploader,study,China,0.40\ncohort,uploader,study,China / USA,2\n",
    "claims.csv": CLAIMS
    + "share,15.0,reproduced,fragile,without Lab\nlead,from 2025-07,contradicted,robust,\n",
}


def finished_run(folder: Path, **changed: Any) -> Path:
    """Write a synthetic run, with other values of its trace."""
    results = folder / "results"
    results.mkdir(parents=True)
    for name, text in TABLES.items():
        (results / name).write_text(text, encoding="utf-8")
    write_trace(folder, MADE | changed)
    return folder


def write_trace(folder: Path, made: Any) -> None:
    """Write a trace as JSON."""
    (folder / "results" / run_record.NAME).write_text(json.dumps(made), encoding="utf-8")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two runs that are the same."""
    return finished_run(tmp_path / "a"), finished_run(tmp_path / "b")


def differences(pair: tuple[Path, Path]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Rows that differ, by the title of their table."""
    found = compare.sections(*map(compare.load, pair))
    return {section.title: section.rows for section in found if section.rows}


def edit(folder: Path, name: str, change: Callable[[str], str]) -> None:
    """Change the text of a result."""
    path = folder / "results" / name
    old = path.read_text(encoding="utf-8")
    new = change(old)
    assert new != old
    path.write_text(new, encoding="utf-8")


def test_a_run_is_the_same_as_itself(pair: tuple[Path, Path]) -> None:
    """Nothing differs, by folder or by results, and the command says so with exit code 0."""
    assert differences(pair) == {}
    done = invoke("compare", pair[0], pair[1] / "results")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "the two runs are the same" in done.stdout
    assert "\x1b" not in done.stdout


def test_what_made_them_is_shown(tmp_path: Path) -> None:
    """A definition, a row of the registry, data, version and commit: old and new value."""
    old = finished_run(tmp_path / "a")
    definitions = MADE["definitions"] | {"verdict.share_margin_points": 2.0, "new.key": "x"}
    rows = {
        "registry.csv": {"Lab": {"country": "US", "sector": "company"}, "New": {"country": "FR"}}
    }
    files = MADE["files"] | {"definitions.toml": "e" * 64, "registry.csv": "f" * 64}
    new = finished_run(
        tmp_path / "b",
        version="1.1",
        commit="1" * 40,
        source="file",
        files=files,
        inputs={"data rows": 4, "data sha256": "9" * 64},
        definitions=definitions,
        evidence=rows,
    )
    assert differences((old, new)) == {
        "Made by": (("version", "1.0", "1.1"), ("commit", "—", "1" * 40), ("source", "bundled", "file")),
        "Definitions": (("verdict.share_margin_points", "1.0", "2.0"), ("new.key", "—", "x")),
        "Evidence": (
            ("registry.csv", "Lab", "country", "CN", "US"),
            ("registry.csv", "New", "whole row", "—", "FR"),
        ),
        "Inputs": (("data rows", "3", "4"), ("data sha256", "dddddddddddd…", "999999999999…")),
        "Tables of results": (("run.json", "differs"),),
    }  # fmt: skip


def test_what_counts_for_nothing_is_told_as_that(tmp_path: Path) -> None:
    """Comments, notes and other files are named where no value that counts differs."""
    files = {"definitions.toml": "1" * 64, "registry.csv": "2" * 64, "claims.toml": "3" * 64}
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", files=files)
    found = differences(pair)
    assert found["Definitions"] == (("definitions.toml", "comments or order alone", ""),)
    assert found["Evidence"] == (
        ("registry.csv", "", "notes, sources or order alone", "", "differs"),
        ("claims.toml", "", "content", "", "differs"),
    )


def test_what_came_out_is_shown_in_points(pair: tuple[Path, Path]) -> None:
    """The headline, answers and shares that moved, by how much; ratios and other choices are left out."""
    new = pair[1]
    edit(new, "window_answers.csv", lambda t: t.replace("China,0.15,0.11", "China,0.1388,0.10"))
    edit(new, "window_estimates.csv", lambda t: t.replace("0.15", "0.1388").replace("0.5", "0.7"))
    edit(new, "estimates.csv", lambda t: t.replace("0.40", "0.4000001").replace("USA,2", "USA,3"))
    edit(new, "claims.csv", lambda t: t.replace("15.0,reproduced", "0.0,contradicted"))
    found = differences(pair)
    assert found["Headline (percent)"][0] == (
        "China", "15.00 (11.00 to 18.00)", "13.88 (10.00 to 18.00)", "-1.12",
    )  # fmt: skip
    assert found["Headline (percent)"][1][3] == "+0.00"
    assert found["Claims"] == (
        ("share", "15.00", "0.00", "-15.00", "reproduced, fragile, without Lab",
         "contradicted, fragile, without Lab"),
    )  # fmt: skip
    assert found["Country shares (percent)"] == (
        ("year", "China", "15.00", "13.88", "-1.12"),
        ("cohort", "China", "40.00", "40.00", "+0.000010"),
    )
    assert [name for name, _ in found["Tables of results"]] == sorted(TABLES)


def test_other_choices_of_the_headline_are_followed(tmp_path: Path) -> None:
    """Each run's shares are those of its own headline."""
    definitions = MADE["definitions"] | {"published_window.labels": "study"}
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", definitions=definitions)
    shares = differences(pair)["Country shares (percent)"]
    assert shares == (("year", "China", "15.00", "50.00", "+35.00"),)


def test_runs_of_the_whole_hub(tmp_path: Path) -> None:
    """They have no window of records: their headline is that of the estimates."""
    pair = [finished_run(tmp_path / name, source="snapshots") for name in "ab"]
    for folder in pair:
        for name in ("window_answers.csv", "window_estimates.csv"):
            (folder / "results" / name).unlink()
    assert differences((pair[0], pair[1])) == {}
    edit(pair[1], "estimates.csv", lambda text: text.replace("0.40", "0.30"))
    found = differences((pair[0], pair[1]))
    assert found["Headline (percent)"] == (("China", "40.00", "30.00", "-10.00"),)


def test_long_lists_show_their_changes() -> None:
    """Of a group of forty countries just the one that moved is shown."""
    codes = [f"c{n}" for n in range(40)]
    assert compare._shown(codes, [*codes[1:], "new"]) == ("c0", "new")
    assert compare._shown(["a"], ["a", "b"]) == ("a", "a, b")


def test_many_rows_are_cut_and_counted(tmp_path: Path) -> None:
    """A terminal is not flooded, and --all prints every row."""
    definitions = MADE["definitions"] | {f"key.{n}": n for n in range(comparison.SHOWN + 5)}
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", definitions=definitions)
    short, full = (invoke("compare", *pair, *options).stdout for options in ([], ["--all"]))
    assert "and 5 more: --all" in short
    assert "key.44" not in short
    assert "key.44" in full


def test_a_terminal_gets_tables(pair: tuple[Path, Path]) -> None:
    """There are rules and no markup is read; a pipe gets aligned plain text."""
    edit(pair[1], "claims.csv", lambda text: text.replace("without Lab", "[red]without[/] Lab"))
    console = Console(force_terminal=True, width=140, record=True)
    with console.capture() as told:
        assert not comparison.show(*pair, console)
    assert "─" in told.get()
    assert "[red]without[/] Lab" in told.get()
    piped = invoke("compare", *pair).stdout
    assert "─" not in piped
    assert re.search(r"^  share +15\.00 +15\.00 +\+0\.00 +reproduced", piped, flags=re.MULTILINE)


def refusal(*folders: Path) -> tuple[str, str]:
    """Message and remedy of a comparison that cannot be made."""
    done = invoke("compare", *folders)
    remedy = assert_one_message(done.exit_code, done.stderr, "")
    assert done.stdout == ""
    return done.stderr, remedy


def test_what_is_no_run_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """No folder, no run in it, and a run that left no trace are three messages."""
    good, bad = pair
    assert "there is no folder" in refusal(good, tmp_path / "absent")[0]
    assert "there is no folder" in refusal(good, good / "results" / "claims.csv")[0]
    (tmp_path / "empty").mkdir()
    said, remedy = refusal(tmp_path / "empty", good)
    assert "holds no finished run" in said
    assert "make all" in remedy
    (bad / "results" / run_record.NAME).unlink()
    assert "of an older version" in refusal(good, bad)[0]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": 1}', '{"format": 99}'])
def test_a_damaged_trace_is_refused(pair: tuple[Path, Path], text: str) -> None:
    """What is not a trace of this version is named."""
    (pair[1] / "results" / run_record.NAME).write_text(text, encoding="utf-8")
    assert "run.json" in refusal(*pair)[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("definitions", []),
        ("inputs", "x"),
        ("files", None),
        ("source", 1),
        ("evidence", None),
        ("evidence", {"registry.csv": []}),
        ("evidence", {"registry.csv": {"Lab": "CN"}}),
    ],
)
def test_a_trace_edited_by_hand_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    """A value of another kind than the trace has is no trace."""
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", **{key: value})
    assert "run.json is damaged" in refusal(*pair)[0]


def test_what_a_trace_holds_moves_no_cursor(tmp_path: Path) -> None:
    """Control characters of a trace are not printed."""
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", version="[b]2\x1b[2J")
    said = invoke("compare", *pair).stdout
    assert "\x1b" not in said
    assert "[b]2\ufffd[2J" in said


@pytest.mark.parametrize("name", TABLES)
def test_results_that_do_not_fit_are_refused(pair: tuple[Path, Path], name: str) -> None:
    """A missing table, and one with other columns, are one message."""
    path = pair[1] / "results" / name
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert "do not fit" in refusal(*pair)[0]
    path.unlink()
    assert f"{name} is missing" in refusal(*pair)[0]


def test_other_kinds_of_sources_are_refused(tmp_path: Path) -> None:
    """The whole Hub and its released head are not put side by side."""
    pair = finished_run(tmp_path / "a"), finished_run(tmp_path / "b", source="snapshots")
    assert "is of bundled and" in refusal(*pair)[0]


def fetched(out: Path, **changed: Any) -> Run:
    """A bundled run as it is before its trace."""
    run = Run("bundled", out, **changed)
    bundled.fetch(run.source)
    return run


def test_the_trace_is_the_same_on_every_machine(tmp_path: Path) -> None:
    """Two folders give the same bytes, without a path, a time or a commit."""
    first, second = (run_record.write(fetched(tmp_path / name)) for name in ("one", "two"))
    text = first.read_text(encoding="utf-8")
    assert text == second.read_text(encoding="utf-8")
    assert not [word for word in (str(tmp_path), str(ROOT), 'commit":', "accessed") if word in text]


def test_the_trace_of_a_window_from_records_names_the_records(tmp_path: Path) -> None:
    """Whatever the counters come from, the records are traced in place of the bundled window."""
    run = Run(str(tmp_path / "release.parquet"), tmp_path / "out", records=tmp_path)
    folder = run.source / "records"
    folder.mkdir(parents=True)
    about = {"records": [{"id": "top", "sha256": "e" * 64}]}
    (folder / "records_manifest.json").write_text(json.dumps(about), encoding="utf-8")
    assert run_record.trace(run)["inputs"] == {"record top": "e" * 64}


def test_the_trace_of_definitions_of_one_s_own(tmp_path: Path) -> None:
    """Every changed value is in it under its key in definitions.toml; the files of evidence are the same."""
    mine = small_definitions(
        tmp_path / "mine.toml", {'codes = ["CN", "HK", "MO"]': 'codes = ["CN"]'}
    )
    usual = run_record.trace(fetched(tmp_path / "usual"))
    ours = run_record.trace(fetched(tmp_path / "ours", definitions_path=mine))
    changed = [*compare._values(usual["definitions"], ours["definitions"])]
    assert changed == [
        ("grid.replicates", "2000", "100"),
        ("inference.replicates", "10000", "200"),
        ("inference.chunk", "500", "100"),
        ("published_window.replicates", "2000", "100"),
        ("country_group.China.codes", "CN, HK, MO", "CN"),
    ]
    assert usual["files"] == ours["files"]
    assert usual["evidence"] == ours["evidence"]
    assert {k: v for k, v in ours.items() if k == "commit"} == (
        {"commit": run_record._commit()} if run_record._commit() else {}
    )


def test_definitions_have_the_keys_of_their_file() -> None:
    """Tables of one and of several are named as in definitions.toml, and options count as definitions."""
    found = dict(run_record.flat(load_definitions()))
    assert found["panel.age_limit_days"] == 365
    assert found["window.cohort-2025-08.start"] == "2024-08-27"
    assert found["country_group.User.registry_class"] == "individual"
    assert found["filling"][0] == "standard"
    asked = Run("released", Path("out"), revision="0" * 40).definitions
    assert dict(run_record.flat(asked))["released.revision"] == "0" * 40
    assert dict(run_record.flat(replace(load_definitions(), fillings=())))["fillings"] == []


def test_rows_of_evidence_are_named_once() -> None:
    """No two rows of a table of evidence have one name, and deciding cells are kept."""
    for name in run_record.EVIDENCE:
        path = bundled.FOLDER / name
        rows = run_record.rows(path, name)
        assert len(rows) == path.read_text(encoding="utf-8").count("\n") - 1
    registry = run_record.rows(bundled.FOLDER / "registry.csv", "registry.csv")
    assert registry["DeepSeek"]["country"] == "CN"


def test_a_whole_run_leaves_its_trace(finished: Any, tmp_path: Path) -> None:
    """A finished run compares with a copy of itself, and a changed row of results is found."""
    made = json.loads((finished.out / "results" / run_record.NAME).read_text(encoding="utf-8"))
    assert made["source"] == "file"
    assert made["definitions"]["inference.replicates"] == 200
    assert made["inputs"]["data filename"] == finished.data.name
    copy = Path(shutil.copytree(finished.out / "results", tmp_path / "copy" / "results"))
    assert contents(copy) == contents(finished.out / "results")
    done = invoke("compare", finished.out, copy.parent)
    assert done.exit_code == 0, done.output
    assert "the two runs are the same" in done.stdout


def test_the_trace_names_the_bundle_that_was_read(tmp_path: Path) -> None:
    """By another age limit the tables are others, and so are the hashes in the trace."""
    mine = small_definitions(
        tmp_path / "mine.toml", {"age_limit_days = 365": "age_limit_days = 180"}
    )
    usual = run_record.trace(fetched(tmp_path / "usual"))["inputs"]
    ours = run_record.trace(fetched(tmp_path / "ours", definitions_path=mine))["inputs"]
    folder = bundled.FOLDER / "age-180"
    for name in (*bundled.TABLES, *bundled.WINDOW_TABLES):
        assert ours[f"bundled {name}"] == sha256_file(folder / name)
    assert ours["bundled repositories.csv"] != usual["bundled repositories.csv"]

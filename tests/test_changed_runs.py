"""Whole runs by definitions of a reader's own: every source runs to the end, and all that it writes follows."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import replication, small_definitions
from conftest import whole_release
from released_files import write
from small_hub import write_hub

from replication.definitions import load_definitions
from replication.report import own

CHANGES = {
    "age_limit_days = 365": "age_limit_days = 180",
    "share_margin_points = 1.0": "share_margin_points = 3.0",
    '"BR", "CA", "CL"': '"BR", "CL"',
    'codes = ["CN", "HK", "MO"]': 'codes = ["CN", "MO"]',
    'kinds = ["repackaged"]': 'kinds = ["repackaged", "distillation"]',
    'labels = "study"': 'labels = "registry"',
}
"""Age limit, margin, groups, exclusion and headline: one edit each."""
GROUPS = """
[[country_group]]
name = "Canada"
codes = ["CA"]

[[country_group]]
name = "Hong Kong"
codes = ["HK"]
colour = "#0A7D4F"
"""
DECEMBER = {"end = 2025-12-10": "end = 2025-11-26"}
"""Another window of the released file."""
WINDOW = {"start = 2024-08-27": "start = 2024-10-02", "end = 2025-08-27": "end = 2025-07-30"}
"""Another published window, which snapshots can follow."""


def changed(folder: Path, *changes: dict[str, str]) -> Path:
    """A small copy of the definitions with every change, and two groups more."""
    merged = {old: new for each in (CHANGES, *changes) for old, new in each.items()}
    path = small_definitions(folder / "mine.toml", merged)
    path.write_text(path.read_text(encoding="utf-8") + GROUPS, encoding="utf-8")
    return path


def run(folder: Path, data: Path, definitions: Path) -> Path:
    """Run every stage; the command says nothing but what it did."""
    done = replication("all", "--data", data, "--definitions", definitions, "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder / "out"


def claims(out: Path) -> pd.DataFrame:
    """The judged claims by their id."""
    return pd.read_csv(out / "results" / "claims.csv").set_index("id")


def assert_follows(out: Path, definitions: Path, *, whole: bool) -> None:
    """Trace, figures, tables and text are of the changed definitions."""
    definitions = load_definitions(definitions, whole=whole)
    trace = json.loads((out / "results" / "run.json").read_text(encoding="utf-8"))
    assert trace["definitions"]["panel.age_limit_days"] == 180
    assert trace["definitions"]["country_group.Canada.codes"] == ["CA"]
    numbers = json.loads((out / "results" / "numbers.json").read_text(encoding="utf-8"))
    assert numbers["first-year"]["value"] == "first-180-day"
    assert numbers["margin"]["value"] == 3.0
    estimates = pd.read_csv(out / "results" / "estimates.csv")
    assert {"Canada", "Hong Kong"} <= set(estimates["group"])
    page = (out / "paper" / "paper.html").read_text(encoding="utf-8")
    told = " ".join(page.split())
    for change in own.changes(definitions)[:3]:
        assert change in told
    assert "first-180-day downloads" in told
    abstract = told[told.index("This run has") :].split("<h2")[0]
    assert "first-year" not in abstract
    figure = (out / "figures" / "shares_over_time.svg").read_text(encoding="utf-8")
    assert figure.startswith("<?xml")


@pytest.mark.slow
def test_a_released_file_by_other_definitions(tmp_path: Path) -> None:
    """The window is that of the tables bundled for the age limit; the file is computed anew."""
    data = write(whole_release(), tmp_path / "synthetic.parquet")
    definitions = changed(tmp_path, DECEMBER)
    out = run(tmp_path, data, definitions)
    assert_follows(out, definitions, whole=False)
    window = pd.read_csv(out / "results" / "window_answers.csv").set_index("statistic")
    packaged = pd.read_csv("results/window_answers.csv").set_index("statistic")
    assert window.loc["total", "point"] < 0.7 * packaged.loc["total", "point"]
    assert claims(out).loc["study-china", "answer"] == "reproduced"


@pytest.mark.slow
def test_snapshots_by_other_definitions(tmp_path: Path) -> None:
    """The published window moves too, and with it the labels and the text."""
    data = write_hub(tmp_path / "hub")
    definitions = changed(tmp_path, WINDOW)
    out = run(tmp_path, data, definitions)
    assert_follows(out, definitions, whole=True)
    estimates = pd.read_csv(out / "results" / "estimates.csv")
    assert "rebuild-2025-08" in set(estimates["estimand"])
    numbers = json.loads((out / "results" / "numbers.json").read_text(encoding="utf-8"))
    assert numbers["window-start"]["value"] == "2024-10-02"
    assert numbers["window-end"]["value"] == "2025-07-30"
    assert (
        claims(out)["answer"].dropna() != "reproduced"
    ).all()  # nobody said that it is the whole Hub

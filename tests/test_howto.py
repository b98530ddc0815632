"""docs/HOWTO.md: its recipes are short, what they name exists, and what they say is all that is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from command_line import invoke
from own_definitions import TEXT, error, load
from pydantic import Field
from pydantic.dataclasses import dataclass
from released_files import synthetic_release
from small import synthetic_definitions, synthetic_repositories

from replication import files, kinds, processes, run_record
from replication.analysis import methods
from replication.analysis.cells import DEVELOPER
from replication.analysis.lead import LEAD
from replication.analysis.methods import JUDGED, NOTHING
from replication.definitions import Calibration, Definitions, Inference, Margins, reading
from replication.definitions.value_types import TABLE, Number
from replication.errors import DefinitionError
from replication.inference.bootstrap import Intervals
from replication.inference.simulation import LABELS
from replication.pipeline import fetch_stage, panel_stage
from replication.plots import interval_looks
from replication.report import (
    claim_tables,
    claims,
    estimate_tables,
    head_judges,
    judgement,
    numbers,
    prose,
)
from replication.run import ROOT, Run
from replication.sources import file, manifest
from replication.sources.manifest import Manifest
from replication.stages import Progress
from replication.validation import coverage

HOWTO = (ROOT / "docs" / "HOWTO.md").read_text(encoding="utf-8")
RECIPES = {part.partition("\n")[0]: part for part in HOWTO.split("\n## ")[1:]}
RESULTS = ROOT / "results"
LEDGER = ROOT / "paper" / "claims.toml"
DEFINITIONS = synthetic_definitions()
STANDS_FOR_ANY = {"NAME", "TABLE", "KEY", "my", "toml", "key", "fig"}
"""Words that stand for what the reader chooses, and the end of a file's name."""
CODE = [*(ROOT / "replication").rglob("*.py"), *(ROOT / "replication").rglob("*.toml")]
CODE += [*(ROOT / "paper").glob("*.toml"), *(ROOT / "paper").glob("*.md")]
WORDS = {word for path in CODE for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}


def test_what_the_design_names_is_there() -> None:
    """Every file of DESIGN.md exists, and every function or class that it names in one."""
    design = (ROOT / "docs" / "DESIGN.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:replication|paper|docs)/[\w./]+)(?::(\w+)[^`]*)?`", design)
    assert len(named) >= 20
    for path, name in named:
        assert (ROOT / path).exists(), path
        if name:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^\s*(?:def|class) {name}\b", text, re.MULTILINE), f"{path}:{name}"


def test_the_recipes_are_those_of_the_usual_changes() -> None:
    """Each is a heading."""
    assert [*RECIPES] == [
        "Add a result table",
        "Add a number to the paper",
        "Add a figure",
        "Add a country group",
        "Add a published claim",
        "Add a source of data",
        "Add an interval method",
        "Add a definition",
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_short_and_names_its_test(name: str) -> None:
    """It has at most three steps, and the test that it names last is one of the file that it links."""
    assert re.findall(r"(?m)^(\d)\. ", RECIPES[name]) in (["1", "2"], ["1", "2", "3"])
    named = re.search(r"\nTest: \[`(\w+)`\]\(\.\./(tests/\w+\.py)\)\.\n*\Z", RECIPES[name])
    assert named
    assert f"\ndef {named[1]}(" in (ROOT / named[2]).read_text(encoding="utf-8")


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((\.\./[^)]+)\)", HOWTO))))
def test_a_linked_file_exists(link: str) -> None:
    """It is a file or folder of the repository."""
    assert (ROOT / "docs" / link).exists()


@pytest.mark.parametrize("code", sorted(set(re.findall(r"`([^`]+)`", HOWTO))))
def test_what_stands_as_code_exists(code: str) -> None:
    """A path leads to a file, a command is a target of make, and every other word is one of the code."""
    if code.startswith("make "):
        target, *variables = code.split()[1:]
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"(?m)^{target}:", makefile) or f" {target}" in makefile.partition(":")[0]
        assert all(f"{name.partition('=')[0]}=" in makefile for name in variables)
    elif re.fullmatch(r"[\w/]+/\w+\.\w+", code):
        assert [*ROOT.glob(code.replace("NAME", "*").replace("TABLE", "*"))]
    elif not code.startswith("test_"):
        assert {*re.findall(r"[A-Za-z_][\w-]*", code)} - STANDS_FOR_ANY <= WORDS


def test_a_number_is_a_line_and_its_key_in_the_text(tmp_path: Path) -> None:
    """A line for a row of a table and one for a definition: both stand in the text where their keys do."""
    lines = (
        'my-lead = "window_answers | statistic=China − USA | point | signed-points"\n'
        'my-margin = "definitions | | verdict.share_margin_points | one-decimal"\n'
    )
    declared = tmp_path / "numbers.toml"
    declared.write_text(f"[rows]\n[numbers]\n{lines}", encoding="utf-8")
    shown = numbers.collect(declared, RESULTS, DEFINITIONS)
    point = files.read_csv(RESULTS / "window_answers.csv").set_index("statistic")["point"][LEAD]
    text = prose.fill("{{my-lead}} and {{my-margin}}", shown, {})
    assert text == f"{100 * point:+.1f} and 1.0".replace("-", "−")
    with pytest.raises(DefinitionError, match="my-other"):
        prose.fill("{{my-other}}", shown, {})


CLAIM = """
[[claim]]
id = "mine"
statement = "the share that a test prints"
value = "{value}"
unit = "percent"
period = "2024-08/2025-08"
definition = "first-year downloads"
denominator = "all first-year downloads"
source = "a test"
url = "https://example.org"
grade = "primary"
read = "in full"
judge = "{judge}"
"""


def ledger(folder: Path, claim: str) -> list[claims.Claim]:
    """The ledger with one claim more, as read and checked before any work."""
    path = folder / "claims.toml"
    path.write_text(LEDGER.read_text(encoding="utf-8") + claim, encoding="utf-8")
    known = claims.load(path)
    claims.require_estimands(known, DEFINITIONS)
    return [one for one in known if one.id == "mine"]


def judged(folder: Path, mine: list[claims.Claim]) -> pd.Series:
    """The row of a claim, which is left as the only one of the folder's claims.csv."""
    names = ("window_answers", "window_changes", "window_passing", "window_months")
    window = {name: files.read_csv(RESULTS / f"{name}.csv") for name in names}
    head = {name: files.read_csv(RESULTS / f"{name}.csv") for name in ("estimates", "crossings")}
    rows = judgement.judge(mine, head, pd.DataFrame(), DEFINITIONS, window)
    files.write_csv(folder / "claims.csv", rows)
    return rows.iloc[0]


@pytest.mark.slow
def test_a_claim_is_a_table_of_the_ledger(tmp_path: Path) -> None:
    """It has both answers and a row in the paper's table; of another window too, and by no rule."""
    share = files.read_csv(RESULTS / "window_answers.csv").set_index("statistic")["point"]["USA"]
    value = f"{100 * share:.1f}"
    claim = CLAIM.format(value=value, judge="share")
    row = judged(tmp_path, ledger(tmp_path, f'{claim}group = "USA"\n'))
    assert (row["answer"], row["published"]) == ("reproduced", value)
    assert row["survives"] in {"robust", "fragile"}
    assert "The share that a test prints" in claim_tables.verdicts(tmp_path)

    other = f'{claim}group = "France"\nestimand = "increments-all"\n'
    assert judged(tmp_path, ledger(tmp_path, other))["answer"] == "contradicted"
    none = CLAIM.format(value="3", judge="none") + 'reason = "nobody counts it"\n'
    assert judged(tmp_path, ledger(tmp_path, none))["reason"] == "nobody counts it"
    assert "nobody counts it" in claim_tables.unjudged(tmp_path).lower()


@pytest.mark.parametrize(
    ("judge", "more", "said"),
    [
        ("share", 'group = "France"', "published window, which has no share of the group 'France'"),
        ("share", "", "published window, which has no share of the group ''"),
        ("dashboard", 'group = "USA"', "published window, which has no dashboard of"),
        (
            "share",
            'group = "Canada"\nestimand = "increments-all"',
            "a group 'Canada', which is not",
        ),
        ("share", 'group = "USA"\nestimand = "increments-1"', "an estimand increments-1, which is"),
    ],
)
def test_a_claim_that_no_table_can_answer_is_refused(
    tmp_path: Path, judge: str, more: str, said: str
) -> None:
    """Before any work, by its name and with what may stand there."""
    with pytest.raises(DefinitionError, match=f"the claim mine is .*{said}") as caught:
        ledger(tmp_path, f"{CLAIM.format(value='3', judge=judge)}{more}\n")
    assert "claims.toml" in caught.value.remedy


def test_every_judge_has_a_rule() -> None:
    """A name in the list without a function would be accepted, and fail in the analysis."""
    assert {*head_judges.of_head({}, pd.DataFrame(), DEFINITIONS)} == claims.JUDGES


def fetch_mine(run: Run, progress: Progress) -> tuple[Manifest, list[Path]]:
    """A source that a test adds: counters in the columns of the released file, and their manifest."""
    name = "mine.csv"
    path = run.source / file.target_name(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    release = synthetic_release()
    release.to_csv(path, index=False)
    progress("reading mine")
    about = Manifest(
        "mine", "Mine", "a test", "", "", "", name, files.sha256_file(path), path.stat().st_size,
        len(release), fetch_stage.today(), "none", "",
    )  # fmt: skip
    manifest.write(run.source, about)
    return about, [path]


@pytest.mark.slow
def test_a_source_is_a_name_a_module_and_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--data` takes its name, and its counters become a panel with the defects that were found."""
    monkeypatch.setitem(kinds.SOURCES, "mine", "what a test adds")
    monkeypatch.setitem(fetch_stage.COUNTERS, "mine", fetch_mine)
    run = Run("mine", tmp_path)
    assert (run.kind, run.whole_hub, run.has_released_panel) == ("mine", False, False)
    assert all(path.is_file() for path in fetch_stage.inputs(run))
    fetch_stage.fetch(run, lambda _: None)
    assert files.read_json(run.results / "manifest.json")["title"] == "Mine"
    panel = panel_stage._read(run)
    assert [*panel.repositories["repository"]] == sorted(synthetic_release()["_id"].unique())
    assert not panel.defects.empty
    assert run_record.trace(run)["source"] == "mine"
    wrong = invoke("fetch", "--data", "Mine", "--out", tmp_path)
    assert "snapshots, mine or a path" in wrong.stderr


MINE = interval_looks.Method(DEVELOPER, NOTHING, "doubled")
MADE = methods.methods


def with_one_more(
    developers: np.ndarray, repositories: np.ndarray, rules: Inference, **named: bool
) -> Iterator[tuple[methods.Method, Intervals]]:
    """Every method, and the jackknife with twice its reach."""
    for method, made in MADE(developers, repositories, rules, **named):
        yield method, made
        if method.name == "jackknife-logit":
            low, high = made.lower - made.point, made.upper - made.point
            ends = {"lower": made.point + 2 * low, "upper": made.point + 2 * high}
            yield methods.Method(*MINE), replace(made, method=MINE.name, **ends)


@pytest.mark.slow
def test_an_interval_method_is_measured_named_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has rows of intervals and of coverage, and its words in the paper's table and the figure."""
    monkeypatch.setattr(methods, "methods", with_one_more)
    monkeypatch.setattr(coverage, "methods", with_one_more)
    monkeypatch.setattr(processes, "beside", lambda _: ThreadPoolExecutor(1))
    monkeypatch.setitem(interval_looks.LOOKS, MINE, interval_looks.Look("twice", "*", "Twice"))
    head = DEFINITIONS.headline.estimand
    monkeypatch.setattr(coverage, "settings", lambda _: [coverage.Setting(head, LABELS, 1.0)])
    size = Calibration(data_sets=4, replicates=20, powers=(1.0,))
    table = synthetic_repositories(DEFINITIONS)
    measured = coverage.measure(table, replace(DEFINITIONS, calibration=size))
    mine = measured[measured["method"] == MINE.name].set_index("group")
    usual = measured[measured["method"] == "jackknife-logit"].set_index("group")
    assert [*mine.index] == [*JUDGED]
    assert (mine["width"] / usual["width"])[LEAD] == pytest.approx(2)
    assert mine["coverage"][LEAD] >= usual["coverage"][LEAD]

    cells = np.array([[400, 0, 0], [0, 300, 0], [50, 0, 200], [0, 40, 30]], dtype=np.int64)
    drawn = [methods._rows(each, head, m) for m, each in with_one_more(cells, cells, size_of(20))]
    files.write_csv(tmp_path / "intervals.csv", pd.concat(drawn))
    files.write_csv(tmp_path / "calibration.csv", measured)
    files.copy_file(RESULTS / "estimates.csv", tmp_path / "estimates.csv")
    rows = estimate_tables.methods(tmp_path, DEFINITIONS).splitlines()
    (row,) = (line for line in rows if line.startswith("| Twice |"))
    assert f"{100 * mine['coverage'][LEAD]:.1f}" in row
    assert interval_looks.look_of(MINE).text == "twice"


def size_of(replicates: int) -> Inference:
    """The settings of inference with few replicates."""
    return replace(DEFINITIONS.inference, replicates=replicates, chunk=replicates)


@dataclass(frozen=True, config=TABLE)
class MoreMargins(Margins):
    """The margins with one more."""

    lead_margin_points: Annotated[Number, Field(ge=0, le=10)]


@dataclass(frozen=True, config=TABLE)
class MoreDefinitions(Definitions):
    """The definitions with one more."""

    verdict: MoreMargins


def test_a_definition_is_a_key_and_a_field_with_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read, refused out of bounds and where it is missing, traced, and a number of the paper."""
    monkeypatch.setattr(reading, "Definitions", MoreDefinitions)
    key = "lead_margin_points = 2.5\n"
    text = TEXT.replace("[verdict]\n", f"[verdict]\n{key}")
    definitions = load(tmp_path, text)
    assert definitions.verdict.lead_margin_points == 2.5  # type: ignore[attr-defined]
    for wrong, said in (
        (text.replace(key, "lead_margin_points = 11\n"), "must lie between 0 and 10"),
        (text.replace(key, ""), "lead_margin_points"),
        (text.replace(key, "lead_margin = 2.5\n"), "lead_margin"),
    ):
        refused = error(tmp_path, wrong)
        assert "[verdict]" in refused.what or "verdict." in refused.what
        assert said in refused.what
    load(tmp_path, text)
    trace = run_record.trace(Run(kinds.BUNDLED, tmp_path, tmp_path / "mine.toml"))
    assert trace["definitions"]["verdict.lead_margin_points"] == 2.5
    declared = tmp_path / "numbers.toml"
    line = 'x = "definitions | | verdict.lead_margin_points | one-decimal"'
    declared.write_text(f"[rows]\n[numbers]\n{line}\n", encoding="utf-8")
    assert numbers.collect(declared, RESULTS, definitions)["x"]["display"] == "2.5"

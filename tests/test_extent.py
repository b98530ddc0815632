"""What a source covers limits what is judged and said; windows and groups are checked early."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import own_definitions
import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories
from test_claims import by_window, claim, window_tables

from replication import extent, reach
from replication.attribution import preconditions
from replication.cli import outcome
from replication.definitions import load_definitions
from replication.errors import DefinitionError, DegenerateDataError
from replication.files import write_csv, write_json
from replication.plots import published_pair
from replication.report import answers, conditions, judgement, prose, tables
from replication.run import ROOT
from replication.sources import bundled

DEFINITIONS = synthetic_definitions()
HUB = load_definitions(whole=True)
TEXT = prose.source(ROOT / "paper", prose.TEXT, whole=True).read_text(encoding="utf-8")
ALL_THERE = dict.fromkeys(re.findall(r"\{\{if:([\w-]+)\}\}", TEXT), True)
EVERY = dict.fromkeys(("whole", "anchored", "measured", "chained"), True)
OWN = {"own": False}
"""A run by the packaged definitions, on data that need no word."""
DATASET = {"source": "snapshots", "title": "Weekly", "repository": "a/b"}
LOCAL = {"source": "snapshots", "title": "Local snapshots of the Hub", "repository": ""}


@pytest.mark.parametrize(
    ("about", "whole", "words"),
    [
        (DATASET, True, "the whole Hub"),
        ({**LOCAL, "extent": "all"}, True, "the whole Hub"),
        ({**LOCAL, "title": "Synthetic data: no finding"}, True, "the whole Hub"),
        (LOCAL, False, "an unknown part of the Hub"),
        ({**LOCAL, "extent": ""}, False, "an unknown part of the Hub"),
        ({**LOCAL, "extent": "top 1000"}, False, "the 1,000 most downloaded models of the Hub"),
        ({**LOCAL, "extent": "namespaces: a, b, c"}, False, "3 namespaces of the Hub"),
        ({**LOCAL, "extent": "namespaces: a"}, False, "1 namespace of the Hub"),
        ({**LOCAL, "extent": "whatever"}, False, "an unknown part of the Hub"),
        ({**DATASET, "extent": "top 5"}, False, "the 5 most downloaded models of the Hub"),
        ({**DATASET, "source": "released"}, False, "an unknown part of the Hub"),
    ],
)
def test_what_a_source_covers(about: dict[str, Any], whole: bool, words: str) -> None:
    """Everything is covered only where somebody said so, or by the Hub's own dataset."""
    assert extent.whole(about) is whole
    assert extent.in_words(about) == words
    assert extent.part(about) == ("" if whole else words)


def test_an_extent_is_declared_in_one_word(tmp_path: Path) -> None:
    """All or nothing: what a part holds is said by its crawls."""
    assert HUB.whole_hub.extent == ""
    own = {
        word: own_definitions.TEXT.replace('extent = ""', f'extent = "{word}"')
        for word in ("all", "top 5")
    }
    assert own_definitions.load(tmp_path, own["all"]).whole_hub.extent == "all"
    assert "whole_hub.extent = 'top 5' is not one of 'all', ''" in own_definitions.refusal(
        tmp_path, own["top 5"]
    )


@pytest.mark.parametrize("judge", ["share", "lead", "family", "first-lead"])
def test_a_part_of_the_hub_judges_no_claim(judge: str) -> None:
    """The estimate stands, both answers go, and the reason says what it would take."""
    value = {"family": "majority", "first-lead": "2025"}.get(judge, "20")
    made = judgement.judge(
        [claim(judge, value)], {}, pd.DataFrame(), DEFINITIONS, window_tables(), "3 namespaces of the Hub"
    ).iloc[0]  # fmt: skip
    assert made["answer"] == answers.NOT_TESTABLE_HERE == "not testable with this source"
    assert (made["survives"], made["turned_by"]) == ("", "")
    assert made["estimate"] == by_window(claim(judge, value), window_tables())["estimate"]
    assert made["reason"] == (
        "the snapshots hold 3 namespaces of the Hub; it would take those of the whole Hub"
    )


def test_a_claim_that_nothing_judges_keeps_its_reason() -> None:
    """What no public table holds is not said to need the whole Hub."""
    asked = [claim("none", "1", reason="not printed")]
    made = judgement.judge(asked, {}, pd.DataFrame(), DEFINITIONS, {}, "x").iloc[0]
    assert (made["answer"], made["reason"]) == (answers.NOT_TESTABLE, "not printed")


def write_chain(folder: Path, **used: Any) -> None:
    """A run's results as far as conditions read them."""
    row = {"chained": 10.0, "counted": 12.0, "factor": 1.2, "factor_error": 0.1, "spread": 0.2}
    births = {k: v for k, v in used.items() if k in {"chained", "counted"}}
    rest = {k: v for k, v in used.items() if k not in {*births, "share"}}
    rows = [{"stretch": "births", "uploaders": 2, **row, **births},
            {"stretch": "used", "uploaders": 2, **row, **rest}]  # fmt: skip
    write_csv(folder / "chain.csv", pd.DataFrame(rows))
    summary = pd.DataFrame({"name": ["chained_share"], "value": [used.get("share", 0.5)]})
    write_csv(folder / "summary.csv", summary)
    write_json(folder / "manifest.json", {**LOCAL, "extent": "all"})


@pytest.mark.parametrize(
    ("used", "false"),
    [
        ({}, set()),
        ({"factor": 1.0, "factor_error": float("nan"), "spread": float("nan")}, {"measured"}),
        ({"measured": False}, {"measured"}),
        ({"measured": True}, set()),
        ({"chained": 0.0, "counted": 0.0}, {"anchored"}),
        ({"share": 0.0}, {"chained"}),
    ],
)
def test_conditions_follow_the_results(
    tmp_path: Path, used: dict[str, Any], false: set[str]
) -> None:
    """Where the chain was not measured, or nothing anchors it, the text may not say so."""
    write_chain(tmp_path, **used)
    assert conditions.of(tmp_path, HUB) == OWN | EVERY | dict.fromkeys(false, False)


def test_the_released_file_has_no_chain(tmp_path: Path) -> None:
    """Its text depends on no table of snapshots."""
    about = {"source": "bundled", "title": "x", "repository": ""}
    write_json(tmp_path / "manifest.json", about | {"sha256": bundled.computed_from().sha256})
    assert not any(conditions.of(tmp_path, load_definitions()).values())


def said(**changes: bool) -> str:
    """The text of the whole Hub under these conditions, the others met."""
    return prose.chosen(TEXT, ALL_THERE | OWN | EVERY | changes)


def test_the_text_says_whole_hub_where_it_is() -> None:
    """Of a part it says what it holds, and neither rebuilt nor reasons that judge."""
    assert "Rebuilt for the whole Hub" in said()
    assert "{{source:extent}}" not in said()
    part = said(whole=False)
    assert "Rebuilt for the whole Hub" not in part
    assert "about the whole Hub" not in part
    assert part.count("{{source:extent}}") == 2
    assert not {"why-china", "why-usa", "why-lead", "bridge-unexplained"} & set(prose.keys(part))


def test_the_text_gives_no_error_that_was_not_measured() -> None:
    """Without counters nothing is called an anchor, and no number of the chain is printed."""
    text = said(anchored=False, measured=False)
    assert "exact anchor" not in text
    assert not {"chain-factor", "chain-error", "chain-spread", "chain-births"} & set(
        prose.keys(text)
    )
    assert "not measured" in text
    rebuilt = {key for key in prose.keys(said(chained=False)) if "rebuilt" in key or "both" in key}
    assert rebuilt == set()


def test_passages_are_chosen() -> None:
    """Nested passages and empty halves; what nothing decides, or has no end, is refused."""
    text = "a{{if:x}}b{{if:y}}c{{else:y}}d{{end:y}}{{else:x}}e{{end:x}}{{if:y}}f{{end:y}}"
    assert prose.chosen(text, {"x": True, "y": False}) == "abd"
    assert prose.chosen(text, {"x": False, "y": True}) == "aef"
    for wrong in ("{{if:z}}a{{end:z}}", "{{if:x}}a", "a{{end:x}}", "{{if:x}}a{{end:y}}"):
        with pytest.raises(DefinitionError):
            prose.chosen(wrong, {"x": True, "y": True})


def test_every_passage_is_decided_by_a_known_condition() -> None:
    """Of both texts."""
    for whole in (True, False):
        text = prose.source(ROOT / "paper", prose.TEXT, whole=whole).read_text(encoding="utf-8")
        declared = prose.source(ROOT / "paper", prose.NUMBERS, whole=whole).read_text("utf-8")
        known = [*OWN, *EVERY, *tomllib.loads(declared)["numbers"]]
        for holds in (True, False):
            assert "{{if" not in prose.chosen(text, dict.fromkeys(known, holds))


def test_the_figure_of_the_pair_says_what_ours_is_of() -> None:
    """Published for the whole, ours for a part."""
    assert "rebuilt for the whole Hub" in published_pair.deck(HUB)
    part = published_pair.deck(HUB, "3 namespaces of the Hub")
    assert "published for the whole Hub, ours for 3 namespaces of the Hub" in part


@pytest.mark.parametrize(
    ("about", "lines"), [(DATASET, 0), (LOCAL, 2), ({**LOCAL, "extent": "top 9"}, 1)]
)
def test_the_terminal_says_what_is_covered(
    tmp_path: Path, about: dict[str, Any], lines: int
) -> None:
    """Nothing for the whole Hub; how it is declared where it is not known."""
    write_json(tmp_path / "manifest.json", about)
    told = list(outcome.extent_lines(tmp_path))
    assert len(told) == lines
    assert all("no claim" in line or "extent" in line for line in told)


def test_an_unmeasured_chain_is_called_a_bound() -> None:
    """The caption of its table says so only then."""
    assert "a bound" in said(measured=False)
    assert "used and not measured" not in said()
    assert "chain" in tables.all_tables(ROOT, HUB)


def of_dates(first: str, last: str) -> None:
    """Check the windows of the whole Hub against labels."""
    reach.require_reach(
        HUB.all_windows, date.fromisoformat(first), date.fromisoformat(last),
        before=reach.MONTH, what="the labels", remedy="x",
    )  # fmt: skip


def test_windows_inside_the_data_are_let_through() -> None:
    """A month before the first label is told by it, and a label may be read six days later."""
    of_dates("2024-07-24", "2025-09-03")
    of_dates("2024-09-26", "2025-08-20")
    of_dates("0001-01-01", "9999-12-31")


@pytest.mark.parametrize(
    ("first", "last"), [("2024-09-27", "2025-09-03"), ("2024-07-24", "2025-08-19")]
)
def test_a_window_beyond_the_data_is_named(first: str, last: str) -> None:
    """With its dates and those of the data."""
    with pytest.raises(DefinitionError) as caught:
        of_dates(first, last)
    assert "rebuild-2025-08 reaches from 2024-08-27 to 2025-08-27" in caught.value.what
    assert f"the labels are from {first} to {last}" in caught.value.what


def test_an_open_end_is_no_date() -> None:
    """Snapshots asked for from a day on have no last one to name."""
    with pytest.raises(DefinitionError) as caught:
        of_dates("2025-03-01", "9999-12-31")
    assert caught.value.what.endswith("the labels are from 2025-03-01 on")


def test_a_cohort_may_be_born_before_the_data() -> None:
    """Its repositories are read later; but it may not be read on after the data."""
    cohort = next(w for w in DEFINITIONS.windows if w.kind == "cohort")
    early, late = cohort.start + timedelta(days=150), cohort.end + timedelta(days=300)
    read_on = replace(cohort, read_until=cohort.end + timedelta(days=400))
    told = {"before": reach.WEEK, "what": "x", "remedy": "y"}
    reach.require_reach([cohort], early, late, **told)
    with pytest.raises(DefinitionError):
        reach.require_reach([read_on], early, late, **told)


@pytest.mark.parametrize("side", ["China", "USA"])
def test_a_panel_without_one_of_the_pair_is_refused(side: str) -> None:
    """Under the headline's own credit and labels, and not under others."""
    table = synthetic_repositories(DEFINITIONS)
    preconditions.require_pair(table, DEFINITIONS)
    head = DEFINITIONS.headline
    column = f"{head.labels}_group_{head.attribution}"
    gone = table.assign(**{column: table[column].replace(side, "User")})
    with pytest.raises(DegenerateDataError, match=f"is of a developer of {side}"):
        preconditions.require_pair(gone, DEFINITIONS)
    other = replace(DEFINITIONS, headline=replace(head, labels="registry"))
    preconditions.require_pair(gone, other)


def test_windows_beyond_the_weeks_of_a_file_are_refused() -> None:
    """A file that ends early does not give a part under the name of the whole window."""
    days = pd.date_range("2025-03-05", "2026-01-28", freq="7D")
    table = pd.DataFrame({"week": [f"{day:%Y-%m-%d}" for day in days]})
    young, old = (pd.Series(["2024-02", month]) for month in ("2025-07", "2024-06"))
    preconditions.require_reach(table, young, DEFINITIONS)
    preconditions.require_reach(
        table.iloc[:18], old, DEFINITIONS
    )  # all had passed the age limit by then
    with pytest.raises(
        DefinitionError, match="the weeks of downloads are from 2025-03-05 to 2025-07-02"
    ):
        preconditions.require_reach(table.iloc[:18], young, DEFINITIONS)

"""The page: what Python sets into it, safely, and the same at every run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_window import attributed, facts

from replication.analysis.credit import Attributed
from replication.attribution.assign import LABELS, ROLES
from replication.definitions import load_definitions
from replication.errors import OutputError
from replication.places import ROOT
from replication.report.claims import load as load_ledger
from replication.report.page import answer, document, evidence, ranges
from replication.report.page.rows import NOWHERE, Asked, joined

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\u2028"
MOST_BYTES = 3_000_000


def made(data: Any, notes: tuple[str, ...] = ()) -> str:
    """A page with some data."""
    return document.document("A title", "and more", {"headline": "", "short": ""}, notes, data)


def test_data_end_no_script_and_come_out_as_they_were() -> None:
    """Text that looks like markup stands in the data without any of its characters."""
    text = document.inert({"name": HOSTILE})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": HOSTILE}


def test_titles_and_notes_are_text() -> None:
    """Markup in what a run says of itself is shown, not obeyed."""
    page = document.document(HOSTILE, HOSTILE, {"headline": "", "short": ""}, [HOSTILE], {})
    assert "<img" not in page
    assert page.count("<script>") == len(document.libraries()) + 1


def test_a_key_in_data_is_not_filled() -> None:
    """Data that look like a key of the template stay data."""
    assert '"{{title}}"' in made({"name": "{{title}}"}).replace("\\u003c", "<")


def test_the_policy_allows_these_scripts_alone() -> None:
    """Every script is named by its hash, and nothing may be asked for."""
    page = made({})
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "connect-src" not in policy[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == len(document.libraries()) + 1
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]


def test_the_template_asks_for_nothing_outside() -> None:
    """No address of a script, a style, a font or a picture stands in the page's own sources."""
    sources = (document.FOLDER / name for name in ("template.html", "style.css"))
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert not re.search(r"https?://|@import|url\(", text)


def test_no_number_is_typed_in_the_template() -> None:
    """What a reader sees of the template holds no digit."""
    text = (document.FOLDER / "template.html").read_text(encoding="utf-8")
    body = text.partition("<body>")[2]
    assert not re.findall(r"\d", re.sub(r"<[^>]*>|\{\{[^}]*\}\}", "", body))


def test_a_library_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sidecar names version, licence and hash of every library."""
    for about in json.loads((document.VENDOR / "vendor.json").read_text(encoding="utf-8")):
        assert (document.VENDOR / about["licence_file"]).is_file()
        (tmp_path / about["file"]).write_text("alert(1)", encoding="utf-8")
    sidecar = (document.VENDOR / "vendor.json").read_text(encoding="utf-8")
    (tmp_path / "vendor.json").write_text(sidecar, encoding="utf-8")
    monkeypatch.setattr(document, "VENDOR", tmp_path)
    with pytest.raises(OutputError, match=r"d3\.min\.js is not version"):
        document.libraries()


def rows_of(table: pd.DataFrame, columns: list[list[int]], named: int) -> dict[str, Any]:
    """Rows of attributed repositories for the page."""
    rows = Attributed(table, load_definitions())
    scopes = {"all": np.ones(len(table), dtype=bool), "tuned": table["name"].str.contains("tuned")}
    asked = Asked(ROLES, LABELS, ("none", "telemetry"), {k: np.array(v) for k, v in scopes.items()})
    return joined(rows, np.array(columns, dtype=np.int64).T, asked, named)


def test_rows_that_no_choice_tells_apart_are_summed() -> None:
    """The largest keep their names; of the others nothing is lost but theirs."""
    table = facts().iloc[:2]  # Qwen/large and Qwen/small
    rows = rows_of(table, [[500, 100], [50, 10]], named=0)
    assert rows["names"] == [""]
    assert rows["columns"] == [[600], [60]]
    assert rows["developers"] == ["Alibaba (Qwen)"]
    named = rows_of(table, [[500, 100], [50, 10]], named=1)
    assert dict(zip(named["names"], named["columns"][0], strict=True)) == {
        "": 100, "Qwen/large": 500,
    }  # fmt: skip


def test_rows_differ_by_exclusion_scope_and_label() -> None:
    """Repositories of one developer that a choice can part are rows of their own."""
    table = attributed(
        pd.DataFrame({
            "repository": ["a", "b", "c"], "name": ["someone/a", "someone/b", "someone/tuned"],
            "uploader": "someone", "origin": "Qwen", "kinds": ["", "telemetry", ""],
        })
    )  # fmt: skip
    rows = rows_of(table, [[1, 2, 4]], named=0)
    by = zip(rows["exclusions"], rows["scopes"], rows["columns"][0], strict=True)
    assert sorted(by) == [(1, 1, 2), (3, 1, 1), (3, 3, 4)]
    groups = load_definitions().groups
    (profile,) = rows["profiles"]
    codes = [groups.index(name) for name in ("China", "User")]  # the study's label, the registry's
    assert [int(character, 36) for character in profile[:2]] == codes


def test_a_row_without_a_group_says_so() -> None:
    """A label of no group is a place of none."""
    table = facts().iloc[:1].assign(study_group_uploader=None)
    assert rows_of(table, [[1]], named=0)["profiles"][0][0] == NOWHERE


def test_rows_without_downloads_are_left_out() -> None:
    """What nobody downloaded by any measure is not on the page."""
    rows = rows_of(facts().iloc[:2], [[0, 0], [0, 3]], named=2)
    assert rows["names"] == ["Qwen/small"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [("https://example.org/a", True), ("javascript:alert(1)", False), ("file:///etc", False)],
)
def test_only_pages_of_the_web_are_linked(url: str, kept: bool) -> None:
    """An address that is a script or a file is no link."""
    columns = dict.fromkeys(evidence.CLAIM_COLUMNS, "") | {"unit": "wording"}
    table = pd.DataFrame([columns | {"url": url}])
    (claim,) = evidence.claims(table, (), load_definitions())
    assert (claim["url"] == url) is kept


def test_a_figure_of_other_data_says_of_which() -> None:
    """The ledger tells apart the whole Hub, the released file and some namespaces."""
    ledger, definitions = (
        {c.id: c for c in load_ledger(ROOT / "paper" / "claims.toml")},
        load_definitions(),
    )
    assert evidence.basis(ledger["study-china"], definitions) == ""
    assert "released file" in evidence.basis(ledger["study-international"], definitions)
    assert "deepseek-ai and Qwen" in evidence.basis(ledger["study-qwen-deepseek"], definitions)


def test_the_lines_in_short_are_those_of_the_paper() -> None:
    """Each paragraph is headed by its question, and what it says is text."""
    said = [
        {"heading": "What was claimed", "text": "China 17.1 % and more."},
        {"heading": "What nobody can tell", "text": "This <b>*x*"},
    ]
    assert answer.in_short({"in_short": said, "claims": []}) == (
        "<p><strong>What was claimed.</strong> China 17.1 % and more.</p>"
        "<p><strong>What nobody can tell.</strong> This &lt;b&gt;*x*</p>"
    )


def headline_of(low: float, high: float, doubt: float = -0.003, young: str = "first-year") -> str:
    """The headline of a lead of −12.7 points with some range."""
    rows = [
        ("China", 0.148, 0.112, 0.183),
        ("USA", 0.274, 0.212, 0.337),
        ("China − USA", -0.127, low, high),
    ]
    columns = ["statistic", "point", "records_lower", "records_upper"]
    claims = pd.DataFrame({"id": ["study-china", "study-usa", "study-lead"],
                           "published": ["17.1", "15.8", "1.3"]})  # fmt: skip
    colours = {"China": "#D2402B", "USA": "#12386E"}
    doubts = {"change": ["labels/registry-low", "labels/registry-high"], "lead": [-0.209, doubt]}
    return answer.headline(
        pd.DataFrame(rows, columns=columns), pd.DataFrame(doubts), claims, 0.95, colours, young
    )


def test_the_headline_says_who_leads_and_by_how_much() -> None:
    """The finding, its range and the published figures, all from tables."""
    text = re.sub(r"<[^>]*>", " ", headline_of(-0.164, -0.09))
    for part in (
        "The USA leads China by 12.7",
        "range for errors of the records alone: 9.0 to 16.4 points",
        "labels alone, all resolved for one side, make it 0.3 to 20.9 points",
        "17.1",
        "15.8",
        "11.2 to 18.3",
    ):
        assert part in text
    assert "China leads the USA by 1.3" in text


def test_the_headline_names_the_age_limit_of_the_run() -> None:
    """The shares of a run at another limit are not called first-year."""
    assert "<caption>Share of first-180-day downloads</caption>" in headline_of(
        -0.164, -0.09, young="first-180-day"
    )


def test_doubtful_labels_that_turn_the_lead_are_said_to() -> None:
    """The headline names who leads at either end."""
    text = headline_of(-0.164, -0.09, doubt=0.02).replace("\u00a0", " ")
    assert "from the USA leads China by 20.9 points to China leads the USA by 2.0 points" in text


def test_a_range_on_both_sides_of_zero_settles_nothing() -> None:
    """The headline does not call a lead certain that the records leave open."""
    assert "do not settle which of the two leads" in headline_of(-0.164, 0.02)


def test_who_is_ahead_at_the_end_is_said_of_what_records_follow_and_of_the_whole() -> None:
    """Both come from the table of months."""
    passing = pd.DataFrame({
        "scope": ["all", "all"], "measure": ["estimate", "corrected"], "lasting": ["2025-07", "never"],
    })  # fmt: skip
    text = answer.links(passing, "The <file>")
    assert "at the end China is ahead; with the rest added, as in the headline, the USA is" in (
        re.sub(r"<[^>]*>", "", text)
    )
    assert "The &lt;file&gt;" in text


def test_the_range_of_the_records_is_that_of_the_headline_alone() -> None:
    """No other combination of choices has one."""
    answers = pd.read_csv(ROOT / "results" / "window_answers.csv")
    estimates = pd.read_csv(ROOT / "results" / "window_estimates.csv")
    found = ranges.of_records(answers, estimates, load_definitions())
    having = [key for key, known in found.items() if "records" in known]
    assert having == ["standard|365|proportion|uploader|registry|own|none"]
    lead = answers.set_index("statistic").loc["China − USA", ["records_lower", "records_upper"]]
    assert found[having[0]]["records"]["lead"] == lead.tolist()


def test_the_committed_page_is_small_and_whole() -> None:
    """One file under three megabytes with every key filled in."""
    content = (ROOT / "page" / "index.html").read_bytes()
    assert len(content) < MOST_BYTES
    before_data = content.decode("utf-8").partition('id="data"')[0]
    assert "{{" not in before_data
    assert "In short" in before_data

"""The terminal: progress in a pipe, tables, the finding and the ending of a run."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import assert_one_message, environment, invoke, stages_told
from rich.console import Console

from replication.cli import outcome, stages, summary, terminal
from replication.files import read_json, write_json
from replication.pipeline import STAGES
from replication.places import IN_SHORT
from replication.plain import quantity
from replication.report import claims
from replication.run import ROOT, Run
from replication.stages import Stage

SAID = read_json(ROOT / "paper" / IN_SHORT)
RULES = re.compile("[\u2500-\u257f]")
"""Characters that draw boxes and lines."""


def console(stream: io.StringIO, *, terminal: bool = False, width: int = 100) -> Console:
    """A console that writes to `stream`."""
    return Console(file=stream, force_terminal=terminal, width=width, soft_wrap=True)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed in a pipe, where a line is due every hundredth of a second."""
    stream = io.StringIO()
    monkeypatch.setattr(terminal, "out", console(stream))
    monkeypatch.setattr(terminal, "BEAT", 0.01)
    return stream


def lines(stream: io.StringIO, count: int) -> list[str]:
    """Lines of a stream, once there are so many."""
    for _ in range(500):
        if len(stream.getvalue().splitlines()) >= count:
            break
        time.sleep(0.01)
    return stream.getvalue().splitlines()


def test_a_pipe_gets_a_line_while_it_takes_long(told: io.StringIO) -> None:
    """What was told last, with the step that was counted, and how long it has taken; none afterwards."""
    with terminal.progress("4 of 6 analysis") as say:
        say("table 3 of 40, estimates.csv")
        say("cohort · [red]uploader")
        line = lines(told, 2)[-1]
    assert re.fullmatch(
        r"  4 of 6 analysis: table 3 of 40, estimates\.csv · cohort · \[red\]uploader \(\d+ s so far\)",
        line,
    )
    ended = told.getvalue()
    time.sleep(0.05)
    assert told.getvalue() == ended
    assert "\x1b" not in ended
    assert "\r" not in ended


def test_short_work_prints_nothing(monkeypatch: pytest.MonkeyPatch, told: io.StringIO) -> None:
    """A pipe is not flooded: at most a line every few seconds, and at least one in ten."""
    monkeypatch.undo()
    assert 5 <= terminal.BEAT < 10
    monkeypatch.setattr(terminal, "out", console(told))
    with terminal.progress("fetch") as say:
        for number in range(100):
            say(f"table {number} of 100")
    assert told.getvalue() == ""


def test_a_failure_ends_the_lines(told: io.StringIO) -> None:
    """An error passes through, and nothing is printed after it."""
    with pytest.raises(ValueError, match="broken"), terminal.progress("fetch"):
        raise ValueError("broken")
    ended = told.getvalue()
    time.sleep(0.03)
    assert told.getvalue() == ended


def test_a_new_step_forgets_the_detail_of_the_last() -> None:
    """The counted step stays while details change; a new one has none; nothing is said to belong to the last."""
    work = terminal._Work()
    for text, shown in (
        ("reading", "reading"),
        ("table 1 of 2, a.csv", "table 1 of 2, a.csv"),
        ("one", "table 1 of 2, a.csv · one"),
        ("two", "table 1 of 2, a.csv · two"),
        ("1,500 of 2,000 data sets", "1,500 of 2,000 data sets"),
        ("table 2 of 2, b.csv", "table 2 of 2, b.csv"),
        ("the numbers", "the numbers"),
    ):
        work.tell(text)
        assert str(work) == shown


@pytest.mark.parametrize("names", [["one", "two"], ["two"]])
def test_each_stage_says_which_of_how_many_it_is(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several stages each has its number; one alone has none."""
    made = [Stage(name, (), lambda _: [], lambda *_: []) for name in ("one", "two")]
    monkeypatch.setattr("replication.pipeline.STAGES", made)
    stream = io.StringIO()
    monkeypatch.setattr(stages, "out", console(stream))
    stages._execute(names, Run("bundled", tmp_path), force=True)
    shown = stream.getvalue()
    assert [*stages_told(shown)] == names
    assert ("✓ 2 of 2 two" in shown) is (len(names) == 2)
    assert shown.splitlines()[-1].endswith(str(tmp_path))


def test_a_terminal_gets_rules_and_a_pipe_aligned_text() -> None:
    """No markup of data is obeyed in either, and an empty cell is a dash in plain text."""
    rows = [("[red]x[/wrong]", "reproduced"), ("y", "")]
    shown = {}
    for kind in (True, False):
        stream = io.StringIO()
        terminal.print_table(console(stream, terminal=kind), ("a", "b"), rows, outcome.STYLES)
        shown[kind] = stream.getvalue()
    assert RULES.search(shown[True])
    assert "\x1b[32mreproduced" in shown[True]
    assert "[red]x[/wrong]" in shown[True]
    assert shown[False].splitlines() == [
        "  a               b",
        "  [red]x[/wrong]  reproduced",
        "  y               —",
    ]


def test_no_command_draws_boxes_in_a_pipe() -> None:
    """Tables of other commands are plain text there too."""
    for line in (["summary"], ["registry", "coverage"], ["registry", "missing"], ["who", "Qwen"]):
        done = invoke(*line)
        assert done.exit_code == 0, done.output
        assert not RULES.search(done.stdout), line


def test_summary_prints_the_finding_and_the_main_claims() -> None:
    """Every paragraph under its question, and each claim with both answers, in lines of 80 characters."""
    done = invoke("summary")
    assert done.exit_code == 0
    words = " ".join(done.stdout.split())
    for one in SAID["in_short"]:
        assert f"{one['heading']} {' '.join(one['text'].split())}" in words
    for claim in SAID["claims"]:
        claimed, published, found, answer, survives, turned_by = (
            " ".join(text.split()) for key, text in claim.items() if key != "range"
        )
        said = words.partition(f" {claimed} published {published}; public data: {found} ")[2]
        turned = f": turned by “{turned_by}”" if turned_by else ""
        assert f"{answer}, {survives}{turned} " in said[:100]
    assert summary.WORDS in words
    assert len(SAID["claims"]) == len(claims.MAIN)
    assert max(map(len, done.stdout.splitlines())) <= summary.WIDTH == 80


def test_summary_as_json() -> None:
    """It is what the run kept."""
    assert json.loads(invoke("summary", "--json").stdout) == SAID


def test_summary_of_another_run(tmp_path: Path) -> None:
    """A folder names the run; one without a finding is refused with the remedy."""
    done = invoke("summary", tmp_path)
    assert "make all" in assert_one_message(done.exit_code, done.stderr, "holds no finding")
    said = {"in_short": [{"heading": "A", "text": "[red]b\x1b[2J"}], "claims": []}
    write_json(tmp_path / "paper" / IN_SHORT, said)
    shown = invoke("summary", tmp_path).stdout
    assert "[red]b" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("content", ["", "{", "[]", '{"in_short": [{}]}', '{"in_short": 1}'])
def test_a_damaged_finding_is_refused(tmp_path: Path, content: str) -> None:
    """What is not a finding is one message, and no traceback."""
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / IN_SHORT).write_text(content, encoding="utf-8")
    done = invoke("summary", tmp_path)
    assert "make all" in assert_one_message(done.exit_code, done.stderr, IN_SHORT)


def test_an_ending_names_the_files_that_are_there(tmp_path: Path) -> None:
    """The finding, then the paper, the page and the claims, each with its path."""
    write_json(tmp_path / "paper" / IN_SHORT, SAID)
    for path in list(summary.OPENED.values())[:2]:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    stream = io.StringIO()
    summary.print_ending(tmp_path, tmp_path / "paper", console(stream))
    shown = stream.getvalue()
    assert all(one["heading"] in shown for one in SAID["in_short"])
    *_, title, paper, page = shown.splitlines()
    assert title == "to open next"
    assert paper.split() == ["the", "paper", str(tmp_path / "paper" / "paper.pdf")]
    assert page.split() == ["the", "page", str(tmp_path / "page" / "index.html")]


@pytest.mark.slow
def test_summary_is_fast() -> None:
    """Less than a second of the processor's time, whatever else the machine does."""
    program = (
        "import sys, time\n"
        "from replication.cli.app import main\n"
        "sys.argv[1:] = ['summary']\n"
        "try:\n    main()\n"
        "finally:\n    print(time.process_time(), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", check=True, timeout=60,
    )  # fmt: skip
    assert float(done.stderr) < 1


def test_the_last_stage_names_the_ending() -> None:
    """The finding is printed after the stage that writes it."""
    assert stages.PAPER in {stage.name for stage in STAGES}


def test_figures_of_claims_have_their_units() -> None:
    """What was published and what public data have, as one writes them: no bare number, no power of ten."""
    told = io.StringIO()
    outcome.print_verdicts(ROOT / "results", console(told, width=220))
    lines = told.getvalue().splitlines()
    (lead,) = [line for line in lines if line.strip().startswith("China leads the USA")]
    assert "1.3 points" in lead
    (count,) = [line for line in lines if "cumulative downloads" in line]
    assert re.search(r"0\.3.billion +0\.57.billion", count)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_200, "1,200 rows")]
)
def test_a_quantity_has_a_singular(count: int, words: str) -> None:
    """One row is no rows."""
    assert quantity(count, "row") == words

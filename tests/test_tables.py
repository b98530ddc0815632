"""Tables of the paper and what the terminal prints, from the committed results."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from small import synthetic_definitions

from replication.cli import outcome
from replication.files import read_csv
from replication.report import claim_tables, estimate_tables, prose, tables
from replication.report.markdown import markdown
from replication.run import ROOT

DEFINITIONS = synthetic_definitions()
RESULTS = ROOT / "results"


@pytest.mark.parametrize("name", list(tables.all_tables(RESULTS, DEFINITIONS)))
def test_every_table_is_a_pipe_table(name: str) -> None:
    """Header, rule and rows have the same number of cells, and no cell is a bare NaN."""
    lines = tables.all_tables(RESULTS, DEFINITIONS)[name]().splitlines()
    assert len(lines) > 2
    assert len({line.count("|") for line in lines}) == 1
    assert "nan" not in " ".join(lines).lower().replace("finance", "").split()


def test_a_pipe_in_a_cell_does_not_break_the_table() -> None:
    """What would end a cell is escaped, what would end a row replaced."""
    made = markdown(("a", "b"), [("x|y", "two\nlines")], (1, 1))
    assert made.splitlines()[-1] == "| x\\|y | two lines |"


def test_estimates_table_by_hand() -> None:
    """The row of the headline holds the published summary's numbers."""
    made = estimate_tables.estimates(RESULTS, DEFINITIONS)
    row = next(line for line in made.splitlines() if line.startswith("| Cohort"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:4] == ["48.3", "25.2", "+23.1"]


def test_every_judged_and_unjudged_claim_is_in_one_table() -> None:
    """The two tables of claims share the ledger out between them."""
    rows = (RESULTS / "claims.csv").read_text(encoding="utf-8").count("\n") - 1
    shown = [claim_tables.verdicts(RESULTS), claim_tables.unjudged(RESULTS)]
    assert sum(len(made.splitlines()) - 2 for made in shown) == rows


def test_figures_and_tables_are_numbered_as_they_stand() -> None:
    """The label follows the order of appearance, not the order of the code."""
    text = "![x](figures/late)\n{{table:two}}\n![y](figures/early)\n{{table:one}}"
    assert prose.labels(text) == {
        "fig:late": "Figure 1",
        "fig:early": "Figure 2",
        "tab:two": "Table 1",
        "tab:one": "Table 2",
    }


def printed(stage: str) -> str:
    """What is printed after a stage, as plain text."""
    stream = io.StringIO()
    outcome.print_outcome(stage, RESULTS, Console(file=stream, width=120))
    return stream.getvalue()


def test_attribution_prints_coverage_and_the_largest_rest() -> None:
    """A person sees how much is attributed and what to look up next."""
    text = printed("attribution")
    rows = read_csv(RESULTS / "coverage.csv").set_index(["estimand", "labels", "attribution"])
    share = rows.loc[("cohort-2025-08", "registry", "uploader"), "attributed_percent"]
    assert f"cohort-2025-08, uploader: {share:.1f} % credited to a country" in text
    assert "stable-diffusion-v1-5" in text


def test_analysis_prints_the_verdicts() -> None:
    """A person sees every judged claim with its verdict."""
    text = printed("analysis")
    assert "China's share of first-year downloads" in text
    assert "contradicted" in text
    assert "robust" in text
    assert "\x1b[" not in text


def test_other_stages_print_nothing_more() -> None:
    """No noise."""
    assert printed("figures") == ""

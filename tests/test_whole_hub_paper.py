"""The text of the whole Hub: its numbers, tables, figures and sources, with no run at hand."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_plots import synthetic

from replication import tables as result_tables
from replication.definitions import load_definitions
from replication.files import write_csv, write_json
from replication.plots import FIGURES, published_pair, rolling, shares_over_time
from replication.plots.results import headline
from replication.report import (
    claims,
    data_tables,
    estimate_tables,
    number_formats,
    numbers,
    prose,
    render,
    tables,
)
from replication.run import ROOT

DEFINITIONS = load_definitions(whole=True)
HEAD = load_definitions()
PAPER = ROOT / "paper"
TEXT = prose.source(PAPER, prose.TEXT, whole=True).read_text(encoding="utf-8")
DECLARED = tomllib.loads(prose.source(PAPER, prose.NUMBERS, whole=True).read_text(encoding="utf-8"))
EVERY = {"own": False, **dict.fromkeys(("whole", "anchored", "measured", "chained"), True)}
FRONT = TEXT.split("---\n", 2)[1]
SHOWN = re.findall(r"\]\(figures/(\w+)\)", TEXT)
TABLES = [key.removeprefix("table:") for key in prose.keys(TEXT) if key.startswith("table:")]
CHECKS = [
    "truncated-snapshots", "repeated-snapshots", "missing-weeks", "label-before-reading",
    "no-cumulative-counter", "rows-without-id", "duplicate-readings", "renamed-repositories",
    "missed-readings", "deleted-repositories", "late-first-readings", "falling-counters",
    "frozen-readings", "catch-up-readings", "rolling-double-count", "joined-tail",
]  # fmt: skip


def conditions() -> list[tuple[str, dict[str, str]]]:
    """Table and conditions of every declared number."""
    specs = [spec.split("|") for spec in DECLARED["numbers"].values()]
    rows = DECLARED["rows"]
    return [
        (
            name.strip(),
            {k: numbers._with_definitions("x", v, DEFINITIONS) for k, v in where.items()},
        )
        for name, where in ((s[0], numbers._conditions("x", s[1].strip(), rows)) for s in specs)
    ]


def test_the_text_uses_every_number_and_only_these() -> None:
    """No unknown key and no unused one."""
    used = {key for key in prose.keys(TEXT) if ":" not in key}
    assert used - {"in-short"} == set(DECLARED["numbers"])


def test_every_set_of_conditions_is_used() -> None:
    """No name of rows is left over."""
    named = " ".join([*DECLARED["numbers"].values(), *DECLARED["rows"].values()])
    assert [row for row in DECLARED["rows"] if not re.search(rf"@{row}\b(?!-)", named)] == []


def test_no_digit_is_typed_by_hand() -> None:
    """Every digit of the text and of its abstract is a key, a date, a citation or code."""
    assert prose.typed_digits(TEXT) == []
    assert prose.typed_digits(FRONT) == []


def test_every_figure_and_table_that_is_shown_exists_and_is_referred_to() -> None:
    """No figure that nothing draws, no table that nothing makes, and none without a reference."""
    assert set(SHOWN) <= set(FIGURES)
    assert set(TABLES) <= set(tables.all_tables(ROOT, DEFINITIONS))
    labels = {f"fig:{name}" for name in SHOWN} | {f"tab:{name}" for name in TABLES}
    keys = prose.keys(TEXT)
    assert {key for key in keys if key.startswith(("fig:", "tab:"))} == labels
    assert [label for label in labels if keys.count(label) < 2] == []


def test_the_verdict_comes_first() -> None:
    """The pair and its verdict open the abstract, and the first table has the verdicts."""
    abstract = FRONT[FRONT.index("abstract:") :]
    first = prose.keys(prose.chosen(abstract, EVERY))[:9]
    assert {"published-china", "published-usa", "head-china", "head-usa", "verdict-lead"} < set(
        first
    )
    assert TABLES[0] == "verdicts"


def test_the_table_of_the_chain_is_there_for_the_whole_hub_alone() -> None:
    """A run on a released file has no chain of windows."""
    assert set(tables.all_tables(ROOT, DEFINITIONS)) - set(tables.all_tables(ROOT, HEAD)) == {
        "chain"
    }


@pytest.mark.parametrize(("table", "where"), conditions())
def test_every_number_names_what_a_run_can_have(table: str, where: dict[str, str]) -> None:
    """Tables, estimands, exclusions, claims and checks are those of the definitions."""
    assert table in {row.name for row in result_tables.of(whole=True)} | {"manifest", "definitions"}
    estimands = {estimand.id for estimand in DEFINITIONS.estimands}
    assert where.get("estimand", DEFINITIONS.headline.estimand) in estimands
    assert where.get("window", DEFINITIONS.headline.estimand) in estimands
    ledger = {claim.id for claim in claims.load(PAPER / "claims.toml")}
    assert where.get("id", "study-china") in ledger
    assert where.get("check", CHECKS[0]) in CHECKS


def test_definitions_resolve(tmp_path: Path) -> None:
    """What is read from the definitions is there, and every format is known."""
    specs = {k: s for k, s in DECLARED["numbers"].items() if s.startswith("definitions ")}
    lines = [f'{key} = "{spec}"' for key, spec in specs.items()]
    (tmp_path / "numbers.toml").write_text("\n".join(["[rows]", "[numbers]", *lines]))
    found = numbers.collect(tmp_path / "numbers.toml", tmp_path, DEFINITIONS)
    assert len(found) == len(specs) > 10
    assert found["window-start"]["display"] == "27\u00a0August 2024"
    assert {s.split("|")[3].strip() for s in DECLARED["numbers"].values()} <= set(
        number_formats.FORMATS
    )


def test_the_headline_of_the_numbers_is_that_of_the_definitions() -> None:
    """The rows called head are the headline's."""
    named = numbers._conditions("x", DECLARED["rows"]["head"], {})
    found = {key: numbers._with_definitions("x", text, DEFINITIONS) for key, text in named.items()}
    assert found == vars(DEFINITIONS.headline)


def test_only_known_sources_are_cited() -> None:
    """Every citation has an entry in the references."""
    entries = re.findall(r"@\w+\{([^,]+),", (PAPER / "references.bib").read_text(encoding="utf-8"))
    assert set(re.findall(r"(?<![\w`])@([a-z]+\w*)", TEXT)) <= set(entries)


@pytest.mark.parametrize(("title", "found"), [("Synthetic data: x", True), ("Snapshots", False)])
def test_synthetic_data_are_called_so_first(tmp_path: Path, title: str, found: bool) -> None:
    """The abstract begins with a bold sentence where the data are synthetic, and there alone."""
    write_json(tmp_path / "manifest.json", {"title": title, "sha256": "0"})
    banner = render._banner(tmp_path, DEFINITIONS)
    assert banner.startswith("  **Synthetic data: nothing in this text is a finding.**") is found
    assert bool(banner) is found
    assert render._ABSTRACT in FRONT


def chain_table(folder: Path, **changes: float) -> list[str]:
    """Cells of the row of what is used, of a table of the chain with one synthetic row."""
    row = {"stretch": "used", "uploaders": 1234, "chained": 2_500_000.0, "counted": 3_000_000.0}
    rest = {"factor": 1.2, "factor_error": 0.0123, "spread": 0.045}
    write_csv(folder / "chain.csv", pd.DataFrame([{**row, **rest, **changes}]))
    return [
        cell.strip() for cell in data_tables.chain(folder).splitlines()[-1].strip("|").split("|")
    ]


def test_the_table_of_the_chain_by_hand(tmp_path: Path) -> None:
    """Millions, a factor and its error in its own unit, the spread in percent."""
    assert chain_table(tmp_path)[1:] == ["1,234", "2.5", "3.0", "1.200", "0.012", "4.5"]


def test_what_was_not_measured_is_a_dash(tmp_path: Path) -> None:
    """An unknown error is no number."""
    made = chain_table(tmp_path, factor_error=np.nan, spread=np.nan)
    assert made[-2:] == ["–", "–"]


def test_ranges_of_the_rebuilt_part_stand_without_measured_coverage(tmp_path: Path) -> None:
    """Where no coverage was measured the table has no column of it; both rebuild rows are there."""
    head = vars(DEFINITIONS.headline)
    rows = [
        {**head, "group": group, "unit": unit, "method": method, "point": 0.1}
        | {"lower": 0.05, "upper": 0.15}
        for group in ("China", "USA", "China − USA")
        for unit, method in (("none", "rebuild-error"), ("developer", "jackknife-logit-with-rebuild"))
    ]  # fmt: skip
    write_csv(tmp_path / "estimates.csv", pd.DataFrame(rows))
    jackknife = pd.DataFrame(rows[:2]).assign(scheme="none", method="jackknife-logit")
    every = [jackknife.assign(unit="developer", group=g).iloc[:1] for g in ("China", "USA", "China − USA")]  # fmt: skip
    write_csv(tmp_path / "intervals.csv", pd.concat(every))
    columns = ["estimand", "power", "group", "unit", "scheme", "method", "model", "coverage"]
    write_csv(tmp_path / "calibration.csv", pd.DataFrame(columns=columns))
    made = estimate_tables.methods(tmp_path, DEFINITIONS).splitlines()
    assert made[0] == "| Range | China | USA | China − USA |"
    assert [line.split("|")[1].strip() for line in made[2:]] == [
        "Jackknife, logit",
        "Error of the rebuilt part alone",
        "Jackknife, logit, with the error of the rebuilt part",
    ]


def test_figures_say_whose_shares_and_labels_they_show() -> None:
    """The whole Hub is rebuilt and labelled by the registry, the file by the study."""
    whole, head = published_pair.deck(DEFINITIONS), published_pair.deck(HEAD)
    assert "rebuilt for the whole Hub" in whole
    assert "registry’s country labels" in whole
    assert "released file" in head
    assert "study’s country labels" in head


def test_a_lead_from_the_first_sum_on_is_no_crossing() -> None:
    """Where China leads in the first sum of every width, the title names no week."""
    table = pd.DataFrame({"width": [4, 13], "week": ["2024-08-21", "2024-10-23"]})
    firsts = {4: "2024-08-21", 13: "2024-10-23"}
    assert rolling.title(table, firsts) == (
        "China is ahead of the USA from the first sum to the last, be it over 4 or 13 weeks"
    )
    assert "Aug" in rolling.title(table, firsts | {4: "2024-08-14"})


@pytest.mark.slow
def test_the_series_title_where_china_leads_throughout(tmp_path: Path) -> None:
    """The first week shown is called so, and a later crossing by its week."""
    first = str(synthetic(tmp_path / "a").weekly_shares["week"].min())
    ahead = synthetic(tmp_path / "b", crossings=(first, first))
    assert shares_over_time.title(ahead, HEAD) == (
        "China’s downloads are ahead of the USA’s from the first week shown to the last; "
        "also without telemetry counters"
    )


@pytest.mark.slow
def test_too_few_developers(tmp_path: Path) -> None:
    """Intervals are called untrustworthy below the number of the definitions, and not above it."""
    results = synthetic(tmp_path)
    held = results.effective_developers(headline(HEAD))
    rule = replace(HEAD.inference, min_effective_developers=int(held))
    assert results.too_few(HEAD)
    assert not results.too_few(replace(HEAD, inference=rule))

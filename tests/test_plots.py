"""The figures, drawn from a small synthetic result set: every number in it is made up."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import product
from pathlib import Path
from subprocess import run

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from figure_texts import assert_legible, overlaps, shown
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from small_coverage import synthetic_coverage
from small_grid import synthetic_tables
from small_window_tables import window_tables

from replication.analysis.specification import (
    CREDIT,
    CREDITED,
    LABELLED,
    TREATMENTS,
    WEEKLY_CREDIT,
)
from replication.attribution.assign import LABELS
from replication.definitions import Definitions, load_definitions
from replication.errors import ContractError
from replication.files import read_json, write_csv, write_json
from replication.places import ROOT
from replication.plots import (
    FIGURES,
    WINDOW_FIGURES,
    attribution_choices,
    developers,
    draw_all,
    forms,
    shares_over_time,
    single_choices,
    style,
    words,
)
from replication.plots.layout import spread, width_of, wrap
from replication.plots.results import Results, headline, select
from replication.plots.style import Drawing
from replication.plots.writing import FILES
from replication.report import prose

DEFINITIONS = load_definitions()
DOCUMENTS = sorted(
    path for path in (ROOT / "paper").glob("*.md") if "{{fig:" in path.read_text("utf-8")
)
TEXT_WIDTH = 16 / 2.54
"""Inches that a line of text is wide in LaTeX, where it is the narrowest."""
COLOURS = style.colours_of(DEFINITIONS)
LEAD = "China − USA"
SIGNATURES = {"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}
WEEKS = [f"2025-{month:02}-{day:02}" for month in (5, 6, 7, 8) for day in (7, 14, 21, 28)]
COHORT, INCREMENTS = "cohort-2025-08", "increments-2025-08"
NOTHING_LEFT_OUT = {("telemetry", COHORT), ("mass-upload", COHORT)}
# By how much each choice moves the synthetic lead of China.
SHIFTS = {
    "origin": 0.07, "split": 0.035, "maker": 0.08, "base_maker": 0.06, "registry": -0.01,
    "registry-low": -0.08, "registry-high": 0.09, "left-out": 0.02, "lineage": 0.05,
    "to-China": 0.09, "to-USA": -0.09, "telemetry": 0.03, "mass-upload": 0.04, "repackaged": 0.01,
    "distillation": -0.05, "automated": 0.015, "burst": -0.02, "not-chosen": 0.025,
}  # fmt: skip
# Developer, country group, share of the synthetic downloads.
DEVELOPERS = (
    ("Alpha (A, B)", "China", 0.30),
    ("Beta", "China", 0.10),
    ("Gamma", "USA", 0.20),
    ("Delta", "USA", 0.10),
    ("Epsilon with a long name", "UK", 0.12),
    ("zeta", "User", 0.10),
    ("eta", "User", 0.003),
    ("theta", "User", 0.002),
    ("iota", "International / Online", 0.07),
    ("kappa", "Lithuania", 0.005),
)


def synthetic(
    folder: Path,
    *,
    leads: Mapping[str, float] | None = None,
    swing: float = 0.3,
    crossings: Sequence[str] = ("2025-07-14", "2025-06-14"),
    shifts: Mapping[str, float] | None = None,
    reach: float = 0.5,
) -> Results:
    """Write a synthetic result set to `folder` and read it.

    Parameters
    ----------
    folder
        Receives the tables.
    leads
        Lead of China by estimand, 0.1 where none is given.
    swing
        By how much the removal of one developer moves the lead at most.
    crossings
        Crossing week with and without the exclusion.
    shifts
        By how much single choices move the lead, where not as `SHIFTS` says.
    reach
        How far the widest range of the label error extends on either side.
    """
    moved = {**SHIFTS, **(shifts or {})}
    tables = {
        "estimates": _estimates(leads or {}, swing),
        "leave_one_out": _leave_one_out(leads or {}, swing),
        "weekly_shares": _weekly_shares(),
        "crossings": _crossings(crossings),
        **_rolling(crossings),
        **_published(),
        **synthetic_tables(DEFINITIONS),
        **synthetic_coverage(DEFINITIONS),
        **window_tables(DEFINITIONS),
        "coverage": pd.DataFrame(
            {"estimand": [w.id for w in DEFINITIONS.windows], "total": 12_000_000}
        ),
        "defects": _defects(),
        "choices": _choices(leads or {}, moved),
        "exclusions": _exclusions(leads or {}, moved),
        "label_error": _label_error(leads or {}, reach),
        "claims": pd.DataFrame({"id": ["study-china", "study-usa"], "published": ["17.1", "15.8"]}),
    }
    for name, table in tables.items():
        write_csv(folder / f"{name}.csv", table)
    about = {"title": "Synthetic data", "revision": "", "accessed": "2026-01-05"}
    write_json(folder / "manifest.json", about)
    return Results.read(folder)


def _published() -> dict[str, pd.DataFrame]:
    """Intervals of the published pair under two synthetic models."""
    parts = {"China": 0.171, "USA": 0.158, LEAD: 0.013}
    pairs = [
        {"model": model, "assumption": "synthetic", "method": method, "group": group}
        | {"point": point, "lower": point - 0.1, "upper": point + 0.1}
        | {"china_leads": 0.5, "n_effective": 12.0, "n_developers": 100}
        for model, method in product(("pair", "three"), ("percentile", "jackknife-logit"))
        for group, point in parts.items()
    ]
    curve = [
        {"power": power, "method": method, "point": 0.013, "lower": -reach, "upper": reach}
        | {"n_effective": n, "n_developers": 100}
        for power, n, reach in ((1.0, 12.0, 0.3), (0.5, 30.0, 0.2), (0.0, 100.0, 0.1))
        for method in ("percentile", "jackknife-logit")
    ]
    gaps = [
        {"model": "pair", "power": power, "method": "percentile", "published_lead": 0.013}
        | {"gap": gap, "joint": 0.329, "n_effective": n}
        for power, gap, n in ((1.0, 0.32, 12.0), (0.5, 0.28, 30.0), (0.0, 0.14, 100.0))
    ]
    names = ("published_pair", "concentration_curve", "detectable_gap")
    return dict(zip(names, map(pd.DataFrame, (pairs, curve, gaps)), strict=True))


def _specifications() -> list[dict[str, str]]:
    grid = product([e.id for e in DEFINITIONS.estimands], CREDIT, LABELS)
    return [dict(zip(("estimand", "attribution", "labels"), row, strict=True)) for row in grid]


def _estimates(leads: Mapping[str, float], swing: float) -> pd.DataFrame:
    rows = []
    for keys in _specifications():
        lead = leads.get(keys["estimand"], 0.1)
        origin = {"uploader": 0.0, "split": 0.02, "origin": 0.04, "maker": 0.06}[
            keys["attribution"]
        ]
        shares = {"China": 0.3 + lead / 2 + origin, "USA": 0.3 - lead / 2 - origin, LEAD: lead}
        rest = {group: 0.4 / (3 + n) ** 2 for n, group in enumerate(DEFINITIONS.groups[2:])}
        for (group, point), (method, reach) in product(
            {**shares, **rest}.items(),
            (("jackknife-logit", 0.4), ("leave-one-out", swing), ("bounds", 0.05)),
        ):
            ends = {"point": point, "lower": point - reach, "upper": point + reach}
            size = {"n_developers": len(DEVELOPERS), "n_effective": 4.5, "unit": "developer"}
            rows.append({**keys, "group": group, "method": method, **ends, **size})
    return pd.DataFrame(rows)


def _leave_one_out(leads: Mapping[str, float], swing: float) -> pd.DataFrame:
    rows = []
    for keys, (developer, group, share) in product(_specifications(), DEVELOPERS):
        lead = leads.get(keys["estimand"], 0.1)
        sign = {"China": -1.0, "USA": 1.0}.get(group, 0.05)
        shift = sign * swing * share / DEVELOPERS[0][2]
        held = {"developer": developer, "group": group, "share": share}
        rows.append({**keys, **held, "lead": lead + shift, "shift": shift})
    return pd.DataFrame(rows)


def _series() -> list[dict[str, str]]:
    names = ["weekly", *(f"weekly-without-{x.id}" for x in DEFINITIONS.estimated_exclusions)]
    return [{"series": n, "attribution": "uploader", "labels": "study"} for n in names]


def _weekly_shares() -> pd.DataFrame:
    rows = []
    for keys, (n, week), (place, group) in product(
        _series(), enumerate(WEEKS), enumerate(DEFINITIONS.groups)
    ):
        share = {"China": 0.2 + 0.03 * n, "USA": 0.45 - 0.02 * n}.get(group, 0.1 / (1 + place) ** 2)
        ends = {"lower": share / 2, "upper": share + 0.1}
        rows.append({**keys, "week": week, "group": group, "share": share, **ends})
    return pd.DataFrame(rows)


def _crossings(weeks: Sequence[str]) -> pd.DataFrame:
    rows = [{**k, "week": w} for k, w in zip(_series(), weeks, strict=True)]
    return pd.DataFrame(rows).assign(never_fraction=0.25, judged_until=WEEKS[-1])


def _rolling(crossings: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Two widths under one scheme; the wider crosses in the last week."""
    shares = _weekly_shares()[lambda rows: rows["group"].isin(style.SIDES)]
    marks = {mark: shares["week"].isin(WEEKS[3:6]) for mark in ("frozen", "seam", "ageing")}
    scheme = {"series": "weekly", "scheme": "developers"}
    ends = {"lower": WEEKS[0], "upper": "never", "never_fraction": 0.25, "judged_until": WEEKS[-1]}
    crossed = {4: crossings[0], 13: WEEKS[-1]}
    bars = [
        {**scheme, "width": width, "week": week, "fraction": 1 / (len(WEEKS) + 1)}
        for width, week in product(crossed, [*WEEKS, "never"])
    ]
    return {
        "rolling_shares": pd.concat([shares.assign(width=width, **marks) for width in crossed]),
        "rolling_crossings": pd.DataFrame(
            [{**scheme, "width": w, "week": week, **ends} for w, week in crossed.items()]
        ),
        "rolling_distribution": pd.DataFrame(bars),
    }


def _choices(leads: Mapping[str, float], shifts: Mapping[str, float]) -> pd.DataFrame:
    grid = product(
        [w.id for w in DEFINITIONS.windows],
        ["none", *(x.id for x in DEFINITIONS.exclusions)],
        CREDITED,
        LABELLED,
        TREATMENTS,
    )
    rows = []
    for window, exclusion, *rest in grid:
        if (exclusion, window) in NOTHING_LEFT_OUT:
            continue
        lead = leads.get(window, 0.1) + sum(shifts.get(x, 0) for x in (exclusion, *rest))
        keys = ("window", "exclusion", "attribution", "labels", "treatment")
        rows.append({**dict(zip(keys, (window, exclusion, *rest), strict=True)), "lead": lead})
    return pd.DataFrame(rows)


def _exclusions(leads: Mapping[str, float], shifts: Mapping[str, float]) -> pd.DataFrame:
    rows = []
    for exclusion, window in product(DEFINITIONS.exclusions, DEFINITIONS.windows):
        full = leads.get(window.id, 0.1)
        found = (exclusion.id, window.id) not in NOTHING_LEFT_OUT
        keys = {"exclusion": exclusion.id, "by": "exclusion", "window": window.id}
        without = full + found * shifts[exclusion.id]
        rows.append({**keys, "downloads": 9 * found, "lead": full, "lead_without": without})
    single = {"exclusion": "telemetry", "by": "rule", "window": COHORT, "downloads": 5}
    return pd.DataFrame([*rows, {**single, "lead": 0.1, "lead_without": 0.9}])


def _label_error(leads: Mapping[str, float], reach: float) -> pd.DataFrame:
    rows = []
    for window, role, (source, wide) in product(
        DEFINITIONS.windows,
        ("uploader", "origin", "maker"),
        (("luck", 0.4), ("labels-unsettled", 0.02), ("both-unsettled", reach)),
    ):
        point = leads.get(window.id, 0.1) + SHIFTS["registry"]
        keys = {"estimand": window.id, "attribution": role, "labels": "registry", "source": source}
        ends = {"point": point, "lower": point - wide, "upper": point + wide}
        rows += [{**keys, "group": group, **ends} for group in ("China", LEAD)]
    return pd.DataFrame(rows)


def _defects() -> pd.DataFrame:
    found = {
        "frozen-readings": "2025-06-07, 2025-06-14",
        "catch-up-readings": "2025-06-21",
        "closed-cohort": "2025-07-11",
    }
    return pd.DataFrame({"check": found.keys(), "where": found.values()})


def drawn(results: Results) -> dict[str, Drawing]:
    """Every figure, with its texts laid out."""
    with style.context(DEFINITIONS):
        figures = {name: draw(results, DEFINITIONS) for name, draw in FIGURES.items()}
        for figure in figures.values():
            figure.canvas.draw()
    return figures


def titles(results: Results, name: str) -> str:
    """Title of one figure."""
    with style.context(DEFINITIONS):
        return FIGURES[name](results, DEFINITIONS).title


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A synthetic result set."""
    return synthetic(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def figures(results: Results) -> dict[str, Drawing]:
    """Its figures."""
    return drawn(results)


@pytest.mark.slow
def test_every_figure_is_written_in_every_form_with_the_same_bytes(tmp_path: Path) -> None:
    """One run draws here and one in new processes; they agree to the byte, whatever the reader's settings."""
    synthetic(tmp_path / "results")
    told: list[str] = []
    first = draw_all(tmp_path / "results", tmp_path / "one", DEFINITIONS, told.append, workers=1)
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": "other", "axes.facecolor": "red"}):
        second = draw_all(
            tmp_path / "results", tmp_path / "two", DEFINITIONS, told.append, workers=2
        )
    places = {place.format(name) for name in FIGURES for place in FILES} | {"figures.json"}
    assert {p.relative_to(tmp_path / "one").as_posix() for p in first} == places
    assert len(told) == 2 * len(FIGURES)
    for one, two in zip(first, second, strict=True):
        assert one.read_bytes().startswith(SIGNATURES.get(one.suffix[1:], b""))
        assert one.read_bytes() == two.read_bytes(), one.name


def test_the_first_figure_may_have_been_begun_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not drawn again, and stands where it belongs; what failed there fails here."""

    def draw(results: Results, definitions: Definitions) -> Figure:
        return style.page(1, "Here", "of nothing", results.footer(definitions)).figure

    monkeypatch.setattr("replication.plots.FIGURES", dict.fromkeys(["one", "two"], draw))
    synthetic(tmp_path / "results")
    begun: Future[tuple[dict[str, str], dict[str, bytes]]] = Future()
    begun.set_result(({"title": "There"}, {"one.svg": b"drawn elsewhere"}))
    given = (tmp_path / "results", tmp_path / "figures", DEFINITIONS, lambda _: None)
    draw_all(*given, workers=1, begun=begun)
    words = read_json(tmp_path / "figures" / "figures.json")
    assert [(name, said["title"]) for name, said in words.items()] == [
        ("one", "There"),
        ("two", "Here"),
    ]
    assert (tmp_path / "figures" / "one.svg").read_bytes() == b"drawn elsewhere"
    failed: Future[tuple[dict[str, str], dict[str, bytes]]] = Future()
    failed.set_exception(ContractError("not there", "elsewhere"))
    with pytest.raises(ContractError, match="not there"):
        draw_all(*given, workers=1, begun=failed)


@pytest.mark.slow
def test_a_figure_that_is_added_to_the_table_is_drawn_and_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row in the table and a place in the text are all that it takes."""

    def draw(results: Results, definitions: Definitions) -> Figure:
        return style.page(1, "A new figure", "of nothing", results.footer(definitions)).figure

    monkeypatch.setattr("replication.plots.FIGURES", {"new": draw})
    synthetic(tmp_path / "results")
    folder = tmp_path / "figures"
    draw_all(tmp_path / "results", folder, DEFINITIONS, lambda _: None, workers=1)
    for suffix, signature in SIGNATURES.items():
        assert (folder / f"new.{suffix}").read_bytes().startswith(signature)
    assert read_json(folder / "figures.json")["new"]["title"] == "A new figure"
    text = "![**{{fig:new}}.** One sentence.](figures/new){width=70%}"
    assert prose.labels(text) == {"fig:new": "Figure 1"}


@pytest.mark.slow
def test_the_figures_are_imported_without_reading_the_definitions() -> None:
    """Work begins when a figure is drawn."""
    code = """
import sys
read = []
sys.addaudithook(lambda event, about: event == "open" and read.append(str(about[0])))
import replication.plots
print([name for name in read if name.endswith((".toml", ".csv"))])
"""
    found = run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_every_country_group_has_one_colour_and_all_differ() -> None:
    """China and the USA also differ in grey and in their markers."""
    assert set(COLOURS) == set(DEFINITIONS.groups)
    assert len(set(COLOURS.values())) == len(DEFINITIONS.groups)
    greys = [to_rgb(COLOURS[g]) @ np.array([0.299, 0.587, 0.114]) for g in style.SIDES]
    assert abs(greys[0] - greys[1]) > 0.15
    assert len(set(style.MARKERS.values())) == len(style.MARKERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_small_clipped_or_covered(figures: dict[str, Figure], name: str) -> None:
    """Texts have at least 7.5 pt, lie on the page and do not overlap."""
    assert_legible(figures[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FIGURES if name not in WINDOW_FIGURES])
def test_the_footer_is_on_every_figure_of_the_file(figures: dict[str, Figure], name: str) -> None:
    """It names the data, their date, their size and who computed."""
    found = [t.get_text() for t in figures[name].texts if t.get_gid() == "footer"]
    assert " ".join(found).replace("\n", " ") == (
        "Data: Synthetic data, read on 5 January 2026. 321 repositories; headline: 10 developers, "
        "12 million downloads. Computed by this replication."
    )


@pytest.mark.slow
def test_the_leave_one_out_title_says_whether_the_lead_turns(tmp_path: Path) -> None:
    """A lead that turns, one that does not, and one of the USA."""
    turns = titles(synthetic(tmp_path, swing=0.3), "leave_one_out")
    assert turns == ("Without Alpha (A, B), China’s lead of 10.0 points becomes a deficit of 20.0")
    stays = titles(synthetic(tmp_path, swing=0.01), "leave_one_out")
    assert stays == "No single developer’s removal turns China’s lead of 10.0 points"
    behind = {DEFINITIONS.headline.estimand: -0.1}
    usa = titles(synthetic(tmp_path, leads=behind, swing=0.3), "leave_one_out")
    assert usa == "Without Gamma, the USA’s lead of 10.0 points becomes a deficit of 10.0"


@pytest.mark.slow
def test_the_title_of_the_pair_gives_the_range_of_the_leads(tmp_path: Path) -> None:
    """Leads of both signs, and of one sign only."""
    both = synthetic(tmp_path, leads={"increments-2025-08": -0.05})
    assert titles(both, "published_pair") == (
        "Published: China 1.3 points ahead. Recomputed: 5.0 behind to 10.0 ahead in the rows below"
    )
    ahead = synthetic(tmp_path, leads={"increments-2025-08": 0.05})
    assert "5.0 to 10.0 ahead" in titles(ahead, "published_pair")
    write_csv(tmp_path / "claims.csv", pd.DataFrame({"id": ["other"], "published": ["1"]}))
    assert titles(Results.read(tmp_path), "published_pair").startswith("China is 5.0 to 10.0")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("crossings", "told"),
    [
        (("2025-07-14", "2025-06-14"), "the week of 14 July 2025 and stay ahead; 4 weeks earlier"),
        (("2025-06-14", "2025-06-21"), "stay ahead; 1 week later without telemetry counters"),
        (("2025-06-14", "2025-06-14"), "stay ahead; in the same week without"),
        (("2025-06-14", "never"), "stay ahead; not so without"),
        (("never", "2025-06-14"), "do not pass the USA’s to stay ahead"),
    ],
)
def test_the_title_of_the_series_follows_the_crossings(
    tmp_path: Path, crossings: tuple[str, str], told: str
) -> None:
    """Earlier, later, together, or never."""
    assert told in titles(synthetic(tmp_path, crossings=crossings), "shares_over_time")


@pytest.mark.slow
def test_the_other_titles_follow_the_numbers(results: Results) -> None:
    """The largest developer's share, and what the credits of the origin and the maker do."""
    assert titles(results, "developers").startswith("Alpha alone holds 30\u202f%")
    assert titles(results, "uploader_origin") == (
        "Credit to the base model’s developer moves China by +4.0 points and the USA by −4.0, "
        "credit to the maker by +6.0 and −6.0"
    )


@pytest.mark.slow
def test_a_specification_that_was_not_estimated_is_left_out(tmp_path: Path) -> None:
    """An exclusion that removes nothing has no rows, and the pair is drawn without it."""
    synthetic(tmp_path)
    table = pd.read_csv(tmp_path / "estimates.csv")
    write_csv(tmp_path / "estimates.csv", table[~table["estimand"].str.contains("-without-")])
    with style.context(DEFINITIONS):
        figure = FIGURES["published_pair"](Results.read(tmp_path), DEFINITIONS)
    assert not any("telemetry" in text.get_text() for text in shown(figure))


@pytest.mark.slow
def test_the_series_of_a_headline_by_maker_is_credited_to_the_uploader(results: Results) -> None:
    """The weekly series knows no maker, and the deck says who is credited instead."""
    assert "maker" not in WEEKLY_CREDIT
    definitions = replace(DEFINITIONS, headline=replace(DEFINITIONS.headline, attribution="maker"))
    assert headline(definitions).attribution == "maker"
    with style.context(DEFINITIONS):
        figure = shares_over_time.draw(results, definitions)
    assert "uploader, study’s labels" in _deck(figure)


def _deck(figure: Figure) -> str:
    """The lines below the title, as one."""
    return next(t.get_text() for t in figure.texts if t.get_gid() == "deck").replace("\n", " ")


def _panels(figure: Figure) -> list[Axes]:
    """Panels of the choices, from the left."""
    return sorted(figure.axes, key=lambda ax: ax.get_position().x0)


def _marks(ax: Axes) -> list[tuple[float, float, str, str, str]]:
    """Single marks of a panel from the top: lead, height, marker, fill and edge."""
    found = [
        (
            float(line.get_xdata()[0]),
            float(line.get_ydata()[0]),
            str(line.get_marker()),
            to_hex(line.get_markerfacecolor()),
            to_hex(line.get_markeredgecolor()),
        )
        for line in ax.lines
        if len(line.get_xdata()) == 1 and line.get_marker() in {"o", "s"}
    ]
    return sorted(found, key=lambda mark: mark[1])


def test_every_choice_of_the_analysis_has_words() -> None:
    """No credit, source of labels or treatment is without a name in the figures."""
    assert set(words.CREDIT) == set(CREDITED)
    assert set(words.LABELS) == set(LABELLED)
    assert set(words.UNATTRIBUTED) == set(TREATMENTS)
    assert words.basis("maker", "registry") == "maker, registry’s labels"
    told = {name: words.credited("uploader", name) for name in ("registry", "study")}
    assert told == {
        "registry": "credited to the uploader, countries by this project’s registry",
        "study": "credited to the uploader, countries by the study",
    }


@pytest.mark.slow
def test_every_choice_has_a_row_with_its_lead(results: Results, figures: dict[str, Figure]) -> None:
    """Each differs from the headline in one choice alone, and is drawn, named and printed."""
    left, right = _panels(figures["attribution_choices"])
    named = [text.get_text() for text in left.texts]
    texts = (words.CREDIT, words.LABELS, words.UNATTRIBUTED)
    expected = [label for group in texts for label in group.values()]
    expected += [
        "nothing",
        *(single_choices.exclusion_name(DEFINITIONS, x) for x in DEFINITIONS.exclusions),
    ]
    assert [label for label in expected if named.count(label) != 1] == []
    moved = [SHIFTS.get(choice, 0.0) for group in texts for choice in group]
    for ax, window in ((left, COHORT), (right, INCREMENTS)):
        removed = [(x.id, window) not in NOTHING_LEFT_OUT for x in DEFINITIONS.exclusions]
        without = [
            SHIFTS[x.id] * found for x, found in zip(DEFINITIONS.exclusions, removed, strict=True)
        ]
        leads = [10 + 100 * shift for shift in (*moved, 0.0, *without)]
        marks = _marks(ax)
        assert [mark[0] for mark in marks[: len(leads)]] == pytest.approx(leads)
        values = [
            lead for lead, there in zip(leads[-len(removed) :], removed, strict=True) if there
        ]
        values = leads[: -len(removed)] + values
        printed = [t.get_text() for t in ax.texts if re.fullmatch(r"[+−]?\d+\.\d", t.get_text())]
        assert sorted(printed) == sorted(words.signed(value) for value in values)


@pytest.mark.slow
def test_a_dot_tells_who_leads_and_whether_the_headline_makes_the_choice(tmp_path: Path) -> None:
    """Colour and marker are the leader's, the headline's own marks are hollow."""
    found = synthetic(tmp_path, shifts={"to-USA": -0.15})
    with style.context(DEFINITIONS):
        left, _ = _panels(attribution_choices.draw(found, DEFINITIONS))
    marks = _marks(left)
    order = [*words.CREDIT, *words.LABELS, *words.UNATTRIBUTED, "none"]
    lines = dict(zip(order, marks, strict=False))
    china, usa = (COLOURS[side].lower() for side in style.SIDES)
    assert lines["to-USA"][0] == pytest.approx(-5)
    assert lines["to-USA"][2:4] == ("s", usa)
    assert lines["maker"][2:4] == ("o", china)
    hollow = [name for name, mark in lines.items() if mark[3] == "#ffffff"]
    assert hollow == ["uploader", "study", "own", "none"]
    assert all(lines[name][4] == china for name in hollow)


@pytest.mark.slow
def test_an_exclusion_that_removes_nothing_is_grey_at_the_baseline(
    figures: dict[str, Figure],
) -> None:
    """It stands in the figure, with no number, and only where it removes nothing."""
    left, right = _panels(figures["attribution_choices"])
    grey = [mark for mark in _marks(left) if mark[3] == style.QUIET]
    assert [mark[0] for mark in grey] == pytest.approx([10.0, 10.0])
    assert [t.get_text() for t in left.texts].count("removes nothing") == 2
    assert "removes nothing" not in [t.get_text() for t in right.texts]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shifts", "leads", "first", "second"),
    [
        ({}, {}, "No single choice turns {}", "none turns China’s lead of 10.0 points"),
        (
            {"to-USA": -0.11},
            {INCREMENTS: 0.2},
            "1 of 16 single choices turns {} (unattributed: all to the USA)",
            "none turns China’s lead of 20.0 points",
        ),
        (
            {"to-USA": -0.11, "distillation": -0.2},
            {INCREMENTS: -0.075},
            "2 of 16 single choices turn {}",
            "3 of 18 turn the USA’s lead of 7.5 points",
        ),
        (
            {"telemetry": -0.5},
            {INCREMENTS: 0.3},
            "No single choice turns {}",
            "1 of 18 turns China’s lead of 30.0 points",
        ),
    ],
)
def test_the_title_of_the_choices_counts_those_that_turn_the_lead(
    tmp_path: Path, shifts: dict[str, float], leads: dict[str, float], first: str, second: str
) -> None:
    """None, one by its name, several; two exclusions of the cohort remove nothing and count not."""
    found = synthetic(tmp_path, shifts=shifts, leads=leads)
    lead = "China’s lead of 10.0 points in the headline"
    told = f"{first.format(lead)}; in the increments {second}"
    assert titles(found, "attribution_choices") == told


@pytest.mark.slow
def test_the_ranges_of_the_label_error_are_drawn_and_printed(tmp_path: Path) -> None:
    """The thick one in full; the thin one has arrows where the panel ends before it does."""
    for reach, arrows in ((0.6, {"<", ">"}), (0.03, set())):
        found = synthetic(tmp_path, reach=reach)
        with style.context(DEFINITIONS):
            left, _ = _panels(attribution_choices.draw(found, DEFINITIONS))
        low, high = left.get_xlim()
        spans = [sorted(map(float, x.get_xdata())) for x in left.lines if len(x.get_xdata()) == 2]
        for ends in ([7, 11], [9 - 100 * reach, 9 + 100 * reach]):
            assert any(span == pytest.approx(ends) for span in spans), ends
            text = f"{words.signed(ends[0])} to {words.signed(ends[1])}"
            assert [t.get_text() for t in left.texts].count(text) == 1
        assert {line.get_marker() for line in left.lines} & {"<", ">"} == arrows
        assert (9 - 100 * reach < low) == (9 + 100 * reach > high) == bool(arrows)


@pytest.mark.slow
def test_both_panels_of_the_choices_have_one_scale_and_hold_zero(tmp_path: Path) -> None:
    """A point is as long in one panel as in the other, and the baseline is at the same place."""
    found = synthetic(tmp_path, leads={COHORT: 0.55, INCREMENTS: -0.2})
    with style.context(DEFINITIONS):
        left, right = _panels(attribution_choices.draw(found, DEFINITIONS))
    assert left.get_position().width == pytest.approx(right.get_position().width)
    (a, b), (c, d) = left.get_xlim(), right.get_xlim()
    assert (a - 55, b - 55) == pytest.approx((c + 20, d + 20))
    assert a < 0 < b
    assert c < 0 < d
    assert 0 in left.get_xticks()
    assert 0 in right.get_xticks()


@pytest.mark.slow
def test_a_headline_of_increments_has_one_panel_of_choices(results: Results) -> None:
    """Where both windows are the same, it is drawn once; split credit has no ranges to draw."""
    own = replace(DEFINITIONS.headline, estimand=INCREMENTS, attribution="split")
    with style.context(DEFINITIONS):
        figure = attribution_choices.draw(results, replace(DEFINITIONS, headline=own))
    assert len(figure.axes) == 1
    assert "in the increments" not in figure.title
    assert "Error of the labels" not in [t.get_text() for t in figure.axes[0].texts]
    assert "second coding" not in _deck(figure)


@pytest.mark.slow
@given(st.lists(st.floats(0, 10), min_size=1, max_size=12))
def test_spread_labels_keep_their_order_and_distance(places: list[float]) -> None:
    """No two labels are nearer than the gap, and none lies below the floor."""
    moved = spread(places, 0.5, 0)
    ordered = [place for _, place in sorted(zip(places, moved, strict=True))]
    assert min(moved) >= -1e-9
    assert all(b - a >= 0.5 - 1e-9 for a, b in zip(sorted(moved), sorted(moved)[1:], strict=False))
    assert ordered == sorted(ordered)


def test_spread_leaves_distant_labels_alone() -> None:
    """Labels that are far apart stay, and close ones move by the same amount."""
    assert spread([9, 1, 5], 0.5, 0) == [9, 1, 5]
    assert spread([5, 5.2], 1, 0) == pytest.approx([4.6, 5.6])


def test_lines_are_no_wider_than_asked() -> None:
    """Words wrap, and a number stays with the word before it."""
    lines = wrap("one lead of 12 points and another lead of 13 points", 1.0, 8)
    assert all(width_of(line, 8) <= 1.0 for line in lines)
    assert not any(line[0].isdigit() for line in lines)


def test_numbers_are_printed_alike_everywhere() -> None:
    """A true minus, no sign at zero, and months that no locale changes."""
    assert [words.signed(x) for x in (1.25, -2.06, -0.01)] == ["+1.2", "−2.1", "0.0"]
    assert words.points(-1) == "1.0 point"
    assert words.day("2025-07-02") == "2 July 2025"
    assert words.short_day("2025-07-02") == "2 Jul 2025"


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_has_its_data_and_a_text_that_stands_for_it(
    figures: dict[str, Drawing], name: str
) -> None:
    """The text begins with the title and goes on with numbers; the data have rows and no empty column."""
    figure = figures[name]
    assert figure.alt.startswith(f"{figure.title}. ")
    assert re.search(r"\d", figure.alt.removeprefix(figure.title))
    assert len(figure.data) > 0
    assert figure.data.notna().any().all()


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_clipped_or_covered_in_the_other_forms(results: Results, name: str) -> None:
    """Bare, where no text reaches above the cut, and as a slide, whose words end left of the rest."""
    with style.context(DEFINITIONS):
        figure = FIGURES[name](results, DEFINITIONS)
        assert overlaps(figure) == []
        others = [text for text in shown(figure) if text.get_gid() != "title"]
        bare = forms.bare(figure, "")
        assert max(t.get_window_extent().y1 for t in others) <= bare.tall * figure.dpi
        page = forms.slide(figure)
        assert overlaps(page) == []
        left = page.get_figwidth() - style.INNER - forms.EDGE
        assert max(t.get_window_extent().x1 for t in page.texts) < left * page.dpi


@pytest.mark.slow
def test_every_tile_has_words_and_every_group_a_name(results: Results) -> None:
    """Groups too small for theirs share a tile, and are listed below it."""
    rows = select(results.leave_one_out, headline(DEFINITIONS))
    blocks, small = developers.layout(rows)
    assert [named.tile for block in blocks for named in block.tiles if named.words is None] == []
    assert [b.group for b in blocks if b.tag is None] == [developers.REST] * bool(small)
    shares = rows.groupby("group")["share"].sum()
    named = {b.group: b.share for b in blocks if b.tag} | small
    assert named == pytest.approx(shares[shares > 0].to_dict())
    assert sum(t.tile.share for b in blocks for t in b.tiles) == pytest.approx(rows["share"].sum())


@pytest.mark.slow
def test_a_removal_has_the_colour_of_who_then_leads(results: Results) -> None:
    """Never that of the developer that was removed."""
    with style.context(DEFINITIONS):
        figure = FIGURES["leave_one_out"](results, DEFINITIONS)
    dots = [line for line in figure.axes[0].lines if line.get_marker() in style.MARKERS.values()]
    assert dots
    for dot in dots:
        side = style.leader(float(dot.get_xdata()[0]))
        assert to_hex(dot.get_color()) == COLOURS[side].lower()
        assert dot.get_marker() == style.MARKERS[side]


@pytest.mark.slow
@pytest.mark.parametrize("document", [path.name for path in DOCUMENTS])
def test_no_text_is_too_small_in_print(figures: dict[str, Drawing], document: str) -> None:
    """Every text of a figure has 6.5 points at the width at which a document sets it."""
    text = (ROOT / "paper" / document).read_text(encoding="utf-8")
    placed = re.findall(r"\]\(figures/(\w+)\)\{width=(\d+)%\}", text)
    assert len(placed) == text.count("](figures/")
    small = {}
    for name, width in placed:
        scale = int(width) / 100 * TEXT_WIDTH / style.WIDTH
        size = scale * min(shown_text.get_fontsize() for shown_text in shown(figures[name]))
        if size < 6.5:
            small[name] = round(size, 2)
    assert small == {}

"""Rolling shares and crossings: by hand, by a plain loop over replicates, and beside the series."""

from __future__ import annotations

import dataclasses
import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from small import synthetic_definitions, synthetic_weeks
from small_weeks import (
    crossing,
    rolling_sums,
    synthetic_labels,
    synthetic_many,
    synthetic_series,
)

from replication.analysis import crossover, rolling
from replication.analysis.cells import Weeks
from replication.analysis.rolling import BLOCKS, DEVELOPERS, PRODUCT, REFUSED, Breaks
from replication.analysis.weekly import GROUPS, TOO_SHORT
from replication.definitions import Definitions
from replication.errors import DegenerateDataError
from replication.inference import blocks
from replication.inference.resampling import cluster_weights

DEFINITIONS = synthetic_definitions()
RULES = DEFINITIONS.inference
MANY = synthetic_many()
SPAN, WIDTH = 20, 4
SCHEMES = (DEVELOPERS, PRODUCT, *(kind.name for kind in BLOCKS))
NAMES = synthetic_labels(SPAN)
Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def rolled(
    weekly: pd.DataFrame,
    definitions: Definitions = DEFINITIONS,
    widths: tuple[int, ...] = rolling.WIDTHS,
    breaks: Breaks = rolling.NO_BREAKS,
) -> Tables:
    """Shares, crossings and distribution of attributed weekly downloads."""
    return rolling.rolling(Weeks(weekly, definitions), widths, breaks)


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Shares, crossings and distribution of many synthetic developers."""
    return rolled(MANY, DEFINITIONS, (1, WIDTH, 30))


def one(crossings: pd.DataFrame, width: int, scheme: str = DEVELOPERS) -> pd.Series:
    """The row of one width and scheme of the whole series."""
    rows = crossings[(crossings["series"] == "weekly") & (crossings["width"] == width)]
    return rows[rows["scheme"] == scheme].iloc[0]


@cache
def by_hand() -> list[tuple[str, np.ndarray]]:
    """Group and weekly half downloads of every developer, in the order of their names."""
    found = MANY.sort_values("week").groupby(["uploader_developer", "study_group_uploader"])
    return [(group, 2 * rows["downloads"].to_numpy()) for (_, group), rows in found]


@cache
def replicate(number: int, scheme: str) -> dict[str, list[float]]:
    """Weekly totals of China, the USA and all in one replicate, developer by developer."""
    chunk, row = divmod(number, RULES.chunk)
    developers = cluster_weights(len(by_hand()), RULES.chunk, RULES.seed, chunk)[row]
    by_week = np.ones(SPAN)
    if scheme == PRODUCT:
        by_week = blocks.independent_weights(SPAN, RULES.chunk, RULES.seed, chunk)[row]
    totals = {name: [0.0] * SPAN for name in ("China", "USA", "all")}
    for (group, counts), weight in zip(by_hand(), developers, strict=True):
        for name, week in itertools.product(totals, range(SPAN)):
            if name in {group, "all"}:
                totals[name][week] += float(weight * counts[week] * by_week[week])
    return totals


def test_rolling_shares_by_hand() -> None:
    """Sums over two weeks of 10, 30, 20 against 30, 10, 10, with 10 of another country."""
    table = synthetic_series(
        {("a", "China"): [10, 30, 20], ("b", "USA"): [30, 10, 10], ("c", "France"): [10, 10, 10]}
    )
    shares, crossings, _ = rolled(table, DEFINITIONS, (2,))
    found = shares[shares["series"] == "weekly"].pivot_table(
        index="week", columns="group", values="share"
    )
    assert found.index.tolist() == synthetic_labels(3)[1:]
    assert found["China"].tolist() == pytest.approx([40 / 100, 50 / 90])
    assert found["USA"].tolist() == pytest.approx([40 / 100, 20 / 90])
    assert found["China − USA"].tolist() == pytest.approx([0, 30 / 90])
    assert one(crossings, 2)["week"] == synthetic_labels(3)[2]


def test_bands_by_brute_force(tables: Tables) -> None:
    """Quantiles over replicates that are added up developer by developer."""
    drawn = [replicate(number, DEVELOPERS) for number in range(RULES.replicates)]
    sums = [{name: rolling_sums(x, WIDTH) for name, x in found.items()} for found in drawn]
    rows = tables[0][(tables[0]["series"] == "weekly") & (tables[0]["width"] == WIDTH)]
    for group, week in itertools.product(GROUPS, (0, 7, SPAN - WIDTH)):
        shares = [
            (x[group][week] if group in x else x["China"][week] - x["USA"][week]) / x["all"][week]
            for x in sums
        ]
        row = rows[(rows["group"] == group) & (rows["week"] == NAMES[week + WIDTH - 1])].iloc[0]
        ends = np.quantile(shares, [0.025, 0.975])
        assert [row["lower"], row["upper"]] == pytest.approx(ends)


@pytest.mark.parametrize("width", [1, WIDTH])
@pytest.mark.parametrize("scheme", [DEVELOPERS, PRODUCT])
def test_the_distribution_by_brute_force(tables: Tables, scheme: str, width: int) -> None:
    """How many replicates cross in each week, each tried from its first week on."""
    drawn = [replicate(number, scheme) for number in range(RULES.replicates)]
    found = [crossing(totals["China"], totals["USA"], width) for totals in drawn]
    rows = tables[2][(tables[2]["series"] == "weekly") & (tables[2]["width"] == width)]
    fractions = rows[rows["scheme"] == scheme]["fraction"] * RULES.replicates
    expected = [found.count(place) for place in range(SPAN - width + 2)]
    assert fractions.tolist() == pytest.approx(expected, abs=1e-9)
    assert len(set(found)) > 3  # the replicates do differ


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_distribution_holds_what_the_crossing_says(tables: Tables, scheme: str) -> None:
    """It adds up to one, its ends are quantiles, and its last row is never."""
    _, crossings, distribution = tables
    row = one(crossings, WIDTH, scheme)
    where = (distribution["series"] == "weekly") & (distribution["width"] == WIDTH)
    rows = distribution[where & (distribution["scheme"] == scheme)]
    assert rows["week"].tolist() == [*NAMES[WIDTH - 1 :], "never"]
    assert rows["fraction"].sum() == pytest.approx(1)
    assert rows["fraction"].iloc[-1] == row["never_fraction"]
    below = rows["fraction"].cumsum().round(9).to_numpy()
    places = [int(np.argmax(below >= level)) for level in (0.025, 0.975)]
    assert [row["lower"], row["upper"]] == rows["week"].iloc[places].tolist()


@pytest.mark.slow
def test_the_smoothed_series_has_the_same_shares_and_crossing() -> None:
    """At the study's own width the shares, bands and crossing are those of the weekly series."""
    width = DEFINITIONS.time.smoothing_weeks
    theirs, their_crossings = crossover.series(Weeks(MANY, DEFINITIONS))
    shares, crossings, _ = rolled(MANY, DEFINITIONS, (width,))
    chosen = {
        "attribution": DEFINITIONS.headline.attribution,
        "labels": DEFINITIONS.headline.labels,
    }
    keys, values = ["series", "week", "group"], ["share", "lower", "upper"]
    same = (theirs[list(chosen)] == list(chosen.values())).all(axis=1)
    joined = shares.merge(theirs[same], on=keys, suffixes=("", "_theirs"))
    assert len(joined) == 2 * 2 * (SPAN - width + 1)
    for value in values:
        assert np.array_equal(joined[value], joined[f"{value}_theirs"])
    same = (their_crossings[list(chosen)] == list(chosen.values())).all(axis=1)
    columns = ["series", "week", "lower", "upper", "never_fraction"]
    ours = crossings.loc[crossings["scheme"] == DEVELOPERS, columns]
    assert ours.to_numpy().tolist() == their_crossings.loc[same, columns].to_numpy().tolist()


def test_a_weight_of_weeks_does_not_change_who_leads_in_one(tables: Tables) -> None:
    """In sums over a single week both schemes of developers cross alike."""
    rows = tables[2][tables[2]["width"] == 1].set_index(["series", "week"])
    plain, weighed = (rows[rows["scheme"] == s]["fraction"] for s in (DEVELOPERS, PRODUCT))
    assert plain.equals(weighed)


@pytest.mark.slow
@EXAMPLES
@given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(1, 5))
def test_the_crossing_is_the_first_from_which_all_sums_lead(leads: list[bool], width: int) -> None:
    """Also where the series is too short for a sum."""
    table = synthetic_weeks(leads)
    _, crossings, _ = rolled(table, DEFINITIONS, (width,))
    found = one(crossings, width)["week"]
    if width > len(leads):
        assert found == TOO_SHORT
    else:
        place = crossing([93 if lead else 33 for lead in leads], [63] * len(leads), width)
        assert found == [*synthetic_labels(len(leads))[width - 1 :], "never"][place]


def test_a_width_that_exceeds_the_series_says_so(tables: Tables) -> None:
    """Its crossings have no week, and it has neither shares nor a distribution."""
    shares, crossings, distribution = tables
    rows = crossings[crossings["width"] == 30]
    assert rows["scheme"].tolist() == [*SCHEMES] * 2
    assert (rows[["week", "lower", "upper"]] == TOO_SHORT).all(axis=None)
    assert rows["never_fraction"].isna().all()
    assert set(shares["width"]) == set(distribution["width"]) == {1, WIDTH}
    empty = rolled(MANY, DEFINITIONS, (30,))
    assert [len(table) for table in empty] == [0, len(rows), 0]
    for table, whole in zip(empty, tables, strict=True):
        assert table.columns.tolist() == whole.columns.tolist()


def test_a_sum_over_the_whole_series_is_one_week() -> None:
    """The width of the series itself is not too short."""
    shares, crossings, _ = rolled(MANY, DEFINITIONS, (SPAN,))
    assert set(shares["week"]) == {NAMES[-1]}
    assert one(crossings, SPAN)["week"] in {NAMES[-1], "never"}


def test_equal_downloads_do_not_lead() -> None:
    """Of two developers with as many downloads, China leads only where its own is drawn twice."""
    table = synthetic_series({("a", "China"): [7], ("b", "USA"): [7]})
    _, crossings, _ = rolled(table, DEFINITIONS, (1,))
    chunks = range(RULES.replicates // RULES.chunk)
    drawn = np.concatenate([cluster_weights(2, RULES.chunk, RULES.seed, n) for n in chunks])
    for scheme in (DEVELOPERS, PRODUCT):
        row = one(crossings, 1, scheme)
        assert (row["week"], row["lower"]) == ("never", NAMES[0])
        assert row["never_fraction"] == (drawn[:, 0] < 2).mean()


def test_the_ends_are_order_statistics() -> None:
    """Of fifty replicates that cross in fifty different weeks: the second and the second last."""
    margins = np.where(np.arange(50) >= np.arange(50)[:, None], 1.0, -1.0)
    draws, labels = rolling.Draws(DEVELOPERS, margins, np.nan), synthetic_labels(50)
    row, _ = rolling._crossing(np.ones((3, 50), dtype=np.int64), draws, 1, labels, DEFINITIONS)
    assert (row["lower"], row["upper"]) == (labels[1], labels[48])


def test_a_scheme_that_is_not_defined_is_refused() -> None:
    """Twelve weeks have no moving average over thirteen: the crossing stands without its range."""
    shares, crossings, distribution = rolled(synthetic_many(12), DEFINITIONS, (WIDTH,))
    blocks = crossings[crossings["scheme"].isin([kind.name for kind in BLOCKS])]
    assert (blocks[["lower", "upper"]] == REFUSED).all(axis=None)
    assert blocks[["never_fraction", "block_length"]].isna().all(axis=None)
    assert set(blocks["week"]) == {one(crossings, WIDTH)["week"]}
    assert set(distribution["scheme"]) == {DEVELOPERS, PRODUCT}
    assert not shares[["share", "lower", "upper"]].isna().any(axis=None)


def test_only_blocks_have_a_length(tables: Tables) -> None:
    """It is the one that the residuals give, whatever the width."""
    rows = tables[1][tables[1]["series"] == "weekly"]
    lengths = rows.groupby("scheme")["block_length"].agg(["min", "max"])
    assert lengths.loc[[DEVELOPERS, PRODUCT]].isna().all(axis=None)
    group = MANY["study_group_uploader"]
    sums = MANY.groupby([group, "week"])["downloads"].sum()
    totals = 2 * np.stack([sums["China"], sums["USA"]])
    for kind in BLOCKS:
        _, expected = blocks.block_margins(totals[0], totals[1], kind, RULES)
        assert lengths.loc[kind.name].tolist() == [expected, expected]


def test_what_is_excluded_has_a_series_without_it() -> None:
    """Without the telemetry of the USA China leads from the first week."""
    table = pd.concat(
        [
            synthetic_series({("a", "China"): [20] * 6, ("b", "USA"): [10] * 6}),
            synthetic_series({("c", "USA"): [30, 30, 30, 5, 5, 5]}, kinds="telemetry"),
        ]
    )
    _, crossings, _ = rolled(table, DEFINITIONS, (1,))
    rows = crossings[crossings["scheme"] == DEVELOPERS].set_index("series")["week"]
    labels = synthetic_labels(6)
    assert rows.to_dict() == {"weekly": labels[3], "weekly-without-telemetry": labels[0]}


def credited(attribution: str) -> Definitions:
    """The study with another headline."""
    headline = dataclasses.replace(DEFINITIONS.headline, attribution=attribution, labels="registry")
    return dataclasses.replace(DEFINITIONS, headline=headline)


@pytest.mark.slow
def test_the_headline_says_who_is_credited_by_whose_labels() -> None:
    """The origin's registry label makes China lead; the maker is unknown to the weeks."""
    table = MANY.assign(registry_group_origin="China", registry_group_uploader="USA")
    for attribution, share in (("origin", 1), ("uploader", 0), ("maker", 0), ("split", 0.5)):
        shares, _, _ = rolled(table, credited(attribution), (1,))
        assert (shares.loc[shares["group"] == "China", "share"] == share).all()


def test_neither_the_order_of_rows_nor_a_second_run_changes_a_byte(tables: Tables) -> None:
    """Developers and weeks are sorted before anything is drawn."""
    mixed = MANY.sample(frac=1, random_state=3)
    for table, again in zip(tables, rolled(mixed, DEFINITIONS, (1, WIDTH, 30)), strict=True):
        assert table.to_csv() == again.to_csv()


def test_no_weeks_and_a_single_developer_are_refused() -> None:
    """Nothing can be summed, and nothing resampled."""
    with pytest.raises(DegenerateDataError, match="there are no weeks"):
        rolled(MANY.iloc[:0], DEFINITIONS)
    with pytest.raises(DegenerateDataError, match="nothing can be resampled"):
        rolled(synthetic_series({("a", "China"): [1, 2, 3]}), DEFINITIONS, (1,))


def test_a_week_without_downloads_has_no_share() -> None:
    """It is undefined, and China does not lead in it."""
    table = synthetic_series({("a", "China"): [5, 0, 5], ("b", "USA"): [1, 0, 1]})
    shares, crossings, _ = rolled(table, DEFINITIONS, (1,))
    empty = shares[shares["week"] == synthetic_labels(3)[1]]
    assert empty[["share", "lower", "upper"]].isna().all(axis=None)
    assert one(crossings, 1)["week"] == synthetic_labels(3)[2]


def marked(breaks: Breaks, width: int, mark: str) -> list[str]:
    """Weeks whose sums carry a mark, which no group has alone."""
    shares, _, _ = rolled(MANY, DEFINITIONS, (width,), breaks)
    by_group = [shares.loc[shares[mark] & (shares["group"] == g), "week"] for g in GROUPS]
    assert all(rows.tolist() == by_group[0].tolist() for rows in by_group)
    return sorted(set(by_group[0]))


def test_marks_of_sums_by_hand() -> None:
    """Sums of two of five weeks: one ends or begins with the frozen second, two hold the fourth."""
    weeks = ["2025-03-05", "2025-03-12", "2025-03-19", "2025-03-26", "2025-04-02"]
    breaks = Breaks((weeks[1],), daily="2025-03-20", closed=weeks[3])
    marks = {name: mark.tolist() for name, mark in rolling._marks(weeks, 2, breaks).items()}
    each = {
        "frozen": [True, False, True, False],
        "seam": [False, False, True, True],
        "ageing": [False, False, False, True],
    }
    groups = len(marks["seam"]) // 4
    assert groups > 1
    assert marks == {name: mark * groups for name, mark in each.items()}


@pytest.mark.slow
def test_a_sum_is_frozen_where_it_begins_or_ends_at_a_frozen_reading() -> None:
    """Of weeks 5 and 6: two sums end there and two begin after, those across both are whole."""
    breaks = Breaks(frozen=(NAMES[5], NAMES[6], "2024-01-01"))
    assert marked(breaks, 1, "frozen") == NAMES[5:8]
    assert marked(breaks, 4, "frozen") == [NAMES[n] for n in (5, 6, 9, 10)]
    assert marked(Breaks(), 4, "frozen") == []


@pytest.mark.slow
def test_a_sum_holds_the_seam_where_daily_readings_begin_in_one_of_its_weeks() -> None:
    """The week whose label is the first on or after the first daily reading."""
    between = str(np.datetime64(NAMES[9]) + 3)
    for first, week in ((between, 10), (NAMES[9], 9)):
        assert marked(Breaks(daily=first), 4, "seam") == NAMES[week : week + 4]
    assert marked(Breaks(daily="2030-01-01"), 4, "seam") == []
    assert marked(Breaks(), 4, "seam") == []


def test_a_sum_is_of_an_ageing_set_where_it_ends_after_the_last_repository() -> None:
    """From the first label after that day on."""
    assert marked(Breaks(closed=NAMES[11]), 4, "ageing") == NAMES[12:]
    assert marked(Breaks(), 4, "ageing") == []


def test_breaks_are_read_from_the_table_of_defects() -> None:
    """A check that found nothing marks nothing, and a missing one neither."""
    rows = [
        ("frozen-readings", "2025-06-04, 2025-06-11", 9),
        ("mixed-cadence", "2026-01-12 … 2026-02-01", 3),
        ("closed-cohort", "2025-07-11", 5),
    ]
    defects = pd.DataFrame(rows, columns=["check", "where", "rows"])
    expected = Breaks(("2025-06-04", "2025-06-11"), "2026-01-12", "2025-07-11")
    assert Breaks.of(defects) == expected
    assert Breaks.of(defects.assign(rows=0)) == Breaks.of(defects.iloc[:0]) == Breaks()
    nowhere = defects.assign(where="none")
    assert Breaks.of(nowhere) == Breaks()

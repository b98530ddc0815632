"""Variance shares against analysis of variance by hand, and bridges that add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from replication.analysis import sensitivity
from replication.analysis.sensitivity import Move, variance_shares, worths
from replication.analysis.specification import DIMENSIONS, choices_of, headline
from replication.definitions import Bridge, load_definitions

DEFINITIONS = load_definitions()
PUBLISHED = {"study-china": 17.1, "study-usa": 15.8, "space-china": 41.85, "space-usa": 27.07,
             "hf-spring-china": 41.0, "hf-spring-usa": 36.5}  # fmt: skip


def synthetic_grid() -> pd.DataFrame:
    """The whole grid with synthetic leads that add up over dimensions."""
    every = pd.MultiIndex.from_product(choices_of(DEFINITIONS).values(), names=DIMENSIONS)
    grid = every.to_frame(index=False)
    place = sum(grid[name].map({c: n for n, c in enumerate(choices)}) * 0.1 ** (k % 3)
                for k, (name, choices) in enumerate(choices_of(DEFINITIONS).items()))  # fmt: skip
    return grid.assign(lead=place / 20 - 0.3)


GRID = synthetic_grid()


def test_an_additive_grid_has_no_interactions() -> None:
    """Of a + 2b over two choices each the variance shares are 1/5 and 4/5, of either kind."""
    first, total = variance_shares(np.array([[0.0, 2.0], [1.0, 3.0]]))
    assert first == pytest.approx([0.2, 0.8])
    assert total == pytest.approx(first)


def test_a_pure_interaction_has_no_first_order() -> None:
    """Of ab with a, b = ±1 alone neither does anything, together all."""
    first, total = variance_shares(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert first == pytest.approx([0, 0])
    assert total == pytest.approx([1, 1])


def test_leads_that_never_vary_have_no_shares() -> None:
    """Without variance its shares are not defined."""
    assert np.isnan(variance_shares(np.ones((2, 3)))[0]).all()


def test_specifications_without_downloads_are_left_out() -> None:
    """A missing lead leaves the means of the others."""
    first, _ = variance_shares(np.array([[0.0, 1.0, np.nan], [0.0, 1.0, np.nan]]))
    assert first == pytest.approx([0, 1])


@pytest.mark.slow
@given(arrays.arrays(float, (2, 3, 4), elements=st.floats(-1, 1)))
def test_first_order_shares_add_up_to_at_most_one(leads: np.ndarray) -> None:
    """And no total share is below its first-order share."""
    first, total = variance_shares(leads)
    if np.isfinite(first).all() and leads.var() > 1e-12:
        assert first.sum() <= 1 + 1e-9
        assert (total >= first - 1e-9).all()


def test_every_choice_is_told() -> None:
    """One row a choice, its counts and extremes by hand."""
    rows = sensitivity.dimensions(GRID, DEFINITIONS).set_index(["dimension", "choice"])
    assert len(rows) == sum(len(c) for c in choices_of(DEFINITIONS).values())
    part = GRID[GRID["labels"] == "study"]["lead"]
    row = rows.loc[("labels", "study")]
    assert row["specifications"] == len(part)
    assert row["leading"] == pytest.approx((part > 0).mean())
    assert row["lead_median"] == pytest.approx(part.median())


def test_published_cells_are_the_headline_but_for_window_and_scope() -> None:
    """Their leads and ranks are those of the grid; a definition without shares has no lead."""
    table = sensitivity.published_cells(GRID, PUBLISHED, DEFINITIONS)
    assert list(table.columns) == ["cell", "label", *DIMENSIONS, "lead", "rank", "published_lead"]
    labels = {cell.id: cell.label for cell in DEFINITIONS.published_specifications}
    rows = table.set_index("cell")
    assert rows["label"].to_dict() == labels
    assert list(rows.index) == [cell.id for cell in DEFINITIONS.published_specifications]
    assert rows.loc["study", "published_lead"] == pytest.approx(0.013)
    assert np.isnan(rows.loc["atom", "published_lead"])
    wanted = headline(DEFINITIONS).choices | {
        "window": "cohort-full-year",
        "scope": "first-party-text",
    }
    mine = GRID[(GRID[list(wanted)] == pd.Series(wanted)).all(axis=1)]["lead"].iloc[0]
    assert rows.loc["atom", "lead"] == mine
    assert rows.loc["atom", "rank"] == pytest.approx((GRID["lead"] <= mine).mean())


def test_every_bridge_leads_from_one_figure_to_the_other() -> None:
    """The steps between two whole figures add up to their distance."""
    for _, rows in sensitivity.bridges(GRID, PUBLISHED, DEFINITIONS).groupby("bridge"):
        assert rows["step"].tolist() == list(range(1, len(rows) + 1))
        lead = None
        for row in rows.itertuples():
            if lead is not None:
                arrived = row.lead if np.isnan(row.change) else lead + row.change
                assert row.lead == pytest.approx(arrived)
                if np.isnan(row.change):
                    assert row.lead == pytest.approx(lead)
            lead = row.lead


def test_a_bridge_stands_on_the_published_figures_and_the_grid() -> None:
    """Both leads that are published, those of their cells, and every choice in which these differ."""
    cells = sensitivity.published_cells(GRID, PUBLISHED, DEFINITIONS).set_index("cell")
    table = sensitivity.bridges(GRID, PUBLISHED, DEFINITIONS)
    assert table["bridge"].unique().tolist() == [bridge.id for bridge in DEFINITIONS.bridges]
    for bridge in DEFINITIONS.bridges:
        rows = table[table["bridge"] == bridge.id]
        ends = cells.loc[[bridge.start, bridge.end]]
        for kind, column in (("cell", "lead"), ("published", "published_lead")):
            part, known = rows[rows["kind"] == kind], ends[column].dropna()
            assert part["before"].tolist() == part["after"].tolist() == [*known.index]
            assert part["lead"].tolist() == pytest.approx(known.tolist())
        unexplained = rows[rows["kind"] == "unexplained"].set_index("before")["change"]
        off = (ends["lead"] - ends["published_lead"]).dropna() * [1, -1][: len(unexplained)]
        assert unexplained.to_dict() == pytest.approx(off.to_dict())
        begin, close = (
            ["published", "unexplained", "cell"] if stated else ["cell"]
            for stated in ends["published_lead"].notna()
        )
        moves = rows[rows["kind"] == "choice"]
        assert rows["kind"].tolist() == [*begin, *moves["kind"], *close[::-1]]
        first, last = ends[list(DIMENSIONS)].to_dict("records")
        windows = [*zip(bridge.windows, bridge.windows[1:], strict=False)]
        others = [
            (name, first[name], last[name]) for name in DIMENSIONS[1:] if first[name] != last[name]
        ]
        wanted = [*(("window", *pair) for pair in windows), *others]
        assert [
            *moves[["dimension", "before", "after"]].itertuples(index=False, name=None)
        ] == wanted
        assert moves["change"].sum() == pytest.approx(ends["lead"].diff().iloc[1])


def test_the_steps_of_a_bridge_by_hand() -> None:
    """Whole figures have no change; what is unexplained is added before the cells, and taken after."""
    move = Move("scope", "all", "text")
    steps: list[sensitivity.Step] = [
        ("published", "one", 0.2), ("unexplained", "one", 0.1), ("cell", "one", 0.3),
        ("choice", move, -0.5), ("cell", "two", -0.2), ("unexplained", "two", 0.15),
        ("published", "two", -0.35),
    ]  # fmt: skip
    table = sensitivity._table("b", steps)
    assert table["lead"].tolist() == pytest.approx([0.2, 0.3, 0.3, -0.2, -0.2, -0.35, -0.35])
    nothing = np.nan
    assert table["change"].tolist() == pytest.approx(
        [nothing, 0.1, nothing, -0.5, nothing, -0.15, nothing], nan_ok=True
    )
    assert table["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert table.iloc[3][["bridge", "kind", "dimension", "before", "after"]].tolist() == [
        "b", "choice", "scope", "all", "text",
    ]  # fmt: skip
    assert table.iloc[0][["dimension", "before", "after"]].tolist() == ["", "one", "one"]


def test_the_order_of_choices_is_averaged() -> None:
    """Two moves with an interaction share it evenly; a chain of windows keeps its order."""
    definitions = dataclasses.replace(
        DEFINITIONS, bridges=(Bridge("b", "study", "atom", ("w0", "w1")),)
    )
    assert definitions.bridges[0].windows == ("w0", "w1")
    leads = {("w0", "all"): 0.0, ("w1", "all"): 1.0, ("w0", "text"): 10.0, ("w1", "text"): 21.0}
    moves = [Move("window", "w0", "w1"), Move("scope", "all", "text")]
    found = worths(moves, {"window": "w0", "scope": "all"}, leads)
    assert found == pytest.approx([(1 + 11) / 2, (10 + 20) / 2])
    chain = [Move("window", "w0", "w1"), Move("window", "w1", "w2")]
    steps = {("w0",): 0.0, ("w1",): 3.0, ("w2",): 2.0}
    assert worths(chain, {"window": "w0"}, steps) == pytest.approx([3, -1])

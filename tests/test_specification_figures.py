"""The specification curve and the bridges: what stands in them is what the tables say."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from figure_texts import assert_legible, shown
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from small_grid import EFFECTIVE, PUBLISHED, reduced, synthetic_grid, tables_of

from replication.analysis.specification import choices_of
from replication.definitions import load_definitions
from replication.plots import bridges, specification_choices, specifications, style, words

DEFINITIONS = reduced(load_definitions())
COLOURS = style.colours_of(DEFINITIONS)
TOTAL = 96


@dataclass(frozen=True)
class Shown:
    """The synthetic tables that both figures read."""

    specifications: pd.DataFrame
    dimensions: pd.DataFrame
    published_cells: pd.DataFrame
    bridges: pd.DataFrame

    def footer(self, definitions: object) -> str:
        """Source line."""
        return "Data: synthetic."


def of(grid: pd.DataFrame) -> Shown:
    """The tables of a grid."""
    return Shown(**tables_of(grid, DEFINITIONS))


def emptied(grid: pd.DataFrame, empty: pd.Series) -> pd.DataFrame:
    """The grid with nothing downloaded in some specifications."""
    measures = ["lead", "lower", "upper", "without_lower", "without_upper", "n_effective"]
    return grid.assign(**{name: grid[name].mask(empty) for name in measures})


def drawn(tables: Shown, module: object = specifications) -> Figure:
    """A figure with its texts laid out."""
    with style.context(DEFINITIONS):
        figure = module.draw(tables, DEFINITIONS)
        figure.canvas.draw()
    return figure


GRID = synthetic_grid(DEFINITIONS)
SHOWN = of(GRID)
EMPTY = emptied(GRID, (GRID["scope"] == "first-party-text") & (GRID["window"] != "increments-all"))
# Grids whose labels fall into other places.
GRIDS = {
    "some behind": GRID,
    "all ahead": synthetic_grid(DEFINITIONS, behind=0, swing=0.001),
    "all behind": synthetic_grid(DEFINITIONS, behind=TOTAL),
    "half": synthetic_grid(DEFINITIONS, behind=TOTAL // 2),
    "missing": EMPTY,
    "one developer each": GRID.assign(lower=np.nan, upper=np.nan, without_lower=np.nan,
                                      without_upper=np.nan),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("module", [specifications, bridges])
def test_no_text_is_small_clipped_or_covered(module: object, name: str) -> None:
    """Texts have at least 7.5 pt, lie on the page and do not overlap, wherever the leads lie."""
    figure = drawn(of(GRIDS[name]), module)
    assert len(shown(figure)) > 10
    assert_legible(figure)


@pytest.mark.parametrize(
    ("behind", "swing", "ahead", "turned"),
    [
        (10, 0.1, "90 % of 96", "the removal of one developer turns the sign in 20 (21 %)"),
        (0, 0.001, "all 96", "the removal of no single developer turns the sign in any"),
        (96, 2.0, "none of 96", "the removal of one developer turns the sign in all"),
        (96, 0.1, "none of 96", "the removal of one developer turns the sign in 10 (10 %)"),
    ],
)
def test_the_title_counts_specifications(
    behind: int, swing: float, ahead: str, turned: str
) -> None:
    """Leads rise by a point: a removal turns as many on either side as it moves the lead by."""
    curve = specifications.ordered(synthetic_grid(DEFINITIONS, behind, swing))
    told = specifications.title(curve).replace(words.NARROW, " ")
    assert told.startswith(f"China leads in {ahead} specifications")
    assert told.endswith(turned)


def test_specifications_without_downloads_are_not_counted() -> None:
    """They are no part of the curve, of its counts or of its specification_choices."""
    curve = specifications.ordered(EMPTY)
    assert len(curve) == TOTAL - 40
    assert "of 56 specifications" in specifications.title(curve)
    dimensions = {
        dimension.name: dimension
        for dimension in specification_choices.dimensions_of(of(EMPTY), curve, DEFINITIONS)
    }
    overall = {row.label: row.overall for row in dimensions["Scope"].rows}
    assert overall["first-party text generation"] == pytest.approx(8 / 56)


def test_a_few_of_many_are_not_rounded_to_none_or_all() -> None:
    """One specification of a thousand behind, and one ahead."""
    table = pd.concat([GRID] * 11, ignore_index=True)
    leads = np.where(np.arange(len(table)) == 0, -0.5, 0.5)
    told = [
        specifications.title(specifications.ordered(table.assign(lead=sign * leads)))
        for sign in (1, -1)
    ]
    assert told[0].startswith(f"China leads in more than 99{words.NARROW}% of 1,056")
    assert told[1].startswith(f"China leads in less than 1{words.NARROW}% of 1,056")


def test_the_deck_says_what_is_behind_the_bands() -> None:
    """Distinct specifications, neighbours in a bin, and why no interval is to be trusted."""
    told = specifications.deck(specifications.ordered(GRID), DEFINITIONS)
    assert f"({TOTAL // 2} of them distinct)" in told
    assert "median ends over 2 neighbours" in told
    assert f"{EFFECTIVE:.1f} to {EFFECTIVE:.1f} effective developers" in told
    many = specifications.ordered(GRID.assign(n_effective=100.0))
    assert "trusted" not in specifications.deck(many, DEFINITIONS)
    assert "Dotted" not in specifications.deck(many[many["lead"] > 0], DEFINITIONS)


@pytest.mark.slow
def test_the_curve_has_every_lead_in_the_colour_of_the_leader() -> None:
    """Leads in points at evenly spaced places, in the order of their size."""
    curve = drawn(SHOWN).axes[0]
    lines = [line for line in curve.lines if len(line.get_xdata()) > 2]
    found = {to_hex(line.get_color()): line.get_xydata() for line in lines}
    china, usa = (found[to_hex(COLOURS[side])] for side in style.SIDES)
    assert len(usa) == 10
    both = np.concatenate([usa, china])
    assert both[:, 0] == pytest.approx((np.arange(TOTAL) + 0.5) / TOTAL)
    assert both[:, 1] == pytest.approx(np.arange(TOTAL) - 9.5)
    printed = [text.get_text() for text in curve.texts]
    assert printed[printed.index("China leads") + 1] == "86"
    assert printed[printed.index("USA leads") + 1] == "10"


@pytest.mark.slow
def test_published_cells_are_marked_where_they_lie_on_the_curve() -> None:
    """Each has a mark at its rank and lead, and a label with its name and lead."""
    ax = drawn(SHOWN).axes[0]
    marks = sorted(tuple(line.get_xydata()[0]) for line in ax.lines if len(line.get_xdata()) == 1)
    leads = {row["cell"]: row["lead"] for row in SHOWN.published_cells.to_dict("records")}
    assert set(leads) == {cell.id for cell in DEFINITIONS.published_specifications}
    expected = sorted(((GRID["lead"] <= x).sum() - 0.5, 100 * x) for x in leads.values())
    assert [(x * TOTAL, y) for x, y in marks] == [pytest.approx(pair) for pair in expected]
    printed = [text.get_text() for text in ax.texts]
    for cell in DEFINITIONS.published_specifications:
        assert f"{cell.label} {words.signed(100 * leads[cell.id])}" in printed


@pytest.mark.slow
def test_a_published_cell_without_downloads_is_not_marked() -> None:
    """The cell of first-party text generation is empty."""
    marks = [line for line in drawn(of(EMPTY)).axes[0].lines if len(line.get_xdata()) == 1]
    assert len(marks) == len(DEFINITIONS.published_specifications) - 1


def test_bands_are_medians_of_neighbours() -> None:
    """Against a loop over the bins between the edges."""
    shuffled = GRID.assign(lower=GRID["lower"].sample(frac=1, random_state=5).to_numpy())
    curve = specifications.ordered(shuffled)
    found = specifications.medians_of(curve)
    edges = np.rint(specification_choices.edges_of(TOTAL) * TOTAL).astype(int)
    assert len(found) == specification_choices.BINS
    for number, (start, end) in enumerate(pairwise(edges)):
        for name in specifications.ENDS:
            expected = np.median(curve[name].to_numpy()[start:end])
            assert found[name].iloc[number] == pytest.approx(expected)


@pytest.mark.slow
@given(st.integers(1, 5_000))
def test_bins_are_alike_in_size_and_lie_between_their_edges(count: int) -> None:
    """No two differ by more than one place, and the edges are where the number of the bin turns."""
    sizes = np.bincount(specification_choices.bins_of(count))
    assert len(sizes) == min(count, specification_choices.BINS)
    assert sizes.max() - sizes.min() <= 1
    assert np.cumsum([0, *sizes]) == pytest.approx(specification_choices.edges_of(count) * count)


def test_rows_add_up_in_every_bin() -> None:
    """In each bin every specification makes one choice of each dimension."""
    dimensions = specification_choices.dimensions_of(
        SHOWN, specifications.ordered(GRID), DEFINITIONS
    )
    assert [sum(s.overall for s in b.rows) for b in dimensions] == pytest.approx(
        [1] * len(dimensions)
    )
    for dimension in dimensions:
        assert sum(s.shares for s in dimension.rows) == pytest.approx(
            np.ones(specification_choices.BINS)
        )


def test_a_row_is_dark_where_its_choice_is_made() -> None:
    """The windows follow one another along this curve, 16 of 96 places each."""
    order = [words.window_name(w, DEFINITIONS) for w in DEFINITIONS.all_windows]
    dimension = next(
        b
        for b in specification_choices.dimensions_of(
            SHOWN, specifications.ordered(GRID), DEFINITIONS
        )
        if b.name == "Window"
    )
    assert [s.label for s in dimension.rows] == order
    bins = specification_choices.bins_of(TOTAL)
    for number, row in enumerate(dimension.rows):
        made = np.arange(TOTAL) // 16 == number
        assert row.shares == pytest.approx(np.bincount(bins, made) / np.bincount(bins))


@pytest.mark.slow
def test_the_tones_are_the_shares_against_the_choices_part_of_all() -> None:
    """Black from three times as often on, and evenly spread choices a third of it."""
    figure = drawn(SHOWN)
    dimensions = specification_choices.dimensions_of(
        SHOWN, specifications.ordered(GRID), DEFINITIONS
    )
    for dimension, image in zip(dimensions, figure.axes[1].images, strict=True):
        found = np.asarray(image.get_array())
        expected = [s.shares / s.overall / specification_choices.DARKEST for s in dimension.rows]
        assert found == pytest.approx(np.array(expected))
        assert image.get_clim() == (0, 1)
        left, right, low, top = image.get_extent()
        assert (left, right) == (0, 1)
        assert low - top == pytest.approx(len(dimension.rows) * specification_choices.LINE)
    alone = [np.asarray(i.get_array()) for i in figure.axes[1].images if len(i.get_array()) == 1]
    assert alone
    assert np.concatenate(alone) == pytest.approx(1 / specification_choices.DARKEST)


@pytest.mark.slow
def test_the_headlines_choices_have_dark_names() -> None:
    """One in every dimension."""
    dimensions = specification_choices.dimensions_of(
        SHOWN, specifications.ordered(GRID), DEFINITIONS
    )
    own = {dimension.name: [s.label for s in dimension.rows if s.own] for dimension in dimensions}
    assert own["Window"] == ["cohort to Aug 2025"]
    assert own["Credit"] == ["uploader"]
    assert {len(labels) for labels in own.values()} == {1}
    dark = [t.get_text() for t in drawn(SHOWN).axes[1].texts if t.get_color() == style.INK]
    assert {label for labels in own.values() for label in labels} <= set(dark)


@pytest.mark.slow
def test_bars_are_as_long_as_the_shares_of_variance() -> None:
    """The heaviest dimension stands first, its numbers below its bars; no variance, no bar."""
    ax = drawn(SHOWN).axes[2]
    shares = SHOWN.dimensions.drop_duplicates("dimension")
    shares = shares.sort_values("total_order", ascending=False, kind="stable")
    pairs = shares[["total_order", "first_order"]].to_numpy()
    widths = [bars[0].get_width() for bars in ax.containers]
    assert np.reshape(widths, (-1, 2)) == pytest.approx(pairs)
    printed = [text.get_text().replace(words.NARROW, " ") for text in ax.texts]
    assert printed[:-1] == [f"{100 * alone:.0f}, {100 * total:.0f} %" for total, alone in pairs]
    flat = drawn(of(GRID.assign(lead=0.5)))
    assert len(flat.axes[2].containers) == 0


def test_the_row_order_of_the_tables_changes_nothing() -> None:
    """Equal leads are ordered by their choices."""
    tied = GRID.assign(lead=np.round(GRID["lead"], 1))
    shuffled = tied.sample(frac=1, random_state=2)
    one, two = (specifications.ordered(table) for table in (tied, shuffled))
    pd.testing.assert_frame_equal(one, two)


def test_every_choice_of_the_grid_has_a_name() -> None:
    """Every dimension, in its order, and every choice of the packaged grid."""
    definitions = load_definitions()
    names = words.choices(definitions)
    assert list(words.DIMENSIONS) == list(choices_of(definitions)) == list(names)
    for dimension, made in choices_of(definitions).items():
        assert {str(choice) for choice in made} <= set(names[dimension])
        assert len(set(names[dimension].values())) == len(names[dimension])
    assert names["scope"]["up-to-8B"] == "up to 8 billion parameters"
    assert names["window"]["cohort-full-year"] == "cohort, first year to Feb 2026"
    assert names["exclusion"]["telemetry"] == "telemetry counters"


def _bars(ax: Axes) -> list[Rectangle]:
    """Bars of a waterfall from the top."""
    return [bars[0] for bars in ax.containers]


def _ends(bar: Rectangle) -> tuple[float, float]:
    """Where a bar begins and ends; the width of one that goes back is negative."""
    return bar.get_x(), bar.get_x() + bar.get_width()


@pytest.mark.slow
@pytest.mark.parametrize("place", range(3))
def test_bars_of_a_waterfall_connect(place: int) -> None:
    """A lead starts at zero, a change where the bar above ends, and a line joins the two."""
    ax = drawn(SHOWN, bridges).axes[place]
    rows = [r for _, r in SHOWN.bridges.groupby("bridge", sort=False)][place]
    bars = _bars(ax)
    assert [_ends(bar)[1] for bar in bars] == pytest.approx((100 * rows["lead"]).tolist())
    whole = rows["kind"].isin(["published", "cell"]).tolist()
    joints = [line for line in ax.lines if line.get_color() == style.QUIET]
    assert len(joints) == len(bars) - 1
    for (above, below), joint, starts in zip(pairwise(bars), joints, whole[1:], strict=True):
        end = _ends(above)[1]
        assert list(joint.get_xdata()) == pytest.approx([end, end])
        assert list(joint.get_ydata()) == pytest.approx(
            [above.get_y() + above.get_height(), below.get_y()]
        )
        assert _ends(below)[0] == pytest.approx(0 if starts else end)
        assert end == pytest.approx(_ends(below)[1 if starts else 0])


@pytest.mark.slow
@pytest.mark.parametrize("place", range(3))
def test_every_step_is_named_and_printed_with_its_sign(place: int) -> None:
    """A lead with its own value, a change with what it changes by."""
    ax = drawn(SHOWN, bridges).axes[place]
    rows = [r for _, r in SHOWN.bridges.groupby("bridge", sort=False)][place]
    values = rows["change"].fillna(rows["lead"])
    printed = [text.get_text() for text in ax.texts if "leads" not in text.get_text()]
    assert printed[1 : 2 * len(rows) : 2] == [words.signed(100 * value) for value in values]
    named = printed[0 : 2 * len(rows) : 2]
    assert named[:3] == [
        "The study, published",
        "Not explained by these data",
        "The study, our nearest cell",
    ]
    assert [name.partition(":")[0] for name in named if ":" in name] == [
        words.DIMENSIONS[name] for name in rows["dimension"] if name
    ]


@pytest.mark.slow
def test_only_what_no_choice_explains_is_hatched() -> None:
    """Leads have the leader's colour, choices are grey, and the shaded rows are published."""
    figure = drawn(SHOWN, bridges)
    rows = SHOWN.bridges.to_dict("records")
    for row, bar in zip(rows, (b for ax in figure.axes for b in _bars(ax)), strict=True):
        assert bool(bar.get_hatch()) == (row["kind"] == "unexplained")
        if row["kind"] == "choice":
            assert to_hex(bar.get_facecolor()) == bridges.STEP
        if row["kind"] in {"published", "cell"}:
            side = style.SIDES[0] if row["lead"] > 0 else style.SIDES[1]
            assert to_hex(bar.get_facecolor()) == to_hex(COLOURS[side])
    shaded = [p for ax in figure.axes for p in ax.patches if to_hex(p.get_fc()) == style.SHADE]
    assert len(shaded) == sum(row["kind"] == "published" for row in rows)


@pytest.mark.slow
def test_all_bridges_have_one_scale() -> None:
    """A point is as long in each, and zero stands at the same place."""
    axes = drawn(SHOWN, bridges).axes
    assert {ax.get_xlim() for ax in axes} == {axes[0].get_xlim()}
    assert len({(ax.get_position().x0, ax.get_position().width) for ax in axes}) == 1
    low, high = axes[0].get_xlim()
    assert low < 0 < high


def test_a_bridge_with_no_published_end_ends_at_our_cell() -> None:
    """The ATOM report counts downloads and prints no share."""
    steps = list(bridges.bridges_of(SHOWN.bridges, DEFINITIONS).items())
    assert [heading for heading, _ in steps] == [
        "The study → its dashboard",
        "The study → Hugging Face, spring 2026",
        "The study → like the ATOM report (no share published)",
    ]
    assert [found[-1].kind for _, found in steps] == ["published", "published", "cell"]


def test_the_title_of_the_bridges_names_the_largest_steps() -> None:
    """Published leads of 1, −10 and 5 points; the largest changes of either sign."""
    changes = SHOWN.bridges.set_index("kind")["change"].abs() * 100
    assert bridges.title(SHOWN.bridges) == (
        "Published leads differ by up to 15.0 points; a single choice moves ours by up to "
        f"{changes['choice'].max():.1f}, and up to {changes['unexplained'].max():.1f} remain unexplained"
    )
    none = SHOWN.bridges[SHOWN.bridges["kind"].isin(["cell", "choice"])]
    moved = words.points(changes["choice"].max())
    assert bridges.title(none) == f"A single choice moves the lead by up to {moved}"
    assert PUBLISHED["space-china"] - PUBLISHED["space-usa"] == pytest.approx(-10)


@pytest.mark.slow
def test_steps_without_downloads_have_no_bar() -> None:
    """They are named, say so, and leave the others as they are."""
    tables = of(EMPTY)
    ax = drawn(tables, bridges).axes[2]
    rows = tables.bridges[tables.bridges["bridge"] == "study-atom"]
    missing = int((rows["kind"].eq("choice") | rows["lead"].isna()).sum())
    assert missing
    assert [text.get_text() for text in ax.texts].count(bridges.NOTHING) == missing
    assert len(_bars(ax)) == len(rows) - missing

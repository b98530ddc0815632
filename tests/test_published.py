"""The published pair under its models: by hand, by brute force, and by another route."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from figure_texts import assert_legible, shown
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, logit
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import published
from replication.analysis.cells import Repositories
from replication.analysis.lead import LEAD, RATIO
from replication.definitions import Definitions, Inference
from replication.errors import DefinitionError, DegenerateDataError
from replication.inference import post_stratification
from replication.inference.bootstrap import Bootstrap
from replication.inference.cells import Cells
from replication.inference.resampling import replicate_totals
from replication.plots import published_model, style
from replication.run import ROOT

DEFINITIONS = synthetic_definitions(2_000)
RULES = DEFINITIONS.inference
ONLINE = "International / Online"
PUBLISHED = {"China": 17.1, "USA": 15.8, ONLINE: 23.8}
GROUPS = ("China", "USA", "France", ONLINE)
PAIR, THREE, DUST = published.models(PUBLISHED, DEFINITIONS)
METHODS = ["percentile", "studentised-logit", "jackknife-logit", "bca"]
# Synthetic half downloads of developers by group: few enough hits that a large lead can be told.
SYNTHETIC = (
    (200, 150, 120, 100, 90, 80, 70, 60, 50, 40, 30, 20, 10),
    (150, 130, 110, 100, 90, 80, 70, 60, 50, 40, 30, 20),
    (80, 70, 10, 5, 3),
    (60, 55, 20, 10),
)


def synthetic_cells(sizes: tuple[tuple[int, ...], ...] = SYNTHETIC) -> Cells:
    """Synthetic developers, each of one group, with the sizes given group by group."""
    rows = [np.eye(len(GROUPS) + 1)[g] * size for g, held in enumerate(sizes) for size in held]
    names = tuple(f"d{n:03}" for n in range(len(rows)))
    return Cells(names, GROUPS, np.array(rows, dtype=np.int64))


HELD = synthetic_cells()


def synthetic_table() -> pd.DataFrame:
    """A synthetic panel of the developers of `HELD`, one repository each."""
    base = synthetic_repositories(DEFINITIONS).iloc[[0] * len(HELD.units)].reset_index(drop=True)
    base["repository"] = [f"{n:024x}" for n in range(len(base))]
    base["uploader_developer"] = HELD.units
    base["study_group_uploader"] = [GROUPS[g] for g in HELD.by_group.argmax(axis=1)]
    base[DEFINITIONS.headline_estimand.window.id] = HELD.by_group.sum(axis=1)
    return base


TABLE = synthetic_table()


def lead_of(totals: np.ndarray) -> np.ndarray:
    """China − USA of totals (…, g), by hand."""
    return np.asarray((totals[..., 0] - totals[..., 1]) / totals.sum(axis=-1))


def place(drawn: Bootstrap, name: str = LEAD) -> int:
    """Column of a statistic."""
    return drawn.statistics.names.index(name)


def looped_jackknife(counts: np.ndarray) -> tuple[float, float]:
    """The textbook jackknife of the lead on the logit scale, one row deleted at a time."""
    n = len(counts)
    deleted = [logit((1 + lead_of(np.delete(counts, i, axis=0).sum(axis=0))) / 2) for i in range(n)]
    variance = (n - 1) / n * sum((z - np.mean(deleted)) ** 2 for z in deleted)
    centre = logit((1 + lead_of(counts.sum(axis=0))) / 2)
    reach = stats.t.ppf((1 + RULES.level) / 2, n - 1) * np.sqrt(variance)
    return 2 * expit(centre - reach) - 1, 2 * expit(centre + reach) - 1


positive = st.lists(st.integers(1, 10**9), min_size=1, max_size=6).map(tuple)


@pytest.mark.slow
@EXAMPLES
@given(st.tuples(positive, positive, positive, positive), st.floats(1, 60), st.floats(1, 39))
def test_raking_is_exact_to_rounding(
    sizes: tuple[tuple[int, ...], ...], china: float, usa: float
) -> None:
    """Each cell is within half a unit of its group's factor, each share as near as that allows."""
    (model, *_) = published.models({"China": china, "USA": usa, ONLINE: 1.0}, DEFINITIONS)
    counts = post_stratification.resampled(synthetic_cells(sizes), model, RULES).counts
    assert np.array_equal(counts[:, -1], np.zeros(len(counts)))
    columns = [sizes[0], sizes[1], sizes[2] + sizes[3]]
    for column, held, (_, share) in zip(counts.T, columns, model.shares, strict=False):
        exact = 2**40 * share * np.array(held) / sum(held)
        assert np.abs(column[column > 0] - exact).max() <= 0.5 + 1e-3
        assert abs(column.sum() / 2**40 - share) <= len(held) * 2**-41 + 1e-15


def test_the_models_by_hand() -> None:
    """What is left of 100 % is the rest, and each model states its assumption in one sentence."""
    assert [m.name for m in (PAIR, THREE, DUST)] == ["pair", "three", "head-and-dust"]
    assert dict(PAIR.shares) == pytest.approx({"China": 0.171, "USA": 0.158, "rest": 0.671})
    assert dict(THREE.shares) == pytest.approx(
        {"China": 0.171, "USA": 0.158, ONLINE: 0.238, "rest": 0.433}
    )
    assert (DUST.shares, DUST.dust, PAIR.dust) == (PAIR.shares, True, False)
    assert PAIR.difference == pytest.approx(0.013)
    moved = THREE.with_difference(0.2)
    assert (moved.difference, moved.joint) == pytest.approx((0.2, 0.329))
    assert dict(moved.shares)[ONLINE] == dict(THREE.shares)[ONLINE]
    divide = "the panel’s developers divide the downloads as they do in the panel"
    hold = "hold their published shares, and within each"
    assert PAIR.assumption == f"China and the USA {hold} and the rest {divide}."
    assert THREE.assumption == f"China, the USA and {ONLINE} {hold} and the rest {divide}."
    assert DUST.assumption.startswith(f"China and the USA {hold} {divide}, while the rest is made")
    for model in (PAIR, THREE, DUST):
        assert model.assumption.endswith(".")
        assert model.assumption.count(".") == 1


def test_scaled_developers_keep_their_proportions() -> None:
    """Of China's 1020 the first holds 200; the rest is France and the international group."""
    pair, three, dust = (post_stratification.resampled(HELD, m, RULES) for m in (PAIR, THREE, DUST))
    assert pair.counts[0, 0] == round(2**40 * 0.171 * 200 / 1020)
    assert pair.counts[25, 2] == round(2**40 * 0.671 * 80 / 313)
    assert three.counts[25, 3] == round(2**40 * 0.433 * 80 / 168)
    assert three.counts[30, 2] == round(2**40 * 0.238 * 60 / 145)
    assert dust.counts.shape == (13 + 12 + 1, 4)
    assert dust.counts[-1].tolist() == [0, 0, round(2**40 * 0.671), 0]
    assert np.array_equal(dust.counts[:-1], pair.counts[:25])


def test_equal_developers_have_a_closed_form() -> None:
    """The linearised error and the jackknife of the lead, worked out by hand for equal developers.

    A developer of China moves the lead by its share times 1 − lead, one of the USA by its share
    times −1 − lead, any other by its share times −lead.
    """
    numbers, rules = np.array([20, 30, 50]), replace(RULES, replicates=10_000)
    held = synthetic_cells(((7,) * 20, (3,) * 30, (5,) * 50, ()))
    drawn = post_stratification.resampled(held, PAIR, rules)
    shares = np.array([share for _, share in PAIR.shares])
    lead, each = shares[0] - shares[1], shares / numbers
    moves = each * (np.array([1, -1, 0]) - lead)
    assert numbers @ moves == pytest.approx(0, abs=1e-15)
    delta = np.sqrt(100 / 99 * numbers @ moves**2)
    u = (1 + lead) / 2
    assert drawn.error[place(drawn)] == pytest.approx(delta / 2 / (u * (1 - u)), rel=1e-6)
    spread = drawn.statistics.values(drawn.replicates)[:, place(drawn)].std()
    assert spread == pytest.approx(delta * np.sqrt(99 / 100), rel=0.03)
    without = (np.diff([shares[1], shares[0]]) - each * np.array([1, -1, 0])) / (1 - each)
    z = logit((1 + without) / 2)
    variance = 99 / 100 * numbers @ (z - numbers @ z / 100) ** 2
    reach = stats.t.ppf(0.975, 99) * np.sqrt(variance)
    found = drawn.jackknife()
    ends = 2 * expit(logit(u) + np.array([-reach, reach])) - 1
    assert found.lower[place(drawn)] == pytest.approx(ends[0], rel=1e-7)
    assert found.upper[place(drawn)] == pytest.approx(ends[1], rel=1e-7)


@pytest.mark.parametrize("model", [PAIR, THREE, DUST])
def test_the_power_zero_is_equal_sizes(model: post_stratification.Model) -> None:
    """It makes all developers of a group equal, and the power one leaves them as they are."""
    ones = synthetic_cells(tuple((1,) * len(held) for held in SYNTHETIC))
    flat = post_stratification.resampled(HELD, model, RULES, 0.0).counts
    assert np.array_equal(flat, post_stratification.resampled(ones, model, RULES).counts)
    rows, plain = (
        HELD.by_group[:13, 0],
        post_stratification.resampled(HELD, model, RULES, 1.0).counts[:13, 0],
    )
    assert np.allclose(plain / plain.sum(), rows / rows.sum(), rtol=1e-9)
    rooted = post_stratification.resampled(HELD, model, RULES, 0.5).counts[:13, 0]
    assert np.allclose(rooted / rooted.sum(), np.sqrt(rows) / np.sqrt(rows).sum(), rtol=1e-9)


@pytest.mark.parametrize("model", [PAIR, THREE])
@pytest.mark.parametrize("power", [1.0, 0.5])
def test_the_jackknife_equals_brute_force(model: post_stratification.Model, power: float) -> None:
    """The interval of the lead is that of the loop over developers."""
    drawn = post_stratification.resampled(HELD, model, RULES, power)
    found, expected = drawn.jackknife(), looped_jackknife(drawn.counts)
    assert found.lower[place(drawn)] == pytest.approx(expected[0], rel=1e-9)
    assert found.upper[place(drawn)] == pytest.approx(expected[1], rel=1e-9)


@pytest.mark.slow
def test_the_percentile_interval_by_another_route() -> None:
    """To scale the panel's replicates is to replicate the scaled panel: one factor a group."""
    drawn = post_stratification.resampled(HELD, PAIR, RULES)
    raw = np.column_stack([HELD.by_group[:, :2], HELD.by_group[:, 2:].sum(axis=1)])
    totals = replicate_totals(raw, RULES.replicates, RULES.chunk, RULES.seed)
    leads = lead_of(totals / raw.sum(axis=0) * [share for _, share in PAIR.shares])
    found = drawn.percentile()
    ends = np.quantile(leads, [0.025, 0.975])
    assert found.lower[place(drawn)] == pytest.approx(ends[0], rel=1e-8)
    assert found.upper[place(drawn)] == pytest.approx(ends[1], rel=1e-8)
    rows = published.published_pair(headline_cells(TABLE, DEFINITIONS), PUBLISHED, DEFINITIONS)
    assert rows.loc[rows["model"] == "pair", "china_leads"].iloc[0] == (leads > 0).mean()


def ground(specks: int) -> np.ndarray:
    """Scaled developers of China and the USA with the rest ground into so many equal specks."""
    head = post_stratification.resampled(HELD, DUST, RULES).counts[:-1, :3]
    dust = round(2**40 * dict(DUST.shares)["rest"] / specks)
    return np.vstack([head, np.tile([0, 0, dust], (specks, 1))]).astype(np.int64)


@pytest.mark.slow
def test_dust_is_the_limit_of_ever_smaller_repositories() -> None:
    """With 3,000 specks the loop's jackknife is that of infinitely many, to three digits."""
    drawn = post_stratification.resampled(HELD, DUST, RULES)
    found, expected = drawn.jackknife(), looped_jackknife(ground(3_000))
    assert found.lower[place(drawn)] == pytest.approx(expected[0], rel=1e-3)
    assert found.upper[place(drawn)] == pytest.approx(expected[1], rel=1e-3)


@pytest.mark.slow
def test_replicates_with_dust_vary_like_those_of_many_specks() -> None:
    """Spreads of China's share and of the lead, and so their errors, agree within the simulation's."""
    rules = replace(RULES, replicates=10_000)
    drawn = post_stratification.resampled(HELD, DUST, rules)
    counts = np.pad(ground(900), ((0, 0), (0, 1)))
    plain = Bootstrap(counts, drawn.statistics, rules)
    for name in ("China", "USA", LEAD):
        k = place(drawn, name)
        assert drawn.replicates[:, k].std() == pytest.approx(plain.replicates[:, k].std(), rel=0.03)
        ends = [x.studentised() for x in (drawn, plain)]
        assert ends[0].lower[k] == pytest.approx(ends[1].lower[k], abs=0.02)
        assert ends[0].upper[k] == pytest.approx(ends[1].upper[k], abs=0.02)


def test_dust_does_not_vary() -> None:
    """In every replicate the rest's total is what it is; only what it is a share of varies."""
    drawn = post_stratification.resampled(HELD, DUST, RULES)
    china, usa, rest = (drawn.replicates[:, place(drawn, g)] for g in ("China", "USA", "rest"))
    size = (china + usa) / rest * 0.671
    assert size.std() > 0.05
    head = replicate_totals(
        drawn.counts[:-1], RULES.replicates, RULES.chunk, RULES.seed, scheme=drawn.scheme
    )
    assert size == pytest.approx(head.sum(axis=1) / 2**40, rel=1e-9)


def test_dust_is_the_optimistic_limit_of_the_rest() -> None:
    """Every share has a narrower interval than where few developers hold the rest."""
    for method in ("percentile", "jackknife"):
        pair, dust = (
            getattr(post_stratification.resampled(HELD, m, RULES), method)() for m in (PAIR, DUST)
        )  # fmt: skip
        assert ((dust.upper - dust.lower) < (pair.upper - pair.lower))[[0, 1, 2]].all()


@pytest.fixture(scope="module")
def pair() -> pd.DataFrame:
    """Every interval of the synthetic panel."""
    return published.published_pair(headline_cells(TABLE, DEFINITIONS), PUBLISHED, DEFINITIONS)


@pytest.mark.slow
def test_every_model_method_and_statistic_has_one_row(pair: pd.DataFrame) -> None:
    """Points are the published ones, whatever the model; dust has 25 developers to draw."""
    keys = pair[["model", "method", "group"]]
    assert len(pair) == 3 * 4 * 4 == len(keys.drop_duplicates())
    assert [*pair["method"].unique()] == METHODS
    points = {"China": 0.171, "USA": 0.158, LEAD: 0.013, RATIO: 17.1 / 15.8}
    assert pair["point"].to_numpy() == pytest.approx(pair["group"].map(points).to_numpy(), abs=1e-9)
    developers = pair.groupby("model")["n_developers"].unique()
    assert {k: [*v] for k, v in developers.items()} == {
        "pair": [34], "three": [34], "head-and-dust": [25],
    }  # fmt: skip
    given_ends = pair[pair["lower"].notna()]
    assert (given_ends["lower"] < given_ends["point"]).all()
    assert (given_ends["point"] < given_ends["upper"]).all()
    refused = pair["note"].str.startswith("refused")
    assert (refused == pair["lower"].isna()).all()


@pytest.mark.slow
def test_only_replicates_can_be_counted(pair: pd.DataFrame) -> None:
    """The jackknife has none, so no fraction of them, and no Monte-Carlo error."""
    exact = pair["method"] == "jackknife-logit"
    assert pair.loc[exact, "china_leads"].isna().all()
    assert (pair.loc[exact, ["error_lower", "error_upper"]] == 0).all(axis=None)
    assert pair.loc[~exact, "china_leads"].between(0, 1, inclusive="neither").all()
    assert (pair.loc[~exact & pair["lower"].notna(), "error_upper"] > 0).all()


@pytest.mark.slow
def test_the_effective_number_by_hand(pair: pd.DataFrame) -> None:
    """Dust adds to the total and nothing to the squares."""
    squares = [
        share**2 * sum(x**2 for x in held) / sum(held) ** 2
        for share, held in zip(
            (0.171, 0.158, 0.671), (*SYNTHETIC[:2], SYNTHETIC[2] + SYNTHETIC[3]), strict=True
        )
    ]
    found = pair.groupby("model")["n_effective"].first()
    assert found["pair"] == pytest.approx(1 / sum(squares), rel=1e-8)
    assert found["head-and-dust"] == pytest.approx(1 / sum(squares[:2]), rel=1e-8)


@pytest.mark.slow
def test_the_curve_begins_with_the_pair_and_ends_with_equal_developers(pair: pd.DataFrame) -> None:
    """The first rows are the pair's own; the last have the effective number of equal developers."""
    curve = published.concentration_curve(
        headline_cells(TABLE, DEFINITIONS), PUBLISHED, DEFINITIONS
    )
    assert curve["power"].tolist() == [k / 10 for k in range(10, -1, -1) for _ in range(2)]
    own = pair[(pair["model"] == "pair") & (pair["group"] == LEAD)].set_index("method")
    for row in curve[curve["power"] == 1].to_dict("records"):
        assert (row["lower"], row["upper"]) == tuple(own.loc[row["method"], ["lower", "upper"]])
    last = curve.iloc[-1]
    numbers = np.array([13, 12, 9])
    shares = np.array([0.171, 0.158, 0.671])
    assert last["n_effective"] == pytest.approx(1 / (shares**2 / numbers).sum(), rel=1e-8)
    assert (curve["width"] == curve["upper"] - curve["lower"]).all()
    assert (np.diff(curve["n_effective"][::2]) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("model", [PAIR, DUST])
def test_the_end_of_the_bisection_by_brute_force(model: post_stratification.Model) -> None:
    """Published with the gap that was found the interval excludes zero, a hair below it does not."""
    rows = published.detectable_gap(headline_cells(TABLE, DEFINITIONS), PUBLISHED, DEFINITIONS)
    rows = rows[(rows["model"] == model.name) & (rows["power"] == 1)]
    assert rows["gap"].notna().all()
    for method, gap in zip(rows["method"], rows["gap"], strict=True):
        for lead, excludes in ((gap + 1e-6, True), (gap - 1e-6, False)):
            moved = dict(model.with_difference(lead).shares)
            shares = {g: 100 * moved.get(g, 0.1) for g in PUBLISHED}
            table = published.published_pair(
                headline_cells(TABLE, DEFINITIONS), shares, DEFINITIONS
            ).set_index(["model", "method", "group"])
            assert (table.loc[model.name, method, LEAD]["lower"] > 0) == excludes


def test_the_smallest_lead_has_a_closed_form() -> None:
    """A replicate's lead turns where the gap is the joint share times (U − C) / (U + C).

    C and U are the replicate's totals of China and the USA in parts of their sums; the gap that the
    percentile interval needs is the quantile of these.
    """
    raw = HELD.by_group[:, :2]
    parts = replicate_totals(raw, RULES.replicates, RULES.chunk, RULES.seed) / raw.sum(axis=0)
    turns = 0.329 * (parts[:, 1] - parts[:, 0]) / parts.sum(axis=1)
    ordered = np.sort(turns)
    found = published.smallest_lead(HELD, PAIR, "percentile", RULES)
    rank = 0.975 * (len(turns) - 1)
    assert ordered[int(rank) - 1] <= found <= ordered[int(rank) + 2]
    assert found == pytest.approx(np.quantile(turns, 0.975), abs=1e-3)


def test_the_jackknifes_smallest_lead_is_a_root() -> None:
    """Another root finder on the loop over developers finds the same lead."""

    def lower(lead: float) -> float:
        counts = post_stratification.resampled(HELD, PAIR.with_difference(lead), RULES, 0.5).counts
        return float(looped_jackknife(counts)[0])

    expected = brentq(lower, 0.0, 0.32)
    found = published.smallest_lead(HELD, PAIR, "jackknife-logit", RULES, 0.5)
    assert found == pytest.approx(expected, abs=2 * 0.329 / 2**published.HALVINGS)


@pytest.mark.parametrize("method", [published.PERCENTILE, published.JACKKNIFE])
def test_a_larger_lead_never_stops_excluding_zero(method: str) -> None:
    """Along a grid of leads the answer changes once, with the same weights in every step."""
    rules = replace(RULES, replicates=500)
    leads = np.linspace(0, PAIR.joint, 40)
    found = [published.excludes_zero(HELD, PAIR.with_difference(x), method, rules) for x in leads]
    assert found == sorted(found)
    assert set(found) == {False, True}


def test_no_lead_suffices_where_one_developer_is_a_country() -> None:
    """Without China's only developer the USA lead, and in over a third of the replicates they do."""
    held = synthetic_cells(((9,), (5, 4, 3), (7, 2), (1,)))
    for method in (published.PERCENTILE, published.JACKKNIFE):
        assert np.isnan(published.smallest_lead(held, PAIR, method, RULES))


@pytest.mark.slow
def test_the_order_of_rows_does_not_matter() -> None:
    """A shuffled panel gives the same three tables."""
    definitions = quick(DEFINITIONS)
    shuffled = TABLE.sample(frac=1, random_state=3)
    for make in (
        published.published_pair,
        published.concentration_curve,
        published.detectable_gap,
    ):
        expected = make(headline_cells(TABLE, definitions), PUBLISHED, definitions)
        pd.testing.assert_frame_equal(
            make(headline_cells(shuffled, definitions), PUBLISHED, definitions),
            expected,
            rtol=0,
            atol=0,
        )


def headline_cells(table: pd.DataFrame, definitions: Definitions) -> Cells:
    """Cells of the headline by developer."""
    repositories = Repositories(table, definitions)
    return repositories.cells(repositories.headline)


def quick(definitions: Definitions) -> Definitions:
    """The same study with few replicates."""
    rules: Inference = replace(definitions.inference, replicates=100)
    return replace(definitions, inference=rules)


def header(name: str) -> list[str]:
    """Columns of a committed table."""
    return (ROOT / "results" / f"{name}.csv").read_text("utf-8").partition("\n")[0].split(",")


def test_the_pair_is_the_engines_intervals_of_every_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Row by row, in the published columns, with the part of replicates in which China is ahead."""
    monkeypatch.setattr(post_stratification, "SPECKS", 100)
    definitions = quick(DEFINITIONS)
    table = published.published_pair(HELD, PUBLISHED, definitions)
    assert [*table.columns] == header("published_pair")
    assert table.index.tolist() == list(range(3 * 4 * 4))
    for model, rows in table.groupby("model", sort=False):
        known = {PAIR.name: PAIR, THREE.name: THREE, DUST.name: DUST}[str(model)]
        drawn = post_stratification.resampled(HELD, known, definitions.inference)
        methods = drawn.percentile(), drawn.studentised(), drawn.jackknife(), drawn.bca()
        shown = [place(drawn, name) for name in published.SHOWN]
        assert rows["group"].tolist() == [*published.SHOWN] * 4
        assert (rows["assumption"] == known.assumption).all()
        for found, (method, mine) in zip(methods, rows.groupby("method", sort=False), strict=True):
            assert found.method == method
            for column in ("point", "lower", "upper", "error_lower", "error_upper"):
                values = getattr(found, column)[shown]
                assert np.array_equal(mine[column], values, equal_nan=True)
        effective, developers = post_stratification.effective_developers(drawn)
        assert (rows["n_effective"] == effective).all()
        assert (rows["n_developers"] == developers).all()
        totals = drawn.replicates[:, [place(drawn, "China"), place(drawn, "USA")]]
        ahead = float((totals[:, 0] > totals[:, 1]).mean())
        assert 0 < ahead < 1
        exact = rows["method"] == published.JACKKNIFE
        assert (rows.loc[~exact, "china_leads"] == ahead).all()
        assert rows.loc[exact, "china_leads"].isna().all()


def test_the_curve_is_the_engines_intervals_at_every_power(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two methods of the lead alone, and how wide they are."""
    definitions = quick(DEFINITIONS)
    monkeypatch.setattr(published, "POWERS", (1.0, 0.5))
    table = published.concentration_curve(HELD, PUBLISHED, definitions)
    assert [*table.columns] == header("concentration_curve")
    assert table["power"].tolist() == [1.0, 1.0, 0.5, 0.5]
    for power, rows in table.groupby("power"):
        drawn = post_stratification.resampled(HELD, PAIR, definitions.inference, float(str(power)))
        found = [
            (made.method, made.lower[place(drawn)], made.upper[place(drawn)])
            for made in (drawn.percentile(), drawn.jackknife())
        ]
        assert [*rows[["method", "lower", "upper"]].itertuples(index=False, name=None)] == found
        assert rows["width"].tolist() == [upper - lower for _, lower, upper in found]
        assert (rows["n_effective"] == post_stratification.effective_developers(drawn)[0]).all()


def test_the_smallest_leads_stand_by_model_power_and_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With one halving each is half of what both countries hold together, or all of it."""
    definitions = quick(DEFINITIONS)
    monkeypatch.setattr(published, "HALVINGS", 1)
    monkeypatch.setattr(published, "GAP_POWERS", (0.5,))
    table = published.detectable_gap(HELD, PUBLISHED, definitions)
    assert [*table.columns] == header("detectable_gap")
    assert table["model"].tolist() == [m.name for m in (PAIR, THREE, DUST) for _ in range(2)]
    assert table["method"].tolist() == [published.PERCENTILE, published.JACKKNIFE] * 3
    assert (table["power"] == 0.5).all()
    assert table["published_lead"].tolist() == pytest.approx([0.013] * 6)
    assert table["joint"].tolist() == pytest.approx([0.329] * 6)
    for (model, method), gap in table.set_index(["model", "method"])["gap"].items():
        known = {PAIR.name: PAIR, THREE.name: THREE, DUST.name: DUST}[model]
        half = published.excludes_zero(
            HELD, known.with_difference(0.329 / 2), method, definitions.inference, 0.5
        )
        assert gap == pytest.approx(0.329 / 2 if half else 0.329)
    for model in (PAIR, DUST):
        drawn = post_stratification.resampled(HELD, model, definitions.inference, 0.5)
        effective, _ = post_stratification.effective_developers(drawn)
        assert (table.loc[table["model"] == model.name, "n_effective"] == effective).all()


def test_published_shares_may_leave_no_rest() -> None:
    """At exactly 100 % the rest has nothing."""
    pair, _, _ = published.models({"China": 60.0, "USA": 39.0, ONLINE: 1.0}, DEFINITIONS)
    assert dict(pair.shares)["rest"] == pytest.approx(0.01)
    _, three, _ = published.models({"China": 60.0, "USA": 39.0, ONLINE: 1.0}, DEFINITIONS)
    assert dict(three.shares)["rest"] == 0


def test_effective_developers_by_hand() -> None:
    """Dust adds to the total and nothing to the squares, nor to those that are resampled."""
    pair, dust = (post_stratification.resampled(HELD, m, RULES) for m in (PAIR, DUST))
    china, usa, rest = (
        share**2 * sum(x**2 for x in held) / sum(held) ** 2
        for share, held in zip(
            (0.171, 0.158, 0.671), (*SYNTHETIC[:2], SYNTHETIC[2] + SYNTHETIC[3]), strict=True
        )
    )
    effective, developers = post_stratification.effective_developers(pair)
    assert (effective, developers) == (pytest.approx(1 / (china + usa + rest), rel=1e-8), 34)
    effective, developers = post_stratification.effective_developers(dust)
    assert (effective, developers) == (pytest.approx(1 / (china + usa), rel=1e-8), 25)


def test_a_group_without_developers_is_refused() -> None:
    """A panel without a developer of the USA cannot be scaled to its share, and the error says so."""
    table = TABLE[TABLE["study_group_uploader"] != "USA"]
    for make in (
        published.published_pair,
        published.concentration_curve,
        published.detectable_gap,
    ):
        with pytest.raises(DegenerateDataError, match=r"group USA, whose published share is 15\.8"):
            make(headline_cells(table, DEFINITIONS), PUBLISHED, DEFINITIONS)


def test_the_last_model_stays_where_none_is_possible() -> None:
    """Without China none is; without the third group, and without a rest, only those that ask for it go."""
    china, usa, *others = SYNTHETIC
    for sizes, left in (
        (((), usa, *others), [DUST]),
        ((china, usa, others[0], ()), [PAIR, DUST]),
        ((china, usa, (), ()), [DUST]),
    ):
        assert published._models(synthetic_cells(sizes), PUBLISHED, DEFINITIONS) == left


def test_a_third_group_that_the_definitions_lack_is_named_by_its_class() -> None:
    """So that whoever has no group of the class reads which share is missing."""
    groups = tuple(
        replace(group, registry_class="") if group.name == ONLINE else group
        for group in DEFINITIONS.country_groups
    )
    with pytest.raises(DefinitionError, match="no positive share of international is published"):
        published.models(PUBLISHED, replace(DEFINITIONS, country_groups=groups))


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"China": 60.0, "USA": 50.0, ONLINE: 1.0}, r"China, USA add up to 110\.0 %"),
        ({**PUBLISHED, ONLINE: 67.2}, r"International / Online add up to 100\.1 %"),
        ({**PUBLISHED, ONLINE: 70.0}, r"International / Online add up to 102\.9 %"),
        ({"China": 17.1, "USA": 15.8}, "no positive share of International / Online"),
        ({**PUBLISHED, "USA": 0.0}, "no positive share of USA"),
        ({**PUBLISHED, "China": float("nan")}, "no positive share of China"),
    ],
)
def test_impossible_published_shares_are_refused(shares: dict[str, float], message: str) -> None:
    """Shares over 100 %, missing, zero or unknown name the group and the file to correct."""
    with pytest.raises(DefinitionError, match=message) as caught:
        published.models(shares, DEFINITIONS)
    assert "claims.toml" in caught.value.remedy


def test_shares_of_a_hundred_percent_leave_no_rest() -> None:
    """A rest of nothing is scaled to nothing."""
    (model, *_) = published.models({"China": 60.0, "USA": 30.0, ONLINE: 10.0}, DEFINITIONS)[1:]
    counts = post_stratification.resampled(HELD, model, RULES).counts
    assert counts.sum(axis=0)[3] == 0
    assert counts.sum() == pytest.approx(2**40, abs=13)


@dataclass(frozen=True)
class Drawn:
    """What the figure reads, made of the synthetic panel."""

    published_pair: pd.DataFrame
    concentration_curve: pd.DataFrame
    detectable_gap: pd.DataFrame

    def footer(self, definitions: Definitions) -> str:
        """A synthetic source line."""
        return f"Synthetic data, {definitions.inference.replicates} replicates."


@pytest.mark.slow
def test_the_figure_says_that_it_is_a_model_and_hides_no_text(pair: pd.DataFrame) -> None:
    """Texts are large enough, on the page and apart, and the published gap is marked."""
    tables = [f(headline_cells(TABLE, DEFINITIONS), PUBLISHED, DEFINITIONS) for f in (published.concentration_curve,
                                                   published.detectable_gap)]  # fmt: skip
    with style.context(DEFINITIONS):
        figure = published_model.draw(Drawn(pair, *tables), DEFINITIONS)
        figure.canvas.draw()
    assert figure.title.startswith("A model: China’s published lead of 1.3 points has")
    assert_legible(figure)
    assert any(t.get_text() == "published lead +1.3" for t in shown(figure))


@pytest.mark.slow
def test_a_model_that_the_panel_has_no_developers_for_is_left_out() -> None:
    """Without an international developer the model of three goes, without a rest only dust is left."""
    table = synthetic_repositories(DEFINITIONS)
    definitions = replace(DEFINITIONS, inference=replace(RULES, replicates=50, chunk=50))
    names = published.published_pair(headline_cells(table, definitions), PUBLISHED, definitions)[
        "model"
    ].unique()
    assert list(names) == ["pair", "head-and-dust"]
    column = f"{definitions.headline.labels}_group_uploader"
    pair_alone = table[table[column].isin(["China", "USA"])]
    assert set(
        published.published_pair(headline_cells(pair_alone, definitions), PUBLISHED, definitions)[
            "model"
        ]
    ) == {"head-and-dust"}
    curve = published.concentration_curve(
        headline_cells(pair_alone, definitions), PUBLISHED, definitions
    )
    assert curve["point"].round(6).eq(0.013).all()
    assert set(
        published.detectable_gap(headline_cells(pair_alone, definitions), PUBLISHED, definitions)[
            "model"
        ]
    ) == {"head-and-dust"}

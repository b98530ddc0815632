"""Measures of concentration: definitions by brute force, the bootstrap's law, and its coverage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from scipy import stats
from small import synthetic_definitions, synthetic_repositories

from replication.analysis import concentration as concentrated
from replication.analysis.cells import Repositories
from replication.analysis.concentration import MEASURES, measures, tail_bootstrap, with_intervals
from replication.inference.pareto import Tail, fit_tail, tail_size

DEFINITIONS = synthetic_definitions()
RULES = DEFINITIONS.inference
TABLE = synthetic_repositories(DEFINITIONS)
HEAD = "cohort-2025-08"
KEYS = ["window", "scope", "unit", "measure"]

some_sizes = st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any)


def of(name: str, sizes: object) -> float:
    """One measure of sizes (n,)."""
    return float(measures(np.array(sizes))[MEASURES.index(name)])


def synthetic_pareto(index: float, *shape: int, seed: int = 1) -> np.ndarray:
    """Synthetic sizes from an exact Pareto law above 1."""
    return np.random.default_rng(seed).pareto(index, shape) + 1


def synthetic_many(index: float = 3.0) -> pd.DataFrame:
    """Synthetic repositories of 60 developers with Pareto downloads; of China every third."""
    rows = pd.concat([TABLE] * 9, ignore_index=True).iloc[:60]
    sizes = np.floor(synthetic_pareto(index, 60) * 1000).astype(np.int64)
    names = [f"developer {n}" for n in range(60)]
    group = np.where(np.arange(60) % 3 == 0, "China", "USA")
    ids = [f"{n:024x}" for n in range(60)]
    columns = {"repository": ids, "uploader_developer": names, "study_group_uploader": group}
    return rows.assign(**columns, **{window.id: sizes for window in DEFINITIONS.windows})


def part(table: pd.DataFrame, scope: str, unit: str) -> pd.DataFrame:
    """The headline's rows of one scope and unit, by measure."""
    where = (table["window"] == HEAD) & (table["scope"] == scope) & (table["unit"] == unit)
    return table[where].set_index("measure")


@pytest.mark.slow
@EXAMPLES
@given(some_sizes)
def test_gini_is_half_the_relative_mean_difference(sizes: list[int]) -> None:
    """The double sum over all pairs gives the same."""
    n = len(sizes)
    double = sum(abs(a - b) for a in sizes for b in sizes) / (2 * n * sum(sizes))
    assert of("gini", sizes) == pytest.approx(double, abs=1e-12)


@EXAMPLES
@given(some_sizes)
def test_the_other_measures_are_their_definitions(sizes: list[int]) -> None:
    """Squares of shares, their inverse, and sums of the largest; those of too few are undefined."""
    shares = sorted((size / sum(sizes) for size in sizes), reverse=True)
    assert of("hhi", sizes) == pytest.approx(sum(s**2 for s in shares), rel=1e-12)
    assert of("effective", sizes) == pytest.approx(1 / sum(s**2 for s in shares), rel=1e-12)
    for k in (1, 5, 10):
        expected = sum(shares[:k]) if k <= len(sizes) else np.nan
        assert of(f"top-{k}", sizes) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@EXAMPLES
@given(some_sizes)
def test_both_functions_agree(sizes: list[int]) -> None:
    """The effective number and the largest share are those printed beside every estimate."""
    held = np.array(sizes)
    beside = concentrated.concentration(held)
    assert of("effective", held) == pytest.approx(beside.n_effective, rel=1e-12)
    assert of("top-1", held) == pytest.approx(beside.top_share, rel=1e-12)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_equal_units_and_a_single_holder(n: int) -> None:
    """Equal units have a Gini of 0 and an effective number of n; one holder (n − 1)/n and 1."""
    equal, single = np.full(n, 6), np.eye(1, n)[0]
    assert of("gini", equal) == pytest.approx(0, abs=1e-15)
    assert of("hhi", equal) == pytest.approx(1 / n)
    assert of("effective", equal) == pytest.approx(n)
    assert of("gini", single) == pytest.approx((n - 1) / n)
    assert of("hhi", single) == of("top-1", single) == of("effective", single) == 1


@EXAMPLES
@given(some_sizes, st.integers(2, 1000), st.randoms(use_true_random=False))
def test_neither_order_nor_unit_matters(sizes: list[int], factor: int, luck: st.DataObject) -> None:
    """Shuffled sizes give the same numbers, and counting in other units nearly the same."""
    shuffled = [*sizes]
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    plain = measures(np.array(sizes))
    assert np.array_equal(measures(np.array(shuffled)), plain, equal_nan=True)
    scaled = measures(np.array(sizes) * factor)
    assert np.allclose(scaled, plain, rtol=1e-12, atol=1e-15, equal_nan=True)


@EXAMPLES
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=20), st.data())
def test_to_take_from_the_smaller_concentrates(sizes: list[int], data: st.DataObject) -> None:
    """Any transfer to a unit that holds as much or more raises HHI and Gini, and lowers no top."""
    ordered = sorted(sizes)
    giver = data.draw(st.integers(0, len(sizes) - 2))
    taker = data.draw(st.integers(giver + 1, len(sizes) - 1))
    moved = data.draw(st.integers(1, ordered[giver]))
    after = [*ordered]
    after[giver], after[taker] = after[giver] - moved, after[taker] + moved
    for name in ("hhi", "gini"):
        assert of(name, after) > of(name, ordered)
    for name in ("top-1", "top-5", "top-10"):
        assert not of(name, after) < of(name, ordered) - 1e-12


def test_a_stack_of_replicates_is_worked_at_once() -> None:
    """Each row of a stack has the measures that it has alone."""
    stack = synthetic_pareto(1.5, 4, 3, 25)
    got = measures(stack)
    assert got.shape == (4, 3, len(MEASURES))
    assert np.allclose(got[2, 1], measures(stack[2, 1]), rtol=1e-13)


@pytest.mark.parametrize("sizes", [[], [0, 0, 0]])
def test_nothing_has_no_concentration(sizes: list[int]) -> None:
    """Every measure is undefined, without a warning."""
    assert np.isnan(measures(np.array(sizes))).all()


def by_loop(sizes: np.ndarray, tail: Tail, replicates: int, seed: int) -> np.ndarray:
    """The bootstrap replicate by replicate: a binomial number from the tail, the rest resampled."""
    rng = np.random.default_rng(seed)
    body = np.sort(sizes)[: -tail.size]
    law = stats.pareto(tail.index, scale=tail.threshold)
    drawn = []
    for _ in range(replicates):
        above = rng.binomial(len(sizes), tail.size / len(sizes))
        resampled = rng.choice(body, len(sizes) - above)
        drawn.append(measures(np.append(resampled, law.rvs(above, random_state=rng))))
    return np.array(drawn)


@pytest.mark.slow
def test_the_bootstrap_is_a_binomial_mixture_of_body_and_tail() -> None:
    """A loop with a stated binomial draw has the same law of every measure."""
    sizes = np.exp(np.random.default_rng(4).normal(0, 1.5, 50))
    tail = fit_tail(sizes, 7)
    ours = tail_bootstrap(sizes, tail, 2000, 500, 7)
    theirs = by_loop(sizes, tail, 2000, 8)
    for ours_one, theirs_one in zip(ours.T, theirs.T, strict=True):
        assert stats.ks_2samp(ours_one, theirs_one).pvalue > 0.001


def test_fewer_replicates_are_a_prefix_of_more() -> None:
    """The chunk alone decides what is drawn, not how many replicates are asked for."""
    sizes = synthetic_pareto(2, 40)
    many = tail_bootstrap(sizes, fit_tail(sizes, 6), 500, 100, 7)
    assert len(many) == 500
    assert np.array_equal(tail_bootstrap(sizes, fit_tail(sizes, 6), 130, 100, 7), many[:130])


def test_rows_drawn_at_a_time_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both streams of numbers are the same however many rows are drawn at once."""
    sizes = synthetic_pareto(2, 40)
    plain = tail_bootstrap(sizes, fit_tail(sizes, 6), 200, 100, 7)
    monkeypatch.setattr(concentrated, "AT_ONCE", 300)
    few = tail_bootstrap(sizes, fit_tail(sizes, 6), 200, 100, 7)
    assert np.allclose(few, plain, rtol=1e-13)


def test_a_fixed_seed_gives_fixed_numbers() -> None:
    """A change of the stream of replicates would change every published interval: notice it."""
    tail = Tail(1, 3.0, 2.0)
    drawn = tail_bootstrap(np.array([1, 2, 3, 9]), tail, 3, 2, 20251203)
    assert drawn[:, 0].tolist() == pytest.approx(
        [0.305266153927, 0.328934970958, 0.3125], rel=1e-11
    )


def test_intervals_do_not_depend_on_order_or_unit() -> None:
    """The same sizes shuffled give the same rows; in half downloads nearly the same."""
    sizes = np.floor(synthetic_pareto(2, 60) * 1e4)
    plain = with_intervals(sizes, RULES)
    assert with_intervals(sizes[::-1], RULES).equals(plain)
    halves = with_intervals(2 * sizes, RULES)
    for column in ("point", "lower", "upper", "tail_index"):
        assert np.allclose(halves[column], plain[column], rtol=1e-12)


def covers(drawn: np.ndarray, truth: float) -> bool:
    """Whether the 95 % percentile interval of replicates (B,) holds the truth."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return bool(low <= truth <= high)


@pytest.mark.slow
def test_the_interval_covers_where_the_plain_bootstrap_does_not() -> None:
    """What HHI typically is among 100 Pareto(3) units is covered at 95 %, plainly resampled not."""
    n, samples, replicates, place = 100, 300, 300, MEASURES.index("hhi")
    truth = float(np.median(measures(synthetic_pareto(3, 20_000, n, seed=9))[:, place]))
    rng = np.random.default_rng(10)
    modelled = plain = 0
    for sizes in synthetic_pareto(3, samples, n, seed=11):
        tail = fit_tail(sizes, tail_size(n))
        drawn = tail_bootstrap(sizes, tail, replicates, replicates, int(rng.integers(1 << 30)))
        modelled += covers(drawn[:, place], truth)
        resampled = sizes[rng.integers(n, size=(replicates, n))]
        plain += covers(measures(resampled)[:, place], truth)
    assert stats.binomtest(modelled, samples, 0.95).pvalue > 0.001
    assert stats.binomtest(plain, samples, 0.95, alternative="less").pvalue < 1e-6
    assert modelled > plain


def test_an_interval_by_hand() -> None:
    """Its ends are the quantiles of the replicates of the tail that the note-free row names."""
    sizes = synthetic_pareto(3, 60)
    rows = with_intervals(sizes, RULES).set_index("measure")
    tail = fit_tail(sizes, 8)
    assert (rows["tail_size"] == 8).all()
    assert (rows["tail_index"] == tail.index).all()
    drawn = tail_bootstrap(sizes, tail, RULES.replicates, RULES.chunk, RULES.seed)
    expected = np.quantile(drawn[:, MEASURES.index("gini")], [0.025, 0.975])
    assert rows.loc["gini", ["lower", "upper"]].tolist() == pytest.approx(expected, rel=1e-13)
    assert (rows["note"] == "").all()
    assert ((rows["lower"] <= rows["point"]) & (rows["point"] <= rows["upper"])).all()


def test_too_few_units_have_no_interval() -> None:
    """29 units keep their points; 30 have a tail of five."""
    sizes = synthetic_pareto(3, 30)
    few, enough = with_intervals(sizes[:29], RULES), with_intervals(sizes, RULES)
    assert few[["lower", "upper", "tail_index"]].isna().all(axis=None)
    assert few["point"].notna().all()
    assert set(few["note"]) == {"interval refused: fewer than 30 units"}
    assert set(few["tail_size"]) == {0}
    assert enough["lower"].notna().all()
    assert set(enough["tail_size"]) == {5}


def test_a_tail_without_a_mean_has_no_interval() -> None:
    """Pareto(0.6) sizes keep their points, and the note says why there is no interval."""
    rows = with_intervals(synthetic_pareto(0.6, 100), RULES)
    assert (rows["tail_index"] < 1).all()
    assert rows[["lower", "upper"]].isna().all(axis=None)
    assert rows["point"].notna().all()
    assert rows["note"].str.contains("without a mean").all()


def test_the_largest_ten_of_seven_are_refused() -> None:
    """Only that measure has no point, and its note says why."""
    rows = with_intervals(np.arange(1, 8), RULES).set_index("measure")
    assert rows.index[rows["point"].isna()].tolist() == ["top-10"]
    assert rows.loc["top-10", "note"] == "refused: fewer units than the measure adds up"
    assert rows.loc["top-5", "note"] == "interval refused: fewer than 30 units"


def test_a_tail_that_is_cut_off_is_noted() -> None:
    """Where the largest units are equal, the fitted law expects a larger one, and the note says so."""
    rng = np.random.default_rng(12)
    sizes = np.minimum(np.exp(rng.normal(0, 1, 400)), 4.0)
    sizes[:3] = 4.5
    rows = with_intervals(np.append(sizes, np.full(14, 9.0)), RULES).set_index("measure")
    assert rows.loc["top-1", "point"] < rows.loc["top-1", "lower"]
    assert rows.loc["top-1", "note"] == "outside: a Pareto tail fits badly"


def test_very_many_units_have_fewer_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more sizes are drawn than the limit, whatever the study asks for."""
    sizes = synthetic_pareto(3, 50)
    monkeypatch.setattr(concentrated, "MOST_DRAWS", 50 * 70)
    fewer = with_intervals(sizes, RULES)
    asked = with_intervals(sizes, dataclasses.replace(RULES, replicates=70))
    assert fewer.equals(asked)


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """Concentration of the 60 synthetic developers."""
    return concentrated.concentrations(Repositories(synthetic_many(), DEFINITIONS))


def test_the_table_has_every_row_once(many: pd.DataFrame) -> None:
    """Each window, scope, unit and measure, by the headline's attribution and labels."""
    assert len(many) == len(DEFINITIONS.windows) * 3 * 2 * len(MEASURES)
    assert not many.duplicated(KEYS).any()
    assert set(many["attribution"]) == {DEFINITIONS.headline.attribution}
    assert set(many["labels"]) == {DEFINITIONS.headline.labels}


def test_scopes_hold_their_own_units(many: pd.DataFrame) -> None:
    """Of 60 developers 20 are of China: too few for an interval, but not for a point."""
    sizes = synthetic_many()[HEAD].to_numpy()
    inside = {"all": sizes, "China": sizes[::3], "USA": np.delete(sizes, np.s_[::3])}
    for scope, held in inside.items():
        rows = part(many, scope, "developer")
        assert (rows["n"] == len(held)).all()
        assert rows["point"].tolist() == pytest.approx(measures(held).tolist(), rel=1e-12)
        assert rows["lower"].isna().all() == (scope == "China")


def test_one_developer_of_many_repositories(many: pd.DataFrame) -> None:
    """Joined into one, they are one developer and still 60 repositories."""
    joined = synthetic_many().assign(uploader_developer="all of them")
    rows = concentrated.concentrations(Repositories(joined, DEFINITIONS))
    one = part(rows, "all", "developer")
    assert (one.loc["gini", "point"], set(one["n"])) == (0, {1})
    assert part(rows, "all", "repository").equals(part(many, "all", "repository"))


def test_a_scope_without_downloads_is_refused() -> None:
    """Without any download of China its rows are there, empty, with the reason."""
    nowhere = synthetic_many().assign(study_group_uploader="USA")
    rows = concentrated.concentrations(Repositories(nowhere, DEFINITIONS))
    china = part(rows, "China", "developer")
    assert china[["point", "lower", "upper"]].isna().all(axis=None)
    assert set(china["note"]) == {"refused: nothing was downloaded"}


def test_row_order_does_not_matter(many: pd.DataFrame) -> None:
    """Shuffled input gives the same table, byte for byte."""
    shuffled = synthetic_many().sample(frac=1, random_state=5)
    got = concentrated.concentrations(Repositories(shuffled, DEFINITIONS))
    assert got.to_csv() == many.to_csv()

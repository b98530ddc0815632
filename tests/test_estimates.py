"""Cells, estimates and leave-one-out on a small synthetic panel worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from small import SYNTHETIC, pivoted, synthetic_definitions, synthetic_repositories

from replication.analysis import cells, estimates
from replication.analysis.cells import Repositories
from replication.analysis.concentration import concentration
from replication.analysis.lead import statistics
from replication.analysis.specification import CREDIT
from replication.errors import DegenerateDataError

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
HEAD = "increments-2025-08"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Every estimate on the synthetic panel."""
    return estimates.estimate(Repositories(TABLE, DEFINITIONS))


def pick(rows: pd.DataFrame, group: str, method: str = "bounds", **where: str) -> pd.Series:
    """The one estimate of a group by a method."""
    keys = {"estimand": HEAD, "attribution": "uploader", "labels": "study"} | where
    keys |= {"group": group, "method": method}
    unit = "repository" if where.get("unit") == "repository" else None
    found = rows[(rows[list(keys)] == pd.Series(keys)).all(axis=1)]
    found = found[(found["unit"] == "repository") == (unit == "repository")]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.slow
def test_points_by_hand(rows: pd.DataFrame) -> None:
    """Uploader, origin and split give the shares that one gets with pencil and paper."""
    assert pick(rows, "China")["point"] == 0.6
    assert pick(rows, "USA")["point"] == 0.31
    assert pick(rows, "China", attribution="origin")["point"] == 0.7
    assert pick(rows, "China", attribution="split")["point"] == 0.65
    assert pick(rows, "China", labels="registry")["point"] == 0.65
    assert pick(rows, "China − USA")["point"] == pytest.approx(0.29, abs=1e-14)
    assert pick(rows, "DeepSeek and Qwen / China", labels="registry")["point"] == 600 / 650


FEW = replace(DEFINITIONS.inference, replicates=40, chunk=40)
SMALL = replace(DEFINITIONS, windows=DEFINITIONS.windows[-1:], exclusions=(), inference=FEW)
"""One window, no exclusion and few replicates: what does not depend on them is exact."""


def test_the_estimates_of_one_window_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points, bounds and concentration by two credit rules; which units and methods there are."""
    monkeypatch.setattr(cells, "LABELS", ("study",))
    monkeypatch.setattr(cells, "CREDIT", {name: CREDIT[name] for name in ("uploader", "split")})
    lines: list[str] = []
    found = estimates.estimate(Repositories(TABLE, SMALL), lines.append)
    assert list(found.columns) == [
        "estimand", "attribution", "labels", "group", "unit", "method", "point", "lower", "upper",
        "error_lower", "error_upper", "n_developers", "n_effective", "top_share", "note",
    ]  # fmt: skip
    window = SMALL.windows[0].id
    assert lines == [f"{window} · uploader · study", f"{window} · split · study"]
    assert found[["unit", "method"]].drop_duplicates().to_numpy().tolist() == [
        ["developer", "percentile"], ["developer", "jackknife-logit"],
        ["developer", "leave-one-out"], ["none", "bounds"], ["developer", "leave-one-out-bounds"],
        ["repository", "percentile"],
    ]  # fmt: skip
    by = found.set_index(["attribution", "labels", "method", "group"])

    def ends(group: str, method: str) -> list[float]:
        row = by.loc[("uploader", "study", method, group)]
        row = row.iloc[0] if isinstance(row, pd.DataFrame) else row
        return row[["point", "lower", "upper"]].tolist()

    # 90 of 1,000 have no country by the study: 50 and 40. Without Qwen's 400 600 are left; without
    # a user 950 or 960, of which the other 40 or 50 may be anyone's.
    assert ends("China", "bounds") == pytest.approx([0.6, 0.6, 0.69])
    assert ends("USA", "bounds") == pytest.approx([0.31, 0.31, 0.4])
    assert ends("China − USA", "bounds") == pytest.approx([0.29, 0.2, 0.38])
    assert ends("China", "leave-one-out") == pytest.approx([0.6, 200 / 600, 600 / 850])
    assert ends("China", "leave-one-out-bounds") == pytest.approx([0.6, 200 / 600, 690 / 850])
    assert ends("USA", "leave-one-out-bounds") == pytest.approx([0.31, 160 / 850, 400 / 600])
    point = by.loc[("split", "study", "bounds", "China"), "point"]
    assert point == pytest.approx(0.65)
    lead = by.loc[("uploader", "study", "bounds", "China − USA")]
    held = np.array([row[-1] for row in SYNTHETIC])
    assert lead[["n_developers", "top_share"]].tolist() == [7, 0.4]
    assert lead["n_effective"] == pytest.approx(1000**2 / (held**2).sum())
    family = by.loc[("uploader", "study", "bounds", "DeepSeek and Qwen / China")]
    assert family[["n_developers", "point", "top_share"]].tolist() == [2, 1, 400 / 600]


def test_a_group_of_nobody_has_no_concentration() -> None:
    """Nobody is Chinese: the family's denominator has no developer, and all others have the whole."""
    held = pivoted(TABLE, HEAD, "uploader", "study", DEFINITIONS)
    elsewhere = replace(held, groups=tuple({"China": "France"}.get(g, g) for g in held.groups))
    ours = replace(elsewhere, groups=(*elsewhere.groups[:-1], "China"))
    assert not ours.of("China").any()
    found = estimates._concentration_columns(ours, statistics(DEFINITIONS))
    assert found["n_developers"][-2:] == [7, 0]
    assert np.isnan([found["n_effective"][-1], found["top_share"][-1]]).all()


def test_without_each_developer_of_one_window_by_hand() -> None:
    """All of it, largest first: without Qwen China has 200 of 600, without meta the USA 160 of 850."""
    table = estimates.leave_one_out(Repositories(TABLE, SMALL))
    assert list(table.columns) == [
        "estimand", "attribution", "labels", "developer", "group", "share", "china", "usa", "lead",
        "ratio", "shift",
    ]  # fmt: skip
    rows = table[(table["attribution"] == "uploader") & (table["labels"] == "study")]
    names = ["Qwen", "deepseek-ai", "meta", "packager", "unslothai", "other-cn", "someone"]
    assert rows["developer"].tolist() == names
    assert rows["group"].tolist() == ["China", "China", "USA", "USA", "USA", "User", "User"]
    assert rows["share"].tolist() == [0.4, 0.2, 0.15, 0.1, 0.06, 0.05, 0.04]
    china = [200 / 600, 400 / 800, 600 / 850, 600 / 900, 600 / 940, 600 / 950, 600 / 960]
    usa = [310 / 600, 310 / 800, 160 / 850, 210 / 900, 250 / 940, 310 / 950, 310 / 960]
    assert rows["china"].tolist() == pytest.approx(china)
    assert rows["usa"].tolist() == pytest.approx(usa)
    leads = [a - b for a, b in zip(china, usa, strict=True)]
    assert rows["lead"].tolist() == pytest.approx(leads)
    assert set(table["labels"]) == {"study", "registry"}
    assert rows["ratio"].tolist() == pytest.approx([a / b for a, b in zip(china, usa, strict=True)])
    assert rows["shift"].tolist() == pytest.approx([lead - 0.29 for lead in leads])


@pytest.mark.slow
def test_the_exclusion_takes_its_uploader_out(rows: pd.DataFrame) -> None:
    """Without telemetry both numerator and denominator lose its downloads."""
    found = pick(rows, "USA", estimand=f"{HEAD}-without-telemetry")
    assert found["point"] == 250 / 940


def test_an_exclusion_that_removes_nothing_is_no_specification() -> None:
    """Where no excluded uploader has downloads, the estimand appears once."""
    kept = TABLE[TABLE["uploader"] != "unslothai"]
    names = {spec.estimand for spec in Repositories(kept, DEFINITIONS).specifications}
    assert not any("without" in name for name in names)
    assert len(names) == len(DEFINITIONS.windows)
    head = replace(DEFINITIONS.headline, estimand=f"{HEAD}-without-telemetry")
    own = Repositories(kept, replace(DEFINITIONS, headline=head)).specifications
    assert head.estimand in {spec.estimand for spec in own}, "the headline is always estimated"


@pytest.mark.slow
def test_columns_and_units(rows: pd.DataFrame) -> None:
    """The table has the columns that the README promises and every method for every statistic."""
    assert list(rows.columns) == [
        *("estimand", "attribution", "labels", "group", "unit", "method", "point", "lower"),
        *(
            "upper",
            "error_lower",
            "error_upper",
            "n_developers",
            "n_effective",
            "top_share",
            "note",
        ),
    ]
    assert set(zip(rows["unit"], rows["method"], strict=True)) == {
        ("developer", "percentile"),
        ("developer", "jackknife-logit"),
        ("developer", "leave-one-out"),
        ("developer", "leave-one-out-bounds"),
        ("none", "bounds"),
        ("repository", "percentile"),
    }
    assert not rows.duplicated(
        ["estimand", "attribution", "labels", "group", "unit", "method"]
    ).any()


@pytest.mark.slow
def test_every_interval_is_ordered_and_noted(rows: pd.DataFrame) -> None:
    """Lower is at most upper; a refused interval has no ends and says so."""
    defined = rows["lower"].notna()
    assert (rows.loc[defined, "lower"] <= rows.loc[defined, "upper"]).all()
    assert (rows.loc[~defined, "note"] != "").all()
    assert (rows.loc[defined, "note"] == "").all()


@pytest.mark.slow
def test_bounds_hold_the_point_and_shares_add_up(rows: pd.DataFrame) -> None:
    """Points lie inside their bounds, and the shares of all groups add up to one."""
    bounds = rows[rows["method"] == "bounds"]
    assert (bounds["lower"] <= bounds["point"]).all()
    assert (bounds["point"] <= bounds["upper"]).all()
    groups = bounds[bounds["group"].isin(DEFINITIONS.groups)]
    total = groups.groupby(["estimand", "attribution", "labels"])["point"].sum()
    assert np.allclose(total, 1, atol=1e-12)


@pytest.mark.slow
def test_row_order_changes_nothing(rows: pd.DataFrame) -> None:
    """Shuffled input gives the same table, byte for byte."""
    shuffled = TABLE.sample(frac=1, random_state=3)
    assert estimates.estimate(Repositories(shuffled, DEFINITIONS)).to_csv() == rows.to_csv()


@pytest.mark.slow
def test_empty_developers_change_nothing(rows: pd.DataFrame) -> None:
    """A developer without downloads is not a cluster."""
    empty = TABLE.iloc[[3]].assign(repository="f" * 24, uploader_developer="nobody")
    empty = empty.assign(origin_developer="nobody", **{w.id: 0 for w in DEFINITIONS.windows})
    more = pd.concat([TABLE, empty], ignore_index=True)
    assert estimates.estimate(Repositories(more, DEFINITIONS)).to_csv() == rows.to_csv()


@pytest.mark.slow
def test_concentration_by_hand(rows: pd.DataFrame) -> None:
    """Effective number and largest share of the uploaders, and of China's for the family."""
    held = np.array([row[-1] for row in SYNTHETIC])
    lead = pick(rows, "China − USA")
    assert lead["n_developers"] == 7
    assert lead["n_effective"] == pytest.approx(1000**2 / (held**2).sum(), rel=1e-12)
    assert lead["top_share"] == 0.4
    family = pick(rows, "DeepSeek and Qwen / China")
    assert family["n_developers"] == 2
    assert family["n_effective"] == pytest.approx(600**2 / (400**2 + 200**2), rel=1e-12)


@pytest.mark.slow
def test_leave_one_out_by_hand() -> None:
    """Without Qwen China has 200 of 600; the largest developer comes first."""
    table = estimates.leave_one_out(Repositories(TABLE, DEFINITIONS))
    where = (table["estimand"] == HEAD) & (table["attribution"] == "uploader")
    first = table[where & (table["labels"] == "study")].iloc[0]
    assert first["developer"] == "Qwen"
    assert first["share"] == 0.4
    assert first["china"] == pytest.approx(200 / 600)
    assert first["lead"] == pytest.approx((200 - 310) / 600)
    assert first["shift"] == pytest.approx((200 - 310) / 600 - 0.29)


@pytest.mark.slow
def test_leave_one_out_range_is_the_range_of_the_table(rows: pd.DataFrame) -> None:
    """The interval printed beside the lead is the smallest and largest row of leave_one_out.csv."""
    table = estimates.leave_one_out(Repositories(TABLE, DEFINITIONS))
    where = (table["estimand"] == HEAD) & (table["attribution"] == "origin")
    lead = table[where & (table["labels"] == "registry")]["lead"]
    found = pick(rows, "China − USA", "leave-one-out", attribution="origin", labels="registry")
    assert (found["lower"], found["upper"]) == pytest.approx((lead.min(), lead.max()), abs=1e-14)


@pytest.mark.slow
def test_bounds_without_each_developer_equal_brute_force(rows: pd.DataFrame) -> None:
    """The worst case over developers left out and sides that take the unattributed."""
    names = statistics(DEFINITIONS)
    held = pivoted(TABLE, HEAD, "uploader", "study", DEFINITIONS)
    place = names.names.index("China − USA")
    ends = [names.bounds(np.delete(held.counts, i, axis=0).sum(axis=0)) for i in range(7)]
    lows, highs = ([names.values(end)[place] for end in side] for side in zip(*ends, strict=True))
    found = pick(rows, "China − USA", "leave-one-out-bounds")
    assert (found["lower"], found["upper"]) == (min(lows), max(highs))
    assert found["lower"] < pick(rows, "China − USA", "leave-one-out")["lower"]


def test_split_is_half_and_half() -> None:
    """Split credits each download half to either side, in whole half downloads."""
    repositories = Repositories(TABLE, DEFINITIONS)
    held = repositories.cells(replace(repositories.headline, attribution="split"))
    assert held.counts.dtype == np.int64
    assert held.by_group.sum() == 2 * 1000
    qwen = held.counts[held.units.index("Qwen")]
    assert qwen[held.groups.index("China")] == 2 * 400 + 200 + 100


def test_the_lead_is_paired() -> None:
    """Its variance is that of a difference within replicates, covariance and all."""
    from replication.inference.resampling import replicate_totals

    names = statistics(DEFINITIONS)
    held = pivoted(TABLE, HEAD, "uploader", "study", DEFINITIONS)
    drawn = names.values(names.proportions(replicate_totals(held.counts, 4000, 100, 1)))
    china, usa, lead = (
        drawn[:, names.names.index(name)] for name in ("China", "USA", "China − USA")
    )
    expected = china.var() + usa.var() - 2 * np.mean((china - china.mean()) * (usa - usa.mean()))
    assert lead.var() == pytest.approx(expected, rel=1e-9)
    assert lead.var() > china.var() + usa.var()  # shares of one total move against each other


@pytest.mark.slow
def test_repositories_of_one_developer_narrow_the_interval(rows: pd.DataFrame) -> None:
    """Cut one developer into many repositories: only the repository bootstrap believes it."""
    parts = [
        TABLE.assign(repository=[f"{n:x}{name[1:]}" for name in TABLE["repository"]])
        for n in range(8)
    ]
    cut = pd.concat(parts, ignore_index=True)
    found = estimates.estimate(Repositories(cut, DEFINITIONS))
    by_developer = pick(found, "China", "percentile")
    by_repository = pick(found, "China", "percentile", unit="repository")
    same = pick(rows, "China", "percentile")
    assert (by_developer["lower"], by_developer["upper"]) == (same["lower"], same["upper"])
    assert (
        by_repository["upper"] - by_repository["lower"]
        < by_developer["upper"] - by_developer["lower"]
    )


def test_nothing_downloaded_is_a_named_error() -> None:
    """An empty window raises, naming the remedy."""
    with pytest.raises(DegenerateDataError, match="nothing was downloaded"):
        estimates.estimate(Repositories(TABLE.assign(**{HEAD: 0}), DEFINITIONS))
    with pytest.raises(DegenerateDataError, match="nothing was downloaded"):
        concentration(np.zeros(3, dtype=np.int64))


def test_one_developer_is_a_named_error() -> None:
    """A single developer cannot be resampled."""
    with pytest.raises(DegenerateDataError, match="nothing can be resampled"):
        estimates.estimate(Repositories(TABLE.iloc[:1], DEFINITIONS))


@pytest.mark.slow
def test_all_unattributed_gives_zero_shares_and_wide_bounds() -> None:
    """If nobody has a country, either side may have everything or nothing."""
    groups = {c: "User" for c in TABLE.columns if "_group_" in c}
    rows = estimates.estimate(Repositories(TABLE.assign(**groups), DEFINITIONS))
    china = pick(rows, "China")
    assert (china["point"], china["lower"], china["upper"]) == (0, 0, 1)
    lead = pick(rows, "China − USA")
    assert (lead["lower"], lead["upper"]) == (-1, 1)

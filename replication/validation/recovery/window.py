"""Is the published window recovered from public records? Synthetic Hubs whose truth is known.

Each Hub publishes records as the real one does; the window is rebuilt from them by the code that
rebuilds the real one, and every statistic stands beside the truth.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from replication.analysis.window.data import WindowData, headline_column
from replication.analysis.window.errors import SIDES, errors, propagated, quantile, side_of, totals
from replication.analysis.window.lists import GROUP
from replication.analysis.window.months import ALL, NEVER, passing
from replication.attribution.assign import BASE_MAKER, LABELS, RANGE, ROLES
from replication.definitions import Definitions, load_definitions
from replication.panel import hub_dates, window, window_records
from replication.panel.paths import paths
from replication.panel.window_records import Prepared
from replication.validation.recovery.experiment import Progress
from replication.validation.synthetic.daily import DailyHub, Floats, daily_hub
from replication.validation.synthetic.records import synthetic_records

REPOSITORIES, DEVELOPERS = 6_000, 400
STATISTICS = ("China", "USA", "China − USA", "China / (China + USA)")
CROSSING = "crossing"
UNKNOWN = "Unknown"
MARK = 0.93
"""Part of the Hubs in which each statistic must lie within its interval."""
_APART = 1
_MEASURES = (window.SEEN, "estimate", "corrected")


@dataclass(frozen=True)
class WindowRecovery:
    """How the window of synthetic Hubs comes out, beside the truth.

    Attributes
    ----------
    shares
        One row a Hub and statistic: ``seed, statistic, truth, estimate, uncorrected, lower, upper``
        (percent; downloads for the total) and ``held``.
    nesting
        One row a Hub and side: ``seed, side, seen, truth, ceiling`` (downloads of the repositories
        that a record holds) and ``held``: in this order; then ``hub``, the true downloads of all
        repositories, ``not_followed``, what is added for those that no record follows, and
        ``covered``: ``hub`` is at most ``ceiling`` and ``not_followed`` together.
    crossings
        One row a Hub: ``seed, truth, estimate`` (month from which China stays ahead of the USA, or
        never) and ``held``: at most a month apart, or both never.
    """

    shares: pd.DataFrame
    nesting: pd.DataFrame
    crossings: pd.DataFrame

    @property
    def summary(self) -> pd.DataFrame:
        """How often each statistic is held, and how far it is off on average.

        Returns
        -------
        pandas.DataFrame
            ``statistic, hubs, held``, ``bias`` and ``bias_uncorrected`` (mean of estimate − truth,
            points), ``error`` and ``error_uncorrected`` (root of the mean square, points).
        """
        return pd.DataFrame(map(_summed, STATISTICS, (self._of(name) for name in STATISTICS)))

    def _of(self, statistic: str) -> pd.DataFrame:
        return self.shares[self.shares["statistic"] == statistic]

    @property
    def missed(self) -> list[str]:
        """Every mark that was missed, in words.

        Each statistic must be held in `MARK` of the Hubs, every sum be nested, and the shares of both
        countries be nearer to the truth with what no record follows than without. Of the lead this
        is not asked: without it both shares are too large, and the difference hides it.
        """
        summary = self.summary
        least = np.floor(MARK * summary["hubs"]).astype(int)
        out = [
            f"window, {row.statistic}: held in {row.held} of {row.hubs} Hubs, {fewest} are asked for"
            for row, fewest in zip(summary.itertuples(), least, strict=True)
            if row.held < fewest
        ]
        wrong = self.nesting[~self.nesting["held"]]
        out += [
            f"window, Hub {r.seed}: {r.side} is not seen ≤ truth ≤ ceiling"
            for r in wrong.itertuples()
        ]
        far = summary[summary["error"] >= summary["error_uncorrected"]]
        out += [
            f"window, {name}: no nearer to the truth with what no record follows"
            for name in far["statistic"][far["statistic"].isin(SIDES[:2])]
        ]
        return out


def recover_window(hubs: int, progress: Progress = lambda _: None) -> WindowRecovery:
    """Rebuild the window of synthetic Hubs.

    Parameters
    ----------
    hubs
        How many: seeds 1, 2, ….
    progress
        Called with a line of text.
    """
    each = []
    for seed in range(1, hubs + 1):
        progress(f"synthetic Hub {seed}: the published window from records")
        each.append(recovered(seed))
    tables = (pd.concat(parts, ignore_index=True) for parts in zip(*each, strict=True))
    return WindowRecovery(*tables)


def recovered(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows of one Hub in the tables of `WindowRecovery`."""
    about = definitions()
    hub = daily_hub(REPOSITORIES, DEVELOPERS, seed)
    data = rebuilt(hub, seed, about)
    true, known = truth(hub, about), truth(hub, about, set(data.repositories["name"]))
    parts = (_shares(true, data), _nesting(true, known, data), [_crossing(true, data)])
    shares, nesting, crossings = (pd.DataFrame(rows).assign(seed=seed) for rows in parts)
    return _first(shares), _first(nesting), _first(crossings)


def _first(table: pd.DataFrame) -> pd.DataFrame:
    return table[["seed", *table.columns.drop("seed")]]


def definitions() -> Definitions:
    """The packaged definitions, with the rules of filling that the error needs and no others."""
    packaged = load_definitions()
    head = packaged.fillings[0]
    births = [
        rule for rule in packaged.fillings[1:]
        if rule.birth != head.birth
        and (rule.carry_days, rule.between) == (head.carry_days, head.between)
    ]  # fmt: skip
    grid = replace(packaged.grid, age_limits_days=(packaged.panel.age_limit_days,))
    return replace(packaged, grid=grid, fillings=(head, *births))


def truth(hub: DailyHub, about: Definitions, names: Container[str] | None = None) -> pd.DataFrame:
    """True first-year downloads: one row a month, one column a side.

    Parameters
    ----------
    hub, about
        The Hub and the window.
    names
        Repositories that are asked about, by default all.
    """
    by_day = hub.first_year(about.window.start, about.window.end, about.panel.age_limit_days)
    days = pd.date_range(about.window.start, about.window.end)[1:].strftime("%Y-%m")
    side = side_of(pd.Series(hub.group)).to_numpy()
    some = np.array([names is None or name in names for name in hub.names])
    daily = pd.DataFrame(by_day[some]).groupby(side[some]).sum().T
    return daily.groupby(days.to_numpy()).sum().reindex(columns=list(SIDES), fill_value=0)


def rebuilt(hub: DailyHub, seed: int, about: Definitions) -> WindowData:
    """The attributed window, from the records of a Hub.

    Repositories are not joined, and no record is left out: neither changes a statistic.
    """
    records = synthetic_records(hub, seed)
    known = window_records.prepare(records, about)
    facts = known.facts.assign(repository=known.facts["name"])
    agreement = hub_dates.agreement(known, about)
    lists = hub_dates.dates(records, known, about)
    return WindowData(
        _attributed(facts, hub), _months(known, about), _attributed(lists, hub),
        pd.DataFrame(), _attributed(agreement, hub), about,
    )  # fmt: skip


def _months(known: Prepared, about: Definitions) -> pd.DataFrame:
    """Downloads by repository and month, as `window.build` makes them."""
    age, head = about.panel.age_limit_days, about.fillings[0]
    by_rule = {r.id: paths(known.evidence, known.births, known.days, r) for r in about.fillings}
    own = by_rule[head.id]
    sums = {
        window.COUNTED: window.monthly(own.counted, known, age, head, "earliest"),
        window.SEEN: window.monthly(own.seen, known, age, head, "earliest"),
        window.CEILING: window.monthly(own.ceiling, known, age, head, "latest"),
    }
    for rule in about.fillings:
        sums[window.column(age, rule.id)] = window.monthly(
            by_rule[rule.id].estimate, known, age, rule
        )
    index = pd.MultiIndex.from_product([known.facts["name"], known.months], names=window.MONTH)
    return pd.DataFrame({name: sum_.ravel() for name, sum_ in sums.items()}, index).reset_index()


def _attributed(table: pd.DataFrame, hub: DailyHub) -> pd.DataFrame:
    """Credit rows to the groups of the synthetic developers; joint small ones are unknown."""
    groups = dict(zip(hub.namespaces, hub.groups, strict=True))
    kinds = table["name"].map(hub.kinds).fillna("")
    rows = table.assign(kinds=kinds, maker=table["uploader"], **{BASE_MAKER: table["origin"]})
    for role in (*ROLES, BASE_MAKER):
        group = rows[role].map(groups).fillna(UNKNOWN)
        credited = dict.fromkeys([f"{labels}_group_{role}" for labels in (*LABELS, *RANGE)], group)
        rows = rows.assign(**{f"{role}_developer": rows[role]}, **credited)
    return rows


def _shares(true: pd.DataFrame, data: WindowData) -> Iterator[dict[str, object]]:
    """Every statistic beside the truth, with the interval of the records."""
    nothing = np.zeros(len(SIDES))
    exact = propagated(true.sum().to_numpy(dtype=float), nothing)
    seen = propagated(_recorded(data, headline_column(data.definitions)), nothing)
    z = quantile(data.definitions)
    for name, (point, error) in propagated(*totals(errors(data))).items():
        unit = 100.0 if name in STATISTICS else 1.0
        value = exact[name][0]
        yield {
            "statistic": name, "truth": unit * value, "estimate": unit * point,
            "uncorrected": unit * seen[name][0], "lower": unit * (point - z * error),
            "upper": unit * (point + z * error), "held": bool(abs(value - point) <= z * error),
        }  # fmt: skip


def _recorded(data: WindowData, column: str) -> Floats:
    """Downloads of the sides that records hold."""
    sums = data.by_month.groupby(side_of(data.by_month[GROUP]))[column].sum()
    return np.asarray(sums.reindex(list(SIDES), fill_value=0), dtype=np.float64)


def _nesting(
    true: pd.DataFrame, known: pd.DataFrame, data: WindowData
) -> Iterator[dict[str, object]]:
    """What was seen, the truth and the ceiling of China, of the USA and of all."""
    by_group = pd.Series(data.shortfall().missing.sum(axis=1), list(data.definitions.groups))
    rest = by_group.groupby(side_of(pd.Series(by_group.index)).to_numpy()).sum()
    table = pd.DataFrame({
        "seen": _recorded(data, window.SEEN), "truth": known.sum().to_numpy(),
        "ceiling": _recorded(data, window.CEILING), "hub": true.sum().to_numpy(),
        "not_followed": rest.reindex(list(SIDES)).to_numpy(),
    }, index=list(SIDES)).round().astype("int64")  # fmt: skip
    for name, part in {"China": [0], "USA": [1], "total": [0, 1, 2]}.items():
        row = table.iloc[part].sum()
        nested = row["seen"] <= row["truth"] <= row["ceiling"]
        covered = row["hub"] <= row["ceiling"] + row["not_followed"]
        yield {"side": name, **row.to_dict(), "held": bool(nested), "covered": bool(covered)}


def _crossing(true: pd.DataFrame, data: WindowData) -> dict[str, object]:
    """The month from which China stays ahead, in truth and by the corrected estimate."""
    rows = data.by_month
    column, groups = headline_column(data.definitions), list(data.definitions.groups)
    sums = rows.pivot_table(index="month", columns=GROUP, values=column, aggfunc="sum")
    sums = sums.reindex(columns=groups).fillna(0) + data.shortfall().missing.T
    exact, ours = (_lasting(table) for table in (true, sums))
    months = [*data.month_names]
    never = NEVER in (exact, ours)
    near = exact == ours if never else abs(months.index(exact) - months.index(ours)) <= _APART
    return {"truth": exact, "estimate": ours, "held": bool(near)}


def _lasting(by_month: pd.DataFrame) -> str:
    """The month from which China stays ahead of the USA."""
    wide = by_month.rename_axis("month").reset_index()
    table = wide.melt("month", var_name="series", value_name="corrected")
    measures = dict.fromkeys(_MEASURES, table["corrected"])
    table = table.assign(kind="group", scope=ALL, **measures)
    return str(passing(table)["lasting"].iloc[-1])


def _summed(name: str, rows: pd.DataFrame) -> dict[str, object]:
    """One row of the summary."""
    row: dict[str, object] = {
        "statistic": name, "hubs": len(rows), "held": int(rows["held"].sum()),
    }  # fmt: skip
    for key in ("", "_uncorrected"):
        off = rows[key.strip("_") or "estimate"] - rows["truth"]
        row |= {f"bias{key}": float(off.mean()), f"error{key}": float(np.sqrt((off**2).mean()))}
    return row

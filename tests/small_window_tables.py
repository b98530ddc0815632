"""Small synthetic tables of the window that public records rebuild: every number is made up."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.plots.window_months import months_between

LEAD = "China − USA"
# China's and the USA's share of the whole Hub by date; the first date is before the window.
DATES = {"2024-07-11": (0.10, 0.22), "2024-12-01": (0.15, 0.21), "2025-03-21": (0.12, 0.25)}
FULL = {"2024-07-11"}  # the list to which nothing is added
# The window's share, and the ends of its ranges: by the records, and without any one developer.
ANSWERS = {
    "China": (0.15, 0.11, 0.18, 0.06, 0.17),
    "USA": (0.27, 0.21, 0.33, 0.23, 0.30),
    LEAD: (-0.12, -0.16, -0.08, -0.24, -0.07),
}
PASSING = {"seen": "2025-05", "estimate": "2025-07", "corrected": "never"}
RATIOS = {"China": (0.8, 0.9), "USA": (1.05, 1.02), "all others": (0.7, 0.6), "all": (0.85, 0.92)}
SIZES = {"from 0": 0.4, "from 100,000": 0.3, "from 1,000,000": 0.2, "all": 0.25}


def window_tables(
    definitions: Definitions,
    *,
    lead: tuple[float, float] | None = None,
    dates: Mapping[str, tuple[float, float]] | None = None,
    passing: Mapping[str, str] | None = None,
) -> dict[str, pd.DataFrame]:
    """Tables of the window by name.

    Parameters
    ----------
    definitions
        Definitions: groups, window and tracked developers.
    lead
        Other ends of the range that the records leave open for the lead.
    dates
        Other shares of the whole Hub by date.
    passing
        Other months from which China is ahead to the end, by measure.
    """
    return {
        "window_answers": _answers(lead),
        "hub_dates": _dates(dates or DATES),
        "window_months": _months(definitions),
        "window_passing": _passing({**PASSING, **(passing or {})}),
        "records_agreement": _agreement(),
        "records_agreement_points": _points(),
        "window_movers": pd.DataFrame({"kind": ["choice"], "change": ["seen"], "lead": [-0.05]}),
    }


def _answers(lead: tuple[float, float] | None) -> pd.DataFrame:
    names = ("point", "records_lower", "records_upper", "without_lower", "without_upper")
    rows = [
        {"statistic": name, **dict(zip(names, ends, strict=True))} for name, ends in ANSWERS.items()
    ]
    table = pd.DataFrame([*rows, {"statistic": "total", "point": 3e9, "uncorrected": 2e9}])
    if lead:
        table.loc[table["statistic"] == LEAD, ["records_lower", "records_upper"]] = lead
        table.loc[table["statistic"] == LEAD, "point"] = sum(lead) / 2
    return table


def _dates(shares: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """The rows that are to be drawn have the shares; all others have shares that no list could."""
    rows = []
    for (date, (china, usa)), role, labels, exclusion in product(
        shares.items(), ("uploader", "maker"), ("study", "registry"), ("none", "telemetry")
    ):
        own = (role, labels, exclusion) == ("uploader", "registry", "none")
        keys = {"date": date, "attribution": role, "labels": labels, "exclusion": exclusion}
        values = {"China": china, "USA": usa, LEAD: china - usa}
        rows += [
            {**keys, "group": group, "share": value if own and date in FULL else -9.0}
            | {"share_with_tail": value if own else -8.0}
            for group, value in values.items()
        ]
    return pd.DataFrame(rows)


def _months(definitions: Definitions) -> pd.DataFrame:
    """Downloads that grow by series and month; China passes the USA by what is followed.

    The first month is short, and what it holds is small.
    """
    names = months_between(definitions.published_window.start, definitions.published_window.end)
    series = {"China": "group", "USA": "group"} | {t.name: "developer" for t in definitions.tracked}
    rows = []
    for (n, month), (place, (name, kind)) in product(enumerate(names), enumerate(series.items())):
        corrected = {"China": 60e6 + 3e6 * n, "USA": 140e6}.get(name, 3e6 * (place + n))
        estimate = 110e6 - 3e6 * n if name == "USA" else 0.95 * corrected
        held = {"estimate": estimate, "corrected": corrected, "seen": estimate / 2}
        held = {measure: value * (0.1 if n == 0 else 1) for measure, value in held.items()}
        keys = {"month": month, "series": name, "kind": kind}
        rows += [
            {**keys, "scope": "all", **held},
            {**keys, "scope": "fixed", **dict.fromkeys(held, 1)},
        ]
    return pd.DataFrame(rows)


def _passing(months: Mapping[str, str]) -> pd.DataFrame:
    rows = [
        {"scope": scope, "measure": measure, "lasting": month if scope == "all" else "2024-09"}
        for scope, (measure, month) in product(("fixed", "all"), months.items())
    ]
    return pd.DataFrame(rows)


def _agreement() -> pd.DataFrame:
    rows = [
        {"period": period, "side": side, "size": size, "repositories": 4 + n, "ratio": ratios[n]}
        | {"median_error": error + n / 10}
        for (n, period), (side, ratios), (size, error) in product(
            enumerate(("before", "after")), RATIOS.items(), SIZES.items()
        )
    ]
    return pd.DataFrame(rows)


def _points() -> pd.DataFrame:
    """Three repositories a side and period, the largest of China."""
    exact = np.array([2_000, 300_000, 40_000_000])
    rows = [
        {"name": f"{side}/model-{n}", "side": side, "period": period}
        | {"exact": int(value * scale), "rebuilt": int(value * ratios[place])}
        for (place, period), (side, ratios), scale, (n, value) in (
            (*pair, 3 if pair[1][0] == "China" else 1, number)
            for pair in product(enumerate(("before", "after")), list(RATIOS.items())[:3])
            for number in enumerate(exact)
        )
    ]
    return pd.DataFrame(rows).sort_values("exact", ascending=False, ignore_index=True)

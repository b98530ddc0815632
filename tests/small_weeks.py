"""Small synthetic weekly series of any downloads, and the rolling sums of a plain loop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

ROLES = ("uploader", "origin")


def synthetic_labels(count: int) -> list[str]:
    """Labels of so many weeks."""
    return [f"{day:%Y-%m-%d}" for day in pd.date_range("2025-03-05", periods=count, freq="7D")]


def synthetic_series(
    downloads: dict[tuple[str, str], Sequence[int]], kinds: str = ""
) -> pd.DataFrame:
    """Attributed weekly downloads of each (developer, country group), week after week."""
    rows = []
    for (developer, group), counts in downloads.items():
        names = dict.fromkeys(ROLES, developer)
        names |= {f"{role}_developer": developer for role in ROLES}
        names |= {f"{by}_group_{role}": group for by in ("study", "registry") for role in ROLES}
        weeks = synthetic_labels(len(counts))
        rows += [
            {"week": week, "downloads": count, "kinds": kinds, **names}
            for week, count in zip(weeks, counts, strict=True)
        ]
    return pd.DataFrame(rows)


def synthetic_many(weeks: int = 20, seed: int = 1, developers: int = 12) -> pd.DataFrame:
    """Synthetic heavy-tailed developers of three groups, whose downloads drift to China."""
    rng = np.random.default_rng(seed)
    found = {}
    for number in range(developers):
        group = ("China", "USA", "France")[number % 3]
        drift = np.linspace(0.6, 1.6, weeks) if group == "China" else np.ones(weeks)
        size = (1 + rng.pareto(1.5)) * 1000
        counts = np.floor(size * drift * rng.lognormal(0, 0.4, weeks)).astype(int)
        found[f"developer {number:02}", group] = [int(count) for count in counts]
    return synthetic_series(found)


def rolling_sums(weekly: Sequence[float], width: int) -> list[float]:
    """Sums over consecutive weeks, one by one."""
    return [sum(weekly[n : n + width]) for n in range(len(weekly) - width + 1)]


def crossing(china: Sequence[float], usa: Sequence[float], width: int) -> int:
    """Place of the first sum from which China leads in all, tried from the first on."""
    leads = [
        a > b for a, b in zip(rolling_sums(china, width), rolling_sums(usa, width), strict=True)
    ]
    return next((n for n in range(len(leads)) if all(leads[n:])), len(leads))

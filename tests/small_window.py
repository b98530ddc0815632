"""A small attributed window whose shares can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from replication.analysis.window.data import WindowData
from replication.attribution.assign import RANGE
from replication.definitions import Definitions, load_definitions
from replication.panel.window import at_age, column, held_column, other_ages, variants

ROLES = ("uploader", "origin", "maker", "base_maker")
HUB, LOW, TOP, LATE = "hub", "low", "top", "late"
LISTS = {
    HUB: ("2024-07-11", 0), LOW: ("2024-09-20", 100), TOP: ("2025-01-14", 1_000),
    LATE: ("2025-03-21", 2_000),
}  # fmt: skip
NAMESPACES = {
    "Qwen": ("Alibaba (Qwen)", "China"), "deepseek-ai": ("DeepSeek", "China"),
    "other-cn": ("Other CN", "China"), "meta-llama": ("Meta", "USA"), "google": ("Google", "USA"),
    "packer": ("Packer", "USA"), "robot": ("Robot", "USA"), "unslothai": ("Unsloth", "USA"),
    "someone": ("someone", "User"), "mistral": ("Mistral", "France"),
    "club": ("Club", "International / Online"),
}  # fmt: skip
"""Developer and country group of each namespace by the registry."""
STUDY_LABELS = {"club": "USA", "someone": "China"}
"""Where the study's labels differ."""
DOUBTS = {"other-cn": {"registry-low": "USA"}, "google": {"registry-high": "China"}}


@dataclass(frozen=True)
class Repository:
    """One repository of the window, with the same downloads in every month."""

    name: str
    origin: str
    monthly: int
    followed_from: str = "2024-07-01"
    kinds: str = ""


REPOSITORIES = (
    Repository("Qwen/large", "Qwen", 500),
    Repository("Qwen/small", "Qwen", 100),
    Repository("deepseek-ai/r", "deepseek-ai", 200, "2025-03-10"),
    Repository("other-cn/one", "other-cn", 40, ""),
    Repository("meta-llama/l", "meta-llama", 700),
    Repository("google/g", "google", 260, "2025-02-01"),
    Repository("packer/l-gguf", "meta-llama", 90, "", "repackaged"),
    Repository("packer/q-gguf", "Qwen", 60, "", "repackaged"),
    Repository("robot/r", "robot", 300, "", "automated"),
    Repository("unslothai/t", "unslothai", 80, "", "telemetry"),
    Repository("someone/tuned", "Qwen", 70, ""),
    Repository("mistral/m", "mistral", 150),
    Repository("club/c", "club", 120),
)  # fmt: skip
HELD: Mapping[str, Mapping[str, int]] = {
    HUB: {"Qwen/large": 900, "meta-llama/l": 3_000, "packer/l-gguf": 90, "mistral/m": 500,
          "someone/tuned": 60, "google/g": 1_500, "robot/r": 9_000, "other-cn/one": 2_000},
    LOW: {"Qwen/large": 4_000, "meta-llama/l": 5_000, "packer/l-gguf": 900, "mistral/m": 1_500,
          "other-cn/one": 800, "google/g": 2_000, "someone/tuned": 600, "robot/r": 5_000},
    TOP: {"Qwen/large": 6_000, "Qwen/small": 1_200, "meta-llama/l": 8_000, "packer/l-gguf": 2_500,
          "google/g": 3_000, "mistral/m": 1_100, "other-cn/one": 1_800, "packer/q-gguf": 1_000,
          "someone/tuned": 1_300, "club/c": 1_000, "robot/r": 4_000},
    LATE: {"Qwen/large": 9_000, "deepseek-ai/r": 7_000, "meta-llama/l": 7_500, "google/g": 4_500,
           "packer/l-gguf": 3_000, "packer/q-gguf": 2_000, "other-cn/one": 2_200,
           "someone/tuned": 2_000, "club/c": 2_100, "robot/r": 3_000},
}  # fmt: skip
"""30-day downloads of complete lists."""


def window_definitions() -> Definitions:
    """The packaged definitions with a window of three months: January to March 2025."""
    definitions = load_definitions()
    about = replace(definitions.published_window, start=date(2024, 12, 31), end=date(2025, 3, 31))
    return replace(definitions, published_window=about)


def attributed(table: pd.DataFrame) -> pd.DataFrame:
    """Give rows with ``uploader, origin, kinds`` developers and groups by every role and label."""
    made = table["origin"].where(table["kinds"].str.contains("repackaged"), table["uploader"])
    found = table.assign(maker=made, base_maker=made)
    for role in ROLES:
        names = found[role]
        found[f"{role}_developer"] = names.map({n: about[0] for n, about in NAMESPACES.items()})
        group = names.map({n: about[1] for n, about in NAMESPACES.items()})
        found[f"registry_group_{role}"] = group
        found[f"study_group_{role}"] = names.map(STUDY_LABELS).fillna(group)
        for labels in RANGE:
            doubts = {n: d[labels] for n, d in DOUBTS.items() if labels in d}
            found[f"{labels}_group_{role}"] = names.map(doubts).fillna(group)
    return found


def facts(repositories: tuple[Repository, ...] = REPOSITORIES) -> pd.DataFrame:
    """Attributed repositories."""
    rows = [
        {"repository": r.name, "name": r.name, "uploader": r.name.partition("/")[0],
         "origin": r.origin, "created": "2024-09", "followed_from": r.followed_from,
         "kinds": r.kinds}
        for r in repositories
    ]  # fmt: skip
    return attributed(pd.DataFrame(rows))


def months_of(repositories: tuple[Repository, ...], definitions: Definitions) -> pd.DataFrame:
    """Downloads by month: a tenth is counted, half is seen, three times as much the ceiling."""
    days = pd.date_range(definitions.published_window.start, definitions.published_window.end)[1:]
    rows = [
        {"repository": r.name, "month": month, "counted": r.monthly // 10, "seen": r.monthly // 2,
         "ceiling": 3 * r.monthly}
        for r in repositories
        for month in dict.fromkeys(days.strftime("%Y-%m"))
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    size = table["ceiling"] // 3
    for number, (limit, rule) in enumerate(variants(definitions)):
        table[column(limit, rule.id)] = size - number * (size // 50)
    return table


def lists_of(
    held: Mapping[str, Mapping[str, int]], repositories: tuple[Repository, ...] = REPOSITORIES
) -> pd.DataFrame:
    """Attributed rows of complete lists, with what lists of a higher cut-off would have held.

    Every model is young enough for every age limit.
    """
    about = facts(repositories).set_index("name").drop(columns="repository")
    parts = []
    for name, downloads in held.items():
        day, cut = LISTS[name]
        part = about.loc[list(downloads)].assign(
            list=name, date=day, cut_off=cut, downloads=list(downloads.values())
        )
        for other, (_, higher) in LISTS.items():
            if higher:
                kept = part["downloads"].where(part["downloads"] >= higher, 0)
                part[held_column(other)] = kept * int(higher > cut)
        held_at = ["downloads", *(held_column(n) for n, (_, cut) in LISTS.items() if cut)]
        for limit in other_ages(load_definitions()):
            part = part.assign(**{at_age(column, limit): part[column] for column in held_at})
        parts.append(part.reset_index())
    return pd.concat(parts, ignore_index=True)


def small_window(
    repositories: tuple[Repository, ...] = REPOSITORIES,
    held: Mapping[str, Mapping[str, int]] = HELD,
    definitions: Definitions | None = None,
) -> WindowData:
    """The small window."""
    definitions = definitions or window_definitions()
    months, table = months_of(repositories, definitions), facts(repositories)
    totals = months.groupby("repository", sort=False)[column(365, "standard")].sum()
    left_out = pd.DataFrame({
        "repository": totals.index, "estimate": totals.to_numpy(),
        "crawl": totals.where(totals.index != "Qwen/large", 0).to_numpy(),
        "counters": totals.to_numpy() // 2,
    })  # fmt: skip
    agreement = table[["name", "uploader", "origin", "registry_group_uploader"]].assign(
        period=np.where(np.arange(len(table)) % 2, "after", "before"),
        exact=[1_000 * (n + 1) for n in range(len(table))],
        rebuilt=[1_100 * (n + 1) for n in range(len(table))],
    )
    return WindowData(table, months, lists_of(held, repositories), left_out, agreement, definitions)

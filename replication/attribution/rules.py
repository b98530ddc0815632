"""Rules on repositories: which are no one's choice, which repackage another's, which were distilled.

A rule is data (replication/data/rules.csv): a pattern of repository names with the reason, the
source and the date on which it was read. Rules decide two things: what an exclusion leaves out,
and who is the maker of a repository's weights.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.attribution.evidence_csv import is_date, read_rules
from replication.errors import RegistryError
from replication.names import key, keys

DEFAULT = Path(__file__).parents[1] / "data" / "rules.csv"
TELEMETRY, TEST_FIXTURE, MASS_UPLOAD = "telemetry", "test-fixture", "mass-upload"
AUTOMATED, BURST = "automated", "burst"
REPACKAGED, DISTILLATION = "repackaged", "distillation"
KINDS = (TELEMETRY, TEST_FIXTURE, MASS_UPLOAD, AUTOMATED, BURST, REPACKAGED, DISTILLATION)
PANEL, HUB = "panel", "hub"


@dataclass(frozen=True)
class Rule:
    """One row of rules.csv.

    `pattern` holds for repository names (owner/name), whatever the case: * stands for any
    characters and ? for any one. `origin` is
    the namespace whose weights are repackaged, where the data do not say so rightly, or in which
    a distilled model began; `teacher` is the namespace of the model that it was distilled from.
    `found_in` says where the rule must match: in the panel of the released file, or only in data
    of the whole Hub.
    """

    rule: str
    kind: str
    pattern: str
    origin: str
    teacher: str
    found_in: str
    reason: str
    source: str
    date_read: str

    def matches(self, names: pa.ChunkedArray) -> NDArray[np.bool_]:
        """Whether each repository name matches the pattern."""
        plain = re.sub(r"([\\%_])", r"\\\1", self.pattern)  # these mean something to LIKE
        like = plain.replace("*", "%").replace("?", "_")
        matches = pc.match_like(names, like, ignore_case=True)
        return np.asarray(matches.to_numpy(), dtype=bool)


def load(path: Path = DEFAULT) -> tuple[Rule, ...]:
    """Read and check the rules.

    Raises
    ------
    RegistryError
        The file cannot be read, or a row is malformed; the message names the line and the remedy.
    """
    return read_rules(path, Rule, _checks)


def _checks(rule: Rule) -> Iterator[tuple[bool, str, str]]:
    """What a row must hold."""
    yield bool(re.fullmatch(r"[\w.-]+", rule.rule)), "rule has no plain name", "use letters and -"
    yield rule.kind in KINDS, f"kind {rule.kind!r} is unknown", f"use one of {', '.join(KINDS)}"
    yield (
        rule.pattern.count("/") == 1,
        "pattern is not owner/name",
        "write it as owner/name, with *",
    )
    yield rule.found_in in {PANEL, HUB}, f"found_in {rule.found_in!r}", f"write {PANEL} or {HUB}"
    distilled = bool(rule.teacher and rule.origin)
    yield (
        distilled if rule.kind == DISTILLATION else not rule.teacher,
        "a distillation has an origin and a teacher, and no other kind has a teacher",
        "fill or empty the cells",
    )
    may = rule.kind in {REPACKAGED, DISTILLATION} or not rule.origin
    yield may, f"a rule of kind {rule.kind} has no origin", "empty the cell"
    yield bool(rule.reason and rule.source), "no reason or source", "say why, and where it was read"
    yield is_date(rule.date_read), f"date_read {rule.date_read!r} is not a date", "write 2026-11-23"


def matched(names: pd.Series, rules: Sequence[Rule]) -> pd.DataFrame:
    """Which rules match which repositories: a boolean column a rule, a row a name."""
    array = pa.chunked_array([pa.array(names, type=pa.large_string())])
    return pd.DataFrame({rule.rule: rule.matches(array) for rule in rules}, index=names.index)


def applied(table: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Add who made the weights of every repository, and the kinds of rules that match it.

    Parameters
    ----------
    table
        Repositories with ``name``, ``uploader`` and ``origin``.
    rules
        The checked rules; of several of one kind that match, the first counts.

    Returns
    -------
    pandas.DataFrame
        `table` with ``maker``: the origin of a repackaged repository, the teacher of a distilled
        one, the uploader of any other; ``base_maker``: the same, but of a distilled repository the
        developer of the model that it began from; and ``kinds``, separated by blanks.
    """
    hits = matched(table["name"], rules)
    by_kind = {kind: [rule for rule in rules if rule.kind == kind] for kind in KINDS}
    repackaged = hits[[r.rule for r in by_kind[REPACKAGED]]].any(axis=1)
    packed = table["origin"].where(repackaged, table["uploader"])
    packed = _first(hits, by_kind[REPACKAGED], "origin").fillna(packed)
    spelt = _spellings(table)
    distilled = by_kind[DISTILLATION]
    makers = {
        "maker": _first(hits, distilled, "teacher").fillna(packed),
        "base_maker": _first(hits, distilled, "origin").fillna(packed),
    }
    words = {
        kind: np.where(hits[[r.rule for r in of_kind]].any(axis=1), f"{kind} ", "")
        for kind, of_kind in by_kind.items()
    }
    kinds = pd.Series("", index=table.index)
    for column in words.values():
        kinds += column
    return table.assign(
        **{role: keys(cells).map(spelt).fillna(cells) for role, cells in makers.items()},
        kinds=kinds.str.strip(),
    )


def _spellings(table: pd.DataFrame) -> dict[str, str]:
    """How the table spells each namespace, by key: a rule may spell it otherwise."""
    return {key(name): name for role in ("origin", "uploader") for name in table[role].unique()}


def effects(table: pd.DataFrame, rules: Sequence[Rule], windows: Sequence[str]) -> pd.DataFrame:
    """What every rule matches.

    Returns
    -------
    pandas.DataFrame
        One row a rule: ``rule, kind, pattern, repositories`` that match, those of them that it
        ``decides`` because no earlier rule of its kind matches, and downloads of each window.
    """
    hits = matched(table["name"], rules)
    decided = _decided(hits, rules)
    rows = [
        {
            "rule": rule.rule,
            "kind": rule.kind,
            "pattern": rule.pattern,
            "repositories": int(hits[rule.rule].sum()),
            "decides": int(decided[rule.rule].sum()),
            **{window: int(table.loc[hits[rule.rule], window].sum()) for window in windows},
            "found_in": rule.found_in,
            "reason": rule.reason,
            "source": rule.source,
            "date_read": rule.date_read,
        }
        for rule in rules
    ]
    return pd.DataFrame(rows)


def require_used(effects_: pd.DataFrame, found_in: Sequence[str] = (PANEL,)) -> None:
    """Refuse rules that should decide something in these data and decide nothing.

    Raises
    ------
    RegistryError
        A rule has become idle: what it was written for is gone, its pattern is misspelt, or an
        earlier rule of its kind matches all that it does.
    """
    idle = effects_[effects_["found_in"].isin(found_in) & (effects_["decides"] == 0)]
    if len(idle):
        row = idle.iloc[0]
        why = "no repository" if row["repositories"] == 0 else "only what earlier rules decide"
        raise RegistryError(
            f"rules.csv: rule {row['rule']!r} ({row['pattern']}) matches {why}",
            "correct its pattern, move it up, set found_in to hub, or remove it",
        )


def require_known(rules: Sequence[Rule], known: Collection[str]) -> None:
    """Refuse rules that credit a namespace without a row in the registry."""
    folded = set(map(key, known))
    for rule in rules:
        for namespace in filter(None, (rule.origin, rule.teacher)):
            if key(namespace) not in folded:
                raise RegistryError(
                    f"rules.csv: rule {rule.rule!r} credits {namespace!r}, which has no row",
                    "add its developer to registry.csv, or correct the name",
                )


def _decided(hits: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Of what each rule matches, what no earlier rule of its kind does."""
    open_ = {kind: pd.Series(True, index=hits.index) for kind in KINDS}
    decided = {}
    for rule in rules:
        decided[rule.rule] = hits[rule.rule] & open_[rule.kind]
        open_[rule.kind] &= ~hits[rule.rule]
    return pd.DataFrame(decided, index=hits.index)


def _first(hits: pd.DataFrame, rules: Sequence[Rule], column: str) -> pd.Series:
    """The cell of the first rule that matches each repository; missing where none, or empty."""
    out = pd.Series(pd.NA, index=hits.index, dtype="object")
    for rule in reversed(rules):
        out = out.mask(hits[rule.rule], getattr(rule, column) or pd.NA)
    return out

"""Scopes of the specification grid: what a repository's model does, and how large it is.

Both are decided by names alone. What a model does is data (replication/data/tasks.csv): patterns
of repository names in their order, each with the reason, the source and the date on which it was
read; the first that matches decides, so that a pattern of a part of a family stands above that of
the family. How large it is, is the parameter count that the name states.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.evidence_csv import is_date, read_rules
from replication.attribution.rules import PANEL, Rule, matched
from replication.errors import RegistryError

DEFAULT = Path(__file__).parents[1] / "data" / "tasks.csv"
TEXT_GENERATION, UNKNOWN = "text-generation", "unknown"
TASKS = (
    TEXT_GENERATION,
    "vision-language",
    "embedding",
    "image",
    "video",
    "speech-audio",
    "time-series",
    "other",
)
AT_MOST, OVER = "at-most", "over"

_START = r"(?<![A-Za-z0-9.])(?<![-_/]\d_)"  # in 2-1_6b nobody can tell 1.6b from 6b
_COUNT, _END = r"(\d+(?:\.\d+)?)", r"(?![A-Za-z0-9])"
_BILLIONS = rf"{_START}[Ee]?{_COUNT}[Bb](\d?){_END}"  # 7B, 0.5b, E4B, and 7b1 for 7.1
_MIXTURE = rf"{_START}(\d+)[Xx]{_COUNT}[Bb]{_END}"  # 8x7B
_MILLIONS = rf"{_START}{_COUNT}[Mm]{_END}"  # 560M


@dataclass(frozen=True)
class TaskRule:
    """One row of tasks.csv: repositories whose names match `pattern` do `task`.

    `pattern` is read as that of a `Rule`: owner/name, whatever the case, with * for any
    characters and ? for any one. `task` is one of `TASKS`.
    """

    rule: str
    pattern: str
    task: str
    reason: str
    source: str
    date_read: str

    def as_rule(self) -> Rule:
        """The same pattern as a rule on repositories, so that both are matched alike."""
        cells = {"reason": self.reason, "source": self.source, "date_read": self.date_read}
        return Rule(self.rule, self.task, self.pattern, "", "", PANEL, **cells)


def load(path: Path = DEFAULT) -> tuple[TaskRule, ...]:
    """Read and check the rules on tasks, in their order.

    Raises
    ------
    RegistryError
        The file cannot be read, or a row is malformed; the message names the line and the remedy.
    """
    return read_rules(path, TaskRule, _checks)


def _checks(rule: TaskRule) -> Iterator[tuple[bool, str, str]]:
    """What a row must hold."""
    yield bool(re.fullmatch(r"[\w.-]+", rule.rule)), "rule has no plain name", "use letters and -"
    one = rule.pattern.count("/") == 1
    yield one, "pattern is not owner/name", "write it as owner/name, with *"
    yield rule.task in TASKS, f"task {rule.task!r} is unknown", f"use one of {', '.join(TASKS)}"
    yield bool(rule.reason and rule.source), "no reason or source", "say why, and where it was read"
    yield is_date(rule.date_read), f"date_read {rule.date_read!r} is not a date", "write 2026-11-23"


def task_of(names: pd.Series, rules: Sequence[TaskRule]) -> pd.Series:
    """What the model of each repository does.

    Parameters
    ----------
    names
        Repository names (owner/name).
    rules
        The checked rules; the first that matches counts.

    Returns
    -------
    pandas.Series
        One of `TASKS`, or `UNKNOWN` where no rule matches, on the index of `names`.
    """
    tasks = np.array([*(rule.task for rule in rules), UNKNOWN], dtype=object)
    return pd.Series(tasks[_deciding(names, rules)], index=names.index, name="task")


def require_used(names: pd.Series, rules: Sequence[TaskRule]) -> None:
    """Refuse rules that decide the task of no repository.

    Raises
    ------
    RegistryError
        A rule matches no name, or only names that earlier rules decide.
    """
    decides = np.bincount(_deciding(names, rules), minlength=len(rules) + 1)
    for rule, number in zip(rules, decides, strict=False):  # the last count is of no rule
        if number == 0:
            raise RegistryError(
                f"tasks.csv: rule {rule.rule!r} ({rule.pattern}) decides no repository",
                "correct its pattern, move it up, or remove it",
            )


def _deciding(names: pd.Series, rules: Sequence[TaskRule]) -> NDArray[np.intp]:
    """Position of the first rule that matches each name; the number of rules where none does."""
    hits = matched(names, [rule.as_rule() for rule in rules]).to_numpy(dtype=bool)
    none = np.ones((len(names), 1), dtype=bool)
    return np.asarray(np.hstack([hits.reshape(len(names), len(rules)), none]).argmax(axis=1))


def parameters_of(names: pd.Series) -> pd.Series:
    """Parameter count that a repository's name states, in billions.

    The first count in billions holds (7B, 0.5b, 235B of 235B-A22B), else the product of a mixture
    (56 of 8x7B: more than the total, since its experts share layers), else the first count in
    millions (560M); a number in millions beside billions is a length of context (7B-Instruct-1M).
    17B-16E and E4B state what works at a time, 17 and 4, which is less than the total. A3B, which
    marks active parameters, bits (4bit, Q4_K_M), lengths (128k), versions (v2.5) and dates (2507)
    are no count.

    Parameters
    ----------
    names
        Repository names (owner/name); the owner is not read.

    Returns
    -------
    pandas.Series
        Billions of parameters, NaN where the name states none, on the index of `names`.
    """
    models = "/" + names.str.replace(r"^.*/", "", regex=True)
    whole = models.str.extract(_BILLIONS)
    tenths = whole[0].where(whole[1] == "", whole[0] + "." + whole[1])
    billions = pd.to_numeric(tenths, errors="coerce")  # 1.7b1 is no number
    mixture = models.str.extract(_MIXTURE).astype(float).prod(axis=1, skipna=False)
    millions = models.str.extract(_MILLIONS)[0].astype(float)
    counts = billions.fillna(mixture).fillna(millions / 1000)
    return counts.where(counts > 0).rename("parameters")


def size_class(parameters: pd.Series, limit: float) -> pd.Series:
    """Whether a parameter count is within a limit.

    Parameters
    ----------
    parameters
        Billions of parameters, NaN where unknown.
    limit
        Billions of parameters; a count equal to it is within it.

    Returns
    -------
    pandas.Series
        `AT_MOST`, `OVER` or `UNKNOWN`, on the index of `parameters`.
    """
    classes = np.select([parameters <= limit, parameters > limit], [AT_MOST, OVER], UNKNOWN)
    return pd.Series(classes, index=parameters.index, name="size_class", dtype=object)

"""The estimates computed again in SQL, and compared with those of the analysis.

The SQL reads the panel, the registry and the rules itself. Only the definitions come from
here: nothing of `replication.attribution` or `replication.analysis` is imported, so that a mistake
in either is not made twice.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from replication.definitions import Definitions
from replication.files import read_csv
from replication.validation.second import connected, define, paired, refuse, run

SPECIFICATION = ["estimand", "attribution", "labels"]
KEYS = [*SPECIFICATION, "group", "quantity"]
ESTIMATED = ["point", "lower", "upper", "n_developers", "n_effective", "top_share"]
TOLERANCE = 1e-11
"""Largest difference, relative above 1: the results are written with twelve digits."""


def shares(folder: Path, definitions: Definitions) -> pd.DataFrame:
    """Compute every estimate that needs no random draw, in SQL.

    Parameters
    ----------
    folder
        Holds ``repositories.csv`` of a panel, ``registry.csv``, ``namespaces.csv`` and
        ``rules.csv``; nothing else is read, from disk or network.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row a number, in the order of the keys: ``estimand, attribution, labels, group,
        quantity, value``. Of every country group, the lead, the ratio and the family: ``point``,
        ``lower`` and ``upper`` worst-case bounds (fractions), and of its denominator
        ``n_developers``, ``n_effective`` and ``top_share``. Of all: ``total`` (downloads); of the
        lead: ``without_largest`` developer.

    Raises
    ------
    SecondImplementationError
        A file cannot be read as the SQL reads it.
    """
    return queried(folder, definitions, "shares.sql")


def queried(folder: Path, definitions: Definitions, name: str) -> pd.DataFrame:
    """Run a file of SQL beside this one on the credited repositories, and fetch its result.

    Parameters
    ----------
    folder, definitions
        As for `shares`.
    name
        The file: it may read the tables of definitions.sql and attribution.sql.

    Raises
    ------
    SecondImplementationError
        A file cannot be read as the SQL reads it.
    """
    with connected(folder) as connection:
        run(connection, "definitions.sql")
        define(connection, definitions)
        run(connection, "attribution.sql")
        return run(connection, name).df()


def from_analysis(results: Path) -> pd.DataFrame:
    """Read from `results` what `shares` computes, in the same columns.

    Estimates are those of ``estimates.csv`` with the bounds, the lead without the largest developer
    is that of ``leave_one_out.csv``, and totals are those of ``coverage.csv``, which has no
    exclusions and no split attribution.
    """
    estimates = read_csv(results / "estimates.csv")
    bounds = estimates[estimates["method"] == "bounds"]
    without = read_csv(results / "leave_one_out.csv").groupby(SPECIFICATION, as_index=False).first()
    totals = read_csv(results / "coverage.csv")
    parts = [
        bounds.melt([*SPECIFICATION, "group"], ESTIMATED, "quantity", "value"),
        without.assign(group="China − USA", quantity="without_largest", value=without["lead"]),
        totals.assign(group="all", quantity="total", value=totals["total"]),
    ]
    return pd.concat([part[[*KEYS, "value"]] for part in parts], ignore_index=True)


def compare(second: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Set every number beside its other computation.

    Parameters
    ----------
    second
        The table of `shares`.
    first
        The table of `from_analysis`; it may lack totals, and nothing else.

    Returns
    -------
    pandas.DataFrame
        One row a number: `KEYS`, ``first``, ``second``, ``difference`` (absolute; infinite where
        only one side has the number) and ``scaled`` (the difference as a multiple of the number,
        where that is above 1).
    """
    pairs = paired(second, first, KEYS, optional="total")
    return pairs[[*KEYS, "first", "second", "difference", "scaled"]]


def worst(compared: pd.DataFrame) -> float:
    """Return the largest scaled difference of the table of `compare`."""
    return float(compared["scaled"].max())


def require_equal(compared: pd.DataFrame) -> None:
    """Refuse numbers that differ by more than `TOLERANCE`.

    Raises
    ------
    SecondImplementationError
        Some differ, or nothing was compared; the message shows the first of them.
    """
    wrong = compared[~(compared["scaled"] <= TOLERANCE)]
    refuse(wrong, compared, KEYS, "numbers")


def checked(folder: Path, results: Path, definitions: Definitions) -> tuple[int, float]:
    """Compute the estimates from `folder` again and compare them with `results`.

    Returns
    -------
    tuple of int and float
        How many numbers were compared, and their largest scaled difference.

    Raises
    ------
    SecondImplementationError
        A number differs.
    """
    compared = compare(shares(folder, definitions), from_analysis(results))
    require_equal(compared)
    return len(compared), worst(compared)

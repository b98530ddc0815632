"""The published window computed again in SQL, and compared with the analysis.

The SQL reads the bundled tables of the window, the registry and the rules, and credits, corrects and
sums anew. Only the definitions come from here: nothing of `replication.attribution` or
`replication.analysis` is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.files import read_csv
from replication.validation.second import connected, define, paired, refuse, run, size_of
from replication.validation.sql_estimates import ESTIMATED, SPECIFICATION

if TYPE_CHECKING:
    import duckdb

KEYS = ["table", "row", "quantity"]
FRACTION = 1e-9
"""Largest difference of a fraction: the results of the window are written with nine decimals."""
RELATIVE = 1e-11
"""The same of a large number that is not whole: the results are written with twelve digits."""
ESTIMATES = "window_estimates.csv"
_SUMMED = (
    r"repositories|(corrected|estimate|seen|counted|ceiling)-\w+|family.*|unattributed|dates.*"
)
_STEPS = (
    "attribution.sql",
    "window_credit.sql",
    "window_tail.sql",
    "window_dates.sql",
    "window_capture.sql",
)


def window(folder: Path, definitions: Definitions) -> pd.DataFrame:
    """Compute every number of the published window that needs no random draw, in SQL.

    Parameters
    ----------
    folder
        Holds ``repositories.csv``, whose labels of namespaces are used, ``window_repositories.csv``,
        ``window_months.csv``, ``window_dates.csv``, ``registry.csv``, ``namespaces.csv`` and
        ``rules.csv``; nothing else is read, from disk or network.
    definitions
        Definitions.

    Returns
    -------
    pandas.DataFrame
        One row a number: ``table, row, quantity`` say where it stands in the results; ``value`` is in
        downloads or a fraction; ``loose`` is by how much a whole number may differ, because parts of
        it were rounded next to a half, and NaN for any other number.

    Raises
    ------
    SecondImplementationError
        A file cannot be read as the SQL reads it.
    """
    with connected(folder) as connection:
        _prepare(connection, definitions)
        numbers = run(connection, "window.sql").df()
        estimates = run(connection, "shares.sql").df()
    return pd.concat([numbers, _estimated(estimates, numbers["loose"].max())], ignore_index=True)


def _prepare(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Credit, add tails and correct: make every table that window.sql and shares.sql read."""
    run(connection, "definitions.sql")
    define(connection, definitions.at_window)
    _set(connection, definitions)
    for name in _STEPS:
        run(connection, name)


def _estimated(estimates: pd.DataFrame, loose: float) -> pd.DataFrame:
    """What shares.sql gives, as rows of `window`."""
    exact = estimates[estimates["quantity"].isin(ESTIMATED)]
    rows = _named(exact, ESTIMATES, [*SPECIFICATION, "group"])
    # Whether a developer has any download may hang on what was rounded.
    return rows.assign(loose=np.where(rows["quantity"] == "n_developers", loose, np.nan))


def from_analysis(results: Path) -> pd.DataFrame:
    """Read from `results` what `window` computes: `KEYS` and ``value``."""
    return pd.concat(_read(results), ignore_index=True)


def _read(results: Path) -> Iterator[pd.DataFrame]:
    """What is compared of every table."""
    estimates = read_csv(results / ESTIMATES)
    bounds = estimates[estimates["method"] == "bounds"]
    yield _melted(bounds, ESTIMATES, [*SPECIFICATION, "group"], ESTIMATED)
    months = read_csv(results / "window_months.csv")
    months = months[(months["scope"] == "all") & (months["kind"] != "developer")]
    sums = ["seen", "estimate", "corrected", "ceiling", "lead"]
    yield _melted(months, "window_months.csv", ["month", "series"], sums)
    dates = ["list", "attribution", "labels", "exclusion", "group"]
    measures = ["downloads", "share", "with_tail", "share_with_tail"]
    yield _melted(read_csv(results / "hub_dates.csv"), "hub_dates.csv", dates, measures)
    answers = read_csv(results / "window_answers.csv")
    yield _melted(answers, "window_answers.csv", ["statistic"], ["point", "seen", "uncorrected"])
    summary = read_csv(results / "window_summary.csv")
    summary = summary[summary["key"].str.fullmatch(_SUMMED)]
    yield _melted(summary, "window_summary.csv", ["key"], ["value"])


def _melted(table: pd.DataFrame, name: str, keys: list[str], quantities: list[str]) -> pd.DataFrame:
    """One row a number of a table of the results."""
    rows = table.melt(keys, quantities, "quantity", "number")
    return _named(rows.rename(columns={"number": "value"}), name, keys)


def _named(table: pd.DataFrame, name: str, keys: list[str]) -> pd.DataFrame:
    """Give numbers the name of their table, and their row in words."""
    row = table[keys].agg(", ".join, axis=1)
    return table.assign(table=name, row=row)[[*KEYS, "value"]]


def compare(second: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Set every number beside its other computation.

    Parameters
    ----------
    second
        The table of `window`.
    first
        The table of `from_analysis`.

    Returns
    -------
    pandas.DataFrame
        One row a number: `KEYS`, ``first``, ``second``, ``difference`` (absolute; infinite where
        only one side has the number), ``allowed`` and ``scaled`` (the difference as a multiple of the
        number, where that is above 1).
    """
    pairs = paired(second, first, KEYS)
    usual = pd.Series(np.maximum(FRACTION, RELATIVE * size_of(pairs)))
    columns = [*KEYS, "first", "second", "difference", "allowed", "scaled"]
    return pairs.assign(allowed=pairs["loose"].fillna(usual))[columns]


def require_equal(compared: pd.DataFrame) -> None:
    """Refuse numbers that differ by more than is allowed.

    Raises
    ------
    SecondImplementationError
        Some differ, or nothing was compared; the message shows the first of them.
    """
    wrong = compared[~(compared["difference"] <= compared["allowed"])]
    refuse(wrong, compared, KEYS, "numbers of the window")


def checked(folder: Path, results: Path, definitions: Definitions) -> tuple[int, float]:
    """Compute the window from `folder` again and compare it with `results`.

    Returns
    -------
    tuple of int and float
        How many numbers were compared, and their largest difference, as a multiple of the number
        where that is above 1.

    Raises
    ------
    SecondImplementationError
        A number differs.
    """
    compared = compare(window(folder, definitions), from_analysis(results))
    require_equal(compared)
    return len(compared), float(compared["scaled"].max())


def _set(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Set the variables that the SQL of the window reads."""
    about, capture = definitions.published_window, definitions.capture
    values: dict[str, Any] = {
        "window": about.id,
        "start": about.start,
        "end": about.end,
        "role": about.attribution,
        "labels": about.labels,
        "estimates": f"estimate/{definitions.panel.age_limit_days}/{definitions.fillings[0].id}",
        "proportion": capture.rules[0] == "proportion",
        "min_followed": capture.min_followed,
    }
    for name, value in values.items():
        connection.execute(f'SET VARIABLE "{name}" = ?', [value])

"""Runs the SQL beside this file and compares its numbers with those of the analysis.

The SQL reads the panel, the registry and the rules itself. Only the study's definitions come from
here: nothing of `replication.attribution` or `replication.analysis` is imported, so that a mistake
in either is not made twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.errors import SecondImplementationError
from replication.files import literal, read_csv

if TYPE_CHECKING:
    import duckdb

SQL = Path(__file__).with_name("sql")
SPECIFICATION = ["estimand", "attribution", "labels"]
KEYS = [*SPECIFICATION, "group", "quantity"]
ESTIMATED = ["point", "lower", "upper", "n_developers", "n_effective", "top_share"]
TOLERANCE = 1e-11
"""Largest difference, relative above 1: the results are written with twelve digits."""
_SHOWN = 5


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
    folder, study
        As for `shares`.
    name
        The file: it may read the tables of definitions.sql and attribution.sql.

    Raises
    ------
    SecondImplementationError
        A file cannot be read as the SQL reads it.
    """
    import duckdb

    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            _confine(connection, folder)
            _run(connection, "definitions.sql")
            _define(connection, definitions)
            _run(connection, "attribution.sql")
            return _run(connection, name).df()
    except duckdb.Error as error:
        raise SecondImplementationError(
            f"the SQL cannot use the files in {folder}: {str(error).splitlines()[0]}",
            "restore the files (git checkout replication/data), or correct replication/second",
        ) from None


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
    sides = {"first": first, "second": second}
    named = [table.rename(columns={"value": side}) for side, table in sides.items()]
    pairs = named[0].merge(named[1], on=KEYS, how="outer", indicator="in", validate="one_to_one")
    pairs = pairs[(pairs["in"] != "right_only") | (pairs["quantity"] != "total")]
    one, two = (pairs[side].to_numpy(dtype=float) for side in sides)
    same = (pairs["in"] == "both") & ((one == two) | (np.isnan(one) & np.isnan(two)))
    with np.errstate(invalid="ignore"):
        apart = pd.Series(np.abs(one - two), index=pairs.index).fillna(np.inf)
    size = np.where(np.isfinite(one), np.maximum(1, np.abs(one)), 1)
    found = pairs[[*KEYS, *sides]].assign(difference=apart.mask(same, 0))
    return found.assign(scaled=found["difference"] / size).reset_index(drop=True)


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
    if len(wrong) or compared.empty:
        lines = [_told(row) for row in wrong.head(_SHOWN).to_dict("records")]
        raise SecondImplementationError(
            f"{len(wrong)} of {len(compared)} numbers differ between the results and their second "
            "computation in SQL" + "".join(f"\n  {line}" for line in lines),
            "run make all; if they differ still, replication/second or the analysis is wrong",
        )


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


def _confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let the connection read `folder` and nothing else: no other file, network or extension."""
    pattern = literal(folder)  # of which the name and what it matches must both be allowed
    connection.execute("SET allowed_directories = ?", [[str(folder), pattern]])
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    connection.execute("SET VARIABLE folder = ?", [pattern])


def _define(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
    """Fill the tables of definitions.sql."""
    family = definitions.family
    tables: dict[str, list[tuple[Any, ...]]] = {
        "country_group": [(group.name, group.attributed) for group in definitions.country_groups],
        "country": list(definitions.group_of.items()),
        "estimand": [
            (e.id, e.window.id, e.exclusion.id if e.exclusion else None)
            for e in definitions.estimands
        ],
        "exclusion": [(x.id, kind) for x in definitions.exclusions for kind in x.kinds],
        "family": [
            (f"{family.name} / {family.within}", namespace, family.within)
            for namespace in family.namespaces
        ],
    }
    for name, rows in tables.items():
        for row in rows:
            connection.table(name).insert(row)
    windows = [window.id for window in definitions.windows]
    connection.execute("SET VARIABLE windows = ?", [windows])


def _run(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """Run a file of `SQL`; the last statement's result can be fetched."""
    return connection.execute((SQL / name).read_text(encoding="utf-8"))


def _told(row: dict[str, Any]) -> str:
    """One line of a number that differs."""
    where = ", ".join(row[key] for key in KEYS)
    return f"{where}: {row['first']:.12g} in the results, {row['second']:.12g} in SQL"

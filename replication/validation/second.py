"""What second implementations share: SQL on the package's tables, and numbers set side by side.

Only the definitions come from the rest of the package: nothing of `replication.attribution` or
`replication.analysis` is imported, so that a mistake in either is not made twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from replication.definitions import Definitions
from replication.errors import SecondImplementationError
from replication.files import literal

if TYPE_CHECKING:
    import duckdb

SQL = Path(__file__).with_name("sql")
REMEDY = "run make all; if they differ still, replication/validation or the analysis is wrong"
_SHOWN = 5


@contextmanager
def connected(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to SQL that can read `folder` and nothing else.

    Raises
    ------
    SecondImplementationError
        A file cannot be read as the SQL reads it.
    """
    import duckdb

    try:
        with duckdb.connect(config={"threads": 1}) as connection:
            _confine(connection, folder)
            yield connection
    except duckdb.Error as error:
        raise SecondImplementationError(
            f"the SQL cannot use the files in {folder}: {str(error).splitlines()[0]}",
            "restore the files (git checkout replication/data), or correct replication/validation",
        ) from None


def _confine(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let the connection read `folder` and nothing else: no other file, network or extension."""
    pattern = literal(folder)  # of which the name and what it matches must both be allowed
    connection.execute("SET allowed_directories = ?", [[str(folder), pattern]])
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    connection.execute("SET VARIABLE folder = ?", [pattern])


def define(connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
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


def run(connection: duckdb.DuckDBPyConnection, name: str) -> duckdb.DuckDBPyConnection:
    """Run a file of `SQL`; the last statement's result can be fetched."""
    return connection.execute((SQL / name).read_text(encoding="utf-8"))


def paired(
    second: pd.DataFrame, first: pd.DataFrame, keys: Sequence[str], optional: str = ""
) -> pd.DataFrame:
    """Set every number beside its other computation.

    Parameters
    ----------
    second, first
        Rows of `keys` and ``value``: the second implementation, and the analysis.
    keys
        Columns that name a number.
    optional
        A quantity that the analysis may lack.

    Returns
    -------
    pandas.DataFrame
        One row a number: `keys`, ``first``, ``second``, ``difference`` (absolute; infinite where
        only one side has the number), ``scaled`` (the difference as a multiple of the number, where
        that is above 1) and other columns of `second`.
    """
    sides = {"first": first, "second": second}
    named = [table.rename(columns={"value": side}) for side, table in sides.items()]
    pairs = named[0].merge(
        named[1], on=list(keys), how="outer", indicator="in", validate="one_to_one"
    )
    pairs = pairs[(pairs["in"] != "right_only") | (pairs["quantity"] != optional)]
    one, two = (pairs[side].to_numpy(dtype=float) for side in sides)
    same = (pairs["in"] == "both") & ((one == two) | (np.isnan(one) & np.isnan(two)))
    with np.errstate(invalid="ignore"):
        difference = pd.Series(np.abs(one - two), pairs.index).fillna(np.inf).mask(same, 0)
    rows = pairs.drop(columns="in").assign(difference=difference)
    return rows.assign(scaled=difference / size_of(rows)).reset_index(drop=True)


def size_of(pairs: pd.DataFrame) -> np.ndarray:
    """By what differences (n,) are divided: the number itself, at least 1."""
    one = pairs["first"].to_numpy(dtype=float)
    return np.where(np.isfinite(one), np.maximum(1, np.abs(one)), 1)


def refuse(wrong: pd.DataFrame, compared: pd.DataFrame, keys: Sequence[str], what: str) -> None:
    """Refuse numbers that differ by more than is allowed.

    Parameters
    ----------
    wrong
        The rows of `compared` that differ too much.
    compared
        The table of `paired`.
    keys
        Columns that name a number.
    what
        What the numbers are, in words.

    Raises
    ------
    SecondImplementationError
        Some differ, or nothing was compared; the message shows the first of them.
    """
    if len(wrong) or compared.empty:
        lines = [_line(row, keys) for row in wrong.head(_SHOWN).to_dict("records")]
        raise SecondImplementationError(
            f"{len(wrong)} of {len(compared)} {what} differ between the results and their second "
            "computation in SQL" + "".join(f"\n  {line}" for line in lines),
            REMEDY,
        )


def _line(row: dict[Any, Any], keys: Sequence[str]) -> str:
    """One line of a number that differs."""
    where = ", ".join(row[key] for key in keys)
    return f"{where}: {row['first']:.12g} in the results, {row['second']:.12g} in SQL"

"""What one record holds, whatever its shape: observations, models, and what was met in reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from replication.definitions.records import LIST, TOP, Record
from replication.panel.defects import Defect

THIRTY_DAY, CUMULATIVE = "thirty-day", "cumulative"
OBSERVATIONS = ["name", "date", "kind", "value", "record"]
MODELS = ["name", "record", "created", "base_models", "task", "listed", "origin"]
TIME = "datetime64[ns]"


@dataclass(frozen=True)
class Part:
    """One record as it was read, names as written.

    Attributes
    ----------
    record
        Its definition.
    rows
        Rows of its files.
    observations
        ``name, date, kind, value, record, crawl``; `crawl` is the label of the crawl, or empty.
    models
        ``name, record, created, base_models, task, listed, origin``.
    counts_as_text
        Counts that were written with commas, or as text where a number should stand.
    failed
        Names of models for which the record states an error in place of a count.
    renames
        Latest name of each older name in small letters, where the record knows the identity.
    defects
        What was mended in reading.
    """

    record: Record
    rows: int
    observations: pd.DataFrame
    models: pd.DataFrame
    counts_as_text: int = 0
    failed: tuple[str, ...] = ()
    renames: Mapping[str, str] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()

    @property
    def aligned(self) -> bool:
        """Whether the models are those of the observations, row by row."""
        return self.record.shape in {LIST, TOP}


def observations(
    record: Record,
    names: pd.Series,
    dates: pd.Series | pd.Timestamp,
    values: pd.Series,
    *,
    kind: str = THIRTY_DAY,
    crawl: str = "",
) -> pd.DataFrame:
    """Tabulate counts, one a row."""
    columns = {"name": names, "date": dates, "kind": kind, "value": values, "record": record.id}
    return _table(columns | {"crawl": crawl}, {"date": TIME, "value": "int64"})


def models(
    record: Record,
    names: pd.Series,
    created: pd.Series | None = None,
    base_models: pd.Series | str = "",
    task: pd.Series | str = "",
    listed: pd.Series | str = "",
    origin: pd.Series | str = "",
) -> pd.DataFrame:
    """Tabulate what a record says of its models, one a row."""
    made = pd.Series(pd.NaT, names.index) if created is None else created
    columns = {"name": names, "record": record.id, "created": made, "base_models": base_models}
    return _table(columns | {"task": task, "listed": listed, "origin": origin}, {"created": TIME})


def none(columns: list[str]) -> pd.DataFrame:
    """Return an empty table of observations or models."""
    types = {"date": TIME, "created": TIME, "value": "int64"}
    made = {column: pd.Series(dtype=types.get(column, "str")) for column in columns}
    return pd.DataFrame(made)


def _table(
    columns: dict[str, pd.Series | pd.Timestamp | str], types: dict[str, str]
) -> pd.DataFrame:
    """Make a table whose columns have these types, and are text otherwise."""
    index = columns["name"].index
    table = pd.DataFrame(columns, index=index).reset_index(drop=True)
    return table.astype({column: types.get(column, "str") for column in table})

"""All records, each by its shape, joined under one name a repository, checked and mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from replication.definitions import Definitions
from replication.definitions.records import COUNTERS, CRAWL, CREATED, LIST, TOP, Record
from replication.sources.defect import Defect, to_frame
from replication.sources.records import checks
from replication.sources.records.json_files import read_crawl, read_pages
from replication.sources.records.one_record import MODELS, OBSERVATIONS, TIME, Located, Part
from replication.sources.records.record_set import (
    Records,
    all_renames,
    canonical_words,
    identified,
    namespace_renames,
    namespaces,
)
from replication.sources.records.tables import read_counters, read_created, read_list, read_top

LARGEST_OF_TASK = 100
"""Models in the list of each task."""
COVERED = ["record", "crawl", "date", "namespace"]


@dataclass(frozen=True)
class Summary:
    """How much one record holds: rows as published, and the first and last date of its counts."""

    rows: int
    first: str
    last: str


def read_located(
    located: Sequence[Located], definitions: Definitions
) -> tuple[Records, dict[str, Summary]]:
    """Read records where they lie; return their tables, and a summary of each by its id."""
    parts = [_part(one, definitions) for one in located]
    return _assembled(parts), {part.record.id: _summary(part) for part in parts}


def _part(located: Located, definitions: Definitions) -> Part:
    """Read one record by its shape."""
    shape = located.record.shape
    if shape == LIST and located.is_folder:
        return read_pages(located)
    if shape == COUNTERS:
        return read_counters(located, definitions)
    readers = {LIST: read_list, TOP: read_top, CRAWL: read_crawl, CREATED: read_created}
    return readers[shape](located)


def _summary(part: Part) -> Summary:
    """Count the rows of a record and find its first and last date."""
    dates = part.observations["date"]
    ends = [f"{day:%Y-%m-%d}" if pd.notna(day) else "" for day in (dates.min(), dates.max())]
    return Summary(part.rows, *ends)


def _assembled(parts: Sequence[Part]) -> Records:
    """Join the records under one name a repository, run the checks, and derive what they cover."""
    renames = all_renames(parts, namespace_renames())
    names, described, spelled = identified(parts, renames)
    tables = [p.observations.assign(name=n) for p, n in zip(parts, names, strict=True)]
    tables, repeated = checks.repeated(tables)
    observations = pd.concat(tables, ignore_index=True)
    covered = _covered(observations)
    defects = [checks.crawl_dates(observations)]
    observations, vanished = checks.vanished(observations)
    defects += [repeated, vanished, checks.returned(covered)]
    defects += [checks.renamed(parts, names), checks.respelled(parts, names)]
    defects += [checks.counts_as_text(parts), checks.failed(parts)]
    models = pd.concat([p.models.assign(name=n) for p, n in zip(parts, described, strict=True)])
    models = models[MODELS].reset_index(drop=True)
    models["base_models"] = canonical_words(models["base_models"], spelled, renames)
    models["origin"] = namespaces(models["origin"], renames)
    models, late = checks.late_creation(models, observations)
    defects.append(late)
    return Records(
        observations=observations[OBSERVATIONS].reset_index(drop=True),
        models=models,
        covered=covered,
        lists=_lists([part.record for part in parts]),
        task_cuts=_task_cuts(parts),
        renames=renames,
        defects=to_frame([*defects, *_of_parts(parts)]),
    )


def _of_parts(parts: Sequence[Part]) -> list[Defect]:
    """Defects that were mended in reading."""
    return [defect for part in parts for defect in part.defects]


def _covered(observations: pd.DataFrame) -> pd.DataFrame:
    """Namespaces of each crawl, with the last day on which it read each."""
    crawled = observations[observations["crawl"] != ""]
    space = crawled["name"].str.split("/").str[0]
    keys = [crawled["record"], crawled["crawl"], space.rename("namespace")]
    return crawled.groupby(keys)["date"].max().reset_index()[COVERED]


def _lists(records: Sequence[Record]) -> pd.DataFrame:
    """Every complete list with its date and cut-off."""
    rows = [(r.id, pd.Timestamp(r.date), r.cut_off) for r in records if r.shape in {LIST, TOP}]
    table = pd.DataFrame(rows, columns=["record", "date", "cut_off"])
    return table.astype({"record": "str", "date": TIME, "cut_off": "int64"})


def _task_cuts(parts: Sequence[Part]) -> pd.DataFrame:
    """Count of the hundredth model of each task that has so many, in records with lists by task."""
    rows: list[tuple[str, str, int]] = []
    for part in parts:
        if not part.record.task_lists:
            continue
        tasks = part.models["task"]  # in the order of the observations
        for task, counts in part.observations["value"].groupby(tasks):
            if task and len(counts) >= LARGEST_OF_TASK:
                rows.append((part.record.id, task, int(counts.nlargest(LARGEST_OF_TASK).min())))
    table = pd.DataFrame(rows, columns=["record", "task", "cut"])
    return table.astype({"record": "str", "task": "str", "cut": "int64"})

"""Measured coverage: how often each interval holds the truth in simulated data, and how wide it is.

The simulation takes minutes. The table is therefore stored with the package, beside a key of all
that it depends on, and `make calibration` measures again when the key changes. Chunks of data sets
that are done are kept, so that a measurement that was killed goes on from there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication import processes, tables
from replication.analysis.cells import Repositories
from replication.analysis.lead import RATIO
from replication.analysis.methods import (
    JUDGED,
    STATISTICS,
    Method,
    methods,
    population,
    with_fewer_degrees,
)
from replication.analysis.specification import headline, rivals
from replication.definitions import Definitions, Inference
from replication.errors import VerificationError
from replication.files import read_csv, read_json, write_csv, write_json
from replication.inference.bootstrap import Intervals
from replication.inference.resampling import generator_of
from replication.inference.simulation import (
    DEVELOPERS,
    HITS,
    MODELS,
    DataSet,
    Population,
    simulate,
)
from replication.meaning import meaning_of
from replication.places import PACKAGE
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.validation.kept import Kept

CALIBRATION = tables.row("calibration").file
SIDECAR = "calibration.json"
KEYS = ["unit", "scheme", "method", "group"]
CHUNK = 50
"""Data sets that one seed makes."""
_STREAM = 4
CODE = (
    "analysis/methods", "inference/bootstrap", "inference/intervals", "inference/merging",
    "inference/pareto", "inference/poisson", "inference/resampling", "inference/schemes",
    "inference/simulation", "inference/statistics", "validation/coverage",
)  # fmt: skip
"""Modules whose code the table depends on."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """One row of the experiment: whose developers, how concentrated, and what is drawn anew."""

    estimand: str
    model: str
    power: float

    @property
    def key(self) -> tuple[int, ...]:
        """Whole numbers that name the setting in the seeds."""
        digest = hashlib.sha256(repr(self).encode()).digest()
        return (int.from_bytes(digest[:4], "big"), _STREAM)


Job = tuple[Setting, int]
"""A setting, and the number of a chunk of its data sets."""


def settings(definitions: Definitions) -> Iterator[Setting]:
    """Every model for the headline and its rival, and flatter sizes for the headline."""
    for spec, model in product(rivals(definitions), MODELS):
        yield Setting(spec.estimand, model, 1.0)
    for power, model in product(definitions.calibration.powers, (HITS, DEVELOPERS)):
        if power != 1.0:
            yield Setting(headline(definitions).estimand, model, power)


def populations(table: pd.DataFrame, definitions: Definitions) -> dict[str, Population]:
    """The developers of the headline's estimand and of the increments that end with it.

    Parameters
    ----------
    table
        Attributed repositories.
    definitions
        Definitions: the headline's attribution and labels.
    """
    repositories = Repositories(table, definitions)
    return {spec.estimand: population(repositories, spec) for spec in rivals(definitions)}


def calibrate(run: Run, progress: Callable[[str], None], *, force: bool = False) -> bool:
    """Measure the coverage of every interval method, unless the stored table has the same key.

    Parameters
    ----------
    run
        Whose attributed repositories give the sizes of developers.
    progress
        Called with a line of text as data sets are done.
    force
        Measure again in any case.

    Returns
    -------
    bool
        Whether it was measured; the table and its key are then in the package's data.
    """
    table = read_csv(run.attributed / "repositories.csv")
    current = key(table, run.definitions)
    if not force and stored_key(FOLDER) == current:
        return False
    kept = Kept(run.out / "build" / "calibration", current)
    kept.drop_others()
    write_csv(FOLDER / CALIBRATION, measure(table, run.definitions, progress, kept=kept))
    write_json(FOLDER / SIDECAR, {"key": current})
    kept.drop()
    return True


def require_calibration(run: Run) -> None:
    """Refuse a stored table of coverage that other code, definitions or sizes have made.

    Raises
    ------
    VerificationError
        The stored key is not that of this run.
    """
    if stored_key(FOLDER) != key(read_csv(run.attributed / "repositories.csv"), run.definitions):
        raise VerificationError(
            f"{CALIBRATION} was measured with other code, definitions or sizes",
            "run make calibration (some minutes; a run that was killed is continued), then make all",
        )


def measure(
    table: pd.DataFrame,
    definitions: Definitions,
    progress: Callable[[str], None] = lambda _: None,
    workers: int = 0,
    kept: Kept | None = None,
) -> pd.DataFrame:
    """Measure the coverage of every method in every setting.

    Parameters
    ----------
    table
        Attributed repositories.
    definitions
        Definitions, with the number of data sets and replicates.
    progress
        Called with a line of text as chunks of data sets are done.
    workers
        Processes, which change no number; 0 for one a core.
    kept
        Where chunks that are done are kept, and found again; None keeps none.

    Returns
    -------
    pandas.DataFrame
        One row a setting, method and statistic: ``estimand, model, power, n_developers,
        n_effective`` (both of the population), ``unit, scheme, method, group, data_sets, refused`` (fraction of
        data sets without an interval), ``coverage`` (of the intervals given), ``error`` (binomial
        standard error of it), ``below, above`` (fractions in which the truth lies below or above
        the interval), and ``width`` (median; of the logarithm for the ratio).
    """
    developers = populations(table, definitions)
    numbers = range(-(-definitions.calibration.data_sets // CHUNK))
    jobs = [(setting, number) for setting in settings(definitions) for number in numbers]
    total = len(jobs) // len(numbers) * definitions.calibration.data_sets
    found: dict[Job, pd.DataFrame] = {}
    with _one_thread(), processes.beside(workers or processes.cores()) as pool:
        work = {pool.submit(_kept_chunk, developers, definitions, job, kept): job for job in jobs}
        for done, future in enumerate(as_completed(work), 1):
            found[work[future]] = future.result()
            progress(f"{min(done * CHUNK, total):,} of {total:,} data sets")
    parts: dict[Setting, list[pd.DataFrame]] = {}
    for job in jobs:
        parts.setdefault(job[0], []).append(found[job])
    tables = [_summary(s, developers[s.estimand], pd.concat(p)) for s, p in parts.items()]
    return pd.concat(tables, ignore_index=True)


def key(table: pd.DataFrame, definitions: Definitions) -> str:
    """Hash of all that the table depends on: developers, definitions, and the code's meaning.

    Comments and docstrings do not count.
    """
    digest = hashlib.sha256(repr((definitions.calibration, _settings(definitions))).encode())
    for name, people in populations(table, definitions).items():
        digest.update(name.encode())
        for array in vars(people).values():
            digest.update(np.asarray(array, dtype=float).tobytes())
    for name in CODE:
        digest.update(meaning_of(PACKAGE / f"{name}.py").encode())
    return digest.hexdigest()


def stored_key(folder: Path) -> str:
    """The key of the table that is stored in `folder`; empty where there is none."""
    path = folder / SIDECAR
    return str(read_json(path)["key"]) if path.is_file() else ""


def _settings(definitions: Definitions) -> Inference:
    """The settings of inference with the calibration's number of replicates."""
    replicates = definitions.calibration.replicates
    chunk = min(definitions.inference.chunk, replicates)
    return replace(definitions.inference, replicates=replicates, chunk=chunk)


def _one_thread() -> AbstractContextManager[object]:
    """Surroundings in which processes that start multiply matrices in one thread each."""
    return mock.patch.dict(os.environ, {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"})


def _kept_chunk(
    developers: dict[str, Population], definitions: Definitions, job: Job, kept: Kept | None
) -> pd.DataFrame:
    """Intervals of one chunk, made or found where such are kept."""
    if kept is None:
        return _chunk(developers, definitions, job)
    setting, number = job
    name = f"{setting.key[0]:08x}-{number:04}"
    return kept.piece(name, partial(_chunk, developers, definitions, job))


def _chunk(developers: dict[str, Population], definitions: Definitions, job: Job) -> pd.DataFrame:
    """Intervals of one chunk of data sets of one setting.

    Replicates of all have one seed, so that developers' weights are drawn once: a chunk's intervals
    share their luck, which is small beside that of the data sets, and chunks do not.
    """
    setting, number = job
    flat = developers[setting.estimand].flattened(setting.power)
    generator = generator_of(definitions.inference.seed, *setting.key, number)
    many = min(CHUNK, definitions.calibration.data_sets - number * CHUNK)
    seeds, found = [], []
    for _ in range(many):
        data = simulate(flat, setting.model, generator)
        seeds.append(int(generator.integers(1 << 31)))
        rules = replace(_settings(definitions), seed=seeds[0])
        found.append([*_intervals(data, rules)])
    places = [STATISTICS.place(name) for name in JUDGED]
    lower, upper = (
        [getattr(made, end)[places] for each in found for _, made in each]
        for end in ("lower", "upper")
    )
    ends = {"lower": np.concatenate(lower), "upper": np.concatenate(upper)}
    labels = [(*vars(method).values(), name) for method, _ in found[0] for name in JUDGED]
    return pd.DataFrame(labels * many, columns=KEYS).assign(**ends)


def _intervals(data: DataSet, rules: Inference) -> Iterator[tuple[Method, Intervals]]:
    """Intervals of one data set by every method, without the Monte-Carlo errors of their ends."""
    yield from methods(data.developers, data.repositories, rules, monte_carlo=False)
    yield from with_fewer_degrees(data.developers, rules)


def _summary(setting: Setting, population: Population, rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage and width of every method and statistic in one setting."""
    flat = population.flattened(setting.power)
    truth = dict(zip(STATISTICS.names, _truth(flat), strict=True))
    target = rows["group"].map(truth)
    below, above = target < rows["lower"], target > rows["upper"]
    given = rows["lower"].notna()
    log = rows["group"] == RATIO
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(rows["upper"] / rows["lower"].clip(lower=0))
    width = (rows["upper"] - rows["lower"]).mask(log, ratio)
    inside = ~(below | above)
    facts = rows.assign(coverage=inside, below=below, above=above, given=given, width=width)
    intervals = facts[given].groupby(KEYS, sort=False)
    table = intervals[["coverage", "below", "above"]].mean()
    table["width"] = intervals["width"].median()
    table["given"] = intervals.size()
    every = facts.groupby(KEYS, sort=False)["given"].mean()
    table = table.reindex(every.index)
    table["refused"] = 1 - every
    table["error"] = np.sqrt(table["coverage"] * (1 - table["coverage"]) / table["given"])
    table["data_sets"] = len(rows) // len(every)
    sizes = flat.totals
    setting_columns = {
        "estimand": setting.estimand,
        "model": setting.model,
        "power": setting.power,
        "n_developers": len(sizes),
        "n_effective": float(sizes.sum() ** 2 / (sizes**2).sum()),
    }
    columns = [*setting_columns, *KEYS, "data_sets", "refused", "coverage", "error"]
    columns += ["below", "above", "width"]
    return table.reset_index().assign(**setting_columns)[columns]


def _truth(population: Population) -> Floats:
    """Every statistic of the population's shares."""
    shares = np.append(population.shares, 0.0)
    return STATISTICS.values(STATISTICS.proportions(shares))

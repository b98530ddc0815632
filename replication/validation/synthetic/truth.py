"""A synthetic Hub whose downloads are known exactly at any second.

Developers have heavy-tailed sizes, repositories take theirs from their developer, about half of
them are quiet, and about half derive from an earlier one. Rows stand in order of creation, so that
the repositories that exist at a moment are the first rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from replication.errors import DegenerateDataError
from replication.validation.synthetic.curves import (
    ALL,
    DAY,
    Curves,
    Floats,
    Ints,
    Rows,
    draw_curves,
)
from replication.validation.synthetic.lineage import draw_lineage, pushed_to_roots

FLOOR = int(datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC).timestamp())
"""Creation date, in unix seconds, that the Hub gives to every repository older than it."""
FIRST_DAY = date(2022, 3, 2)
ROLLING_DAYS = 30
QUARTERS = 4
GROUPS = {
    "User": 0.40,
    "USA": 0.16,
    "China": 0.12,
    "International / Online": 0.10,
    "Rest of Europe": 0.05,
    "Asia": 0.05,
    "Germany": 0.03,
    "France": 0.03,
    "UK": 0.03,
    "Other": 0.02,
    "Middle East": 0.01,
}
"""Share of the developers in each country group, where the caller names no others."""
_TAIL = 1.1
_BREADTH = 0.4  # of a developer's size: the rest of it goes into each repository
_BUSY = 500.0
_SPREAD = 1.5
_QUIET = (0.5, 6.0)
_CLUMP = 0.05
_GROWTH = 2.5
_KAPPA, _KAPPA_ENDS = 0.94, (0.91, 0.97)
_KAPPA_DEVELOPER, _KAPPA_REPOSITORY = 0.008, 0.004
_HEX = np.frombuffer("".join(f"{n:02x}" for n in range(256)).encode(), dtype=np.uint16)
_ID_BYTES = 12


@dataclass(frozen=True)
class SyntheticHub:
    """n synthetic repositories of m developers.

    Attributes
    ----------
    seed
        What everything was drawn from.
    namespaces, groups
        Name and country group of each developer (m), the largest first.
    developer
        Developer (n,) of each repository.
    created
        Creation (n,) in unix seconds, in order.
    relation, parents
        Place (n,) in `replication.validation.synthetic.lineage.RELATIONS`, and rows (n, 2) of the parents,
        −1 for none.
    kappa
        What part (n,) of the growth of the cumulative counter the 30-day field holds.
    curves
        Cumulative downloads by age.
    machine
        Five bytes in the middle of every `_id`.
    """

    seed: int
    namespaces: tuple[str, ...]
    groups: tuple[str, ...]
    developer: NDArray[np.int32]
    created: Ints
    relation: NDArray[np.int8]
    parents: NDArray[np.int32]
    kappa: Floats
    curves: Curves
    machine: bytes

    def __len__(self) -> int:
        return len(self.created)

    def alive(self, at: int) -> int:
        """Number of repositories, the first rows, that were created by `at` (unix seconds)."""
        return int(np.searchsorted(self.created, at, side="right"))

    def counters(self, at: int | Ints, rows: Rows | None = None) -> Ints:
        """Cumulative downloads.

        Parameters
        ----------
        at
            Moment in unix seconds, or one for each of `rows`.
        rows
            Repositories that are asked about, by default all.

        Returns
        -------
        numpy.ndarray
            int64, one for each of `rows`; 0 before creation.
        """
        rows = ALL if rows is None else rows
        return self.curves.cumulative(at - self.created[rows], rows)

    def rolling(self, at: int | Ints, rows: Rows | None = None) -> Ints:
        """The 30-day field: `kappa` times the growth of the counter in 30 days, rounded down.

        Parameters and result are those of `counters`.
        """
        growth = self.counters(at, rows) - self.counters(at - ROLLING_DAYS * DAY, rows)
        return np.floor(self.kappa[ALL if rows is None else rows] * growth).astype(np.int64)

    def first_year(self, start: int, end: int, age_limit_days: int = 365) -> Ints:
        """Exact downloads (n,) of each repository in (start, end] until it is so many days old.

        The age limit is exact to the second. `start` and `end` are unix seconds.
        """
        limit = self.created + age_limit_days * DAY
        gained = self.counters(np.minimum(end, limit))
        gained -= self.counters(np.maximum(start, self.created))
        return gained.clip(min=0)

    def shares(self, downloads: Ints, role: str = "uploader") -> dict[str, float]:
        """True share of each country group in downloads (n,), by uploader or by origin.

        The origins are the roots; what derives from several parents is shared equally among them
        at each step. Groups stand in order of their names, those without a repository left out.

        Raises
        ------
        DegenerateDataError
            Nothing was downloaded.
        """
        if not downloads.any():
            raise DegenerateDataError("no downloads to take shares of", "use a wider window")
        credit = downloads * QUARTERS
        if role == "origin":
            credit = pushed_to_roots(credit, self.parents)
        names, group = np.unique(self.groups, return_inverse=True)
        sums = np.zeros(len(names), dtype=np.int64)
        np.add.at(sums, group[self.developer], credit)
        used = np.unique(group[self.developer])
        return {str(names[g]): float(sums[g] / credit.sum()) for g in used}

    def ids(self, rows: Rows | None = None) -> pa.StringArray:
        """The `_id` of `rows`: creation time, five bytes of the machine, row number, in hex."""
        rows = ALL if rows is None else rows
        created = self.created[rows].astype(">u4")
        raw = np.empty((len(created), _ID_BYTES), dtype=np.uint8)
        raw[:, :4] = created.view(np.uint8).reshape(-1, 4)
        raw[:, 4:9] = np.frombuffer(self.machine, dtype=np.uint8)
        number = np.arange(len(self), dtype=np.uint32)[rows].astype(">u4")
        raw[:, 9:] = number.view(np.uint8).reshape(-1, 4)[:, 1:]
        ends = np.arange(len(created) + 1, dtype=np.int32) * (2 * _ID_BYTES)
        letters = pa.py_buffer(_HEX[raw])
        return pa.StringArray.from_buffers(len(created), pa.py_buffer(ends), letters)

    def names(
        self,
        rows: Rows | None = None,
        namespaces: Sequence[str] | None = None,
        renamed: NDArray[np.bool_] | None = None,
    ) -> pa.StringArray:
        """Names of `rows`, namespace/model.

        Parameters
        ----------
        rows
            Repositories that are asked about, by default all.
        namespaces
            Names of the m developers at the time, where they are not the first ones.
        renamed
            Which of the n repositories have taken their second name.
        """
        rows = ALL if rows is None else rows
        number = np.arange(len(self))[rows]
        owner = pa.array(namespaces or self.namespaces).take(pa.array(self.developer[rows]))
        digits = pc.utf8_lpad(pa.array(number).cast(pa.string()), width=7, padding="0")
        names = pc.binary_join_element_wise(owner, digits, "/model-")
        if renamed is None:
            return names
        return pc.if_else(renamed[rows], pc.binary_join_element_wise(names, "-v2", ""), names)


def seconds(day: date) -> int:
    """Unix seconds at which a day begins, UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp())


def synthetic_hub(
    repositories: int,
    developers: int,
    seed: int,
    *,
    start: date = FIRST_DAY,
    end: date,
    namespaces: Sequence[tuple[str, str]] | None = None,
) -> SyntheticHub:
    """Draw a synthetic Hub.

    Parameters
    ----------
    repositories, developers
        How many; a developer may be left without a repository.
    seed
        Root of all draws.
    start, end
        Repositories are created in [start, end), more and more of them. A twentieth share the
        first moment, as those older than the Hub's own records do.
    namespaces
        Name and country group of the largest developers, the largest first. The others are
        called synthetic-0001 and on, with a group drawn from `GROUPS`.

    Returns
    -------
    SyntheticHub
        Developers' sizes are Pareto with index 1.1; a busy repository's downloads are its
        developer's part times a lognormal draw, and every second repository is quiet.

    Raises
    ------
    DegenerateDataError
        There is no repository, no developer or no time, or more names than developers.
    """
    given = list(namespaces or [])
    _check(repositories, developers, start, end, given)
    streams = np.random.SeedSequence(seed).spawn(6)
    rngs = [np.random.default_rng(stream) for stream in streams]
    size = np.sort(1.0 + rngs[0].pareto(_TAIL, developers))[::-1]
    given += _invented(developers - len(given), len(given), rngs[0])
    chance = size**_BREADTH
    developer = rngs[1].choice(developers, repositories, p=chance / chance.sum())
    scale = _scales(size[developer] ** (1.0 - _BREADTH), rngs[2])
    relation, parents = draw_lineage(scale, rngs[4])
    return SyntheticHub(
        seed=seed,
        namespaces=tuple(name for name, _ in given),
        groups=tuple(group for _, group in given),
        developer=developer.astype(np.int32),
        created=_births(repositories, max(seconds(start), FLOOR), seconds(end), rngs[1]),
        relation=relation,
        parents=parents,
        kappa=_kappa(developer, developers, rngs[5]),
        curves=draw_curves(scale, rngs[3]),
        machine=rngs[5].bytes(5),
    )


def _check(
    repositories: int, developers: int, start: date, end: date, given: Sequence[tuple[str, str]]
) -> None:
    """Refuse a Hub that cannot be drawn."""
    if not 0 < repositories < 1 << 24 or developers < 1 or seconds(end) <= FLOOR or start >= end:
        what = f"no Hub has {repositories} repositories of {developers} in {start} … {end}"
        raise DegenerateDataError(what, "ask for 1 to 16,777,215, and an end after the start")
    if len(given) > developers or len({name for name, _ in given}) < len(given):
        what = f"{len(given)} names for {developers} developers, or one given twice"
        raise DegenerateDataError(what, "give each developer one name")


def _invented(count: int, given: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Synthetic names, numbered from the largest developer, with groups drawn from `GROUPS`."""
    chance = np.array([*GROUPS.values()])
    drawn = rng.choice(len(GROUPS), count, p=chance / chance.sum())
    groups = [*GROUPS]
    return [(f"synthetic-{given + n:04d}", groups[g]) for n, g in enumerate(drawn, 1)]


def _scales(part: Floats, rng: np.random.Generator) -> Floats:
    """Downloads (n,) that each curve tends to: a developer's part, or next to none."""
    share, most = _QUIET
    busy = _BUSY * part * rng.lognormal(-(_SPREAD**2) / 2, _SPREAD, len(part))
    return np.where(rng.random(len(part)) < share, rng.uniform(0.0, most, len(part)), busy)


def _births(count: int, first: int, last: int, rng: np.random.Generator) -> Ints:
    """Creation times (n,) in order: a clump at `first`, then a density that keeps growing."""
    when = first + np.floor((last - first) * rng.power(_GROWTH, count)).astype(np.int64)
    when[: int(_CLUMP * count)] = first
    return np.sort(when)


def _kappa(developer: Ints, developers: int, rng: np.random.Generator) -> Floats:
    """What part (n,) of its growth each repository's 30-day field holds."""
    shared = _KAPPA + _KAPPA_DEVELOPER * rng.standard_normal(developers)
    own = _KAPPA_REPOSITORY * rng.standard_normal(len(developer))
    return np.clip(shared[developer] + own, *_KAPPA_ENDS)

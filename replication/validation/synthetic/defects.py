"""Defects of a synthetic Hub's snapshots: how often each strikes, and what a reader then sees.

Everything is drawn from the seed, the kind of defect and the label, so that a snapshot is the same
whichever others are written with it. The kinds and the dates are those reported of the real Hub;
the rates are round numbers, high enough to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from replication.validation.synthetic.curves import DAY, Ints
from replication.validation.synthetic.truth import SyntheticHub, seconds

WEEK = timedelta(days=7)
FIRST_LABEL = date(2024, 7, 24)
"""The first snapshot, a Wednesday."""
COUNTER_SINCE = date(2025, 2, 26)
"""First snapshot that holds cumulative counters."""
NEVER = np.iinfo(np.int64).max
BAD_COLUMNS = ("_id", "id", "downloads", "downloadsAllTime")
"""Columns in which single cells of a snapshot cannot be right."""
SWING = ((date(2024, 9, 4), 1.0), (date(2024, 11, 6), 1.9), (date(2024, 12, 18), 1.27))
"""How the 30-day field of the whole Hub stood to what was downloaded in autumn 2024 (2.36 and 1.58
beside 1.24 billion in an audit of the daily history): days, and factors, which hold before and after."""
_LATE_DAYS = 6
_FALLEN_TO = (0.4, 0.9)
_KINDS = (
    "reading", "stalled", "fallen", "copied", "renamed", "deleted", "absent", "truncated",
    "bad", "undated",
)  # fmt: skip


@dataclass(frozen=True)
class DefectRates:
    """How often each defect strikes; shares are of the repositories, at one label unless said.

    Attributes
    ----------
    offset_days, jitter_hours
        A snapshot is read up to so many whole days, and so many hours, after its label.
    late
        Labels that were filled in later: read six days after their day.
    missing
        Labels without a snapshot.
    frozen
        Labels at which every cumulative counter shows the reading before the first of them.
    frozen_rolling
        Whether a counter that stands still takes the 30-day field with it.
    stalled, stalled_days
        Share whose counter is up to so many days old; it catches up at the next reading. Below
        seven days less `offset_days`, so that a counter does not fall for it.
    falls, fallen
        Labels at which counters have fallen to a part of themselves, and the share that has:
        the same repositories at each of them, back to the truth at the next.
    truncated, kept
        Labels of snapshots that hold only this share of their rows.
    copied
        Share with a second row, whose figures are a week older.
    renamed, namespaces
        Share of all that takes a second name one day, and old name, new name and date of whole
        namespaces; one that the Hub does not have is passed over.
    deleted, absent
        Share of all that is gone from one day on, and share that is missing at one label.
    stale
        Labels that repeat the snapshot of the week before.
    null_counters
        Labels before `COUNTER_SINCE` whose counter column is there, but empty.
    swing
        Days and factors, as `SWING`, by which the 30-day field of every repository is multiplied,
        in a straight line between them.
    bad
        Rows of every snapshot, for each of `BAD_COLUMNS`, whose cell cannot be right.
    undated
        Share of all whose createdAt is null in every snapshot; their `_id` still tells it.
    """

    offset_days: int = 0
    jitter_hours: float = 0.0
    late: tuple[date, ...] = ()
    missing: tuple[date, ...] = ()
    frozen: tuple[date, ...] = ()
    frozen_rolling: bool = False
    stalled: float = 0.0
    stalled_days: float = 3.0
    falls: tuple[date, ...] = ()
    fallen: float = 0.0
    truncated: tuple[date, ...] = ()
    kept: float = 0.25
    copied: float = 0.0
    renamed: float = 0.0
    namespaces: tuple[tuple[str, str, date], ...] = ()
    deleted: float = 0.0
    absent: float = 0.0
    stale: tuple[date, ...] = ()
    null_counters: tuple[date, ...] = ()
    swing: tuple[tuple[date, float], ...] = ()
    bad: int = 0
    undated: float = 0.0

    @classmethod
    def none(cls) -> DefectRates:
        """No defect: every snapshot is whole, true and read at the first moment of its label."""
        return cls()

    @classmethod
    def realistic(cls) -> DefectRates:
        """Every defect, at the labels at which the real Hub had it or near them."""
        return cls(
            offset_days=3,
            jitter_hours=6.0,
            late=(date(2025, 3, 26),),
            missing=(date(2024, 8, 14), date(2024, 8, 21)),
            frozen=tuple(date(2025, 6, 4) + n * WEEK for n in range(5)),
            stalled=0.02,
            falls=(date(2025, 5, 14), date(2025, 5, 21)),
            fallen=0.03,
            truncated=(date(2025, 11, 26),),
            copied=0.002,
            renamed=0.01,
            namespaces=(
                ("THUDM", "zai-org", date(2025, 8, 1)),
                ("synthetic-0002", "synthetic-0002-org", date(2025, 8, 1)),
            ),
            deleted=0.05,
            absent=0.005,
            stale=(date(2025, 10, 15),),
            null_counters=(date(2025, 2, 12), date(2025, 2, 19)),
            swing=SWING,
            bad=1,
            undated=0.1,
        )


@dataclass(frozen=True)
class Reading:
    """What one snapshot says.

    Attributes
    ----------
    label, content
        Label of the snapshot, and the one whose content it has.
    read
        When the Hub was read, in unix seconds.
    rows
        Repositories (k,) in order of the file; some twice.
    counters, rolling
        int64 figures (k,) of these rows.
    namespaces
        Names of the m developers at the time.
    renamed
        Which of the n repositories of the Hub have taken their second name by then.
    bad
        Places (b,) among the k rows for each of `BAD_COLUMNS`, whose cell cannot be right.
    undated
        Which of the n repositories have no createdAt.
    """

    label: date
    content: date
    read: int
    rows: Ints
    counters: Ints
    rolling: Ints
    namespaces: tuple[str, ...]
    renamed: NDArray[np.bool_]
    bad: tuple[Ints, ...]
    undated: NDArray[np.bool_]


@dataclass(frozen=True)
class Schedule:
    """The defects of one Hub, drawn once; `schedule` makes it.

    Attributes
    ----------
    rates
        How often each strikes.
    seed
        Root of the draws.
    renamed_at, deleted_at
        When (n,), in unix seconds, each repository takes its second name, and when it goes.
    """

    rates: DefectRates
    seed: int
    renamed_at: Ints
    deleted_at: Ints

    def content(self, label: date) -> date | None:
        """The label whose content the snapshot has, None where there is no snapshot."""
        if label in self.rates.missing:
            return None
        while label in self.rates.stale:
            label -= WEEK
        return label

    def read_at(self, label: date) -> int:
        """When the Hub was read for a label, in unix seconds."""
        rng = _rng(self.seed, "reading", label)
        days = int(rng.integers(0, self.rates.offset_days + 1))
        days = _LATE_DAYS if label in self.rates.late else days
        return seconds(label) + days * DAY + int(rng.uniform(0, self.rates.jitter_hours * 3600))

    def counted(self, label: date) -> date:
        """The label whose counters a label shows: its own but in a freeze."""
        while label in self.rates.frozen:
            label -= WEEK
        return label

    def read(self, hub: SyntheticHub, label: date) -> Reading | None:
        """Read the Hub with all its defects; None where there is no snapshot.

        Parameters
        ----------
        hub
            The Hub that the schedule was drawn for.
        label
            Wednesday that the snapshot is named after.
        """
        content = self.content(label)
        if content is None:
            return None
        read = self.read_at(content)
        rows, copies = self._present(content, hub.alive(read), read)
        shown = np.concatenate([copies[::2], rows, copies[1::2]])
        late = np.zeros(len(shown), dtype=np.int64)
        late[: len(copies[::2])] = late[len(copies[::2]) + len(rows) :] = WEEK.days * DAY
        counted = self.counted(content)
        late += self._stall(counted, len(hub))[shown]
        at = self.read_at(counted) - late
        counters = hub.counters(at, shown)
        return Reading(
            label=label,
            content=content,
            read=read,
            rows=shown,
            counters=self._fall(counted, counters, shown),
            rolling=self._swung(
                hub.rolling(at if self.rates.frozen_rolling else read, shown), read
            ),
            namespaces=self._namespaces(hub, read),
            renamed=self.renamed_at <= read,
            bad=self._bad(content, len(shown)),
            undated=self._struck("undated", FIRST_LABEL, len(hub), self.rates.undated),
        )

    def _swung(self, rolling: Ints, read: int) -> Ints:
        """The 30-day field as the Hub states it when it is read."""
        if not self.rates.swing:
            return rolling
        days, factors = zip(*self.rates.swing, strict=True)
        factor = np.interp(read, [seconds(day) for day in days], factors)
        return np.asarray(np.floor(rolling * factor), dtype=np.int64)

    def _bad(self, label: date, size: int) -> tuple[Ints, ...]:
        """Places of the rows whose cell cannot be right, for each of `BAD_COLUMNS`."""
        rng = _rng(self.seed, "bad", label)
        count = min(self.rates.bad, size)
        return tuple(rng.choice(size, count, replace=False) for _ in BAD_COLUMNS)

    def _present(self, label: date, alive: int, read: int) -> tuple[Ints, Ints]:
        """Rows that the snapshot holds, and those of them that it holds twice."""
        rates, here = self.rates, self.deleted_at[:alive] > read
        here &= self._struck("absent", label, alive, 1.0 - rates.absent)
        if label in rates.truncated:
            here &= self._struck("truncated", label, alive, rates.kept)
        twice = here & self._struck("copied", label, alive, rates.copied)
        return np.flatnonzero(here), np.flatnonzero(twice)

    def _struck(self, kind: str, label: date, size: int, share: float) -> NDArray[np.bool_]:
        return _rng(self.seed, kind, label).random(size, dtype=np.float32) < share

    def _stall(self, label: date, size: int) -> Ints:
        """By how many seconds each repository's counter is late."""
        rng, most = _rng(self.seed, "stalled", label), self.rates.stalled_days * DAY
        struck = np.flatnonzero(rng.random(size, dtype=np.float32) < self.rates.stalled)
        late = np.zeros(size, dtype=np.int64)
        late[struck] = rng.uniform(0.0, most, len(struck)).astype(np.int64)
        return late

    def _fall(self, label: date, counters: Ints, rows: Ints) -> Ints:
        """Counters after a fall; the same repositories fall at all labels of it."""
        if label not in self.rates.falls:
            return counters
        rng = _rng(self.seed, "fallen", FIRST_LABEL)
        size = len(self.renamed_at)
        struck = rng.random(size) < self.rates.fallen
        part = np.where(struck, rng.uniform(*_FALLEN_TO, size), 1.0)
        return np.floor(counters * part[rows]).astype(np.int64)

    def _namespaces(self, hub: SyntheticHub, read: int) -> tuple[str, ...]:
        """Names of the developers when the Hub was read."""
        new = {old: name for old, name, day in self.rates.namespaces if seconds(day) <= read}
        return tuple(new.get(name, name) for name in hub.namespaces)


def schedule(
    hub: SyntheticHub, rates: DefectRates | None = None, seed: int = 0, *, until: date | None = None
) -> Schedule:
    """Draw which repositories are renamed and deleted, and when.

    Parameters
    ----------
    hub
        The Hub that is read.
    rates
        How often each defect strikes, by default never.
    seed
        Root of all draws of defects.
    until
        Renames and deletions happen between `FIRST_LABEL`, or the creation of the repository,
        and this day, by default two years later.
    """
    rates = rates or DefectRates.none()
    last = seconds(until or FIRST_LABEL + timedelta(days=730))
    renamed = _once(hub.created, rates.renamed, last, _rng(seed, "renamed", FIRST_LABEL))
    deleted = _once(hub.created, rates.deleted, last, _rng(seed, "deleted", FIRST_LABEL))
    return Schedule(rates, seed, renamed, deleted)


def _once(created: Ints, share: float, last: int, rng: np.random.Generator) -> Ints:
    """A moment after creation for a share of the repositories, `NEVER` for the others."""
    first = np.maximum(created, seconds(FIRST_LABEL))
    when = first + (rng.random(len(created)) * np.maximum(last - first, DAY)).astype(np.int64)
    return np.where(rng.random(len(created)) < share, when, NEVER)


def _rng(seed: int, kind: str, label: date) -> np.random.Generator:
    """The stream of one kind of defect at one label."""
    key = (_KINDS.index(kind), label.toordinal())
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))

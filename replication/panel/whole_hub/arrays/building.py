"""The way from readings to downloads on whole arrays: the tables of the statements, given to the engine."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from replication.definitions import INTERPOLATED, Variant
from replication.errors import OutputError
from replication.panel.whole_hub import periods
from replication.panel.whole_hub.arrays.gains import Counted, Gains, counted, gains
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.reading import Extract, Ints
from replication.panel.whole_hub.arrays.repositories import Laid, laid_out, movers
from replication.panel.whole_hub.arrays.sums import AsCut, AsRead, week_totals
from replication.panel.whole_hub.engines import Engine
from replication.sources.snapshots import ordinary

Piece = TypeVar("Piece")
_NOTHING = np.zeros((0, 0), dtype=np.int64)


@contextmanager
def _writing() -> Iterator[None]:
    """Say what to do where the disk cannot take what does not stay in memory."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"what the panel is made of cannot be kept: {error.strerror or error}",
            "free disk space, or choose another folder (make all OUT=folder)",
        ) from None


@dataclass
class Kept(Generic[Piece]):
    """Pieces of the work in files of their own, in order, until the engine's folder is emptied."""

    folder: Path
    name: str
    count: int = 0

    def add(self, piece: Piece) -> None:
        """Keep one more."""
        with _writing(), self._path(self.count).open("wb") as stream:
            pickle.dump(piece, stream, protocol=5)
        self.count += 1

    def __iter__(self) -> Iterator[Piece]:
        """All of them."""
        for number in range(self.count):
            with self._path(number).open("rb") as stream:
                yield pickle.load(stream)  # noqa: S301 - written a moment ago by `add`

    def drop(self) -> None:
        """Free the disk."""
        for number in range(self.count):
            self._path(number).unlink()
        self.count = 0

    def _path(self, number: int) -> Path:
        return self.folder / f"{self.name}-{number}.pickle"


class Building:
    """The work between the readings and the downloads.

    Parameters
    ----------
    engine
        Receives the tables that later statements read.
    folder
        Receives what does not stay in memory; it is emptied with the engine.
    """

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._counted: Kept[Counted] = Kept(folder, "counted")
        self._gains: Kept[Gains] = Kept(folder, "gains")
        self._laid: Laid
        self._frozen: pd.DataFrame

    def repositories(
        self,
        files: Sequence[Path],
        labels: Sequence[int],
        earliest: int,
        progress: Callable[[str], None],
    ) -> None:
        """Make the table `repositories`.

        Raises
        ------
        NotOrdinaryError
            The extracts hold what only the SQL reads.
        """
        extracts = [self._extract(path, label) for path, label in zip(files, labels, strict=True)]
        with _writing():
            self._laid = laid_out(extracts, labels, earliest, self._folder, progress)
        self._engine.put("repositories", self._laid.facts)

    def _extract(self, path: Path, label: int) -> Extract:
        """The extract of a label: itself, or a copy in order with an id on every row."""
        found = Extract(path)
        if found.is_whole:
            return found
        rows = ordinary.in_order(self._engine.identified(label).cast(ordinary.SCHEMA))
        target = self._folder / f"{label}.parquet"
        with _writing():
            ordinary.write(rows, target)
        return Extract(target)

    def movers(self, labels: Sequence[int]) -> pd.DataFrame:
        """As `sql/movements.sql`."""
        return movers(self._laid, labels)

    @property
    def missed(self) -> tuple[int, int]:
        """As `sql/missed_readings.sql`."""
        return self._laid.moves.missed

    def stretch_sums(
        self,
        readings: pd.DataFrame,
        rules: pd.DataFrame,
        frozen: pd.DataFrame,
        stretches: pd.DataFrame,
        progress: Callable[[str], None],
    ) -> None:
        """Make `stretch_sums`, `spikes`, `overcounts` and `envelopes`, and keep what the gains take."""
        self._frozen, label = frozen, readings["label"].to_numpy()
        names = ("horizon", "anchor", "chained_until", "month")
        limits = {name: int(rules[name].item()) for name in names}
        times = Times(label, readings["moment"].to_numpy(), **limits)
        progress("running maxima and the chain of 30-day windows")
        sums, spikes, overcounts, envelopes = [], [], [], []
        for block in self._laid.blocks():
            one = counted(block, times, frozen, stretches)
            sums.append(one.stretches)
            row, place, back, size = one.levels.spikes
            id_ = block.first_id
            spikes.append((id_ + row, label[place], label[back], size))
            row, place, size = one.overcounts
            overcounts.append((id_ + row, label[place], size))
            row, apart = one.levels.envelopes
            envelopes.append((id_ + row, apart))
            self._counted.add(
                replace(one, block=replace(block, counter=_NOTHING, rolling=_NOTHING))
            )
        self._laid.drop()
        self._engine.put("stretch_sums", pd.concat(sums, ignore_index=True))
        self._engine.put("spikes", _table(["id", "label", "taken_back", "size"], spikes))
        self._engine.put("overcounts", _table(["id", "label", "size"], overcounts))
        self._engine.put("envelopes", _table(["id", "apart"], envelopes))

    def downloads(
        self, factor: float, variants: Sequence[Variant], progress: Callable[[str], None]
    ) -> None:
        """Make the table `downloads` of all variants, with the chain scaled by its factor."""
        progress(f"first-year downloads of {len(variants)} variants")
        parts: list[list[Ints]] = [[] for _ in variants]
        windows = [next(periods.period(variant).itertuples(index=False)) for variant in variants]
        for one in self._counted:
            found = gains(one, factor)
            self._gains.add(found)
            as_cut, as_read = AsCut(found), AsRead(found, self._frozen)
            for variant, window, out in zip(variants, windows, parts, strict=True):
                is_cut = variant.frozen == INTERPOLATED
                out.append(as_cut.totals(window) if is_cut else as_read.totals(window))
        self._counted.drop()
        tables = [np.concatenate(out, axis=1) for out in parts]
        names = ("id", "total", "chained")
        columns = dict(zip(names, np.concatenate(tables, axis=1), strict=True))
        places = np.repeat(np.arange(len(tables)), [table.shape[1] for table in tables])
        self._engine.put("downloads", pd.DataFrame(columns | {"variant": places}))

    def week_totals(self, weeks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
        """As `sql/week_totals.sql`."""
        of: Ints = np.zeros(len(self._laid.facts) + 1, dtype=np.int64)
        of[pairs["id"]] = pairs["pair"]
        return week_totals(self._gains, weeks, of)


def _table(names: Sequence[str], parts: Sequence[tuple[Ints, ...]]) -> pd.DataFrame:
    """The parts on end."""
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return pd.DataFrame(dict(zip(names, columns, strict=True)), dtype="int64")

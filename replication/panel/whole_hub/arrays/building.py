"""The way from readings to downloads on whole arrays: the tables of the statements, given to the engine."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from replication.definitions import INTERPOLATED, Variant
from replication.errors import OutputError
from replication.panel.whole_hub import periods
from replication.panel.whole_hub.arrays.gains import Counted, Gains, counted, gains
from replication.panel.whole_hub.arrays.gaps import Times
from replication.panel.whole_hub.arrays.reading import Extract, Ints
from replication.panel.whole_hub.arrays.repositories import Laid, laid_out, movers
from replication.panel.whole_hub.arrays.stretches import Stretch, by_uploader, together
from replication.panel.whole_hub.arrays.sums import Downloads, Sums, alike, on_end
from replication.panel.whole_hub.arrays.weeks import week_totals
from replication.panel.whole_hub.engines import Engine
from replication.sources.snapshots import ordinary

Piece = TypeVar("Piece")


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
        self._moment: Ints
        self._stretch_sums: pa.Table

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
            ordinary.write([rows], target)
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
        self._moment = readings["moment"].to_numpy()
        times = Times(label, self._moment, **limits)
        progress("running maxima and the chain of 30-day windows")
        sums: list[Stretch] = []
        spikes, overcounts, envelopes = [], [], []
        for block in self._laid.blocks():
            one, beside = counted(block, times, frozen, stretches)
            sums.extend(beside.stretches)
            row, place, back, size = beside.spikes
            id_ = block.first_id
            spikes.append((id_ + row, label[place], label[back], size))
            row, place, size = beside.overcounts
            overcounts.append((id_ + row, label[place], size))
            row, apart = beside.envelopes
            envelopes.append((id_ + row, apart))
            self._counted.add(one)
        self._laid.drop()
        self._stretch_sums = together(sums)
        self._engine.put("stretch_sums", self._stretch_sums)
        self._engine.put("spikes", _table(["id", "label", "taken_back", "size"], spikes))
        self._engine.put("overcounts", _table(["id", "label", "size"], overcounts))
        self._engine.put("envelopes", _table(["id", "apart"], envelopes))

    def chain_and_counters(self) -> pd.DataFrame:
        """As `sql/chain_and_counters.sql`."""
        return by_uploader(self._stretch_sums, self._laid.facts["name"])

    def downloads(
        self, factor: float, variants: Sequence[Variant], progress: Callable[[str], None]
    ) -> None:
        """Make the table `downloads` of all variants, with the chain scaled by its factor."""
        progress(f"first-year downloads of {len(variants)} variants")
        windows = [
            (variant.frozen == INTERPOLATED, periods.period(variant)) for variant in variants
        ]
        has_caught_up = bool(self._frozen["caught_up"].any())
        keys = [alike(is_cut, window, has_caught_up) for is_cut, window in windows]
        parts: dict[tuple[int, ...], list[Downloads]] = {key: [] for key in keys}
        for one in self._counted:
            found = gains(one, factor, self._moment)
            self._gains.add(found)
            sums = Sums(found, self._moment, self._frozen)
            for key, (is_cut, window) in dict(zip(keys, windows, strict=True)).items():
                parts[key].append(sums.as_cut(window) if is_cut else sums.as_read(window))
        self._counted.drop()
        tables = {key: on_end(several) for key, several in parts.items()}
        names = [f"total_{place}" for place in range(len(variants))]
        for name, key in zip(names, keys, strict=True):
            self._engine.put(name, tables[key])
        self._engine.union("downloads", names)

    def week_totals(self, weeks: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
        """As `sql/week_totals.sql`."""
        of: Ints = np.zeros(len(self._laid.facts) + 1, dtype=np.int64)
        of[pairs["id"]] = pairs["pair"]
        return week_totals(self._gains, weeks, of, self._moment)


def _table(names: Sequence[str], parts: Sequence[tuple[Ints, ...]]) -> pd.DataFrame:
    """The parts on end."""
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    return pd.DataFrame(dict(zip(names, columns, strict=True)), dtype="int64")

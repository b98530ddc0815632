"""Finished pieces of a long measurement, kept so that one that was killed goes on where it was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from replication.files import replaced


@dataclass(frozen=True)
class Kept:
    """A folder of pieces, each a table, in a folder of its own for everything that they depend on.

    Attributes
    ----------
    root
        Where pieces of this measurement are kept.
    key
        Hash of everything that they depend on; pieces under another are of no use any more.
    """

    root: Path
    key: str

    def piece(self, name: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """Read a piece, or make it and keep it; what is there is whole, or is made again."""
        path = self._folder / f"{name}.parquet"
        try:
            return pd.read_parquet(path)
        except (OSError, pa.ArrowInvalid):
            made = make()
        with replaced(path) as temporary:
            made.to_parquet(temporary)
        return made

    def count(self) -> int:
        """How many pieces are kept."""
        return len([*self._folder.glob("*.parquet")])

    def drop_others(self) -> None:
        """Delete what is kept under other keys."""
        for folder in self.root.glob("*"):
            if folder != self._folder:
                shutil.rmtree(folder)

    def drop(self) -> None:
        """Delete all that is kept, once the measurement is written."""
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def _folder(self) -> Path:
        return self.root / self.key[:16]

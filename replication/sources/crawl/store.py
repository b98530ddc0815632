"""What a crawl keeps on disk: the pages and how far it is, and in the end one snapshot.

`FOLDER/pages` holds `000001.jsonl.gz`, … and `state.json`. A page counts only once the state names
it, which is written after it: a run that is killed in between asks for that page again. The
snapshot is `FOLDER/models/<label>/models.parquet`, with `crawl.json` and the manifest beside it.
"""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from replication.errors import HubError, OutputError, ReplicationError, SourceError
from replication.files import read_json, replaced, write_bytes, write_json
from replication.sources.crawl.rows import Row, schema, table

STATE = "state.json"
RECORD = "crawl.json"
SNAPSHOT = "models.parquet"
MOST_NAMED = 100
"""Malformed cells and rows that are kept one by one; the others are counted."""
_ROW_GROUP = 1 << 14
_SECRET = 8
"""Shortest token that is looked for in what is written; a shorter one is none of the Hub's."""


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid"))
class State:
    """How far a crawl is."""

    label: str
    """ISO 8601 date, UTC, on which it began."""
    scope: dict[str, Any]
    """What is crawled: mode, limit, namespaces."""
    origin: str
    """Scheme, host and port of the Hub."""
    following: str
    """Query of the next page, empty where every page is there."""
    lists: int = 0
    """Lists that are done: one of each namespace where namespaces are crawled, else one of all."""
    pages: int = 0
    rows: int = 0
    """Rows of all pages, each model as often as it came."""
    models: int = 0
    """Distinct ids."""
    counted: int = 0
    """Rows of all pages that state a count."""
    refused: list[str] = field(default_factory=list)
    """Fields that the Hub refuses to give."""
    bad_cells: dict[str, int] = field(default_factory=dict)
    """Cells by column that cannot be right and are empty; of `_id`, rows that are left out."""
    malformed: list[dict[str, Any]] = field(default_factory=list)
    """The first of them, as `rows.Malformed` describes them."""
    first: str = ""
    """Moment of the first page, ISO 8601, UTC."""
    last: str = ""


class Store:
    """The folder of one crawl.

    Parameters
    ----------
    folder
        Folder that holds the readings.
    """

    def __init__(self, folder: Path) -> None:
        self.pages = folder / "pages"
        self._folder = folder

    def load(self) -> State | None:
        """Return how far the unfinished crawl is, None where there is none.

        Raises
        ------
        SourceError
            The state is damaged.
        """
        path = self.pages / STATE
        if not path.is_file():
            return None
        try:
            state = State(**read_json(path))
            date.fromisoformat(state.label)  # it names a folder
        except (ReplicationError, TypeError, ValueError):
            raise self._damaged(STATE) from None
        return state

    def save(self, state: State, rows: list[Row], secret: str) -> None:
        """Write page number `state.pages`, and then the state.

        Raises
        ------
        HubError
            The Hub has sent the token back; nothing is written.
        """
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        page = "".join(f"{line}\n" for line in lines)
        if len(secret) >= _SECRET and secret in page + json.dumps(asdict(state)):
            raise HubError(
                f"page {state.pages:,} repeats the token that was sent",
                "withdraw the token on the Hub, and check HF_ENDPOINT and the proxy settings",
            )
        write_bytes(self._page(state.pages), gzip.compress(page.encode(), compresslevel=6, mtime=0))
        write_json(self.pages / STATE, asdict(state))

    def rows(self, number: int) -> list[Row]:
        """Return the rows of a saved page.

        Raises
        ------
        SourceError
            The page is missing or damaged.
        """
        try:
            if not self._page(number).stat().st_size:  # gzip takes it for a page without rows
                raise EOFError
            with gzip.open(self._page(number), "rt", encoding="utf-8") as stream:
                return [json.loads(line) for line in stream]
        except (OSError, EOFError, ValueError, RecursionError, zlib.error):
            raise self._damaged(self._page(number).name) from None

    def ids(self, pages: int) -> set[int]:
        """Return the ids of the first pages, as numbers: the set of a whole Hub is large."""
        try:
            return {int(row["_id"], 16) for n in range(pages) for row in self.rows(n + 1)}
        except (KeyError, TypeError, ValueError):
            raise self._damaged("a page") from None

    def assemble(self, state: State) -> Path:
        """Write the snapshot: every model once, as its last row has it. Returns its path.

        The pages are read from the last to the first, so that the first row met of a model is the
        one to keep, and no more than one row group is in memory.

        Raises
        ------
        SourceError
            A page is missing or damaged.
        OutputError
            The snapshot cannot be written.
        """
        from pyarrow import ArrowException, parquet

        path = self.snapshot(state.label)
        with replaced(path) as temporary:
            try:
                with parquet.ParquetWriter(temporary, schema(), compression="zstd") as writer:
                    rows = self._backwards(state.pages)
                    while group := list(islice(rows, _ROW_GROUP)):
                        writer.write_table(table(group))
            except (ArrowException, TypeError, ValueError, KeyError):
                raise self._damaged("a page") from None
        return path

    def snapshot(self, label: str) -> Path:
        """Path of the snapshot of a day."""
        return self._folder / "models" / label / SNAPSHOT

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield label and record of every finished crawl in the folder."""
        for path in sorted(self._folder.glob(f"models/*/{RECORD}")):
            record = read_json(path)
            yield path.parent.name, record if isinstance(record, dict) else {}

    def drop_pages(self) -> None:
        """Remove the pages, the state first: without it they count for nothing."""
        try:
            (self.pages / STATE).unlink(missing_ok=True)
            shutil.rmtree(self.pages, ignore_errors=False)
        except OSError as error:
            raise OutputError(
                f"cannot remove {self.pages}: {error.strerror}", "remove it by hand"
            ) from error

    def _page(self, number: int) -> Path:
        return self.pages / f"{number:06}.jsonl.gz"

    def _backwards(self, pages: int) -> Iterator[Row]:
        """Yield every model once, from the last row of the last page on."""
        seen: set[int] = set()
        for number in range(pages, 0, -1):
            for row in reversed(self.rows(number)):
                key = int(row["_id"], 16)
                if key not in seen:
                    seen.add(key)
                    yield row

    def _damaged(self, name: str) -> SourceError:
        return SourceError(
            f"{self.pages}: {name} is missing or damaged",
            f"remove {self.pages} and crawl again from the beginning",
        )

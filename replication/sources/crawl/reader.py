"""A crawl from one page to the next, to the end of every list, and how far it is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from replication.errors import HubError
from replication.plain import span
from replication.sources.crawl.extent import Crawl
from replication.sources.crawl.pages import Page, Pages
from replication.sources.crawl.queries import first_query, with_page_size, without_fields
from replication.sources.crawl.rows import Row, has_count
from replication.sources.crawl.store import MOST_NAMED, State, Store

_ORDER = {"all": "createdAt", "top": "downloads", "namespaces": "createdAt"}
"""Field by which each kind of list is sorted, from its largest value down."""


@dataclass(frozen=True)
class Progress:
    """How far a crawl is."""

    pages: int
    models: int
    total: int | None
    """Models that there will be, None where nobody knows."""
    rate: float
    """Models a second of this run, with its waits."""
    waiting: float = 0.0
    """Seconds of the wait that begins now, 0 after a page."""
    refused: tuple[str, ...] = ()
    """Fields that the Hub refuses to give."""

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take, None where that is not known."""
        if self.total is None or self.rate <= 0:
            return None
        return max(self.total - self.models, 0) / self.rate

    def __str__(self) -> str:
        of = "" if self.total is None else f" of {self.total:,}"
        parts = [
            f"page {self.pages:,}",
            f"{self.models:,}{of} models",
            f"{self.rate:,.0f} a second",
            f"about {span(self.left)} left" if self.left is not None else "",
            f"waiting {span(self.waiting)}" if self.waiting else "",
            f"without {', '.join(self.refused)}" if self.refused else "",
        ]
        return ", ".join(filter(None, parts))


def query_of(crawl: Crawl, number: int = 0, refused: Collection[str] = ()) -> str:
    """Return the query of the first page of a list, empty where there is no such list.

    Parameters
    ----------
    crawl
        What to crawl.
    number
        Number of the list, from 0: one for each namespace, or a single one.
    refused
        Fields that the Hub refuses to give.
    """
    authors = crawl.namespaces or ("",)
    if number >= len(authors):
        return ""
    query = first_query(_ORDER[crawl.mode], crawl.largest_page, authors[number])
    return without_fields(query, refused)


class Reader:
    """Reads the pages of one crawl that are missing.

    Parameters
    ----------
    crawl
        What to crawl.
    store
        Where the pages are kept.
    report
        Called after every page and before every wait.
    """

    def __init__(self, crawl: Crawl, store: Store, report: Callable[[Progress], None]) -> None:
        self._crawl, self._store, self._report = crawl, store, report
        # What has passed since the start is not read off the time of day, which may be set meanwhile.
        self._began, self._zero = time.time(), time.monotonic()
        self._asked: set[str] = set()
        self._seen: set[int] = set()
        self._before = 0
        self._state: State

    def finish(self, state: State) -> State:
        """Ask for every page that is missing and return the last state.

        Raises
        ------
        HubError
            A page cannot be had, or the list does not end. The pages before it are kept.
        ContractError
            Too much of a page is malformed.
        """
        if not state.following:
            return state
        pages = Pages(self._crawl, self._say)
        self._seen = self._store.ids(state.pages)
        self._before, self._state = len(self._seen), state
        while self._state.following:
            self._step(pages)
        return self._state

    def _step(self, pages: Pages) -> None:
        """Ask for one page and save it."""
        state, number = self._state, self._state.pages + 1
        if number > self._crawl.max_pages:
            raise self._endless(f"there are more pages than the {state.pages:,} that are allowed")
        if state.following in self._asked:
            raise self._endless(f"page {number:,} has been asked for before")
        self._asked.add(state.following)
        query = with_page_size(state.following, self._crawl.largest_page)
        page = pages.page(query, number, self._kept())
        fresh = {int(row["_id"], 16) for row in page.rows} - self._seen
        if page.following and not fresh:
            raise self._endless(f"page {number:,} holds nothing new and names a next one")
        if self._ends_at_once(page, fresh):
            pages.require_links(without_fields(query, page.refused), number, self._kept())
        self._state = self._saved(page, pages.secret)
        self._say()

    def _ends_at_once(self, page: Page, fresh: set[int]) -> bool:
        """Whether a list of several models ends with its first page, and the top is not full yet."""
        state = self._state
        first = state.following == query_of(self._crawl, state.lists, state.refused)
        full = 0 < self._crawl.limit <= len(self._seen | fresh)
        return first and not page.following and len(page.rows) > 1 and not full

    def _saved(self, page: Page, secret: str) -> State:
        """Save a page and return the state after it."""
        state, moment = self._state, self._moment()
        rows = self._within(page.rows)
        refused = sorted({*state.refused, *page.refused})
        lists, following = state.lists, "" if self._full() else page.following
        if not following:
            lists += 1
            following = "" if self._full() else query_of(self._crawl, lists, refused)
        malformed = [*state.malformed, *map(asdict, page.malformed)]
        after = replace(
            state,
            following=following,
            lists=lists,
            pages=state.pages + 1,
            rows=state.rows + len(rows),
            models=len(self._seen),
            counted=state.counted + sum(map(has_count, rows)),
            refused=refused,
            bad_cells=dict(Counter(state.bad_cells) + Counter(f.column for f in page.malformed)),
            malformed=malformed[:MOST_NAMED],
            first=state.first or moment,
            last=max(moment, state.first),
        )
        self._store.save(after, rows, secret)
        return after

    def _within(self, rows: list[Row]) -> list[Row]:
        """Return the rows that belong to the crawl: of the top, not more models than asked for."""
        kept = []
        for row in rows:
            key = int(row["_id"], 16)
            if key in self._seen or not self._full():
                self._seen.add(key)
                kept.append(row)
        return kept

    def _full(self) -> bool:
        """Whether the top is complete."""
        return bool(self._crawl.limit) and len(self._seen) >= self._crawl.limit

    def _moment(self) -> str:
        """Now, ISO 8601, UTC."""
        now = datetime.fromtimestamp(self._began + time.monotonic() - self._zero, UTC)
        return now.isoformat(timespec="seconds")

    def _say(self, waiting: float = 0.0) -> None:
        """Report how far the crawl is."""
        state, passed = self._state, time.monotonic() - self._zero
        rate = (state.models - self._before) / passed if passed > 0 else 0.0
        total = self._crawl.limit or None
        refused = tuple(state.refused)
        self._report(Progress(state.pages, state.models, total, rate, waiting, refused))

    def _kept(self) -> str:
        """What a message says of the pages that are there."""
        state = self._state
        if not state.pages:
            return "no page was read"
        return (
            f"{state.pages:,} pages with {state.models:,} models are kept in {self._store.pages}: "
            "the same command goes on after them"
        )

    def _endless(self, what: str) -> HubError:
        """Return the error of a list that does not end."""
        return HubError(
            f"the list of models does not end: {what}",
            f"check that HF_ENDPOINT is a Hub; {self._kept()}; remove the folder to begin anew",
        )

"""The way of a crawl from one page to the next, to the end of every list."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import asdict, replace
from datetime import UTC, datetime

from replication.errors import HubError
from replication.sources.crawl_extent import Crawl, Progress
from replication.sources.crawl_store import MOST_TOLD, State, Store
from replication.sources.model_rows import Row, has_count
from replication.sources.page_queries import first_query, with_page_size, without_fields
from replication.sources.pages import Asker, Limits, Page

_ORDER = {"all": "createdAt", "top": "downloads", "namespaces": "createdAt"}
"""Field by which each kind of list is sorted, from its largest value down."""


def query_of(crawl: Crawl, walk: int = 0, refused: Collection[str] = ()) -> str:
    """Return the query of the first page of a walk, empty where there is no such walk.

    Parameters
    ----------
    crawl
        What to crawl.
    walk
        Number of the walk, from 0: one for each namespace, or a single one.
    refused
        Fields that the Hub refuses to give.
    """
    authors = crawl.namespaces or ("",)
    if walk >= len(authors):
        return ""
    query = first_query(_ORDER[crawl.mode], _page_size(crawl), authors[walk])
    return without_fields(query, refused)


def _page_size(crawl: Crawl) -> int:
    """Models a page: not more than the top holds."""
    return min(crawl.page_size, crawl.limit or crawl.page_size)


class _Clock:
    """The time of day as it was when the run began, and what has passed since.

    A clock that is set while the crawl runs changes no moment and no rate.
    """

    def __init__(self) -> None:
        self._begun = time.time()
        self._zero = time.monotonic()

    def passed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._zero

    def moment(self) -> str:
        """Now, ISO 8601, UTC."""
        now = datetime.fromtimestamp(self._begun + self.passed(), UTC)
        return now.isoformat(timespec="seconds")


class Walk:
    """Reads the pages of one crawl that are missing.

    Parameters
    ----------
    crawl
        What to crawl.
    store
        Where the pages are kept.
    report
        Is told of every page and before every wait.
    """

    def __init__(self, crawl: Crawl, store: Store, report: Callable[[Progress], None]) -> None:
        self._crawl = crawl
        self._store = store
        self._report = report
        self._clock = _Clock()
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
        crawl = self._crawl
        limits = Limits(_page_size(crawl), crawl.max_bytes, crawl.patience, crawl.timeout)
        asker = Asker(limits, self._tell)
        self._seen = self._store.ids(state.pages)
        self._before, self._state = len(self._seen), state
        while self._state.following:
            self._step(asker)
        return self._state

    def _step(self, asker: Asker) -> None:
        """Ask for one page and save it."""
        state, number = self._state, self._state.pages + 1
        if number > self._crawl.max_pages:
            raise self._endless(f"there are more pages than the {state.pages:,} that are allowed")
        if state.following in self._asked:
            raise self._endless(f"page {number:,} has been asked for before")
        self._asked.add(state.following)
        query = with_page_size(state.following, _page_size(self._crawl))
        page = asker.page(query, number, self._kept())
        fresh = {int(row["_id"], 16) for row in page.rows} - self._seen
        if page.following and not fresh:
            raise self._endless(f"page {number:,} holds nothing new and names a next one")
        if self._ends_at_once(page, fresh):
            asker.require_links(without_fields(query, page.refused), number, self._kept())
        self._state = self._saved(page, asker.secret)
        self._tell(0.0)

    def _ends_at_once(self, page: Page, fresh: set[int]) -> bool:
        """Whether a list of several models ends with its first page, and the top is not full yet."""
        first = self._state.following == self._first_query()
        full = 0 < self._crawl.limit <= len(self._seen | fresh)
        return first and not page.following and len(page.rows) > 1 and not full

    def _first_query(self) -> str:
        """Query of the first page of the walk that is under way."""
        return query_of(self._crawl, self._state.walk, self._state.refused)

    def _saved(self, page: Page, secret: str) -> State:
        """Save a page and return the state after it."""
        state, moment = self._state, self._clock.moment()
        kept = self._within(page.rows)
        refused = sorted({*state.refused, *page.refused})
        walk, following = state.walk, "" if self._full() else page.following
        if not following:
            walk += 1
            following = "" if self._full() else query_of(self._crawl, walk, refused)
        told = [asdict(fault) for fault in page.malformed]
        after = replace(
            state,
            following=following,
            walk=walk,
            pages=state.pages + 1,
            rows=state.rows + len(kept),
            models=len(self._seen),
            counted=state.counted + sum(map(has_count, kept)),
            refused=refused,
            bad_cells=dict(Counter(state.bad_cells) + Counter(f.column for f in page.malformed)),
            malformed=[*state.malformed, *told][:MOST_TOLD],
            first=state.first or moment,
            last=max(moment, state.first),
        )
        self._store.save(after, kept, secret)
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

    def _tell(self, waiting: float) -> None:
        """Report how far the crawl is."""
        state = self._state
        passed = self._clock.passed()
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

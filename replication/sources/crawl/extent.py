"""What a crawl of the Hub covers, and what it may cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from replication.errors import SourceError
from replication.extent import ALL, NAMESPACES, TOP
from replication.names import key

Mode = Literal["all", "top", "namespaces"]

LARGEST_PAGE = 1_000
"""Models a page that the Hub gives at most."""
_NAMESPACE = re.compile(r"[\w.-]{1,100}", re.ASCII)


@dataclass(frozen=True)
class Crawl:
    """What to crawl, and what it may cost."""

    mode: Mode
    limit: int = 0
    """Models of mode top: those with the most downloads of the last 30 days."""
    namespaces: tuple[str, ...] = ()
    """Users and organisations of mode namespaces."""
    page_size: int = LARGEST_PAGE
    max_pages: int = 100_000
    max_bytes: int = 64_000_000
    """Of one page, after decompression."""
    page_seconds: float = 1_800
    """Seconds that one page may take, with all waits that its failures cost."""
    timeout: float = 60
    """Seconds without a byte after which a connection counts as cut."""

    @property
    def largest_page(self) -> int:
        """Models that a page is asked for: not more than the top holds."""
        return min(self.page_size, self.limit or self.page_size)

    @property
    def scope(self) -> dict[str, Any]:
        """What makes two crawls readings of the same list."""
        return {"mode": self.mode, "limit": self.limit, "namespaces": [*self.namespaces]}


def in_words(scope: Any) -> str:
    """Return `all`, `top N` or `namespaces: a, b` for a crawl's scope, empty for anything else."""
    if not isinstance(scope, dict):
        return ""
    mode, limit, names = (scope.get(key) for key in ("mode", "limit", "namespaces"))
    if mode == "top" and type(limit) is int and limit > 0:
        return f"{TOP}{limit}"
    if mode == "namespaces" and isinstance(names, list) and names:
        return NAMESPACES + ", ".join(map(str, names))
    return ALL if mode == "all" else ""


def narrowest(extents: Iterable[str]) -> str:
    """Return what readings of these extents cover together: no more than the narrowest of them.

    Parameters
    ----------
    extents
        As `in_words` gives them. Namespaces are narrower than a top, a top than what is not known,
        and that than everything, because nobody has said that it is everything.
    """
    return min(extents, key=_breadth, default="")


def _breadth(extent: str) -> tuple[int, int]:
    """Rank of an extent, the narrowest first."""
    if extent.startswith(NAMESPACES):
        return 0, extent.count(",")
    if extent.startswith(TOP):
        return 1, int(extent.removeprefix(TOP))
    return (3, 0) if extent == ALL else (2, 0)


def choose(top: int | None, namespaces: str, *, everything: bool) -> Crawl:
    """Return the crawl that the options of the command line name.

    Parameters
    ----------
    top
        Number of models, None where the option is not given.
    namespaces
        Names separated by commas, empty where the option is not given.
    everything
        Whether all models are asked for.

    Raises
    ------
    SourceError
        Not exactly one of the three is given, or its value is out of bounds.
    """
    if (top is not None) + bool(namespaces) + everything != 1:
        raise SourceError(
            "the extent of the crawl is not clear", "give one of --all, --top N, --namespaces a,b"
        )
    if top is not None:
        crawl = Crawl("top", limit=top)
    elif everything:
        crawl = Crawl("all")
    else:
        # The Hub takes no notice of case.
        names = {key(name): name for name in map(str.strip, namespaces.split(","))}
        crawl = Crawl("namespaces", namespaces=tuple(names.values()))
    require(crawl)
    return crawl


def require(crawl: Crawl) -> None:
    """Refuse a crawl that makes no sense, before anything is asked of the Hub.

    Raises
    ------
    SourceError
        A value is out of bounds.
    """
    rules = {
        "--top must be at least 1": crawl.mode != "top" or crawl.limit > 0,
        "--namespaces must name users or organisations": crawl.mode != "namespaces"
        or (crawl.namespaces and all(map(_NAMESPACE.fullmatch, crawl.namespaces))),
        f"the size of a page must be from 1 to {LARGEST_PAGE:,}": 1
        <= crawl.page_size
        <= LARGEST_PAGE,
        "bounds must be positive": min(
            crawl.max_pages, crawl.max_bytes, crawl.page_seconds, crawl.timeout
        )
        > 0,
    }
    broken = [rule for rule, holds in rules.items() if not holds]
    if broken:
        raise SourceError(broken[0], "correct the option")

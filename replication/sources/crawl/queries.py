"""Queries of the Hub's list of models: of a first page, of the next one, with fewer fields."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from replication.sources.crawl.rows import FIELDS

if TYPE_CHECKING:
    from httpx2 import Response

PATH = "/api/models"
_EXPAND = "expand[]"
_OWN = frozenset({_EXPAND, "expand", "author", "sort", "direction", "limit"})
"""Parameters that say what is listed; every other one of a link says from where on."""


def first_query(sort: str, page_size: int, author: str = "") -> str:
    """Return the query of the first page of a list.

    Parameters
    ----------
    sort
        Field by which the Hub sorts, from its largest value down.
    page_size
        Models a page.
    author
        Namespace; empty for all.
    """
    fields = [(_EXPAND, name) for name in FIELDS if name not in {"_id", "id"}]
    named = [("author", author)] if author else []
    return urlencode([*named, ("sort", sort), ("limit", str(page_size)), *fields])


def next_link(response: Response) -> str | None:
    """Return the target of the link with the relation `next`, None where there is none.

    Returns
    -------
    str or None
        Empty where there is such a relation, and its target cannot be made out.
    """
    for relation, link in response.links.items():
        if relation and "next" in relation.casefold().split():
            return link["url"]
    relations = re.sub(r"<[^<>]*>", "", response.headers.get("link", ""))
    return "" if re.search(r"\bnext\b", relations, re.IGNORECASE) else None


def next_query(link: str, query: str) -> str | None:
    """Return the query of the next page, None where the link leads to no list of models.

    The next request goes to the same address as this one, whatever the link says, and asks for the
    same fields in the same order: a mirror passes on links that name the Hub. Of the link only the
    parameters are taken that are not the crawl's own, such as the cursor.

    Parameters
    ----------
    link
        Target of the link, absolute or relative.
    query
        Query that was asked.
    """
    try:
        target = urlsplit(urljoin(f"https://hub{PATH}", link.strip()))
    except ValueError:
        return None
    theirs = dict(_pairs(target.query))
    place = [(key, value) for key, value in theirs.items() if key not in _OWN]
    if not target.path.rstrip("/").endswith(PATH) or not place:
        return None
    return urlencode([*_own(query), *place])


def with_page_size(query: str, page_size: int) -> str:
    """Return the query with another number of models a page."""
    return urlencode([(k, str(page_size) if k == "limit" else v) for k, v in _pairs(query)])


def smaller(query: str, most: int) -> str:
    """Return the query with not more than this number of models a page."""
    return with_page_size(query, min(int(dict(_pairs(query))["limit"]), most))


def of_one_model(query: str) -> str:
    """Return the query of the first page of the same list, with one model."""
    return with_page_size(urlencode(_own(query)), 1)


def fields(query: str) -> list[str]:
    """Fields that a query asks for."""
    return [value for key, value in _pairs(query) if key == _EXPAND]


def without_fields(query: str, names: Collection[str]) -> str:
    """Return the query without some of the fields that it asks for."""
    return urlencode([(k, v) for k, v in _pairs(query) if k != _EXPAND or v not in names])


def _pairs(query: str) -> list[tuple[str, str]]:
    """Parameters of a query."""
    return parse_qsl(query, keep_blank_values=True)


def _own(query: str) -> list[tuple[str, str]]:
    """Parameters of a query that say what is listed, and not from where on."""
    return [pair for pair in _pairs(query) if pair[0] in _OWN]

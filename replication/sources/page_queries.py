"""Queries of the Hub's list of models: of a first page, of the next one, with fewer fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from replication.sources.model_rows import FIELDS

PATH = "/api/models"
_EXPAND = "expand[]"
_OWN = frozenset({_EXPAND, "expand", "author", "sort", "direction", "limit"})
"""Parameters that say what is listed; every other one of a link says from where on."""
_LINK = re.compile(r"<([^<>]*)>((?:[^<,\"]|\"[^\"]*\")*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def first_query(sort: str, page_size: int, author: str = "") -> str:
    """Return the query of the first page of a listing.

    Parameters
    ----------
    sort
        Field by which the Hub sorts, from its largest value down.
    page_size
        Models a page.
    author
        Namespace; empty for all.
    """
    wanted = [(_EXPAND, name) for name in FIELDS if name not in {"_id", "id"}]
    named = [("author", author)] if author else []
    return urlencode([*named, ("sort", sort), ("limit", str(page_size)), *wanted])


def with_page_size(query: str, page_size: int) -> str:
    """Return the query with another number of models a page."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(key, str(page_size) if key == "limit" else value) for key, value in pairs])


def next_link(headers: Iterable[str]) -> str | None:
    """Return the target of the first link with the relation `next`, None where there is none.

    Parameters
    ----------
    headers
        Values of the headers Link; each may hold several links, and a link several relations.

    Returns
    -------
    str or None
        Empty where there is such a relation, and its target cannot be made out.
    """
    text = ", ".join(headers)
    for target, parameters in _LINK.findall(text):
        if _is_next(parameters):
            return str(target)
    return "" if _is_next(text) else None


def _is_next(parameters: str) -> bool:
    """Whether one of the relations is `next`."""
    found = _RELATION.findall(parameters)
    return any("next" in (quoted or plain).casefold().split() for quoted, plain in found)


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
    theirs = dict(parse_qsl(target.query, keep_blank_values=True))
    place = [(key, value) for key, value in theirs.items() if key not in _OWN]
    if not target.path.rstrip("/").endswith(PATH) or not place:
        return None
    return urlencode([*_own(query), *place])


def _own(query: str) -> list[tuple[str, str]]:
    """Parameters of a query that say what is listed, and not from where on."""
    return [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] in _OWN]


def smaller(query: str, most: int) -> str:
    """Return the query with not more than this number of models a page."""
    limit = int(dict(parse_qsl(query))["limit"])
    return with_page_size(query, min(limit, most))


def of_one_model(query: str) -> str:
    """Return the query of the first page of the same list, with one model."""
    return with_page_size(urlencode(_own(query)), 1)


def fields(query: str) -> list[str]:
    """Fields that a query asks for."""
    return [value for key, value in parse_qsl(query) if key == _EXPAND]


def without_fields(query: str, names: Collection[str]) -> str:
    """Return the query without some of the fields that it asks for."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] != _EXPAND or pair[1] not in names])

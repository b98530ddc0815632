"""What a person asks for: a namespace, a repository, an address of the Hub, or a developer."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from urllib.parse import parse_qs, unquote

from replication.attribution.registry import Developer, Registry
from replication.errors import RegistryError
from replication.names import RULE, is_namespace, key

_AROUND = " \t\r\n'\"`<>,;“”‘’«»\u200b\u200c\u200d\u2060\ufeff\xa0"
_HUB = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:/{1,2}|//)?(?:[^/@\s]+@)?(?:www\.)?"
    r"(?:huggingface\.co|hf\.co)\.?(?::\d+)?(?=[/:?#]|$)|hf:/{1,2}",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"[a-z][a-z0-9+.-]*:/|www\.|[\w.-]+\.(?:co|com|org|net|io|ai|cn|dev)/[^/]+/", re.IGNORECASE
)
_BEFORE = ("api", "models", "organizations")
"""Parts of an address that stand before a name."""
_TABS = ("models", "datasets", "spaces", "collections", "papers", "activity", "followers")
"""Parts of an address that stand after a namespace without being a repository."""
_OTHERS = {
    "datasets": "a data set",
    "spaces": "a Space",
    "collections": "a collection",
    "papers": "a paper",
    "docs": "the documentation",
    "blog": "the blog",
    "posts": "a post",
}
_EXAMPLE = "ask for a namespace or a model: Qwen, or Qwen/QwQ-32B"


def name_of(text: str) -> str:
    """The namespace, or the repository as owner/name, in a name or an address of the Hub.

    Parameters
    ----------
    text
        A name, or an address in any common spelling: what follows owner/name in it, such as a
        file, a question mark or a revision, is cut off.

    Raises
    ------
    RegistryError
        It is the address of something else, or no name of the Hub.
    """
    text = text.strip(_AROUND)
    address = _HUB.match(text)
    if not address and _ELSEWHERE.match(text):
        raise RegistryError(f"{text[:100]!a} is no address of the Hub", _EXAMPLE)
    path, _, rest = (text[address.end() :] if address else text).partition("?")
    parts = [part for part in re.split("[/:]", unquote(path.partition("#")[0])) if part]
    while parts and parts[0].lower() in _BEFORE and (address or len(parts) > 2):
        parts = parts[1:]
    other = _OTHERS.get(parts[0].lower()) if parts and (address or len(parts) > 1) else None
    if other:
        raise RegistryError(f"{text[:100]!a} is {other}, not a model", _EXAMPLE)
    if not parts:
        parts = parse_qs(rest.partition("#")[0]).get("author", [""])[:1]
    if address and len(parts) > 1 and parts[1].lower() in _TABS:
        parts = parts[:1]
    owner, model = parts[0].lstrip("@"), (parts[1:] or [""])[0].partition("@")[0]
    names = [owner, model.removesuffix(".git")] if model else [owner]
    if not all(map(is_namespace, names)):
        raise RegistryError(f"{text[:100]!a} holds no name of the Hub", f"{_EXAMPLE}; {RULE}")
    return "/".join(names)


def meaning_of(text: str, registry: Registry, known: Collection[str]) -> str:
    """The namespace or repository that a text stands for.

    Parameters
    ----------
    text
        What `name_of` takes, or the name of a developer: whole, without its brackets, in them, its
        first words, or a word of the note of one developer alone.
    registry
        Developers, whose first namespace stands for them.
    known
        Namespaces that go before the names of developers.

    Raises
    ------
    RegistryError
        As for `name_of`; or several developers have the name.
    """
    plain = text.encode("utf-8", "replace").decode().strip(_AROUND)
    if not plain:
        raise RegistryError("no name is asked for", _EXAMPLE)
    folded = set(map(key, known))
    if key(plain) in folded:
        return plain
    for calls in (_whole, _outside, _inside, _beginnings):
        if namespace := _called(plain, registry, calls):
            return namespace
    name = name_of(plain)
    if "/" in name or key(name) in folded:
        return name
    noted = [d for d in registry.developers if re.search(rf"\b{re.escape(name)}\b", d.note)]
    return noted[0].namespaces[0] if len(noted) == 1 else name


def _called(
    text: str, registry: Registry, calls: Callable[[Developer], Iterator[str]]
) -> str | None:
    """First namespace of the one developer who is called so."""
    wanted = text.casefold()
    matches = [d for d in registry.developers if wanted in {c.casefold() for c in calls(d)}]
    if len(matches) > 1:
        listed = ", ".join(d.developer for d in matches)
        raise RegistryError(f"{text[:100]!a} may be {listed}", "ask for one of them")
    return matches[0].namespaces[0] if matches else None


def _whole(row: Developer) -> Iterator[str]:
    yield row.developer


def _outside(row: Developer) -> Iterator[str]:
    yield row.developer.partition("(")[0].strip()


def _inside(row: Developer) -> Iterator[str]:
    inside = row.developer.partition("(")[2].rstrip(")")
    yield inside
    for part in inside.split(","):
        yield re.sub(r"^(formerly|incl\.) ", "", part.strip())


def _beginnings(row: Developer) -> Iterator[str]:
    for name in (*_outside(row), *_inside(row)):
        for words in range(1, name.count(" ") + 1):
            yield " ".join(name.split()[:words])

"""Source "hub": a crawl of the Hub's own list of models, page by page, that can be interrupted.

Each crawl is one reading. A folder of crawls has the layout of the Hub's weekly snapshots, so that
source `snapshots` reads it. The counters exist nowhere but in the present: whoever wants the record
of the coming year has to crawl, week by week.

`all` and `namespaces` list the newest model first. That order does not move while the crawl goes
on, so that no model is missed or met twice for having changed its place; the list by downloads,
which `top` needs, does move.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from replication.errors import ContractError, SourceError
from replication.files import read_json, sha256_file, write_json
from replication.names import key
from replication.sources import hub, manifest
from replication.sources.crawl.extent import Crawl, choose, in_words, require
from replication.sources.crawl.pages import address
from replication.sources.crawl.queries import PATH
from replication.sources.crawl.reader import Progress, Reader, query_of
from replication.sources.crawl.rows import NO_COUNTS, Malformed
from replication.sources.crawl.store import RECORD, State, Store
from replication.sources.manifest import Manifest

__all__ = ["MAX_AGE", "Crawl", "Progress", "choose", "fetch", "remarks"]

MAX_AGE = timedelta(days=2)
"""Largest age of an unfinished crawl that is resumed: an older one would be a reading of no one day."""


def fetch(
    crawl: Crawl, folder: Path, *, today: str, progress: Callable[[Progress], None]
) -> Manifest:
    """Crawl the Hub into `folder`, or resume the crawl that is unfinished there.

    Nothing is asked of the network where the folder holds the crawl of `today`.

    Parameters
    ----------
    crawl
        What to crawl.
    folder
        Folder of the readings: it receives ``models/<label>/models.parquet``, one row a model, with
        ``crawl.json`` (extent, moments of the first and last page, rows that came twice or are
        malformed, fields that the Hub refused) and a manifest beside it, and holds ``pages`` until
        the crawl is finished.
    today
        ISO 8601 date, UTC: label of a crawl that begins now.
    progress
        Called after every page and before every wait.

    Returns
    -------
    Manifest
        Provenance of the snapshot.

    Raises
    ------
    SourceError
        The crawl is out of bounds, another one is under way or has filled the folder, or its pages
        are damaged.
    HubError
        The Hub refuses, keeps failing, cannot be reached, or its list does not end. The pages are
        kept.
    ContractError
        Too much of a page is malformed.
    OutputError
        The folder cannot be written.
    """
    require(crawl)
    store = Store(folder)
    state = store.load()
    if state is None:
        known = _finished(store, crawl, today)
        if known is not None:
            return known
        state = _begun(crawl, today)
    else:
        _require_same(state, crawl, store, today)
    state = Reader(crawl, store, progress).finish(state)
    return _settle(store, state)


def _finished(store: Store, crawl: Crawl, today: str) -> Manifest | None:
    """Return the manifest of today's crawl, None where there is none.

    A folder whose readings differ in extent would read as a Hub that loses and gains models.
    """
    for label, record in store.records():
        if record.get("scope") != crawl.scope:
            raise SourceError(
                f"the crawl of {label} in the same folder has another extent",
                "choose another folder for this one (--out), or the same extent",
            )
    path = store.snapshot(today)
    known = manifest.read(path.parent)
    same = known is not None and path.is_file() and sha256_file(path) == known.sha256
    return known if same else None


def _begun(crawl: Crawl, today: str) -> State:
    """Return the state of a crawl before its first page."""
    return State(today, crawl.scope, _origin(), query_of(crawl))


def _origin() -> str:
    """Return the address of the Hub, without a password that it may hold."""
    parts = urlsplit(address().removesuffix(PATH))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _require_same(state: State, crawl: Crawl, store: Store, today: str) -> None:
    """Refuse to resume another crawl, one of another Hub, or one of long ago."""
    anew = f"remove {store.pages} to begin anew"
    if state.scope != crawl.scope or state.origin != _origin():
        raise SourceError(
            f"another crawl is under way in {store.pages}: that of {state.label}, "
            f"mode {state.scope.get('mode')}",
            f"finish it with its own options and HF_ENDPOINT, or {anew}",
        )
    if abs(date.fromisoformat(today) - date.fromisoformat(state.label)) > MAX_AGE:
        raise SourceError(
            f"the unfinished crawl in {store.pages} is of {state.label}: too old to be resumed",
            anew,
        )


def _settle(store: Store, state: State) -> Manifest:
    """Turn the pages into a snapshot with its record and its manifest, and remove them."""
    if not state.models:
        raise SourceError(
            "the list of models is empty",
            f"check the names of the namespaces, and remove {store.pages}",
        )
    if not state.counted:
        raise SourceError(
            "no model of the list states its downloads", f"{NO_COUNTS}; then remove {store.pages}"
        )
    path = store.assemble(state)
    write_json(path.with_name(RECORD), _record(path, state))
    about = _manifest(path, state)
    # After the data, and before the pages go: a run that dies in between begins here again.
    manifest.write(path.parent, about)
    store.drop_pages()
    return about


def _record(path: Path, state: State) -> dict[str, Any]:
    """Return what `crawl.json` says."""
    return {
        "label": state.label,
        "scope": state.scope,
        "origin": state.origin,
        "first_page": state.first,
        "last_page": state.last,
        "pages": state.pages,
        "rows": state.rows,
        "duplicates": state.rows - state.models,
        "models": state.models,
        "bad_cells": state.bad_cells,
        "malformed": state.malformed,
        **_missing(path, state),
    }


def remarks(folder: Path, label: str) -> list[str]:
    """Return what a reader must know of the crawl of a day, in sentences: what its reading lacks.

    Raises
    ------
    StageOrderError
        There is no such crawl.
    ContractError
        Its record is damaged.
    """
    path = Store(folder).snapshot(label).with_name(RECORD)
    try:
        return _remarks(read_json(path))
    except (AttributeError, KeyError, TypeError, IndexError, ValueError):
        raise ContractError(f"{path} is damaged", f"remove {path.parent} and crawl again") from None


def _remarks(record: dict[str, Any]) -> list[str]:
    """Return the remarks that a record makes necessary."""
    sentences: list[str] = []
    refused = record.get("refused_fields", [])
    if refused:
        sentences.append(f"the Hub refuses the fields {', '.join(refused)}: {_lost(refused)}")
    bad = record.get("bad_cells", {})
    if bad:
        out = bad.get("_id", 0)
        counts = {
            "rows without an _id left out": out,
            "cells that cannot be right left empty": sum(bad.values()) - out,
        }
        cells = " and ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        first = Malformed(**record["malformed"][0])
        sentences.append(f"{cells}; the first: {first}; {RECORD} names them")
    if record.get("without_models"):
        sentences.append(f"no models in {', '.join(record['without_models'])}")
    return sentences


def _lost(refused: list[str]) -> str:
    """What a reading lacks without these fields."""
    lost = {
        "downloadsAllTime": "the all-time counters are missing",
        "downloads": "the downloads of 30 days are missing",
        "baseModels": "base models are taken from the tags",
        "createdAt": "the dates of creation are missing",
    }
    words = [sentence for name, sentence in lost.items() if name in refused]
    return " and ".join(words) or "nothing that a panel needs"


def _missing(path: Path, state: State) -> dict[str, Any]:
    """Return what the snapshot lacks: fields, counters, and models of namespaces."""
    from pyarrow import parquet

    columns = {"id", "downloadsAllTime", *state.refused}
    table = parquet.read_table(path, columns=sorted(columns))
    absent = {name: table.column(name).null_count for name in columns}
    names = table.column("id").drop_null().to_pylist()
    owners = {key(name.partition("/")[0]) for name in names}
    return {
        # A list may give of itself what it refuses to be asked for.
        "refused_fields": [name for name in state.refused if absent[name] == table.num_rows],
        "without_counter": absent["downloadsAllTime"],
        "without_models": [name for name in state.scope["namespaces"] if key(name) not in owners],
    }


def _manifest(path: Path, state: State) -> Manifest:
    """Return the provenance of the snapshot."""
    extent = {
        "all": "all models",
        "top": f"the {state.models:,} models with the most downloads of 30 days",
        "namespaces": f"the models of {len(state.scope['namespaces']):,} namespaces",
    }[state.scope["mode"]]
    return Manifest(
        source="hub",
        title=f"The Hub's list of models: {extent}",
        citation="Hugging Face Hub, list of models by its public API",
        url=f"{state.origin}{PATH}",
        repository="",
        revision=state.label,
        filename=f"models/{state.label}/{path.name}",
        sha256=sha256_file(path),
        bytes=path.stat().st_size,
        rows=state.models,
        accessed=state.label,
        licence="none stated",
        client=hub.client(),
        extent=in_words(state.scope),
    )

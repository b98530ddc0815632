"""A place to crawl in: the real Hub client in this process, against a local server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pyarrow.parquet as pq
import pytest

from replication.sources.crawl import Crawl, Progress, fetch
from replication.sources.manifest import Manifest
from replication.validation.synthetic.server import hub
from replication.validation.synthetic.server_api import PATH, Model, PageFault, synthetic_models
from replication.validation.synthetic.server_state import FakeHub

TODAY = "2026-11-25"
LONG = 300
"""Seconds after which something that a test waits for will never happen."""
TOKEN = "hf_THISisTHEsecretOFtheTEST"
TEN = Crawl("all", page_size=10)
WAITS = [1, 2, 4, 8, 16]
"""Seconds before each attempt after the first, where the Hub names none."""


@dataclass
class Desk:
    """One server, one folder, and what the crawls there said and waited."""

    server: FakeHub
    folder: Path
    slept: list[float] = field(default_factory=list)
    told: list[Progress] = field(default_factory=list)

    @property
    def pages(self) -> Path:
        """Folder of the unfinished crawl."""
        return self.folder / "pages"

    @property
    def queries(self) -> list[str]:
        """Queries of the pages that the server was asked for."""
        return [seen.query for seen in self.server.requests if seen.path == PATH]

    def fault(self, **changes: Any) -> None:
        """Let a page go wrong."""
        self.server.models.faults.append(PageFault(**changes))

    def run(
        self,
        crawl: Crawl = TEN,
        *,
        today: str = TODAY,
        progress: Callable[[Progress], None] | None = None,
        **changes: Any,
    ) -> Manifest:
        """Crawl in this process."""
        told = progress or self.told.append
        return fetch(replace(crawl, **changes), self.folder, today=today, progress=told)

    def rows(self, label: str = TODAY) -> dict[str, dict[str, Any]]:
        """Rows of a snapshot by id."""
        rows = pq.read_table(self.folder / "models" / label / "models.parquet").to_pylist()
        found = {row["_id"]: row for row in rows}
        assert len(found) == len(rows)
        return found

    def record(self, label: str = TODAY) -> dict[str, Any]:
        """What crawl.json says."""
        return json.loads((self.folder / "models" / label / "crawl.json").read_text())

    def stop_after(self, page: int) -> None:
        """Crawl until a page is saved, and be interrupted there."""

        def stop(progress: Progress) -> None:
            if progress.pages == page:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.run(progress=stop)


@contextmanager
def desk(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    models: int | list[Model] = 35,
    *,
    token: str | None = None,
    endpoint: str = "",
) -> Iterator[Desk]:
    """Serve models and let the client of this process know no other Hub.

    Parameters
    ----------
    folder
        Receives the readings and the client's home.
    models
        The models, or how many.
    token
        The token that is sent and the only one that the server takes.
    endpoint
        What the client takes for the Hub in place of the server.
    """
    rows = synthetic_models(models) if isinstance(models, int) else models
    with hub({}, models=rows, token=token) as server:
        place = Desk(server, folder / "record")
        for name in (
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "HF_TOKEN",
            "HUGGING_FACE_HUB_TOKEN",
        ):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        if token is not None:
            monkeypatch.setenv("HF_TOKEN", token)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint or server.endpoint)
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(folder / "none"))
        monkeypatch.setattr(time, "sleep", place.slept.append)
        huggingface_hub.close_session()
        try:
            yield place
        finally:
            huggingface_hub.close_session()

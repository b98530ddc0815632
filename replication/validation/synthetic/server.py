"""A small local server that answers like the Hugging Face Hub: one dataset, and a list of models."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import unquote

from replication.validation.synthetic import server_api
from replication.validation.synthetic.server_api import Model, ModelList, Quota
from replication.validation.synthetic.server_state import RESOLVE, STORE, FakeHub, Request

REPOSITORY = "owner/dataset"
REVISION = "0123456789abcdef0123456789abcdef01234567"

_API = re.compile(r"/api/datasets/([^/]+/[^/]+)/revision/([^/]+)")
_HEAD = re.compile(r"/api/datasets/([^/]+/[^/]+)")
_TREE = re.compile(r"/api/datasets/([^/]+/[^/]+)/tree/([^/]+)(?:/(.+))?")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class _Server(ThreadingHTTPServer):
    """A server that knows the state of its hub."""

    daemon_threads = True
    hub: FakeHub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a reader that has gone away, which is what many readers here do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server
    messages: ClassVar[dict[str, str]] = {
        "RepoNotFound": "Repository not found",
        "RevisionNotFound": "Invalid rev id",
        "EntryNotFound": "Entry not found",
        "GatedRepo": "Access to this dataset is restricted and you must be authenticated",
    }

    def do_GET(self) -> None:
        """Answer a request with its body."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer a request without its body."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing: the list of requests is the log."""

    def _answer(self) -> None:
        """Record the request and send it to its route."""
        before, _, query = self.path.partition("?")
        path = unquote(before).removeprefix(self.server.hub.prefix)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hub.requests.append(Request(self.command, path, headers, query))
        if match := RESOLVE.fullmatch(path):
            self._resolve(*match.groups())
        elif match := _API.fullmatch(path):
            self._describe(*match.groups())
        elif match := _HEAD.fullmatch(path):
            self._listed(match[1], self.server.hub.revision, None)
        elif match := _TREE.fullmatch(path):
            self._listed(match[1], match[2], match[3] or "")
        elif match := STORE.fullmatch(path):
            self._stored(match[1])
        elif path == server_api.PATH:
            self._list_models(query)
        else:
            self._send(404, {})

    def _resolve(self, repository: str, revision: str, name: str) -> None:
        """Answer for a file at a revision."""
        hub = self.server.hub
        if (refusal := hub.faults.next_refusal(self.command)) is not None:
            self._send(refusal.status, refusal.headers)
        elif not self._refused(repository, revision):
            if name not in hub.files:
                self._error(404, "EntryNotFound", {"X-Repo-Commit": hub.commit})
            elif hub.redirect:
                self._redirect(hub.files[name], self._xet(hub.files[name]))
            else:
                headers = {"ETag": f'"{_git_sha1(hub.files[name])}"', **self._xet(hub.files[name])}
                self._content(hub.files[name], headers)

    def _describe(self, repository: str, revision: str) -> None:
        """Answer for the repository at a revision."""
        hub = self.server.hub
        if self._refused(repository, revision):
            return
        siblings = [{"rfilename": name} for name in hub.files]
        body = {"id": hub.repository, "sha": hub.revision, "siblings": siblings}
        self._send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _listed(self, repository: str, revision: str, folder: str | None) -> None:
        """Answer for the files below a folder, or where there is none for the newest commit."""
        hub = self.server.hub
        if (refusal := hub.listing.next_refusal(self.command)) is not None:
            self._send(refusal.status, refusal.headers)
        elif folder is None:
            self._describe(repository, revision)
        elif not self._refused(repository, revision):
            recursive = "recursive=true" in self.path.lower()
            body = _tree(hub.files, folder, recursive=recursive)
            if body:
                self._send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())
            else:
                self._error(404, "EntryNotFound", {"X-Repo-Commit": hub.commit})

    def _list_models(self, query: str) -> None:
        """Answer for a page of the list of models, which all may read who show no wrong token."""
        hub = self.server.hub
        if hub.token and self.headers.get("Authorization") not in {None, f"Bearer {hub.token}"}:
            self._send(401, {})
            return
        answer = server_api.answer(hub.models, query, hub.endpoint)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        self.close_connection = self.close_connection or not answer.whole
        if self.command == "GET":
            self.wfile.write(answer.body)

    def _refused(self, repository: str, revision: str) -> bool:
        """Refuse a reader, a repository or a revision as the Hub does, and say whether it was."""
        hub = self.server.hub
        sent = self.headers.get("Authorization")
        if repository != hub.repository:
            self._error(401 if sent is None else 404, "RepoNotFound")
        elif hub.token is not None and sent is None:
            self._error(401, "GatedRepo")
        elif hub.token is not None and sent != f"Bearer {hub.token}":
            message = "Invalid credentials in Authorization header"
            self._send(401, {"X-Error-Message": message})
        elif revision != hub.revision:
            self._error(404, "RevisionNotFound")
        else:
            return False
        return True

    def _xet(self, data: bytes) -> dict[str, str]:
        """Headers that send a client to Xet."""
        hub = self.server.hub
        route = f"{hub.endpoint}/api/datasets/{hub.repository}/xet-read-token/{hub.revision}"
        found = {"X-Xet-Hash": hashlib.sha256(data).hexdigest(), "X-Xet-Refresh-Route": route}
        return found if hub.xet else {}

    def _redirect(self, data: bytes, more: Mapping[str, str]) -> None:
        """Send the reader to the store, which is another origin: another name of this machine."""
        sha256 = hashlib.sha256(data).hexdigest()
        port = self.server.server_address[1]
        headers = {
            "X-Repo-Commit": self.server.hub.commit,
            "X-Linked-Etag": f'"{sha256}"',
            "ETag": f'"{_git_sha1(sha256.encode())}"',
            "Location": f"http://localhost:{port}/store/{sha256}",
            **more,
        }
        if not self.server.hub.faults.unsized:
            headers["X-Linked-Size"] = str(self._size(data))
        self._send(302, headers)

    def _stored(self, sha256: str) -> None:
        """Answer for content in the store, which asks for no token and knows no repository."""
        for data in self.server.hub.files.values():
            if hashlib.sha256(data).hexdigest() == sha256:
                self._content(data, {"ETag": f'"{sha256}"'})
                return
        self._send(404, {})

    def _content(self, data: bytes, headers: Mapping[str, str]) -> None:
        """Send a file, or the part of it that a Range asks for."""
        body = self.server.hub.faults.body
        if self.command == "GET" and self.server.hub.faults.wrong:
            body = self.server.hub.faults.wrong.pop(0)
        data = data if body is None else body
        headers = {
            "X-Repo-Commit": self.server.hub.commit,
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
            **headers,
        }
        part = _RANGE.fullmatch(self.headers.get("Range", ""))
        if part is None:
            self._send(200, headers, data)
            return
        start, end = int(part[1]), min(int(part[2] or len(data)), len(data) - 1)
        if start > end:
            self._send(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        headers["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
        self._send(206, headers, data[start : end + 1])

    def _error(self, status: int, code: str, headers: Mapping[str, str] | None = None) -> None:
        """Send an error with the headers in which the Hub gives its reason."""
        reason = {"X-Error-Code": code, "X-Error-Message": self.messages[code]}
        self._send(status, {**reason, **(headers or {})})

    def _size(self, data: bytes) -> int:
        """Return the size that HEAD states."""
        announced = self.server.hub.faults.announced
        return len(data) if announced is None or self.command != "HEAD" else announced

    def _send(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send an answer, cut short where a fault asks for it."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not (self.server.hub.faults.unsized and self.command == "HEAD"):
            size = self._size(body) if status == 200 else len(body)
            self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.server.hub.faults.cuts
        if cuts and status in (200, 206):
            body = body[: cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(body)


def _git_sha1(data: bytes) -> str:
    """Return the hash under which git files the content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _tree(files: Mapping[str, bytes], folder: str, *, recursive: bool) -> list[dict[str, object]]:
    """List a folder as the Hub does: every file as one of its large-file store."""
    entries: dict[str, dict[str, object]] = {}
    start = f"{folder}/" if folder else ""
    for name, data in files.items():
        steps = name.removeprefix(start).split("/")
        if not name.startswith(start):
            continue
        for end in range(1, len(steps) if recursive else 2):
            path = start + "/".join(steps[:end])
            entries[path] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
        if recursive or len(steps) == 1:
            lfs = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
            file = {"type": "file", "oid": _git_sha1(data), "size": len(data), "path": name}
            entries[name] = {**file, "lfs": lfs}
    return list(entries.values())


@contextmanager
def hub(
    files: dict[str, bytes],
    *,
    repository: str = REPOSITORY,
    revision: str = REVISION,
    token: str | None = None,
    redirect: bool = False,
    xet: bool = False,
    models: list[Model] | None = None,
    quota: Quota | None = None,
) -> Iterator[FakeHub]:
    """Serve the files of one dataset at one revision for as long as the block runs.

    Parameters
    ----------
    files
        Content by path inside the dataset; a test may change it while the server runs.
    repository, revision
        The only ones that the server knows.
    token
        The token that a reader must send; None for a public dataset.
    redirect
        Whether the content is served from another origin, with `X-Linked-*` headers.
    xet
        Whether answers say that the content may be had through Xet: a client that goes there fails.
    models
        The list of models, which a test may change while the server runs.
    quota
        Limit of requests for pages of that list; None for no limit.

    """
    state = FakeHub(dict(files), repository, revision, token, redirect, xet)
    state.models = ModelList([] if models is None else models, quota)
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.hub = state
        state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join(timeout=5)

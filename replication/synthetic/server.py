"""A small local server that answers like the Hugging Face Hub for one dataset repository."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import unquote

REPOSITORY = "owner/dataset"
REVISION = "0123456789abcdef0123456789abcdef01234567"

_RESOLVE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
_API = re.compile(r"/api/datasets/([^/]+/[^/]+)/revision/([^/]+)")
_STORE = re.compile(r"/store/([0-9a-f]{64})")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True)
class Request:
    """One request as it arrived; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Refusal:
    """An answer given in place of the file, a number of times."""

    status: int
    headers: Mapping[str, str]
    methods: tuple[str, ...]
    times: int


@dataclass
class Faults:
    """What goes wrong with requests for a file, and how often."""

    refusals: list[Refusal] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    """Bytes after which the connection is cut, one entry for each body to come."""
    body: bytes | None = None
    """Content sent in place of the file's, under the file's own ETag."""
    announced: int | None = None
    """Size that HEAD states in place of the true one."""
    unsized: bool = False
    """Whether HEAD states no size at all."""
    commit: str | None = None
    """Commit that the answers name in place of the true one."""

    def refuse(
        self,
        status: int,
        headers: Mapping[str, str] | None = None,
        *,
        times: int = 1,
        methods: tuple[str, ...] = ("HEAD", "GET"),
    ) -> None:
        """Answer the next requests of these methods with an error status."""
        self.refusals.append(Refusal(status, headers or {}, methods, times))

    def cut(self, after: int, *, times: int = 1) -> None:
        """Cut the connection of the next bodies after a number of bytes."""
        self.cuts.extend([after] * times)

    def next_refusal(self, method: str) -> Refusal | None:
        """Take one refusal that is due for the method."""
        for refusal in self.refusals:
            if refusal.times > 0 and method in refusal.methods:
                refusal.times -= 1
                return refusal
        return None


@dataclass
class FakeHub:
    """The state of the server, which a test reads and changes while it runs."""

    files: dict[str, bytes]
    repository: str
    revision: str
    token: str | None
    """The one token that may read; None where everybody may."""
    redirect: bool
    """Whether files are kept at another origin, as the Hub keeps its large files."""
    endpoint: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    @property
    def commit(self) -> str:
        """The commit that answers name."""
        return self.faults.commit or self.revision

    def of_file(self, method: str) -> list[Request]:
        """Return the requests of one method for a file or its stored content."""
        paths = (_RESOLVE, _STORE)
        return [
            request
            for request in self.requests
            if request.method == method and any(path.fullmatch(request.path) for path in paths)
        ]


class _Server(ThreadingHTTPServer):
    """A server that knows the state of its hub."""

    daemon_threads = True
    hub: FakeHub


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
        path = unquote(self.path.partition("?")[0])
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.hub.requests.append(Request(self.command, path, headers))
        if match := _RESOLVE.fullmatch(path):
            self._resolve(*match.groups())
        elif match := _API.fullmatch(path):
            self._describe(*match.groups())
        elif match := _STORE.fullmatch(path):
            self._stored(match[1])
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
                self._redirect(hub.files[name])
            else:
                self._content(hub.files[name], {"ETag": f'"{_git_sha1(hub.files[name])}"'})

    def _describe(self, repository: str, revision: str) -> None:
        """Answer for the repository at a revision."""
        hub = self.server.hub
        if self._refused(repository, revision):
            return
        siblings = [{"rfilename": name} for name in hub.files]
        body = {"id": hub.repository, "sha": hub.revision, "siblings": siblings}
        self._send(200, {"Content-Type": "application/json"}, json.dumps(body).encode())

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

    def _redirect(self, data: bytes) -> None:
        """Send the reader to the store, which is another origin: another name of this machine."""
        sha256 = hashlib.sha256(data).hexdigest()
        port = self.server.server_address[1]
        headers = {
            "X-Repo-Commit": self.server.hub.commit,
            "X-Linked-Etag": f'"{sha256}"',
            "ETag": f'"{_git_sha1(sha256.encode())}"',
            "Location": f"http://localhost:{port}/store/{sha256}",
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


@contextmanager
def hub(
    files: dict[str, bytes],
    *,
    repository: str = REPOSITORY,
    revision: str = REVISION,
    token: str | None = None,
    redirect: bool = False,
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

    """
    state = FakeHub(dict(files), repository, revision, token, redirect)
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

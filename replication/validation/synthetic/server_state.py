"""The state of the local server: what it holds, what was asked of it, and what goes wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from replication.validation.synthetic.server_api import ModelList

RESOLVE = re.compile(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
STORE = re.compile(r"/store/([0-9a-f]{64})")


@dataclass(frozen=True)
class Request:
    """One request as it arrived; the names of its headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: str = ""


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
    wrong: list[bytes] = field(default_factory=list)
    """Contents sent in place of the file's, one entry for each body to come."""
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
    xet: bool = False
    """Whether answers for files say that they may be had through Xet, which is not served."""
    endpoint: str = ""
    prefix: str = ""
    """Path before every other one, as a mirror may have it."""
    requests: list[Request] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    listing: Faults = field(default_factory=Faults)
    """What goes wrong with requests for the newest commit or for the list of files."""
    models: ModelList = field(default_factory=ModelList)

    @property
    def commit(self) -> str:
        """The commit that answers name."""
        return self.faults.commit or self.revision

    def of_file(self, method: str) -> list[Request]:
        """Return the requests of one method for a file or its stored content."""
        paths = (RESOLVE, STORE)
        return [
            request
            for request in self.requests
            if request.method == method and any(path.fullmatch(request.path) for path in paths)
        ]

"""One file of a Hub dataset through the Hub's own client, with bounded waits and errors to act on.

The client goes on after a cut connection with a Range request, inside one process: after the last
whole block (10 MiB) that it has kept. A process that was killed leaves a part under a name of its
own, which no later process reads: the next run asks for the file from its start, and what arrives
is checked for its size, for being Parquet and for its hash like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from replication.definitions import COMMIT, Release
from replication.errors import HubError, SourceError
from replication.sources.hub_failures import (
    Fault,
    PostponedError,
    announced_wait,
    explain,
    fault,
    host,
)

if TYPE_CHECKING:
    from httpx2 import Response
    from huggingface_hub import HfFileMetadata

# huggingface_hub is imported inside the functions: it reads its HF_* variables when it is imported,
# and the command line must start without it.

MAX_WAIT = 300
"""Seconds of waiting, all told, that the Hub may ask for: the length of its rate-limit window."""

T = TypeVar("T")

_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")


class Patience:
    """Adds up the waits that the Hub asks for and ends the call that would exceed the limit.

    The client waits as it is told, up to five times and for a day if need be.
    """

    def __init__(self, seconds: int) -> None:
        self._left = seconds

    def __call__(self, response: Response) -> None:
        """Listen to one answer."""
        seconds = announced_wait(response.status_code, response.headers)
        if seconds is None:
            return
        if seconds > self._left:
            raise PostponedError(response.status_code, seconds)
        self._left -= seconds


@contextmanager
def heard_by(patience: Patience) -> Iterator[None]:
    """Let `patience` hear every answer that the client receives in the block.

    Files come by plain HTTP. Of a transfer by Xet, which goes on beside Python, `patience` would hear
    nothing, and it does not end when it is told to: the client swallows what the progress bar raises.
    """
    from huggingface_hub import constants, get_session

    constants.HF_HUB_DISABLE_XET = True  # read anew at every download, unlike its variable
    hooks = get_session().event_hooks["response"]
    hooks.append(patience)
    try:
        yield
    finally:
        hooks.remove(patience)


class HubFile:
    """One file of one dataset as the Hub client reads it.

    Parameters
    ----------
    release
        Repository, revision and file to read, and the largest size.
    patience
        Hears every answer; one for all datasets of a run, so that their waits add up.
    """

    def __init__(self, release: Release, patience: Patience) -> None:
        self._release = release
        self._patience = patience
        self.fault: Fault = "dataset"
        """Whose the last failure was; an answer that names no commit counts as the dataset's."""

    @property
    def revision(self) -> str:
        """The commit that is read, or before `pin` the name that was given."""
        return self._release.revision

    def offline(self) -> bool:
        """Whether the user has forbidden the client to use the network."""
        from huggingface_hub import is_offline_mode

        return is_offline_mode()

    def pin(self) -> str:
        """Settle the revision on the commit that it names now, and return that commit.

        Raises
        ------
        HubError
            The Hub refuses, fails, or has no such branch, tag or commit.
        SourceError
            A short hash begins several commits.
        """
        name = self._release.revision
        if not COMMIT.fullmatch(name):
            self._release = replace(self._release, revision=self._commit_of(name))
        return self._release.revision

    def cached(self) -> Path | None:
        """Return the client's own copy of the pinned file, None where it has none."""
        from huggingface_hub import try_to_load_from_cache

        found = self._ask(
            lambda: try_to_load_from_cache(
                self._release.repository,
                self._release.filename,
                revision=self._release.revision,
                repo_type="dataset",
            )
        )
        return Path(found) if isinstance(found, str) else None

    def download(self, *, unsound: Path | None) -> Path:
        """Download the file into the client's cache, in place of an unsound copy."""
        self._check_announced(self._ask(self._announced))
        return self._ask(lambda: self._download(unsound))

    def _commit_of(self, name: str) -> str:
        """Return the commit that a short hash, a branch or a tag names."""
        if _SHORT_COMMIT.fullmatch(name):
            begun = {c for c in self._ask(self._commits) if c.startswith(name)}
            if len(begun) > 1:
                raise SourceError(
                    f"{name} begins {len(begun)} commits of {self._release.repository}",
                    "give more digits of the commit, best all 40",
                )
            if begun:
                return begun.pop()
        commit = self._ask(self._announced).commit_hash
        if commit is None or COMMIT.fullmatch(commit) is None:
            raise self._not_the_hub()
        return commit

    def _commits(self) -> list[str]:
        """Return every commit of the dataset's main branch."""
        from huggingface_hub import HfApi

        listed = HfApi().list_repo_commits(self._release.repository, repo_type="dataset")
        return [commit.commit_id for commit in listed]

    def _announced(self) -> HfFileMetadata:
        """Return what the Hub says of the file before any content moves."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(
            self._release.repository,
            self._release.filename,
            repo_type="dataset",
            revision=self._release.revision,
        )
        return get_hf_file_metadata(url, retry_on_errors=True)

    def _check_announced(self, announced: HfFileMetadata) -> None:
        """Refuse an answer that is not the Hub's for this commit, and a file that is too large."""
        release = self._release
        if announced.commit_hash != release.revision or announced.size is None:
            raise self._not_the_hub()
        if announced.size > release.max_bytes:
            raise SourceError(
                f"{release.filename} has {announced.size:,} bytes, more than the "
                f"{release.max_bytes:,} that are allowed",
                "check the file on the dataset's page; if it is right, raise released.max_bytes in "
                "definitions.toml",
            )

    def _not_the_hub(self) -> HubError:
        """Explain an answer that lacks what every answer of the Hub has."""
        return HubError(
            f"the answer of {host()} does not state the commit and the size of "
            f"{self._release.filename}",
            "check that HF_ENDPOINT is a Hub and that no proxy or login page answers in its place",
        )

    def _download(self, unsound: Path | None) -> Path:
        """Call the client's download."""
        from huggingface_hub import hf_hub_download

        if unsound is not None:
            # force_download replaces the content but leaves the snapshot's link on the old content
            # where the ETag has changed.
            unsound.unlink(missing_ok=True)
        path = hf_hub_download(
            self._release.repository,
            self._release.filename,
            repo_type="dataset",
            revision=self._release.revision,
            force_download=unsound is not None,
        )
        return Path(path)

    def _ask(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, or raise one of this package's errors."""
        try:
            with heard_by(self._patience):
                return call()
        # Every class: the client's transports raise their own, which are not part of its interface.
        except Exception as error:  # noqa: BLE001
            failure, self.fault = explain(error, self._release), fault(error)
        # Outside the handler: a chained exception would carry the request, and the token with it.
        raise failure

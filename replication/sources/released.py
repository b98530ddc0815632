"""Source "released": one file of a Hub dataset at a pinned commit, fetched once and then kept.

Which content answers a request, and why it is believed
-------------------------------------------------------
*A commit* (40 hexadecimal digits) pins content; it is the recommended way. *A name* (branch, tag or
short hash) is resolved to its commit in every run, and the manifest records both; where it has
moved since the folder was filled, the run says so and reads the new commit.

*Trust.* The SHA-256 of the first reading is recorded, and other content at the same address is
refused from then on (trust on first use); `Release.sha256`, where it is given, is demanded from the
first reading on.

*Mirrors* are other datasets, asked in their order where the first one is gone (401, 403, 404 of the
dataset) or keeps failing (5xx), and not where the host or the connection fails, which no mirror on
the same host would survive. A mirror has commits of its own, so that it is read at its main branch:

- where the SHA-256 of the pinned content is known (`Release.sha256`, or the folder's manifest), a
  mirror counts only if its content has that hash;
- where no hash is known and the dataset itself is gone or failing, the mirror's content is taken as
  a first use of that mirror, which may be of another date: the manifest names the mirror, its
  commit and what was asked for, its title says so on every figure, and so does the run;
- where the dataset answers that it has no such commit or file, no mirror is taken without a known
  hash: a misspelt revision must not become other data.

Content that has changed at its address ends the run; no mirror is asked in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from replication.definitions import COMMIT, Release
from replication.errors import HashMismatchError, HubError, SourceError
from replication.files import copy_file, sha256_file
from replication.sources import hub, manifest
from replication.sources.hub_address import Address
from replication.sources.hub_failures import ADDRESS, DATASET
from replication.sources.manifest import Manifest
from replication.sources.parquet import footer

COUNTERS = "counters.parquet"
MIRROR_REVISION = "main"
FIRST_USE, PINNED, OF_MIRROR = "first use", "pinned SHA-256", "first use of a mirror"
"""Why content is believed: the values of `Manifest.trust`."""

Action = Literal["keep", "download"]
Progress = Callable[[str], None]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[\w][\w./-]*")


def fetch(
    release: Release, folder: Path, *, today: str, progress: Progress = lambda _: None
) -> Manifest:
    """Bring the released file into `folder` and return its manifest.

    Nothing is asked of the network where the folder already holds what the pinned commit was
    answered with. Otherwise the Hub client's own cache is used where its copy is sound.

    Parameters
    ----------
    release
        The file to fetch, and its mirrors.
    folder
        Folder of the run; it receives `COUNTERS` and then the manifest.
    today
        ISO 8601 date, recorded as the date of access of content that was not known before.
    progress
        Called with a line of text: what is asked, what failed, and what was read in the end.

    Returns
    -------
    Manifest
        Provenance of the content that is in `folder` now.

    Raises
    ------
    SourceError
        The revision or the hash is malformed, the file is too large, or it is not Parquet.
    HashMismatchError
        The content is not what was first read at its commit, or not what `release.sha256` says.
    HubError
        The Hub refused, failed or could not be reached; where mirrors were asked, each is named.

    """
    _check(release)
    known, present = manifest.read(folder), _sha256(folder / COUNTERS)
    result = _Fetch(release, folder, today, known, present, progress).run()
    progress(describe(result))
    return result


def _sha256(path: Path) -> str | None:
    """Return the hash of the local file; one that cannot be read is as good as none."""
    try:
        return sha256_file(path)
    except OSError:
        return None


def decide(wanted: Manifest, known: Manifest, present: str | None) -> Action:
    """Decide from what is on disk whether the file must be fetched.

    Parameters
    ----------
    wanted
        Manifest with the address that is asked for, and the hash where one is demanded.
    known
        Manifest of the content that was fetched before.
    present
        SHA-256 of the local file, None where there is none that can be read.

    """
    # A mirror's answer to the same pinned commit is kept; a name may have moved on.
    answered = known.request == wanted.request and not wanted.asked
    same = known.same_address(wanted) or answered
    demanded = wanted.sha256 in {"", known.sha256}
    return "keep" if same and demanded and present == known.sha256 else "download"


def describe(about: Manifest) -> str:
    """Return one line on what was read, from where, in place of what, and why it is believed."""
    instead = f", asked for as {about.asked}" if about.asked else ""
    return (
        f"{about.filename} of {about.repository} @ {about.revision}{instead}; "
        f"SHA-256 {about.sha256[:12]}… trusted by {about.trust or FIRST_USE} on {about.accessed}"
    )


def _check(release: Release) -> None:
    """Refuse a revision and a hash that cannot be one, before anything is asked."""
    if _NAME.fullmatch(release.revision) is None or ".." in release.revision:
        raise SourceError(
            f"revision {release.revision!r} of {release.repository} is no commit, branch or tag",
            "give the 40 hexadecimal digits of a commit, in lower case (released.revision in "
            "definitions.toml, or REVISION)",
        )
    if release.sha256 and _SHA256.fullmatch(release.sha256) is None:
        raise SourceError(
            f"released.sha256 = {release.sha256!r} is no SHA-256",
            "give 64 hexadecimal digits in lower case, or leave it empty",
        )


@dataclass(frozen=True)
class _Fetch:
    """One call of `fetch`: what is asked for, and what the folder holds."""

    release: Release
    folder: Path
    today: str
    known: Manifest | None
    present: str | None
    """SHA-256 of the file in the folder."""
    progress: Progress

    def run(self) -> Manifest:
        """Keep what the folder holds, or read the file from the first dataset that has it."""
        release, failures = self.release, list[SourceError]()
        if self._pinned and (
            standing := self._standing(self._wanted(release.repository, release.revision))
        ):
            return standing
        for repository in dict.fromkeys([release.repository, *release.mirrors]):
            mirror = repository != release.repository
            revision = MIRROR_REVISION if mirror else release.revision
            try:
                return self._read(repository, revision)
            except SourceError as error:
                if not mirror and not isinstance(error, HubError):
                    raise
                failures.append(error)
            if (earlier := self._earlier_answer()) is not None:
                return self._stay(earlier, failures[0])
            if not self._another_may_answer(failures[-1]):
                break
            self.progress(failures[-1].what)
        raise _all_failed(failures)

    @property
    def _pinned(self) -> bool:
        """Whether a commit is asked for, and not a name."""
        return COMMIT.fullmatch(self.release.revision) is not None

    @property
    def _request(self) -> tuple[str, str]:
        """What is asked for, as `Manifest.request` gives it."""
        return f"{self.release.repository}@{self.release.revision}", self.release.filename

    def _read(self, repository: str, revision: str) -> Manifest:
        """Bring the file from one dataset into the folder."""
        self.progress(f"asking the Hub for {repository} @ {revision}")
        address = Address(repository, revision, self.release.filename, "released")
        address = replace(address, revision=hub.commit_of(address))
        wanted = self._wanted(repository, address.revision)
        self._say_moved(wanted)
        if (standing := self._standing(wanted)) is not None:
            about = replace(standing, asked=wanted.asked)
        else:
            path, about = self._obtain(address, wanted)
            copy_file(path, self.folder / COUNTERS)
        # After the data: a run that dies in between leaves a hash that does not match, not a false
        # one.
        manifest.write(self.folder, about)
        return about

    def _obtain(self, address: Address, wanted: Manifest) -> tuple[Path, Manifest]:
        """Return a copy in the client's cache that is what is wanted, and its manifest.

        A copy that is already there is examined like any other: a disk that failed or an earlier
        answer of a proxy must not be believed for ever because it is filed under a commit.
        """
        copy = hub.cached(address)
        if copy is not None:
            try:
                return copy, self._inspected(copy, wanted)
            except SourceError:
                if hub.offline():
                    raise
        hub.require_size(address, self.release.max_bytes)
        if copy is not None:
            # The client would replace the content but leave its link on the old one.
            copy.unlink(missing_ok=True)
        path = hub.download(address, self.release.max_bytes, again=copy is not None)
        return path, self._inspected(path, wanted)

    def _inspected(self, path: Path, wanted: Manifest) -> Manifest:
        """Return the manifest of the content at `path`, or refuse the content."""
        rows = int(footer(path, wanted.filename).num_rows)
        about = replace(wanted, sha256=sha256_file(path), bytes=path.stat().st_size, rows=rows)
        manifest.check_unchanged(self.known, about)
        if wanted.sha256 not in {"", about.sha256}:
            raise HashMismatchError(
                f"{about.filename} of {about.repository} @ {about.revision} has SHA-256 "
                f"{about.sha256[:12]}… and not the {wanted.sha256[:12]}… that the content must have",
                "it is other content: check released.sha256 and released.mirrors in "
                "definitions.toml, HF_ENDPOINT and your mirror",
            )
        if self.known is not None and self.known.sha256 == about.sha256:
            return replace(about, accessed=self.known.accessed)
        return about

    def _wanted(self, repository: str, commit: str) -> Manifest:
        """Return the manifest as far as it is known before the content is."""
        release = self.release
        asked, expected = self._request[0], self._expected()
        return Manifest(
            source="released",
            title=_title(release, repository),
            citation=release.citation,
            url=release.url.replace(release.repository, repository),
            repository=repository,
            revision=commit,
            filename=release.filename,
            sha256=expected,
            bytes=0,
            rows=0,
            accessed=self.today,
            licence=release.licence,
            client=hub.client(),
            trust=self._trust(repository, expected),
            asked="" if asked == f"{repository}@{commit}" else asked,
        )

    def _expected(self) -> str:
        """Return the hash that the pinned content is known to have, empty where it is not."""
        known, release = self.known, self.release
        if release.sha256 or known is None or known.trust == OF_MIRROR:
            return release.sha256
        return known.sha256 if self._pinned and known.request == self._request else ""

    def _trust(self, repository: str, expected: str) -> str:
        """Say why content of `repository` will be believed."""
        if self.release.sha256:
            return PINNED
        return FIRST_USE if expected or repository == self.release.repository else OF_MIRROR

    def _standing(self, wanted: Manifest) -> Manifest | None:
        """Return the manifest of what is wanted where the folder holds it unharmed."""
        known = self.known
        return known if known and decide(wanted, known, self.present) == "keep" else None

    def _earlier_answer(self) -> Manifest | None:
        """Return the manifest of an unharmed earlier answer to the same branch or tag."""
        known = self.known
        if known is None or self._pinned or known.request != self._request:
            return None
        whole = self.present == known.sha256 and self.release.sha256 in {"", known.sha256}
        return known if whole else None

    def _stay(self, earlier: Manifest, failure: SourceError) -> Manifest:
        """Keep the commit that the name was last resolved to, and say why."""
        name = self.release.revision
        self.progress(f"{failure.what}; {name} stays what it was on {earlier.accessed}")
        return earlier

    def _another_may_answer(self, failure: SourceError) -> bool:
        """Whether another dataset may be asked after this failure."""
        fault = failure.fault if isinstance(failure, HubError) else DATASET
        return fault == DATASET or (fault == ADDRESS and bool(self._expected()))

    def _say_moved(self, wanted: Manifest) -> None:
        """Say which commit a name stands for, and where it stood for another before."""
        if not wanted.asked or wanted.repository != self.release.repository:
            return
        self.progress(f"{self.release.revision} is commit {wanted.revision}")
        known = self.known
        if known and known.request == wanted.request and not known.same_address(wanted):
            self.progress(
                f"{self.release.revision} was {known.repository} @ {known.revision} on "
                f"{known.accessed} and has moved: the new commit is read"
            )


def _title(release: Release, repository: str) -> str:
    """Name the dataset, the file and, where it is another's copy, whose."""
    file = Path(release.filename).stem.replace("_", " ")
    copy = f", copy in {repository}" if repository != release.repository else ""
    return f"{release.title}, {file}{copy}"


def _all_failed(failures: list[SourceError]) -> SourceError:
    """Return the one failure, or one that names every dataset that was asked."""
    if len(failures) == 1:
        return failures[0]
    return HubError("; ".join(failure.what for failure in failures), failures[0].remedy)

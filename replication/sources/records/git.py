"""Records in Git repositories: only the needed files of one commit, by the git command itself.

The commit alone is fetched, without its history, and of its files only those that a record names.
Git runs in a clean environment: no settings of the user or the machine, no hooks, no filters, no
symbolic links, no question for a password, and no other transport than https and file. A checkout
takes its place when it is whole, so that a run that was killed leaves nothing half done.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from replication.child import NETWORK, child_environment
from replication.definitions.records import Record
from replication.errors import OutputError, SourceError

STAMP = ".commit"
_SCHEMES = ("https://", "file://")
_CLEAN = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "file:https",
}
_SETTINGS = (
    f"core.hooksPath={os.devnull}",
    "core.symlinks=false",
    "core.autocrlf=false",
    "core.sparseCheckout=true",
    "core.sparseCheckoutCone=false",
    "credential.helper=",
    "http.followRedirects=initial",
)
_AS_THEY_ARE = "* -text -filter -ident -working-tree-encoding\n"
_GONE = re.compile(r"not our ref|unadvertised object|remote ref|bad object|unable to read sha1")
_FOLDER = "name the folder that holds the records: RECORDS=folder"
_POLL = 0.2


@dataclass(frozen=True)
class Limits:
    """Longest time and largest size of one repository's files on disk, git's own among them."""

    seconds: float = 1_800
    bytes: int = 2_000_000_000


def check_out(
    records: Sequence[Record],
    folder: Path,
    progress: Callable[[str], None],
    limits: Limits | None = None,
) -> Path:
    """Check out the files of all records that lie in a repository; a complete checkout is kept.

    Parameters
    ----------
    records
        What is needed. One that is in no repository as it is read here must be optional.
    folder
        Receives one folder for each record, named by its id.
    progress
        Called with a line of text for each repository.
    limits
        Time and size.

    Returns
    -------
    Path
        `folder`, in which the paths of the records that begin with their id can be found.

    Raises
    ------
    SourceError
        A record is in no repository, git is not installed, the repository cannot be reached, the
        commit is gone, or a limit is passed.
    OutputError
        The folder cannot be written.
    """
    _require_reachable(records)
    for record in records:
        if not record.git_paths:
            progress(f"{record.id} is in no repository and is left out")
        elif not _is_complete(folder / record.id, record):
            progress(f"{record.id}: {record.repository} at {record.commit[:12]}")
            _check_out_one(record, folder, limits or Limits())
    return folder


def version() -> str:
    """Name and version of git; empty where there is none."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run(  # noqa: S603 - by its own path
        [git, "--version"],
        capture_output=True,
        text=True,
        check=False,
        env=child_environment(Path(os.devnull)) | _CLEAN,
    )
    return asked.stdout.strip().replace("version ", "")


def _require_reachable(records: Sequence[Record]) -> None:
    """Refuse, before anything is asked, records that git cannot fetch."""
    missing = [one for one in records if not one.git_paths and not one.optional]
    if missing:
        ids = ", ".join(one.id for one in missing)
        raise SourceError(
            f"no repository holds {ids} as they are read here: {missing[0].licence_note}",
            f"{_FOLDER}, or set optional = true for them in records.toml",
        )
    for record in records:
        if record.git_paths and not record.repository.startswith(_SCHEMES):
            raise SourceError(
                f"the repository of {record.id} is {record.repository!r}",
                f"give an address that begins with https:// in records.toml, or {_FOLDER}",
            )


def _stamp(record: Record) -> str:
    """What a whole checkout states of itself."""
    return "\n".join([record.repository, record.commit, *record.git_paths, ""])


def _is_complete(target: Path, record: Record) -> bool:
    """Whether a complete checkout of these files at this commit is there."""
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp(record)


def _check_out_one(record: Record, folder: Path, limits: Limits) -> None:
    """Check the files of one record out beside their place, then move them there."""
    part, target = folder / f".{record.id}.part", folder / record.id
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _run_all(record, part, limits)
        shutil.rmtree(part / ".git")
        (part / STAMP).write_text(_stamp(record), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        part.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write the files of {record.id}: {error.strerror or error}",
            "free disk space or choose a writable folder (make all OUT=folder)",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _run_all(record: Record, part: Path, limits: Limits) -> None:
    """Fetch the commit without its files, then check the needed ones out."""
    end = time.monotonic() + limits.seconds
    git = shutil.which("git")
    if git is None:
        raise SourceError(
            f"git is not installed, and {record.id} lies in a Git repository",
            f"install git, or {_FOLDER}",
        )

    def run(*arguments: str) -> None:
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        _run([git, *settings, "-C", str(part), *arguments], record, part, end, limits)

    run("init", "--quiet", "--template=")
    info = part / ".git" / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(_AS_THEY_ARE, encoding="utf-8")
    wanted = "".join(f"/{path}\n" for path in record.git_paths)
    (info / "sparse-checkout").write_text(wanted, encoding="utf-8")
    run("remote", "add", "--", "origin", record.repository)
    run(
        "fetch", "--quiet", "--depth", "1", "--no-tags", "--no-recurse-submodules",
        "--filter=blob:none", "--", "origin", record.commit,
    )  # fmt: skip
    run("checkout", "--quiet", "--detach", record.commit)


def _run(command: list[str], record: Record, part: Path, end: float, limits: Limits) -> None:
    """Run git, and stop it with all that it started where a limit is passed."""
    process = subprocess.Popen(  # noqa: S603 - by its own path, with no shell
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=child_environment(part, *NETWORK) | _CLEAN,
        start_new_session=True,
    )
    passed, stderr = "", b""
    while not passed:
        try:
            stderr = process.communicate(timeout=_POLL)[1]
            break
        except subprocess.TimeoutExpired:
            passed = _passed(part, end, limits)
        except BaseException:
            _stop(process)
            raise
    if passed:
        _stop(process)
    passed = passed or _passed(part, end, limits)
    if passed:
        raise SourceError(f"{record.repository} {passed}", f"run again, or {_FOLDER}")
    if process.returncode != 0:
        raise _failed(record, stderr.decode("utf-8", errors="replace"))


def _passed(part: Path, end: float, limits: Limits) -> str:
    """Say which limit is passed; empty where none is."""
    if time.monotonic() > end:
        return f"did not answer in full within {limits.seconds:,.0f} s"
    if _size(part) > limits.bytes:
        return f"sends more than {limits.bytes:,} bytes"
    return ""


def _size(folder: Path) -> int:
    """Bytes of all files below `folder`; those that go while it is counted are none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End git and all that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()


def _failed(record: Record, said: str) -> SourceError:
    """Explain what git said, without an address that may hold a password."""
    if _GONE.search(said):
        return SourceError(
            f"{record.repository} has no commit {record.commit} any more",
            f"correct the commit of {record.id} in records.toml, or {_FOLDER}",
        )
    lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
    reason = re.sub(r"\w+://[^\s']+", "the repository", lines[0]) if lines else "no reason given"
    return SourceError(
        f"git could not fetch {record.id} from {record.repository} ({reason[:200]})",
        f"check the network and the proxy settings, or {_FOLDER}",
    )

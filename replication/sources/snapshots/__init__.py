"""Source "snapshots": the weekly snapshots of the whole Hub, each reduced to its extract.

Where they come from
--------------------
*A dataset of the Hub* at one commit: that of `Snapshots.revision`, or, where it is empty, the one
that `main` has when the folder is first filled. The list of the snapshots at that commit is kept in
`listing.json`, so that a run that was broken off goes on with the same content, and asks nothing
where nothing is missing. To look for newer snapshots, give their commit or remove that file.
*A local folder* or file: nothing is asked and nothing is copied.

What of the source is not read has a row in `left_out.csv` and is named in the manifest.

What is left of each
--------------------
`extracts/<date>.parquet` (see `extract`) and, written after it, `extracts/<date>.json`, the sidecar
with the SHA-256 of the snapshot. A snapshot whose extract and sidecar stand is not read again; one
whose content changed under the same commit is refused; one that changed under a newer commit is
read anew, and the run says so. Of snapshots with the same content one is read, and its extract
serves for all. A run may be killed at any moment: the next one goes on.

The disk
--------
A whole snapshot is removed once it is extracted; the next one is fetched meanwhile where there is
space for two. What is needed is announced, and the free space is checked before the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from replication.definitions import COMMIT, Snapshots
from replication.errors import DefinitionError, SourceError
from replication.extent import ALL
from replication.files import PART
from replication.sources import hub, left_out, manifest
from replication.sources.left_out import LeftOut
from replication.sources.manifest import Manifest
from replication.sources.snapshots import listing, sidecar, transfer
from replication.sources.snapshots.cost import Progress
from replication.sources.snapshots.listing import Remote
from replication.sources.snapshots.local import Local, extent, extract_all, find
from replication.sources.snapshots.sidecar import Sidecar

File = TypeVar("File", Local, Remote)
_SHOWN = 12
_WEEK, _NEAR = timedelta(days=7), timedelta(days=3)


def fetch(
    about: Snapshots, folder: Path, *, local: Path | None, today: str, progress: Progress
) -> Manifest:
    """Bring the extracts of all snapshots of the range into `folder`.

    Parameters
    ----------
    about
        The dataset and the range.
    folder
        Folder of the run; it receives the extracts and then the manifest.
    local
        Folder of snapshots (`models/<date>/models.parquet`, `<date>/models.parquet` or
        `<date>.parquet`) or one Parquet file, in place of the Hub.
    today
        ISO 8601 date, recorded as the date of access of content that was not known before.
    progress
        Called with a line of text, at least every few seconds.

    Returns
    -------
    Manifest
        Provenance of all snapshots: the hash is over their labels and hashes, in order.

    Raises
    ------
    DefinitionError
        A value of `about` cannot be meant.
    SourceError
        No snapshot lies in the range, one is too large, or is not Parquet.
    HashMismatchError
        Content changed under its commit, or on its way.
    ContractError
        A snapshot holds a type or a value that cannot be read.
    HubError
        The Hub refused, failed or could not be reached.
    OutputError
        The disk is too small or cannot be written.
    """
    _check(about)
    folder.mkdir(parents=True, exist_ok=True)
    if local is None:
        labels, left, revision, covered = _from_hub(about, folder, today, progress)
    else:
        labels, left, revision, covered = _from_local(about, folder, local, today, progress)
    _remove_strays(folder, labels, progress)
    sidecars = [_known(folder, label) for label in labels]
    result = _manifest(about, sidecars, revision, today, is_local=local is not None)
    result = replace(result, extent=covered, left_out=left_out.sentence(left))
    left_out.write(folder, left)
    known = manifest.read(folder)
    if known is not None and known.same_address(result) and known.sha256 == result.sha256:
        result = replace(result, accessed=known.accessed)
    manifest.write(folder, result)
    return result


def extracts(folder: Path) -> list[Path]:
    """Return the extracts that the manifest in `folder` describes, in order of their labels.

    Raises
    ------
    SourceError
        There is no manifest, or the extracts are not those that it describes.
    """
    about = manifest.read(folder)
    if about is None:
        raise SourceError(f"{folder} holds no fetched snapshots", "run the stage fetch first")
    first, _, last = about.filename.removeprefix("models/").partition("…")
    chosen = [label for label in sidecar.labels(folder) if first <= label <= last]
    sidecars = [one for label in chosen if (one := sidecar.read(folder, label)) is not None]
    if len(sidecars) < len(chosen) or sidecar.digest(sidecars) != about.sha256:
        raise SourceError(
            f"the extracts in {folder} are not those that its manifest describes",
            "run the stage fetch again: it repairs them",
        )
    return [sidecar.extract_path(folder, label) for label in chosen]


def missing_weeks(labels: Sequence[str], since: date, until: date) -> list[str]:
    """Dates in the range, a week apart and counted from the first label, near which there is none.

    Parameters
    ----------
    labels
        ISO 8601 dates of all snapshots that exist, in order.
    since, until
        The range. A snapshot counts for a date that it is at most three days from.
    """
    dates = [date.fromisoformat(label) for label in labels]
    anchor = next((day for day in dates if since <= day <= until), None)
    if anchor is None:
        return []
    expected = [anchor - k * _WEEK for k in range((anchor - since) // _WEEK, 0, -1)]
    expected += [anchor + k * _WEEK for k in range((until - anchor) // _WEEK + 1)]
    return [
        day.isoformat() for day in expected if not any(abs(one - day) <= _NEAR for one in dates)
    ]


def _check(about: Snapshots) -> None:
    """Refuse values that cannot be meant, before anything is asked."""
    wrong = {
        "revision": about.revision and COMMIT.fullmatch(about.revision) is None,
        "until": about.until < about.since,
    }
    for key, is_wrong in wrong.items():
        if is_wrong:
            raise DefinitionError(
                f"[snapshots] {key} = {str(getattr(about, key))!r} cannot be meant",
                "revision is empty or 40 hexadecimal digits in lower case, and until is not before "
                "since",
            )


def _in_range(
    about: Snapshots, files: Sequence[File], today: str, progress: Progress
) -> tuple[list[File], list[LeftOut]]:
    """Files within the range, in order, and those that are not; say which weeks have none."""
    chosen = [
        file for file in files if about.since <= date.fromisoformat(file.label) <= about.until
    ]
    labels = [file.label for file in files]
    if not chosen:
        since = "the first" if about.since == date.min else about.since
        until = "the last" if about.until == date.max else about.until
        raise SourceError(
            f"no snapshot lies between {since} and {until}: there are {_some(labels) or 'none'}",
            "correct since and until of [snapshots] in definitions.toml, or --since and --until, or name "
            "the folder that holds models/<date>/models.parquet",
        )
    since = date.fromisoformat(labels[0]) if about.since == date.min else about.since
    until = date.fromisoformat(labels[-1]) if about.until == date.max else about.until
    missing = missing_weeks(labels, since, min(until, date.fromisoformat(today)))
    if missing:
        progress(f"no snapshot in {len(missing)} weeks of the range: {_some(missing)}")
    before = [file for file in files if file.label < chosen[0].label]
    after = [file for file in files if file.label > chosen[-1].label]
    left = [LeftOut(file.label, file.filename, left_out.BEFORE) for file in before]
    return chosen, left + [LeftOut(file.label, file.filename, left_out.AFTER) for file in after]


def _some(labels: Sequence[str]) -> str:
    """Name a few of many labels: the first and the last."""
    if len(labels) <= _SHOWN:
        return ", ".join(labels)
    half = _SHOWN // 2
    return f"{', '.join(labels[:half])}, … , {', '.join(labels[-half:])} ({len(labels)} dates)"


def _from_hub(
    about: Snapshots, folder: Path, today: str, progress: Progress
) -> tuple[list[str], list[LeftOut], str, str]:
    """Bring the snapshots of the dataset; return labels, what is left out, the commit and the extent."""
    listed = listing.of_run(about, folder, progress)
    chosen, left = _in_range(about, listed.files, today, progress)
    wanted = [transfer.wanted(file, listed.revision, today) for file in chosen]
    planned = _manifest(about, wanted, listed.revision, today, is_local=False)
    manifest.check_unchanged(manifest.read(folder), planned)
    transfer.bring(about, folder, listed, wanted, progress)
    left += [LeftOut("", name, left_out.UNDATED) for name in listed.undated]
    return [file.label for file in chosen], left, listed.revision, ALL


def _from_local(
    about: Snapshots, folder: Path, path: Path, today: str, progress: Progress
) -> tuple[list[str], list[LeftOut], str, str]:
    """Extract the snapshots of a folder; return labels, what is left out, no commit, and the extent."""
    files, left = find(path)
    chosen, outside = _in_range(about, files, today, progress)
    extract_all(folder, chosen, today, progress)
    return [file.label for file in chosen], left + outside, "", extent(chosen)


def _known(folder: Path, label: str) -> Sidecar:
    """Return the sidecar of an extract that was just seen to stand."""
    known = sidecar.read(folder, label)
    if known is None:
        raise SourceError(f"the extract of {label} was changed during the run", "fetch again")
    return known


def _remove_strays(folder: Path, labels: Sequence[str], progress: Progress) -> None:
    """Remove extracts between the first and the last label that are not of this data, and parts."""
    for path in (folder / sidecar.EXTRACTS).glob(f"*{PART}"):
        path.unlink(missing_ok=True)  # of a run that was killed
    for label in sidecar.labels(folder):
        if labels[0] <= label <= labels[-1] and label not in set(labels):
            progress(f"the extract of {label} is of other data and is removed")
            sidecar.sidecar_path(folder, label).unlink(missing_ok=True)
            sidecar.extract_path(folder, label).unlink(missing_ok=True)


def _manifest(
    about: Snapshots, sidecars: Iterable[Sidecar], revision: str, today: str, *, is_local: bool
) -> Manifest:
    """Return the manifest of all snapshots."""
    ordered = sorted(sidecars, key=lambda one: one.label)
    return Manifest(
        source="snapshots",
        title="Local snapshots of the Hub" if is_local else about.title,
        citation=about.citation,
        url="" if is_local else about.url,
        repository="" if is_local else about.repository,
        revision=revision,
        filename=f"models/{ordered[0].label}…{ordered[-1].label}",
        sha256=sidecar.digest(ordered),
        bytes=sum(one.bytes for one in ordered),
        rows=sum(one.rows for one in ordered),
        accessed=today,
        licence=about.licence,
        client="" if is_local else hub.client(),
    )

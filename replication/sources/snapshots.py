"""Source "snapshots": the weekly snapshots of the whole Hub, each reduced to its extract.

Where they come from
--------------------
*A dataset of the Hub* at one commit: that of `Snapshots.revision`, or, where it is empty, the one
that `main` has when the folder is first filled. The list of the snapshots at that commit is kept in
`listing.json`, so that a run that was broken off goes on with the same content, and asks nothing
where nothing is missing. To look for newer snapshots, give their commit or remove that file.
*A local folder* or file: nothing is asked and nothing is copied.

What of the source is not read has a row in `left_out.csv` and a word in the manifest.

What is left of each
--------------------
`extracts/<date>.parquet` (see `extract`) and, written after it, `extracts/<date>.json`, the sidecar
with the SHA-256 of the snapshot. A snapshot whose extract and sidecar stand is not read again; one
whose content changed under the same commit is refused; one that changed under a newer commit is
read anew, and the run says so. Of snapshots with the same content one is read, and its extract
serves for all. A run may be killed at any moment: the next one goes on.

The disk
--------
Whole snapshots are dropped once they are extracted. What is on its way is bounded by
`Snapshots.folder_bytes`, the bound is announced, and the free space is checked before the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from replication.definitions import COMMIT, Snapshots
from replication.errors import DefinitionError, SourceError
from replication.extent import ALL
from replication.files import PART, sha256_file
from replication.sources import hub_snapshots, left_out, manifest, sidecar
from replication.sources.extract import Extracted, footer, reader, require_readable
from replication.sources.left_out import LeftOut
from replication.sources.listing import Remote
from replication.sources.local_snapshots import Local, crawled_bad_cells, extent, find
from replication.sources.manifest import Manifest
from replication.sources.room import EXTRACT_SHARE, copied, extracted, read_of, require_free
from replication.sources.sidecar import OF_CONTENT, Sidecar
from replication.sources.workers import Job, Progress, Tally, run

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
    StudyError
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
        wanted, left, revision, held = _from_hub(about, folder, today, progress)
    else:
        wanted, left, revision, held = _from_local(about, folder, local, today, progress)
    _remove_strays(folder, wanted, progress)
    found = [_known(folder, label) for label in wanted]
    result = _manifest(about, found, revision, today, is_local=local is not None)
    result = replace(result, extent=held, left_out=left_out.sentence(left))
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
    first, last = about.filename.removeprefix("models/").split("…")
    chosen = [label for label in sidecar.labels(folder) if first <= label <= last]
    found = [one for label in chosen if (one := sidecar.read(folder, label)) is not None]
    if len(found) < len(chosen) or sidecar.digest(found) != about.sha256:
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
    listed = hub_snapshots.listing_of(about, folder, progress)
    chosen, left = _in_range(about, listed.files, today, progress)
    wanted = [hub_snapshots.wanted(about, file, listed.revision, today) for file in chosen]
    planned = _manifest(about, wanted, listed.revision, today, is_local=False)
    manifest.check_unchanged(manifest.read(folder), planned)
    hub_snapshots.bring(about, folder, listed, wanted, progress)
    left += [LeftOut("", name, left_out.UNDATED) for name in listed.undated]
    return [file.label for file in chosen], left, listed.revision, ALL


def _from_local(
    about: Snapshots, folder: Path, local: Path, today: str, progress: Progress
) -> tuple[list[str], list[LeftOut], str, str]:
    """Extract the snapshots of a folder; return labels, what is left out, no commit, and the extent.

    Every footer is read before the first snapshot is. Files of one size may have one content: of
    each size one is extracted before the others are looked at.
    """
    files, left = find(local)
    chosen, outside = _in_range(about, files, today, progress)
    for file in chosen:
        require_readable(footer(file.path, file.filename), file.filename)
    sizes = {file.label: file.path.stat().st_size for file in chosen}
    total = sum(sizes.values())
    require_free(folder, int(EXTRACT_SHARE * total))
    one_of_size = {sizes[file.label]: file for file in reversed(chosen)}
    others = [file for file in chosen if one_of_size[sizes[file.label]] is not file]
    tally = Tally(len(chosen), total, lambda: 0)
    for part in (list(one_of_size.values())[::-1], others):
        twins = sidecar.by_content(folder, {file.label for file in part})
        jobs: list[Job] = [
            (sizes[file.label], partial(_extract_local, folder, file, twins, today))
            for file in part
        ]
        run(jobs, about.workers, Event(), tally, progress)
    return [file.label for file in chosen], left + outside, "", extent(chosen)


def _extract_local(
    folder: Path, file: Local, twins: Mapping[str, Sidecar], today: str
) -> Extracted:
    """Extract one snapshot where it lies, unless its extract or one of the same content stands."""
    wanted = Sidecar(
        label=file.label,
        label_from=file.label_from,
        filename=file.filename,
        revision="",
        sha256=sha256_file(file.path),
        sha256_from=OF_CONTENT,
        bytes=file.path.stat().st_size,
        rows=0,
        missing=(),
        accessed=today,
        reader=reader(),
        client="",
        bad_cells=crawled_bad_cells(file.path),
    )
    known = sidecar.read(folder, file.label)
    if known is not None and sidecar.stands(wanted, known):
        return read_of(known)
    if wanted.sha256 in twins:
        return copied(folder, twins[wanted.sha256], wanted)
    return extracted(folder, file.path, wanted)


def _known(folder: Path, label: str) -> Sidecar:
    """Return the sidecar of an extract that was just seen to stand."""
    found = sidecar.read(folder, label)
    if found is None:
        raise SourceError(
            f"the extract of {label} was changed while the run went on", "fetch again"
        )
    return found


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
    about: Snapshots, found: Iterable[Sidecar], revision: str, today: str, *, is_local: bool
) -> Manifest:
    """Return the manifest of all snapshots."""
    ordered = sorted(found, key=lambda one: one.label)
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
        client="" if is_local else hub_snapshots.client(),
    )

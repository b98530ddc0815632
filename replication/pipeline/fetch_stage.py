"""The first stage: bring the data into the run's folder, with a manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from replication.kinds import BUNDLED, RECORDS, RELEASED, SNAPSHOTS
from replication.pipeline import refusals
from replication.run import FILE, Run
from replication.sources.bundled import FOLDER, SIDECAR, TABLES, WINDOW_TABLES
from replication.stages import Progress, Stage

if TYPE_CHECKING:
    from replication.definitions import Snapshots
    from replication.sources.manifest import Manifest


def inputs(run: Run) -> Iterable[Path]:
    """The data, and what definitions are refused by."""
    return dict.fromkeys([*refusals.inputs(run), *_data_files(run)])


def _data_files(run: Run) -> Iterable[Path]:
    from replication.definitions.records import PACKAGED_RECORDS

    if run.whole_hub:
        from replication.sources.snapshots.local import files as snapshot_files

        return [] if run.data == SNAPSHOTS else snapshot_files(Path(run.data))
    window = sorted(FOLDER.rglob("window*"))
    if run.window_from_records:
        local = sorted(p for p in run.records.rglob("*") if p.is_file()) if run.records else []
        window = [PACKAGED_RECORDS, *local]
    if run.has_released_panel:
        return [*(p for name in (*TABLES, SIDECAR) for p in sorted(FOLDER.rglob(name))), *window]
    return [Path(run.data), FOLDER / SIDECAR, *window] if run.kind == FILE else window


def fetch(run: Run, progress: Progress) -> list[Path]:
    """Bring the data into the run's folder, with a manifest."""
    from replication.sources import bundled, manifest

    refusals.require_definitions(run)
    if run.whole_hub:
        return _snapshots(run, progress)
    about, tables = COUNTERS[run.kind](run, progress)
    if run.window_from_records:
        tables += _records(run, progress)
    else:
        bundled.fetch_window(run.source, run.definitions)
        tables += [run.source / name for name in WINDOW_TABLES]
    manifest.write(run.results, about)
    return [*tables, run.source / manifest.NAME, run.results / manifest.NAME]


def _bundled(run: Run, _: Progress) -> tuple[Manifest, list[Path]]:
    """Bring the bundled panel."""
    from replication.sources import bundled

    about = bundled.fetch(run.source, bundled.folder_of(run.definitions))
    return about, [run.source / name for name in bundled.TABLES]


def _released(run: Run, progress: Progress) -> tuple[Manifest, list[Path]]:
    """Bring the released file of the Hub's dataset."""
    from replication.sources import released

    release = run.definitions.released
    about = released.fetch(release, run.source, today=today(), progress=progress)
    return about, [run.source / released.COUNTERS]


def _file(run: Run, _: Progress) -> tuple[Manifest, list[Path]]:
    """Bring a local copy of a released file."""
    from replication.sources import file

    origin = run.definitions.bundled
    about = file.fetch(
        Path(run.data), run.source, today=today(), citation=origin.citation, licence=origin.licence
    )
    return about, [run.source / file.target_name(about.filename)]


COUNTERS: dict[str, Callable[[Run, Progress], tuple[Manifest, list[Path]]]] = {
    BUNDLED: _bundled,
    RECORDS: _bundled,
    RELEASED: _released,
    FILE: _file,
}
"""How each kind of source but snapshots brings its data: it returns the manifest and the files."""


def _records(run: Run, progress: Progress) -> list[Path]:
    """Bring the public records of the published window, as tables."""
    from replication.definitions.records import load_records
    from replication.sources import records

    folder = run.source / RECORDS
    wanted = load_records()
    records.fetch(
        run.records, folder, wanted, today=today(), progress=progress, definitions=run.definitions
    )
    return [*records.paths(folder), folder / records.RECORDS]


def _snapshots(run: Run, progress: Progress) -> list[Path]:
    """Bring extracts of the Hub's weekly snapshots, or of a folder of such, into the run's folder."""
    from dataclasses import replace

    from replication.sources import left_out, manifest, snapshots
    from replication.sources.snapshots.local import MARKER

    declared = run.definitions.whole_hub.extent
    local = None if run.data == SNAPSHOTS else Path(run.data)
    wanted = _wanted(run) if local else run.definitions.snapshots
    _require_reach(run, wanted, local, progress)
    about = snapshots.fetch(wanted, run.source, local=local, today=today(), progress=progress)
    if local:
        about = replace(about, extent=about.extent or declared)
    if local and (local / MARKER).is_file():
        about = replace(about, title="Synthetic data: no finding", citation="", url="", licence="")
    manifest.write(run.results, about)
    return [
        *snapshots.extracts(run.source),
        run.source / left_out.NAME,
        run.source / manifest.NAME,
        run.results / manifest.NAME,
    ]


def _wanted(run: Run) -> Snapshots:
    """All that a folder holds, unless the command line or the definitions name a range."""
    from dataclasses import replace

    about = run.definitions.snapshots
    since = run.since or "since" in run.definitions.stated_range
    until = run.until or "until" in run.definitions.stated_range
    return replace(
        about,
        since=about.since if since else date.min,
        until=about.until if until else date.max,
    )


def _require_reach(run: Run, about: Snapshots, local: Path | None, progress: Progress) -> None:
    """Refuse windows beyond the snapshots by their labels, before any of them is brought."""
    from functools import partial

    from replication import reach

    require = partial(
        reach.require_reach,
        run.definitions.all_windows,
        before=reach.MONTH,
        remedy="choose --since and --until, or windows, inside",
    )
    require(about.since, about.until, what="the snapshots that are asked for")
    labels = [d for d in _labels(run, local, progress) if about.since <= d <= about.until]
    if labels:
        require(min(labels), max(labels), what="the snapshots that are there")


def _labels(run: Run, local: Path | None, progress: Progress) -> list[date]:
    """Labels of all snapshots of a folder, or of the Hub's dataset, whose list is kept."""
    from replication.sources.snapshots import listing
    from replication.sources.snapshots.local import find

    if local:
        return [date.fromisoformat(one.label) for one in find(local)[0]]
    run.source.mkdir(parents=True, exist_ok=True)
    listed = listing.of_run(run.definitions.snapshots, run.source, progress)
    return [date.fromisoformat(one.label) for one in listed.files]


def today() -> str:
    """Today's date in UTC, ISO 8601."""
    return datetime.now(UTC).date().isoformat()


STAGE = Stage.of(fetch, inputs, "definitions", "sources")

"""The stages from source to paper: what each reads, what it writes and the code that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from replication import analyses, files, run_record, window_analyses
from replication.kinds import BUNDLED, RECORDS, RELEASED, SNAPSHOTS
from replication.kinds import STAGES as SUMMARIES
from replication.places import IN_REPOSITORY, PAPER, ROOT
from replication.run import FILE, Run
from replication.sources.bundled import FOLDER, SIDECAR, TABLES, WINDOW_TABLES
from replication.stages import Progress, Stage

if TYPE_CHECKING:
    import pandas as pd

    from replication.attribution.registry import Registry
    from replication.attribution.rules import Rule
    from replication.definitions import Snapshots
    from replication.panel.table import Panel
    from replication.panel.window import WindowPanel

    Tables = dict[str, pd.DataFrame]

EVIDENCE = (
    "registry.csv",
    "namespaces.csv",
    "rules.csv",
    "tasks.csv",
    "sampling_frame.csv",
    "second_coding.csv",
)
CHAINED, CHAIN = analyses.CHAINED, analyses.CHAIN
PAPER_SOURCES = {".md", ".bib", ".toml", ".typ", ".css", ".lua"}
PAPER_DECLARED = ("claims.toml", "numbers.toml", "whole_hub_numbers.toml")
PAPER_HEADER = "header.tex"


def fetch(run: Run, progress: Progress) -> list[Path]:
    """Bring the data into the run's folder, with a manifest."""
    from replication.sources import bundled, file, manifest, released

    definitions = run.definitions
    _require_definitions(run)
    if run.whole_hub:
        return _fetch_snapshots(run, progress)
    if run.has_released_panel:
        found = bundled.fetch(run.source, bundled.folder_of(definitions))
        tables = [run.source / name for name in bundled.TABLES]
    elif run.data == RELEASED:
        found = released.fetch(definitions.released, run.source, today=_today(), progress=progress)
        tables = [run.source / released.COUNTERS]
    else:
        about = definitions.bundled
        found = file.fetch(
            Path(run.data),
            run.source,
            today=_today(),
            citation=about.citation,
            licence=about.licence,
        )
        tables = [run.source / file.target_name(found.filename)]
    if run.window_from_records:
        tables += _fetch_records(run, progress)
    else:
        bundled.fetch_window(run.source, definitions)
        tables += [run.source / name for name in WINDOW_TABLES]
    manifest.write(run.results, found)
    return [*tables, run.source / manifest.NAME, run.results / manifest.NAME]


def _require_definitions(run: Run) -> None:
    """Refuse definitions that a later stage could not follow, before any work."""
    from replication.attribution import preconditions, registry
    from replication.report import claims, numbers, prose, window_tables
    from replication.sources import bundled

    definitions = run.definitions
    preconditions.require_tracked(registry.load(definitions.group_of), definitions)
    claims.require_estimands(claims.load(PAPER / "claims.toml"), definitions)
    numbers.require_definitions(
        prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub), definitions
    )
    bundled.require_groups(definitions)
    if not run.whole_hub:
        window_tables.require_definitions(definitions)
    if run.has_released_panel:
        bundled.folder_of(definitions)
    if not run.whole_hub and not run.window_from_records:
        bundled.window_folder_of(definitions)


def _fetch_records(run: Run, progress: Progress) -> list[Path]:
    """Bring the public records of the published window, as tables."""
    from replication.definitions.records import load_records
    from replication.sources import records

    folder = run.source / RECORDS
    wanted = load_records()
    records.fetch(
        run.records, folder, wanted, today=_today(), progress=progress, definitions=run.definitions
    )
    return [*records.paths(folder), folder / records.RECORDS]


def _fetch_snapshots(run: Run, progress: Progress) -> list[Path]:
    """Bring extracts of the Hub's weekly snapshots, or of a folder of such, into the run's folder."""
    from dataclasses import replace

    from replication.sources import left_out, manifest, snapshots
    from replication.sources.snapshots.local import MARKER

    about, declared = run.definitions.snapshots, run.definitions.whole_hub.extent
    local = None if run.data == SNAPSHOTS else Path(run.data)
    if local:  # all that the folder holds, where neither command line nor definitions say else
        since = run.since or "since" in run.definitions.stated_range
        until = run.until or "until" in run.definitions.stated_range
        about = replace(
            about,
            since=about.since if since else date.min,
            until=about.until if until else date.max,
        )
    _require_reach(run, about, local, progress)
    found = snapshots.fetch(about, run.source, local=local, today=_today(), progress=progress)
    if local:
        found = replace(found, extent=found.extent or declared)
    if local and (local / MARKER).is_file():
        found = replace(found, title="Synthetic data: no finding", citation="", url="", licence="")
    manifest.write(run.results, found)
    return [
        *snapshots.extracts(run.source),
        run.source / left_out.NAME,
        run.source / manifest.NAME,
        run.results / manifest.NAME,
    ]


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
    there = _labels(run, local, progress)
    labels = [day for day in there if about.since <= day <= about.until]
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


def panel(run: Run, progress: Progress) -> list[Path]:
    """Check and mend the counters, or check the bundled panel, and record the defects."""
    from replication.panel import table

    if run.whole_hub:
        return _panel_of_hub(run, progress)
    progress("checking the contract and mending the defects")
    found = table.check(read_panel(run), run.definitions, str(run.source))
    found.write(run.panel)
    files.write_csv(run.results / "defects.csv", found.defects)
    written = [*(run.panel / name for name in TABLES), run.results / "defects.csv"]
    return [*written, *_panel_of_window(run, progress)]


def _panel_of_window(run: Run, progress: Progress) -> list[Path]:
    """Rebuild the published window from the records, or check the bundled one."""
    from replication.panel import window
    from replication.sources import records

    if run.window_from_records:
        progress("the published window from the records")
        found = window.build(records.load(run.source / RECORDS), run.definitions)
    else:
        found = window.check(window.read(run.source), run.definitions)
    found.write(run.panel)
    files.write_csv(run.results / "window_defects.csv", found.window_defects)
    return [*(run.panel / name for name in WINDOW_TABLES), run.results / "window_defects.csv"]


def _panel_of_hub(run: Run, progress: Progress) -> list[Path]:
    """Rebuild first-year downloads from the extracts of the snapshots, out of core."""
    from replication.panel import table
    from replication.panel.whole_hub import assembly, engines, fetch_defects, rebuild
    from replication.sources import snapshots

    definitions, rules = run.definitions, run.definitions.whole_hub
    extracts = {date.fromisoformat(p.stem): p for p in snapshots.extracts(run.source)}
    with engines.engine(run.engine, run.out / "build" / "engine") as engine:
        share = rules.truncated_share
        rebuilt = rebuild.rebuild(extracts, definitions, engine, progress, truncated_share=share)
        progress("lineage, the tail and the weekly series")
        labelled = table.study_groups(files.read_csv(FOLDER / TABLES[0]))
        made = assembly.assemble(rebuilt, engine, definitions, labelled, rules.tail_downloads)
    found = table.check(
        fetch_defects.with_fetch(made.panel, run.source), definitions, str(run.source)
    )
    found.write(run.panel)
    files.write_csv(run.panel / CHAINED, made.chained)
    files.write_csv(run.results / CHAIN, made.chain)
    files.write_csv(run.results / "defects.csv", found.defects)
    written = [run.panel / name for name in (*TABLES, CHAINED)]
    return [*written, run.results / CHAIN, run.results / "defects.csv"]


def attribution(run: Run, progress: Progress) -> list[Path]:
    """Credit every download to a developer and a country group."""
    from replication.attribution import agreement, assign, audit, coverage, registry, rules, scope
    from replication.panel import table

    progress("crediting developers and country groups")
    definitions, found = run.definitions, table.read(run.panel)
    known, ruled = registry.load(definitions.group_of), rules.load()
    windows = [window.id for window in definitions.windows]
    repositories = assign.attributed(found.repositories, known, ruled, definitions.group_of)
    _require_comparable(run, found, repositories)
    weeks = assign.attributed_weeks(found.weekly, repositories, known, definitions.group_of)
    rules.require_known(ruled, known.tenures)
    used = rules.effects(repositories, ruled, windows)
    if run.kind in {BUNDLED, RECORDS, RELEASED} and run.packaged:  # else a rule may have no use
        rules.require_used(used)
        scope.require_used(found.repositories["name"], scope.load())
    progress("agreement of the labels")
    frame, codings = audit.load(definitions.group_of)
    unknown, nowhere = definitions.group_of[registry.UNKNOWN], definitions.unattributed
    written = {
        run.attributed / "repositories.csv": repositories,
        run.attributed / "weekly.csv": weeks,
        run.results / "coverage.csv": coverage.of_panel(repositories, known, windows, nowhere),
        run.results / "unattributed.csv": assign.largest_unattributed(
            repositories, windows, nowhere
        ),
        run.results / "rules.csv": used,
        run.results / "origins.csv": assign.origins(repositories, known, windows),
        run.results / "agreement.csv": agreement.with_study(
            repositories, windows, nowhere, unknown
        ),
        run.results / "confusion.csv": agreement.confusion(repositories, windows),
        run.results / "disagreements.csv": agreement.disagreements(
            repositories, known, windows, unknown
        ),
        run.results / "second_agreement.csv": audit.agreement(
            frame, codings, definitions.group_of, set(nowhere)
        ),
    }
    if not run.whole_hub:
        written |= _attributed_window(run, repositories, known, ruled)
    for path, rows in written.items():
        files.write_csv(path, rows)
    return list(written)


def _require_comparable(run: Run, found: Panel, repositories: pd.DataFrame) -> None:
    """Refuse a panel in which there is nothing to compare, or windows that it does not reach."""
    from replication.attribution import preconditions

    preconditions.require_pair(repositories, run.definitions)
    if run.kind in {FILE, RELEASED}:
        preconditions.require_reach(found.weekly, found.repositories["created"], run.definitions)


def _attributed_window(
    run: Run, labelled: pd.DataFrame, known: Registry, ruled: Sequence[Rule]
) -> dict[Path, pd.DataFrame]:
    """Credit the published window and the complete lists; how much of them has evidence."""
    from replication.attribution import coverage
    from replication.attribution.window import Credit
    from replication.panel import window

    found, definitions = window.read(run.panel), run.definitions
    credit = Credit.of(labelled, known, ruled, definitions.group_of)
    lists = credit.attributed(found.window_dates)
    sums = found.window_months.groupby("repository").sum(numeric_only=True)
    rows = credit.attributed(found.window_repositories)
    return {
        run.attributed / "window_repositories.csv": rows,
        run.attributed / "window_dates.csv": lists,
        run.attributed / "window_agreement.csv": credit.attributed(found.window_agreement),
        run.results / "hub_coverage.csv": coverage.of_lists(lists, known, definitions.unattributed),
        run.results / "window_coverage.csv": coverage.of_window(
            rows.join(sums[window.columns(definitions)[0]].rename("downloads"), on="repository"),
            known,
            definitions.unattributed,
        ),
    }


def analysis(run: Run, progress: Progress) -> list[Path]:
    """Estimate shares with intervals and bounds, judge the claims, and collect the numbers."""
    from replication.report import claims, numbers, prose

    ledger = claims.load(PAPER / "claims.toml")
    names = analyses.TABLES if run.whole_hub else (*window_analyses.TABLES, *analyses.TABLES)
    made = {} if run.whole_hub else window_analyses.tables(run, ledger, progress)
    made |= analyses.tables(run, ledger, made, progress)
    for name in names:
        files.write_csv(run.results / name, made[name])
    declared = prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub)
    found = numbers.collect(declared, run.results, run.definitions)
    files.write_json(run.results / analyses.NUMBERS, found)
    return [*(run.results / name for name in (*names, analyses.NUMBERS)), run_record.write(run)]


def figures(run: Run, progress: Progress) -> list[Path]:
    """Draw every figure as SVG, PDF and PNG."""
    from replication.plots import draw_all

    return draw_all(run.results, run.figures, run.definitions, progress)


def paper(run: Run, progress: Progress) -> list[Path]:
    """Render the paper and, for the bundled run, the generated parts of the README."""
    from replication.report import datapackage, readme, render

    written = render.paper(PAPER, run.results, run.figures, run.paper, run.definitions, progress)
    if IN_REPOSITORY and run.out == ROOT:
        progress("generated parts of README.md, and datapackage.json")
        written.append(readme.update(ROOT / "README.md", run.results, run.definitions))
        written.append(datapackage.write(ROOT, run.results, run.definitions))
    return written


def read_panel(run: Run) -> Panel:
    """Read the fetched panel, or build one from the fetched counters."""
    from replication.panel import table
    from replication.sources import file, manifest

    known = manifest.read(run.source)
    if known is None:
        return table.read(run.source)  # says which stage is missing
    if known.source == BUNDLED:
        return table.read(run.source)
    return _built(run.source / file.target_name(known.filename), known.filename, run)


def make_window_bundle(
    folder_of_records: Path | None, folder: Path, run: Run, progress: Progress
) -> WindowPanel:
    """Compute the bundled tables of the published window from the records; return them.

    Parameters
    ----------
    folder_of_records
        Where the records lie; None brings them with git.
    folder
        Receives the tables and the sidecar.
    run
        Definitions.
    progress
        Called with a line of text.
    """
    import tempfile

    from replication.definitions.records import load_records
    from replication.panel import bundle, window
    from replication.sources import records

    with tempfile.TemporaryDirectory() as name:
        wanted, made = load_records(), Path(name)
        records.fetch(
            folder_of_records,
            made,
            wanted,
            today=_today(),
            progress=progress,
            definitions=run.definitions,
        )
        about = files.read_json(made / records.RECORDS)["records"]
        progress("the published window")
        panel_ = window.build(records.load(made), run.definitions)
    bundle.write_window(panel_, about, run.definitions, folder)
    return panel_


def make_bundle(source: Path, folder: Path, run: Run, accessed: str) -> Panel:
    """Compute the bundled panel from a released file; return the panel.

    Parameters
    ----------
    source
        A local copy of a released file.
    folder
        Receives the tables and the sidecar.
    run
        Definitions.
    accessed
        ISO 8601 date on which the file was read; empty for today.
    """
    import tempfile
    from dataclasses import replace

    from replication.panel import bundle, table
    from replication.sources import file

    definitions, about = run.definitions, run.definitions.bundled
    with tempfile.TemporaryDirectory() as name:
        found = file.fetch(
            source,
            Path(name),
            today=accessed or _today(),
            citation=about.citation,
            licence=about.licence,
        )
    made = table.check(_built(source, source.name, run), definitions, source.name)
    bundle.write(made, replace(found, **vars(about)), definitions, folder)
    return made


def _built(path: Path, name: str, run: Run) -> Panel:
    """Build a panel from the counters in `path`, which messages call `name`."""
    from replication.panel import table
    from replication.sources.counters import reading

    definitions = run.definitions
    counters = reading.read_counters(path, definitions.groups, definitions.panel.max_counter, name)
    wrong_labels = files.read_csv(FOLDER / "label_defects.csv")
    return table.build(counters, definitions, wrong_labels)


def _today() -> str:
    """Today's date in UTC, ISO 8601."""
    return datetime.now(UTC).date().isoformat()


def _source_files(run: Run) -> Iterable[Path]:
    from replication.report import prose

    numbers = prose.source(PAPER, prose.NUMBERS, whole=run.whole_hub)
    known = [FOLDER / name for name in (TABLES[0], "registry.csv", "namespaces.csv")]
    declared = [PAPER / "claims.toml", numbers, *known]
    return dict.fromkeys([*declared, *_data_files(run)])


def _data_files(run: Run) -> Iterable[Path]:
    from replication.definitions.records import PACKAGED_RECORDS
    from replication.sources.snapshots.local import files as snapshot_files

    if run.whole_hub:
        return [] if run.data == SNAPSHOTS else snapshot_files(Path(run.data))
    window = sorted(FOLDER.rglob("window*"))
    if run.window_from_records:
        local = sorted(p for p in run.records.rglob("*") if p.is_file()) if run.records else []
        window = [PACKAGED_RECORDS, *local]
    if run.has_released_panel:
        return [*(p for name in (*TABLES, SIDECAR) for p in sorted(FOLDER.rglob(name))), *window]
    return window if run.data == RELEASED else [Path(run.data), FOLDER / SIDECAR, *window]


def _fetched(run: Run) -> Iterable[Path]:
    found = [*files.present(run.source), FOLDER / "label_defects.csv"]
    if run.whole_hub:
        found += [*files.present(run.source / "extracts"), FOLDER / "repositories.csv"]
    return [*found, *files.present(run.source / RECORDS)]


def _panel(run: Run) -> Iterable[Path]:
    tables = TABLES if run.whole_hub else (*TABLES, *WINDOW_TABLES)
    return [*(run.panel / name for name in tables), *(FOLDER / name for name in EVIDENCE)]


def _attributed(run: Run) -> Iterable[Path]:
    tables = [run.attributed / name for name in ("repositories.csv", "weekly.csv")]
    tables.append(run.panel / "variants.csv")
    if run.whole_hub:
        tables += [run.panel / CHAINED, run.results / CHAIN]
    else:
        tables += [
            run.attributed / f"window_{x}.csv" for x in ("repositories", "dates", "agreement")
        ]
        tables += [run.panel / f"window_{x}.csv" for x in ("months", "left_out")]
    results = ("manifest.json", *analyses.EARLIER, *_earlier_of_window(run))
    declared = [PAPER / name for name in PAPER_DECLARED]
    found = [run.results / name for name in results]
    evidence = [FOLDER / name for name in (*EVIDENCE, analyses.CALIBRATION)]
    return [
        *tables,
        *found,
        *declared,
        *evidence,
        run.source / "manifest.json",
        *run_record.reads(run),
    ]


def _earlier_of_window(run: Run) -> tuple[str, ...]:
    """Results of the window that stages before the analysis wrote."""
    return () if run.whole_hub else window_analyses.EARLIER


def _results(run: Run) -> Iterable[Path]:
    earlier = ("manifest.json", "defects.csv", "coverage.csv", *_earlier_of_window(run))
    window = () if run.whole_hub else window_analyses.TABLES
    return [run.results / name for name in (*earlier, *window, *analyses.TABLES, analyses.NUMBERS)]


def _paper(run: Run) -> Iterable[Path]:
    sources = [
        p for p in files.present(PAPER) if p.suffix in PAPER_SOURCES or p.name == PAPER_HEADER
    ]
    made = [*files.present(run.results), *files.present(run.figures)]
    return [*made, *sources, *(p for p in files.present(FOLDER) if p.suffix != ".py")]


def _stage(
    action: Callable[[Run, Progress], list[Path]],
    inputs: Callable[[Run], Iterable[Path]],
    *layers: str,
) -> Stage:
    return Stage(action.__name__, SUMMARIES[action.__name__], layers, inputs, action)


STAGES = (
    _stage(fetch, _source_files, "definitions", "sources"),
    _stage(panel, _fetched, "definitions", "sources", "panel"),
    _stage(attribution, _panel, "definitions", "sources", "panel", "attribution"),
    _stage(
        analysis,
        _attributed,
        "definitions",
        "sources",
        "panel",
        "attribution",
        "inference",
        "analysis",
        "report",
    ),
    _stage(figures, _results, "definitions", "plots"),
    # The generated parts of the README name lines of every layer.
    _stage(
        paper,
        _paper,
        "definitions",
        "sources",
        "panel",
        "attribution",
        "inference",
        "analysis",
        "plots",
        "report",
    ),
)

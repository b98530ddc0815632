"""Reads and checks study.toml, the one place of every definition, into frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from replication.errors import StudyError
from replication.sources.released import Release
from replication.sources.snapshots import Snapshots
from replication.study_checks import check
from replication.toml_tables import build, build_all, parse, unknown_keys

DEFAULT = Path(__file__).with_name("study.toml")
WHOLE_HUB = Path(__file__).with_name("whole_hub.toml")
"""Definitions that differ where the source is the whole Hub."""
WINDOW = "window"
"""Kind of the measures of the published window."""
MEASURES = {
    "": "",
    "-uncorrected": ", without what no record follows",
    "-seen": ", seen alone",
}
"""Suffix of the id and of the label of each measure of the window, the headline's first."""
_TABLES = {
    "study", "panel", "estimand", "exclusion", "inference", "time", "verdict", "headline",
    "audit", "family", "bundled", "released", "country_group", "grid", "grid_window",
    "published_cell", "bridge", "calibration", "snapshots",
    "whole_hub", "window", "filling", "capture", "tracked",
}  # fmt: skip


@dataclass(frozen=True)
class Heading:
    """What the paper and the figures are called."""

    title: str
    subtitle: str
    publication: str


@dataclass(frozen=True)
class PanelRules:
    """Rules by which counters become first-year downloads."""

    age_limit_days: int
    birth_margin_days: int
    frozen_share: float
    max_counter: int


@dataclass(frozen=True)
class Window:
    """One window and counter rule: a column of the panel; a cohort may be read on after its end."""

    id: str
    kind: str
    start: date
    end: date
    label: str
    read_until: date | None = None

    @property
    def last(self) -> date:
        """The last day whose readings count."""
        return self.read_until or self.end


@dataclass(frozen=True)
class Variant:
    """A window under one age limit and one rule for frozen readings; `id` is its column's name."""

    window: Window
    age_limit_days: int
    frozen: str

    @property
    def id(self) -> str:
        """Name of the column of the panel."""
        return f"{self.window.id}/{self.age_limit_days}/{self.frozen}"


@dataclass(frozen=True)
class Exclusion:
    """Kinds of rules whose repositories can be left out; `estimated` makes estimands without them."""

    id: str
    label: str
    kinds: tuple[str, ...]
    estimated: bool


@dataclass(frozen=True)
class Estimand:
    """A window with its exclusions; `id` is its name in every table."""

    id: str
    window: Window
    exclusion: Exclusion | None

    @property
    def label(self) -> str:
        """Name for readers."""
        suffix = f", {self.exclusion.label}" if self.exclusion else ""
        return self.window.label + suffix


@dataclass(frozen=True)
class Grid:
    """The choices of the specification grid beside the windows, dimension by dimension."""

    age_limits_days: tuple[int, ...]
    frozen: tuple[str, ...]
    attributions: tuple[str, ...]
    labels: tuple[str, ...]
    treatments: tuple[str, ...]
    exclusions: tuple[str, ...]
    scopes: tuple[str, ...]
    size_limit_billions: float
    replicates: int


@dataclass(frozen=True)
class PublishedCell:
    """The cell of the grid nearest to a published definition; other choices are the headline's."""

    id: str
    label: str
    claims: tuple[str, ...]
    window: str
    scope: str


@dataclass(frozen=True)
class Bridge:
    """From one published cell to another, by way of these windows in their order."""

    id: str
    start: str
    end: str
    windows: tuple[str, ...]


@dataclass(frozen=True)
class Inference:
    """Replicates, seeds and the level of every interval."""

    replicates: int
    chunk: int
    seed: int
    level: float
    subsample_exponent: float
    min_effective_developers: float


@dataclass(frozen=True)
class Calibration:
    """Size of the experiment that measures coverage, and how concentrated its sizes are."""

    data_sets: int
    replicates: int
    powers: tuple[float, ...]


@dataclass(frozen=True)
class TimeRules:
    """How the weekly series is read."""

    smoothing_weeks: int


@dataclass(frozen=True)
class Margins:
    """Margins of the verdicts, fixed before the first run."""

    share_margin_points: float
    majority_percent: float
    vast_majority_percent: float


@dataclass(frozen=True)
class Audit:
    """How the second coding of the registry was drawn, and the prior of its confusion table."""

    sample: int
    seed: int
    prior: float


@dataclass(frozen=True)
class Family:
    """Namespaces whose joint share within one country group is a published claim."""

    name: str
    namespaces: tuple[str, ...]
    within: str


@dataclass(frozen=True)
class Headline:
    """The specification nearest to the study's own, which the figures and the abstract show."""

    estimand: str
    attribution: str
    labels: str


@dataclass(frozen=True)
class WholeHub:
    """Rules of the panel that is rebuilt from snapshots of the whole Hub."""

    truncated_share: float
    tail_downloads: int
    extent: str
    """What a folder of snapshots covers where its crawls do not say: "all", or empty, not known."""


@dataclass(frozen=True)
class PublishedWindow:
    """The published window, which is rebuilt from public records, and the headline's choices."""

    id: str
    start: date
    end: date
    label: str
    attribution: str
    labels: str
    exclusions: tuple[str, ...]
    replicates: int
    small_downloads: int


@dataclass(frozen=True)
class Filling:
    """How gaps between records are filled: what a path of daily rates does where none speaks."""

    id: str
    label: str
    carry_days: int
    between: str
    birth: str


@dataclass(frozen=True)
class Capture:
    """What is done with downloads that no record follows."""

    rules: tuple[str, ...]
    min_followed: float


@dataclass(frozen=True)
class Tracked:
    """A developer whose months are shown, and the name that readers know."""

    name: str
    developer: str


@dataclass(frozen=True)
class Provenance:
    """Where the file behind the bundled panel came from."""

    title: str
    citation: str
    url: str
    repository: str
    revision: str
    licence: str


@dataclass(frozen=True)
class CountryGroup:
    """A group of the study: ISO 3166-1 codes, or one non-country class of the registry."""

    name: str
    codes: tuple[str, ...] = ()
    class_: str = ""
    attributed: bool = True


@dataclass(frozen=True)
class Study:
    """Every definition of a run."""

    heading: Heading
    panel: PanelRules
    windows: tuple[Window, ...]
    exclusions: tuple[Exclusion, ...]
    grid: Grid
    grid_windows: tuple[Window, ...]
    published_cells: tuple[PublishedCell, ...]
    bridges: tuple[Bridge, ...]
    inference: Inference
    calibration: Calibration
    time: TimeRules
    verdict: Margins
    headline: Headline
    audit: Audit
    family: Family
    bundled: Provenance
    released: Release
    snapshots: Snapshots
    whole_hub: WholeHub
    window: PublishedWindow
    fillings: tuple[Filling, ...]
    capture: Capture
    tracked: tuple[Tracked, ...]
    country_groups: tuple[CountryGroup, ...]

    @cached_property
    def estimands(self) -> tuple[Estimand, ...]:
        """Every window as it is, then every window without each exclusion.

        Of the measures of the published window only the headline's is estimated without them.
        """
        choices: tuple[Exclusion | None, ...] = (None, *self.estimated_exclusions)
        return tuple(
            Estimand(f"{w.id}-without-{x.id}" if x else w.id, w, x)
            for x in choices
            for w in self.windows
            if x is None or w.kind != WINDOW or w.id == self.window.id
        )

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """Every window of the grid under every age limit and rule for frozen readings."""
        rules = product(self.all_windows, self.grid.age_limits_days, self.grid.frozen)
        return tuple(Variant(*rule) for rule in rules)

    @cached_property
    def all_windows(self) -> tuple[Window, ...]:
        """The windows of the estimands, then those of the grid alone."""
        return self.windows + self.grid_windows

    @cached_property
    def whole(self) -> bool:
        """Whether the windows are of the whole Hub, not of the released head of it."""
        return any(window.kind == "rebuild" for window in self.windows)

    @cached_property
    def at_window(self) -> Study:
        """The same definitions for the published window: its measures are the windows."""
        about = self.window
        measures = tuple(
            Window(f"{about.id}{suffix}", WINDOW, about.start, about.end, about.label + label)
            for suffix, label in MEASURES.items()
        )
        chosen = tuple(
            replace(x, estimated=True) for x in self.exclusions if x.id in about.exclusions
        )
        headline = Headline(about.id, about.attribution, about.labels)
        inference = replace(self.inference, replicates=about.replicates)
        return replace(
            self, windows=measures, exclusions=chosen, headline=headline, inference=inference
        )

    @cached_property
    def estimated_exclusions(self) -> tuple[Exclusion, ...]:
        """The exclusions without which every estimand is estimated once more."""
        return tuple(x for x in self.exclusions if x.estimated)

    @cached_property
    def headline_estimand(self) -> Estimand:
        """The estimand of the headline."""
        return next(e for e in self.estimands if e.id == self.headline.estimand)

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Names of the country groups in their fixed order."""
        return tuple(group.name for group in self.country_groups)

    @cached_property
    def unattributed(self) -> tuple[str, ...]:
        """Names of the groups that stand for no country."""
        return tuple(group.name for group in self.country_groups if not group.attributed)

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Country group of each ISO code and of each non-country class."""
        pairs = [(code, g.name) for g in self.country_groups for code in g.codes]
        return dict(pairs + [(g.class_, g.name) for g in self.country_groups if g.class_])


def load(path: Path = DEFAULT, overlay: Path | None = None) -> Study:
    """Read `path` and check it.

    Parameters
    ----------
    path
        The definitions.
    overlay
        Tables that take the place of those of the same name in `path`.

    Raises
    ------
    StudyError
        The file is missing, is not TOML, or has an unknown, missing or mistyped key.
    """
    tables = parse(path) | (parse(overlay) if overlay else {})
    try:
        study = _study(tables)
        check(study)
    except StudyError as error:
        raise StudyError(f"{path.name}: {error.what}", error.remedy) from None
    return study


def _study(tables: dict[str, Any]) -> Study:
    """Make the study of its tables."""
    missing, extra = _TABLES - tables.keys(), tables.keys() - _TABLES
    if extra:
        raise unknown_keys("top level", extra)
    if missing:
        raise StudyError(
            f"no table {', '.join(sorted(missing))}", "restore it from the packaged study.toml"
        )
    return Study(
        heading=build(Heading, tables["study"], "study"),
        panel=build(PanelRules, tables["panel"], "panel"),
        windows=build_all(Window, tables["estimand"], "estimand"),
        exclusions=build_all(Exclusion, tables["exclusion"], "exclusion"),
        grid=build(Grid, tables["grid"], "grid"),
        grid_windows=build_all(Window, tables["grid_window"], "grid_window"),
        published_cells=build_all(PublishedCell, tables["published_cell"], "published_cell"),
        bridges=build_all(Bridge, tables["bridge"], "bridge"),
        inference=build(Inference, tables["inference"], "inference"),
        calibration=build(Calibration, tables["calibration"], "calibration"),
        time=build(TimeRules, tables["time"], "time"),
        verdict=build(Margins, tables["verdict"], "verdict"),
        headline=build(Headline, tables["headline"], "headline"),
        audit=build(Audit, tables["audit"], "audit"),
        family=build(Family, tables["family"], "family"),
        bundled=build(Provenance, tables["bundled"], "bundled"),
        released=build(Release, tables["released"], "released"),
        snapshots=build(Snapshots, tables["snapshots"], "snapshots"),
        whole_hub=build(WholeHub, tables["whole_hub"], "whole_hub"),
        window=build(PublishedWindow, tables["window"], "window"),
        fillings=build_all(Filling, tables["filling"], "filling"),
        capture=build(Capture, tables["capture"], "capture"),
        tracked=build_all(Tracked, tables["tracked"], "tracked"),
        country_groups=build_all(CountryGroup, tables["country_group"], "country_group"),
    )

"""Reads and checks definitions.toml, the one place of every definition, into frozen dataclasses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

from replication.definitions.checks import check
from replication.definitions.toml_tables import build, build_all, parse, unknown_keys
from replication.errors import DefinitionError
from replication.sources.released import Release
from replication.sources.snapshots import Snapshots

PACKAGED = Path(__file__).with_name("definitions.toml")
WINDOW = "window"
"""Kind of the measures of the published window."""
MEASURES = {
    "": "",
    "-uncorrected": ", without what no record follows",
    "-seen": ", seen alone",
}
"""Suffix of the id and of the label of each measure of the window, the headline's first."""
YEAR = {365, 366}
"""Age limits that are a year."""
CREDITED = {
    "uploader": "its uploader",
    "origin": "the developer of its base model",
    "split": "its uploader and the developer of its base model, half each",
    "maker": "its maker",
}
"""Whom the headline credits with a repository's downloads, in words."""
_OVER = {
    "estimand", "headline", "grid", "grid_window", "published_cell", "bridge",
}  # fmt: skip
"""Tables that may differ where the source is the whole Hub."""
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
    envelope_margin: int


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
class _Window:
    """A window as a file states it: a day that it does not state is the published window's."""

    id: str
    kind: str
    label: str
    start: date | None = None
    end: date | None = None
    read_until: date | None = None

    def settled(self, published: PublishedWindow, age_limit_days: int) -> Window:
        """The window with its days, and its label with what follows from them."""
        start, end = self.start or published.start, self.end or published.end
        label = labelled(self.label, start, end, self.read_until or end, age_limit_days)
        return Window(self.id, self.kind, start, end, label, self.read_until)


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

    def beside(self, age_limit_days: int, head: Headline) -> Grid:
        """The grid with the age limit of the panel before the others, and the headline's choices."""
        return replace(
            self,
            age_limits_days=tuple(dict.fromkeys((age_limit_days, *self.age_limits_days))),
            attributions=tuple(dict.fromkeys((*self.attributions, head.attribution))),
            labels=tuple(dict.fromkeys((*self.labels, head.labels))),
        )


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
    thin_share: float


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
class _Margins:
    """How far the snapshots reach beyond the published window, where no range is stated."""

    days_before: int
    days_after: int


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
    """A group of the study: ISO 3166-1 codes, or one non-country class of the registry.

    `colour` is that of every figure, as #rrggbb; a group without one gets a spare one.
    """

    name: str
    colour: str = ""
    codes: tuple[str, ...] = ()
    class_: str = ""
    attributed: bool = True


@dataclass(frozen=True)
class Definitions:
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
    stated_range: tuple[str, ...]
    """Which of since and until [snapshots] states; of a local folder they alone leave anything out."""
    whole: bool
    """Whether the definitions are those of the whole Hub, not of the released head of it."""

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
    def at_window(self) -> Definitions:
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
    def young(self) -> str:
        """What downloads under the age limit are called: first-year, or first-180-day."""
        return young(self.panel.age_limit_days).replace(" ", "-").removesuffix("s")

    @cached_property
    def credited(self) -> str:
        """Whom the headline credits with a repository's downloads, in words."""
        return CREDITED[self.headline.attribution]

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


def load_definitions(path: Path = PACKAGED, *, whole: bool = False) -> Definitions:
    """Read `path` and check it, for either kind of source.

    Parameters
    ----------
    path
        The definitions.
    whole
        Whether the source is the whole Hub: what `[whole_hub]` says then takes the place of the
        tables of the same name.

    Raises
    ------
    StudyError
        The file is missing, is not TOML, or has an unknown, missing or mistyped key.
    """
    tables = parse(path)
    try:
        studies = {kind: _study(tables, whole=kind) for kind in (False, True)}
        for definitions in studies.values():
            check(definitions)
    except DefinitionError as error:
        raise DefinitionError(f"{path.name}: {error.what}", error.remedy) from None
    return studies[whole]


def young(age_limit_days: int) -> str:
    """The first time of a repository, up to the age limit, in words: first year, first 180 days."""
    return "first year" if age_limit_days in YEAR else f"first {age_limit_days} days"


def labelled(label: str, start: date, end: date, last: date, age_limit_days: int) -> str:
    """A label with what follows from the definitions: {dates}, {end} and {young}."""
    year = "" if start.year == end.year else f" {start.year}"
    words = {
        "dates": f"{start:%b}{year} – {end:%b} {end.year}",
        "end": f"{last:%b %Y}",
        "young": young(age_limit_days),
    }
    for key, text in words.items():
        label = label.replace(f"{{{key}}}", text)
    return label


def _study(tables: dict[str, Any], *, whole: bool) -> Definitions:
    """Make the study of its tables."""
    missing, extra = _TABLES - tables.keys(), tables.keys() - _TABLES
    if extra:
        raise unknown_keys("top level", extra)
    if missing:
        raise DefinitionError(
            f"no table {', '.join(sorted(missing))}",
            "restore it from the packaged definitions.toml",
        )
    tables = _of_source(tables, whole=whole)
    window = build(PublishedWindow, tables["window"], "window")
    panel = build(PanelRules, tables["panel"], "panel")
    head = build(Headline, tables["headline"], "headline")
    limit = panel.age_limit_days

    def windows(name: str) -> tuple[Window, ...]:
        """The windows of one list of tables, with the published window's days where they have none."""
        found = build_all(_Window, tables[name], name)
        return tuple(one.settled(window, limit) for one in found)

    return Definitions(
        heading=build(Heading, tables["study"], "study"),
        panel=panel,
        windows=windows("estimand"),
        exclusions=build_all(Exclusion, tables["exclusion"], "exclusion"),
        grid=build(Grid, tables["grid"], "grid").beside(limit, head),
        grid_windows=windows("grid_window"),
        published_cells=build_all(PublishedCell, tables["published_cell"], "published_cell"),
        bridges=build_all(Bridge, tables["bridge"], "bridge"),
        inference=build(Inference, tables["inference"], "inference"),
        calibration=build(Calibration, tables["calibration"], "calibration"),
        time=build(TimeRules, tables["time"], "time"),
        verdict=build(Margins, tables["verdict"], "verdict"),
        headline=head,
        audit=build(Audit, tables["audit"], "audit"),
        family=build(Family, tables["family"], "family"),
        bundled=build(Provenance, tables["bundled"], "bundled"),
        released=build(Release, tables["released"], "released"),
        snapshots=_snapshots(tables["snapshots"], window),
        whole_hub=build(WholeHub, tables["whole_hub"], "whole_hub"),
        window=replace(
            window, label=labelled(window.label, window.start, window.end, window.end, limit)
        ),
        fillings=build_all(Filling, tables["filling"], "filling"),
        capture=build(Capture, tables["capture"], "capture"),
        tracked=build_all(Tracked, tables["tracked"], "tracked"),
        country_groups=build_all(CountryGroup, tables["country_group"], "country_group"),
        stated_range=tuple(key for key in ("since", "until") if key in tables["snapshots"]),
        whole=whole,
    )


def _of_source(tables: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """The tables for one kind of source: those of `[whole_hub]` laid over the others, or left out."""
    about = tables["whole_hub"]
    if not isinstance(about, dict):
        raise DefinitionError(
            "[whole_hub] is not a table", "write it as [whole_hub] with key = value"
        )
    own = {f.name for f in dataclasses.fields(WholeHub)}
    rules = {key: value for key, value in about.items() if key in own}
    laid = {key: value for key, value in about.items() if key not in own}
    if laid.keys() - _OVER:
        raise unknown_keys("[whole_hub]", laid.keys() - _OVER)
    found = tables | {"whole_hub": rules}
    for name, over in laid.items() if whole else ():
        both = isinstance(over, dict) and isinstance(found[name], dict)
        found[name] = found[name] | over if both else over
    return found


def _snapshots(table: Any, window: PublishedWindow) -> Snapshots:
    """The snapshots, those about the published window where no range is stated."""
    if not isinstance(table, dict):
        return build(Snapshots, table, "snapshots")
    own = {f.name for f in dataclasses.fields(_Margins)}
    margins = {key: value for key, value in table.items() if key in own}
    named = {key: value for key, value in table.items() if key not in own}
    reach = build(_Margins, margins, "snapshots")
    named.setdefault("since", window.start - timedelta(days=reach.days_before))
    named.setdefault("until", window.end + timedelta(days=reach.days_after))
    return build(Snapshots, named, "snapshots")

"""Reads and checks study.toml, the one place of every definition, into frozen dataclasses."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from replication.errors import StudyError
from replication.sources.released import Release

DEFAULT = Path(__file__).with_name("study.toml")
_TABLES = {
    "study", "panel", "estimand", "exclusion", "inference", "time", "verdict", "headline",
    "audit", "family", "bundled", "released", "country_group", "grid", "grid_window",
    "published_cell",
}  # fmt: skip
AS_READ, INTERPOLATED, LEFT_OUT = "as-read", "interpolated", "left-out"
"""What is done with readings at which the counters stood still."""
T = TypeVar("T")


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
class Inference:
    """Replicates, seeds and the level of every interval."""

    replicates: int
    chunk: int
    seed: int
    level: float
    min_effective_developers: float


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
    inference: Inference
    time: TimeRules
    verdict: Margins
    headline: Headline
    audit: Audit
    family: Family
    bundled: Provenance
    released: Release
    country_groups: tuple[CountryGroup, ...]

    @cached_property
    def estimands(self) -> tuple[Estimand, ...]:
        """Every window as it is, then every window without each exclusion."""
        choices: tuple[Exclusion | None, ...] = (None, *self.estimated_exclusions)
        return tuple(
            Estimand(f"{w.id}-without-{x.id}" if x else w.id, w, x)
            for x in choices
            for w in self.windows
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


def load(path: Path = DEFAULT) -> Study:
    """Read `path` and check it.

    Raises
    ------
    StudyError
        The file is missing, is not TOML, or has an unknown, missing or mistyped key.
    """
    tables = _parse(path)
    try:
        study = _study(tables)
        _check(study)
    except StudyError as error:
        raise StudyError(f"{path.name}: {error.what}", error.remedy) from None
    return study


def _study(tables: dict[str, Any]) -> Study:
    """Make the study of its tables."""
    missing, unknown = _TABLES - tables.keys(), tables.keys() - _TABLES
    if unknown:
        raise _unknown("top level", unknown)
    if missing:
        raise StudyError(
            f"no table {', '.join(sorted(missing))}", "restore it from the packaged study.toml"
        )
    return Study(
        heading=_build(Heading, tables["study"], "study"),
        panel=_build(PanelRules, tables["panel"], "panel"),
        windows=_build_all(Window, tables["estimand"], "estimand"),
        exclusions=_build_all(Exclusion, tables["exclusion"], "exclusion"),
        grid=_build(Grid, tables["grid"], "grid"),
        grid_windows=_build_all(Window, tables["grid_window"], "grid_window"),
        published_cells=_build_all(PublishedCell, tables["published_cell"], "published_cell"),
        inference=_build(Inference, tables["inference"], "inference"),
        time=_build(TimeRules, tables["time"], "time"),
        verdict=_build(Margins, tables["verdict"], "verdict"),
        headline=_build(Headline, tables["headline"], "headline"),
        audit=_build(Audit, tables["audit"], "audit"),
        family=_build(Family, tables["family"], "family"),
        bundled=_build(Provenance, tables["bundled"], "bundled"),
        released=_build(Release, tables["released"], "released"),
        country_groups=_build_all(CountryGroup, tables["country_group"], "country_group"),
    )


def _parse(path: Path) -> dict[str, Any]:
    """Parse a TOML file into tables."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(
            f"cannot read {path}: {error.strerror}", "name an existing file with --study"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not TOML: {error}", "correct that line") from error


def _build(kind: type[T], table: Any, where: str) -> T:
    """Make one dataclass of `table`, refusing unknown, missing and mistyped keys."""
    if not isinstance(table, dict):
        raise StudyError(f"[{where}] is not a table", f"write it as [{where}] with key = value")
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if set(table) - set(fields):
        raise _unknown(f"[{where}]", set(table) - set(fields))
    for name, field in fields.items():
        if name not in table and field.default is dataclasses.MISSING:
            raise StudyError(f"[{where}] has no {name}", f"add {name} = … to [{where}]")
    return kind(**{fields[k].name: _typed(fields[k], v, where) for k, v in table.items()})


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "date": (date,),
    "date | None": (date,),
    "tuple[str, ...]": (list,),
    "tuple[int, ...]": (list,),
}


def _typed(field: dataclasses.Field[Any], value: Any, where: str) -> Any:
    """Check the type of one value against its annotation; lists become tuples."""
    kinds = _TYPES[str(field.type)]
    wrong_kind = isinstance(value, datetime) or (isinstance(value, bool) and bool not in kinds)
    member = int if "int" in str(field.type) else str
    bad_list = isinstance(value, list) and not all(type(v) is member for v in value)
    if not isinstance(value, kinds) or wrong_kind or bad_list:
        raise StudyError(
            f"[{where}] {field.name.rstrip('_')} = {value!r} is not of type {field.type}",
            "correct the value",
        )
    return tuple(value) if isinstance(value, list) else value


def _build_all(kind: type[T], tables: Any, where: str) -> tuple[T, ...]:
    """Make one dataclass of each table of an array of tables."""
    if not isinstance(tables, list):
        raise StudyError(f"[[{where}]] is not a list of tables", f"write [[{where}]]")
    return tuple(_build(kind, table, f"{where} {n}") for n, table in enumerate(tables, 1))


def _unknown(where: str, keys: set[str]) -> StudyError:
    names = ", ".join(sorted(keys))
    return StudyError(f"{where}: unknown key {names}", "remove it or correct its spelling")


def _check(study: Study) -> None:
    """Check what a type cannot say."""
    names = [w.id for w in study.all_windows] + [x.id for x in study.exclusions]
    names += [cell.id for cell in study.published_cells]
    codes = [code for g in study.country_groups for code in (*g.codes, g.class_) if code]
    rules = [
        (not _repeated(names), f"id used twice: {_repeated(names)}"),
        (not _repeated([*study.groups]), f"group used twice: {_repeated([*study.groups])}"),
        (not _repeated(codes), f"country code in two groups: {_repeated(codes)}"),
        (all(w.kind in {"increments", "cohort"} for w in study.all_windows), "kind of an estimand"),
        (all(w.start <= w.end for w in study.all_windows), "an estimand ends before it starts"),
        (all(w.end <= w.last for w in study.all_windows), "read_until lies before the end"),
        *_grid_rules(study),
        (study.inference.replicates >= 1, "replicates must be at least 1"),
        (study.inference.chunk >= 1, "chunk must be at least 1"),
        (study.inference.seed >= 0, "seed must not be negative"),
        (0 < study.inference.level < 1, "level must lie between 0 and 1"),
        (0 < study.panel.frozen_share <= 1, "frozen_share must lie between 0 and 1"),
        (study.panel.age_limit_days >= 1, "age_limit_days must be at least 1"),
        (study.time.smoothing_weeks >= 1, "smoothing_weeks must be at least 1"),
        (
            study.headline.estimand in {e.id for e in study.estimands},
            "headline.estimand names no estimand",
        ),
        (
            study.headline.attribution in {"uploader", "origin", "split", "maker"},
            "headline.attribution must be uploader, origin, split or maker",
        ),
        (
            study.headline.labels in {"study", "registry"},
            "headline.labels must be study or registry",
        ),
        (study.audit.sample >= 1, "audit.sample must be at least 1"),
        (study.audit.prior > 0, "audit.prior must be positive"),
        (study.family.within in study.groups, "family.within names no country group"),
        ({"China", "USA"} <= set(study.groups), "the groups China and USA must exist"),
    ]
    for holds, what in rules:
        if not holds:
            raise StudyError(what, "correct the value")


GRID = {
    "frozen": (AS_READ, INTERPOLATED, LEFT_OUT),
    "attributions": ("uploader", "origin", "split", "maker"),
    "labels": ("study", "registry"),
    "treatments": ("own", "left-out", "lineage"),
    "scopes": (
        "all", "text-generation", "first-party", "first-party-text", "without-distillations",
        "up-to-8B", "over-8B",
    ),
}  # fmt: skip
"""What each dimension of the grid can be made of."""


def _grid_rules(study: Study) -> Iterator[tuple[bool, str]]:
    """What must hold of the grid and of its published cells."""
    grid, windows = study.grid, {w.id for w in study.all_windows}
    known = GRID | {"exclusions": ("none", *(x.id for x in study.exclusions))}
    for name, choices in known.items():
        chosen = getattr(grid, name)
        yield bool(chosen) and set(chosen) <= set(choices), f"grid.{name} is not among {choices}"
        yield not _repeated([*chosen]), f"grid.{name} names a choice twice"
    yield (
        all(1 <= n <= study.panel.age_limit_days for n in grid.age_limits_days),
        ("grid.age_limits_days must lie between 1 and panel.age_limit_days"),
    )
    yield grid.replicates >= 1, "grid.replicates must be at least 1"
    cells = study.published_cells
    yield all(c.window in windows for c in cells), "a published_cell names no window"
    yield all(c.scope in grid.scopes for c in cells), "a published_cell names no scope of the grid"


def _repeated(values: list[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})

"""What must hold between the tables of definitions.toml, beyond what each says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from replication.definitions.groups import UNKNOWN
from replication.definitions.messages import span
from replication.definitions.model import Definitions
from replication.definitions.value_types import FIRST_DAY, LAST_DAY, repeated
from replication.definitions.windows import WINDOW
from replication.errors import DefinitionError

Condition = tuple[bool, str]
"""Whether it holds, and what is wrong where it does not."""


def require_consistent(definitions: Definitions) -> None:
    """Refuse definitions that do not hold together.

    Raises
    ------
    DefinitionError
        A name is used twice, or names nothing.
    """
    every = (_names, _groups, _windows, _headline, _grid, _published)
    for holds, what in chain.from_iterable(conditions(definitions) for conditions in every):
        if not holds:
            raise DefinitionError(what, "correct the value")


def _names(definitions: Definitions) -> Iterator[Condition]:
    """Ids are used once."""
    ids = [w.id for w in definitions.all_windows] + [x.id for x in definitions.exclusions]
    ids += [definitions.published_window.id]
    ids += [one.id for one in definitions.published_specifications]
    ids += [bridge.id for bridge in definitions.bridges]
    yield not repeated(ids), f"id used twice: {repeated(ids)}"
    fillings = [filling.id for filling in definitions.fillings]
    yield bool(fillings), "there must be at least one [[filling]]"
    yield not repeated(fillings), f"filling used twice: {repeated(fillings)}"


def _groups(definitions: Definitions) -> Iterator[Condition]:
    """Country groups are apart, and those that are compared exist."""
    groups = definitions.country_groups
    codes = [code for g in groups for code in (*g.codes, g.registry_class) if code]
    colours = [group.colour.lower() for group in groups if group.colour]
    names = [*definitions.groups]
    yield not repeated(names), f"group used twice: {repeated(names)}"
    yield not repeated(codes), f"country code in two groups: {repeated(codes)}"
    yield not repeated(colours), f"colour used twice: {repeated(colours)}"
    yield definitions.family.within in names, "family.within names no country group"
    yield {"China", "USA"} <= {*names}, "the groups China and USA must exist"
    yield UNKNOWN in codes, f"no country_group has registry_class = {UNKNOWN!r}"


def _windows(definitions: Definitions) -> Iterator[Condition]:
    """Windows are of a kind of their own, and what they leave out is defined."""
    for window in definitions.all_windows:
        yield window.kind != WINDOW, f"the kind of {window.id} is that of the published window"
    unknown = sorted(
        {*definitions.published_window.exclusions} - {x.id for x in definitions.exclusions}
    )
    yield not unknown, f"published_window.exclusions names no exclusion: {unknown}"
    about = definitions.snapshots
    for key, day in (("since", about.since), ("until", about.until)):
        what = f"snapshots.{key} = {day} must lie between {span(FIRST_DAY, LAST_DAY)}"
        yield FIRST_DAY <= day <= LAST_DAY, what
    yield about.since <= about.until, "snapshots.since must not lie after snapshots.until"


def _headline(definitions: Definitions) -> Iterator[Condition]:
    """The headline is an estimand, and what it chooses is in the grid."""
    known = {estimand.id for estimand in definitions.estimands}
    yield definitions.headline.estimand in known, "headline.estimand names no estimand"
    excluded = definitions.headline_estimand.exclusion
    choices = {"exclusions": excluded.id if excluded else "none", "treatments": "own"}
    for name, chosen in choices.items():
        holds = chosen in getattr(definitions.grid, name)
        yield holds, f"grid.{name} must hold {chosen!r}, which is the headline's choice"


def _grid(definitions: Definitions) -> Iterator[Condition]:
    """What the grid leaves out is defined."""
    known = ("none", *(x.id for x in definitions.exclusions))
    yield {*definitions.grid.exclusions} <= {*known}, f"grid.exclusions is not among {known}"


def _published(definitions: Definitions) -> Iterator[Condition]:
    """Published specifications and the bridges between them name what is defined."""
    every, windows = definitions.published_specifications, {w.id for w in definitions.all_windows}
    for one in every:
        named = f"published_specification {one.id} names"
        yield one.window in windows, f"{named} the window {one.window}, which is not defined"
        yield one.scope in definitions.grid.scopes, f"{named} no scope of the grid: {one.scope}"
    window_of = {one.id: one.window for one in every}
    for bridge in definitions.bridges:
        ends = [window_of.get(bridge.start), window_of.get(bridge.end)]
        what = (
            f"bridge {bridge.id} does not lead from the window of one published_specification "
            "to another's"
        )
        yield ends == [*bridge.windows[:1], *bridge.windows[-1:]], what
        yield {*bridge.windows} <= windows, f"bridge {bridge.id} names a window not defined"

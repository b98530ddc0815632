"""What must hold between the definitions of definitions.toml, beyond the type of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from replication.errors import DefinitionError

if TYPE_CHECKING:
    from replication.definitions import Definitions

AS_READ, INTERPOLATED, LEFT_OUT = "as-read", "interpolated", "left-out"
"""What is done with readings at which the counters stood still."""
KINDS = {"increments", "cohort", "rebuild"}
"""Rules by which a window counts downloads."""
FILLING = {"between": ("linear", "geometric", "nearest"), "birth": ("middle", "earliest", "latest")}
"""What gaps between records can be filled by, and where in its range an unknown birth can be taken."""
CAPTURE = ("proportion", "level", "none")
"""What can be done with downloads that no record follows."""
COLOUR = re.compile("#[0-9A-Fa-f]{6}")
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


def check(definitions: Definitions) -> None:
    """Check what a type cannot say."""
    names = [w.id for w in definitions.all_windows] + [x.id for x in definitions.exclusions]
    names += [definitions.window.id]
    names += [cell.id for cell in definitions.published_cells] + [b.id for b in definitions.bridges]
    codes = [code for g in definitions.country_groups for code in (*g.codes, g.class_) if code]
    rules = [
        (not _repeated(names), f"id used twice: {_repeated(names)}"),
        (
            not _repeated([*definitions.groups]),
            f"group used twice: {_repeated([*definitions.groups])}",
        ),
        (not _repeated(codes), f"country code in two groups: {_repeated(codes)}"),
        *_window_rules(definitions),
        (all(w.kind in KINDS for w in definitions.all_windows), "kind of an estimand"),
        *(
            (w.start <= w.end, f"{w.id} ends before it starts: {w.start} to {w.end}")
            for w in definitions.all_windows
        ),
        *(
            (w.end <= w.last, f"read_until of {w.id} lies before its end")
            for w in definitions.all_windows
        ),
        *_value_rules(definitions),
    ]
    for holds, what in chain(rules, _grid_rules(definitions), _colour_rules(definitions)):
        if not holds:
            raise DefinitionError(what, "correct the value")


def _value_rules(definitions: Definitions) -> tuple[tuple[bool, str], ...]:
    """What must hold of single values."""
    return (
        (1.0 in definitions.calibration.powers, "calibration.powers must hold 1.0"),
        (
            definitions.verdict.majority_percent <= definitions.verdict.vast_majority_percent,
            "verdict.majority_percent must not exceed verdict.vast_majority_percent",
        ),
        (
            definitions.snapshots.since <= definitions.snapshots.until,
            "snapshots.since must not lie after snapshots.until",
        ),
        (
            definitions.headline.estimand in {e.id for e in definitions.estimands},
            "headline.estimand names no estimand",
        ),
        (
            definitions.headline.attribution in {"uploader", "origin", "split", "maker"},
            "headline.attribution must be uploader, origin, split or maker",
        ),
        (
            definitions.headline.labels in {"study", "registry"},
            "headline.labels must be study or registry",
        ),
        (definitions.family.within in definitions.groups, "family.within names no country group"),
        ({"China", "USA"} <= set(definitions.groups), "the groups China and USA must exist"),
    )


def _window_rules(definitions: Definitions) -> Iterator[tuple[bool, str]]:
    """What must hold of the published window, of the rules of filling and of capture."""
    about, rules = definitions.window, definitions.capture.rules
    yield about.start < about.end, "window.start must lie before window.end"
    yield about.attribution in GRID["attributions"], f"window.attribution {about.attribution!r}"
    yield about.labels in GRID["labels"], f"window.labels {about.labels!r}"
    unknown = sorted(set(about.exclusions) - {x.id for x in definitions.exclusions})
    yield not unknown, f"window.exclusions names no exclusion: {unknown}"
    ids = [rule.id for rule in definitions.fillings]
    yield bool(ids), "there must be at least one [[filling]]"
    yield not _repeated(ids), f"filling used twice: {_repeated(ids)}"
    for rule in definitions.fillings:
        yield "/" not in rule.id, f"the id of filling {rule.id!r} must not hold a slash"
        for key, choices in FILLING.items():
            chosen = getattr(rule, key)
            yield chosen in choices, f"{key} of filling {rule.id} is {chosen!r}, not of {choices}"
    yield bool(rules) and set(rules) <= set(CAPTURE), f"capture.rules are not among {CAPTURE}"
    yield not _repeated([*rules]), "capture.rules names a rule twice"


def _grid_rules(definitions: Definitions) -> Iterator[tuple[bool, str]]:
    """What must hold of the grid and of its published cells."""
    grid, windows = definitions.grid, {w.id for w in definitions.all_windows}
    known = GRID | {"exclusions": ("none", *(x.id for x in definitions.exclusions))}
    for name, choices in known.items():
        chosen = getattr(grid, name)
        yield bool(chosen) and set(chosen) <= set(choices), f"grid.{name} is not among {choices}"
        yield not _repeated([*chosen]), f"grid.{name} names a choice twice"
    excluded = definitions.headline_estimand.exclusion
    for name, chosen in (
        ("exclusions", excluded.id if excluded else "none"),
        ("treatments", "own"),
    ):
        held = chosen in getattr(grid, name)
        yield held, f"grid.{name} must hold {chosen!r}, which is the headline's choice"
    cells = definitions.published_cells
    for cell in cells:
        what = f"published_cell {cell.id} names the window {cell.window}, which is not defined"
        yield cell.window in windows, what
    window_of = {cell.id: cell.window for cell in cells}
    for bridge in definitions.bridges:
        ends = [window_of.get(bridge.start), window_of.get(bridge.end)]
        what = (
            f"bridge {bridge.id} does not lead from the window of one published_cell to another's"
        )
        yield ends == [*bridge.windows[:1], *bridge.windows[-1:]], what
        yield set(bridge.windows) <= windows, f"bridge {bridge.id} names a window not defined"
    yield all(c.scope in grid.scopes for c in cells), "a published_cell names no scope of the grid"


def _colour_rules(definitions: Definitions) -> Iterator[tuple[bool, str]]:
    """What must hold of the colours of the country groups."""
    stated = [group.colour.lower() for group in definitions.country_groups if group.colour]
    for group in definitions.country_groups:
        shape = not group.colour or COLOUR.fullmatch(group.colour)
        yield bool(shape), f"colour of {group.name} is {group.colour!r}, not like #12386E"
    yield not _repeated(stated), f"colour used twice: {_repeated(stated)}"


def _repeated(values: list[str]) -> list[str]:
    return sorted({v for v in values if values.count(v) > 1})

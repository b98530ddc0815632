"""Every choice of attribution with the lead under it, read from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from replication.definitions import Definitions, Exclusion, Window
from replication.plots.results import (
    LEAD,
    Choice,
    Ends,
    Results,
    headline,
    increments_to_headline,
    select,
    window_of,
)
from replication.plots.words import CREDIT, LABELS, UNATTRIBUTED

# Kinds of draws behind the ranges of the last block, and the words for what was drawn anew.
REDRAWN = {
    "labels-unsettled": "unsettled labels redrawn",
    "both-unsettled": "unsettled labels and developers redrawn",
}


class Row(NamedTuple):
    """A choice and the lead under it in points; no lead where the choice removes nothing."""

    label: str
    lead: float | None
    own: bool  # the headline makes this choice


class Range(NamedTuple):
    """A lead in points and the range of it that one kind of draws gives."""

    label: str
    lead: float
    ends: Ends


Blocks = dict[str, list[Row]]


class Panel(NamedTuple):
    """A window: the lead under the headline's choices, under every other one, and its ranges."""

    window: Window
    baseline: float
    blocks: Blocks
    ranges: list[Range]

    def rows(self) -> dict[str, Sequence[Row | Range]]:
        """Everything that is drawn, by the name of its block."""
        shown: dict[str, Sequence[Row | Range]] = {**self.blocks}
        return shown | ({"Error of the labels": self.ranges} if self.ranges else {})

    @property
    def labels(self) -> list[str]:
        """Names of the rows."""
        return [row.label for rows in self.rows().values() for row in rows]

    def turned(self) -> tuple[list[str], int]:
        """The choices that turn the headline's lead, and how many there are beside its own."""
        others = [
            (f"{block.lower()}: {row.label}", row.lead)
            for block, rows in self.blocks.items()
            for row in rows
            if not row.own and row.lead is not None
        ]
        return [name for name, lead in others if lead * self.baseline < 0], len(others)


def panels_of(results: Results, definitions: Definitions) -> list[Panel]:
    """The headline's window and, where it is another, its rival's."""
    chosen = (headline(definitions), increments_to_headline(definitions))
    windows = {w.id: w for w in (window_of(definitions, choice) for choice in chosen)}
    return [
        Panel(
            window,
            _lead(results, window, _headline(definitions)),
            blocks(results, definitions, window),
            ranges_of(results, definitions, window),
        )
        for window in windows.values()
    ]


def blocks(results: Results, definitions: Definitions, window: Window) -> Blocks:
    """Every choice with its lead, by what is chosen."""
    named = {"attribution": CREDIT, "labels": LABELS, "treatment": UNATTRIBUTED}
    titles = dict(zip(named, ("Credit", "Labels", "Unattributed"), strict=True))
    own = _headline(definitions)
    by_kind = {
        titles[key]: [
            Row(text, _lead(results, window, {**own, key: choice}), choice == own[key])
            for choice, text in texts.items()
        ]
        for key, texts in named.items()
    }
    without = [
        _without(results, window, x, exclusion_name(definitions, x)) for x in definitions.exclusions
    ]
    return by_kind | {"Left out": [Row("nothing", _lead(results, window, own), own=True), *without]}


def ranges_of(results: Results, definitions: Definitions, window: Window) -> list[Range]:
    """The ranges that errors of the registry's labels give the lead, without and with luck."""
    choice = Choice(window.id, headline(definitions).attribution, "registry")
    rows = select(results.label_error, choice)
    rows = rows[rows["group"] == LEAD].set_index("source")
    return [
        Range(text, 100 * row["point"], Ends(100 * row["lower"], 100 * row["upper"]))
        for source, text in REDRAWN.items()
        for _, row in rows.loc[rows.index == source].iterrows()
    ]


def _headline(definitions: Definitions) -> dict[str, str]:
    """The headline's choices in the table of choices."""
    own = definitions.headline
    return {
        "exclusion": "none",
        "attribution": own.attribution,
        "labels": own.labels,
        "treatment": "own",
    }


def _lead(results: Results, window: Window, choice: Mapping[str, str]) -> float:
    """The lead in points under every choice named."""
    sought = {"window": window.id, **choice}
    table = results.choices
    return 100 * float(
        table.loc[(table[[*sought]] == [*sought.values()]).all(axis=1), "lead"].item()
    )


def exclusion_name(definitions: Definitions, exclusion: Exclusion) -> str:
    """What an exclusion leaves out; one that joins all before it is named by that."""
    before = definitions.exclusions[: definitions.exclusions.index(exclusion)]
    if len(before) > 1 and set(exclusion.kinds) == {kind for x in before for kind in x.kinds}:
        return "all of the above"
    return exclusion.label.removeprefix("without ")


def _without(results: Results, window: Window, exclusion: Exclusion, label: str) -> Row:
    """The lead in points without what an exclusion leaves out."""
    table = results.exclusions
    sought = ["exclusion", exclusion.id, window.id]
    row = table[(table[["by", "exclusion", "window"]] == sought).all(axis=1)].iloc[0]
    lead = 100 * float(row["lead_without"]) if row["downloads"] else None
    return Row(label, lead, own=False)

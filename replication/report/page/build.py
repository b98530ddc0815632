"""The page from the results, the credited data and the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from replication import extent
from replication.analysis.cells import Repositories, Weeks
from replication.analysis.lead import SIDES
from replication.analysis.window.data import WindowData
from replication.attribution.registry import Registry
from replication.definitions import Definitions
from replication.definitions.windows import young_word
from replication.files import read_csv, read_json
from replication.places import IN_SHORT
from replication.plots.palette import on_dark
from replication.plots.style import colours_of
from replication.report import own
from replication.report.claims import Claim
from replication.report.page import answer, evidence, sources
from replication.report.page.document import document

NAME = "index.html"
WHOLE = (
    "This run is of snapshots of the Hub. The published window rebuilt from public records "
    "belongs to a run of the bundled panel, of a released file or of the records."
)
SYNTHETIC = (
    "Synthetic data: nothing on this page is a finding. Every number is of repositories drawn at random "
    "to test the code, under names of real developers."
)


@dataclass(frozen=True)
class Material:
    """What the page is made of beside result tables.

    Attributes
    ----------
    repositories, weeks
        Attributed repositories with counters, and their weekly downloads.
    window
        The published window; None of the whole Hub, which has none.
    registry
        The registry of developers.
    ledger
        The published figures.
    """

    repositories: Repositories
    weeks: Weeks
    window: WindowData | None
    registry: Registry
    ledger: Sequence[Claim]


def page(data: Mapping[str, Any], results: Path, paper: Path, definitions: Definitions) -> str:
    """The page as HTML.

    Parameters
    ----------
    data
        What the script reads: see `payload`.
    results
        Folder of the result tables.
    paper
        Folder of the run's paper, with the finding in short.
    definitions
        Definitions.
    """
    manifest, tables = read_json(results / "manifest.json"), _Tables(results)
    said = read_json(paper / IN_SHORT)
    parts = {"headline": "", "short": answer.in_short(said)}
    if not definitions.whole:
        parts["short"] += answer.links(tables["window_passing"], "The study’s released file")
        parts["headline"] = answer.headline(
            tables["window_answers"],
            tables["window_changes"],
            tables["claims"],
            definitions.inference.level,
            colours_of(definitions),
            definitions.young,
        )
    about = definitions.paper
    notes = list(_notes(results, definitions, manifest))
    return document(about.title, about.subtitle, parts, notes, data)


def payload(material: Material, results: Path, definitions: Definitions) -> dict[str, Any]:
    """What the script reads of the credited data and of the result tables in `results`."""
    manifest, tables = read_json(results / "manifest.json"), _Tables(results)
    made = []
    if material.window is not None:
        made.append(sources.of_window(material.window, tables))
    title = "The released file" if not definitions.whole else "Snapshots of the Hub"
    made.append(sources.of_repositories(material.repositories, material.weeks, tables, title))
    colours = colours_of(definitions)
    return {
        "title": definitions.paper.title,
        "groups": [
            {
                "name": group.name,
                "colour": colours[group.name],
                "dark": on_dark(colours[group.name]),
                "attributed": group.attributed,
            }
            for group in definitions.country_groups
        ],
        "sides": list(SIDES),
        "roles": sources.credit(),
        "level": definitions.inference.level,
        "young": {str(age): young_word(age) for age in definitions.grid.age_limits_days},
        "read": manifest["accessed"],
        "sources": made,
        "claims": evidence.claims(tables["claims"], material.ledger, definitions),
        "registry": evidence.registry(material.registry, definitions.group_of),
    }


class _Tables(dict[str, pd.DataFrame]):
    """Result tables by name, read when they are asked for."""

    def __init__(self, results: Path) -> None:
        super().__init__()
        self._results = results

    def __missing__(self, name: str) -> pd.DataFrame:
        text = str if name == "claims" else None  # whose figures have units of their own
        self[name] = read_csv(self._results / f"{name}.csv", dtype=text)
        return self[name]


def _notes(results: Path, definitions: Definitions, manifest: Mapping[str, Any]) -> Sequence[str]:
    """What the run says of itself, or lacks."""
    notes = [SYNTHETIC] if extent.is_synthetic(manifest) else []
    if definitions.whole:
        notes.append(f"{WHOLE} It covers {extent.in_words(manifest)}.")
    notes += [
        f"Not as in the committed results: {x}." for x in own.differences(results, definitions)
    ]
    return notes

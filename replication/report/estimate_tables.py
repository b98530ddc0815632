"""Tables of the paper about the estimates, their intervals and the grid, as Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from replication.analysis import rebuild_error
from replication.analysis.lead import LEAD
from replication.definitions import Definitions
from replication.files import read_csv
from replication.inference.simulation import MODELS
from replication.plots.interval_looks import Method, look_of
from replication.plots.words import DIMENSIONS, choices
from replication.report.markdown import capital, markdown, signed


def estimates(results: Path, definitions: Definitions) -> str:
    """China, USA and the lead for every estimand under the headline's attribution and labels."""
    table = read_csv(results / "estimates.csv")
    head = definitions.headline
    table = table[(table["attribution"] == head.attribution) & (table["labels"] == head.labels)]
    labels = {e.id: e.label for e in definitions.estimands}
    rows = []
    for estimand, part in table.groupby("estimand", sort=False):
        lead = part[part["group"] == LEAD].set_index("method", drop=False)
        share = part[part["method"] == "bounds"].set_index("group")["point"]
        rows.append(
            (
                labels[str(estimand)],
                f"{100 * share['China']:.1f}",
                f"{100 * share['USA']:.1f}",
                signed(share[LEAD]),
                _ends(lead.loc["leave-one-out"], lead=True),
                _ends(lead.loc["bounds"], lead=True),
                f"{lead['n_effective'].iloc[0]:.1f}",
            )
        )
    header = ("Estimand", "China %", "USA %", "Lead", "Leave-one-out", "Bounds", "Effective n")
    return markdown(header, rows, (34, 9, 9, 9, 16, 16, 10))


def methods(results: Path, definitions: Definitions) -> str:
    """Every range of the headline, and the measured coverage of those that claim a level."""
    head = definitions.headline
    table = read_csv(results / "intervals.csv")
    made = table[table["estimand"] == head.estimand]
    bounds = read_csv(results / "estimates.csv")
    bounds = bounds[(bounds[list(vars(head))] == pd.Series(vars(head))).all(axis=1)]
    bounds = bounds[bounds["method"].isin([*_BESIDE])]
    covered = _coverage_by_model(results, definitions)
    models = MODELS if covered else ()  # measured for the bundled panel's windows alone
    rows = []
    for part in (made, bounds.assign(scheme="none")):
        for key, some in part.groupby(["unit", "scheme", "method"], sort=False):
            shown = some.set_index("group")
            ends = [_ends(shown.loc[name], lead=name == LEAD) for name in ("China", "USA", LEAD)]
            cells = [_covered(covered.get((*key, model))) for model in models]
            rows.append((_name(Method(*map(str, key))), *ends, *cells))
    header = ("Range", "China", "USA", LEAD, *(capital(model) for model in models))
    return markdown(header, rows, (31, 14, 14, 15, 7, 7, 11, 7)[: len(header)])


def _coverage_by_model(
    results: Path, definitions: Definitions
) -> dict[tuple[str, str, str, str], float]:
    """Measured coverage of the headline's lead by unit, scheme, method and model."""
    table = read_csv(results / "calibration.csv")
    mine = table[
        (table["estimand"] == definitions.headline.estimand)
        & (table["power"] == 1)
        & (table["group"] == LEAD)
    ]
    keys = zip(mine["unit"], mine["scheme"], mine["method"], mine["model"], strict=True)
    return dict(zip(keys, mine["coverage"], strict=True))


def _covered(coverage: float | None) -> str:
    """Coverage in percent; a dash where none was measured."""
    return "–" if coverage is None or pd.isna(coverage) else f"{100 * coverage:.1f}"


_BESIDE = {
    "bounds": "Bounds for the unattributed",
    "leave-one-out-bounds": "Bounds, leaving one developer out",
    rebuild_error.METHOD: "Error of the rebuilt part alone",
    rebuild_error.COMBINED: "Jackknife, logit, with the error of the rebuilt part",
}
"""Ranges of the headline that stand in the table of estimates alone, and what they are called."""


def _name(method: Method) -> str:
    """What a range is called."""
    return _BESIDE.get(method.name) or look_of(method).name


def dimensions(results: Path, definitions: Definitions) -> str:
    """What every dimension of the grid does to the lead."""
    table = read_csv(results / "dimensions.csv")
    rows = []
    for name, part in table.groupby("dimension", sort=False):
        names = choices(definitions)[str(name)]
        low, high = part["lead_median"].idxmin(), part["lead_median"].idxmax()
        ends = {at: signed(part.loc[at, "lead_median"]) for at in (low, high)}
        alike = ends[low] == ends[high]
        middle = [
            f"{ends[at]} ({'all alike' if alike else names[str(part.loc[at, 'choice'])]})"
            for at in (low, high)
        ]
        leading = part["leading"]
        ahead = f"{100 * leading.min():.1f} … {100 * leading.max():.1f}"
        alone, taking_part = (100 * part[c].iloc[0] for c in ("first_order", "total_order"))
        rows.append((DIMENSIONS[str(name)], str(len(part)), f"{alone:.1f}", f"{taking_part:.1f}",
                     *middle, ahead))  # fmt: skip
    rows.sort(key=lambda row: -float(row[3]))
    header = ("Dimension", "Choices", "Alone %", "With others %", "Smallest median lead",
              "Largest median lead", "China leads in %")  # fmt: skip
    return markdown(header, rows, (22, 8, 8, 9, 24, 24, 11))


def _ends(row: pd.Series, *, lead: bool) -> str:
    """Both ends of a range, in points with a sign or in percent; refused where undefined."""
    low, high = row["lower"], row["upper"]
    if pd.isna(low):
        return "refused"
    return f"{signed(low)} … {signed(high)}" if lead else f"{100 * low:.1f} … {100 * high:.1f}"

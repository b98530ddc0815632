"""The tables of the published window: what each is made of, and in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from replication import files
from replication.run import Run
from replication.stages import Progress

if TYPE_CHECKING:
    import pandas as pd

    from replication.analysis.window.data import WindowData
    from replication.report.claims import Claim

    Tables = dict[str, pd.DataFrame]

TABLES = (
    "window_answers.csv",
    "window_estimates.csv",
    "window_errors.csv",
    "window_months.csv",
    "window_passing.csv",
    "window_changes.csv",
    "window_movers.csv",
    "window_targets.csv",
    "window_luck.csv",
    "window_turnover.csv",
    "window_specifications.csv",
    "implied_denominators.csv",
    "hub_dates.csv",
    "capture.csv",
    "records_agreement.csv",
    "records_agreement_points.csv",
    "records_left_out.csv",
    "window_summary.csv",
)
"""What `tables` makes."""
EARLIER = ("window_defects.csv", "hub_coverage.csv", "window_coverage.csv")
"""Results of the stages before."""
DIGITS = 9
"""Decimals of fractions whose last digits another processor may compute otherwise."""


def read(run: Run) -> WindowData:
    """The attributed window of a run."""
    from replication.analysis.window.data import WindowData

    folder = run.attributed
    return WindowData(
        files.read_csv(folder / "window_repositories.csv"),
        files.read_csv(run.panel / "window_months.csv"),
        files.read_csv(folder / "window_dates.csv"),
        files.read_csv(run.panel / "window_left_out.csv"),
        files.read_csv(folder / "window_agreement.csv"),
        run.definitions,
    )


def tables(run: Run, ledger: Sequence[Claim], progress: Progress) -> Tables:
    """Make every table of `TABLES` from the attributed window and the ledger of claims."""
    from replication.analysis import estimates
    from replication.analysis.window import errors, facts, months
    from replication.report import claims

    progress("the published window from public records")
    data = read(run)
    published = claims.published_shares(ledger)
    made = {"window_errors.csv": errors.errors(data)}
    made["window_estimates.csv"] = estimates.estimate(data.population, units=("developer",))
    made["window_answers.csv"] = errors.answers(
        made["window_errors.csv"], made["window_estimates.csv"], data
    )
    made["window_months.csv"] = months.months(data)
    made["window_passing.csv"] = months.passing(made["window_months.csv"])
    made |= _changed(data, published, claims.study_downloads(ledger), made, progress)
    made |= _records(data)
    made["window_summary.csv"] = facts.summary(data, made, published)
    return {name: table.round(DIGITS) for name, table in made.items()}


def _changed(
    data: WindowData,
    published: Mapping[str, float],
    study_total: float,
    made: Tables,
    progress: Progress,
) -> Tables:
    """Every single change, what would have to be true, and the grid."""
    from replication.analysis.window import changes, grid, months, targets

    progress("the window under every change")
    changed = changes.changes(data)
    gap = (published["China"] - published["USA"]) / 100
    goals = {"china": published["China"] / 100, "usa": published["USA"] / 100, "lead": gap}
    progress("the window under every combination of choices")
    return {
        "window_changes.csv": changed,
        "window_movers.csv": changes.movers(changed, gap),
        "window_targets.csv": targets.targets(data, goals),
        "window_luck.csv": targets.luck(data, gap),
        "window_turnover.csv": months.turnover(data),
        "window_specifications.csv": grid.grid(data),
        "implied_denominators.csv": targets.denominators(
            made["window_errors.csv"], published, study_total, data
        ),
    }


def _records(data: WindowData) -> Tables:
    """What the records hold, how well they agree, and what each is worth."""
    from replication.analysis.window import lists, records

    return {
        "hub_dates.csv": lists.hub_dates(data.lists, data.definitions),
        "capture.csv": records.captures(data),
        "records_agreement.csv": records.agreement(data),
        "records_agreement_points.csv": records.points(data),
        "records_left_out.csv": records.left_out(data),
    }

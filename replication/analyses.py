"""The tables of the analysis stage: what each is made of, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from replication import extent, files
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.stages import Progress

if TYPE_CHECKING:
    import pandas as pd

    from replication.analysis.cells import Repositories, Weeks
    from replication.report.claims import Claim

    Tables = dict[str, pd.DataFrame]

CALIBRATION = "calibration.csv"
CHAINED, CHAIN = "chained.csv", "chain.csv"
"""Of the whole Hub alone: downloads that the chain of 30-day windows tells, and how well it does."""
EARLIER = (
    "defects.csv",
    "coverage.csv",
    "origins.csv",
    "agreement.csv",
    "disagreements.csv",
    "second_agreement.csv",
)
"""Results of the stages before, which the analysis reads."""
TABLES = (
    "estimates.csv",
    "leave_one_out.csv",
    "weekly_shares.csv",
    "crossings.csv",
    "rolling_shares.csv",
    "rolling_crossings.csv",
    "rolling_distribution.csv",
    "changes.csv",
    "intervals.csv",
    CALIBRATION,
    "concentration.csv",
    "hill.csv",
    "removal_sets.csv",
    "influence.csv",
    "exclusions.csv",
    "choices.csv",
    "tipping_points.csv",
    "label_error.csv",
    "specifications.csv",
    "dimensions.csv",
    "published_cells.csv",
    "bridges.csv",
    "published_pair.csv",
    "concentration_curve.csv",
    "detectable_gap.csv",
    "claims.csv",
    "summary.csv",
)
"""What `tables` makes."""
NUMBERS = "numbers.json"
DIGITS = 9
"""Decimals of tables made by logarithms, powers or sums of fractions, of which another processor may
compute the last digits otherwise."""


def tables(run: Run, ledger: Sequence[Claim], window: Tables, progress: Progress) -> Tables:
    """Make every table of `TABLES` from the attributed panel and the ledger of claims.

    Parameters
    ----------
    run
        The run.
    ledger
        The published figures.
    window
        Tables of the published window, by which claims about it are judged; empty where the source
        is the whole Hub.
    progress
        Called with a line of text.
    """
    from replication.analysis import facts
    from replication.analysis.cells import Repositories, Weeks
    from replication.attribution import scope
    from replication.report import claims

    definitions, about = run.definitions, files.read_json(run.results / "manifest.json")
    part = extent.part(about) if run.whole_hub else ""
    table = files.read_csv(run.attributed / "repositories.csv")
    weekly = files.read_csv(run.attributed / "weekly.csv")
    published = claims.published_shares(ledger)
    variants = files.read_csv(run.panel / "variants.csv")
    repositories = Repositories(table, definitions, variants, scope.load())
    weeks = Weeks(weekly, definitions)
    made = _estimated(run, repositories, progress)
    made |= _over_time(run, weeks, progress)
    made |= _inference(repositories, weeks, progress)
    made |= _attribution_weighed(repositories, progress)
    made |= _multiverse(repositories, claims.published_percents(ledger), progress)
    made |= _published(repositories, published, progress)
    progress("claims and numbers")
    made["claims.csv"] = claims.judge(
        ledger,
        made["estimates.csv"],
        made["crossings.csv"],
        table,
        definitions,
        window,
        part,
    )
    made["summary.csv"] = facts.to_frame(
        *_summaries(run, repositories, made),
        facts.of_headline(repositories, published),
    )
    return made


def _estimated(run: Run, repositories: Repositories, progress: Progress) -> Tables:
    """Estimates with their ranges, the error of what was rebuilt, and each developer left out."""
    from replication.analysis import estimates, rebuild_error

    rows = estimates.estimate(repositories, progress)
    if run.whole_hub:
        chained, chain = files.read_csv(run.panel / CHAINED), files.read_csv(run.results / CHAIN)
        rows = rebuild_error.with_rebuild_error(rows, repositories, chained, chain)
    progress("leave-one-developer-out")
    return {
        "estimates.csv": rows,
        "leave_one_out.csv": estimates.leave_one_out(repositories),
    }


def _over_time(run: Run, weeks: Weeks, progress: Progress) -> Tables:
    """The weekly series, rolling windows, crossings, and changes of share."""
    from replication.analysis import change, crossover, rolling

    progress("weekly series, rolling windows and crossings")
    shares, crossings = crossover.series(weeks)
    breaks = rolling.Breaks.of(files.read_csv(run.results / "defects.csv"))
    rolled = rolling.rolling(weeks, breaks=breaks)
    return {
        "weekly_shares.csv": shares,
        "crossings.csv": crossings,
        "rolling_shares.csv": rolled.shares,
        "rolling_crossings.csv": rolled.crossings.round(DIGITS),
        "rolling_distribution.csv": rolled.distribution,
        "changes.csv": change.changes(weeks),
    }


def _inference(repositories: Repositories, weeks: Weeks, progress: Progress) -> Tables:
    """Every interval method, measured coverage, concentration and influence."""
    from replication.analysis import concentration, influence, methods

    progress("interval methods, concentration and influence")
    return {
        "intervals.csv": methods.interval_methods(repositories, weeks),
        CALIBRATION: files.read_csv(FOLDER / CALIBRATION),
        "concentration.csv": concentration.concentrations(repositories).round(DIGITS),
        "hill.csv": concentration.hill(repositories).round(DIGITS),
        "removal_sets.csv": influence.removal_sets(repositories),
        "influence.csv": influence.dfbeta(repositories).round(DIGITS),
    }


def _attribution_weighed(repositories: Repositories, progress: Progress) -> Tables:
    """The lead under every choice of attribution, without each rule, and with wrong labels."""
    from replication.analysis import choices, label_error, tipping
    from replication.attribution import audit, registry, rules

    progress("choices of attribution, tipping points and label error")
    definitions = repositories.definitions
    codings = audit.load(definitions.group_of)[1]
    known, nowhere = registry.load(definitions.group_of), set(definitions.unattributed)
    settled = audit.settled(codings, known.developer_of, definitions.group_of, nowhere)
    audited = audit.confusion(codings, definitions.group_of, nowhere)
    return {
        "exclusions.csv": choices.exclusions(repositories, rules.load()),
        "choices.csv": choices.choices(repositories),
        "tipping_points.csv": tipping.tipping_points(repositories),
        "label_error.csv": label_error.propagate(repositories, audited, settled),
    }


def _multiverse(
    repositories: Repositories, published: Mapping[str, float], progress: Progress
) -> Tables:
    """The specification grid, what each of its dimensions does, and the bridges across it."""
    from replication.analysis import grid, sensitivity

    rows, definitions = grid.multiverse(repositories, progress), repositories.definitions
    return {
        "specifications.csv": rows,
        "dimensions.csv": sensitivity.dimensions(rows, definitions).round(DIGITS),
        "published_cells.csv": sensitivity.published_cells(rows, published, definitions),
        "bridges.csv": sensitivity.bridges(rows, published, definitions),
    }


def _published(
    repositories: Repositories, published: Mapping[str, float], progress: Progress
) -> Tables:
    """Intervals of the published pair itself under stated models."""
    from replication.analysis import published as pair

    progress("the published pair under models")
    given = repositories.cells(repositories.headline), published, repositories.definitions
    return {
        "published_pair.csv": pair.published_pair(*given).round(DIGITS),
        "concentration_curve.csv": pair.concentration_curve(*given).round(DIGITS),
        "detectable_gap.csv": pair.detectable_gap(*given).round(DIGITS),
    }


def _summaries(run: Run, repositories: Repositories, made: Tables) -> Iterator[Mapping[str, Any]]:
    """Counts and extremes of the results, for the text."""
    from replication.analysis import facts, preferred, rebuild_error
    from replication.attribution import audit, registry, rules

    definitions = run.definitions
    known = registry.load(definitions.group_of)
    frame, codings = audit.load(definitions.group_of)
    audited = audit.confusion(codings, definitions.group_of, set(definitions.unattributed))
    found = {name: files.read_csv(run.results / name) for name in EARLIER}
    yield facts.over_specifications(made["specifications.csv"])
    yield facts.over_dimensions(made["dimensions.csv"], definitions)
    yield facts.over_estimates(made["estimates.csv"])
    yield preferred.of_calibration(made[CALIBRATION], definitions)
    yield facts.of_tails(made["hill.csv"], made["concentration.csv"], definitions)
    yield facts.of_first_sums(made["rolling_distribution.csv"])
    yield facts.of_changes(made["changes.csv"])
    yield facts.over_series(made["crossings.csv"])
    yield facts.of_files(repositories, found["defects.csv"], known)
    yield facts.of_omission(repositories)
    yield facts.over_choices(made["choices.csv"], definitions)
    yield facts.over_tipping_points(made["tipping_points.csv"])
    yield facts.of_origins(repositories, found["origins.csv"])
    yield facts.of_disagreements(repositories, found["disagreements.csv"], len(rules.load()))
    yield facts.of_audit(frame, codings, audited, known)
    if run.whole_hub:
        chained = files.read_csv(run.panel / CHAINED)
        yield rebuild_error.of_chained(repositories, chained)

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

    from replication.definitions import Definitions
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
    from replication.analysis import summary
    from replication.report import claims

    definitions, about = run.definitions, files.read_json(run.results / "manifest.json")
    part = extent.part(about) if run.whole_hub else ""
    repositories = files.read_csv(run.attributed / "repositories.csv")
    weekly = files.read_csv(run.attributed / "weekly.csv")
    published = claims.published_shares(ledger)
    made = _estimated(run, repositories, progress)
    made |= _over_time(run, weekly, progress)
    made |= _inference(repositories, weekly, definitions, progress)
    made |= _attribution_weighed(repositories, definitions, progress)
    made |= _multiverse(run, repositories, claims.published_percents(ledger), progress)
    made |= _published(repositories, published, definitions, progress)
    progress("claims and numbers")
    made["claims.csv"] = claims.judge(
        ledger,
        made["estimates.csv"],
        made["crossings.csv"],
        repositories,
        definitions,
        window,
        part,
    )
    made["summary.csv"] = summary.to_frame(
        *_summaries(run, repositories, made),
        summary.of_headline(repositories, published, definitions),
    )
    return made


def _estimated(run: Run, repositories: pd.DataFrame, progress: Progress) -> Tables:
    """Estimates with their ranges, the error of what was rebuilt, and each developer left out."""
    from replication.analysis import estimates, rebuild_error

    definitions = run.definitions
    rows = estimates.estimate(repositories, definitions, progress)
    if run.whole_hub:
        chained, chain = files.read_csv(run.panel / CHAINED), files.read_csv(run.results / CHAIN)
        rows = rebuild_error.with_rebuild_error(rows, repositories, chained, chain, definitions)
    progress("leave-one-developer-out")
    return {
        "estimates.csv": rows,
        "leave_one_out.csv": estimates.leave_one_out(repositories, definitions),
    }


def _over_time(run: Run, weekly: pd.DataFrame, progress: Progress) -> Tables:
    """The weekly series, rolling windows, crossings, and changes of share."""
    from replication.analysis import change, crossover, rolling
    from replication.analysis.cells import Weeks

    progress("weekly series, rolling windows and crossings")
    weeks = Weeks(weekly, run.definitions)
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


def _inference(
    repositories: pd.DataFrame, weekly: pd.DataFrame, definitions: Definitions, progress: Progress
) -> Tables:
    """Every interval method, measured coverage, concentration and influence."""
    from replication.analysis import concentration, influence, methods
    from replication.inference import pareto

    progress("interval methods, concentration and influence")
    return {
        "intervals.csv": methods.interval_methods(repositories, weekly, definitions),
        CALIBRATION: files.read_csv(FOLDER / CALIBRATION),
        "concentration.csv": concentration.concentrations(repositories, definitions).round(DIGITS),
        "hill.csv": pareto.hill(repositories, definitions).round(DIGITS),
        "removal_sets.csv": influence.removal_sets(repositories, definitions),
        "influence.csv": influence.dfbeta(repositories, definitions).round(DIGITS),
    }


def _attribution_weighed(
    repositories: pd.DataFrame, definitions: Definitions, progress: Progress
) -> Tables:
    """The lead under every choice of attribution, without each rule, and with wrong labels."""
    from replication.analysis import choices, label_error, tipping
    from replication.attribution import registry, rules, second_coding

    progress("choices of attribution, tipping points and label error")
    codings = second_coding.load(definitions.group_of)[1]
    known, nowhere = registry.load(definitions.group_of), set(definitions.unattributed)
    settled = second_coding.settled(codings, known.developer_of, definitions.group_of, nowhere)
    audited = second_coding.confusion(codings, definitions.group_of, nowhere)
    return {
        "exclusions.csv": choices.exclusions(repositories, rules.load(), definitions),
        "choices.csv": choices.choices(repositories, definitions),
        "tipping_points.csv": tipping.tipping_points(repositories, definitions),
        "label_error.csv": label_error.propagate(repositories, audited, settled, definitions),
    }


def _multiverse(
    run: Run, repositories: pd.DataFrame, published: Mapping[str, float], progress: Progress
) -> Tables:
    """The specification grid, what each of its dimensions does, and the bridges across it."""
    from replication.analysis import grid, sensitivity

    variants = files.read_csv(run.panel / "variants.csv")
    rows = grid.multiverse(repositories, variants, run.definitions, progress)
    return {
        "specifications.csv": rows,
        "dimensions.csv": sensitivity.dimensions(rows, run.definitions).round(DIGITS),
        "published_cells.csv": sensitivity.published_cells(rows, published, run.definitions),
        "bridges.csv": sensitivity.bridges(rows, published, run.definitions),
    }


def _published(
    repositories: pd.DataFrame,
    published: Mapping[str, float],
    definitions: Definitions,
    progress: Progress,
) -> Tables:
    """Intervals of the published pair itself under stated models."""
    from replication.analysis import published as pair

    progress("the published pair under models")
    return {
        "published_pair.csv": pair.published_pair(repositories, published, definitions).round(
            DIGITS
        ),
        "concentration_curve.csv": pair.concentration_curve(
            repositories, published, definitions
        ).round(DIGITS),
        "detectable_gap.csv": pair.detectable_gap(repositories, published, definitions).round(
            DIGITS
        ),
    }


def _summaries(run: Run, repositories: pd.DataFrame, made: Tables) -> Iterator[Mapping[str, Any]]:
    """Counts and extremes of the results, for the text."""
    from replication.analysis import leading, rebuild_error, summary
    from replication.attribution import registry, rules, second_coding

    definitions = run.definitions
    known = registry.load(definitions.group_of)
    frame, codings = second_coding.load(definitions.group_of)
    audited = second_coding.confusion(codings, definitions.group_of, set(definitions.unattributed))
    found = {name: files.read_csv(run.results / name) for name in EARLIER}
    yield summary.over_specifications(made["specifications.csv"])
    yield summary.over_dimensions(made["dimensions.csv"], definitions)
    yield summary.over_estimates(made["estimates.csv"])
    yield leading.of_calibration(made[CALIBRATION], definitions)
    yield summary.of_tails(made["hill.csv"], made["concentration.csv"], definitions)
    yield summary.of_first_sums(made["rolling_distribution.csv"])
    yield summary.of_changes(made["changes.csv"])
    yield summary.over_series(made["crossings.csv"])
    yield summary.of_files(repositories, found["defects.csv"], known)
    yield summary.of_omission(repositories, definitions)
    yield summary.over_choices(made["choices.csv"], definitions)
    yield summary.over_tipping_points(made["tipping_points.csv"])
    yield summary.of_origins(repositories, found["origins.csv"], definitions)
    yield summary.of_disagreements(
        repositories, found["disagreements.csv"], len(rules.load()), definitions
    )
    yield summary.of_audit(frame, codings, audited, known)
    if run.whole_hub:
        chained = files.read_csv(run.panel / CHAINED)
        yield rebuild_error.of_chained(repositories, chained, definitions)

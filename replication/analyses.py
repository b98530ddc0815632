"""The tables of the analysis stage: what each is made of, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from replication import covered, files
from replication.run import Run
from replication.sources.bundled import FOLDER
from replication.stages import Progress

if TYPE_CHECKING:
    import pandas as pd

    from replication.report.claims import Claim
    from replication.study import Study

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

    study, about = run.study, files.read_json(run.results / "manifest.json")
    part = covered.part(about) if run.whole_hub else ""
    repositories = files.read_csv(run.attributed / "repositories.csv")
    weekly = files.read_csv(run.attributed / "weekly.csv")
    published = claims.published_shares(ledger)
    made = _estimated(run, repositories, progress)
    made |= _over_time(run, weekly, progress)
    made |= _inference(repositories, weekly, study, progress)
    made |= _attribution_weighed(repositories, study, progress)
    made |= _multiverse(run, repositories, claims.published_percents(ledger), progress)
    made |= _published(repositories, published, study, progress)
    progress("claims and numbers")
    made["claims.csv"] = claims.judge(
        ledger, made["estimates.csv"], made["crossings.csv"], repositories, study, window, part
    )
    made["summary.csv"] = summary.to_frame(
        *_summaries(run, repositories, made),
        summary.of_headline(repositories, published, study),
    )
    return made


def _estimated(run: Run, repositories: pd.DataFrame, progress: Progress) -> Tables:
    """Estimates with their ranges, the error of what was rebuilt, and each developer left out."""
    from replication.analysis import estimates, rebuild_error

    study = run.study
    rows = estimates.estimate(repositories, study, progress)
    if run.whole_hub:
        chained, chain = files.read_csv(run.panel / CHAINED), files.read_csv(run.results / CHAIN)
        rows = rebuild_error.with_rebuild_error(rows, repositories, chained, chain, study)
    progress("leave-one-developer-out")
    return {
        "estimates.csv": rows,
        "leave_one_out.csv": estimates.leave_one_out(repositories, study),
    }


def _over_time(run: Run, weekly: pd.DataFrame, progress: Progress) -> Tables:
    """The weekly series, rolling windows, crossings, and changes of share."""
    from replication.analysis import change, crossover, rolling

    progress("weekly series, rolling windows and crossings")
    study = run.study
    shares, crossings = crossover.series(weekly, study)
    breaks = rolling.Breaks.of(files.read_csv(run.results / "defects.csv"))
    rolled = rolling.rolling(weekly, study, rolling.WIDTHS, breaks)
    return {
        "weekly_shares.csv": shares,
        "crossings.csv": crossings,
        "rolling_shares.csv": rolled[0],
        "rolling_crossings.csv": rolled[1].round(DIGITS),
        "rolling_distribution.csv": rolled[2],
        "changes.csv": change.changes(weekly, study),
    }


def _inference(
    repositories: pd.DataFrame, weekly: pd.DataFrame, study: Study, progress: Progress
) -> Tables:
    """Every interval method, measured coverage, concentration and influence."""
    from replication.analysis import concentration, influence, methods, pareto

    progress("interval methods, concentration and influence")
    return {
        "intervals.csv": methods.interval_methods(repositories, weekly, study),
        CALIBRATION: files.read_csv(FOLDER / CALIBRATION),
        "concentration.csv": concentration.concentrations(repositories, study).round(DIGITS),
        "hill.csv": pareto.hill(repositories, study).round(DIGITS),
        "removal_sets.csv": influence.removal_sets(repositories, study),
        "influence.csv": influence.dfbeta(repositories, study).round(DIGITS),
    }


def _attribution_weighed(repositories: pd.DataFrame, study: Study, progress: Progress) -> Tables:
    """The lead under every choice of attribution, without each rule, and with wrong labels."""
    from replication.analysis import choices, label_error, tipping
    from replication.attribution import registry, rules, second_coding

    progress("choices of attribution, tipping points and label error")
    codings = second_coding.load(study.group_of)[1]
    known, nowhere = registry.load(study.group_of), set(study.unattributed)
    settled = second_coding.settled(codings, known.developer_of, study.group_of, nowhere)
    audited = second_coding.confusion(codings, study.group_of, nowhere)
    return {
        "exclusions.csv": choices.exclusions(repositories, rules.load(), study),
        "choices.csv": choices.choices(repositories, study),
        "tipping_points.csv": tipping.tipping_points(repositories, study),
        "label_error.csv": label_error.propagate(repositories, audited, settled, study),
    }


def _multiverse(
    run: Run, repositories: pd.DataFrame, published: Mapping[str, float], progress: Progress
) -> Tables:
    """The specification grid, what each of its dimensions does, and the bridges across it."""
    from replication.analysis import multiverse, sensitivity

    variants = files.read_csv(run.panel / "variants.csv")
    grid = multiverse.multiverse(repositories, variants, run.study, progress)
    return {
        "specifications.csv": grid,
        "dimensions.csv": sensitivity.dimensions(grid, run.study).round(DIGITS),
        "published_cells.csv": sensitivity.published_cells(grid, published, run.study),
        "bridges.csv": sensitivity.bridges(grid, published, run.study),
    }


def _published(
    repositories: pd.DataFrame, published: Mapping[str, float], study: Study, progress: Progress
) -> Tables:
    """Intervals of the published pair itself under stated models."""
    from replication.analysis import published as pair

    progress("the published pair under models")
    return {
        "published_pair.csv": pair.published_pair(repositories, published, study).round(DIGITS),
        "concentration_curve.csv": pair.concentration_curve(repositories, published, study).round(
            DIGITS
        ),
        "detectable_gap.csv": pair.detectable_gap(repositories, published, study).round(DIGITS),
    }


def _summaries(run: Run, repositories: pd.DataFrame, made: Tables) -> Iterator[Mapping[str, Any]]:
    """Counts and extremes of the results, for the text."""
    from replication.analysis import leading, rebuild_error, summary
    from replication.attribution import registry, rules, second_coding

    study = run.study
    known = registry.load(study.group_of)
    frame, codings = second_coding.load(study.group_of)
    audited = second_coding.confusion(codings, study.group_of, set(study.unattributed))
    found = {name: files.read_csv(run.results / name) for name in EARLIER}
    yield summary.over_specifications(made["specifications.csv"])
    yield summary.over_dimensions(made["dimensions.csv"], study)
    yield summary.over_estimates(made["estimates.csv"])
    yield leading.of_calibration(made[CALIBRATION], study)
    yield summary.of_tails(made["hill.csv"], made["concentration.csv"], study)
    yield summary.of_first_sums(made["rolling_distribution.csv"])
    yield summary.of_changes(made["changes.csv"])
    yield summary.over_series(made["crossings.csv"])
    yield summary.of_files(repositories, found["defects.csv"], known)
    yield summary.of_omission(repositories, study)
    yield summary.over_choices(made["choices.csv"], study)
    yield summary.over_tipping_points(made["tipping_points.csv"])
    yield summary.of_origins(repositories, found["origins.csv"], study)
    yield summary.of_disagreements(
        repositories, found["disagreements.csv"], len(rules.load()), study
    )
    yield summary.of_audit(frame, codings, audited, known)
    if run.whole_hub:
        chained = files.read_csv(run.panel / CHAINED)
        yield rebuild_error.of_chained(repositories, chained, study)

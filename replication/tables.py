"""The result tables: one row for each, from which everything that must know of them follows.

The stages make and write the tables by these rows; the figures and the numbers of the text read them;
datapackage.json and results/README.md describe them. What a column means stands in data/columns.toml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replication.errors import DefinitionError

PANEL, ATTRIBUTION, ANALYSIS = "panel", "attribution", "analysis"
"""Stages that write result tables, in order."""
HEAD, WHOLE, ANY = "head", "whole", "any"
"""Sources that have a table: the released head of the Hub, snapshots of the whole of it, or both."""
DIGITS = 9
"""Decimals of fractions made by logarithms, powers or sums, whose last digits another processor may
compute otherwise."""
WINDOW = "window"
"""What the stage offers of the published window."""
NUMBERS = "numbers.json"
"""The numbers of the text, beside the tables."""
_READ = re.compile(r"\((?P<group>[^)]*)\)|(?P<one>\S+)")


@dataclass(frozen=True)
class Table:
    """One result table.

    Attributes
    ----------
    name
        Name of the table; its file is results/NAME.csv.
    sentence
        What it holds.
    maker
        The function that makes it, as text: it is imported when the table is made.
    reads
        The maker's arguments in order, separated by blanks: each the name of another table, or of
        something that the stage offers (repositories, definitions.unattributed). Tables in parentheses
        are passed as one mapping from name to table, of those that the source has.
    stage
        The stage that writes it.
    source
        Whether it is made for the head of the Hub, for the whole of it, or for both.
    digits
        Decimals to which its fractions are rounded; None where they are written as computed.
    part
        Its place among several tables that the maker returns together.
    options
        Further arguments of the maker, by name.
    kept
        Whether it is made rarely and lies among the package's data, from where it is copied.
    long
        Whether it takes long and needs little of what other tables need.
    """

    name: str
    sentence: str
    maker: str
    reads: str = ""
    stage: str = ANALYSIS
    source: str = ANY
    digits: int | None = None
    part: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    kept: bool = False
    long: bool = False

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.csv"

    @property
    def function(self) -> str:
        """Dotted name of the maker."""
        return f"replication.{self.maker}"

    @property
    def arguments(self) -> list[str | list[str]]:
        """Names of the maker's arguments; a list for a mapping of tables."""
        found = _READ.finditer(self.reads)
        return [one["one"] or one["group"].split() for one in found]

    @property
    def tables_read(self) -> set[str]:
        """Names in `reads` that are those of tables."""
        return set(re.findall(r"[\w.]+", self.reads)) & {table.name for table in TABLES}


def of(*stages: str, whole: bool) -> list[Table]:
    """The tables that stages write for a source, in the order of `TABLES`; of all stages by default."""
    other = HEAD if whole else WHOLE
    wanted = stages or (PANEL, ATTRIBUTION, ANALYSIS)
    return [table for table in TABLES if table.stage in wanted and table.source != other]


def files(folder: Path, *stages: str, whole: bool) -> list[Path]:
    """Files of the tables that stages write for a source."""
    return [folder / table.file for table in of(*stages, whole=whole)]


def row(name: str, *, whole: bool = False) -> Table:
    """The row of a table, for a source where sources differ.

    Raises
    ------
    DefinitionError
        There is none.
    """
    rows = [table for table in TABLES if table.name == name]
    if not rows:
        raise DefinitionError(
            f"tables.py does not describe the table {name}", "add a row to replication/tables.py"
        )
    return next((table for table in of(whole=whole) if table.name == name), rows[0])


def in_order(rows: list[Table]) -> list[Table]:
    """Sort tables so that each stands after those of them that it reads.

    Raises
    ------
    DefinitionError
        Tables read each other in a circle.
    """
    waiting, ordered = list(rows), list[Table]()
    while waiting:
        names = {table.name for table in waiting}
        ready = [table for table in waiting if not table.tables_read & names]
        if not ready:
            raise DefinitionError(
                f"result tables read each other in a circle: {', '.join(sorted(names))}",
                "correct what they read in replication/tables.py",
            )
        ordered += ready
        waiting = [table for table in waiting if table not in ready]
    return ordered


def apart(ordered: list[Table]) -> list[Table]:
    """Tables that a second process can make beside the others: long ones, and those of the window.

    None of them reads a table that is not among them. `ordered` stand after what they read.
    """
    names, found = {table.name for table in ordered}, list[Table]()
    for table in ordered:
        of_window = any(str(name).partition(".")[0] == WINDOW for name in table.arguments)
        if (table.long or of_window) and table.tables_read & names <= {t.name for t in found}:
            found.append(table)
    return found


def after(ordered: list[Table], some: list[Table]) -> list[Table]:
    """Tables that read one of some tables, or one that does; `ordered` stand after what they read."""
    names, found = {table.name for table in some}, list[Table]()
    for table in ordered:
        if table not in some and table.tables_read & names:
            found.append(table)
            names.add(table.name)
    return found


# fmt: off
TABLES: list[Table] = [
    Table("defects", "Named checks of the released file: what each found and did",
          "panel.defects.mend", stage=PANEL),
    Table("window_defects", "Named checks of the public records: what each found and did",
          "panel.window.evidence.defects", stage=PANEL, source=HEAD),
    Table("chain", "How well the chain of 30-day windows does where cumulative counters are known too",
          "panel.whole_hub.chain.measure", stage=PANEL, source=WHOLE),
    Table("coverage", "How much of the downloads each source of labels credits to a country",
          "attribution.coverage.of_panel", "repositories registry windows definitions.unattributed", stage=ATTRIBUTION),
    Table("unattributed", "The largest namespaces that the registry credits to no country",
          "attribution.assign.largest_unattributed", "repositories windows definitions.unattributed", stage=ATTRIBUTION),
    Table("rules", "What every rule on repositories matches, and what it decides alone",
          "attribution.rules.effects", "repositories rules_of_evidence windows", stage=ATTRIBUTION),
    Table("origins", "Repositories whose origin, annotated or traced, or whose maker is another developer's",
          "attribution.assign.origins", "repositories registry windows", stage=ATTRIBUTION),
    Table("agreement", "Agreement of the registry with the study's labels",
          "attribution.agreement.with_study", "repositories windows definitions.unattributed unknown", stage=ATTRIBUTION),
    Table("confusion", "How often each pair of labels occurs",
          "attribution.agreement.confusion", "repositories windows", stage=ATTRIBUTION),
    Table("disagreements", "Every namespace that the study and the registry place differently",
          "attribution.agreement.disagreements", "repositories registry windows unknown", stage=ATTRIBUTION),
    Table("second_agreement", "Agreement of the registry with its second coding",
          "attribution.audit.agreement", "frame codings definitions.group_of nowhere", stage=ATTRIBUTION),
    Table("hub_coverage", "How much of every complete list of the Hub has a row of the registry, evidence and a country",
          "attribution.coverage.of_lists", "lists registry definitions.unattributed", stage=ATTRIBUTION, source=HEAD),
    Table("window_coverage", "How much of the window's estimates has a row of the registry, evidence and a country",
          "attribution.coverage.of_window", "window_downloads registry definitions.unattributed", stage=ATTRIBUTION, source=HEAD),
    Table("window_errors", "Standard errors of what the records leave open, by side and component",
          "analysis.window.errors.errors", "window", source=HEAD, digits=DIGITS),
    Table("window_estimates", "The published window: every estimate, as in estimates.csv, developers alone",
          "analysis.estimates.estimate", "window.population", options={"units": ("developer",)}, source=HEAD, digits=DIGITS),
    Table("window_answers", "The published window: shares, lead and part of the two with every range",
          "analysis.window.errors.answers", "window_errors window_estimates window", source=HEAD, digits=DIGITS),
    Table("window_months", "The published window by month: downloads of country groups and of the largest developers",
          "analysis.window.months.months", "window", source=HEAD, digits=DIGITS),
    Table("window_passing", "When China passes the USA inside the window",
          "analysis.window.months.passing", "window_months", source=HEAD, digits=DIGITS),
    Table("window_changes", "The window's statistics under every single change: a choice, a developer or a repository left out",
          "analysis.window.changes.changes", "window", source=HEAD, digits=DIGITS),
    Table("window_movers", "Single changes that move the window's lead by more than the published gap, most first",
          "analysis.window.changes.movers", "window_changes published_gap", source=HEAD, digits=DIGITS),
    Table("window_targets", "Which developers, counted without a country or left out, bring each published figure about",
          "analysis.window.targets.targets", "window published_fractions", source=HEAD, digits=DIGITS),
    Table("window_luck", "How many equally large developers it takes to tell the published gap from luck",
          "analysis.window.targets.luck", "window published_gap", source=HEAD, digits=DIGITS),
    Table("window_turnover", "The leading developers of each half of the window, and what they hold of the other",
          "analysis.window.months.turnover", "window", source=HEAD, digits=DIGITS),
    Table("turnover", "How the leading developers and the lead changed from each half-year and quarter to the next",
          "analysis.window.turnover.changes", "window weeks", source=HEAD, digits=DIGITS),
    Table("turnover_leaders", "The leading developers of each half-year and quarter, and their place in the next",
          "analysis.window.turnover.leaders", "window weeks", source=HEAD, digits=DIGITS),
    Table("window_specifications", "The window's lead under every combination of choices",
          "analysis.window.grid.grid", "window", source=HEAD, digits=DIGITS),
    Table("implied_denominators", "The total that each published share implies, and ours",
          "analysis.window.targets.denominators", "window_errors published_shares study_downloads window", source=HEAD, digits=DIGITS),
    Table("hub_dates", "Shares of first-year downloads of the whole Hub on the dates of complete lists",
          "analysis.window.lists.hub_dates", "window.lists definitions", source=HEAD, digits=DIGITS),
    Table("capture", "What part of each country group's downloads the records follow to the end of the window",
          "analysis.window.records.captures", "window", source=HEAD, digits=DIGITS),
    Table("records_agreement", "Counts alone beside counters, by period, side and size",
          "analysis.window.records.agreement", "window", source=HEAD, digits=DIGITS),
    Table("records_agreement_points", "Counts alone beside counters, by repository",
          "analysis.window.records.points", "window", source=HEAD, digits=DIGITS),
    Table("records_left_out", "Both countries' estimates without each record and each month of a crawl",
          "analysis.window.records.left_out", "window", source=HEAD, digits=DIGITS),
    Table("window_summary", "Counts, extremes and parts of the window for the text",
          "analysis.window.facts.summary", "window (window_specifications window_changes hub_dates window_turnover records_left_out turnover window_answers) published_shares", source=HEAD, digits=DIGITS),
    Table("estimates", "Every estimate: point, intervals, bounds, leave-one-out ranges",
          "analysis.estimates.estimate", "repositories progress", source=HEAD),
    Table("estimates", "Every estimate: point, intervals, bounds, leave-one-out ranges",
          "analysis.rebuild_error.with_rebuild_error", "estimates_alone repositories chained chain", source=WHOLE),
    Table("leave_one_out", "Every estimate without each developer",
          "analysis.estimates.leave_one_out", "repositories"),
    Table("weekly_shares", "Shares by smoothed week",
          "analysis.crossover.series", "weeks", part=0),
    Table("crossings", "When China passes the USA for the rest of the series",
          "analysis.crossover.series", "weeks", part=1),
    Table("rolling_shares", "Shares of China and the USA in rolling sums of several widths",
          "analysis.rolling.rolling", "weeks rolling_widths breaks", part=0),
    Table("rolling_crossings", "When China passes the USA to stay ahead, by width of the sums and resampling scheme",
          "analysis.rolling.rolling", "weeks rolling_widths breaks", part=1, digits=DIGITS),
    Table("rolling_distribution", "In how many replicates the crossing falls in each week",
          "analysis.rolling.rolling", "weeks rolling_widths breaks", part=2),
    Table("changes", "Changes of the shares from the start of the weekly series to its end",
          "analysis.change.changes", "weeks"),
    Table("intervals", "Every interval method on the same cells",
          "analysis.methods.interval_methods", "repositories weeks"),
    Table("jackknife_degrees", "The preferred interval with the degrees of freedom that unequal developers are worth; its coverage is in calibration.csv",
          "analysis.degrees.degrees", "repositories window.population", source=HEAD, digits=DIGITS),
    Table("calibration", "Measured coverage of every interval method on synthetic data sets made of the panel's developers",
          "validation.coverage.measure", kept=True),
    Table("concentration", "Measures of concentration with intervals of a Pareto tail",
          "analysis.concentration.concentrations", "repositories", digits=DIGITS),
    Table("hill", "Hill's tail index against the size of the tail",
          "analysis.concentration.hill", "repositories", digits=DIGITS),
    Table("tail_models", "A lognormal beside the Pareto law above the same threshold, downloads treated as continuous, and whether the Pareto law holds",
          "analysis.tails.models", "repositories", digits=DIGITS),
    Table("tail_plateaus", "How far Hill's index moves from tails of the square root of the units to half of them",
          "analysis.tails.plateaus", "repositories", digits=DIGITS),
    Table("removal_sets", "The fewest developers and repositories without which the lead turns",
          "analysis.influence.removal_sets", "repositories"),
    Table("influence", "Developers and repositories ranked by how far the lead moves without them",
          "analysis.influence.dfbeta", "repositories", digits=DIGITS),
    Table("exclusions", "What every exclusion and every rule removes, and the lead without it",
          "analysis.choices.exclusions", "repositories rules_of_evidence"),
    Table("choices", "The lead under every choice of attribution",
          "analysis.choices.choices", "repositories"),
    Table("tipping_points", "How few wrong labels would turn the lead",
          "analysis.tipping.tipping_points", "repositories"),
    Table("label_error", "Intervals that carry luck, label error, and both",
          "analysis.label_error.propagate", "repositories audited settled"),
    Table("specifications", "The lead in every specification of the grid",
          "analysis.grid.multiverse", "repositories progress", long=True),
    Table("dimensions", "What every choice of the grid does to the lead, and shares of variance",
          "analysis.sensitivity.dimensions", "specifications definitions", digits=DIGITS),
    Table("published_cells", "The cells of the grid nearest to published definitions",
          "analysis.sensitivity.published_cells", "specifications published_percents definitions"),
    Table("bridges", "Steps from one published figure to another",
          "analysis.sensitivity.bridges", "specifications published_percents definitions"),
    Table("published_pair", "A model, not an estimate: intervals of the published shares of China and the USA",
          "analysis.published.published_pair", "headline_cells published_shares definitions", digits=DIGITS),
    Table("concentration_curve", "A model: the interval of the published lead by the concentration that is assumed",
          "analysis.published.concentration_curve", "headline_cells published_shares definitions", digits=DIGITS),
    Table("detectable_gap", "A model: the smallest published lead whose interval would exclude zero",
          "analysis.published.detectable_gap", "headline_cells published_shares definitions", digits=DIGITS),
    Table("claims", "The published figures with their source, our figure and both answers",
          "report.judgement.judge", "ledger (estimates crossings weekly_shares) repositories.table definitions (window_answers window_changes window_passing window_months) part"),
    Table("summary", "Counts and extremes for the text",
          "analysis.summary_table.summary", "(specifications dimensions estimates calibration hill tail_models tail_plateaus concentration rolling_distribution changes crossings defects choices tipping_points origins disagreements) repositories chained published_shares registry rules_of_evidence audit definitions"),
]
# fmt: on

"""Tables of the published window for the paper, as Markdown."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.files import read_csv, read_json
from replication.report.markdown import Markup, escaped, link, markdown, signed
from replication.sources.bundled import FOLDER, WINDOW_SIDECAR

MILLION, BILLION = 1e6, 1e9
PLAIN = "not-chosen"
"""The exclusion that the shares of the whole Hub are shown without, beside all of it."""
LARGEST = 10
"""Single changes that the paper shows; the supplement has all."""


def all_tables(results: Path, definitions: Definitions) -> dict[str, partial[str]]:
    """Makers of every table of the window, by name."""
    return {
        "records": partial(records),
        "window": partial(window, results),
        "hub_dates": partial(hub_dates, results),
        "capture": partial(capture, results, definitions),
        "agreement": partial(agreement, results),
        "movers": partial(movers, results),
        "movers_largest": partial(movers, results, most=LARGEST),
        "targets": partial(targets, results),
        "denominators": partial(denominators, results),
    }


def records() -> str:
    """The public records behind the bundled window: what each is, its dates and its licence."""
    rows = [
        (_record(one["title"], one["url"]), f"{one['rows']:,}",
         _span(one["first"], one["last"]), one["licence"])
        for one in read_json(FOLDER / WINDOW_SIDECAR)["records"]
    ]  # fmt: skip
    return markdown(("Record", "Rows", "Dates of its counts", "Licence"), rows, (46, 9, 24, 21))


def _record(title: str, url: str) -> Markup:
    """The title of a record, as a link where it has a page."""
    return link(title, url, sentence=True) if url else escaped(title, sentence=True)


def _span(first: str, last: str) -> str:
    if not first:
        return "–"
    return first if first == last else f"{first} … {last}"


def window(results: Path) -> str:
    """The window's shares, lead and part of the two, with every range."""
    table = read_csv(results / "window_answers.csv")
    rows = []
    for _, row in table[table["statistic"] != "total"].iterrows():
        lead = str(row["statistic"]) == "China − USA"
        cells = [_value(row[name], lead=lead) for name in ("point", "uncorrected", "seen")]
        ends = [
            f"{_value(row[f'{name}_lower'], lead=lead)} … {_value(row[f'{name}_upper'], lead=lead)}"
            for name in ("records", "without", "developer", "bounds")
        ]
        rows.append((str(row["statistic"]), *cells, *ends))
    header = ("", "Window", "Uncorrected", "Seen alone", "Records’ range", "Without any one developer",
              "Jackknife over developers", "Bounds")  # fmt: skip
    return markdown(header, rows, (17, 9, 11, 9, 14, 14, 14, 14))


def _value(fraction: float, *, lead: bool) -> str:
    return signed(fraction) if lead else f"{100 * fraction:.1f}"


def require_definitions(definitions: Definitions) -> None:
    """Refuse definitions without the exclusion that a table of the text shows beside the whole.

    Raises
    ------
    DefinitionError
        The published window is not estimated without it.
    """
    if PLAIN not in definitions.published_window.exclusions:
        raise DefinitionError(
            f"the text is about the published window without {PLAIN}, which window.exclusions does "
            "not hold",
            f'keep "{PLAIN}" in window.exclusions; others can be added and taken away',
        )


def hub_dates(results: Path) -> str:
    """Shares on the dates at which the whole Hub is known, with and without what looks automated."""
    table = read_csv(results / "hub_dates.csv")
    table = table[(table["attribution"] == "uploader") & (table["labels"] == "registry")]
    table = table[table["exclusion"].isin(["none", PLAIN])]
    rows = []
    for (_, date), part in table.groupby(["list", "date"], sort=False):
        cells = []
        for exclusion in ("none", PLAIN):
            own = part[part["exclusion"] == exclusion].set_index("group")
            shares = own["share_with_tail"]
            cells += [
                f"{100 * shares['China']:.1f}",
                f"{100 * shares['USA']:.1f}",
                signed(shares["China − USA"]),
            ]
        total = part[(part["exclusion"] == "none") & ~part["group"].str.contains("/ \\(|−")]
        rows.append((date, f"{total['with_tail'].sum() / MILLION:,.0f}", *cells))
    header = ("30 days to", "Downloads (millions)", "China %", "USA %", "Lead", "China %, plain",
              "USA %, plain", "Lead, plain")  # fmt: skip
    return markdown(header, rows, (14, 14, 10, 10, 10, 14, 14, 14))


def capture(results: Path, definitions: Definitions) -> str:
    """What part of each country's downloads is followed to the end of the window."""
    table = read_csv(results / "capture.csv")
    wide = table.pivot_table(index="group", columns="date", values="share", sort=False)
    chosen = ["China", "USA", *definitions.unattributed, "all"]
    rows = [
        (name if name != "all" else "all groups", *(f"{100 * x:.0f}" for x in wide.loc[name]))
        for name in chosen
    ]
    return markdown(("Percent followed", *wide.columns), rows, (34, 22, 22, 22))


def agreement(results: Path) -> str:
    """Counts alone beside counters, by period and country."""
    table = read_csv(results / "records_agreement.csv")
    own = table[table["size"] == "all"]
    rows = [
        (
            _PERIODS[str(row["period"])],
            str(row["side"]),
            f"{row['repositories']:,}",
            f"{row['exact'] / MILLION:,.1f}",
            f"{row['rebuilt'] / MILLION:,.1f}",
            f"{row['ratio']:.2f}",
            f"{100 * row['median_error']:.0f}",
        )
        for _, row in own.iterrows()
    ]
    header = ("Period", "Developers of", "Repositories", "By counters, millions",
              "By counts alone, millions", "Ratio", "Median error, %")  # fmt: skip
    return markdown(header, rows, (24, 16, 12, 14, 14, 8, 12))


_PERIODS = {"before": "Birth to first counter", "after": "First counter to the end"}


def movers(results: Path, most: int | None = None) -> str:
    """What moves the lead by more than the published gap, most first: all of it, or the first `most`."""
    table = read_csv(results / "window_movers.csv").iloc[:most]
    rows = [
        (_KINDS[str(row["kind"])], str(row["label"]), signed(row["lead"]), signed(row["shift"]))
        for _, row in table.iterrows()
    ]
    return markdown(("Kind", "Change", "Lead", "Moves it by"), rows, (14, 56, 14, 16))


_KINDS = {"choice": "choice", "developer": "developer", "repository": "repository"}


def targets(results: Path) -> str:
    """Which developers, counted elsewhere or left out, bring each published figure about."""
    table = read_csv(results / "window_targets.csv")
    rows = []
    for (target, treatment), part in table.groupby(["target", "treatment"], sort=False):
        last = part.iloc[-1]
        names = ", ".join(name for name in part["developer"] if name)
        lead = target == "lead"
        reached = names if str(last["reached"]) == "yes" else "no small set"
        rows.append(
            (f"{_TARGETS[str(target)]} {_value(last['published'], lead=lead)}",
             _value(last["ours"], lead=lead), _TREATMENTS[str(treatment)], reached,
             _value(last["value"], lead=lead) if names else "–")
        )  # fmt: skip
    header = ("Published", "Ours", "Developers", "Smallest set found, in steps", "Gives")
    return markdown(header, rows, (22, 8, 24, 36, 10))


_TARGETS = {"china": "China", "usa": "USA", "lead": "Lead"}
_TREATMENTS = {"without-country": "counted without a country", "left-out": "left out"}


def denominators(results: Path) -> str:
    """The totals that the published shares imply, and ours."""
    table = read_csv(results / "implied_denominators.csv")
    rows = []
    for _, row in table.iterrows():
        ratio = str(row["what"]) == "ratio of the two"
        ends = [_total(row[name], ratio=ratio) for name in ("value", "lower", "upper")]
        same = row["lower"] == row["upper"]
        rows.append((_WHATS[str(row["what"])], ends[0], "–" if same else f"{ends[1]} … {ends[2]}"))
    return markdown(("Total", "Billions", "Records’ range"), rows, (56, 14, 30))


def _total(value: float, *, ratio: bool) -> str:
    return f"{value:.2f} times" if ratio else f"{value / BILLION:.2f}"


_WHATS = {
    "implied by China": "China’s downloads over its published share",
    "implied by USA": "the USA’s downloads over its published share",
    "ratio of the two": "the second over the first",
    "rebuilt total": "downloads of the window, rebuilt",
    "printed by the study": "printed by the study for its whole period",
}

"""Tables of the paper and the README, as Markdown, from the result tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from replication.analysis import rebuild_error
from replication.analysis.lead import LEAD
from replication.attribution import second_coding
from replication.definitions import Definitions
from replication.files import read_csv
from replication.inference.simulation import MODELS
from replication.plots.choice_names import DIMENSIONS, choices
from replication.report import window_tables
from replication.report.markdown import Markup, bold, escaped, link, markdown, signed
from replication.report.numbers import NBSP


def all_tables(results: Path, definitions: Definitions) -> dict[str, partial[str]]:
    """Makers of every table, by name, in the order in which the paper numbers them.

    That of the chain is there only where the source is snapshots of the whole Hub, those of the window
    rebuilt from public records only elsewhere.
    """
    made = {
        "verdicts": partial(verdicts, results),
        "defects": partial(defects, results),
        "coverage": partial(coverage, results, definitions),
        "disagreements": partial(disagreements, results, definitions),
        "audit": partial(audit, definitions),
        "estimates": partial(estimates, results, definitions),
        "methods": partial(methods, results, definitions),
        "dimensions": partial(dimensions, results, definitions),
        "unjudged": partial(unjudged, results),
    }
    if definitions.whole:
        return made | {"chain": partial(chain, results)}
    return made | window_tables.all_tables(results)


def verdicts(results: Path) -> str:
    """Every claim that public data can judge: published, what they show, and both answers."""
    table = read_csv(results / "claims.csv", dtype=str)
    table = table[table["estimate"] != ""]
    rows = [
        (
            escaped(_capital(row.statement), sentence=True),
            _published(row.published, row.unit),
            _estimate(row.estimate, row.unit),
            _range(row.lower, row.upper, row.unit),
            bold(row.answer),
            _survives(row.survives, row.turned_by),
            link(_host(row.url), row.url),
        )
        for row in table.itertuples()
    ]
    header = (
        "Claim",
        "Published",
        "Public data",
        "Range",
        "Does it come out?",
        "Does it survive reasonable choices?",
        "About",
    )
    return markdown(header, rows, (28, 9, 9, 14, 13, 20, 11))


def _survives(answer: str, turned_by: str) -> str:
    """The second answer, with the smallest change that turns the first."""
    if not answer:
        return "–"
    return escaped(f"{answer}: turned by “{turned_by}”" if turned_by else answer, sentence=True)


def unjudged(results: Path) -> str:
    """Every published figure that public data cannot judge, with what it would take."""
    table = read_csv(results / "claims.csv", dtype=str)
    table = table[table["estimate"] == ""]
    rows = [
        (
            escaped(_capital(row.statement), sentence=True),
            _published(row.published, row.unit),
            row.answer,
            escaped(row.reason, sentence=True),
            link(_host(row.url), row.url),
        )
        for row in table.itertuples()
    ]
    header = ("Published figure", "Value", "Answer", "Why", "About")
    return markdown(header, rows, (28, 12, 16, 30, 21))


def defects(results: Path) -> str:
    """Every named check with what it found and did."""
    table = read_csv(results / "defects.csv")
    rows = [
        tuple(
            escaped(cell, sentence=True)
            for cell in (f"{row.what} ({_short(row.where)})", f"{row.rows:,}", row.treatment)
        )
        for row in table.itertuples()
    ]
    return markdown(("Defect and where", "Rows", "Treatment"), rows, (50, 8, 42))


def chain(results: Path) -> str:
    """How the chain of rolling windows does where the counters are known too, and what is used."""
    table = read_csv(results / "chain.csv")
    rows = [
        (
            _STRETCHES[str(row["stretch"])],
            f"{row['uploaders']:,}",
            *(_finite(row[column], "{:,.1f}", 1e-6) for column in ("chained", "counted")),
            *(_finite(row[column], "{:.3f}") for column in ("factor", "factor_error")),
            _finite(row["spread"], "{:.1f}", 100),
        )
        for _, row in table.iterrows()
    ]
    header = ("Stretch", "Uploaders", "By the chain, millions", "By the counters, millions",
              "Factor", "Its error", "Spread, %")  # fmt: skip
    return markdown(header, rows, (36, 10, 14, 15, 8, 9, 9))


_STRETCHES = {
    "births": "From birth to the first counter",
    "month": "First month with counters",
    "quarter": "First quarter of a year with counters",
    "used": bold("As used"),
}


def _finite(value: float, style: str, scale: float = 1) -> str:
    """A number; a dash where nothing was measured."""
    return "–" if pd.isna(value) else style.format(scale * value)


def coverage(results: Path, definitions: Definitions) -> str:
    """Share of downloads credited to a country, by estimand and label source."""
    table = read_csv(results / "coverage.csv")
    labels = {w.id: w.label for w in definitions.windows}
    rows = []
    for window, part in table.groupby("estimand", sort=False):
        shares = part.set_index(["labels", "attribution"])["attributed_percent"]
        cells = [f"{shares[key]:.1f}" for key in _COVERAGE]
        rows.append((labels[str(window)], f"{part['total'].iloc[0] / 1e6:.1f}", *cells))
    header = ("Estimand", "Downloads (millions)", *(f"{a}, {b} labels" for b, a in _COVERAGE))
    return markdown(header, rows, (34, 14, 13, 13, 13, 13))


_COVERAGE = [
    ("study", "uploader"),
    ("registry", "uploader"),
    ("study", "origin"),
    ("registry", "origin"),
]


def disagreements(results: Path, definitions: Definitions) -> str:
    """The ten largest namespaces on which the study and the registry disagree, as uploaders."""
    table = read_csv(results / "disagreements.csv")
    window = definitions.headline_estimand.window.id
    table = table.astype({window: "int64"})  # where there are none, the column has no type
    top = table[table["attribution"] == "uploader"].nlargest(10, window)
    rows = [
        (
            row["namespace"],
            row["study_group"],
            row["registry_group"],
            row["alternative_country"] or "–",
            f"{row[window] / 1e6:.1f}",
            _evidence(row["confidence"], row["evidence_url"]),
        )
        for _, row in top.iterrows()
    ]
    header = ("Uploader", "Study", "Registry", "Or", "Millions", "Evidence")
    return markdown(header, rows, (22, 20, 20, 13, 8, 24))


def audit(definitions: Definitions) -> str:
    """The audited developers by class of the first and of the second coding."""
    codings = second_coding.load(definitions.group_of)[1]
    counts = second_coding.confusion(codings, definitions.group_of, set(definitions.unattributed))
    rows = [
        (_capital(name), *(str(count) for count in line))
        for name, line in zip(second_coding.CLASSES, counts, strict=True)
    ]
    header = ("The registry had", *(_capital(name) for name in second_coding.CLASSES))
    return markdown(header, rows, (24, 19, 19, 19, 19))


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
    bounds = bounds[bounds["method"].isin(_BESIDE)]
    covered = _coverage_by_model(results, definitions)
    models = MODELS if covered else ()  # measured for the bundled panel's windows alone
    rows = []
    for part in (made, bounds.assign(scheme="none")):
        for key, some in part.groupby(["unit", "scheme", "method"], sort=False):
            shown = some.set_index("group")
            ends = [_ends(shown.loc[name], lead=name == LEAD) for name in ("China", "USA", LEAD)]
            cells = [_covered(covered.get((*key, model))) for model in models]
            rows.append((_METHODS[(str(key[0]), str(key[1]), str(key[2]))], *ends, *cells))
    header = ("Range", "China", "USA", LEAD, *(_capital(model) for model in models))
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


_METHODS = {
    ("developer", "multinomial", "percentile"): "Bootstrap, percentile",
    ("developer", "multinomial", "basic"): "Bootstrap, basic",
    ("developer", "multinomial", "bca"): "Bootstrap, BCa",
    ("developer", "multinomial", "studentised-logit"): "Bootstrap, studentised, logit",
    ("developer", "poisson", "percentile"): "Bootstrap, Poisson weights, percentile",
    ("developer", "dirichlet", "percentile"): "Bootstrap, Dirichlet weights, percentile",
    ("developer", "subsample", "studentised-logit"): "Subsampling, studentised, logit",
    ("developer", "none", "jackknife-logit"): "Jackknife, logit",
    ("developer", "none", "leave-one-out"): "Leave one developer out",
    ("repository", "multinomial", "percentile"): "Repositories, bootstrap, percentile",
    ("none", "none", "bounds"): "Bounds for the unattributed",
    ("developer", "none", "leave-one-out-bounds"): "Bounds, leaving one developer out",
    ("none", "none", rebuild_error.METHOD): "Error of the rebuilt part alone",
    (
        "developer",
        "none",
        rebuild_error.COMBINED,
    ): "Jackknife, logit, with the error of the rebuilt part",
}
_BESIDE = ("bounds", "leave-one-out-bounds", rebuild_error.METHOD, rebuild_error.COMBINED)
"""Ranges of the headline that stand in the table of estimates alone."""


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


def _published(value: str, unit: str) -> str:
    """A published value with its unit, as one would write it."""
    if unit == "percent":
        return f"{value}{NBSP}%"
    if unit in {"majority", "year", "month"}:
        return value or unit
    number = float(value)
    shown = f"{number / 1e9:g}{NBSP}billion" if number >= 1e8 else f"{number:,g}"
    return f"{shown} {unit}" if number < 1e6 else shown


def _evidence(confidence: str, url: str) -> Markup:
    """How sure an assignment is, and the page that was read."""
    return Markup(f"{escaped(confidence)}, {link(_host(url), url)}")


def _host(url: str) -> str:
    """The host of an address; the address where it has none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _estimate(value: str, unit: str) -> str:
    if unit in {"percent", "points", "majority"}:
        number = float(value)
        return f"{number:+.1f}".replace("-", "−") if unit == "points" else f"{number:.1f}{NBSP}%"
    return value


def _range(low: str, high: str, unit: str) -> str:
    if not low:
        return "–"
    return f"{_estimate(low, unit)} … {_estimate(high, unit)}"


def _short(text: str) -> str:
    """The start of a long cell."""
    return text if len(text) <= 90 else text[:89].rsplit(" ", 1)[0] + " …"

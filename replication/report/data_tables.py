"""Tables of the paper about the data and their labels, as Markdown."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from replication.attribution import audit as registry_audit
from replication.definitions import Definitions
from replication.files import read_csv
from replication.report.markdown import Markup, bold, capital, escaped, host, link, markdown


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


def _short(text: str) -> str:
    """The start of a long cell."""
    return text if len(text) <= 90 else text[:89].rsplit(" ", 1)[0] + " …"


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


def _evidence(confidence: str, url: str) -> Markup:
    """How sure an assignment is, and the page that was read."""
    return Markup(f"{escaped(confidence)}, {link(host(url), url)}")


def audit(definitions: Definitions) -> str:
    """The audited developers by class of the first and of the second coding."""
    codings = registry_audit.load(definitions.group_of)[1]
    counts = registry_audit.confusion(codings, definitions.group_of, set(definitions.unattributed))
    rows = [
        (capital(name), *(str(count) for count in line))
        for name, line in zip(registry_audit.CLASSES, counts, strict=True)
    ]
    header = ("The registry had", *(capital(name) for name in registry_audit.CLASSES))
    return markdown(header, rows, (24, 19, 19, 19, 19))

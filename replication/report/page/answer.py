"""What the page says first: the finding as a headline, its figures, and the lines in short."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from replication.analysis.lead import CHINA, USA
from replication.analysis.window.months import NEVER
from replication.attribution.assign import RANGE
from replication.plots.palette import on_dark
from replication.report.number_formats import FORMATS, NBSP


def headline(
    answers: pd.DataFrame,
    changes: pd.DataFrame,
    claims: pd.DataFrame,
    level: float,
    colours: Mapping[str, str],
    young: str,
) -> str:
    """The finding as HTML: the lead in words, and both shares beside the published ones.

    Parameters
    ----------
    answers
        The table window_answers.
    changes
        The table window_changes.
    claims
        The table claims, by id.
    level
        Level of the range, a fraction.
    colours
        Colour of each country group.
    young
        What downloads under the age limit are called.
    """
    by = answers.set_index("statistic")
    lead = by.loc[f"{CHINA} − {USA}"]
    published = claims.set_index("id")["published"]
    least, most = sorted(abs(float(lead[f"records_{end}"])) for end in ("lower", "upper"))
    apart = float(lead["records_lower"]) * float(lead["records_upper"]) > 0
    claimed = float(published.get("study-lead", "nan"))
    widest = max(float(by.loc[side, "records_upper"]) for side in (CHINA, USA)) * 100
    rows = "".join(
        _bar(side, float(published.get(key, "nan")), by.loc[side], colours[side], widest)
        for side, key in ((CHINA, "study-china"), (USA, "study-usa"))
    )
    spread = f"{100 * least:.1f} to {100 * most:.1f} points"
    kind = f"{100 * level:.0f}{NBSP}% range for errors of the records alone"
    detail = (
        f"{kind}: {spread if apart else 'they do not settle which of the two leads'}. "
        f"{_doubts(changes)}"
    )
    said = f" Published: {FORMATS['leads'](claimed / 100)}." if not math.isnan(claimed) else ""
    return (
        f'<p class="finding"><strong>{_capital(FORMATS["leads"](lead["point"]))}</strong>'
        f"<span>{escape(detail)}{escape(said)}</span></p>"
        f'<table class="pair"><caption>Share of {escape(young)} downloads</caption><thead><tr>'
        f'<th scope="col"><span class="hidden">Country</span></th><th scope="col">published</th>'
        f'<th scope="col">public records</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _doubts(changes: pd.DataFrame) -> str:
    """What the lead is with every doubtful country label resolved for one side, in a sentence."""
    leads = changes.set_index("change")["lead"]
    low, high = (float(leads.get(f"labels/{labels}", math.nan)) for labels in RANGE)
    if math.isnan(low) or math.isnan(high):
        return ""
    least, most = sorted((abs(low), abs(high)))
    span = (
        f"make it {100 * least:.1f} to {100 * most:.1f} points"
        if low * high > 0
        else f"take it from {FORMATS['leads'](low)} to {FORMATS['leads'](high)}"
    )
    return f"Doubtful country labels alone, all resolved for one side, {span}."


def _bar(side: str, published: float, row: Any, colour: str, widest: float) -> str:
    """A row of the table: the published share, ours with its range, and both as bars."""
    ours = 100 * float(row["point"])
    low, high = (100 * float(row[f"records_{end}"]) for end in ("lower", "upper"))
    name = "the USA" if side == USA else side
    known = not math.isnan(published)
    claimed = f"{published:.1f}{NBSP}%" if known else "–"
    colours = escape(f"--light:{colour};--dark:{on_dark(colour)}", quote=True)
    return (
        f'<tr style="{colours}"><th scope="row">{_capital(name)}</th>'
        f'<td><b>{claimed}</b><i class="bar claimed" style="width:{100 * published / widest if known else 0:.1f}%"></i></td>'
        f"<td><b>{ours:.1f}{NBSP}%</b> <small>{low:.1f} to {high:.1f}</small>"
        f'<i class="bar" style="width:{100 * ours / widest:.1f}%"></i></td></tr>'
    )


def in_short(said: Mapping[str, Any]) -> str:
    """The finding in short, as the stage `paper` keeps it, as HTML paragraphs."""
    return "".join(
        f"<p><strong>{escape(one['heading'])}.</strong> {escape(one['text'], quote=False)}</p>"
        for one in said["in_short"]
    )


def links(passing: pd.DataFrame, released: str) -> str:
    """Where the page shows what the lines in short speak of, as HTML.

    Parameters
    ----------
    passing
        The table window_passing.
    released
        What the other source is called.
    """
    rows = passing[passing["scope"] == "all"].set_index("measure")
    followed, added = (_at_the_end(rows.loc[kind]) for kind in ("estimate", "corrected"))
    return (
        '<p class="small"><a href="#capture=none&amp;at=time">What records follow, month by month'
        f"</a>: at the end {followed}; with the rest added, as in the headline, {added}. "
        "All of this is of choices within the public records: "
        f'<a href="#source=released&amp;at=explore">{escape(released)}</a> is another source, '
        "not a sample of the Hub.</p>"
    )


def _at_the_end(row: pd.Series) -> str:
    """Who is ahead in the last month."""
    return "the USA is ahead" if row["lasting"] == NEVER else "China is ahead"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

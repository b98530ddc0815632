"""The two answers that the analysis gives on each published figure of the ledger.

*Does it come out of public data?*

- reproduced: the figure lies within what public data show, give or take the margin of definitions.toml;
- contradicted: it does not;
- not testable with this source: it holds a part of the Hub alone;
- not testable with public data: no public table holds it, or its definition is not printed; the reason
  says what it would take.

*Does it survive reasonable choices?*

- robust: no single change (another definition, one developer or one repository left out) turns the
  first answer;
- fragile: one does, and the smallest that does is named.

Claims about the published window are judged by the window rebuilt from public records: the range is
that of the records. Claims about other windows are judged by the released file, a head of the Hub: it
may reproduce them, and it contradicts them only where no resolution of what has no country brings them
about. Worst cases inform the second answer and do not decide the first.

Where the source is snapshots of the whole Hub, the rebuilt window is that of the snapshots, and a claim
about a window that was not rebuilt is not testable with them. Where they are known to hold a part of the
Hub alone, or nothing says that they hold all of it, no claim about the Hub is testable with them: a share
needs all downloads, and a lead those of both countries, of which nobody knows what the part leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from replication.definitions import Definitions
from replication.report.answers import NOT_TESTABLE_HERE, Judgement, untested
from replication.report.claims import NEEDS_REASON, Claim
from replication.report.head_judges import of_head
from replication.report.window_judges import of_window

SOURCED = ("source", "url", "grade", "definition", "denominator", "read", "through", "retells")
"""What a row repeats of the ledger after the answers."""
Tables = Mapping[str, pd.DataFrame]


def judge(
    ledger: Sequence[Claim],
    head: Tables,
    repositories: pd.DataFrame,
    definitions: Definitions,
    window: Tables,
    part: str = "",
) -> pd.DataFrame:
    """Judge every claim of the ledger.

    Parameters
    ----------
    ledger
        The published figures.
    head
        The tables estimates, crossings and weekly_shares by name: of the released file, or of
        snapshots of the whole Hub.
    repositories
        The attributed repositories of the same source.
    definitions
        Definitions and margins.
    window
        Tables of the published window from public records by name; empty where the source is the whole
        Hub.
    part
        What part of the Hub snapshots cover, in words; empty where it is the whole, and for other
        sources.

    Returns
    -------
    pandas.DataFrame
        One row a claim: ``id, statement, published, unit, period, estimate, lower, upper, answer,
        survives, turned_by, reason, source, url, grade, definition, denominator, read, through,
        retells``; percentages and points where unit says.
    """
    by_window = of_window(definitions, window) if window else {}
    by_head = of_head(head, repositories, definitions)
    known = {"", *(estimand.id for estimand in definitions.estimands)}
    rows = []
    for claim in ledger:
        own = (
            by_window.get(claim.judge)
            if claim.estimand in {"", definitions.published_window.id}
            else None
        )
        rule = own or by_head[claim.judge]
        judgement = rule(claim) if own or claim.estimand in known else _not_rebuilt(claim)
        if part and claim.judge not in NEEDS_REASON:
            judgement = _of_part(judgement, part)
        what = {k: getattr(claim, k) for k in ("id", "statement", "unit", "period")}
        source = {k: getattr(claim, k) for k in SOURCED}
        rows.append({**what, "published": claim.value, **vars(judgement), **source})
    table = pd.DataFrame(rows)
    order = ["id", "statement", "published", *table.columns.drop(["id", "statement", "published"])]
    return table[order]


def _not_rebuilt(claim: Claim) -> Judgement:
    """A claim about a window that the definitions do not have."""
    return untested(f"its window, {claim.estimand}, is not among those that were rebuilt")


def _of_part(judgement: Judgement, part: str) -> Judgement:
    """What a part of the Hub shows: it stands as the part's own, and judges nothing."""
    reason = f"the snapshots hold {part}; it would take those of the whole Hub"
    return replace(judgement, answer=NOT_TESTABLE_HERE, survives="", turned_by="", reason=reason)

"""What each mending step is worth: the rebuild without it, beside the truth.

An ablation changes a statement or the choice of readings to what a careless reader of the snapshots
would do. Each must make the rebuild worse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from replication.definitions import AS_READ, INTERPOLATED, Variant
from replication.errors import VerificationError
from replication.panel.whole_hub import readings
from replication.panel.whole_hub.engine_duckdb import DuckDB
from replication.panel.whole_hub.readings import DAY, NOON, Readings
from replication.panel.whole_hub.rebuild import Detailed
from replication.validation.recovery.experiment import (
    Experiment,
    Progress,
    estimate,
    rebuilt,
    truth,
)

_STEPS = """
SELECT id, level, min(moment) AS reached
FROM (
    SELECT
        id,
        moment,
        sum(CASE WHEN {counted} THEN greatest(counter - before, 0) ELSE 0 END) OVER (
            PARTITION BY id ORDER BY label ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS level
    FROM (
        SELECT
            c.id, c.label, c.moment, c.counter,
            coalesce(lag(c.counter) OVER w, 0) AS before,
            d.place - coalesce(lag(d.place) OVER w, d.place - 1) AS places
        FROM counters c INNER JOIN readings d ON c.label = d.label
        WHERE c.counter IS NOT NULL
        WINDOW w AS (PARTITION BY c.id ORDER BY c.label)
    ) read
) stepped
GROUP BY id, level
"""
Choose = Callable[[pd.DataFrame, float], Readings]


@dataclass(frozen=True)
class Ablation:
    """One mending step left out.

    Attributes
    ----------
    step
        The step, in words.
    changes
        Statement, text in it, and what takes its place; an empty text is the whole statement.
    choose
        Chooses the readings.
    frozen
        The variant of the panel that is read.
    """

    step: str
    changes: tuple[tuple[str, str, str], ...] = ()
    choose: Choose = field(default=readings.choose)
    frozen: str = INTERPOLATED


def _by_label(census: pd.DataFrame, share: float) -> Readings:
    """Readings dated at noon of their labels."""
    dated = readings.choose(census, share)
    moment = dated.table["label"] * DAY + NOON
    anchor = int(moment[dated.table["moment"] == dated.anchor].iloc[0])
    return Readings(dated.table.assign(moment=moment), anchor, dated.defects)


_NOT_ANCHORED = ("chain_sums", "WHEN r.created >= u.horizon THEN 1", "WHEN r.created < 0 THEN 1")
_NOT_SCALED = (
    ("gains", "least(u.factor, ", "least(1.0, "),
    ("gains", "ELSE u.factor", "ELSE 1.0"),
)
ABLATIONS = (
    Ablation("join on the immutable id", (("extract_rows", "coalesce(e.repository, i.repository,", "coalesce(NULL,"),)),
    Ablation("largest of several copies", (
        ("counters", "max(e.counter)", "min(e.counter)"), ("counters", "max(e.rolling)", "min(e.rolling)"),
    )),
    Ablation("running maximum of counters that fall", (("levels", "", _STEPS.format(counted="TRUE")),)),
    Ablation("difference across missing readings", (("levels", "", _STEPS.format(counted="places = 1")),)),
    Ablation("dating by the newest repository", choose=_by_label),
    Ablation("cut in proportion at window and age", frozen=AS_READ),
    Ablation("chain of 30-day windows", (("chain", "WHERE c.moment <= u.chained_until", "WHERE c.moment < 0"),)),
    Ablation(
        "chain within a freeze of the counters",
        (
            ("frozen_steps", "HAVING sum(c.gain) > 0", "HAVING sum(c.gain) < 0"),
            ("last_levels", "GROUP BY l.id", "GROUP BY l.id HAVING max(l.reached) < 0"),
        ),
    ),
    Ablation("exact anchor of whole lives", (_NOT_ANCHORED,)),
    Ablation("scale of the chain", _NOT_SCALED),
    Ablation("one rate a window, not its sum", (
        ("chain", "1e3 * (moment - began) * (rate0 + rate1 + rate2 + rate3) / (1 + used1 + used2 + used3)",
         "1e3 * rate0 * 30 * 86400"),
        _NOT_ANCHORED, ("gains", "least(u.factor, 1e3 * k.level / k.chained)", "1.0"), _NOT_SCALED[1],
    )),
)  # fmt: skip


def ablated(
    experiment: Experiment,
    full: Detailed,
    folder: Path,
    progress: Progress = lambda _: None,
) -> pd.DataFrame:
    """The error of the rebuild without each step.

    Parameters
    ----------
    experiment
        What `experiment.prepare` made.
    full
        Its rebuild with every step.
    folder
        Receives the engine's tables while it runs.
    progress
        Called with a line of text before each step.

    Returns
    -------
    pandas.DataFrame
        One row a step, the first without any left out: ``without``, ``misplaced`` (downloads of the
        rebuilt window that are put wrongly, of all, in percent: ½ Σ|ours − true| / Σ true),
        ``misplaced_after`` (the same from the first counters on) and ``worse``: whether it is larger
        in either than with every step.
    """
    rows = [_row(experiment, full, "nothing", INTERPOLATED)]
    for ablation in ABLATIONS:
        progress(f"without: {ablation.step}")
        panel = full if ablation.frozen != INTERPOLATED else _without(experiment, ablation, folder)
        rows.append(_row(experiment, panel, ablation.step, ablation.frozen))
    table = pd.DataFrame(rows)
    errors = table[["misplaced", "misplaced_after"]]
    table["worse"] = (errors > errors.iloc[0]).any(axis=1)
    return table


def _without(experiment: Experiment, ablation: Ablation, folder: Path) -> Detailed:
    """Rebuild without one step."""

    class Ablated(DuckDB):
        """DuckDB with changed statements, and no way around them."""

        by_arrays = False

        def statement(self, name: str) -> str:
            text = super().statement(name)
            for changed, old, new in ablation.changes:
                if changed == name:
                    text = _changed(name, text, old, new)
            return text

    return rebuilt(experiment, folder, Ablated, ablation.choose)


def _changed(name: str, text: str, old: str, new: str) -> str:
    """The statement with `new` in place of `old`, which must be there."""
    if old not in text:
        raise VerificationError(
            f"the ablation of {name}.sql finds no {old!r} in it",
            "bring recovery/ablation.py up to date",
        )
    return text.replace(old, new) if old else new


def _row(experiment: Experiment, panel: Detailed, step: str, frozen: str) -> dict[str, object]:
    """Misplaced downloads of one rebuild."""
    limit = experiment.definitions.panel.age_limit_days
    windows = {w.kind: w for w in experiment.definitions.windows}
    errors = []
    for kind in ("rebuild", "increments"):
        true = truth(experiment, windows[kind])
        ours = estimate(experiment, panel, panel.totals[Variant(windows[kind], limit, frozen).id])
        errors.append(100 * np.abs(ours - true).sum() / (2 * true.sum()))
    return {"without": step, "misplaced": errors[0], "misplaced_after": errors[1]}

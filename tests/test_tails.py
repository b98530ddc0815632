"""Which law the tails of a panel follow: the tables' rows, and what is not judged."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from small import synthetic_definitions, synthetic_repositories
from test_concentration import synthetic_many

from replication.analysis import facts, tails
from replication.analysis.cells import Repositories
from replication.inference.pareto import hill_index
from replication.inference.resampling import generator_of
from replication.inference.tail_models import compare, excesses

DEFINITIONS = replace(
    synthetic_definitions(),
    inference=replace(synthetic_definitions().inference, replicates=99),
)
HEAD = "cohort-2025-08"
FEW = Repositories(synthetic_repositories(DEFINITIONS), DEFINITIONS)
MANY = synthetic_many()


def with_sizes(sizes: np.ndarray) -> Repositories:
    """Sixty developers with some downloads in every window."""
    columns = {window.id: sizes for window in DEFINITIONS.windows}
    return Repositories(MANY.assign(**columns), DEFINITIONS)


def head(table: pd.DataFrame) -> pd.DataFrame:
    """The headline's rows by developer."""
    return table[(table["window"] == HEAD) & (table["unit"] == "developer")]


@pytest.mark.slow
def test_both_tails_of_every_window_and_unit() -> None:
    """Eight of sixty and thirty of sixty, above the downloads of the next one."""
    table = tails.models(Repositories(MANY, DEFINITIONS))
    assert len(table) == len(DEFINITIONS.windows) * 2 * 2
    rows, sizes = head(table), np.sort(MANY[HEAD])[::-1]
    assert rows["tail"].tolist() == [tails.ROOT, tails.HALF]
    assert rows["k"].tolist() == [8, 30]
    assert rows["threshold"].tolist() == [sizes[8], sizes[30]]
    assert rows["index"].tolist() == pytest.approx(hill_index(sizes)[[7, 29]])
    assert rows["note"].tolist() == ["", ""]


def test_one_tail_by_hand() -> None:
    """Evenly spread logarithms are told from a Pareto law; its own quantiles are not."""
    even = np.floor(np.exp(np.linspace(18, 8, 60))).astype(np.int64)
    found = tails._compared(even, 30, DEFINITIONS)
    assert found["threshold"] == even[30] / 2
    assert found["index"] == pytest.approx(hill_index(even)[29])
    assert (found["variation_p"], found["law"], found["note"]) == (0.01, tails.LOGNORMAL, "")
    pareto = np.floor(10**6 / (np.arange(60) + 0.5)).astype(np.int64)
    found = tails._compared(pareto, 8, DEFINITIONS)
    assert found["threshold"] == pareto[8] / 2
    assert (found["law"], found["note"]) == (tails.UNDECIDED, "")
    for k in (8, 20):
        drawn = generator_of(DEFINITIONS.inference.seed, k, tails._STREAM)
        own = compare(excesses(pareto, k), tails._replicates(k, DEFINITIONS), drawn)
        assert asdict(own).items() <= tails._compared(pareto, k, DEFINITIONS).items()
    for level in (0.5, 0.95, 0.999):
        rules = replace(DEFINITIONS.inference, level=level)
        row = tails._compared(pareto, 8, replace(DEFINITIONS, inference=rules))
        assert (row["law"] == tails.LOGNORMAL) == (float(str(row["variation_p"])) < 1 - level)
    refused = {"law": "", "note": "refused: fewer than 30 units"}
    assert tails._compared(pareto[:29], 8, DEFINITIONS) == refused
    assert tails._compared(pareto[:30], 8, DEFINITIONS)["note"] == ""
    equal = {"law": "", "note": "refused: all sizes of a tail are equal"}
    assert tails._compared(np.full(60, 5), 8, DEFINITIONS) == equal


@pytest.mark.slow
def test_the_pareto_law_is_refused_by_the_variation_alone() -> None:
    """At the definitions' level; evenly spread logarithms are no Pareto tail."""
    sizes = np.floor(np.exp(np.linspace(8, 18, 60))).astype(np.int64)
    rows = head(tails.models(with_sizes(sizes))).set_index("tail")
    assert rows.loc[tails.HALF, "law"] == tails.LOGNORMAL
    assert rows.loc[tails.HALF, "variation_p"] == 1 / 100
    table = tails.models(Repositories(MANY, DEFINITIONS))
    told = table["law"] == tails.LOGNORMAL
    assert (told == (table["variation_p"] < 0.05)).all()


def test_few_units_and_equal_sizes_are_not_judged() -> None:
    """The row stays and says why."""
    for table in (tails.models(FEW), tails.plateaus(FEW)):
        assert (table["note"] == "refused: fewer than 30 units").all()
        assert table.filter(regex="_p$|^index").isna().to_numpy().all()
        assert (table.filter(regex="^law$|^plateau$") == "").to_numpy().all()
    rows = head(tails.models(with_sizes(np.full(60, 500))))
    assert rows["note"].unique() == ["refused: all sizes of a tail are equal"]
    assert rows["law"].unique() == [""]


def test_the_movement_is_that_of_hills_index() -> None:
    """From eight to thirty of sixty developers, against the definitions' factor."""
    sizes = MANY[HEAD].to_numpy()
    row = head(tails.plateaus(Repositories(MANY, DEFINITIONS))).iloc[0]
    judged = hill_index(sizes)[7:30]
    assert (row["smallest_k"], row["largest_k"]) == (8, 30)
    assert (row["index_low"], row["index_high"]) == pytest.approx((judged.min(), judged.max()))
    assert row["movement"] == pytest.approx(judged.max() / judged.min())
    for ratio, plateau in ((row["movement"] * 1.01, "yes"), (row["movement"] * 0.99, "no")):
        other = replace(DEFINITIONS, tail=replace(DEFINITIONS.tail, plateau_ratio=ratio))
        assert head(tails.plateaus(Repositories(MANY, other)))["plateau"].tolist() == [plateau]


@pytest.mark.slow
def test_row_order_does_not_matter() -> None:
    """Shuffled input gives the same tables, byte for byte."""
    plain, shuffled = (
        Repositories(rows, DEFINITIONS) for rows in (MANY, MANY.sample(frac=1, random_state=5))
    )
    assert tails.models(plain).to_csv() == tails.models(shuffled).to_csv()
    assert tails.plateaus(plain).to_csv() == tails.plateaus(shuffled).to_csv()


def test_tails_are_counted_by_hand() -> None:
    """Of three that are judged two have no plateau; one tail of two is told from a Pareto law."""
    models = pd.DataFrame({
        "tail": ["root", "half", "root", "half"], "law": ["undecided", "lognormal", "", ""],
    })  # fmt: skip
    found = facts.over_tails(models, pd.DataFrame({"plateau": ["no", "no", "yes", ""]}))
    assert found == {
        "tails": 3, "tails_without_plateau": 2, "tails_not_pareto_root": 0,
        "tails_not_pareto_half": 1,
    }  # fmt: skip

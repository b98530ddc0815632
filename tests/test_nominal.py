"""Where measured coverage is near nominal: by hand, and that the text says where it is not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from replication.analysis import nominal
from replication.analysis.preferred import FEWER_DEGREES, JUDGED_BY, PREFERRED
from replication.files import read_csv
from replication.inference.simulation import DEVELOPERS, HITS, LABELS, MODELS, PARETO
from replication.places import ROOT
from replication.plots.interval_looks import MODELS as DRAWN
from replication.sources.bundled import FOLDER

LEVEL, ERROR = 0.95, 0.005
RULES = (PREFERRED[2], *FEWER_DEGREES)
SUPPLEMENT = (ROOT / "paper" / "supplement.md").read_text(encoding="utf-8")
NUMBERS = (ROOT / "paper" / "numbers.toml").read_text(encoding="utf-8")


def synthetic_coverage(
    by_model: dict[str, float] | None = None, by_rule: dict[str, float] | None = None
) -> pd.DataFrame:
    """Nominal coverage but for that of the preferred interval in some models, and of some rules.

    What is not judged covers nothing: flatter sizes, the ratio, and another method.
    """
    rows = [
        {"estimand": estimand, "model": model, "group": group, "power": power, "method": method}
        for estimand, model, group, power, method in product(
            ("one", "two"), MODELS, (*JUDGED_BY, "ratio"), (1.0, 0.5), (*RULES, "other")
        )
    ]
    table = pd.DataFrame(rows).assign(unit=PREFERRED[0], scheme=PREFERRED[1], error=ERROR)
    mine = table["method"].isin(RULES) & table["group"].isin(JUDGED_BY) & (table["power"] == 1)
    table["coverage"] = np.where(mine, LEVEL, 0.0)
    for model, coverage in (by_model or {}).items():
        table.loc[mine & (table["model"] == model) & (table["method"] == RULES[0]), "coverage"] = (
            coverage
        )
    for rule, coverage in (by_rule or {}).items():
        table.loc[mine & (table["method"] == rule), "coverage"] = coverage
    return table


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ({}, "It stays there in every model."),
        ({HITS: 0.93, LABELS: 0.97}, "It stays there in every model."),
        (
            {DEVELOPERS: 0.9299},
            "It stays there in the models of labels, hits and Pareto, and not in those of developers.",
        ),
        (
            {PARETO: 0.98, LABELS: 0.8},
            "It stays there in the models of hits and developers, and not in those of labels and Pareto.",
        ),
        (
            dict.fromkeys(MODELS, 0.9),
            "It stays there in none of the models, which are labels, hits, developers and Pareto.",
        ),
    ],
)
def test_the_sentence_names_every_model_in_which_it_does_not_stay(
    coverage: dict[str, float], said: str
) -> None:
    """Below or above by any amount, and with the ends of the range inside."""
    assert nominal.of_calibration(synthetic_coverage(coverage), LEVEL)["calibration_stays"] == said


def test_the_counts_by_hand() -> None:
    """Of 24 coverages six are below, surely, and six above, by less than two errors."""
    found = nominal.of_calibration(synthetic_coverage({HITS: 0.90, PARETO: 0.975}), LEVEL)
    names = ("settings", "near", "below", "above", "worst", "most")
    assert [found[f"jackknife-logit_{name}"] for name in names] == [24, 12, 6, 6, 0.90, 0.975]
    assert found["calibration_outside_surely"] == 6
    assert found["calibration_outside_error"] == ERROR
    assert (found["calibration_near_low"], found["calibration_near_high"]) == (
        pytest.approx(0.93),
        pytest.approx(0.97),
    )
    assert (found["calibration_hits_low"], found["calibration_hits_high"]) == (0.90, 0.90)
    assert (found["calibration_labels_low"], found["calibration_pareto_high"]) == (0.95, 0.975)


def test_one_statistic_of_one_estimand_is_enough() -> None:
    """A single coverage outside takes its model out, and is the lowest of that model."""
    table = synthetic_coverage()
    one = (table["estimand"] == "two") & (table["model"] == LABELS) & (table["group"] == "USA")
    table.loc[one & (table["method"] == RULES[0]) & (table["power"] == 1), "coverage"] = 0.88
    found = nominal.of_calibration(table, LEVEL)
    assert "not in those of labels." in found["calibration_stays"]
    assert found["calibration_labels_low"] == 0.88
    assert (found["jackknife-logit_near"], found["jackknife-logit_below"]) == (23, 1)


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        ({}, "neither covers more"),
        ({RULES[1]: 0.96}, "neither covers more"),
        ({RULES[1]: 0.97}, "with the first of them covers most"),
        ({RULES[1]: 0.97, RULES[2]: 0.98}, "with the second of them covers most"),
    ],
)
def test_the_rule_that_covers_most_is_named(coverage: dict[str, float], said: str) -> None:
    """Unless chance may have made it so."""
    found = nominal.of_calibration(synthetic_coverage(by_rule=coverage), LEVEL)
    assert said in found["calibration_degrees"]


def test_rules_that_were_not_measured_are_said_not_to_be() -> None:
    """A table without them has no number of theirs."""
    table = synthetic_coverage()
    found = nominal.of_calibration(table[table["method"] != RULES[2]], LEVEL)
    assert found["calibration_degrees"] == "Fewer degrees of freedom were not measured."
    assert np.isnan(found[f"{RULES[2]}_worst"])
    assert found[f"{RULES[2]}_settings"] == 0


def test_every_model_has_a_name_and_numbers_in_the_text() -> None:
    """A model that is added needs a sentence: its lowest and highest coverage, with its name."""
    assert set(nominal._NAMES) == set(MODELS) == set(DRAWN)
    for model in MODELS:
        assert f"{{{{cal-{model}-low}}}} to {{{{cal-{model}-high}}}}" in SUPPLEMENT
        for end in ("low", "high"):
            assert f'cal-{model}-{end} = "summary | name=calibration_{model}_{end} ' in NUMBERS
    for key in ("stays", "near", "below", "above", "surely", "outside-error", "degrees"):
        assert f"{{{{cal-{key}}}}}" in SUPPLEMENT


def test_the_text_is_not_silent_about_the_committed_coverage() -> None:
    """Each model with a coverage outside is named as such; the advice is what was measured."""
    table = read_csv(FOLDER / "calibration.csv")
    found = nominal.of_calibration(table, LEVEL)
    away = set(nominal.outside(nominal.judged(table, PREFERRED), LEVEL)["model"])
    left = found["calibration_stays"].partition("not in")[2] or found["calibration_stays"]
    assert away == {model for model, name in nominal._NAMES.items() if name in left}
    assert "should take the second rule" in SUPPLEMENT
    assert "with the second of them covers most" in found["calibration_degrees"]
    assert found[f"{RULES[2]}_above"] > found[f"{RULES[2]}_below"]

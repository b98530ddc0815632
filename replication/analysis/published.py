"""Intervals for the published pair under stated models: no data regenerate it.

The models scale the panel's developers to the published shares
(`replication.inference.post_stratification`). They say how far luck could have moved the
published lead if the Hub were concentrated as they assume; none of their numbers is an estimate
from data of the whole Hub. Whether China is ahead in a replicate depends on the developers of the
two countries alone, so that assumptions on the rest change little.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from replication.analysis.lead import CHINA, LEAD, RATIO, SIDES, USA
from replication.definitions import Definitions, Inference
from replication.errors import DefinitionError
from replication.inference import intervals
from replication.inference.bootstrap import Bootstrap, Intervals
from replication.inference.cells import Cells
from replication.inference.post_stratification import (
    REST,
    Model,
    effective_developers,
    possible,
    resampled,
)

PERCENTILE, JACKKNIFE = "percentile", "jackknife-logit"
SHOWN = (CHINA, USA, LEAD, RATIO)
PAIR, THREE, DUST = "pair", "three", "head-and-dust"
INTERNATIONAL = "international"
"""The class whose country group is the third with a published share."""
POWERS = tuple(tenths / 10 for tenths in range(10, -1, -1))
"""Of developers' sizes, for the curve: 1 is as concentrated as the panel, 0 makes all equal."""
GAP_POWERS = (1.0, 0.5, 0.0)
HALVINGS = 20
"""Steps of the bisection, which finds a lead to less than a millionth of the joint share."""


def published_pair(
    cells: Cells, published: Mapping[str, float], definitions: Definitions
) -> pd.DataFrame:
    """Intervals of the published shares, of their lead and their ratio under every model.

    Totals of developers are resampled, so that in a replicate each country's share varies too.

    Parameters
    ----------
    cells
        Cells of the headline by developer.
    published
        Published shares in percent of China, the USA and the international group.
    definitions
        Definitions, replicates and seeds.

    Returns
    -------
    pandas.DataFrame
        One row a model, method and statistic: ``model, assumption, method, group, point, lower,
        upper, error_lower, error_upper`` (Monte-Carlo standard errors), ``china_leads`` (fraction
        of replicates in which China is ahead; NaN for the jackknife, which has none),
        ``n_effective`` of all developers, ``n_developers`` that are resampled, and ``note`` where
        a method refuses. Shares and the lead are fractions.

    Raises
    ------
    DefinitionError
        A share is missing or not positive, or they add up to more than 100 %.
    DegenerateDataError
        A group that has a share has no developer.
    """
    parts = []
    for model in _models(cells, published, definitions):
        drawn = resampled(cells, model, definitions.inference)
        about = {"model": model.name, "assumption": model.assumption}
        methods = drawn.percentile(), drawn.studentised(), drawn.jackknife(), drawn.bca()
        parts += [_rows(each, drawn, SHOWN).assign(**about) for each in methods]
    columns = ["model", "assumption", "method", "group", "point", "lower", "upper", "error_lower"]
    columns += ["error_upper", "china_leads", "n_effective", "n_developers", "note"]
    return pd.concat(parts, ignore_index=True)[columns]


def concentration_curve(
    cells: Cells, published: Mapping[str, float], definitions: Definitions
) -> pd.DataFrame:
    """How the interval of the published lead depends on the concentration that is assumed.

    In the model of the pair (the first that the panel has developers for), the size of every
    developer within its group is raised to a power before it is scaled: 1 leaves the panel's sizes,
    0 makes all developers of a group equal.

    Parameters
    ----------
    cells, published, definitions
        As for `published_pair`.

    Returns
    -------
    pandas.DataFrame
        One row a power and method (percentile and jackknife-logit): ``power, method, point, lower,
        upper, width, error_lower, error_upper, china_leads, n_effective, n_developers``.

    Raises
    ------
    DefinitionError, DegenerateDataError
        As for `published_pair`.
    """
    parts = []
    pair = _models(cells, published, definitions)[0]
    for power in POWERS:
        drawn = resampled(cells, pair, definitions.inference, power)
        methods = drawn.percentile(), drawn.jackknife()
        parts += [_rows(each, drawn, (LEAD,)).assign(power=power) for each in methods]
    rows = pd.concat(parts, ignore_index=True)
    columns = ["power", "method", "point", "lower", "upper", "width", "error_lower", "error_upper"]
    columns += ["china_leads", "n_effective", "n_developers"]
    return rows.assign(width=rows["upper"] - rows["lower"])[columns]


def detectable_gap(
    cells: Cells, published: Mapping[str, float], definitions: Definitions
) -> pd.DataFrame:
    """Find the smallest lead of China whose interval excludes zero.

    China and the USA keep their joint share, and it is moved between them; everything else of the
    model stays. Every step has the same random weights, so that no step is noisier than another.

    Parameters
    ----------
    cells, published, definitions
        As for `published_pair`.

    Returns
    -------
    pandas.DataFrame
        One row a model, power and method (percentile and jackknife-logit): ``model, power, method,
        published_lead, gap`` (NaN where not even the whole joint share would do), ``joint`` (the
        joint share, which no gap can exceed) and ``n_effective`` (at the published shares). Leads
        and shares are fractions.

    Raises
    ------
    DefinitionError, DegenerateDataError
        As for `published_pair`.
    """
    rows = []
    for model, power in product(_models(cells, published, definitions), GAP_POWERS):
        effective, _ = effective_developers(resampled(cells, model, definitions.inference, power))
        rows += [
            {
                "model": model.name,
                "power": power,
                "method": method,
                "published_lead": model.difference,
                "gap": smallest_lead(cells, model, method, definitions.inference, power),
                "joint": model.joint,
                "n_effective": effective,
            }
            for method in (PERCENTILE, JACKKNIFE)
        ]
    return pd.DataFrame(rows)


def smallest_lead(
    cells: Cells, model: Model, method: str, rules: Inference, power: float = 1.0
) -> float:
    """Smallest lead whose interval excludes zero, by bisection; NaN where none does.

    Parameters
    ----------
    cells, model, rules, power
        As for `resampled`.
    method
        Percentile or jackknife-logit.

    Returns
    -------
    float
        A lead that excludes zero, at most joint share / 2 ** `HALVINGS` above one that does not.

    Notes
    -----
    A larger lead does not stop excluding zero. The sign of the lead of a replicate turns once as
    the lead g of the joint share s grows, from the USA to China. Its linearised variance over g²
    is made of the squares of (s/g + 1)(1 − g), of (s/g − 1)(1 + g), and of a constant, and both
    fall as g grows.
    """
    low, high = 0.0, model.joint
    if not excludes_zero(cells, model.with_difference(high), method, rules, power):
        return float("nan")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if excludes_zero(cells, model.with_difference(middle), method, rules, power):
            high = middle
        else:
            low = middle
    return high


def excludes_zero(
    cells: Cells, model: Model, method: str, rules: Inference, power: float = 1.0
) -> bool:
    """Whether the interval of the lead lies above zero; arguments as for `smallest_lead`."""
    drawn = resampled(cells, model, rules, power)
    place = [drawn.statistics.place(LEAD)]
    if method == PERCENTILE:
        lower, _ = intervals.percentile(drawn.replicates[:, place], rules.level)
    else:
        lower, _ = intervals.jackknife_logit(
            drawn.point[place], drawn.without_each[:, place], rules.level
        )
    return bool(lower[0] > 1 / 2)  # of (1 + lead) / 2; false where the method refuses


def models(published: Mapping[str, float], definitions: Definitions) -> tuple[Model, ...]:
    """The models of the published shares: pair, three, head-and-dust.

    Parameters
    ----------
    published
        Published shares in percent of China, the USA and the international group.
    definitions
        Definitions: the name of the international group.

    Raises
    ------
    DefinitionError
        A share is missing or not positive, or they add up to more than 100 %.
    """
    third = definitions.group_of.get(INTERNATIONAL, INTERNATIONAL)
    pair = _with_rest(published, SIDES)
    three = _with_rest(published, (*SIDES, third))
    hold = "hold their published shares"
    divide = "the panel’s developers divide the downloads as they do in the panel"
    return (
        Model(
            PAIR, f"China and the USA {hold}, and within each and the rest {divide}.", SIDES, pair
        ),
        Model(
            THREE,
            f"China, the USA and {third} {hold}, and within each and the rest {divide}.",
            SIDES,
            three,
        ),
        Model(
            DUST,
            f"China and the USA {hold}, and within each {divide}, while the rest is made of "
            "infinitely many tiny repositories and does not vary: of the rest, the optimistic limit.",
            SIDES,
            pair,
            dust=True,
        ),
    )


def _with_rest(
    published: Mapping[str, float], groups: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    """Published shares of the groups as fractions, with what is left for the rest."""
    for group in groups:
        if not published.get(group, 0.0) > 0:
            raise DefinitionError(
                f"no positive share of {group} is published",
                "give it in a claim of paper/claims.toml",
            )
    total = sum(published[group] for group in groups)
    if total > 100:
        raise DefinitionError(
            f"the published shares of {', '.join(groups)} add up to {total:.1f} %",
            "correct the claims in paper/claims.toml: they cannot exceed 100 %",
        )
    return (*((group, published[group] / 100) for group in groups), (REST, (100 - total) / 100))


def _models(cells: Cells, published: Mapping[str, float], definitions: Definitions) -> list[Model]:
    """The models that the panel has developers for.

    Where it lacks China or the USA the last one stays, and resampling it says what is missing.
    """
    known = models(published, definitions)
    return [model for model in known if possible(cells, model)] or [known[-1]]


def _rows(made: Intervals, drawn: Bootstrap, groups: tuple[str, ...]) -> pd.DataFrame:
    """One row a statistic, with the fraction of replicates in which China is ahead."""
    rows = made.to_frame()
    ahead = drawn.replicates[:, drawn.statistics.place(LEAD)] > 1 / 2
    effective, developers = effective_developers(drawn)
    return rows[rows["group"].isin(groups)].assign(
        method=made.method,
        china_leads=np.nan if made.method == JACKKNIFE else ahead.mean(),
        n_effective=effective,
        n_developers=developers,
    )

"""Agreement between two sources of labels, and every label on which they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.attribution.assign import ROLES
from replication.attribution.registry import Registry

RAW = "raw"
ALL, COUNTRIES = "all", "countries"


def measures(first: pd.Series, second: pd.Series, weights: pd.Series | None) -> dict[str, float]:
    """Agreement of two codings of the same units.

    Parameters
    ----------
    first, second
        Labels (n,), one a unit, not ordered.
    weights
        Non-negative weights (n,) such as downloads; None where every unit counts alike.

    Returns
    -------
    dict
        ``units``, ``percent`` that agree, Cohen's ``kappa``, and Krippendorff's
        ``alpha`` for nominal data (krippendorff), which is defined for units that count alike and
        so is NaN where weights are given. Both coefficients are NaN where all labels that weigh
        anything are one.
    """
    same = (first == second).to_numpy()
    weight = np.ones(len(first)) if weights is None else weights.to_numpy(dtype=float)
    values = sorted(set(first[weight > 0]) | set(second[weight > 0]))
    defined = len(values) > 1
    total = weight.sum()
    return {
        "units": len(first),
        "percent": 100.0 * float((weight * same).sum() / total) if total else np.nan,
        "kappa": _kappa(first, second, weight) if defined else np.nan,
        "alpha": _alpha(first, second, values) if defined and weights is None else np.nan,
    }


def _kappa(first: pd.Series, second: pd.Series, weight: NDArray[np.float64]) -> float:
    """Cohen's κ: disagreement as a part of that between independent coders with these margins."""
    numbers, labels = pd.factorize(np.concatenate([first, second]), sort=True)
    size = len(labels)
    pairs = size * numbers[: len(first)] + numbers[len(first) :]
    table = np.bincount(pairs, weights=weight, minlength=size**2).reshape(size, size)
    total = table.sum()
    chance = table.sum(axis=0) @ table.sum(axis=1) / total
    return float(1 - (total - table.trace()) / (total - chance))


def _alpha(first: pd.Series, second: pd.Series, values: Sequence[str]) -> float:
    """Krippendorff's α of two coders on nominal data."""
    import krippendorff

    coded = [[values.index(label) for label in labels] for labels in (first, second)]
    return float(
        krippendorff.alpha(
            reliability_data=np.array(coded, dtype=float), level_of_measurement="nominal"
        )
    )


def with_study(
    table: pd.DataFrame, windows: Sequence[str], unattributed: Sequence[str], unknown: str
) -> pd.DataFrame:
    """Agreement of the registry with the study's labels, namespace by namespace.

    Parameters
    ----------
    table
        Attributed repositories.
    windows
        Columns of downloads to weigh by.
    unattributed
        Groups that stand for no country.
    unknown
        The group of namespaces for which the registry has no evidence; they are not compared.

    Returns
    -------
    pandas.DataFrame
        One row a role, scope (``all`` groups, or only where both name a ``countries`` group) and
        weight (``raw`` or a window): the columns of `measures`.
    """
    rows = []
    for role in ROLES:
        pairs = labelled_namespaces(table, role, windows)
        pairs = pairs[pairs["registry_group"] != unknown]
        both = ~pairs[["study_group", "registry_group"]].isin(unattributed).any(axis=1)
        for scope, part in ((ALL, pairs), (COUNTRIES, pairs[both])):
            for weight in (RAW, *windows):
                agreed = measures(
                    part["study_group"],
                    part["registry_group"],
                    None if weight == RAW else part[weight],
                )
                rows.append({"attribution": role, "scope": scope, "weight": weight, **agreed})
    return pd.DataFrame(rows)


def labelled_namespaces(table: pd.DataFrame, role: str, windows: Sequence[str]) -> pd.DataFrame:
    """Namespaces of one role with both labels: ``namespace, study_group, registry_group, windows``."""
    keys = [role, f"study_group_{role}", f"registry_group_{role}"]
    sums = table.groupby(keys, as_index=False)[list(windows)].sum()
    return sums.set_axis(["namespace", "study_group", "registry_group", *windows], axis=1)


def confusion(table: pd.DataFrame, windows: Sequence[str]) -> pd.DataFrame:
    """How often each pair of labels occurs.

    Returns
    -------
    pandas.DataFrame
        One row a role and pair: ``attribution, study_group, registry_group, namespaces`` and the
        downloads of each window.
    """
    return pd.concat(_confusions(table, windows), ignore_index=True)


def _confusions(table: pd.DataFrame, windows: Sequence[str]) -> Iterator[pd.DataFrame]:
    for role in ROLES:
        pairs = labelled_namespaces(table, role, windows)
        by = pairs.groupby(["study_group", "registry_group"])
        counted = by[list(windows)].sum()
        counted.insert(0, "namespaces", by.size())
        yield counted.reset_index().assign(attribution=role)


def disagreements(
    table: pd.DataFrame, registry: Registry, windows: Sequence[str], unknown: str
) -> pd.DataFrame:
    """Every namespace that the study and the registry place in different country groups.

    Returns
    -------
    pandas.DataFrame
        One row a role and namespace: both groups, downloads by window, and the registry's
        ``alternative_country``, ``confidence``, ``evidence_url`` and ``note``.
    """
    parts = []
    for role in ROLES:
        pairs = labelled_namespaces(table, role, windows)
        differ = (pairs["study_group"] != pairs["registry_group"]) & (
            pairs["registry_group"] != unknown
        )
        parts.append(pairs[differ].assign(attribution=role))
    table = pd.concat(parts, ignore_index=True)
    rows = [registry.find(name) for name in table["namespace"]]
    table["alternative_country"] = [" ".join(r.alternative_country) if r else "" for r in rows]
    for column in ("confidence", "evidence_url", "note"):
        table[column] = [getattr(row, column, "") for row in rows]
    return table.sort_values(windows[-1], ascending=False, kind="stable", ignore_index=True)

"""The long tail of the whole Hub: repositories too small to matter one by one are joined.

Hundreds of thousands of repositories have a handful of downloads each. Each would be a row of every
table and a cluster of every interval, and together they are a small part of the downloads. What an
uploader with small repositories alone has is joined with others' of its kind; nothing is dropped.
"""

from __future__ import annotations

import re
from zlib import crc32

import numpy as np
import pandas as pd

from replication.names import unified

BUCKETS = 100
SMALL = "(small repositories)"


def placed(sizes: pd.DataFrame, least: int) -> pd.DataFrame:
    """Say which namespaces of the whole Hub are large, and in which bucket small ones beside each go.

    Parameters
    ----------
    sizes
        ``namespace, largest``: the most that stands under it in any variant and either role.
    least
        Downloads below which a namespace is small.

    Returns
    -------
    pandas.DataFrame
        ``namespace, is_large`` (0 or 1) and ``bucket``, in the order of `sizes`.
    """
    buckets = np.array([f"(small namespaces {n:02d})" for n in range(BUCKETS)], dtype=object)
    number = [crc32(name.encode()) % BUCKETS for name in sizes["namespace"].tolist()]
    return pd.DataFrame({
        "namespace": sizes["namespace"],
        "is_large": (sizes["largest"] >= least).astype("int64"),
        "bucket": buckets[number],
    })  # fmt: skip


def bucket(uploader: str) -> str:
    """The joint name under which a small uploader's downloads go; not a name that the Hub allows."""
    return f"(small uploaders {crc32(uploader.encode()) % BUCKETS:02d})"


def is_bucket(namespace: str) -> bool:
    """Whether a namespace is the joint name of small ones."""
    return (
        re.fullmatch(r"\((unnamed|small (uploaders|namespaces) [0-9]{2})\)", namespace) is not None
    )


def join(repositories: pd.DataFrame, totals: pd.DataFrame, least: int) -> pd.DataFrame:
    """Say under which name each repository stands in the panel.

    Parameters
    ----------
    repositories
        ``name, uploader, origin``.
    totals
        int64 downloads of each, one column a variant.
    least
        Downloads below which a repository, or all of an uploader, is small: in every variant.

    Returns
    -------
    pandas.DataFrame
        ``key, uploader, origin`` as they stand in the panel: a repository of its own keeps its name;
        small ones of one uploader and origin stand as one; a small uploader stands in a bucket, and a
        small origin is the uploader's own. Spellings of one namespace that differ in case are one.
    """
    large = totals.max(axis=1).to_numpy() >= least
    uploader, origin = unified(repositories["uploader"], repositories["origin"])
    own = origin == uploader
    uploader = _known(uploader, totals, least)
    origin = _known(origin, totals, least).mask(own, uploader)
    joint = uploader + "/" + np.where(origin == uploader, "", origin + "/") + SMALL
    key = repositories["name"].where(large, joint)
    return pd.DataFrame({"key": key, "uploader": uploader, "origin": origin})


def _known(names: pd.Series, totals: pd.DataFrame, least: int) -> pd.DataFrame:
    """Each namespace, or its bucket where all that stands under it is small."""
    sums = totals.groupby(names.to_numpy()).sum().max(axis=1)
    small = sums.index[sums < least]
    buckets = dict(zip(small, map(bucket, small), strict=True))
    return pd.Series(
        [buckets.get(name, name) for name in names.to_numpy(object)], names.index, names.dtype
    )

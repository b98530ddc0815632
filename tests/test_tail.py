"""The joined tail: nothing is dropped, and what is large stands alone."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.panel import tail

MAKERS = ["acme", "beta", "gamma", "delta", "someone"]
WINDOWS = ["a", "b"]
LEAST = 100

maker = st.sampled_from(MAKERS)
count = st.integers(0, 150)
hub = st.lists(st.tuples(maker, maker, count, count), min_size=1, max_size=40)
Rows = list[tuple[str, str, int, int]]


def tables(rows: Rows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Repositories (uploader, origin) and their downloads in two windows."""
    facts = pd.DataFrame(
        [(f"{up}/model-{n}", up, origin) for n, (up, origin, *_) in enumerate(rows)],
        columns=["name", "uploader", "origin"],
    )
    return facts, pd.DataFrame([row[2:] for row in rows], columns=WINDOWS)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(hub)
def test_every_download_is_kept(rows: Rows) -> None:
    """Totals by window are preserved, and the row index is that of the repositories."""
    facts, totals = tables(rows)
    places = tail.join(facts, totals, LEAST)
    assert places.index.equals(facts.index)
    sums = totals.groupby(places["key"].to_numpy()).sum()
    assert sums.sum().to_dict() == totals.sum().to_dict()


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(hub)
def test_what_is_large_keeps_its_name(rows: Rows) -> None:
    """A large repository stands alone, and a large uploader or other origin under its name."""
    facts, totals = tables(rows)
    places = tail.join(facts, totals, LEAST)
    large = totals.max(axis=1) >= LEAST
    assert (places["key"][large] == facts["name"][large]).all()
    assert not places["key"][~large].isin(facts["name"]).any()
    for role in ("uploader", "origin"):
        sums = totals.groupby(facts[role].to_numpy()).sum().max(axis=1)
        known = facts[role].map(sums) >= LEAST
        if role == "origin":  # what is the uploader's own goes wherever its uploader goes
            known &= facts["origin"] != facts["uploader"]
        assert (places[role][known] == facts[role][known]).all()
        small = places[role][~known]
        buckets = small.str.startswith("(small uploaders ").astype(bool)
        assert (buckets | small.isin(places["uploader"])).all()


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(hub)
def test_one_name_is_of_one_uploader_and_origin(rows: Rows) -> None:
    """What is joined shares its uploader and its origin, so that a row has one of each."""
    places = tail.join(*tables(rows), LEAST)
    assert len(places.drop_duplicates()) == len(places.drop_duplicates("key"))


def test_names_by_hand() -> None:
    """Large, small of a large uploader, small of two origins, and small uploaders in a bucket."""
    facts, totals = tables([
        ("acme", "acme", 100, 0),
        ("acme", "acme", 1, 2),
        ("acme", "beta", 3, 4),
        ("beta", "beta", 60, 10),
        ("beta", "beta", 50, 10),
        ("someone", "someone", 5, 5),
    ])  # fmt: skip
    found = tail.join(facts, totals, LEAST)
    bucket = tail.bucket("someone")
    assert re.fullmatch(r"\(small uploaders \d\d\)", bucket)
    assert found["key"].tolist() == [
        "acme/model-0",
        "acme/(small repositories)",
        "acme/beta/(small repositories)",
        "beta/(small repositories)",
        "beta/(small repositories)",
        f"{bucket}/(small repositories)",
    ]
    assert found["origin"].tolist() == ["acme", "acme", "beta", "beta", "beta", bucket]


def test_small_in_every_variant_is_small() -> None:
    """The largest of the windows decides, not their sum."""
    facts, totals = tables([("acme", "acme", 99, 99), ("acme", "acme", 0, 100)])
    keys = tail.join(facts, totals, LEAST)["key"].tolist()
    assert keys == ["acme/(small repositories)", "acme/model-1"]


def test_a_bucket_is_the_checksum_of_the_name() -> None:
    """CRC-32 of the digits 1 to 9 is 0xCBF43926, the check value of its definition, …62 in decimals."""
    name = "123456789"
    sizes = pd.DataFrame({"namespace": [name, "large", "less"], "largest": [5, 100, 99]})
    found = tail.placed(sizes, LEAST)
    assert list(found.columns) == ["namespace", "is_large", "bucket"]
    assert found["namespace"].tolist() == [name, "large", "less"]
    assert found["is_large"].tolist() == [0, 1, 0]
    assert found["is_large"].dtype == "int64"
    assert found["bucket"][0] == "(small namespaces 62)"
    assert tail.bucket(name) == "(small uploaders 62)"
    for joint in (*found["bucket"], tail.bucket(name), "(unnamed)", "(small uploaders 07)"):
        assert tail.is_bucket(joint)
    for other in ("(small uploaders 7)", "(small others 07)", "small", "(unnamed) ", "(UNNAMED)"):
        assert not tail.is_bucket(other)


def test_spellings_of_one_namespace_are_small_together() -> None:
    """An origin that is the uploader in another case is its own."""
    facts, totals = tables([
        ("Acme", "acme", 60, 0), ("Acme", "Acme", 50, 1), ("b", "ACME", 1, 1), ("Acme", "c", 9, 9),
    ])  # fmt: skip
    found = tail.join(facts, totals, LEAST)
    small = tail.bucket("c")
    assert (found["origin"][3], found["key"][3]) == (small, f"Acme/{small}/(small repositories)")
    found = found[:3]
    assert found["uploader"].tolist() == ["Acme", "Acme", tail.bucket("b")]
    assert found["origin"].tolist() == ["Acme"] * 3
    assert found["key"].tolist()[2] == f"{tail.bucket('b')}/Acme/(small repositories)"

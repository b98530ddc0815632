"""Where the repositories of the whole Hub stand in its panel, worked out by hand and by plain dictionaries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.panel import tail
from replication.panel.whole_hub.owners import Owners, Total
from replication.panel.whole_hub.places import Places, places

LEAST = 100
NAMESPACES = ["small-a", "Large", "small-b", "large-z"]


def owners(rows: pd.DataFrame) -> Owners:
    """Owners of rows ``id, name, uploader, origin, created, most``."""
    names = rows["name"].tolist()
    texts = [[f"id {n}" for n in rows["id"]], names, [f"roots of {name}" for name in names]]
    namespaces = pd.Index(NAMESPACES)
    return Owners(
        rows["id"].to_numpy(), *(pa.array(cells, pa.large_string()) for cells in texts),
        rows["created"].to_numpy(), rows["most"].to_numpy(), pa.array(NAMESPACES, pa.large_string()),
        *(namespaces.get_indexer(rows[role]) for role in ("uploader", "origin")),
    )  # fmt: skip


def placed(rows: pd.DataFrame) -> Places:
    """Their places, where all downloads are in one variant."""
    one = Total(rows["id"].to_numpy(dtype=np.int32), rows["most"].to_numpy())
    return places(owners(rows), [one], LEAST)


def table(*rows: tuple[int, str, str, str, int, int]) -> pd.DataFrame:
    """Rows of `owners`."""
    return pd.DataFrame(
        rows, columns=["id", "name", "uploader", "origin", "created", "most"]
    ).astype({"id": "int64", "created": "int64", "most": "int64"})  # fmt: skip


def bucket(namespace: str) -> str:
    """The bucket of a small namespace."""
    sizes = pd.DataFrame({"namespace": [namespace], "largest": [0]})
    return str(tail.placed(sizes, LEAST)["bucket"].item())


def test_the_large_stand_alone_and_the_small_are_joined() -> None:
    """Own names, a name of a pair, and buckets; the row of several is that of the one created last."""
    found = placed(table(
        (2, "Large/x", "Large", "Large", 5, 500),
        (3, "Large/tiny", "Large", "Large", 9, 3),
        (5, "Large/less", "Large", "Large", 7, 4),
        (6, "Large/tuned", "Large", "large-z", 8, 6),
        (7, "small-a/y", "small-a", "large-z", 6, 7),
        (9, "small-b/z", "small-b", "small-a", 4, 8),
        (11, "large-z/z", "large-z", "large-z", 1, 100),
    ))  # fmt: skip
    rows = found.rows.to_pandas()
    of_z, of_b = bucket("large-z"), bucket("small-b")
    joint = [f"{of_b}/{tail.SMALL}", f"{of_z}/large-z/{tail.SMALL}"]
    names = ["Large/x", f"Large/{tail.SMALL}", f"Large/large-z/{tail.SMALL}", *joint, "large-z/z"]
    assert rows["name"].tolist() == sorted(names)
    assert found.number.tolist() == [sorted(names).index(names[n]) for n in (0, 1, 1, 2, 4, 3, 5)]
    assert found.joined.tolist() == [3, 4, 6, 7, 8]
    by_name = rows.set_index("name")
    assert by_name.loc["Large/x"].tolist() == [
        "id 2", "Large", "Large", "roots of Large/x", 5, by_name.loc["Large/x", "pair"],
    ]  # fmt: skip
    assert by_name.loc[f"Large/{tail.SMALL}"].tolist()[:5] == [
        f"Large/{tail.SMALL}", "Large", "Large", "Large", 9,
    ]  # fmt: skip
    assert by_name.loc[joint[0], ["uploader", "origin"]].tolist() == [of_b, of_b]
    assert by_name.loc[joint[1], ["uploader", "origin"]].tolist() == [of_z, "large-z"]
    pairs = rows[["pair", "uploader", "origin"]].drop_duplicates().sort_values("pair")
    assert pairs["pair"].tolist() == [1, 2, 3, 4, 5]
    assert [*zip(pairs["uploader"], pairs["origin"], strict=True)] == sorted(
        zip(pairs["uploader"], pairs["origin"], strict=True)
    )


def test_two_repositories_of_one_name_are_one_row() -> None:
    """A name that was given again stands once, as the repository that was created last; of two at once the later."""
    found = placed(table(
        (1, "Large/x", "Large", "Large", 5, 500),
        (2, "Large/x", "Large", "Large", 5, 300),
        (3, "Large/x", "Large", "Large", 4, 100),
    ))  # fmt: skip
    assert found.rows["repository"].to_pylist() == ["id 2"]
    assert found.number.tolist() == [0, 0, 0]
    assert found.joined.tolist() == []


def test_a_namespace_is_as_large_as_its_largest_variant() -> None:
    """The least is reached within one variant, not by several together."""
    rows = table((1, "small-a/x", "small-a", "small-a", 5, 60))
    one = Total(np.array([1], dtype=np.int32), np.array([60]))
    apart = places(owners(rows), [one, one], LEAST)
    assert apart.rows["uploader"].to_pylist() == [bucket("small-a")]
    both = table(
        (1, "small-a/x", "small-a", "small-a", 5, 60), (2, "small-a/y", "small-a", "Large", 5, 60)
    )
    whole = Total(np.array([1, 2], dtype=np.int32), np.array([60, 60]))
    together = places(owners(both), [whole], LEAST)
    assert set(together.rows["uploader"].to_pylist()) == {"small-a"}


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["x", "y", "z"]), st.sampled_from(NAMESPACES), st.sampled_from(NAMESPACES),
        st.integers(1, 4), st.sampled_from([1, 40, 70, 100, 500]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=300)
@given(ROWS)
def test_any_hub_is_placed_as_plain_dictionaries_place_it(
    drawn: list[tuple[str, str, str, int, int]],
) -> None:
    """Names, pairs and rows are those of a loop over the repositories."""
    rows = table(*(
        (n + 1, f"{by}/{model}", by, of, created, most) for n, (model, by, of, created, most) in enumerate(drawn)
    ))  # fmt: skip
    sizes = {
        name: max(rows.loc[rows[role] == name, "most"].sum() for role in ("uploader", "origin"))
        for name in NAMESPACES
    }
    keys, last = {}, {}
    for row in rows.itertuples():
        by, of = (sizes[name] >= LEAST for name in (row.uploader, row.origin))
        uploader = row.uploader if by else bucket(row.origin if of else row.uploader)
        origin = row.origin if of else bucket(row.uploader)
        joint = f"{uploader}/{'' if origin == uploader else origin + '/'}{tail.SMALL}"
        name = keys[row.id] = row.name if row.most >= LEAST else joint
        one = (row.created, row.id, uploader, origin, row.most >= LEAST)
        last[name] = max(last.get(name, one), one)
    found = placed(rows)
    names = sorted(last)
    assert found.rows["name"].to_pylist() == names
    assert [names[n] for n in found.number] == [keys[n] for n in found.id]
    for shown in found.rows.to_pylist():
        created, id_, uploader, origin, is_alone = last[shown["name"]]
        assert (shown["created"], shown["uploader"], shown["origin"]) == (created, uploader, origin)
        assert shown["repository"] == (f"id {id_}" if is_alone else shown["name"])
    pairs = sorted({(row["uploader"], row["origin"]) for row in found.rows.to_pylist()})
    assert {row["pair"] for row in found.rows.to_pylist()} <= set(range(1, len(rows) + 1))
    assert len({row["pair"] for row in found.rows.to_pylist()}) == len(pairs)

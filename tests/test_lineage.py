"""Lineage: parents from each source, and walks to the roots on graphs worked out by hand.

Random graphs, and the real ones where they are, are compared with a second implementation: plain
recursion over sets in exact fractions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hub_edges import hub_edges
from hypothesis import given, settings
from hypothesis import strategies as st
from released_files import ROOT, real_file

from replication.definitions import load_definitions
from replication.panel import lineage
from replication.panel.lineage import EDGES, Lineage, documented, released_edges, trace
from replication.sources.counters import reading

EXAMPLES = settings(derandomize=True, deadline=None, max_examples=60)
DEFINITIONS = load_definitions()
BUNDLED = ROOT / "replication" / "data" / "repositories.csv"
RUN_TOGETHER = "maker/model-devother/model-schnell"


def edges(*pairs: tuple[str, str] | tuple[str, str, str]) -> pd.DataFrame:
    """Edges from (repository, parent) or (repository, parent, immutable id of the parent)."""
    rows = [(pair[0], pair[1], *(pair[2:] or (None,)), lineage.DERIVED) for pair in pairs]
    return pd.DataFrame(rows, columns=EDGES)


def roots(found: Lineage) -> dict[str, dict[str, float]]:
    """Weights of the roots by repository."""
    table = found.roots()
    return {
        str(name): dict(zip(part["root"], part["weight"], strict=True))
        for name, part in table.groupby("repository", sort=False)
    }


def traced(names: str, *pairs: tuple[str, str]) -> dict[str, dict[str, float]]:
    """Roots of one-letter repositories over synthetic edges."""
    return roots(trace(list(names), edges(*pairs)))


class Recursion:
    """The second implementation: recursion over lists of parents, in exact fractions.

    An edge is on a cycle if its parent leads back to its child.
    """

    def __init__(self, names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> None:
        self.names, self.pairs = list(names), list(pairs)
        self.edges = list(dict.fromkeys(pair for pair in self.pairs if pair[0] != pair[1]))
        self.parents: dict[str, list[str]] = {}
        for child, parent in self.edges:
            self.parents.setdefault(child, []).append(parent)
        self.ancestors = cache(self._ancestors)
        self.steps = cache(self._steps)
        self.shares = cache(self._shares)

    def _ancestors(self, start: str) -> frozenset[str]:
        seen: set[str] = set()
        stack = [start]
        while stack:
            new = set(self.parents.get(stack.pop(), ())) - seen
            seen |= new
            stack += new
        return frozenset(seen)

    def _onward(self, name: str) -> list[str]:
        return [p for p in self.parents.get(name, ()) if name not in self.ancestors(p)]

    def _steps(self, name: str) -> int:
        return max((1 + self.steps(parent) for parent in self._onward(name)), default=0)

    def _shares(self, name: str) -> Mapping[str, Fraction]:
        above = self._onward(name)
        total: dict[str, Fraction] = {}
        for parent in above:
            for root, share in self.shares(parent).items():
                total[root] = total.get(root, Fraction(0)) + share / len(above)
        return total or {name: Fraction(1)}

    def counts(self) -> dict[str, int]:
        """What a walk should count."""
        several = [len(self.parents.get(name, ())) for name in self.names]
        asked = set(self.names)
        return {
            "derived": sum(n > 0 for n in several),
            "several_parents": sum(n > 1 for n in several),
            "missing_parents": sum(parent not in asked for _, parent in self.edges),
            "renamed_parents": 0,
            "self_parents": sum(child == parent for child, parent in self.pairs),
            "in_cycles": sum(name in self.ancestors(name) for name in self.names),
            "deepest": max(map(self.steps, asked | self.parents.keys()), default=0),
        }


def assert_same(found: Lineage, expected: Recursion) -> None:
    """The same roots, the same weights but for rounding, and the same counts."""
    ours = roots(found)
    assert list(ours) == expected.names
    for name in expected.names:
        exact = {root: float(share) for root, share in expected.shares(name).items()}
        assert ours[name] == pytest.approx(exact, rel=1e-12, abs=0), name
    assert found.counts == expected.counts()


@pytest.mark.parametrize(
    ("text", "found", "says"),
    [
        ("", [], "unknown"),
        ("[]", [], "unknown"),
        ("[' ']", [], "unknown"),
        ("No", ["No"], "none"),
        ("['No']", ["No"], "none"),
        ("Unsure", ["Unsure"], "unknown"),
        ("['Unsure']", ["Unsure"], "unknown"),
        ("['Unsure', 'No']", ["Unsure", "No"], "none"),
        ("a/x", ["a/x"], "parents"),
        ("['a/x', 'b/y']", ["a/x", "b/y"], "parents"),
        ("['a/x'\n 'b/y']", ["a/x", "b/y"], "parents"),
        ('["a/x"; "b/y"]', ["a/x", "b/y"], "parents"),
        ("Unsure a/x", ["Unsure", "a/x"], "parents"),
        (RUN_TOGETHER, [RUN_TOGETHER], "malformed"),
        (f"a/x {RUN_TOGETHER}", ["a/x", RUN_TOGETHER], "parents"),
        ("llama", ["llama"], "malformed"),
        ("No llama", ["No", "llama"], "malformed"),
    ],
)
def test_what_a_list_of_parents_says(text: str, found: list[str], says: str) -> None:
    """Words come out of any brackets; none, unsure, nothing and two names run together differ."""
    assert lineage.words(text) == found
    assert documented(pd.Series([text], index=[7])).to_dict() == {7: says}


def test_released_edges_are_the_names_of_the_lists() -> None:
    """One edge a name of a repository; no parent, unsure and run-together names give none."""
    names = ["c/1", "c/2", "c/3", "c/4", "c/5", "c/6"]
    lists = ["No", "['a/x', 'b/y']", "[]", RUN_TOGETHER, "Unsure", f"b/y {RUN_TOGETHER}"]
    found = released_edges(names, lists)
    assert list(found.columns) == EDGES
    assert list(found["repository"]) == ["c/2", "c/2", "c/6"]
    assert list(found["parent"]) == ["a/x", "b/y", "b/y"]
    assert set(found["relation"]) == {"derived"}
    assert found["parent_id"].isna().all()


def test_lists_and_repositories_go_in_pairs() -> None:
    """A list too many is an error, not another repository's."""
    with pytest.raises(ValueError, match="zip"):
        released_edges(["c/1"], ["No", "No"])


def base(relation: str | None, *models: tuple[str | None, str | None]) -> dict[str, Any]:
    """A `baseModels` field as Parquet gives it."""
    listed = [{"_id": key, "id": name} for key, name in models]
    return {"relation": relation, "models": np.array(listed, dtype=object)}


def hub(*rows: tuple[str, Any, Any]) -> pd.DataFrame:
    """Synthetic repositories as the Hub describes them."""
    return pd.DataFrame(rows, columns=["id", "baseModels", "tags"])


# The same three repositories by either field. The Hub repeats every parent in a bare tag.
BY_FIELD = hub(
    ("c/quant", base("quantized", ("1", "b/tuned")), None),
    ("b/tuned", base("finetune", ("2", "a/base")), None),
    ("m/merge", base("merge", ("1", "b/tuned"), ("3", "x/other")), None),
    ("a/base", None, None),
)
BY_TAGS = hub(
    ("c/quant", None, ["gguf", "base_model:b/tuned", "base_model:quantized:b/tuned"]),
    ("b/tuned", None, np.array(["base_model:finetune:a/base", "base_model:a/base"])),
    (
        "m/merge",
        None,
        [
            *("base_model:b/tuned", "base_model:x/other"),
            *("base_model:merge:x/other", "base_model:merge:b/tuned", "license:mit"),
        ],
    ),
    ("a/base", None, ["base_models_of_nobody:z/z"]),
)


def test_field_and_tags_give_the_same_graph() -> None:
    """Both name every parent once, with its relation, and lead to the same roots."""
    columns = ["repository", "parent", "relation"]
    by_field, by_tags = hub_edges(BY_FIELD), hub_edges(BY_TAGS)
    ours = {tuple(row) for row in by_field[columns].to_numpy()}
    assert ours == {
        ("c/quant", "b/tuned", "quantized"),
        ("b/tuned", "a/base", "finetune"),
        ("m/merge", "b/tuned", "merge"),
        ("m/merge", "x/other", "merge"),
    }
    assert {tuple(row) for row in by_tags[columns].to_numpy()} == ours
    assert len(by_field) == len(by_tags) == len(ours)
    assert list(by_field["parent_id"]) == ["1", "2", "1", "3"]
    assert by_tags["parent_id"].isna().all()
    names = BY_FIELD["id"].tolist()
    assert roots(trace(names, by_field)) == roots(trace(names, by_tags))
    assert roots(trace(names, by_tags))["m/merge"] == {"a/base": 0.5, "x/other": 0.5}


def test_the_field_goes_before_the_tags() -> None:
    """Tags speak only where the field is null; entries of the field without a name are left out."""
    tags = ["base_model:merge:z/tag"]
    found = hub_edges(
        hub(
            ("c/1", base("adapter", ("1", "a/x"), ("2", None)), tags),
            ("c/2", {"relation": None, "models": None}, tags),
            ("c/3", base(None, (None, "a/y")), None),
            ("c/4", base("merge"), tags),
            ("c/5", None, None),
        )
    )
    assert found.astype(object).where(found.notna(), None).to_numpy().tolist() == [
        ["c/1", "a/x", "1", "adapter"],
        ["c/2", "z/tag", None, "merge"],
        ["c/3", "a/y", None, "derived"],
    ]


@pytest.mark.parametrize("reverse", [False, True])
def test_relations_are_kept_apart(reverse: bool) -> None:
    """Each parent has its own relation, named before or after the bare tag; a bare one is derived."""
    tags = ["base_model:a/x", "base_model:quantized:a/x", "base_model:merge:b/y", "base_model:c/z"]
    found = hub_edges(hub(("m/m", None, tags[::-1] if reverse else tags)))
    assert dict(zip(found["parent"], found["relation"], strict=True)) == {
        "a/x": "quantized",
        "b/y": "merge",
        "c/z": "derived",
    }


def test_quantised_edges_alone_give_the_maker() -> None:
    """Without fine-tuning and merging a conversion leads to whoever made the weights."""
    every = hub_edges(BY_FIELD)
    only = every[every["relation"] == lineage.QUANTISED]
    names = BY_FIELD["id"].tolist()
    assert roots(trace(names, every))["c/quant"] == {"a/base": 1.0}
    assert roots(trace(names, only)) == {
        "c/quant": {"b/tuned": 1.0},
        "b/tuned": {"b/tuned": 1.0},
        "m/merge": {"m/merge": 1.0},
        "a/base": {"a/base": 1.0},
    }


def test_a_chain_is_walked_to_its_end() -> None:
    """Every step on the way has the same root; the walk's length is counted in steps."""
    found = trace(list("abcd"), edges(("a", "b"), ("b", "c"), ("c", "d")))
    assert roots(found) == {name: {"d": 1.0} for name in "abcd"}
    assert found.counts["deepest"] == 3
    assert found.counts["derived"] == 3


def test_a_merge_is_shared_equally_at_each_step() -> None:
    """Half to x, half to the merge b, of which a third each goes to x, y and z."""
    pairs = [("a", "x"), ("a", "b"), ("b", "x"), ("b", "y"), ("b", "z")]
    found = traced("abxyz", *pairs)
    assert found["a"] == pytest.approx({"x": 2 / 3, "y": 1 / 6, "z": 1 / 6}, rel=1e-15)
    assert found["b"] == pytest.approx({"x": 1 / 3, "y": 1 / 3, "z": 1 / 3}, rel=1e-15)
    assert trace(list("abxyz"), edges(*pairs)).counts["several_parents"] == 2


def test_a_diamond_comes_back_to_one_root() -> None:
    """Two ways to the same root add up to the whole."""
    found = trace(list("abcd"), edges(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")))
    assert roots(found)["a"] == {"d": 1.0}
    assert found.weights.nnz == 4


def test_ways_of_unlike_length_add_up() -> None:
    """A root that is both parent and grandparent gets both shares."""
    assert traced("abr", ("a", "b"), ("a", "r"), ("b", "r"))["a"] == {"r": 1.0}


def test_a_self_parent_is_no_parent() -> None:
    """A repository that names itself is a root, and takes no share from its other parents."""
    found = trace(list("abc"), edges(("a", "a"), ("b", "b"), ("b", "c")))
    assert roots(found) == {"a": {"a": 1.0}, "b": {"c": 1.0}, "c": {"c": 1.0}}
    assert found.counts["self_parents"] == 2
    assert found.counts["derived"] == 1
    assert found.counts["in_cycles"] == 0


def test_a_cycle_is_cut_and_its_members_are_roots() -> None:
    """Nobody on the ring began it; what derives from a member stops there."""
    found = trace(list("abcd"), edges(("a", "b"), ("b", "c"), ("c", "a"), ("d", "b")))
    assert roots(found) == {"a": {"a": 1.0}, "b": {"b": 1.0}, "c": {"c": 1.0}, "d": {"b": 1.0}}
    assert found.counts["in_cycles"] == 3
    assert found.counts["derived"] == 4
    assert found.counts["deepest"] == 1


def test_a_member_of_a_cycle_with_an_outside_parent_still_walks() -> None:
    """Only the edges on the ring are cut."""
    ring = [("a", "b"), ("b", "a"), ("a", "x"), ("x", "r")]
    assert traced("abxr", *ring) == {
        "a": {"r": 1.0},
        "b": {"b": 1.0},
        "x": {"r": 1.0},
        "r": {"r": 1.0},
    }


def test_two_cycles_in_a_row_are_cut_apart() -> None:
    """The edge between the rings stays: whoever has it walks on to the member that it names."""
    found = traced("abcd", ("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "c"))
    assert found == {"a": {"a": 1.0}, "b": {"c": 1.0}, "c": {"c": 1.0}, "d": {"d": 1.0}}


def test_a_missing_parent_is_a_root_and_may_have_parents() -> None:
    """Parents that nobody asked about are named as roots, and walked through where edges say."""
    found = trace(["a", "b"], edges(("a", "gone"), ("b", "passed"), ("passed", "far")))
    assert roots(found) == {"a": {"gone": 1.0}, "b": {"far": 1.0}}
    assert found.counts["missing_parents"] == 3
    assert found.counts["derived"] == 2
    assert found.repositories == ("a", "b")
    assert set(found.nodes) == {"a", "b", "gone", "passed", "far"}
    assert found.weights.shape == (2, 5)


def test_a_renamed_parent_is_found_by_its_id() -> None:
    """The immutable id tells the present name; an id that is not known changes nothing."""
    table = edges(("a", "old/b", "1"), ("c", "old/b", "9"), ("b", "r", None))
    found = trace(["a", "c", "b", "r"], table, ids={"1": "b"})
    assert roots(found) == {"a": {"r": 1.0}, "c": {"old/b": 1.0}, "b": {"r": 1.0}, "r": {"r": 1.0}}
    assert found.counts["renamed_parents"] == 1
    assert found.counts["missing_parents"] == 1


def test_a_renamed_parent_is_found_by_the_list_of_renames() -> None:
    """An older name stands for the present one; a name that is not listed stands for itself."""
    table = edges(("a", "old/b"), ("c", "older/b"), ("b", "r"))
    found = trace(["a", "c", "b", "r"], table, renames={"old/b": "b", "b": "b"})
    assert roots(found)["a"] == {"r": 1.0}
    assert roots(found)["c"] == {"older/b": 1.0}
    assert found.counts["renamed_parents"] == 1


def test_an_id_goes_before_the_list_of_renames() -> None:
    """A name may be taken by another repository; an id never is."""
    table = edges(("a", "old/b", "1"), ("c", "old/b", None))
    found = trace(["a", "c"], table, ids={"1": "by-id"}, renames={"old/b": "by-name"})
    assert roots(found) == {"a": {"by-id": 1.0}, "c": {"by-name": 1.0}}
    assert found.counts["renamed_parents"] == 2


def test_a_parent_under_ones_own_older_name_is_a_self_parent() -> None:
    """After the renames the edge leads to its own repository, and is no edge."""
    found = trace(["new/a"], edges(("new/a", "old/a")), renames={"old/a": "new/a"})
    assert roots(found) == {"new/a": {"new/a": 1.0}}
    assert found.counts["self_parents"] == found.counts["renamed_parents"] == 1


def test_a_repeated_edge_counts_once() -> None:
    """Neither a repeated row nor an older name gives a parent a second share."""
    table = edges(("a", "x"), ("a", "x"), ("a", "old/x"), ("a", "y"))
    table.loc[1, "relation"] = lineage.MERGE
    found = trace(["a"], table, renames={"old/x": "x"})
    assert roots(found) == {"a": {"x": 0.5, "y": 0.5}}
    assert found.counts["missing_parents"] == 2


def test_without_edges_everybody_is_a_root() -> None:
    """No edges, or nobody to ask about: an empty walk."""
    none = released_edges([], [])
    found = trace(["a", "b"], none, ids={"1": "a"}, renames={"x": "a"})
    assert roots(found) == {"a": {"a": 1.0}, "b": {"b": 1.0}}
    assert set(found.counts.values()) == {0}
    assert trace([], none).roots().empty


def test_trace_leaves_its_edges_alone() -> None:
    """The caller's table is the same afterwards, and its index does not matter."""
    table = edges(("a", "old"), ("b", "a"))
    table.index = pd.Index([5, 5])
    before = table.copy()
    assert roots(trace(["a", "b"], table, renames={"old": "r"}))["b"] == {"r": 1.0}
    pd.testing.assert_frame_equal(table, before)


def test_roots_come_heaviest_first() -> None:
    """In the order of the question; equal weights by name."""
    pairs = [("z", "m"), ("z", "b"), ("m", "d"), ("m", "c"), ("y", "b")]
    table = trace(["z", "y"], edges(*pairs)).roots()
    assert list(table.columns) == ["repository", "root", "weight"]
    assert table.to_numpy().tolist() == [
        ["z", "b", 0.5],
        ["z", "c", 0.25],
        ["z", "d", 0.25],
        ["y", "b", 1.0],
    ]


def test_origins_add_the_roots_of_a_namespace_up() -> None:
    """Two roots of one namespace outweigh one root of another, and stand before it."""
    pairs = [("z/m", "a/1"), ("z/m", "b/1"), ("z/m", "b/2"), ("y/m", "plain")]
    table = trace(["z/m", "y/m"], edges(*pairs)).origins()
    assert list(table.columns) == ["repository", "origin", "weight"]
    assert table[["repository", "origin"]].to_numpy().tolist() == [
        ["z/m", "b"],
        ["z/m", "a"],
        ["y/m", "plain"],
    ]
    assert list(table["weight"]) == pytest.approx([2 / 3, 1 / 3, 1], rel=1e-15)


def test_a_deep_chain_of_merges_stays_whole() -> None:
    """Sixty merges one upon the other: the last base but one gets 2 to the minus 59."""
    depth = 60
    pairs = [(f"m{k}", parent) for k in range(depth) for parent in (f"m{k + 1}", f"base{k}")]
    found = trace(["m0"], edges(*pairs))
    expected = {f"base{k}": 0.5 ** (k + 1) for k in range(depth)} | {f"m{depth}": 0.5**depth}
    assert roots(found)["m0"] == expected
    assert found.counts["deepest"] == depth
    assert found.weights.sum() == 1.0


Graph = tuple[list[str], list[tuple[str, str]]]


@st.composite
def graphs(draw: st.DrawFn, allowed: Callable[[int, int], bool]) -> Graph:
    """Draw repositories to ask about and edges among these and others, some of them repeated."""
    size = draw(st.integers(1, 9))
    every = [(i, j) for i in range(size) for j in range(size) if allowed(i, j)]
    drawn = draw(st.lists(st.sampled_from(every), max_size=20)) if every else []
    asked = draw(st.permutations(range(size)))[: draw(st.integers(0, size))]
    return [f"n{i}" for i in asked], [(f"n{i}", f"n{j}") for i, j in drawn]


DAGS = graphs(lambda i, j: i < j)
ANY = graphs(lambda i, j: True)


@pytest.mark.slow
@EXAMPLES
@given(DAGS)
def test_random_graphs_without_cycles_equal_plain_recursion(graph: Graph) -> None:
    """Roots, weights and counts of the sparse walk are those of recursion in exact fractions."""
    names, pairs = graph
    found = trace(names, edges(*pairs))
    assert_same(found, Recursion(names, pairs))
    assert found.counts["in_cycles"] == found.counts["self_parents"] == 0


@pytest.mark.slow
@EXAMPLES
@given(ANY)
def test_random_graphs_with_cycles_equal_plain_recursion(graph: Graph) -> None:
    """Also with self parents, cycles and cycles that touch."""
    names, pairs = graph
    assert_same(trace(names, edges(*pairs)), Recursion(names, pairs))


@pytest.mark.slow
@EXAMPLES
@given(ANY, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(graph: Graph, random: Any) -> None:
    """Edges and questions in another order give the same weights, and every row adds to one."""
    names, pairs = graph
    mixed, shuffled = names.copy(), pairs.copy()
    random.shuffle(mixed)
    random.shuffle(shuffled)
    found, other = trace(names, edges(*pairs)), trace(mixed, edges(*shuffled))
    assert found.counts == other.counts
    assert found.repositories == tuple(names)
    theirs = roots(other)
    for name, shares in roots(found).items():
        assert shares == pytest.approx(theirs[name], rel=1e-12, abs=0)
        assert sum(shares.values()) == pytest.approx(1, abs=1e-14)
        assert min(shares.values()) > 0


def hub_file() -> Path:
    """Path of the real descriptions of Hub repositories, or skip the test that needs them."""
    folder = Path(os.environ.get("REPLICATION_DATA") or ROOT.parent / "shared" / "data")
    path = folder / "hub_stats" / "hub_stats_frozen.parquet"
    if not path.is_file():
        pytest.skip("the Hub's descriptions are not here: set REPLICATION_DATA to their folder")
    return path


@pytest.fixture(scope="module")
def real_hub() -> pd.DataFrame:
    """The real descriptions of Hub repositories."""
    return pd.read_parquet(hub_file(), columns=["id", "baseModels", "tags"])


@pytest.fixture(scope="module")
def real_edges(real_hub: pd.DataFrame) -> pd.DataFrame:
    """Their edges by the field."""
    return hub_edges(real_hub)


def test_real_field_and_tags_agree(real_hub: pd.DataFrame, real_edges: pd.DataFrame) -> None:
    """The two fields of the Hub name the same parents with the same relations."""
    columns = ["repository", "parent", "relation"]
    by_tags = hub_edges(real_hub.assign(baseModels=None))
    ours, theirs = (set(map(tuple, t[columns].to_numpy())) for t in (real_edges, by_tags))
    assert ours == theirs
    assert len(real_edges) == len(by_tags) == len(ours) == 5201
    by_relation = real_edges.groupby("relation")["repository"].nunique()
    assert by_relation.to_dict() == {
        "finetune": 1401,
        "merge": 1116,
        "quantized": 49,
        "adapter": 20,
    }


@pytest.mark.slow
def test_the_real_graph_equals_plain_recursion(
    real_hub: pd.DataFrame, real_edges: pd.DataFrame
) -> None:
    """Six self parents, no cycle, 75 steps at most, and every weight as in exact fractions."""
    names = real_hub["id"].tolist()
    found = trace(names, real_edges)
    pairs = list(zip(real_edges["repository"], real_edges["parent"], strict=True))
    assert_same(found, Recursion(names, pairs))
    assert found.counts == {
        "derived": 2581,
        "several_parents": 1115,
        "missing_parents": 1456,
        "renamed_parents": 0,
        "self_parents": 6,
        "in_cycles": 0,
        "deepest": 75,
    }
    assert np.abs(found.weights.sum(axis=1) - 1).max() < 1e-14
    assert len(names) == found.weights.shape[0] == 4167


@pytest.mark.slow
def test_ids_join_the_renamed_parents_of_the_real_file(
    real_hub: pd.DataFrame, real_edges: pd.DataFrame
) -> None:
    """Two parents stand under two names each; their ids lead to the one that is there today."""
    older = {
        "PowerInfer/SmallThinker-3B-Preview": "Tiiny/SmallThinker-3B-Preview",
        "Spestly/Athena-1-3B": "aayanmishra-ml/Athena-1-3B",
    }
    names = real_hub["id"].tolist()
    assert set(older.values()) <= set(names)
    by_id = real_edges.groupby("parent_id")["parent"].agg(frozenset)
    assert set(by_id[by_id.map(len) > 1]) == {frozenset(pair) for pair in older.items()}
    present = {key: older.get(name, name) for key, (name, *_) in by_id.map(sorted).items()}
    renamed = int(real_edges["parent"].isin(list(older)).sum())
    ours, plain = trace(names, real_edges, ids=present), trace(names, real_edges)
    assert ours.counts["renamed_parents"] == renamed == 4
    assert plain.counts["missing_parents"] - ours.counts["missing_parents"] == renamed
    gone = plain.roots()["root"].isin(list(older))
    assert gone.any()
    assert not ours.roots()["root"].isin(list(older)).any()
    listed = trace(names, real_edges, renames=older)
    pd.testing.assert_frame_equal(ours.roots(), listed.roots(), check_exact=True)


def walked(
    names: Sequence[str], parent: Mapping[str, str], present: Mapping[str, str]
) -> list[str]:
    """Namespace at the end of each walk where nobody has more than one parent."""
    ends = []
    for name in names:
        at = name
        while parent.get(at, "").count("/") == 1 and present.get(parent[at], parent[at]) != at:
            at = present.get(parent[at], parent[at])
        ends.append(at.partition("/")[0])
    return ends


@pytest.mark.slow
def test_released_lineage_and_annotated_origins() -> None:
    """Of 544 repositories 107 are undocumented; 363 of the others trace to the annotated origin.

    Two of the undocumented name parents run together, 23 of the documented say that there is none.
    """
    counters = reading.read_counters(real_file(), DEFINITIONS.groups, DEFINITIONS.panel.max_counter)
    counters = counters.sort_values("reading", kind="stable")
    last = counters.groupby("repository").last()
    names = last["name"].tolist()
    says = documented(last["parents"])
    assert says.value_counts().to_dict() == {
        "parents": 414,
        "unknown": 105,
        "none": 23,
        "malformed": 2,
    }
    present = dict(zip(counters["name"], counters["repository"].map(last["name"]), strict=True))
    found = trace(names, released_edges(names, last["parents"].tolist()), renames=present)
    origins = found.origins().set_index("repository").loc[names, "origin"].tolist()
    by_hand = walked(names, dict(zip(names, last["parents"], strict=True)), present)
    assert origins == by_hand
    known = says.isin(["parents", "none"]).to_numpy()
    same = (last["origin"] == origins).to_numpy()
    assert (len(names), (~known).sum(), (known & same).sum()) == (544, 107, 363)
    assert found.counts["several_parents"] == found.counts["in_cycles"] == 0
    bundled = pd.read_csv(BUNDLED, keep_default_na=False).set_index("repository")
    assert bundled["traced_origin"].to_dict() == dict(
        zip(last.index, np.where(known, origins, ""), strict=True)
    )


def test_the_bundled_panel_holds_the_traced_origins() -> None:
    """The same numbers without the released file: 107 empty, 363 equal to the annotated origin."""
    panel = pd.read_csv(BUNDLED, keep_default_na=False)
    assert len(panel) == 544
    assert (panel["traced_origin"] == "").sum() == 107
    assert (panel["traced_origin"] == panel["origin"]).sum() == 363


def test_the_namespaces_of_no_names() -> None:
    """Where nothing has a parent there is nothing to name, and no column is missing for it."""
    assert lineage.namespaces(pd.Series([], dtype=str)).tolist() == []
    assert lineage.namespaces(pd.Series(["a/b", "gpt2", "c/d/e"])).tolist() == ["a", "gpt2", "c"]


def test_lists_in_the_hubs_form_give_the_edges_of_any_other() -> None:
    """Names with a blank between them are split as words are; one odd list among them changes no other."""
    names, lists = ["c/1", "c/2", "c/3"], ["a/x", "a/x b/y-1.5_z", "B/y"]
    plain = released_edges(names, lists)
    assert plain[["repository", "parent"]].to_numpy().tolist() == [
        ["c/1", "a/x"], ["c/2", "a/x"], ["c/2", "b/y-1.5_z"], ["c/3", "B/y"],
    ]  # fmt: skip
    odd = released_edges([*names, "c/4"], [*lists, "['é/x', No]"])
    assert odd.iloc[:4].equals(plain)
    assert odd["parent"].tolist()[4:] == ["é/x"]


def test_a_name_that_nobody_asked_about_is_one_node_in_all_spellings() -> None:
    """As a child and as a parent, whichever comes first."""
    found = trace(["a"], edges(("a", "Mid/x"), ("mid/X", "root/y")))
    assert roots(found) == {"a": {"root/y": 1.0}}

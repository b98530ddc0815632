"""Public records of the Hub: what disagrees is found, recorded and mended."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from record_files import (
    CRAWL,
    CREATED,
    TOP,
    WHOLE,
    crawled,
    defect,
    model,
    read,
    values,
    write_all,
    write_crawl,
    write_crawls,
    write_created,
    write_list,
    write_top,
)

from replication.errors import ContractError
from replication.sources.records import record_set

JANUARY, FEBRUARY, MARCH = "2025-01-14", "2025-02-14", "2025-03-07"


@pytest.mark.slow
def test_a_crawl_dated_otherwise_than_its_folder_keeps_the_date_of_its_rows(
    tmp_path: Path,
) -> None:
    """The date is that of the row; several within a folder are allowed, and reported."""
    write_crawl(
        tmp_path, "2025-09-07",
        crawled("a/one", 5, "2025-09-07"), crawled("a/two", 6, "2025-09-08"),
        crawled("b/six", 7, "2025-09-08"),
    )  # fmt: skip
    found = read(tmp_path, CRAWL)
    assert values(found) == [
        ("a/one", "2025-09-07", 5), ("a/two", "2025-09-08", 6), ("b/six", "2025-09-08", 7),
    ]  # fmt: skip
    dated = defect(found, "crawl-dated-otherwise")
    assert (dated["rows"], dated["where"]) == (2, "crawl 2025-09-07: 2 on 2025-09-08")
    rows = found.covered[["crawl", "date", "namespace"]].to_numpy().tolist()
    later = pd.Timestamp("2025-09-08")
    assert rows == [["2025-09-07", later, "a"], ["2025-09-07", later, "b"]]


@pytest.mark.slow
def test_a_model_that_stands_twice_in_a_crawl_keeps_its_largest_count(tmp_path: Path) -> None:
    """Whatever its case; the same name in another crawl is another count."""
    write_crawls(tmp_path, {JANUARY: {"a/One": 5, "a/one": 9, "A/one": 7}, MARCH: {"a/one": 4}})
    found = read(tmp_path, CRAWL)
    assert values(found) == [("a/one", JANUARY, 9), ("a/one", MARCH, 4)]
    assert defect(found, "model-twice")["rows"] == 2
    assert defect(found, "names-differ-in-case")["rows"] == 2
    write_list(tmp_path, [model("a/one", 3), model("a/one", 8), model("b/two", 1)])
    found = read(tmp_path, WHOLE)
    assert [value for _, _, value in values(found)] == [8, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "count", "after", "gone"),
    [
        (10_000, 499, 10_000, True),
        (10_000, 500, 10_000, False),
        (1_000, 0, 1_000, True),
        (999, 0, 10_000, False),
        (10_000, 0, 999, False),
        (100_000, 600, 10_000, False),
    ],
)
def test_counts_that_vanish_for_one_crawl_are_left_out(
    tmp_path: Path, before: int, count: int, after: int, gone: bool
) -> None:
    """Below 5 % of both neighbours, where both are at least 1,000."""
    counts = zip((JANUARY, FEBRUARY, MARCH), (before, count, after), strict=True)
    write_crawls(tmp_path, {label: {"a/one": n, "a/two": 7} for label, n in counts})
    found = read(tmp_path, CRAWL)
    days = [day for name, day, _ in values(found) if name == "a/one"]
    assert days == ([JANUARY, MARCH] if gone else [JANUARY, FEBRUARY, MARCH])
    row = defect(found, "count-vanishes")
    where = f"a/one {FEBRUARY} ({count:,})"
    assert (row["rows"], row["where"]) == ((1, where) if gone else (0, "none"))
    assert len(values(found, name="a/two")) == 3


@pytest.mark.slow
def test_neighbours_are_those_of_the_crawls_before_and_after(tmp_path: Path) -> None:
    """A model that a neighbouring crawl does not hold has no neighbour there."""
    write_crawls(
        tmp_path,
        {
            JANUARY: {"a/one": 10_000, "b/x": 1},
            FEBRUARY: {"b/x": 1},
            MARCH: {"a/one": 1, "b/x": 1},
            "2025-04-07": {"a/one": 10_000, "b/x": 1},
        },
    )
    assert len(values(read(tmp_path, CRAWL), name="a/one")) == 3


@pytest.mark.slow
def test_a_namespace_that_drops_out_and_returns_is_reported(tmp_path: Path) -> None:
    """The crawls without it do not cover it; before its first and after its last it is no gap."""
    write_crawls(
        tmp_path,
        {
            JANUARY: {"a/one": 1, "b/x": 1},
            FEBRUARY: {"a/one": 1, "c/y": 1},
            MARCH: {"a/one": 1, "b/x": 1, "c/y": 1},
            "2025-04-07": {"a/one": 1},
        },
    )
    found = read(tmp_path, CRAWL)
    row = defect(found, "namespace-returns")
    assert (row["rows"], row["where"]) == (1, f"b {FEBRUARY}")
    held = found.covered[found.covered["namespace"] == "b"]["date"]
    assert held.tolist() == [pd.Timestamp(JANUARY), pd.Timestamp(MARCH)]


@pytest.mark.slow
def test_a_renamed_namespace_has_one_name(tmp_path: Path) -> None:
    """THUDM/x and zai-org/x are one repository, in every column and in every table."""
    write_crawls(
        tmp_path,
        {
            JANUARY: {"THUDM/glm": 5_000, "THUDM/old": 1},
            FEBRUARY: {"zai-org/glm": 6_000, "thudm/glm": 5_500},
            MARCH: {"zai-org/GLM": 7_000},
        },
    )
    write_top(tmp_path, "id,downloads,base_model", "x/y,1000,THUDM/glm", "x/z,1000,thudm/NEVER")
    write_created(tmp_path, THUDM__glm="2024-02-03")
    found = read(tmp_path, CRAWL, TOP, CREATED)
    assert values(found, record="crawl") == [
        ("zai-org/GLM", JANUARY, 5_000), ("zai-org/GLM", FEBRUARY, 6_000),
        ("zai-org/GLM", MARCH, 7_000), ("zai-org/old", JANUARY, 1),
    ]  # fmt: skip
    assert found.models["base_models"].tolist() == ["zai-org/GLM", "zai-org/NEVER", ""]
    assert found.models["name"].tolist() == ["x/y", "x/z", "zai-org/GLM"]
    assert set(found.covered["namespace"]) == {"zai-org"}
    assert (
        defect(found, "renamed")["where"]
        == "THUDM → zai-org (2 models), thudm → zai-org (1 models)"
    )
    assert defect(found, "renamed")["rows"] == 3
    assert defect(found, "model-twice")["rows"] == 1
    asked = pd.Series(["thudm/Glm", "THUDM/other", "X/Y", "n/one"])
    assert found.canonical(asked).tolist() == ["zai-org/GLM", "zai-org/other", "x/y", "n/one"]


def test_renamed_namespaces_come_from_the_registry() -> None:
    """An older name has the one namespace of its developer as its newer name."""
    found = record_set.namespace_renames()
    pairs = dict(zip(found["older"], found["newer"], strict=True))
    assert pairs["THUDM"] == "zai-org"
    assert pairs["ds4sd"] == "docling-project"


def test_an_older_name_that_does_not_lead_to_one_namespace_is_not_joined(tmp_path: Path) -> None:
    """A developer with several namespaces does not tell which took the place of the older one."""
    (tmp_path / "registry.csv").write_text("developer,namespaces\nOne,new\nTwo,new1 new2\n")
    (tmp_path / "namespaces.csv").write_text(
        "namespace,developer,relation\nold,One,renamed\nolder,Two,renamed\nother,One,owned\n"
    )
    found = record_set.namespace_renames(tmp_path)
    assert found.to_numpy().tolist() == [["old", "new", "namespace"]]


def test_the_spelling_of_the_latest_record_holds(tmp_path: Path) -> None:
    """Names that differ in case are one repository, or stand under one namespace.

    Creation dates alone decide no spelling.
    """
    write_list(tmp_path, [model("A/Model", 5), model("b/two", 1)])
    write_top(tmp_path, "id,downloads", "a/model,5000")
    write_created(tmp_path, A__MODEL="2024-02-03", B__Six="2024-02-03")
    found = read(tmp_path, WHOLE, TOP, CREATED)
    assert [name for name, _, _ in values(found)] == ["a/model", "a/model", "b/two"]
    assert found.models["name"].tolist() == ["a/model", "b/two", "a/model", "a/model", "b/Six"]
    row = defect(found, "names-differ-in-case")
    assert (row["rows"], row["where"]) == (1, "A/Model → a/model")


def test_a_creation_date_after_the_first_count_is_dropped(tmp_path: Path) -> None:
    """More than two days after: the name was given anew, or the date is wrong."""
    write_list(
        tmp_path,
        [
            model("a/one", 5, createdAt="2024-07-13T00:00:00Z"),
            model("a/two", 5, createdAt="2024-07-13T00:00:01Z"),
            model("a/six", 5),
        ],
    )
    write_created(tmp_path, a__SIX="2025-02-03", n__one="2025-02-03")
    found = read(tmp_path, WHOLE, CREATED)
    dated = found.models.assign(dated=found.models["created"].notna())
    assert dated[["name", "record", "dated"]].to_numpy().tolist() == [
        ["a/one", "whole", True], ["a/two", "whole", False], ["a/six", "whole", True],
        ["a/six", "born", False], ["n/one", "born", True],
    ]  # fmt: skip
    row = defect(found, "created-after-first-count")
    assert row["rows"] == 2
    assert "a/six (born: 2025-02-03, counted 2024-07-11)" in row["where"]


def test_a_line_with_an_error_gives_no_count(tmp_path: Path) -> None:
    """Whatever stands where its count should be; the numbers of later lines stay right."""
    failed = crawled("a/bad", None, JANUARY, error_msg="timeout")
    write_crawl(tmp_path, JANUARY, failed, crawled("a/one", 5, JANUARY))
    found = read(tmp_path, CRAWL)
    assert values(found) == [("a/one", JANUARY, 5)]
    row = defect(found, "crawl-errors")
    assert (row["rows"], row["where"]) == (1, "a/bad")
    write_crawl(tmp_path, JANUARY, failed, crawled("a/one", "5M", JANUARY))
    with pytest.raises(ContractError, match="line 2: the count"):
        read(tmp_path, CRAWL)


@pytest.mark.slow
def test_without_a_defect_every_check_says_none(tmp_path: Path) -> None:
    """Each check has its row in any case."""
    found = read(tmp_path, *write_all(tmp_path))
    clean = found.defects.set_index("check").drop(index=["frozen-readings"], errors="ignore")
    assert clean["rows"].eq(0).all()
    assert {
        "crawl-dated-otherwise", "model-twice", "count-vanishes", "namespace-returns", "renamed",
        "names-differ-in-case", "counts-as-text", "spikes", "crawl-errors", "created-after-first-count",
        "duplicate-readings", "renamed-repositories", "falling-counters", "frozen-readings",
    } == set(found.defects["check"])  # fmt: skip

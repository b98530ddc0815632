"""Public records of the Hub: their definitions, where they are found, and each shape as it is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from record_files import (
    COUNTERS,
    CRAWL,
    CREATED,
    TOP,
    WHOLE,
    defect,
    model,
    read,
    values,
    write_all,
    write_crawls,
    write_created,
    write_list,
    write_pages,
    write_released,
    write_top,
)
from released_files import repository

from replication.definitions.records import load_records
from replication.errors import DefinitionError, HashMismatchError, SourceError
from replication.files import sha256_bytes, sha256_file
from replication.sources.defect import Defect

JANUARY, FEBRUARY, MARCH = "2025-01-14", "2025-02-14", "2025-03-07"


def test_packaged_definitions_name_the_known_records() -> None:
    """The packaged file holds the seven records, in order of trust for creation dates."""
    found = {record.id: record for record in load_records()}
    assert list(found) == [
        "hub-2024-07-11", "top-2024-09-20", "top-2025-01-14", "top-2025-03-21", "osir-lmts",
        "released", "created",
    ]  # fmt: skip
    cuts = {name: record.cut_off for name, record in found.items() if record.date}
    assert cuts == {
        "hub-2024-07-11": 0, "top-2024-09-20": 1_193, "top-2025-01-14": 12_000,
        "top-2025-03-21": 154_180,
    }  # fmt: skip
    assert [name for name, record in found.items() if record.task_lists] == ["top-2025-03-21"]
    assert found["released"].lag_days == 4
    assert found["created"].optional
    assert not found["top-2025-01-14"].optional
    assert found["osir-lmts"].git_paths == (
        "oslm-crawler/data/*/HuggingFace/raw-models-info.jsonl",
    )
    assert found["top-2025-03-21"].git_paths == ()


ROW = """[[record]]
id = "{id}"
shape = "top"
paths = ["a.csv"]
date = 2025-01-14
title = ""
citation = ""
url = ""
repository = ""
commit = ""
licence = ""
licence_note = ""
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", ""),
        ('"top"', '"heap"', "record.shape = 'heap' is not one of"),
        ("date = 2025-01-14\n", "", "[[record]] 1: a record of shape top has no date"),
        ('url = ""', 'url = ""\ncut_off = -1', "cut_off = -1"),
        ('url = ""', 'url = ""\nlag_days = -1', "lag_days = -1"),
        ('url = ""', 'url = ""\nsha256 = ["abc"]', "record.sha256 = 'abc'"),
        ('url = ""', f'url = ""\nsha256 = ["{"a" * 64}", ""]', "sha256 = "),
        ('["a.csv"]', "[]", "record.paths = []"),
        ('["a.csv"]', '["/a.csv"]', "paths = ['/a.csv'] are not all relative"),
        ('commit = ""', 'commit = "main"', "commit = 'main'"),
        ('id = "x"', 'id = "../x"', "id = '../x'"),
        ('url = ""', "url = 3", "url = 3 is not of type str"),
        ('url = ""', 'url = ""\ncolour = 1', "unknown key colour"),
        ("[[record]]", "[[records]]", "unknown key records"),
    ],
)
def test_definitions_that_cannot_be_meant_are_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Every key is checked, and the message names the file, the record and the value."""
    path = tmp_path / "some.toml"
    path.write_text(ROW.format(id="x").replace(old, new) if old else ROW.format(id="x"))
    if not said:
        assert load_records(path)[0].id == "x"
        return
    with pytest.raises(DefinitionError, match=r"some\.toml: ") as caught:
        load_records(path)
    assert said in caught.value.what
    assert caught.value.remedy


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Two records of one id could not be told apart."""
    path = tmp_path / "some.toml"
    path.write_text(ROW.format(id="x") * 2)
    with pytest.raises(DefinitionError, match=r"id used twice: \['x'\]"):
        load_records(path)


def test_a_folder_without_a_record_names_what_was_looked_for(tmp_path: Path) -> None:
    """The message names every path, and RECORDS= as the remedy."""
    with pytest.raises(SourceError, match=r"holds no record: .*whole\.parquet.*top\.csv") as caught:
        read(tmp_path, WHOLE, replace(TOP, optional=True))
    assert "RECORDS=folder" in caught.value.remedy
    with pytest.raises(SourceError, match="there is no folder"):
        read(tmp_path / "nowhere", WHOLE)


def test_a_missing_record_is_refused_unless_it_is_optional(tmp_path: Path) -> None:
    """What is missing is named with the paths at which it was looked for."""
    write_top(tmp_path, "id,downloads", "a/one,5000")
    with pytest.raises(SourceError, match=r"lacks the record born: looked for born\.parquet"):
        read(tmp_path, TOP, CREATED)
    found = read(tmp_path, TOP, replace(CREATED, optional=True))
    assert values(found) == [("a/one", "2025-03-21", 5000)]


@pytest.mark.slow
def test_the_first_path_that_is_there_is_read(tmp_path: Path) -> None:
    """Alternatives are tried in their order, outside the folder too."""
    inside = tmp_path / "records"
    inside.mkdir()
    write_top(tmp_path, "id,downloads", "a/outside,5000")
    record = replace(TOP, paths=("top.csv", "../top.csv"))
    assert values(read(inside, record)) == [("a/outside", "2025-03-21", 5000)]
    write_top(inside, "id,downloads", "a/inside,5000")
    assert values(read(inside, record)) == [("a/inside", "2025-03-21", 5000)]


def test_changed_content_is_refused(tmp_path: Path) -> None:
    """A file whose SHA-256 is not the given one is no copy of the record."""
    path = write_top(tmp_path, "id,downloads", "a/one,5000")
    good = replace(TOP, sha256=(sha256_file(path),))
    assert len(read(tmp_path, good).observations) == 1
    write_top(tmp_path, "id,downloads", "a/one,5001")
    with pytest.raises(HashMismatchError, match=r"the record top \(top\.csv\) has SHA-256"):
        read(tmp_path, good)


@pytest.mark.slow
def test_the_hash_of_a_folder_is_over_its_sorted_names_and_hashes(tmp_path: Path) -> None:
    """Lines `relative path sha256`, sorted, each ended; another file changes it."""
    write_crawls(tmp_path, {FEBRUARY: {"a/one": 2}, JANUARY: {"a/one": 1}})
    lines = [
        f"{day}/models.jsonl {sha256_file(tmp_path / f'crawl/data/{day}/models.jsonl')}\n"
        for day in (JANUARY, FEBRUARY)
    ]
    known = replace(CRAWL, sha256=(sha256_bytes("".join(lines).encode()),))
    assert len(read(tmp_path, known).observations) == 2
    write_crawls(tmp_path, {MARCH: {"a/one": 3}})
    with pytest.raises(HashMismatchError, match="the record crawl"):
        read(tmp_path, known)


def test_pages_that_are_missing_are_refused(tmp_path: Path) -> None:
    """A part of a list would make every other model look as if it did not exist yet."""
    folder = write_pages(tmp_path, [model("a/one", 3)], [model("b/two", 2)], [model("c/x", 1)])
    (folder / "models_page2.json").unlink()
    with pytest.raises(SourceError, match="the list whole lacks 1 of 3 pages: 2"):
        read(tmp_path, WHOLE)


@pytest.mark.slow
def test_types_of_all_tables(tmp_path: Path) -> None:
    """Times are datetime64[ns] without a zone, counts int64, and all else is text."""
    found = read(tmp_path, *write_all(tmp_path))
    kinds = {"date": "datetime64[ns]", "created": "datetime64[ns]"}
    kinds |= dict.fromkeys(("value", "cut_off", "cut", "rows"), "int64")
    columns = {name: list(table) for name, table in found.tables.items()}
    assert columns == {
        "observations": ["name", "date", "kind", "value", "record"],
        "models": ["name", "record", "created", "base_models", "task", "listed", "origin"],
        "covered": ["record", "crawl", "date", "namespace"],
        "lists": ["record", "date", "cut_off"],
        "task_cuts": ["record", "task", "cut"],
        "renames": ["older", "newer", "kind"],
        "defects": list(Defect.__dataclass_fields__),
    }
    for table in found.tables.values():
        assert {c: str(t) for c, t in table.dtypes.items()} == {
            column: kinds.get(column, "str") for column in table
        }
    assert found.trust == ("whole", "top", "counted", "born")


@pytest.mark.slow
def test_a_list_as_parquet_and_as_pages_say_the_same(tmp_path: Path) -> None:
    """Both give counts of the list's day, creation times, tasks and distinct base models."""
    tags = ["x", "base_model:a/one", "base_model:finetune:a/one", "base_model:merge:d/four"]
    models = [
        model("a/one", 900, pipeline_tag="text-generation", base_models=["a/one", " d/four "]),
        model("b/two", 0),
    ]
    write_pages(tmp_path, [{**models[0], "tags": tags}], [models[1]])
    paged = read(tmp_path, WHOLE)
    write_list(tmp_path, models)
    table = read(tmp_path, WHOLE)
    for name, one in table.tables.items():
        pd.testing.assert_frame_equal(one, paged.tables[name])
    assert values(table) == [("a/one", "2024-07-11", 900), ("b/two", "2024-07-11", 0)]
    assert table.models["base_models"].tolist() == ["a/one d/four", ""]
    assert table.models["task"].tolist() == ["text-generation", ""]
    assert table.models["created"].tolist() == [pd.Timestamp("2024-01-05T10:00")] * 2
    assert table.lists.to_numpy().tolist() == [["whole", pd.Timestamp("2024-07-11"), 0]]


def test_a_top_with_tags_and_dates_of_its_own(tmp_path: Path) -> None:
    """Names in modelId, base models among printed tags, value_date in place of the list's day."""
    write_top(
        tmp_path,
        "modelId,downloads,tags,pipeline_tag,value_date,createdAt",
        "a/one,\"15,357\",\"['x', 'base_model:b/two', 'base_model:merge:b/two']\",asr,2025-03-20,",
        "b/two,12,[],,2025-03-21,2022-03-02 23:29:04+00:00",
    )
    found = read(tmp_path, TOP)
    assert values(found) == [("a/one", "2025-03-20", 15_357), ("b/two", "2025-03-21", 12)]
    assert found.models["base_models"].tolist() == ["b/two", ""]
    assert found.models["task"].tolist() == ["asr", ""]
    assert found.models["created"].isna().tolist() == [True, False]
    text = defect(found, "counts-as-text")
    assert (text["rows"], text["where"]) == (1, "top (1)")


@pytest.mark.slow
def test_a_top_with_lists_by_task(tmp_path: Path) -> None:
    """The hundredth count of a task is its cut; tasks with fewer models have none."""
    rows = [f"a/m{n},{1_000 - n},asr,,top 100 of a task" for n in range(120)]
    rows += [f"b/m{n},{n},ocr,['a/m1'],top 1000" for n in range(99)]
    rows += [f"c/m{n},{n},,a/m1,top 1000" for n in range(101)]
    write_top(tmp_path, "id,downloads,tasks,base_model,lists", *rows)
    found = read(tmp_path, replace(TOP, task_lists=True))
    assert found.task_cuts.to_numpy().tolist() == [["top", "asr", 901]]
    assert found.models["listed"].value_counts().to_dict() == {
        "top 100 of a task": 120, "top 1000": 200,
    }  # fmt: skip
    assert found.models["base_models"].value_counts().to_dict() == {"a/m1": 200, "": 120}
    assert read(tmp_path, TOP).task_cuts.empty


@pytest.mark.slow
def test_counters_are_dated_by_their_reading_and_mended(tmp_path: Path) -> None:
    """Frozen readings are left out, falls count as zero, the latest name of the id holds."""
    old = repository(1, [10, 40, 40, 90], name="a/old", origin="x", origin_group="USA")
    for row in old[2:]:
        row["model"] = "a/new"
    fallen = repository(2, [500, 700, 700, 650], name="b/two")
    for row in fallen:
        row["merged_derived_from"] = ["a/old", "No"]
    write_released(tmp_path, old, fallen)
    found = read(tmp_path, COUNTERS)
    assert values(found, kind="cumulative") == [
        ("a/new", "2025-03-02", 10),
        ("a/new", "2025-03-09", 40),
        ("a/new", "2025-03-23", 90),
        ("b/two", "2025-03-02", 500),
        ("b/two", "2025-03-09", 700),
        ("b/two", "2025-03-23", 700),
    ]
    models = found.models.set_index("name")
    assert models["base_models"].to_dict() == {"a/new": "", "b/two": "a/new"}
    assert models["origin"].to_dict() == {"a/new": "x", "b/two": "b"}
    assert models["created"].tolist() == [pd.Timestamp("2025-02-20")] * 2
    assert defect(found, "frozen-readings")["rows"] == 2
    assert defect(found, "falling-counters")["rows"] == 1
    assert found.canonical(pd.Series(["A/Old"])).tolist() == ["a/new"]


def test_creation_dates_alone(tmp_path: Path) -> None:
    """They describe models and count none."""
    write_created(tmp_path, a__one="2024-02-03")
    found = read(tmp_path, CREATED)
    assert found.observations.empty
    assert found.models[["name", "created"]].to_numpy().tolist() == [
        ["a/one", pd.Timestamp("2024-02-03")]
    ]

"""Ten thousand nearly valid cells and a thousand files of each kind of data: read exactly, or refused."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import record_files
from fuzzed_parquet import bent_parquet, parquet_bytes
from fuzzing import (
    HEAVY,
    NUMBERS,
    Tree,
    bent_bytes,
    bent_rows,
    bent_text,
    csv_bytes,
    odd_text,
    take_each,
    writes_only_in,
)
from released_files import clean_rows, in_time_order, synthetic_release, write

from replication import names
from replication.attribution.namespace_counts import namespace_counts
from replication.definitions import load_definitions
from replication.errors import ContractError, SourceError
from replication.sources import parquet
from replication.sources.counters import reading
from replication.sources.counters.contract import COLUMNS, PARENTS
from replication.sources.records import json_files, tables, values
from replication.sources.records.one_record import Located, Part, locate
from replication.sources.records.values import Place

GROUPS = load_definitions().groups
MOST = 10**12
Make = Callable[[Random], bytes]
ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def bent_csv(rows: list[list[str]]) -> Make:
    """What makes CSV that is nearly these rows."""

    def make(r: Random) -> bytes:
        data = csv_bytes(bent_rows(r, rows, lambda r, _: odd_text(r)))
        return bent_bytes(r, data) if r.random() < 0.3 else data

    return make


def bent_lines(rows: list[dict[str, Any]], *, lines: bool) -> Make:
    """What makes JSON that is nearly these objects: one a line, or one list."""
    tree = Tree(rows)

    def make(r: Random) -> bytes:
        if r.random() < 0.02:
            return r.choice([b"[", b'{"a":']) * 100_000
        found = tree.bent(r)
        texts = (
            [json.dumps(one, default=str) for one in found]
            if lines
            else [json.dumps(found, default=str)]
        )
        data = "".join(f"{text}\n" for text in texts).encode()
        return bent_bytes(r, data) if r.random() < 0.15 else data

    return make


def is_name(text: str) -> bool:
    """Whether a text is namespace/model, by the words of `names.RULE`, letter by letter."""
    parts = text.split("/")
    return (
        len(parts) == 2
        and all(part and set(part) <= ALPHABET and len(part) <= 96 for part in parts)
        and not any(part[0] in "-." or part[-1] in "-." for part in parts)
        and "--" not in text
        and ".." not in text
        and not text.endswith(".git")
    )


# Cells, a column of ten thousand at a time


def cells(target: str, number: int, *right: str) -> list[str]:
    """So many texts, most of them nearly one of `right`."""
    made = []
    for n in range(number):
        r = Random(f"{target} {n}")
        text = r.choice(right)
        for _ in range(r.choice([0, 1, 1, 2])):
            text = bent_text(r, text)
        made.append(text)
    return made


@pytest.mark.parametrize("number", NUMBERS)
def test_names(number: int) -> None:
    """Just what the rule says is a name of a repository, and each half of it a namespace."""
    found = pd.Series(
        cells("names", number, "Qwen/Qwen2.5-7B", "a/b", "meta-llama/Llama_3.1", "x" * 96 + "/y")
    )
    wanted = [is_name(text) for text in found]
    assert names.well_formed(found).tolist() == wanted
    assert {True, False} == set(wanted)
    spaces = found[wanted].str.partition("/")[0]
    assert all(map(names.is_namespace, spaces))


@pytest.mark.parametrize("number", NUMBERS)
def test_counts(number: int) -> None:
    """Counts of a record are digits, or digits with a comma before every three; each wrong one is counted."""
    found = pd.Series(cells("counts", number, "31,433,170", "5", "123456789012345", "0", "1,000"))
    wanted = [bool(t) and (plain_digits(t) or grouped(t)) for t in found]
    right = found[wanted]
    read = values.counts(right, Place("top.csv"))
    assert read.tolist() == [int(text.replace(",", "")) for text in right]
    require_all_named(found, wanted, lambda: values.counts(found, Place("top.csv")))


def plain_digits(text: str) -> bool:
    """Whether a text is up to 15 digits."""
    return set(text) <= set("0123456789") and len(text) <= 15


def grouped(text: str) -> bool:
    """Whether a text has a comma before every three digits, and is not longer than 15 digits."""
    first, *rest = text.split(",")
    parts = 1 <= len(first) <= 3 and 1 <= len(rest) <= 4 and all(len(part) == 3 for part in rest)
    return parts and set(text) <= set("0123456789,")


def require_all_named(found: pd.Series, right: list[bool], read: Callable[[], object]) -> None:
    """The refusal names the first wrong cell, and says how many are like it."""
    wrong = [n for n, holds in enumerate(right) if not holds]
    with pytest.raises(ContractError) as caught:
        read()
    assert f"line {wrong[0]}:" in caught.value.what
    assert f"; {len(wrong) - 1:,} more like it" in caught.value.what
    assert ascii(found.iloc[wrong[0]][:80]) in caught.value.what


@pytest.mark.parametrize("number", NUMBERS)
def test_whole_numbers(number: int) -> None:
    """Counters of a CSV file are digits, with .0 or without; the number is exact."""
    found = pd.Series(cells("whole", number, "31433170", "5.0", "-3", "0.000", "123456789012"))
    read = reading.whole_numbers(found)
    for text, value in zip(found, read, strict=True):
        digits, dot, zeros = text.removeprefix("-").partition(".")
        is_whole = (
            bool(digits) and set(digits) <= set("0123456789") and set(zeros) <= {"0"} and bool(zeros) == bool(dot)
        )  # fmt: skip
        assert is_whole != bool(pd.isna(value)), text
        if is_whole and len(digits) < 16:
            assert int(value) == int(text.partition(".")[0])


@pytest.mark.parametrize("number", NUMBERS)
def test_moments(number: int) -> None:
    """What is read as a moment begins with a day of the calendar, in the life of the Hub, and is that day."""
    found = pd.Series(
        cells(
            "moments", number, "2025-01-14", "2025-01-14T10:00:00.000Z", "2024-02-29 23:59:59+02:00"
        )
    )
    place, readable = Place("top.csv"), []
    for text in found.unique()[: number // HEAVY]:
        try:
            moment = values.moments(pd.Series([text]), place, "createdAt").iloc[0]
        except ContractError:
            continue
        readable.append(text)
        if text:
            assert abs((moment - pd.Timestamp(date.fromisoformat(text[:10]))).days) <= 2, text
            assert 2016 <= moment.year <= 2100
    assert readable
    assert len(readable) < number // HEAVY


@pytest.mark.parametrize("number", NUMBERS)
def test_printed_lists(number: int) -> None:
    """A list of texts as Python prints it, and nothing that would be computed."""
    place = Place("top.csv")

    def take(text: str) -> None:
        found = values.printed_list(text, place, 2)
        assert all(isinstance(one, str) for one in found)
        assert " ".join(found).split() == [word for one in found for word in one.split()]

    listed = ["['a/b', \"c/d\"]", "['base_model:finetune:a/b', 'x']", "[]", "['it\\'s']"]
    take_each("printed", number, lambda r: cells(str(r.random()), 1, *listed)[0], take, "top.csv")


# Files


def try_files(
    folder: Path, name: str, make: Make, number: int, read: Callable[[Path], Any], *named: str
) -> None:
    """Take nearly valid files of one kind: fewer of them, since each takes a hundredth of a second."""
    path = folder / name

    def take(data: bytes) -> None:
        path.write_bytes(data)
        read(path)

    with writes_only_in(folder):
        take_each(name, number // HEAVY, make, take, *(named or (path.name,)))


def require_counters(found: pd.DataFrame) -> None:
    """A released file that was accepted holds names, days, groups and counters that are believed."""
    assert len(found) > 0
    assert not found.drop(columns="parents").isna().any(axis=None)
    assert found["counter"].dtype == "int64"
    assert found["counter"].between(0, MOST).all()
    assert found["repository"].map(lambda text: bool(re.fullmatch("[0-9a-f]{24}", text))).all()
    assert found["name"].map(is_name).all()
    for column in ("reading", "created"):
        assert found[column].between(pd.Timestamp("2016-01-01"), pd.Timestamp("2100-01-01")).all()
    for column in ("study_group_uploader", "study_group_origin"):
        assert found[column].isin(GROUPS).all()


def released(folder: Path) -> tuple[Path, list[list[str]]]:
    """A small released file, and the same as rows of text."""
    table = synthetic_release(in_time_order(clean_rows(2)))[[*COLUMNS, PARENTS]]
    path = folder / "sound.parquet"
    write(table, path)
    with write(table, folder / "sound.csv").open(encoding="utf-8", newline="") as stream:
        return path, [*csv.reader(stream)]


def read_released(path: Path) -> None:
    """Read a released file and check what was accepted."""
    require_counters(reading.read_counters(path, GROUPS, MOST))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_released_files(tmp_path: Path, suffix: str, number: int) -> None:
    """A released file as Parquet and as CSV."""
    path, rows = released(tmp_path)
    make = bent_csv(rows) if suffix == "csv" else bent_parquet(pq.read_table(path))
    try_files(tmp_path, f"file.{suffix}", make, number, read_released)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_tables_of_namespaces(tmp_path: Path, suffix: str, number: int) -> None:
    """Any table with names and counts, as `registry coverage` takes it."""
    rows = [
        ["namespace", "downloads", "other"],
        ["a", "5", "1"],
        ["b", "7", "1.5"],
        ["C", "9", "3"],
    ]
    table = pa.table({
        "id": ["a/b", "c/d"], "downloads": [5, 6], "_id": ["x", "y"], "derived_author": ["a", "C"],
        "time": pa.array([0, 1], pa.timestamp("s")),
    })  # fmt: skip
    make = bent_csv(rows) if suffix == "csv" else bent_parquet(table)

    def read(path: Path) -> None:
        found = namespace_counts(path)
        assert (found >= 0).all(axis=None)
        assert (found.sum() > 0).all()
        assert found.index.map(names.is_namespace).all()

    try_files(tmp_path, f"file.{suffix}", make, number, read)


def require_part(part: Part) -> None:
    """A record that was accepted holds names, counts and days that are believed."""
    seen, described = part.observations, part.models
    assert seen["name"].map(is_name).all()
    assert described["name"].map(is_name).all()
    assert seen["value"].dtype == "int64"
    assert (seen["value"] >= 0).all()
    for days in (seen["date"], described["created"].dropna()):
        assert days.between(pd.Timestamp("2016-01-01"), pd.Timestamp("2100-01-01")).all()
    assert not described["base_models"].str.contains(r"\n|  ").any()


LISTED = {
    "id": ["a/one", "b/two"], "downloads": [900, 0], "pipeline_tag": ["text-generation", None],
    "createdAt": pa.array([1_700_000_000, 1_710_000_000], pa.timestamp("s", "UTC")),
}  # fmt: skip
LIST = pa.table(LISTED | {"base_models": [["a/one"], None]})
CRAWLED = pa.table(LISTED | {"_id": ["a" * 24, "b" * 24], "tags": [["base_model:a/b", "x"], None]})
BORN = pa.table({"name": ["a/one", "b/two"], "created": pa.array([19_000, 19_500], pa.date32())})
TOP = [
    ["id", "downloads", "tasks", "value_date", "createdAt", "base_model"],
    ["a/one", "5,000", "text-generation", "2025-03-21", "2024-01-01", "a/b"],
    ["c/three", "1000", "", "2025-03-21", "2024-01-01T00:00:00Z", "['a/b', \"c/d\"]"],
]
LINES = [
    record_files.crawled("a/one", 4000, "2025-01-14"),
    record_files.crawled("a/two", "4,500", "2025-01-14", error_msg="x"),
]
PAGES = [record_files.model("a/b", 5, tags=["base_model:c/d"]), record_files.model("e/f", 1)]
RECORDS: dict[str, tuple[Any, Make, Callable[[Located], Part]]] = {
    "whole.parquet": (record_files.WHOLE, bent_parquet(LIST), tables.read_list),
    "top.csv": (record_files.TOP, bent_csv(TOP), tables.read_top),
    "born.parquet": (record_files.CREATED, bent_parquet(BORN), tables.read_created),
    "crawl/data/2025-01-14/models.jsonl": (record_files.CRAWL, bent_lines(LINES, lines=True), json_files.read_crawl),
    "whole/models_page1.json": (record_files.WHOLE, bent_lines(PAGES, lines=False), json_files.read_pages),
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", RECORDS)
def test_records(tmp_path: Path, name: str, number: int) -> None:
    """A public record of each shape."""
    record, make, read = RECORDS[name]
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)

    def take(_: Path) -> None:
        (located,) = locate(tmp_path, [record])
        require_part(read(located))

    try_files(tmp_path, name, make, number, take, Path(name).name)


@pytest.mark.parametrize("number", NUMBERS)
def test_lists_of_crawls(tmp_path: Path, number: int) -> None:
    """The snapshot of a crawl, read as a list: rows without a name or a count are left out."""

    def take(_: Path) -> None:
        (located,) = locate(tmp_path, [record_files.WHOLE])
        require_part(tables.read_list(located))

    try_files(tmp_path, "whole.parquet", bent_parquet(CRAWLED), number, take)


# What was found


def test_text_that_is_none_is_named(tmp_path: Path) -> None:
    """A cell that is no UTF-8 is found before any is shown, and so is a file that a library cannot read."""
    path, _ = released(tmp_path)
    bad = tmp_path / "bad.parquet"
    table = pq.read_table(path)
    cells = pa.array([b"maker3/mode\xff\xfe"] * len(table)).view(pa.string())
    pq.write_table(table.set_column(table.schema.names.index("model"), "model", cells), bad)
    with pytest.raises(SourceError, match=r"^bad\.parquet is not a readable Parquet file"):
        reading.read_counters(bad, GROUPS, MOST)


@pytest.mark.parametrize(
    "error",
    [
        UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), json.JSONDecodeError("bad", "{", 0), ValueError(),
        OverflowError("x"), pa.ArrowKeyError("x"), pa.ArrowMemoryError("x"), OSError(),
    ],
)  # fmt: skip
def test_whatever_a_library_raises_is_one_line(error: Exception) -> None:
    """Of a damaged footer pyarrow raises what it likes, and sometimes says nothing."""
    with (
        pytest.raises(SourceError, match=r"^x is not a readable Parquet file: \S+"),
        parquet.readable("x", "y"),
    ):
        raise error


def test_views_of_text_are_text(tmp_path: Path) -> None:
    """A column that a newer library wrote as views of text is read like any other of text."""
    viewed = CRAWLED.set_column(0, "id", CRAWLED["id"].cast(pa.string_view()))
    pq.write_table(viewed, tmp_path / "whole.parquet")
    (located,) = locate(tmp_path, [record_files.WHOLE])
    assert tables.read_list(located).observations["name"].tolist() == ["a/one", "b/two"]


def test_a_file_that_states_more_than_memory_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes can stand for any number of rows: how many there may be is asked before one is read."""
    bomb = pa.table({"id": pa.array(["a/b"] * 100_000), "downloads": [1] * 100_000})
    path = tmp_path / "whole.parquet"
    path.write_bytes(parquet_bytes(bomb))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(parquet, "MOST_ROWS", 99_999)
    with pytest.raises(SourceError, match="states 100,000 rows, more than 99,999"):
        tables.read_list(locate(tmp_path, [record_files.WHOLE])[0])
    monkeypatch.setattr(parquet, "MOST_ROWS", 100_000)
    monkeypatch.setattr(parquet, "MOST_BYTES", 100)
    with pytest.raises(SourceError, match="bytes of cells, more than 100"):
        tables.read_list(locate(tmp_path, [record_files.WHOLE])[0])

"""One snapshot to its extract: eras, lineage against the second implementation, and refusals."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_edges import hub_edges
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES, real_file

from replication.errors import ContractError, OutputError, SourceError
from replication.sources.hub import MOST
from replication.sources.snapshots import extract as module
from replication.sources.snapshots import ordinary, sums
from replication.sources.snapshots.columns import COLUMNS
from replication.sources.snapshots.extract import Extracted, extract, newest_date, reader

LABEL = "2025-03-05"
BOUNDS = ordinary.Bounds(MOST, module._newest(LABEL))
IDS = [f"{number:024x}" for number in range(1, 4)]
CREATED = [datetime(2024, 5, 6, 7, 8, second, tzinfo=UTC) for second in (9, 10, 11)]
SECONDS = [1714979289, 1714979290, 1714979291]
BASES = [
    {"relation": "finetune", "models": [{"_id": IDS[0], "id": "a/base"}]},
    None,
    {"relation": "merge", "models": [{"_id": "", "id": n} for n in ("b/x", "c/y", "b/x", "no")]},
]
TAGS = [
    ["pytorch", "base_model:finetune:never/used"],
    ["base_model:d/z", "base_model:quantized:d/z", "base_model:merge:e/w", "base_model:odd"],
    None,
]
BASE = pa.struct(
    [
        ("relation", pa.string()),
        ("models", pa.list_(pa.struct([("_id", pa.string()), ("id", pa.string())]))),
    ]
)
ROWS = [
    (IDS[0], "a/model", SECONDS[0], 5, 100, "a/base"),
    (IDS[1], "a/other", SECONDS[1], 0, 0, "d/z e/w"),
    (IDS[2], None, SECONDS[2], None, None, "b/x c/y"),
]
NAMES = ["repository", "name", "created", "rolling", "counter", "parents"]


def snapshot(**columns: pa.Array | None) -> pa.Table:
    """Return a small snapshot in today's schema; None leaves a column out."""
    stamps = pa.array(CREATED, pa.timestamp("us", tz="UTC"))
    table: dict[str, Any] = {
        "_id": pa.array(IDS),
        "id": pa.array(["a/model", "a/other", None]),
        "author": pa.array(["a", "a", None]),
        "createdAt": stamps,
        "lastModified": stamps,
        "downloads": pa.array([5, 0, None], pa.int64()),
        "downloadsAllTime": pa.array([100, 0, None], pa.int64()),
        "tags": pa.array(TAGS, pa.list_(pa.string())),
        "baseModels": pa.array(BASES, BASE),
    } | columns
    return pa.table({name: column for name, column in table.items() if column is not None})


def extracted(table: pa.Table, folder: Path, **options: Any) -> tuple[Extracted, list[tuple]]:
    """Write a snapshot, extract it, and return what was found with the sorted rows."""
    source, target = folder / "models.parquet", folder / "out" / "extract.parquet"
    pq.write_table(table, source)
    found = extract(source, target, LABEL, **options)
    return found, rows_of(target)


def rows_of(path: Path) -> list[tuple]:
    """Return the rows of an extract in an order that does not depend on the run."""
    table = pq.read_table(path)
    assert table.column_names == NAMES
    columns = [column.to_pylist() for column in table.columns]
    return sorted(zip(*columns, strict=True), key=str)


def test_all_columns(tmp_path: Path) -> None:
    """Every row is kept, with the types that are promised."""
    found, rows = extracted(snapshot(), tmp_path)
    assert rows == ROWS
    assert found == Extracted(LABEL, 3, (), reader())
    kinds = pq.read_schema(tmp_path / "out" / "extract.parquet").types
    assert kinds == [pa.string(), pa.string(), *[pa.int64()] * 3, pa.string()]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["extract.parquet"]


ERAS = {
    "createdAt ms": {"createdAt": pa.array(CREATED, pa.timestamp("ms"))},
    "createdAt ns": {"createdAt": pa.array(CREATED, pa.timestamp("ns", tz="UTC"))},
    "createdAt of another zone": {
        "createdAt": pa.array(CREATED, pa.timestamp("us", tz="Asia/Tokyo"))
    },
    "createdAt text": {
        "createdAt": pa.array([f"{d:%Y-%m-%dT%H:%M:%S}.{n}00Z" for n, d in enumerate(CREATED)])
    },
    "createdAt text with an offset": {
        "createdAt": pa.array([f"2024-05-06T09:08:{d:%S}+02:00" for d in CREATED])
    },
    "counts int32": {"downloads": pa.array([5, 0, None], pa.int32())},
    "counts double": {
        "downloads": pa.array([5.0, 0.0, float("nan")]),
        "downloadsAllTime": pa.array([100.0, 0.0, None]),
    },
    "counts uint64": {"downloadsAllTime": pa.array([100, 0, None], pa.uint64())},
    "counts decimal": {"downloadsAllTime": pa.array([100, 0, None], pa.decimal128(38, 0))},
    "lineage as JSON": {
        "baseModels": pa.array([json.dumps(base) for base in BASES]),
        "tags": pa.array([json.dumps(tags) for tags in TAGS]),
    },
    "empty for null": {
        "baseModels": pa.array([json.dumps(base) if base else "" for base in BASES]),
    },
    "names only": {
        "baseModels": pa.array(
            [base and {"models": [{"id": m["id"]} for m in base["models"]]} for base in BASES],
            pa.struct([("models", pa.large_list(pa.struct([("id", pa.large_string())])))]),
        )
    },
    "dictionaries": {"id": pa.array(["a/model", "a/other", None]).dictionary_encode()},
}


@pytest.mark.parametrize("era", ERAS)
def test_types_of_an_era(tmp_path: Path, era: str) -> None:
    """Whatever type an era wrote a column in, the extract is the same."""
    found, rows = extracted(snapshot(**ERAS[era]), tmp_path)
    assert rows == ROWS
    assert found.missing == ()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("empty", [False, True], ids=["absent", "null type"])
def test_missing_column(tmp_path: Path, column: str, empty: bool) -> None:
    """A column that the era has not, or has without any value, is null and is reported."""
    found, rows = extracted(
        snapshot(**{column: pa.nulls(3) if empty else None}),
        tmp_path,
    )
    assert found.missing == (column,)
    if column not in {"baseModels", "tags"}:
        place = COLUMNS.index(column)
        expected = [(*row[:place], None, *row[place + 1 :]) for row in ROWS]
        assert rows == sorted(expected, key=str)
        return
    tagged = {"baseModels": ["never/used", "d/z e/w", None], "tags": ["a/base", None, "b/x c/y"]}
    assert [row[5] for row in rows] == tagged[column]


def test_filled_but_empty_base_models(tmp_path: Path) -> None:
    """A stated empty list means no parents, whatever the tags say, as in the second implementation."""
    base = pa.array(
        [{"relation": None, "models": []}, {"relation": None, "models": None}, None], BASE
    )
    tags = pa.array([["base_model:a/b"]] * 3)
    _, rows = extracted(snapshot(baseModels=base, tags=tags), tmp_path)
    assert [row[5] for row in rows] == [None, "a/b", "a/b"]


NAME = st.sampled_from(["a/b", "a/c", "d/e", "f", "g/h/i", "a b/c", "x:y/z", "", "/", "Ü/ß"])
TAG = st.builds("{}{}{}".format, st.sampled_from(["base_model:", "base_model", "x:"]),
                st.sampled_from(["", "merge:", "adapter:", ":"]), NAME)  # fmt: skip
STATED = st.none() | st.fixed_dictionaries(
    {
        "relation": st.none() | st.just("merge"),
        "models": st.none()
        | st.lists(st.fixed_dictionaries({"_id": st.none(), "id": st.none() | NAME}), max_size=4),
    }
)


@pytest.mark.slow
@EXAMPLES
@given(
    lineages=st.lists(
        st.tuples(STATED, st.none() | st.lists(TAG, max_size=6)), min_size=1, max_size=6
    ),
    as_text=st.booleans(),
)
def test_parents_as_the_panel_reads_them(
    tmp_path_factory: pytest.TempPathFactory, lineages: list[tuple[Any, Any]], as_text: bool
) -> None:
    """The SQL finds the parents that `hub_edges` finds, less what is no name."""
    bases, tags = zip(*lineages, strict=True)
    count = len(lineages)
    table = pa.table(
        {
            "id": pa.array([f"m/{n}" for n in range(count)]),
            "downloads": pa.array([0] * count),
            "baseModels": pa.array([json.dumps(b) for b in bases])
            if as_text
            else pa.array(bases, BASE),
            "tags": pa.array([json.dumps(t) for t in tags])
            if as_text
            else pa.array(tags, pa.list_(pa.string())),
        }
    )
    folder = tmp_path_factory.mktemp("lineage")
    _, rows = extracted(table, folder)
    if not as_text:
        stamps = pa.array([CREATED[0]] * count, pa.timestamp("us", tz="UTC"))
        whole = table.append_column("_id", pa.array([f"{n:024x}" for n in range(count)]))
        pq.write_table(whole.append_column("createdAt", stamps), folder / "whole.parquet")
        found = ordinary_rows(folder / "whole.parquet", ordinary.Bounds(MOST, 1 << 62))
        assert found is not None
        assert found["parents"].to_pylist() == [row[5] for row in sorted(rows, key=number)]
    frame = pd.DataFrame({"id": table["id"].to_pylist(), "baseModels": bases, "tags": tags})
    assert {row[1]: row[5] for row in rows} == second_parents(frame)


def number(row: tuple) -> int:
    """The number of a row of `m/NUMBER`."""
    return int(row[1].partition("/")[2])


def second_parents(frame: pd.DataFrame) -> dict[str, str | None]:
    """Parents of every repository by `hub_edges`, written as the extract writes them."""
    frame = frame.astype(object).where(frame.notna(), None)
    found: dict[str, list[str]] = {name: [] for name in frame["id"]}
    for name, parent in hub_edges(frame)[["repository", "parent"]].itertuples(index=False):
        if re.fullmatch(r"[^/\s]+/[^/\s]+", parent) and parent not in found[name]:
            found[name].append(parent)
    return {name: " ".join(parents) or None for name, parents in found.items()}


@pytest.mark.parametrize("era", ["all", "createdAt ms", "counts int32", "no counter", "shuffled"])
def test_an_ordinary_snapshot_is_read_as_the_sql_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, era: str
) -> None:
    """Both ways of an extract hold the same rows; that of whole arrays is used, in the order of ids."""
    table = snapshot(**ERAS.get(era, {}))
    if era == "no counter":
        table = table.set_column(
            table.column_names.index("downloadsAllTime"), "downloadsAllTime", pa.nulls(3)
        )
    if era == "shuffled":
        table = table.take(pa.array([2, 0, 1]))
    pq.write_table(table, tmp_path / "models.parquet")
    found = ordinary_rows(tmp_path / "models.parquet", BOUNDS)
    assert found is not None
    assert found["repository"].to_pylist() == IDS
    ours = extracted(table, tmp_path)
    assert sums.read(tmp_path / "out" / "extract.parquet")
    by_sql(monkeypatch)
    assert extracted(table, tmp_path) == ours
    assert not sums.read(tmp_path / "out" / "extract.parquet")


def ordinary_rows(path: Path, bounds: ordinary.Bounds) -> pa.Table | None:
    """The extract of an ordinary snapshot on whole arrays; None of any other."""
    try:
        return pa.concat_tables(ordinary.parts(path, bounds))
    except ordinary.NotInOrderError:
        return next(ordinary.whole(path, bounds))
    except ordinary.NotOrdinaryError:
        return None


def by_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave every snapshot to the SQL."""
    monkeypatch.setattr(module, "_ordinary", lambda *_: None)


def several(rows: int) -> pa.Table:
    """A snapshot of so many rows with tags of every kind, most of them in several rows."""
    tags = [
        None, [], [None], ["", "text"], ["base_model:a/b", "base_model:finetune:a/b"], ["base_model:odd"],
        ["base_model:Ü/ß", "text", "base_model:merge:c/d", None, "base_model:c/d", "base_model:Ü/ß"],
    ]  # fmt: skip
    listed = [
        [*(tags[n % len(tags)] or ()), f"base_model:new/{n}"] if n % 3 == 0 else tags[n % len(tags)]
        for n in range(rows)
    ]
    return pa.table({
        "_id": pa.array([f"{n:024x}" for n in range(rows)]),
        "id": pa.array([None if n % 11 == 5 else f"a/m{n}" for n in range(rows)]),
        "createdAt": pa.array([CREATED[n % 3] for n in range(rows)], pa.timestamp("us", tz="UTC")),
        "downloads": pa.array([None if n % 5 == 1 else n for n in range(rows)], pa.int64()),
        "tags": pa.array(listed, pa.list_(pa.string())),
    })  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", ["dictionary", "dictionary that overflows", "plain"])
def test_a_snapshot_in_several_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """However its tags are encoded, and wherever a part ends, the rows are those of the SQL."""
    monkeypatch.setattr(ordinary, "_BATCH", 7)
    source, target = tmp_path / "models.parquet", tmp_path / "out" / "extract.parquet"
    limit = 64 if way == "dictionary that overflows" else 1 << 20
    pq.write_table(
        several(60), source, row_group_size=25, use_dictionary=way != "plain",
        dictionary_pagesize_limit=limit, data_page_size=128, write_batch_size=4,
    )  # fmt: skip
    found = extract(source, target, LABEL)
    ours = rows_of(target)
    known = sums.read(target)
    assert known is not None
    assert (known.n_rows, known.n_rolling, known.n_counters) == (60, 48, 0)
    assert known.sum_created == sum(SECONDS) * 20
    assert [len(part) for part in ordinary.parts(source, BOUNDS)] == [7] * 8 + [4]
    by_sql(monkeypatch)
    assert extract(source, target, LABEL) == found
    assert rows_of(target) == ours
    assert {row[5] for row in ours} >= {None, "a/b", "Ü/ß c/d", "new/3"}


@pytest.mark.parametrize("order", ["one part late", "seam", "backwards"])
def test_rows_that_stand_in_another_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """A part that does not follow on those before has all rows read together, and put in order."""
    monkeypatch.setattr(ordinary, "_BATCH", 4)
    table = several(12)
    places = {
        "one part late": [*range(8), 9, 8, 10, 11],
        "seam": [*range(4, 8), *range(4), *range(8, 12)],
        "backwards": [*range(11, -1, -1)],
    }[order]
    _, rows = extracted(table.take(pa.array(places)), tmp_path)
    made = pq.read_table(tmp_path / "out" / "extract.parquet")
    assert made["repository"].to_pylist() == table["_id"].to_pylist()
    assert rows == extracted(table, tmp_path)[1]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["extract.parquet"]


@pytest.mark.slow
def test_a_bad_cell_in_a_late_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before the cell is dropped: the SQL writes all, and counts the cell."""
    monkeypatch.setattr(ordinary, "_BATCH", 4)
    table = several(12)
    counts = pa.array([*range(10), -1, 11], pa.int64())
    found, rows = extracted(table.set_column(3, "downloads", counts), tmp_path)
    assert found.bad_cells == {"downloads": 1}
    assert [row[3] for row in rows].count(None) == 1
    assert len(rows) == 12
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["extract.parquet"]


@pytest.mark.parametrize("column", ["_id", "id", "createdAt", "downloads", "downloadsAllTime"])
def test_what_cannot_be_right_is_not_ordinary(tmp_path: Path, column: str) -> None:
    """A cell that cannot be right is left to the SQL, which counts it."""
    values = {
        "_id": pa.array([IDS[0], "F" * 24, IDS[2]]), "id": pa.array(["a/b", "a/b/c", "a"]),
        "createdAt": pa.array([CREATED[0], None, CREATED[2]], pa.timestamp("us", tz="UTC")),
        "downloads": pa.array([0, -1, None]), "downloadsAllTime": pa.array([0, MOST + 1, None]),
    }  # fmt: skip
    pq.write_table(snapshot(**{column: values[column]}), tmp_path / "models.parquet")
    assert ordinary_rows(tmp_path / "models.parquet", BOUNDS) is None


@pytest.mark.slow
def test_order_and_threads_do_not_count(tmp_path: Path) -> None:
    """The same rows come out whatever their order and however many threads read them."""
    many = pa.concat_tables([snapshot()] * 50_000)
    for place, (table, threads) in enumerate([(many, 1), (many.slice(0).sort_by("_id"), 2)]):
        folder = tmp_path / str(place)
        folder.mkdir()
        _, rows = extracted(table, folder, threads=threads)
        assert rows == sorted(ROWS * 50_000, key=str)


@pytest.mark.parametrize(
    ("column", "values", "shown"),
    [
        ("_id", pa.array([IDS[0], "12", "bad"]), "'12'"),
        ("_id", pa.array([IDS[0], "F" * 24, IDS[2]]), f"'{'F' * 24}'"),
        ("createdAt", pa.array(["2024-01-01", "soon", "now"]), "'soon'"),
        ("createdAt", pa.array([date(2024, 1, 1), date(1970, 1, 1), None]), "'1970-01-01"),
        ("createdAt", pa.array([date(2024, 1, 1), date(2100, 1, 1), None]), "'2100-01-01"),
        ("createdAt", pa.array([date(2025, 4, 4), date(2025, 4, 6), None]), "'2025-04-06"),
        ("downloads", pa.array([1, -1, -2]), "'-1'"),
        ("downloads", pa.array([1.0, 1.5, 2.5]), "'1.5'"),
        ("downloads", pa.array([1.0, float("inf"), 2.5]), "'inf'"),
        ("downloadsAllTime", pa.array([MOST, MOST + 1, 0]), f"'{MOST + 1}'"),
        ("downloadsAllTime", pa.array([0, 2**64 - 1, 0], pa.uint64()), f"'{2**64 - 1}'"),
        ("baseModels", pa.array(['{"models": []}', "{'models'", "x"]), "\"{'models'\""),
        ("baseModels", pa.array([None, "[]", None]), "'[]'"),
        ("tags", pa.array(["[]", "pytorch", "x"]), "'pytorch'"),
        ("tags", pa.array(["[]", "{}", "x"]), "'{}'"),
    ],
)
def test_value_that_cannot_be_right(
    tmp_path: Path, column: str, values: pa.Array, shown: str
) -> None:
    """Of many values that cannot be read the file, the column, the first row and its text are said."""
    table = pa.concat_tables([snapshot(**{column: values})] * 2)
    with pytest.raises(ContractError) as caught:
        extracted(table, tmp_path, name="models/2025-03-05/models.parquet")
    assert caught.value.what.startswith("models/2025-03-05/models.parquet holds")
    assert f"column {column}, row 2: {shown}" in caught.value.what
    assert " of 6 rows" in caught.value.what
    assert not (tmp_path / "out").exists()


BAD = {
    "_id": ("repository", pa.array([IDS[0], "12", IDS[2]])),
    "id": ("name", pa.array(["a/model", "no name/of the Hub", None])),
    "createdAt": ("created", pa.array(["2024-05-06T07:08:09Z", "soon", "2024-05-06T07:08:11Z"])),
    "downloads": ("rolling", pa.array([5, -1, None])),
    "downloadsAllTime": ("counter", pa.array([100.0, 1.5, None])),
}


@pytest.mark.parametrize("column", BAD)
def test_a_single_bad_cell_is_null(tmp_path: Path, column: str) -> None:
    """One cell that cannot be right is null and counted; its row and all others are kept."""
    name, values = BAD[column]
    found, rows = extracted(snapshot(**{column: values}), tmp_path)
    expected = [list(row) for row in ROWS]
    expected[1][NAMES.index(name)] = None
    assert rows == sorted(map(tuple, expected), key=str)
    assert found.bad_cells == {column: 1}


@pytest.mark.parametrize("name", [
    "a b/c", "a/b/c", "", "/", "a/", "/b", "a/b ", "a/b\n", "Ü/ß", "a/b\u200b", "a/<b>", "=a/b", f"a/{'x' * 97}",
])  # fmt: skip
def test_a_name_that_is_none_of_the_hub(tmp_path: Path, name: str) -> None:
    """A name outside the Hub's alphabet is null; its repository keeps its id and its downloads."""
    found, rows = extracted(snapshot(id=pa.array(["a/model", name, None])), tmp_path)
    assert [row for row in rows if row[0] == IDS[1]] == [(IDS[1], None, *ROWS[1][2:])]
    assert found.bad_cells == {"id": 1}


@pytest.mark.parametrize("name", ["gpt2", "a/b", "a-b.c_d/E-f.1_2", f"{'n' * 96}/{'x' * 96}"])
def test_a_name_of_the_hub(tmp_path: Path, name: str) -> None:
    """Names of its alphabet are kept, old ones without a namespace too."""
    found, rows = extracted(snapshot(id=pa.array(["a/model", name, None])), tmp_path)
    assert name in [row[1] for row in rows]
    assert found.bad_cells == {}


@pytest.mark.slow
def test_bad_cells_up_to_a_share(tmp_path: Path) -> None:
    """A thousandth of the rows may be bad, column by column; one cell more is too many."""
    counts = [-1, -1, -1, *range(2_997)]
    table = pa.table({"_id": [f"{n:024x}" for n in range(3_000)], "downloads": counts})
    assert extracted(table, tmp_path)[0].bad_cells == {"downloads": 3}
    with pytest.raises(ContractError, match="one of 3 of 2,999 rows"):
        extracted(table.slice(0, 2_999), tmp_path)


@pytest.mark.parametrize(("column", "text"), [
    ("baseModels", '["a/b"]'), ("baseModels", "{'models'"), ("tags", "{}"), ("tags", "base_model:a/b"),
    ("tags", '["base_model:a/b'),
])  # fmt: skip
def test_a_bad_cell_of_lineage(tmp_path: Path, column: str, text: str) -> None:
    """Of lineage as JSON a cell that is none counts as not stated; the other column still counts."""
    good = {"baseModels": '{"models": [{"id": "d/e"}]}', "tags": '["base_model:f/g"]'}
    columns = {name: pa.array([cell] * 3) for name, cell in good.items()}
    columns[column] = pa.array([good[column], text, good[column]])
    found, rows = extracted(snapshot(**columns), tmp_path)
    assert found.bad_cells == {column: 1}
    assert [row[5] for row in rows] == ["d/e", "f/g" if column == "baseModels" else "d/e", "d/e"]


BORN = 1646263745
"""The moment that the id 621ffdc1… tells."""


@pytest.mark.slow
def test_an_id_tells_when_it_was_created(tmp_path: Path) -> None:
    """Where createdAt is null, absent or no time, the first eight digits of the id are the moment."""
    ids = pa.array([f"621ffdc1{0:016x}", f"66ce6e00{1:016x}", f"621ffdc1{2:016x}"])
    stamps = pa.array([None, CREATED[1], None], pa.timestamp("us", tz="UTC"))
    found, rows = extracted(snapshot(_id=ids, createdAt=stamps), tmp_path)
    assert [row[2] for row in rows] == [BORN, BORN, SECONDS[1]]
    assert (found.dated_by_id, found.missing) == (2, ())
    found, rows = extracted(snapshot(_id=ids, createdAt=None), tmp_path)
    assert [row[2] for row in rows] == [BORN, BORN, 0x66CE6E00]
    assert (found.dated_by_id, found.missing) == (3, ("createdAt",))
    texts = pa.array(["soon", "2024-05-06", "2024-05-06"])
    found, rows = extracted(snapshot(_id=ids, createdAt=texts), tmp_path)
    assert (rows[0][2], found.dated_by_id, found.bad_cells) == (BORN, 1, {"createdAt": 1})


@pytest.mark.parametrize("start", ["00000000", "621e0000", "f4865700", "ffffffff"])
def test_an_id_that_tells_no_time(tmp_path: Path, start: str) -> None:
    """Before the Hub's first ids and after 2099 an id is only an id."""
    ids = pa.array([f"{start}{n:016x}" for n in range(3)])
    found, rows = extracted(snapshot(_id=ids, createdAt=None), tmp_path)
    assert [row[2] for row in rows] == [None] * 3
    assert found.dated_by_id == 0


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("_id", pa.array([1, 2, 3])),
        ("createdAt", pa.array([1, 2, 3])),
        ("downloads", pa.array(["1", "2", "3"])),
        ("downloads", pa.array([True, False, True])),
    ],
)
def test_type_of_no_era(tmp_path: Path, column: str, values: pa.Array) -> None:
    """A type that no reading exists for is refused by its name."""
    with pytest.raises(ContractError) as caught:
        extracted(snapshot(**{column: values}), tmp_path)
    kind = str(values.type).replace("item:", "element:")  # as Parquet calls it
    assert f"models.parquet: column {column} has the type {kind}" in caught.value.what


@pytest.mark.slow
@pytest.mark.parametrize(("column", "values"), [
    ("baseModels", pa.array([["a/b"]] * 3)),
    ("baseModels", pa.array([{"models": ["a/b"]}] * 3)),
    ("baseModels", pa.array([1, 2, 3])),
    ("tags", pa.array([[1], [2], [3]])),
    ("tags", pa.array([b"x", b"y", b"z"])),
])  # fmt: skip
def test_lineage_of_a_type_of_no_era(tmp_path: Path, column: str, values: pa.Array) -> None:
    """Parents are not worth a snapshot: the column counts as absent, and its type is told."""
    found, rows = extracted(snapshot(**{column: values}), tmp_path)
    kind = str(values.type).replace("item:", "element:")  # as Parquet calls it
    assert (found.unread, found.missing) == ({column: kind}, ())
    without = extracted(snapshot(**{column: None}), tmp_path)[1]
    assert rows == without


@pytest.mark.parametrize("name", ["ID", "Downloads", "id"])
def test_a_column_that_is_there_twice(tmp_path: Path, name: str) -> None:
    """Two columns that SQL would take for one another are refused rather than one chosen."""
    table = snapshot().append_column(name, pa.array([1, 2, 3]))
    with pytest.raises(ContractError, match="more than once"):
        extracted(table, tmp_path)


@pytest.mark.parametrize("columns", [("_id", "id"), ("downloads", "downloadsAllTime")])
def test_table_of_something_else(tmp_path: Path, columns: tuple[str, str]) -> None:
    """A table without names or without counts is no snapshot."""
    with pytest.raises(ContractError, match="is no snapshot of models"):
        extracted(snapshot(**dict.fromkeys(columns)), tmp_path)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"<!DOCTYPE html><html>", "HTML"), (b"", "empty"), (b"PAR1....PAR1", "damaged")],
)
def test_not_parquet(tmp_path: Path, content: bytes, kind: str) -> None:
    """What is no Parquet is refused for what it is."""
    path = tmp_path / "models.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"models.parquet is {kind}.* instead of Parquet"):
        extract(path, tmp_path / "extract.parquet", LABEL)


def test_damage_behind_a_sound_footer(tmp_path: Path) -> None:
    """A file whose pages are damaged under a sound footer is refused and leaves no extract."""
    path = tmp_path / "models.parquet"
    pq.write_table(snapshot(), path)
    content = bytearray(path.read_bytes())
    content[4:600] = bytes(596)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="cannot be read to its end"):
        extract(path, tmp_path / "extract.parquet", LABEL)
    assert [found.name for found in tmp_path.iterdir()] == ["models.parquet"]


def test_target_cannot_be_written(tmp_path: Path) -> None:
    """A folder that cannot be made is an error of the output."""
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(OutputError):
        extracted(snapshot(), tmp_path)


@pytest.mark.slow
def test_too_little_memory(tmp_path: Path) -> None:
    """A bound of memory that is too small is named."""
    with pytest.raises(OutputError, match="more memory than 1MB"):
        extracted(pa.concat_tables([snapshot()] * 50_000), tmp_path, memory="1MB")


def test_quotes_in_the_path(tmp_path: Path) -> None:
    """Names that SQL or a glob would read otherwise are only names."""
    folder = tmp_path / "it's [1] *"
    folder.mkdir()
    assert extracted(snapshot(), folder)[1] == ROWS


def test_nothing_is_printed(tmp_path: Path) -> None:
    """DuckDB's own progress bar, which it shows on long work, is off."""
    path = tmp_path / "models.parquet"
    pq.write_table(snapshot(), path)
    with module._opened(
        module._snapshot(path, "a"), 1, "1GB", MOST, module._newest(module.LATEST)
    ) as connection:
        setting = connection.execute("SELECT current_setting('enable_progress_bar')").fetchone()
    assert setting == (False,)


@pytest.mark.slow
def test_newest_date(tmp_path: Path) -> None:
    """The newest date of creation or change names a snapshot, in UTC."""
    path = tmp_path / "models.parquet"
    changed = pa.array(["2026-05-20T23:59:59-04:00", None, "2024-01-01T00:00:00Z"])
    pq.write_table(snapshot(lastModified=changed), path)
    assert newest_date(path) == "2026-05-21"
    pq.write_table(snapshot(lastModified=None), path)
    assert newest_date(path) == "2024-05-06"
    pq.write_table(snapshot(lastModified=None, createdAt=None), path)
    with pytest.raises(SourceError, match="no date in its path"):
        newest_date(path)


@pytest.mark.slow
def test_real_file(tmp_path: Path) -> None:
    """The real schema goes through row for row, with the parents of the second implementation."""
    path = real_file().parents[1] / "hub_stats" / "hub_stats_frozen.parquet"
    if not path.is_file():
        pytest.skip("the table of the Hub's models is not here: set REPLICATION_DATA to its folder")
    found = extract(path, tmp_path / "extract.parquet", newest_date(path))
    source = pd.read_parquet(path)
    assert (found.label, found.rows, found.missing) == ("2026-05-20", len(source), ("_id",))
    rows = pd.DataFrame(rows_of(tmp_path / "extract.parquet"), columns=NAMES).set_index("name")
    source = source.set_index("id").loc[rows.index]
    assert len(rows) == 4_167
    assert rows["repository"].isna().all()
    assert (rows["rolling"] == source["downloads"]).all()
    assert (rows["counter"] == source["downloadsAllTime"]).all()
    assert (rows["created"] == source["createdAt"].astype("datetime64[s]").astype("int64")).all()
    parents = rows["parents"].astype(object).where(rows["parents"].notna(), None)
    assert parents.to_dict() == second_parents(source.reset_index())

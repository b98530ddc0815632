"""The contract: what a released file must be, and one clear named error where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal
from released_files import (
    ROOT,
    SCHEMA,
    TEXTS,
    clean_rows,
    counters_of,
    id_of,
    repository,
    synthetic_release,
    write,
)

from replication.definitions import load_definitions
from replication.errors import ContractError, ReplicationError, SourceError
from replication.files import copy_file
from replication.kinds import BUNDLED
from replication.panel import table
from replication.run import Run, folder_for
from replication.sources import file, manifest
from replication.sources.counters import eras
from replication.sources.counters.contract import COLUMNS
from replication.sources.counters.reading import read_counters
from replication.stages import Stage, execute

GROUPS = load_definitions().groups
LARGEST = 10**12
BOTH = pytest.mark.parametrize("name", ["release.parquet", "release.csv"])
Release = pd.DataFrame
NO_DEFECTS = pd.DataFrame(columns=["check", "column", "value", "reason", "treatment"])


@pytest.fixture
def release() -> Release:
    """A clean synthetic release."""
    return synthetic_release()


def read(path: Path) -> pd.DataFrame:
    """Read with the study's groups."""
    return read_counters(path, GROUPS, LARGEST)


def refusal(path: Path, error: type[ReplicationError], use: Callable[[Path], Any] = read) -> str:
    """What is said of a file: one line that names it, and a remedy."""
    with pytest.raises(error) as caught:
        use(path)
    assert path.name in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy
    assert "Traceback" not in str(caught.value)
    return caught.value.what


def fetched(path: Path) -> manifest.Manifest:
    """Fetch a local file into a folder beside it."""
    folder = path.parent / "fetched"
    return file.fetch(path, folder, today="2026-11-23", citation="A citation", licence="none")


def with_cell(release: Release, row: int, column: str, value: Any) -> Release:
    """The release with one cell replaced; rows are counted from 1, as in messages."""
    cells = release[column].astype(object).copy()
    cells.iloc[row - 1] = value
    return release.assign(**{column: cells})


def add_column(path: Path, column: str, cells: Iterable[Any]) -> None:
    """Add a column that the released schema does not have to a file."""
    if path.suffix == ".csv":
        pd.read_csv(path, dtype=str).assign(**{column: list(cells)}).to_csv(path, index=False)
    else:
        pq.write_table(pq.read_table(path).append_column(column, pa.array(list(cells))), path)


@BOTH
def test_a_clean_file_is_read_as_it_is(tmp_path: Path, release: Release, name: str) -> None:
    """Rows keep their order and values; counters are int64 and times carry no zone."""
    found = read(write(release, tmp_path / name))
    assert_frame_equal(found, counters_of(release), check_dtype=False)
    assert found["counter"].dtype == np.int64
    assert found["reading"].dt.tz is None
    assert found["created"].dt.tz is None
    assert found["uploader"].iloc[0] == "maker1"


def test_only_the_columns_of_the_contract_are_needed(tmp_path: Path, release: Release) -> None:
    """A file with nothing but the nine columns, in any order, reads the same."""
    few = release[sorted(COLUMNS, reverse=True)]
    whole = read(write(release, tmp_path / "whole.parquet")).assign(parents="")
    for name in ("few.parquet", "few.csv"):
        found = read(write(few, tmp_path / name))
        assert_frame_equal(found[whole.columns], whole, check_dtype=False)


def test_other_arrow_types_of_the_same_values_are_read(tmp_path: Path, release: Release) -> None:
    """Long text, narrow integers and times in another unit are the same data."""
    types = {
        "_id": pa.large_string(),
        "downloadsAllTime": pa.int32(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    found = read(write(release, tmp_path / "release.parquet", **types))
    assert_frame_equal(found, counters_of(release), check_dtype=False)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_whole_counts_in_floats_are_counts(
    tmp_path: Path, release: Release, kind: pa.DataType
) -> None:
    """A floating column that holds whole numbers loses nothing as int64."""
    counts = release["downloadsAllTime"]  # below 2,048, up to which the narrowest float is exact
    path = tmp_path / "release.parquet"
    table = pa.Table.from_pandas(release, preserve_index=False)
    place = table.schema.get_field_index("downloadsAllTime")
    narrow = pa.array(counts.to_numpy(kind.to_pandas_dtype()), kind)
    pq.write_table(table.set_column(place, "downloadsAllTime", narrow), path)
    assert_frame_equal(read(path), counters_of(release), check_dtype=False)
    assert read(path)["counter"].dtype == np.int64


def many_counters(path: Path, last: int, count: int = 120) -> Path:
    """Write large counters, half of which and one more end with `last`."""
    largest = [
        31_433_111 if n < count // 2 - 1 else 31_400_000 + 100 * n + last for n in range(count)
    ]
    rows = [row for n, level in enumerate(largest) for row in repository(n, [level])]
    return write(synthetic_release(rows), path)


@pytest.mark.slow
@BOTH
def test_rounded_counters_are_refused(tmp_path: Path, name: str) -> None:
    """Most large counters end with 00 where a program wrote back what a spreadsheet had rounded."""
    said = refusal(many_counters(tmp_path / name, 0), ContractError)
    assert "row 60: downloadsAllTime is rounded" in said
    assert "60 more rows" in said
    assert len(read(many_counters(tmp_path / name, 1))) == 120
    assert len(read(many_counters(tmp_path / name, 0, count=90))) == 90  # too few to tell


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (pa.float64(), 1.5, "is not a whole number (downloadsAllTime = '1.5')"),
        (pa.float64(), np.inf, "is not a whole number"),
        (pa.float64(), np.nan, "empty cell in downloadsAllTime"),
        (pa.float64(), 2.0**53 + 2, "is float64 and above 9,007,199,254,740,992"),
        (pa.float32(), 2.0**24 + 2, "is float32 and above 16,777,216, where it is rounded"),
    ],
)
def test_a_float_that_is_no_exact_count_is_refused(
    tmp_path: Path, release: Release, kind: pa.DataType, value: float, said: str
) -> None:
    """Beyond the whole numbers that a float tells apart, a count may have been rounded."""
    changed = with_cell(release, 3, "downloadsAllTime", value)
    path = write(changed, tmp_path / "release.parquet", downloadsAllTime=kind)
    found = refusal(path, ContractError, lambda path: read_counters(path, GROUPS, 2**60))
    assert "row 3: " in found
    assert said in found


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_of_any_unit_are_the_same_moments(
    tmp_path: Path, release: Release, unit: str
) -> None:
    """The unit of a time stamp is form, in UTC or without a zone."""
    types = {"time": pa.timestamp(unit, tz="UTC"), "created": pa.timestamp(unit)}
    found = read(write(release, tmp_path / "release.parquet", **types))
    assert_frame_equal(found, counters_of(release), check_dtype=False)


def test_text_stored_as_codes_is_text(tmp_path: Path, release: Release) -> None:
    """Columns that were categories where the file was written read as what they say."""
    codes = pa.dictionary(pa.int32(), pa.string())
    types = dict.fromkeys(("author", "merged_country_groups_single"), codes)
    found = read(write(release, tmp_path / "release.parquet", **types))
    assert_frame_equal(found, counters_of(release), check_dtype=False)


def test_lists_as_text_and_a_leaked_index_are_read(tmp_path: Path, release: Release) -> None:
    """Lists written as text name the same parents, and the index is no data."""
    lists = pd.Series([["Qwen/a", "google/b"], ["No"]] * len(release))[: len(release)]
    changed = release.assign(merged_derived_from=lists.to_list())
    expected = read(write(changed, tmp_path / "release.parquet"))
    changed = changed.assign(merged_derived_from=lists.map(str).to_list())
    path = write(changed, tmp_path / "text.parquet", merged_derived_from=pa.string())
    add_column(path, "__index_level_0__", range(len(changed)))
    assert_frame_equal(read(path), expected)
    assert expected["parents"].iloc[0] == "Qwen/a google/b"


@BOTH
@pytest.mark.parametrize("value", ["downloads", "downloads_30d", "weekly"])
def test_a_file_of_the_earlier_era_is_recognised(
    tmp_path: Path, release: Release, name: str, value: str
) -> None:
    """Another value column is refused with its era, the commit to use and a word on mixing."""
    path = write(release.drop(columns="downloadsAllTime"), tmp_path / name)
    add_column(path, value, release["downloadsAllTime"] / 4)
    add_column(path, "note", ["text"] * len(release))
    with pytest.raises(ContractError) as caught:
        read(path)
    assert f"{name} has no column downloadsAllTime but {value}: " in caught.value.what
    assert "era before commit 1f3d716b…" in caught.value.what
    assert eras.CUMULATIVE_SINCE in caught.value.remedy
    assert "must never be mixed" in caught.value.remedy


def test_a_leaked_index_is_no_earlier_value(tmp_path: Path, release: Release) -> None:
    """A file without a value column is not taken for one of another era for its row numbers."""
    release.drop(columns="downloadsAllTime").to_csv(tmp_path / "release.csv", index=True)
    assert "has no column downloadsAllTime" in refusal(tmp_path / "release.csv", ContractError)


@pytest.mark.slow
def test_all_downloads_give_the_panel_of_the_first_year(tmp_path: Path) -> None:
    """The file that is not cut at one year gives what the cut one gives, row for row.

    One repository turns a year old inside the file, and one is older from its first reading on.
    """
    grown = repository(70, [10 * k for k in range(8)], created="2024-03-12")
    old = repository(71, [5_000 + 10 * k for k in range(8)], created="2022-03-02")
    whole = synthetic_release([*clean_rows(), *grown, *old])
    ages = whole["time"] - whole["created"].dt.tz_localize(None)
    cut = whole[ages < pd.Timedelta(days=366)]
    assert ages.max() > 1_000 * pd.Timedelta(days=1)
    assert len(whole) - len(cut) > 8
    built = {}
    definitions = load_definitions()
    for name, rows in (("all", whole), ("year", cut)):
        path = write(rows, tmp_path / f"{name}.parquet")
        built[name] = table.build(read(path), definitions, NO_DEFECTS)
    assert id_of(71) not in set(built["all"].repositories["repository"])
    assert (built["all"].weekly["uploader"] == "maker70").any()
    for part in ("repositories", "weekly", "variants"):
        assert_frame_equal(getattr(built["all"], part), getattr(built["year"], part))


def test_a_counter_beyond_the_floats_keeps_every_digit(tmp_path: Path, release: Release) -> None:
    """Counters are never rounded through a float."""
    large = 2**53 + 1
    for name in ("release.parquet", "release.csv"):
        path = write(with_cell(release, 2, "downloadsAllTime", large), tmp_path / name)
        assert read_counters(path, GROUPS, 2**60)["counter"].iloc[1] == large


def test_names_that_read_like_missing_values_are_names(tmp_path: Path, release: Release) -> None:
    """A namespace called NA or null is a namespace, in a CSV file too."""
    for column in ("author", "derived_author"):
        release = with_cell(release, 1, column, "NA")
    release = with_cell(release, 1, "model", "null/None")
    for name in ("release.parquet", "release.csv"):
        found = read(write(release, tmp_path / name)).iloc[0]
        assert (found["uploader"], found["author"], found["origin"]) == ("null", "NA", "NA")


def test_a_zone_is_brought_to_utc(tmp_path: Path, release: Release) -> None:
    """A time written with an offset is the same moment in UTC."""
    text = release["time"].dt.strftime("%Y-%m-%dT02:00:00+02:00")
    found = read(write(release.assign(time=text), tmp_path / "release.csv"))
    assert (found["reading"] == release["time"]).all()


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is copied has the hash in the manifest, or nothing is kept."""
    path = write(release, tmp_path / "release.csv")

    def late(source: Path, target: Path) -> None:
        """Copy after another program has gone on writing."""
        source.write_bytes(source.read_bytes() + b"x")
        copy_file(source, target)

    monkeypatch.setattr(file, "copy_file", late)
    assert "changed while it was read" in refusal(path, SourceError, fetched)
    assert not list((tmp_path / "fetched").iterdir())


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is named by its whole path, as it was given."""
    for name in ("absent.parquet", "absent.csv"):
        said = refusal(tmp_path / name, SourceError, fetched)
        assert str(tmp_path / name) in said
        refusal(tmp_path / name, SourceError)


def test_a_folder_or_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    """DATA must name a .parquet or .csv file."""
    (tmp_path / "data.xlsx").write_bytes(b"PK")
    (tmp_path / "folder.csv").mkdir()
    assert "neither .parquet nor .csv" in refusal(tmp_path / "data.xlsx", SourceError, fetched)
    assert "no file" in refusal(tmp_path / "folder.csv", SourceError, fetched)


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html>", b"PAR1", b"PAR1" + b"\0" * 64 + b"PAR1", b"_id,model\n"]
)
def test_content_that_is_not_parquet(tmp_path: Path, content: bytes) -> None:
    """An empty file, a web page or a damaged footer is not taken for Parquet."""
    path = tmp_path / "release.parquet"
    path.write_bytes(content)
    assert "not a readable Parquet file" in refusal(path, SourceError)
    assert "not readable as .parquet" in refusal(path, SourceError, fetched)


def test_a_truncated_parquet_file(tmp_path: Path, release: Release) -> None:
    """A download that broke off is not read as far as it goes."""
    path = write(release, tmp_path / "release.parquet")
    path.write_bytes(path.read_bytes()[:-100])
    refusal(path, SourceError)


def test_a_parquet_file_with_damaged_pages(tmp_path: Path, release: Release) -> None:
    """A sound footer does not save damaged pages."""
    path = write(release, tmp_path / "release.parquet")
    content = bytearray(path.read_bytes())
    content[4:600] = bytes(596)
    path.write_bytes(content)
    refusal(path, SourceError)


def test_a_file_without_rows(tmp_path: Path, release: Release) -> None:
    """A header is not data."""
    for name in ("release.parquet", "release.csv"):
        path = write(release[:0], tmp_path / name)
        assert "holds no rows" in refusal(path, ContractError)
        assert "holds no rows" in refusal(path, SourceError, fetched)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_csv_file(tmp_path: Path, content: bytes) -> None:
    """A CSV file without even a header is refused."""
    path = tmp_path / "release.csv"
    path.write_bytes(content)
    refusal(path, SourceError)
    assert "holds no rows" in refusal(path, SourceError, fetched)


@BOTH
@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column(tmp_path: Path, release: Release, name: str, column: str) -> None:
    """Every missing column of the contract is named."""
    path = write(release.drop(columns=column), tmp_path / name)
    assert f"has no column {column}" in refusal(path, ContractError)


def test_all_missing_columns_are_named_at_once(tmp_path: Path, release: Release) -> None:
    """Two missing columns are one error, not two runs."""
    path = write(release.drop(columns=["time", "author"]), tmp_path / "release.parquet")
    assert "has no column time, author" in refusal(path, ContractError)


@pytest.mark.parametrize("column", ["model", "merged_derived_from"])
def test_a_repeated_column(tmp_path: Path, release: Release, column: str) -> None:
    """Where a column is there twice, none of them is chosen."""
    table = pq.read_table(write(release, tmp_path / "release.parquet"))
    pq.write_table(table.append_column(column, table["author"]), tmp_path / "release.parquet")
    said = refusal(tmp_path / "release.parquet", ContractError)
    assert f"more than one column {column}" in said


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        ("downloadsAllTime", pa.string(), "1"),
        ("downloadsAllTime", pa.bool_(), True),
        ("time", pa.string(), "2025-02-26"),
        ("time", pa.int64(), 1),
        ("created", pa.float64(), 1.0),
        ("_id", pa.binary(), b"1"),
        ("model", pa.int64(), 1),
        ("derived_author", TEXTS, ["a"]),
        ("merged_country_groups_single", TEXTS, ["China"]),
    ],
)
def test_a_mistyped_column(
    tmp_path: Path, release: Release, column: str, kind: pa.DataType, values: Any
) -> None:
    """A column of another type is named with the type it has and the one it should have."""
    table = release.assign(**{column: pd.Series([values] * len(release), dtype=object)})
    path = write(table, tmp_path / "release.parquet", **{column: kind})
    said = refusal(path, ContractError)
    assert f"column {column} is {kind}, not " in said


@pytest.mark.slow
@BOTH
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("downloadsAllTime", -1, "downloadsAllTime is negative (downloadsAllTime = '-1')"),
        ("downloadsAllTime", LARGEST + 1, "downloadsAllTime is above 1,000,000,000,000"),
        ("downloadsAllTime", 2**63 - 1, "downloadsAllTime is above 1,000,000,000,000"),
        ("merged_country_groups_single", "Atlantis", "= 'Atlantis')"),
        ("merged_derived_country_groups_single", "china", "= 'china')"),
        ("_id", "", "empty cell in _id"),
        ("_id", "0" * 23, "_id is not 24 hexadecimal digits"),
        ("_id", "0" * 25, "_id is not 24 hexadecimal digits"),
        ("_id", "G" * 24, "_id is not 24 hexadecimal digits"),
        ("_id", "A" * 24, "_id is not 24 hexadecimal digits"),
        ("_id", "0" * 24 + "\n", "_id is not 24 hexadecimal digits"),
        ("model", "no-slash", "model is not author/name (model = 'no-slash')"),
        ("model", "a/b/c", "model is not author/name"),
        ("model", "a b/c", "model is not author/name"),
        ("model", "/c", "model is not author/name"),
        ("derived_author", "", "empty cell in derived_author"),
        ("author", "", "empty cell in author"),
        ("created", pd.Timestamp("2024-01-01", tz="UTC"), "one _id has two creation dates"),
        ("time", pd.Timestamp("1970-01-01"), "date not from 2016 to 2100 (time = '1970-01-01"),
        ("created", pd.Timestamp("2200-01-01", tz="UTC"), "date not from 2016 to 2100"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(
    tmp_path: Path, release: Release, name: str, column: str, value: Any, said: str
) -> None:
    """The file, the first wrong row, the column and the value are named; row 1 follows the header.

    Row 3 is the second reading of a repository, so that one wrong date of creation is a second one.
    """
    table = with_cell(release, 3, column, value)
    found = refusal(write(table, tmp_path / name), ContractError)
    assert said in found
    assert f"{name}, row 3: " in found


@BOTH
@pytest.mark.parametrize("column", COLUMNS)
def test_a_null_cell(tmp_path: Path, release: Release, name: str, column: str) -> None:
    """A null in any column of the contract is named with its column and row."""
    found = refusal(write(with_cell(release, 5, column, None), tmp_path / name), ContractError)
    assert "row 5: " in found
    assert column in found


@BOTH
def test_the_largest_believable_counter_and_zero_are_read(
    tmp_path: Path, release: Release, name: str
) -> None:
    """The limits of a counter are inside."""
    table = with_cell(release, 1, "downloadsAllTime", 0)
    table = with_cell(table, 2, "downloadsAllTime", LARGEST)
    assert read(write(table, tmp_path / name))["counter"].tolist()[:2] == [0, LARGEST]


def test_a_counter_beyond_int64_is_huge_not_negative(tmp_path: Path, release: Release) -> None:
    """An unsigned or endless counter is not wrapped round to a negative one."""
    table = with_cell(release, 3, "downloadsAllTime", 2**64 - 1)
    path = write(table, tmp_path / "release.parquet", downloadsAllTime=pa.uint64())
    assert "is above" in refusal(path, ContractError)
    for cell in ("18446744073709551615", "99999999999999999999999999"):
        path = write(with_cell(release, 3, "downloadsAllTime", cell), tmp_path / "release.csv")
        assert "is above" in refusal(path, ContractError)


@pytest.mark.parametrize(
    "cell", ["many", "1,000", "1_000", "1 000", "0x10", "True", "nan", "inf", "1.5", "=1+1", "١٢"]
)
def test_a_csv_file_with_an_unreadable_number(tmp_path: Path, release: Release, cell: str) -> None:
    """A number is digits; nothing is guessed, evaluated or rounded."""
    path = write(with_cell(release, 4, "downloadsAllTime", cell), tmp_path / "release.csv")
    found = refusal(path, ContractError)
    assert "row 4: " in found
    assert "downloadsAllTime = " in found


@pytest.mark.parametrize("cell", ["3.14E+07", "3,14E+07", "1e3", "1E+23", "-2e5"])
def test_a_csv_file_with_a_rounded_number(tmp_path: Path, release: Release, cell: str) -> None:
    """An exponent says that a spreadsheet cut digits off, also where what is left looks whole."""
    path = write(with_cell(release, 4, "downloadsAllTime", cell), tmp_path / "release.csv")
    found = refusal(path, ContractError)
    assert "row 4: downloadsAllTime has an exponent" in found
    assert f"(downloadsAllTime = '{cell}')" in found


def test_a_csv_file_all_of_whose_numbers_are_rounded(tmp_path: Path, release: Release) -> None:
    """Three digits of every counter are no counters."""
    rounded = release["downloadsAllTime"].map("{:.2E}".format)
    path = write(release.assign(downloadsAllTime=rounded), tmp_path / "release.csv")
    found = refusal(path, ContractError)
    assert "row 1: downloadsAllTime has an exponent" in found
    assert f"{len(release) - 1} more rows like it" in found


@pytest.mark.parametrize(
    "cell", [" 12", "12 ", "+12", "12.", "12.0.0", "１２", "1'000", "½", "--5"]
)
def test_a_csv_file_with_a_number_in_another_form(
    tmp_path: Path, release: Release, cell: str
) -> None:
    """A count is digits alone."""
    path = write(with_cell(release, 4, "downloadsAllTime", cell), tmp_path / "release.csv")
    assert "row 4: cannot read downloadsAllTime" in refusal(path, ContractError)


def test_whole_floats_of_a_csv_file_are_counts(tmp_path: Path, release: Release) -> None:
    """A program that keeps counts as floats writes .0 after all their digits."""
    cells = release["downloadsAllTime"].map("{}.0".format)
    path = write(release.assign(downloadsAllTime=cells), tmp_path / "release.csv")
    assert read(path)["counter"].tolist() == release["downloadsAllTime"].tolist()
    path = write(with_cell(release, 1, "downloadsAllTime", "31433170.00"), path)
    assert read(path)["counter"].iloc[0] == 31_433_170


def test_an_id_that_a_spreadsheet_rounded(tmp_path: Path, release: Release) -> None:
    """The digits of an id are not a number."""
    path = write(with_cell(release, 2, "_id", "1E+23"), tmp_path / "release.csv")
    assert "row 2: _id is not 24 hexadecimal digits (_id = '1E+23')" in refusal(path, ContractError)


def test_a_csv_file_of_a_spreadsheet(tmp_path: Path, release: Release) -> None:
    """A byte order mark is read; other separators and another encoding are named."""
    path = write(release[list(COLUMNS)], tmp_path / "release.csv")
    text, expected = path.read_text(), read(path)
    path.write_text("\ufeff" + text, encoding="utf-8")
    assert_frame_equal(read(path), expected)
    for mark in ";\t":
        path.write_text(text.replace(",", mark))
        assert f"has {mark!r} between its cells, not a comma" in refusal(path, ContractError)
    path.write_bytes(text.replace("maker1", "mak\u00e9r").encode("latin-1"))
    assert "is not UTF-8" in refusal(path, SourceError)


def test_a_repeated_column_of_a_csv_file(tmp_path: Path, release: Release) -> None:
    """Which of two columns of one name holds is not guessed."""
    path = write(release[list(COLUMNS)], tmp_path / "release.csv")
    head, _, rest = path.read_text().partition("\n")
    path.write_text(head.replace("derived_author", "author") + "\n" + rest)
    assert "has more than one column author" in refusal(path, ContractError)


@pytest.mark.parametrize("index", ["_id", "model", "downloadsAllTime", ["_id", "time"], "notes"])
def test_an_index_that_pandas_stored_is_a_column(
    tmp_path: Path, release: Release, index: str | list[str]
) -> None:
    """What a library writes beside the schema does not change what is read."""
    expected = read(write(release, tmp_path / "plain.parquet"))
    table = release.assign(notes=1).set_index(index)
    path = tmp_path / "release.parquet"
    table.astype({"created": "datetime64[us, UTC]"}, errors="ignore").to_parquet(path)
    assert_frame_equal(read(path), expected, check_dtype=False)


def test_cells_of_an_extension_type_are_what_they_are_stored_as(
    tmp_path: Path, release: Release
) -> None:
    """Text that a library marks as JSON is text; text as views and as long text is text."""
    expected = read(write(release, tmp_path / "plain.parquet"))
    table = pq.read_table(tmp_path / "plain.parquet")
    kinds = {
        "author": pa.json_(),
        "model": pa.string_view(),
        "_id": pa.large_string(),
        "merged_country_groups_single": pa.dictionary(pa.int8(), pa.large_string()),
    }
    for column, kind in kinds.items():
        cells = table[column].cast(pa.string()).combine_chunks()
        is_extension = isinstance(kind, pa.BaseExtensionType)
        made = kind.wrap_array(cells) if is_extension else cells.cast(kind)
        table = table.set_column(table.schema.get_field_index(column), column, made)
    pq.write_table(table, tmp_path / "release.parquet")
    assert_frame_equal(read(tmp_path / "release.parquet"), expected, check_dtype=False)


@pytest.mark.parametrize(
    "cell", ["26/02/2025", "2025-02-30", "2025-13-01", "2025", "20250226", "today", "now", "45714"]
)
@pytest.mark.parametrize("column", ["time", "created"])
def test_a_csv_file_with_an_unreadable_date(
    tmp_path: Path, release: Release, column: str, cell: str
) -> None:
    """A date is ISO 8601, not a word, a spreadsheet's number or a day in local order."""
    path = write(with_cell(release, 4, column, cell), tmp_path / "release.csv")
    assert f"row 4: cannot read {column} ({column} = '{cell}')" in refusal(path, ContractError)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda text: text.replace(",", ";"), ContractError),
        (lambda text: text + "one,too,many" + "," * 30 + "\n", SourceError),
        (lambda text: text + '"an open quote\n', SourceError),
        (lambda text: text.rsplit(",", 20)[0] + "\n", ContractError),
    ],
    ids=["semicolons", "long-row", "open-quote", "short-row"],
)
def test_a_damaged_csv_file(
    tmp_path: Path, release: Release, damage: Callable[[str], str], error: type[ReplicationError]
) -> None:
    """A CSV file with another separator, ragged rows or an open quote is refused by name."""
    path = write(release[list(COLUMNS)], tmp_path / "release.csv")
    path.write_text(damage(path.read_text()))
    refusal(path, error)


def test_a_csv_file_that_is_not_utf8(tmp_path: Path, release: Release) -> None:
    """A file in another encoding is refused when it is fetched and when it is read."""
    path = write(release, tmp_path / "release.csv")
    path.write_bytes(path.read_text().encode("utf-16"))
    refusal(path, SourceError)
    refusal(path, SourceError, fetched)


def test_several_wrong_rows_are_one_error(tmp_path: Path, release: Release) -> None:
    """The first wrong row is shown and the others are counted."""
    table = release.assign(downloadsAllTime=-release["downloadsAllTime"])
    found = refusal(write(table, tmp_path / "release.parquet"), ContractError)
    assert "row 1: " in found
    assert found.endswith(f"; {len(release) - 1} more rows like it")


def test_a_long_wrong_value_is_cut(tmp_path: Path, release: Release) -> None:
    """A message stays readable whatever the cell holds."""
    table = with_cell(release, 1, "model", "x" * 5000)
    assert len(refusal(write(table, tmp_path / "release.parquet"), ContractError)) < 300


def test_two_repositories_may_share_a_name_not_a_creation_date(
    tmp_path: Path, release: Release
) -> None:
    """A name that is given anew belongs to another _id, which has its own date of creation."""
    table = release.assign(model="same/name")
    found = read(write(table, tmp_path / "release.parquet"))
    assert found.groupby("repository")["created"].nunique().max() == 1
    assert found["repository"].nunique() == release["_id"].nunique()


@BOTH
def test_a_fetched_file_is_a_copy_with_its_manifest(
    tmp_path: Path, release: Release, name: str
) -> None:
    """The copy has the bytes of the file; the manifest its hash, size, rows and bare name."""
    path = write(release, tmp_path / name)
    found = fetched(path)
    folder = tmp_path / "fetched"
    assert (folder / f"counters{path.suffix}").read_bytes() == path.read_bytes()
    assert manifest.read(folder) == found
    assert (found.filename, found.rows) == (name, len(release))
    assert (found.bytes, len(found.sha256)) == (path.stat().st_size, 64)
    assert (found.source, found.accessed, found.revision) == ("file", "2026-11-23", "")
    assert str(tmp_path) not in (folder / manifest.NAME).read_text()


def test_a_quoted_line_break_is_no_row(tmp_path: Path, release: Release) -> None:
    """Rows of a CSV file are counted as a reader of CSV counts them."""
    table = with_cell(release, 1, "org_type", "two\nlines")
    assert fetched(write(table, tmp_path / "release.csv")).rows == len(release)


def test_a_file_fetched_again_keeps_its_date(tmp_path: Path, release: Release) -> None:
    """The same content is not copied again; other content is, with a new date."""
    path, folder = write(release, tmp_path / "release.parquet"), tmp_path / "fetched"
    first = fetched(path)
    stamp = (folder / "counters.parquet").stat().st_mtime_ns
    again = file.fetch(path, folder, today="2027-01-01", citation="A citation", licence="none")
    assert again == first
    assert (folder / "counters.parquet").stat().st_mtime_ns == stamp
    write(release[:-1], path)
    other = file.fetch(path, folder, today="2027-01-01", citation="A citation", licence="none")
    assert (other.accessed, other.rows) == ("2027-01-01", len(release) - 1)


def test_a_damaged_copy_is_made_again(tmp_path: Path, release: Release) -> None:
    """A copy that is no longer the file's content is replaced."""
    path = write(release, tmp_path / "release.parquet")
    fetched(path)
    (tmp_path / "fetched" / "counters.parquet").write_bytes(b"damaged")
    fetched(path)
    assert (tmp_path / "fetched" / "counters.parquet").read_bytes() == path.read_bytes()


def test_a_manifest_of_another_source_is_not_believed(tmp_path: Path, release: Release) -> None:
    """A folder that held the bundled panel of the same file becomes a file's folder again."""
    path = write(release, tmp_path / "release.parquet")
    first = fetched(path)
    folder = tmp_path / "fetched"
    manifest.write(folder, manifest.Manifest(**{**first.to_dict(), "source": BUNDLED}))
    assert fetched(path).source == "file"
    assert manifest.read(folder) == first


@pytest.mark.parametrize("content", ["{", "[]", '{"source": "file"}', '{"source": 1, "else": 2}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    """A manifest that was cut or edited is named with the folder to remove."""
    path = tmp_path / manifest.NAME
    path.write_text(content)
    assert "is damaged" in refusal(path, SourceError, lambda path: manifest.read(path.parent))


def test_no_manifest_is_none(tmp_path: Path) -> None:
    """A folder without a manifest holds nothing that is known."""
    assert manifest.read(tmp_path) is None


def test_a_file_that_may_not_be_read_is_named(
    tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without permission is an error of the source, in a stage too."""
    path = write(release, tmp_path / "release.parquet")

    def forbidden(_: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("replication.sources.file.sha256_file", forbidden)
    monkeypatch.setattr("replication.stages.sha256_file", forbidden)
    assert "Permission denied" in refusal(path, SourceError, fetched)
    stage = Stage("fetch", (), lambda _: [path], lambda *_: [fetched(path)])  # type: ignore[list-item]
    run = Run(str(path), tmp_path / "out")
    refusal(path, SourceError, lambda _: execute(stage, run, lambda _: None))


@pytest.mark.parametrize(
    "data",
    [
        "../../../etc/x.parquet",
        "...parquet",
        "..",
        ".",
        "/",
        "a b;$(c).csv",
        "~/x.csv",
        "\\..\\x.csv",
    ],
)
def test_the_folder_of_a_run_stays_in_its_place(data: str) -> None:
    """Whatever a file is called, its results go to a folder of their own directly below runs."""
    folder = folder_for(data)
    assert folder.resolve().parent == ROOT / "runs"
    assert folder.resolve() == folder


def test_the_synthetic_release_has_the_released_columns() -> None:
    """The synthetic file has the types of the released one, and ids of 24 digits."""
    assert set(COLUMNS) <= set(SCHEMA)
    assert list(synthetic_release().columns) == list(SCHEMA)
    assert len(id_of(1)) == 24

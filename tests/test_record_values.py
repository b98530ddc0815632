"""Public records of the Hub: what cannot be read is refused with its file, line and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from record_files import (
    CRAWL,
    TOP,
    WHOLE,
    crawled,
    defect,
    model,
    read,
    values,
    write_crawl,
    write_crawls,
    write_list,
    write_pages,
    write_top,
)

from replication.errors import ContractError, SourceError

JANUARY = "2025-01-14"


@pytest.mark.parametrize(
    "count", ["1.2M", "-5", "3.5", "nan", "", "1,23", "12,3456", "1e3", " 7", "9" * 17, "٣"]
)
def test_text_that_is_no_exact_count_is_refused(tmp_path: Path, count: str) -> None:
    """The message names the file, the line, the text and the remedy: in a table and in a crawl."""
    write_top(tmp_path, "id,downloads", "a/one,5", f'a/two,"{count}"')
    with pytest.raises(ContractError, match=r"top\.csv, line 3: the count is not") as caught:
        read(tmp_path, TOP)
    assert ascii(count) in caught.value.what
    assert "unchanged copy" in caught.value.remedy
    write_crawls(tmp_path, {JANUARY: {"a/one": 1, "a/two": count}})
    with pytest.raises(ContractError, match=r"2025-01-14/models\.jsonl, line 2: the count"):
        read(tmp_path, CRAWL)


@pytest.mark.parametrize("count", [-1, 2.0, float("nan"), float("inf"), None, True, [5], 10**16])
def test_values_that_are_no_exact_count_are_refused(tmp_path: Path, count: Any) -> None:
    """JSON has numbers that are not whole, not finite, truth values and null: none is a count."""
    write_crawls(tmp_path, {JANUARY: {"a/one": 1, "a/two": count}})
    with pytest.raises(ContractError, match=r"models\.jsonl, line 2: the count is not a whole"):
        read(tmp_path, CRAWL)
    write_pages(tmp_path, [model("a/one", 1), model("a/two", count)])
    with pytest.raises(ContractError, match=r"models_page1\.json, model 2: the count is not"):
        read(tmp_path, WHOLE)


@pytest.mark.slow
def test_counts_with_commas_are_read_and_reported(tmp_path: Path) -> None:
    """15,357 has one meaning."""
    write_crawls(tmp_path, {JANUARY: {"a/one": "15,357", "a/two": "1,234,567", "a/six": 6}})
    found = read(tmp_path, CRAWL)
    assert [value for _, _, value in values(found)] == [15_357, 6, 1_234_567]
    assert defect(found, "counts-as-text")["where"] == "crawl (2)"


@pytest.mark.parametrize(
    ("downloads", "kind", "said"),
    [
        ([1, -4], pa.int64(), "row 2: the count is negative"),
        ([1, None], pa.int64(), "row 2: the count is empty"),
        ([1.0, 2.0], pa.float64(), "column downloads is double, not whole numbers"),
        (["1", "2"], pa.string(), "column downloads is string, not whole numbers"),
    ],
)
def test_counts_of_a_list_that_are_none_are_refused(
    tmp_path: Path, downloads: list[Any], kind: pa.DataType, said: str
) -> None:
    """In Parquet the type must be whole numbers, without null and sign."""
    names = ("a/one", "a/two")
    models = [model(name, n) for name, n in zip(names, downloads, strict=True)]
    write_list(tmp_path, models, downloads=kind)
    with pytest.raises(ContractError, match=r"whole\.parquet") as caught:
        read(tmp_path, WHOLE)
    assert said in caught.value.what


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("id,downloads", "gpt2,5", "line 2: the name is not namespace/model ('gpt2')"),
        ("id,downloads", "a/b/c,5", "line 2: the name is not namespace/model"),
        ("name,downloads", "a/one,5", "has no column modelId"),
        ("id,count", "a/one,5", "has no column downloads"),
        ("id,downloads,createdAt", "a/one,5,today", "createdAt is not an ISO 8601 date ('today')"),
        ("id,downloads,createdAt", "a/one,5,2025-02-30", "createdAt is not an ISO 8601 date"),
        ("id,downloads,createdAt", "a/one,5,1970-01-01", "createdAt is not from 2016 to 2100"),
        ("id,downloads,value_date", "a/one,5,", "line 2: value_date is empty"),
        ("id,downloads,tags", "a/one,5,\"['base_model:' + 'x']\"", "not a printed list"),
        ("id,downloads,tags", 'a/one,5,"[base_model:x]"', "line 2: this is not a printed list"),
        ("id,downloads,base_model", f'a/one,5,"{"[" * 5000}"', "not a printed list of texts"),
        ("id,downloads,base_model", f"a/one,5,['{'x' * 100_001}']", "not a printed list of texts"),
    ],
)
def test_cells_of_a_top_that_cannot_be_read_are_refused(
    tmp_path: Path, header: str, row: str, said: str
) -> None:
    """File, line, value and remedy; what looks like code is never evaluated."""
    write_top(tmp_path, header, row)
    with pytest.raises(ContractError, match=r"^top\.csv") as caught:
        read(tmp_path, TOP)
    assert said in caught.value.what
    assert caught.value.remedy


def test_a_malformed_page_is_refused_with_its_line(tmp_path: Path) -> None:
    """A page that was cut off names its file and the line on which it breaks."""
    write_pages(tmp_path, [model("a/one", 3)], [model("b/two", 2)])
    text = json.dumps([model("b/two", 2), model("b/six", 1)], indent=1)
    (tmp_path / "whole/models_page2.json").write_text(text[: text.index('"b/six"')])
    line = text[: text.index('"b/six"')].count("\n") + 1
    with pytest.raises(ContractError, match=rf"models_page2\.json, line {line}: this is not JSON"):
        read(tmp_path, WHOLE)
    (tmp_path / "whole/models_page2.json").write_text('{"error": "busy"}')
    with pytest.raises(ContractError, match="the page is not a list of objects"):
        read(tmp_path, WHOLE)
    (tmp_path / "whole/models_page2.json").write_text("[" * 100_000)
    with pytest.raises(ContractError, match="nested too deeply"):
        read(tmp_path, WHOLE)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"repo": "a"', "line 2: this is not JSON"),
        ("", "line 2: this is not JSON"),
        ("[1]", "line 2: the line is not an object"),
        (json.dumps(crawled("a/x", 1, "")), "line 2: date_crawl is empty"),
        (json.dumps(crawled("a/x", 1, "soon")), "line 2: date_crawl is not an ISO 8601 date"),
        (json.dumps(crawled("a/x", 1, JANUARY, repo=None)), "line 2: repo is not text (None)"),
        (json.dumps(crawled("a/x", 1, JANUARY, repo="\ud800")), "holds half of a character"),
        (json.dumps(crawled("a/x y", 1, JANUARY)), "line 2: the name is not namespace/model"),
    ],
)
def test_lines_of_a_crawl_that_cannot_be_read_are_refused(
    tmp_path: Path, line: str, said: str
) -> None:
    """The message names the crawl and the line."""
    write_crawl(tmp_path, JANUARY, crawled("a/one", 1, JANUARY), line)
    with pytest.raises(ContractError, match=r"^2025-01-14/models\.jsonl, ") as caught:
        read(tmp_path, CRAWL)
    assert said in caught.value.what


def test_files_that_are_not_what_they_are_called(tmp_path: Path) -> None:
    """Named as such, with a remedy: not Parquet, not UTF-8, rows wider than the header."""
    (tmp_path / "whole.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(SourceError, match=r"whole\.parquet is not a readable Parquet file"):
        read(tmp_path, WHOLE)
    write_top(tmp_path, "id,downloads", "a/one,5,6,7")
    with pytest.raises(SourceError, match="more cells than its header"):
        read(tmp_path, TOP)
    write_crawl(tmp_path, JANUARY).write_bytes(b"{}\n\xff\n")
    with pytest.raises(ContractError, match="line 2: the text is not UTF-8"):
        read(tmp_path, CRAWL)

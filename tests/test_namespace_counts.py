"""Counting a file of a person's own by namespace: what is counted, and what is refused how."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from replication.attribution.namespace_counts import namespace_counts
from replication.errors import SourceError

REMEDY = "give a released file, a table of the Hub's models, or a CSV with the column namespace"


def counted(path: Path, text: str) -> pd.DataFrame:
    """Counts of a CSV file with this text."""
    path.write_text(text, encoding="utf-8")
    return namespace_counts(path)


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("a,b\n1,2\n", "f.csv has none of the columns namespace, uploader, model, id", REMEDY),
        ("namespace\nQwen\n", "f.csv has no column of numbers", REMEDY),
        ("namespace,word\nQwen,x\n", "f.csv has no column of numbers", REMEDY),
        ("namespace,downloads\n", "f.csv has no column of numbers", REMEDY),
        ("id,downloads\nQwen/x,0\n", "f.csv counts nothing", "give a file with counts above zero"),
        ("id,n,m\nQwen/x,0,1\n", "f.csv counts nothing", "give a file with counts above zero"),
        ("id,downloads\nA/x,1\nB/y,-1\n", "f.csv, row 2: downloads is not a count", None),
        ("id,n\nA/x,1\nB/y,2e15\n", "f.csv, row 2: n is not a count", None),
        ("id,downloads\nA/x,1e3\n", "f.csv, row 1: downloads is not a count", None),
        ("model,downloads\nA/x,5\n,5\n", "f.csv, row 2: model is empty", None),
        ("namespace,downloads\nQwen,1,2\n", None, REMEDY),
    ],
)
def test_what_cannot_be_counted_is_refused(
    tmp_path: Path, text: str, what: str | None, remedy: str | None
) -> None:
    """With the file, the row below the header, and what would do."""
    with pytest.raises(SourceError) as error:
        counted(tmp_path / "f.csv", text)
    assert error.value.what == what if what else error.value.what.startswith("cannot read f.csv: ")
    assert "\n" not in error.value.what
    assert error.value.remedy == (remedy or "correct or remove that row")


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """No file, another encoding, no Parquet."""
    with pytest.raises(SourceError) as error:
        namespace_counts(tmp_path / "none.csv")
    assert error.value.what.startswith("cannot read none.csv: ")
    assert error.value.remedy == REMEDY
    (tmp_path / "latin.csv").write_bytes(b"namespace,downloads\n\xe9,1\n")
    with pytest.raises(SourceError) as error:
        namespace_counts(tmp_path / "latin.csv")
    assert error.value.what == "cannot read latin.csv: it is not UTF-8"
    assert error.value.remedy == "save it as UTF-8"
    (tmp_path / "x.PARQUET").write_text("namespace,downloads\nQwen,1\n")
    with pytest.raises(SourceError, match=r"^cannot read x\.PARQUET: "):
        namespace_counts(tmp_path / "x.PARQUET")


def test_names_come_before_ids_and_downloads_before_other_numbers(tmp_path: Path) -> None:
    """Of several columns the first that is known counts, and words are no numbers."""
    found = counted(tmp_path / "a.csv", "id,uploader,n,word\nX/a,Qwen,1.5,w\nY/b,Qwen,2,5\n")
    assert found.to_dict() == {"n": {"Qwen": 3.5}}
    assert found.index.name == "namespace"
    text = "model,n,downloads,downloadsAllTime\nA/x,1,2,3.0\nB/y,1,4,10\nA/z,1,6,20\n"
    found = counted(tmp_path / "b.csv", text)
    assert list(found.columns) == ["downloadsAllTime", "downloads"]
    assert found.loc["A"].tolist() == [23, 8]
    assert found.loc["B"].tolist() == [10, 4]


def test_a_count_may_be_as_large_as_sums_stay_exact(tmp_path: Path) -> None:
    """A thousand million millions, and nothing for a namespace that has none."""
    found = counted(tmp_path / "a.csv", "namespace,n\nQwen,1000000000000000\nNA,0\n")
    assert found["n"].to_dict() == {"NA": 0, "Qwen": 1e15}


def test_readings_of_a_counter_count_once_by_uploader_and_by_origin(tmp_path: Path) -> None:
    """The last reading by time, wherever its row stands; one spelling of a name in both columns."""
    table = pd.DataFrame({
        "_id": ["1", "2", "1", "3"], "time": [3, 1, 2, 1],
        "model": ["A/x", "b/y", "A/x", "A/z"], "downloads": [10.0, 4.0, 7.0, 1.0],
        "derived_author": ["B", "b", "B", "C"],
    })  # fmt: skip
    table.to_parquet(tmp_path / "a.parquet", index=False)
    found = namespace_counts(tmp_path / "a.parquet")
    assert list(found.columns) == ["downloads", "downloads by origin"]
    assert found["downloads"].to_dict() == {"A": 11, "B": 4, "C": 0}
    assert found["downloads by origin"].to_dict() == {"A": 0, "B": 14, "C": 1}

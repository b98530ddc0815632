"""Files: atomic, hashed, written only where the bytes differ, and failures with a name."""

from __future__ import annotations

import csv
import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES

from replication import files
from replication.errors import ContractError, OutputError, StageOrderError

LONG_AGO = 1_000_000_000_000_000_000  # nanoseconds; 2001


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds "old", alone in its folder, last changed long ago."""
    path = tmp_path / "folder" / "table.csv"
    path.parent.mkdir()
    path.write_text("old")
    os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return path


def assert_untouched(path: Path) -> None:
    """The file of the fixture is as it was and nothing lies beside it."""
    assert path.read_text() == "old"
    assert path.stat().st_mtime_ns == LONG_AGO
    assert list(path.parent.iterdir()) == [path]


def failing(code: int) -> Any:
    """A function that fails as the operating system does."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_hashes_are_sha256(tmp_path: Path) -> None:
    """Bytes and files have the SHA-256 that the standard states for "abc"."""
    stated = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    (tmp_path / "abc").write_bytes(b"abc")
    assert files.sha256_bytes(b"abc") == stated
    assert files.sha256_file(tmp_path / "abc") == stated


@pytest.mark.slow
@EXAMPLES
@given(content=st.binary(max_size=300))
def test_written_bytes_are_read_back(content: bytes) -> None:
    """Any content comes back, in a folder that did not exist, with no temporary file left."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a" / "b" / "file.bin"
        files.write_bytes(path, content)
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]


def test_replaced_shows_the_old_file_until_the_block_ends(path: Path) -> None:
    """Whoever reads while a file is being written reads the old one, whole."""
    with files.replaced(path) as temporary:
        temporary.write_text("half")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_who_has_the_old_file_open_keeps_it(path: Path) -> None:
    """The new file takes the old one's name, never its place on disk."""
    with path.open() as reading:
        files.write_bytes(path, b"new and longer")
        assert reading.read() == "old"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, MemoryError])
def test_replaced_keeps_the_old_file_when_the_block_fails(
    path: Path, error: type[BaseException]
) -> None:
    """A failure or an interruption in the block passes through and changes nothing on disk."""

    def interrupted() -> None:
        with files.replaced(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        interrupted()
    assert_untouched(path)


def test_unchanged_bytes_leave_the_file_alone(path: Path) -> None:
    """Content that is there already is not written again: time and inode stay."""
    before = path.stat()
    files.write_bytes(path, b"old")
    assert_untouched(path)
    assert path.stat().st_ino == before.st_ino
    files.write_bytes(path, b"new")
    assert path.stat().st_mtime_ns != LONG_AGO


def test_written_files_can_be_read_by_everybody(path: Path) -> None:
    """The private mode of the temporary file does not stay on the result."""
    files.write_bytes(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_folder_that_cannot_be_written_is_named(
    path: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no temporary file can be made, the error names the path, the reason and a remedy."""
    monkeypatch.setattr(tempfile, "mkstemp", failing(code))
    with pytest.raises(OutputError) as caught:
        files.write_bytes(path, b"new")
    assert str(path) in caught.value.what
    assert os.strerror(code) in caught.value.what
    assert "OUT=" in caught.value.remedy
    assert_untouched(path)


def test_a_folder_that_is_a_file_is_an_output_error(path: Path) -> None:
    """A path below a file cannot be made, and the file is kept."""
    with pytest.raises(OutputError, match="cannot write"):
        files.write_bytes(path / "below" / "table.csv", b"new")
    assert_untouched(path)


def test_a_target_that_is_a_folder_is_an_output_error(path: Path) -> None:
    """A folder is never replaced by a file."""
    with pytest.raises(OutputError, match="cannot write"):
        files.write_bytes(path.parent, b"new")
    assert_untouched(path)
    assert list(path.parent.parent.iterdir()) == [path.parent]


def test_a_disk_that_fills_while_writing_keeps_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that stops half-way leaves the old content and no part of the new."""
    real = Path.write_bytes

    def half(self: Path, data: bytes) -> int:
        real(self, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OutputError, match="No space left on device"):
        files.write_text(path, "new content")
    assert_untouched(path)


def test_a_disk_that_fills_when_flushed_keeps_the_old_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some disks say that they are full only when the content is flushed to them."""
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    with pytest.raises(OutputError, match="No space left on device"):
        files.write_bytes(path, b"new")
    assert_untouched(path)


def test_a_disk_that_fills_while_copying_keeps_the_old_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that stops leaves the target and the source as they were."""
    source = tmp_path / "source"
    source.write_text("new")
    monkeypatch.setattr(shutil, "copyfileobj", failing(errno.ENOSPC))
    with pytest.raises(OutputError, match="No space left on device"):
        files.copy_file(source, path)
    assert_untouched(path)
    assert source.read_text() == "new"


def test_copies_have_the_bytes_of_their_source(path: Path, tmp_path: Path) -> None:
    """A copy of more than one block has the source's hash."""
    content = hashlib.sha256(b"seed").digest() * 40_000
    source = tmp_path / "source"
    source.write_bytes(content)
    files.copy_file(source, path)
    assert path.read_bytes() == content


def test_text_is_utf8_with_unix_line_ends(path: Path) -> None:
    """Text has the same bytes on every system."""
    files.write_text(path, "17 % – “China”\n")
    assert path.read_bytes() == "17 % – “China”\n".encode()
    assert files.read_text(path) == "17 % – “China”\n"


def test_json_is_indented_and_keeps_its_order(path: Path) -> None:
    """JSON can be read by a person, in the order in which it was made."""
    files.write_json(path, {"b": "–", "a": [1]})
    assert path.read_text(encoding="utf-8") == '{\n  "b": "–",\n  "a": [\n    1\n  ]\n}\n'
    assert files.read_json(path) == {"b": "–", "a": [1]}


def test_csv_has_twelve_digits_and_whole_integers(path: Path) -> None:
    """Floats are rounded to twelve digits; integers beyond them keep every digit."""
    table = pd.DataFrame({"share": [1 / 3], "downloads": [9_007_199_254_740_993]})
    files.write_csv(path, table)
    assert path.read_bytes() == b"share,downloads\n0.333333333333,9007199254740993\n"
    assert files.read_csv(path)["downloads"].tolist() == [9_007_199_254_740_993]


def test_csv_does_not_take_names_for_missing_values(path: Path) -> None:
    """A namespace called NA, null or nan stays text; an empty cell of text is an empty string."""
    table = pd.DataFrame({"uploader": ["NA", "null", "nan", ""], "share": [1.5, None, 2.5, 3.5]})
    files.write_csv(path, table)
    found = files.read_csv(path)
    assert found["uploader"].tolist() == ["NA", "null", "nan", ""]
    assert found["share"].isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize("read", [files.read_text, files.read_json, files.read_csv])
def test_what_no_stage_has_written_is_named(tmp_path: Path, read: Any) -> None:
    """A missing file of an earlier stage is named, with the command that makes it."""
    with pytest.raises(StageOrderError) as caught:
        read(tmp_path / "estimates.csv")
    assert str(tmp_path / "estimates.csv") in caught.value.what
    assert "make all" in caught.value.remedy


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (files.read_text, b"\xff\xfe"),
        (files.read_json, b"{"),
        (files.read_json, b"\xff\xfe"),
        (files.read_csv, b""),
        (files.read_csv, b"a,b\n1,2\n1,2,3,4\n"),
        (files.read_csv, b"a,b\n\xff,2\n"),
    ],
)
def test_what_was_damaged_since_is_named(path: Path, read: Any, content: bytes) -> None:
    """A file of an earlier stage that cannot be read is named in one line, with a remedy."""
    path.write_bytes(content)
    with pytest.raises(ContractError, match="is damaged") as caught:
        read(path)
    assert str(path) in caught.value.what
    assert "\n" not in caught.value.what
    assert "make all" in caught.value.remedy


def test_unfinished_files_are_not_present(path: Path) -> None:
    """What a run that was killed left in a folder is not among its files; folders are not either."""
    (path.parent / f".table.csv.x{files.PART}").write_text("half")
    (path.parent / "below").mkdir()
    (path.parent / "a.csv").write_text("")
    assert files.present(path.parent) == [path.parent / "a.csv", path]


FORMULAS = [
    "=1+1", '=HYPERLINK("x")', "+x", "-x", "@SUM(A1)", "\tx", "\r=x", "'=1", "''+x", "＝1", "－1", "-",
]  # fmt: skip
PLAIN = ["a=b", "'", "'a", "'5", "a\rb", "a\nb", "", "NA", " =x", "-5", "+1e5", "−5"]


def test_csv_holds_no_formula_and_gives_every_text_back(path: Path) -> None:
    """Text that a spreadsheet would compute is behind an apostrophe, and reading takes it away."""
    table = pd.DataFrame({"name": [*FORMULAS, *PLAIN], "value": range(len([*FORMULAS, *PLAIN]))})
    files.write_csv(path, table)
    with path.open(encoding="utf-8", newline="") as stream:
        written = [row[0] for row in csv.reader(stream)][1:]
    assert written == [f"'{text}" for text in FORMULAS] + PLAIN
    assert files.read_csv(path)["name"].tolist() == [*FORMULAS, *PLAIN]


def test_numbers_of_a_mixed_column_stay_numbers(path: Path) -> None:
    """A negative number has no apostrophe, be it a number or text."""
    files.write_csv(path, pd.DataFrame({"estimate": [-1.5, "-2.5", "not yet", None]}, dtype=object))
    assert path.read_text() == 'estimate\n-1.5\n-2.5\nnot yet\n""\n'


@pytest.mark.parametrize("name", ["007", "1e5", "", "inf", "2024-01-01", "True"])
def test_names_are_text_whatever_they_look_like(path: Path, name: str) -> None:
    """A table whose only name is of digits, or empty, gives it back as it was."""
    files.write_csv(path, pd.DataFrame({"uploader": [name], "parents": [""], "downloads": [1]}))
    assert files.read_csv(path).iloc[0].tolist() == [name, "", 1]


def test_kinds_that_nobody_has_are_empty_text(path: Path) -> None:
    """A column of rules' kinds without any is text too, which is searched for words."""
    path.write_text("name,kinds\na/b,\nc/d,\n", encoding="utf-8")
    assert files.read_csv(path)["kinds"].tolist() == ["", ""]


def test_a_table_without_rows_keeps_its_columns(path: Path) -> None:
    """Nothing found is a table with a head."""
    files.write_csv(path, pd.DataFrame(columns=["developer", "downloads"]))
    found = files.read_csv(path)
    assert (list(found), len(found)) == (["developer", "downloads"], 0)

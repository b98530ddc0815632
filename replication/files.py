"""Reading and writing at the edges: atomic, hashed, and only where the bytes differ."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.errors import ContractError, OutputError, SourceError, StageOrderError

if TYPE_CHECKING:
    import pandas as pd

NAMES = (
    "repository", "name", "namespace", "uploader", "origin", "traced_origin", "maker", "base_maker",
    "developer", "uploader_developer", "origin_developer", "maker_developer",
    "base_maker_developer", "parents", "kinds",
)  # fmt: skip
"""Columns of text, though every cell of a table be of digits or empty."""
PART = ".part"
"""Ending of a file that is being written."""
_BLOCK = 1 << 20
_PATTERN = re.compile(r"([*?\[])")
_KINDS = {"str": str, "int": int}
_AGAIN = "run the stage that writes it again: make all"


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of the content of `path` in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def literal(path: Path) -> str:
    """Return the path as DuckDB reads it where it takes a pattern: *, ? and [ stand for themselves.

    Raises
    ------
    SourceError
        There is no such text, since the path has a backslash as well.
    """
    text = _PATTERN.sub(r"[\1]", str(path))
    if text != str(path) and "\\" in text:
        raise SourceError(
            f"DuckDB cannot read {path}: it holds a backslash, and *, ? or [ as well",
            "give its folder another name",
        )
    return text


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` that takes its place when the block succeeds.

    A reader, or a run that was killed, finds the old file or the new one, never a part. Where the
    new content equals the old, the old file is left alone.

    Raises
    ------
    OutputError
        The folder is read-only, the disk is full, or the path cannot be made.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _settle(temporary, path)
    except OSError as error:
        raise OutputError(
            f"cannot write {path}: {error.strerror or error}",
            "free disk space or choose a writable folder (make all OUT=folder)",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _settle(temporary: Path, path: Path) -> None:
    """Move `temporary` to `path` unless both hold the same bytes."""
    if path.is_file() and _same(temporary, path):
        return
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    temporary.chmod(0o644)
    temporary.replace(path)


def _same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes; those of other sizes are not read."""
    sizes = {path.stat().st_size for path in (one, other)}
    return len(sizes) == 1 and sha256_file(one) == sha256_file(other)


def present(folder: Path) -> list[Path]:
    """Whole files in `folder`, in order: without what a run that was killed left unfinished."""
    return sorted(p for p in folder.glob("*") if p.is_file() and p.suffix != PART)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, atomically."""
    with replaced(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with Unix line ends, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write `table` to `path` as CSV, atomically; `csv_text.pieces` says how cells are written."""
    with replaced(path) as temporary, temporary.open("wb") as out:
        out.writelines(csv_pieces(table))


def csv_pieces(table: pd.DataFrame) -> Iterator[bytes]:
    """Yield what `write_csv` writes, some rows at a time."""
    from replication.csv_text import pieces

    return pieces(table)


def csv_text(table: pd.DataFrame) -> str:
    """Return `table` as the text that `write_csv` writes."""
    return b"".join(csv_pieces(table)).decode("utf-8")


def copy_file(source: Path, target: Path) -> None:
    """Copy the content of `source` to `target`, atomically and in blocks."""
    with source.open("rb") as reading, replaced(target) as temporary, temporary.open("wb") as out:
        shutil.copyfileobj(reading, out, _BLOCK)


def read_json(path: Path) -> Any:
    """Read a JSON file that an earlier stage wrote.

    Raises
    ------
    StageOrderError
        The file is not there.
    ContractError
        It is not JSON.
    """
    text = read_text(path)
    try:
        return json.loads(text)
    except RecursionError:
        raise ContractError(f"{path} is damaged: it is nested too deep", _AGAIN) from None
    except ValueError as error:
        raise ContractError(f"{path} is damaged: {error}", _AGAIN) from None


def has_its_types(value: Any) -> bool:
    """Whether every field of a dataclass that is annotated as text or as a whole number holds one."""
    kinds = ((field.name, _KINDS.get(str(field.type))) for field in fields(value))
    return all(type(getattr(value, name)) is kind for name, kind in kinds if kind)


def read_text(path: Path) -> str:
    """Read a text file that an earlier stage wrote.

    Raises
    ------
    StageOrderError
        The file is not there.
    ContractError
        It is not UTF-8.
    """
    _require(path)
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(f"{path} is damaged: {error}", _AGAIN) from None


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Read a CSV file that an earlier stage wrote; an empty cell of text is an empty string.

    Raises
    ------
    StageOrderError
        The file is not there.
    ContractError
        It is not CSV.
    """
    import pandas as pd

    from replication.csv_text import released

    _require(path)
    kinds = {"dtype": dict.fromkeys(NAMES, str)} | options
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=[""], **kinds)
    except ValueError as error:  # pandas' own errors, and text that is not UTF-8
        reason = str(error).splitlines()[0]
        raise ContractError(f"{path} is damaged: {reason}", _AGAIN) from None
    text = table.select_dtypes(exclude="number").columns
    table = table.fillna(dict.fromkeys(text, ""))
    return released(table) if b"'" in path.read_bytes() else table


def _require(path: Path) -> None:
    """Raise a named error where an earlier stage has not written `path`."""
    if not path.is_file():
        raise StageOrderError(f"{path} is missing", "run the stages before this one: make all")

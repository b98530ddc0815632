"""What code means: its text without what only its readers see, so that a remark changes nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from replication.files import sha256_bytes, sha256_file

_SQL = re.compile(r"(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""Quoted text of SQL, which may hold what looks like a comment, or a comment."""
_INSIDE = ("body", "orelse", "handlers", "finalbody", "cases")
"""Fields of a statement that hold statements."""
_KNOWN: dict[str, str] = {}
"""Syntax trees without docstrings by the hash of the text: a process parses the same text once."""


def meaning_of(path: Path) -> str:
    """What counts of a file, as text.

    Of Python the syntax tree without docstrings counts, of SQL the text without comments and blank
    lines; of any other file, and of Python that cannot be parsed, the hash of every byte.
    """
    if path.suffix == ".py":
        return _of_python(path.read_bytes())
    return _of_sql(path.read_text(encoding="utf-8")) if path.suffix == ".sql" else sha256_file(path)


def of_python(paths: Iterable[Path]) -> dict[str, str]:
    """Parse files of Python, and return what `know` takes: another process can do the work."""
    texts = [path.read_bytes() for path in paths if path.suffix == ".py"]
    return {sha256_bytes(text): _of_python(text) for text in texts}


def know(found: Mapping[str, str]) -> None:
    """Take what `of_python` returned, so that the same texts are not parsed again."""
    _KNOWN.update(found)


def _of_python(data: bytes) -> str:
    """The syntax tree without docstrings."""
    digest = sha256_bytes(data)
    if digest not in _KNOWN:
        _KNOWN[digest] = _parsed(data, digest)
    return _KNOWN[digest]


def _parsed(data: bytes, digest: str) -> str:
    """The syntax tree as text; the hash of what is no Python."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return digest
    _leave_out_texts(tree)
    return _written(tree)


def _written(node: object) -> str:
    """A syntax tree as text, the same from every version of Python.

    Versions add fields, which are empty where the code does not use what is new, and `ast.dump` writes
    them or not; some end a formatted text with an empty piece. So what is empty is left out.
    """
    if isinstance(node, ast.JoinedStr):
        return f"JoinedStr({','.join(_written(one) for one in node.values if not _is_blank(one))})"
    if isinstance(node, ast.AST):
        fields = (
            f"{name}={_written(value)}"
            for name, value in ast.iter_fields(node)
            if value is not None and value != []
        )
        return f"{type(node).__name__}({','.join(fields)})"
    if isinstance(node, list):
        return f"[{','.join(map(_written, node))}]"
    return repr(node)


def _leave_out_texts(node: ast.AST) -> None:
    """Take docstrings out of a statement and of those inside it: expressions hold no statements."""
    for name in _INSIDE:
        inside = getattr(node, name, None)
        if isinstance(inside, list):
            if name == "body":
                inside[:] = [one for one in inside if not _is_text(one)]
            for one in inside:
                _leave_out_texts(one)


def _is_blank(node: ast.expr) -> bool:
    """Whether a piece of a formatted text is empty."""
    return isinstance(node, ast.Constant) and node.value == ""


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a string that stands alone."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _of_sql(text: str) -> str:
    """SQL without comments, blank lines and blanks at the ends of lines."""
    bare = _SQL.sub(lambda match: match["text"] or " ", text)
    return "\n".join(line.rstrip() for line in bare.splitlines() if line.strip())

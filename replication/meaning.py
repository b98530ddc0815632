"""What code means: its text without what only its readers see, so that a remark changes nothing."""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

from replication.files import sha256_file

_SQL = re.compile(r"(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""Quoted text of SQL, which may hold what looks like a comment, or a comment."""
_INSIDE = ("body", "orelse", "handlers", "finalbody", "cases")
"""Fields of a statement that hold statements."""


def meaning_of(path: Path) -> str:
    """What counts of a file, as text.

    Of Python the syntax tree without docstrings counts, of SQL the text without comments and blank
    lines; of any other file, and of Python that cannot be parsed, the hash of every byte.
    """
    if path.suffix == ".py":
        return _of_python(path.read_bytes())
    return _of_sql(path.read_text(encoding="utf-8")) if path.suffix == ".sql" else sha256_file(path)


@cache
def _of_python(data: bytes) -> str:
    """The syntax tree without docstrings; a process parses the same text once."""
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError):
        return hashlib.sha256(data).hexdigest()
    _leave_out_texts(tree)
    return ast.dump(tree)


def _leave_out_texts(node: ast.AST) -> None:
    """Take docstrings out of a statement and of those inside it: expressions hold no statements."""
    for name in _INSIDE:
        inside = getattr(node, name, None)
        if isinstance(inside, list):
            if name == "body":
                inside[:] = [one for one in inside if not _is_text(one)]
            for one in inside:
                _leave_out_texts(one)


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a string that stands alone."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _of_sql(text: str) -> str:
    """SQL without comments, blank lines and blanks at the ends of lines."""
    bare = _SQL.sub(lambda match: match["text"] or " ", text)
    return "\n".join(line.rstrip() for line in bare.splitlines() if line.strip())

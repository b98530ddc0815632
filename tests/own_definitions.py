"""Definitions of the reader's own: the packaged ones with a change, and how they are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from replication.definitions import PACKAGED, Definitions, load_definitions
from replication.errors import DefinitionError

TEXT = PACKAGED.read_text(encoding="utf-8")


def load(folder: Path, text: str) -> Definitions:
    """Load `text` as definitions of the reader's own, called mine.toml."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_definitions(path)


def refusal(folder: Path, text: str) -> str:
    """What the error on `text` says: one line that names the file; it has a remedy too."""
    return error(folder, text).what


def error(folder: Path, text: str) -> DefinitionError:
    """The error on `text`: one line that names the file, and a remedy."""
    with pytest.raises(DefinitionError) as caught:
        load(folder, text)
    assert "mine.toml" in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy
    return caught.value

"""A study file of the reader's own: the packaged definitions with a change, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from replication import study as definitions
from replication.errors import StudyError

TEXT = definitions.DEFAULT.read_text(encoding="utf-8")


def load(folder: Path, text: str) -> definitions.Study:
    """Load `text` as a study of the reader's own, called mine.toml."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return definitions.load(path)


def refusal(folder: Path, text: str) -> str:
    """What is said of `text`: one line that names the file, and a remedy."""
    with pytest.raises(StudyError) as caught:
        load(folder, text)
    assert "mine.toml" in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.remedy
    return caught.value.what

"""Where the Hub is, and one file of one of its datasets."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

# huggingface_hub is imported inside the function: it reads its HF_* variables when it is imported, and
# the command line must start without it.


@dataclass(frozen=True)
class Address:
    """One file of one dataset, or a folder of it."""

    repository: str
    revision: str
    filename: str
    section: str
    """Section of definitions.toml that names it, for remedies."""


def host() -> str:
    """Name of the Hub's host, without the rest of a URL that may hold a password."""
    from huggingface_hub import constants

    return urlsplit(constants.ENDPOINT).hostname or "the Hub"

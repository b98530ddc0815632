"""One short exception class per kind of failure, each with the remedy in its message."""

from __future__ import annotations

import re

LONGEST = 2_000
"""Letters of a message: it quotes what was read, which may be endless."""
_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


class ReplicationError(Exception):
    """A failure that the user can act on.

    Parameters
    ----------
    what
        What is wrong, naming the file, the row or the key.
    remedy
        What the reader of the message can do about it.
    """

    several_lines = False
    """Whether the message is a list of our own; any other is one line, whatever it quotes."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)  # both, so that another process can send it
        self.what = what if self.several_lines else _one_line(what)
        self.remedy = _one_line(remedy)

    def __str__(self) -> str:
        return f"{self.what}\n  remedy: {self.remedy}"


def _one_line(text: str) -> str:
    """Return a text on one line, with its middle left out where it is too long."""
    line = _BREAKS.sub(" ", text)
    if len(line) <= LONGEST:
        return line
    return f"{line[: LONGEST // 2]} … {line[len(line) - LONGEST // 2 :]}"


class DefinitionError(ReplicationError):
    """definitions.toml, claims.toml or the text of the paper does not hold together."""


class SourceError(ReplicationError):
    """The data cannot be read from where they were asked for."""


class HashMismatchError(SourceError):
    """Content changed under a name that promises fixed content."""


class HubError(SourceError):
    """The Hugging Face Hub refused, failed or could not be reached."""

    fault: str = "dataset"
    """What is to blame, see `replication.sources.hub`: whether another dataset may answer in its place."""


class ContractError(ReplicationError):
    """A table does not have the columns, types or values that it must have."""


class RegistryError(ReplicationError):
    """The registry of developers is malformed."""


class DegenerateDataError(ReplicationError):
    """The statistic is not defined on these data."""


class OutputError(ReplicationError):
    """A result cannot be written."""


class StageOrderError(ReplicationError):
    """A stage was asked for before the stage that it reads."""


class VerificationError(ReplicationError):
    """What was rebuilt differs from what is committed."""

    several_lines = True


class SecondImplementationError(VerificationError):
    """The two implementations of the estimates do not give the same numbers."""

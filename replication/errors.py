"""One short exception class per kind of failure, each with the remedy in its message."""

from __future__ import annotations


class ReplicationError(Exception):
    """A failure that the user can act on.

    Parameters
    ----------
    what
        What is wrong, naming the file, the row or the key.
    remedy
        What the reader of the message can do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)  # both, so that another process can send it
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n  remedy: {self.remedy}"


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


class SecondImplementationError(VerificationError):
    """The two implementations of the estimates do not give the same numbers."""

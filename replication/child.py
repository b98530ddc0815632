"""The environment of a child process: what the machine needs, and no setting of its user."""

from __future__ import annotations

import os
from pathlib import Path

_MACHINE = ("PATH", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")
NETWORK = (
    "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
)  # fmt: skip
"""Variables that say how the network is reached."""


def child_environment(home: Path, *kept: str) -> dict[str, str]:
    """Return variables under which a program gives the same output for every user and machine.

    Parameters
    ----------
    home
        Folder that the child takes for its user's: it finds no settings there.
    kept
        Further variables that it may see, such as `NETWORK`.
    """
    names = [name for name in (*_MACHINE, *kept) if name in os.environ]
    return {name: os.environ[name] for name in names} | {"HOME": str(home), "LC_ALL": "C"}

"""The file of the page: the template with style, script, libraries and data set into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from replication.errors import OutputError
from replication.files import read_json, read_text

FOLDER = Path(__file__).parent
SCRIPTS = (
    "arithmetic", "words", "state", "charts", "downloads", "choices", "result", "units", "series",
    "grid", "ledger", "developers", "main",
)  # fmt: skip
"""Files of the script in the order in which they stand on the page."""
VENDOR = FOLDER / "vendor"
_KEY = re.compile(r"\{\{([a-z-]+)\}\}")


def document(
    title: str, subtitle: str, parts: Mapping[str, str], notes: Sequence[str], data: Any
) -> str:
    """The whole page as HTML.

    Parameters
    ----------
    title, subtitle
        Of the paper; text.
    parts
        ``headline`` and ``short``, as HTML.
    notes
        What the run says of itself, or lacks; text.
    data
        What the script reads, as JSON holds it.
    """
    script = f'"use strict";\n{code()}'
    scripts = [*libraries(), script]
    hashes = " ".join(f"'sha256-{_digest(each)}'" for each in scripts)
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    keys = {
        "title": escape(title),
        "subtitle": escape(subtitle),
        "policy": escape(policy, quote=False),
        "style": read_text(FOLDER / "style.css"),
        "notes": "".join(f'<p class="note">{escape(note)}</p>' for note in notes),
        "data": inert(data),
        "scripts": "\n".join(f"<script>{each}</script>" for each in scripts),
        **parts,
    }
    return _KEY.sub(lambda match: keys[match[1]], read_text(FOLDER / "template.html"))


def inert(data: Any) -> str:
    """JSON that ends no script element, whatever text it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def code() -> str:
    """The page's own script."""
    return "\n".join(read_text(FOLDER / "script" / f"{name}.js") for name in SCRIPTS)


def libraries() -> list[str]:
    """The charting libraries, each as its sidecar describes it.

    Raises
    ------
    OutputError
        A library is not the file that its sidecar names.
    """
    texts = []
    for about in read_json(VENDOR / "vendor.json"):
        content = (VENDOR / about["file"]).read_bytes()
        if hashlib.sha256(content).hexdigest() != about["sha256"]:
            raise OutputError(
                f"{about['file']} is not version {about['version']} of {about['name']}",
                "restore replication/report/page/vendor",
            )
        texts.append(content.decode("utf-8"))
    return texts


def _digest(script: str) -> str:
    """SHA-256 of a script, as a policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

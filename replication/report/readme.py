"""The generated blocks of README.md and docs/CLAIMS.md: the finding in short, and the answers on every claim."""

from __future__ import annotations

import re
from pathlib import Path

from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.files import read_text, write_text
from replication.places import PAPER
from replication.report import claim_tables, short, survival
from replication.report.markdown import Markup, bold, escaped, markdown

DOCUMENTS = {
    Path("README.md"): ("short", "findings"),
    Path("docs") / "CLAIMS.md": ("judged", "unjudged"),
}
"""Documents with blocks, and the blocks of each in their order."""


def update(root: Path, results: Path, definitions: Definitions) -> list[Path]:
    """Rewrite the generated blocks of every document and return their paths."""
    for name in DOCUMENTS:
        text = read_text(root / name)
        write_text(root / name, rendered(name, text, results, definitions))
    return [root / name for name in DOCUMENTS]


def rendered(name: Path, text: str, results: Path, definitions: Definitions) -> str:
    """Return the text of a document with every ``<!-- begin:NAME -->`` block made anew.

    Raises
    ------
    DefinitionError
        A block has no maker, or a maker has no block.
    """
    blocks = DOCUMENTS[name]
    found = re.findall(r"<!-- begin:(\w+) -->", text)
    if found != [*blocks]:
        raise DefinitionError(
            f"{name.as_posix()} has the blocks {found}", f"it needs {[*blocks]}, once each"
        )
    for block in blocks:
        pattern = rf"(<!-- begin:{block} -->\n).*?(<!-- end:{block} -->)"
        made = _block(block, results, definitions).replace("\\", r"\\")
        text = re.sub(pattern, rf"\g<1>{made}\n\g<2>", text, flags=re.DOTALL)
    return text


def _block(name: str, results: Path, definitions: Definitions) -> str:
    """One block by its name."""
    if name == "short":
        return short.filled(PAPER, results, definitions)
    if name == "findings":
        return findings(results)
    return claim_tables.verdicts(results) if name == "judged" else claim_tables.unjudged(results)


def findings(results: Path) -> str:
    """The main claims in four columns, which a phone shows whole."""
    rows = [
        (
            escaped(claim["claim"], sentence=True),
            escaped(claim["published"]),
            _with_range(claim["public_data"], claim["range"]),
            _answer(claim),
        )
        for claim in short.claims(results)
    ]
    return markdown(("Claim", "Published", "Public data", "Answer"), rows, (28, 10, 16, 20))


def _answer(claim: dict[str, str]) -> Markup:
    """Both answers, with the change that turns the first."""
    second = survival.in_words(claim["survives"], claim["turned_by"])
    return Markup(f"{bold(claim['comes_out'])}, {escaped(second, sentence=True)}")


def _with_range(estimate: str, span: str) -> Markup:
    return escaped(estimate if span == "–" else f"{estimate} ({span})")

"""The registry as a searchable table at the end of the HTML report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from replication.attribution.registry import Developer, Registry
from replication.report.markdown import safe_address

HEADS = ("Developer", "Namespaces", "Country", "Group", "Alternative", "Sector", "Evidence")
_SCRIPT = """
const box = document.getElementById("registry-search");
const rows = [...document.querySelectorAll("#registry tbody tr")];
const count = document.getElementById("registry-count");
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += !row.hidden;
  }
  count.textContent = `${shown} of ${rows.length} developers`;
});
"""


def section(registry: Registry, group_of: Mapping[str, str]) -> str:
    """The registry as an HTML section: one row a developer, a search box, and its script.

    Every cell is escaped; the script filters rows and does nothing else.
    """
    rows = "\n".join(_row(developer, group_of, registry) for developer in registry.developers)
    heads = "".join(f"<th>{head}</th>" for head in HEADS)
    total = len(registry.developers)
    return (
        '<section id="registry" class="registry"><h1>The registry of developers</h1>'
        "<p>Every developer with its namespaces, country and the evidence that was read. Type a "
        "name, a namespace, a country or any word of a note.</p>"
        '<p><label for="registry-search">Search </label>'
        '<input id="registry-search" type="search" autocomplete="off"> '
        f'<span id="registry-count" aria-live="polite">{total} of {total} developers</span></p>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>\n{rows}\n</tbody></table>"
        f"<script>{_SCRIPT}</script></section>"
    )


def _row(developer: Developer, group_of: Mapping[str, str], registry: Registry) -> str:
    """One developer."""
    return f"<tr>{''.join(f'<td>{c}</td>' for c in _cells(developer, group_of, registry))}</tr>"


def _cells(developer: Developer, group_of: Mapping[str, str], registry: Registry) -> Iterator[str]:
    """Escaped cells of one developer, in the order of `HEADS`."""
    parent = f" (part of {developer.parent})" if developer.parent else ""
    yield escape(developer.developer + parent)
    names = [n for n, found in registry.tenures.items() if found[-1].developer is developer]
    yield escape(" ".join(names))
    yield escape(developer.country)
    yield escape(group_of[developer.country])
    doubt = " ".join(developer.alternative_country)
    yield escape(f"{doubt}: {developer.alternative_reason}" if doubt else "")
    yield escape(developer.sector)
    note = escape(developer.note)
    if not (developer.evidence_url and safe_address(developer.evidence_url)):
        yield f"none found. {note}"
        return
    url = escape(developer.evidence_url, quote=True)
    dated = f" (page of {developer.date_of_copy})" if developer.date_of_copy else ""
    told = escape(f"{developer.basis}, {developer.confidence}, {developer.date_read}{dated}")
    yield f'<a href="{url}" rel="nofollow noopener">{told}</a>. {note}'

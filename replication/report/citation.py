"""How the package, the study and its dataset are cited: BibTeX and APA, from CITATION.cff."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from replication.errors import DefinitionError
from replication.files import read_text

NAME = "CITATION.cff"
BIBTEX, APA = "bibtex", "apa"
FORMATS = (BIBTEX, APA)
_ENTRIES = {"software": "software", "data": "dataset", "dataset": "dataset", "article": "misc"}
_WORDS = {"software": " [Computer software]", "data": " [Data set]", "dataset": " [Data set]"}
_SPECIAL = re.compile(r"[&%$#_]")
_REST = re.compile(r"(?<=\w)\w+|(?<=\b\w)(?=[\s-]|$)")
"""What follows the first letter of a name."""
_ARXIV = re.compile(r"arXiv:(\S+)")
Work = Mapping[str, Any]


def works(root: Path) -> list[dict[str, Any]]:
    """The package, and then what it refers to, as CITATION.cff has them.

    Raises
    ------
    DefinitionError
        CITATION.cff is not YAML, or a work lacks its title, authors or year.
    """
    try:
        package = yaml.safe_load(read_text(root / NAME))
    except yaml.YAMLError as error:
        raise DefinitionError(f"{NAME} is not YAML: {error}", "correct that line") from None
    found = [package, *package.get("references", [])]
    for work in found:
        if not (work.get("title") and work.get("authors") and _year(work)):
            what = f"{NAME} lacks the title, the authors or the year of a work"
            raise DefinitionError(what, "add title, authors, and date-released or year")
    return found


def cited(found: Sequence[Work], style: str) -> str:
    """Works in one of `FORMATS`, an empty line between them."""
    make = bibtex if style == BIBTEX else apa
    return "\n\n".join(make(work) for work in found)


def bibtex(work: Work) -> str:
    """One work as a BibTeX entry; software and datasets are entries of biblatex."""
    arxiv = _arxiv(work)
    fields = {
        "author": " and ".join(map(_name_in_bibtex, work["authors"])),
        "title": f"{{{_escaped(work['title'])}}}",
        "year": _year(work),
        "month": _month(work),
        "version": str(work.get("version", "")),
        "eprint": arxiv,
        "eprinttype": "arxiv" if arxiv else "",
        "doi": work.get("doi", ""),
        "url": address(work),
    }
    lines = [f"  {key} = {{{value}}}," for key, value in fields.items() if value]
    return "\n".join([f"@{_ENTRIES[work['type']]}{{{_key(work)},", *lines, "}"])


def apa(work: Work) -> str:
    """One work as a line in the style of the American Psychological Association."""
    names = [_name_in_apa(author) for author in work["authors"]]
    authors = ", & ".join(filter(None, (", ".join(names[:-1]), names[-1])))
    version = f" (Version {work['version']})" if "version" in work else ""
    arxiv = f" arXiv:{_arxiv(work)}." if _arxiv(work) else ""
    title = work["title"].rstrip(".")
    text = (
        f"{authors.rstrip('.')}. ({_year(work)}). {title}{version}{_WORDS.get(work['type'], '')}."
    )
    doi = work.get("doi", "")
    return f"{text}{arxiv} {f'https://doi.org/{doi}' if doi else address(work)}".rstrip()


def address(work: Work) -> str:
    """Where a work is, empty where CITATION.cff does not say it."""
    return str(work.get("url") or work.get("repository-code", ""))


def full_name(author: Mapping[str, str]) -> str:
    """A person with the given name first; a body as it is."""
    names = (author.get("given-names"), author.get("family-names"))
    return author.get("name") or " ".join(filter(None, names))


def _year(work: Work) -> str:
    """Year of a work."""
    return str(work.get("date-released") or work.get("year") or "")[:4]


def _month(work: Work) -> str:
    """Month of a work as a number, empty where it is not known."""
    released = str(work.get("date-released", ""))[5:7]
    return str(int(released)) if released else str(work.get("month", ""))


def _arxiv(work: Work) -> str:
    """Number of a work on arXiv, or nothing."""
    values = (str(one.get("value", "")) for one in work.get("identifiers", []))
    return next((match[1] for value in values if (match := _ARXIV.fullmatch(value))), "")


def _key(work: Work) -> str:
    """Key of an entry: the first author's family name, or the first words of the title, and the year."""
    first = work["authors"][0].get("family-names") or work["title"]
    return "".join(re.findall(r"[a-z]+", first.lower())[:3]) + _year(work)


def _name_in_bibtex(author: Mapping[str, str]) -> str:
    """A person as family name, given name; a body in braces, which keep it whole."""
    if "name" in author:
        return f"{{{_escaped(author['name'])}}}"
    return _escaped(", ".join(filter(None, (author["family-names"], author.get("given-names")))))


def _name_in_apa(author: Mapping[str, str]) -> str:
    """A person as family name and initials; a body as it is."""
    if "name" in author:
        return author["name"]
    initials = _REST.sub(".", author.get("given-names", ""))
    return ", ".join(filter(None, (author["family-names"], initials)))


def _escaped(text: str) -> str:
    """Text with what TeX would take for a command or a comment escaped."""
    return _SPECIAL.sub(r"\\\g<0>", text)

"""Rendering: the text is filled with numbers and becomes TeX, HTML and PDF, from wheels alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from replication import extent
from replication.child import child_environment
from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.files import read_json, read_text, write_bytes, write_text
from replication.report import conditions, front_matter, own, prose, tables, web_figures
from replication.report.documents import REFERENCES, SOURCES, Document, documents, labels, outputs


def source_texts(paper: Path, results: Path, definitions: Definitions) -> dict[Document, str]:
    """Return the text of every document with each key, table and figure number filled in.

    Raises
    ------
    DefinitionError
        A key is unknown, or a digit was typed by hand.
    """
    numbers = read_json(results / "numbers.json")
    decided = conditions.decided(results, definitions, numbers)
    texts = {
        one: prose.chosen(one.read(paper, whole=definitions.whole), decided)
        for one in documents(whole=definitions.whole)
    }
    for one, text in texts.items():
        typed = prose.typed_digits(text)
        if typed:
            source = one.source(paper, whole=definitions.whole).name
            raise DefinitionError(
                f"{source}: a digit typed by hand: {typed[0]}", "declare a number"
            )
    made = tables.all_tables(results, definitions)
    of_the_run = own.labels(results, definitions)
    banner = _banner(results, definitions)
    return {
        one: prose.fill(
            text.replace(_ABSTRACT, _ABSTRACT + banner, 1),
            numbers | prose.displayed(of_the_run | labels(texts, one)),
            made,
        )
        for one, text in texts.items()
    }


def _banner(results: Path, definitions: Definitions) -> str:
    """Say of synthetic data, before anything else, that nothing in the text is a finding."""
    synthetic = definitions.whole and extent.is_synthetic(read_json(results / "manifest.json"))
    return f"  {_SYNTHETIC}\n\n" if synthetic else ""


_ABSTRACT = "abstract: |\n"
_SYNTHETIC = (
    "**Synthetic data: nothing in this text is a finding.** Every number, table and figure is of "
    "repositories drawn at random to test the code, under names of real developers."
)


def render(
    paper: Path,
    results: Path,
    figures: Path,
    out: Path,
    definitions: Definitions,
    progress: Callable[[str], None],
    meanwhile: Callable[[], object] | None = None,
) -> list[Path]:
    """Render every document to TeX, HTML, PDF and a Markdown that a code host shows.

    Parameters
    ----------
    paper
        Folder of the texts, their references and templates.
    results, figures
        Folders of the run.
    out
        Folder that receives the outputs.
    definitions
        Definitions.
    progress
        Called with a line of text before each step.
    meanwhile
        Called once while other programs convert the documents.
    """
    texts = source_texts(paper, results, definitions)
    day = read_json(results / "manifest.json")["accessed"]
    with tempfile.TemporaryDirectory() as name:
        desk = Path(name)
        for source in SOURCES:
            shutil.copy(paper / source, desk / source)
        shutil.copytree(figures, desk / "figures", ignore=_UNUSED)
        front_matter.write(desk)
        shown = re.findall(prose.FIGURE, "".join(texts.values()))
        web_figures.prepare(desk / "figures", sorted(set(shown)))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = {  # the last one, which is the longest, is begun first
                document: {"pdf": pool.submit(_printed, desk / f"{document.name}.typ", text, day)}
                | {form: pool.submit(_pandoc, desk, text, form) for form in _CONVERTED.values()}
                for document, text in reversed(texts.items())
            }
            if meanwhile:
                meanwhile()
            for number, document in enumerate(texts, 1):
                progress(f"document {number} of {len(texts)}, {document.name}")
                _document(out / document.name, made[document], progress)
    write_text(out / REFERENCES, read_text(paper / REFERENCES))
    return [out / name for name in outputs(whole=definitions.whole)]


_UNUSED = shutil.ignore_patterns("dark", "data", "wide")
"""Folders of figures that no document shows."""


_CONVERTED = {"tex": "latex", "html": "html5", "rendered.md": "gfm"}
"""Pandoc's name of each form that it makes alone."""


def _document(stem: Path, made: Mapping[str, Future[Any]], progress: Callable[[str], None]) -> None:
    """Write one document as `stem` with the ending of each form, once it is converted."""
    for form, target in _CONVERTED.items():
        progress(f"{stem.name}.{form}")
        write_text(stem.parent / f"{stem.name}.{form}", made[target].result())
    progress(f"{stem.name}.pdf")
    write_bytes(stem.parent / f"{stem.name}.pdf", made["pdf"].result())


_CITED = ["--citeproc", "--metadata=link-citations:true"]
_OPTIONS = {
    "latex": [
        "--natbib",
        "--number-sections",
        "--include-in-header=header.tex",
        "--variable=biblio-style:plainnat",
        "--variable=natbiboptions:round",
        "--variable=geometry:margin=2.5cm",
        "--variable=papersize:a4",
        "--variable=colorlinks:true",
    ],
    "html5": [
        *_CITED,
        "--template=template.html",
        "--embed-resources",
        "--css=paper.css",
        "--section-divs",
        "--shift-heading-level-by=1",
        "--toc",
        "--toc-depth=3",
        "--mathml",
    ],
    "typst": [*_CITED, "--template=template.typ"],
    "gfm": [
        "--citeproc",
        "--metadata=link-citations:false",
        "--template=template.gfm",
        "--shift-heading-level-by=1",
        "--wrap=none",
    ],
}


_READER = "markdown" + "".join(
    f"-{extension}"
    for extension in (
        "raw_html",
        "raw_tex",
        "raw_attribute",
        "native_divs",
        "native_spans",
        "markdown_in_html_blocks",
        "latex_macros",
        "inline_notes",
        "footnotes",
        "example_lists",
        "implicit_header_references",
    )
)
"""Pandoc's Markdown without what the sources do not need: nothing raw reaches an output."""
_WRITERS = {"gfm": "gfm-raw_html"}


def _pandoc(desk: Path, text: str, target: str) -> str:
    """Convert `text` to `target`."""
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(),
        f"--from={_READER}",
        f"--to={_WRITERS.get(target, target)}",
        "--standalone",
        "--data-dir=.",  # no template, default or filter of the user
        "--lua-filter=blocks.lua",
        f"--bibliography={REFERENCES}",
        *_OPTIONS[target],
    ]
    done = subprocess.run(
        command,
        input=text,
        cwd=desk,
        env=child_environment(home=desk),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode or "[WARNING] Citeproc" in done.stderr:
        raise DefinitionError(f"pandoc to {target}: {done.stderr.strip()}", "correct the text")
    return done.stdout


def _printed(source: Path, text: str, day: str) -> bytes:
    """Convert `text` to PDF by way of the file `source`."""
    source.write_text(_pandoc(source.parent, text, "typst"), encoding="utf-8")
    return _pdf(source, day)


def _pdf(source: Path, day: str) -> bytes:
    """Compile `source` with the fonts that Typst carries, dated by the data and not by the run."""
    import typst

    stamp = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    try:
        made = typst.compile(
            str(source),
            root=str(source.parent),
            ignore_system_fonts=True,
            timestamp=stamp,
            pdf_standards="ua-1",  # tags, title, language, alternative texts: else it is refused
        )
    except typst.TypstError as error:
        raise DefinitionError(f"typst: {error}", "correct the text or template.typ") from None
    return bytes(made)

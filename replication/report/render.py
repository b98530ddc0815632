"""Rendering: the text is filled with numbers and becomes TeX, HTML and PDF, from wheels alone."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from replication import extent
from replication.attribution import registry
from replication.child import child_environment
from replication.definitions import Definitions
from replication.errors import DefinitionError
from replication.files import read_json, read_text, write_bytes, write_text
from replication.report import conditions, own, prose, registry_table, short, tables

OUTPUTS = ("paper.tex", "paper.html", "paper.pdf")
SOURCES = ("references.bib", "template.typ", "paper.css", "header.tex", "placement.lua")


def source_text(paper: Path, results: Path, definitions: Definitions) -> str:
    """Return the text of the source with every key, table and figure number filled in.

    Raises
    ------
    DefinitionError
        A key is unknown, or a digit was typed by hand.
    """
    source = prose.source(paper, prose.TEXT, whole=definitions.whole)
    numbers = read_json(results / "numbers.json")
    there = {key: number["value"] is not None for key, number in numbers.items()}
    text = short.included(read_text(source), paper, whole=definitions.whole)
    text = prose.chosen(text, conditions.of(results, definitions) | there)
    typed = prose.typed_digits(text)
    if typed:
        raise DefinitionError(
            f"{source.name}: a digit typed by hand: {typed[0]}", "declare a number"
        )
    made = tables.all_tables(results, definitions)
    labels = prose.labels(text) | own.labels(results, definitions)
    known = numbers | {key: {"display": label} for key, label in labels.items()}
    return prose.fill(_with_banner(text, results, definitions), known, made)


def _with_banner(text: str, results: Path, definitions: Definitions) -> str:
    """Say of synthetic data, before anything else, that nothing in the text is a finding."""
    synthetic = definitions.whole and extent.is_synthetic(read_json(results / "manifest.json"))
    return text.replace(_ABSTRACT, f"{_ABSTRACT}  {_SYNTHETIC}\n\n", 1) if synthetic else text


_ABSTRACT = "abstract: |\n"
_SYNTHETIC = (
    "**Synthetic data: nothing in this text is a finding.** Every number, table and figure is of "
    "repositories drawn at random to test the code, under names of real developers."
)


def paper(
    paper: Path,
    results: Path,
    figures: Path,
    out: Path,
    definitions: Definitions,
    progress: Callable[[str], None],
) -> list[Path]:
    """Render the paper to TeX, HTML and PDF.

    Parameters
    ----------
    paper
        Folder of the text, its references and templates.
    results, figures
        Folders of the run.
    out
        Folder that receives the outputs.
    definitions
        Definitions.
    progress
        Called with a line of text before each step.
    """
    text = source_text(paper, results, definitions)
    with tempfile.TemporaryDirectory() as name:
        desk = Path(name)
        for source in SOURCES:
            shutil.copy(paper / source, desk / source)
        shutil.copytree(figures, desk / "figures")
        progress("TeX")
        made = _pandoc(desk, text.replace("](figures/", "](../figures/"), "latex", ".pdf")
        write_text(out / "paper.tex", made)
        progress("HTML")
        html = _pandoc(desk, text, "html5", ".svg")
        table = registry_table.section(registry.load(definitions.group_of), definitions.group_of)
        write_text(out / "paper.html", html.replace("</body>", f"{table}\n</body>"))
        progress("PDF")
        (desk / "paper.typ").write_text(_pandoc(desk, text, "typst", ".svg"), encoding="utf-8")
        write_bytes(out / "paper.pdf", _pdf(desk, read_json(results / "manifest.json")["accessed"]))
    return [out / name for name in OUTPUTS]


_OPTIONS = {
    "latex": ["--include-in-header=header.tex", "--variable=geometry:margin=2.5cm"],
    "html5": ["--embed-resources", "--css=paper.css", "--section-divs"],
    "typst": ["--template=template.typ"],
}


_READER = "markdown" + "".join(
    f"-{extension}"
    for extension in (
        "auto_identifiers",
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


def _pandoc(desk: Path, text: str, target: str, suffix: str) -> str:
    """Convert `text` to `target`; figures without an ending get `suffix`."""
    import pypandoc

    command = [
        pypandoc.get_pandoc_path(),
        f"--from={_READER}",
        f"--to={target}",
        "--standalone",
        "--data-dir=.",  # no template, default or filter of the user
        "--lua-filter=placement.lua",
        "--citeproc",
        "--bibliography=references.bib",
        f"--default-image-extension={suffix}",
        "--shift-heading-level-by=0",
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
        raise DefinitionError(f"pandoc to {target}: {done.stderr.strip()}", "correct paper.md")
    return done.stdout


def _pdf(desk: Path, day: str) -> bytes:
    """Compile paper.typ with the fonts that Typst carries, dated by the data and not by the run."""
    import typst

    stamp = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    try:
        made = typst.compile(
            str(desk / "paper.typ"),
            root=str(desk),
            ignore_system_fonts=True,
            timestamp=stamp,
            pdf_tags=False,  # Typst 0.15 can fail on tags of a figure that breaks over pages
        )
    except typst.TypstError as error:
        raise DefinitionError(f"typst: {error}", "correct paper.md or template.typ") from None
    return bytes(made)

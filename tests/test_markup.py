"""Data stay data: in the Markdown of the paper, its outputs, the figures, the terminal and CSV."""

from __future__ import annotations

import io
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from rich.console import Console
from small import synthetic_definitions

from replication import files
from replication.cli import outcome
from replication.plain import plain, plain_lines
from replication.plots import rendered, results, style
from replication.report import front_matter, markdown, own, prose, render, tables
from replication.run import ROOT

DEFINITIONS = synthetic_definitions()
PAPER = ROOT / "paper"
RAW = "`<script>document.title=1</script>`{=html}`\\immediate\\write18{id}`{=latex}"
NASTY = [
    RAW,
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\\write18{id}",
    "$\\input{/etc/passwd}$",
    "#sys.version",
    "@longpre2025",
    "[@longpre2025; @x]",
    "[a](javascript:alert(1))",
    "![a](x.png)",
    "<https://example.org>",
    "https://example.org",
    "a | b",
    "*bold* __bold__ _it_ ~~x~~ H~2~O x^2^",
    "note[^1] ^[inline]",
    "a--b---c",
    "x...y",
    'it\'s "so"',
    "{{head-china}}",
    "&lt;b&gt; &#60;",
    "::: {.here}",
    ":smile:",
    "```{=html}",
    "%%% \\% & # _",
    "</table></body>",
    "[red]x[/red] [/]",
]
TEXTS = {
    "claims": ("statement", "reason", "turned_by"),
    "defects": ("what", "where", "treatment"),
    "disagreements": ("namespace", "study_group", "registry_group", "alternative_country"),
    "window_movers": ("label",),
    "window_targets": ("developer",),
}


class Cells(HTMLParser):
    """The texts of a page's table cells, and the names of all its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.tags: set[str] = set()
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A cell begins."""
        self.tags.add(tag)
        if tag in {"td", "th"}:
            self.cells.append("")
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        if tag in {"td", "th"}:
            self._open = False

    def handle_data(self, data: str) -> None:
        """Text goes to the cell that is open."""
        if self._open:
            self.cells[-1] += data


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that pandoc reads."""
    folder = tmp_path_factory.mktemp("desk")
    for name in render.SOURCES:
        shutil.copy(PAPER / name, folder / name)
    front_matter.write(folder)
    return folder


def squeezed(text: str) -> str:
    """Text with every stretch of white space as one blank."""
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.slow
def test_cells_show_data_as_they_are(desk: Path) -> None:
    """Every nasty string is the text of its cell in HTML; nothing of it is markup."""
    made = markdown.markdown(("a", "b"), [(text, "end") for text in NASTY], (9, 1))
    page = Cells(render._pandoc(desk, made, "html5").partition("<main")[2])
    assert [squeezed(cell) for cell in page.cells[2::2]] == [squeezed(text) for text in NASTY]
    assert page.cells[3::2] == ["end"] * len(NASTY)
    assert not page.tags & {"script", "img", "a", "em", "strong", "del", "sup", "sub", "code"}


@pytest.mark.slow
def test_cells_hold_no_command_of_tex_or_typst(desk: Path) -> None:
    """In TeX no backslash of the data begins a command; in Typst the text is escaped too."""
    made = markdown.markdown(("a",), [(RAW,), ("\\write18{id}",), ("#eval(1) $x$",)], (9,))
    tex = render._pandoc(desk, made, "latex")
    assert "write18" in tex
    assert not re.search(r"(?<!textbackslash )\\(?:immediate|write18)", tex)
    typst = render._pandoc(desk, made, "typst")
    assert "\\#eval(1) \\$x\\$" in typst


def nasty_results(folder: Path) -> None:
    """The committed results with nasty texts in every column of free text."""
    for path in (ROOT / "results").iterdir():
        shutil.copy(path, folder / path.name)
    for name, columns in TEXTS.items():
        table = files.read_csv(folder / f"{name}.csv")
        for column in columns:
            table[column] = [NASTY[row % len(NASTY)] for row in range(len(table))]
        files.write_csv(folder / f"{name}.csv", table)


@pytest.mark.slow
def test_every_table_holds_nasty_texts(tmp_path: Path, desk: Path) -> None:
    """No table breaks, and no text of the data is obeyed in HTML."""
    nasty_results(tmp_path)
    made = {name: make() for name, make in tables.all_tables(tmp_path, DEFINITIONS).items()}
    plain_pipes = {
        name: {len(re.findall(r"(?<!\\)\|", line)) for line in text.splitlines()}
        for name, text in made.items()
    }
    assert {name: len(found) for name, found in plain_pipes.items()} == dict.fromkeys(made, 1)
    page = render._pandoc(desk, "\n\n".join(made.values()), "html5")
    assert not Cells(page).tags & {"script", "img", "em", "del", "sup", "sub", "math"}
    assert "document.title" in page


def test_numbers_of_the_text_are_escaped() -> None:
    """A display is data, in prose and in code."""
    numbers = {"a": {"display": "*x* | <b>"}, "b": {"display": "f`` `{=html}"}}
    assert prose.fill("{{a}}, `{{b}}`", numbers, {}) == (
        "\\*x\\* \\| \\<b\\>, ``` f`` `{=html} ```"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"x{mark}y.parquet" for mark in "'\"\\:"])
def test_a_title_cannot_end_the_head_of_the_text(name: str, desk: Path) -> None:
    """The date of the paper holds whatever the data are called."""
    front = (PAPER / "paper.md").read_text(encoding="utf-8").split("---\n")[1]
    front = front[: front.index("abstract:")]
    others = {key: {"display": "2025"} for key in re.findall(r"{{([\w-]+)}}", front)}
    front = re.sub(r"{{(?:tab|fig):\w+}}", "1", front)
    text = prose.fill(f"---\n{front}---\n\nx\n", others | {"file-title": {"display": name}}, {})
    page = render._pandoc(desk, text, "html5")
    date = page.partition('<p class="date">')[2].partition("</p>")[0]
    assert date.startswith("Data: ")
    assert " x" in date
    assert "y.parquet" in date
    assert "{{" not in date


def test_the_banner_of_other_data_is_escaped(tmp_path: Path) -> None:
    """Title and file name of a run's data do not become markup where the text names them."""
    about = {"title": "<b>", "filename": "a*b*.parquet", "rows": 1, "accessed": "2026-01-01"}
    files.write_json(tmp_path / "manifest.json", {**about, "sha256": "0"})
    shown = markdown.escaped(own.differences(tmp_path, DEFINITIONS)[0], sentence=True)
    text = prose.fill("This run has {{source:own}}.", {"source:own": {"display": shown}}, {})
    assert "the data \\<b\\> (a\\*b\\*.parquet, 1 rows" in text


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "java\tscript:x",
        "data:text/html,x",
        "http://[",
    ],
)
def test_a_link_leads_to_a_page(address: str) -> None:
    """Of an address that is a script or no address the text alone is left."""
    assert markdown.link("a", address) == "a"


def test_an_address_cannot_leave_its_link() -> None:
    """Brackets, blanks and pipes of an address are encoded; others stay as they are."""
    assert markdown.link("a", "https://x.org/a) b|<c>") == "[a](https://x.org/a%29%20b%7C%3Cc%3E)"
    whole = "https://x.org/a_b?c=d&e=%20f#g"
    assert markdown.link("a", whole) == f"[a]({whole})"


def test_text_is_plain() -> None:
    """No control character, no change of direction, no end of line; the middle of much is left out."""
    assert plain("a\x1b[31m\u202eb\x00\nc\u00a0d") == "a\ufffd[31m\ufffdb\ufffd c\u00a0d"
    assert plain("x" * 10_000, 9) == "xxxx…xxxx"
    assert plain("abc", 3) == "abc"
    assert plain_lines("a\x07\nb") == "a\ufffd\nb"


def test_a_dollar_in_a_name_is_drawn() -> None:
    """Names are not read as formulas, in SVG they are escaped, and unknown letters are marked."""
    with style.look():
        figure = style.page(1, "$\\frac{x$ </text><script>", "$a$", "a & b").figure
    assert b"<script>" not in rendered(figure, "svg")
    assert isinstance(figure, Figure)


def test_names_in_figures_are_short_and_in_known_letters() -> None:
    """A name of the data is cut in its middle; what the font lacks is marked, without a warning."""
    table = pd.DataFrame({"developer": ["x" * 500, "深", "a\nb"], "lead": [1, 2, 3]})
    drawn = results._drawable(table)["developer"].tolist()
    assert drawn == ["x" * 24 + "…" + "x" * 23, "\ufffd", "a b"]


@pytest.mark.slow
def test_the_terminal_obeys_no_data(tmp_path: Path) -> None:
    """Markup and control characters of names are shown, not followed."""
    nasty_results(tmp_path)
    table = files.read_csv(tmp_path / "unattributed.csv")
    table["namespace"] = "[red]x[/wrong]\x1b[2J"
    files.write_csv(tmp_path / "unattributed.csv", table)
    stream = io.StringIO()
    for stage in ("fetch", "attribution", "analysis"):
        outcome.print_outcome(stage, tmp_path, Console(file=stream, width=400))
    assert "\x1b" not in stream.getvalue()
    assert "[red]x[/wrong]\ufffd[2J" in stream.getvalue()
    assert "<script>alert(1)</script>" in stream.getvalue()


def test_a_table_without_rows_says_none() -> None:
    """An empty selection is a row that says so."""
    made = markdown.markdown(("a", "b", "c"), [], (1, 1, 1))
    assert made.splitlines()[2:] == ["| none | – | – |"]

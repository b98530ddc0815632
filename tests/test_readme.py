"""The README and the documents of users: fresh blocks, links that lead somewhere, commands that exist, no typed finding."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer

from replication.cli.app import app
from replication.definitions import load_definitions
from replication.errors import DefinitionError
from replication.places import PAPER
from replication.plain import plain
from replication.report import claim_text, claims, documents, numbers, prose, readme, render, short
from replication.run import ROOT

README, CLAIMS = readme.DOCUMENTS
RESULTS = ROOT / "results"
DEFINITIONS = load_definitions()
NUMBERS = json.loads((RESULTS / "numbers.json").read_text(encoding="utf-8"))
WRITTEN = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{x}.md" for x in ("USAGE", "SOURCES", "CLAIMS", "CHECKING", "DATASET")),
)
"""Documents that people wrote for users, some with generated blocks."""
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in WRITTEN}
TEXT = TEXTS["README.md"]
BLOCK = re.compile(r"(<!-- begin:(\w+) -->\n).*?(<!-- end:\2 -->)", re.DOTALL)
LINKS = sorted(
    {
        (name, link)
        for name, text in TEXTS.items()
        for link in re.findall(r"\]\((?!https?://)([^)\s]+)\)", text)
    }
)
CODE = {
    name: [line for part in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in part.split("\n")]
    + re.findall(r"`((?:make|open-model-downloads) [^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for name, text in TEXTS.items()
}  # fmt: skip
COMMANDS = sorted(
    {
        code.partition(" #")[0].strip()
        for lines in CODE.values()
        for code in lines
        if re.search(r"\bmake |-m replication|^open-model-downloads ", code)
    }
)
PROGRAM = re.compile(r"^(?:.*?-m replication|open-model-downloads) ")
MISSPELT = typer.BadParameter.__base__ or Exception
"""What the command line raises where an option or an argument is not one."""
FINDING = re.compile(r"\d[\d.,]*\s?(?:%|percent\b|points?\b)")
"""How a finding would be written: a share, or a distance of shares."""


def by_hand(name: str) -> str:
    """What people wrote of a document: without its generated blocks."""
    return BLOCK.sub("", TEXTS[name])


@pytest.mark.parametrize("name", readme.DOCUMENTS, ids=str)
def test_generated_parts_are_fresh(name: Path) -> None:
    """The generated blocks are what the committed results and the code make of them."""
    text = TEXTS[name.as_posix()]
    assert readme.rendered(name, text, RESULTS, DEFINITIONS) == text


@pytest.mark.parametrize(
    ("name", "old"), [(README, "**contradicted**"), (CLAIMS, "**contradicted**")], ids=str
)
def test_stale_part_would_be_found(name: Path, old: str) -> None:
    """A number or a line that was changed by hand is put right."""
    text = TEXTS[name.as_posix()]
    edited = text.replace(old, "**reproduced**", 1)
    assert edited != text
    assert readme.rendered(name, edited, RESULTS, DEFINITIONS) == text


@pytest.mark.parametrize("old", ["<!-- begin:findings -->", "<!-- begin:short -->"])
def test_missing_block_is_refused(old: str) -> None:
    """A README that has lost the mark of a generated part is refused by name."""
    with pytest.raises(DefinitionError, match=r"README\.md has the blocks"):
        readme.rendered(README, TEXT.replace(old, ""), RESULTS, DEFINITIONS)


def test_update_touches_only_the_generated_parts(tmp_path: Path) -> None:
    """An update keeps what people wrote, and a second update changes nothing."""
    for name in readme.DOCUMENTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        emptied = BLOCK.sub(r"\1\3", TEXTS[name.as_posix()])
        assert len(emptied) < len(TEXTS[name.as_posix()])
        (tmp_path / name).write_text(emptied, encoding="utf-8")
    for _ in range(2):
        for path in readme.update(tmp_path, RESULTS, DEFINITIONS):
            name = path.relative_to(tmp_path).as_posix()
            assert path.read_text(encoding="utf-8") == TEXTS[name]


def test_the_readme_is_short_and_begins_with_the_answer() -> None:
    """At most 150 lines; the finding, one figure, and then the rest."""
    assert len(TEXT.splitlines()) <= 150
    assert len(re.findall(r"!\[", TEXT)) == 1
    places = [TEXT.index(x) for x in ("begin:short", "![", "begin:findings", "make all", "## What")]
    assert places[:2] == sorted(places)[:2]
    assert short.filled(PAPER, RESULTS, DEFINITIONS) in TEXT


def test_the_findings_fit_a_phone() -> None:
    """The README's table has the main claims in four columns; docs/CLAIMS.md has every claim."""
    rows = [line for line in TEXT.partition("begin:findings")[2].splitlines() if line[:1] == "|"]
    table = rows[: 2 + len(claims.MAIN)]
    assert {line.count(" | ") for line in table} == {3}
    assert all("**" in line for line in table[2:])
    ledger = (ROOT / "paper" / "claims.toml").read_text(encoding="utf-8").count("[[claim]]")
    every = [line for line in TEXTS["docs/CLAIMS.md"].splitlines() if line[:1] == "|"]
    assert len(every) == ledger + 4


@pytest.mark.parametrize(
    ("estimate", "lower", "upper", "said"),
    [
        ("-12.68", "-16.38", "-8.99", ("USA ahead by 12.7", "9.0 to 16.4")),
        ("2", "1.5", "3", ("China ahead by 2.0", "1.5 to 3.0")),
        ("-0.3", "-4", "3.4", ("USA ahead by 0.3", "USA ahead by 4.0 to China ahead by 3.4")),
    ],
)
def test_a_lead_is_said_in_words(
    estimate: str, lower: str, upper: str, said: tuple[str, str]
) -> None:
    """Whoever is ahead is named, at both ends where they differ."""
    row = {"statement": "lead", "published": "1", "unit": "points", "answer": "contradicted"}
    row |= {"estimate": estimate, "lower": lower, "upper": upper, "survives": "", "turned_by": ""}
    cells = claim_text.cells(row)
    assert (cells["public_data"], cells["range"]) == said


@pytest.mark.parametrize(("name", "link"), LINKS)
def test_link_leads_somewhere(name: str, link: str) -> None:
    """Every file that a document links to exists, and has the heading that is named."""
    path, _, heading = link.partition("#")
    target = (ROOT / name).parent / path if path else ROOT / name
    assert target.exists()
    if heading:
        headings = re.findall(r"(?m)^#+ (.+)$", target.read_text(encoding="utf-8"))
        slugs = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert heading in slugs


def test_readme_links_what_a_reader_looks_for() -> None:
    """Paper, page, definitions, registry, citation, licence and what data editors ask for are a click away."""
    wanted = "paper/paper.pdf paper/supplement.pdf paper/paper.html paper/paper.tex page/index.html"
    wanted += " replication/definitions/definitions.toml CITATION.cff datapackage.json docs/API.md"
    wanted += " LICENSE requirements.lock replication/data/registry.csv figures/window_pair.png"
    wanted += " tests bench docs/PROVENANCE.md docs/HOWTO.md docs/CLAIMS.md results/README.md"
    wanted += (
        " docs/SOURCES.md#data-availability-and-rights docs/USAGE.md#computational-requirements"
    )
    wanted += " docs/USAGE.md#randomness #run-it"
    assert set(wanted.split()) <= {link for name, link in LINKS if name == "README.md"}


def test_the_usual_commands_are_there() -> None:
    """The README has the two commands of make, and those of its readers."""
    usual = {"make all", "make test", "make help", "make verify", "make all DEFINITIONS=my.toml"}
    usual |= {"make all DATA=path/to/one_year_rolling.parquet"}
    text = " ".join(CODE["README.md"])
    assert all(one in text for one in usual)
    for command in ("summary", "compare", "who", "claim"):
        assert f".venv/bin/python -m replication {command}" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_one(command: str) -> None:
    """A target, its variables, a command, its arguments and options exist; nothing is run."""
    for part in command.split(" && "):
        for line in [part] if PROGRAM.match(part) else planned(part):
            understand(line)


def planned(command: str) -> list[str]:
    """Commands of the package that make would run; other targets only have to exist."""
    words = shlex.split(command)
    words = words[words.index("make") :]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in (word.partition("=")[0] for word in words if "=" in word):
        assert f"call given,{name}" in makefile or f"call option,{name}," in makefile, name
    done = subprocess.run(
        ["make", "--dry-run", "--old-file=requirements.lock", *words[1:]],
        cwd=ROOT, capture_output=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if "-m replication" in line]


def understand(line: str) -> None:
    """Read a command line as the program does, without running it."""
    words = shlex.split(PROGRAM.sub("", line))
    if words in (["--help"], ["--version"]):
        return
    command: Any = typer.main.get_command(app)
    context = None
    while hasattr(command, "commands"):
        name = words.pop(0)
        assert name in command.commands, line
        context = typer.Context(command, parent=context, info_name=name)
        command = command.commands[name]
    command.make_context(command.name, words, parent=context)


@pytest.mark.parametrize("line", ["all --dta x", "summry", "registry chek", "compare . a b"])
def test_a_misspelt_command_would_be_found(line: str) -> None:
    """The check of commands refuses what the program refuses."""
    with pytest.raises((AssertionError, MISSPELT)):
        understand(f".venv/bin/python -m replication {line}")


@pytest.mark.parametrize("line", ["make al", "make all DATEN=x"])
def test_a_misspelt_target_would_be_found(line: str) -> None:
    """So is a target or a variable that the Makefile does not know."""
    with pytest.raises(AssertionError):
        planned(line)


def test_a_test_that_is_named_is_one() -> None:
    """A word after -k leaves one test of its file."""
    named = [
        found.groups()
        for lines in CODE.values()
        for line in lines
        if (found := re.search(r"-m pytest .*?(tests/\w+\.py) -k (\w+)", line))
    ]
    assert named
    for file, word in named:
        functions = re.findall(r"^def (test_\w+)", (ROOT / file).read_text("utf-8"), re.MULTILINE)
        assert [word in name for name in functions].count(True) == 1, (file, word)


def test_no_number_is_typed_in_the_readme() -> None:
    """Every digit outside the generated blocks is a date, a link or code."""
    assert prose.typed_digits(by_hand("README.md")) == []


@pytest.mark.parametrize("name", ["docs/USAGE.md", "docs/SOURCES.md", "docs/CLAIMS.md", "docs/CHECKING.md", "docs/DATASET.md", "docs/API.md", "docs/DESIGN.md", "docs/HOWTO.md"])  # fmt: skip
def test_no_finding_is_typed_in_a_document(name: str) -> None:
    """Outside generated blocks and code there is no share, and no number that the text computes."""
    text = BLOCK.sub("", (ROOT / name).read_text(encoding="utf-8"))
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    assert FINDING.findall(text) == []
    shown = {
        plain(one["display"])
        for one in NUMBERS.values()
        if one["table"] != numbers.DEFINITIONS
        and one["format"] in {"whole", "millions", "billions"}
    }
    distinct = [one for one in shown if len(re.sub(r"\D", "", one)) >= 3]
    assert distinct
    assert [
        one for one in distinct if re.search(rf"(?<![\d.,]){re.escape(one)}(?![\d])", text)
    ] == []


@pytest.mark.parametrize("text", ["China holds 48 %.", "12.7 points", "by 1.3 points"])
def test_a_typed_finding_would_be_found(text: str) -> None:
    """A share that should be computed does not get past the check."""
    assert FINDING.search(text)


def test_columns_of_the_estimates_are_told_in_order() -> None:
    """docs/USAGE.md names the columns of results/estimates.csv as the file has them."""
    told = re.search(r"`(estimand,[^`]+)`", TEXTS["docs/USAGE.md"])
    assert told is not None
    with (RESULTS / "estimates.csv").open(encoding="utf-8") as stream:
        told_names = [name.strip() for name in told[1].split(",")]
        assert told_names == stream.readline().strip().split(",")


@pytest.mark.slow
def test_committed_page_shows_the_committed_numbers() -> None:
    """The committed text of the paper uses every number, and none is missing from these data."""
    assert set(NUMBERS) <= set(prose.keys(documents.text(PAPER)))
    filled = "".join(render.source_texts(PAPER, RESULTS, DEFINITIONS).values())
    assert numbers.ABSENT not in filled
    assert "{{" not in filled

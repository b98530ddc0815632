"""Every command, option, variable and file that a message names exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from replication.cli.app import app
from replication.run import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"(?m)^([a-z][a-z-]*):", MAKEFILE)) | set(
    re.findall(r"(?m)^STAGES := (.*)", MAKEFILE)[0].split()
)
VARIABLES = set(re.findall(r"call (?:option|given),(\w+)", MAKEFILE)) | {"PYTHON"}
FOREIGN = {"SPARK_EXTRACTS", "SPARK_MASTER", "TMPDIR", "PYTHONPATH"}
"""Variables of other programs, which messages may name."""
ENGLISH = {"a", "an", "it", "of", "the", "them"}
"""Words after "make" that are not targets."""
FILES = re.compile(r"(?<![\w./{])(?:replication|paper|results|tests|bench)/[\w./-]*\w")


def text_of(node: ast.expr) -> str | None:
    """A literal text; what is filled in at run time is a pair of braces."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return None


def docstrings(tree: ast.Module) -> set[int]:
    """Identities of the nodes that document rather than speak."""
    bodies = [node.body for node in ast.walk(tree) if hasattr(node, "body")]
    lines = [x for body in bodies if isinstance(body, list) for x in body]
    return {id(x.value) for x in lines if isinstance(x, ast.Expr)}


def texts(code: str) -> Iterator[tuple[int, str]]:
    """Line and text of every literal of several words that is no docstring."""
    tree = ast.parse(code)
    unspoken = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            unspoken |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        text = text_of(node) if isinstance(node, ast.expr) and id(node) not in unspoken else None
        if text and " " in text.strip():
            yield node.lineno, text


@cache
def spoken() -> tuple[tuple[str, str], ...]:
    """Place and text of every message of the package."""
    paths = sorted((ROOT / "replication").rglob("*.py"))
    return tuple(
        (f"{path.relative_to(ROOT)}:{line}", text)
        for path in paths
        for line, text in texts(path.read_text(encoding="utf-8"))
    )


def commands(command: Any = None, name: str = "") -> dict[str, set[str]]:
    """Options of every command of the command line, by its words."""
    command = command or typer.main.get_command(app)
    options = {option for parameter in command.params for option in parameter.opts}
    found = {name: {option for option in options if option.startswith("--")} | {"--help"}}
    for word, inner in getattr(command, "commands", {}).items():
        found |= commands(inner, f"{name} {word}".strip())
    return found


COMMANDS = commands()
OPTIONS = set().union(*COMMANDS.values())


def wrong_in(text: str) -> list[str]:
    """What a text names and nothing has."""
    wrong = [f"make {x}" for x in re.findall(r"\bmake ([a-z][a-z-]*)", text)
             if x not in TARGETS | ENGLISH]  # fmt: skip
    for line in re.findall(
        r"(?:python -m replication|open-model-downloads) ([a-z][^`;,:()]*)", text
    ):
        words = line.split()
        name = " ".join(words[:2]) if words[0] == "registry" else words[0]
        given = {word for word in words if word.startswith("--")}
        if name not in COMMANDS or not given <= COMMANDS[name]:
            wrong.append(f"python -m replication {line}")
    for line in re.findall(r"`(registry [a-z]+|who|crawl|bundle|verify)\b", text):
        wrong += [] if line in COMMANDS else [line]
    wrong += [x for x in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text) if x not in OPTIONS]
    named = re.findall(r"(?<![\w-])([A-Z][A-Z_]+)=", text)
    wrong += [f"{x}=" for x in named if x not in VARIABLES | FOREIGN]
    wrong += [x for x in FILES.findall(text) if not (ROOT / x).exists()]
    return wrong


@pytest.mark.slow
def test_the_messages_are_found() -> None:
    """The search sees remedies of all kinds, whole and in parts, and no docstrings."""
    all_texts = " ".join(text for _, text in spoken())
    assert len(spoken()) > 400
    for told in (
        "make all",
        "python -m replication bundle --from",
        "--definitions",
        "DATA=records",
    ):
        assert told in all_texts
    code = (
        'def f():\n    """Use --nothing here."""\n    raise E(f"{x} is wrong", f"use --no{y} it")'
    )
    assert [text for _, text in texts(code)] == ["{} is wrong", "use --no{} it"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ask for smaller pages (--page-length)", ["--page-length"]),
        ("run make everything", ["make everything"]),
        (
            "run python -m replication fetch --from FILE",
            ["python -m replication fetch --from FILE"],
        ),
        ("run python -m replication registry lost", ["python -m replication registry lost"]),
        ("use DATEN=path here", ["DATEN="]),
        ("see replication/absent.toml for it", ["replication/absent.toml"]),
        ("list them: `registry lost`", ["registry lost"]),
        ("run make all OUT=folder, or python -m replication bundle --from FILE: --definitions", []),
        ("see results/claims.csv; make it so", []),
    ],
)
def test_a_message_that_leads_nowhere_is_found(text: str, wrong: list[str]) -> None:
    """Each kind of name is looked up where it is defined."""
    assert [x for x in wrong_in(text) if x != "--from" or "--from" in wrong] == wrong


@pytest.mark.slow
def test_every_message_leads_somewhere() -> None:
    """Commands, targets, options, variables and files of every message exist."""
    found = [
        f"{place}: {', '.join(wrong)}" for place, text in spoken() if (wrong := wrong_in(text))
    ]
    assert found == []


def test_no_message_is_read_without_its_file() -> None:
    """The source that is searched is the source that runs."""
    import replication

    assert Path(replication.__file__).is_relative_to(ROOT)

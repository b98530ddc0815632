"""The results do not depend on place, user, language, time zone, order, workers or rights of files."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from test_citation import tracked

from release import environments, surroundings
from release.environments import Environment
from release.source import ReleaseError
from release.surroundings import CHECKOUT, HERE, SDIST, WHEEL
from replication.run import ROOT

VERSION = environments.answer(sys.executable)[1]
PRESENT = Environment(sys.executable, VERSION)


def test_the_surroundings_vary_everything() -> None:
    """Every version of Python, every form, and at least two of each property; names are told apart."""
    assert len({one.name for one in surroundings.ALL}) == len(surroundings.ALL)
    assert {one.python for one in surroundings.ALL} == {"3.11", "3.12", "3.13"}
    assert {one.form for one in surroundings.ALL} == {CHECKOUT, WHEEL, SDIST}
    for name in ("workers", "locale", "timezone", "hash_seed", "umask", "folder"):
        assert len({getattr(one, name) for one in surroundings.ALL}) > 1, name
    assert 1 in {one.workers for one in surroundings.ALL}


@pytest.mark.slow
def test_a_run_in_other_surroundings_makes_the_same(tmp_path: Path) -> None:
    """All at once on the present Python: the first stages give what is committed, and nothing else changes."""
    tracked()
    outcome = surroundings.run(HERE, PRESENT, ROOT, tmp_path, ("fetch", "panel", "attribution"))
    made = [line for line in outcome.wrong if not line.endswith("missing")]
    assert made == []
    assert outcome.counts["same bytes"] > 500
    missing = {line.split(" ")[0].split("/")[0] for line in outcome.wrong}
    assert missing == {"results", "figures", "paper", "page"}
    assert "results/defects.csv missing" not in outcome.wrong
    assert "paper/references.bib missing" not in outcome.wrong  # the paper is made of it
    assert not outcome.same


@pytest.mark.slow
def test_a_run_that_fails_is_named(tmp_path: Path) -> None:
    """The message names the surrounding, the command and what it said."""
    tracked()
    one = replace(HERE, locale="C", nobody=False, name="broken")
    with pytest.raises(
        ReleaseError, match=r"nonsense fails in the surrounding broken: .*No such command"
    ):
        surroundings.run(one, PRESENT, ROOT, tmp_path, ("nonsense",))


@pytest.mark.slow
def test_a_changed_file_is_found(tmp_path: Path) -> None:
    """A file that differs, and one that is missing, are named; the others are counted."""
    names = surroundings.outputs(ROOT)
    made = tmp_path / "made"
    for name in names[:-1]:
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / name).read_bytes())
    (made / "results/claims.csv").write_text("other\n", encoding="utf-8")
    wheel = replace(HERE, form=WHEEL)
    outcome = surroundings._compared(wheel, VERSION, made, surroundings._expected(wheel, ROOT))
    first = (ROOT / "results/claims.csv").read_text("utf-8").split("\n")[0]
    assert outcome.wrong[0].startswith("results/claims.csv differs in line 1: 'other' for ")
    assert first[:40] in outcome.wrong[0]
    assert outcome.wrong[1:] == (f"{names[-1]} missing",)
    assert (
        outcome.counts["same bytes"] == len(names) - 3
    )  # README.md of results is of the repository alone
    assert not outcome.same


@pytest.mark.slow
def test_a_python_is_found_by_what_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program of another version, or that only looks like one, is passed by."""
    short = ".".join(VERSION.split(".")[:2])
    fake = tmp_path / f"python{short}"
    fake.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environments.found(short, []) == ""
    assert (
        environments.found(short, [str(fake), str(tmp_path / "none"), sys.executable])
        == sys.executable
    )
    assert environments.found("2.0", [sys.executable]) == ""


@pytest.mark.slow
def test_a_locale_is_in_force(tmp_path: Path) -> None:
    """Where the machine can compile it, a comma separates decimals in the run; else it is C and says so."""
    told = surroundings._locale("de_DE.UTF-8", tmp_path / surroundings.LOCALES)
    assert told in {"de_DE.UTF-8", "C"}
    one = replace(HERE, locale=told)
    program = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.str(1.5))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=surroundings._variables(one, tmp_path),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == ("1,5" if told != "C" else "1.5")

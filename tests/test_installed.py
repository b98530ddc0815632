"""The installed package: a wheel that runs away from the repository and writes beside the user."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from command_line import assert_one_message, contents, environment, files_in

from replication import __version__
from replication.pipeline import paper_stage
from replication.places import COMMAND, IN_SHORT
from replication.run import ROOT

pytest.importorskip("setuptools")
SEVERAL = f"""
import contextlib, io, json, sys
from importlib.metadata import entry_points
(found,) = entry_points(group="console_scripts", name={COMMAND!r})
main, told = found.load(), []
for line in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = [{COMMAND!r}, *line]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    told.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(told))
"""
"""Runs several command lines of the console command, each as if alone."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of its sources and install it into an empty folder."""
    desk = tmp_path_factory.mktemp("installed")
    copy, made, target = desk / "copy", desk / "wheel", desk / "packages"
    made.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", "paper.html", "paper.pdf", "*.part")
    for name in ("replication", "paper"):
        shutil.copytree(ROOT / name, copy / name, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    program = f"from setuptools.build_meta import build_wheel; build_wheel({str(made)!r})"
    subprocess.run([sys.executable, "-c", program], cwd=copy, capture_output=True, check=True)
    (wheel,) = made.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def commands(installed: Path, here: Path, *lines: list[str]) -> list[tuple[int, str, str]]:
    """Exit code and words of command lines of the installed package in the folder `here`."""
    cache = str(installed.parent / "cache")
    done = subprocess.run(
        [sys.executable, "-P", "-c", SEVERAL, json.dumps(lines)],
        cwd=here,
        env=environment(PYTHONPATH=str(installed), PYTHONPYCACHEPREFIX=cache),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]


def test_every_package_is_declared() -> None:
    """The list of packages names every folder of code, and the sources of the paper."""
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = about["tool"]["setuptools"]["packages"]
    folders = {path.parent for path in (ROOT / "replication").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert listed == sorted(names | {"replication.paper"})


@pytest.mark.slow
def test_every_file_travels(installed: Path) -> None:
    """All code, SQL, definitions, data and sources of the paper are in the wheel, and no outputs."""
    inside = set(files_in(installed / "replication"))
    ours = [p for p in (ROOT / "replication").rglob("*") if p.suffix in {".py", ".sql", ".toml"}]
    ours += [p for p in (ROOT / "replication" / "data").rglob("*") if p.is_file()]
    assert {p.relative_to(ROOT / "replication").as_posix() for p in ours} <= inside
    sources = {path.name for path in paper_stage.sources()}
    found = {path.name for path in (installed / "replication" / "paper").iterdir()}
    assert found == sources | {IN_SHORT}


@pytest.mark.slow
def test_the_console_command_runs_elsewhere(installed: Path, tmp_path: Path) -> None:
    """It says its version, answers on the registry, and writes into the current folder alone."""
    before = files_in(installed)
    lines = ["--version"], ["summary"], ["who", "Qwen"], ["fetch"], ["panel"], ["panel"]
    told = commands(installed, tmp_path, *lines)
    assert [(code, err) for code, _, err in told] == [(0, "")] * len(lines)
    version, summary, who, fetch, _, again = (out for _, out, _ in told)
    assert version == f"{__version__}\n"
    assert "What nobody can tell" in summary
    assert "Alibaba" in who
    assert str(tmp_path / COMMAND) in fetch
    assert "unchanged" in again
    made, ours = contents(tmp_path / COMMAND / "results"), contents(ROOT / "results")
    assert {"manifest.json", "defects.csv", "window_defects.csv"} <= set(made)
    assert all(ours[name] == content for name, content in made.items())
    assert [path.name for path in tmp_path.iterdir()] == [COMMAND]
    assert files_in(installed) == before


@pytest.mark.slow
def test_what_needs_the_repository_says_so(installed: Path, tmp_path: Path) -> None:
    """`verify` names the repository, and remedies name the console command in place of make."""
    lines = ["verify"], ["calibration"], ["panel"], ["fetch", "--out", str(installed)]
    told = commands(installed, tmp_path, *lines)
    named = "verify needs", "calibration needs", "is missing", "holds the package itself"
    remedies = [
        assert_one_message(code, err, what)
        for (code, _, err), what in zip(told, named, strict=True)
    ]
    assert "clone the repository" in remedies[0]
    assert f"{COMMAND} all" in remedies[2]
    assert not [remedy for remedy in remedies if "make" in remedy]
    assert files_in(tmp_path) == []


def test_the_repository_is_not_taken_for_installed() -> None:
    """From a checkout, the sources of the paper are those of the repository."""
    from replication import places

    assert places.IN_REPOSITORY
    assert places.PAPER == ROOT / "paper"
    assert places.home() == ROOT

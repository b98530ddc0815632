"""What lies in the environment or in the current folder changes no result."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
from command_line import contents, environment
from conftest import Finished

from replication.cli import app as terminal
from replication.cli.app import app
from replication.definitions import load_definitions
from replication.plots import rendered, rolling, shares_over_time, style
from replication.plots.results import Results
from replication.run import ROOT

VARIABLES = {
    "DATA": "/scratch",
    "ENGINE": "docker",
    "FILE": "/etc/magic",
    "UNTIL": "now",
    "SINCE": "1970-01-01",
    "REVISION": "main",
    "OUT": "/scratch/out",
    "RECORDS": "/scratch/records",
    "STUDY": "/scratch/definitions.toml",
    "REGISTRY": "/scratch/registry.csv",
    "CRAWL": "--top 5",
    "PYTHONS": "/usr/bin/false",
    "WHEELS": "1",
    "PYTHON": "/usr/bin/false",
    "BIN": "/scratch",
    "VENV": "/scratch",
}
"""Names that other programs use too, with values that would stop or turn a run."""
HOSTILE = {
    "PYTHONHASHSEED": "1",
    "PYTHONWARNINGS": "error",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "C",
    "TZ": "America/Los_Angeles",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "svg",
}
make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def told_by_make(*arguments: str, **variables: str) -> str:
    """The command that make would run."""
    command = ["make", "--no-print-directory", "--dry-run", "--old-file=.venv/ready", *arguments]
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=True
    )
    lines = [
        line for line in done.stdout.splitlines() if re.search("-m (replication|release)", line)
    ]
    return " ".join(lines[0].split())


@make
@pytest.mark.parametrize(
    "target",
    ["all", "fetch", "panel", "verify", "crawl", "calibration", "surroundings", "archive"],
)
def test_make_reads_no_variable_of_the_environment(target: str) -> None:
    """Every target runs the same command with and without variables of these names."""
    assert told_by_make(target, **VARIABLES) == told_by_make(target)


@make
@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("DATA=released", "--data 'released'"),
        ("OUT=some folder", "--out 'some folder'"),
        ("OUT=", "--out ''"),
        ("DEFINITIONS=my.toml", "--definitions 'my.toml'"),
        ("RECORDS=r", "--records 'r'"),
        ("REVISION=main", "--revision 'main'"),
        ("FILE=a.parquet", "--file 'a.parquet'"),
        ("SINCE=2025-01-01", "--since '2025-01-01'"),
        ("UNTIL=2025-01-01", "--until '2025-01-01'"),
        ("ENGINE=spark", "--engine 'spark'"),
        ("DATA=it's", r"--data 'it'\''s'"),
    ],
)
def test_make_passes_what_its_command_line_says(variable: str, option: str) -> None:
    """A variable of make's command line is an option, quoted, and empty where it is empty."""
    told = told_by_make("all", variable, **VARIABLES)
    assert told.endswith(f"-m replication all {option}")


@make
def test_a_crawl_goes_where_the_command_line_says() -> None:
    """OUT and CRAWL are those of the command line; an empty OUT is passed on, to be refused."""
    assert told_by_make("crawl", "OUT=here", "CRAWL=--top 9").endswith("--out 'here' --top 9")
    assert told_by_make("crawl", "OUT=").endswith("crawl --out '' --all")


@make
def test_make_hands_on_what_a_release_asks_for() -> None:
    """Pythons and packages are those of the command line."""
    assert told_by_make("surroundings", "PYTHONS=a b", **VARIABLES).endswith("--pythons 'a b'")
    assert told_by_make("archive", "WHEELS=1").endswith("archive --wheels")


@pytest.mark.slow
@make
def test_make_runs_one_stage_after_the_other(tmp_path: Path) -> None:
    """Several targets keep their order whatever -j says: a stage reads what others wrote."""
    program = tmp_path / "python"
    program.write_text(
        '#!/bin/sh\n[ "$4" = fetch ] && sleep 0.3\necho "$4" >> "$0.log"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    command = ["make", "-j4", "--old-file=.venv/ready", f"BIN={tmp_path}", "fetch", "panel"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    assert (tmp_path / "python.log").read_text(encoding="utf-8").split() == ["fetch", "panel"]


@make
def test_make_clean_keeps_results(tmp_path: Path) -> None:
    """What other runs have found stays; what can be made again goes."""
    for name in ("build/panel", "results", "runs/mine/build", "runs/mine/results", "figures"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("paper", "replication/data"):
        (tmp_path / name).mkdir(parents=True)
    command = ["make", f"--file={ROOT / 'Makefile'}", "clean"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert {"results", "runs/mine/results", "figures"} <= left
    assert not {"build", "runs/mine/build"} & left


@make
def test_make_help_tells_every_variable() -> None:
    """The help names each variable that becomes an option."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = [
        "DATA",
        "OUT",
        "DEFINITIONS",
        "RECORDS",
        "REVISION",
        "FILE",
        "SINCE",
        "UNTIL",
        "ENGINE",
    ]
    assert all(f"{name}=" in done.stdout for name in names)


def test_no_option_has_a_variable() -> None:
    """The command line reads no option from the environment."""
    import typer

    def options(command: object) -> list[object]:
        inner = getattr(command, "commands", {}).values()
        return [*getattr(command, "params", []), *(x for c in inner for x in options(c))]

    found = options(typer.main.get_command(app))
    assert len(found) > 20
    assert not [option for option in found if getattr(option, "envvar", None)]


@pytest.mark.parametrize("backend", ["nonsense", "", "qtagg"])
def test_the_user_s_backend_of_matplotlib_is_not_read(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    """One that does not exist, or needs a window, stops no run."""
    monkeypatch.setenv("MPLBACKEND", backend)
    seen: list[str] = []
    monkeypatch.setattr(terminal, "app", lambda: seen.append(os.environ["MPLBACKEND"]))
    terminal.main()
    assert seen == ["agg"]


@pytest.mark.slow
def test_a_run_ignores_the_environment(tmp_path: Path, finished: Finished) -> None:
    """Another place, language, time zone, order and the variables of others give the same bytes."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "matplotlibrc").write_text("font.size: 30\n", encoding="utf-8")
    options = [*finished.arguments, "--out", str(tmp_path / "out")]
    program = (
        "from replication.cli.app import app\n"
        "for stage in ('fetch', 'panel', 'attribution'):\n"
        f"    app([stage, *{options!r}], standalone_mode=False)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(**VARIABLES, **HOSTILE, MPLCONFIGDIR=str(config), PYTHONPATH=str(ROOT)),
        cwd=config,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for folder in ("build/panel", "build/attributed"):
        assert contents(tmp_path / "out" / folder) == contents(finished.out / folder)
    made, usual = (contents(folder / "results") for folder in (tmp_path / "out", finished.out))
    assert made
    assert {name: usual[name] for name in made} == made
    assert [path.name for path in config.iterdir()] == ["matplotlibrc"]


@pytest.mark.slow
@pytest.mark.parametrize("figure", [shares_over_time, rolling], ids=lambda f: f.__name__)
def test_a_figure_ignores_the_settings_of_matplotlib(figure: Any, finished: Finished) -> None:
    """Font, resolution, time zone and first day of the user's settings leave no trace in a figure."""
    definitions = load_definitions(finished.definitions)
    tables = Results.read(finished.out / "results", whole=False)

    def drawn() -> bytes:
        with style.context(definitions):
            made = figure.draw(tables, definitions)
        return rendered(made, "svg")

    usual = drawn()
    theirs = {
        "font.size": 30,
        "savefig.dpi": 30,
        "svg.hashsalt": "theirs",
        "timezone": "America/Los_Angeles",
        "date.autoformatter.month": "%d %Y",
        "axes.formatter.use_locale": True,
        "path.simplify": False,
    }
    with mpl.rc_context(theirs):
        assert drawn() == usual

"""The package in a notebook: the documentation runs, and names of one's own change no number."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_line import environment
from matplotlib.figure import Figure

import replication
from replication import api
from replication.errors import ContractError, DegenerateDataError, SourceError
from replication.run import ROOT

DOCUMENT = (ROOT / "docs" / "API.md").read_text(encoding="utf-8")
BLOCKS = re.findall(
    r"^```python\n(.*?)^```\n```text\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL
)
HEAVY = (
    "pandas", "numpy", "pyarrow", "scipy", "pydantic", "matplotlib", "duckdb", "huggingface_hub",
)  # fmt: skip
TABLE = pd.DataFrame({
    "developer": ["a", "b", "c", "d", "e", "f", "a", "g"],
    "group": ["China", "China", "USA", "USA", "Asia", "USA", "USA", "none"],
    "downloads": [500, 90, 310, 60, 40, 200, 5, 30],
})  # fmt: skip


def lines(text: str) -> list[str]:
    """Lines without blanks at their ends, which editors remove."""
    return [line.rstrip() for line in text.strip().splitlines()]


@pytest.mark.slow
def test_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of docs/API.md runs after those before it and prints what stands under it."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    assert len(BLOCKS) == DOCUMENT.count("```python") > 5
    for code, output in BLOCKS:
        printed = io.StringIO()
        with redirect_stdout(printed):
            exec(compile(code, "docs/API.md", "exec"), names)
        assert lines(printed.getvalue()) == lines(output), code


def test_every_name_is_documented_and_works() -> None:
    """What the package offers is in docs/API.md, and nothing else is offered."""
    for name in replication.__all__:
        assert f"r.{name}(" in DOCUMENT
        assert callable(getattr(replication, name))
        assert name in dir(replication)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = replication.nothing  # type: ignore[attr-defined]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "imported"),
    [
        (["--version"], []),
        (["--help"], []),
        (["summary"], ["pydantic"]),
        (["all", "--help"], ["pydantic"]),  # typer itself reads options with it
    ],
)
def test_the_command_line_imports_no_library(arguments: list[str], imported: list[str]) -> None:
    """Help and version need none of the libraries for numbers, definitions, figures or the Hub."""
    program = (
        "import sys\n"
        "from replication.cli.app import main\n"
        "try:\n    main()\n"
        f"finally:\n    print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT, env=environment(), capture_output=True, encoding="utf-8", check=True, timeout=60,
    )  # fmt: skip
    assert done.stderr.strip() == str(imported)


def test_names_of_ones_own_change_no_number() -> None:
    """Two sides of any name, in any order of rows, have the numbers of China and the USA."""
    usual = api.estimate(TABLE, "China", "USA", unattributed=["none"], replicates=200)
    other = {"China": "USA", "USA": "Europe", "Asia": "China"}
    renamed = TABLE.assign(group=TABLE["group"].replace(other))
    got = api.estimate(renamed, "USA", "Europe", unattributed=["none"], replicates=200)
    assert got["statistic"].tolist()[-2:] == ["USA − Europe", "USA / Europe"]
    columns = ["point", "lower", "upper", "n_developers", "n_effective"]
    pd.testing.assert_frame_equal(got[columns], usual[columns])


def test_an_estimate_by_hand() -> None:
    """Shares, lead and ratio of the sums; the bounds give the unattributed to either side."""
    rows = api.estimate(TABLE, "China", "USA", unattributed=["none"], replicates=200)
    point = rows[rows["method"] == "bounds"].set_index("statistic")
    total = TABLE["downloads"].sum()
    assert point.loc["China", "point"] == 590 / total
    assert point.loc["China − USA", "point"] == pytest.approx((590 - 575) / total, abs=1e-15)
    assert point.loc["China / USA", "point"] == pytest.approx(590 / 575)
    ends = point.loc["China − USA", ["lower", "upper"]].astype(float)
    assert np.allclose(ends, [(590 - 605) / total, (620 - 575) / total])
    assert point["n_developers"].unique().tolist() == [7]


@pytest.mark.parametrize(
    ("table", "sides", "error", "what"),
    [
        (TABLE.drop(columns="group"), ("China", "USA"), ContractError, "no column group"),
        (TABLE.assign(downloads=0.5), ("China", "USA"), ContractError, "not counts"),
        (TABLE.assign(downloads=-1), ("China", "USA"), ContractError, "not counts"),
        (TABLE, ("China", "Mars"), DegenerateDataError, "nothing of Mars"),
        (TABLE.assign(developer="a"), ("China", "USA"), DegenerateDataError, "one developer"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    table: pd.DataFrame, sides: tuple[str, str], error: type[Exception], what: str
) -> None:
    """A named error with a remedy, as everywhere."""
    with pytest.raises(error, match=what):
        api.estimate(table, *sides)


def test_results_that_are_not_there(tmp_path: Path) -> None:
    """A folder without results and a table that no run has are named."""
    with pytest.raises(SourceError, match="holds no results"):
        api.read_results(tmp_path)
    with pytest.raises(KeyError, match="nothing: the tables of"):
        _ = api.read_results()["nothing"]


@pytest.mark.slow
def test_a_figure_in_axes_and_in_a_file(tmp_path: Path) -> None:
    """Axes show it as a picture; a file is what the run wrote, whatever its other endings."""
    axes = Figure().subplots()
    assert isinstance(api.draw("uploader_origin", axes), Figure)
    assert len(axes.images) == 1
    api.draw("uploader_origin", tmp_path / "drawn.svg")
    drawn = (tmp_path / "drawn.svg").read_bytes()
    assert drawn == (ROOT / "figures" / "uploader_origin.svg").read_bytes()
    with pytest.raises(SourceError, match=r"is no \.svg, \.pdf or \.png"):
        api.draw("uploader_origin", tmp_path / "drawn.gif")

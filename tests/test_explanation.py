"""How an output came to be, against the code and against the records that a run left."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import invoke
from conftest import Finished

from replication import tables
from replication.errors import SourceError
from replication.files import sha256_file
from replication.functions import named
from replication.pipeline.analysis_inputs import FILES, Inputs
from replication.pipeline.explanation import MAKERS, Part, explain
from replication.places import ROOT
from replication.run import Run
from replication.stages import record_of


def names(part: Part) -> list[str]:
    """Names of a part and of all that it is made of."""
    return [part.name, *(name for one in part.parts for name in names(one))]


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed results in a folder where no stage has run."""
    out = tmp_path_factory.mktemp("committed")
    shutil.copytree(ROOT / "results", out / "results")
    return out


def test_a_table_names_its_function_and_all_that_it_reads(committed: Path) -> None:
    """From the answers on the window down to the files of the stages before."""
    found = explain(committed, "window_answers")
    row = tables.row("window_answers")
    assert found.part.name == "results/window_answers.csv"
    assert found.part.says == row.sentence
    assert found.part.made_by.startswith(f"{row.function} (replication/analysis/window/errors.py:")
    below = names(found.part)
    assert {"results/window_errors.csv", "build/panel/window_months.csv"} <= set(below)
    assert "no record" in found.state
    assert [stage.name for stage in found.stages] == ["fetch", "panel", "attribution", "analysis"]


def test_the_line_is_that_of_the_function(committed: Path) -> None:
    """The file and line that are named begin the function."""
    made_by = explain(committed, "results/hill.csv").part.made_by
    name, place = made_by.removesuffix(")").split(" (")
    path, line = place.split(":")
    text = (ROOT / path).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert text.startswith(f"def {name.rpartition('.')[2]}(")


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("paper/paper.pdf", "def render("),
        ("paper/supplement.html", "def render("),
        ("paper/in_short.json", "def write("),
        ("page/index.html", "def page("),
        ("results/numbers.json", "def collect("),
        ("results/manifest.json", "def fetch("),
        ("figures/figures.json", "def draw_all("),
    ],
)
def test_what_is_no_table_names_its_function_too(committed: Path, name: str, function: str) -> None:
    """A document, the page and the files beside the tables: the line that is named begins the function."""
    path = committed / name
    path.parent.mkdir(exist_ok=True)
    if not path.is_file():
        path.write_text("")
    made_by = explain(committed, name).part.made_by
    file, line = made_by.removesuffix(")").split(" (")[1].split(":")
    text = (ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
    assert text.startswith(function)


def test_every_maker_is_a_function() -> None:
    """What the list names is there."""
    assert all(callable(named(function)) for _, function, _ in MAKERS)


def test_every_table_can_be_explained(committed: Path) -> None:
    """No table reads something of which nothing is known, and none is told twice."""
    for table in tables.of(whole=False):
        below = names(explain(committed, table.name).part)
        assert below[0] == f"results/{table.file}"
        assert table.stage == tables.PANEL or len(below) > 1


def test_the_sources_are_those_of_the_records(committed: Path) -> None:
    """The data at the start have their addresses, commits and whole hashes."""
    sources = explain(committed, "claims.csv").sources
    about = json.loads((ROOT / "replication" / "data" / "window.json").read_text())
    assert [one["sha256"] for one in sources[1:]] == [one["sha256"] for one in about["records"]]
    assert (
        sources[0]["revision"]
        == json.loads((ROOT / "results/manifest.json").read_text())["revision"]
    )


def test_a_number_leads_to_its_cell(committed: Path) -> None:
    """A key of the text gives the number as shown, its cell and its table."""
    part = explain(committed, "w-china").part
    shown = json.loads((ROOT / "results" / "numbers.json").read_text())["w-china"]
    assert part.says == f"{shown['display']}: {shown['cell']}"
    assert part.parts[0].name == shown["table"]


@pytest.mark.slow
def test_a_figure_names_the_tables_that_it_draws(committed: Path) -> None:
    """Every table that drawing asks for, and the title that the figure bears."""
    shutil.copytree(ROOT / "figures", committed / "figures", dirs_exist_ok=True)
    part = explain(committed, "window_pair").part
    words = json.loads((ROOT / "figures" / "figures.json").read_text())
    assert part.says == words["window_pair"]["title"]
    assert {"results/window_answers.csv", "results/hub_dates.csv"} <= {p.name for p in part.parts}


@pytest.mark.parametrize("asked", ["nothing.csv", "../pyproject.toml", "/etc/hosts", "", "results"])
def test_what_is_no_output_is_refused(committed: Path, asked: str) -> None:
    """A file outside the run, a folder or an unknown name."""
    with pytest.raises(SourceError, match="no output of the run"):
        explain(committed, asked)


def test_the_command_prints_text_and_json(committed: Path) -> None:
    """Both hold the function; the text breaks off hashes, the JSON does not."""
    text = invoke("explain", "hub_dates", "--run", str(committed))
    assert text.exit_code == 0
    assert "replication.analysis.window.lists.hub_dates" in text.output
    whole = invoke("explain", "hub_dates", "--run", str(committed), "--json")
    sources = json.loads(whole.output)["sources"]
    assert all(len(one["sha256"]) == 64 for one in sources)
    assert f"sha256 {sources[0]['sha256'][:12]}…" in text.output


def test_the_command_fails_with_a_remedy(committed: Path) -> None:
    """An unknown name gives one message and exit code 1."""
    failed = invoke("explain", "nothing", "--run", str(committed))
    assert failed.exit_code == 1
    assert "nothing is no output of the run" in failed.stderr
    assert "--run names another run" in failed.stderr


def test_records_hold_inputs_outputs_and_versions(finished: Finished) -> None:
    """What each stage read and wrote has the hash of the file, and it is said what it ran on."""
    for stage in ("fetch", "panel", "attribution", "analysis", "figures", "paper", "page"):
        record = record_of(finished.out, stage)
        assert record["inputs"]
        for name, digest in record["outputs"].items():
            assert sha256_file(finished.out / name) == digest
        for name, digest in record["inputs"].items():
            inside = [folder / name for folder in (finished.out, ROOT) if (folder / name).is_file()]
            assert not inside or sha256_file(inside[0]) == digest
        assert record["made"]["python"] == ".".join(map(str, sys.version_info[:3]))
        assert record["made"]["source"] == "file"
        assert record["made"]["seconds"] > 0


def test_an_output_that_was_changed_is_told(finished: Finished, tmp_path: Path) -> None:
    """The state compares the file with what the stage wrote."""
    out = finished.copy(tmp_path / "out")
    found = explain(out, "claims")
    assert found.state == "as the stage analysis wrote it"
    assert found.stages[0].inputs["synthetic.parquet"] == sha256_file(finished.data)
    with (out / "results" / "claims.csv").open("a", encoding="utf-8") as stream:
        stream.write("\n")
    assert explain(out, "claims").state == "changed since the stage analysis wrote it"


_opened: list[Path] | None = None


def _note(event: str, arguments: Any) -> None:
    """Note a file that is opened, while a test listens."""
    if _opened is not None and event == "open" and isinstance(arguments[0], str):
        _opened.append(Path(arguments[0]).resolve())


def test_the_files_of_each_input_are_those_that_it_opens(finished: Finished) -> None:
    """Each input of the analysis opens just the data that `FILES` names."""
    global _opened  # noqa: PLW0603 -- a hook cannot be taken away again
    sys.addaudithook(_note)
    run = Run(str(finished.data), finished.out, finished.definitions)
    ours = [(finished.out, f) for f in ("build", "results")]
    ours += [(ROOT, f) for f in ("replication/data", "paper")]
    for name, files in FILES.items():
        _opened = []
        try:
            getattr(Inputs(run, lambda _: None), name)
        finally:
            opened, _opened = _opened, None
        read = {
            path.relative_to(top).as_posix()
            for path in opened
            for top, folder in ours
            if path.is_relative_to(top / folder)
        }
        assert read == (set() if name == "chained" else set(files)), name

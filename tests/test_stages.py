"""Stages: what makes one run again, and what does not."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import (
    STAGE_NAMES,
    contents,
    files_in,
    invoke,
    parts_in,
    replication,
    small_definitions,
    stages_told,
)
from conftest import Finished

from replication import meaning, stages, tables
from replication.definitions import PACKAGED
from replication.errors import OutputError, StageOrderError
from replication.files import PART, sha256_bytes, write_text
from replication.kinds import BUNDLED
from replication.meaning import meaning_of
from replication.pipeline import STAGES
from replication.run import ROOT, Run
from replication.stages import Stage, execute

LONG_AGO = 1_000_000_000


def quiet(_: str) -> None:
    """Ignore progress."""


def unchanged(names: tuple[str, ...] = STAGE_NAMES) -> dict[str, str]:
    """What a run says of stages that stand."""
    return dict.fromkeys(names, "unchanged")


def outputs_of(folder: Path, stage: str) -> list[str]:
    """Outputs that the record of a stage names."""
    record = folder / "build" / "stages" / f"{stage}.json"
    return list(json.loads(record.read_text(encoding="utf-8"))["outputs"])


def ran(run: Run, model: Path, *, force: str = "") -> list[str]:
    """Run every stage, each made to copy its outputs from `model`, and name those that ran."""

    def copying(name: str) -> Callable[[Run, Callable[[str], None]], list[Path]]:
        def copy(run: Run, _: Callable[[str], None]) -> list[Path]:
            for output in outputs_of(model, name):
                shutil.copy(model / output, run.out / output)
            return [run.out / output for output in outputs_of(model, name)]

        return copy

    made = [replace(stage, action=copying(stage.name)) for stage in STAGES]
    return [s.name for s in made if execute(s, run, quiet, force=s.name == force)]


@pytest.fixture
def copied(tmp_path: Path, finished: Finished) -> Run:
    """A copy of the finished synthetic run in another folder."""
    return Run(str(finished.data), finished.copy(tmp_path / "copy"), finished.definitions)


@pytest.mark.slow
def test_second_run_says_unchanged(copied: Run, finished: Finished) -> None:
    """A second run of everything runs nothing, says so, and touches no file."""
    before = {name: (copied.out / name).stat().st_mtime_ns for name in files_in(copied.out)}
    done = invoke("all", *finished.arguments, "--out", copied.out)
    assert done.exit_code == 0, done.output
    assert stages_told(done.stdout) == unchanged()
    after = {name: (copied.out / name).stat().st_mtime_ns for name in files_in(copied.out)}
    assert after == before


@pytest.mark.slow
def test_second_run_imports_no_library_for_numbers(copied: Run, finished: Finished) -> None:
    """Where nothing is to be done, no library for numbers or figures is imported, so that it ends at once."""
    program = (
        "import sys\nfrom replication.cli.app import main\n"
        "try:\n    main()\nfinally:\n    print(*{'pandas', 'numpy', 'scipy', 'pyarrow', 'matplotlib', 'yaml', "
        "'duckdb', 'huggingface_hub'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = replication("all", *finished.arguments, "--out", copied.out, start=("-c", program))
    assert stages_told(done.stdout) == unchanged()
    assert done.stderr.split() == []


def test_time_stamps_mean_nothing(copied: Run, tmp_path: Path) -> None:
    """Inputs and outputs with other time stamps, as after a clone, run nothing again."""
    data = shutil.copy(copied.data, tmp_path / "data.parquet")
    definitions = shutil.copy(copied.definitions_path, tmp_path / "definitions.toml")
    for path in [Path(data), Path(definitions), *copied.out.rglob("*")]:
        os.utime(path, (LONG_AGO, LONG_AGO))
    assert ran(Run(str(data), copied.out, Path(definitions)), copied.out) == []


def test_a_change_is_seen_whatever_its_time(tmp_path: Path) -> None:
    """A file of the same size with the time of before is read again, in place or put there anew."""
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("one")
    os.utime(path, (LONG_AGO, LONG_AGO))
    first = stages._digest(path)
    path.write_text("two")
    os.utime(path, (LONG_AGO, LONG_AGO))
    second = stages._digest(path)
    other.write_text("six")
    os.utime(other, (LONG_AGO, LONG_AGO))
    other.replace(path)
    assert [first, second, stages._digest(path)] == [
        hashlib.sha256(text).hexdigest() for text in (b"one", b"two", b"six")
    ]


def test_what_lies_unchanged_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was just written is read each time: its next change could have the same time."""
    read: list[Path] = []
    monkeypatch.setattr(stages, "sha256_file", lambda path: read.append(path) or "digest")
    path = tmp_path / "a.csv"
    path.write_text("one")
    stages._digest(path)
    stages._digest(path)
    assert len(read) == 2
    monkeypatch.setattr(stages, "SETTLED", -(10**18))  # all that was written long before
    stages._digest(path)
    stages._digest(path)
    assert len(read) == 3


def test_every_recorded_output_exists(finished: Finished) -> None:
    """The records name every file of results, figures and paper, and each exists."""
    named = {name for stage in STAGE_NAMES for name in outputs_of(finished.out, stage)}
    there = {n for n in files_in(finished.out) if not n.startswith("build/stages/")}
    assert named == there


def test_stages_declare_what_they_read(finished: Finished) -> None:
    """A stage opens no file of the run or of the declarations that is not among its inputs."""
    run = Run(str(finished.data), finished.out, finished.definitions)
    places = (run.out, ROOT / "replication" / "data", ROOT / "paper", ROOT / "README.md")
    for stage in STAGES:
        opened = {p for p in finished.opened[stage.name] if any(map(p.is_relative_to, places))}
        own = {run.out / name for name in outputs_of(run.out, stage.name)}
        known = {*stage.inputs(run), *own, run.stages / f"{stage.name}.json"}
        assert sorted(p for p in opened - known if p.suffix != PART) == [], stage.name
        assert len(opened & known) > 1


REFUSALS = "refusals.py"
"""Module that refuses before any work, and changes no output: what it imports is in no key."""


def source_of(module: str) -> Path | None:
    """File of a module that lies in a layer of the package."""
    path = stages.PACKAGE.parent.joinpath(*module.split("."))
    paths = [p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()]
    beside = {stages.PACKAGE / "pipeline" / name for name in ("__init__.py", REFUSALS)}
    return next((p for p in paths if p.parent != stages.PACKAGE and p not in beside), None)


def imported(code: str) -> set[Path]:
    """Files of the package's layers that a module imports, anywhere in it."""
    nodes = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.ImportFrom)]
    names = {f"{n.module}.{alias.name}" for n in nodes for alias in n.names}
    found = map(source_of, names | {str(n.module) for n in nodes})
    return {path for path in found if path is not None}


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGE_NAMES)
def test_stages_declare_the_code_that_they_run(name: str) -> None:
    """Every layer that a stage imports, directly or not, is among the layers of its key."""
    stage = next(stage for stage in STAGES if stage.name == name)
    todo, seen = {Path(str(sys.modules[stage.action.__module__].__file__))}, set()
    makers = {
        row.function.rpartition(".")[0]
        for row in tables.TABLES
        if row.stage == name and not row.kept
    }
    todo |= {path for path in map(source_of, makers) if path}
    while todo:
        path = todo.pop()
        seen.add(path)
        todo |= imported(path.read_text(encoding="utf-8")) - seen
    layers = {path.relative_to(stages.PACKAGE).parts[0] for path in seen}
    assert layers <= {"pipeline", *stage.layers}
    assert not layers & {"cli", "validation"}
    assert len(layers) > 1


@pytest.mark.slow
def test_changed_definitions_run_everything(copied: Run, finished: Finished) -> None:
    """A change of a value runs every stage again; one of a comment, or another file, runs nothing."""
    text = finished.definitions.read_text(encoding="utf-8")
    definitions = copied.out.parent / "definitions.toml"
    own = replace(copied, definitions_path=definitions)
    definitions.write_text(text + "# a remark\n", encoding="utf-8")
    assert ran(own, finished.out) == []
    changed = text.replace("replicates = 200", "replicates = 300", 1)
    assert changed != text
    definitions.write_text(changed, encoding="utf-8")
    other = replace(own)  # a run keeps the definitions that it has read
    assert ran(other, finished.out) == list(STAGE_NAMES)
    assert ran(other, finished.out) == []


@pytest.mark.slow
def test_changed_data_run_the_fetch(copied: Run, finished: Finished, tmp_path: Path) -> None:
    """Other content of the data file fetches it again; another name for the same does not."""
    data = tmp_path / "other-name.parquet"
    shutil.copy(finished.data, data)
    assert ran(replace(copied, data=str(data)), finished.out) == []
    data.write_bytes(data.read_bytes() + b"x")
    assert ran(replace(copied, data=str(data)), finished.out) == ["fetch"]


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGE_NAMES)
@pytest.mark.parametrize("damage", ["removed", "edited", "emptied"])
def test_lost_output_runs_just_its_stage(
    copied: Run, finished: Finished, stage: str, damage: str
) -> None:
    """An output that is removed or edited is made again, and no other stage runs."""
    name = outputs_of(copied.out, stage)[-1]
    path = copied.out / name
    if damage == "removed":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"x" if damage == "edited" else b"")
    assert ran(copied, finished.out) == [stage]
    assert path.read_bytes() == (finished.out / name).read_bytes()
    assert ran(copied, finished.out) == []


@pytest.mark.slow
def test_lost_paper_is_made_again(copied: Run, finished: Finished) -> None:
    """The command line makes a page that was removed again, byte for byte, and nothing else."""
    (copied.out / "paper" / "paper.html").unlink()
    done = invoke("all", *finished.arguments, "--out", copied.out)
    told = stages_told(done.stdout)
    assert told.pop("paper") != "unchanged"
    assert told == unchanged(tuple(name for name in STAGE_NAMES if name != "paper"))
    assert contents(copied.out) == contents(finished.out)


DOWNSTREAM = {
    ("fetch", "build/source/counters.parquet"): ["panel"],
    ("panel", "build/panel/weekly.csv"): ["attribution"],
    ("panel", "results/defects.csv"): ["analysis", "figures", "paper", "page"],
    ("attribution", "build/attributed/weekly.csv"): ["analysis", "page"],
    ("attribution", "results/coverage.csv"): ["analysis", "figures", "paper", "page"],
    ("attribution", "results/unattributed.csv"): ["analysis", "figures", "paper", "page"],
    ("analysis", "results/claims.csv"): ["figures", "paper", "page"],
    ("figures", "figures/developers.svg"): ["paper"],
}


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "name"), DOWNSTREAM)
def test_changed_content_runs_what_reads_it(
    copied: Run, finished: Finished, tmp_path: Path, stage: str, name: str
) -> None:
    """A stage that makes other content runs the stages that read it, and no further.

    Here the stages that run again make what they made before, so that the change ends there.
    """
    model = finished.copy(tmp_path / "model")
    (model / name).write_bytes((model / name).read_bytes() + b"\n")
    assert ran(copied, model, force=stage) == [stage, *DOWNSTREAM[stage, name]]


@pytest.mark.slow
def test_force_runs_a_stage_that_stands(copied: Run, finished: Finished) -> None:
    """--force runs a stage though nothing has changed, and its outputs stay the same bytes."""
    before = contents(copied.out)
    done = invoke("panel", "--force", *finished.arguments, "--out", copied.out)
    assert done.exit_code == 0, done.output
    assert stages_told(done.stdout)["panel"] != "unchanged"
    assert contents(copied.out) == before


@pytest.mark.slow
def test_other_source_in_the_same_folder(copied: Run, finished: Finished) -> None:
    """Data from elsewhere are fetched again, and the manifest says where they came from."""
    manifest = copied.out / "results" / "manifest.json"
    for options, source in ([], "bundled"), (["--data", finished.data], "file"):
        done = invoke("fetch", *options, "--definitions", finished.definitions, "--out", copied.out)
        assert done.exit_code == 0, done.output
        assert stages_told(done.stdout)["fetch"] != "unchanged"
        assert json.loads(manifest.read_text(encoding="utf-8"))["source"] == source


@pytest.mark.slow
def test_parts_of_a_killed_run_are_not_inputs(copied: Run, finished: Finished) -> None:
    """What a killed run left unfinished is no input of any stage."""
    for folder in ("build/source", "build/panel", "results", "figures", "paper"):
        (copied.out / folder / f".table.csv.abc{PART}").write_bytes(b"half a ta")
    assert ran(copied, finished.out) == []
    assert len(parts_in(copied.out)) == 5


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["attribution", "analysis", "page"])
def test_a_stage_without_those_before_it_is_refused_at_once(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of its own nothing is computed before it is said what is missing."""

    def computed(*_: object) -> list[Path]:
        raise AssertionError

    chosen = next(one for one in STAGES if one.name == stage)
    monkeypatch.setattr(stages, "_code_of", computed)
    with pytest.raises(StageOrderError, match="have not run in") as caught:
        execute(replace(chosen, action=computed), Run(BUNDLED, tmp_path, PACKAGED), quiet)
    assert "make all, with the same OUT" in caught.value.remedy


def test_revision_is_part_of_the_key(copied: Run, finished: Finished) -> None:
    """Another revision of the released dataset is another input."""
    other = replace(copied, revision="0" * 40)
    assert ran(other, finished.out)[0] == "fetch"


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Stage, Run, Path]:
    """A synthetic stage that doubles the number in a file, with code of its own."""
    code = tmp_path / "package"
    for name in (
        "own.py",
        "pipeline/step.py",
        "layer/step.py",
        "cli/step.py",
        "validation/step.py",
    ):
        write_text(code / name, '"""A step."""\n\npass\n')
    write_text(code / "layer" / "query.sql", "select 1\n-- one\n")
    monkeypatch.setattr(stages, "PACKAGE", code)
    number = tmp_path / "number.txt"
    number.write_text("21", encoding="utf-8")

    def double(run: Run, progress: Callable[[str], None]) -> list[Path]:
        write_text(run.results / "twice.txt", str(2 * int(number.read_text(encoding="utf-8"))))
        return [run.results / "twice.txt"]

    stage = Stage("double", ("layer",), lambda _: [number], double)
    definitions = small_definitions(tmp_path / "definitions.toml")
    return stage, Run("bundled", tmp_path / "out", definitions), code


def test_stage_runs_once(toy: tuple[Stage, Run, Path]) -> None:
    """A stage runs at first, stands at the second time, and runs for another input."""
    stage, run, _ = toy
    assert [execute(stage, run, quiet), execute(stage, run, quiet)] == [True, False]
    (run.out.parent / "number.txt").write_text("4", encoding="utf-8")
    assert execute(stage, run, quiet)
    assert (run.results / "twice.txt").read_text(encoding="utf-8") == "8"


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("own.py", True),
        ("pipeline/step.py", True),
        ("layer/step.py", True),
        ("layer/query.sql", True),
        ("cli/step.py", False),
        ("validation/step.py", False),
    ],
)
def test_changed_code_runs_the_stages_that_may_use_it(
    toy: tuple[Stage, Run, Path], name: str, runs: bool
) -> None:
    """Code of the stage's layers, the pipeline and the package's own folder counts; other code not."""
    stage, run, code = toy
    execute(stage, run, quiet)
    (code / name).write_text("print()\n", encoding="utf-8")
    assert execute(stage, run, quiet) is runs


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("layer/step.py", '"""Another docstring."""\n\n\n# a remark\npass\n'),
        ("own.py", "pass  # a remark\n"),
        ("layer/query.sql", "-- a remark\n\nselect 1 /* one\nmore */\n"),
    ],
)
def test_remarks_run_nothing(toy: tuple[Stage, Run, Path], name: str, text: str) -> None:
    """Comments, docstrings and blank lines count only where the outputs name lines of code."""
    stage, run, code = toy
    execute(stage, run, quiet)
    write_text(code / name, text)
    assert not execute(stage, run, quiet)
    lines = replace(stage, names_lines=True)
    assert execute(lines, run, quiet)
    write_text(code / name, text + "\n")
    assert execute(lines, run, quiet)


def test_sql_keeps_what_is_quoted(tmp_path: Path) -> None:
    """Two dashes inside quotes are no comment, so that what stands behind them counts."""
    query = tmp_path / "query.sql"
    meanings = set()
    for text in ("select '--a'", "select '--b'", 'select "--a"', "select 'it''s --a'"):
        write_text(query, text)
        meanings.add(meaning_of(query))
    assert len(meanings) == 4


def test_code_means_the_same_to_every_version_of_python(tmp_path: Path) -> None:
    """The meaning has a fixed hash: what is stored with one version must hold with another."""
    path = tmp_path / "step.py"
    write_text(
        path,
        "class A(B):\n"
        "    x: int = None\n\n"
        "    @cached\n"
        "    def f(self, *, y=()):\n"
        "        return f'{y:>{self.x}} {y!r:4}' + f'{y:.1f}', ['', lambda z: [*z], {**y}]\n",
    )
    digest = sha256_bytes(meaning_of(path).encode())
    assert digest == "5e01c7fc367a9d7e69c85ea75d270da18fa64c8c6500163969ed297615cd90bf"


def test_what_is_empty_in_a_syntax_tree_means_nothing() -> None:
    """Fields that only a later version of Python has, and empty pieces of formatted text."""
    tree = ast.parse("def f(x):\n    return f'{x}', ['']")
    first = meaning._written(tree)
    nodes = {type(node): node for node in ast.walk(tree)}
    function, text, names = (nodes[kind] for kind in (ast.FunctionDef, ast.JoinedStr, ast.List))
    function._fields = (*function._fields, "later")
    vars(function)["later"] = []
    vars(text)["values"].append(ast.Constant(""))
    assert meaning._written(tree) == first
    vars(names)["elts"].append(ast.Constant(""))
    assert meaning._written(tree) != first


@pytest.mark.parametrize("text", ["def", "\0"])
def test_code_that_is_none_counts_byte_by_byte(tmp_path: Path, text: str) -> None:
    """A module that cannot be parsed has a meaning of its own, and no failure."""
    path = tmp_path / "step.py"
    write_text(path, text)
    first = meaning_of(path)
    write_text(path, text + "# more")
    assert meaning_of(path) != first


def test_changed_lock_runs_the_stage(
    toy: tuple[Stage, Run, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other locked packages may compute otherwise, so that everything runs again."""
    stage, run, _ = toy
    monkeypatch.setattr(stages, "ROOT", run.out.parent)
    for text in ("numpy==1", "numpy==2"):
        (run.out.parent / "requirements.lock").write_text(text, encoding="utf-8")
        assert execute(stage, run, quiet)
        assert not execute(stage, run, quiet)


def test_failed_stage_is_not_recorded(toy: tuple[Stage, Run, Path]) -> None:
    """A stage that fails is run again, even where all of its outputs stand from before."""
    stage, run, _ = toy
    execute(stage, run, quiet)
    (run.out.parent / "number.txt").write_text("4", encoding="utf-8")

    def fail(_: Run, __: Callable[[str], None]) -> list[Path]:
        raise OutputError("disk full", "free space")

    with pytest.raises(OutputError):
        execute(replace(stage, action=fail), run, quiet)
    assert execute(stage, run, quiet)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "7", '"x"', "{}", '{"key": "KEY"}', '{"key": "KEY", "outputs": []}']
)
def test_record_that_says_nothing(toy: tuple[Stage, Run, Path], text: str) -> None:
    """A record that names no outputs, or is no record, is as good as none."""
    stage, run, _ = toy
    execute(stage, run, quiet)
    record = run.stages / "double.json"
    key = json.loads(record.read_text(encoding="utf-8"))["key"]
    record.write_text(text.replace("KEY", key), encoding="utf-8")
    assert execute(stage, run, quiet)


def test_record_that_is_a_folder(toy: tuple[Stage, Run, Path]) -> None:
    """A folder in the place of a record is a failure with a name, not a crash."""
    stage, run, _ = toy
    (run.stages / "double.json").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"double\.json"):
        execute(stage, run, quiet)

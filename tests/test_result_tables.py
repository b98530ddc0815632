"""tables.py: one row is all that a result table needs, and every row holds."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from replication import files, tables
from replication.definitions import load_definitions
from replication.errors import DefinitionError
from replication.pipeline import STAGES, analysis_inputs, result_tables
from replication.plots.results import Results
from replication.report import codebook, datapackage, numbers
from replication.run import BUNDLED, ROOT, Run
from replication.tables import Table

MINE = Table(
    "mine",
    "What a test adds",
    "analysis.added.totals",
    "estimates (choices window_answers) definitions.inference.level doubled",
    digits=2,
    options={"times": 3},
)


def totals(
    estimates: pd.DataFrame,
    others: dict[str, pd.DataFrame],
    level: float,
    doubled: int,
    times: int = 1,
) -> pd.DataFrame:
    """A table of what was passed."""
    sizes = {name: len(table) for name, table in others.items()}
    values = {"estimates": len(estimates), **sizes, "level": level / 3, "doubled": doubled * times}
    return pd.DataFrame({"name": values.keys(), "value": values.values()})


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more row of tables.py, before all others, with its function, and nothing else."""
    module = SimpleNamespace(totals=totals)
    monkeypatch.setitem(sys.modules, "replication.analysis.added", module)
    monkeypatch.setattr(tables, "TABLES", [MINE, *tables.TABLES])


@pytest.mark.slow
@pytest.mark.usefixtures("added")
def test_a_row_is_all_that_a_new_table_needs(tmp_path: Path) -> None:
    """It is made of what it reads, described, and readable by figures and numbers."""
    results = tmp_path / "results"
    results.mkdir()
    for path in files.present(ROOT / "results"):
        files.copy_file(path, results / path.name)
    offered = SimpleNamespace(definitions=load_definitions(), doubled=2)
    rows = [MINE] + [replace(t, stage=tables.PANEL) for t in tables.TABLES if t.name != "mine"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "TABLES", rows)
        made = result_tables.make(
            tables.ANALYSIS, offered, results, lambda _: None, whole=False
        ).tables
    assert set(made) == {"mine"}
    values = made["mine"].set_index("name")["value"]
    counts = {name: len(files.read_csv(results / f"{name}.csv")) for name in values.index[:3]}
    assert values.to_dict() == {**counts, "level": 0.32, "doubled": 6}
    files.write_csv(results / "mine.csv", made["mine"])

    title = {
        r["name"]: r["title"] for r in datapackage.package(results, load_definitions())["resources"]
    }
    assert title["results_mine"] == "What a test adds"
    text = codebook.rendered(results, load_definitions())
    assert "## mine\n\nWhat a test adds. Made by `replication.analysis.added.totals`" in text
    assert text.index("| [mine](#mine) | What a test adds |") < text.index("## mine")
    assert "\\'" not in text
    assert Results.read(results).mine.equals(files.read_csv(results / "mine.csv"))
    declared = tmp_path / "numbers.toml"
    declared.write_text('[rows]\n[numbers]\nx = "mine | name=doubled | value | whole"\n')
    number = numbers.collect(declared, results, load_definitions())["x"]
    assert (number["display"], number["function"]) == ("6", "replication.analysis.added.totals")


@pytest.mark.usefixtures("added")
def test_the_stages_write_and_read_a_new_table(tmp_path: Path) -> None:
    """It is among the outputs of its stage and the inputs of those after it."""
    run = Run(BUNDLED, tmp_path)
    inputs = {stage.name: set(stage.inputs(run)) for stage in STAGES}
    assert "mine" in [table.name for table in tables.of(tables.ANALYSIS, whole=False)]
    assert run.results / "mine.csv" in inputs["figures"]
    assert run.results / "mine.csv" not in inputs["analysis"]


def test_a_circle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that read each other cannot be made, and are named."""
    circle = [Table("a", "", "x.y", "b"), Table("b", "", "x.y", "(c a)"), Table("c", "", "x.y")]
    monkeypatch.setattr(tables, "TABLES", circle)
    with pytest.raises(DefinitionError, match="in a circle: a, b"):
        tables.in_order(circle)


def test_tables_stand_after_those_that_they_read() -> None:
    """Whatever the order of the rows."""
    for whole in (True, False):
        ordered = tables.in_order(tables.of(tables.ANALYSIS, whole=whole)[::-1])
        for number, table in enumerate(ordered):
            assert not table.tables_read & {later.name for later in ordered[number:]}, table.name
        assert len(ordered) == len(tables.of(tables.ANALYSIS, whole=whole))


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda t: f"{t.name}-{t.source}")
def test_every_row_holds(table: Table) -> None:
    """The function exists and takes as many arguments as the row names, and each of them is there."""
    module, _, name = table.function.rpartition(".")
    function = getattr(importlib.import_module(module), name)
    assert inspect.isfunction(function)
    assert function.__doc__
    assert table.stage in {tables.PANEL, tables.ATTRIBUTION, tables.ANALYSIS}
    assert table.sentence[0].isupper()
    assert not table.sentence.endswith(".")
    if table.stage == tables.ANALYSIS and not table.kept:
        inspect.signature(function).bind(*table.arguments, **table.options)
        plain = {one.partition(".")[0] for one in table.arguments if isinstance(one, str)}
        own = {f.name for f in fields(analysis_inputs.Inputs)} | set(vars(analysis_inputs.Inputs))
        assert plain <= own | table.tables_read
        nested = {name for one in table.arguments if isinstance(one, list) for name in one}
        assert nested <= table.tables_read


def test_rows_are_the_committed_tables() -> None:
    """Every CSV file of results has a row for the bundled source, and the other way round."""
    committed = {path.name for path in (Path(tables.__file__).parents[1] / "results").glob("*.csv")}
    rows = [table.file for table in tables.of(whole=False)]
    assert sorted(rows) == sorted(committed)
    names = [(table.name, table.source) for table in tables.TABLES]
    assert len(set(names)) == len(names)


def test_a_second_process_needs_no_table_of_the_first() -> None:
    """Every table is made once: apart, beside those, or after both, and reads only what is made before."""
    wanted = tables.in_order(tables.of(tables.ANALYSIS, whole=False))
    apart = tables.apart(wanted)
    after = tables.after(wanted, apart)
    here = [table for table in wanted if table not in [*apart, *after]]
    assert sorted(t.name for t in [*apart, *here, *after]) == sorted(t.name for t in wanted)
    of_stage = {table.name for table in wanted}
    for some in (apart, here):
        names = {table.name for table in some}
        assert all(table.tables_read & of_stage <= names for table in some)
    assert {"specifications", "window_estimates"} <= {table.name for table in apart}
    assert {"dimensions", "claims", "summary", "window_movers"} <= {table.name for table in after}
    assert {"estimates", "intervals"} <= {table.name for table in here}


PASSING, MOVERS = "analysis.window.months.passing", "analysis.window.changes.movers"
THREE = [
    Table("apart", "", PASSING, "window"),
    Table("here", "", MOVERS, "shifts gap"),
    Table("again", "", MOVERS, "here gap", digits=1),
]
"""The first reads the window; the last reads another, and is rounded."""


def offered(series: str) -> SimpleNamespace:
    """Two months in which China passes the USA, and changes that move the lead."""
    window = pd.DataFrame({
        "kind": "group", "scope": "all", "month": ["2025-01", "2025-01", "2025-02", "2025-02"],
        series: ["China", "USA", "China", "USA"],
        **{measure: [1, 2, 4, 2] for measure in ("seen", "estimate", "corrected")},
    })  # fmt: skip
    shifts = pd.DataFrame({"kind": "choice", "shift": [0.04, -0.25, 0.16]})
    return SimpleNamespace(window=window, shifts=shifts, gap=0.1)


@pytest.mark.slow
def test_two_processes_make_what_one_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tables in the same order; what fails in the second process fails as in the first."""
    monkeypatch.setattr(tables, "TABLES", THREE)
    told: list[str] = []

    def made(rows: SimpleNamespace, *, several: bool) -> result_tables.Made:
        beside = rows if several else None
        return result_tables.make(
            tables.ANALYSIS, rows, tmp_path, told.append, whole=False, beside=beside
        )

    one, two = (made(offered("series"), several=several) for several in (False, True))
    assert list(one.tables) == list(two.tables) == ["apart", "here", "again"]
    for name, table in one.tables.items():
        assert files.csv_text(two.tables[name]) == files.csv_text(table)
    assert (one.texts, [*two.texts]) == ({}, ["apart"])
    written = [made_.write(tmp_path / str(place)) for place, made_ in enumerate((one, two))]
    for first, second in zip(*written, strict=True):
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()
    assert one.tables["apart"]["first"].unique().tolist() == ["2025-02"]
    assert one.tables["again"]["shift"].tolist() == [-0.2, 0.2]
    mine = ["table 2 of 3, here.csv", "table 3 of 3, again.csv"]
    assert told == [
        "table 1 of 3, apart.csv",
        *mine,
        *mine,
        "waiting for a second process (1 tables)",
    ]
    for several in (False, True):
        with pytest.raises(KeyError, match="series"):
            made(offered("misspelt"), several=several)


def test_a_table_without_a_row_is_refused() -> None:
    """The remedy names the file."""
    with pytest.raises(DefinitionError, match="does not describe the table surprise") as caught:
        tables.row("surprise")
    assert re.search(r"replication/tables\.py", caught.value.remedy)
    assert tables.row("estimates", whole=True).maker != tables.row("estimates").maker

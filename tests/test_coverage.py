"""Measured coverage: it tells good intervals from bad, on any number of workers, under one key."""

from __future__ import annotations

import ast
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from small import synthetic_definitions, synthetic_repositories

from replication import processes
from replication.analysis import methods
from replication.analysis.lead import LEAD, RATIO
from replication.analysis.methods import DEVELOPER, JUDGED, NOTHING, STATISTICS, Method
from replication.definitions import PACKAGED, Calibration, Definitions, Inference
from replication.errors import VerificationError
from replication.inference import resampling
from replication.inference.bootstrap import Intervals
from replication.inference.resampling import cluster_weights
from replication.inference.schemes import MULTINOMIAL
from replication.inference.simulation import DEVELOPERS, HITS, LABELS, MODELS, PARETO, Population
from replication.kinds import BUNDLED
from replication.meaning import meaning_of
from replication.pipeline import STAGES
from replication.places import ROOT
from replication.run import Run
from replication.stages import execute
from replication.validation import coverage
from replication.validation.coverage import CHUNK, CODE, Setting, require_calibration
from replication.validation.kept import Kept

HEAD = "cohort-2025-08"
FRACTIONS = ["refused", "coverage", "below", "above"]


def small_definitions(data_sets: int = CHUNK, replicates: int = 40) -> Definitions:
    """The packaged definitions with a small calibration."""
    size = Calibration(data_sets, replicates, (1.0, 0.0))
    return dataclasses.replace(synthetic_definitions(), calibration=size)


DEFINITIONS = small_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
TWO = (Setting(HEAD, PARETO, 1.0), Setting(HEAD, DEVELOPERS, 0.0))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Coverage in two settings of the synthetic panel, by two workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "settings", lambda _: TWO)
        return coverage.measure(TABLE, DEFINITIONS, workers=2)


@pytest.mark.slow
def test_workers_change_no_number(
    table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One worker makes the same table as two, byte for byte, and tells how far it is."""
    monkeypatch.setattr(coverage, "settings", lambda _: TWO)
    alone = coverage.measure(TABLE, DEFINITIONS, print, workers=1)
    assert alone.to_csv() == table.to_csv()
    assert capsys.readouterr().out.splitlines() == ["50 of 100 data sets", "100 of 100 data sets"]


def test_a_measurement_that_was_killed_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What was done is not done again, and the table is the same, byte for byte."""
    definitions, kept = small_definitions(6, 10), Kept(tmp_path / "calibration", "a key")
    monkeypatch.setattr(coverage, "settings", lambda _: TWO)
    monkeypatch.setattr(coverage, "CHUNK", 2)
    monkeypatch.setattr(processes, "beside", lambda _: ThreadPoolExecutor(1))
    whole = coverage.measure(TABLE, definitions).to_csv()
    make, jobs, most = coverage._chunk, [], 4

    def noted(*arguments: Any) -> pd.DataFrame:
        if len(jobs) == most:
            raise KeyboardInterrupt
        jobs.append(arguments[2])
        return make(*arguments)

    monkeypatch.setattr(coverage, "_chunk", noted)
    with pytest.raises(KeyboardInterrupt):
        coverage.measure(TABLE, definitions, kept=kept)
    assert len(jobs) == kept.count() == most
    most = 6
    for _ in range(2):
        assert coverage.measure(TABLE, definitions, kept=kept).to_csv() == whole
        assert len(jobs) == len(set(jobs)) == kept.count() == most


def test_pieces_under_another_key_are_dropped(tmp_path: Path) -> None:
    """A changed definition or a changed line of code makes all pieces anew."""
    old, new = (Kept(tmp_path / "calibration", key * 64) for key in "ab")
    one = pd.DataFrame({"lower": [0.1 + 0.2, np.nan]})
    assert old.piece("one", lambda: one).equals(one)
    assert (old.count(), new.count()) == (1, 0)
    assert new.piece("one", lambda: 2 * one).equals(2 * one)
    new.drop_others()
    assert (old.count(), new.count()) == (0, 1)
    assert new.piece("one", lambda: 3 * one).equals(2 * one)
    new.drop()
    assert not new.root.exists()


def test_a_damaged_piece_is_made_again(tmp_path: Path) -> None:
    """What is no table counts for nothing."""
    kept, one = Kept(tmp_path, "key"), pd.DataFrame({"lower": [0.5]})
    kept.piece("one", lambda: one)
    [path] = tmp_path.glob("*/one.parquet")
    path.write_bytes(path.read_bytes()[:20])
    assert kept.piece("one", lambda: 2 * one).equals(2 * one)
    assert kept.piece("one", lambda: 3 * one).equals(2 * one)


MEASURE = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from test_coverage import TABLE, TWO, small_definitions
from replication.validation import coverage
from replication.validation.kept import Kept
if __name__ == "__main__":
    coverage.settings = lambda _: TWO
    def say(text):
        print(text, flush=True)
    kept = Kept(Path(sys.argv[1]), "key")
    say(coverage.measure(TABLE, small_definitions(200), say, kept=kept).to_csv().encode().hex())
"""
"""A program that measures four chunks of each of two settings, and prints the table at the end."""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kills a group of processes")
def test_killed_processes_leave_whole_pieces(tmp_path: Path) -> None:
    """Killed by the system with all workers: the next run keeps what is there, to the same bytes."""
    program = tmp_path / "measure.py"
    program.write_text(
        MEASURE.format(paths=[str(Path(__file__).parent), str(ROOT)]), encoding="utf-8"
    )
    kept = Kept(tmp_path / "calibration", "key")
    command = [sys.executable, str(program)]
    with subprocess.Popen(
        [*command, str(kept.root)], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"50 of 400 data sets\n"
        os.killpg(process.pid, signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in kept.root.glob("*/*.parquet")}
    assert 1 <= len(before) == kept.count() < 8
    tables = [
        subprocess.run([*command, str(folder)], check=True, capture_output=True).stdout.split()[-1]
        for folder in (kept.root, tmp_path / "another")
    ]
    assert tables[0] == tables[1]
    assert kept.count() == 8
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())


@pytest.mark.slow
def test_the_table_has_a_row_for_every_setting_method_and_statistic(table: pd.DataFrame) -> None:
    """In the documented columns, with the size of the synthetic population."""
    assert [*table.columns] == [
        *["estimand", "model", "power", "n_developers", "n_effective", *coverage.KEYS],
        *["data_sets", "refused", "coverage", "error", "below", "above", "width"],
    ]
    cells = np.ones((3, 3), dtype=np.int64)
    rules = DEFINITIONS.inference
    every = [method for method, _ in methods.methods(cells, cells, rules)]
    every += [method for method, _ in methods.with_fewer_degrees(cells, rules)]
    keys = ["estimand", "model", "power", *coverage.KEYS]
    expected = [
        (*vars(setting).values(), *vars(method).values(), name)
        for setting in TWO
        for method in every
        for name in JUDGED
    ]
    assert [*table[keys].itertuples(index=False, name=None)] == expected
    assert (table["data_sets"] == CHUNK).all()
    assert (table["n_developers"] == 7).all()
    effective = table.groupby("power")["n_effective"].unique()
    assert effective[0.0].tolist() == pytest.approx([7])
    downloads = np.array([400, 200, 50, 150, 100, 60, 40])
    assert effective[1.0].tolist() == pytest.approx([1000**2 / (downloads**2).sum()])


@pytest.mark.slow
def test_fractions_add_up(table: pd.DataFrame) -> None:
    """An interval that is given holds the truth or lies on one side of it."""
    given = table[table["refused"] < 1]
    assert np.allclose(given[["coverage", "below", "above"]].sum(axis=1), 1, atol=1e-12)
    assert ((table[FRACTIONS] >= 0) & (table[FRACTIONS] <= 1) | table[FRACTIONS].isna()).all(
        axis=None
    )
    refused = table[table["refused"] == 1]
    assert refused[["coverage", "error", "below", "above", "width"]].isna().all(axis=None)
    assert set(refused["method"]) == {"bca"}  # 40 replicates are too few for it


def test_every_setting_is_measured_once() -> None:
    """Four models for the headline and for its rival, and two of them with flatter sizes."""
    found = [*coverage.settings(DEFINITIONS)]
    assert len(set(found)) == len(found) == 2 * len(MODELS) + 2
    assert {s.estimand for s in found} == {*coverage.populations(TABLE, DEFINITIONS)}
    assert {s.model for s in found if s.power == 0} == {HITS, DEVELOPERS}
    assert len({s.key for s in found}) == len(found)


def summary(lower: list[float], upper: list[float], name: str = "China") -> pd.Series:
    """One row of the table from synthetic intervals; the truth is 0.5 for China, 5/3 the ratio."""
    made = Population(np.array([5.0, 3, 2]), np.arange(3), np.arange(3))
    rows = pd.DataFrame({"lower": lower, "upper": upper, "group": name, "method": "percentile"})
    rows = rows.assign(unit=DEVELOPER, scheme=MULTINOMIAL.name)
    return coverage._summary(TWO[0], made, rows).iloc[0]


def test_a_summary_by_hand() -> None:
    """Of six intervals one is refused; one half lies in two, below two and above one."""
    nan = np.nan
    found = summary([0.4, 0.2, 0.6, 0.55, 0.1, nan], [0.6, 0.5, 0.9, 0.75, 0.2, nan])
    assert found[FRACTIONS].tolist() == [pytest.approx(1 / 6), 0.4, 0.4, 0.2]
    assert found["error"] == pytest.approx(np.sqrt(0.4 * 0.6 / 5), rel=1e-15)
    assert found["width"] == pytest.approx(0.2)
    assert found["data_sets"] == 6


def test_the_ratio_has_a_logarithmic_width() -> None:
    """Twice and four times as much are as wide as one and two; an infinite end stays infinite."""
    assert summary([1.0, 2.0], [2.0, 4.0], RATIO)["width"] == pytest.approx(np.log(2))
    assert summary([-1.0, 0.0], [2.0, np.inf], RATIO)["width"] == np.inf


@pytest.mark.parametrize("below", range(11))
def test_no_coverage_at_all_is_zero_without_error(below: int) -> None:
    """However the misses are shared out, they leave exactly nothing, and no rounding below it."""
    found = summary([0.6] * below + [0.1] * (10 - below), [0.7] * below + [0.2] * (10 - below))
    assert (found["coverage"], found["error"]) == (0, 0)


def percentile_alone(
    developers: np.ndarray, _: np.ndarray, rules: Inference, **_named: object
) -> Iterator[tuple[Method, Intervals]]:
    """The percentile interval alone, which is enough to be judged."""
    yield (
        Method(DEVELOPER, MULTINOMIAL.name, "percentile"),
        methods._bootstrap(developers, rules).percentile(),
    )


def measured(patch: pytest.MonkeyPatch, made: Population, model: str) -> pd.DataFrame:
    """Coverage of the percentile interval in 400 data sets, with 200 replicates."""
    patch.setattr(coverage, "methods", percentile_alone)
    definitions, setting = small_definitions(400, 200), Setting("synthetic", model, 1.0)
    work = [(setting, number) for number in range(400 // CHUNK)]
    rows = [coverage._chunk({"synthetic": made}, definitions, job) for job in work]
    found = coverage._summary(setting, made, pd.concat(rows))
    assert (found["data_sets"] == 400).all()
    return found[found["method"] == "percentile"].set_index("group")


def covered(found: pd.Series) -> int:
    """Number of data sets whose interval held the truth."""
    return round(found["coverage"] * found["data_sets"])


def synthetic_developers(sizes: np.ndarray) -> Population:
    """Developers with one repository each: four in ten of China and three in ten of the USA."""
    n = len(sizes)
    places = np.resize([0, 1, 2, 0, 1, 2, 0, 1, 2, 0], n)
    return Population(sizes.astype(float), np.arange(n), places)


EQUAL = synthetic_developers(np.full(150, 1000))
DOMINATED = synthetic_developers(np.array([10**6, 10**6, *[1000] * 38]))


@pytest.mark.slow
@pytest.mark.parametrize("model", [LABELS, DEVELOPERS])
def test_many_equal_developers_are_covered(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    """The coverage of share and lead cannot be told from 95 %."""
    found = measured(monkeypatch, EQUAL, model)
    for name in ("China", "USA", LEAD):
        assert stats.binomtest(covered(found.loc[name]), 400, 0.95).pvalue > 0.001
    assert found.loc["China", "n_effective"] == pytest.approx(150)


@pytest.mark.slow
@pytest.mark.parametrize("model", [LABELS, DEVELOPERS])
def test_two_dominating_developers_are_not_covered(
    monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """Where two hold nearly all downloads, the interval misses the truth too often."""
    found = measured(monkeypatch, DOMINATED, model)
    assert found.loc["China", "n_effective"] < 3
    for name in ("China", LEAD):
        shortfall = stats.binomtest(covered(found.loc[name]), 400, 0.95, "less")
        assert shortfall.pvalue < 0.001, found.loc[name, "coverage"]


@pytest.mark.slow
def test_a_chunk_depends_on_its_number_and_setting_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """More data sets add chunks and change none."""
    monkeypatch.setattr(coverage, "CHUNK", 5)
    found = coverage.populations(TABLE, DEFINITIONS)
    few, many = DEFINITIONS, small_definitions(5 * CHUNK)
    first, again, second = (
        coverage._chunk(found, definitions, (TWO[0], number))
        for definitions, number in ((few, 0), (many, 0), (many, 1))
    )
    assert first.equals(again)
    assert not first.equals(second)


def test_the_population_is_that_of_the_headline() -> None:
    """Whole developers in half downloads, in the class of the labels, ordered by name."""
    made = coverage.populations(TABLE, DEFINITIONS)[HEAD]
    assert made.totals.tolist() == [800, 400, 300, 100, 200, 80, 120]
    assert made.classes.tolist() == [0, 0, 1, 2, 1, 2, 1]
    assert made.shares.tolist() == [0.6, 0.31, 0.09]


def test_basic_is_the_percentile_interval_reflected() -> None:
    """About the point, with the Monte-Carlo errors of the other end; an infinite ratio refuses."""
    cells = np.array([[5, 0, 1], [0, 4, 0], [3, 0, 0], [0, 2, 2], [1, 1, 1]])
    drawn = methods._bootstrap(cells, DEFINITIONS.inference)
    found, plain = methods._reversed(drawn), drawn.percentile()
    finite = [0, 1, 2, STATISTICS.names.index(LEAD)]
    middle = (found.lower + plain.upper)[finite] / 2
    assert np.allclose(middle, found.point[finite], rtol=0, atol=1e-15)
    assert np.array_equal(found.error_lower, plain.error_upper, equal_nan=True)
    without = methods._reversed(methods._bootstrap(cells * [1, 0, 1], DEFINITIONS.inference))
    assert np.isnan(without.lower[STATISTICS.names.index(RATIO)])


def test_methods_share_the_replicates_of_their_scheme() -> None:
    """Each is what the engine gives for it; those that draw nothing say so."""
    cells = np.random.default_rng(1).integers(1, 100, (20, 3))
    drawn = methods._bootstrap(cells, DEFINITIONS.inference)
    found = {
        (m.unit, m.scheme, m.name): x
        for m, x in methods.methods(cells, cells, DEFINITIONS.inference)
    }
    assert len(found) == len([*methods.methods(cells, cells, DEFINITIONS.inference)])
    for key, expected in {
        (DEVELOPER, MULTINOMIAL.name, "percentile"): drawn.percentile(),
        (DEVELOPER, MULTINOMIAL.name, "studentised-logit"): drawn.studentised(),
        (DEVELOPER, NOTHING, "jackknife-logit"): drawn.jackknife(),
    }.items():
        assert np.array_equal(found[key].lower, expected.lower, equal_nan=True)
    assert (found[DEVELOPER, NOTHING, "leave-one-out"].error_lower == 0).all()


CHANGES: dict[str, Callable[[Definitions], Definitions]] = {
    "data sets": lambda s: small_definitions(2 * CHUNK),
    "replicates": lambda s: small_definitions(replicates=41),
    "powers": lambda s: dataclasses.replace(
        s, calibration=dataclasses.replace(s.calibration, powers=(1.0, 0.5))
    ),
    **{
        name: lambda s, name=name, value=value: dataclasses.replace(
            s, inference=dataclasses.replace(s.inference, **{name: value})
        )
        for name, value in {"level": 0.9, "seed": 1, "subsample_exponent": 0.5, "chunk": 7}.items()
    },
    "labels": lambda s: dataclasses.replace(
        s, headline=dataclasses.replace(s.headline, labels="registry")
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_key_changes_with_the_definitions(change: str) -> None:
    """Any number that the table depends on, and whose labels are credited."""
    assert coverage.key(TABLE, CHANGES[change](DEFINITIONS)) != coverage.key(TABLE, DEFINITIONS)


def test_the_key_changes_with_the_table_and_not_with_its_rows() -> None:
    """One download or one label more changes it; order, an empty row or other columns do not."""
    plain = coverage.key(TABLE, DEFINITIONS)
    more, other, empty = TABLE.copy(), TABLE.copy(), TABLE.copy()
    more.loc[0, HEAD] += 1
    other.loc[0, "study_group_uploader"] = "France"
    assert coverage.key(more, DEFINITIONS) != plain
    assert coverage.key(other, DEFINITIONS) != plain
    empty = empty.iloc[:1].assign(repository="f" * 24, uploader_developer="empty")
    empty[[window.id for window in DEFINITIONS.windows]] = 0
    longer = pd.concat([TABLE, empty], ignore_index=True).sample(frac=1, random_state=3)
    assert coverage.key(longer.assign(unused=1), DEFINITIONS) == plain
    few = dataclasses.replace(
        DEFINITIONS.inference, replicates=DEFINITIONS.inference.replicates + 1
    )
    assert coverage.key(TABLE, dataclasses.replace(DEFINITIONS, inference=few)) == plain


CODE_BEFORE = '''"""Module."""
import os

LIMIT = 3  # a comment
"""What it is."""


def twice(x: int) -> int:
    """Say what it does."""
    return 2 * x
'''
REWORDED = '''import os
LIMIT = 3


def twice(x: int) -> int:
    """Tell it in other words."""

    # more slowly
    return (2 *
            x)
'''


@pytest.mark.parametrize(
    ("code", "same"),
    [
        (REWORDED, True),
        (CODE_BEFORE.replace("LIMIT = 3", "LIMIT = 4"), False),
        (CODE_BEFORE.replace("2 * x", "x * 2"), False),
        (CODE_BEFORE.replace("x: int", "x: float"), False),
    ],
)
def test_only_the_meaning_of_code_counts(tmp_path: Path, code: str, same: bool) -> None:
    """Comments, docstrings and lay-out do not change it; a number, an order or a type does."""
    for name, text in (("before", CODE_BEFORE), ("after", code)):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    before, after = (meaning_of(tmp_path / f"{n}.py") for n in ("before", "after"))
    assert (before == after) == same
    ast.parse(code)


def test_the_key_reads_every_module_of_its_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of meaning in any one of them changes the key."""
    plain, meaning = coverage.key(TABLE, DEFINITIONS), coverage.meaning_of
    for name in CODE:
        monkeypatch.setattr(
            coverage,
            "meaning_of",
            lambda path, name=name: (
                meaning(path) + "changed" * path.with_suffix("").as_posix().endswith(name)
            ),
        )
        assert coverage.key(TABLE, DEFINITIONS) != plain


@pytest.mark.slow
def test_every_module_that_runs_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of one chunk of every model names the modules; the key knows all, and no others.

    How the populations were made does not count: they are in the key themselves.
    """
    ran: set[str] = set()
    found = coverage.populations(TABLE, DEFINITIONS)

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.parent.name in {"analysis", "inference", "validation"}:
            ran.add(f"{path.parent.name}/{path.stem}")

    monkeypatch.setattr(coverage, "CHUNK", 1)
    monkeypatch.setattr(resampling, "FEW", 1)  # as with many clusters, so that rows are merged
    cluster_weights.cache_clear()
    sys.setprofile(note)
    try:
        for model in MODELS:
            setting = Setting(HEAD, model, 1.0)
            coverage._summary(
                setting, found[HEAD], coverage._chunk(found, DEFINITIONS, (setting, 0))
            )
    finally:
        sys.setprofile(None)
    assert ran == set(CODE)


@pytest.mark.slow
def test_the_committed_coverage_is_of_this_code_and_these_data(tmp_path: Path) -> None:
    """Its key is that of the bundled panel; a changed definition would be found."""
    run = Run(BUNDLED, tmp_path)
    for stage in STAGES[:3]:
        execute(stage, run, lambda _: None)
    require_calibration(run)
    text = PACKAGED.read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text(text.replace("data_sets = 2_000", "data_sets = 1_999"), encoding="utf-8")
    with pytest.raises(VerificationError, match=r"calibration\.csv") as caught:
        require_calibration(Run(BUNDLED, tmp_path, other))
    assert "make calibration" in caught.value.remedy

"""The published window in SQL: worked out by hand, on equal terms with the first, and published."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_sql_estimates import bundle, exact_estimates

from replication.analysis.window import errors as window_errors
from replication.analysis.window import facts as window_facts
from replication.analysis.window import lists as window_lists
from replication.analysis.window import months as window_months
from replication.analysis.window.data import WindowData
from replication.attribution import assign, registry, rules
from replication.attribution.window import Credit
from replication.definitions import Definitions, load_definitions
from replication.errors import SecondImplementationError
from replication.files import read_csv, write_csv
from replication.run import ROOT
from replication.sources.bundled import FOLDER
from replication.validation import sql_window as second

RESULTS = ROOT / "results"
MONTH, DAYS = "2024-12", 31
EVIDENCE = ("repositories.csv", "registry.csv", "namespaces.csv", "rules.csv")
TABLES = ("window_repositories.csv", "window_months.csv", "window_dates.csv")
COMPARED = (
    "window_estimates.csv",
    "window_months.csv",
    "hub_dates.csv",
    "window_answers.csv",
    "window_summary.csv",
)
AUTOMATED = [("automated", "Alpha/auto*", "", "")]
# Name, first day from which it is followed, estimate of the month. Stray has no row of the registry.
WINDOW = [
    ("Alpha/one", "2024-01-01", 1000),
    ("Alpha/two", "", 100),
    ("Alpha/auto", "", 50),
    ("Beta/two", "", 24),
    ("stray/x", "", 6),
]
# List, name, first day from which it is followed, downloads, what the list with a cut-off would hold.
LISTS = [
    ("whole", "Alpha/one", "2024-01-01", 100, 100),
    ("whole", "Alpha/two", "", 100, 50),
    ("top", "Alpha/one", "2024-01-01", 300, 0),
    ("top", "Alpha/three", "", 100, 0),
    ("top", "Alpha/auto", "", 1000, 0),
    ("top", "Beta/one", "2024-01-01", 10, 0),
    ("top", "Beta/two", "", 90, 0),
]


def hand_bundle(folder: Path) -> Path:
    """Write a window of one month and two lists, the one of the whole Hub before the one of its top."""
    bundle(folder, rows=AUTOMATED)
    facts = pd.DataFrame(WINDOW, columns=["name", "followed_from", "downloads"])
    uploader = facts["name"].str.split("/").str[0]
    rows = facts.assign(repository=facts["name"], uploader=uploader, origin=uploader, created=MONTH)
    write_csv(folder / "window_repositories.csv", rows)
    measures = dict.fromkeys(
        ["counted", "seen", "ceiling", "estimate/365/standard"], rows["downloads"]
    )
    write_csv(folder / "window_months.csv", rows[["repository"]].assign(month=MONTH, **measures))
    columns = ["list", "name", "followed_from", "downloads", "held_by_top"]
    lists = pd.DataFrame(LISTS, columns=columns)
    owner = lists["name"].str.split("/").str[0]
    about = {"date": lists["list"].map({"whole": "2024-07-11", "top": "2025-01-15"})}
    about["cut_off"] = (lists["list"] == "top") * 50
    lists = lists.assign(**about, uploader=owner, origin=owner, created=MONTH)
    write_csv(folder / "window_dates.csv", lists)
    return folder


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> pd.Series:
    """The numbers of the window worked out by hand."""
    folder = hand_bundle(tmp_path_factory.mktemp("hand"))
    table = second.window(folder, load_definitions())
    return table.set_index(second.KEYS)["value"]


@pytest.mark.slow
def test_tail_by_hand(by_hand: pd.Series) -> None:
    """China's list grows by 200 / 150; so does that of the USA, of which the cut-off holds nothing."""
    group = ("hub_dates.csv", "top, uploader, registry, none, China")
    assert by_hand[*group, "downloads"] == 1400  # of which 1000 look automated and have no tail
    assert by_hand[*group, "with_tail"] == round(1000 + 400 * 200 / 150)
    usa = ("hub_dates.csv", "top, uploader, registry, none, USA", "with_tail")
    assert by_hand[usa] == round(100 * 200 / 150)
    plain = ("hub_dates.csv", "top, uploader, registry, automated, China", "with_tail")
    assert by_hand[plain] == round(400 * 200 / 150)


@pytest.mark.slow
def test_correction_by_hand(by_hand: pd.Series) -> None:
    """China's part goes with what is followed of it; that of the USA keeps its level; both less what is held.

    The tail of what is followed is nothing, and of the rest as much again: 300 to 200 in China. In
    the USA 13 are followed of 133, fewer than three tenths, so that 120 stand for every 30 days.
    """
    china = 1000 + 100 + 50 + (1000 * 200 / 300 - 100)
    level = 365 * 90 * 200 / 150 / 30
    assert by_hand["window_answers.csv", "total", "uncorrected"] == 1180
    found = by_hand["window_answers.csv", "China / (China + USA)", "point"]
    assert found == pytest.approx(china / (china + level), abs=1e-4)
    assert by_hand["window_answers.csv", "total", "point"] == pytest.approx(
        china + level + 6, abs=2
    )
    assert by_hand["window_months.csv", f"{MONTH}, China", "corrected"] == round(china)
    assert by_hand["window_months.csv", f"{MONTH}, USA", "corrected"] == DAYS * 4
    assert by_hand["window_summary.csv", "corrected-usa", "value"] == round(level)


def first(folder: Path, results: Path, definitions: Definitions) -> Path:
    """Let the first implementation write its results from the tables that the second reads."""
    known = registry.load(definitions.group_of, folder / "registry.csv")
    ruled = rules.load(folder / "rules.csv")
    panel = read_csv(folder / "repositories.csv")
    labelled = assign.attributed(panel, known, ruled, definitions.group_of)
    credit = Credit.of(labelled, known, ruled, definitions.group_of)
    names = ("window_repositories", "window_dates", "window_agreement")
    own, lists, agreement = (credit.attributed(read_csv(folder / f"{name}.csv")) for name in names)
    months = read_csv(folder / "window_months.csv")
    for name, table in tables(
        WindowData(own, months, lists, own[:0], agreement, definitions)
    ).items():
        write_csv(results / name, table.round(9))
    return results


def tables(data: WindowData) -> dict[str, pd.DataFrame]:
    """The first implementation's tables that are compared, without what is drawn."""
    estimates = exact_estimates(data.population.table, data.definitions.at_window).assign(
        unit="none"
    )
    dates = window_lists.hub_dates(data.lists, data.definitions)
    pairs = [*window_facts._of_sums(data), *window_facts._of_dates(dates, data)]
    return {
        "window_estimates.csv": estimates,
        "window_answers.csv": window_errors.answers(window_errors.errors(data), estimates, data),
        "window_months.csv": window_months.months(data),
        "hub_dates.csv": dates,
        "window_summary.csv": pd.DataFrame(pairs, columns=["key", "value"]),
    }


def drawn_bundle(folder: Path, seed: int, part: float) -> Path:
    """Write a part of the bundled window: fewer rows leave more groups with nothing followed."""
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for name in (*EVIDENCE, "window_agreement.csv"):
        shutil.copy(FOLDER / name, folder / name)
    rows, months, lists = (read_csv(FOLDER / name) for name in TABLES)
    rows, lists = (table[rng.random(len(table)) < part] for table in (rows, lists))
    months = months[months["repository"].isin(rows["repository"])]
    for name, table in zip(TABLES, (rows, months, lists), strict=True):
        write_csv(folder / name, table)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "part"), [(1, 0.3), (2, 0.02)])
def test_first_implementation(tmp_path: Path, seed: int, part: float) -> None:
    """Both implementations agree on parts of the bundled window that were drawn."""
    folder, definitions = drawn_bundle(tmp_path / "data", seed, part), load_definitions()
    numbers, largest = second.checked(
        folder, first(folder, tmp_path / "results", definitions), definitions
    )
    assert numbers > 10_000
    assert 0 < largest <= second.FRACTION


@pytest.fixture(scope="module")
def by_sql() -> pd.DataFrame:
    """The numbers of the bundled window."""
    return second.window(FOLDER, load_definitions())


@pytest.mark.slow
def test_results_of_the_bundled_window(by_sql: pd.DataFrame) -> None:
    """The results that the project publishes are those that the SQL finds in its tables."""
    compared = second.compare(by_sql, second.from_analysis(RESULTS))
    second.require_equal(compared)
    assert set(compared["table"]) == set(COMPARED)
    assert len(compared) == len(by_sql)
    # Whole numbers may differ by the parts that lie next to a half, of which there are a few at most.
    assert by_sql["loose"].max() <= 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "row", "column", "more"),
    [
        ("window_answers.csv", "China", 1, 2e-9),
        ("window_answers.csv", "total", 1, 1),
        ("window_months.csv", "2025-03,all,USA", 6, 4),
        ("window_summary.csv", "corrected-china", 1, 4),
        ("window_summary.csv", "family", 1, 2e-9),
        ("hub_dates.csv", "top-2025-03-21,2025-03-21,maker,study,none,USA", 8, 1),
        (
            "window_estimates.csv",
            "window-2025-08-without-burst,split,study,USA,none,bounds",
            6,
            2e-9,
        ),
    ],
)
def test_changed_number(
    by_sql: pd.DataFrame, tmp_path: Path, name: str, row: str, column: int, more: float
) -> None:
    """A changed number of the results is found, and shown with its table, its row and both values."""
    for part in COMPARED:
        shutil.copy(RESULTS / part, tmp_path / part)
    lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines) if line.startswith(f"{row},"))
    cells = lines[number].split(",")
    cells[column] = f"{float(cells[column]) + more:.12g}"
    lines[number] = ",".join(cells)
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = re.escape(f"{name}, ") + ".* in the results, .* in SQL"
    with pytest.raises(SecondImplementationError, match=rf"^1 of .*\n  {told}\n") as caught:
        second.require_equal(second.compare(by_sql, second.from_analysis(tmp_path)))
    assert cells[column] in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("registry.csv", ",US,", ",FR,"),
        ("rules.csv", ",automated,", ",mass-upload,"),
        ("window_dates.csv", ",2024-09-20,1193,", ",2024-10-20,1193,"),
        ("window_repositories.csv", ",2025-08-10\n", ",\n"),
    ],
)
def test_wrong_table(tmp_path: Path, name: str, right: str, wrong: str) -> None:
    """A wrong country, rule, date of a list or first day is found."""
    for part in (*EVIDENCE, *TABLES):
        shutil.copy(FOLDER / part, tmp_path / part)
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(SecondImplementationError, match="numbers of the window differ"):
        second.checked(tmp_path, RESULTS, load_definitions())


def planted(value: float, loose: float = np.nan) -> pd.DataFrame:
    """One number."""
    return pd.DataFrame(
        [("a.csv", "China", "seen", value, loose)], columns=[*second.KEYS, "value", "loose"]
    )


@pytest.mark.parametrize(
    ("number", "loose"),
    [(8 + 2e-9, np.nan), (9, 0), (10, 1), (np.nan, 0), (np.nan, np.nan), (np.inf, np.nan)],
)
def test_one_number_differs(number: float, loose: float) -> None:
    """A number that lies too far away is refused, and so is one that is undefined on one side."""
    with pytest.raises(SecondImplementationError, match=r"a\.csv, China, seen: 8 in the results"):
        second.require_equal(
            second.compare(planted(number, loose), planted(8)[[*second.KEYS, "value"]])
        )


@pytest.mark.parametrize(("number", "loose"), [(8 + 5e-10, np.nan), (8, 0), (9, 1)])
def test_equal_numbers(number: float, loose: float) -> None:
    """Digits that are not written, and what was rounded next to a half, may differ."""
    second.require_equal(
        second.compare(planted(number, loose), planted(8)[[*second.KEYS, "value"]])
    )


@pytest.mark.parametrize("side", [0, 1])
def test_missing_number(side: int) -> None:
    """A number that one side lacks is a difference, and nothing compared is no success."""
    pair = [planted(8, 0), planted(8)[[*second.KEYS, "value"]]]
    pair[side] = pair[side][:0]
    with pytest.raises(SecondImplementationError, match="1 of 1 numbers"):
        second.require_equal(second.compare(*pair))
    with pytest.raises(SecondImplementationError, match="0 of 0 numbers"):
        second.require_equal(
            second.compare(planted(8)[:0], planted(8)[[*second.KEYS, "value"]][:0])
        )


@pytest.mark.slow
def test_missing_file(tmp_path: Path) -> None:
    """A file that is missing is named, with what to do."""
    (hand_bundle(tmp_path) / "window_months.csv").unlink()
    with pytest.raises(SecondImplementationError, match=r"window_months\.csv") as caught:
        second.window(tmp_path, load_definitions())
    assert "git checkout" in caught.value.remedy

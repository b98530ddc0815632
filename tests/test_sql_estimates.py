"""The second implementation, in SQL: worked out by hand, and against the first on equal terms."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from replication.analysis import estimates
from replication.analysis.cells import Repositories
from replication.analysis.lead import statistics
from replication.attribution import assign, coverage, registry, rules
from replication.definitions import Definitions, Window, load_definitions
from replication.errors import ReplicationError, SecondImplementationError
from replication.files import read_csv, write_csv
from replication.run import ROOT
from replication.sources.bundled import FOLDER
from replication.validation import sql_estimates as second
from replication.validation.second import connected

WINDOW, QUIET = "synthetic", "synthetic-quiet"
READ = {"evidence_url": "https://example.org/seat", "date_read": "2026-11-23", "note": "synthetic"}
# Name, origin, month of creation, the study's groups of both, downloads. Moved changes hands in
# June 2024; stranger has no row; the study gives Beta another group as an origin, which its group as
# an uploader overrides where it is a maker, and no group to Gamma, whose registered one is taken.
REPOSITORIES = [
    ("Alpha/one", "Alpha", "2024-11", "China", "China", 400),
    ("Packer/a_b-GGUF", "Beta", "2024-11", "User", "France", 100),
    ("Packer/axb-GGUF", "Beta", "2024-11", "User", "France", 60),
    ("Delta/s1-distill", "Alpha", "2024-11", "UK", "China", 40),
    ("Beta/telemetry", "Beta", "2024-11", "USA", "France", 200),
    ("Moved/old", "Moved", "2024-05", "USA", "USA", 30),
    ("Moved/new", "Moved", "2024-06", "USA", "USA", 20),
    ("stranger/x", "stranger", "2024-11", "User", "User", 50),
    ("Unused/x", "Unused", "2024-11", "Asia", "Asia", 0),
]
DEVELOPERS = [
    ("Alpha Inc.", "Alpha alpha-lab", "CN"),
    ("Beta Inc.", "Beta", "US"),
    ("Gamma GmbH", "Gamma", "DE"),
    ("Delta Ltd", "Delta", "GB"),
    ("Packer", "Packer", "individual"),
]
NAMESPACES = [
    ("Moved", "Beta Inc.", "2024-06-01", ""),
    ("Moved", "Alpha Inc.", "", "2024-06-01"),
]
# The first rule leaves the origin to the data and does not match axb; the third is too late.
RULES = [
    ("repackaged", "packer/A_B-*", "", ""),
    ("repackaged", "Packer/*", "Alpha", ""),
    ("repackaged", "Packer/a*", "Delta", ""),
    ("distillation", "*/S?-distill", "Alpha", "Gamma"),
    ("telemetry", "BETA/tele*", "", ""),
    ("mass-upload", "*/100%", "", ""),
]


def synthetic_definitions() -> Definitions:
    """The packaged definitions with two windows and a family of one."""
    definitions = load_definitions()
    windows = tuple(
        Window(name, "increments", date(2024, 1, 1), date(2025, 1, 1), name)
        for name in (WINDOW, QUIET)
    )
    family = dataclasses.replace(definitions.family, name="Alpha", namespaces=("Alpha",))
    return dataclasses.replace(definitions, windows=windows, family=family)


def bundle(
    folder: Path,
    repositories: Iterable[tuple[str, str, str, str, str, int]] = REPOSITORIES,
    developers: Iterable[tuple[str, str, str]] = DEVELOPERS,
    namespaces: Iterable[tuple[str, str, str, str]] = NAMESPACES,
    rows: Iterable[tuple[str, str, str, str]] = RULES,
) -> Path:
    """Write a synthetic panel and its evidence; in the quiet window nothing has a rule."""
    names = ["name", "origin", "created", "study_group_uploader", "study_group_origin", WINDOW]
    panel = pd.DataFrame(repositories, columns=names)
    panel["repository"] = [f"{n:024x}" for n in range(len(panel))]
    panel["uploader"], panel["traced_origin"] = panel["name"].str.split("/").str[0], ""
    panel[QUIET] = (panel["name"].str.split("/").str[0] == "Alpha") * 7
    write_csv(folder / "repositories.csv", panel)
    filled = {
        "registry.csv": _filled(developers, registry.Developer, "developer namespaces country"),
        "namespaces.csv": _filled(
            namespaces, registry.Namespace, "namespace developer valid_from valid_until"
        ),
        "rules.csv": _filled(rows, rules.Rule, "kind pattern origin teacher"),
    }
    for name, table in filled.items():
        write_csv(folder / name, table)
    return folder


def _filled(rows: Iterable[tuple[str, ...]], row: type, columns: str) -> pd.DataFrame:
    """Give a table of evidence the columns that are not told."""
    table = pd.DataFrame(rows, columns=columns.split())
    always = READ | {"sector": "community", "basis": "headquarters", "confidence": "high"}
    always |= {"relation": "transferred", "found_in": "hub", "reason": "synthetic", "source": "x"}
    always["rule"] = [f"rule-{n}" for n in range(len(table))]
    for field in dataclasses.fields(row):
        if field.name not in table:
            table[field.name] = always.get(field.name, "")
    return table[[field.name for field in dataclasses.fields(row)]]


def value(table: pd.DataFrame, quantity: str, group: str, *specification: str) -> float:
    """One number of the synthetic window."""
    where = (WINDOW, *specification, group, quantity)
    return float(table.set_index(second.KEYS).loc[where, "value"])


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The numbers of the synthetic bundle."""
    return second.shares(bundle(tmp_path_factory.mktemp("bundle")), synthetic_definitions())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attribution", "labels", "china", "usa", "nowhere"),
    [
        ("uploader", "study", 400, 250, 210),
        ("uploader", "registry", 430, 220, 210),
        ("origin", "study", 440, 50, 50),
        ("origin", "registry", 470, 380, 50),
        ("split", "study", 420, 150, 130),
        ("maker", "study", 460, 350, 50),
        ("maker", "registry", 490, 320, 50),
    ],
)
def test_shares_by_hand(
    by_hand: pd.DataFrame, attribution: str, labels: str, china: int, usa: int, nowhere: int
) -> None:
    """Shares, lead, ratio and bounds are those that a pencil finds, under every attribution."""
    lead, side = china - usa, (attribution, labels)
    expected = {
        "China": (china / 900, china / 900, (china + nowhere) / 900),
        "USA": (usa / 900, usa / 900, (usa + nowhere) / 900),
        "China − USA": (lead / 900, (lead - nowhere) / 900, (lead + nowhere) / 900),
        "China / USA": (china / usa, china / (usa + nowhere), (china + nowhere) / usa),
    }
    for group, numbers in expected.items():
        found = [value(by_hand, quantity, group, *side) for quantity in second.ESTIMATED[:3]]
        assert found == list(numbers)


@pytest.mark.slow
def test_groups_by_hand(by_hand: pd.DataFrame) -> None:
    """A group without a country can shrink to nothing, and one without downloads has a zero."""
    maker = ("maker", "study")
    assert value(by_hand, "point", "Germany", *maker) == 40 / 900
    assert value(by_hand, "lower", "User", *maker) == 0
    assert value(by_hand, "upper", "User", *maker) == 50 / 900
    assert value(by_hand, "point", "Asia", *maker) == 0
    assert value(by_hand, "total", "all", *maker) == 900


@pytest.mark.slow
def test_family_by_hand(by_hand: pd.DataFrame) -> None:
    """The family's namespaces count within their group, and not others of their developer."""
    family = "Alpha / China"
    assert value(by_hand, "point", family, "uploader", "registry") == 400 / 430
    assert value(by_hand, "lower", family, "uploader", "registry") == 400 / 640
    assert value(by_hand, "point", family, "maker", "registry") == 460 / 490
    assert value(by_hand, "n_developers", family, "uploader", "registry") == 1


@pytest.mark.slow
def test_concentration_by_hand(by_hand: pd.DataFrame) -> None:
    """A developer holds what its namespaces held while they were its own."""
    held = {"Alpha Inc.": 430, "Beta Inc.": 220, "Packer": 160, "stranger": 50, "Delta Ltd": 40}
    squares = sum(n**2 for n in held.values())
    lead = ("China − USA", "uploader", "study")
    assert value(by_hand, "n_developers", *lead) == len(held)
    assert value(by_hand, "n_effective", *lead) == 900**2 / squares
    assert value(by_hand, "top_share", *lead) == 430 / 900
    assert value(by_hand, "without_largest", *lead) == (0 - 220) / (900 - 430)


@pytest.mark.slow
def test_exclusion_by_hand(by_hand: pd.DataFrame) -> None:
    """An exclusion leaves out what its rules match, and makes no estimand where that is nothing."""
    assert set(by_hand["estimand"]) == {WINDOW, QUIET, f"{WINDOW}-without-telemetry"}
    where = (f"{WINDOW}-without-telemetry", "uploader", "study", "China − USA", "point")
    assert by_hand.set_index(second.KEYS).loc[where, "value"] == (400 - 50) / 700


@pytest.mark.slow
def test_undefined_numbers(tmp_path: Path) -> None:
    """Without the USA the ratio is infinite; without a second developer or a family, undefined."""
    definitions = synthetic_definitions()
    only = second.shares(bundle(tmp_path / "china", REPOSITORIES[:1]), definitions)
    assert value(only, "point", "China / USA", "uploader", "study") == math.inf
    assert math.isnan(value(only, "without_largest", "China − USA", "uploader", "study"))
    usa = second.shares(bundle(tmp_path / "usa", REPOSITORIES[4:5]), definitions)
    assert value(usa, "n_developers", "Alpha / China", "uploader", "study") == 0
    assert math.isnan(value(usa, "top_share", "Alpha / China", "uploader", "study"))
    assert math.isnan(value(usa, "point", "Alpha / China", "uploader", "study"))


@pytest.mark.slow
def test_order_of_the_panel(by_hand: pd.DataFrame, tmp_path: Path) -> None:
    """The order of the repositories changes nothing."""
    found = second.shares(bundle(tmp_path, REPOSITORIES[::-1]), synthetic_definitions())
    pd.testing.assert_frame_equal(found, by_hand, check_exact=True)


def exact_estimates(table: pd.DataFrame, definitions: Definitions) -> pd.DataFrame:
    """The first implementation's estimates that need no random draw."""
    names, parts = statistics(definitions), []
    repositories = Repositories(table, definitions)
    for spec in repositories.specifications:
        held = repositories.cells(spec)
        ends = [names.proportions(held.totals), *names.bounds(held.totals)]
        columns = dict(zip(("point", "lower", "upper"), map(names.values, ends), strict=True))
        beside = estimates._concentration_columns(held, names)
        rows = pd.DataFrame({"group": names.names, "method": "bounds", **columns, **beside})
        parts.append(rows.assign(**spec.keys))
    return pd.concat(parts, ignore_index=True)


def first(folder: Path, results: Path, definitions: Definitions) -> Path:
    """Let the first implementation write its results from the files that the second reads."""
    known = registry.load(definitions.group_of, folder / "registry.csv")
    panel = read_csv(folder / "repositories.csv")
    table = assign.attributed(panel, known, rules.load(folder / "rules.csv"), definitions.group_of)
    windows = [window.id for window in definitions.windows]
    write_csv(results / "estimates.csv", exact_estimates(table, definitions))
    write_csv(
        results / "leave_one_out.csv", estimates.leave_one_out(Repositories(table, definitions))
    )
    covered = coverage.of_panel(table, known, windows, definitions.unattributed)
    write_csv(results / "coverage.csv", covered)
    return results


def random_bundle(folder: Path, seed: int) -> Path:
    """Write a synthetic bundle whose names, owners, labels, months and rules are drawn."""
    rng = np.random.default_rng(seed)
    names = [f"{stem}_{n}" for n in range(4) for stem in ("Owner", "Maker")]
    group = dict(zip(names, rng.choice(["China", "USA", "User", "France"], 8), strict=True))
    repositories = [("Alpha/model", "Alpha", "2024-04", "China", "China", 9)]
    for n, (uploader, origin) in enumerate(rng.choice(names, (60, 2))):
        name, created = f"{uploader}/m{n}", f"2024-{rng.integers(1, 13):02}"
        labels = group[uploader], group[origin]
        repositories.append((name, origin, created, *labels, int(rng.integers(99))))
    codes = ["CN", *rng.choice(["CN", "US", "FR"], 4)]
    developers = list(zip("ABCDE", ["Alpha", *names[:4]], codes, strict=True))
    moves = [(names[5], "B", "", "2024-04-15"), (names[5], "A", "2024-04-15", "")]
    patterns = rng.choice(["OWNER_?/*", "*/M1?", "maker_1/*", "*/m?", "O*3/*", "*_2/m*"], 6)
    kinds = rng.choice(["repackaged", "telemetry", "mass-upload"], 6)
    makers = np.where(kinds == "repackaged", rng.choice(["", "Alpha", names[1]], 6), "")
    drawn = [*zip(kinds, patterns, makers, [""] * 6, strict=True)]
    drawn.append(("distillation", f"*/m{rng.integers(6)}?", names[0], names[2]))
    return bundle(folder, repositories, developers, moves, drawn)


@pytest.mark.slow
def test_first_implementation_by_hand(tmp_path: Path) -> None:
    """The first implementation finds the same numbers in the bundle worked out by hand."""
    folder, definitions = bundle(tmp_path / "data"), synthetic_definitions()
    numbers, largest = second.checked(
        folder, first(folder, tmp_path / "results", definitions), definitions
    )
    specifications, statistics, windows = 24, len(definitions.groups) + 3, 2
    totals = windows * len(assign.LABELS) * len(assign.ROLES)
    assert numbers == specifications * (6 * statistics + 1) + totals
    assert largest <= second.TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_first_implementation_drawn(tmp_path: Path, seed: int) -> None:
    """Both implementations agree on bundles that were drawn."""
    folder, definitions = random_bundle(tmp_path / "data", seed), synthetic_definitions()
    first(folder, tmp_path / "results", definitions)
    assert second.checked(folder, tmp_path / "results", definitions)[1] <= second.TOLERANCE


@pytest.mark.slow
def test_results_of_the_bundled_panel() -> None:
    """The results that the project publishes are those that the SQL finds in its data."""
    numbers, largest = second.checked(FOLDER, ROOT / "results", load_definitions())
    assert numbers == len(second.from_analysis(ROOT / "results"))
    assert numbers > len(read_csv(ROOT / "results" / "estimates.csv"))
    assert 0 < largest <= second.TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("repositories.csv", "openai,openai,2024-10,USA,", "openai,openai,2024-10,UK,"),
        ("registry.csv", "Meta,facebook", "Meta,other"),
        ("registry.csv", ",US,", ",FR,"),
        ("rules.csv", ",telemetry,unslothai/*,", ",telemetry,*/*-Instruct,"),
        ("rules.csv", ",repackaged,unsloth/*,", ",mass-upload,unsloth/*,"),
    ],
)
def test_wrong_evidence(tmp_path: Path, name: str, right: str, wrong: str) -> None:
    """A wrong label, owner, country or rule is found, whoever reads the wrong file."""
    for part in ("repositories.csv", "registry.csv", "namespaces.csv", "rules.csv"):
        shutil.copy(FOLDER / part, tmp_path / part)
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / name).write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(SecondImplementationError, match=r"numbers differ .*\n.* in SQL"):
        second.checked(tmp_path, ROOT / "results", load_definitions())


def planted() -> pd.DataFrame:
    """Two numbers of one specification, and its total."""
    keys = ("e", "uploader", "study")
    rows = [(*keys, "China", "point", 0.5), (*keys, "USA", "point", math.nan)]
    return pd.DataFrame([*rows, (*keys, "all", "total", 8.0)], columns=[*second.KEYS, "value"])


def test_equal_numbers() -> None:
    """Equal numbers pass, undefined on both sides included; a total that no file has is no number."""
    compared = second.compare(planted(), planted().iloc[:2])
    second.require_equal(compared)
    assert len(compared) == 2
    assert second.worst(compared) == 0


@pytest.mark.parametrize(
    ("row", "number", "scaled"),
    [(0, 0.5 + 1e-10, 1e-10), (0, math.nan, math.inf), (1, 0.0, math.inf), (2, 9.0, 1 / 8)],
)
def test_one_number_differs(row: int, number: float, scaled: float) -> None:
    """One number that differs is told with both values; above 1 the difference is relative."""
    other = planted()
    other.loc[row, "value"] = number
    compared = second.compare(other, planted())
    assert second.worst(compared) == pytest.approx(scaled)
    with pytest.raises(SecondImplementationError, match="1 of 3 numbers differ") as caught:
        second.require_equal(compared)
    assert isinstance(caught.value, ReplicationError)
    assert ", ".join(planted().loc[row, second.KEYS]) in str(caught.value)


@pytest.mark.parametrize(("cut", "told"), [([0], "1 of 3"), ([1], "1 of 3"), ([0, 1, 2], "3 of 3")])
def test_missing_number(cut: list[int], told: str) -> None:
    """A number that the second side lacks is a difference, undefined or not."""
    with pytest.raises(SecondImplementationError, match=f"{told} numbers differ"):
        second.require_equal(second.compare(planted().drop(cut), planted()))


@pytest.mark.parametrize(("cut", "told"), [([0], "1 of 3"), ([1], "1 of 3"), ([0, 1, 2], "2 of 2")])
def test_further_number(cut: list[int], told: str) -> None:
    """A number that the results lack is a difference, unless it is a total."""
    with pytest.raises(SecondImplementationError, match=f"{told} numbers differ"):
        second.require_equal(second.compare(planted(), planted().drop(cut)))


def test_nothing_compared() -> None:
    """Two empty tables do not pass for equal ones."""
    empty = planted().iloc[:0]
    with pytest.raises(SecondImplementationError, match="0 of 0 numbers"):
        second.require_equal(second.compare(empty, empty))


@pytest.mark.slow
def test_missing_file(tmp_path: Path) -> None:
    """A file that is missing is named, with what to do."""
    (bundle(tmp_path) / "rules.csv").unlink()
    with pytest.raises(SecondImplementationError, match=r"rules\.csv") as caught:
        second.shares(tmp_path, synthetic_definitions())
    assert "git checkout" in caught.value.remedy


@pytest.mark.slow
def test_confined_connection(tmp_path: Path) -> None:
    """The SQL can read the folder that it is given, and no other file, network or setting."""
    inside, outside = bundle(tmp_path / "inside"), bundle(tmp_path / "outside")
    with connected(inside) as connection:
        found = connection.execute(f"FROM read_csv('{inside}/repositories.csv')").fetchall()
        assert len(found) == len(REPOSITORIES)
        for statement in (
            f"FROM read_csv('{outside}/repositories.csv')",
            "FROM read_csv('https://example.org/repositories.csv')",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)

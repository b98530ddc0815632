"""Agreement of labels: the coefficients, the comparison with the study, and the second coding."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from released_files import EXAMPLES
from small import synthetic_definitions, synthetic_repositories

from replication.attribution import agreement, assign, audit, registry, rules
from replication.attribution.registry import ALWAYS, Developer, Registry, Tenure
from replication.errors import RegistryError
from replication.panel import table
from replication.sources import bundled

DEFINITIONS = synthetic_definitions()
TABLE = synthetic_repositories(DEFINITIONS)
WINDOWS = [window.id for window in DEFINITIONS.windows]
NOWHERE = set(DEFINITIONS.unattributed)
FRAME, CODINGS = audit.load(DEFINITIONS.group_of)


def plain_kappa(pairs: Sequence[tuple[str, str]], weights: Sequence[int]) -> float:
    """Cohen's κ by its definition: agreement beyond that of independent coders of these margins."""
    total = sum(weights)
    same = sum(w for (a, b), w in zip(pairs, weights, strict=True) if a == b)
    first, second = (
        {v: sum(w for p, w in zip(pairs, weights, strict=True) if p[k] == v) for v in "abc"}
        for k in (0, 1)
    )
    chance = sum(first[v] * second[v] for v in "abc")
    if total == 0 or chance == total**2:
        return np.nan
    observed, expected = Fraction(same, total), Fraction(chance, total**2)
    return float((observed - expected) / (1 - expected))


def plain_alpha(pairs: Sequence[tuple[str, str]]) -> float:
    """Krippendorff's α by its definition: differing pairs within units against those among all."""
    values = [value for pair in pairs for value in pair]
    among = [a != b for a, b in combinations(values, 2)]
    if not any(among):
        return np.nan
    within = Fraction(sum(a != b for a, b in pairs), len(pairs))
    return float(1 - within / Fraction(sum(among), len(among)))


def found(
    pairs: Sequence[tuple[str, str]], weights: Sequence[int] | None = None
) -> dict[str, float]:
    """What `measures` says of pairs of labels."""
    first, second = (pd.Series([pair[k] for pair in pairs], dtype=str) for k in (0, 1))
    return agreement.measures(first, second, None if weights is None else pd.Series(weights))


@pytest.mark.slow
def test_measures_by_hand() -> None:
    """Of 10 units 7 agree where independent coders would on 0.45; of all 190 pairs 107 differ."""
    pairs = [("a", "a")] * 4 + [("b", "b")] * 3 + [("a", "b")] * 2 + [("c", "a")]
    got = found(pairs)
    assert (got["units"], got["percent"]) == (10, 70.0)
    assert got["kappa"] == pytest.approx((0.7 - 0.45) / 0.55, abs=1e-15)  # 6·5 + 3·5 + 1·0 of 100
    assert got["alpha"] == pytest.approx(1 - 0.3 / (107 / 190), abs=1e-15)  # 11 a, 8 b, 1 c


@pytest.mark.slow
def test_weighted_measures_by_hand() -> None:
    """Weights 6, 3 and 1: nine tenths agree, against 0.6·0.7 + 0.4·0.3 by chance; no α."""
    got = found([("a", "a"), ("b", "b"), ("b", "a")], [6, 3, 1])
    assert (got["units"], got["percent"]) == (3, 90.0)
    assert got["kappa"] == pytest.approx((0.9 - 0.54) / 0.46, abs=1e-15)
    assert np.isnan(got["alpha"])


@pytest.mark.slow
@pytest.mark.parametrize("window", WINDOWS)
def test_kappa_is_that_of_scikit_learn(window: str) -> None:
    """The two labels of the synthetic namespaces, weighted by their downloads."""
    from sklearn.metrics import cohen_kappa_score

    pairs = agreement.labelled_namespaces(TABLE, "uploader", WINDOWS)
    labels, weight = (pairs["study_group"], pairs["registry_group"]), pairs[window]
    assert agreement.measures(*labels, weight)["kappa"] == pytest.approx(
        cohen_kappa_score(*labels, sample_weight=weight), abs=1e-12
    )


@pytest.mark.slow
@EXAMPLES
@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 2), min_size=1, max_size=12))
def test_measures_equal_a_plain_implementation(pairs: list[tuple[str, str]]) -> None:
    """Percent, κ and α are what their definitions give in exact fractions."""
    got = found(pairs)
    assert got["percent"] == pytest.approx(
        100 * sum(a == b for a, b in pairs) / len(pairs), rel=1e-14
    )
    assert got["kappa"] == pytest.approx(
        plain_kappa(pairs, [1] * len(pairs)), abs=1e-13, nan_ok=True
    )
    assert got["alpha"] == pytest.approx(plain_alpha(pairs), abs=1e-13, nan_ok=True)


@pytest.mark.slow
@EXAMPLES
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(0, 9)),
        min_size=1,
        max_size=12,
    )
)
def test_weighted_measures_equal_a_plain_implementation(units: list[tuple[str, str, int]]) -> None:
    """A whole weight counts as so many units, and none as no unit; α is not defined for weights."""
    pairs, weights = [unit[:2] for unit in units], [unit[2] for unit in units]
    got = found(pairs, weights)
    repeated = [pair for pair, weight in zip(pairs, weights, strict=True) for _ in range(weight)]
    if repeated:
        assert got["percent"] == pytest.approx(found(repeated)["percent"], abs=1e-12)
    else:
        assert np.isnan(got["percent"])
    assert got["kappa"] == pytest.approx(plain_kappa(pairs, weights), abs=1e-13, nan_ok=True)
    assert np.isnan(got["alpha"])


@pytest.mark.parametrize("weights", [None, [1, 5, 2]])
def test_where_all_labels_are_one_no_coefficient_is_defined(weights: list[int] | None) -> None:
    """All agree, which shows nothing beyond chance."""
    got = found([("a", "a")] * 3, weights)
    assert got["percent"] == 100
    assert np.isnan(got["kappa"])
    assert np.isnan(got["alpha"])


def test_where_all_weight_lies_on_one_label_kappa_is_not_defined() -> None:
    """A label that weighs nothing counts as absent, without a warning."""
    got = found([("a", "a"), ("b", "b"), ("b", "a")], [4, 0, 0])
    assert got["percent"] == 100
    assert np.isnan(got["kappa"])


def test_no_units_and_no_weight_have_no_agreement() -> None:
    """Nothing is a percentage of nothing."""
    for got in (found([]), found([("a", "b")], [0])):
        assert all(np.isnan(got[name]) for name in ("percent", "kappa", "alpha"))


def with_study(rows: pd.DataFrame) -> pd.DataFrame:
    """Agreement with the study by role, scope and weight."""
    table_ = agreement.with_study(rows, WINDOWS, DEFINITIONS.unattributed, "Unknown")
    return table_.set_index(["attribution", "scope", "weight"])


def test_agreement_with_the_study_by_hand() -> None:
    """Of the six uploaders with evidence, other-cn alone differs: 50 of 900 downloads."""
    rows = with_study(TABLE)
    raw = rows.loc["uploader", "all", "raw"]
    assert raw["units"] == 6
    assert raw["percent"] == pytest.approx(500 / 6, rel=1e-15)
    assert raw["kappa"] == pytest.approx(3 / 4, abs=1e-15)  # 5/6 against (2·3 + 2·2 + 2·1) / 36
    assert raw["alpha"] == pytest.approx(36 / 47, abs=1e-15)  # 1/6 against 94 of 132
    weighed = rows.loc["uploader", "all", WINDOWS[0]]
    assert weighed["percent"] == pytest.approx(100 * 850 / 900, rel=1e-15)
    chance = (600 * 650 + 210 * 210 + 90 * 40) / 900**2
    assert weighed["kappa"] == pytest.approx((850 / 900 - chance) / (1 - chance), abs=1e-14)
    assert np.isnan(weighed["alpha"])


@pytest.mark.slow
def test_unknown_namespaces_are_not_compared() -> None:
    """The packager, of which the registry knows nothing, counts as an uploader alone."""
    rows = with_study(TABLE)
    assert rows.loc["uploader", "all", "raw"]["units"] == 6
    assert rows.loc["origin", "all", "raw"]["units"] == 4
    assert rows.loc["maker", "all", "raw"]["units"] == 6
    assert rows.loc["origin", "all", WINDOWS[-1]]["percent"] == 95
    assert rows.loc["maker", "all", WINDOWS[-1]]["percent"] == 95
    blind = with_study(TABLE.assign(registry_group_uploader="Unknown"))
    assert blind.loc["uploader", "all", "raw"]["units"] == 0
    assert np.isnan(blind.loc["uploader", "all", "raw"]["percent"])


@pytest.mark.slow
def test_countries_alone_agree_by_hand() -> None:
    """Where both name a country, Qwen, deepseek-ai, meta and unslothai agree."""
    rows = with_study(TABLE).xs("countries", level="scope")
    assert rows.loc["uploader", "raw"]["units"] == 4
    assert rows.loc["origin", "raw"]["units"] == 3
    for role in assign.ROLES:
        for weight in ("raw", *WINDOWS):
            assert rows.loc[role, weight][["percent", "kappa"]].tolist() == [100, 1]
        assert rows.loc[role, "raw"]["alpha"] == 1


@pytest.mark.slow
def test_every_role_scope_and_weight_has_one_row() -> None:
    """Three roles, two scopes, and a row for the raw count and each window."""
    rows = with_study(TABLE)
    assert len(rows) == len(set(rows.index)) == 3 * 2 * (1 + len(WINDOWS))


def test_the_confusion_table_by_hand() -> None:
    """Pairs of labels of the uploaders, and how many namespaces and downloads each has."""
    rows = agreement.confusion(TABLE, WINDOWS)
    uploaders = rows[rows["attribution"] == "uploader"].set_index(["study_group", "registry_group"])
    assert uploaders[["namespaces", WINDOWS[0]]].T.to_dict("list") == {
        ("China", "China"): [2, 600],
        ("USA", "USA"): [2, 210],
        ("USA", "Unknown"): [1, 100],
        ("User", "China"): [1, 50],
        ("User", "User"): [1, 40],
    }


def test_the_confusion_table_adds_up_to_the_downloads() -> None:
    """No download and no namespace is lost in any role and window."""
    rows = agreement.confusion(TABLE, WINDOWS)
    for role, part in rows.groupby("attribution"):
        assert part["namespaces"].sum() == TABLE[role].nunique()
        assert (part[WINDOWS].sum() == TABLE[WINDOWS].sum()).all()
    assert set(rows["attribution"]) == set(assign.ROLES)


def synthetic_registry(countries: dict[str, str]) -> Registry:
    """Synthetic developers, one a namespace, each with an alternative and evidence."""
    developers = [
        Developer(
            developer=f"The {name}",
            namespaces=(name,),
            country=country,
            alternative_country=("SG", "GB"),
            alternative_reason="offices there",
            sector="company",
            parent="",
            basis="headquarters",
            evidence_url=f"https://{name}.example/about",
            date_read="2026-11-23",
            date_of_copy="",
            confidence="medium",
            note=f"{name} says so.",
        )
        for name, country in countries.items()
    ]
    return Registry(tuple(developers), {d.namespaces[0]: (Tenure(*ALWAYS, d),) for d in developers})


def test_disagreements_by_hand() -> None:
    """other-cn and someone differ; the larger comes first, with the evidence of its row."""
    known = synthetic_registry({"other-cn": "CN", "someone": "US"})
    rows = TABLE.assign(
        registry_group_uploader=TABLE["registry_group_uploader"].mask(
            TABLE["uploader"] == "someone", "USA"
        )
    )
    got = agreement.disagreements(rows, known, WINDOWS, "Unknown")
    assert [*zip(got["attribution"], got["namespace"], got[WINDOWS[-1]], strict=True)] == [
        *[(role, "other-cn", 50) for role in ("uploader", "origin", "maker")],
        ("uploader", "someone", 40),
    ]
    assert got.loc[3, ["study_group", "registry_group"]].tolist() == ["User", "USA"]
    assert (got["alternative_country"] == "SG GB").all()
    assert got.loc[3, "evidence_url"] == "https://someone.example/about"
    assert got.loc[3, "note"] == "someone says so."
    assert (got["confidence"] == "medium").all()


def test_where_labels_agree_nothing_is_listed() -> None:
    """No row, and every column still there."""
    agreed = {f"registry_group_{role}": TABLE[f"study_group_{role}"] for role in assign.ROLES}
    got = agreement.disagreements(
        TABLE.assign(**agreed), synthetic_registry({}), WINDOWS, "Unknown"
    )
    assert len(got) == 0
    assert {"namespace", "evidence_url", "note"} <= set(got)


@pytest.mark.slow
def test_every_disagreement_of_the_panel_carries_evidence() -> None:
    """Of the bundled panel no namespace is said to be labelled wrongly without an address."""
    known = registry.load(DEFINITIONS.group_of)
    repositories = assign.attributed(
        table.read(bundled.FOLDER).repositories, known, rules.load(), DEFINITIONS.group_of
    )
    got = agreement.disagreements(repositories, known, WINDOWS, "Unknown")
    assert len(got) > 0
    assert got["evidence_url"].str.match(r"https?://\S+\.\S+").all()
    assert (got["note"] != "").all()
    assert (got["study_group"] != got["registry_group"]).all()
    counted = agreement.confusion(repositories, WINDOWS)
    differ = (counted["study_group"] != counted["registry_group"]) & (
        counted["registry_group"] != "Unknown"
    )
    assert counted.loc[differ, "namespaces"].sum() == len(got)


def test_the_sample_is_as_large_as_the_study_says_and_coded_whole() -> None:
    """At least 120 developers were drawn, and just those were coded, each once."""
    drawn = FRAME.loc[FRAME["sampled"], "unit"]
    assert len(drawn) == DEFINITIONS.audit.sample >= 120
    assert sorted(CODINGS["unit"]) == sorted(drawn)
    assert FRAME["unit"].is_unique


def test_the_frame_has_sizes_and_probabilities() -> None:
    """Sizes are whole downloads, and the probabilities add up to the sample."""
    assert FRAME["size"].dtype == np.int64
    assert (FRAME["size"] > 0).all()
    assert FRAME["probability"].between(0, 1, inclusive="right").all()
    assert FRAME["probability"].sum() == pytest.approx(DEFINITIONS.audit.sample, abs=1e-9)
    certain = FRAME["probability"] == 1
    assert FRAME.loc[certain, "sampled"].all()


def test_agreed_means_that_both_codes_are_equal() -> None:
    """The resolution says agreed where the codes are equal, and there alone."""
    same = CODINGS["first_country"] == CODINGS["second_country"]
    assert 0 < same.sum() < len(CODINGS)
    assert ((CODINGS["resolution"] == "agreed") == same).all()
    assert (CODINGS["resolution"] != "").all()


def test_the_resolution_is_one_of_both_codings() -> None:
    """Nobody gave a third country."""
    for row in CODINGS.itertuples():
        assert row.resolved_country in {row.first_country, row.second_country}, row.unit


AUDITED = max(CODINGS["second_date_read"])


def test_the_registry_says_what_was_resolved() -> None:
    """A row holds the resolved country, unless its evidence was read after the audit: it was mended."""
    known = registry.load(DEFINITIONS.group_of)
    checked = 0
    for row in CODINGS.itertuples():
        names = str(row.namespaces).split()
        owners = {known.find(name) for name in names}
        mended = any(owner and owner.date_read > AUDITED for owner in owners)
        if len(owners) == 1 and not mended:
            assert {known.country_of(name) for name in names} == {row.resolved_country}, row.unit
            checked += 1
    assert checked > 0.5 * len(CODINGS)


def rows_of(path: Path) -> list[list[str]]:
    """Every row of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def written(path: Path, rows: Iterable[Sequence[str]]) -> Path:
    """A CSV file of these rows."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def shipped(folder: Path) -> tuple[Path, Path]:
    """Copies of the shipped frame and codings."""
    pair = (audit.FRAME, audit.CODING)
    frame, coding = (written(folder / path.name, rows_of(path)) for path in pair)
    return frame, coding


def damaged(path: Path, line: int, column: str, value: str) -> None:
    """Write one cell over."""
    rows = rows_of(path)
    rows[line - 1][rows[0].index(column)] = value
    written(path, rows)


def line_of(path: Path, **cells: str) -> int:
    """The first line with these cells."""
    header, *rows = rows_of(path)
    at = [header.index(column) for column in cells]
    return next(n for n, row in enumerate(rows, 2) if [row[i] for i in at] == [*cells.values()])


AGREED = {"first_country": "CN", "second_country": "CN"}


def test_an_undamaged_copy_is_accepted(tmp_path: Path) -> None:
    """The damage below is what is refused."""
    frame, codings = audit.load(DEFINITIONS.group_of, *shipped(tmp_path))
    pd.testing.assert_frame_equal(frame, FRAME)
    pd.testing.assert_frame_equal(codings, CODINGS)


@pytest.mark.parametrize(
    ("where", "column", "value", "message"),
    [
        (AGREED, "first_country", "XX", "first_country 'XX' is unknown"),
        (AGREED, "second_country", "China", "second_country 'China' is unknown"),
        (AGREED, "resolved_country", "", "resolved_country '' is unknown"),
        (AGREED, "second_evidence_url", "", "no second_evidence_url"),
        (AGREED, "second_evidence_url", "a page", "no second_evidence_url"),
        (AGREED, "second_date_read", "2026-02-30", "second_date_read is no date"),
        (AGREED, "second_date_read", "", "second_date_read is no date"),
        (AGREED, "second_country", "US", "resolution does not fit"),
        (AGREED, "resolution", "the first: it says more", "resolution does not fit"),
        (AGREED, "resolution", "", "resolution does not fit"),
        (AGREED, "resolved_country", "US", "resolved_country is neither coding"),
        (AGREED, "second_note", "=1+1", "second_note starts with '=', like a formula"),
        (
            {"first_country": "individual", "second_country": "unknown"},
            "resolution",
            "agreed",
            "resolution does not fit",
        ),
    ],
)
def test_a_malformed_coding_is_refused_with_its_line(
    tmp_path: Path, where: dict[str, str], column: str, value: str, message: str
) -> None:
    """The message names the line and what is wrong with it."""
    frame, coding = shipped(tmp_path)
    line = line_of(coding, **where)
    damaged(coding, line, column, value)
    with pytest.raises(RegistryError) as refused:
        audit.load(DEFINITIONS.group_of, frame, coding)
    assert refused.value.what.startswith(f"second_coding.csv, line {line}: {message}")
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("size", "many", "size"),
        ("size", "0", "size"),
        ("size", "1.5", "size"),
        ("probability", "likely", "probability"),
        ("probability", "0", "probability"),
        ("probability", "1.01", "probability"),
        ("probability", "nan", "probability"),
        ("sampled", "maybe", "sampled"),
    ],
)
def test_a_malformed_unit_of_the_frame_is_refused_with_its_line(
    tmp_path: Path, column: str, value: str, message: str
) -> None:
    """A size, a probability or a word that cannot be read is a named error."""
    frame, coding = shipped(tmp_path)
    damaged(frame, 4, column, value)
    with pytest.raises(RegistryError, match=f"sampling_frame.csv, line 4: {message}"):
        audit.load(DEFINITIONS.group_of, frame, coding)


def test_a_sampled_unit_without_a_coding_is_refused(tmp_path: Path) -> None:
    """The message names the unit that is missing."""
    frame, coding = shipped(tmp_path)
    *rows, last = rows_of(coding)
    written(coding, rows)
    with pytest.raises(RegistryError, match="not both sampled and coded") as refused:
        audit.load(DEFINITIONS.group_of, frame, coding)
    assert last[0] in refused.value.what


def test_a_coded_unit_that_was_not_sampled_is_refused(tmp_path: Path) -> None:
    """A unit cannot be added to a sample that was drawn."""
    frame, coding = shipped(tmp_path)
    damaged(frame, 2, "sampled", "no")
    with pytest.raises(RegistryError, match="not both sampled and coded"):
        audit.load(DEFINITIONS.group_of, frame, coding)


@pytest.mark.parametrize("which", [0, 1])
def test_a_unit_with_two_rows_is_refused(tmp_path: Path, which: int) -> None:
    """It would count twice."""
    paths = shipped(tmp_path)
    rows = rows_of(paths[which])
    written(paths[which], [*rows, rows[1]])
    with pytest.raises(RegistryError, match="two rows"):
        audit.load(DEFINITIONS.group_of, *paths)


def test_files_without_rows_are_a_named_error(tmp_path: Path) -> None:
    """Headers alone are no sample; a file that is not there is not either."""
    frame, coding = shipped(tmp_path)
    written(coding, rows_of(coding)[:1])
    with pytest.raises(RegistryError, match="not both sampled and coded"):
        audit.load(DEFINITIONS.group_of, frame, coding)
    coding.unlink()
    with pytest.raises(RegistryError, match="cannot read second_coding"):
        audit.load(DEFINITIONS.group_of, frame, coding)


def synthetic_codings(rows: Sequence[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Synthetic codings of a unit, its namespaces, and its first and second country."""
    return pd.DataFrame(rows, columns=["unit", "namespaces", "first_country", "second_country"])


# Codes and classes agree; codes differ and classes agree, three times; both differ, twice.
SIX = synthetic_codings(
    [
        ("one", "one", "CN", "CN"),
        ("two", "two", "CN", "HK"),
        ("three", "three", "GB", "FR"),
        ("four", "four", "individual", "unknown"),
        ("five", "five", "US", "international"),
        ("six", "six", "GB", "US"),
    ]
)


def test_classes_by_hand() -> None:
    """Hong Kong counts with China, as the study's groups say; a person has no country."""
    classes = {
        code: audit.class_of(code, DEFINITIONS.group_of, NOWHERE)
        for code in ("CN", "HK", "US", "GB", "AU", "individual", "international", "unknown")
    }
    assert [*classes.values()] == [
        *("China", "China", "USA", "another country", "another country"),
        *["no country"] * 3,
    ]


def test_the_confusion_of_both_codings_by_hand() -> None:
    """Rows are the first coding and columns the second: China, USA, another country, none."""
    got = audit.confusion(SIX, DEFINITIONS.group_of, NOWHERE)
    assert got.tolist() == [[2, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_the_confusion_of_the_shipped_codings_adds_up_to_the_sample() -> None:
    """Every unit is counted once, and the margins are those of each coding."""
    got = audit.confusion(CODINGS, DEFINITIONS.group_of, NOWHERE)
    assert got.sum() == len(CODINGS)
    for axis, column in ((1, "first_country"), (0, "second_country")):
        groups = CODINGS[column].map(DEFINITIONS.group_of)
        assert got.sum(axis=axis)[0] == (groups == "China").sum()
        assert got.sum(axis=axis)[1] == (groups == "USA").sum()
        assert got.sum(axis=axis)[3] == groups.isin(NOWHERE).sum()


def test_settled_developers_by_hand() -> None:
    """Every unit of a developer must agree in class and be known; a unit settles all that it holds."""
    codings = synthetic_codings(
        [
            ("a", "a1 a2", "CN", "HK"),
            ("b", "b1", "US", "US"),
            ("c", "b2 c", "US", "GB"),
            ("d", "d", "individual", "unknown"),
            ("e", "e", "unknown", "GB"),
            ("f", "c", "FR", "FR"),
            ("g", "g", "unknown", "unknown"),
            ("h", "h", "individual", "international"),
        ]
    )
    developer_of = {"a1": "A", "b1": "B", "b2": "B", "c": "C", "d": "D", "e": "E"}
    got = audit.settled(
        codings, lambda name: developer_of.get(name, name), DEFINITIONS.group_of, NOWHERE
    )
    assert got == {"A", "a2", "h"}


def test_settled_developers_of_the_shipped_codings_were_sampled() -> None:
    """Nobody is settled who was not coded twice in one class, or whom a coding does not know."""
    known = registry.load(DEFINITIONS.group_of)
    got = audit.settled(CODINGS, known.developer_of, DEFINITIONS.group_of, NOWHERE)
    coded = {known.developer_of(n) for cell in CODINGS["namespaces"] for n in cell.split()}
    assert got < coded
    differ = [
        {audit.class_of(c, DEFINITIONS.group_of, NOWHERE) for c in pair}
        for pair in zip(CODINGS["first_country"], CODINGS["second_country"], strict=True)
    ]
    unknown = (CODINGS[["first_country", "second_country"]] == "unknown").any(axis=1)
    open_ = CODINGS.loc[unknown | np.array([len(c) > 1 for c in differ]), "namespaces"]
    assert got == coded - {known.developer_of(n) for cell in open_ for n in cell.split()}


def test_agreement_of_the_codings_by_hand() -> None:
    """Codes, classes, and codes where neither is unknown; units alike, by design and by size."""
    frame = pd.DataFrame(
        {
            "unit": ["nobody", "six", "five", "four", "three", "two", "one"],
            "size": [7, 5, 5, 10, 20, 20, 40],
            "probability": [0.1, 0.125, 0.25, 0.25, 0.5, 0.5, 1.0],
        }
    )
    rows = audit.agreement(frame, SIX, DEFINITIONS.group_of, NOWHERE)
    got = rows.set_index(["scope", "weight"])
    assert [*got.index] == [
        (scope, weight)
        for scope in ("codes", "classes", "settled")
        for weight in ("raw", "design", "size")
    ]
    assert got["units"].tolist() == [6, 6, 6, 6, 6, 6, 5, 5, 5]
    # by design the six units stand for 1, 2, 2, 4, 4 and 8 of the frame
    expected = [1 / 6, 1 / 21, 40 / 100, 4 / 6, 9 / 21, 90 / 100, 1 / 5, 1 / 17, 40 / 90]
    assert got["percent"].tolist() == pytest.approx([100 * x for x in expected], rel=1e-14)
    # classes: both margins are China 2, USA 1, another 2, none 1 and 2, 1, 1, 2
    chance = (2 * 2 + 1 * 1 + 2 * 1 + 1 * 2) / 36
    kappa = (4 / 6 - chance) / (1 - chance)
    assert got.loc[("classes", "raw"), "kappa"] == pytest.approx(kappa, abs=1e-14)
    # by size China has 60 and 60, the USA 5 and 5, another 25 and 20, none 10 and 15
    chance = (60 * 60 + 5 * 5 + 25 * 20 + 10 * 15) / 100**2
    kappa = (0.9 - chance) / (1 - chance)
    assert got.loc[("classes", "size"), "kappa"] == pytest.approx(kappa, abs=1e-14)
    # of the 12 labels 4 are China, 2 the USA, 3 another country and 3 none
    among = 1 - (4 * 3 + 2 * 1 + 3 * 2 + 3 * 2) / (12 * 11)
    alpha = 1 - (2 / 6) / among
    assert got.loc[("classes", "raw"), "alpha"] == pytest.approx(alpha, abs=1e-14)
    assert got["alpha"].notna().tolist() == [True, False, False] * 3

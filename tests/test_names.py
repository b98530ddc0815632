"""Names of the Hub: their alphabet, and one name in any case, from the file to the second answer."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id
from pandas.testing import assert_frame_equal
from record_files import TOP, WHOLE, defect, model, read, write_list, write_top
from released_files import counters_of, real_file, repository, synthetic_release, write
from small_window import small_window
from test_panel_table import DEFINITIONS as SHORT
from test_panel_table import NO_LABELS
from test_sql_estimates import NAMESPACES, bundle, first, synthetic_definitions

from replication import names
from replication.analysis.cells import Repositories
from replication.analysis.specification import of_window
from replication.attribution import assign, coverage, registry, rules
from replication.attribution.namespace_counts import namespace_counts
from replication.attribution.window import Credit
from replication.definitions import load_definitions
from replication.errors import ContractError, RegistryError, SourceError
from replication.files import read_csv
from replication.panel import defects, lineage, table, tail
from replication.sources.counters import reading
from replication.validation import sql_estimates as second

DEFINITIONS = load_definitions()
REGISTRY, RULES = registry.load(DEFINITIONS.group_of), rules.load()
MALFORMED = [
    "Qwen ", " Qwen", "Qw en", "Qwen\u200b", "Qwen\xa0", "Qwen\n", "Qwen\t", "Qwen\x00", "Q|wen",
    'Qwen"', "Qwen'", "<b>Qwen</b>", "Qwe\u0301n", "\u0405kywork", "\u212aimi", "Qw\u00e9n", "-Qwen",
    "Qwen.", "Qw--en", "Qw..en", "=Qwen", "Qwen$", "Q\\wen", "Q" * 97, "\ufeffQwen", "\uff31wen",
]  # fmt: skip
WELL = ["Qwen", "qwen2.5", "01-ai", "a_b", "_x", "stable-diffusion-v1-5", "Q" * 96, "NA", "7"]


@pytest.mark.parametrize("name", [*MALFORMED, *WELL])
def test_the_alphabet_is_that_of_the_hub_s_client(name: str) -> None:
    """What the client takes as owner/name is well formed, and nothing else."""
    try:
        validate_repo_id(f"{name}/model")
        right = True
    except HFValidationError:
        right = False
    assert right == (name in WELL)
    assert names.is_namespace(name) == right
    assert names.well_formed(pd.Series([f"{name}/m", f"m/{name}"])).tolist() == [right] * 2
    assert names.well_formed(pd.Series([name, None]), names.NAMESPACE).tolist() == [right, False]


def test_small_letters_are_those_of_the_alphabet() -> None:
    """A letter of another alphabet, such as the sign of the kelvin, becomes no letter A to Z."""
    assert names.key("Qwen/QwQ-32B") == "qwen/qwq-32b"
    assert names.key("\u212aimi") != names.key("Kimi")
    found = names.keys(pd.Series(["Qwen", "\u212aimi", None]))
    assert found.tolist()[:2] == ["qwen", "\u212aimi"]
    assert found.isna().tolist() == [False, False, True]


def test_the_commonest_spelling_holds() -> None:
    """Of spellings that are as common as each other, the first in the order of characters."""
    one, two = names.unified(pd.Series(["qwen", "Qwen", "b", "x"]), pd.Series(["Qwen", "B", "y"]))
    assert (one.tolist(), two.tolist()) == (["Qwen", "Qwen", "B", "x"], ["Qwen", "B", "y"])


@pytest.mark.parametrize("file", ["release.parquet", "release.csv"])
@pytest.mark.parametrize("column", ["model", "author", "derived_author"])
@pytest.mark.parametrize("name", ["Qwen ", "Qwen\u200b", "Q|wen", "\u0405kywork", "Qw\x1ben", "q'"])
def test_a_released_file_with_another_name_is_refused(
    tmp_path: Path, file: str, column: str, name: str
) -> None:
    """The file, the row, the cell with what is not seen in it, and a remedy that says the alphabet."""
    rows = synthetic_release(repository(1, [5, 9, 12], name="Qwen/m"))
    cells = [*rows[column][:-1], f"{name}/m" if column == "model" else name]
    path = write(rows.assign(**{column: cells}), tmp_path / file)
    with pytest.raises(ContractError) as caught:
        reading.read_counters(path, DEFINITIONS.groups, 10**9)
    assert f"{file}, row 3: {column} is not " in caught.value.what
    assert f"({column} = {cells[-1]!a})" in caught.value.what
    assert "letters A to Z, digits" in caught.value.remedy


def release(*spellings: str) -> pd.DataFrame:
    """Qwen's model, and one tuned from it, under these spellings of Qwen as uploader and origin."""
    own, base = spellings
    return synthetic_release([
        *repository(1, [10, 30, 60], name=f"{own}/QwQ-32B"),
        *repository(2, [10, 20, 40], name="someone/tuned", origin=base, group="User",
                    origin_group="China"),
        *repository(3, [10, 20, 40], name="DeepSeek-AI/r1"),
    ])  # fmt: skip


@pytest.mark.slow
def test_spellings_of_one_namespace_are_one_in_a_file() -> None:
    """They are named in the defects; a file with one spelling has no such row."""
    mended = defects.mend(counters_of(release("Qwen", "qwen")), 0.99, NO_LABELS)
    found = next(d for d in mended.defects if d.check == "case-variants")
    assert (found.where, found.rows) == ("qwen → Qwen", 3)
    assert set(mended.readings["origin"]) == {"Qwen", "DeepSeek-AI"}
    clean = defects.mend(counters_of(release("Qwen", "Qwen")), 0.99, NO_LABELS)
    assert "case-variants" not in {d.check for d in clean.defects}


def credited(rows: pd.DataFrame) -> pd.DataFrame:
    """The attributed panel of a synthetic release."""
    panel = table.build(counters_of(rows), SHORT, NO_LABELS)
    return assign.attributed(panel.repositories, REGISTRY, RULES, DEFINITIONS.group_of)


@pytest.mark.slow
def test_names_in_any_case_have_the_same_credit() -> None:
    """Developers, groups and the family's share of a file in small letters are those of the file."""
    rows = release("Qwen", "Qwen")
    small = rows.assign(**{c: names.keys(rows[c]) for c in ("model", "author", "derived_author")})
    found = []
    for one in (credited(rows), credited(small)):
        kept = one.filter(regex="_developer$|_group_|^sum$|^cohort$")
        assert one.loc[one["uploader"].str.lower() == "qwen", "sum"].item() == 60
        repositories = Repositories(one, DEFINITIONS)
        choices = {"attribution": "origin", "labels": "registry"}
        held = repositories.cells(dataclasses.replace(of_window("sum", DEFINITIONS), **choices))
        found.append((kept.reset_index(drop=True), held))
    assert_frame_equal(found[0][0], found[1][0])
    assert [held.totals[-1] for _, held in found] == [2 * (60 + 40 + 40)] * 2


@pytest.mark.slow
def test_the_released_file_in_small_letters_gives_the_same_shares(tmp_path: Path) -> None:
    """57.4 % are Chinese by origin and the registry, in the study's file as in one of small letters."""
    rows = pd.read_parquet(real_file())
    for name in ("model", "author", "derived_author"):
        rows[name] = names.keys(rows[name])
    path = tmp_path / "small.parquet"
    rows.to_parquet(path)
    counters = reading.read_counters(path, DEFINITIONS.groups, DEFINITIONS.panel.max_counter)
    panel = table.build(counters, DEFINITIONS, NO_LABELS)
    found = assign.attributed(panel.repositories, REGISTRY, RULES, DEFINITIONS.group_of)
    held = found.groupby("registry_group_origin")["cohort-2025-08"].sum()
    assert 100 * held["China"] / held.sum() == pytest.approx(57.367, abs=0.001)


def test_parents_are_found_in_any_case() -> None:
    """By name and by an older name; a parent that is not asked about is one root in all spellings."""
    edges = lineage.released_edges(
        ["b/two", "c/three", "d/four", "e/five"],
        ["A/ONE", "OLD/one", "X/base", "x/Base x/other"],
    )
    asked = ["a/one", "b/two", "c/three", "d/four", "e/five"]
    found = lineage.trace(asked, edges, renames={"Old/One": "A/One"})
    assert found.counts["renamed_parents"] == 1
    roots = found.roots().set_index("repository")["root"]
    assert roots[["b/two", "c/three"]].tolist() == ["a/one", "a/one"]
    assert roots["d/four"] == "X/base"
    origins = found.origins()
    assert origins.groupby("repository")["origin"].nunique()["e/five"] == 1
    assert len(set(origins.loc[origins["repository"].isin(["d/four", "e/five"]), "origin"])) == 1


def test_a_loop_through_another_spelling_is_a_loop() -> None:
    """A repository that names itself in another case as its parent is its own root."""
    found = lineage.trace(["a/one"], lineage.released_edges(["a/one"], ["A/One"]))
    assert found.roots()["root"].tolist() == ["a/one"]
    assert found.counts["self_parents"] == 1


@pytest.mark.parametrize("name", ["QWEN", "qwen", "thudm", "ThUdM", "META-LLAMA"])
def test_the_registry_finds_a_namespace_in_any_case(name: str) -> None:
    """In registry.csv and among the further namespaces."""
    expected = next(n for n in REGISTRY.tenures if n.lower() == name.lower())
    assert REGISTRY.find(name) is REGISTRY.find(expected) is not None
    rules.require_known(RULES, [n.upper() for n in REGISTRY.tenures])


@pytest.mark.slow
def test_the_study_s_labels_and_weeks_are_found_in_any_case() -> None:
    """Of a maker, of the weeks and of a repository of the window."""
    rows = credited(release("Qwen", "Qwen"))
    weekly = pd.DataFrame(
        {"week": ["2025-03"] * 2, "uploader": ["QWEN", "Someone"], "origin": ["qwen", "QWEN"],
         "downloads": [1, 2]}
    )  # fmt: skip
    weeks = assign.attributed_weeks(weekly, rows, REGISTRY, DEFINITIONS.group_of)
    assert weeks["study_group_uploader"].tolist() == ["China", "User"]
    assert set(weeks["registry_group_origin"]) == {"China"}
    twice = rows.assign(uploader=["x", "X", "y"], study_group_uploader=["China", "USA", "USA"])
    with pytest.raises(ContractError, match="two country groups"):
        assign.attributed_weeks(weekly, twice, REGISTRY, DEFINITIONS.group_of)
    credit = Credit.of(rows, REGISTRY, RULES, DEFINITIONS.group_of)
    asked = pd.DataFrame({"name": ["SOMEONE/x"], "uploader": ["SOMEONE"], "origin": ["QWEN"]})
    found = credit.attributed(asked).iloc[0]
    assert (found["study_group_uploader"], found["study_group_origin"]) == ("User", "China")
    assert found["origin_developer"] == "Alibaba (Qwen)"


def test_a_rule_credits_the_namespace_as_the_panel_spells_it() -> None:
    """A maker that a rule names and the panel has is one namespace, not two."""
    rows = pd.DataFrame({
        "name": ["deepseek-AI/DeepSeek-R1-Distill-Qwen-7B", "qwen/x"],
        "uploader": ["deepseek-AI", "qwen"], "origin": ["qwen", "qwen"],
    })  # fmt: skip
    found = rules.applied(rows, RULES)
    assert found["maker"].tolist() == ["deepseek-AI", "qwen"]
    assert found["base_maker"].tolist() == ["qwen", "qwen"]


def test_the_tail_joins_spellings_of_one_uploader() -> None:
    """A small repository under another spelling stands with those of its uploader."""
    rows = pd.DataFrame({"name": ["Q/a", "q/b", "Q/c"], "uploader": ["Q", "q", "Q"]})
    rows["origin"] = rows["uploader"]
    found = tail.join(rows, pd.DataFrame({"v": [1000, 1, 1]}), 100)
    assert found["key"].tolist() == ["Q/a", f"Q/{tail.SMALL}", f"Q/{tail.SMALL}"]


@pytest.mark.slow
def test_records_spell_a_namespace_as_the_latest_of_them(tmp_path: Path) -> None:
    """Two repositories of one namespace stand under one spelling of it, and the defects say so."""
    write_list(tmp_path, [model("A/one", 5), model("b/x", 2)])
    write_top(tmp_path, "id,downloads", "a/two,5000")
    found = read(tmp_path, WHOLE, TOP)
    assert set(found.observations["name"]) == {"a/one", "a/two", "b/x"}
    assert defect(found, "names-differ-in-case")["where"] == "A/one → a/one"


@pytest.mark.slow
def test_the_family_of_the_window_is_found_in_any_case() -> None:
    """Sums of the family are those of the window whose namespaces are spelt as in definitions.toml."""
    data = small_window()
    population, roles = data.population, ("uploader", "origin", "maker")
    plain = population.totals(population.headline)
    other = population.table.assign(**{r: population.table[r].str.upper() for r in roles})
    found = replace(population, table=other).totals(population.headline)
    assert found.tolist() == plain.tolist()
    assert plain[-1] > 0


@pytest.mark.slow
def test_the_second_implementation_finds_names_in_any_case(tmp_path: Path) -> None:
    """Both find the same in a registry in capitals as in the one whose case is the panel's."""
    definitions = synthetic_definitions()
    moved = [(name.upper(), *rest) for name, *rest in NAMESPACES]
    plain = second.shares(bundle(tmp_path / "plain"), definitions)
    folder = bundle(tmp_path / "other", namespaces=moved)
    table_ = read_csv(folder / "registry.csv")
    table_["namespaces"] = table_["namespaces"].str.upper()
    table_.to_csv(folder / "registry.csv", index=False)
    assert_frame_equal(second.shares(folder, definitions), plain)
    first(folder, tmp_path / "results", definitions)
    assert second.checked(folder, tmp_path / "results", definitions)[1] <= second.TOLERANCE


def test_coverage_counts_a_namespace_in_any_case(tmp_path: Path) -> None:
    """Qwen and QWEN are Alibaba's and one; a name that the Hub does not allow is refused."""
    path = tmp_path / "names.csv"
    path.write_text("namespace,downloads\nqwen,60\nQWEN,30\nGoogle,10\n", encoding="utf-8")
    counts = namespace_counts(path)
    assert counts["downloads"].to_dict() == {"QWEN": 90, "Google": 10}
    assert coverage.of_counts(counts, REGISTRY)["evidenced"].tolist() == [100.0]
    assert coverage.missing(counts, REGISTRY).empty
    path.write_text("namespace,downloads\nqwen,90\ngoogle ,10\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"names\.csv, row 2: .*no name of the Hub \('google '\)"):
        namespace_counts(path)


def test_a_whole_hub_s_own_table_can_be_counted(tmp_path: Path) -> None:
    """The joint names of small uploaders are no names of the Hub, and are counted all the same."""
    path = tmp_path / "repositories.csv"
    pd.DataFrame({"uploader": [tail.bucket("x"), "Qwen"], "window": [1, 2]}).to_csv(path)
    assert namespace_counts(path)["window"].sum() == 3


def test_the_registry_holds_names_to_the_alphabet(tmp_path: Path) -> None:
    """A letter that looks like another is refused with its line."""
    text = registry.DEFAULT.read_text(encoding="utf-8")
    path = tmp_path / "registry.csv"
    path.write_text(text.replace(",moonshotai,", ",moonsh\u043etai,"), encoding="utf-8")
    with pytest.raises(RegistryError, match=r"registry\.csv, line \d+: namespace .* is malformed"):
        registry.load(DEFINITIONS.group_of, path)


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_names_among_others_are_those_that_isin_finds(dtype: str) -> None:
    """Of a column or of an index, whatever is there twice, and of nothing."""
    some = pd.Series(["a/b", "A/b", "c/d", "a/b"], dtype=dtype)
    for known in (["a/b", "a/b", "x/y"], ["c/d"], []):
        for others in (pd.Series(known, dtype="str"), pd.Index(known, dtype="str")):
            assert names.among(some, others).tolist() == some.isin(known).tolist()

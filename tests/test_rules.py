"""Rules on repositories: the shipped table, what a pattern matches, and who made the weights."""

from __future__ import annotations

import csv
import io
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from replication.attribution import registry, rules
from replication.attribution.rules import DISTILLATION, KINDS, REPACKAGED, TELEMETRY, Rule
from replication.definitions import load_definitions
from replication.errors import RegistryError

DEFINITIONS = load_definitions()
SHIPPED = rules.load()
PANEL = Path(rules.__file__).parents[1] / "data" / "repositories.csv"
HEADER = "rule,kind,pattern,origin,teacher,found_in,reason,source,date_read"
PLAIN = {
    "rule": "packer",
    "kind": "repackaged",
    "pattern": "packer/*",
    "origin": "",
    "teacher": "",
    "found_in": "panel",
    "reason": "conversions",
    "source": "https://packer.example/about",
    "date_read": "2026-11-23",
}


def rule(name: str, kind: str, pattern: str, **cells: str) -> Rule:
    """A synthetic rule."""
    return Rule(**(PLAIN | {"rule": name, "kind": kind, "pattern": pattern} | cells))


def matching(pattern: str, *names: str) -> list[str]:
    """The names that a pattern matches."""
    found = rule("any", REPACKAGED, pattern).matches(pa.chunked_array([list(names)]))
    return [name for name, hit in zip(names, found, strict=True) if hit]


def repositories(*rows: tuple[str, str]) -> pd.DataFrame:
    """A synthetic table of repositories and their annotated origins, in an odd row order."""
    table = pd.DataFrame(rows, columns=["name", "origin"])
    table["uploader"] = table["name"].str.partition("/")[0]
    return table.set_index(pd.Index(range(len(rows), 0, -1)))


def loaded(folder: Path, *rows: dict[str, str]) -> tuple[Rule, ...]:
    """Load rules from synthetic rows."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, HEADER.split(","), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "rules.csv"
    path.write_bytes(stream.getvalue().encode())
    return rules.load(path)


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """The bundled panel's repositories."""
    return pd.read_csv(PANEL, keep_default_na=False)


def test_the_shipped_rules_are_sound() -> None:
    """Every row passes; all kinds of the study's exclusions have rules; every name is its own."""
    assert len({found.rule for found in SHIPPED}) == len(SHIPPED) >= 30
    assert {found.kind for found in SHIPPED} == set(KINDS)
    assert {kind for cut in DEFINITIONS.exclusions for kind in cut.kinds} <= set(KINDS)
    for found in SHIPPED:
        assert found.reason, found.rule
        assert found.source, found.rule
        assert not found.reason.startswith(("=", "+", "-", "@")), found.rule


@pytest.mark.slow
def test_every_panel_rule_matches_the_bundled_panel(panel: pd.DataFrame) -> None:
    """No panel rule is idle, by the check that a run makes and by a second matching."""
    windows = [window.id for window in DEFINITIONS.windows]
    effects = rules.effects(panel, SHIPPED, windows).set_index("rule")
    rules.require_used(effects.reset_index())
    for found in SHIPPED:
        low = found.pattern.lower()
        by_hand = panel[[fnmatchcase(name.lower(), low) for name in panel["name"]]]
        assert effects.loc[found.rule, "repositories"] == len(by_hand), found.rule
        assert (effects.loc[found.rule, windows] == by_hand[windows].sum()).all(), found.rule
        assert len(by_hand) or found.found_in == rules.HUB, found.rule


def test_every_namespace_that_a_shipped_rule_credits_has_a_developer() -> None:
    """Weights are credited to somebody whom the registry knows."""
    known = registry.load(DEFINITIONS.group_of)
    credited = {name for found in SHIPPED for name in (found.origin, found.teacher) if name}
    assert credited
    assert not [name for name in sorted(credited) if known.find(name) is None]


def test_a_distillation_of_the_panel_is_credited_to_its_teacher(panel: pd.DataFrame) -> None:
    """R1's distilled models are DeepSeek's, and began at Qwen or Meta, whoever uploaded a copy."""
    made = rules.applied(panel, SHIPPED).set_index("name")
    r1 = made[made.index.str.contains("R1-Distill-", regex=False)]
    assert {name.partition("/")[0] for name in r1.index} >= {"deepseek-ai", "unsloth"}
    assert set(r1["maker"]) == {"deepseek-ai"}
    llama = r1.index.str.contains("Llama", regex=False)
    assert set(r1.loc[llama, "base_maker"]) == {"meta-llama"}
    assert set(r1.loc[~llama, "base_maker"]) == {"Qwen"}


def test_case_does_not_matter() -> None:
    """Names on the Hub differ by more than case, and so do patterns."""
    names = ("Comfy-Org/Flux1-dev", "comfy-org/FLUX", "COMFY-ORG/flux", "comfy-org/sdxl")
    assert matching("Comfy-Org/fLuX*", *names) == list(names[:3])
    assert matching("É*/x", "école/X", "ecole/x") == ["école/X"]


def test_wildcards_stand_for_any_letters_or_for_one() -> None:
    """A star may stand for nothing; a question mark is one letter, of whatever script."""
    assert matching("a/b*", "a/b", "a/bcd", "a/ab", "xa/b") == ["a/b", "a/bcd"]
    assert matching("*/b", "a/b", "a.long.name/b", "a/bb") == ["a/b", "a.long.name/b"]
    assert matching("a/?", "a/", "a/b", "a/é", "a/模", "a/bc") == ["a/b", "a/é", "a/模"]
    assert matching("*/x-??", "a/x-1", "a/x-12", "a/x-123") == ["a/x-12"]
    assert matching("*-test/*", "my-test/m", "my-tests/m", "-test/") == ["my-test/m", "-test/"]


def test_letters_with_a_meaning_elsewhere_are_literal() -> None:
    """Underscores, percent signs, dots, brackets and backslashes stand for themselves."""
    assert matching("a/x_y", "a/x_y", "a/x-y", "a/xy") == ["a/x_y"]
    assert matching("a/*_vgg", "a/one_vgg", "a/one-vgg") == ["a/one_vgg"]
    assert matching("a/100%", "a/100%", "a/100", "a/1000") == ["a/100%"]
    assert matching("a/%*", "a/%x", "a/x%") == ["a/%x"]
    assert matching("a/v1.5", "a/v1.5", "a/v105") == ["a/v1.5"]
    assert matching("a/[b]+", "a/[b]+", "a/b") == ["a/[b]+"]
    assert matching("a\\b/*", "a\\b/c", "ab/c") == ["a\\b/c"]


LETTERS = st.text("ab_%.-1", max_size=6)
NAMES = st.builds("{}/{}".format, LETTERS, LETTERS)
PATTERNS = st.builds("{}/{}".format, *[st.text("ab_%.-1*?", max_size=6)] * 2)


@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=60)
@given(PATTERNS, st.lists(NAMES, min_size=1, max_size=30))
@example("*/*", ["/", "a/b"])
@example("?_*/%*", ["a_/%", "ab/%", "a_b/%%"])
def test_a_pattern_matches_as_a_shell_would(pattern: str, names: list[str]) -> None:
    """On plain lower-case names the standard library's matching is a second implementation."""
    near = [pattern.replace("*", "b").replace("?", "a"), pattern.replace("*", "").replace("?", "_")]
    names = [*names, *near]
    assert matching(pattern, *names) == [name for name in names if fnmatchcase(name, pattern)]


def test_the_maker_is_the_origin_of_what_is_repackaged() -> None:
    """Packed weights are their origin's; fine-tuned ones and one's own are the uploader's."""
    table = repositories(("packer/m", "maker"), ("tuner/m", "maker"), ("maker/m", "maker"))
    made = rules.applied(table, [rule("packer", REPACKAGED, "packer/*")])
    assert made["maker"].tolist() == ["maker", "tuner", "maker"]
    assert made["base_maker"].tolist() == ["maker", "tuner", "maker"]
    assert made["kinds"].tolist() == ["repackaged", "", ""]
    assert made.index.equals(table.index)
    pd.testing.assert_frame_equal(made[table.columns], table)


def test_the_origin_of_a_rule_goes_before_the_tables() -> None:
    """A rule that names whose weights were packed corrects what the data say."""
    table = repositories(("packer/flux-1", "packer"), ("packer/other", "somebody"))
    named = rule("packer-flux", REPACKAGED, "packer/flux*", origin="black-forest-labs")
    made = rules.applied(table, [named, rule("packer", REPACKAGED, "packer/*")])
    assert made["maker"].tolist() == ["black-forest-labs", "somebody"]


def test_the_first_rule_of_a_kind_counts() -> None:
    """Of two rules that match, the one that stands first decides, even if it names no origin."""
    table = repositories(("packer/m", "annotated"))
    first = rule("first", REPACKAGED, "packer/m", origin="one")
    second = rule("second", REPACKAGED, "packer/*", origin="two")
    plain = rule("plain", REPACKAGED, "packer/?")
    for ordered, maker in (
        ([first, second, plain], "one"),
        ([second, first], "two"),
        ([plain, first, second], "annotated"),
    ):
        made = rules.applied(table, ordered)
        assert made["maker"].tolist() == [maker]
        assert made["kinds"].tolist() == ["repackaged"]


def test_distillation_goes_before_repackaging() -> None:
    """A packed copy of a distilled model is the teacher's; its base is the distillation's origin."""
    table = repositories(
        ("packer/R1-Distill-Qwen-7B", "deepseek-ai"),
        ("deepseek-ai/R1-Distill-Qwen-7B", "deepseek-ai"),
        ("packer/Qwen-7B", "Qwen"),
    )
    packed = rule("packer", REPACKAGED, "packer/*")
    cells = {"origin": "Qwen", "teacher": "deepseek-ai"}
    distilled = rule("distilled", DISTILLATION, "*/r1-distill-qwen-*", **cells)
    for ordered in ([packed, distilled], [distilled, packed]):
        made = rules.applied(table, ordered)
        assert made["maker"].tolist() == ["deepseek-ai", "deepseek-ai", "Qwen"]
        assert made["base_maker"].tolist() == ["Qwen"] * 3
        kinds = ["repackaged distillation", "distillation", "repackaged"]
        assert made["kinds"].tolist() == kinds


def test_the_first_distillation_gives_both_teacher_and_origin() -> None:
    """Two distillations that match do not mix."""
    table = repositories(("a/d-1", "x"))
    first = rule("first", DISTILLATION, "*/d-1", origin="base1", teacher="teacher1")
    second = rule("second", DISTILLATION, "*/d-*", origin="base2", teacher="teacher2")
    made = rules.applied(table, [first, second])
    assert made[["maker", "base_maker"]].to_numpy().tolist() == [["teacher1", "base1"]]


def test_other_kinds_move_no_credit() -> None:
    """Telemetry, tests and mass uploads are marked, in the fixed order of kinds, and stay theirs."""
    table = repositories(("counter/m", "elsewhere"), ("plain/m", "elsewhere"))
    every = [rule(kind, kind, "counter/*") for kind in reversed(KINDS[:3])]
    made = rules.applied(table, every)
    assert made["maker"].tolist() == made["base_maker"].tolist() == ["counter", "plain"]
    assert made["kinds"].tolist() == ["telemetry test-fixture mass-upload", ""]


def test_without_rules_everything_is_its_uploaders() -> None:
    """No rule, no kind and no credit moved."""
    made = rules.applied(repositories(("a/m", "b"), ("c/m", "d")), [])
    assert made["maker"].tolist() == made["base_maker"].tolist() == ["a", "c"]
    assert made["kinds"].tolist() == ["", ""]


def test_effects_by_hand() -> None:
    """One row a rule, in order, with its repositories and their downloads of each window."""
    table = repositories(("counter/a", "x"), ("counter/b", "x"), ("own/c", "x"))
    table = table.assign(early=[1, 20, 300], late=[4, 50, 600])
    found = rules.effects(
        table,
        [rule("counters", TELEMETRY, "counter/*"), rule("none", REPACKAGED, "z/*", found_in="hub")],
        ["early", "late"],
    )
    assert found.to_dict("records") == [
        {
            "rule": "counters",
            "kind": "telemetry",
            "pattern": "counter/*",
            "repositories": 2,
            "decides": 2,
            "early": 21,
            "late": 54,
            "found_in": "panel",
            "reason": "conversions",
            "source": "https://packer.example/about",
            "date_read": "2026-11-23",
        },
        {
            "rule": "none",
            "kind": "repackaged",
            "pattern": "z/*",
            "repositories": 0,
            "decides": 0,
            "early": 0,
            "late": 0,
            "found_in": "hub",
            "reason": "conversions",
            "source": "https://packer.example/about",
            "date_read": "2026-11-23",
        },
    ]


def test_a_rule_that_decides_nothing_is_idle_though_it_matches() -> None:
    """Of two rules of one kind the first counts; of two kinds each does."""
    table = repositories(("own/c", "x"), ("own/d", "x"))
    first, second = rule("all", REPACKAGED, "own/*"), rule("late", REPACKAGED, "own/c")
    other = rule("other", TELEMETRY, "own/c")
    found = rules.effects(table, [first, second, other], [])
    assert found["repositories"].tolist() == [2, 1, 1]
    assert found["decides"].tolist() == [2, 0, 1]
    with pytest.raises(RegistryError, match=r"'late'.*only what earlier rules decide"):
        rules.require_used(found)
    assert rules.effects(table, [second, first], [])["decides"].tolist() == [1, 1]


def test_a_rule_credits_a_namespace_that_has_a_row() -> None:
    """An origin or teacher that nobody owns is misspelt; the shipped rules name none."""
    known = registry.load(load_definitions().group_of).tenures
    rules.require_known(rules.load(), known)
    wrong = rule("odd", REPACKAGED, "own/*", origin="no-such-owner")
    with pytest.raises(RegistryError, match="'odd' credits 'no-such-owner', which has no row"):
        rules.require_known([wrong], known)


def test_an_idle_rule_is_an_error_that_names_it() -> None:
    """A panel rule must match; a rule for the whole Hub need not, unless those data are read."""
    table = repositories(("own/c", "x"))
    hub = rule("for-the-hub", REPACKAGED, "z/*", found_in="hub")
    rules.require_used(rules.effects(table, [rule("own", TELEMETRY, "own/*"), hub], []))
    both = rules.effects(table, [rule("idle", TELEMETRY, "owm/*"), hub], [])
    with pytest.raises(RegistryError) as caught:
        rules.require_used(both)
    assert caught.value.what == "rules.csv: rule 'idle' (owm/*) matches no repository"
    assert "pattern" in caught.value.remedy
    with pytest.raises(RegistryError, match="rule 'for-the-hub'"):
        rules.require_used(both, found_in=["hub"])


def test_rules_are_read_in_their_order(tmp_path: Path) -> None:
    """The order of the rows is that of precedence."""
    names = ["zeta", "alpha", "mid.1"]
    found = loaded(tmp_path, *[PLAIN | {"rule": name} for name in names])
    assert [row.rule for row in found] == names
    assert found[0] == Rule(**(PLAIN | {"rule": "zeta"}))


DISTILLED = {"kind": "distillation", "origin": "base", "teacher": "teacher"}
PAIRED = "a distillation has an origin and a teacher, and no other kind has a teacher"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "first"}, "rule 'first' has two rows"),
        ({"rule": ""}, "rule has no plain name"),
        ({"rule": "two words"}, "rule has no plain name"),
        ({"kind": "repacked"}, "kind 'repacked' is unknown"),
        ({"kind": ""}, "kind '' is unknown"),
        ({"pattern": "packer"}, "pattern is not owner/name"),
        ({"pattern": "packer/a/b"}, "pattern is not owner/name"),
        ({"pattern": ""}, "pattern is not owner/name"),
        ({"found_in": "web"}, "found_in 'web'"),
        ({"found_in": ""}, "found_in ''"),
        ({"teacher": "somebody"}, PAIRED),
        (DISTILLED | {"teacher": ""}, PAIRED),
        (DISTILLED | {"origin": ""}, PAIRED),
        ({"reason": ""}, "no reason or source"),
        ({"source": ""}, "no reason or source"),
        ({"date_read": ""}, "date_read '' is not a date"),
        ({"date_read": "23 Nov 2026"}, "date_read '23 Nov 2026' is not a date"),
        ({"reason": "=1+1"}, "reason starts with '=', like a formula"),
        ({"source": "a page "}, "source has a line break, a control character or blanks at an end"),
    ],
)
def test_a_malformed_rule_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, str], message: str
) -> None:
    """The message names the file, the line and what is wrong with it, and what to do."""
    with pytest.raises(RegistryError) as caught:
        loaded(tmp_path, PLAIN | {"rule": "first"}, PLAIN | change)
    assert caught.value.what == f"rules.csv, line 3: {message}"
    assert len(caught.value.remedy) > 5
    assert caught.value.remedy[0].islower()  # it goes on after "remedy: "


def test_a_whole_distillation_is_accepted(tmp_path: Path) -> None:
    """What the refusals above leave out is there: the pair is not refused as such."""
    (found,) = loaded(tmp_path, PLAIN | DISTILLED)
    assert (found.origin, found.teacher) == ("base", "teacher")


def test_missing_or_misread_rules_are_a_named_error(tmp_path: Path) -> None:
    """No file, another header or another width: no traceback."""
    with pytest.raises(RegistryError, match=r"^cannot read none\.csv: No such file"):
        rules.load(tmp_path / "none.csv")
    path = tmp_path / "rules.csv"
    path.write_text("rule,kind\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"^rules\.csv, line 1: the header is not rule,kind,"):
        rules.load(path)
    path.write_text(f"{HEADER}\nx,telemetry\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"^rules\.csv, line 2: 2 cells where 9 are due"):
        rules.load(path)

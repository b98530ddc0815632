"""Who stands behind a name, by a registry and a panel of a few synthetic rows."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from command_line import invoke

from replication.attribution import query
from replication.attribution.query import meaning_of, name_of
from replication.attribution.registry import ALWAYS, Developer, Namespace, Registry, Tenure
from replication.attribution.rules import HUB, PANEL, REPACKAGED, TELEMETRY, Rule
from replication.attribution.standing import Standing, standing
from replication.attribution.who import Answer, near, who
from replication.attribution.who import Credit as CreditUnder
from replication.attribution.window import Credit
from replication.definitions import load_definitions
from replication.errors import DefinitionError, RegistryError
from replication.names import RULE
from replication.panel.window import column

EXAMPLE = "ask for a namespace or a model: Qwen, or Qwen/QwQ-32B"
EMPTY = Developer("", (), "", (), "", "", "", "", "", "", "", "", "")


def developer(name: str, *namespaces: str, parent: str = "", note: str = "") -> Developer:
    """A synthetic row of the registry."""
    return replace(EMPTY, developer=name, namespaces=namespaces, parent=parent, note=note)


ALPHA = developer(
    "Alpha AI (first, formerly Alef, incl. Beth Labs)",
    "alpha-ai", "alpha-old", parent="Holding", note="They make Krypton, and Xenon.",
)  # fmt: skip
HOLDING = developer("Holding", "holding", parent="Group of Many Words")
GROUP = developer("Group of Many Words", "group")
TWINS = developer("Dun (one)", "dun-one", note="Xenon too."), developer("Dun (two)", "dun-two")
OLD = Namespace("alpha-old", ALPHA.developer, "renamed", "", "", "", "", "")
DEVELOPERS = (ALPHA, HOLDING, GROUP, *TWINS)
TENURES = {d.namespaces[0]: (Tenure(*ALWAYS, d),) for d in DEVELOPERS}
REGISTRY = Registry(DEVELOPERS, {**TENURES, "alpha-old": (Tenure(*ALWAYS, ALPHA, OLD),)})


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ("ALPHA AI (first, formerly Alef, incl. Beth Labs)", "alpha-ai"), ("alpha ai", "alpha-ai"),
        ("first, formerly Alef, incl. Beth Labs", "alpha-ai"), ("first", "alpha-ai"),
        ("Alef", "alpha-ai"), ("Beth Labs", "alpha-ai"),
        ("Alpha", "alpha-ai"), ("beth", "alpha-ai"), ("Group of", "group"),
        ("group OF many", "group"), ("Group of Many Words", "group"), ("two", "dun-two"),
        ("Krypton", "alpha-ai"), ("  'Krypton'\n", "alpha-ai"), ("hf.co/Krypton", "alpha-ai"),
        ("Krypt", "Krypt"), ("Xenon", "Xenon"), ("krypton", "krypton"), ("of", "of"),
        ("alpha-ai/Krypton", "alpha-ai/Krypton"), ("Many", "Many"), ("nobody", "nobody"),
    ],
)  # fmt: skip
def test_a_developer_is_known_by_whole_names_and_first_words(text: str, namespace: str) -> None:
    """In any case; a word of a note where one note alone has it, as it is written there."""
    assert meaning_of(text, REGISTRY, []) == namespace


@pytest.mark.parametrize("text", ["Alpha", "Krypton", "hf.co/Krypton", "dun", "ALPHA AI"])
def test_a_known_namespace_goes_before_every_other_name(text: str) -> None:
    """Of a developer, of its note, or of two developers."""
    name = text.removeprefix("hf.co/")
    assert meaning_of(text, REGISTRY, [name.lower()]) == name


def refused(text: str) -> RegistryError:
    """The error for a text that stands for nothing."""
    with pytest.raises(RegistryError) as error:
        meaning_of(text, REGISTRY, [])
    return error.value


def test_a_name_of_two_developers_says_which() -> None:
    """Long words are cut."""
    error = refused("dun")
    assert (error.what, error.remedy) == (
        "'dun' may be Dun (one), Dun (two)",
        "ask for one of them",
    )
    long = [replace(d, developer=f"{'x' * 101} ({d.namespaces[0]})") for d in TWINS]
    with pytest.raises(RegistryError, match=f"^'{'x' * 100}' may be"):
        meaning_of("x" * 101, Registry(tuple(long), {}), [])


def test_no_name_is_no_question() -> None:
    """Blanks, quotes and what cannot be seen are no name."""
    for text in ("", " \t", "''", "“\u200b”", "\ufeff"):
        error = refused(text)
        assert (error.what, error.remedy) == ("no name is asked for", EXAMPLE)


@pytest.mark.parametrize(("part", "what"), query._OTHERS.items())
def test_what_is_no_model_is_called_by_its_name(part: str, what: str) -> None:
    """With the address of the Hub, or with a slash after it; alone it may be a namespace."""
    for text in (f"hf.co/{part}/x", f"{part}/x", f"HF.co/{part.upper()}", f"hf.co/api/{part}/x"):
        error = refused(text)
        assert (error.what, error.remedy) == (f"{text!r} is {what}, not a model", EXAMPLE)
    assert name_of(part) == part


@pytest.mark.parametrize("tab", query._TABS)
def test_a_tab_of_a_namespace_is_no_repository(tab: str) -> None:
    """In an address; a bare owner/name has no tabs."""
    assert name_of(f"hf.co/Qwen/{tab.upper()}?p=2") == "Qwen"
    assert name_of(f"Qwen/{tab}") == f"Qwen/{tab}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hf.co/models?author=Qwen&sort=downloads#top", "Qwen"), ("hf.co/?author=Qwen", "Qwen"),
        ("hf.co/models?sort=x&author=Qwen#x", "Qwen"), ("MODELS/Qwen/x", "Qwen/x"),
        ("api/models/Qwen/x", "Qwen/x"), ("models/x", "models/x"), ("hf.co/API/models/x", "x"),
        ("%51wen/x", "Qwen/x"), ("Qwen/x/y/z", "Qwen/x"), ("@@Qwen/x@main@y", "Qwen/x"),
        ("Qwen/x.git.git", None), ("Qwen/x.git", "Qwen/x"), ("hf.co.:443/Qwen", "Qwen"),
        ("hf.co?author=Qwen", "Qwen"), ("hf.cologne", "hf.cologne"), ("Qwen#x/y", "Qwen"),
        ("hf:/Qwen/x", "Qwen/x"), ("Qwen:latest", "Qwen/latest"), ("a.git/x", None),
    ],
)  # fmt: skip
def test_what_stands_around_a_name_is_cut(text: str, name: str | None) -> None:
    """A search by author is its author; None is refused."""
    if name:
        assert name_of(text) == name
    else:
        with pytest.raises(RegistryError, match="holds no name of the Hub"):
            name_of(text)


def test_what_is_elsewhere_or_no_name_is_refused_with_the_rule() -> None:
    """The question is shown in ASCII, at most its first hundred characters."""
    for text in ("https://github.com/Qwen/x", "www.x.org", "example.ai/a/b"):
        error = refused(text)
        assert (error.what, error.remedy) == (f"{text!r} is no address of the Hub", EXAMPLE)
    long = "https://github.com/" + "x" * 100
    assert refused(long).what == f"{long[:100]!r} is no address of the Hub"
    error = refused("\u043e" * 101)
    assert error.what == f"{chr(0x43E) * 100!a} holds no name of the Hub"
    assert error.remedy == f"{EXAMPLE}; {RULE}"
    assert refused("hf.co/datasets/" + "x" * 100).what.startswith(f"'hf.co/datasets/{'x' * 85}' is")
    assert refused("\udc80").what == "'?' holds no name of the Hub"


def rule(name: str, kind: str, pattern: str) -> Rule:
    """A synthetic rule."""
    return Rule(name, kind, pattern, "", "", HUB if kind == TELEMETRY else PANEL, "", "", "")


RULES = (
    rule("packed", REPACKAGED, "alpha-ai/*-gguf"),
    rule("counted", TELEMETRY, "*/m1-*"),
    rule("never", TELEMETRY, "x/*"),
)
WINDOWS = ["first", "second"]


def panel() -> pd.DataFrame:
    """Three attributed repositories of two uploaders, one of which has no row in the registry."""
    rows = pd.DataFrame({
        "name": ["Alpha-AI/M1-GGUF", "Alpha-AI/m2", "loner/x"],
        "uploader": ["Alpha-AI", "Alpha-AI", "loner"], "origin": ["Holding", "Alpha-AI", "loner"],
        "traced_origin": ["roots of m1", "roots of m2", "roots of x"],
        "first": [5, 7, 11], "second": [50, 70, 110],
    })  # fmt: skip
    for role in ("uploader", "origin", "maker", "base_maker"):
        rows[role] = rows.get(role, rows["name"] + role)
        rows[f"{role}_developer"] = f"developer of {role}: " + rows["name"]
        for labels in ("registry", "study"):
            rows[f"{labels}_group_{role}"] = f"{labels} {role} " + rows["name"]
    return rows


def asked(text: str) -> Answer:
    """What is known of a name."""
    return who(text, REGISTRY, RULES, panel(), WINDOWS)


def test_a_repository_has_credits_rules_and_its_own_downloads() -> None:
    """In the panel's spelling, whatever that of the question."""
    name = "Alpha-AI/M1-GGUF"
    credit = [
        CreditUnder(
            words, namespace, f"developer of {role}: {name}",
            f"registry {role} {name}", f"study {role} {name}",
        )
        for words, role, namespace in (
            ("uploader", "uploader", "Alpha-AI"), ("origin", "origin", "Holding"),
            ("maker", "maker", f"{name}maker"), ("base maker", "base_maker", f"{name}base_maker"),
        )
    ]  # fmt: skip
    assert asked("hf.co/ALPHA-ai/m1-gguf") == Answer(
        query=name,
        namespace="alpha-ai",
        tenure=REGISTRY.tenures["alpha-ai"][0],
        parents=(HOLDING, GROUP),
        credits=tuple(credit),
        rules=RULES[:2],
        downloads={"first": 5, "second": 50},
        traced_origin="roots of m1",
    )


def test_a_namespace_has_the_downloads_of_all_its_repositories() -> None:
    """It has no credits, rules or origin of its own; what it is called now leads to its parents."""
    answer = asked("ALPHA-AI")
    assert answer.downloads == {"first": 12, "second": 120}
    assert (answer.query, answer.credits, answer.rules) == ("alpha-ai", (), ())
    assert answer.traced_origin == ""
    renamed = asked("alpha-OLD")
    assert (renamed.query, renamed.downloads) == ("alpha-old", {})
    assert renamed.tenure is not None
    assert (renamed.tenure.why, renamed.parents) == (OLD, (HOLDING, GROUP))
    assert asked("group").parents == ()


def test_an_uploader_without_a_row_is_known_by_its_downloads() -> None:
    """Neither a developer nor a parent; its repository is found too."""
    for text in ("LONER", "Loner/X"):
        answer = asked(text)
        assert (answer.tenure, answer.parents) == (None, ())
        assert answer.downloads == {"first": 11, "second": 110}
    assert asked("Loner/X").query == "loner/x"


def test_a_repository_that_the_panel_lacks_has_its_namespace_and_rules() -> None:
    """No credits and no downloads: not none of them, but none known."""
    answer = asked("ALPHA-AI/New-GGUF")
    assert (answer.query, answer.namespace) == ("alpha-ai/New-GGUF", "alpha-ai")
    assert answer.tenure == REGISTRY.tenures["alpha-ai"][0]
    assert (answer.credits, answer.downloads, answer.traced_origin) == ((), {}, "")
    assert answer.rules == RULES[:1]


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("alpha-aj", "Alpha-AI, alpha-old"), ("loner2", "loner"), ("loner/xx", "loner/x"),
        ("Holdings", "Holding"), ("zzzzzz", None), ("Dun-too", "dun-two, dun-one"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_offered_near_ones(text: str, offered: str | None) -> None:
    """Repositories for a repository, namespaces and developers for a namespace."""
    with pytest.raises(RegistryError) as error:
        asked(text)
    assert error.value.what == f"neither the registry nor the panel knows {text!r}"
    remedy = "add a row to replication/data/registry.csv (CONTRIBUTING.md)"
    if offered is None:
        assert error.value.remedy == remedy
    else:
        assert error.value.remedy.startswith(f"did you mean {offered}")
        assert error.value.remedy.endswith(f"? Else {remedy}")


def test_at_most_three_names_are_near() -> None:
    """Spelt much alike, whatever the case, the nearest first."""
    assert near("QWENN", ["qwen", "qwenn", "Qwen2", "Qwen3", "mistral"]) == [
        "qwenn",
        "qwen",
        "Qwen3",
    ]
    assert near("abcdef", ["ABCDEF", "abcxyz"]) == ["ABCDEF"]
    assert near("x" * 200, ["x" * 100]) == ["x" * 100]


def test_the_standing_of_a_developer_is_that_of_the_tables() -> None:
    """Downloads of all its namespaces by the headline's column, and its part of the group and of all."""
    definitions = load_definitions()
    some = {"Alpha": ("CN", "a-one", "a-two"), "Beta": ("CN", "beta"), "Gamma": ("US", "gamma")}
    developers = tuple(
        replace(EMPTY, developer=name, country=country, namespaces=tuple(namespaces))
        for name, (country, *namespaces) in some.items()
    )
    tenures = {n: (Tenure(*ALWAYS, d),) for d in developers for n in d.namespaces}
    credit = Credit({}, Registry(developers, tenures), (), definitions.group_of)
    uploaders = ["a-one", "a-two", "beta", "gamma", "nobody"]
    names = [f"{name}/x" for name in uploaders]
    repositories = pd.DataFrame({"repository": names, "name": names, "uploader": uploaders,
                                 "origin": "gamma", "created": "2025-01"})  # fmt: skip
    own = column(definitions.panel.age_limit_days, definitions.fillings[0].id)
    months = pd.DataFrame({"repository": [*names, names[0]], own: [10, 5, 45, 20, 0, 20]})

    def of(developer: str) -> Standing | None:
        return standing(developer, repositories, months, credit, definitions)

    assert of("Alpha") == Standing(35, "China", 35 / 80, 35 / 100)
    assert of("Gamma") == Standing(20, "USA", 1.0, 0.2)
    assert of("nobody") is None
    assert of("Delta") is None
    with pytest.raises(DefinitionError, match=f"have no {own}"):
        standing("Alpha", repositories, months.drop(columns=own), credit, definitions)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Qwen", " downloads of Alibaba (Qwen), 65"),
        (
            "mlx-community",
            "first-year downloads from 2024-08-27 to 2025-08-27, credited to its uploader",
        ),
        ("Groq", "Groq does not appear in its tables, where uploaders with fewer than"),
    ],
)
def test_who_says_what_the_published_window_has(name: str, said: str) -> None:
    """A line of the window, whether or not the name is in it."""
    told = " ".join(invoke("who", name).stdout.split())
    assert "published window: " in told
    assert said in told

"""Whether sentences keep the definition of what they retell."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import assert_one_message, invoke, replication

from replication.errors import DefinitionError
from replication.report import claims, retelling, retelling_rules, sentence
from replication.report.retelling import BREAKS, KEEPS, OWN, UNCLEAR, Finding
from replication.report.retelling_rules import Rule, Subject
from replication.run import ROOT

LEDGER = {claim.id: claim for claim in claims.load(ROOT / "paper" / "claims.toml")}
RULES = retelling_rules.load()
WINDOW = "from August 2024 to August 2025"


def checked(text: str) -> Finding:
    """What is said of a sentence by the shipped ledger and rules."""
    return retelling.check(text, LEDGER, RULES)


def broken(text: str) -> set[str]:
    """The rules that a sentence breaks."""
    return {rule.id for rule in checked(text).broken}


# Sentences written for this test, in the manner of press retellings; none is a quotation.
KEPT = [
    "China overtook the US with 17.1% of downloads of new models on Hugging Face.",
    "The US was overtaken by China in downloads of new open models over the past year, 17.1% to 15.8%.",
    "China beats US 17.1% to 15.8% in downloads of new models.",
    "China passed the US with a share of 17.1%, against 15.8% for American developers, of downloads of new models last year.",
    "In new-model downloads over the past year the US fell to 15.8%.",
    "The US fell to 15.8 in new-model downloads over the past year.",
    "The US, with 15.8%, fell behind China, with 17.1%, in downloads of new models last year.",
    "China and the US took 17.1 and 15.8 percent of downloads of new models.",
    "China led the US in downloads of new models with 17.1%.",
    f"Among new models on Hugging Face, Chinese ones took 17.1 % of downloads {WINDOW}, US ones 15.8 %.",
    "New Chinese open models took 17 percent of downloads in the year to August 2025, new American models 15.8 percent.",
    "Models under a year old from Chinese developers drew 17.1% of Hugging Face downloads over the past year, ahead of 15.8% for American ones.",
    "China has overtaken the U.S. in first-year downloads of open models, 17.1 to 15.8 percent.",
    "China leads the US by 1.3 percentage points in downloads of new open models over the past year.",
    "Of downloads within one year of release, China's developers had 17.1 per cent and America's 15.86 per cent in the year to August 2025.",
    "In November 2025 the Financial Times reported that new Chinese models had 17 % of downloads over a year, against 15.8 % for new American ones.",
    "New Chinese models narrowly surpassed new American models in downloads for the first time in 2025.",
    "DeepSeek and Alibaba's Qwen make up the vast majority of downloads of Chinese models.",
    "Hugging Face said in spring 2026 that Chinese models had 41% of downloads over a year and US models 36.5%.",
    "Chinese open models served 13 % of tokens on OpenRouter, and as much as 30 % at their peak.",
    "New Chinese models had 17.1 % and new American ones 15.8 % of downloads from Aug. 2024 to Aug. 2025.",
    "New Chinese models took seventeen percent of downloads over the past year, new US ones sixteen.",
    "One in six downloads of new models over the past year was of a Chinese one.",
    "The most downloaded new models were Chinese, with 17.1 % of downloads over the past year.",
    "By July 2026 Qwen had been downloaded 2 billion times within the year.",
    "Hugging Face says that of newly created models, downloads of Chinese models surpass those of any other country.",
]
BROKEN = {
    "China overtook the US with 15.8% of downloads of new models on Hugging Face.": {
        "sides-swapped"
    },
    "With 15.8% of downloads of new models last year, China overtook the US.": {"sides-swapped"},
    "The US was overtaken by China with 15.8% of downloads of new models.": {"sides-swapped"},
    "The US fell to 17.1% of downloads of new models last year.": {"sides-swapped"},
    "China overtook the US with 25% of downloads of new models on Hugging Face.": {"wrong-figure"},
    "China has overtaken the US, 19.4 to 15.8 percent of downloads of new models.": {
        "wrong-figure"
    },
    "Chinese open models accounted for 17.1% of global AI model downloads over the year ending August 2025, narrowly exceeding the US share of 15.86%.": {
        "new-dropped",
        "all-downloads",
    },
    "China's open models now take 17 percent of downloads, beating America's 15.8 percent.": {
        "new-dropped"
    },
    "A new study shows Chinese open models with 17.1 % of downloads and US models with 15.8 %.": {
        "new-dropped"
    },
    "New Chinese-made open models rose to 17 per cent of downloads in the past year, surpassing the 15.8 per cent of American developers such as Google.": {
        "new-on-one-side"
    },
    "Chinese users download more new open models than American users, at 17.1 % against 15.8 %.": {
        "publisher-for-downloader"
    },
    "China downloads 17.1 % of new open models, the US 15.8 %.": {"publisher-for-downloader"},
    "China is now the largest downloader of new open models, with 17.1 % over the past year.": {
        "publisher-for-downloader"
    },
    "17.1 % of downloads of new models over the past year were downloaded in China, 15.8 % in the US.": {
        "publisher-for-downloader"
    },
    "China holds a 17.1 % market share in new open models, the US 15.8 %, by downloads.": {
        "downloads-for-use"
    },
    "17.1 % of developers use new Chinese open models, and 15.8 % new American ones.": {
        "downloads-for-use"
    },
    "17.1 % of new open models are Chinese and 15.8 % are American.": {"models-for-downloads"},
    "New Chinese models now account for 17.1 % of total downloads, new US models for 15.8 %.": {
        "all-downloads"
    },
    "In August 2025 downloads of new Chinese models stood at 17.1 %, of new US models at 15.8 %.": {
        "month-for-year",
        "other-window",
    },
    "Monthly downloads of new Chinese models hit 17.1 %, of new American ones 15.8 %.": {
        "month-for-year"
    },
    "At its peak China had 17.1 % of downloads of new models, the US 15.8 %.": {"month-for-year"},
    "In 2025 new Chinese models took 17.1 % of downloads and new American models 15.8 %.": {
        "other-window"
    },
    "Since 2020 new Chinese models have taken 17.1 % of downloads, new American ones 15.8 %.": {
        "other-window"
    },
    "In 2026 China has 17.1 % of downloads of new open models.": {"other-window"},
    "The US leads China in downloads of new models over the past year, 17.1 % to 15.8 %.": {
        "other-side-ahead"
    },
    "Chinese open models took most downloads.": {"majority-for-share", "new-dropped"},
    "The vast majority of downloaded models are Chinese.": {"majority-for-share", "new-dropped"},
    "Most AI model downloads are Chinese, at 17.1% of new models on Hugging Face over a year.": {
        "majority-for-share"
    },
    "One in six AI models downloaded on Hugging Face was made in China.": {
        "models-for-downloads",
        "new-dropped",
    },
    "Developers worldwide are switching to DeepSeek and Qwen, almost all downloads of Chinese models.": {
        "downloads-for-use",
        "all-for-majority",
    },
    "China dominates downloads of new open models over the past year.": {"large-lead"},
    "China took 71.1 % of downloads of new models over the past year, the US 15.8 %.": {
        "wrong-figure"
    },
    "China took 17.4 % of downloads of new models over the past year, the US 15.8 %.": {
        "wrong-figure"
    },
    "China took 15.8 % of downloads of new models over the past year, the US 17.1 %.": {
        "sides-swapped"
    },
    "China leads the US by 1.3 % in downloads of new models over the past year.": {
        "percent-for-points"
    },
    "China leads the US by 17 percentage points in downloads of new models over the past year.": {
        "share-for-lead"
    },
    "China's lead of 17.1 % in downloads of new models over the past year is its first.": {
        "share-for-lead"
    },
    "China leads the US by 5 points in downloads of new models over the past year.": {
        "wrong-figure"
    },
    "DeepSeek and Qwen hold more than half of downloads of Chinese models.": {"majority-for-vast"},
    "Most downloads of Chinese models are of DeepSeek and Alibaba's Qwen.": {"majority-for-vast"},
    "Virtually all downloads of Chinese models go to DeepSeek and Qwen.": {"all-for-majority"},
    "DeepSeek and Qwen are the vast majority of open-model downloads worldwide.": {
        "chinese-dropped"
    },
    "DeepSeek and Qwen take 85 % of downloads of Chinese models, the vast majority.": {
        "figure-added"
    },
    "New Chinese models took 41 % of downloads over the past year, new American ones 36.5 %.": {
        "definition-added"
    },
    "Chinese models took 41 % of downloads in a single month, American ones 36.5 %.": {
        "month-for-year"
    },
    "Chinese models took 36.5 % of downloads over a year, American ones 41 %.": {"sides-swapped"},
    "Chinese models serve 30 % of all tokens on OpenRouter.": {"peak-for-average"},
    "Chinese models account for 13 % of AI usage worldwide, according to OpenRouter.": {
        "tokens-dropped"
    },
    "Some 95 % of models on the Hub have fewer than 200 downloads.": {"wrong-figure"},
    "Chinese models take 13 % of downloads on OpenRouter.": {"downloads-for-tokens"},
    "Chinese models have 1.15 billion cumulative downloads, American ones 723 million.": {
        "chosen-models-dropped"
    },
    "The ATOM report counts 2.4 billion cumulative downloads of Chinese language models.": {
        "wrong-figure"
    },
    "Hugging Face says downloads of Chinese models surpass those of any other country.": {
        "new-dropped"
    },
    "The Hub has 250,000 derivatives of Qwen.": {"wrong-figure"},
    "China overtakes the US in new open models, 17.1 % to 15.8 %.": {"downloads-dropped"},
}
UNTOLD = {
    "US app downloads fell by 3 % last year.": "other downloads",
    "Has China overtaken the US in downloads of new open models?": "it asks",
    "China did not overtake the US in downloads of new open models.": "it denies",
    "New Chinese models will take 17.1 % of downloads next year.": "may come",
    "New Chinese models accounted for nearly a fifth of downloads over the past year.": "in words",
    "China's Qwen has more derivatives than Google and Meta combined.": "nothing that was published",
    "Apple shares rose 3 % on Tuesday.": "no published figure",
    "US overtaken by China": "say what is counted",
    "DeepSeek and Alibaba's Qwen dominate downloads of Chinese models.": "nothing that was published",
    "China overtook the US. " * 500: "longer than",
    "中国新开源模型的下载量占比达到 17.1 %，超过美国的 15.8 %。": "no published figure",
    "Rebuilt from public records, the US is ahead with 27.4 % of first-year downloads.": "no published figure",
    "DeepSeek released R1 in January.": "no published figure",
}


HEADLINES = {
    "China 17.1 %, USA 15.8 %": "study-lead",
    "China 17% US 15.8%": "study-lead",
    "China: 17.1%. U.S.: 15.8%.": "study-lead",
    "China overtakes US: 17.1% vs 15.8%": "study-lead",
    "CHINA LEAPFROGS US: 17.1PC V 15.8PC": "study-lead",
    "China's 17.1% tops America's 15.8%": "study-lead",
    "China 17.1, US 15.8": "study-lead",
    "17.1% China - 15.8% USA": "study-lead",
    "17.1 percent for China against 15.8 for America": "study-lead",
    "US slips to 15.8%, China climbs to 17.1%": "study-lead",
    "It's 17.1% for China and 15.8% for the US, a study finds.": "study-lead",
    "The US share of downloads fell to 15.8 percent.": "study-lead",
    "American share of global AI downloads down to 15.8%": "study-lead",
    "China's share rises to 17.1%": "study-lead",
    "China took 17.1 %, the US 15.8 %, in the year to August 2025.": "study-lead",
    "China 41%, US 36.5%": "hf-spring-china",
}
ELSEWHERE = [
    "China 17 % of Nobel prizes",
    "China's GDP is 17.1 % of the world's, the US 15.8 %.",
    "The US share of world exports fell to 15.8 percent.",
    "US tariffs on China: 17.1%; Chinese tariffs on US: 15.8%.",
    "China tops US at Olympics, 17.1% of medals vs 15.8%.",
    "China stocks up 17.1%, US stocks up 15.8%",
    "China up 17.1%, US up 15.8%",
    "US downloads fell 15.8%",
    "US app downloads fell to 15.8 percent.",
    "Chinese game downloads rose to 17.1%.",
    "Chinese car models took 17.1% of sales, American models 15.8%.",
    "In tests of AI models, China scored 17.1%, the US 15.8%.",
    "China has 17.1% of AI developers, the US 15.8%.",
    "17.1% of companies in China have AI, 15.8% in the US.",
    "China's share of global AI patents is 17.1%, the US share is 15.8%.",
    "China's share of steel is 41 percent.",
    "China has 17.1 %.",
    "China 17.1%, US 25%",
    "The US share fell to 17.1 percent.",
]


@pytest.mark.parametrize(("text", "first"), HEADLINES.items())
def test_a_bare_headline_is_read_as_the_published_figures(text: str, first: str) -> None:
    """It is judged, it is said what it was taken for, and no figure is moved to the other country."""
    found = checked(text)
    assert (found.answer, found.claims[0]) == (BREAKS, first)
    assert found.read_as.startswith("share of downloads ")
    assert not broken(text) & {"sides-swapped", "wrong-figure"}
    assert ("downloads-dropped" in broken(text)) == ("downloads" not in text)


def test_the_countries_of_a_bare_headline_are_swapped() -> None:
    """Both figures stand in it, each beside the other country."""
    found = checked("China 15.8%, US 17.1%")
    assert found.read_as
    assert "sides-swapped" in {rule.id for rule in found.broken}


@pytest.mark.parametrize("text", ELSEWHERE)
def test_figures_of_something_else(text: str) -> None:
    """A published number beside a country is no published claim where another thing is counted."""
    found = checked(text)
    assert (found.answer, found.claims, found.read_as) == (UNCLEAR, (), "")


def test_it_is_printed_what_a_headline_is_read_as() -> None:
    """The period is the ledger's; a sentence that says what is counted has no such line."""
    told = " ".join(invoke("claim", "--check", "China 17.1 %, USA 15.8 %").stdout.split())
    period = "from August 2024 to August 2025"
    assert (
        f"read as share of downloads of new models on the Hugging Face Hub {period} new-dropped"
        in told
    )
    assert "read as" not in invoke("claim", "--check", KEPT[0]).stdout


@pytest.mark.parametrize("text", KEPT)
def test_a_sentence_that_keeps_the_definition(text: str) -> None:
    """It breaks no rule, and nothing is put right."""
    found = checked(text)
    assert (found.answer, broken(text), found.corrected) == (KEEPS, set(), "")
    assert found.claims


@pytest.mark.parametrize(("text", "rules"), BROKEN.items())
def test_a_sentence_that_loses_the_definition(text: str, rules: set[str]) -> None:
    """The rules that it breaks are named, and it is put right."""
    found = checked(text)
    assert found.answer == BREAKS
    assert rules <= broken(text)
    assert checked(found.corrected).answer == KEEPS


@pytest.mark.parametrize(("text", "why"), UNTOLD.items())
def test_a_sentence_of_which_nothing_is_told(text: str, why: str) -> None:
    """It is said why."""
    found = checked(text)
    assert found.answer == UNCLEAR
    assert why in found.why
    assert not found.broken


def test_there_are_enough_sentences() -> None:
    """Every rule that is no note is broken by a sentence here, beside its own example."""
    assert len(KEPT) + len(BROKEN) + len(UNTOLD) >= 40
    assert {rule.id for rule in RULES.rule if not rule.note} == set().union(*map(broken, BROKEN))


@pytest.mark.parametrize("rule", RULES.rule, ids=lambda rule: rule.id)
def test_a_rule_s_own_sentences(rule: Rule) -> None:
    """Its example breaks it; what it calls kept breaks none."""
    found = checked(rule.example)
    assert rule in (found.notes if rule.note else found.broken)
    kept = checked(rule.kept)
    assert (kept.answer, kept.why, kept.broken) == (KEEPS, "", ())
    assert rule not in kept.notes


@pytest.mark.parametrize("subject", RULES.subject, ids=lambda subject: subject.id)
def test_a_corrected_sentence_is_the_ledger_s(subject: Subject) -> None:
    """It keeps the definition, is about its own claims, and no figure of it is typed."""
    found = checked(retelling.filled(subject.corrected, LEDGER))
    told = tuple(name for name in subject.claims if LEDGER[name].retells not in subject.claims)
    assert (found.answer, found.claims) == (KEEPS, told)
    typed = re.sub(r"\{[^}]*\}|\b20\d\d\b", "", subject.corrected)
    assert not re.search(r"\d", typed)
    assert set(subject.claims) <= LEDGER.keys()
    names = {name for named in subject.published.values() for name in named}
    assert names <= set(subject.claims)


@pytest.mark.parametrize("subject", RULES.subject, ids=lambda subject: subject.id)
def test_a_corrected_sentence_names_its_source(subject: Subject) -> None:
    """It is never a plain statement of ours."""
    assert re.match(
        r"According to|Hugging Face reported|In January 2026 Hugging Face", subject.corrected
    )


OURS = [
    "The US still leads China in open-model downloads, a new audit shows.",
    "China trails the US in downloads of new open models.",
    "The US is ahead of China by 12.7 points in first-year downloads.",
]


@pytest.mark.parametrize("text", OURS)
def test_our_finding_is_not_put_right_into_the_claim(text: str) -> None:
    """It is said to be what public data show, with our numbers and without the claim."""
    assert (checked(text).answer, checked(text).broken, checked(text).corrected) == (OWN, (), "")
    told = invoke("claim", "--check", text)
    assert told.exit_code == 0
    words = " ".join(told.stdout.split())
    assert "this is what public data show" in words
    assert "the USA is ahead of China by 12.7 points (9.0 to 16.4)" in words
    assert "put right" not in words


def test_our_finding_of_another_window_is_not_ours() -> None:
    """What is lost is said, and nothing is put right."""
    told = invoke("claim", "--check", "The US led China in downloads of new models in 2026.")
    assert (told.exit_code, "put right" in told.stdout) == (1, False)
    assert "other-window" in told.stdout


def test_the_first_line_says_what_public_data_say() -> None:
    """In words, before the answer on the definition; no claim is said twice."""
    told = invoke("claim", "--check", KEPT[0]).stdout
    first, _, rest = told.partition(KEEPS)
    assert "Public data show the opposite of what was published" in " ".join(first.split())
    assert "study-usa-15.86" not in told
    assert rest.count("study-usa ") == 1


def test_a_sentence_put_right_is_attributed_and_answered() -> None:
    """What was published is said to be so, and public data follow it."""
    words = " ".join(invoke("claim", "--check", next(iter(BROKEN))).stdout.split())
    right = words.partition("put right ")[2]
    assert right.startswith("According to press reports of a study, ")
    assert "a lead of 1.3 points. Public data show the opposite of what was published" in right


def test_results_do_not_follow_where_nothing_can_be_told() -> None:
    """One line says what public data say of the claim, and no claim is listed."""
    told = invoke("claim", "--check", [*UNTOLD][1]).stdout
    assert told.startswith("Public data show the opposite")
    assert "study-china" not in told


def test_every_rule_and_subject_is_named_once() -> None:
    """A rule names subjects that there are, and every subject but a plain one has a rule."""
    subjects = [subject.id for subject in RULES.subject]
    assert len(set(subjects)) == len(subjects)
    assert len({rule.id for rule in RULES.rule}) == len(RULES.rule)
    assert set().union(*(rule.subjects for rule in RULES.rule)) == set(subjects)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("China has 17.1 %, the US 15.8 %", ["China", "USA"]),
        ("17.1 % for China and 15.8 % for the United States", ["China", "USA"]),
        ("Chinese models took 17.1% against 15.8% for American ones", ["China", "USA"]),
        ("China (17.1 %) overtook the U.S. (15.8 %)", ["China", "USA"]),
        ("The US fell to 15.8 % while China rose to 17.1 %", ["USA", "China"]),
        ("China passed the US: 17.1 to 15.8 %", ["China", "USA"]),
        ("China passed the US with 17.1 %", ["China"]),
        ("China's 17.1 % passed the US's 15.8 %", ["China", "USA"]),
        ("China, at 17.1 %, overtook the US at 15.8 %", ["China", "USA"]),
        ("China overtook the US, which fell to 15.8 %", [""]),
        ("The US was overtaken by China: 17.1 to 15.8 %", ["", ""]),
        ("The US trails China with 15.8 %", ["USA"]),
        ("At 15.8 %, the US trails China", ["USA"]),
        ("China 17.1 - 15.8 % over the US", ["China", "USA"]),
        ("China rose to 17.1 from Qwen 2.5", ["China"]),
        ("tell us that 17.1 % were new", [""]),
    ],
)
def test_the_side_of_a_figure(text: str, side: list[str]) -> None:
    """The country that follows it at once, else that of its clause; none where both could be meant."""
    assert [figure.side for figure in sentence.figures(sentence.spelled(text))] == side


@pytest.mark.parametrize(
    ("text", "value", "unit", "lead"),
    [
        ("17.1 per cent", 17.1, "percent", False),
        ("seventeen or 17.1 percentage points", 17.1, "points", False),
        ("37 million downloads", 3.7e7, "count", False),
        ("1.15 billion downloads", 1.15e9, "count", False),
        ("151,448 repositories", 151_448.0, "count", False),
        ("ahead by just 1.3%", 1.3, "percent", True),
        ("a 1.3-point lead", 1.3, "points", True),
        ("a lead of 1.3 points", 1.3, "points", True),
    ],
)
def test_a_figure_of_a_sentence(text: str, value: float, unit: str, lead: bool) -> None:
    """Its number, its unit, and whether it is a distance."""
    (found,) = sentence.figures(sentence.spelled(text))
    assert (found.value, found.unit, found.lead) == (pytest.approx(value), unit, lead)


def test_years_and_bare_numbers_are_no_figures() -> None:
    """Of a date, a version or a rank nothing is measured."""
    assert not [*sentence.figures(sentence.spelled("In August 2025 Qwen 2.5 was number 1 of 25"))]


def test_a_rounded_figure_is_the_published_one() -> None:
    """To as many digits as are printed, and not farther."""
    kept = {
        text: [f.is_of(17.1) for f in sentence.figures(text)]
        for text in ("17 %", "17.1 %", "17.2 %", "17.10 %", "18 %")
    }
    assert kept == {
        "17 %": [True], "17.1 %": [True], "17.2 %": [False], "17.10 %": [True], "18 %": [False],
    }  # fmt: skip


def test_a_rounded_count_is_the_published_one() -> None:
    """To the digits that are printed, or by a hundredth; zeros may be no digits."""
    kept = {
        text: [f.is_of(value) for f in sentence.figures(text)]
        for text, value in (
            ("2 billion", 2.045e9), ("2.05 billion", 2.045e9), ("2.4 billion", 2.045e9),
            ("150,000", 151_448.0), ("140,000", 151_448.0),
        )
    }  # fmt: skip
    assert [*kept.values()] == [[True], [True], [False], [True], [False]]


def test_a_rule_that_is_seen_in_two_ways_is_refused(tmp_path: Path) -> None:
    """The message names the rule."""
    path = tmp_path / "retelling.toml"
    text = retelling_rules.PATH.read_text(encoding="utf-8")
    path.write_text(text.replace("measured = true", "measured = true\nfound = ['x']", 1), "utf-8")
    with pytest.raises(DefinitionError, match="must have one of found, missing and measured"):
        retelling_rules.load(path)


@pytest.mark.parametrize(
    ("text", "code"), [(KEPT[0], 0), (next(iter(BROKEN)), 1), (next(iter(UNTOLD)), 2)]
)
def test_the_exit_code_is_the_answer(text: str, code: int) -> None:
    """0 keeps, 1 does not, 2 cannot tell; what was found is printed."""
    told = invoke("claim", "--check", text)
    assert told.exit_code == code
    assert [KEEPS, BREAKS, UNCLEAR][code] in told.stdout
    assert ("put right" in told.stdout) == (code == 1)


def test_a_sentence_about_another_claim() -> None:
    """With an ID, a sentence that is about something else cannot be told."""
    told = invoke("claim", "hf-spring-china", "--check", KEPT[0])
    assert told.exit_code == 2
    assert "hf-spring-china" in told.stdout


def test_a_claim_is_printed_in_full() -> None:
    """What was claimed, by whom, where it was read, our figure and both answers."""
    told = " ".join(invoke("claim", "study-usa").stdout.split())
    own = LEDGER["study-usa"]
    for part in (own.statement, "15.8 %", own.source, own.url, own.definition, own.through):
        assert " ".join(part.split()) in told
    for label in ("our figure", "range", "comes out? contradicted", "survives? fragile", "why"):
        assert label in told
    assert "Public data contradict “USA's share of first-year downloads: 15.8 %”" in told
    assert "not read there" not in told


def test_a_source_that_was_not_read_is_said_to_be_so() -> None:
    """An address through which nobody read the figure."""
    assert "(not read there)" in " ".join(invoke("claim", "space-china").stdout.split())


def test_a_lead_has_a_unit() -> None:
    """Its figure and range are in points; a majority is not named twice."""
    told = " ".join(invoke("claim", "study-lead").stdout.split())
    assert "our figure −12.7 points range −16.4 … −9.0 points" in told
    assert "vast majority: vast majority" not in invoke("claim", "study-qwen-deepseek").stdout


def test_every_claim_is_listed() -> None:
    """Without an ID the names of all."""
    told = invoke("claim").stdout
    assert all(re.search(rf"(?m)^{re.escape(name)} ", told) for name in LEDGER)


def test_the_list_is_grouped_by_answer() -> None:
    """One line a claim, under its answer; those with an answer first."""
    lines = [line for line in invoke("claim").stdout.splitlines() if line]
    heads = [line.split(" (")[0] for line in lines if re.search(r"^[a-z ]+ \(\d+\)$", line)]
    assert heads == ["contradicted", "reproduced", "not testable with public data"]
    assert len(lines) == len(heads) + len(LEDGER) + 1
    assert max(map(len, lines)) <= 96


def test_a_claim_that_is_not_there() -> None:
    """The nearest name is proposed."""
    told = invoke("claim", "study-chin")
    assert "did you mean study-china?" in assert_one_message(
        told.exit_code, told.stderr, "no claim 'study-chin'"
    )


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    """It is named; without any run the ledger is still printed."""
    told = invoke("claim", "study-usa", "--out", tmp_path)
    assert_one_message(told.exit_code, told.stderr, "results/claims.csv")


@pytest.mark.slow
def test_a_claim_is_printed_without_pandas() -> None:
    """No library for numbers is imported, so that the answer is there at once."""
    code = (
        "import sys; from replication.cli import claims_text; from rich.console import Console; "
        "claims_text.show('study-usa', None, Console()); "
        "print(*{'pandas', 'numpy', 'matplotlib'} & set(sys.modules), 'none')"
    )
    assert replication(start=["-c", code]).stdout.splitlines()[-1].strip() == "none"

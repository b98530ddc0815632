"""A sentence about downloads: its words in one spelling, its figures, and the side of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

CHINA, USA = "China", "USA"
_SIDES = {
    CHINA: re.compile(r"\bchin(?:a|ese)\b|\bprc\b"),
    USA: re.compile(r"\busa\b|\bamericans?\b|\bamerica\b|\bunited states\b"),
}
_SPELLINGS = (  # in order; the case of US tells the country from the pronoun
    (re.compile("[\u2018\u2019]"), "'"),
    (re.compile("[\u201c\u201d]"), '"'),
    (re.compile("[\u2010-\u2015\u2212]"), "-"),
    (re.compile(r"\bU\.\s?S\.(?:\s?A\.)?|\bUSA?\b"), "USA"),
    (re.compile(r"\s+"), " "),
)
_SHORT = (  # of lower-case text
    (re.compile(r"\b(?:percentage|percent|per cent|%)[ -]points?\b|%-points?|\bpp\b"), "points"),
    (re.compile(r"\bper cent\b|\bpercent\b|\bpct\b|(?<=\d)pct?\b"), "%"),
    (re.compile(r"\b(jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\."), r"\1"),
    (re.compile(r"\bvs?\.(?= )|\bv(?= )"), "vs"),
)
_JOINED = r"(?: ?- ?| (?:to|and|against|versus|vs) (?:just |only |about )?)"
"""What stands between two figures that are compared."""
_SHARED_UNIT = re.compile(
    rf"(?<![\w.,])(\d{{1,2}}(?:\.\d+)?)(?={_JOINED}\d{{1,2}}(?:\.\d+)? ?(?P<unit>%|points\b))"
)
_MOVED_TO = re.compile(
    r"\b(?P<moved>(?:fell|fallen|falls|slipped|slips|dropped|drops|slid|sank|shrank|declined|rose|risen|rises|grew"
    r"|climbed|jumped) to \d{1,2}\.\d+)(?![\d%])(?! ?(?:%|points?\b|billion|bn|million|thousand|times))"
)
"""A share without its unit, after a verb of change."""
_FIGURE = re.compile(
    r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)[ -]?"
    r"(?P<unit>%|points?\b|billion\b|bn\b|million\b|thousand\b)?"
)
_WORDS = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(_WORDS, 2)}
_ONE_IN = re.compile(rf"\b(?:one|1) in (?P<parts>{'|'.join(_WORDS)}|[2-9]|1\d|20)\b")
_WORDED = re.compile(rf"\b({'|'.join(_WORDS)})[ -](?=(?:%|points?\b|million\b|billion\b))")
_SCALE = {"billion": 1e9, "bn": 1e9, "million": 1e6, "thousand": 1e3}
_BARE_NUMBER = re.compile(
    r"(?<![\w.,])\d{1,2}\.\d+(?![\w.,]*\w)(?!-?%| ?(?:%|points?\b|billion|bn\b|million|thousand|times))"
)
"""A number that has no unit, and is no count."""
_LEAD = (
    re.compile(
        r"\b(?:lead|leads|leading|led|ahead|beat\w*|surpass\w*|overt\w+|edg\w+|outpac\w+|top\w*)\b"
        r"[^\d;]{0,60}?\bby (?:about |just |only |nearly |around |some |roughly |almost )?$"
    ),
    re.compile(
        r"\b(?:lead|gap|margin|edge|advantage|difference) (?:of|is|was) "
        r"(?:about |just |only |nearly |around |some |roughly |almost )?$"
    ),
)
_LEAD_AFTER = re.compile(
    r"^[ -]?(?:point )?(?:lead|gap|margin|edge|advantage)\b|^ (?:ahead|more)\b"
)
_BREAK = re.compile(
    r"[;:)|]|,(?!\d)|\.(?= )|(?<=[a-z]) - |(?<=[%\d]) to\b|\b(?:against|versus|vs|while|whereas|compared|and|but|surpass\w*|overt\w+|beat\w*"
    r"|exceed\w*|pass(?:es|ed|ing)|ahead of|edg\w+ out|outpac\w+|topp\w+)\b"
)
_HAVING = r"(?:with|at|on|by|(?:tak|hold|hav|reach|captur|claim|draw|attract|gain|account|secur|winn|gett)ing)"
_COMPARES = re.compile(
    r"\b(?:overt(?:akes?|ook|aken|aking)|surpass\w*|beat\w*|exceed\w*|pass(?:es|ed|ing)|edg\w+|outpac\w+|topp?\w*"
    r"|leads?|led|leading|ahead of|above|trail\w*|lag\w*|behind|past)\b(?! by\b)"
)
_OWN_AFTER = re.compile(
    rf"^(?!'s?\b)(?:(?!\b(?:which|whose|who|that|where)\b)[^\d;:()])*?\b{_HAVING} (?:\w+ ){{0,4}}$"
)
"""From the side that is compared with, up to a figure that belongs to the other side."""
_PAIR = re.compile(rf"(?P<first>\d+(?:\.\d+)?) ?%{_JOINED}(?P<second>\d+(?:\.\d+)?) ?%")
_LEADING = re.compile(rf"^\W*{_HAVING}\b")
_BELONGS = re.compile(r"^[^\d,;]{0,30}?\b(?:for|from|of|by|to|in) (?:\w+ )?")


ROUND_COUNTS = 0.01
"""A count may be rounded by this part of itself, whatever zeros it is written with."""


@dataclass(frozen=True)
class Figure:
    """A number of a sentence.

    Attributes
    ----------
    text
        As it is written.
    value
        The number that it stands for.
    step
        Half a unit of its last digit, by which a rounded figure may lie from the published one.
    unit
        percent, points or count.
    side
        The country that it belongs to; empty where the sentence does not say.
    lead
        Whether it is a distance between two sides.
    """

    text: str
    value: float
    step: float
    unit: str
    side: str
    lead: bool

    def is_of(self, value: float) -> bool:
        """Whether it is a published value, or that value rounded to as many digits."""
        rounded = ROUND_COUNTS * value if self.unit == "count" else 0.0
        return abs(self.value - value) <= max(self.step, rounded) + 1e-9


def spelled(text: str) -> str:
    """A sentence in one spelling: lower case, plain quotes and dashes, % and points, usa, and digits."""
    for pattern, to in _SPELLINGS:
        text = pattern.sub(to, text)
    text = text.casefold().strip()
    for pattern, to in _SHORT:
        text = pattern.sub(to, text)
    text = _WORDED.sub(lambda match: f"{_NUMBERS[match[1]]} ", text)
    return _MOVED_TO.sub(r"\g<moved> %", _SHARED_UNIT.sub(r"\1 \g<unit>", text))


def with_units(text: str) -> str:
    """A bare headline whose numbers with decimals are percentages where they have no unit."""
    return _BARE_NUMBER.sub(r"\g<0> %", text)


def figures(text: str) -> Iterator[Figure]:
    """The shares, distances and counts of a sentence, as `spelled`; years and bare numbers are none."""
    for match in _FIGURE.finditer(text):
        number, unit = match["number"], match["unit"] or ""
        if not unit and "," not in number:
            continue
        kind = "percent" if unit == "%" else "points" if unit.startswith("point") else "count"
        scale = _SCALE.get(unit, 1.0)
        value = float(number.replace(",", "")) * scale
        step = 0.5 * scale * 10.0 ** -len(number.partition(".")[2])
        before, after = text[: match.start()], text[match.end() :]
        lead = any(pattern.search(before) for pattern in _LEAD) or bool(_LEAD_AFTER.match(after))
        yield Figure(match[0].strip(), value, step, kind, _side(text, *match.span()), lead=lead)
    for match in _ONE_IN.finditer(text):
        parts = _NUMBERS.get(match["parts"]) or int(match["parts"])
        step = 50 / parts - 50 / (parts + 1)  # half way to the next smaller part
        side = _side(text, *match.span())
        yield Figure(match[0], 100 / parts, step, "percent", side, lead=False)


@dataclass(frozen=True)
class _Mention:
    """A country where a text names it."""

    side: str
    start: int
    end: int


def countries(text: str) -> set[str]:
    """The countries that a sentence names, as `spelled`."""
    return {mention.side for mention in _mentions(text)}


def _mentions(text: str) -> list[_Mention]:
    """Every place where a text names either country, in order."""
    found = [
        _Mention(s, *m.span()) for s, pattern in _SIDES.items() for m in pattern.finditer(text)
    ]
    return sorted(found, key=lambda mention: mention.start)


def _side(text: str, start: int, end: int) -> str:
    """The country of a figure; empty where it may be either's.

    The one that follows it at once; else by its place in two figures after two countries; else the one that
    is compared with the other; else that of its clause, the only one before it, or the next after "with".
    """
    near = _BELONGS.match(text[end:])
    for name, pattern in _SIDES.items():
        if near and pattern.match(text[end + near.end() :].lstrip()):
            return name
    before = _mentions(text[:start])
    known = _of_pair(text, start, end) or _compared(text[:start], before)
    return known or _of_clause(text, start, end, before)


def _of_pair(text: str, start: int, end: int) -> str:
    """Of two figures after two countries, the first is the first country's: "China beats the USA, 3 % to 2 %"."""
    pair = next((m for m in _PAIR.finditer(text) if m.start() <= start and end <= m.end()), None)
    if pair is None:
        return ""
    both = _mentions(text[: pair.start()])[-2:]
    if len(both) == 1:
        both += _mentions(text[pair.end() :])[:1]
    if len({one.side for one in both}) < 2:
        return ""
    passive = re.search(r"[%;]|\bby\b", text[both[0].end : pair.start()])
    return "" if passive else both[pair.start("second") <= start].side


def _compared(before: str, named: list[_Mention]) -> str:
    """The country that is compared: "China overtook the USA with 3 %" is about China, which has no figure yet."""
    if len(named) < 2 or named[-1].side == named[-2].side:
        return ""
    between = before[named[-2].end : named[-1].start]
    compares = _COMPARES.search(between) and not re.search(r"[%;]|\bby\b", between)
    return named[-2].side if compares and _OWN_AFTER.match(before[named[-1].end :]) else ""


def _of_clause(text: str, start: int, end: int, before: list[_Mention]) -> str:
    """The country of a figure's clause, else the only one before it, else the next after "with"."""
    breaks = [m.end() for m in _BREAK.finditer(text, 0, start)]
    following = _BREAK.search(text, end)
    clause = text[breaks[-1] if breaks else 0 : following.start() if following else len(text)]
    named = {one.side for one in _mentions(clause)}
    if len(named) == 1:
        return named.pop()
    if not named and before:
        return before[0].side if len({one.side for one in before}) == 1 else ""
    after = _mentions(text[end:]) if named or _LEADING.match(clause) else []
    return before[-1].side if named and before else after[0].side if after else ""

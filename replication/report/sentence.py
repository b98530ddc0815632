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
    (re.compile(r"\bper cent\b|\bpercent\b|\bpct\b"), "%"),
    (re.compile(r"\b(jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\."), r"\1"),
)
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
    r"[;:)]|,(?!\d)|(?<=[%\d]) to\b|\b(?:against|versus|vs|while|whereas|compared|and|but|surpass\w*|overt\w+|beat\w*"
    r"|exceed\w*|pass(?:es|ed|ing)|ahead of|edg\w+ out|outpac\w+|topp\w+)\b"
)
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
    return _WORDED.sub(lambda match: f"{_NUMBERS[match[1]]} ", text)


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


def _side(text: str, start: int, end: int) -> str:
    """The country of a figure: the one that follows it at once, else that of its clause, else the only one before."""
    near = _BELONGS.match(text[end:])
    for name, pattern in _SIDES.items():
        if near and pattern.match(text[end + near.end() :].lstrip()):
            return name
    breaks = [m.end() for m in _BREAK.finditer(text, 0, start)]
    following = _BREAK.search(text, end)
    clause = text[breaks[-1] if breaks else 0 : following.start() if following else len(text)]
    named = [name for name, pattern in _SIDES.items() if pattern.search(clause)]
    if len(named) == 1:
        return named[0]
    if not named:
        named = [name for name, pattern in _SIDES.items() if pattern.search(text, 0, start)]
        return named[0] if len(named) == 1 else ""
    last = [max((m.start() for m in _SIDES[n].finditer(text, 0, start)), default=-1) for n in named]
    return named[last.index(max(last))]

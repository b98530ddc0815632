"""Words, numbers and dates as the figures print them; the same in every locale."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# The choices of attribution by their names in the tables.
CREDIT = {
    "uploader": "uploader",
    "origin": "origin",
    "split": "half uploader, half origin",
    "maker": "maker",
    "base_maker": "maker, distilled models to their base",
}
LABELS = {
    "study": "study",
    "registry": "registry",
    "registry-low": "registry, doubts in the USA’s favour",
    "registry-high": "registry, doubts in China’s favour",
}
UNATTRIBUTED = {
    "own": "groups of their own",
    "left-out": "left out, or in proportion",
    "lineage": "to the country of the origin",
    "to-China": "all to China",
    "to-USA": "all to the USA",
}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MINUS, NARROW = "−", "\N{NARROW NO-BREAK SPACE}"
TOGETHER = "\N{NO-BREAK SPACE}"


def percent(value: float, digits: int = 1) -> str:
    """12.34 as “12.3 %”."""
    return f"{value:.{digits}f}{NARROW}%"


def signed(value: float, digits: int = 1) -> str:
    """A difference with its sign, zero without: “+1.3”, “−2.1”, “0.0”."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("+" if value > 0 else MINUS) + text


def points(value: float) -> str:
    """Size of a difference in words: “23.1 points”."""
    text = f"{abs(value):.1f}"
    return f"{text} point" + ("" if text == "1.0" else "s")


def millions(value: float) -> str:
    """A count of downloads: “707 million”."""
    return f"{value / 1e6:,.0f} million"


def day(iso: str) -> str:
    """An ISO 8601 date as “2 July 2025”."""
    found = date.fromisoformat(iso)
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def short_day(iso: str) -> str:
    """An ISO 8601 date as “2 Jul 2025”."""
    found = date.fromisoformat(iso)
    return f"{found.day} {MONTHS[found.month - 1][:3]} {found.year}"


def month(iso: str) -> str:
    """A month, “2025-07”, as “July 2025”."""
    year, number = iso.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


def in_words(count: int) -> str:
    """A small count as a word, others in digits."""
    return COUNTS[count] if count < len(COUNTS) else f"{count:,}"


def together(text: str) -> str:
    """The words of `text` on one line, wherever it stands."""
    return text.replace(" ", TOGETHER)


def basis(attribution: str, labels: str) -> str:
    """Who is credited by whose labels: “uploader, study’s labels”."""
    return f"{CREDIT[attribution]}, {LABELS[labels]}’s labels"


def short_name(developer: str) -> str:
    """A developer's name without what stands in brackets."""
    return developer.partition(" (")[0]

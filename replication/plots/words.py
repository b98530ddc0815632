"""Words, numbers and dates as the figures print them; the same in every locale."""

from __future__ import annotations

from datetime import date

from replication import months
from replication.definitions import Definitions, Window, young

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
# Dimensions of the specification grid, and what its choices are called.
DIMENSIONS = {
    "window": "Window",
    "age_limit_days": "Age limit",
    "frozen": "Frozen readings",
    "attribution": "Credit",
    "labels": "Labels",
    "treatment": "Unattributed",
    "exclusion": "Left out",
    "scope": "Scope",
}
FROZEN = {"as-read": "as read", "interpolated": "interpolated", "left-out": "left out"}
_SCOPES = {
    "all": "all repositories",
    "text-generation": "text generation",
    "first-party": "first-party",
    "first-party-text": "first-party text generation",
    "without-distillations": "without distillations",
    "up-to-8B": "up to {:g} billion parameters",
    "over-8B": "over {:g} billion parameters",
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


def whose(lead: float) -> str:
    """The side whose lead it is: “China’s lead”, “the USA’s lead”."""
    return "China’s" if lead > 0 else "the USA’s"


def points(value: float) -> str:
    """Size of a difference in words: “23.1 points”."""
    text = f"{abs(value):.1f}"
    return f"{text} point" + ("" if text == "1.0" else "s")


def millions(value: float) -> str:
    """A count of downloads: “707 million”."""
    return f"{value / 1e6:,.0f} million"


def day(iso: str) -> str:
    """An ISO 8601 date as “2 July 2025”."""
    when = date.fromisoformat(iso)
    return f"{when.day} {months.with_year(when)}"


def short_day(iso: str) -> str:
    """An ISO 8601 date as “2 Jul 2025”."""
    when = date.fromisoformat(iso)
    return f"{when.day} {months.short_with_year(when)}"


def month(iso: str) -> str:
    """A month, “2025-07”, as “July 2025”."""
    return months.in_words(iso)


def in_words(count: int) -> str:
    """A small count as a word, others in digits."""
    return COUNTS[count] if count < len(COUNTS) else f"{count:,}"


def together(text: str) -> str:
    """The words of `text` on one line, wherever it stands."""
    return text.replace(" ", TOGETHER)


def basis(attribution: str, labels: str) -> str:
    """Who is credited by whose labels: “uploader, study’s labels”."""
    return f"{CREDIT[attribution]}, {LABELS[labels]}’s labels"


def credited(attribution: str, labels: str) -> str:
    """Who is credited by whose labels, as a sentence: “credited to the uploader, countries by …”."""
    whose = (
        LABELS[labels].replace("registry", "this project’s registry").replace("study", "the study")
    )
    return f"credited to the {CREDIT[attribution]}, countries by {whose}"


def short_name(developer: str) -> str:
    """A developer's name without what stands in brackets."""
    return developer.partition(" (")[0]


def choices(definitions: Definitions) -> dict[str, dict[str, str]]:
    """Names of the choices of every dimension, by what the tables call them."""
    return {
        "window": {w.id: window_name(w, definitions) for w in definitions.all_windows},
        "age_limit_days": {str(days): f"{days} days" for days in definitions.grid.age_limits_days},
        "frozen": FROZEN,
        "attribution": CREDIT,
        "labels": LABELS,
        "treatment": UNATTRIBUTED,
        "exclusion": {"none": "nothing"}
        | {x.id: x.label.removeprefix("without ") for x in definitions.exclusions},
        "scope": {k: v.format(definitions.grid.size_limit_billions) for k, v in _SCOPES.items()},
    }


def window_name(window: Window, definitions: Definitions) -> str:
    """A window in few words: “increments to Aug 2025”, “cohort, first year to Feb 2026”."""
    last = months.short_with_year(window.last)
    if not window.read_until:
        return f"{window.kind} to {last}"
    return f"{window.kind}, {young(definitions.panel.age_limit_days)} to {last}"

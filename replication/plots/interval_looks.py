"""What the interval methods and the models of luck are called and how they are marked, in figures and tables."""

from __future__ import annotations

from typing import NamedTuple


class Method(NamedTuple):
    """What is resampled, by which scheme, and what is made of it, as the table names them."""

    unit: str
    scheme: str
    name: str


class Look(NamedTuple):
    """A method's words in the figure, its mark, and its words in the table of the paper."""

    text: str
    marker: str
    name: str
    hollow: bool = False


PERCENTILE = Method("developer", "multinomial", "percentile")
STUDENTISED = Method("developer", "multinomial", "studentised-logit")
JACKKNIFE = Method("developer", "none", "jackknife-logit")
LOOKS = {
    PERCENTILE: Look("percentile", "o", "Bootstrap, percentile"),
    Method("developer", "multinomial", "basic"): Look("basic", "X", "Bootstrap, basic"),
    Method("developer", "multinomial", "bca"): Look("BCa", "p", "Bootstrap, BCa"),
    STUDENTISED: Look("studentised", "^", "Bootstrap, studentised, logit"),
    Method("developer", "poisson", "percentile"): Look(
        "Poisson weights", "P", "Bootstrap, Poisson weights, percentile"
    ),
    Method("developer", "dirichlet", "percentile"): Look(
        "Bayesian bootstrap", "h", "Bootstrap, Dirichlet weights, percentile"
    ),
    Method("developer", "subsample", "studentised-logit"): Look(
        "subsampling", "v", "Subsampling, studentised, logit"
    ),
    JACKKNIFE: Look("jackknife", "D", "Jackknife, logit"),
    Method("developer", "none", "leave-one-out"): Look(
        "leave-one-out", "<", "Leave one developer out"
    ),
    Method("repository", "multinomial", "percentile"): Look(
        "repositories", "s", "Repositories, bootstrap, percentile", hollow=True
    ),
}
"""Words and marks of the methods in the order of the rows; repositories, as a unit, are hollow."""
MAIN = (PERCENTILE, JACKKNIFE, STUDENTISED)
"""Methods that are drawn against the effective number."""
ALIKE = (Method("developer", "poisson", "percentile"),)
"""Methods whose marks would lie on another's: Poisson weights on those of the percentile bootstrap."""
MODELS = {
    "labels": ("Labels", "countries drawn anew, sizes kept"),
    "hits": ("Hits", "developers and countries drawn anew"),
    "developers": ("Developers", "drawn anew with their countries"),
    "pareto": ("Pareto", "as hits, the largest from a Pareto law"),
}
"""What luck draws anew in each model."""


def look_of(method: Method) -> Look:
    """A method's words and mark; a method without any is called as in the table."""
    text = ", ".join(method)
    return LOOKS.get(method, Look(text, ".", text))

"""How near we are to the limit, and where our time goes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np

from bench import bootstrap, synthetic
from replication.inference import poisson, resampling, schemes
from replication.inference.merging import Merged
from replication.inference.poisson import PoissonNumbers, random_words
from replication.inference.resampling import generator_of

Draw = Callable[[np.random.Generator, slice, int], Any]


def our_bits(n: int, clusters: int, replicates: int) -> tuple[float, None]:
    """Seconds to draw the random bits that ours needs, in as many threads, and to drop them.

    What a few numbers need for a second draw is left out.
    """
    rows = _rows(n, clusters)
    paired = int((rows.times <= poisson.PAIRED).sum())

    def bits(generator: np.random.Generator, part: slice, size: int) -> None:
        two = max(0, min(part.stop, paired) - part.start)
        random_words(generator, two * -(-size // 2) + (part.stop - part.start - two) * size)

    return _drawn(rows, replicates, bits)


def our_weights(n: int, clusters: int, replicates: int) -> tuple[float, None]:
    """Seconds to draw the random numbers that ours needs, in as many threads, and to drop them.

    They are the Poisson numbers of all rows, and which clusters are drawn one by one.
    """
    rows = _rows(n, clusters)
    return _drawn(rows, replicates, PoissonNumbers(rows.times, schemes.steps_below(clusters)).draw)


def _rows(n: int, clusters: int) -> Merged:
    """The rows that ours draws weights of."""
    return resampling.merged(synthetic.hub(n, clusters).cells(), poisson.LARGEST)


def _drawn(rows: Merged, replicates: int, draw: Draw) -> tuple[float, None]:
    """Seconds of drawing something of all rows, and of drawing clusters one by one."""
    missing = int(schemes.MARGIN * np.sqrt(rows.clusters)) * bootstrap.CHUNK

    def chunk(number: int) -> None:
        generator = generator_of(bootstrap.SEED, number)
        for part in rows.parts(bootstrap.CHUNK):
            draw(generator, part, bootstrap.CHUNK)
        generator.integers(rows.clusters, size=missing)

    return _in_threads(chunk, -(-replicates // bootstrap.CHUNK)), None


def naive_numbers(n: int, replicates: int, done: int) -> tuple[float, None]:
    """Seconds to draw n whole numbers below n for every replicate, in threads, and to drop them."""

    def draw(number: int) -> None:
        generator_of(bootstrap.SEED, number).integers(n, size=n)

    return _in_threads(draw, done) * replicates / done, None


def _in_threads(draw: Callable[[int], None], times: int) -> float:
    """Seconds of so many calls in one thread a core."""
    began = perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(draw, range(times)))
    return perf_counter() - began


def profile(n: int, clusters: int, replicates: int) -> tuple[float, dict[str, float]]:
    """Seconds of ours in one thread, and how many of them each part takes."""
    inside: dict[str, float] = defaultdict(float)
    with ExitStack() as patches:
        for owner, name, part in (
            (synthetic.Hub, "cells", "grouping"),
            (resampling, "merged", "merging"),
            (poisson, "_tabled", "tables"),
            (poisson, "random_words", "bits"),
            (PoissonNumbers, "draw", "numbers"),
            (Merged, "totals", "totals"),
            (Merged, "drawn_singly", "singly"),
        ):
            clocked = _clocked(getattr(owner, name), inside, part)
            patches.enter_context(patch.object(owner, name, clocked))
        seconds, _ = bootstrap.ours(n, clusters, replicates, workers=1)
    parts = {
        "grouping repositories to clusters": inside["grouping"],
        "merging equal rows": inside["merging"],
        "making tables of laws": inside["tables"],
        "drawing random bits": inside["bits"],
        "looking up numbers": inside["numbers"] - inside["bits"],
        "multiplying weights and rows": inside["totals"] - inside["numbers"],
        "drawing what is missing, one by one": inside["singly"],
        "shares, quantiles and the rest": seconds
        - sum(inside[part] for part in ("grouping", "merging", "tables", "totals", "singly")),
    }
    return seconds, parts


def _clocked(work: Callable[..., Any], seconds: dict[str, float], part: str) -> Callable[..., Any]:
    """The same function, adding its time to that of its part."""

    def clocked(*arguments: Any, **named: Any) -> Any:
        began = perf_counter()
        found = work(*arguments, **named)
        seconds[part] += perf_counter() - began
        return found

    return clocked


def exponent(sizes: list[int], seconds: list[float]) -> float:
    """The power of the size that fits the seconds best, by least squares of their logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])

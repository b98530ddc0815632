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
from replication.inference import resampling, schemes
from replication.inference.resampling import generator_of


def our_numbers(n: int, clusters: int, replicates: int) -> tuple[float, None]:
    """Seconds to draw the random numbers that ours needs, in as many threads, and to drop them."""
    rows = resampling.merged(synthetic.hub(n, clusters).cells())
    apart = int(rows.rare.shape[1])
    tabled = rows.times <= schemes.LARGEST
    others = apart + int(rows.times[tabled].sum())
    parts = np.append(others, rows.times[~tabled])
    step = max(1, schemes.AT_ONCE // (apart + len(rows.times)))
    missing = int(schemes.MARGIN * np.sqrt(others))

    def draw(number: int) -> None:
        generator = generator_of(bootstrap.SEED, number)
        for start in range(0, bootstrap.CHUNK, step):
            size = min(step, bootstrap.CHUNK - start)
            generator.multinomial(parts.sum(), parts / parts.sum(), size=size)
            generator.integers(1 << 16, size=(size, apart + int(tabled.sum())), dtype=np.uint16)
            generator.integers(others, size=size * missing)

    return _in_threads(draw, -(-replicates // bootstrap.CHUNK)), None


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
            (resampling, "_merged_totals", "totals"),
            (schemes.Multinomial, "merged", "weights"),
            (schemes, "_spread", "spread"),
            (schemes, "_poisson", "tables"),
        ):
            clocked = _clocked(getattr(owner, name), inside, part)
            patches.enter_context(patch.object(owner, name, clocked))
        seconds, _ = bootstrap.ours(n, clusters, replicates, workers=1)
    parts = {
        "grouping repositories to clusters": inside["grouping"],
        "merging equal rows": inside["merging"],
        "drawing frequent rows": inside["weights"] - inside["spread"],
        "drawing rows from tables": inside["tables"],
        "drawing what is missing, one by one": inside["spread"] - inside["tables"],
        "multiplying weights and rows": inside["totals"] - inside["weights"],
        "shares, quantiles and the rest": seconds
        - sum(inside[part] for part in ("grouping", "merging", "totals")),
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

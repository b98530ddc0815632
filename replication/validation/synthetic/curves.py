"""Closed-form download curves of a synthetic Hub: whole numbers, never falling, exact at any second.

A curve is a launch that levels off, a steady part and up to two bursts. It is built from sums,
products and quotients alone, each of which IEEE 754 rounds monotonically: with the age growing the
computed number cannot fall, and it is the same on every machine. An exponential promises neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = slice | NDArray[np.integer]
DAY = 86_400
YEAR = 365 * DAY
ALL = slice(None)


@dataclass(frozen=True)
class Curves:
    """Parameters of the cumulative downloads of n repositories.

    Attributes
    ----------
    launch
        Downloads (n,) that the launch brings in the long run.
    settling
        Age (n,) in seconds at which half of these have come.
    pace
        Steady downloads (n,) a second.
    burst, begins, lasts
        Downloads (2, n) of each burst, and the ages (2, n) in seconds at which it begins and
        for which it lasts.
    """

    launch: Floats
    settling: Floats
    pace: Floats
    burst: Floats
    begins: Floats
    lasts: Floats

    def cumulative(self, age: Ints, rows: Rows = ALL) -> Ints:
        """Downloads until an age.

        Parameters
        ----------
        age
            Seconds since creation, one for each of `rows`; before creation nothing is downloaded.
        rows
            Repositories that are asked about.

        Returns
        -------
        numpy.ndarray
            int64 downloads of each of `rows`.
        """
        past = np.maximum(age, 0).astype(float)
        total = self.launch[rows] * (1.0 - 1.0 / (1.0 + past / self.settling[rows]))
        total += self.pace[rows] * past
        for burst, begins, lasts in zip(self.burst, self.begins, self.lasts, strict=True):
            total += burst[rows] * _rise((past - begins[rows]) / lasts[rows])
        return np.floor(total).astype(np.int64)


def _rise(progress: Floats) -> Floats:
    """Two parabolas from 0 at 0 through a half at a half to 1 at 1, level outside."""
    progress = np.clip(progress, 0.0, 1.0)
    left = 1.0 - progress
    return np.where(progress < 0.5, 2.0 * progress * progress, 1.0 - 2.0 * left * left)


def draw_curves(scale: Floats, rng: np.random.Generator) -> Curves:
    """Draw curves whose parts add up to `scale` downloads (n,).

    A launch and the bursts reach their part in the long run, the steady part in a year. The
    second burst comes to half of the repositories; the others' first takes its place.
    """
    size = len(scale)
    parts = rng.standard_gamma(np.array([[1.0], [0.8], [0.6], [0.4]]), size=(4, size))
    parts[3] *= rng.random(size) < 0.5
    parts *= scale / parts.sum(axis=0)
    return Curves(
        launch=parts[0],
        settling=DAY * (3.0 + 60.0 * rng.standard_gamma(1.0, size)),
        pace=parts[1] / YEAR,
        burst=parts[2:],
        begins=DAY * rng.uniform(0.0, 600.0, (2, size)),
        lasts=DAY * rng.uniform(3.0, 45.0, (2, size)),
    )

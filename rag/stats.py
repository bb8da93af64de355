"""Is a difference between two systems more than chance? Paired tests over the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELLS = 4_000_000  # counts drawn at a time: bounds memory at 32 MB


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean of `a - b` over `questions`, its 95 % interval, and the two-sided p-value of no difference."""

    difference: float
    low: float
    high: float
    p: float
    questions: int

    @property
    def significant(self) -> bool:
        return self.p < 0.05


def paired_bootstrap(a: Sequence[float], b: Sequence[float], samples: int = 10_000, seed: int = 0) -> Comparison:
    """Percentile bootstrap over questions (Efron and Tibshirani 1993); ValueError where the two are empty or of unlike length.

    p = 2 min(#(resampled mean <= 0), #(resampled mean >= 0)), each count and `samples` plus one (Davison and Hinkley 1997), at most 1.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired test needs two equally long, non-empty rows of scores: found {len(a)} and {len(b)}")
    differences = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    means = _resampled_means(differences, samples, np.random.default_rng(seed))
    low, high = np.quantile(means, (0.025, 0.975))
    tail = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    p = min(1.0, 2 * (tail + 1) / (samples + 1))
    return Comparison(float(differences.mean()), float(low), float(high), p, len(differences))


def _resampled_means(values: NDArray[np.float64], samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Means `(samples,)` of resamples with replacement, drawn as counts of the distinct values (a 0/1 metric has three)."""
    distinct, counts = np.unique(values.round(12), return_counts=True)
    shares = counts / len(values)
    step = max(1, _CELLS // len(distinct))
    parts = [rng.multinomial(len(values), shares, size=min(step, samples - start)) @ distinct for start in range(0, samples, step)]
    return (np.concatenate(parts) / len(values)).round(12)  # so that a mean of nothing is 0, not 1e-17

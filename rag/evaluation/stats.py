"""How far chance reaches: intervals of a mean and of an AUROC, and paired tests of two systems over the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.metrics import auroc

TAILS = (0.025, 0.975)
"""Where a 95 % interval ends."""

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


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic of `items` and its 95 % interval."""

    value: float
    low: float
    high: float
    items: int


def mean_interval(values: Sequence[float], samples: int = 10_000, seed: int = 0) -> Interval:
    """The mean, by the percentile bootstrap over items (Efron and Tibshirani 1993); ValueError without items."""
    if not values:
        raise ValueError("a mean needs values: found none")
    known = np.asarray(values, np.float64)
    low, high = np.quantile(_resampled_means(known, samples, np.random.default_rng(seed)), TAILS)
    return Interval(float(known.mean()), float(low), float(high), len(known))


def auroc_interval(scores: Sequence[float], labels: Sequence[bool], samples: int = 10_000, seed: int = 0) -> Interval:
    """The AUROC by the percentile bootstrap over the items of either class; ValueError where a class is missing."""
    value = auroc(scores, labels)
    if value is None:
        raise ValueError(f"an AUROC needs items of both classes: found {len(labels)}, {sum(labels)} of them true")
    distinct, places = np.unique(np.asarray(scores, np.float64), return_inverse=True)
    held = np.asarray(labels, np.bool_)
    true, false = (np.bincount(places[kept], minlength=len(distinct)) for kept in (held, ~held))
    rng, step = np.random.default_rng(seed), max(1, _CELLS // len(distinct))
    parts = [_resampled_aurocs(true, false, min(step, samples - start), rng) for start in range(0, samples, step)]
    low, high = np.quantile(np.concatenate(parts), TAILS)
    return Interval(value, float(low), float(high), len(held))


def paired_bootstrap(a: Sequence[float], b: Sequence[float], samples: int = 10_000, seed: int = 0) -> Comparison:
    """Percentile bootstrap over questions (Efron and Tibshirani 1993); ValueError where the two are empty or of unlike length.

    p = 2 min(#(resampled mean <= 0), #(resampled mean >= 0)), each count and `samples` plus one (Davison and Hinkley 1997), at most 1.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired test needs two equally long, non-empty rows of scores: found {len(a)} and {len(b)}")
    differences = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    means = _resampled_means(differences, samples, np.random.default_rng(seed))
    low, high = np.quantile(means, TAILS)
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


def _resampled_aurocs(true: NDArray[np.int64], false: NDArray[np.int64], samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """AUROCs `(samples,)`; `true` and `false` count the items of either class at each distinct score, lowest first."""
    drawn, against = (rng.multinomial(counts.sum(), counts / counts.sum(), size=samples) for counts in (true, false))
    beaten = np.cumsum(against, axis=1) - against / 2
    areas: NDArray[np.float64] = (drawn * beaten).sum(axis=1) / (true.sum() * false.sum())
    return areas

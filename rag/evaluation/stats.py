"""How far chance reaches: intervals of a mean and of an AUROC, and paired tests of two systems over the same questions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.evaluation.metrics import auroc

TAILS = (0.025, 0.975)
"""Where a 95 % interval ends."""

_DIGITS = 12  # scores that differ beyond them are the same
_CELLS = 4_000_000  # counts drawn at a time: bounds memory at 32 MB
_SUMS = 200_000  # sums that are still gone through one by one


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean of `a - b` over `questions`, its 95 % interval, and the two-sided p-value of no difference."""

    difference: float
    low: float
    high: float
    p: float
    questions: int


@dataclass(frozen=True, slots=True)
class Paired:
    """Everything that is said of one metric of two systems over the same `questions`; differences are `a - b`.

    `low` and `high` bound the mean difference (`paired_bootstrap`), `p` is that of `randomisation`, `effect` that of `effect_size`.
    `higher`, `equal` and `lower` count the questions on which `a` scores above `b`, as `b` and below it.
    """

    difference: float
    low: float
    high: float
    effect: float | None
    higher: int
    equal: int
    lower: int
    p: float
    questions: int


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


def proportion_interval(hits: int, items: int) -> Interval:
    """The share of hits among items, by Wilson's score (1927), which has a width even where all are hits; ValueError without items."""
    if not items:
        raise ValueError("a share needs items: found none")
    share, z = hits / items, 1.959964
    middle = (share + z * z / (2 * items)) / (1 + z * z / items)
    reach = z / (1 + z * z / items) * math.sqrt(share * (1 - share) / items + z * z / (4 * items * items))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach), items)


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
    differences = _differences(a, b)
    means = _resampled_means(differences, samples, np.random.default_rng(seed))
    low, high = np.quantile(means, TAILS)
    tail = min(np.count_nonzero(means <= 0), np.count_nonzero(means >= 0))
    p = min(1.0, 2 * (tail + 1) / (samples + 1))
    return Comparison(float(differences.mean()), float(low), float(high), p, len(differences))


def paired(a: Sequence[float], b: Sequence[float], samples: int = 10_000, seed: int = 0) -> Paired:
    """The whole comparison of two rows of scores; ValueError where they are empty or of unlike length."""
    interval = paired_bootstrap(a, b, samples, seed)
    signs = np.sign(_differences(a, b).round(_DIGITS))
    higher, equal, lower = (int(np.count_nonzero(signs == sign)) for sign in (1, 0, -1))
    p = randomisation(a, b, samples, seed)
    return Paired(interval.difference, interval.low, interval.high, effect_size(a, b), higher, equal, lower, p, len(signs))


def randomisation(a: Sequence[float], b: Sequence[float], samples: int = 10_000, seed: int = 0) -> float:
    """The two-sided p of no difference: how often chance, swapping the two scores of each question or not, parts the means as far.

    Fisher's test (1935) as Smucker, Allan and Carterette (2007) use it. Exact where the swaps give few distinct sums, as of a metric that
    is 0 or 1 (there it is McNemar's exact test), else (#{|sum| >= |found|} + 1) / (samples + 1). ValueError as `paired_bootstrap`.
    """
    differences = _differences(a, b).round(_DIGITS)
    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    least = abs(float(differences.sum())) - 10.0**-_DIGITS * len(differences)  # so that rounding parts no ties
    if math.prod(int(count) + 1 for count in counts) <= _SUMS:
        return _exact_tail(sizes, counts.tolist(), least)
    rng, step = np.random.default_rng(seed), max(1, _CELLS // len(sizes))
    blocks = (min(step, samples - start) for start in range(0, samples, step))
    reached = sum(
        np.count_nonzero(np.abs((2 * rng.binomial(counts, 0.5, size=(size, len(sizes))) - counts) @ sizes) >= least) for size in blocks
    )
    return float(reached + 1) / (samples + 1)


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values, in the order given, adjusted for there being several (Holm 1979).

    At a level of 5 %, the chance that any true hypothesis among them is rejected is at most 5 %, however they depend on one another.
    """
    adjusted, highest = [0.0] * len(ps), 0.0
    for rank, at in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = highest
    return adjusted


def effect_size(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Cohen's d of paired scores: the mean difference over the standard deviation (n - 1) of the differences.

    None where every question differs by the same amount, 0 included. ValueError as `paired_bootstrap`.
    """
    differences = _differences(a, b).round(_DIGITS)
    spread = float(differences.std(ddof=1)) if len(differences) > 1 else 0.0
    return float(differences.mean()) / spread if spread > 10.0**-_DIGITS else None


def _differences(a: Sequence[float], b: Sequence[float]) -> NDArray[np.float64]:
    if len(a) != len(b) or not a:
        raise ValueError(f"a paired test needs two equally long, non-empty rows of scores: found {len(a)} and {len(b)}")
    return np.asarray(a, np.float64) - np.asarray(b, np.float64)


def _exact_tail(sizes: NDArray[np.float64], counts: Sequence[int], least: float) -> float:
    """The chance that the sum, each size with a random sign as often as it is counted, is at least so far from 0."""
    sums, chances = np.zeros(1), np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        steps = size * (2 * np.arange(count + 1) - count)
        sums, chances = np.add.outer(sums, steps).ravel(), np.multiply.outer(chances, _coins(count)).ravel()
    return min(1.0, float(chances[np.abs(sums) >= least].sum()))


def _coins(count: int) -> NDArray[np.float64]:
    """The chance of each number of heads, 0 to `count`, among so many throws."""
    ratios = np.log(np.arange(count, 0, -1) / np.arange(1, count + 1))
    chances: NDArray[np.float64] = np.exp(np.concatenate(([0.0], np.cumsum(ratios))) - count * math.log(2))
    return chances


def _resampled_means(values: NDArray[np.float64], samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Means `(samples,)` of resamples with replacement, drawn as counts of the distinct values (a 0/1 metric has three)."""
    distinct, counts = np.unique(values.round(_DIGITS), return_counts=True)
    shares = counts / len(values)
    step = max(1, _CELLS // len(distinct))
    parts = [rng.multinomial(len(values), shares, size=min(step, samples - start)) @ distinct for start in range(0, samples, step)]
    return (np.concatenate(parts) / len(values)).round(_DIGITS)  # so that a mean of nothing is 0, not 1e-17


def _resampled_aurocs(true: NDArray[np.int64], false: NDArray[np.int64], samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """AUROCs `(samples,)`; `true` and `false` count the items of either class at each distinct score, lowest first."""
    drawn, against = (rng.multinomial(counts.sum(), counts / counts.sum(), size=samples) for counts in (true, false))
    beaten = np.cumsum(against, axis=1) - against / 2
    areas: NDArray[np.float64] = (drawn * beaten).sum(axis=1) / (true.sum() * false.sum())
    return areas

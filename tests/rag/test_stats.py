"""Intervals and the paired bootstrap: figures of known cases, how often they cover, and the error rate where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest

from rag.evaluation.metrics import auroc
from rag.evaluation.stats import Comparison, Interval, auroc_interval, mean_interval, paired_bootstrap


def test_interval_agrees_with_the_normal_approximation() -> None:
    rng = np.random.default_rng(1)
    differences = rng.normal(0.1, 1.0, 400)
    found = paired_bootstrap(list(differences), [0.0] * 400)
    error = differences.std() / np.sqrt(400)
    assert found.difference == pytest.approx(differences.mean())
    assert found.low == pytest.approx(differences.mean() - 1.96 * error, abs=0.01)
    assert found.high == pytest.approx(differences.mean() + 1.96 * error, abs=0.01)


def test_the_same_scores_differ_by_nothing() -> None:
    assert paired_bootstrap([1.0, 0.0, 1.0], [1.0, 0.0, 1.0]) == Comparison(0.0, 0.0, 0.0, 1.0, 3)


def test_a_plain_difference_is_significant_and_changes_sign_with_the_order() -> None:
    better, worse = [1.0] * 90 + [0.0] * 10, [1.0] * 60 + [0.0] * 40
    up, down = paired_bootstrap(better, worse), paired_bootstrap(worse, better)
    assert up.significant and down.significant
    assert (up.difference, down.difference) == pytest.approx((0.3, -0.3))
    assert up.low > 0 > down.high


def test_it_repeats_with_its_seed() -> None:
    a, b = [0.1, 0.9, 0.4, 0.6], [0.3, 0.2, 0.5, 0.4]
    assert paired_bootstrap(a, b) == paired_bootstrap(a, b)
    assert paired_bootstrap(a, b, seed=1) != paired_bootstrap(a, b, seed=2)


def test_labels_swapped_at_random_are_rejected_about_as_often_as_promised() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.random(150) < 0.7, rng.random(150) < 0.5
    rejected = 0
    for _ in range(200):
        swap = rng.random(150) < 0.5
        rejected += paired_bootstrap(list(np.where(swap, a, b)), list(np.where(swap, b, a)), samples=1000).significant
    assert 4 <= rejected <= 18


@pytest.mark.parametrize(("a", "b"), [([], []), ([1.0], [1.0, 0.0])])
def test_rows_that_do_not_pair_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match=f"found {len(a)} and {len(b)}"):
        paired_bootstrap(a, b)


def test_a_share_has_the_interval_of_the_normal_approximation() -> None:
    found = mean_interval([1.0] * 800 + [0.0] * 200)
    error = np.sqrt(0.8 * 0.2 / 1000)
    assert (found.value, found.items) == (0.8, 1000)
    assert (found.low, found.high) == pytest.approx((0.8 - 1.96 * error, 0.8 + 1.96 * error), abs=0.002)
    assert mean_interval([0.5, 0.5]) == Interval(0.5, 0.5, 0.5, 2)


def test_the_interval_of_an_auroc_is_hanley_and_mcneils() -> None:
    """Their formula (1982) for the standard error, with exponential scores, for which it holds."""
    rng = np.random.default_rng(5)
    labels = [True] * 200 + [False] * 150
    scores = np.concatenate((rng.exponential(4.0, 200), rng.exponential(1.0, 150))).tolist()
    area = auroc(scores, labels)
    assert area is not None
    same, other = area / (2 - area) - area**2, 2 * area**2 / (1 + area) - area**2
    error = np.sqrt((area * (1 - area) + 199 * same + 149 * other) / (200 * 150))
    found = auroc_interval(scores, labels)
    assert (found.value, found.items) == (area, 350)
    assert (found.low, found.high) == pytest.approx((area - 1.96 * error, area + 1.96 * error), abs=0.012)


def test_the_interval_of_an_auroc_is_that_of_resampled_items() -> None:
    """Against the plain way: draw items of each class, and take the AUROC of the draw; scores are tied on purpose."""
    rng = np.random.default_rng(6)
    true, false = rng.integers(1, 5, 30).astype(float), rng.integers(0, 4, 20).astype(float)
    labels = [True] * 30 + [False] * 20
    drawn = [auroc([*rng.choice(true, 30), *rng.choice(false, 20)], labels) for _ in range(2000)]
    found = auroc_interval([*true, *false], labels)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(np.array(drawn, float), (0.025, 0.975))), abs=0.02)


def test_an_auroc_of_classes_that_part_has_no_width() -> None:
    assert auroc_interval([3.0, 2.0, 1.0], [True, True, False]) == Interval(1.0, 1.0, 1.0, 3)
    assert auroc_interval([1.0, 1.0, 1.0], [True, True, False]) == Interval(0.5, 0.5, 0.5, 3)


def test_intervals_repeat_with_their_seed() -> None:
    values, labels = [0.1, 0.9, 0.4, 0.65], [True, False, True, False]
    assert mean_interval(values, samples=99) == mean_interval(values, samples=99) != mean_interval(values, samples=99, seed=1)
    assert auroc_interval(values, labels, samples=99) == auroc_interval(values, labels, samples=99)


def test_intervals_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="found none"):
        mean_interval([])
    with pytest.raises(ValueError, match="found 2, 2 of them true"):
        auroc_interval([0.1, 0.2], [True, True])

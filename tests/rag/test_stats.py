"""The paired bootstrap: its figures on a known case, and its error rate where there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest

from rag.stats import Comparison, paired_bootstrap


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

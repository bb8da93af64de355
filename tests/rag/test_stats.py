"""Intervals and the paired bootstrap: figures of known cases, how often they cover, and the error rate where there is nothing to find."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from rag.evaluation.metrics import auroc
from rag.evaluation.stats import (
    Comparison,
    Interval,
    Paired,
    auroc_interval,
    effect_size,
    holm,
    mean_interval,
    paired,
    paired_bootstrap,
    randomisation,
)

SCORES = st.sampled_from([0.0, 1 / 3, 0.5, 1.0])
ROWS = st.lists(st.tuples(SCORES, SCORES), min_size=1, max_size=9)


def mean_difference(a: object, b: object, axis: int) -> object:
    return np.mean(np.asarray(a) - np.asarray(b), axis=axis)


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
    assert max(up.p, down.p) < 0.05
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
        rejected += paired_bootstrap(list(np.where(swap, a, b)), list(np.where(swap, b, a)), samples=1000).p < 0.05
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


@given(ROWS)
def test_few_questions_are_swapped_in_every_way(rows: list[tuple[float, float]]) -> None:
    """Against the definition: the share of all 2^n ways to swap whose means part as far as those found."""
    differences = [a - b for a, b in rows]
    sums = [sum(sign * each for sign, each in zip(signs, differences, strict=True)) for signs in product((1, -1), repeat=len(rows))]
    share = np.mean([abs(total) >= abs(sum(differences)) - 1e-9 for total in sums])
    assert randomisation([a for a, _ in rows], [b for _, b in rows]) == pytest.approx(share, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
def test_exact_p_values_are_scipys(shift: float) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 5, 11) / 4 + shift, rng.integers(0, 5, 11) / 4
    oracle = permutation_test((a, b), mean_difference, permutation_type="samples", vectorized=True, n_resamples=2**11)
    assert randomisation(list(a), list(b)) == pytest.approx(oracle.pvalue, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1])
def test_p_values_of_many_questions_are_scipys(shift: float) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.random(120) + shift, rng.random(120)
    oracle = permutation_test((a, b), mean_difference, permutation_type="samples", vectorized=True, n_resamples=9999, rng=rng)
    assert randomisation(list(a), list(b)) == pytest.approx(oracle.pvalue, abs=0.015)


def test_for_scores_of_0_and_1_it_is_mcnemars_exact_test() -> None:
    """12 questions won and 3 lost: twice the chance of at most 3 heads in 15 throws, whatever the ties."""
    a, b = [1.0] * 12 + [0.0] * 3 + [1.0] * 400, [0.0] * 12 + [1.0] * 3 + [1.0] * 400
    assert randomisation(a, b) == pytest.approx(2 * (1 + 15 + 105 + 455) / 2**15)
    many = [1.0] * 3000 + [0.0] * 2774
    assert randomisation(many, [1 - each for each in many]) == pytest.approx(binomtest(3000, 5774).pvalue, rel=1e-9)


def test_no_p_value_is_0() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.random(200) + 1, rng.random(200)
    assert randomisation(list(a), list(b), samples=999) == 1 / 1000


def test_it_does_not_matter_who_is_first() -> None:
    rng = np.random.default_rng(9)
    a, b = list(rng.random(60)), list(rng.random(60))
    assert randomisation(a, b) == randomisation(b, a)
    assert randomisation(a, a) == 1.0


def test_holm_by_hand() -> None:
    """Sorted .005 .01 .03 .04 by 4, 3, 2, 1; never below the one before (.04 → .06), in the order given."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
def test_holm_rejects_what_his_procedure_does(ps: list[float], level: float) -> None:
    """Step down: from the smallest on, reject while p <= level / (hypotheses left)."""
    rejected = 0
    for rank, p in enumerate(sorted(ps)):
        if p * (len(ps) - rank) > level:
            break
        rejected += 1
    adjusted = holm(ps)
    assert sum(p <= level for p in adjusted) == rejected
    assert all(p <= q <= 1 for p, q in zip(ps, adjusted, strict=True))
    assert [p for _, p in sorted(zip(ps, adjusted, strict=True))] == sorted(adjusted)


def test_an_effect_is_measured_in_standard_deviations() -> None:
    assert effect_size([1.0, 0.5, 0.0], [0.0, 0.0, 0.5]) == pytest.approx((1 / 3) / np.std([1, 0.5, -0.5], ddof=1))
    assert effect_size([0.0, 0.0, 0.5], [1.0, 0.5, 0.0]) == pytest.approx(-0.436436, abs=1e-6)
    assert [effect_size(a, [0.0, 0.0]) for a in ([0.5, 0.5], [0.0, 0.0])] == [None, None]
    assert effect_size([1.0], [0.0]) is None


def test_everything_of_one_comparison() -> None:
    a, b = [1.0, 1.0, 1.0, 1 / 3, 0.0], [0.0, 0.0, 0.5, 1 / 3, 1.0]
    found, interval = paired(a, b), paired_bootstrap(a, b)
    assert found == Paired(interval.difference, interval.low, interval.high, effect_size(a, b), 3, 1, 1, randomisation(a, b), 5)
    assert (found.difference, found.p) == pytest.approx((0.3, 0.625))


@pytest.mark.parametrize("test", [randomisation, effect_size, paired])
def test_rows_that_do_not_pair_are_refused_by_every_test(test: object) -> None:
    assert callable(test)
    with pytest.raises(ValueError, match="found 1 and 2"):
        test([1.0], [1.0, 0.0])

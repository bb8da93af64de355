"""Linear models find again what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from rag.linear import Choice, Flags, Matrix, cross_fitted, fit_choices, fit_logistic, probability

PLANTED = np.array([1.5, -0.7, 0.3])


def chosen(count: int, seed: int = 0) -> list[Choice]:
    """Questions of six candidates, the right one drawn by the softmax of PLANTED."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        features = random.standard_normal((6, 3))
        odds = np.exp(features @ PLANTED)
        out.append(Choice(features, np.arange(6) == random.choice(6, p=odds / odds.sum())))
    return out


def test_choices_give_the_planted_weights() -> None:
    assert fit_choices(chosen(3000), l2=0).tolist() == pytest.approx(PLANTED.tolist(), abs=0.12)


def test_choices_count_by_their_weight() -> None:
    some, more = chosen(60, 1), chosen(60, 2)
    heavier = [Choice(each.features, each.right, 3.0) for each in more]
    assert fit_choices([*some, *heavier]).tolist() == pytest.approx(fit_choices([*some, *more, *more, *more]).tolist(), abs=1e-3)


def test_choices_without_a_choice_teach_nothing() -> None:
    none = Choice(np.ones((2, 3)) * 9, np.array([False, False]))
    every = Choice(np.ones((2, 3)) * -9, np.array([True, True]))
    assert fit_choices([*chosen(50), none, every]).tolist() == pytest.approx(fit_choices(chosen(50)).tolist(), abs=1e-4)


def test_any_of_several_right_candidates_will_do() -> None:
    """The loss looks at the sum over the right ones: with one of the two far ahead, the other is not pulled up."""
    features = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = fit_choices([Choice(features, np.array([True, True, False]))], l2=0.01)
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    assert found[0] > 0.5


def test_a_penalty_shrinks() -> None:
    free, held = fit_choices(chosen(200), l2=0), fit_choices(chosen(200), l2=1.0)
    assert np.linalg.norm(held) < 0.5 * np.linalg.norm(free)


@pytest.fixture(scope="module")
def labelled() -> tuple[Matrix, Flags]:
    random = np.random.default_rng(3)
    rows = np.column_stack((np.ones(20_000), random.standard_normal((20_000, 3))))
    return rows, random.random(20_000) < probability(rows @ np.array([-1.0, *PLANTED]))


def test_logistic_gives_the_planted_weights(labelled: tuple[Matrix, Flags]) -> None:
    rows, labels = labelled
    found = fit_logistic(rows, labels, l2=1e-6)
    assert found.tolist() == pytest.approx([-1.0, *PLANTED], abs=0.08)
    assert probability(rows @ fit_logistic(rows, labels, l2=1.0)).mean() == pytest.approx(labels.mean(), abs=1e-3), "the constant is free"


def test_logistic_treats_features_of_any_scale_alike(labelled: tuple[Matrix, Flags]) -> None:
    rows, labels = labelled[0][:500], labelled[1][:500]
    stretched = fit_logistic(rows * np.array([1, 100, 1, 0.01]), labels)
    assert (stretched * np.array([1, 100, 1, 0.01])).tolist() == pytest.approx(fit_logistic(rows, labels).tolist(), abs=2e-3)


def test_logistic_rows_count_as_told(labelled: tuple[Matrix, Flags]) -> None:
    rows, labels = labelled[0][:300], labelled[1][:300]
    counts = np.where(np.arange(300) < 100, 2.0, 0.0)
    fitted = fit_logistic(rows, labels, counts, l2=0.0)
    assert fitted.tolist() == pytest.approx(fit_logistic(rows[:100], labels[:100], l2=0.0).tolist(), abs=0.02)


def test_logistic_of_what_can_be_told_apart_is_finite() -> None:
    rows = np.column_stack((np.ones(40), np.repeat([-1.0, 1.0], 20) * 1000, np.zeros(40)))
    found = fit_logistic(rows, rows[:, 1] > 0)
    assert np.isfinite(found).all()
    assert found[2] == 0


def test_nothing_to_choose_between_is_said() -> None:
    with pytest.raises(ValueError, match="none of 2 choices"):
        fit_choices([Choice(np.ones((2, 3)), np.array([right, right])) for right in (False, True)])


def test_choices_of_any_size_count_alike() -> None:
    """As softmax over each question's own candidates gives it, one question at a time."""
    random = np.random.default_rng(4)
    choices = [Choice(random.standard_normal((size, 3)), np.arange(size) < 1 + size // 4, size / 2) for size in (2, 7, 3, 30)]
    found = fit_choices(choices, l2=0.05)

    def loss(weights: Matrix) -> float:
        parts = []
        for each in choices:
            odds = np.exp(each.features @ weights)
            parts.append(-each.weight * np.log(odds[each.right].sum() / odds.sum()))
        return float(sum(parts)) / sum(each.weight for each in choices) + 0.05 * float(weights @ weights)

    for step in np.vstack((np.eye(3), -np.eye(3))) * 0.01:
        assert loss(found + step) > loss(found)


def test_a_fold_is_judged_by_the_others(labelled: tuple[Matrix, Flags]) -> None:
    rows, labels = labelled[0][:300], labelled[1][:300]
    folds, counts = np.arange(300) % 3, np.ones(300)
    found = cross_fitted(rows, labels, counts, folds)
    others = folds != 1
    assert found[1::3].tolist() == pytest.approx((rows[1::3] @ fit_logistic(rows[others], labels[others])).tolist())
    turned = cross_fitted(rows, np.where(folds == 1, ~labels, labels), counts, folds)
    assert turned[1::3].tolist() == pytest.approx(found[1::3].tolist()), "its own labels say nothing"
    assert turned[0::3].tolist() != pytest.approx(found[0::3].tolist(), abs=0.1)


def test_probabilities() -> None:
    assert probability(np.array([0.0, 2.0, -1e9, 1e9])).tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2)), 0.0, 1.0])

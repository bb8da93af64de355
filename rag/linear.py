"""Linear models fitted to data: a softmax over what can be chosen, and logistic regression. Both have a small L2 term and are minimised
by L-BFGS, so that the result is deterministic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
Folds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen for one question: features `(n, f)`, which of it is right `(n,)`, and how much the question counts."""

    features: Matrix
    right: Flags
    weight: float = 1.0


def fit_choices(choices: Sequence[Choice], l2: float = 1e-3) -> Matrix:
    """Weights `(f,)` that minimise the mean of -log softmax(features @ w)[right], a right candidate taken as any of the right ones.

    ValueError where there is nothing to choose between.
    """
    usable = [choice for choice in choices if choice.right.any() and not choice.right.all()]
    if not usable:
        raise ValueError(f"none of {len(choices)} choices has both a right and a wrong candidate")
    features, right = np.concatenate([each.features for each in usable]), np.concatenate([each.right for each in usable])
    sizes = np.array([len(each.right) for each in usable])
    starts, weights = np.cumsum(sizes) - sizes, np.array([each.weight for each in usable])
    shares = weights / weights.sum()

    def loss(w: Matrix) -> tuple[float, Matrix]:
        scores = features @ w
        every = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
        chosen = every * right
        totals, rights = np.add.reduceat(every, starts), np.add.reduceat(chosen, starts)
        slopes = every * np.repeat(shares / totals, sizes) - chosen * np.repeat(shares / rights, sizes)
        return l2 * float(w @ w) - float(shares @ np.log(rights / totals)), 2 * l2 * w + slopes @ features

    return _minimised(loss, features.shape[1])


def fit_logistic(rows: Matrix, labels: Flags, counts: Matrix | None = None, l2: float = 1e-2) -> Matrix:
    """Logistic weights `(f,)`; features are scaled to unit deviation while fitting, so that the L2 term treats them alike.

    `counts` `(n,)` says how much each row counts. A column of ones is the constant and bears no penalty.
    """
    scale = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
    inputs, signs = rows / scale, np.where(labels, 1.0, -1.0)
    share = np.ones(len(rows)) / len(rows) if counts is None else counts / counts.sum()
    penalty = l2 * (rows.std(axis=0) > 0)

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        margins = signs * (inputs @ weights)
        slope = -(share * signs / (1 + np.exp(margins))) @ inputs
        return float(share @ np.logaddexp(0, -margins) + penalty @ weights**2), slope + 2 * penalty * weights

    return _minimised(loss, rows.shape[1]) / scale


def cross_fitted(rows: Matrix, labels: Flags, counts: Matrix, folds: Folds) -> Matrix:
    """The logit `(n,)` of each row by weights fitted on the other folds; `folds` `(n,)` says in which fold a row is."""
    logits = np.empty(len(rows))
    for fold in np.unique(folds):
        others = folds != fold
        logits[~others] = rows[~others] @ fit_logistic(rows[others], labels[others], counts[others])
    return logits


def probability(logits: Matrix) -> Matrix:
    """1 / (1 + e^-logit), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))


def _minimised(loss: Callable[[Matrix], tuple[float, Matrix]], size: int) -> Matrix:
    from scipy.optimize import minimize  # comes with sentence-transformers

    found: Matrix = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B").x
    return found

"""The mixture of the legs, against sums done by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.morphemes import Analyser
from rag.mixture import FEATURES, FLOOR, WEIGHTS, Mixture, Query, describe, features, scaled, shipped
from tests.rag.samples import memory_index

LEG = st.floats(-1, 30, width=32)


def array(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


def test_describe_sums_weight_times_idf(analyser: Analyser) -> None:
    index = memory_index(analyser, {"a.md": "학습 학습\n\n학습 BM25\n\n그림", "b.md": "그림"})
    rare, common, unseen = math.log(1 + 3.5 / 1.5), math.log(1 + 2.5 / 2.5), math.log(1 + 4.5 / 0.5)
    query = describe(index, {"학습": 1.0, "bm": 2.0, "=bm25": 0.2, "없는말": 0.5})
    assert query.mass == pytest.approx(common + 2.2 * rare + 0.5 * unseen)
    assert query.latin == pytest.approx(2.2 * rare / query.mass)
    assert describe(index, {}) == Query(1.0, 0.0)
    assert describe(memory_index(analyser, {}), {"학습": 1.0}).mass == pytest.approx(math.log(2))


def test_features() -> None:
    query = Query(4.0, 0.25)
    assert features(query, array(0.9, 0.8), array(1.0, 2.0)) == [1.0, 0.5, math.log(4), 0.0, 0.25]
    assert features(query, array(0.9, 0.8), array(3.0, 2.0)) == [1.0, 0.75, math.log(4), 1.0, 0.25]
    assert len(features(query, array(0.1), array(0.0))) == len(FEATURES)
    assert scaled(query, array(0, 3)).tolist() == [0, 1.5]


@pytest.mark.parametrize(
    ("weights", "alpha"),
    [
        ((0.1, 0, 0, 0, 0), 0.1),
        ((0.1, 0.2, 0, 0, 0), 0.2),
        ((0, 0, 0.1, 0, 0), 0.1 * math.log(4)),
        ((0, 0, 0, 0.05, 0), 0.05),
        ((0, 0, 0, 0, 0.4), 0.1),
        ((-9, 0, 0, 0, 0), FLOOR),
    ],
)
def test_scores_are_cosine_and_alpha_times_bm25(weights: tuple[float, ...], alpha: float) -> None:
    scores = Mixture(weights).scores(Query(4.0, 0.25), array(0.5, 0.75), array(0.0, 2.0))
    assert scores.tolist() == pytest.approx([0.5, 0.75 + alpha])


def test_agreement_counts_where_the_legs_agree() -> None:
    scores = Mixture((0.5, 0, 0, -0.25, 0)).scores(Query(4.0, 0.25), array(0.75, 0.5), array(0.0, 2.0))
    assert scores.tolist() == pytest.approx([0.75, 0.5 + 0.5])


@given(st.lists(st.tuples(LEG, LEG), max_size=8), st.floats(0.01, 100), st.floats(0, 1))
def test_scores_are_monotone_in_both_legs(legs: list[tuple[float, float]], mass: float, latin: float) -> None:
    dense, lexical = array(*(leg[0] for leg in legs)), array(*(max(leg[1], 0.0) for leg in legs))
    scores = shipped().scores(Query(mass, latin), dense, lexical)
    assert (scores.shape, str(scores.dtype)) == ((len(legs),), "float32")
    assert np.isfinite(scores).all()
    for one in range(len(legs)):
        for other in range(len(legs)):
            if dense[one] >= dense[other] and lexical[one] >= lexical[other]:
                assert scores[one] >= scores[other]


def test_the_shipped_weights_are_for_these_features() -> None:
    assert json.loads(WEIGHTS.read_text("utf-8"))["features"] == list(FEATURES)
    assert len(shipped().weights) == len(FEATURES)

"""trec_eval itself, through pytrec_eval, judges the ranking metrics; the others are judged by worked examples and by brute force."""

from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.metrics import (
    Judged,
    auroc,
    average_precision,
    calibration_error,
    exact_match,
    f1,
    judge,
    ndcg,
    normalize_answer,
    precision,
    recall,
    reciprocal_rank,
    success,
    trec_order,
)

KS = (1, 2, 3, 5, 10, 20)
NAMES = [f"d{number}" for number in range(25)] + ["D1", "가", "가나", "나", "é", "z", "𝒂", "\ufffd"]


def random_run(rng: random.Random) -> dict[str, float]:
    """Up to 25 hits, unknown ids among them; scores from few values, or apart by less than float32 can tell."""
    scores = rng.choice([[1.0, 0.5, 0.0, -1.0], [1.0, 1.0 + 1e-9, 1.0 - 1e-9], [rng.uniform(-3, 3) for _ in range(30)]])
    return {name: rng.choice(scores) for name in rng.sample(NAMES, rng.randint(0, 25))}


def random_qrels(rng: random.Random) -> dict[str, int]:
    grades = rng.choice([[0, 1], [0, 1, 2, 3], [-1, 0, 1], [0]])
    return {name: rng.choice(grades) for name in rng.sample([*NAMES, "never retrieved"], rng.randint(1, 12))}


def ours(run: dict[str, float], qrels: dict[str, int]) -> dict[str, float]:
    judged = judge(trec_order(run), qrels)
    best_ten = judge(trec_order(run)[:10], qrels)
    values = {"recip_rank": reciprocal_rank(judged), "map": average_precision(judged), "ndcg": ndcg(judged)}
    for k in KS:
        values |= {f"success_{k}": success(judged, k), f"P_{k}": precision(judged, k), f"recall_{k}": recall(judged, k)}
        values |= {f"ndcg_cut_{k}": ndcg(judged, k), f"map_cut_{k}": average_precision(judged, k)}
    assert reciprocal_rank(judged, 10) == reciprocal_rank(best_ten)
    return values


def test_ranking_metrics_are_trec_evals() -> None:
    pytrec_eval = pytest.importorskip("pytrec_eval", reason="the oracle, pytrec-eval-terrier, is not installed")
    rng = random.Random(7)
    runs = {str(number): random_run(rng) for number in range(500)}
    qrels = {number: random_qrels(rng) for number in runs}
    cut = ",".join(map(str, KS))
    measures = {"recip_rank", "map", "ndcg", *(f"{name}.{cut}" for name in ("success", "P", "recall", "ndcg_cut", "map_cut"))}
    oracle = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(runs)
    assert any(not run for run in runs.values())
    assert oracle.keys() == runs.keys()
    for number, run in runs.items():
        assert ours(run, qrels[number]) == pytest.approx(oracle[number], abs=1e-12), (run, qrels[number])


def test_order_of_a_run_is_by_float32_score_then_descending_id() -> None:
    assert trec_order({"a": 1.0, "c": 1.0 + 1e-9, "b": 1.0, "d": 2.0, "e": 0.5}) == ["d", "c", "b", "a", "e"]
    assert trec_order({"small": -1e300, "large": 1e300}) == ["large", "small"]


def test_an_id_that_stands_twice_in_a_ranking_is_refused() -> None:
    with pytest.raises(ValueError, match="'b' stands more than once"):
        judge(["a", "b", "b"], {"b": 1})


def test_what_was_never_retrieved_stays_in_the_denominators() -> None:
    judged = judge(["x", "a"], {"a": 1, "b": 1, "c": 1, "d": 1})
    assert recall(judged, 10) == 1 / 4
    assert average_precision(judged) == 0.5 / 4
    assert ndcg(judged, 1) == 0


rankings = st.builds(
    lambda gains, missed: Judged(tuple(gains), tuple(sorted([*filter(None, gains), *missed], reverse=True))),
    st.lists(st.integers(0, 3), max_size=12),
    st.lists(st.integers(1, 3), max_size=3),
)


@given(rankings, st.integers(1, 14))
def test_a_deeper_cut_never_lowers_what_can_only_grow(judged: Judged, k: int) -> None:
    for metric in (success, recall, reciprocal_rank, average_precision):
        assert metric(judged, k) <= metric(judged, k + 1) + 1e-12, metric.__name__
    assert precision(judged, k) * k <= precision(judged, k + 1) * (k + 1) + 1e-12


@given(rankings, st.integers(1, 14))
def test_metrics_lie_between_0_and_1_and_the_ideal_ranking_reaches_1(judged: Judged, k: int) -> None:
    for metric in (success, precision, recall, reciprocal_rank, average_precision, ndcg):
        assert 0 <= metric(judged, k) <= 1 + 1e-12, metric.__name__
    best = Judged(judged.ideal, judged.ideal)
    expected = 1.0 if judged.ideal else 0.0
    assert [ndcg(best, k), ndcg(best), average_precision(best), success(best, k)] == pytest.approx([expected] * 4)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("《경영의 실제》", "경영의 실제"),
        ("1989년  2월 15일.", "1989년 2월 15일"),
        ("‘한보철강’", "한보철강"),
        ("역전파(Backpropagation)", "역전파 backpropagation"),  # a bracket parts words,
        ("e-commerce", "ecommerce"),  # other punctuation joins them,
        ("“인용”, 1·2", "“인용” 1·2"),  # and signs the script does not name stay
        ("", ""),
    ],
)
def test_answers_are_normalised_as_korquads_script_does(text: str, normal: str) -> None:
    assert normalize_answer(text) == normal


@pytest.mark.parametrize(
    ("prediction", "answers", "exact", "score"),
    [
        ("임수경", ["임수경"], 1, 1.0),
        ("서울특별시", ["서울"], 0, 2 * (2 / 5) * 1 / (2 / 5 + 1)),
        ("1989년2월15일", ["1989년 2월 15일"], 0, 1.0),  # characters: the space counts for EM only
        ("일오이", ["이오일"], 0, 1.0),  # a bag of characters: order does not count
        ("가가", ["가"], 0, 2 / 3),  # a character counts as often as it stands
        ("《경영의 실제》", ["경영론", "경영의 실제"], 1, 1.0),  # the best of several
        ("The BM25", ["bm25"], 0, 2 * 4 / (7 + 4)),  # unlike SQuAD, articles stay
        ("", ["서울"], 0, 0.0),
        ("...", ["서울"], 0, 0.0),
        ("부산", ["서울"], 0, 0.0),
    ],
)
def test_em_and_f1_are_korquads(prediction: str, answers: list[str], exact: int, score: float) -> None:
    assert exact_match(prediction, answers) == exact
    assert f1(prediction, answers) == pytest.approx(score)


def test_a_list_answer_does_not_depend_on_bullets_or_the_order_of_items() -> None:
    assert f1("- 사전학습\n- 파인튜닝\n- 추론", ["추론, 사전학습, 파인튜닝"]) == 1.0


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=12))
def test_auroc_is_the_share_of_pairs_in_order(pairs: list[tuple[int, bool]]) -> None:
    true, false = ([score for score, label in pairs if label is wanted] for wanted in (True, False))
    wins = [(a > b) + (a == b) / 2 for a, b in product(true, false)]
    found = auroc([score for score, _ in pairs], [label for _, label in pairs])
    assert found == (pytest.approx(sum(wins) / len(wins)) if wins else None)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=30))
def test_auroc_is_scikit_learns(pairs: list[tuple[float, bool]]) -> None:
    oracle = pytest.importorskip("sklearn.metrics", reason="the oracle, scikit-learn, is not installed")
    scores, labels = [score for score, _ in pairs], [label for _, label in pairs]
    if len(set(labels)) == 2:
        assert auroc(scores, labels) == pytest.approx(oracle.roc_auc_score(labels, scores))


@given(st.integers(1, 4), st.randoms(use_true_random=False))
def test_calibration_error_is_that_of_scikit_learns_quantile_bins(size: int, rng: random.Random) -> None:
    """Where confidences differ and fill the bins evenly; scikit-learn parts equal confidences nowhere else."""
    oracle = pytest.importorskip("sklearn.calibration", reason="the oracle, scikit-learn, is not installed")
    confidences = rng.sample([number / 1000 for number in range(1001)], 10 * size)
    labels = [rng.random() < confidence for confidence in confidences]
    shares, means = oracle.calibration_curve(labels, confidences, n_bins=10, strategy="quantile")
    assert calibration_error(confidences, labels) == pytest.approx(abs(shares - means).mean())


def test_calibration_error_is_the_mean_gap_of_equally_filled_bins() -> None:
    confidences = [0.1, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1.0]
    labels = [False, False, False, True, True, True, True, True]
    assert calibration_error(confidences, labels, bins=2) == pytest.approx((abs(1.0 - 1) + abs(3.4 - 4)) / 8)
    assert calibration_error(confidences, labels, bins=1) == pytest.approx(abs(4.4 - 5) / 8)


def test_equal_confidences_share_a_bin_whatever_their_labels() -> None:
    assert calibration_error([0.5] * 10, [True, False] * 5, bins=10) == pytest.approx(0)
    assert calibration_error([], []) is None

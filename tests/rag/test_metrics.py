"""trec_eval itself, through pytrec_eval, judges the ranking metrics; the others are judged by worked examples and by brute force."""

from __future__ import annotations

import random
from itertools import product
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.metrics import (
    Bin,
    Judged,
    RiskPoint,
    auroc,
    average_precision,
    calibration_error,
    exact_match,
    f1,
    judge,
    klue_exact_match,
    klue_normalize,
    klue_rouge_w,
    ndcg,
    normalize_answer,
    precision,
    ranking_metrics,
    recall,
    reciprocal_rank,
    reliability,
    risk_area,
    risk_coverage,
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
    runs = {str(number): random_run(rng) for number in range(1000)}
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
    lambda gains, missed, counted: Judged(tuple(gains), tuple(sorted([*filter(None, gains), *missed], reverse=True)), counted),
    st.lists(st.integers(0, 3), max_size=12),
    st.lists(st.integers(1, 3), max_size=3),
    st.booleans(),
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
    best = Judged(judged.ideal, judged.ideal, judged.counted)
    expected = 1.0 if judged.ideal else 0.0
    assert [ndcg(best, k), ndcg(best), average_precision(best), success(best, k)] == pytest.approx([expected] * 4)


@given(rankings, st.integers(1, 14))
def test_a_report_names_the_metrics(judged: Judged, k: int) -> None:
    found = ranking_metrics(judged, (1, k), depth=5)
    assert list(found) == list(
        dict.fromkeys([*(f"{name}@{at}" for name in ("hit", "recall", "precision") for at in (1, k)), "MRR@5", "nDCG@5", "MAP"])
    )
    assert (found[f"hit@{k}"], found[f"recall@{k}"], found[f"precision@{k}"]) == (
        success(judged, k),
        recall(judged, k),
        precision(judged, k),
    )
    assert (found["MRR@5"], found["nDCG@5"], found["MAP"]) == (reciprocal_rank(judged, 5), ndcg(judged, 5), average_precision(judged))


def test_items_count_by_themselves_where_one_hit_holds_several() -> None:
    together = Judged((0, 2, 0), (2, 1), counted=True)  # three items, two of them in the second hit
    assert [recall(together, k) for k in (1, 2, 3)] == [0, 2 / 3, 2 / 3]
    assert (precision(together, 2), average_precision(together)) == (1 / 2, (2 * 1 / 2) / 3)
    apart = Judged((1, 1), (2,), counted=True)  # both in the passage that was not found, each also in one that was
    assert (recall(apart, 1), average_precision(apart)) == (1 / 2, 1)
    graded = Judged((0, 2, 0), (2, 1))
    assert (recall(graded, 3), average_precision(graded)) == (1 / 2, (1 / 2) / 2)


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


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("1989년  2월 15일.", "1989년 2월 15일"),
        ("(The) BM25!", "the bm25"),
        ("역전파(Backpropagation)", "역전파backpropagation"),  # where KorQuAD's script parts the words
        ("《경영의 실제》, ‘가’", "《경영의 실제》 ‘가’"),  # which KorQuAD's takes away
        ("가'()‘’나", "가 나"),  # the only place where the script's pattern fits
    ],
)
def test_answers_are_normalised_as_klues_script_does(text: str, normal: str) -> None:
    assert klue_normalize(text) == normal


@pytest.mark.parametrize(
    ("prediction", "answers", "exact", "score"),
    [
        ("임수경", ["임수경"], 1, 1.0),
        ("서울특별시", ["서울"], 0, 2 * 2 / (5 + 2)),
        ("1989년2월15일", ["1989년 2월 15일"], 0, 2 * 5 / (10 + 12)),  # "1989년": the space ends the run
        ("일오이", ["이오일"], 0, 2 * 1 / 6),  # order counts
        ("가나다라", ["가나 다라", "나다라"], 0, 2 * 3 / (4 + 3)),  # the best of several
        ("부산", ["서울"], 0, 0.0),
        ("", ["서울"], 0, 0.0),
        ("", [], 1, 1.0),  # no answer is the answer
        ("...", [], 1, 1.0),
        ("서울", [], 0, 0.0),
    ],
)
def test_em_and_rouge_w_are_klues(prediction: str, answers: list[str], exact: int, score: float) -> None:
    assert klue_exact_match(prediction, answers) == exact
    assert klue_rouge_w(prediction, answers) == pytest.approx(score)


@given(st.text("가나다", min_size=1, max_size=9), st.text("가나다", min_size=1, max_size=9))
def test_rouge_w_is_the_f1_of_the_longest_run_in_common(prediction: str, answer: str) -> None:
    runs = (prediction[start:end] for start in range(len(prediction)) for end in range(start + 1, len(prediction) + 1))
    longest = max((len(run) for run in runs if run in answer), default=0)
    share, covered = longest / len(prediction), longest / len(answer)
    assert klue_rouge_w(prediction, [answer]) == pytest.approx(2 * share * covered / (share + covered) if longest else 0)


def test_rouge_w_starts_no_run_at_a_frequent_character_of_a_long_answer() -> None:
    answer = "가나" * 100  # difflib calls a character popular that is more than 1 % of 200 and more
    assert klue_rouge_w("나가나가", [answer]) == 0
    assert klue_rouge_w("나가나가", [answer[:198]]) == pytest.approx(2 * 4 / (4 + 198))


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


items = st.lists(st.tuples(st.integers(0, 8).map(lambda number: number / 8), st.booleans()), min_size=1, max_size=30)


def unzipped(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [confidence for confidence, _ in pairs], [label for _, label in pairs]


def test_bins_say_what_was_stated_and_what_was_right() -> None:
    confidences = [0.9, 0.1, 0.5, 0.5, 0.7, 0.5]
    labels = [True, False, True, False, False, True]
    assert reliability(confidences, labels, bins=2) == (Bin(pytest.approx(1.6 / 4), 2 / 4, 4), Bin(pytest.approx(0.8), 1 / 2, 2))
    assert reliability(confidences, labels, bins=1) == (Bin(pytest.approx(3.2 / 6), 3 / 6, 6),)
    assert reliability([], []) == ()


@given(items, st.integers(1, 12))
def test_bins_hold_every_item_in_order_and_part_no_equal_ones(pairs: list[tuple[float, bool]], bins: int) -> None:
    confidences, labels = unzipped(pairs)
    found = reliability(confidences, labels, bins)
    assert 1 <= len(found) <= bins and sum(each.items for each in found) == len(pairs)
    assert sum(each.items * each.right for each in found) == pytest.approx(sum(labels))
    assert sum(each.items * each.confidence for each in found) == pytest.approx(sum(confidences))
    ordered, start = sorted(confidences), 0
    for each in found:
        start += each.items
        assert start == len(ordered) or ordered[start - 1] < ordered[start]
    gap = sum(each.items * abs(each.confidence - each.right) for each in found) / len(pairs)
    assert calibration_error(confidences, labels, bins) == pytest.approx(gap)
    assert 0 <= gap <= 1


def test_refusing_more_answers_less_and_errs_less() -> None:
    confidences, labels = [0.2, 0.9, 0.6, 0.6], [False, True, True, False]
    expected = (RiskPoint(0.9, 1 / 4, 0), RiskPoint(0.6, 3 / 4, 1 / 3), RiskPoint(0.2, 1, 1 / 2))
    assert risk_coverage(confidences, labels) == expected
    assert risk_area(confidences, labels) == pytest.approx((0 + 1 / 3 + 1 / 3 + 1 / 2) / 4)
    assert [point.coverage for point in risk_coverage(confidences, labels, questions=8)] == [1 / 8, 3 / 8, 1 / 2]
    assert (risk_coverage([], []), risk_area([], [])) == ((), None)


@given(items)
def test_risk_and_coverage_are_those_of_answering_from_a_threshold_up(pairs: list[tuple[float, bool]]) -> None:
    confidences, labels = unzipped(pairs)
    points = risk_coverage(confidences, labels)
    assert [point.threshold for point in points] == sorted(set(confidences), reverse=True)
    for point in points:
        answered = [label for confidence, label in pairs if confidence >= point.threshold]
        assert point == RiskPoint(point.threshold, len(answered) / len(pairs), pytest.approx(1 - fmean(answered)))
    risks = {point.threshold: point.risk for point in points}
    assert risk_area(confidences, labels) == pytest.approx(fmean(risks[confidence] for confidence in confidences))


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_no_order_of_confidence_beats_the_right_ones_first(labels: list[bool], rng: random.Random) -> None:
    best, worst = (risk_area(range(len(labels)), sorted(labels, reverse=worst)) for worst in (False, True))
    rng.shuffle(labels)
    found = risk_area(range(len(labels)), labels)
    assert found is not None and best is not None and worst is not None
    assert 0 <= best <= found + 1e-12 and found <= worst + 1e-12 and worst <= 1


# What is said of defaults and of lengths


def test_defaults_are_those_of_the_reports() -> None:
    assert {"MRR@10", "nDCG@10"} <= ranking_metrics(judge(["a"], {"a": 1}), (1,)).keys()
    confidences = [number / 20 for number in range(20)]
    assert [each.items for each in reliability(confidences, [True] * 20)] == [2] * 10


def test_what_is_judged_worthless_is_not_wanted() -> None:
    assert judge(["a", "b"], {"a": 0, "b": -1, "c": 2}) == Judged((0, 0), (2,))


def test_every_item_needs_its_label() -> None:
    for metric in (auroc, calibration_error, risk_coverage):
        with pytest.raises(ValueError, match="shorter"):
            metric([0.5, 0.6], [True])

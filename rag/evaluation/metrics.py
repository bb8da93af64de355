"""Retrieval, answer and calibration metrics: pure functions, standard library only.

Ranking metrics have trec_eval's meaning (Buckley, trec_eval 9): relevance of at least 1 is relevant, unjudged hits are not,
negative judgements count as 0, and a question without anything relevant scores 0. `docs/evaluation.md` gives every formula.
"""

from __future__ import annotations

import math
import re
import string
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking against one question's gold.

    `gains` is the worth of each hit, best hit first (0: not relevant). `ideal` is the worth of everything relevant, largest first,
    retrieved or not: every denominator comes from it. A gain is the grade of one relevant document or, where `counted`, the number of
    relevant items that the hit is the first to hold; recall and average precision are over documents or over items.
    """

    gains: tuple[int, ...]
    ideal: tuple[int, ...]
    counted: bool = False


def trec_order(scores: Mapping[str, float]) -> list[str]:
    """The ids as trec_eval ranks them: by score rounded to float32, ties by descending id."""
    rounded = zip(array("f", scores.values()), scores, strict=True)
    return [name for _, name in sorted(rounded, reverse=True)]


def judge(ranking: Sequence[str], qrels: Mapping[str, int]) -> Judged:
    """Looks each id of a ranking up in one question's judgements; ValueError where an id stands twice."""
    refuse_twice(ranking)
    gains = tuple(max(qrels.get(name, 0), 0) for name in ranking)
    return Judged(gains, tuple(sorted((gain for gain in qrels.values() if gain > 0), reverse=True)))


def refuse_twice(ids: Sequence[str]) -> None:
    """ValueError where an id stands more than once: it would count twice."""
    if len(set(ids)) < len(ids):
        twice = next(name for name, count in Counter(ids).items() if count > 1)
        raise ValueError(f"the id {twice!r} stands more than once")


def success(judged: Judged, k: int) -> float:
    """1 if any of the first k hits is relevant (top-k accuracy, hit@k), else 0."""
    return float(any(judged.gains[:k]))


def precision(judged: Judged, k: int) -> float:
    """The relevant among the first k, over k, however few hits there are."""
    return _relevant(judged.gains[:k]) / k


def recall(judged: Judged, k: int) -> float:
    """The relevant documents or items among the first k, over all that are relevant."""
    return _over(_amount(judged, judged.gains[:k]), _amount(judged, judged.ideal))


def reciprocal_rank(judged: Judged, k: int | None = None) -> float:
    """1 / rank of the first relevant hit, 0 where none is among the first k."""
    return next((1 / rank for rank, gain in enumerate(judged.gains[:k], 1) if gain), 0.0)


def average_precision(judged: Judged, k: int | None = None) -> float:
    """Precision at the rank where each relevant document or item among the first k is found, summed, over all (MAP is its mean)."""
    found, total = 0, 0.0
    for rank, gain in enumerate(judged.gains[:k], 1):
        if gain:
            found += 1
            total += (gain if judged.counted else 1) * found / rank
    return _over(total, _amount(judged, judged.ideal))


def ndcg(judged: Judged, k: int | None = None) -> float:
    """Gains discounted by log2(rank + 1), over the same sum of the ideal ranking (Järvelin and Kekäläinen 2002, as trec_eval)."""
    return _over(_dcg(judged.gains[:k]), _dcg(judged.ideal[:k]))


def ranking_metrics(judged: Judged, ks: Sequence[int], depth: int = 10) -> dict[str, float]:
    """Every metric of one ranking by its name in reports; MRR and nDCG stop at `depth`, MAP goes as deep as the ranking."""
    found = {f"hit@{k}": success(judged, k) for k in ks}
    found |= {f"recall@{k}": recall(judged, k) for k in ks}
    found |= {f"precision@{k}": precision(judged, k) for k in ks}
    found |= {f"MRR@{depth}": reciprocal_rank(judged, depth), f"nDCG@{depth}": ndcg(judged, depth)}
    return found | {"MAP": average_precision(judged)}


def _relevant(gains: Sequence[int]) -> int:
    """How many hits have a gain."""
    return len(gains) - gains.count(0)


def _amount(judged: Judged, gains: Sequence[int]) -> int:
    """How many documents or items these gains stand for."""
    return sum(gains) if judged.counted else _relevant(gains)


def _dcg(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _over(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


_MARKS_TO_SPACE = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))
_PUNCTUATION_AWAY = str.maketrans(dict.fromkeys(string.punctuation))


def normalize_answer(text: str) -> str:
    """As KorQuAD 1.0's official evaluate-v1.0.py: quotes and brackets to spaces, lower case, no ASCII punctuation, single spaces."""
    return " ".join(text.translate(_MARKS_TO_SPACE).lower().translate(_PUNCTUATION_AWAY).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 if the normalised prediction equals any normalised answer; ValueError without answers."""
    return float(max(normalize_answer(prediction) == normalize_answer(answer) for answer in answers))


def f1(prediction: str, answers: Sequence[str]) -> float:
    """The best character F1 over the answers, as KorQuAD 1.0's official script; ValueError without answers."""
    return max(_f1(prediction, answer) for answer in answers)


def _f1(prediction: str, answer: str) -> float:
    predicted, wanted = (Counter("".join(normalize_answer(text).split())) for text in (prediction, answer))
    same = (predicted & wanted).total()
    return 2 * same / (predicted.total() + wanted.total()) if same else 0.0


_KLUE_MARKS = re.compile(r"['\"《》<>〈〉]\(\)‘’")


def klue_normalize(text: str) -> str:
    """As KLUE-MRC's official script (`klue_baseline/metrics/utils.py`): lower case, no ASCII punctuation, single spaces.

    The script means to replace 《 》 〈 〉 ‘ ’ too, but its pattern asks for one of them before `()‘’`: hence they stay, there and here.
    """
    marked = _KLUE_MARKS.sub(" ", text.lower())
    return " ".join(marked.translate(_PUNCTUATION_AWAY).split())


def klue_exact_match(prediction: str, answers: Sequence[str]) -> float:
    """KLUE-MRC's EM; without answers the question has none, and the empty prediction alone is right."""
    return float(klue_normalize(prediction) in map(klue_normalize, answers or ("",)))


def klue_rouge_w(prediction: str, answers: Sequence[str]) -> float:
    """KLUE-MRC's ROUGE-W: the best F1 over the answers of the longest run of characters in common; without answers as `klue_exact_match`.

    Park et al. 2021 (KLUE), as its official script has it. In spite of the name this is not the weighted LCS of Lin 2004.
    """
    predicted = klue_normalize(prediction)
    return max(_run_f1(predicted, klue_normalize(answer)) for answer in answers or ("",))


def _run_f1(predicted: str, wanted: str) -> float:
    """F1 of the longest run in common. As in the script `difflib` looks for it, which starts none at what is frequent in long answers."""
    if not wanted:
        return float(not predicted)
    run = SequenceMatcher(None, predicted, wanted).find_longest_match().size
    return 2 * run / (len(predicted) + len(wanted))


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """The chance that a true item scores above a false one, ties counted half (Mann and Whitney 1947); None where a class is missing."""
    true, false = Counter[float](), Counter[float]()
    for score, label in zip(scores, labels, strict=True):
        (true if label else false)[score] += 1
    if not true or not false:
        return None
    below, wins = 0, 0.0
    for score in sorted({*true, *false}):
        wins += true[score] * (below + false[score] / 2)
        below += false[score]
    return wins / (true.total() * false.total())


@dataclass(frozen=True, slots=True)
class Bin:
    """Items of like confidence: the mean of what was stated, the share that was right, and how many there are."""

    confidence: float
    right: float
    items: int


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """Of all questions, `coverage` have at least the confidence `threshold`; the share `risk` of these is wrong."""

    threshold: float
    coverage: float
    risk: float


def reliability(confidences: Sequence[float], labels: Sequence[bool], bins: int = 10) -> tuple[Bin, ...]:
    """Equal-mass bins, least confident first: the reliability diagram. Empty bins are left out.

    Bin of an item: floor(bins * (items of lower confidence) / items), so that equal confidences never part. After Naeini et al. 2015
    and Nixon et al. 2019.
    """
    groups: dict[int, list[tuple[float, bool]]] = {}
    below = 0
    for group in _by_confidence(confidences, labels):
        groups.setdefault(bins * below // len(confidences), []).extend(group)
        below += len(group)
    return tuple(_bin(group) for group in groups.values())


def calibration_error(confidences: Sequence[float], labels: Sequence[bool], bins: int = 10) -> float | None:
    """ECE over the bins of `reliability`: the mean over items of |mean confidence - share of right| of their bin; None without items."""
    if not confidences:
        return None
    found = reliability(confidences, labels, bins)
    return math.fsum(each.items * abs(each.confidence - each.right) for each in found) / len(confidences)


def risk_coverage(confidences: Sequence[float], labels: Sequence[bool], questions: int | None = None) -> tuple[RiskPoint, ...]:
    """What each threshold of refusal gives, highest first (El-Yaniv and Wiener 2010); equal confidences are answered together.

    `questions` is how many were asked, where some were refused and are not among the items: coverage is a share of them.
    """
    points = []
    answered = wrong = 0
    for group in reversed(list(_by_confidence(confidences, labels))):
        answered += len(group)
        wrong += sum(not label for _, label in group)
        points.append(RiskPoint(group[0][0], answered / (questions or len(confidences)), wrong / answered))
    return tuple(points)


def risk_area(confidences: Sequence[float], labels: Sequence[bool]) -> float | None:
    """AURC: the mean over items of the risk when all at least as confident are answered (Geifman et al. 2019); None without items."""
    if not confidences:
        return None
    points = risk_coverage(confidences, labels)
    before = [0.0, *(point.coverage for point in points[:-1])]
    return math.fsum((point.coverage - start) * point.risk for start, point in zip(before, points, strict=True))


def _by_confidence(confidences: Sequence[float], labels: Sequence[bool]) -> Iterator[list[tuple[float, bool]]]:
    """The items of each confidence, lowest first."""
    pairs = sorted(zip(confidences, labels, strict=True))
    return (list(group) for _, group in groupby(pairs, key=lambda pair: pair[0]))


def _bin(group: Sequence[tuple[float, bool]]) -> Bin:
    confidences, labels = zip(*group, strict=True)
    return Bin(math.fsum(confidences) / len(group), sum(labels) / len(group), len(group))

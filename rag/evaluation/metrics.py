"""Retrieval, answer and calibration metrics: pure functions, standard library only.

Ranking metrics have trec_eval's meaning (Buckley, trec_eval 9): relevance of at least 1 is relevant, unjudged hits are not,
negative judgements count as 0, and a question without anything relevant scores 0. `docs/evaluation.md` gives every formula.
"""

from __future__ import annotations

import math
import string
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """One ranking against one question's gold.

    `gains` is the worth of each hit, best hit first (0: not relevant). `ideal` is the worth of everything relevant, largest first,
    retrieved or not: every denominator comes from it.
    """

    gains: tuple[int, ...]
    ideal: tuple[int, ...]


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
    """The relevant among the first k, over all that is relevant."""
    return _over(_relevant(judged.gains[:k]), len(judged.ideal))


def reciprocal_rank(judged: Judged, k: int | None = None) -> float:
    """1 / rank of the first relevant hit, 0 where none is among the first k."""
    return next((1 / rank for rank, gain in enumerate(judged.gains[:k], 1) if gain), 0.0)


def average_precision(judged: Judged, k: int | None = None) -> float:
    """Precision at the rank of each relevant hit among the first k, summed, over all that is relevant (MAP is its mean)."""
    found, total = 0, 0.0
    for rank, gain in enumerate(judged.gains[:k], 1):
        if gain:
            found += 1
            total += found / rank
    return _over(total, len(judged.ideal))


def ndcg(judged: Judged, k: int | None = None) -> float:
    """Gains discounted by log2(rank + 1), over the same sum of the ideal ranking (Järvelin and Kekäläinen 2002, as trec_eval)."""
    return _over(_dcg(judged.gains[:k]), _dcg(judged.ideal[:k]))


def _relevant(gains: Sequence[int]) -> int:
    return sum(gain > 0 for gain in gains)


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


def calibration_error(confidences: Sequence[float], labels: Sequence[bool], bins: int = 10) -> float | None:
    """ECE over equal-mass bins: the mean over items of |mean confidence - share of true| of their bin; None without items.

    Bin of an item: floor(bins * (items of lower confidence) / items), so that equal confidences never part. After Naeini et al. 2015
    and Nixon et al. 2019.
    """
    if not confidences:
        return None
    gaps: dict[int, float] = {}
    lower = 0
    pairs = sorted(zip(confidences, labels, strict=True))
    for rank, (confidence, label) in enumerate(pairs):
        if confidence > pairs[lower][0]:
            lower = rank
        group = bins * lower // len(pairs)
        gaps[group] = gaps.get(group, 0.0) + confidence - label
    return math.fsum(abs(gap) for gap in gaps.values()) / len(pairs)

"""The sentences that `python -m benchmarks support` makes: reworded, altered in one way, and marked as what they are."""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.support import both, found, reasons
from benchmarks.support_cases import ALTERATIONS, Case, make_cases, negated, polite
from index.morphemes import Analyser
from index.types import Locator, Passage
from rag.evaluation.datasets import Evidence, Question
from rag.support import Checker, Fault

LINES = (
    "드롭아웃은 학습할 때 뉴런을 50% 확률로 끄는 방법이다.",
    "2014년에 Srivastava가 드롭아웃을 제안했다.",
    "추론 때는 아무 뉴런도 끄지 않는다.",
    "조기 종료는 검증 손실이 3번 나아지지 않으면 학습을 멈춘다.",
)
PASSAGES = tuple(Passage(f"n{at}.md", f"노트 {at}", (), line, 0, len(line), Locator(1)) for at, line in enumerate(LINES))
QUESTIONS = tuple(
    Question(f"q{at}", question, (answer,), (Evidence(f"n{at}.md", LINES[at]),), "factoid", "dev")
    for at, (question, answer) in enumerate(
        (
            ("드롭아웃이 뭐야?", "뉴런을 50% 확률로 끄는 방법"),
            ("누가 제안했어?", "Srivastava가 제안했다"),
            ("추론 때는?", "아무 뉴런도 끄지 않는다"),
        )
    )
)


@cache
def analyser() -> Analyser:
    return Analyser()


def cases() -> list[Case]:
    return make_cases(QUESTIONS, PASSAGES, lambda _: PASSAGES, analyser(), seed=13)


def test_half_are_altered_and_every_right_one_cites_its_evidence() -> None:
    made = cases()
    right, wrong = [case for case in made if not case.altered], [case for case in made if case.altered]
    assert len(right) == len(wrong) > 3
    assert {case.altered for case in wrong} <= set(ALTERATIONS)
    for one, other in zip(right, wrong, strict=True):
        assert (one.sentence != other.sentence) != (one.cited != other.cited)
        assert [one.passages[number - 1] for number in one.cited] == [PASSAGES[[q.text for q in QUESTIONS].index(one.question)]]


def test_the_same_seed_makes_the_same_cases() -> None:
    assert cases() == cases()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("뉴런을 끈다", "뉴런을 끕니다"), ("값을 찾음", "값을 찾습니다"), ("쌍을 합친다", "쌍을 합칩니다"),
        ("다시 찾는다", "다시 찾습니다"),
        ("제안했다", "제안했습니다"), ("방법이다", "방법입니다"), ("끄는 방법", "끄는 방법입니다"), ("학습함", "학습합니다"),
        ("필요 없음", "필요 없습니다"),
        ("답입니다", "답입니다"),
    ],
)  # fmt: skip
def test_polite(line: str, expected: str) -> None:
    assert polite(line) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("끄지 않습니다.", "끕니다."), ("방법입니다.", "방법이 아닙니다."), ("언어입니다.", "언어가 아닙니다."),
        ("볼 수 있습니다.", "볼 수 없습니다."),
        ("제안했습니다.", "제안하지 않았습니다."), ("It is small.", "It is not small."), ("It cannot be.", "It can be."), ("그래요.", ""),
    ],
)  # fmt: skip
def test_negated(sentence: str, expected: str) -> None:
    assert negated(sentence) == expected


def test_precision_and_recall_count_what_they_say() -> None:
    made = cases()
    told = [bool(case.altered) for case in made]
    told[0] = True  # one right sentence called wrong
    judged = [(Fault("word", ("말",)),) if each else () for each in told]
    precision, recall = both(made, judged)
    wrong = sum(case.altered is not None for case in made)
    assert (precision.value, recall.value) == (wrong / (wrong + 1), 1.0)
    assert reasons(judged[0]) == "word 말"


def test_the_checker_finds_most_of_them() -> None:
    made = cases()
    precision, recall = both(made, found(Checker(analyser()), made))
    assert precision.value >= 0.8 and recall.value >= 0.8

"""Which sentences their citations hold, and why the others are not held."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.morphemes import Analyser
from index.types import Locator, Passage
from rag.support import Checker, Fault
from tests.fakes import HashEncoder

PASSAGE = Passage(
    "week03/backprop.md", "역전파", ("정의",),
    "- 역전파는 오차를 뒤로 보내며 기울기를 구한다. 1986년 Rumelhart 등이 널리 알렸다.\n- 학습률은 0.01로 두고 30초마다 기록한다.\n"
    "- 순전파를 먼저 하지 않으면 값을 구할 수 없다.\n- 이름의 뜻은 \"backward propagation of errors\"",
    0, 180, Locator(3),
)  # fmt: skip
ENGLISH = Passage(
    "attention.md", "Attention", (), "Scaled attention divides by the square root. It does not use 3 recurrent layers.", 0, 80, Locator(1)
)
OTHER = Passage("week05/dpr.md", "DPR", (), "배치 128로 40에폭을 학습하고, 질문 인코더와 문단 인코더를 따로 둔다.", 0, 40, Locator(1))
PASSAGES = (PASSAGE, ENGLISH, OTHER)


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(Analyser())


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("역전파는 오차를 뒤로 보내면서 기울기를 구합니다.", [1]),
        ("1986년에 Rumelhart 등이 역전파를 널리 알렸습니다.", [1]),
        ("노트에 따르면 30초마다 기록하고 학습률은 0.01입니다.", [1]),
        ("순전파를 먼저 하지 않으면 값을 구할 수 없습니다.", [1]),
        ("뜻은 “backward propagation of errors”입니다.", [1]),
        ("Scaled attention divides by the square root.", [2]),
        ("It does not use recurrent layers.", [2]),
        ("질문 인코더와 문단 인코더를 따로 두고, 역전파는 기울기를 구합니다.", [3, 1]),
    ],
)
def test_what_the_passages_say_is_held(checker: Checker, sentence: str, cited: list[int]) -> None:
    assert checker.faults(sentence, cited, PASSAGES) == ()


@pytest.mark.parametrize(
    ("sentence", "cited", "fault"),
    [
        ("역전파는 기울기를 구합니다.", [], Fault("uncited")),
        ("역전파는 기울기를 구합니다.", [1, 7], Fault("range", ("7",), (7,))),
        ("역전파는 기울기를 구합니다.", [0], Fault("range", ("0",), (0,))),
        ("1987년 Rumelhart 등이 널리 알렸습니다.", [1], Fault("number", ("1987년",), (1,))),
        ("학습률은 0.1로 둡니다.", [1], Fault("number", ("0.1",), (1,))),
        ("30분마다 기록합니다.", [1], Fault("number", ("30분",), (1,))),
        ("1986년 Hinton 등이 널리 알렸습니다.", [1], Fault("name", ("Hinton",), (1,))),
        ("역전파는 오차를 뒤로 보내며 벡터를 구합니다.", [1], Fault("word", ("벡터",), (1,))),
        ("역전파는 오차를 뒤로 보내지 않습니다.", [1], Fault("negation", ("보내지 않습니다",), (1,))),
        ("순전파를 먼저 하지 않으면 값을 구할 수 있습니다.", [1], Fault("negation", ("있습니다",), (1,))),
        ("뜻은 “backward flow of errors”입니다.", [1], Fault("quote", ("backward flow of errors",), (1,))),
        ("Scaled attention does not divide by the square root.", [2], Fault("negation", ("not",), (2,))),
        ("Scaled attention divides by the cube root.", [2], Fault("name", ("cube",), (2,))),
        ("질문 인코더와 문단 인코더를 따로 둡니다.", [1], Fault("word", ("질문", "인코더", "문단"), (1,))),
    ],
)
def test_what_they_do_not_say_is_found_with_its_reason(checker: Checker, sentence: str, cited: list[int], fault: Fault) -> None:
    found = checker.faults(sentence, cited, PASSAGES)
    if fault.kind == "word" and len(fault.words) > 1:
        assert found and found[0].kind == "word" and set(found[0].words) <= set(fault.words)
    else:
        assert fault in found


def test_a_number_from_elsewhere_in_the_passage_does_not_count(checker: Checker) -> None:
    assert [each.kind for each in checker.faults("학습률은 1986으로 둡니다.", [1], PASSAGES)] == ["number"]


def test_commas_join_thousands_and_part_what_is_listed(checker: Checker) -> None:
    passages = [replace(PASSAGES[0], text="배치 크기로 1,2,3을 견주고 문서 1,200개를 씁니다.")]
    assert checker.faults("배치 크기로 2를 견주고 문서 1200개를 씁니다.", [1], passages) == ()
    assert checker.faults("배치 크기로 123을 견줍니다.", [1], passages) == (Fault("number", ("123",), (1,)),)


def test_words_of_the_question_may_be_said_again_and_its_numbers_may_not(checker: Checker) -> None:
    said = "강아지 학습률은 0.01입니다."
    assert [each.kind for each in checker.faults(said, [1], PASSAGES)] == ["word"]
    assert checker.faults(said, [1], PASSAGES, question="강아지 학습률은?") == ()
    assert checker.faults("1999년 학습률은 0.01입니다.", [1], PASSAGES, question="1999년 학습률은?")[0].kind == "number"


def test_a_title_and_headings_belong_to_the_passage(checker: Checker) -> None:
    assert checker.faults("DPR은 배치 128로 학습합니다.", [3], PASSAGES) == ()


def test_what_is_far_from_every_line_means_something_else() -> None:
    strict = Checker(Analyser(), HashEncoder(), least_like=0.99)
    assert strict.faults("기울기를 구한다.", [1], PASSAGES) == (Fault("meaning", (), (1,)),)
    assert Checker(Analyser(), HashEncoder(), least_like=-1.0).faults("기울기를 구한다.", [1], PASSAGES) == ()


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60), st.lists(st.integers(-2, 5), max_size=4))
def test_any_text_is_judged(sentence: str, cited: list[int]) -> None:
    faults = Checker(Analyser()).faults(sentence, cited, PASSAGES)
    assert bool(faults) or all(1 <= number <= 3 for number in cited)

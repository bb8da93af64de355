"""Notes at a glance, in their own sentences."""

from __future__ import annotations

from index.types import Document
from rag.study.overview import overview
from tests.rag.study_notes import NOTES


def words(text: str) -> list[str]:
    return [word for word in text.replace("(", " ").split() if len(word) > 1]


def note(*lines: str) -> Document:
    return Document("a.md", "노트", "# 노트\n\n" + "\n\n".join(lines) + "\n")


def test_every_sentence_stands_in_its_note_in_order() -> None:
    found = overview(NOTES, words)
    assert [glance.doc_id for glance in found] == ["week10/overfit.md", "week12/serving.md"]
    texts = {document.doc_id: document.text for document in NOTES}
    for glance in found:
        places = [(point.span.start, point.span.end) for point in glance.points]
        assert places == sorted(places)
        for point in glance.points:
            assert texts[glance.doc_id][point.span.start : point.span.end] == point.span.quote
            assert point.locator.line == texts[glance.doc_id].count("\n", 0, point.span.start) + 1
    first = found[0].points[0]
    assert first.said.startswith("과적합(overfitting)은 모델이 훈련 데이터의 잡음까지")
    assert first.section == ("과적합이 뭔가",)


def test_every_section_is_covered_before_any_gives_two() -> None:
    texts = (
        ("손실 함수는 예측이 정답에서 얼마나 먼지 잰다.", "교차 엔트로피 손실은 분류 문제에서 가장 널리 쓰인다."),
        ("벡터 공간에서는 가까운 낱말의 뜻이 서로 비슷하다.", "임베딩 벡터의 길이는 보통 모두 하나로 맞춘다."),
        ("희소 행렬은 값이 있는 칸만 골라서 저장한다.", "행렬 곱셈의 순서를 바꾸면 계산량이 크게 달라진다."),
    )
    sections = ["\n\n".join((f"## 절 {n}", *both)) for n, both in enumerate(texts, 1)]
    (glance,) = overview([note(*sections)], words, per_note=3)
    assert [point.section for point in glance.points] == [("절 1",), ("절 2",), ("절 3",)]


def test_what_is_said_twice_is_shown_once() -> None:
    twice = "드롭아웃은 학습할 때 뉴런을 무작위로 꺼서 과적합을 줄이는 기법이다."
    (glance,) = overview([note("## 하나", twice, "## 둘", twice, "## 셋", "조기 종료는 검증 손실이 오르면 학습을 멈추는 방법이다.")], words)
    assert [point.said for point in glance.points].count(twice.rstrip(".")) == 1
    assert len(glance.points) == 2


def test_dates_questions_and_openers_are_passed_over() -> None:
    lines = ("10주차 2차시 · 5월 9일 목요일 오전", "## 절", "왜 손실이 다시 오르는지 생각해 볼까요?", "원인은 다음과 같다:")
    assert overview([note(*lines)], words) == []


def test_nothing_gives_nothing() -> None:
    assert overview([], words) == [] and overview([Document("a.md", "빈 노트", "")], words) == []

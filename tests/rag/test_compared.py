"""How two things differ that the notes tell of apart: which two are asked for, and which sentences answer."""

from __future__ import annotations

import pytest

from index.morphemes import Analyser
from rag.compared import sides
from rag.types import Answer
from tests.rag.samples import hits_for, memory_index
from tests.rag.test_span_reader import reader, weights

FRUIT = "과일 수업\n\n## 사과\n\n- 사과는 가을에 붉게 익는다.\n\n## 배\n\n- 배는 물이 많아 시원하다.\n"
SHELF = {
    "fruit.md": FRUIT,
    "network.md": "## TCP와 UDP\n\n- TCP: 순서를 지켜 빠짐없이 보낸다\n- UDP: 확인 없이 빠르게 보낸다\n\n둘 다 전송 계층에 있다.\n",
    "both.md": "# 트리와 그래프\n\n## 트리와 그래프의 쓰임\n\n트리와 그래프는 모두 점과 선이다. 트리는 길이 돌아오지 않는다.\n\n"
    "그래프는 길이 돌아올 수 있다.\n",
    "sort.md": "퀵 정렬은 나누며 정렬하지만 병합 정렬은 합치며 정렬한다.\n\n퀵 정렬은 빠르다.\n\n병합 정렬은 안정적이다.\n",
    "log.md": "## 실험 일지\n\n- 실험 일지에 적을 것\n  - 커밋\n  - 가설\n\n## 운영 로그\n\n운영 로그에는 요청 번호를 남긴다.\n",
    "code.md": "## 리스트\n\n리스트는 고칠 수 있다.\n\n## 튜플\n\n```python\n튜플 = (1, 2)  # 튜플 튜플\n```\n\n튜플은 고칠 수 없다.\n",
}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("TCP와 UDP의 차이는?", ({"tcp"}, {"udp"})),
        ("TCP vs UDP 차이", ({"tcp"}, {"udp"})),
        ("frame하고 bounds 뭐가 달라?", ({"frame"}, {"bounds"})),
        ("CRF 인식기와 의존 분석기는 답을 각각 무엇으로 찾아?", ({"crf", "인식"}, {"의존", "분석"})),
        ("BERT의 학습 방식과 GPT의 학습 방식은 어떻게 다른가요?", ({"bert"}, {"gpt"})),
        ("base model이랑 instruct model 차이", ({"base"}, {"instruct"})),
        ("운영 로그에 남길 것과 실험 일지에 적을 것은 어떻게 달라?", ({"운영", "로그"}, {"실험", "일지"})),
        ("What is the difference between a stack and a queue?", ({"stack"}, {"queue"})),
        ("How does a process differ from a thread?", ({"process"}, {"thread"})),
        ("SN1 SN2 차이", ({"1"}, {"2"})),
        ("순행간섭 역행간섭 차이가 뭐야", ({"순행"}, {"역행"})),
        ("GPT 모델 차이", None),
        ("비교해 보면 BERT와 GPT 중 무엇이 더 나아?", None),
        ("다른 과일과 달리 사과는 왜 붉어?", None),
        ("TCP와 UDP는 어느 계층에 있어?", None),
        ("드롭커넥트는 드롭아웃과 어떻게 달라?", None),
        ("차이가 뭐야?", None),
    ],
)
def test_the_two_things(question: str, expected: tuple[set[str], set[str]] | None, analyser: Analyser) -> None:
    found = sides(question, analyser)
    assert (found is None) == (expected is None)
    if found and expected:
        assert all(own <= told for own, told in zip(expected, found, strict=True)) and found[0].isdisjoint(found[1])


def answered(doc_id: str, question: str, analyser: Analyser) -> Answer:
    """From one note: the vectors of tests mean nothing, and hits of many notes would be drawn by lot."""
    index = memory_index(analyser, {doc_id: SHELF[doc_id]})
    return reader(index, analyser, of=weights(sentence_score=1.0, whole=1.0, threshold=0.0)).read(
        question, hits_for(index, analyser, question)
    )


@pytest.mark.parametrize(
    ("doc_id", "question", "expected"),
    [
        ("fruit.md", "사과와 배는 어떻게 달라?", ["사과는 가을에 붉게 익는다.", "배는 물이 많아 시원하다."]),
        ("fruit.md", "배하고 사과 차이가 뭐야?", ["배는 물이 많아 시원하다.", "사과는 가을에 붉게 익는다."]),
        ("network.md", "TCP랑 UDP 차이", ["TCP: 순서를 지켜 빠짐없이 보낸다", "UDP: 확인 없이 빠르게 보낸다"]),
        ("both.md", "트리와 그래프는 어떻게 다른가?", ["트리는 길이 돌아오지 않는다.", "그래프는 길이 돌아올 수 있다."]),
        ("log.md", "운영 로그와 실험 일지는 어떻게 다르지?", ["운영 로그에는 요청 번호를 남긴다.", "실험 일지에 적을 것", "커밋", "가설"]),
        ("code.md", "리스트와 튜플의 차이점은?", ["리스트는 고칠 수 있다.", "튜플은 고칠 수 없다."]),
    ],
)
def test_each_has_its_sentence(doc_id: str, question: str, expected: list[str], analyser: Analyser) -> None:
    answer = answered(doc_id, question, analyser)
    assert [span.quote for span in answer.spans] == expected
    for span in answer.spans:
        assert SHELF[span.doc_id][span.start : span.end] == span.quote


def test_the_sentence_that_tells_of_both_answers_alone(analyser: Analyser) -> None:
    text = "신고전주의는 형식을 중시하고 낭만주의는 감정을 중시한다. 신고전주의 그림은 크다.\n\n낭만주의 그림은 작다.\n"
    index = memory_index(analyser, {"art.md": text})
    question = "신고전주의랑 낭만주의 뭐가 달라?"
    [span] = reader(index, analyser, of=weights(whole=1.0, threshold=0.0)).read(question, hits_for(index, analyser, question)).spans
    assert span.quote == "신고전주의는 형식을 중시하고 낭만주의는 감정을 중시한다."


@pytest.mark.parametrize(("best", "alone"), [("퀵 정렬은 나누며", True), ("퀵 정렬은 빠르다", False)])
def test_the_best_sentence_alone_answers_where_it_contrasts_them(
    best: str, alone: bool, analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.span_reader._sentence_score", lambda each: 9.0 * each.text.startswith(best))
    spans = answered("sort.md", "퀵 정렬과 병합 정렬의 차이는?", analyser).spans
    assert [span.quote.startswith(best) for span in spans] == ([True] if alone else [True, False])


@pytest.mark.parametrize("question", ["사과와 바나나는 어떻게 달라?", "사과와 배의 차이점을 모두 나열해 줘"])
def test_nothing_is_paired_where_one_is_not_told_of_or_a_list_is_wanted(question: str, analyser: Analyser) -> None:
    assert (
        len(
            {
                span.doc_id + span.quote
                for span in answered("fruit.md", question, analyser).spans
                if "익는다" in span.quote or "시원" in span.quote
            }
        )
        < 2
    )

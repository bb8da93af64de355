"""What kind of answer a question wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.questions import Wants, asks_cause, asks_number, count_asked, place_asked, wants

LIST, DEFINITION, REASON, FACT = Wants.LIST, Wants.DEFINITION, Wants.REASON, Wants.FACT


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("풀링의 종류를 모두 말해 줘", LIST),
        ("SpecAugment에서 쓰는 변형 세 가지는?", LIST),
        ("InstructGPT를 학습하는 세 단계는?", LIST),
        ("트랜스포머의 구성 요소는 뭐뭐야?", LIST),
        ("BM25의 장단점은?", LIST),
        ("가중치를 고치는 순서를 단계별로 알려 줘", LIST),
        ("점검할 항목은?", LIST),
        ("벡터를 코드북 항목 번호로 바꾸는 기법은?", FACT),
        ("Which three attention scores did Luong et al. compare?", LIST),
        ("What are the four pretext tasks?", LIST),
        ("list the losses", LIST),
        ("list the reasons why it overfits", LIST),
        ("What are the advantages of RNNs?", LIST),
        ("정규화를 쓰는 이유 세 가지는?", LIST),
        ("정규화를 쓰는 까닭을 모두 말해 줘", LIST),
        ("과적합을 막는 방법을 모두 말해 줘", LIST),
        ("4 conditions for deadlock", LIST),
        ("types of rocks", LIST),
        ("evidence for endosymbiosis?", LIST),
        ("give me the main drawbacks of B-trees", LIST),
        ("what forms of energy are there", LIST),
        ("What forms a fold?", FACT),
        ("which type of rock floats", FACT),
        ("What are soft targets?", DEFINITION),
        ("what's a minimal pair", DEFINITION),
        ("what’s a minimal pair", DEFINITION),
        ("differences between mitosis and meiosis", REASON),
        ("mitosis vs meiosis", REASON),
        ("Mitosis versus meiosis?", REASON),
        ("compare mitosis and meiosis", REASON),
        ("왜 파라미터를 전부 얼려?", REASON),
        ("두 손실을 모두 쓰는 이유는?", REASON),
        ("Why are all of the weights frozen?", REASON),
        ("트랜스포머가 가지는 한계는?", FACT),
        ("나뭇가지를 본뜬 구조는?", FACT),
        ("모두의 말뭉치는 어디에 쓰여?", FACT),
        ("퀵 정렬은 안정 정렬이야?", REASON),
        ("BERT는 디코더를 쓰나요?", REASON),
        ("드롭아웃은 추론 때도 켜?", REASON),
        ("Is quicksort stable?", REASON),
        ("Is it stable or unstable?", FACT),
        ("A/B 테스트는 요청으로 나누나요, 사용자로 나누나요?", FACT),
        ("그 종이는 어딨나요?", FACT),
        ("정렬의 평가?", FACT),
        ("이 모델을 쓰는 분야?", FACT),
        ("피벗은?", FACT),
        ("어떤 모델들을 견줬어?", LIST),
        ("영향을 준 이슈들은?", LIST),
        ("어떤 연구원들이 만들었어?", FACT),
        ("모델 목록에서 가장 큰 것은?", FACT),
        ("맵과 해시맵의 차이는?", REASON),
        ("What is the difference between a map and a set?", REASON),
        ("차이를 몇 번 재?", FACT),
        ("DPR이란?", DEFINITION),
        ("역전파란 무엇인가요?", DEFINITION),
        ("귀납 편향이 뭐야?", DEFINITION),
        ("데이터 기반 방법론이란?", DEFINITION),
        ("정규화하는 방법은?", REASON),
        ("What is prompt injection?", DEFINITION),
        ("what does recall mean", DEFINITION),
        ("왜 배치를 섞는가?", REASON),
        ("기울기 소실은 어떻게 막아?", REASON),
        ("그게 왜야?", REASON),
        ("왜인지 알려 줘", REASON),
        ("왜적용하나", REASON),
        ("그건왜그래", REASON),
        ("How does dropout work?", REASON),
        ("why is it slow?", REASON),
        ("How many layers does it have?", FACT),
        ("k1의 기본값은?", FACT),
        ("임진왜란은 언제 일어났는가?", FACT),
        ("왜구를 물리친 장군은?", FACT),
        ("왜적을 막은 성은?", FACT),
        ("왜인이 살던 곳은?", FACT),
        ("왜곡 계수는 얼마?", FACT),
        ("데이터의 왜도는?", FACT),
        ("BM25", FACT),
        ("", FACT),
    ],
)
def test_wants(question: str, kind: Wants) -> None:
    assert wants(question) is kind
    assert wants(f"  {question} ") is kind


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("층이 몇 개야?", True),
        ("학습률은 얼마?", True),
        ("언제 나왔어?", True),
        ("how often is it run", True),
        ("What year was it?", True),
        ("When was it released?", True),
        ("What happens when the batch is small?", False),
        ("HNSW는 언제 고르면 좋아?", False),
        ("언제나 그래?", False),
        ("누가 만들었어?", False),
        ("DPR이란?", False),
    ],
)
def test_asks_number(question: str, asked: bool) -> None:
    assert asks_number(question) is asked


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("OCR의 세 번째 단계는?", 3),
        ("첫번째 특징은?", 1),
        ("마지막 단계에서는 무엇을 해?", -1),
        ("2번째 방법이 뭐야?", 2),
        ("What is the third step?", 3),
        ("0번째 단계는?", None),
        ("두 번째로 큰 모델은?", None),
        ("단계는 몇 개?", None),
    ],
)
def test_place_asked(question: str, place: int | None) -> None:
    assert place_asked(question) == place
    assert place is None or wants(question) is FACT


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("세 가지는?", 3),
        ("네 단계를 말해 줘", 4),
        ("여덟 가지를 모두", 8),
        ("3가지는?", 3),
        ("손잡이 세 개를 모두", 3),
        ("Which four tasks?", 4),
        ("4 conditions for deadlock", 4),
        ("what are the 3 main types of rocks", 3),
        ("give me 2 advantages of B-trees", 2),
        ("GPT 4 types", None),
        ("모두 개념인가?", None),
        ("종류는?", None),
        ("", None),
    ],
)
def test_count_asked(question: str, count: int | None) -> None:
    assert count_asked(question) == count


@given(st.text(max_size=60))
def test_any_text_is_some_question(question: str) -> None:
    assert isinstance(wants(question), Wants)
    assert (count_asked(question) or 0) >= 0
    assert isinstance(asks_number(question), bool)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("심박출량이 뭐임", Wants.DEFINITION),
        ("세도정치가 머야?", Wants.DEFINITION),
        ("콩팥 뜻", Wants.DEFINITION),
        ("엔트로피 정의는?", Wants.FACT),
        ("그때 만든 모델 이름이 뭐였지", Wants.FACT),
        ("호르몬이 하는 작용들", Wants.LIST),
        ("순행간섭과 역행간섭의 차이가 뭐야", Wants.REASON),
        ("둘이 뭐가 다름?", Wants.REASON),
        ("가격차별하면 사중손실 생겨?", Wants.REASON),
    ],
)
def test_as_students_type(question: str, expected: Wants) -> None:
    assert wants(question) is expected


@pytest.mark.parametrize(
    ("question", "expected"), [("왜 그래?", True), ("이유 두 가지는?", False), ("어떻게 해?", False), ("What is it?", False)]
)
def test_one_cause_is_asked_for(question: str, expected: bool) -> None:
    assert asks_cause(question) is expected

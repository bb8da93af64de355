"""From a sentence to the exact words of an answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentences
from index.types import Locator, Passage
from rag.spans import (
    answer_spans,
    crosses_cells,
    headless,
    heads,
    in_other_column,
    is_bare,
    is_header,
    is_quantity,
    item_asked,
    items,
    labelled,
    may_list,
    names_what_is_asked,
    shown,
    unit_missing,
)
from rag.types import Span

AT = 100
"""Where the passages of this file begin in their documents."""


def passage(text: str) -> Passage:
    return Passage("a.md", "노트", (), text, AT, AT + len(text), Locator(1))


def quotes(text: str, sentence: str, question: str, known: str = "") -> list[str]:
    """What answers the question, given a sentence of the text; the words in `known` are the question's own."""
    start = text.index(sentence)
    spans = answer_spans(passage(text), start, start + len(sentence), question, set(known.split()))
    assert all(text[span.start - AT : span.end - AT] == span.quote for span in spans)
    return [span.quote for span in spans]


POOLING = "풀링 종류:\n- 최대\n- 평균\n  (이어짐)\n  - 하위 하나\n  - 하위 둘\n- 전역\n\n끝이다."
STEPS = "## 단계\n1. 하나\n2. 둘\n\n3. 셋\n- 다른 것\n- 또 다른 것"
NESTED = "- 검색\n  - 희소\n    - BM25\n    - TF-IDF\n  - 밀집\n- 생성"
INDENTED = "    - 넷째\n    - 다섯째\n  - 바깥"
GROUPS = "• 하나\n• 둘\n\n• 셋\n  • 셋의 하나\n• 넷\n\n• 다섯"
QUOTING = "- 하나\n  > 하나의 말\n- 둘\n  > 둘의 말\n- 셋"
GATES = "| | LSTM | GRU |\n|---|---|---|\n| 게이트 | 3 | 2 |\n| 제안 | 1997 |  |"
TABLE = "매개변수:\n\n| 이름 | 하는 일 | 값 |\n|---|:---:|---|\n| k1 | 빈도 | 1.2 |\n| b | 길이 | 0.75 |\n\n끝이다."


@pytest.mark.parametrize(
    ("text", "sentence", "expected"),
    [
        (POOLING, "풀링 종류:", ["최대", "평균\n  (이어짐)", "전역"]),
        (POOLING, "- 최대", ["최대", "평균\n  (이어짐)", "전역"]),
        (POOLING, "- 전역", ["최대", "평균\n  (이어짐)", "전역"]),
        (POOLING, "- 평균\n  (이어짐)", ["최대", "평균\n  (이어짐)", "전역"]),
        (POOLING, "- 하위 둘", ["하위 하나", "하위 둘"]),
        (POOLING, "끝이다.", ["끝이다."]),
        (STEPS, "## 단계", ["하나", "둘", "셋"]),
        ("    - 빈칸\n\t- 탭\n- 바깥", "- 탭", ["빈칸", "탭"]),
        (STEPS, "3. 셋", ["하나", "둘", "셋"]),
        (STEPS, "- 또 다른 것", ["다른 것", "또 다른 것"]),
        (NESTED, "- 검색", ["희소", "밀집"]),
        (NESTED, "- 희소", ["BM25", "TF-IDF"]),
        (NESTED, "- 생성", ["검색", "생성"]),
        (NESTED, "- BM25", ["BM25", "TF-IDF"]),
        (INDENTED, "- 넷째", ["넷째", "다섯째"]),
        (GROUPS, "• 둘", ["하나", "둘"]),
        (GROUPS, "• 셋", ["셋", "넷"]),
        (GROUPS, "• 다섯", ["다섯"]),
        (GROUPS.replace("\n", "\n\n"), "• 셋", ["하나", "둘", "셋", "넷", "다섯"]),
        ("연산: 더하기, 빼기, 곱하기", "연산: 더하기, 빼기, 곱하기", ["더하기", "빼기", "곱하기"]),
        ("연산: 더하기, 빼기", "연산: 더하기, 빼기", ["연산: 더하기, 빼기"]),
        ("- 하나뿐", "- 하나뿐", ["하나뿐"]),
        ("종류:\n- 하나\n-  둘", "종류:", ["하나", "둘"]),
        ("- 하나\n\n  - 하위\n- 둘\n- 셋", "- 하나", ["하나", "둘", "셋"]),
        ("- 하나\n\n  - 하위\n- 둘\n- 셋", "- 셋", ["하나", "둘", "셋"]),
        ("• 하나\n• 둘\n\n• 셋", "• 하나", ["하나", "둘"]),
        ("• 하나\n• 둘\n\n• 셋", "• 셋", ["셋"]),
        (f"{'앞' * 40}\n연산: {'가' * 40}, 나, 다", f"연산: {'가' * 40}, 나, 다", ["가" * 40, "나", "다"]),
        (f"연산: {'가' * 41}, 나, 다", f"연산: {'가' * 41}, 나, 다", [f"연산: {'가' * 41}, 나, 다"]),
        ("연산: 더하기, , 곱하기", "연산: 더하기, , 곱하기", ["연산: 더하기, , 곱하기"]),
        ("| k1 | 1 |\n| b | 2 |\n\n| d | 3 |", "| k1 | 1 |", ["k1", "b"]),
        ("| k1 | 1 |\n| b | 2 |\n\n| d | 3 |\n| e | 4 |", "| e | 4 |", ["d", "e"]),
        ("| k1 | 1 |\n| b | 2 |\n글\n| d | 3 |", "| b | 2 |", ["k1", "b"]),
        ("| 이름 | 값 |\n|---|---|\n| k1 | 1 |", "| k1 | 1 |", ["k1 | 1"]),
        (TABLE, "| k1 | 빈도 | 1.2 |", ["k1", "b"]),
        (TABLE, "매개변수:", ["k1", "b"]),
        ("", "", [""]),
        (TABLE, "끝이다.", ["끝이다."]),
        (QUOTING, "> 하나의 말", ["하나\n  > 하나의 말", "둘\n  > 둘의 말", "셋"]),
        (QUOTING, "> 둘의 말", ["하나\n  > 하나의 말", "둘\n  > 둘의 말", "셋"]),
        ("  여는 말:\n  - 하나\n  - 둘", "여는 말:", ["하나", "둘"]),
        ("- 종류\n- 끝", "- 종류", ["종류", "끝"]),
        ("1.**하나** : 처음\n\n2.**둘** : 다음", "1.**하나** : 처음", ["**하나** : 처음", "**둘** : 다음"]),
        ("- 하나\n<br>\n- 둘\n<br />\n- 셋", "- 둘", ["하나", "둘", "셋"]),
        ("- 하나\n  이어짐\n\n  다른 문단\n\n- 둘", "- 둘", ["하나\n  이어짐", "둘"]),
        ("글이다.\n  들여 쓴 말", "들여 쓴 말", ["들여 쓴 말"]),
    ],
)
def test_a_list_question_gets_the_whole_list(text: str, sentence: str, expected: list[str]) -> None:
    assert [quote.strip() for quote in quotes(text, sentence, "모두 말해 줘", "종류")] == expected


MODELS = "| 모델 | 공개 | 만든 곳 |\n|---|---|---|\n| 가 | 2019 | 갑 |\n| 나 | 2020 | 을 |\n| 다 | 2020 | 갑 |"


def test_a_list_question_gets_the_rows_it_names() -> None:
    def cells(question: str, known: str) -> list[str]:
        return [quote.strip() for quote in quotes(MODELS, "| 나 | 2020 | 을 |", question, known)]

    assert cells("2020년에 공개된 것을 모두 말해 줘", "2020 공개") == ["나", "다"]
    assert cells("2020년에 공개된 모델을 만든 곳을 모두 말해 줘", "2020 공개 만들 곳 만든") == ["을", "갑"]
    assert cells("공개를 모두 말해 줘", "공개") == ["2019", "2020", "2020"]
    assert cells("2020년에 공개된 것은?", "2020 공개") == ["나"]
    assert cells("나는 언제 공개됐어?", "공개") == ["2020"]


@pytest.mark.parametrize(
    ("question", "pooling", "nested"),
    [
        ("세 가지는?", ["최대", "평균\n  (이어짐)", "전역"], ["하나", "둘", "셋"]),
        ("네 가지는?", ["최대", "평균\n  (이어짐)", "전역"], ["하나", "둘", "셋"]),
        ("두 가지는?", ["풀링 종류:"], ["풀링"]),
    ],
)
def test_a_list_question_gets_no_more_than_it_asks_for(question: str, pooling: list[str], nested: list[str]) -> None:
    assert quotes(POOLING, "풀링 종류:", question) == pooling
    assert quotes("- 풀링\n  - 하나\n  - 둘\n  - 셋", "- 풀링", question, "풀링") == nested


CALLED = "앞의 말이다. 서로를 기다린다.\n이런 상태를 **교착 상태**라고 한다. 이를 푼다."


def test_a_definition_is_told_before_its_name() -> None:
    both = "서로를 기다린다.\n이런 상태를 **교착 상태**라고 한다."
    assert quotes(CALLED, "이런 상태를 **교착 상태**라고 한다.", "교착 상태란?", "교착 상태") == [both]
    assert quotes(CALLED, "이런 상태를 **교착 상태**라고 한다.", "교착 상태는 누가?", "교착 상태") == [
        "이런 상태를 **교착 상태**라고 한다."
    ]
    assert quotes(CALLED, "이를 푼다.", "교착 상태란?", "교착 상태") == ["이를 푼다."]
    apart = "서로를 기다린다.\n\n이를 교착이라 부릅니다."
    assert quotes(apart, "이를 교착이라 부릅니다.", "교착이란?", "교착") == ["이를 교착이라 부릅니다."]
    assert quotes("이를 교착이라 부릅니다.", "이를 교착이라 부릅니다.", "교착이란?", "교착") == ["이를 교착이라 부릅니다."]
    for before in ("서로를 기다린다.", "앞 문장이다.\n\n서로를 기다린다. ", "서로를 아주 오래\n끝없이 기다린다.\n"):
        told = before.rpartition("\n\n")[2]
        assert quotes(f"{before}이를 교착이라 부릅니다.", "이를 교착이라 부릅니다.", "교착이란?", "교착") == [
            f"{told}이를 교착이라 부릅니다."
        ]
    listed = "- 서로를 기다린다. 이를 교착이라 부릅니다."
    assert quotes(listed, "이를 교착이라 부릅니다.", "교착이란?", "교착") == ["서로를 기다린다. 이를 교착이라 부릅니다."]


def test_a_list_question_gets_the_column_it_names() -> None:
    assert quotes(TABLE, "| k1 | 빈도 | 1.2 |", "하는 일을 모두 말해 줘", "일") == ["빈도", "길이"]
    ragged = TABLE.replace("\n\n끝", "\n| c |\n\n끝")
    assert quotes(ragged, "| k1 | 빈도 | 1.2 |", "하는 일을 모두 말해 줘", "일") == ["빈도", "길이"]


def test_what_hangs_under_a_bare_line_is_the_answer() -> None:
    text = "- 서론\n- OCR\n  - 글자\n  - 그림\n- 끝"
    assert quotes(text, "- OCR", "OCR은?", "ocr") == quotes(text, "OCR", "OCR은?", "ocr") == ["글자", "그림"]


@pytest.mark.parametrize(
    ("text", "sentence", "question", "known", "expected"),
    [
        ("- 학습률: 3e-4", "- 학습률: 3e-4", "학습률은?", "학습률", "3e-4"),
        ("- **Batch size**: 서른둘", "- **Batch size**: 서른둘", "batch size는?", "batch size", "서른둘"),
        ("- 학습률: 3e-4", "- 학습률: 3e-4", "모멘텀은?", "모멘텀", "학습률: 3e-4"),
        ("학습률: 3e-4", "학습률: 3e-4", "학습률이 뭐야?", "학습률", "학습률: 3e-4"),
        ("배치 32, 에폭 12번", "배치 32, 에폭 12번", "에폭은 몇 번 돌려?", "에폭", "12번"),
        ("60,000개이고 이미지는 32x32 픽셀이다", "60,000개이고 이미지는 32x32 픽셀이다", "이미지는 얼마?", "이미지", "32x32 픽셀"),
        ("블록은 32 × 32 × 3이다", "블록은 32 × 32 × 3이다", "블록은 얼마?", "블록", "32 × 32 × 3"),
        (STEPS, "3. 셋", "첫 번째 단계는?", "단계", "하나"),
        (STEPS, "1. 하나", "세 번째 단계는?", "단계", "셋"),
        (STEPS, "## 단계", "마지막 단계는?", "단계", "셋"),
        (STEPS, "2. 둘", "네 번째 단계는?", "단계", "둘"),
        (TABLE, "매개변수:", "두 번째 항목은?", "항목", "b"),
        ("6.0판부터 기본값은 4이다", "6.0판부터 기본값은 4이다", "얼마?", "", "4"),
        ("2016년 10 버전의 값은 4이다", "2016년 10 버전의 값은 4이다", "값은 얼마?", "", "4"),
        ("16GB를 넘으면 30ms가 든다", "16GB를 넘으면 30ms가 든다", "넘으면 얼마?", "넘", "16GB"),
        ("512 bytes를 100번", "512 bytes를 100번", "크기는 몇 bytes야?", "크기", "512 bytes"),
        ("정확도는 92. 끝", "정확도는 92.", "정확도는 얼마?", "정확도", "92"),
        (TABLE, "| b | 길이 | 0.75 |", "b의 값은?", "값", "0.75"),
        ("| pmap PID | memory map |", "| pmap PID | memory map |", "how to see a memory map", "memory map", "pmap PID"),
        ("| pmap PID | memory map |", "| pmap PID | memory map |", "what is pmap for", "pmap", "memory map"),
        ("| pmap PID | memory map |", "| pmap PID | memory map |", "which map of all", "map", "pmap PID | memory map"),
        (TABLE, "| b | 길이 | 0.75 |", "b는 얼마?", "", "0.75"),
        (TABLE, "| b | 길이 | 0.75 |", "이름의 값은?", "이름 값", "0.75"),
        ("| b | 약 12장쯤 | 9 |", "| b | 약 12장쯤 | 9 |", "b는 얼마?", "", "약 12장쯤"),
        ("앞은 다르다.\n- OCR\n  - 글자를 읽는 일\n\n끝이다.", "- OCR", "OCR은?", "ocr", "글자를 읽는 일"),
        ("그 OCR\n  - 글자를 읽는 일", "그 OCR", "무슨 일?", "ocr", "그 OCR"),
        ("| a | b |   |", "| a | b |   |", "왜 그래?", "", "a | b"),
        (TABLE, "| b | 길이 | 0.75 |", "왜 그래?", "", "b | 길이 | 0.75"),
        ("| HR@K | 맞힌 비율 |", "| HR@K | 맞힌 비율 |", "HR@K란?", "hr", "맞힌 비율"),
        (TABLE, "| b | 길이 | 0.75 |", "이름은?", "이름", "b | 길이 | 0.75"),
        (TABLE, "| k1 | 빈도 | 1.2 |", "k1은 얼마?", "", "1.2"),
        ("값 k: 깊이", "값 k: 깊이", "k는?", "k", "값 k: 깊이"),
        ("3번 반복하면 5번 배운다", "3번 반복하면 5번 배운다", "3번 반복하면 몇 번 배워?", "", "5번"),
        ("배치 32개, 에폭 12번", "배치 32개, 에폭 12번", "몇 번 돌려?", "", "12번"),
        ("정확도는 92이다", "정확도는 92이다", "몇 점이야?", "", "92"),
        ("배치 32, 에폭 12", "배치 32, 에폭 12", "에폭은 얼마?", "에폭", "12"),
        ("앞 문장이다. 배치 32, 에폭 12", "배치 32, 에폭 12", "에폭은 얼마?", "에폭", "12"),
        ("앞 문장이다. 학습률 3, 배치 32", "학습률 3, 배치 32", "학습률은 얼마?", "학습률", "3"),
        ("k 32이고 학습률 값은 3", "k 32이고 학습률 값은 3", "학습률은 얼마?", "k 학습률", "3"),
        ("학습 32, 에폭수 12", "학습 32, 에폭수 12", "얼마?", "학습 에폭수", "12"),
        ("매번 5 학습 동안 늘 배운 다음에는 꼭 12", "매번 5 학습 동안 늘 배운 다음에는 꼭 12", "학습은 얼마?", "학습", "5"),
        ("매번 5 학습 동안 12", "매번 5 학습 동안 12", "학습은 얼마?", "학습", "12"),
        ("학습률은 2e-5로 작게", "학습률은 2e-5로 작게", "학습률은 얼마?", "학습률", "2e-5"),
        ("크기는 4분의 1이 된다", "크기는 4분의 1이 된다", "크기는 얼마?", "크기", "4분의 1"),
        ("오차는 ±0.01이다", "오차는 ±0.01이다", "오차는 얼마?", "오차", "±0.01"),
        ("공개는 2024년 5월 7일이다", "공개는 2024년 5월 7일이다", "언제 공개돼?", "공개", "2024년 5월 7일"),
        ("비율은 80/10/10, 즉 셋", "비율은 80/10/10, 즉 셋", "비율은 얼마?", "비율", "80/10/10"),
        ("음악은 3장르로 나뉜다", "음악은 3장르로 나뉜다", "음악은 몇 장르야?", "음악", "3"),
        ("2019년에 나왔고 맵은 둘이다", "2019년에 나왔고 맵은 둘이다", "몇 개야?", "", "둘"),
        ("2019년에 나왔고 맵은 7이다", "2019년에 나왔고 맵은 7이다", "몇 개야?", "", "7"),
        ("게이트는 세 개이다", "게이트는 세 개이다", "게이트는 몇 개야?", "게이트", "세 개"),
        (GATES, "| 게이트 | 3 | 2 |", "GRU는 게이트가 몇 개야?", "gru 게이트", "2"),
        (GATES, "| 제안 | 1997 |  |", "GRU는 언제 제안됐어?", "gru 제안", "1997"),
        ("|층|입력값|출력값|\n|---|---|---|\n|하나|3|2|", "|하나|3|2|", "출력은 얼마야?", "출력", "2"),
        ("| 이름 | 하는 일 | 값 |\n|---|---|---|\n| b | 길이 | 0.75 |", "| b | 길이 | 0.75 |", "b는 얼마로 하나요?", "b 하", "0.75"),
        (">", ">", "누가?", "", ">"),
        ("> 1. 인용한 문장이다.", "> 1. 인용한 문장이다.", "왜 그래?", "", "인용한 문장이다."),
        ("### 제목만 있다", "### 제목만 있다", "누가?", "", "제목만 있다"),
        ("앞 문장이다. 뒤 문장이다.", "뒤 문장이다.", "누가?", "", "뒤 문장이다."),
        ("- OCR\n  - 글자를 읽는 태스크", "- OCR", "OCR이 뭐야?", "ocr", "글자를 읽는 태스크"),
        (
            "- Vision Transformer (ViT)\n  - 이미지를 단어처럼 다루는 모델",
            "- Vision Transformer (ViT)",
            "ViT가 뭐야?",
            "vit",
            "이미지를 단어처럼 다루는 모델",
        ),
        ("- ViT: 비전 모델\n  - 2020년", "- ViT: 비전 모델", "ViT가 뭐야?", "vit", "ViT: 비전 모델"),
        ("- 소개 글\n- OCR\n  - 글자를 읽는 태스크\n- 그 밖의 말", "- OCR", "OCR은?", "ocr", "글자를 읽는 태스크"),
        ("- OCR.글\n  - 글자를 읽는 태스크", "- OCR.", "OCR은?", "ocr", "글자를 읽는 태스크"),
        ("- OCR\n- 글자", "- OCR", "OCR은?", "ocr", "OCR"),
        ("값: 1\n- 긴 이름 (ViT)\n  - 이미지 모델", "- 긴 이름 (ViT)", "ViT가 뭐야?", "vit", "이미지 모델"),
        ("= 긴 이름 (ViT)\n  - 이미지 모델", "= 긴 이름 (ViT)", "ViT가 뭐야?", "vit", "= 긴 이름 (ViT)"),
        ("- 긴 이름:\n  - 이미지 모델", "- 긴 이름", "ViT가 뭐야?", "vit", "이미지 모델"),
        ("- OCR은 어렵다\n  - 글자를 읽는 태스크", "- OCR은 어렵다", "OCR이 뭐야?", "ocr", "OCR은 어렵다"),
    ],
)
def test_one_span(text: str, sentence: str, question: str, known: str, expected: str) -> None:
    assert [quote.strip() for quote in quotes(text, sentence, question, known)] == [expected]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("설치는 다음과 같다.\n\n1. 받는다\n2. 푼다\n", "설치는 어떻게 해?", ["받는다", "푼다"]),
        ("아래 문장을 추가하면 됩니다.\n\n```\n이해했으면 OK만 출력해\n```\n", "뭐라고 써?", ["이해했으면 OK만 출력해"]),
        (
            "설치하려면 다음 명령을 씁니다:\n\n```sh\n# 한 번만\n$ pip install rag\n$ rag ui\n```\n",
            "어떻게 설치해?",
            ["pip install rag", "rag ui"],
        ),
        ("Install it as follows:\n- download\n- unpack\n", "How do I install it?", ["download", "unpack"]),
        ("다음 명령을 씁니다:\n\n```\na\nb\nc\nd\n```\n", "어떻게 설치해?", ["다음 명령을 씁니다:"]),
        ("다음 주에 시험을 봅니다.\n\n- 끝\n- 시작\n", "시험은 언제 봐?", ["다음 주에 시험을 봅니다."]),
        ("다음 날 다시 학습했다.\n\n이어진다.\n", "언제 학습했어?", ["다음 날 다시 학습했다."]),
        ("설치는 쉽다.\n\n1. 받는다\n2. 푼다\n", "설치는 어때?", ["설치는 쉽다."]),
        ("A stack frame holds the following items here:\n- address\n- locals\n", "What does it hold?", ["address", "locals"]),
        ("A stack frame holds these:\n- address\n- locals\n", "What does it hold?", ["address", "locals"]),
        ("The two of them are:\n- address\n- locals\n", "Where are they?", ["address", "locals"]),
        ("It holds these:\n- address\n  of it\n- locals\n", "What does it hold?", ["address\n  of it", "locals"]),
        ("  It holds these:\n- address\n  - of it\n- locals\n", "What does it hold?", ["It holds these:"]),
        ("  It holds these:\n- address\n- locals\n  end", "What does it hold?", ["It holds these:"]),
        ("A frame is quick.\n- address\n- locals\n", "How is it?", ["A frame is quick."]),
    ],
)
def test_what_a_sentence_announces(text: str, question: str, expected: list[str]) -> None:
    assert quotes(text, text.partition("\n")[0], question) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["**굵게**와 `코드`"], "굵게와 코드"),
        (["`**kwargs`와 `__init__`, __init__"], "**kwargs와 __init__, __init__"),
        (["2**8은 256, **여덟** 제곱"], "2**8은 256, 여덟 제곱"),
        (["**ViT**(Vision Transformer)는 2**8"], "ViT(Vision Transformer)는 2**8"),
        (["2 ** 8과 x ** y, **셋**"], "2 ** 8과 x ** y, 셋"),
        (["`**kw**`는 그대로, **`x`**는 굵게"], "**kw**는 그대로, x는 굵게"),
        (["**닫지 않음"], "닫지 않음"),
        (["words like *pat* and _bat_, *both of them*."], "words like pat and bat, both of them."),
        (["`*a*`, *args, *rest", "A* and B*, 2*3*4, a_b_c"], "*a*, *args, *rest, A* and B*, 2*3*4, a_b_c"),
        (["*a* of $x$"], "*a* of $x$"),
        (['[노름](http://a.kr/p_(x))과 [앞](#앞), [뒤](../b.md "뒤")'], "노름과 앞, 뒤"),
        (["`[가](http://a.kr)`와 ![그림](a.png), [1, 2](x), f[i](j)"], "[가](http://a.kr)와 ![그림](a.png), [1, 2](x), f[i](j)"),
        (["하나\n  > 인용", "둘"], "하나 인용, 둘"),
        (["<u>밑줄</u> <b class='x'>굵게</b><br/>다음"], "밑줄 굵게 다음"),
        (["`<b>`는 굵게, <div>와 <base>는 둔다"], "<b>는 굵게, <div>와 <base>는 둔다"),
        (["&#10230;뒤 &lt;태그&gt; AT&amp;T, `&lt;`는 그대로, &다음; R&D"], "⟶뒤 <태그> AT&T, &lt;는 그대로, &다음; R&D"),
        (["하나", "둘"], "하나, 둘"),
        (["하나\n  이어짐", "둘"], "하나 이어짐, 둘"),
        (["하나\n  이어짐"], "하나\n  이어짐"),
        (["하나", "둘" * 40], "하나, " + "둘" * 40),
        (["하나", "둘" * 41], "하나\n" + "둘" * 41),
        ([], ""),
    ],
)
def test_shown(written: list[str], expected: str) -> None:
    assert shown([Span("a.md", 0, len(quote), quote) for quote in written]) == expected


def test_heads_are_the_items_above() -> None:
    start = NESTED.index("- TF-IDF")
    assert heads(NESTED, start, start + 8) == "검색 › 희소"
    assert heads(NESTED, 0, 4) == heads("", 0, 0) == heads("글이다.", 0, 4) == ""


def test_what_only_names_something_is_shown_with_what_hangs_under_it() -> None:
    def told(text: str, sentence: str) -> list[str]:
        start = text.index(sentence)
        return [span.quote for span in labelled(passage(text), start, start + len(sentence))]

    assert told("앞: 말이다.\n- OCR\n  - 글자를 읽는 일", "- OCR") == ["OCR", "글자를 읽는 일"]
    assert told("= OCR\n  - 글자를 읽는 일", "= OCR") == ["= OCR"]


def test_is_bare() -> None:
    assert is_bare("- OCR:", {"ocr"})
    assert is_bare("역전파란?", {"역전파"})
    assert not is_bare("OCR 과제", {"ocr"})
    assert not is_bare("---", {"ocr"})
    assert is_bare("BM25는", {"bm25"})
    assert is_bare("캐시는", {"캐시"})
    assert not is_bare("불안정이다", {"안정"}) and is_bare("안정이다", {"안정"})
    assert not is_bare("512차원", {"차원"}), "the number is what was asked for"
    assert not is_bare("하한", {"하", "되"}), "a verb's syllable is no word"


def test_is_header() -> None:
    assert is_header(TABLE, TABLE.index("| 이름"))
    assert not is_header(TABLE, TABLE.index("| k1"))
    assert not is_header(TABLE, 0)
    assert is_header("| 이름 | 값 |\n|---|---|", 0)
    assert not is_header("| k1 | 빈도 |\n| b | 길이 |", 0), "a table whose header stands in another passage has rows only"
    assert is_header("- 항목\n  | 이름 | 값 |\n  |---|---|\n  | b | 1 |", 9)
    assert not is_header("- 항목\n  | 이름 | 값 |\n  |---|---|\n  | b | 1 |", 34)


def test_headless() -> None:
    assert headless("| 가 | 1 |\n| 나 | 2 |", 0) and not headless("가\n나", 0)
    assert not any(headless(MODELS, at) for at in (0, MODELS.index("| 가"), MODELS.index("| 다")))


def test_may_list() -> None:
    assert may_list("아무 말이다.", "모두 말해 줘", set()) and may_list("OCR", "OCR은?", {"ocr"})
    assert may_list("갖춰야 할 것:", "갖춰야 할 것은?", {"갖추"}) and may_list("긴 이름", "이름이 뭐야?", {"이름"})
    assert not may_list("갖춰야 할 것이다.", "갖춰야 할 것은?", {"갖추"}) and not may_list("긴 이름이다.", "이름이 뭐야?", {"이름"})
    assert not may_list("긴 이름", "누가 그래?", {"누구"})


def test_is_quantity() -> None:
    assert is_quantity("2016년") and is_quantity("3e-4") and not is_quantity("2016년에") and not is_quantity("")


def test_item_asked() -> None:
    [(start, end)] = item_asked(STEPS, 0, 5, "두 번째 단계는?", set())
    assert STEPS[start:end] == "둘"
    assert item_asked(STEPS, 0, 5, "누가?", set()) == []


def test_unit_missing() -> None:
    assert unit_missing("며칠 보관해?", "서버에 보관한다")
    assert not unit_missing("며칠 보관해?", "30일 보관한다")
    assert unit_missing("몇 퍼센트야?", "30일 보관한다")
    assert not unit_missing("누가 보관해?", "서버에 보관한다")


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        ("몇 개야?", "여섯 개이다", "여섯 번이다"),
        ("몇 가지야?", "맵은 둘이다", "맵은 2019년 것이다"),
        ("몇 %야?", "50퍼센트", "50장"),
        ("몇 퍼센트야?", "50%", "50"),
        ("몇 분 걸려?", "3분이면", "4분류 문제"),
        ("몇 년에 나왔어?", "2024년 5월 7일", "5월 7일"),
        ("How many heads are there?", "8 attention heads", "8 layers"),
        ("How many parameters does it have?", "175 billion parameters", "175 tasks"),
    ],
)
def test_units_are_known_however_they_are_written(question: str, holds: str, lacks: str) -> None:
    assert not unit_missing(question, holds)
    assert unit_missing(question, lacks)


BAYES = "| 이름 | 식 |\n|---|---|\n| 베이즈 정리 | P(A\\|B) = P(B\\|A)P(A)/P(B) |\n| 곱의 법칙 | P(A,B) = P(A)P(B\\|A) |"


def test_a_bar_within_a_cell_parts_nothing() -> None:
    start = BAYES.index("| 베이즈")
    [span] = answer_spans(passage(BAYES), start, BAYES.index("\n| 곱"), "베이즈 정리의 식은?", {"베이즈", "정리", "식"})
    assert (span.quote, shown([span])) == ("P(A\\|B) = P(B\\|A)P(A)/P(B)", "P(A|B) = P(B|A)P(A)/P(B)")
    assert not crosses_cells(BAYES, span.start - AT, span.end - AT) and crosses_cells(BAYES, start, span.end - AT)
    assert shown([Span("a.md", 0, 9, "$\\|x\\|_2$")]) == "$\\|x\\|_2$", "the sign of a norm"


WHY = (
    "붓은 물에 담가 두지 않는다. 털이 빠지기 때문이다.\n"
    "물감은 덮어 둔다. 그늘에 둔다.\n그림은 덮는다.\n먼지가 앉기 때문이다.\n물은 간다.흐리기 때문이다."
)


@pytest.mark.parametrize(
    ("sentence", "question", "expected"),
    [
        ("붓은 물에 담가 두지 않는다.", "붓을 왜 물에 담가 두지 않아?", "붓은 물에 담가 두지 않는다. 털이 빠지기 때문이다."),
        ("붓은 물에 담가 두지 않는다.", "붓을 물에 담가 두지 않는 이유는?", "붓은 물에 담가 두지 않는다. 털이 빠지기 때문이다."),
        ("붓은 물에 담가 두지 않는다.", "붓은 어떻게 두지 않아?", "붓은 물에 담가 두지 않는다."),
        ("털이 빠지기 때문이다.", "붓을 왜 물에 담가 두지 않아?", "털이 빠지기 때문이다."),
        ("물감은 덮어 둔다.", "물감을 왜 덮어 둬?", "물감은 덮어 둔다."),
        ("그림은 덮는다.", "그림을 왜 덮어?", "그림은 덮는다."),
        ("물은 간다.", "물을 왜 갈아?", "물은 간다.흐리기 때문이다."),
    ],
)
def test_a_cause_stands_behind_what_it_is_the_cause_of(sentence: str, question: str, expected: str) -> None:
    assert quotes(WHY, sentence, question) == [expected]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        ("심박출량은 5 L/min이다.", "심박출량은 얼마?", "5 L/min"),
        ("폐활량은 27 mmHg 아래다.", "폐활량은 얼마?", "27 mmHg"),
        ("재판관은 6인 넘게 찬성해야 한다.", "재판관은 몇 명이 찬성해야 해?", "6인"),
        ("이 말은 19세기에 쓰였다.", "이 말은 몇 세기에 쓰였어?", "19세기"),
        ("그때는 11세였다.", "그때는 몇 세였어?", "11세"),
        ("이 법은 2008. 7. 31. 생겼다.", "이 법은 언제 생겼어?", "2008. 7. 31."),
        ("기억하는 수는 7±2개다.", "기억하는 수는 몇 개야?", "7±2개"),
        ("5군영 = 훈련도감, 어영청, 총융청", "5군영은 무엇이야?", "5군영 = 훈련도감, 어영청, 총융청"),
        ("배율 = 두 배쯤", "배율은?", "두 배쯤"),
    ],
)
def test_units_and_labels_of_other_subjects(text: str, question: str, expected: str) -> None:
    assert quotes(text, text, question, question.split()[0][:2]) == [expected]


def test_what_an_equals_sign_lists() -> None:
    text = "- 5군영 = 훈련도감, 어영청, 총융청\n- 지방군은 속오군이다"
    assert quotes(text, "- 5군영 = 훈련도감, 어영청, 총융청", "5군영을 모두 말해 줘", "군영") == ["훈련도감", "어영청", "총융청"]


@pytest.mark.parametrize("sign", [" ", "*", "`", "·"])
def test_long_runs_of_one_sign_take_one_look(sign: str) -> None:
    """Each took minutes once."""
    run = sign * 20_000
    for text in (f"캐시의 종류: 가{run}나, 다", f"캐시 이름:{run}!"):
        for question in ("캐시의 종류를 모두 말해 줘", "캐시 이름은?", "캐시란?"):
            assert "".join(quotes(text, text, question, "캐시"))
        assert shown([Span("a.md", 0, len(text), text)]).startswith("캐시")


def test_where_nothing_would_be_left_the_words_are_shown_as_written() -> None:
    assert [shown([Span("a.md", 0, len(quote), quote)]) for quote in ("<b>", "`<b>`", "<b>굵게</b>")] == ["<b>", "<b>", "굵게"]


def test_sentences_are_not_joined_by_commas() -> None:
    assert shown([Span("a.md", 0, 4, each) for each in ("가다.", "오다.")]) == "가다.\n오다."


def test_a_long_question_is_looked_at_no_longer_than_its_end() -> None:
    assert not names_what_is_asked("- 가", 0, 3, "무엇" * 50_000 + "!", set())


@pytest.mark.parametrize(
    ("cell", "known", "other"),
    [
        ("빈도", "값", True),
        ("1.2", "값", False),
        ("1.2", "하는 일", True),
        ("k1", "값", False),
        ("빈도", "글", False),
        ("빈도", "값 일", False),
        ("매개변수", "값", False),
        ("끝이다", "값", False),
        (" 빈도 ", "값", True),
        ("k1 | 빈도", "값", False),
        ("빈도", "이름", False),
    ],
)
def test_the_cell_of_another_column_than_the_question_names(cell: str, known: str, other: bool) -> None:
    start = TABLE.index(cell)
    assert in_other_column(TABLE, start, start + len(cell), known.split()) is other
    headless_rows = "| k1 | 빈도 | 1.2 |\n| b | 길이 | 0.75 |"
    assert not in_other_column(headless_rows, headless_rows.index("빈도"), headless_rows.index("빈도") + 2, ["값"])


def test_what_holds_words_of_two_cells_is_torn() -> None:
    at = GATES.index("3 | 2")
    assert crosses_cells(GATES, at, at + 5)
    assert not crosses_cells(GATES, at, at + 1) and not crosses_cells(GATES, at - 2, at + 3), "bars at its ends cross nothing"
    assert crosses_cells("\n| a | b |", 3, 8) and not crosses_cells("P(a|b)이다", 0, 6)


LINE = st.tuples(
    st.sampled_from(["", "", "  ", "    ", "\t"]),
    st.sampled_from(["", "- ", "* ", "1. ", "2) ", "• ", "| ", "# ", "> ", "가. "]),
    st.sampled_from(["글", "학습률: 3e-4", "값: 1, 2, 3", "a | b |", "---|---|", "**굵게**", "12번이다. 13장이다.", "BM25", "", "`코드`"]),
).map("".join)
QUESTION = st.sampled_from(["모두 말해 줘", "학습률은?", "몇 번?", "BM25란?", "왜?", "세 가지는?", "값은 얼마?", ""])


@given(st.lists(LINE, max_size=10).map("\n".join), QUESTION, st.sets(st.sampled_from(["학습률", "bm", "25", "값", "글", "번"])))
def test_spans_are_words_of_the_passage(text: str, question: str, known: set[str]) -> None:
    for start, end in sentences(text):
        spans = answer_spans(passage(text), start, end, question, known)
        assert spans
        assert all(text[span.start - AT : span.end - AT] == span.quote == span.quote.strip() != "" for span in spans)
        assert all(before.end <= after.start for before, after in pairwise(spans))
        assert items(text, start, end) == [] or len(items(text, start, end)) > 1


NEEDED = "- 주니어 수준에서 갖춰야 할 것들\n  - 기본기\n  - 자료구조\n- 갖춰야 할 것"


@pytest.mark.parametrize(
    ("text", "sentence", "question", "known", "names"),
    [
        (NEEDED, "- 주니어 수준에서 갖춰야 할 것들", "주니어가 갖춰야 할 것들은?", "주니어 갖추 것", True),
        ("- 갖춰야 할 **것**:\n  - 기본기", "- 갖춰야 할 **것**:", "갖춰야 할 것은 무엇인가요?", "갖춰 것", True),
        ("앞: 말\n주니어 것\n  - 기본기", "주니어 것", "주니어의 것은?", "주니어 것", True),
        (NEEDED, "- 갖춰야 할 것", "갖춰야 할 것은?", "갖춰 것", False),
        (NEEDED, "- 주니어 수준에서 갖춰야 할 것들", "주니어가 갖춰야 할 역량은?", "주니어 갖추 역량", False),
        (NEEDED, "- 주니어 수준에서 갖춰야 할 것들", "다른 것들은?", "다른 것", False),
        ("- 기본 역량\n  - 기본기", "- 기본 역량", "다른 역량은?", "다른 역량", False),
        ("- 갖춰야 할 것: 셋과 것\n  - 기본기", "- 갖춰야 할 것: 셋과 것", "갖춰야 할 것은?", "갖춰 것", False),
        (NEEDED, "- 주니어 수준에서 갖춰야 할 것들", "123?", "주니어", False),
    ],
)
def test_a_line_that_only_names_what_is_asked(text: str, sentence: str, question: str, known: str, names: bool) -> None:
    start = text.index(sentence)
    assert names_what_is_asked(text, start, start + len(sentence), question, known.split()) is names

"""From a sentence to the exact words of an answer."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentences
from index.types import Locator, Passage
from rag.spans import answer_spans, heads, is_bare, is_header, items, shown, unit_missing
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
        (TABLE, "| k1 | 빈도 | 1.2 |", ["k1", "b"]),
        (TABLE, "매개변수:", ["k1", "b"]),
        (TABLE, "끝이다.", ["끝이다."]),
    ],
)
def test_a_list_question_gets_the_whole_list(text: str, sentence: str, expected: list[str]) -> None:
    assert [quote.strip() for quote in quotes(text, sentence, "모두 말해 줘")] == expected


def test_a_list_question_gets_the_column_it_names() -> None:
    assert quotes(TABLE, "| k1 | 빈도 | 1.2 |", "하는 일을 모두 말해 줘", "일") == ["빈도", "길이"]


@pytest.mark.parametrize(
    ("text", "sentence", "question", "known", "expected"),
    [
        ("- 학습률: 3e-4", "- 학습률: 3e-4", "학습률은?", "학습률", "3e-4"),
        ("- **Batch size**: 서른둘", "- **Batch size**: 서른둘", "batch size는?", "batch size", "서른둘"),
        ("- 학습률: 3e-4", "- 학습률: 3e-4", "모멘텀은?", "모멘텀", "학습률: 3e-4"),
        ("학습률: 3e-4", "학습률: 3e-4", "학습률이 뭐야?", "학습률", "학습률: 3e-4"),
        ("배치 32, 에폭 12번", "배치 32, 에폭 12번", "에폭은 몇 번 돌려?", "에폭", "12번"),
        ("정확도는 92. 끝", "정확도는 92.", "정확도는 얼마?", "정확도", "92"),
        (TABLE, "| b | 길이 | 0.75 |", "b의 값은?", "값", "0.75"),
        (TABLE, "| b | 길이 | 0.75 |", "b는 얼마?", "", "0.75"),
        (TABLE, "| b | 길이 | 0.75 |", "왜 그래?", "", "b | 길이 | 0.75"),
        ("| HR@K | 맞힌 비율 |", "| HR@K | 맞힌 비율 |", "HR@K란?", "hr", "맞힌 비율"),
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
        ("- OCR은 어렵다\n  - 글자를 읽는 태스크", "- OCR은 어렵다", "OCR이 뭐야?", "ocr", "OCR은 어렵다"),
    ],
)
def test_one_span(text: str, sentence: str, question: str, known: str, expected: str) -> None:
    assert [quote.strip() for quote in quotes(text, sentence, question, known)] == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (["**굵게**와 `코드`"], "굵게와 코드"),
        (["`**kwargs`와 `__init__`, __init__"], "**kwargs와 __init__, __init__"),
        (["2**8은 256, **여덟** 제곱"], "2**8은 256, 여덟 제곱"),
        (["**ViT**(Vision Transformer)는 2**8"], "ViT(Vision Transformer)는 2**8"),
        (["`**kw**`는 그대로, **`x`**는 굵게"], "**kw**는 그대로, x는 굵게"),
        (["**닫지 않음"], "닫지 않음"),
        (["하나", "둘"], "하나, 둘"),
        (["하나\n  이어짐", "둘"], "하나 이어짐, 둘"),
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


def test_is_bare() -> None:
    assert is_bare("- OCR:", {"ocr"})
    assert is_bare("역전파란?", {"역전파"})
    assert not is_bare("OCR 과제", {"ocr"})
    assert not is_bare("---", {"ocr"})


def test_is_header() -> None:
    assert is_header(TABLE, TABLE.index("| 이름"))
    assert not is_header(TABLE, TABLE.index("| k1"))
    assert not is_header(TABLE, 0)
    assert not is_header("| k1 | 빈도 |\n| b | 길이 |", 0), "a table whose header stands in another passage has rows only"
    assert is_header("- 항목\n  | 이름 | 값 |\n  |---|---|\n  | b | 1 |", 9)
    assert not is_header("- 항목\n  | 이름 | 값 |\n  |---|---|\n  | b | 1 |", 34)


def test_unit_missing() -> None:
    assert unit_missing("며칠 보관해?", "서버에 보관한다")
    assert not unit_missing("며칠 보관해?", "30일 보관한다")
    assert unit_missing("몇 퍼센트야?", "30일 보관한다")
    assert not unit_missing("누가 보관해?", "서버에 보관한다")


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

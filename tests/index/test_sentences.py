"""Sentences of notes: what must hold of any text, and texts with the sentences they must give."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import BULLET, sentences

WORDS = ["그것은 문장이다", "e.g", "Fig", "3", "A", "끝", "😀", "- ", "1. ", "가. ", "| ", "# ", "```"]
SIGNS = [".", "?", "!", "…", "。", '"', ")", " ", "\n", "\n\n", "\t"]
WRITTEN = st.lists(st.sampled_from(["그것은 문장이다.", "정말 그런가?", "그렇다!", "끝이 났음"]), min_size=1, max_size=8)
LONG = ["." * 200_000 + "x", "a. " * 60_000, "1. " * 60_000, "그것은 문장이다. " * 20_000, "다)" * 90_000, " " * 200_000 + "x"]


@given(st.lists(st.sampled_from(WORDS + SIGNS), max_size=40).map("".join))
def test_holds_every_character_in_order(text: str) -> None:
    spans = sentences(text)
    assert all(text[start:end] and text[start:end] == text[start:end].strip() for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert sentences(text) == spans


@given(WRITTEN, st.sampled_from([" ", "\n", "\n\n", "  "]))
def test_finds_again_what_was_joined(written: list[str], space: str) -> None:
    if "끝이 났음" in written[:-1] and "\n" not in space:
        return  # nothing shows where it ends
    text = space.join(written)
    assert [text[start:end] for start, end in sentences(text)] == written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("한 문장이다", ["한 문장이다"]),
        ("첫 문장이다. 둘째 문장이다.", ["첫 문장이다.", "둘째 문장이다."]),
        ("원주율은 3.14다. 다음은 2.71이다.", ["원주율은 3.14다.", "다음은 2.71이다."]),
        ("3.14절 참고. Fig. 3을 보라.", ["3.14절 참고.", "Fig. 3을 보라."]),
        ("Dr. Kim이 말했다. 끝.", ["Dr. Kim이 말했다.", "끝."]),
        ("A. Vaswani가 썼다.", ["A. Vaswani가 썼다."]),
        ("예(e.g. 이것)는 하나다.", ["예(e.g. 이것)는 하나다."]),
        ('"그런가?" 그가 물었다.', ['"그런가?"', "그가 물었다."]),
        ("정말인가?! 그렇다… 끝", ["정말인가?!", "그렇다…", "끝"]),
        ("좋다ㅠㅠ 그래도 한다.", ["좋다ㅠㅠ 그래도 한다."]),
        ("It works. It stops. it goes on.", ["It works.", "It stops. it goes on."]),
        ("이 문장은 두\n줄에 걸친다.\n다음 문장이다", ["이 문장은 두\n줄에 걸친다.", "다음 문장이다"]),
        ("사용합니다.다음은 이렇다.`x`는 값이에요.(끝)", ["사용합니다.", "다음은 이렇다.", "`x`는 값이에요.", "(끝)"]),
        ("3.다음과 a.b는 그대로", ["3.다음과 a.b는 그대로"]),
        ("_알아보자._\n다음 줄이다", ["_알아보자._", "다음 줄이다"]),
        ("| 글 | 왜 그런가? 그렇다. |\n| 끝 |", ["| 글 | 왜 그런가? 그렇다. |", "| 끝 |"]),
        ("정리함\n다음 줄", ["정리함", "다음 줄"]),
        ("- 항목 하나\n- 항목 둘\n이어진 줄\n\n새 문단", ["- 항목 하나", "- 항목 둘\n이어진 줄", "새 문단"]),
        ("셋이 있다:\n1. 하나\n2) 둘\n가. 셋", ["셋이 있다:", "1. 하나", "2) 둘", "가. 셋"]),
        ("네. 맞습니다\n참. 그렇다", ["네.", "맞습니다", "참.", "그렇다"]),
        ("# 제목\n글\n| a | b |\n| c | d |", ["# 제목", "글", "| a | b |", "| c | d |"]),
        ("学習する。次の文。 끝", ["学習する。次の文。", "끝"]),
        ("기다림 ...... 끝.", ["기다림 ......", "끝."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@pytest.mark.parametrize("sign", ["-", "*", "+", "•", "·", "○", "1.", "12)", "가.", "하)", "(1)", "(a)", "（나）", "b)", "③", "–", "■"])
def test_signs_of_list_items(sign: str) -> None:
    assert re.fullmatch(BULLET, sign)
    assert sentences(f"앞줄\n{sign} 항목") == [(0, 2), (3, 6 + len(sign))]


@pytest.mark.parametrize("word", ["네.", "왜)", "2018.", "a.", "--", "글", "(가나)", "1"])
def test_other_words_are_no_signs(word: str) -> None:
    assert re.fullmatch(BULLET, word) is None


@pytest.mark.parametrize(
    "lines",
    [
        "[심박출량]|CO = HR x SV|심박출량이란 심장이 일 분 동안 내보내는 피의 양이다.",
        "일어설 때: 심박수 증가, 혈관 수축|장기 조절은 신장이 맡아 물과 소금의 양을 며칠에 걸쳐 바꾼다",
        "심장이 일 분 동안 내보내는 피의 양을\n심박출량이라고 부르며 심박수와 일회\n박출량을 곱해 구한다",
        "The volume of blood that the heart\npumps in one minute is called the\ncardiac output",
        "Cardiac output|The volume of blood that the heart pumps in one minute",
        "# 아주 길고 긴 제목이 여기에 있다 그리고 더 길다|짧은 줄로 감싼 글이\n이어진다",
    ],
    ids=["label", "terse", "wrapped", "english", "title", "heading"],
)
def test_only_lines_that_are_full_are_wrapped(lines: str) -> None:
    """Bars stand between sentences."""
    text = lines.replace("|", "\n")
    assert [text[start:end] for start, end in sentences(text)] == lines.split("|")


@pytest.mark.parametrize("text", LONG, ids=["dots", "initials", "numbers", "sentences", "brackets", "spaces"])
def test_long_lines_take_little_time(text: str) -> None:
    started = time.process_time()
    spans = sentences(text)
    assert time.process_time() - started < 8
    assert sum(end - start for start, end in spans) >= len("".join(text.split()))

"""Words taken apart for a recogniser, and put together as the notes write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.spoken import ASKED, pieces, spelled, wording

KOREAN = "역 전파 역전 파 는 가 손실 함수 과 적합 을 학습 률 경사 하강 법 무엇 인가요 뭐 야 률이 이란"
LEXICON = frozenset((*KOREAN.split(), "OCR"))


def known(piece: str) -> bool:
    return piece in LEXICON


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("손실", ["손실"]),
        ("학습률", ["학습", "률"]),
        ("과적합을", ["과", "적합", "을"]),
        ("경사하강법", ["경사", "하강", "법"]),
        ("학습률이란", ["학습", "률", "이란"]),
        ("무엇인가요", ["무엇", "인가요"]),
        ("OCR", ["OCR"]),
        ("BERT", []),
        ("역병", []),
    ],
)
def test_a_word_is_taken_apart_into_the_fewest_pieces(word: str, found: list[str]) -> None:
    assert pieces(word, known) == found


@given(st.lists(st.sampled_from(KOREAN.split()), min_size=1, max_size=6))
def test_pieces_make_the_word_again(parts: list[str]) -> None:
    word = "".join(parts)
    found = pieces(word, known)
    assert "".join(found) == word and all(map(known, found)) and len(found) <= len(parts)


def test_what_is_listened_for_are_clauses_and_question_words() -> None:
    found = wording(["# 역전파\n- 손실 함수을 줄인다: 역전파는 손실을 뒤로\nOCR(글자 인식)은 BERT, Ocr"], known)
    assert found.phrases[:5] == ("역 전파", "손실 함수 을", "역 전파 는 손실 을", "OCR", "무엇 인가요")
    assert "뭐 야" in found.phrases
    assert all(known(piece) for phrase in found.phrases for piece in phrase.split())
    assert found.holds("역전파가") and found.holds("손실함수") is False
    assert set(ASKED) <= found.words


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        (["역", "전파", "가", "뭐", "야"], "역전파가 뭐야"),
        (["역", "전파", "이란", "무엇", "인가요"], "역전파이란 무엇인가요"),
        (["손실", "함수", "는"], "손실 함수는"),
        (["OCR", "는"], "OCR 는"),
        (["과", "제"], "과 제"),
        (["[50]", "(천)", "/", "가지"], "50 천 가지"),
        ([], ""),
    ],
)
def test_pieces_are_joined_where_the_notes_hold_the_whole(heard: list[str], written: str) -> None:
    notes = wording(["역전파는 손실 함수를 줄인다. 과적합"], known)
    assert spelled(heard, notes.holds) == written


def test_only_so_much_of_a_collection_is_listened_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.spoken.MOST_CHARACTERS", 5)
    found = wording(["손실 함수", "역전파"], known)
    assert "손실 함수" in found.phrases and "역 전파" not in found.phrases

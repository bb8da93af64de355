"""Syllables, initial consonants and keys: what is taken apart comes together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import hangul

syllables = st.characters(min_codepoint=hangul.FIRST, max_codepoint=hangul.LAST)
letters = st.sampled_from("ㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")
PAIRS = [
    ("역전파", "durwjsvk"),
    ("각사", "rkrtk"),
    ("갃아", "rkrtdk"),
    ("갂아", "rkRdk"),
    ("닭이 괜찮다", "ekfrdl rhoscksgek"),
    ("ㅠㅡ25", "bm25"),
    ("뷁ㅋㅋ", "qnpfrzz"),
    ("얘기 예제 쌍", "dOrl dPwp Tkd"),
    ("ㅁㅅㅅ두샤ㅐㅜ", "attention"),
]


@pytest.mark.parametrize(("text", "pressed"), PAIRS)
def test_keys_and_what_they_write(text: str, pressed: str) -> None:
    assert hangul.keys(text) == pressed
    assert hangul.typed(pressed) == text


@given(st.text(syllables, max_size=12))
def test_syllables_come_back_from_their_keys(text: str) -> None:
    assert hangul.typed(hangul.keys(text)) == text


@given(st.text(st.sampled_from(hangul.KEYS), max_size=20))
def test_keys_come_back_from_what_they_write(pressed: str) -> None:
    assert hangul.keys(hangul.typed(pressed)) == pressed


@given(st.text(st.one_of(syllables, letters, st.sampled_from("0 9.,?-—é漢🙂")), max_size=12))
def test_writing_the_keys_of_any_text_presses_the_same_keys(text: str) -> None:
    assert hangul.keys(hangul.typed(hangul.keys(text))) == hangul.keys(text)


def test_every_syllable_has_keys_of_its_own() -> None:
    every = [chr(code) for code in range(hangul.FIRST, hangul.LAST + 1)]
    assert len({hangul.keys(each) for each in every}) == len(every) == 11172


@pytest.mark.parametrize(("pressed", "text"), [("Durwjsvk", "역전파"), ("DURGKS", "엮한"), ("rkR", "갂"), ("rkr", "각")])
def test_shift_counts_only_where_it_changes_the_letter(pressed: str, text: str) -> None:
    assert hangul.typed(pressed) == text


@pytest.mark.parametrize(("word", "expected"), [("역전파", "ㅇㅈㅍ"), ("까치", "ㄲㅊ"), ("BM25는", "BM25ㄴ"), ("", ""), ("힣", "ㅎ")])
def test_initials(word: str, expected: str) -> None:
    assert hangul.initials(word) == expected


@given(st.text(syllables))
def test_a_syllable_has_one_initial(text: str) -> None:
    assert len(hangul.initials(text)) == len(text)
    assert set(hangul.initials(text)) <= set("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")


def test_clusters_of_an_input_method_are_taken_apart() -> None:
    assert hangul.letters("ㄳㅎㅄㄺㅘ가a") == "ㄱㅅㅎㅂㅅㄹㄱㅘ가a"


@given(syllables, st.integers(0, 27))
def test_a_final_consonant_is_put_and_read(syllable: str, number: int) -> None:
    changed = hangul.with_final(syllable, number)
    assert hangul.final(changed) == number and hangul.with_final(changed, hangul.final(syllable)) == syllable


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["역전파"], "‘역전파’로"), (["어텐션"], "‘어텐션’으로"), (["토큰", "풀"], "‘토큰’, ‘풀’로"), (["bm25"], "‘bm25’로")],
)
def test_the_particle_of_what_is_aimed_at(words: list[str], expected: str) -> None:
    assert hangul.searched_for(words) == expected


@pytest.mark.parametrize(("text", "whole"), [("역전파", True), ("", False), ("ㅠ", False), ("가a", False)])
def test_whole_syllables(text: str, whole: bool) -> None:
    assert hangul.is_whole(text) is whole


@pytest.mark.parametrize(("sign", "number"), [("가", 0), ("각", 1), ("갛", 27), ("ㄱ", -1), ("a", -1), ("", -1)])
def test_what_is_no_syllable_has_no_final(sign: str, number: int) -> None:
    assert hangul.final(sign) == number

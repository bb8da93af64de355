"""Terms of the lexical leg: which words a text gives, and where they stand."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.morphemes import BIGRAM, SURFACE, Analyser

ANY_TEXT = st.text(
    alphabet=st.sampled_from("가나학습을데이터 \t\n\r\x0b\u3000\u2028\xa0\u200b😀é漢𠀀A1.,-…👨\u200d\ud800\x00"), max_size=40
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("?!…", []),
        ("데이터베이스를 학습한다", ["데이터베이스=데이터베이스", "데이터=데이터베이스", "베이스=데이터베이스", "학습=학습"]),
        ("아름다운 그림은 빨리 그렸다", ["아름답=아름다운", "그림=그림", "빨리=빨리", "그리=그렸"]),
        ("Loss가 GPT-4o의 3.14", ["loss=Loss", "gpt=GPT", "4=4", "o=o", "3=3", "14=14"]),
        ("漢字를 읽었다", ["漢字=漢字", "읽=읽"]),
        ("첫 줄\n\n  학습", ["줄=줄", "학습=학습"]),
        ("😀 학습 👨‍👩‍👧 그림", ["학습=학습", "그림=그림"]),
        ("\t 학습", ["학습=학습"]),
        ("학습\0그림\ud800글", ["학습=학습", "그림=그림", "글=글"]),
    ],
)
def test_morphemes_and_where_they_stand(text: str, expected: list[str], analyser: Analyser) -> None:
    found = [f"{token.term}={text[token.start : token.end]}" for token in analyser.tokens(text) if token.tag != "MM"]
    assert found == expected


@given(ANY_TEXT)
def test_places_are_those_of_the_surface(analyser: Analyser, text: str) -> None:
    tokens = analyser.tokens(text)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    written = [token for token in tokens if token.tag in ("SL", "SN", "SH")]  # these have no dictionary form
    assert [text[token.start : token.end].lower() for token in written] == [token.term for token in written]
    assert not any(set(text[token.start : token.end]) & set(" \n\0") for token in tokens)


@given(st.lists(ANY_TEXT, max_size=4))
def test_lines_do_not_look_at_each_other(analyser: Analyser, lines: list[str]) -> None:
    lines = [line.replace("\n", " ") for line in lines]
    alone = [token.term for line in lines for token in analyser.tokens(line)]
    assert [token.term for token in analyser.tokens("\n".join(lines))] == alone


def test_every_morpheme_with_its_whole_tag(analyser: Analyser) -> None:
    text = "  Loss를 줄였다.\n\0 책이다"
    found = [(token.term, token.tag, token.start) for token in analyser.tagged(text)]
    assert found == [
        *(("Loss", "SL", 2), ("를", "JKO", 6), ("줄였", "VV+EP", 8), ("다", "EF", 10), (".", "SF", 11)),
        *(("책", "NNG", 15), ("이", "VCP", 16), ("다", "EC", 17)),
    ]


@given(ANY_TEXT)
def test_tagged_morphemes_are_words_of_the_text(analyser: Analyser, text: str) -> None:
    tokens = analyser.tagged(text)
    assert [text[token.start : token.end] for token in tokens] == [token.term for token in tokens]
    assert {(token.start, token.end) for token in analyser.tokens(text)} <= {(token.start, token.end) for token in tokens}


def test_terms_are_of_three_kinds(analyser: Analyser) -> None:
    assert analyser.terms("BM25는 데이터베이스") == [
        *("bm", "25", "데이터베이스", "데이터", "베이스"),
        *("=bm25는", "#는", "=데이터베이스", "#데이", "#이터", "#터베", "#베이", "#이스"),
    ]


def test_a_question_weighs_its_terms(analyser: Analyser) -> None:
    weights = analyser.query("그림은 무엇이고, 왜 그림인가?")
    morphemes = {term: weight for term, weight in weights.items() if term[0] not in (BIGRAM, SURFACE)}
    assert morphemes == {"그림": 2.0}
    surface = {term: round(weights[term], 6) for term in ("=그림은", "=그림인가", "#그림")}
    assert surface == {"=그림은": 0.2, "=그림인가": 0.2, "#그림": 0.4}
    assert analyser.query("") == analyser.query("?! …") == {}


@given(ANY_TEXT)
def test_a_question_asks_for_terms_of_the_same_text(analyser: Analyser, text: str) -> None:
    weights = analyser.query(text)
    assert weights.keys() <= set(analyser.terms(text))
    assert all(weight > 0 for weight in weights.values())


def test_threads_may_share_an_analyser(analyser: Analyser) -> None:
    random.seed(0)
    texts = [" ".join(random.choices(["학습한다", "데이터베이스", "BM25", "그림을"], k=30)) for _ in range(40)]
    expected = [analyser.tokens(text) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(analyser.tokens, texts)) == expected


@pytest.mark.parametrize(("word", "terms"), [("학습 데이터 ", 2), ("QUJD", 4), (".", 0)])
def test_a_long_line_takes_little_time(word: str, terms: int, analyser: Analyser) -> None:
    """MeCab alone takes 13 s for the second."""
    count = 160_000 // len(word)
    started = time.process_time()
    tokens = analyser.tokens(word * count)
    assert time.process_time() - started < 6
    assert len(tokens) == pytest.approx(terms * count, rel=0.01)
    assert all(token.end <= len(word) * count for token in tokens)

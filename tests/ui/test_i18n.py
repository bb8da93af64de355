"""Both languages say everything, with the same blanks, and each in its own letters."""

from __future__ import annotations

import re
import string
from dataclasses import asdict, fields

import pytest

from rag.pipeline import NO_QUESTION, NO_SUMMARY
from rag.sentence_reader import NOT_FOUND
from rag.span_reader import NO_SPANS
from ui.count import Count
from ui.html import header
from ui.i18n import EN, KO, LANGS, Texts, language, texts, topic

NAMES = [field.name for field in fields(Texts) if field.name != "lang"]


@pytest.mark.parametrize("name", NAMES)
def test_each_string_stands_in_both_languages_with_the_same_blanks(name: str) -> None:
    korean, english = asdict(KO)[name], asdict(EN)[name]
    blanks = [{blank for _, blank, _, _ in string.Formatter().parse(text) if blank} for text in (korean, english)]
    assert blanks[0] == blanks[1]
    assert re.search("[가-힣]", korean)
    assert re.search("[A-Za-z]", english)
    assert not re.search("[가-힣]", english)


def test_what_the_pipeline_says_is_known() -> None:
    assert (KO.not_found, KO.no_summary, KO.no_question, KO.no_spans) == (NOT_FOUND, NO_SUMMARY, NO_QUESTION, NO_SPANS)


def test_texts_are_found_by_language() -> None:
    assert [texts(lang).lang for lang in LANGS] == ["ko", "en"]


@pytest.mark.parametrize(("tag", "lang"), [("ko-KR", "ko"), ("KO", "ko"), ("en-US", "en"), ("de", "en"), ("", "ko"), (None, "ko")])
def test_the_language_follows_the_browser(tag: str | None, lang: str) -> None:
    assert language(tag) == lang


@pytest.mark.parametrize(
    ("count", "korean", "english"), [(0, "0개", "0 notes"), (1, "1개", "1 note"), (2, "2개", "2 notes"), (1234, "1,234개", "1,234 notes")]
)
def test_what_is_counted_is_one_or_many(count: int, korean: str, english: str) -> None:
    assert (f"{Count(count)}개", f"{Count(count):note|notes}") == (korean, english)


def test_the_header_counts_right() -> None:
    assert "1 note · 1 passage<" in header("en", 1, 1)
    assert "노트 1개 · 단락 2,000개<" in header("ko", 1, 2000)


@pytest.mark.parametrize(
    ("word", "said"),
    [("토큰화", "토큰화는"), ("정규화 층", "정규화 층은"), ("정규화(Regularization)", "정규화(Regularization)는"), ("BERT", "BERT은(는)")],
)
def test_the_particle_follows_the_last_sound(word: str, said: str) -> None:
    assert topic(word) == said

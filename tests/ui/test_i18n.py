"""Both languages say everything, with the same blanks, and each in its own letters."""

from __future__ import annotations

import re
import string
from dataclasses import asdict
from typing import Any

import pytest

from rag.pipeline import NO_QUESTION, NO_SUMMARY
from rag.sentence_reader import NOT_FOUND
from rag.span_reader import NO_SPANS
from ui import (
    i18n,
    i18n_ask,
    i18n_guard,
    i18n_log,
    i18n_measure,
    i18n_note,
    i18n_notes,
    i18n_report,
    i18n_study,
    i18n_voice,
)
from ui.count import Count
from ui.html import header
from ui.i18n import KO, LANGS, language, topic

TEXTS: tuple[tuple[Any, Any], ...] = (
    (i18n, i18n.texts), (i18n_ask, i18n_ask.ask_texts), (i18n_log, i18n_log.log_texts), (i18n_measure, i18n_measure.measure_texts),
    (i18n_guard, i18n_guard.guard_texts), (i18n_note, i18n_note.note_texts), (i18n_notes, i18n_notes.notes_texts),
    (i18n_report, i18n_report.report_texts), (i18n_study, i18n_study.study_texts), (i18n_voice, i18n_voice.voice_texts),
)  # fmt: skip
WORDS = [
    pytest.param(korean, asdict(module.EN)[name], id=f"{module.__name__}-{name}")
    for module, _ in TEXTS
    for name, korean in asdict(module.KO).items()
    if name not in ("lang", "joint", "question_id")  # of no language
]


def blanks(text: str) -> set[str]:
    """The names of its blanks; Korean is given the words with their particle."""
    return {blank.replace("subject", "words") for _, blank, _, _ in string.Formatter().parse(text) if blank}


@pytest.mark.parametrize(("korean", "english"), WORDS)
def test_each_string_stands_in_both_languages_with_the_same_blanks(korean: str, english: str) -> None:
    assert blanks(korean) == blanks(english)
    assert re.search("[가-힣]", korean)
    assert re.search("[A-Za-z]", english) and not re.search("[가-힣]", english)


def test_what_the_pipeline_says_is_known() -> None:
    assert (KO.not_found, KO.no_summary, KO.no_question, KO.no_spans) == (NOT_FOUND, NO_SUMMARY, NO_QUESTION, NO_SPANS)


def test_texts_are_found_by_language() -> None:
    for module, texts in TEXTS:
        assert [texts(lang) for lang in LANGS] == [module.KO, module.EN]


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

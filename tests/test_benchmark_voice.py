"""What the benchmark of spoken questions counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import voice
from index.errors import DataError
from index.morphemes import Analyser


@pytest.mark.parametrize(
    ("said", "heard", "rate"),
    [("가 나 다", "가 나 다", 0.0), ("가 나 다 라", "가 다 라", 0.25), ("가 나", "가 마 나 바", 1.0), ("가", "나", 1.0), ("가", "", 1.0)],
)
def test_wrong_missing_and_added_words_are_errors(said: str, heard: str, rate: float) -> None:
    assert voice.error_rate([(said.split(), heard.split())]) == rate


def test_rates_are_over_all_questions_and_spaces_are_no_letters(analyser: Analyser) -> None:
    words, letters, nouns = voice._scores(["역전파가 뭐야?", "손실 함수란?"], ["역 전파가 뭐야", "정규화란"], analyser)
    assert (words, letters) == (pytest.approx(4 / 4), pytest.approx(4 / 11))
    assert nouns < 1


def test_questions_in_hangul_alone_are_spoken(tmp_path: Path) -> None:
    rows = [("역전파란?", "test"), ("BM25란?", "test"), ("손실은?", "dev"), ("과적합, 왜 생겨?", "test")]
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps({"question": question, "split": split}) + "\n" for question, split in rows), "utf-8")
    assert voice._asked(file) == ["역전파란?", "과적합, 왜 생겨?"]
    assert voice._about_terms(["- **정규화**는 **드롭아웃(dropout)** **BM25** **정규화**"]) == ["드롭아웃이 뭐야?", "정규화가 뭐야?"]
    assert voice._spread(["a", "b", "c", "d"], 2) == ["a", "c"]
    with pytest.raises(DataError):
        voice._spread([], 2)

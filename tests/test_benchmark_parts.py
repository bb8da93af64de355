"""A long reading in parts: each question is read once, whatever breaks off in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import parts
from benchmarks.parts import in_parts
from benchmarks.readers import Remembered
from index.encoder import Vectors
from index.types import Progress
from rag.evaluation.datasets import Question
from rag.evaluation.report import HitRow, QuestionRow
from rag.evaluation.yardstick import CachedEncoder
from tests.fakes import HashEncoder

QUESTIONS = tuple(Question(f"q{at}", f"{at}?", (str(at),)) for at in range(5))
ROWS = [QuestionRow("end to end", f"q{at}", "", "", {"F1": at / 3}) for at in range(5)]


class Reader:
    """Notes what it is asked, and breaks off at one question."""

    def __init__(self, breaks: str = "") -> None:
        self.asked, self.breaks = list[str](), breaks

    def __call__(self, questions: Sequence[Question]) -> list[QuestionRow]:
        if self.breaks in [question.id for question in questions]:
            raise RuntimeError("broken off")
        self.asked += [question.id for question in questions]
        return [replace(ROWS[QUESTIONS.index(question)], hits=(HitRow("d", 0, 1, 0.5, 1),)) for question in questions]


@pytest.fixture(autouse=True)
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 2)


def test_a_run_that_broke_off_goes_on(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    with pytest.raises(RuntimeError, match="broken off"):
        in_parts(Reader("q4"), QUESTIONS, "x", tmp_path / "new", lambda *each: told.append(each))
    second, third = Reader(), Reader()
    assert in_parts(second, QUESTIONS, "x", tmp_path / "new", lambda *each: told.append(each)) == ROWS
    assert second.asked == ["q4"]
    assert in_parts(third, QUESTIONS, "x", tmp_path / "new") == ROWS and third.asked == []
    assert told == [("read, all", done, 5) for done in (2, 4, 2, 4, 5)]


def test_without_a_folder_nothing_is_kept() -> None:
    reader = Reader()
    assert in_parts(reader, QUESTIONS, "x", None) == in_parts(reader, QUESTIONS, "x", None) == ROWS
    assert reader.asked == [question.id for question in QUESTIONS] * 2


def test_what_was_read_otherwise_or_is_damaged_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def asked(about: str = "x", questions: Sequence[Question] = QUESTIONS[:2]) -> list[str]:
        reader = Reader()
        assert in_parts(reader, questions, about, tmp_path) == ROWS[: len(questions)]
        return reader.asked

    assert (asked(), asked(), asked("y")) == (["q0", "q1"], [], ["q0", "q1"])
    assert asked(questions=QUESTIONS[:1]) == ["q0"]
    with monkeypatch.context() as changed:
        changed.setattr(parts, "sources", lambda *patterns: "other sources")
        assert asked() == ["q0", "q1"]
    for damage in (b"", b'[{"no": "row"}]'):
        for file in tmp_path.iterdir():
            file.write_bytes(damage)
        assert asked() == ["q0", "q1"]


class Counting(HashEncoder):
    """Keeps what it really encoded."""

    def __init__(self) -> None:
        super().__init__(16)
        self.encoded = list[str]()

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.encoded += texts
        return super().encode_passages(texts, progress)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        self.encoded += texts
        return super().encode_questions(texts)


def test_what_is_known_is_not_encoded_again_and_no_sentence_goes_to_the_disk(tmp_path: Path) -> None:
    encoder, plain = Counting(), HashEncoder(16)
    cached = CachedEncoder(encoder, tmp_path)
    cached.warm(["q"])
    remembered, kept = Remembered(encoder, cached), list(tmp_path.iterdir())
    for texts in (["a", "b", "a"], ["c", "b"]):
        assert remembered.encode_passages(texts).tolist() == plain.encode_passages(texts).tolist()
    assert remembered.encode_questions(["q"]).tolist() == plain.encode_questions(["q"]).tolist()
    assert encoder.encoded == ["q", "a", "b", "c"] and list(tmp_path.iterdir()) == kept

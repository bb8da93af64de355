"""What the two models are trained on, out of the sets of `train/`, and what is kept out of training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.evaluation.datasets import Context, Row, jsonl_rows, nfc

TYDI = "tydiqa-train"
KLUE = "klue-mrc-train"


@dataclass(frozen=True, slots=True)
class Example:
    """A question over a text under its context (title, headings). `answers` are offsets `(start, end)` in `text`, none where it does not
    answer. `group` is what must not be split between training and held-out: the passage or note."""

    question: str
    context: str
    text: str
    answers: tuple[tuple[int, int], ...]
    group: str
    source: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the id of the passage that answers it."""

    question: str
    positive: str
    source: str


def held_out(source: str, context_id: str) -> bool:
    """Whether a passage is kept out of every training: a fixed fifth of TyDi-ko (reported as a test), a tenth of KLUE-MRC (calibration)."""
    if source not in (TYDI, KLUE):
        return False
    return int(hashlib.sha256(context_id.encode()).hexdigest()[:8], 16) % (5 if source == TYDI else 10) == 0


def human(root: Path) -> tuple[list[Example], dict[str, Context]]:
    """The questions that people wrote, with exact answers, and the passages by id: KLUE-MRC, TyDi-ko and, in English, MLQA.

    The back-translated questions of KLUE-MRC have the source `klue-mrc-rtt`. XQuAD has passages and questions, but no answers here.
    """
    examples: list[Example] = []
    contexts: dict[str, Context] = {}
    for source, path in _sources(root).items():
        found = {row["context_id"]: Context(row["context_id"], nfc(row["title"]), nfc(row["text"])) for row in _rows(path, "contexts")}
        contexts |= found
        questions = {row["id"]: row for row in _rows(path, "qa")}
        examples += [_example(row["question"], row, found, source) for row in questions.values()]
        if source == KLUE:
            again = _rows(path, "rtt_questions")
            examples += [_example(row["question_rtt"], questions[row["id"]], found, "klue-mrc-rtt") for row in again]
    return examples, contexts


def _sources(root: Path) -> Mapping[str, Path]:
    english = root / "train/extra/english_small"
    return {
        KLUE: root / "train/klue_mrc",
        TYDI: root / "train/tydiqa_ko",
        "mlqa-en": english / "dev-context-en-question-en",
        "xquad-en": english / "xquad.en",
    }


def _rows(path: Path, part: str) -> Iterator[Row]:
    return (row for _, row in jsonl_rows(path.with_name(f"{path.name}.{part}.jsonl")))


def _example(question: str, row: Row, contexts: Mapping[str, Context], source: str) -> Example:
    context = contexts[row["context_id"]]
    answers = tuple(dict.fromkeys(_places(context.text, row["answers"])))
    return Example(nfc(question), context.title, context.text, answers, context.id, source)


def _places(text: str, answers: Iterable[Row]) -> Iterator[tuple[int, int]]:
    """Where the answers stand; those whose offset does not fit the text are left out."""
    for answer in answers:
        words, start = nfc(answer["text"]), int(answer["start"])
        if words and text[start : start + len(words)] == words:
            yield start, start + len(words)


def strategy(root: Path) -> list[tuple[str, str]]:
    """`(question, facts that decide it)` of Korean StrategyQA: short machine-translated texts about many things."""
    path = root / "train/extra/strategyqa_ko_sionic/qa_facts.jsonl"
    return [(nfc(row["question"]), nfc(" ".join([f"{row['term']}: {row['description']}.", *row["facts"]]))) for _, row in jsonl_rows(path)]

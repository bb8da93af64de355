"""A pipeline without models for the page's tests: it picks the line that shares most words with the question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.types import Document, DocumentInfo, Locator, Passage
from rag.types import Answer, Hit, Leg, RetrieverName, Span


def passages(document: Document) -> Iterator[Passage]:
    """One passage for each paragraph, under the headings above it."""
    at = 0
    path: list[str] = []
    for block in re.split(r"(\n\s*\n)", document.text):
        if heading := re.match(r"(#+) (.+)", block):
            path = [*path[: len(heading[1]) - 1], heading[2]]
        elif block.strip():
            line = document.text.count("\n", 0, at) + 1
            yield Passage(document.doc_id, document.title, tuple(path[1:]), block, at, at + len(block), Locator(line))
        at += len(block)


@dataclass
class WordIndex:
    """Notes in memory."""

    notes: Sequence[Document]

    def __len__(self) -> int:
        return sum(1 for note in self.notes for _ in passages(note))

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(note.doc_id, note.title, "", len(list(passages(note))), len(note.text)) for note in self.notes]

    def document(self, doc_id: str) -> Document:
        return {note.doc_id: note for note in self.notes}[doc_id]


@dataclass
class WordPipeline:
    """Counts shared words; abstains where there are none. `asked` records what it was asked."""

    index: WordIndex
    asked: list[tuple[str, int, RetrieverName]] = field(default_factory=list)

    def ask(self, question: str, *, k: int = 5, retriever: RetrieverName = "hybrid") -> Answer:
        self.asked.append((question, k, retriever))
        words = [word for word in re.findall(r"\w+", question.lower()) if len(word) > 1]
        hits = [self._hit(passage, words) for note in self.index.notes for passage in passages(note)]
        best = sorted(hits, key=lambda hit: (-hit.score, hit.passage.passage_id))[:k]
        if not best or not best[0].matched:
            return Answer(question, "", (), 0.05, tuple(best), True, "노트에서 근거를 찾지 못했습니다", question)
        span = self._line(best[0].passage, words)
        return Answer(question, span.quote.strip("- "), (span,), min(0.95, 0.4 + 0.2 * best[0].score), tuple(best), searched=question)

    def _hit(self, passage: Passage, words: Sequence[str]) -> Hit:
        marks = tuple(m.span() for word in words for m in re.finditer(re.escape(word), passage.text, re.IGNORECASE))
        matched = tuple(word for word in words if word in passage.text.lower())
        score = len(matched) + 1 / (1 + len(passage.text))
        legs = {"dense": Leg(score / 10, 1), "lexical": Leg(score, 2 if matched else None)}
        return Hit(passage, score, legs, matched, marks)

    def _line(self, passage: Passage, words: Sequence[str]) -> Span:
        at, best = 0, (-1, 0, 0)
        for line in passage.text.split("\n"):
            best = max(best, (sum(word in line.lower() for word in words), -at, at + len(line)))
            at += len(line) + 1
        start, end = passage.start - best[1], passage.start + best[2]
        return Span(passage.doc_id, start, end, passage.text[-best[1] : best[2]])

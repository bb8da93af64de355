"""A pipeline without models for the page's tests: it picks the line that shares most words with the question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from index.morphemes import Analyser
from index.types import Document, DocumentInfo, Filter, Locator, Passage
from rag.pipeline import carried
from rag.types import Answer, Glance, Hit, Leg, Repair, RetrieverName, Span, Turn

SLIP = Repair("durwjsvk", "역전파")
"""What the pipeline takes for a slip."""


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
    sources: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(1 for note in self.notes for _ in passages(note))

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(note.doc_id, note.title, "", len(list(passages(note))), len(note.text)) for note in self.notes]

    def document(self, doc_id: str) -> Document:
        return {note.doc_id: note for note in self.notes}[doc_id]


def _words(question: str) -> list[str]:
    return [word for word in re.findall(r"\w+", question.lower()) if len(word) > 1]


analyser = cache(Analyser)


@dataclass
class WordPipeline:
    """Counts shared words; abstains where there are none. `asked` records what it was asked."""

    index: WordIndex
    asked: list[tuple[str, int, RetrieverName]] = field(default_factory=list)
    reader_name: str = "sentence"

    def search(
        self, question: str, k: int = 5, filter: Filter | None = None, retriever: RetrieverName = "hybrid", *, as_typed: bool = False
    ) -> list[Hit]:
        words = _words(question)
        kept = [note for note in self.index.notes if filter is None or filter.keeps(note.doc_id)]
        hits = [self._hit(passage, words) for note in kept for passage in passages(note)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.passage_id))[:k]

    def glance(
        self, question: str, *, history: Sequence[Turn] = (), filter: Filter | None = None, k: int = 5, as_typed: bool = False
    ) -> Glance:
        meant = question if as_typed else question.replace(SLIP.typed, SLIP.meant)
        searched = carried(meant, history, analyser()) if history else meant
        hits = tuple(hit for hit in self.search(searched, k, filter) if hit.matched)
        return Glance(question, hits, searched if searched != meant else "", (SLIP,) if meant != question else ())

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filter: Filter | None = None,
        k: int = 5,
        retriever: RetrieverName = "hybrid",
        as_typed: bool = False,
    ) -> Answer:
        self.asked.append((question, k, retriever))
        if SLIP.typed in question and not as_typed:
            meant = self._answer(question.replace(SLIP.typed, SLIP.meant), k, filter, retriever)
            return replace(meant, question=question, notices=("‘역전파’로 검색했습니다",), repairs=(SLIP,))
        searched = carried(question, history, analyser()) if history else question
        return replace(self._answer(searched, k, filter, retriever), question=question)

    def _answer(self, searched: str, k: int, filter: Filter | None, retriever: RetrieverName) -> Answer:
        best = self.search(searched, k, filter, retriever)
        if not best or not best[0].matched:
            return Answer(searched, "", (), 0.05, tuple(best), True, "노트에서 근거를 찾지 못했습니다", searched)
        span = self._line(best[0].passage, _words(searched))
        return Answer(searched, span.quote.strip("- "), (span,), min(0.95, 0.4 + 0.2 * best[0].score), tuple(best), searched=searched)

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

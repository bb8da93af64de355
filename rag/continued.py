"""Lists that are cut between two passages: all of their items, and the passages that hold them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache

from index.index import Index
from index.split import blanked
from index.types import Passage
from rag.spans import answer_spans, headless, in_table, may_list
from rag.types import Answer, Hit, Span

NEAR = 4
"""How many passages before and after the one that was read a list may reach into."""
FAR = 100
"""How many passages before a row of a table its header is looked for."""

Scored = Callable[[Sequence[int]], Sequence[Hit]]
"""Passages, named by their ids, as hits for the question."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note as far as a question needs it: the ids of its passages, these, its text, and this as they hold it, without pictures."""

    ids: Sequence[int]
    passages: Sequence[Passage]
    text: str
    blank: str

    def around(self, here: Passage, reach: int = NEAR) -> dict[int, Passage]:
        """The passages near one, under the same headings, by their ids; none where the note does not hold it."""
        at = next((number for number, each in enumerate(self.passages) if each.passage_id == here.passage_id), None)
        if at is None:
            return {}
        first = end = at
        while first > max(0, at - reach) and self.passages[first - 1].section == here.section:
            first -= 1
        while end < min(len(self.passages), at + reach + 1) and self.passages[end].section == here.section:
            end += 1
        return dict(zip(self.ids[first:end], self.passages[first:end], strict=True))


Notes = Callable[[str], Note]
"""The note of a `doc_id`."""


def opened(index: Index) -> Notes:
    """The notes of an index, each read once; for one question. Of a note that the index does not have nothing is known."""

    @cache
    def note(doc_id: str) -> Note:
        try:
            ids = index.rows_of(doc_id)
        except KeyError:
            return Note((), (), "", "")
        text = index.document(doc_id).text
        return Note(ids, index.passages(ids), text, blanked(text))

    return note


def stretch(notes: Notes, passage: Passage, reach: int = NEAR) -> Passage:
    """The passage together with those around it under the same headings, `reach` on each side."""
    note = notes(passage.doc_id)
    near = note.around(passage, reach).values()
    if not near:
        return passage
    low, high = min(each.start for each in near), max(each.end for each in near)
    return replace(passage, text=note.blank[low:high], start=low, end=high)


def whole_spans(notes: Notes, passage: Passage, start: int, end: int, question: str, known: Collection[str]) -> tuple[Span, ...]:
    """`answer_spans`, with all items of a list that the passage cuts off or begins within, tables aside.

    A row of a table whose header stands in an earlier passage is read by that. What reaches over a picture is left as the passage has it.
    """
    spans = _widened(notes, passage, start, end, question, known)
    return spans if all(_is_said(notes, passage, span) for span in spans) else answer_spans(passage, start, end, question, known)


def _is_said(notes: Notes, passage: Passage, span: Span) -> bool:
    """Whether the note says these words there, as it does wherever the passage does."""
    return (passage.start <= span.start and span.end <= passage.end) or notes(span.doc_id).text[span.start : span.end] == span.quote


def _widened(notes: Notes, passage: Passage, start: int, end: int, question: str, known: Collection[str]) -> tuple[Span, ...]:
    if headless(passage.text, start):
        passage, before = stretch(notes, passage, FAR), passage.start
        start, end = (at + before - passage.start for at in (start, end))
    spans = answer_spans(passage, start, end, question, known)
    if not may_list(passage.text[start:end], question, known):
        return spans
    wide = stretch(notes, passage)
    before = passage.start - wide.start
    longer = answer_spans(wide, start + before, end + before, question, known)
    if len(longer) <= len(spans) or any(in_table(wide.text, span.start - wide.start) for span in longer):
        return spans
    return longer if len(spans) == 1 or set(spans) < set(longer) else spans


def with_holders(answer: Answer, index: Index, scored: Scored) -> Answer:
    """The answer with the passages that hold a part of it behind its hits, where they are not among them."""
    shown = {hit.passage.passage_id for hit in answer.hits}
    spans = answer.spans if len(answer.spans) > 1 else ()  # one alone stands in a hit
    holders = [hit.passage for hit in answer.hits if any(_holds(hit.passage, span) for span in spans)]
    if all(any(passage.start <= span.start and span.end <= passage.end for passage in holders) for span in spans):
        return answer
    notes = opened(index)
    near = [item for passage in holders for item in notes(passage.doc_id).around(passage).items()]
    missing = {at for at, each in near if each.passage_id not in shown and any(_holds(each, span) for span in spans)}
    return replace(answer, hits=(*answer.hits, *scored(sorted(missing))))


def _holds(passage: Passage, span: Span) -> bool:
    """Whether a part of the span stands in the passage."""
    return passage.doc_id == span.doc_id and span.start < passage.end and passage.start < span.end

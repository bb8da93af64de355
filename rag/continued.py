"""Lists that are cut between two passages: all of their items, and the passages that hold them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from index.index import Index, ids_of
from index.types import Passage
from rag.spans import answer_spans, headless, in_table, may_list
from rag.types import Answer, Hit, Span

NEAR = 4
"""How many passages before and after the one that was read a list may reach into."""
FAR = 100
"""How many passages before a row of a table its header is looked for."""

Scored = Callable[[Sequence[int]], Sequence[Hit]]
"""Passages, named by their ids, as hits for the question."""


def stretch(index: Index, passage: Passage, reach: int = NEAR) -> Passage:
    """The passage together with those around it under the same headings, `reach` on each side."""
    near = _around(index, passage, reach)
    if not near:
        return passage
    low, high = min(each.start for each in near.values()), max(each.end for each in near.values())
    return replace(passage, text=index.document(passage.doc_id).text[low:high], start=low, end=high)


def whole_spans(index: Index, passage: Passage, start: int, end: int, question: str, known: Collection[str]) -> tuple[Span, ...]:
    """`answer_spans`, with all items of a list that the passage cuts off or begins within, tables aside.

    A row of a table whose header stands in an earlier passage is read by that.
    """
    if headless(passage.text, start):
        passage, before = stretch(index, passage, FAR), passage.start
        start, end = (at + before - passage.start for at in (start, end))
    spans = answer_spans(passage, start, end, question, known)
    if not may_list(passage.text[start:end], question, known):
        return spans
    wide = stretch(index, passage)
    before = passage.start - wide.start
    longer = answer_spans(wide, start + before, end + before, question, known)
    if len(longer) <= len(spans) or any(in_table(wide.text, span.start - wide.start) for span in longer):
        return spans
    return longer if len(spans) == 1 or set(spans) < set(longer) else spans


def with_holders(answer: Answer, index: Index, scored: Scored) -> Answer:
    """The answer with the passages that hold a part of it behind its hits, where they are not among them."""
    shown = {hit.passage.passage_id for hit in answer.hits}
    missing: dict[int, None] = {}
    for hit in answer.hits if len(answer.spans) > 1 else ():
        if any(span.doc_id == hit.passage.doc_id and _overlaps(hit.passage, span) for span in answer.spans):
            around = _around(index, hit.passage).items()
            missing |= dict.fromkeys(
                at for at, each in around if each.passage_id not in shown and any(_overlaps(each, span) for span in answer.spans)
            )
    return replace(answer, hits=(*answer.hits, *scored(list(missing)))) if missing else answer


def _overlaps(passage: Passage, span: Span) -> bool:
    return span.start < passage.end and passage.start < span.end


def _around(index: Index, here: Passage, reach: int = NEAR) -> dict[int, Passage]:
    """The passages of its note near one, under the same headings, by their ids; none where the index does not hold it."""
    try:
        ids = ids_of(index, here.doc_id)
    except KeyError:
        return {}
    passages = index.passages(ids)
    at = next((number for number, each in enumerate(passages) if each.passage_id == here.passage_id), None)
    if at is None:
        return {}
    first = end = at
    while first > max(0, at - reach) and passages[first - 1].section == here.section:
        first -= 1
    while end < min(len(passages), at + reach + 1) and passages[end].section == here.section:
        end += 1
    return dict(zip(ids[first:end], passages[first:end], strict=True))

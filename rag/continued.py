"""A list that was cut between two passages: its other items, and the passages that hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from index.index import Index, ids_of
from index.types import Passage
from rag.questions import count_asked
from rag.spans import list_around, shown
from rag.types import Answer, Hit, Span

NEAR = 4
"""How many passages before and after the one that was read a list may reach into."""

Scored = Callable[[Sequence[int]], Sequence[Hit]]
"""Passages, named by their ids, as hits for the question."""


def continued(answer: Answer, index: Index, scored: Scored) -> Answer:
    """The answer with all items of the list that it gives, where its passage breaks that off, or begins within it.

    Passages that hold the other items come behind the hits, where they are not among them.
    """
    hit = _holder(answer)
    if hit is None:
        return answer
    ids = ids_of(index, hit.passage.doc_id)
    near = _around(index.passages(ids), hit.passage)
    low, high = min(each.start for _, each in near), max(each.end for _, each in near)
    stretch = replace(hit.passage, text=index.document(hit.passage.doc_id).text[low:high], start=low, end=high)
    spans = list_around(stretch, answer.spans[0].start - low, answer.spans[0].end - low)
    if not set(answer.spans) < set(spans) or len(spans) > (count_asked(answer.question) or len(spans)):
        return answer
    known = {each.passage.passage_id for each in answer.hits}
    missing = [
        ids[at]
        for at, each in near
        if each.passage_id not in known and any(span.start < each.end and each.start < span.end for span in spans)
    ]
    return replace(answer, text=shown(spans), spans=spans, hits=(*answer.hits, *(scored(missing) if missing else ())))


def _holder(answer: Answer) -> Hit | None:
    """The hit out of whose passage all of several spans are; None where there is none."""
    if len(answer.spans) < 2:
        return None
    return next((hit for hit in answer.hits if all(_holds(hit.passage, span) for span in answer.spans)), None)


def _holds(passage: Passage, span: Span) -> bool:
    return passage.doc_id == span.doc_id and passage.start <= span.start and span.end <= passage.end


def _around(passages: Sequence[Passage], here: Passage) -> list[tuple[int, Passage]]:
    """The passages of its note near one, under the same headings, with their places in the note."""
    at = next(number for number, each in enumerate(passages) if each.passage_id == here.passage_id)
    first = end = at
    while first > max(0, at - NEAR) and passages[first - 1].section == here.section:
        first -= 1
    while end < min(len(passages), at + NEAR + 1) and passages[end].section == here.section:
        end += 1
    return list(enumerate(passages))[first:end]

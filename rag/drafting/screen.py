"""Which drafts are kept: neither trivial nor ambiguous, neither too long nor too short."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from rag.drafting.draft import Draft, squeezed

Content = Callable[[str], frozenset[str]]
"""The content morphemes of a text."""

Fault = Literal["length", "trivial", "ambiguous"]

MOST_REPEATED = 0.7
"""A question that repeats more than this of its evidence's content morphemes is found by words alone."""
EQUALLY_GOOD, COPY = 0.6, 0.8
"""Another sentence with this share of what is asked, or of the evidence, may answer as well."""
_QUESTION, _ANSWER, _QUOTE = (4, 90), (2, 160), (10, 300)
_BLOCK_ANSWER, _BLOCK_QUOTE = (4, 400), (10, 600)
"""Least and most characters; a block is a list or a section."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name is explained, or a sentence stands: `[start, end)` of a note."""

    doc_id: str
    start: int
    end: int

    def overlaps(self, draft: Draft) -> bool:
        return self.doc_id == draft.doc_id and self.start < draft.end and draft.start < self.end


@dataclass(slots=True)
class Corpus:
    """What the notes say: every sentence with its content, and the places that explain each name."""

    content: Content
    sentences: list[tuple[Place, frozenset[str]]] = field(default_factory=list)
    holding: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    explained: defaultdict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))

    def add(self, place: Place, sentence: str) -> None:
        terms = self.content(sentence)
        for term in terms:
            self.holding[term].append(len(self.sentences))
        self.sentences.append((place, terms))

    def explain(self, name: str, place: Place) -> None:
        self.explained[squeezed(name)].append(place)


def fault(draft: Draft, corpus: Corpus) -> Fault | None:
    """Why a draft is left out; None where it is kept."""
    if not _fits(draft):
        return "length"
    if is_trivial(draft, corpus.content):
        return "trivial"
    return "ambiguous" if is_ambiguous(draft, corpus) else None


def _fits(draft: Draft) -> bool:
    is_block = draft.made in ("list", "heading")
    texts = (draft.question, draft.answers[0], draft.quote)
    lengths = (_QUESTION, _BLOCK_ANSWER if is_block else _ANSWER, _BLOCK_QUOTE if is_block else _QUOTE)
    return all(least <= len(text) <= most for text, (least, most) in zip(texts, lengths, strict=True))


def is_trivial(draft: Draft, content: Content) -> bool:
    """Whether an answer stands in the question, or the question repeats more than `MOST_REPEATED` of its evidence."""
    asked = squeezed(draft.question)
    if any(squeezed(answer) in asked for answer in draft.answers):
        return True
    evidence = content(draft.quote)
    return len(evidence & content(draft.question)) > MOST_REPEATED * len(evidence)


def is_ambiguous(draft: Draft, corpus: Corpus) -> bool:
    """Whether the same is asked, or as well answered, at another place of the notes."""
    rivals = [place for key in draft.about for place in corpus.explained.get(squeezed(key), ())]
    wanted, share = (draft.question, EQUALLY_GOOD) if draft.made == "cloze" else (draft.quote, COPY)
    return any(not place.overlaps(draft) for place in (*rivals, *alike(corpus, corpus.content(wanted), share)))


def alike(corpus: Corpus, wanted: frozenset[str], share: float) -> Iterator[Place]:
    """The sentences that hold that share of the terms. Each holds one at least of the rarest, which are more than it may lack."""
    least = math.ceil(share * len(wanted) - 1e-9)
    rarest = sorted(wanted, key=lambda term: (len(corpus.holding.get(term, ())), term))[: len(wanted) - least + 1]
    for number in {number for term in rarest for number in corpus.holding.get(term, ())}:
        place, terms = corpus.sentences[number]
        if len(terms & wanted) >= least:
            yield place

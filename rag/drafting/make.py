"""From notes to drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.morphemes import Analyser
from index.sentences import sentences
from index.settings import SplitSettings
from index.split import split
from index.types import Document, Passage, Progress
from rag.drafting.described import described, facts, line_of
from rag.drafting.draft import Draft
from rag.drafting.labels import labelled, outlines
from rag.drafting.listed import listed
from rag.drafting.screen import Corpus, Fault, Place, fault
from rag.training.facts import Sheet, aliases, chance, sheet

RULES = (described, labelled, listed, outlines)
_SECTIONS = SplitSettings(max_tokens=2000, target_tokens=1000)
_CLOZE = 3
"""Of so many sentences that define, one is asked for its name instead."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """The drafts in the order of the notes, how many were left out and why, and the notes to judge further drafts by."""

    drafts: tuple[Draft, ...]
    left_out: Mapping[str, int]
    corpus: Corpus


def draft_questions(documents: Sequence[Document], progress: Progress | None = None) -> Drafted:
    """What the rules find in the notes, always the same for the same notes; at most one draft for the same words of a note."""
    analyser = Analyser()
    corpus = Corpus(lambda text: frozenset(token.term for token in analyser.tokens(text)))
    found = list(_found(documents, corpus, progress))
    for draft in found:
        for name in draft.about:
            corpus.explain(name, Place(draft.doc_id, draft.start, draft.end))
    kept, left_out = _screened(found, corpus, {document.doc_id: document.text for document in documents})
    return Drafted(tuple(_one_each(kept)), left_out, corpus)


def sections_of(document: Document) -> list[Passage]:
    """Whole sections, so that no list and no heading is cut from what belongs to it. A token is taken for two characters."""
    return split(document, _SECTIONS, lambda texts: [len(text) // 2 for text in texts])


def _found(documents: Sequence[Document], corpus: Corpus, progress: Progress | None) -> Iterator[Draft]:
    passages = list(map(sections_of, documents))
    names = aliases(passage for note in passages for passage in note)
    for done, note in enumerate(passages, 1):
        for passage in note:
            page = sheet(passage, 0, names)
            _enter(page, corpus)
            yield from (draft for rule in RULES for draft in rule(page))
        if progress:
            progress("draft", done, len(passages))


def _enter(page: Sheet, corpus: Corpus) -> None:
    """What the passage says, and the names that it explains, whether they are asked for or not."""
    for part in sentences(page.passage.text):
        corpus.add(_place(page, part), page.text(part))
    for fact in facts(page):
        if fact.kind != "term":
            place = _place(page, line_of(page, fact.answers[0]) or fact.answers[0])
            for name in fact.avoid:
                corpus.explain(name, place)


def _place(page: Sheet, part: tuple[int, int]) -> Place:
    return Place(page.passage.doc_id, page.passage.start + part[0], page.passage.start + part[1])


def _screened(found: Iterable[Draft], corpus: Corpus, texts: Mapping[str, str]) -> tuple[list[Draft], Counter[str]]:
    """Of several wordings of one draft the first that is kept; those left out are counted once each."""
    kept: dict[str, Draft] = {}
    faults: dict[str, Fault] = {}
    for draft in found:
        if draft.id not in kept:
            reason = fault(draft, corpus) if texts[draft.doc_id].count(draft.quote) == 1 else "ambiguous"
            if reason:
                faults.setdefault(draft.id, reason)
            else:
                kept[draft.id] = draft
    return list(kept.values()), Counter[str](reason for name, reason in faults.items() if name not in kept)


def _one_each(drafts: Iterable[Draft]) -> list[Draft]:
    """One draft for the same words, and no question twice."""
    by_words: dict[tuple[str, int, int], list[Draft]] = {}
    for draft in drafts:
        by_words.setdefault((draft.doc_id, draft.start, draft.end), []).append(draft)
    chosen = (_chosen(rivals) for _, rivals in sorted(by_words.items(), key=lambda item: item[0]))
    return list({draft.question: draft for draft in chosen}.values())


def _chosen(rivals: Sequence[Draft]) -> Draft:
    clozes = [draft for draft in rivals if draft.made == "cloze"]
    others = [draft for draft in rivals if draft.made != "cloze"]
    first = clozes if chance(0, rivals[0].quote) % _CLOZE == 0 else others
    return (first or rivals)[0]

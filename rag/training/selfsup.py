"""Training examples out of notes that nobody labelled: the facts that rules find in them, as retrieval pairs and reading examples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from index.types import Passage
from rag.quotes import unspaced
from rag.training.blanks import attributes, clozes, numbers
from rag.training.definitions import bare_terms, definitions, headed
from rag.training.examples import Example, Pair
from rag.training.facts import LONGEST_ANSWER, Fact, aliases, chance, fenced, sheet
from rag.training.headings import headings
from rag.training.lists import lists

RULES = (headed, headings, definitions, bare_terms, attributes, lists, numbers, clozes)
SHORTEST_QUESTION, LONGEST_QUESTION = 4, 80
_LEAST_WORDS = 15
_WORD = re.compile(r"[가-힣]{2,}")


def facts(passages: Sequence[Passage], seed: int = 0) -> Iterator[Fact]:
    """The facts of the passages in their order; the same question over the same text comes once."""
    names = aliases(passages)
    seen: set[tuple[str, str]] = set()
    for passage in passages:
        page = sheet(passage, seed, names)
        for fact in (fact for rule in RULES for fact in rule(page)):
            key = (fact.question.casefold(), passage.text)
            if key not in seen and _is_sound(fact):
                seen.add(key)
                yield fact


def _is_sound(fact: Fact) -> bool:
    answers = [fact.passage.text[start:end] for start, end in fact.answers]
    return SHORTEST_QUESTION <= len(fact.question) <= LONGEST_QUESTION and all(
        answer.strip() and len(answer) <= LONGEST_ANSWER for answer in answers
    )


def pairs(passages: Sequence[Passage], seed: int = 0) -> Iterator[Pair]:
    """Questions with the passage that answers each. The source names the rule: `notes-heading`, `notes-definition`, …"""
    for fact in facts(passages, seed):
        yield Pair(fact.question, fact.passage.passage_id, f"notes-{fact.kind}")


def examples(passages: Sequence[Passage], seed: int = 0) -> Iterator[Example]:
    """Questions with their answers, each followed, where there is one, by the same question over another passage of the note that does
    not answer it (source `notes-…-unanswerable`)."""
    notes: defaultdict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        if _speaks(passage.text):
            notes[passage.doc_id].append(passage)
    for fact in facts(passages, seed):
        if fact.answers:
            yield _example(fact, fact.passage, fact.answers)
            other = _silent(fact, notes[fact.passage.doc_id], seed)
            if other:
                yield _example(fact, other, ())


def _example(fact: Fact, passage: Passage, answers: tuple[tuple[int, int], ...]) -> Example:
    source = f"notes-{fact.kind}" if answers else f"notes-{fact.kind}-unanswerable"
    return Example(fact.question, passage.context, passage.text, answers, passage.doc_id, source)


def _speaks(text: str) -> bool:
    """Whether the text is worth reading: enough Korean outside code."""
    words = sum(len(_WORD.findall(text[start:end])) for start, end in fenced(text))
    return len(_WORD.findall(text)) - words >= _LEAST_WORDS


def _silent(fact: Fact, note: Sequence[Passage], seed: int) -> Passage | None:
    """One of the three passages of the note most like the question among those that hold none of the words to avoid."""
    avoid = [unspaced(word.casefold()) for word in fact.avoid]
    wanted = _bigrams(fact.question)
    found: list[tuple[int, int, Passage]] = []
    for passage in note:
        words = unspaced(passage.embedded.casefold())
        if passage != fact.passage and not any(word in words for word in avoid):
            found.append((-len(wanted & _bigrams(passage.embedded)), passage.start, passage))
    found.sort(key=lambda entry: entry[:2])
    return found[chance(seed, fact.question) % min(3, len(found))][2] if found else None


def _bigrams(text: str) -> set[str]:
    words = unspaced(text.casefold())
    return {words[at : at + 2] for at in range(len(words) - 1)}

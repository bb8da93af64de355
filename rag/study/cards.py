"""Cards made of the notes by rule: a question or a sentence with a gap in front, words of the notes behind, each tied to its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from index.types import Document, Filter, Locator, Passage, Progress
from rag import citations
from rag.citations import Citation, Notes, cite
from rag.drafting.draft import Draft, squeezed
from rag.drafting.make import Drafted, draft_questions, sections_of
from rag.drafting.screen import Content
from rag.study.gaps import BLANK, Gap, gaps, names_of, opened
from rag.training.facts import bare, chance, fill
from rag.training.headings import clean_heading
from rag.training.terms import flat, is_korean
from rag.types import Span

Kind = Literal["definition", "cloze", "list", "fact"]
"""What is asked: what a name means, the word in a gap, all that a list holds, or a reason, an advantage, a difference."""
KINDS: tuple[Kind, ...] = get_args(Kind)
RULES = 1
"""Grows when the rules change: cards that are kept are then made anew."""

_NAMED = 24
"""Characters of what is asked for in a key."""
_OUTLINE = re.compile(r"에 대해 (?:정리|설명)해 줘$")
_LEAST_TOLD = 15
"""Characters that describe something well enough to be asked for."""
_GAPPED = 3
"""Of so many sentences that define, one has a gap for the name instead."""
_SOURCE = re.compile(r"et al|등$")
_SKETCHED = re.compile(r" / |→|\b(?:either|too|also|instead)\b")
"""Signs of a sketch, which tells those only who wrote it, and of what goes on from something else."""
_POLITE = (
    (re.compile(r"무엇이 있나\?$"), "무엇이 있나요?"),
    (re.compile(r"(어떤 \S+이|것들이) 있(?:나|어)\?$"), r"\1 있나요?"),
    (re.compile(r"(?:무엇인가|뭐야)\?$"), "무엇인가요?"),
    (re.compile(r"(?:모두 말해|나열해) 줘$"), "모두 말해 보세요."),
    (re.compile(r"(?:이라고|라고) (?:해|하나|부르는가)\?$"), "라고 하나요?"),
    (re.compile(r"(?:뭐|무엇)라고 하나요\?$"), "무엇이라고 하나요?"),
    (re.compile(r"(?:는|은)가\?$"), "나요?"),
    (re.compile(r"([하되나])나\?$"), r"\1나요?"),
)


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `back` has one text, or one for each item of a list; `section` is the heading path; the first source holds the answer.

    `key` is derived and readable. It follows from the words alone: it stays when a note is indexed again, edited elsewhere, or moved.
    """

    key: str
    kind: Kind
    front: str
    back: tuple[str, ...]
    title: str
    section: tuple[str, ...]
    locator: Locator
    sources: tuple[Citation, ...]

    @property
    def doc_id(self) -> str:
        return self.sources[0].doc_id

    @property
    def context(self) -> tuple[str, ...]:
        """Title and headings as they may stand in front: with a gap too where they hold what belongs in that of a sentence."""
        parts = (self.title, *self.section)
        if self.kind != "cloze":
            return parts
        names = [name for name in re.split(r"[()]", self.back[0]) if name]
        answer = re.compile(rf"(?:{'|'.join(map(re.escape, names))})(?:\s?\([^()]*\))?", re.IGNORECASE)
        hidden = (answer.sub(BLANK, part) for part in parts)
        return tuple(part for part in hidden if not any(squeezed(name) in squeezed(part) for name in names))


def to_json(card: Card) -> dict[str, Any]:
    """The card as JSON has it, for `from_json`."""
    return asdict(card)


def from_json(value: Mapping[str, Any]) -> Card:
    """The card that `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
    if value["kind"] not in KINDS:
        raise ValueError(f"no kind of card: {value['kind']!r}")
    sources = tuple(citations.from_json(each) for each in value["sources"])
    texts = {name: str(value[name]) for name in ("key", "front", "title")}
    back, section = tuple(map(str, value["back"])), tuple(map(str, value["section"]))
    if not sources or not back:
        raise ValueError("a card without an answer or a source")
    return Card(kind=value["kind"], back=back, section=section, locator=Locator(**value["locator"]), sources=sources, **texts)


def make_cards(documents: Sequence[Document], progress: Progress | None = None) -> list[Card]:
    """The cards of the notes in their order, always the same for the same notes; no words of a note are asked for twice.

    Of notes with one text the first is read: a copy would make all that it says ambiguous.
    """
    documents = list({document.text: document for document in reversed(documents)}.values())[::-1]
    drafted = draft_questions(documents, progress)
    sections = {document.doc_id: sections_of(document) for document in documents}
    texts = {document.doc_id: document for document in documents}
    content = drafted.corpus.content
    found = [card for draft in drafted.drafts if (card := _of_draft(draft, texts[draft.doc_id], sections[draft.doc_id], content))]
    taken = [(card.doc_id, card.sources[0].start, card.sources[0].end) for card in found]
    found += _clozes(drafted, texts, sections, taken)
    return _once(sorted(found, key=lambda card: (card.doc_id, card.sources[0].start)))


def chosen(cards: Iterable[Card], kept: Filter | None) -> list[Card]:
    """The cards of the notes that a filter keeps."""
    return [card for card in cards if kept is None or kept.keeps(card.doc_id)]


def located(card: Card, notes: Notes) -> Card | None:
    """The card where its words stand in the notes today; None where they are gone."""
    span = citations.locate(card.sources[0], notes)
    return replace(card, sources=(cite(notes.document(span.doc_id), span),)) if span else None


def _once(cards: Iterable[Card]) -> list[Card]:
    """No card twice, none for what an item of a list says, and no front that asks for two backs: which is meant nobody could say."""
    found = list(cards)
    lists = [card.sources[0] for card in found if card.kind == "list"]
    by_key = {card.key: card for card in found if card.kind == "list" or not any(_holds(one, card.sources[0]) for one in lists)}
    asked: dict[str, list[Card]] = {}
    for card in by_key.values():
        asked.setdefault(squeezed(card.front), []).append(card)
    return [card for card in by_key.values() if len(asked[squeezed(card.front)]) == 1]


def _holds(one: Citation, other: Citation) -> bool:
    return one.doc_id == other.doc_id and one.start <= other.start and other.end <= one.end


def _key(kind: Kind, name: str, quote: str, back: str) -> str:
    digest = hashlib.sha256("\0".join((kind, squeezed(quote), squeezed(back))).encode()).hexdigest()[:8]
    return f"{kind}:{squeezed(name)[:_NAMED]}:{digest}"


def _card(kind: Kind, name: str, front: str, back: Sequence[str], document: Document, span: Span, passages: Sequence[Passage]) -> Card:
    passage = next((each for each in passages if each.start <= span.start < each.end), passages[0])
    section = tuple(label for heading in passage.section if (label := clean_heading(heading)))
    locator = replace(passage.locator, line=document.text.count("\n", 0, span.start) + 1)
    key = _key(kind, name, span.quote, back[0])
    return Card(key, kind, front, tuple(back), document.title, section, locator, (cite(document, span),))


# Out of drafted questions


def _of_draft(draft: Draft, document: Document, passages: Sequence[Passage], content: Content) -> Card | None:
    """The card of a drafted question; None where it asks for a whole section, or tells too little to be learned."""
    if _OUTLINE.search(draft.question) and draft.made == "heading":
        return None
    span = Span(draft.doc_id, draft.start, draft.end, draft.quote)
    if draft.made == "cloze":
        return _card("cloze", draft.answers[0], polite(draft.question), draft.answers[:1], document, span, passages)
    if draft.made == "list" or (draft.made == "heading" and "\n" in draft.quote):
        items = _items(draft)
        return _card("list", draft.question, polite(draft.question), items, document, span, passages) if len(items) > 1 else None
    if draft.made == "heading":
        return _card("fact", draft.question, polite(draft.question), draft.answers[:1], document, span, passages)
    if len(draft.answers[0]) < _LEAST_TOLD or (draft.made == "term" and _SKETCHED.search(draft.answers[0])):
        return None
    front = _gapped(draft, content)
    if front:
        return _card("cloze", draft.names[0], front, (_named(draft),), document, span, passages)
    return _card("definition", draft.names[0], _asked(draft), draft.answers[:1], document, span, passages)


def _gapped(draft: Draft, content: Content) -> str:
    """Every third sentence that defines, with a gap for what it defines; empty for others, and where the rest gives a part of it away."""
    name, words = draft.names[0], draft.answers[0]
    if draft.made != "definition" or chance(0, draft.quote) % _GAPPED or not is_korean(words) or content(_named(draft)) & content(words):
        return ""
    return opened(draft.quote, name)


def _named(draft: Draft) -> str:
    """The name with its other name."""
    name, other = draft.names[0], "".join(draft.names[1:2])
    return f"{name}({other})" if other and squeezed(other) not in squeezed(name) and not _SOURCE.search(other) else name


def _asked(draft: Draft) -> str:
    """What is X? Of a name that stands in a label alone: what of X?"""
    name, shown = draft.names[0], _named(draft)
    before = draft.question.partition(name)[0] if name in draft.question else ""
    before = before if before.endswith("에서 ") else ""
    if not before and not is_korean(draft.answers[0]) and not is_korean(name):
        return f"What is meant by {shown}?" if draft.made == "definition" else f"Explain {shown}."
    if "어떤 사람" in draft.question:
        return before + fill("{는} 어떤 사람인가요?", shown)
    return before + fill("{란} 무엇인가요?" if draft.made == "definition" else "{을} 설명해 보세요.", shown)


def polite(question: str) -> str:
    """The question as the page speaks: "뭐야?" as "무엇인가요?"."""
    for pattern, said in _POLITE:
        question = pattern.sub(said, question)
    return question


def _items(draft: Draft) -> list[str]:
    rows = [row for row in draft.quote.split("\n") if row.strip()]
    if len(rows) == 1:
        return [flat(item) for item in re.split(r",\s+", draft.answers[0])]
    return [flat(row[slice(*bare(row, (0, len(row))))]) for row in rows]


# Gaps


def _clozes(
    drafted: Drafted, texts: Mapping[str, Document], sections: Mapping[str, Sequence[Passage]], taken: Sequence[tuple[str, int, int]]
) -> Iterator[Card]:
    """Sentences that no other card asks for, with a gap for a name or a number; each name once in a note."""
    names = names_of(drafted.drafts, (passage for found in sections.values() for passage in found))
    for doc_id, passages in sections.items():
        busy = [(start, end) for doc, start, end in taken if doc == doc_id]
        asked: set[str] = set()
        for passage in passages:
            for gap in gaps(passage, names, drafted.corpus, busy, asked):
                asked.add(gap.answer)
                yield _of_gap(gap, passage, texts[doc_id], passages)


def _of_gap(gap: Gap, passage: Passage, document: Document, passages: Sequence[Passage]) -> Card:
    start, end = passage.start + gap.line[0], passage.start + gap.line[1]
    span = Span(document.doc_id, start, end, document.text[start:end])
    return _card("cloze", gap.answer, gap.front, (gap.answer,), document, span, passages)

"""From quotes to relevance: which passages of one index hold which gold quotes, however the notes were cut."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.index import Index
from index.types import Passage
from rag.evaluation.answer_recall import Words, answer_pattern, holds, matches, words_of
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.metrics import Judged, refuse_twice
from rag.evaluation.trec import passage_span
from rag.quotes import Interval, find_quote
from rag.types import Hit, Span

_NO_ITEMS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: `[start, end)` of a document's text."""

    doc_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gold:
    """One question's gold over one index; an item is one piece of its evidence, or its answer where it has no evidence.

    `holders` maps a passage id to the items that passage holds, `documents` are those that such passages are of. `places` says for each
    item where its quote stands (nowhere for whole documents), `grades` what it is worth. `ideal` is the worth of the new items that each
    hit of the best ranking brings; an item that no passage holds is one more hit there.
    """

    holders: Mapping[str, frozenset[int]]
    places: tuple[tuple[Place, ...], ...]
    ideal: tuple[int, ...]
    grades: tuple[int, ...]
    documents: frozenset[str]

    @property
    def held(self) -> int:
        """How many items some passage holds."""
        return len(_NO_ITEMS.union(*self.holders.values()))


def gold_of(index: Index, questions: Iterable[Question]) -> dict[str, Gold]:
    """The gold of each answerable question, by question id; ValueError where two questions have one id."""
    return gold_over(_by_document(index), lambda doc_id: index.document(doc_id).text, questions)


def gold_over(passages: Mapping[str, Sequence[Passage]], text_of: Callable[[str], str], questions: Iterable[Question]) -> dict[str, Gold]:
    """As `gold_of`, over the passages of each document that there is, however they came about."""
    questions = list(questions)
    refuse_twice([question.id for question in questions])
    below = _by_folder(passages)
    answerable = [question for question in questions if question.answerable]
    by_answer = any(not question.evidence for question in answerable)
    words = [(each, words_of(each.text)) for here in passages.values() for each in here] if by_answer else []
    out = {}
    for question in answerable:
        if question.evidence:
            places = tuple(_places(item, passages, text_of) for item in question.evidence)
            holders = [_holders(item, where, passages, below) for item, where in zip(question.evidence, places, strict=True)]
            out[question.id] = _gold(places, holders, tuple(item.grade for item in question.evidence))
        else:
            out[question.id] = _answer_gold(question, words, text_of)
    return out


def missing_documents(doc_ids: Collection[str], questions: Iterable[Question]) -> list[str]:
    """The documents of the gold that are none of these, no part of one and, but for quotes, no folder of some; each once."""
    below = _by_folder(doc_ids)

    def is_there(item: Evidence) -> bool:
        part = passage_span(item.doc)
        return item.doc in doc_ids or (part is not None and part[0] in doc_ids) or (not item.quote and item.doc in below)

    return list(dict.fromkeys(item.doc for question in questions for item in question.evidence if not is_there(item)))


def judge_ranking(gold: Gold, passage_ids: Sequence[str]) -> Judged:
    """The gain of a hit is the worth of the items that it is the first to hold; ValueError where an id stands twice."""
    refuse_twice(passage_ids)
    found = _NO_ITEMS
    gains = []
    for passage_id in passage_ids:
        new = items - found if (items := gold.holders.get(passage_id)) else _NO_ITEMS
        gains.append(_worth(new, gold.grades) if new else 0)
        found |= new
    return Judged(tuple(gains), gold.ideal, counted=max(gold.grades) == 1)


def judge_passages(gold: Gold, passages: Sequence[Passage]) -> Judged:
    """As `judge_ranking`, of which only the passages of `gold.documents` need to be named: naming half a million takes long."""
    if len({passage.text for passage in passages}) < len(passages):  # a passage that stands twice does so with its text
        refuse_twice([passage.passage_id for passage in passages])
    near = [at for at, passage in enumerate(passages) if passage.doc_id in gold.documents]
    judged = judge_ranking(gold, [passages[at].passage_id for at in near])
    gains = [0] * len(passages)
    for at, gain in zip(near, judged.gains, strict=True):
        gains[at] = gain
    return Judged(tuple(gains), judged.ideal, judged.counted)


def shown_recall(gold: Gold, hits: Sequence[Hit], characters: int = 1000) -> float:
    """The share of items whose quote is held by the first `characters` characters shown, going down the ranking.

    A whole document counts as shown when any of it is.
    """
    shown: defaultdict[str, list[Interval]] = defaultdict(list)
    touched: set[int] = set()
    for hit in hits:
        if characters <= 0:
            break
        passage = hit.passage
        shown[passage.doc_id].append((passage.start, min(passage.end, passage.start + characters)))
        touched |= gold.holders.get(passage.passage_id, _NO_ITEMS)
        characters -= len(passage.text)
    seen = [
        any(_mostly(place, shown[place.doc_id]) for place in places) if places else item in touched
        for item, places in enumerate(gold.places)
    ]
    return sum(seen) / len(seen)


def cites(gold: Gold, spans: Sequence[Span]) -> bool:
    """Whether a span and a gold quote share at least half of the shorter of the two."""
    return any(
        2 * _shared(place, [(span.start, span.end)]) >= min(place.end - place.start, span.end - span.start)
        for span in spans
        for places in gold.places
        for place in places
        if place.doc_id == span.doc_id
    )


def _places(item: Evidence, passages: Mapping[str, Sequence[Passage]], text_of: Callable[[str], str]) -> tuple[Place, ...]:
    """Where the item's quote stands, or the span that it names itself as `doc_id#start-end`."""
    if item.doc in passages:
        return tuple(Place(item.doc, *span) for span in find_quote(text_of(item.doc), item.quote)) if item.quote else ()
    named = passage_span(item.doc)
    return (Place(*named),) if named and named[0] in passages else ()


def _holders(
    item: Evidence, places: Sequence[Place], passages: Mapping[str, Sequence[Passage]], below: Mapping[str, Sequence[str]]
) -> list[str]:
    if places or item.quote:
        here = passages[places[0].doc_id] if places else ()
        return [passage.passage_id for passage in here if any(_mostly(place, [(passage.start, passage.end)]) for place in places)]
    documents = [item.doc] if item.doc in passages else below.get(item.doc, ())
    return [passage.passage_id for doc_id in documents for passage in passages[doc_id]]


def _answer_gold(question: Question, passages: Sequence[tuple[Passage, Words]], text_of: Callable[[str], str]) -> Gold:
    """One item, which every passage holds that contains an answer."""
    contains = answer_test(question)
    holders = [passage for passage, words in passages if contains(passage.text, words)]
    texts = {doc_id: text_of(doc_id) for doc_id in dict.fromkeys(passage.doc_id for passage in holders)}
    places = (Place(doc_id, *span) for doc_id, text in texts.items() for answer in question.answers for span in find_quote(text, answer))
    return _gold((tuple(places),), [[passage.passage_id for passage in holders]], (1,))


def answer_test(question: Question) -> Callable[[str, Words], bool]:
    """Whether a text, given as it is and as its words, contains an answer of the question."""
    answers, patterns = [words_of(answer) for answer in question.answers], [answer_pattern(each) for each in question.patterns]
    return lambda text, words: holds(words, answers) or bool(patterns and matches(text, patterns))


def _gold(places: tuple[tuple[Place, ...], ...], holders: Sequence[Sequence[str]], grades: tuple[int, ...]) -> Gold:
    items: defaultdict[str, set[int]] = defaultdict(set)
    for item, passage_ids in enumerate(holders):
        for passage_id in passage_ids:
            items[passage_id].add(item)
    held = {passage_id: frozenset(numbers) for passage_id, numbers in items.items()}
    documents = frozenset(passage_id.rpartition("#")[0] for passage_id in held)
    return Gold(held, places, _ideal(set(held.values()), grades), grades, documents)


def _ideal(groups: Collection[frozenset[int]], grades: Sequence[int]) -> tuple[int, ...]:
    """Worth of the new items per hit when the passage with most of it comes next, as alpha-nDCG's ideal (Clarke et al. 2008)."""
    left = frozenset(range(len(grades)))
    gains = []
    if sum(map(len, groups)) == len(_NO_ITEMS.union(*groups)):  # no two passages hold one item: every order of them is right
        gains, left = [_worth(group, grades) for group in groups], left.difference(*groups)
    while best := max((group & left for group in groups), key=lambda group: (_worth(group, grades), sorted(group)), default=_NO_ITEMS):
        gains.append(_worth(best, grades))
        left -= best
    return tuple(sorted([*gains, *(grades[item] for item in left)], reverse=True))


def _worth(items: Iterable[int], grades: Sequence[int]) -> int:
    return sum(grades[item] for item in items)


def _mostly(place: Place, intervals: Iterable[Interval]) -> bool:
    """Whether disjoint or overlapping intervals of the place's document hold 80 % of it: all of it, or a quote cut by a boundary."""
    return 5 * _shared(place, intervals) >= 4 * (place.end - place.start)


def _shared(place: Place, intervals: Iterable[Interval]) -> int:
    """Characters of the place that lie in the union of the intervals."""
    total, at = 0, place.start
    for start, end in sorted(intervals):
        at, stop = max(at, start), min(end, place.end)
        total += max(0, stop - at)
        at = max(at, stop)
    return total


def _by_document(index: Index) -> dict[str, list[Passage]]:
    out: defaultdict[str, list[Passage]] = defaultdict(list)
    for passage in index.passages(range(len(index))):
        out[passage.doc_id].append(passage)
    return dict(out)


def _by_folder(doc_ids: Iterable[str]) -> dict[str, list[str]]:
    """The documents below each prefix that ends before a `/` or `#`."""
    out: defaultdict[str, list[str]] = defaultdict(list)
    for doc_id in doc_ids:
        for match in re.finditer("[/#]", doc_id):
            out[doc_id[: match.start()]].append(doc_id)
    return dict(out)

"""From quotes to relevance: which passages of one index hold which gold quotes, however the notes were cut."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.index import Index
from index.types import Passage
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.metrics import Judged, refuse_twice
from rag.types import Hit, Span

Interval = tuple[int, int]

_NO_ITEMS: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: `[start, end)` of a document's text."""

    doc_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Gold:
    """One question's gold over one index; an item is one piece of its evidence.

    `holders` maps a passage id to the items that passage holds. `places` says for each item where its quote stands (nowhere for whole
    documents). `ideal` is how many new items each hit of the best ranking brings; an item that no passage holds is one more hit there.
    """

    holders: Mapping[str, frozenset[int]]
    places: tuple[tuple[Place, ...], ...]
    ideal: tuple[int, ...]

    @property
    def held(self) -> int:
        """How many items some passage holds."""
        return len(_NO_ITEMS.union(*self.holders.values()))


def gold_of(index: Index, questions: Iterable[Question]) -> dict[str, Gold]:
    """The gold of each answerable question, by question id; ValueError where two questions have one id."""
    questions = list(questions)
    refuse_twice([question.id for question in questions])
    passages = _by_document(index)
    below = _by_folder(passages)
    out = {}
    for question in questions:
        if question.answerable:
            places = tuple(_places(index, item) if item.doc in passages else () for item in question.evidence)
            holders = [_holders(item, where, passages, below) for item, where in zip(question.evidence, places, strict=True)]
            out[question.id] = _gold(places, holders)
    return out


def judge_ranking(gold: Gold, passage_ids: Sequence[str]) -> Judged:
    """The gain of a hit is the number of items that it is the first to hold; ValueError where an id stands twice."""
    refuse_twice(passage_ids)
    found = _NO_ITEMS
    gains = []
    for passage_id in passage_ids:
        new = gold.holders.get(passage_id, _NO_ITEMS) - found
        gains.append(len(new))
        found |= new
    return Judged(tuple(gains), gold.ideal)


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


def find_quote(text: str, quote: str) -> list[Interval]:
    """Every place of a quote in a text, both NFC; where it stands nowhere as it is, white space may differ."""
    quote = unicodedata.normalize("NFC", quote)
    exact = [match.span() for match in re.finditer(re.escape(quote), text)]
    return exact or [match.span() for match in re.finditer(r"\s+".join(map(re.escape, quote.split())), text)]


def _places(index: Index, item: Evidence) -> tuple[Place, ...]:
    if not item.quote:
        return ()
    return tuple(Place(item.doc, *span) for span in find_quote(index.document(item.doc).text, item.quote))


def _holders(
    item: Evidence, places: Sequence[Place], passages: Mapping[str, Sequence[Passage]], below: Mapping[str, Sequence[str]]
) -> list[str]:
    if item.quote:
        here = passages.get(item.doc, ())
        return [passage.passage_id for passage in here if any(_mostly(place, [(passage.start, passage.end)]) for place in places)]
    documents = [item.doc] if item.doc in passages else below.get(item.doc, ())
    return [passage.passage_id for doc_id in documents for passage in passages[doc_id]]


def _gold(places: tuple[tuple[Place, ...], ...], holders: Sequence[Sequence[str]]) -> Gold:
    items: defaultdict[str, set[int]] = defaultdict(set)
    for item, passage_ids in enumerate(holders):
        for passage_id in passage_ids:
            items[passage_id].add(item)
    held = {passage_id: frozenset(numbers) for passage_id, numbers in items.items()}
    return Gold(held, places, _ideal(set(held.values()), len(places)))


def _ideal(groups: Collection[frozenset[int]], items: int) -> tuple[int, ...]:
    """New items per hit when the passage with most of them comes next, as alpha-nDCG's ideal (Clarke et al. 2008)."""
    left = frozenset(range(items))
    gains = []
    while best := max((group & left for group in groups), key=lambda group: (len(group), sorted(group)), default=_NO_ITEMS):
        gains.append(len(best))
        left -= best
    return (*gains, *[1] * len(left))


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

"""Notes at a glance, in their own sentences: the central ones of every section, none twice, each with its place."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, log, log1p

from index.types import Document, Locator, Passage
from rag.drafting.draft import squeezed
from rag.drafting.make import sections_of
from rag.spans import heads
from rag.training.definitions import definition
from rag.training.facts import Part, behind_opening, sheet
from rag.training.headings import clean_heading
from rag.training.terms import flat, stands_alone
from rag.types import Span

Terms = Callable[[str], Iterable[str]]
"""The words of a text by which two sentences are compared."""
Vector = Mapping[str, float]
"""What each word of a sentence weighs, of length 1 in all."""
PER_NOTE = 6
"""Sentences of one note."""

_LENGTH = range(18, 171)
_LEAST_WORDS = 4
_SAME = 0.5
"""Cosine from which on two sentences say the same."""
_DEFINES = 0.2
"""What a sentence is worth more, in cosine, for saying what something is."""
_ANNOUNCES = re.compile(r"[?？:：]$|다음과 같|아래와 같|(?:가지|종류|갈래|단계)$")


@dataclass(frozen=True, slots=True)
class Point:
    """One sentence of a note, under which headings it stands, and where: `said` is it without signs, `span` as it is."""

    said: str
    span: Span
    section: tuple[str, ...]
    locator: Locator


@dataclass(frozen=True, slots=True)
class Glance:
    """One note: its central sentences, in their order."""

    doc_id: str
    title: str
    points: tuple[Point, ...]


def overview(documents: Sequence[Document], terms: Terms, per_note: int = PER_NOTE) -> list[Glance]:
    """The notes in their order, each in at most so many of its sentences; notes without any are left out.

    A sentence is central when its words, weighed by how rare they are in these notes, are those of its note (cosine to the centroid).
    First each section gives its best, then the best of all follow; one that says what a chosen one says is passed over.
    """
    found = [list(_points(document)) for document in documents]
    counts = [[Counter(terms(point.said)) for point in points] for points in found]
    rare = Counter(term for note in counts for each in note for term in each)
    chosen = [_central(points, [_vector(each, rare) for each in count], per_note) for points, count in zip(found, counts, strict=True)]
    pairs = zip(documents, chosen, strict=True)
    return [Glance(document.doc_id, document.title, points) for document, points in pairs if points]


def _points(document: Document) -> Iterator[Point]:
    """The sentences that may be shown: whole, clean, and clear by themselves. Above the first heading stand dates and names."""
    passages = sections_of(document)
    names = {squeezed(heading) for passage in passages for heading in (passage.title, *passage.section)}
    for passage in passages:
        section = tuple(label for heading in passage.section if (label := clean_heading(heading)))
        for line in sheet(passage).lines:
            start, end = behind_opening(passage.text, line)
            said = flat(passage.text[start:end])
            if len(said) in _LENGTH and squeezed(said) not in names and _is_clear(passage, (start, end), said):
                place = passage.start + start, passage.start + end
                locator = replace(passage.locator, line=document.text.count("\n", 0, place[0]) + 1)
                yield Point(said, Span(document.doc_id, *place, document.text[slice(*place)]), section, locator)


def _is_clear(passage: Passage, part: Part, said: str) -> bool:
    hangs = bool(heads(passage.text, *part) or passage.parents)
    told = definition(passage.text, part) is not None
    is_text = len(said.split()) >= _LEAST_WORDS and (told or bool(passage.section))
    return is_text and stands_alone(said) and not hangs and not _ANNOUNCES.search(said)


def _vector(count: Counter[str], rare: Counter[str]) -> Vector:
    return _unit({term: (1 + log(times)) / log1p(rare[term]) for term, times in count.items()})


def _unit(weights: Vector) -> Vector:
    length = max(hypot(*weights.values()), 1e-9)
    return {term: weight / length for term, weight in weights.items()}


def _cosine(one: Vector, other: Vector) -> float:
    return sum(weight * other.get(term, 0.0) for term, weight in one.items())


def _central(points: Sequence[Point], vectors: Sequence[Vector], most: int) -> tuple[Point, ...]:
    total: defaultdict[str, float] = defaultdict(float)
    for term, weight in (item for vector in vectors for item in vector.items()):
        total[term] += weight
    centre = _unit(total)
    worth = [_cosine(vector, centre) + _DEFINES * _defines(point) for point, vector in zip(points, vectors, strict=True)]
    ranked = sorted(range(len(points)), key=lambda number: (-worth[number], number))
    firsts = {points[number].section[:1]: number for number in reversed(ranked)}
    of_sections = sorted(firsts.values(), key=lambda number: (-worth[number], number))
    chosen: list[int] = []
    for number in dict.fromkeys((*of_sections, *ranked)):
        if len(chosen) < most and all(_cosine(vectors[number], vectors[other]) < _SAME for other in chosen):
            chosen.append(number)
    return tuple(points[number] for number in sorted(chosen))


def _defines(point: Point) -> bool:
    return definition(point.span.quote, (0, len(point.span.quote)), labelled=True) is not None

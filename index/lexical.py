"""BM25 over immutable inverted lists, one `Postings` per segment, scored with the statistics of all segments together.

score(q, p) = sum over terms t of  w_t * ln(1 + (N - df_t + .5) / (df_t + .5)) * tf / (tf + k1 * (1 - b + b * len_p / mean_len))

Robertson and Zaragoza 2009 with Lucene's idf, and without the factor k1 + 1, which changes no order
(Kamphuis et al. 2020, "Which BM25 do you mean?").
N, df and the mean length count the living passages only: how documents are cut into segments, and what was deleted, changes nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.index import Ids
from index.settings import LexicalSettings

Live = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Postings:
    """The inverted lists of one segment as four arrays, any of which may be memory-mapped.

    `terms`   uint8 `(bytes,)`: the terms in UTF-8, sorted and joined
    `bounds`  int64 `(2, terms + 1)`: where the bytes and the entries of each term begin
    `entries` int32 `(2, entries)`: row and frequency, by term, then row
    `lengths` int32 `(rows,)`: terms of each passage, repeats counted
    """

    terms: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    entries: NDArray[np.int32]
    lengths: NDArray[np.int32]

    def term(self, number: int) -> bytes:
        return self.terms[self.bounds[0, number] : self.bounds[0, number + 1]].tobytes()

    def of(self, term: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Rows that hold the term and how often, found by bisection so that nothing else is read."""
        key, low, high = encoded(term), 0, self.bounds.shape[1] - 1
        while low < high:
            middle = (low + high) // 2
            if self.term(middle) < key:
                low = middle + 1
            else:
                high = middle
        if low == self.bounds.shape[1] - 1 or self.term(low) != key:
            return self.entries[0, :0], self.entries[1, :0]
        entries = self.entries[:, self.bounds[1, low] : self.bounds[1, low + 1]]
        return entries[0], entries[1]


@dataclass(frozen=True, slots=True)
class Part:
    """One segment's postings and which of its rows live."""

    postings: Postings
    live: Live


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows `source` of `postings`, ascending, which become rows `target`."""

    postings: Postings
    source: Ids
    target: Ids


def encoded(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")


def build(passages: Sequence[Iterable[str]]) -> Postings:
    """The inverted lists of passages given as their terms."""
    numbers: dict[str, int] = {}
    found: list[tuple[int, int, int]] = []
    for row, terms in enumerate(passages):
        found += [(numbers.setdefault(term, len(numbers)), row, count) for term, count in Counter(terms).items()]
    entries = np.array(found, np.int64).reshape(-1, 3).T
    return _assemble([encoded(term) for term in numbers], entries, len(passages))


def merge(copies: Sequence[Copy], rows: int) -> Postings:
    """Inverted lists of `rows` passages brought together from others, without their texts."""
    numbers: dict[bytes, int] = {}
    found = [np.empty((3, 0), np.int64)]
    for copy in copies:
        count = copy.postings.bounds.shape[1] - 1
        renumbered = np.array([numbers.setdefault(copy.postings.term(term), len(numbers)) for term in range(count)], np.int64)
        moved = np.full(len(copy.postings.lengths), -1, np.int64)
        moved[copy.source] = copy.target
        terms = np.repeat(renumbered, np.diff(copy.postings.bounds[1]))
        entries = np.stack((terms, moved[copy.postings.entries[0]], copy.postings.entries[1]))
        found.append(entries[:, entries[1] >= 0])
    return _assemble(list(numbers), np.concatenate(found, axis=1), rows)


def terms_of(postings: Postings, first: int, end: int) -> list[list[str]]:
    """The terms of the rows `[first, end)`, repeats kept, in sorted order."""
    found: list[list[str]] = [[] for _ in range(first, end)]
    rows, counts = postings.entries
    here = np.flatnonzero((rows >= first) & (rows < end))
    numbers = np.searchsorted(postings.bounds[1], here, side="right") - 1
    for number, row, count in zip(numbers, rows[here], counts[here], strict=True):
        found[row - first] += [postings.term(number).decode("utf-8", "surrogatepass")] * int(count)
    return found


def _assemble(terms: list[bytes], entries: NDArray[np.int64], rows: int) -> Postings:
    """Sorts entries `(3, n)` of term, row, frequency; terms without an entry are left out."""
    used = np.unique(entries[0])
    order = sorted(used.tolist(), key=terms.__getitem__)
    number = np.zeros(len(terms), np.int64)
    number[order] = np.arange(len(order))
    column = number[entries[0]]
    entries = entries[:, np.lexsort((entries[1], column))]
    bounds = np.zeros((2, len(order) + 1), np.int64)
    bounds[0, 1:] = np.cumsum([len(terms[term]) for term in order])
    bounds[1, 1:] = np.cumsum(np.bincount(column, minlength=len(order)))
    lengths = np.bincount(entries[1], weights=entries[2], minlength=rows)
    joined = np.frombuffer(b"".join(terms[term] for term in order), np.uint8)
    return Postings(joined, bounds, entries[1:].astype(np.int32), lengths.astype(np.int32))


@dataclass(frozen=True, slots=True)
class Statistics:
    """How many passages live, and their mean length in terms."""

    passages: int
    mean_length: float


def statistics(parts: Sequence[Part]) -> Statistics:
    passages = sum(int(part.live.sum()) for part in parts)
    length = sum(int(part.postings.lengths[part.live].sum()) for part in parts)
    return Statistics(passages, length / passages if passages else 0.0)


def document_frequency(parts: Sequence[Part], term: str) -> int:
    """How many living passages hold the term."""
    return _living(parts, [part.postings.of(term) for part in parts])


def vocabulary(parts: Sequence[Part]) -> dict[str, int]:
    """Every term that a living passage holds, with the number of them."""
    found: Counter[str] = Counter()
    for part in parts:
        joined, starts = part.postings.terms.tobytes(), part.postings.bounds
        living = np.concatenate(([0], np.cumsum(part.live[part.postings.entries[0]])))[starts[1]]
        for first, end, count in zip(starts[0, :-1].tolist(), starts[0, 1:].tolist(), np.diff(living).tolist(), strict=True):
            if count:
                found[joined[first:end].decode("utf-8", "surrogatepass")] += count
    return dict(found)


def _living(parts: Sequence[Part], found: Sequence[tuple[NDArray[np.int32], NDArray[np.int32]]]) -> int:
    """How many of the rows found in each part live."""
    return sum(int(part.live[rows].sum()) for part, (rows, _) in zip(parts, found, strict=True))


def idf(passages: int, frequency: int) -> float:
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


def bm25(parts: Sequence[Part], known: Statistics, terms: Mapping[str, float], settings: LexicalSettings) -> list[NDArray[np.float64]]:
    """For each part the score of every row, dead ones included; 0 where no term occurs.

    Terms are added in sorted order, so that sums repeat to the bit.
    """
    scores = [np.zeros(len(part.postings.lengths)) for part in parts]
    mean = known.mean_length or 1.0
    for term in sorted(terms):
        found = [part.postings.of(term) for part in parts]
        weight = terms[term] * idf(known.passages, _living(parts, found))
        for part, (rows, count), score in zip(parts, found, scores, strict=True):
            norm = settings.k1 * (1 - settings.b + settings.b * part.postings.lengths[rows] / mean)
            score[rows] += weight * count / (count + norm)
    return scores

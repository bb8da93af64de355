"""BM25 over immutable inverted lists, one `Postings` per segment, scored with the statistics of all segments together.

score(q, p) = sum over terms t of  w_t * ln(1 + (N - df_t + .5) / (df_t + .5)) * tf / (tf + k1 * (1 - b + b * len_p / mean_len))

Robertson and Zaragoza 2009 with Lucene's idf, and without the factor k1 + 1, which changes no order
(Kamphuis et al. 2020, "Which BM25 do you mean?").
N, df and the mean length count the living passages only: how documents are cut into segments, and what was deleted, changes nothing.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.index import Ids, Scores
from index.settings import LexicalSettings

Live = NDArray[np.bool_]
Found = tuple[NDArray[np.int32], NDArray[np.int32]]
"""Rows that hold a term, ascending, and how often."""

BLOCK_TERMS, BLOCK_ENTRIES = 2**15, 2**16
"""What is merged at once of each list: at most so many terms, and of entries, unless one term has more, at most so many."""

SPOOLED = 2**23
"""More merged entries than these, 64 MB, wait on the disk until they are written."""

CHUNK = 2**22
"""Entries that are looked through at once."""

MANY = 2**12
"""Of more rows than these it pays to ask first whether all rows of their part live."""

RUNG = 64
"""Of lists no longer than this, bisection remembers nothing: so one term in thirty is remembered at most."""

CHECKED = 2
"""How much longer it takes to add a term to a row than to see whether the row can still be of the best."""

LOOK_UP = 8
"""How much longer it takes to look a row up than to go through it."""

ROUNDING = 1e-6
"""How far a score may be off, as a share: a sum in another order, and then float32's half unit, are 1e-7."""


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
    rungs: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)
    """Terms that every bisection of the whole list passes, once they were read."""

    def term(self, number: int) -> bytes:
        return self.terms[self.bounds[0, number] : self.bounds[0, number + 1]].tobytes()

    def place(self, key: bytes, low: int = 0, *, after: bool = False) -> int:
        """The number of the first term from `low` on that is not below the key, or that is above it, by bisection."""
        high, whole = self.bounds.shape[1] - 1, low == 0
        while low < high:
            middle = (low + high) // 2
            term = self.rungs.get(middle)
            if term is None:
                term = self.term(middle)
                if whole and high - low > RUNG:
                    self.rungs[middle] = term
            if term < key or (after and term == key):
                low = middle + 1
            else:
                high = middle
        return low

    def of(self, term: str) -> Found:
        """Rows that hold the term and how often; nothing else is read."""
        key = encoded(term)
        place = self.place(key)
        if place == self.bounds.shape[1] - 1 or self.term(place) != key:
            return self.entries[0, :0], self.entries[1, :0]
        entries = self.entries[:, self.bounds[1, place] : self.bounds[1, place + 1]]
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


def build(passages: Iterable[Iterable[str]]) -> Postings:
    """The inverted lists of passages given as their terms; takes 12 bytes of memory an entry, and the terms."""
    numbers: dict[str, int] = {}
    found, counts, sizes = array("i"), array("i"), array("i")
    for terms in passages:
        counted = Counter(terms)
        found.extend([numbers.setdefault(term, len(numbers)) for term in counted])
        counts.extend(counted.values())
        sizes.append(len(counted))
    names = [encoded(term) for term in numbers]
    order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    rows = np.repeat(np.arange(len(sizes)), np.asarray(sizes))
    column, row, count = _in_order(rank[np.asarray(found)], rows, np.asarray(counts))
    lengths = np.bincount(row, weights=count, minlength=len(sizes)).astype(np.int32)
    words = [names[number] for number in order]
    joined, bounds = b"".join(words), _bounds(list(map(len, words)), np.bincount(column, minlength=len(order)))
    return Postings(np.frombuffer(joined, np.uint8), bounds, np.stack((row, count)).astype(np.int32), lengths)


def merge(copies: Sequence[Copy], rows: int, folder: Path | None = None) -> Postings:
    """Inverted lists of `rows` passages brought together from others, without their texts.

    Their terms are sorted, so they are merged block by block. More than `SPOOLED` entries are mapped from an unnamed file in `folder`, or
    where the system keeps such files: of the entries only a block is ever in memory. Raises OSError where the disk is full.
    """
    runs = [_Run(copy) for copy in copies]
    entries = _Entries(sum(run.count() for run in runs), folder)
    joined, sizes, held, lengths = bytearray(), array("q"), array("q"), np.zeros(rows, np.int32)
    for terms, column, row, count in _blocks(runs):
        frequency = np.bincount(column, minlength=len(terms)).tolist()
        used = [number for number, entries_of in enumerate(frequency) if entries_of]
        joined += b"".join([terms[number] for number in used])
        sizes.extend([len(terms[number]) for number in used])
        held.extend([frequency[number] for number in used])
        entries.add(row, count)
    for copy in copies:
        lengths[copy.target] = copy.postings.lengths[copy.source]
    return Postings(np.frombuffer(bytes(joined), np.uint8), _bounds(sizes, held), entries.all(), lengths)


class _Run:
    """The sorted terms of one copy, of which those before `at` are merged."""

    def __init__(self, copy: Copy) -> None:
        self.postings, self.at, self.end = copy.postings, 0, copy.postings.bounds.shape[1] - 1
        self.moved = np.full(len(copy.postings.lengths), -1, np.int64)
        self.moved[copy.source] = copy.target
        self.whole = len(copy.source) == len(self.moved)

    def count(self) -> int:
        """How many entries move."""
        rows = self.postings.entries[0]
        if self.whole:
            return len(rows)
        return sum(int((self.moved[rows[at : at + CHUNK]] >= 0).sum()) for at in range(0, len(rows), CHUNK))

    def last(self) -> bytes:
        """The last of the terms that fit into one block, of which there is always one."""
        starts = self.postings.bounds[1]
        stop = int(np.searchsorted(starts, starts[self.at] + BLOCK_ENTRIES, side="right")) - 1
        return self.postings.term(max(self.at, min(stop, self.at + BLOCK_TERMS, self.end) - 1))

    def take(self, last: bytes) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
        """The terms up to `last`, and of their entries that move: which of these terms, new row, frequency."""
        first, self.at = self.at, self.postings.place(last, self.at, after=True)
        bounds = self.postings.bounds[:, first : self.at + 1]
        data, ends = self.postings.terms[bounds[0, 0] : bounds[0, -1]].tobytes(), (bounds[0] - bounds[0, 0]).tolist()
        terms = [data[start:end] for start, end in pairwise(ends)]
        column = np.repeat(np.arange(len(terms)), np.diff(bounds[1]))
        entries = self.postings.entries[:, bounds[1, 0] : bounds[1, -1]]
        row, count = self.moved[entries[0]], entries[1]
        if not self.whole:
            kept = row >= 0
            column, row, count = column[kept], row[kept], count[kept]
        return terms, column, row, count


def _blocks(runs: Sequence[_Run]) -> Iterator[tuple[list[bytes], NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]]:
    """Some terms in order and their entries by term, then row, until all runs are at their end."""
    while open_runs := [run for run in runs if run.at < run.end]:
        last = min(run.last() for run in open_runs)
        taken = [run.take(last) for run in open_runs]
        terms = sorted(set().union(*(each[0] for each in taken)))
        number = {term: place for place, term in enumerate(terms)}
        columns = [np.array([number[term] for term in names], np.int64)[column] for names, column, _, _ in taken]
        row, count = (np.concatenate([each[place] for each in taken]) for place in (2, 3))
        yield terms, *_in_order(np.concatenate(columns), row, count)


class _Entries:
    """Takes entries in their order, which are known to be `count`; keeps many of them in an unnamed file."""

    def __init__(self, count: int, folder: Path | None) -> None:
        self._count, self._at = count, 0
        self._file = TemporaryFile(dir=folder) if count > SPOOLED else None  # noqa: SIM115 - goes with the last use of its content
        self._cells = np.empty((2, 0 if self._file else count), np.int32)

    def add(self, *columns: NDArray[Any]) -> None:
        """Rows and frequencies."""
        for number, column in enumerate(columns):
            if self._file:
                self._file.seek(4 * (number * self._count + self._at))
                self._file.write(column.astype(np.int32).data)
            else:
                self._cells[number, self._at : self._at + len(column)] = column
        self._at += len(columns[0])

    def all(self) -> NDArray[np.int32]:
        if not self._file:
            return self._cells
        self._file.flush()
        return np.asarray(np.memmap(self._file, np.int32, "r", shape=(2, self._count)))


def _in_order(
    column: NDArray[np.int64], row: NDArray[np.int64], count: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32]]:
    """Entries by term, then row; what is in runs already, as merged lists are, costs one pass."""
    order = np.argsort(column << 32 | row, kind="stable")
    return column[order], row[order], count[order]


def _bounds(sizes: Sequence[int], held: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the bytes and the entries of each term begin, from how many each has."""
    bounds = np.zeros((2, len(sizes) + 1), np.int64)
    bounds[0, 1:], bounds[1, 1:] = np.cumsum(np.asarray(sizes, np.int64)), np.cumsum(np.asarray(held, np.int64))
    return bounds


def terms_of(postings: Postings, first: int, end: int) -> list[list[str]]:
    """The terms of the rows `[first, end)`, repeats kept, in sorted order."""
    found: list[list[str]] = [[] for _ in range(first, end)]
    rows, counts = postings.entries
    for start in range(0, len(rows), CHUNK):
        piece = rows[start : start + CHUNK]
        here = start + np.flatnonzero((piece >= first) & (piece < end))
        numbers = np.searchsorted(postings.bounds[1], here, side="right") - 1
        for number, row, count in zip(numbers, rows[here], counts[here], strict=True):
            found[row - first] += [postings.term(number).decode("utf-8", "surrogatepass")] * int(count)
    return found


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
        joined, starts = part.postings.terms.tobytes(), part.postings.bounds[0].tolist()
        for first, end, count in zip(starts[:-1], starts[1:], _frequencies(part), strict=True):
            if count:
                found[joined[first:end].decode("utf-8", "surrogatepass")] += count
    return dict(found)


def _frequencies(part: Part) -> list[int]:
    """Of every term, how many living passages hold it."""
    rows, bounds = part.postings.entries[0], part.postings.bounds[1]
    if part.live.all():
        return list(np.diff(bounds).tolist())
    living = np.zeros(len(bounds), np.int64)
    for start in range(0, len(rows), CHUNK):  # how many live before each bound
        before = np.concatenate(([0], np.cumsum(part.live[rows[start : start + CHUNK]])))
        living += before[np.clip(bounds - start, 0, len(before) - 1)]
    return list(np.diff(living).tolist())


def _living(parts: Sequence[Part], found: Sequence[Found]) -> int:
    """How many of the rows found in each part live."""
    return sum(
        len(rows) if len(rows) > MANY and part.live.all() else int(part.live[rows].sum())
        for part, (rows, _) in zip(parts, found, strict=True)
    )


def idf(passages: int, frequency: int) -> float:
    return math.log(1 + (passages - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a question: its weight with idf, and where it was found in each part."""

    weight: float
    found: Sequence[Found]


class Question:
    """A question's terms looked up in all parts, in sorted order, in which they are added, so that sums repeat to the bit."""

    def __init__(self, parts: Sequence[Part], known: Statistics, terms: Mapping[str, float], settings: LexicalSettings) -> None:
        self._parts, self._settings, self._mean = parts, settings, known.mean_length or 1.0
        self._terms: list[Term] = []
        for term in sorted(terms):
            found = [part.postings.of(term) for part in parts]
            self._terms.append(Term(terms[term] * idf(known.passages, _living(parts, found)), found))

    def every(self) -> list[NDArray[np.float64]]:
        """For each part the score of every row, dead ones included; 0 where no term occurs."""
        scores = [np.zeros(len(part.postings.lengths)) for part in self._parts]
        for term in self._terms:
            for number, (rows, count) in enumerate(term.found):
                scores[number][rows] += self._gain(number, term.weight, rows, count)
        return scores

    def at(self, number: int, rows: Ids) -> NDArray[np.float64]:
        """The scores of some rows of one part."""
        scores = np.zeros(len(rows))
        for term in self._terms:
            here, gain = self._among(number, term, rows)
            scores[here] += gain
        return scores

    def _among(self, number: int, term: Term, rows: Ids) -> tuple[Ids, NDArray[np.float64]]:
        """At which places of `rows` the term stands, and what it adds there."""
        holders, count = term.found[number]
        if not len(holders):
            return rows[:0], np.empty(0)
        place = np.searchsorted(holders, rows.astype(holders.dtype))
        place[place == len(holders)] = 0
        here = np.flatnonzero(holders[place] == rows)
        return here, self._gain(number, term.weight, rows[here], count[place[here]])

    def best(self, k: int, chosen: Sequence[Live]) -> list[tuple[Ids, Scores]]:
        """For each part, among the rows chosen, those that may be of the k best of all by their score > 0, and their scores.

        Terms are looked through from the weightiest on. Once all that are left together give less than the k-th best has already, no row
        that was not met can be of the best any more, and ever fewer of those that were: of the frequent terms, which weigh least, only
        these are looked up (MaxScore, Turtle and Flood 1995). The scores are those of `every`, to the bit.
        """
        if k < 1 or any(term.weight <= 0 for term in self._terms):
            return self._plainly(k, chosen)
        sums = [np.zeros(len(part.postings.lengths)) for part in self._parts]
        met: list[Ids] = [np.empty(0, np.int64) for _ in self._parts]
        closed, seen, left = False, 0.0, sum(term.weight for term in self._terms)
        for term in sorted(self._terms, key=lambda term: -term.weight):
            held = sum(len(rows) for rows, _ in term.found)
            if (closed or left < seen) and sum(map(len, met)) < CHECKED * held:  # otherwise it cannot be, or to add the term costs less
                least = _kth(sums, met, k) * (1 - ROUNDING)
                closed = closed or left < least
                met = [rows[each[rows] + left >= least] for each, rows in zip(sums, met, strict=True)]
            for number in range(len(self._parts)):
                self._add(number, term, sums[number], met, closed, chosen[number])
            left, seen = left - term.weight, seen + term.weight
        least = _kth(sums, met, k) * (1 - ROUNDING)
        return [self._exactly(number, rows[sums[number][rows] >= least]) for number, rows in enumerate(met)]

    def _add(self, number: int, term: Term, sums: NDArray[np.float64], met: list[Ids], closed: bool, chosen: Live) -> None:
        """Adds a term to the rows of one part: to those met where that is closed and they are few, else to all that hold it."""
        rows, count = term.found[number]
        if closed and len(met[number]) * LOOK_UP < len(rows):
            here, gain = self._among(number, term, met[number])
            sums[met[number][here]] += gain
            return
        so_far = sums[rows]
        sums[rows] = so_far + self._gain(number, term.weight, rows, count)
        if not closed:
            fresh = rows[so_far == 0]
            met[number] = np.concatenate((met[number], fresh[chosen[fresh]]))

    def _plainly(self, k: int, chosen: Sequence[Live]) -> list[tuple[Ids, Scores]]:
        found = [scores.astype(np.float32) for scores in self.every()]
        rows = [np.flatnonzero(kept & (scores > 0)) if k > 0 else np.empty(0, np.int64) for kept, scores in zip(chosen, found, strict=True)]
        return [(each, scores[each]) for each, scores in zip(rows, found, strict=True)]

    def _exactly(self, number: int, rows: Ids) -> tuple[Ids, Scores]:
        scores = self.at(number, rows).astype(np.float32)
        return rows[scores > 0], scores[scores > 0]

    def _gain(self, number: int, weight: float, rows: NDArray[Any], count: NDArray[np.int32]) -> NDArray[np.float64]:
        """What a term adds to the rows that hold it."""
        k1, b = self._settings.k1, self._settings.b
        norm = k1 * (1 - b + b * self._parts[number].postings.lengths[rows] / self._mean)
        gain: NDArray[np.float64] = weight * count / (count + norm)
        return gain


def _kth(sums: Sequence[NDArray[np.float64]], met: Sequence[Ids], k: int) -> float:
    """The k-th best sum of the rows met in all parts; 0 where there are fewer."""
    found = np.concatenate([np.empty(0), *(each[rows] for each, rows in zip(sums, met, strict=True))])
    return float(np.partition(found, len(found) - k)[len(found) - k]) if len(found) >= k else 0.0


def bm25(parts: Sequence[Part], known: Statistics, terms: Mapping[str, float], settings: LexicalSettings) -> list[NDArray[np.float64]]:
    """For each part the score of every row, dead ones included; 0 where no term occurs."""
    return Question(parts, known, terms, settings).every()

"""The statements that search one generation. Scores are those of `index.vectors` and `index.lexical`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from index.index import Ids, Scores, Vectors
from index.lexical import idf
from index.postgres.catalogue import Notes, Numbers, Standing
from index.postgres.wire import spelled, unpacked
from index.settings import LexicalSettings
from index.vectors import exact, top

Ask = Callable[..., list[tuple[Any, ...]]]
"""Runs a statement with its parameters."""

EXACT_UPTO = 10_000
"""Of so many passages at most every vector is compared; beyond, the graph proposes candidates."""
HALVED = 20_000
"""Of more passages than these two connections rank half of the notes each, at the same time: to add up postings takes longest of all, and
PostgreSQL does not share it out among its workers."""
DEEPEST = 1000
"""Beyond so many results a graph search is no quicker than comparing every vector."""
SPARE = 32
"""Candidates beyond k: half precision may have put one that belongs behind one that does not."""

VECTORS = "SELECT note, place, vector_send(embedding) FROM vectors WHERE "
_WANTED = ", (note::bigint << 32 | place) = ANY (%s::bigint[])"
_BEST = " ORDER BY 4 DESC, 3 DESC FETCH FIRST %s ROWS "
"""First the passages that are wanted whatever their score, then the best."""
_POSTINGS = (
    "SELECT note, place, sum(weight * tf / (tf + (%s::float8 + %s::float8 * length)))::real{wanted} FROM unnest(%s::text[], %s::float8[])"
    " AS asked (known, weight) CROSS JOIN LATERAL"
    " (SELECT note, place, tf, length FROM postings WHERE term = known AND {condition} OFFSET 0) AS found GROUP BY note, place"
)
"""On one server: term by term, straight out of the inverted lists. OFFSET 0 holds the planner to that: it believes a note's own terms fewer
than they are, and would gather all of them for a filter."""
_PART = (
    "SELECT note, place, sum(tf / (tf + (%s::float8 + %s::float8 * length)) * (%s::float8[])[array_position(%s::text[], term)])::real"
    "{wanted} FROM {part} WHERE term = ANY (%s::text[]) AND "
)
"""On several: whatever stands here can be sent to where the rows are, order and limit included, so that each server ranks its own, all at
the same time. WITH TIES cannot, nor an order by what is not selected."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Among which passages a statement chooses: a condition, its parameters, and how many they are."""

    condition: str
    parameters: tuple[Any, ...]
    passages: int


def everywhere(standing: Standing) -> Scope:
    """All passages of a generation."""
    if not standing.dead:
        return Scope("note BETWEEN %s AND %s", (standing.first, standing.last), standing.passages)
    condition = "note BETWEEN %s AND %s AND note <> ALL (%s::int[])"
    return Scope(condition, (standing.first, standing.last, list(standing.dead)), standing.passages)


def within(notes: Sequence[int], passages: int) -> Scope:
    """The passages of the notes named."""
    return Scope("note = ANY (%s::int[])", (list(notes),), passages)


def named(notes: Numbers, places: Numbers, spread: bool) -> Scope:
    """Some passages: by the key of each, or where they lie on several servers so that each is asked for its own."""
    wanted = keys(notes, places)
    if not spread:
        pairs = [key >> 32 for key in wanted], [key & 0xFFFFFFFF for key in wanted]
        return Scope("(note, place) IN (SELECT * FROM unnest(%s::int[], %s::int[]))", pairs, len(wanted))
    condition = "note = ANY (%s::int[]) AND place = ANY (%s::int[]) AND (note::bigint << 32 | place) = ANY (%s::bigint[])"
    return Scope(condition, (np.unique(notes).tolist(), np.unique(places).tolist(), wanted), len(wanted))


def among(notes: Numbers, places: Numbers) -> Scope:
    """Some passages, sought among the postings of terms. By `note` the planner would read all postings of their notes."""
    wanted = keys(notes, places)
    return Scope("(note::bigint << 32 | place) = ANY (%s::bigint[])", (wanted,), len(wanted))


def keys(notes: Numbers, places: Numbers) -> list[int]:
    """One number for each passage, ascending."""
    numbers: list[int] = np.unique(notes.astype(np.int64) << 32 | places).tolist()
    return numbers


def nearest(ask: Ask, notes: Notes, query: Vectors, k: int, scope: Scope) -> tuple[Ids, Scores]:
    """The k best by inner product, in the order `(-score, id)`."""
    if k < 1 or not scope.passages:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    if scope.passages <= EXACT_UPTO or k > DEEPEST:
        order = "embedding <#> %s::vector FETCH FIRST %s ROWS WITH TIES"
    else:
        order = "(embedding::halfvec({dim})) <#> %s::halfvec({dim}) FETCH FIRST %s ROWS ONLY".format(dim=len(query))
    found = ask(f"{VECTORS}{scope.condition} ORDER BY {order}", *scope.parameters, spelled(query), k + SPARE)
    return top(_ids(notes, found), exact(unpacked((row[2] for row in found), len(query)), query), k)


def scores_of(ids: Sequence[int] | Ids, found: tuple[Ids, Scores]) -> Scores:
    """The score of each of the passages named, 0 where it was not found."""
    known = dict(zip(found[0].tolist(), found[1].tolist(), strict=True))
    return np.array([known.get(number, 0.0) for number in np.asarray(ids, np.int64).tolist()], np.float32)


def lexical(
    ask: Ask,
    notes: Notes,
    standing: Standing,
    weights: Mapping[str, float],
    scope: Scope,
    k: int | None = None,
    also: Sequence[int] = (),
) -> tuple[Ids, Scores]:
    """Passages of BM25 score > 0 for terms with their weight times idf, in the order `(-score, id)`: the k best and `also` those of these
    keys that are in the scope, so k or more; without k, all in the scope."""
    if not weights or not scope.passages or (k is not None and k < 1):
        return np.empty(0, np.int64), np.empty(0, np.float32)
    if k is None:
        found = _rows(ask, standing, weights, scope)
    elif standing.parts or scope.passages <= HALVED:
        found = _best(ask, standing, weights, scope, k, also)
    else:
        one, other = _halves(standing, scope)
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(_best, ask, standing, weights, one, k, also)
            found = [*_best(ask, standing, weights, other, k, also), *asked.result()]
    scores = np.array([row[2] for row in found], np.float32)
    ids, positive = _ids(notes, found), scores > 0
    return top(ids[positive], scores[positive], len(ids))


def _halves(standing: Standing, scope: Scope) -> list[Scope]:
    """The earlier and the later notes of a scope."""
    middle = (standing.first + standing.last) // 2
    return [
        replace(scope, condition=f"{scope.condition} AND note {sign} %s", parameters=(*scope.parameters, middle)) for sign in ("<=", ">")
    ]


def _best(ask: Ask, standing: Standing, weights: Mapping[str, float], scope: Scope, k: int, also: Sequence[int]) -> list[tuple[Any, ...]]:
    """The rows of the k best, all those as good as the last of them, and those wanted."""
    found = _rows(ask, standing, weights, scope, _BEST + "ONLY", also, k + len(also) + SPARE)
    return _rows(ask, standing, weights, scope, _BEST + "WITH TIES", also, k + len(also)) if _cut(found, k) else found


def _rows(
    ask: Ask,
    standing: Standing,
    weights: Mapping[str, float],
    scope: Scope,
    best: str = "",
    also: Sequence[int] = (),
    limit: int | None = None,
) -> list[tuple[Any, ...]]:
    """Note, place and score of passages that hold one of the terms: all, or the best."""
    norms, terms, values = _norms(standing), list(weights), list(weights.values())
    wanted, named, most = (_WANTED, (list(also),), (limit,)) if best else ("", (), ())
    if not standing.parts:
        statement = _POSTINGS.format(condition=scope.condition, wanted=wanted) + best
        return ask(statement, *norms, *named, terms, values, *scope.parameters, *most)
    tail = f"{scope.condition} GROUP BY note, place{best}"
    statement = " UNION ALL ".join(f"({_PART.format(part=part, wanted=wanted)}{tail})" for part in standing.parts)
    return ask(statement, *(*norms, values, terms, *named, terms, *scope.parameters, *most) * len(standing.parts))


def _cut(found: Sequence[tuple[Any, ...]], k: int) -> bool:
    """Whether a server may have left out passages as good as the k-th: it gave the k best and `SPARE` more, all as good as that."""
    scores: list[float] = sorted((row[2] for row in found), reverse=True)
    return sum(score >= scores[min(k, len(scores)) - 1] for score in scores) >= k + SPARE


def _norms(standing: Standing) -> tuple[float, float]:
    """BM25's k1 * (1 - b + b * length / mean) as two numbers a + b * length."""
    settings: LexicalSettings = standing.settings.lexical
    return settings.k1 * (1 - settings.b), settings.k1 * settings.b / standing.mean_length


def weighted(terms: Mapping[str, float], frequencies: Mapping[str, int], passages: int) -> dict[str, float]:
    """Each term that occurs with its weight times its idf."""
    return {term: terms[term] * idf(passages, frequencies[term]) for term in sorted(terms) if frequencies[term]}


def frequencies(ask: Ask, standing: Standing, terms: Sequence[str]) -> dict[str, int]:
    """In how many passages each term occurs: looked up for the current generation, counted for an earlier one."""
    askable = [term for term in terms if _storable(term)]
    found = ask("SELECT term, df FROM meta LEFT JOIN terms ON term = ANY (%s::text[]) WHERE generation = %s", askable, standing.generation)
    if not found:
        scope = everywhere(standing)
        counted = f"SELECT term, count(*) FROM postings WHERE term = ANY (%s::text[]) AND {scope.condition} GROUP BY term"
        found = ask(counted, askable, *scope.parameters)
    known = {term: int(df) for term, df in found if term is not None}
    return {term: known.get(term, 0) for term in terms}


def _storable(term: str) -> bool:
    """Whether a text of PostgreSQL can hold it: no NUL, and nothing that is not Unicode."""
    return term == term.encode("utf-8", "ignore").decode().replace("\0", "")


def vocabulary(ask: Ask, standing: Standing) -> dict[str, int]:
    """Every term that occurs, with the number of passages."""
    found = ask("SELECT term, df FROM meta LEFT JOIN terms ON df > 0 WHERE generation = %s", standing.generation)
    if not found:
        scope = everywhere(standing)
        found = ask(f"SELECT term, count(*) FROM postings WHERE {scope.condition} GROUP BY term", *scope.parameters)
    return {term: int(df) for term, df in found if term is not None}


def _ids(notes: Notes, found: Sequence[tuple[Any, ...]]) -> Ids:
    return notes.ids([row[0] for row in found], [row[1] for row in found])


def in_order(notes: Notes, found: Sequence[tuple[Any, ...]], ids: Sequence[int] | Ids, dim: int) -> Vectors:
    """The vectors found, `(n, dim)`, in the order of the passages named."""
    at = {number: row for row, number in enumerate(_ids(notes, found).tolist())}
    rows = np.array([at[number] for number in np.asarray(ids, np.int64).tolist()], np.int64)
    return unpacked((row[2] for row in found), dim)[rows]

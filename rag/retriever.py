"""Picks passages: the dense leg, the lexical leg, or both mixed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from index.encoder import Encoder
from index.index import Ids, Index, Scores
from index.morphemes import BIGRAM, SURFACE, Analyser
from index.types import Filter, Passage
from rag.mixture import Mixture, describe, shipped
from rag.stages import stage
from rag.types import Hit, Leg, RetrieverName

DEPTH = 100
"""How many candidates each leg brings to the mixture."""

_NONE: Ids = np.empty(0, np.int64)
_WEAK = frozenset(("NP", "NNB", "VX", "MM", "MAJ"))
"""Tags of words that explain nothing when they are marked in a passage."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Passages with their scores and ranks in each leg that was asked; all arrays `(n,)`, a rank of 0 means not among the leg's hits."""

    ids: Ids
    scores: Mapping[str, Scores]
    ranks: Mapping[str, Ids]


@dataclass(frozen=True, slots=True)
class IndexRetriever:
    """A retriever over one index. `name` says which legs it asks."""

    index: Index
    encoder: Encoder
    analyser: Analyser
    name: RetrieverName = "hybrid"
    mixture: Mixture | None = None

    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]:
        """The k best passages in the total order `(-score, passage_id)`; without any word or meaning to go by, none."""
        if not question.strip() or k < 1:
            return []
        terms = self.analyser.query(question)
        found = self.candidates(question, terms, max(k, DEPTH), filter)
        scores = self.mixed(terms, found)
        best = np.argsort(-scores, kind="stable")
        best = best[: np.searchsorted(-scores[best], -scores[best[k - 1]], side="right")] if len(best) > k else best  # ties at k stay in
        passages = dict(zip(best.tolist(), self.index.passages(found.ids[best]), strict=True))
        order = sorted(passages, key=lambda at: (-scores[at], passages[at].passage_id))
        return [self._hit(passages[at], float(scores[at]), at, found, terms) for at in order[:k]]

    def scored(self, question: str, ids: Sequence[int], filter: Filter | None = None) -> list[Hit]:
        """The passages named as the hits that they are for the question, however far down, in the order of `retrieve`."""
        terms, named = self.analyser.query(question), np.array(sorted(ids), np.int64)
        found = self.candidates(question, terms, DEPTH, filter, named)
        scores = self.mixed(terms, found)
        places = np.searchsorted(found.ids, named).tolist()
        passages = self.index.passages(named)
        hits = [self._hit(passage, float(scores[at]), at, found, terms) for at, passage in zip(places, passages, strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage.passage_id))

    def candidates(
        self, question: str, terms: Mapping[str, float], depth: int, filter: Filter | None = None, also: Ids = _NONE
    ) -> Candidates:
        """What each leg brings, `depth` passages a leg, and the passages named, scored by every leg that was asked."""
        found: dict[str, tuple[Ids, Scores]] = {}
        score: dict[str, Callable[[Ids], Scores]] = {}
        if self.name != "lexical":
            with stage("encode"):
                vectors = self.encoder.encode_questions([question])
            (ids,), (scores,) = self.index.dense(vectors, depth, filter)
            found["dense"] = ids[ids >= 0], scores[ids >= 0]
            score["dense"] = partial(self.index.score_dense, vectors[0])
        if self.name != "dense":
            found["lexical"] = self.index.lexical(terms, depth, filter)
            score["lexical"] = partial(self.index.score_lexical, terms)
        every = np.unique(np.concatenate([also, *(ids for ids, _ in found.values())]))
        return Candidates(
            every,
            {leg: _scored(every, *hits, score[leg]) for leg, hits in found.items()},
            {leg: _ranks(every, ids) for leg, (ids, _) in found.items()},
        )

    def mixed(self, terms: Mapping[str, float], found: Candidates) -> Scores:
        """The scores that candidates are ranked by: those of the one leg, or of both mixed."""
        if self.name != "hybrid":
            return found.scores[self.name]
        mixture = self.mixture or shipped()
        return mixture.scores(describe(self.index, terms), found.scores["dense"], found.scores["lexical"])

    def _hit(self, passage: Passage, score: float, at: int, found: Candidates, terms: Mapping[str, float]) -> Hit:
        legs = {leg: Leg(float(scores[at]), int(found.ranks[leg][at]) or None) for leg, scores in found.scores.items()}
        matched, marks = matches(passage.text, terms, self.analyser)
        return Hit(passage, score, legs, matched, marks)


def matches(text: str, terms: Mapping[str, float], analyser: Analyser) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The question's morphemes that occur in `text`, in the question's order, and their places as merged spans."""
    wanted = {term for term in terms if term[:1] not in (BIGRAM, SURFACE)}
    tokens = [token for token in analyser.tokens(text) if token.term in wanted and token.tag not in _WEAK]
    found = {token.term for token in tokens}
    marks: list[tuple[int, int]] = []
    for start, end in sorted((token.start, token.end) for token in tokens):
        if marks and start <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(end, marks[-1][1]))
        else:
            marks.append((start, end))
    return tuple(term for term in terms if term in found), tuple(marks)


def _scored(ids: Ids, ranked: Ids, scores: Scores, score: Callable[[Ids], Scores]) -> Scores:
    """The score of each of `ids`, which ascend, in one leg: its own for what it found, and by `score` what only the other did."""
    at, known = np.searchsorted(ids, ranked), np.zeros(len(ids), np.bool_)
    out = np.zeros(len(ids), np.float32)
    known[at], out[at] = True, scores
    if not known.all():
        out[~known] = score(ids[~known])
    return out


def _ranks(ids: Ids, ranked: Ids) -> Ids:
    """The 1-based place of each of `ids` in `ranked`, 0 where it is not there."""
    places = {int(passage): place for place, passage in enumerate(ranked, 1)}
    return np.array([places.get(int(passage), 0) for passage in ids], np.int64)

"""Answers with sentences of the passages: no model beyond the encoder.

Every sentence of the hits is weighed by its meaning (cosine to the question), its words (which share of the question's rare words it
holds) and its structure. Two logistic models over what was found give the confidence and the refusal. `python -m rag.fit` made the weights.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.index import Index
from index.lexical import idf
from index.morphemes import BIGRAM, SURFACE, Analyser
from index.sentences import sentences
from rag.questions import Wants, wants
from rag.spans import answer_spans, shown
from rag.types import Answer, Hit

Features = NDArray[np.float64]

NOT_FOUND = "노트에서 근거를 찾지 못했습니다"
READER = Path(__file__).parent / "models" / "sentence_reader.json"
ENCODED = 12
"""How many sentences are encoded for one question."""

SENTENCE = ("constant", "cosine", "words", "words with context", "hit margin", "rank", "defines", "short", "heading")
EVIDENCE = (
    "constant",
    "score",
    "margin",
    "cosine",
    "words",
    "words with context",
    "words of the best hit",
    "dense score of the best hit",
    "hit margin",
    "rarest word is there",
    "wants a list",
    "wants a definition",
    "wants a fact",
)

_RULE = re.compile(r"[\s|:\-=*_`#>$]*$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_DEFINES = re.compile(r"[^.:]{1,40}?(?:\([^)]*\))?\*{0,2}\s*(?:이?란|은|는|[:：]|=|is |are |means )")


@dataclass(frozen=True, slots=True)
class Weights:
    """Logistic weights over SENTENCE (is the answer in it) and EVIDENCE (is the answer right, is there one), and where refusal begins."""

    sentence: tuple[float, ...]
    right: tuple[float, ...]
    answerable: tuple[float, ...]
    threshold: float

    @classmethod
    def load(cls, path: Path) -> Self:
        value = json.loads(path.read_text("utf-8"))
        return cls(tuple(value["sentence"]), tuple(value["right"]), tuple(value["answerable"]), float(value["threshold"]))


@cache
def shipped() -> Weights:
    """The weights of the package."""
    return Weights.load(READER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a hit, `hit.passage.text[start:end]`, and what is known of it: values of SENTENCE."""

    hit: Hit
    start: int
    end: int
    features: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Reading:
    """The candidates of one question, best first, with their scores, and the values of EVIDENCE."""

    candidates: Sequence[Candidate]
    evidence: Features


@dataclass(frozen=True, slots=True)
class SentenceReader:
    """Reads the hits of one index."""

    index: Index
    encoder: Encoder
    analyser: Analyser
    weights: Weights | None = None

    def read(self, question: str, hits: Sequence[Hit]) -> Answer:
        """The best sentence or list with its exact spans, or a refusal."""
        weights = self.weights or shipped()
        reading = self.weigh(question, hits, weights.sentence)
        if reading is None:
            return Answer(question, "", (), 0.0, tuple(hits), abstained=True, message=NOT_FOUND)
        confidence = _sigmoid(weights.right, reading.evidence)
        if _sigmoid(weights.answerable, reading.evidence) < weights.threshold:
            return Answer(question, "", (), confidence, tuple(hits), abstained=True, message=NOT_FOUND)
        best = reading.candidates[0]
        known = [token.term for token in self.analyser.tokens(question)]
        spans = answer_spans(best.hit.passage, best.start, best.end, wants(question), known)
        return Answer(question, shown(spans), spans, confidence, tuple(hits))

    def weigh(self, question: str, hits: Sequence[Hit], weights: Sequence[float] | Features) -> Reading | None:
        """The sentences of the hits in the order of their scores; None where there is none."""
        rarity = self._rarity(question)
        chosen = self._shortlist(rarity, [candidate for hit in hits for candidate in _sentences(hit)])
        if not chosen:
            return None
        vector = self.encoder.encode_questions([question])[0]
        cosines = self.encoder.encode_passages([f"{each.hit.passage.context}\n{each.text}" for each in chosen]) @ vector
        described = [
            Candidate(each.hit, each.start, each.end, self._features(question, rarity, hits, each, float(cosine)))
            for each, cosine in zip(chosen, cosines, strict=True)
        ]
        scores = np.array([np.dot(weights, each.features) for each in described])
        order = np.argsort(-scores, kind="stable")
        evidence = self._evidence(question, rarity, hits, described[order[0]], np.sort(scores)[::-1])
        return Reading([described[at] for at in order], evidence)

    def _rarity(self, question: str) -> dict[str, float]:
        """The morphemes of the question with their idf."""
        terms = [term for term in self.analyser.query(question) if term[0] not in (BIGRAM, SURFACE)]
        return {term: idf(len(self.index), df) for term, df in zip(terms, self.index.document_frequency(terms), strict=True)}

    def _shortlist(self, rarity: Mapping[str, float], candidates: Sequence[Candidate]) -> list[Candidate]:
        """The ENCODED candidates with most of the question's words, better hits first among equals; every hit keeps its best two."""
        words = [self._held(rarity, each.text) + 0.5 * self._held(rarity, each.hit.passage.context) for each in candidates]
        order = sorted(range(len(candidates)), key=lambda at: -words[at])
        seen: dict[str, int] = {}
        places = []
        for at in order:
            name = candidates[at].hit.passage.passage_id
            places.append(seen.get(name, 0) >= 2)
            seen[name] = seen.get(name, 0) + 1
        kept = sorted(range(len(order)), key=lambda number: (places[number], number))[:ENCODED]
        return [candidates[order[number]] for number in sorted(kept)]

    def _held(self, rarity: Mapping[str, float], text: str) -> float:
        """The share of the question's rarity that the text holds, 0 to 1."""
        terms = {token.term for token in self.analyser.tokens(text)}
        return sum(value for term, value in rarity.items() if term in terms) / (sum(rarity.values()) or 1.0)

    def _features(
        self, question: str, rarity: Mapping[str, float], hits: Sequence[Hit], candidate: Candidate, cosine: float
    ) -> tuple[float, ...]:
        passage, text = candidate.hit.passage, candidate.text
        defines = wants(question) is Wants.DEFINITION and bool(_DEFINES.match(text.lstrip(" -*•·0123456789.")))
        return (
            1.0,
            10 * cosine,
            self._held(rarity, text),
            self._held(rarity, f"{passage.context}\n{text}"),
            10 * (candidate.hit.score / hits[0].score - 1) if hits[0].score > 0 else 0.0,
            float(hits.index(candidate.hit)),
            float(defines),
            float(len(text) < 15),
            float(text.lstrip().startswith("#")),
        )

    def _evidence(self, question: str, rarity: Mapping[str, float], hits: Sequence[Hit], best: Candidate, scores: Features) -> Features:
        wanted = wants(question)
        rarest = max(rarity, key=lambda term: rarity[term], default="")
        found = {token.term for hit in hits[:2] for token in self.analyser.tokens(hit.passage.embedded)}
        dense = best.hit.legs["dense"].score if "dense" in best.hit.legs else best.features[1] / 10
        return np.array(
            (
                1.0,
                scores[0],
                min(scores[0] - scores[1], 3.0) if len(scores) > 1 else 3.0,
                *best.features[1:4],
                self._held(rarity, hits[0].passage.embedded),
                10 * dense,
                best.features[4],
                float(rarest in found),
                float(wanted is Wants.LIST),
                float(wanted is Wants.DEFINITION),
                float(wanted is Wants.FACT),
            )
        )


def _sentences(hit: Hit) -> Iterator[Candidate]:
    """The sentences of a passage, rules and fences left out."""
    for start, end in sentences(hit.passage.text):
        text = hit.passage.text[start:end]
        if not _RULE.match(text) and not _FENCE.match(text):
            yield Candidate(hit, start, end)


def _sigmoid(weights: Sequence[float], features: Features) -> float:
    return 1 / (1 + math.exp(-float(np.dot(weights, features))))

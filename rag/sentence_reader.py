"""Answers with sentences of the passages: no model beyond the encoder.

Every sentence of the hits is weighed by its meaning (cosine to the question), its words (which share of the question's rare words it
holds) and its structure. Two logistic models over what was found give the confidence and the refusal. `python -m rag.fit` made the weights.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from index.encoder import Encoder
from index.errors import ModelError
from index.index import Index
from index.lexical import idf
from index.morphemes import BIGRAM, SURFACE, Analyser
from index.sentences import BULLET, sentences
from rag.continued import opened, whole_spans
from rag.questions import Wants, asks_number, count_asked, wants
from rag.spans import heads, is_bare, is_header, items, shown, unit_missing
from rag.types import Answer, Hit, Span

Features = NDArray[np.float64]

NOT_FOUND = "노트에서 근거를 찾지 못했습니다"
READER = Path(__file__).parent / "models" / "sentence_reader.json"
ENCODED = 12
"""How many sentences are encoded for one question."""
PER_HIT = 2
"""How many sentences of every hit are encoded whatever their words."""
LOWEST_MARGIN = 2.0
"""Where the hit margin ends: mixed scores stay above it, BM25 and negative cosines fall far below."""

SENTENCE = (
    "cosine",
    "words",
    "words with context",
    "hit margin",
    "rank",
    "defines",
    "short",
    "heading",
    "number asked for",
    "list asked for",
    "length of list asked for",
    "says nothing new",
)
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
    "unseen words",
    "rarest word is missing",
    "names missing",
    "unit asked for is missing",
    "words missing where a number is asked",
    "wants a number",
    "wants a list",
    "wants a definition",
    "wants a fact",
)
KINDS = 4
"""The last so many of EVIDENCE say only what sort of question it is: they may shift the confidence, but never lead to a refusal."""

_RULE = re.compile(r"(?:</?[A-Za-z][^<>]*>|[\s|:\-=*_`#>$])*+$")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_CONTENTS = re.compile(rf"\s*(?:{BULLET}[ \t]+)?\[.*\]\(#[^()\s]*\)\s*$")
"""A line of a table of contents: a link to a place in the same note."""
_SIGNS = re.compile(r"[\s\-*•·#>\d.)]*")
_NUMBER = re.compile(
    r"\d|(?<![가-힣])(?:[한두세네]|다섯|여섯|일곱|여덟|아홉|열) ?(?:가지|개(?![념발체선])|단계|번(?!역)|배(?![치포열경])|명|층|곳|쌍|종)"
    r"|(?<![가-힣])(?:둘|셋|넷|다섯|여섯|일곱|여덟|아홉)(?![가-힣])|절반"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|half|hundred|thousand|million|billion)\b",
    re.IGNORECASE,
)
_DEFINES = re.compile(r"[^.:]{1,40}?(?:\([^)]*\))?\*{0,2}\s*(?:이?란|은|는|[:：]|=|is |are |means )")


@dataclass(frozen=True, slots=True)
class Weights:
    """Logistic weights over SENTENCE (is the answer in it) and EVIDENCE (is the answer right, is there one), and where refusal begins."""

    sentence: tuple[float, ...]
    right: tuple[float, ...]
    answerable: tuple[float, ...]
    threshold: float

    @classmethod
    def load(cls, path: Path, sentence: Sequence[str] = SENTENCE, evidence: Sequence[str] = EVIDENCE) -> Self:
        """Raises ModelError where the weights were fitted for other features than those named."""
        value = json.loads(path.read_text("utf-8"))
        if value["features"] != {"sentence": list(sentence), "right": list(evidence), "answerable": list(evidence)}:
            raise ModelError(f"{path} was fitted for other features; fit it anew: python -m rag.fit")
        return cls(tuple(value["sentence"]), tuple(value["right"]), tuple(value["answerable"]), float(value["threshold"]))


@cache
def shipped() -> Weights:
    """The weights of the package."""
    return Weights.load(READER)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a hit, `hit.passage.text[start:end]`, and what is known of it: the hit's place, and the values of SENTENCE."""

    hit: Hit
    rank: int
    start: int
    end: int
    features: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.start : self.end]

    @property
    def context(self) -> str:
        """What the sentence hangs under: title, headings, parent bullets of the passage and within it."""
        above = heads(self.hit.passage.text, self.start, self.end)
        return f"{self.hit.passage.context} › {above}" if above else self.hit.passage.context

    def value(self, feature: str) -> float:
        return self.features[SENTENCE.index(feature)]


@dataclass(frozen=True, slots=True)
class Reading:
    """The candidates of one question, best first, and the values of EVIDENCE."""

    candidates: Sequence[Candidate]
    evidence: Features


@dataclass(frozen=True, slots=True)
class Offers:
    """The candidates of one question before they are weighed, and what their evidence is made of."""

    words: Words
    hits: Sequence[Hit]
    candidates: Sequence[Candidate]

    def ranked(self, weights: Sequence[float] | Features) -> Reading:
        """The candidates in the order of their scores."""
        order, scores = by_score(weights, [each.features for each in self.candidates])
        ordered = [self.candidates[at] for at in order]
        return Reading(ordered, evidence_of(self.words, self.hits, ordered[0], scores))


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
            return refused(question, hits)
        best = reading.candidates[0]
        known = {token.term for token in self.analyser.tokens(question)}
        spans = whole_spans(opened(self.index), best.hit.passage, best.start, best.end, question, known)
        return judged(question, hits, spans, weights, reading.evidence)

    def weigh(self, question: str, hits: Sequence[Hit], weights: Sequence[float] | Features) -> Reading | None:
        """The sentences of the hits in the order of their scores; None where there is none."""
        offers = self.offers(question, hits)
        return offers.ranked(weights) if offers else None

    def offers(self, question: str, hits: Sequence[Hit]) -> Offers | None:
        """The sentences of the hits that may answer; None where there is none."""
        words = Words(self.index, self.analyser, question)
        chosen = shortlist(words, [candidate for rank, hit in enumerate(hits) for candidate in sentences_of(hit, rank)])
        return Offers(words, hits, described(words, self.encoder, chosen, hits[0].score)) if chosen else None


def by_score(weights: Sequence[float] | Features, rows: Sequence[Sequence[float]]) -> tuple[list[int], Features]:
    """The numbers of the rows and the scores that the weights give them, best first."""
    scores = np.array([np.dot(weights, row) for row in rows])
    order = np.argsort(-scores, kind="stable")
    return order.tolist(), scores[order]


def refused(question: str, hits: Sequence[Hit], confidence: float = 0.0) -> Answer:
    """The answer that says there is none."""
    return Answer(question, "", (), confidence, tuple(hits), abstained=True, message=NOT_FOUND)


def judged(question: str, hits: Sequence[Hit], spans: tuple[Span, ...], weights: Weights, evidence: Features) -> Answer:
    """The spans with their confidence, or a refusal, as the weights say of the evidence."""
    confidence = _sigmoid(weights.right, evidence)
    if _sigmoid(weights.answerable, evidence) < weights.threshold:
        return refused(question, hits, confidence)
    return Answer(question, shown(spans), spans, confidence, tuple(hits))


class Words:
    """The morphemes of one question with their idf, and how much of them a text holds; every text is analysed once."""

    def __init__(self, index: Index, analyser: Analyser, question: str) -> None:
        terms = [term for term in analyser.query(question) if term[0] not in (BIGRAM, SURFACE)]
        frequencies = index.document_frequency(terms)
        self.question = question
        self.rarity: Mapping[str, float] = {term: idf(len(index), df) for term, df in zip(terms, frequencies, strict=True)}
        self.unseen = [term for term, df in zip(terms, frequencies, strict=True) if not df]
        self.names = frozenset(term for term in terms if term.isascii() and not term.isdigit())
        self.rarest = max(terms, key=lambda term: self.rarity[term], default="")
        self._analyser = analyser
        self._known: dict[str, frozenset[str]] = {}

    def of(self, *texts: str) -> frozenset[str]:
        """The question's morphemes that occur in any of the texts."""
        return frozenset[str]().union(*(self._of(text) for text in texts))

    def _of(self, text: str) -> frozenset[str]:
        if text not in self._known:
            self._known[text] = frozenset(token.term for token in self._analyser.tokens(text)) & self.rarity.keys()
        return self._known[text]

    def share(self, *texts: str) -> float:
        """The share of the question's rarity that the texts hold together, 0 to 1."""
        return sum(self.rarity[term] for term in self.of(*texts)) / (sum(self.rarity.values()) or 1.0)


def sentences_of(hit: Hit, rank: int) -> Iterator[Candidate]:
    """The sentences of a passage; rules, fences, the header rows of tables and lines of tables of contents left out."""
    text = hit.passage.text
    for start, end in sentences(text):
        sentence = text[start:end]
        if not (is_header(text, start) or _RULE.match(sentence) or _FENCE.match(sentence) or _CONTENTS.match(sentence)):
            yield Candidate(hit, rank, start, end)


def shortlist(words: Words, candidates: Sequence[Candidate], first: Collection[int] = ()) -> list[Candidate]:
    """The ENCODED candidates that hold most of the question's words, the best PER_HIT of every hit before all others.

    `first` are numbers of candidates that come before all of them.
    """
    held = [words.share(each.text) + 0.5 * words.share(each.context) for each in candidates]
    order = sorted(range(len(candidates)), key=lambda at: (at not in first, -held[at]))
    taken: Counter[int] = Counter()
    later = {}
    for at in order:
        rank = candidates[at].rank
        later[at] = taken[rank] >= PER_HIT
        taken[rank] += 1
    kept = sorted(order, key=lambda at: (at not in first, later[at]))[:ENCODED]
    return [candidates[at] for at in sorted(kept)]


def described(words: Words, encoder: Encoder, candidates: Sequence[Candidate], top: float) -> list[Candidate]:
    """The candidates with the values of SENTENCE; `top` is the score of the best hit."""
    vector = encoder.encode_questions([words.question])[0]
    cosines = encoder.encode_passages([f"{each.context}\n{each.text}" for each in candidates]) @ vector
    return [replace(each, features=_features(words, each, top, float(cosine))) for each, cosine in zip(candidates, cosines, strict=True)]


def _features(words: Words, candidate: Candidate, top: float, cosine: float) -> tuple[float, ...]:
    """Values of SENTENCE."""
    passage, text, wanted = candidate.hit.passage, candidate.text, wants(words.question)
    opened = items(passage.text, candidate.start, candidate.end) if wanted is Wants.LIST else []
    return (
        10 * cosine,
        words.share(text),
        words.share(text, candidate.context),
        _margin(candidate.hit.score, top),
        float(candidate.rank),
        float(wanted is Wants.DEFINITION and _DEFINES.match(_SIGNS.sub("", text, count=1)) is not None),
        float(len(text) < 15),
        float(text.lstrip().startswith("#")),
        float(asks_number(words.question) and has_number(text)),
        float(bool(opened)),
        float(bool(opened) and len(opened) == count_asked(words.question)),
        float(is_bare(text, words.rarity)),
    )


def has_number(text: str) -> bool:
    """Whether the text holds a number, in digits or in words."""
    return _NUMBER.search(text) is not None


def _margin(score: float, top: float) -> float:
    """How far a hit's score lies below the best one's, in tenths of it."""
    return max(-LOWEST_MARGIN, min(0.0, 10 * (score / top - 1))) if top > 0 else 0.0


def evidence_of(words: Words, hits: Sequence[Hit], best: Candidate, scores: Features) -> Features:
    """Values of EVIDENCE; `scores` are those of the candidates, best first."""
    wanted, number = wants(words.question), asks_number(words.question)
    dense = best.hit.legs["dense"].score if "dense" in best.hit.legs else best.value("cosine") / 10
    return np.array(
        (
            1.0,
            scores[0],
            min(scores[0] - scores[1], 3.0) if len(scores) > 1 else 3.0,
            best.value("cosine"),
            best.value("words"),
            best.value("words with context"),
            words.share(hits[0].passage.embedded),
            10 * dense,
            best.value("hit margin"),
            float(len(words.unseen)),
            float(words.rarest not in words.of(*(hit.passage.embedded for hit in hits[:2]))),
            float(len(words.names - words.of(best.text, best.context))),
            float(unit_missing(words.question, best.text)),
            float(number) * (1 - best.value("words with context")),
            float(number),
            float(wanted is Wants.LIST),
            float(wanted is Wants.DEFINITION),
            float(wanted is Wants.FACT),
        )
    )


def _sigmoid(weights: Sequence[float], features: Features) -> float:
    value = float(np.dot(weights, features))
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0  # e^709 is the largest that a float holds

"""How the two legs are mixed: DPR's form, cosine + α · BM25 (Karpukhin et al. 2020, section 5.1), with a weight that looks at the query.

BM25 is divided by the square root of the query's mass (the BM25 that a passage would reach which held every query term without end), so
that long and short questions are on one scale. α = max(FLOOR, w · features); the features say how far the question's words can be trusted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from index.index import Index, Scores
from index.lexical import idf

FEATURES = ("constant", "coverage", "log mass", "agreement", "latin")
WEIGHTS = Path(__file__).parent / "models" / "mixture.json"
FLOOR = 0.02
"""About the lowest α of the training questions. Bare keywords, which none of them are, would be carried below it."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the mixture looks at: the mass of the weighted terms, and the share of it in terms of Latin letters."""

    mass: float
    latin: float


def describe(index: Index, terms: Mapping[str, float]) -> Query:
    """The mass of the terms over this index: the sum of weight · idf."""
    frequencies = index.document_frequency(list(terms))
    masses = [weight * idf(len(index), frequency) for weight, frequency in zip(terms.values(), frequencies, strict=True)]
    total = sum(masses) or 1.0
    latin = sum(mass for term, mass in zip(terms, masses, strict=True) if term.lstrip("#=")[:1].isascii())
    return Query(total, latin / total)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Weights of FEATURES, fitted by `python -m rag.fit` on training questions only (docs/training.md)."""

    weights: tuple[float, ...]

    def scores(self, query: Query, dense: Scores, lexical: Scores) -> Scores:
        """The mixed score of each candidate, float32 `(n,)`."""
        if not len(dense):
            return dense
        alpha = max(FLOOR, float(np.dot(self.weights, features(query, dense, lexical))))
        return np.asarray(dense + alpha * scaled(query, lexical), np.float32)


def scaled(query: Query, lexical: Scores) -> Scores:
    """BM25 on the scale that the mixture adds."""
    return lexical / np.float32(math.sqrt(query.mass))


def features(query: Query, dense: Scores, lexical: Scores) -> list[float]:
    """Values of FEATURES: 1; the share of the query's mass that the best lexical candidate holds; log mass; whether both legs
    put the same candidate first; the share of the mass in Latin letters."""
    agree = float(int(dense.argmax()) == int(lexical.argmax()))
    return [1.0, float(lexical.max()) / query.mass, math.log(query.mass), agree, query.latin]


@cache
def shipped() -> Mixture:
    """The mixture of the package."""
    return Mixture(tuple(json.loads(WEIGHTS.read_text("utf-8"))["weights"]))

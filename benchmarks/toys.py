"""An encoder and an analyser that cost nothing: what is measured, or tested, with them is everything else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from index.encoder import Vectors
from index.types import Progress


def words(text: str) -> list[str]:
    """The terms of a text: what stands between white space."""
    return text.split()


class HashEncoder:
    """Gives each word a fixed random direction and sums them: texts that share words are close, and the same text has the same vector."""

    def __init__(self, dim: int = 32, name: str = "hash") -> None:
        self.name = name
        self.fingerprint = f"{name}-{dim}"
        self.dim = dim
        self.max_tokens = 512

    def _encode(self, texts: Sequence[str]) -> Vectors:
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for word in text.split() or [""]:
                out[row] += _direction(word.lower(), self.dim)
            out[row] /= np.linalg.norm(out[row])
        return out

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        if progress:
            progress("encode", len(texts), len(texts))
        return self._encode(texts)


@lru_cache(maxsize=2**14)
def _direction(word: str, dim: int) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()[:8], "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)

"""Korean morphemes for the lexical leg: MeCab-ko with mecab-ko-dic (the dictionary family of Lucene's Nori).

A text gives three kinds of terms, told apart by their first character:

- morphemes: nouns, verbs, adjectives, adverbs, roots, foreign words, numbers, Hanja; lower-cased, in dictionary form,
  compounds both whole and in parts
- `#` character bigrams of Hangul words, which forgive a wrong analysis or a typing slip
- `=` the words as written

A question weighs them 1, .2 and .2 (measured: docs/training.md).
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from index.errors import ModelError

_KEPT = frozenset(("NNG", "NNP", "NNB", "NR", "NP", "VV", "VA", "VX", "VCN", "MAG", "MAJ", "MM", "XR", "SL", "SN", "SH"))
_ASK_KOREAN = "무엇 뭐 어떤 어디 누구 언제 왜 얼마 몇 무슨 어떻 어느 것 거"
_ASK_ENGLISH = "what which who whose when where why how do does did is are was were be"
_JOIN_ENGLISH = "a an the of in on at to for from by with as and or it its"
_ASKING = frozenset(f"{_ASK_KOREAN} {_ASK_ENGLISH} {_JOIN_ENGLISH}".split())
"""Words that only ask or join: in a question they weigh nothing."""
_WORD = re.compile(r"[^\W_]+")
_HANGUL = re.compile(r"[가-힣]+")
_PIECE = re.compile(r"[^\n]{1,4000}(?!\S)|[^\n]{1,4000}")  # a line, or a part of a long one: MeCab's time grows with the square
_UNREADABLE = re.compile("[\0\ud800-\udfff]")  # MeCab stops at the first, and cannot take the others
BIGRAM, SURFACE = "#", "="
REMEMBERED = 2048
"""How many texts keep their analysis: the same passages come up for many questions."""
_WEIGHTS = {BIGRAM: 0.2, SURFACE: 0.2}


@dataclass(frozen=True, slots=True)
class Token:
    """One morpheme in dictionary form and where it stands: `text[start:end]` is the surface that gave it."""

    term: str
    tag: str
    start: int
    end: int


class Analyser:
    """Turns text into terms. One instance may be shared by threads."""

    def __init__(self) -> None:
        from mecab import MeCab

        try:
            self._mecab: Any = MeCab()
        except ValueError as error:  # MeCab says nothing more, whatever it was
            raise ModelError("the dictionary of Korean words cannot be opened: give the program more memory, or install it anew") from error
        self._lock = threading.Lock()
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._analysed)

    def terms(self, text: str) -> list[str]:
        """Every term of a passage, repeats kept: what is indexed."""
        return [*(token.term for token in self.tokens(text)), *_surface_terms(text)]

    def query(self, text: str) -> dict[str, float]:
        """The terms of a question with their weights; a term said twice weighs twice."""
        weights: defaultdict[str, float] = defaultdict(float)
        for token in self.tokens(text):
            if token.term not in _ASKING:
                weights[token.term] += 1.0
        for term in _surface_terms(text):
            if term[1:] not in _ASKING:
                weights[term] += _WEIGHTS[term[0]]
        return dict(weights)

    def tokens(self, text: str) -> tuple[Token, ...]:
        """The morphemes with their places in `text`."""
        return self._remembered(text)

    def tagged(self, text: str) -> tuple[Token, ...]:
        """Every morpheme, particles and endings too: `term` as written, `tag` whole ("VV+EC")."""
        return tuple(Token(each.surface, str(each.feature.pos), start, end) for each, start, end in self._morphemes(text))

    def _analysed(self, text: str) -> tuple[Token, ...]:
        return tuple(
            Token(term.lower(), tag, start, end)
            for each, start, end in self._morphemes(text)
            for term, tag in _dictionary_forms(each.surface, each.feature)
        )

    def _morphemes(self, text: str) -> Iterator[tuple[Any, int, int]]:
        """What MeCab makes of each line, and where it stands in `text`."""
        for piece in _PIECE.finditer(_UNREADABLE.sub(" ", text)):
            words = piece.group().lstrip(" \t\r\v")  # MeCab counts places from the first word
            offset = piece.end() - len(words)
            with self._lock:
                found = self._mecab.parse(words)
            yield from ((each, offset + each.span.start, offset + each.span.end) for each in found)


def _dictionary_forms(surface: str, feature: Any) -> Iterator[tuple[str, str]]:
    """Terms within one morpheme of the analysis. An expression reads `데이터/NNG/*+베이스/NNG/*`."""
    tag = str(feature.pos).split("+")[0]
    if (not feature.expression or feature.type == "Compound") and tag in _KEPT:
        yield surface, tag
    for part in str(feature.expression or "").split("+"):
        form, _, rest = part.partition("/")
        if form and rest.split("/")[0] in _KEPT:
            yield form, rest.split("/")[0]


def _surface_terms(text: str) -> Iterator[str]:
    for match in _WORD.finditer(text):
        yield SURFACE + match.group().lower()
        for word in _HANGUL.findall(match.group()):
            for start in range(max(1, len(word) - 1)):
                yield BIGRAM + word[start : start + 2]

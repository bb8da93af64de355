"""Words as a recogniser of speech has them, and as the notes write them.

Its lexicon holds pieces of words ("역", "전파"), so a word of the notes is taken apart before it can be listened for, and what was heard
is put together again wherever the notes hold the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag import hangul
from rag.repair import splits

LONGEST_PIECE = 8
"""Letters of a piece at most."""
MOST_PIECES = 6
"""Pieces that one word was heard in, at most."""
MOST_CHARACTERS = 2_000_000
"""So much of a collection is listened for: about a thousand lectures' notes, and a second's work."""
_SINGLE = 0.3
"""A piece of one letter counts this much more: of two ways to take a word apart, the one with longer pieces."""

_ASKING = (
    "무엇인가요 무엇인지 무엇일까요 무엇이 무엇을 무엇의 뭐야 뭐예요 뭐가 뭔가요 뭐지 뭐라고 이란 란 왜 어떻게 어떤 "
    "어느 언제 어디 누구 누가 몇 얼마나 얼마인가요 하나요 하나 하는 되나요 있나요 있어 쓰나요 쓰는 써요 나요 하려면 "
    "하면 다른가요 같은가요 차이는 차이가 정의는 뜻은 장점은 단점은 이유는 방법은 역할은 종류는 예는 순서는 공식은 "
    "알려줘 알려주세요 설명해줘 설명해주세요 말해줘 가르쳐줘 인가요 인가 일까요 나오나요 했나요 뭘 뭐였지 했어 했지 "
    "해야 해요 돼요 가지 개"
)
ASKED = tuple(_ASKING.split())
"""What questions are made of beside the words of the notes."""
_WORD = re.compile(r"[가-힣]+|(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])")
_CLAUSE = re.compile(r"[.!?:;,()\[\]|\n]|\s[-–—]\s")
_SIGNS = re.compile(r"[\[\](){}<>/]")

Known = Callable[[str], bool]
"""Whether a recogniser's lexicon holds a piece."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What is listened for: the notes' clauses in the recogniser's pieces, and the words that those are parts of."""

    phrases: tuple[str, ...]
    words: frozenset[str]

    def holds(self, word: str) -> bool:
        """Whether the notes hold the word, with whichever particle."""
        return word in self.words or any(stem in self.words for stem, _ in splits(word) if len(stem) > 1)


def wording(texts: Iterable[str], known: Known) -> Wording:
    """What to listen for where a question is asked of these notes."""
    clauses = [clause for text in _within(texts) for clause in _CLAUSE.split(text)]
    phrases = dict.fromkeys(filter(None, (_pieces(clause, known) for clause in (*clauses, *ASKED))))
    said = {word for clause in clauses for word in _WORD.findall(clause)}
    stems = {stem for word in said for stem, _ in splits(word) if len(stem) > 1}
    return Wording(tuple(phrases), frozenset((*said, *stems, *ASKED)))


def _within(texts: Iterable[str]) -> Iterator[str]:
    left = MOST_CHARACTERS
    for text in texts:
        yield text[:left]
        left -= len(text)
        if left <= 0:
            return


def _pieces(clause: str, known: Known) -> str:
    return " ".join(piece for word in _WORD.findall(clause) for piece in pieces(word, known))


def pieces(word: str, known: Known) -> list[str]:
    """The fewest pieces that a word can be taken apart into; none where the lexicon lacks one. An acronym is one piece."""
    if not hangul.is_whole(word):
        return [word] if known(word) else []
    best: list[tuple[float, list[str]] | None] = [(0.0, []), *([None] * len(word))]
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - LONGEST_PIECE), end):
            before, piece = best[start], word[start:end]
            if before is None or not known(piece):
                continue
            cost = before[0] + 1 + _SINGLE * (len(piece) == 1)
            here = best[end]
            if here is None or cost < here[0]:
                best[end] = cost, [*before[1], piece]
    found = best[-1]
    return found[1] if found else []


def spelled(heard: Sequence[str], holds: Known) -> str:
    """What was heard as it is written: the longest runs of pieces that make a word of the notes are joined, the lexicon's signs go."""
    bare = [piece for each in heard if (piece := _SIGNS.sub("", each))]
    words, at = [], 0
    while at < len(bare):
        lengths = range(min(MOST_PIECES, len(bare) - at), 1, -1)
        length = next((each for each in lengths if _joins(bare[at : at + each], holds)), 1)
        words.append("".join(bare[at : at + length]))
        at += length
    return " ".join(words)


def _joins(run: Sequence[str], holds: Known) -> bool:
    return hangul.is_whole("".join(run)) and holds("".join(run))

"""What letters stand for: "SSL은 무엇의 약자야?" is answered by words whose initials they are, "SSL(Secure Socket Layer)"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ASKS = re.compile(
    r"(?<![A-Za-z])([A-Za-z][A-Za-z0-9]{1,9})[은는이가의]? ?(?:(?:무엇|뭐|무슨 말|어떤 말)의 |무슨 |어떤 )?"
    r"(?:약자|약어|줄임말|준말|풀 ?네임|full ?name)"
    r"|\bwhat (?:does|do) ([A-Za-z][A-Za-z0-9]{1,9}) stand for\b",
    re.IGNORECASE,
)
_SMALL = frozenset(("of", "the", "and", "for", "to", "in", "on", "a", "an", "with", "by", "from"))
"""Words that letters often leave out."""
_WORD = r"[A-Za-z](?:[A-Za-z-]*[A-Za-z])?"
_NAME = rf"{_WORD}(?: {_WORD}){{0,7}}"
_REACH = 80
"""How many characters before its letters a name is looked for."""


def asked(question: str) -> str:
    """The letters of which the question asks what they stand for; "" where it does not."""
    match = _ASKS.search(question)
    return (match[1] or match[2]) if match else ""


def written_out(text: str, letters: str) -> tuple[int, int] | None:
    """Where the text writes the letters out: behind them, before them in brackets, or as what they are short for."""
    return next((place for place in _places(text, letters) if _stands_for(text[slice(*place)], letters)), None)


def _places(text: str, letters: str) -> Iterator[tuple[int, int]]:
    short = re.escape(letters)
    for match in re.finditer(rf"(?<![A-Za-z]){short}[*_`]*\s?[(,:]\s?({_NAME})", text, re.IGNORECASE):
        yield match.span(1)
    for match in re.finditer(rf"(?<![*_`])[*_`]*+\s?\(\s?{short}(?![A-Za-z])|의 (?:약자|약어|줄임말|준말)", text, re.IGNORECASE):
        before = text[max(0, match.start() - _REACH) : match.start()]
        for word in reversed(list(re.finditer(r"(?<![A-Za-z-])[A-Za-z]", before))):
            if re.fullmatch(_NAME, before[word.start() :]):
                yield match.start() - len(before) + word.start(), match.start()


def _stands_for(name: str, letters: str) -> bool:
    """Whether the letters are the initials of the name, words such as "of" aside or not, parts of "Response-ratio" counted or not."""
    parts = (name.split(), re.findall(r"[A-Za-z]+", name))
    found = ("".join(word[0] for word in words) for words in parts)
    large = ("".join(word[0] for word in words if word.lower() not in _SMALL) for words in parts)
    return letters.lower() in {each.lower() for each in (*found, *large)}

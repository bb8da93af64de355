"""A fact that a passage states, put as a question, and the passage made ready for the rules that find facts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from index.sentences import BULLET, sentences
from index.types import Passage
from rag.training.korean import with_particle
from rag.training.terms import OPENING, flat, is_term

Part = tuple[int, int]
"""Offsets within the text of a passage."""

LONGEST_ANSWER = 150
_LONGEST_SENTENCE = 200


@dataclass(frozen=True, slots=True)
class Fact:
    """A question that the passage answers, with the places of the answer (none: the passage as a whole answers it).

    `avoid` are words of which a text must hold none to be safe as one that does not answer.
    """

    kind: str
    question: str
    passage: Passage
    answers: tuple[Part, ...] = ()
    avoid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A passage, its clean sentences without bullets and closing stop, and what chooses between ways of asking.

    `aliases` gives the English name of a Korean term and the reverse, in lower case, as the notes write them: "과적합(overfitting)".
    """

    passage: Passage
    lines: tuple[Part, ...]
    seed: int = 0
    aliases: Mapping[str, str] = field(default_factory=dict)

    def text(self, part: Part) -> str:
        return self.passage.text[slice(*part)]

    def choose(self, key: str, options: Sequence[str]) -> str:
        """One of the options, always the same for this seed and key."""
        return options[chance(self.seed, key) % len(options)]


def chance(seed: int, key: str) -> int:
    """A number that looks random and is always the same for the seed and key."""
    return int.from_bytes(hashlib.sha256(f"{seed}|{key}".encode()).digest()[:4], "big")


_FENCE = re.compile(r"[ \t]*(```+|~~~+|\$\$)")
_MARKUP = re.compile(
    r"https?:|www\.|</?[A-Za-z!]|&\w+;|[{}|$\\^=\[\]<>;@∈ℝ∑≤≥×⟶ˆ\ufffd]|::|```|\.\. |:\w+:`|\w\(\)|__|다\.[가-힣]|"
    r"\.(?:py|md|html|png|jpe?g)\b|[\U0001f300-\U0001faff✔✅❌]"
)
_SIGNS = re.compile(rf"\s*(?:{BULLET}\s+|>\s*|[-=]>\s*|→\s*|⟶\s*)*")
_TAIL = re.compile(r"[\s.。]+$")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_SYLLABLE = re.compile(r"[가-힣]")


def sheet(passage: Passage, seed: int = 0, aliases: Mapping[str, str] | None = None) -> Sheet:
    text = passage.text
    code = fenced(text)
    lines = [bare(text, part) for part in sentences(text) if not overlaps(part, code)]
    return Sheet(passage, tuple(part for part in lines if _is_prose(text[slice(*part)])), seed, aliases or {})


def fenced(text: str) -> list[Part]:
    """Code and formulas; a fence that nothing closes runs to the end."""
    found: list[Part] = []
    opened, at = -1, 0
    for line in text.splitlines(keepends=True):
        fence = _FENCE.match(line)
        if fence and opened >= 0:
            found.append((opened, at + len(line)))
            opened = -1
        elif fence and line.count(fence[1]) == 1:
            opened = at
        at += len(line)
    return found if opened < 0 else [*found, (opened, len(text))]


def overlaps(part: Part, regions: Iterable[Part]) -> bool:
    return any(start < part[1] and part[0] < end for start, end in regions)


def bare(text: str, part: Part) -> Part:
    """The part without bullets and quote signs before it and the stop behind it."""
    signs = _SIGNS.match(text, *part)
    start = signs.end() if signs else part[0]
    return start, start + len(_TAIL.sub("", text[start : part[1]]))


def behind_opening(text: str, part: Part) -> Part:
    """The part without "하지만", "예를 들어" and the like before it."""
    opening = OPENING.match(text, *part)
    return (opening.end() if opening else part[0]), part[1]


def has_markup(text: str) -> bool:
    """Whether the text holds code, formulas, links, HTML or other signs that nobody speaks."""
    return _MARKUP.search(text) is not None


def _is_prose(text: str) -> bool:
    if not 4 <= len(text) <= _LONGEST_SENTENCE or has_markup(text) or text.startswith(("#", "!", "---", "===", "+--")):
        return False
    return len(_SYLLABLE.findall(text)) >= 4 or len(_LATIN_WORD.findall(text)) >= 4


def fill(template: str, term: str) -> str:
    """The template with `{term}`, and with `{란}`, `{가}`, `{는}`, `{을}`, `{과}` as the term with the particle that fits it."""
    forms = {"란": "이란/란", "가": "이/가", "는": "은/는", "을": "을/를", "과": "과/와"}
    return template.format(term=term, **{key: with_particle(term, pair) for key, pair in forms.items()})


_TWO_NAMES = re.compile(
    r"(?P<korean>[가-힣]+(?: [가-힣]+){0,3})[*_`]{0,2}\s?\([*_]{0,2}(?P<english>[A-Za-z][A-Za-z\-]+(?: [A-Za-z\-]+){0,3})[*_]{0,2}\)"
)


def aliases(passages: Iterable[Passage]) -> dict[str, str]:
    """Names that the notes give twice, "과적합(overfitting)": each in lower case with its most frequent other name."""
    counts: dict[tuple[str, str], int] = {}
    for passage in passages:
        for match in _TWO_NAMES.finditer(passage.text):
            names = " ".join(match["korean"].split()[-len(match["english"].split()) :]), match["english"]
            counts[names] = counts.get(names, 0) + 1
    found: dict[str, str] = {}
    for (korean, english), count in sorted(counts.items(), key=lambda entry: (entry[1], entry[0])):
        if count > 1 and is_term(korean) and is_term(english):
            found[korean.lower()] = english
            found[english.lower()] = korean
    return found


def other_name(text: str | None) -> str:
    """The name in the brackets behind a term; empty where they hold none."""
    name = flat(text or "").split(",")[0].strip()
    return name if name and is_term(name) else ""

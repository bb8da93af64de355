"""As much Korean grammar as questions made from sentences need: particles by final consonant, and a predicate as a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from rag.hangul import final, is_syllable, with_final

_N, _L, _B, _SS = 4, 8, 17, 20
"""Numbers of the final consonants ㄴ, ㄹ, ㅂ and ㅆ (Unicode 15, section 3.12)."""

_CONSONANT_DIGITS = "013678"
_CONSONANT_NAMES = "LMNR"
_BEHIND = re.compile(r"(?:\s*\([^()]*\)|[^\w#+]+)$")
_CONSONANT_WORD = re.compile(r"(?:[lmn]e?|ng|[aeiou]c?[ptkb]|[aeiou]c)$", re.IGNORECASE)


def has_final(word: str) -> bool:
    """Whether the word as read in Korean ends in a consonant. Letters of abbreviations are read by their names; what stands in round
    brackets behind the word is not read."""
    while _BEHIND.search(word) and _BEHIND.sub("", word):
        word = _BEHIND.sub("", word)
    last = word[-1:]
    if is_syllable(last):
        return final(last) > 0
    if last.isdigit():
        return last in _CONSONANT_DIGITS
    latin = re.search(r"[A-Za-z]+$", word)
    if latin and (last.isupper() or len(latin.group()) == 1):
        return last.upper() in _CONSONANT_NAMES
    return last == "#" or bool(latin and _CONSONANT_WORD.search(latin.group()))


def particle(word: str, pair: str) -> str:
    """The form of "은/는", "이/가", "을/를", "이란/란" or "과/와" that fits behind the word."""
    closed, opened = pair.split("/")
    return closed if has_final(word) else opened


def with_particle(word: str, pair: str) -> str:
    return word + particle(word, pair)


# ---------------------------------------------------------------- morphemes


@lru_cache(maxsize=1)
def _mecab() -> Any:
    from mecab import MeCab

    return MeCab()


@lru_cache(maxsize=65536)
def tags(text: str) -> tuple[tuple[str, str], ...]:
    """`(surface, tag)` of every morpheme, particles and endings included; fused ones have tags like `VV+EC`."""
    return tuple((found.surface, str(found.feature.pos)) for found in _mecab().parse(text))


_IN_NOUN = re.compile(r"(?:NN[GPB]?|NR|SL|SN|SH|XR|XPN|XSN|SY|SC|ETN|JKG|JC)$")


def is_noun_phrase(text: str, *, of: bool = False) -> bool:
    """Whether the text is nouns and foreign words, with verbs only as modifiers ("숨겨진 층"); `of` also allows "A의 B" and "A와 B"."""
    found = tags(text)
    if not found or not re.match(r"(?:NN[GP]|SL|SN|SH|XR|XSN|ETN|SY)", found[-1][1]) or not any(_is_content(tag) for _, tag in found):
        return False
    for number, (_, tag) in enumerate(found):
        parts = tag.split("+")
        if tag in ("JKG", "JC") and not of:
            return False
        if not all(_IN_NOUN.match(part) for part in parts) and not (parts[-1] == "ETM" or _leads_to_modifier(found, number)):
            return False
    return True


def _is_content(tag: str) -> bool:
    return tag.startswith(("NNG", "NNP", "SL", "SH", "XR"))


def _leads_to_modifier(found: tuple[tuple[str, str], ...], number: int) -> bool:
    """Whether a verb's stem stands right before the ending that makes it a modifier."""
    tag = found[number][1]
    return tag in ("VV", "VA", "VCP", "VX", "XSV", "XSA") and number + 1 < len(found) and found[number + 1][1] == "ETM"


# --------------------------------------------------------------- predicates


@dataclass(frozen=True, slots=True)
class Predicate:
    """A sentence without its closing ending. Of a verb `stem` takes 는 ("…하"), of an adjective or copula it is the modifier ("…한")."""

    stem: str
    verb: bool
    past: bool = False

    def modifier(self) -> str | None:
        """The sentence as it stands before a noun: "…하는", "…한"; None for past forms that are no 하다."""
        if self.past:
            return self.stem[:-1] + {"했": "한", "됐": "된"}[self.stem[-1]] if self.stem[-1] in "했됐" else None
        return self.stem + "는" if self.verb else self.stem

    def question(self, style: int = 0) -> str:
        """The sentence as a question: -는가/-나요/-나 by style 0 to 2."""
        return self.stem + (("는가?", "나요?", "나?") if self.verb else ("가?", "가요?", "가?"))[style % 3]


_CLOSING = re.compile(r"[\s.!。]+$")
_NEVER = re.compile(r"(?:겠습?니?다|시다|십니다|봅니다|본다|드립니다|바랍니다|아닙니다|아니다)$")

_DONE = re.compile(r"(?:(?:의미|과적합)(?:한다|합니다|된다|됩니다)|(?:높|넓|좁)(?:입니다|힙니다))$")
_SUCH = re.compile(
    r"(?:유용|필요|중요|가능|동일|유사|다양|복잡|간단|단순|적합|적절|편리|풍부|부족|충분|강력|저렴|안전|정확|명확|특별|불편)(?:하다|합니다)$"
)
"""Verbs and adjectives in 하다 that the dictionary takes for the other."""


def predicate(sentence: str) -> Predicate | None:
    """What a sentence in -다 or -니다 says; None for other endings, for invitations, and where the predicate is not understood."""
    sentence = _CLOSING.sub("", sentence)
    if _NEVER.search(sentence) or not sentence.endswith("다"):
        return None
    polite = sentence.endswith("니다")
    rest = sentence[: -2 if polite else -1]
    kind = _kind(sentence)
    if not kind or not rest or not is_syllable(rest[-1]):
        return None
    return _polite(rest, kind) if polite else _plain(rest, kind)


_COPULA = re.compile(r"(?:이다|입니다|이에요|예요|다|임)$")


def without_copula(words: str) -> str:
    """ "… 방법이다" as "… 방법"; other sentences as they are."""
    found = _COPULA.search(words)
    if not found or (found.group() != "임" and _kind(words) != "VCP"):
        return words
    rest = words[: found.start()]
    noun = tags(" ".join(rest.split()[-2:]))
    return rest if noun and _IN_NOUN.match(noun[-1][1].split("+")[-1]) else words


def is_described(text: str) -> bool:
    """Whether the text is a noun with a clause before it ("… 정렬하는 방법"), or with another noun's 의."""
    found = tags(text)
    is_noun = bool(found) and bool(_IN_NOUN.match(found[-1][1])) and found[-1][1] not in ("ETN", "SC", "SY")
    return is_noun and any(tag.split("+")[-1] in ("ETM", "JKG") for _, tag in found)


def has_topic(text: str) -> bool:
    """Whether a noun of the text is followed by 은 or 는."""
    found = tags(text)
    return any(
        tag == "JX" and surface in ("은", "는") and _IN_NOUN.match(before[1].split("+")[-1]) for before, (surface, tag) in pairwise(found)
    )


def closes_phrase(words: str) -> bool:
    """Whether a new phrase can begin behind the words: they end in a particle, an adverb, a connecting ending or a comma, or are none."""
    found = tags(" ".join(words.split()[-2:]))
    return not found or found[-1][1].split("+")[-1].startswith(("J", "SC", "EC", "MA", "SF"))


def _kind(sentence: str) -> str:
    """The tag of the last predicate."""
    if _DONE.search(sentence) or _SUCH.search(sentence):
        return "XSV" if _DONE.search(sentence) else "XSA"
    found = [part for _, tag in tags(" ".join(sentence.split()[-4:])) for part in tag.split("+")]
    return next((tag for tag in reversed(found) if tag in ("VV", "VA", "VX", "VCP", "VCN", "XSV", "XSA")), "")


def _polite(rest: str, kind: str) -> Predicate | None:
    last, before = rest[-1], rest[:-1]
    if last == "습" and before and is_syllable(before[-1]):
        return _closed(before, kind)
    if final(last) != _B:
        return None
    bare = with_final(last, 0)
    if last == "입" and kind == "VCP":
        return Predicate(before + "인", False)
    return Predicate(before + (bare if _is_verb(kind) else with_final(last, _N)), _is_verb(kind))


def _plain(rest: str, kind: str) -> Predicate | None:
    last, before = rest[-1], rest[:-1]
    if kind == "VCP" and final(last) != _SS:
        return Predicate((before if last == "이" else rest) + "인", False)
    if last == "는" and before:
        return Predicate(before, True)
    if final(last) == _N:  # no adjective has this ending
        return Predicate(before + with_final(last, 0), True)
    if final(last) == 0 and not _is_verb(kind):
        return Predicate(before + with_final(last, _N), False)
    return _closed(rest, kind)


def _closed(stem: str, kind: str) -> Predicate | None:
    """Of a stem that ends in a consonant and has no ending yet."""
    last = stem[-1]
    if last in "있없":
        return Predicate(stem, True)
    if final(last) == _SS:
        return Predicate(stem, True, past=True)
    if kind == "VA" and final(last) == _L:
        return Predicate(stem[:-1] + with_final(last, _N), False)
    if kind == "VA":  # of a stem in ㅂ it is not known here whether it softens (쉬운, 좁은)
        return Predicate(stem + "은", False) if final(last) not in (0, _B) else None
    return Predicate(stem, True) if _is_verb(kind) and final(last) > 0 else None


def _is_verb(kind: str) -> bool:
    return kind in ("VV", "VX", "XSV")

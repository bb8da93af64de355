"""Does a hit hold the answer? DPR's answer recall (Karpukhin et al. 2020, `has_answer`), made fit for Korean; standard library only.

DPR cuts text and answer into words (runs of letters and digits) and single signs, lower case, and asks whether the answer's words follow
one another in the text. Two things differ here, and `docs/evaluation.md` says why: the last word may carry particles, and white space
beside Hangul does not count.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

_TOKEN = re.compile(r"[^\W_]+|[^\s\x00-\x1f\x7f\xad\u200b-\u200f\u2060\ufeff]")
_HANGUL = range(ord("가"), ord("힣") + 1)

_ALWAYS = (
    "의 에 엔 에서 에게 에게서 께 께서 한테 한테서 도 만 까지 부터 조차 마저 밖에 뿐 마다 처럼 보다 만큼 대로 "
    "이다 이며 이고 이지만 이라 이라고 이라는 이라며 이자 이므로 이면 이어서 인데 이던 이었다 이었고 이었으며 이었던 이었으나 입니다 이에요"
)
_AFTER_CONSONANT = "이 을 은 과 이랑 이나 이라도 이란 이야말로"
_AFTER_VOWEL = "가 를 는 와 랑 나 라도 란 야말로 다 라 라고 라는 라며 였다 였고 였으며 였던 였으나 예요"
_DIRECTION = "으로 으로서 으로써"
_DIRECTION_AFTER_VOWEL_OR_L = "로 로서 로써"
_ANY = (_ALWAYS, _AFTER_CONSONANT, _AFTER_VOWEL, _DIRECTION, _DIRECTION_AFTER_VOWEL_OR_L)


def _particles(*first: str) -> re.Pattern[str]:
    """One of these particles, and up to two others behind it (`에서는`, `으로부터의`)."""
    heads, tails = ("|".join(" ".join(groups).split()) for groups in (first, _ANY))
    return re.compile(f"(?:{heads})(?:{tails}){{0,2}}")


_BEHIND_CONSONANT = _particles(_ALWAYS, _AFTER_CONSONANT, _DIRECTION)
_BEHIND_L = _particles(_ALWAYS, _AFTER_CONSONANT, _DIRECTION_AFTER_VOWEL_OR_L)
_BEHIND_VOWEL = _particles(_ALWAYS, _AFTER_VOWEL, _DIRECTION_AFTER_VOWEL_OR_L)
_BEHIND_OTHERS = _particles(*_ANY)


@dataclass(frozen=True, slots=True)
class Words:
    """A text ready to be compared: its words and signs in a row, a space only between two words neither of which meets with Hangul.

    `bounds` are the places where a word or sign starts, and the end.
    """

    text: str
    bounds: tuple[int, ...]


def words_of(text: str) -> Words:
    """Cuts a text, made NFC and lower case."""
    parts: list[str] = []
    bounds = []
    at, last = 0, ""
    for token in _TOKEN.findall(unicodedata.normalize("NFC", text).lower()):
        if _is_plain(last[-1:]) and _is_plain(token[0]):
            parts.append(" ")
            at += 1
        bounds.append(at)
        parts.append(token)
        at += len(token)
        last = token
    return Words("".join(parts), (*bounds, at))


def holds(text: Words, answers: Iterable[Words]) -> bool:
    """Whether any of the answers stands in the text as whole words, the last of them with particles or without."""
    return any(_stands(text, answer.text) for answer in answers)


def matches(text: str, patterns: Iterable[re.Pattern[str]]) -> bool:
    """Whether any of the patterns is found in the text, made NFC."""
    text = unicodedata.normalize("NFC", text)
    return any(pattern.search(text) for pattern in patterns)


def answer_pattern(answer: str) -> re.Pattern[str]:
    """An answer that is a regular expression, as DPR reads it (no case, `^` and `$` at lines), NFC; ValueError where it is none."""
    try:
        return re.compile(unicodedata.normalize("NFC", answer), re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"the answer {answer!r} is no regular expression: {error}") from error


def answer_metrics(held: Iterable[bool], ks: Sequence[int]) -> dict[str, float]:
    """`answer@k`: 1 where any of the first k hits holds an answer. `held` tells it of each hit and is read up to the first that does."""
    first = next((rank for rank, found in enumerate(islice(held, max(ks)), 1) if found), None)
    return {f"answer@{k}": float(first is not None and first <= k) for k in ks}


def _stands(text: Words, answer: str) -> bool:
    at = text.text.find(answer) if answer else -1
    while at >= 0:
        if _is_bound(text, at) and _ends(text, at + len(answer)):
            return True
        at = text.text.find(answer, at + 1)
    return False


def _is_bound(text: Words, at: int) -> bool:
    return text.bounds[bisect_left(text.bounds, at)] == at


def _ends(text: Words, end: int) -> bool:
    """Whether a word ends here, or only particles are left of it."""
    rest = text.text[end : text.bounds[bisect_left(text.bounds, end)]].rstrip()
    return not rest or _behind(text.text[end - 1]).fullmatch(rest) is not None


def _behind(character: str) -> re.Pattern[str]:
    """The particles that may stand behind a character: most have one form after a vowel and one after a consonant."""
    if not _is_hangul(character):
        return _BEHIND_OTHERS
    final = (ord(character) - _HANGUL.start) % 28  # the place of its last consonant in Unicode's order (0: none, 8: ㄹ)
    return {0: _BEHIND_VOWEL, 8: _BEHIND_L}.get(final, _BEHIND_CONSONANT)


def _is_hangul(character: str) -> bool:
    return ord(character) in _HANGUL


def _is_plain(character: str) -> bool:
    """A letter or digit that keeps its distance to others: Hangul does not, signs need none."""
    return character.isalnum() and not _is_hangul(character)

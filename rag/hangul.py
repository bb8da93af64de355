"""Hangul by its letters: syllables (Unicode 15, section 3.12), initial consonants, and the keys of the Korean keyboard (KS X 5002)."""

from __future__ import annotations

import re
from collections.abc import Sequence

FIRST, LAST = 0xAC00, 0xD7A3
VOWELS, FINALS = 21, 28
_INITIAL = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"

_INITIALS, _VOWELS = "r R s e E f a q Q t T d w W c z x v g", "k o i O j p u P h hk ho hl y n nj np nl b m ml l"
_FINALS = "r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g"
_CONSONANTS = "r R rt s sw sg e E f fr fa fq ft fx fv fg a q Q qt t T d w W c z x v g"
_INITIAL_KEYS, _VOWEL_KEYS, _FINAL_KEYS = _INITIALS.split(), _VOWELS.split(), ["", *_FINALS.split()]
_LETTERS = "ㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_KEYS_OF = dict(zip(_LETTERS, _CONSONANTS.split() + _VOWEL_KEYS, strict=True))
_LETTER_OF = {keys: letter for letter, keys in _KEYS_OF.items()}

SHIFTED = "QWERTOP"
"""The keys whose letter changes with Shift."""
KEYS = "abcdefghijklmnopqrstuvwxyz" + SHIFTED

_DOUBLE_VOWELS = "hk|ho|hl|nj|np|nl|ml"
_CLUSTERS = "rt|sw|sg|fr|fa|fq|ft|fx|fv|fg|qt"
_VOWEL = "[koiOjpuPhynbml]"
_SYLLABLE = re.compile(
    f"(?P<initial>[rRseEfaqQtTdwWczxvg])(?P<vowel>{_DOUBLE_VOWELS}|{_VOWEL})"
    f"(?P<final>(?:{_CLUSTERS}|[rRsefaqtTdwczxvg])(?!{_VOWEL}))?"
    f"|(?P<letter>{_DOUBLE_VOWELS}|(?:{_CLUSTERS})(?!{_VOWEL})|[{KEYS}])"
)
"""What the keys give: a final consonant belongs to the next syllable where a vowel follows it."""


def is_syllable(sign: str) -> bool:
    return len(sign) == 1 and FIRST <= ord(sign) <= LAST


def final(syllable: str) -> int:
    """The number of the final consonant, 0 for none; -1 for what is no syllable."""
    return (ord(syllable) - FIRST) % FINALS if is_syllable(syllable) else -1


def with_final(syllable: str, number: int) -> str:
    return chr(ord(syllable) - final(syllable) + number)


def toward(word: str) -> str:
    """The particle 로 or 으로 that fits behind a word; behind other letters and digits than Hangul, 로."""
    return "으로" if final(word[-1:]) not in (-1, 0, 8) else "로"


def searched_for(words: Sequence[str]) -> str:
    """The words in quotes with the particle of what is aimed at: `‘벡터’, ‘역전파’로`."""
    return ", ".join(f"‘{word}’" for word in words) + toward(words[-1])


def initials(word: str) -> str:
    """The initial consonants of Hangul: `ㅇㅈㅍ` of `역전파`; other signs as they are."""
    return "".join(_INITIAL[(ord(sign) - FIRST) // (VOWELS * FINALS)] if is_syllable(sign) else sign for sign in word)


def keys(text: str) -> str:
    """The keys that were pressed for a text in Hangul, on the Latin keyboard: `durwjsvk` of `역전파`; other signs as they are."""
    return "".join(_keys_of(sign) for sign in text)


def _keys_of(sign: str) -> str:
    if not is_syllable(sign):
        return _KEYS_OF.get(sign, sign)
    rest, last = divmod(ord(sign) - FIRST, FINALS)
    return _INITIAL_KEYS[rest // VOWELS] + _VOWEL_KEYS[rest % VOWELS] + _FINAL_KEYS[last]


def typed(latin: str) -> str:
    """What the same keys give on the Korean keyboard: `역전파` of `durwjsvk`; other signs as they are."""
    lowered = "".join(sign if sign in SHIFTED else sign.lower() for sign in latin)
    return _SYLLABLE.sub(_written, lowered)


def _written(found: re.Match[str]) -> str:
    if found["letter"]:
        return _LETTER_OF[found["letter"]]
    places = _INITIAL_KEYS.index(found["initial"]), _VOWEL_KEYS.index(found["vowel"]), _FINAL_KEYS.index(found["final"] or "")
    return chr(FIRST + (places[0] * VOWELS + places[1]) * FINALS + places[2])


def is_whole(text: str) -> bool:
    """Whether a text is nothing but Hangul syllables."""
    return bool(text) and all(map(is_syllable, text))


def letters(text: str) -> str:
    """Letters of Hangul that stand alone, clusters as an input method makes them taken apart: `ㄱㅅ` of `ㄳ`."""
    return "".join(map(_apart, text))


def _apart(sign: str) -> str:
    pressed = _KEYS_OF.get(sign, "")
    return "".join(_LETTER_OF[key] for key in pressed) if len(pressed) > 1 and sign < "ㅏ" else sign

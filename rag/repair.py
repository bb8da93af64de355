"""Questions as they were meant: initial consonants ("ㅇㅈㅍ"), the wrong keyboard ("durwjsvk", "ㅠㅡ25"), one wrong key ("백터").

A word is only ever replaced where no note holds it, by a word of the notes or, beside such a word, by what the same keys give on the Korean
keyboard: questions in the notes' own words stay as they are.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from index.index import Index
from index.morphemes import BIGRAM, SURFACE, Analyser, Token
from rag import hangul
from rag.types import Repair

COMMON = 3
"""A slip of one key is mended where at least so many passages hold the word that was meant."""
SHORTEST, SHORTEST_LATIN = 5, 6
"""A word of fewer keys has too many neighbours to tell which one was meant."""
LONGEST = 40
"""No word of the notes that was meant has more keys; trying every slip of a longer one would take long."""
CLEARLY = 2
"""Two consonants stand for a word that is so many times commoner than the next."""

BEGUN = 3
"""So many words are looked for where one has only been begun."""
RARE = 5
"""A word so many times rarer than the commonest with the same beginning is not looked for: it would stand before it by being rare."""
LOOKED_THROUGH = 30
"""So many of the commonest words with that beginning are looked at, to find nouns among them."""

_WORD = re.compile(r"[^\W_]+")
_LAST = re.compile(r"[^\W_]+$")
_SIMPLE = (
    "은 는 이 가 을 를 의 에 에서 로 으로 와 과 도 만 란 이란 나 이나 까지 부터 보다 처럼 들 마다 라는 이라는 라고 이라고 에게 한테 랑 이랑"
)
_JOINED = "들은 들이 들을 들의 에는 에서는 에서의 에서도 에도 에만 로는 으로는 로도 으로도 만의 만이 과의 와의 과는 와는"
_COPULA = "인가 인가요 인지 이야 야 이고 고 이면 면 일 인 일까 일까요 이죠 죠 이에요 예요 입니까 이라 라"
_PARTICLES = frozenset(f"{_SIMPLE} {_JOINED} {_COPULA}".split())
_LONGEST_PARTICLE = max(map(len, _PARTICLES))
_CONSONANTS = re.compile("[ㄱ-ㅎ]{2,}")
_LETTERS = re.compile("[ㄱ-ㅣ]")
_LATIN = re.compile("[a-z]+", re.IGNORECASE)
_NOUN = re.compile(r"(?:NN[GPB]C?|NR|SL|SN|SH|XR|XPN|XSN)$")


@dataclass(frozen=True, slots=True)
class Repaired:
    """A question as it is searched, and what was changed in it."""

    text: str
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True)
class Words:
    """The words of the notes and how many passages hold each; Hangul also by the keys that write it and by its initial consonants."""

    counts: Mapping[str, int]
    by_keys: Mapping[str, str]
    by_initials: Mapping[str, Sequence[str]]

    @cached_property
    def in_order(self) -> list[str]:
        return sorted(self.counts)

    @cached_property
    def keys_in_order(self) -> list[str]:
        return sorted(self.by_keys)

    def knows(self, word: str) -> bool:
        """Whether the notes hold the word, with whichever particle."""
        return any(stem in self.counts for stem, _ in splits(word))

    def bare(self, word: str, meant: str) -> Repair:
        """What was replaced, without the particle that the word carries."""
        stem, particle = max(splits(meant), key=lambda split: (len(split[0]) > 1) * self.counts.get(split[0], 0))
        return Repair(word.removesuffix(particle), stem)


class Repairer:
    """Mends questions by the words of one index, which are gathered when they are first needed. May be shared by threads."""

    def __init__(self, index: Index, analyser: Analyser) -> None:
        self._index = index
        self._analyser = analyser

    def __call__(self, question: str) -> Repaired:
        """The question with the words replaced that no note holds and that stand for one that some do."""
        found = list(_WORD.finditer(question))
        if all(self._index.document_frequency([SURFACE + each.group().lower() for each in found])):
            return Repaired(question)
        meant = {word: self._meant(word) for word in dict.fromkeys(each.group() for each in found)}
        if any(_LATIN.fullmatch(word) and hangul.is_whole(as_meant) for word, as_meant in meant.items()):
            meant = {word: as_meant or self._same_keyboard(word) for word, as_meant in meant.items()}
        text = _WORD.sub(lambda each: meant[each.group()] or each.group(), question)
        return Repaired(text, tuple(self._words.bare(word, as_meant) for word, as_meant in meant.items() if as_meant))

    def unfinished(self, question: str) -> Repaired:
        """The same for a question that is still being typed: a last word that is none yet gives way to those of the notes that begin so."""
        last = _LAST.search(question)
        words = self._begun(last.group()) if last else []
        if not last or not words:
            return self(question)
        before = self(question[: last.start()])
        return Repaired(before.text + " ".join(words), before.repairs)

    def _begun(self, word: str) -> list[str]:
        """The commonest nouns that begin with a word's keys and letters, where it is no word by itself, nor stands for one."""
        if len(word) < 2 and not hangul.is_whole(word):
            return []
        if self._words.knows(word.lower()) or self._by_initials(word) or self._by_keyboard(word):
            return []
        found = longer(word.lower(), self._words)
        bare = {each for each in found if not any(particle and stem in found for stem, particle in splits(each))}
        commonest = sorted(bare, key=lambda each: (-self._words.counts[each], each))
        nouns = [each for each in commonest[:LOOKED_THROUGH] if self._is_noun(each)][:BEGUN]
        return [each for each in nouns if self._words.counts[each] * RARE >= self._words.counts[nouns[0]]]

    @cached_property
    def _words(self) -> Words:
        return words_of(self._index.vocabulary())

    def _meant(self, word: str) -> str:
        """What a word stands for; empty where it stands for itself."""
        if self._words.knows(word.lower()):
            return ""
        return self._by_initials(word) or self._by_keyboard(word) or self._by_slip(word.lower())

    def _by_initials(self, word: str) -> str:
        """The commonest noun of those initial consonants."""
        found = _CONSONANTS.match(word)
        if not found or len(set(found.group())) == 1 or word[found.end() :] not in {"", *_PARTICLES}:  # ㅋㅋ, ㅎㅎ
            return ""
        asked = hangul.letters(found.group())
        candidates = [each for each in self._words.by_initials.get(asked, ()) if self._is_noun(each)]
        counts = [*(self._words.counts[each] for each in candidates), 0, 0]
        clear = len(asked) > 2 or counts[0] >= CLEARLY * counts[1]
        return candidates[0] + word[found.end() :] if candidates and clear else ""

    def _by_keyboard(self, word: str) -> str:
        """The word that the same keys give on the other keyboard; its particle may have been typed on the right one."""
        for stem, particle in splits(word):
            meant = self._in_hangul(stem) if _LATIN.fullmatch(stem) else self._in_latin(stem)
            if meant:
                return meant + particle
        return ""

    def _in_hangul(self, stem: str) -> str:
        written = (hangul.typed(stem), hangul.typed(stem.lower()))  # the second with Caps Lock on
        return next((each for each in written if hangul.is_whole(each) and self._holds_noun(each)), "")

    def _in_latin(self, stem: str) -> str:
        pressed = hangul.keys(stem).lower()
        enough = pressed != stem.lower() and len(pressed) > 2 and self._words.counts.get(pressed, 0) >= _needed(stem)
        return pressed if enough and self._analyser.query(pressed) else ""

    def _same_keyboard(self, word: str) -> str:
        """What a word gives on the Korean keyboard, beside others that were meant for it."""
        written = hangul.typed(word) if _LATIN.fullmatch(word) and not self._words.knows(word.lower()) else ""
        return written if hangul.is_whole(written) and len(written) > 1 else ""

    def _by_slip(self, word: str) -> str:
        """The one noun that is a wrong, missing, added or swapped key away."""
        if len(hangul.keys(word)) > LONGEST or (hangul.is_whole(word) and any(len(stem) == 1 for stem, _ in splits(word))):
            return ""
        found = {meant + particle for stem, particle in splits(word) if self._may_be_slip(stem) for meant in self._neighbours(stem)}
        return found.pop() if len(found) == 1 else ""

    def _neighbours(self, stem: str) -> list[str]:
        near = [each for each in neighbours(stem, self._words) if self._is_noun(each)]
        return near if any(self._words.counts[each] >= COMMON for each in near) else []

    def _may_be_slip(self, stem: str) -> bool:
        """Whether a word is in no dictionary, is not put together of words that are, and is no short verb."""
        if not hangul.is_whole(stem):
            return bool(_LATIN.fullmatch(stem)) and len(stem) >= SHORTEST_LATIN
        if len(hangul.keys(stem)) < SHORTEST:
            return False
        parts = self._analyser.tagged(stem)
        bends = len(stem) == 2 and parts[-1].tag.split("+")[-1].startswith("E")
        return len(parts) > 1 and not bends and not all(self._is_part(part) for part in parts)

    def _is_part(self, part: Token) -> bool:
        """Whether a word may be put together of this: anything longer than a syllable, or what the notes hold and is no particle."""
        return len(part.term) > 1 or (self._words.knows(part.term) and not part.tag.startswith("J"))

    def _holds_noun(self, word: str) -> bool:
        return any(stem in self._words.counts and len(stem) > 1 and self._is_noun(stem) for stem, _ in splits(word))

    def _is_noun(self, word: str) -> bool:
        return all(_NOUN.match(token.tag) for token in self._analyser.tagged(word))


def _needed(stem: str) -> int:
    """How many passages must hold what a stem gives on the other keyboard: whole syllables may be a word too, single letters are none."""
    return 1 if _LETTERS.search(stem) else COMMON


def splits(word: str) -> Iterator[tuple[str, str]]:
    """The word whole, then as stem and particle in each way that it can be read."""
    yield word, ""
    for length in range(1, min(_LONGEST_PARTICLE, len(word) - 1) + 1):
        if word[-length:] in _PARTICLES:
            yield word[:-length], word[-length:]


def words_of(vocabulary: Mapping[str, int]) -> Words:
    """The words of an index's terms; a word that stands by itself somewhere also counts where it carries a particle."""
    surface = {term[1:]: count for term, count in vocabulary.items() if term[:1] == SURFACE}
    counts = Counter({term: count for term, count in vocabulary.items() if term[:1] not in (SURFACE, BIGRAM)})
    counts |= Counter(surface)
    carried: Counter[str] = Counter()
    for word, count in surface.items():
        for stem, particle in splits(word):
            if particle and stem in counts and stem in surface:
                carried[stem] += count
    counts += carried
    written = sorted((word for word in counts if hangul.is_whole(word) and len(word) > 1), key=lambda word: (-counts[word], word))
    by_initials: defaultdict[str, list[str]] = defaultdict(list)
    for word in written:
        by_initials[hangul.initials(word)].append(word)
    return Words(dict(counts), {hangul.keys(word): word for word in written}, dict(by_initials))


def longer(word: str, words: Words) -> set[str]:
    """The words of the notes that go on from this one: Latin letters as they are, Hangul by its keys, so that half a syllable counts."""
    if _LATIN.fullmatch(word):
        return set(_beginning(words.in_order, word))
    return {words.by_keys[keys] for keys in _beginning(words.keys_in_order, hangul.keys(word))}


def _beginning(ordered: Sequence[str], start: str) -> Sequence[str]:
    """Those that begin so and go on."""
    return ordered[bisect_right(ordered, start) : bisect_right(ordered, start + chr(sys.maxunicode))]


def neighbours(word: str, words: Words) -> set[str]:
    """The words of the notes that are one key away: Hangul by its keys, Latin letters by themselves."""
    if _LATIN.fullmatch(word):
        return {near for near in _one_key_away(word, hangul.KEYS[:26]) if near in words.counts and _is_latin_slip(word, near)}
    near = {words.by_keys[near] for near in _one_key_away(hangul.keys(word), hangul.KEYS) if near in words.by_keys}
    return {each for each in near if len(each) == len(word)}


def _is_latin_slip(word: str, near: str) -> bool:
    """Slips begin and end as the word does: another end is another form of it, another beginning or a short word with another letter is
    another word ("might", "right")."""
    replaced = len(word) == len(near) and sorted(word) != sorted(near)
    return (word[0], word[-1]) == (near[0], near[-1]) and len(near) >= SHORTEST_LATIN + replaced


def _one_key_away(pressed: str, alphabet: Iterable[str]) -> set[str]:
    """Every string that one replaced, missing, added or swapped key makes of another (Damerau 1964)."""
    cuts = [(pressed[:at], pressed[at:]) for at in range(len(pressed) + 1)]
    missing = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    changed = {left + key + right[skip:] for left, right in cuts for key in alphabet for skip in (0, 1) if len(right) >= skip}
    return (missing | swapped | changed) - {pressed}

"""Whether a sentence that cites passages is held by them: its numbers, names and words, what it denies, what it quotes, and what it means.

A sentence is compared with the lines of the passages that share most of its words, so that a number or a denial from elsewhere in a long
passage does not count. What is found wrong is said with the words that are wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

from index.encoder import Encoder
from index.morphemes import Analyser, Token
from index.sentences import sentences
from index.types import Passage
from rag.quotes import find_quote, unspaced

FaultKind = Literal["uncited", "range", "quote", "number", "name", "word", "negation", "meaning"]

LEAST_LIKE, ACROSS = 0.86, 0.02
"""Cosine of the shipped encoder below which a sentence means something else than the nearest line of what it cites, and by how much lower
it may be across languages (chosen on the dev questions)."""
_MANY = 6
"""Words of an English sentence of which one may be another than the note's."""
LINES = 6
"""So many lines of the passages hold what one sentence says at most."""

_NUMBER = re.compile(r"(?P<name>[A-Za-z]+[-_]?)?(?<![\d.])(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)")
"""A number, with the letters in front of it where it is part of a name (`GPT-3`, `k_1`); commas only between thousands."""
_UNIT = re.compile(r"\s?(%|퍼센트|초|분|시간|일|개월|월|년|주|세기|차원|층|배|바이트|비트|도|원|달러|명|GB|MB|KB|ms|km|cm)")
_SAME_UNIT = {"퍼센트": "%"}
_QUOTED = re.compile(r"[“\"「『](?P<long>[^”\"」』\n]{2,})[”\"」』]|[‘](?P<short>[^’\n]{2,})[’]")
_HANGUL, _LATIN = re.compile(r"[가-힣]"), re.compile(r"[A-Za-z]")
_LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z]+")
_NOUNS = frozenset(("NNG", "NNP", "XR", "SH"))
_THINGS = frozenset(("NNG", "SH"))
_PREDICATES = frozenset(("VV", "VA", "NNG", "NNP", "XR", "SL", "NNB", "NNBC"))
_SAYING = "노트 정리 내용 설명 말 뜻 의미 문장 단락 자료 강의 수업 질문 답 답변 언급 소개 제시 다음 우선 먼저"
_ORDERING = "방법 경우 때문 이유 점 것 수 등 때 중 기준 대상 정도 사실 부분 관련 사용 이용 활용 각각 모두 전체 하나 결과 역할 특징"
_NEUTRAL = frozenset(f"{_SAYING} {_ORDERING}".split())
"""Nouns that a model puts round what it says."""
_JOINING = (
    "a an the and or but if so as of to in on at by for from with into onto than then because since while about between both also only"
)
_POINTING = (
    "that this these those it its they their them there here he she his her such which who whose whom what when where why how each all"
)
_HELPING = "is are was were be been being am do does did has have had can could may might will would shall should must not no nor"
_TELLING = (
    "according notes note short passage passages says said states stated mentions described means called however therefore thus given"
)
_COUNTING = "any some more most other another one two using used use uses"
_ENGLISH = frozenset(f"{_JOINING} {_POINTING} {_HELPING} {_TELLING} {_COUNTING}".split())
_DENIES = re.compile(r"\b(?:not|no|never|cannot|without|neither|nor|none)\b|n't\b|n’t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a sentence is not supported: the kind, the words that are not held, and the numbers of the passages that it cites."""

    kind: FaultKind
    words: tuple[str, ...] = ()
    cited: tuple[int, ...] = ()


@dataclass(frozen=True)
class Checker:
    """Compares sentences with passages. Without an encoder what they mean is left out."""

    analyser: Analyser
    encoder: Encoder | None = None
    least_like: float = LEAST_LIKE

    def faults(self, sentence: str, cited: Sequence[int], passages: Sequence[Passage], question: str = "") -> tuple[Fault, ...]:
        """What is wrong with a sentence (its citations left out) that cites passages by their numbers from 1 on; empty where it is held.

        Nouns of the question may be said again; numbers and names may not, where the passages lack them.
        """
        if not cited:
            return (Fault("uncited"),)
        beyond = tuple(number for number in cited if not 1 <= number <= len(passages))
        if beyond:
            return (Fault("range", tuple(map(str, beyond)), beyond),)
        held = _Held([passages[number - 1] for number in cited], self.analyser)
        near = [] if held.is_foreign(sentence) else held.near(self._nouns(sentence))
        found: tuple[tuple[FaultKind, tuple[str, ...]], ...] = (
            ("quote", _quotes(sentence, held, question)),
            ("number", _numbers(sentence, held, near)),
            ("name", self._names(sentence, held, question)),
            ("word", self._words(sentence, held, question)),
            ("negation", self._denied(sentence, near)),
        )
        faults = tuple(Fault(kind, words, tuple(cited)) for kind, words in found if words)
        return faults or self._meaning(sentence, held, tuple(cited))

    def _nouns(self, text: str) -> set[str]:
        return {token.term for token in self.analyser.tokens(text) if token.tag != "SN" and token.term not in _ENGLISH}

    def _names(self, sentence: str, held: _Held, question: str) -> tuple[str, ...]:
        """Latin words and proper nouns that the passages lack; English ones by their stem, those that begin small only beside English."""
        foreign = held.is_foreign(sentence)
        words = [match for match in _LATIN_WORD.finditer(sentence) if match.group().lower() not in _ENGLISH]
        lacking = [match for match in words if not held.says(_stem(match.group())) and not (foreign and _may_be_common(match))]
        if len(lacking) == 1 and len(words) >= _MANY and lacking[0].group().islower() and not _HANGUL.search(sentence):
            lacking = []  # one word of many may be another for the same
        found = [match.group() for match in lacking]
        asked = unspaced(question).lower()
        proper = [
            token.term
            for token in self.analyser.tagged(sentence)
            if token.tag == "NNP" and len(token.term) > 1 and not sentence.startswith("니다", token.end - 1)
        ]
        return tuple(dict.fromkeys([*found, *(name for name in proper if held.is_hangul and not held.says(name) and name not in asked)]))

    def _words(self, sentence: str, held: _Held, question: str) -> tuple[str, ...]:
        """Nouns that neither the passages nor the question have; but what is said as a verb (발표하다) may be put otherwise."""
        if not held.is_hangul:
            return ()
        asked = unspaced(question).lower()
        tokens = self.analyser.tagged(sentence)
        verbal = {before.start for before, token in pairwise(tokens) if token.tag.startswith(("XSV", "XSA"))}
        nouns = [token.term for token in tokens if token.tag in _THINGS and token.start not in verbal]
        lacking = [noun for noun in nouns if len(noun) > 1 and noun not in _NEUTRAL and not held.says(noun) and noun not in asked]
        return tuple(dict.fromkeys(lacking or self._nothing_held(sentence, held)))

    def _nothing_held(self, sentence: str, held: _Held) -> list[str]:
        """All nouns of a sentence, verbal ones too, where the passages have none of them and it says nothing else that they could have."""
        nouns = [
            token.term
            for token in self.analyser.tagged(sentence)
            if token.tag in _NOUNS and len(token.term) > 1 and token.term not in _NEUTRAL
        ]
        others = _LATIN_WORD.search(sentence) or _NUMBER.search(sentence)
        return [] if others or any(held.says(noun) for noun in nouns) else nouns

    def _denied(self, sentence: str, near: Sequence[str]) -> tuple[str, ...]:
        """What the sentence denies and the nearest line says, or the other way round."""
        if not _HANGUL.search(sentence):
            return _denied_in_english(sentence, near)
        mine = {stem: (denied, start) for stem, denied, start in self._polarities(sentence)}
        for line in near:  # the nearest line decides
            theirs: dict[str, set[bool]] = {}
            for stem, denied, _ in self._polarities(line):
                theirs.setdefault(stem, set()).add(denied)
            wrong = [place for stem, place in mine.items() if stem in theirs and place[0] not in theirs[stem]]
            if wrong:
                return tuple(dict.fromkeys(_phrase(sentence, start, denied) for denied, start in wrong))
            mine = {stem: place for stem, place in mine.items() if stem not in theirs}
        return ()

    def _polarities(self, text: str) -> Iterator[tuple[str, bool, int]]:
        """Each noun and predicate of a Korean text, whether it is denied (하지 않다, 안 하다, 이 아니다, 없다), and where it begins."""
        tokens = self.analyser.tagged(text)
        for at, token in enumerate(tokens):
            tag = token.tag.split("+")[0]
            if tag in _PREDICATES or tag == "VX":
                stem = _form(token, self.analyser, text)
                if stem in ("없", "있"):
                    yield f"{_what_is(tokens[:at])} 있", (stem == "없") != _is_denied(tokens, at), token.start
                elif tag != "VX" and stem not in ("않", "못하", "아니", "안", "못", "수"):
                    yield stem, _is_denied(tokens, at), token.start

    def _meaning(self, sentence: str, held: _Held, cited: tuple[int, ...]) -> tuple[Fault, ...]:
        if self.encoder is None:
            return ()
        least = self.least_like - (ACROSS if held.is_foreign(sentence) else 0.0)
        return (Fault("meaning", (), cited),) if self.likeness(sentence, held.lines) < least else ()

    def likeness(self, sentence: str, lines: Sequence[str]) -> float:
        """The cosine of a sentence with the nearest of the lines."""
        if self.encoder is None or not lines:
            return 0.0
        vectors = self.encoder.encode_passages([sentence, *lines])
        return float((vectors[1:] @ vectors[0]).max())


class _Held:
    """What the cited passages hold, their titles and headings among it."""

    def __init__(self, passages: Sequence[Passage], analyser: Analyser) -> None:
        self.text = "\n".join(passage.embedded for passage in passages)
        self.lines = [passage.text[start:end] for passage in passages for start, end in sentences(passage.text)]
        self.heads = [passage.context for passage in passages]
        self._analyser = analyser
        self._squeezed = unspaced(self.text).lower()
        hangul, latin = len(_HANGUL.findall(self.text)), len(_LATIN.findall(self.text))
        self.is_hangul, self.is_latin = 5 * hangul > latin, latin > 2 * hangul

    def is_foreign(self, sentence: str) -> bool:
        """Whether a sentence is in the other language than the passages: then only its numbers and names can be compared."""
        return not self.is_latin if not _HANGUL.search(sentence) else not self.is_hangul

    def says(self, word: str) -> bool:
        return word.lower() in self._squeezed

    def near(self, terms: set[str]) -> list[str]:
        """The lines that together hold most of the terms, the one with most first; then what stands above them."""
        left, chosen = set(terms), list[str]()
        while left and len(chosen) < LINES:
            best = max(self._terms, key=lambda each: (len(left & each[1]), -len(each[1])), default=None)
            shared = len(left & best[1]) if best else 0
            if best is None or not shared or (chosen and shared < 2 and len(left) > 2 and 2 * shared < len(best[1])):
                break
            chosen.append(best[0])
            left -= best[1]
        most = max((len(terms & each) for _, each in self._terms), default=0)
        return chosen + [line for line, each in self._terms if line not in chosen and len(terms & each) == most > 0]

    @cached_property
    def _terms(self) -> list[tuple[str, set[str]]]:
        return [(line, {token.term for token in self._analyser.tokens(line)}) for line in self.lines]


def _stem(word: str) -> str:
    return word if len(word) < 6 or not word.isascii() else word[: max(5, len(word) - 3)]


def _form(token: Token, analyser: Analyser, text: str) -> str:
    """The dictionary form of a predicate: 찾 of 찾는다."""
    if "+" not in token.tag:
        return token.term.lower()
    forms = [each.term for each in analyser.tokens(text) if each.start == token.start]
    return forms[0] if forms else token.term


def _may_be_common(word: re.Match[str]) -> bool:
    """Whether an English word need not be a name: it begins small, or a sentence."""
    return word.group().islower() or word.start() == 0


def _phrase(sentence: str, start: int, denied: bool) -> str:
    """The word at that place, with the one behind it where it is denied: `보내지 않습니다`."""
    begin = sentence.rfind(" ", 0, start) + 1
    words = sentence[begin:].split()
    return " ".join(words[: 1 + denied]).strip(".,:;()\"'“”‘’")


def _what_is(before: Sequence[Token]) -> str:
    """Of what it is said that it is there or not: the noun, or the verb in front of 수."""
    bare = [token.term for token in before if token.tag not in ("JKS", "JX", "JKO")]
    return " ".join(bare[-2:] if bare[-1:] == ["수"] else bare[-1:])


def _is_denied(tokens: Sequence[Token], at: int) -> bool:
    """Whether the predicate or noun at that place is denied: 하지 않, 안 하, 이 아니."""
    before = tokens[at - 1] if at else None
    if before and before.tag == "MAG" and before.term in ("안", "못"):
        return True
    for token in tokens[at + 1 : at + 7]:
        if token.term.startswith(("않", "못하", "못한", "못했")) and token.tag.startswith("VX"):
            return True
        if token.tag.startswith("VCN"):
            return True
        if token.term == "하" and token.tag in ("VX", "VV"):
            continue
        if token.tag.split("+")[0] not in ("XSV", "XSA", "XSN", "EC", "EP", "JKC", "JKS", "JX", "VCP", "SY", "SSC") or token.tag.endswith(
            ("ETM", "EF")
        ):
            return False
    return False


def _denied_in_english(sentence: str, near: Sequence[str]) -> tuple[str, ...]:
    """The word by which the sentence alone denies, or the nearest line, where the sentence says nearly all of that."""
    mine, theirs = _DENIES.search(sentence), _DENIES.search("\n".join(near))
    if not near or _HANGUL.search("".join(near)):
        return ()
    if mine and not theirs:
        return (mine.group(),)
    first = _DENIES.search(near[0])
    words = set(_LATIN_WORD.findall(near[0].lower()))
    said = words & set(_LATIN_WORD.findall(sentence.lower()))
    return (first.group(),) if first and not mine and 10 * len(said) >= 7 * len(words) else ()


def _numbers(sentence: str, held: _Held, near: Sequence[str]) -> tuple[str, ...]:
    """Numbers, with their units, that the nearest lines and the headings above them lack."""
    anywhere = _quantities(held.text)
    there = _quantities("\n".join([*near, *held.heads])) if near else anywhere
    wrong = []
    for number, unit in _quantities(sentence):
        units = {each for value, each in (there if number[0].isdigit() else anywhere) if value == number}
        if not units or (unit and "" not in units and unit not in units):
            wrong.append(number + unit)
    return tuple(dict.fromkeys(wrong))


def _quantities(text: str) -> list[tuple[str, str]]:
    """Each number without its commas, and the unit behind it; one that ends a name with that name."""
    found = []
    for match in _NUMBER.finditer(text):
        unit = _UNIT.match(text, match.end()) if not match["name"] else None
        name = unit.group(1) if unit else ""
        letters = (match["name"] or "").rstrip("-_").lower()
        found.append((letters + match["digits"].replace(",", ""), _SAME_UNIT.get(name, name)))
    return found


def _quotes(sentence: str, held: _Held, question: str) -> tuple[str, ...]:
    """What stands in quotation marks and in no passage."""
    quoted = [match["long"] or match["short"] for match in _QUOTED.finditer(sentence)]
    return tuple(each for each in quoted if not find_quote(held.text, each) and unspaced(each).lower() not in unspaced(question).lower())

"""Sentences with a gap: where exactly one name or number can stand, and nothing else of the sentence gives it away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from index.types import Passage
from rag.drafting.draft import Draft, squeezed
from rag.drafting.naming import is_single
from rag.drafting.screen import EQUALLY_GOOD, Corpus, alike
from rag.training.facts import Part, aliases, behind_opening, overlaps, sheet
from rag.training.korean import closes_phrase, has_topic, tags
from rag.training.terms import any_of, flat, is_generic, is_korean, is_term, stands_alone

BLANK = "____"
"""What stands in the place of the word asked for."""
_HOLE = "\ue000"
"""The same while emphasis is taken out, which underscores may be."""
PER_SECTION = 2
"""Gaps of one section at most: the first sentences say what it is about."""
_BODY = range(24, 111)
"""Characters of a sentence."""
_LEAST_AROUND = 5
"""Content words that must be left around a gap to tell what belongs in it."""

_PARTICLES = {
    "은": "은(는)",
    "는": "은(는)",
    "이": "이(가)",
    "가": "이(가)",
    "을": "을(를)",
    "를": "을(를)",
    "과": "과(와)",
    "와": "과(와)",
}
_PARTICLES |= {"으로": "(으)로", "로": "(으)로", "이다": "이다", "이라는": "(이)라는", "라는": "(이)라는"}
_FOLLOWS = any_of("은 는 이 가 을 를 과 와 으로 로 이라는 라는 의 에 에서 도 만 에는 에만 에서는 에서만 까지 부터 보다 처럼 이다")
_TERM = (
    r"(?<![\w가-힣\-./(])[*`'\"“‘]*{term}[*`'\"”’]*(?P<alias>\s?\((?:[^()\d]{{2,40}})\)[*`]*)?"
    r"(?:(?P<particle>{follows})(?![가-힣])|(?=\s{kinds}|[.]|$))"
)
_KINDS = any_of("알고리즘 방식 방법 모델 기법 함수 층 구조 점수 대신 없이 이후 뒤")
"""Nouns that may stand behind a gap without a particle: others make one word with what is asked for."""
_UNITS = any_of("개 층 차원 단계 배 가지 퍼센트 % 시간 초 분 에폭 에포크 토큰 픽셀 장 명 년 비트 바이트 GB MB 쌍 단어 문장 종")
_AMOUNT = re.compile(rf"(?<![\w.,\-~–×/(])(?P<number>\d[\d,.]*\s?(?:만|억|천|조)?)\s?(?={_UNITS}(?![가-힣]*째|이?면))")
_LATIN = re.compile("[A-Za-z]{3,}")
_ANY_NUMBER = re.compile(r"\d[\d,.]*")
_LISTED = re.compile(rf"[,/·、]\s*{_HOLE}|{_HOLE}\s*[,/·、]|{_HOLE}[^:：]{{0,14}}[:：]|^(?:목표|날짜|키워드|구성|준비물|참고) ?[:：]")
"""One of several that are listed, or a label: which one is meant, or that a label is meant, nothing says."""
_UNCLEAR = re.compile(r"→|←|\?|노트|메모|아래|위의|다음|실습실|과제 \d|지난|오늘|강의|교수|조교|\b[A-Z]\w* 등\b|예:|예\)|예를|참고")


@dataclass(frozen=True, slots=True)
class Gap:
    """The place of the sentence in its passage, the sentence with the gap, and the word that belongs there."""

    line: Part
    front: str
    answer: str


@dataclass(frozen=True, slots=True)
class Names:
    """What a gap may ask for: each name with its other name or nothing, and the names by their first two letters."""

    others: Mapping[str, str]
    starts: Mapping[str, Sequence[str]]

    def held(self, text: str) -> list[str]:
        """The names in a text, the longest first."""
        starts = {text[at : at + 2] for at in range(len(text) - 1)}
        found = {name for start in starts for name in self.starts.get(start, ()) if name in text}
        return sorted(found, key=lambda name: (-len(name), name))


def names(others: Mapping[str, str]) -> Names:
    starts: defaultdict[str, list[str]] = defaultdict(list)
    for name in others:
        starts[name[:2]].append(name)
    return Names(others, starts)


def names_of(drafts: Iterable[Draft], passages: Iterable[Passage]) -> Names:
    """The names that the notes explain; no common word, for which others would fit."""
    found: dict[str, str] = {}
    for draft in drafts:
        for name, other in zip(draft.names[:2], (*draft.names[1:2], *draft.names[:1]), strict=False):
            found[name] = other if other != name else ""
    for name, other in aliases(passages).items():
        found.setdefault(name, other)
        found.setdefault(other, name)
    return names({name: other for name, other in found.items() if is_term(name) and not is_generic(name) and not is_single(name)})


def opened(sentence: str, name: str) -> str:
    """A sentence that begins with a name, with a gap for it and for its other names in brackets; empty where it does not."""
    pattern = re.compile(
        rf"[*`'\"“‘]*{re.escape(name)}[*`'\"”’]*(?:\s?\([^()]*\))*[*`]*(?P<particle>{_FOLLOWS}(?=\s)|란(?=\s)|\s?(?=[:：]))"
    )
    found = pattern.match(sentence)
    rest = sentence[found.end() :] if found else ""
    parts = [squeezed(word) for word in _LATIN.findall(rest)]
    if found is None or squeezed(name) in squeezed(rest) or any(part in squeezed(name) for part in parts):
        return ""
    return flat(_HOLE + _PARTICLES.get(found["particle"], found["particle"]) + rest).replace(_HOLE, BLANK)


def gaps(passage: Passage, names: Names, corpus: Corpus, busy: Sequence[Part], asked: Collection[str]) -> Iterator[Gap]:
    """At most `PER_SECTION` gaps of a passage for what is not asked yet, in sentences outside the places that are busy (of the note)."""
    found = 0
    for line in sheet(passage).lines:
        place = (passage.start + line[0], passage.start + line[1])
        gap = None if found == PER_SECTION or overlaps(place, busy) else gap_of(passage.text, line, names, corpus)
        if gap and gap.answer not in asked:
            found += 1
            yield gap


def gap_of(text: str, line: Part, names: Names, corpus: Corpus) -> Gap | None:
    """The sentence with its best gap; None where nothing in it can be asked for."""
    start, end = behind_opening(text, line)
    body = text[start:end]
    if (
        len(body) not in _BODY
        or not is_korean(body)
        or not stands_alone(body)
        or _UNCLEAR.search(body)
        or body.count("(") != body.count(")")
    ):
        return None
    for front, answer in (*_names_in(body, names), *_numbers_in(body)):
        if _is_clear(front, answer, corpus):
            return Gap(line, front.replace(_HOLE, BLANK), answer)
    return None


def _names_in(body: str, names: Names) -> Iterator[tuple[str, str]]:
    """Gaps for names that stand once in the sentence, in no longer name, and whose other name does not; the longest first."""
    held = names.held(body)
    for name in held:
        pattern = re.compile(_TERM.format(term=re.escape(name), follows=_FOLLOWS, kinds=_KINDS))
        places = list(pattern.finditer(body))
        rest = squeezed(pattern.sub(" ", body))
        is_told = any(squeezed(each) in rest for each in (name, names.others[name]) if each)
        if len(places) == 1 and not is_told and not any(name in other for other in held if other != name):
            place, particle = places[0], places[0]["particle"] or ""
            if closes_phrase(body[: place.start()]):
                yield flat(body[: place.start()] + _HOLE + _PARTICLES.get(particle, particle) + body[place.end() :]), name


def _numbers_in(body: str) -> Iterator[tuple[str, str]]:
    """A gap for the one number of a sentence that says what it speaks of."""
    found = _AMOUNT.search(body)
    if (
        found
        and len(_ANY_NUMBER.findall(body)) == 1
        and found["number"].strip() not in ("0", "1", "2")
        and has_topic(body[: found.start()])
    ):
        number = found["number"].strip()
        yield flat(body[: found.start("number")] + _HOLE + body[found.start("number") + len(number) :]), number


def _is_clear(front: str, answer: str, corpus: Corpus) -> bool:
    """Whether enough stands around the gap, no other sentence of the notes says the same, and the gap is no mere opening label."""
    content = corpus.content(front.replace(_HOLE, " "))
    if len(content) < _LEAST_AROUND or _LISTED.search(front):
        return False
    last = tags(answer)[-1][1]
    return len(list(islice(alike(corpus, content, EQUALLY_GOOD), 2))) <= 1 and not last.startswith(("J", "E", "V"))

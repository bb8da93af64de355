"""Questions that ask for all items of a list, or for all that hangs under a name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.sentences import sentences
from rag.spans import items
from rag.training.facts import LONGEST_ANSWER, Fact, Part, Sheet, bare, fenced, fill, has_markup, overlaps
from rag.training.headings import asked_term, clean_heading, depends, names_something, subject
from rag.training.korean import is_noun_phrase, with_particle
from rag.training.terms import any_of, flat, is_korean, is_term, stands_alone

MOST_ITEMS = 8
"""Longer lists are retrieved, but not read: half a list is no answer."""

_PLURAL = any_of(
    "종류 유형 장점 단점 이점 특징 특성 구성_요소 구성요소 단계 조건 원칙 역할 기능 방법 원인 이유 문제점 한계 해결_방법 해결책 주의점 "
    "주의_사항 예시 예 공통점 용도 속성 요소 규칙 목표 활용_분야 활용_사례 차이점 요구_사항 전략 과정 절차"
)
_KINDRED = any_of("주요 대표적인 전제 사용 일반적 기본 시간적 공간적 절차 동작 처리 발생")
_PLURAL_END = re.compile(rf"(?:^|\s)(?P<names>(?:{_KINDRED} )?{_PLURAL})$")
_COLON = re.compile(r"\s*[:：]\s*$")
_AS_FOLLOWS = re.compile(
    r"(?:은|는|이|가)?\s*(?:크게 |보통 |대표적으로 )?(?:다음|아래)(?:과|와) "
    r"같(?:다|습니다|이 [^:]{2,20}(?:다|나뉩니다|있습니다))\s*[.:：]*$"
)
_COUNTED = r"(?:다음과 같은 |아래와 같은 |크게 |여러 |다양한 |주요 |총 |(?:[두세네]|다섯|여섯|\d+) ?(?:가지|개)의? ?(?:주요 )?)*"
_WHAT = r"(?P<what>[가-힣][가-힣 ]{0,15}?)"
_EXISTS = re.compile(rf"(?P<of>.{{2,40}}?)에는 {_COUNTED}{_WHAT}[이가] {any_of('있다 있습니다 존재한다 존재합니다')}$")
_CONSISTS = re.compile(
    rf"(?P<of>.{{2,40}}?)[은는] {_COUNTED}{_WHAT}(?P<by>으로|로) (?P<verb>{any_of('구성 나뉘 나뉜 나뉩 이루어 구분 분류')})\S{{0,4}}$"
)
_VERBS = {"구성": "구성되나", "구분": "구분되나", "분류": "분류되나", "이루어": "이루어지나"}
_ENGLISH = re.compile(
    rf"(?:the )?(?P<what>{any_of('types advantages disadvantages benefits features components steps properties')}) "
    r"of (?P<of>.{2,40})$",
    re.IGNORECASE,
)
_NONE = ("", "")
_ALL_ASKS = ("{term}에는 무엇이 있나?", "{을} 모두 말해 줘", "{term}에는 어떤 것들이 있어?")
_PLURAL_ASKS = (*_ALL_ASKS, "{는} 무엇인가?", "{는}?", "{을} 나열해 줘")
_OUTLINE_ASKS = ("{term}에 대해 정리해 줘", "{term}에 대해 말해 줘", "{term}에 대한 내용을 알려 줘")


def lists(page: Sheet) -> Iterator[Fact]:
    """Headings and lines that open a list."""
    text = page.passage.text
    code = fenced(text)
    for part in sentences(text):
        if part[1] - part[0] <= 100 and not overlaps(part, code):
            parts = [_trimmed(text, item) for item in items(text, *part)]
            question, about = _question(page, part) if _is_list(text, parts) else _NONE
            if question:
                avoid = (about, *(flat(text[slice(*item)])[:20] for item in parts))
                yield Fact("list", question, page.passage, tuple(parts) if len(parts) <= MOST_ITEMS else (), avoid)


def _is_list(text: str, parts: Sequence[Part]) -> bool:
    words = [text[slice(*part)] for part in parts]
    return len(parts) > 1 and all(_is_item(each) for each in words) and not all(_PLURAL_END.search(each) for each in words)


def _is_item(text: str) -> bool:
    clean = 2 <= len(text) <= LONGEST_ANSWER and not has_markup(text) and not text.endswith((":", "：", "?"))
    return clean and bool(re.search(r"[가-힣A-Za-z]{2}", text))


def _trimmed(text: str, part: Part) -> Part:
    """The item without white space, and without marks that hold all of it or stand alone."""
    start, end = part
    piece = text[start:end].strip()
    start += text[start:end].find(piece)
    end = start + len(piece)
    for mark in ("**", "*", "`"):
        lone = piece.count(mark) == 1
        held = piece.count(mark) == 2 and piece.startswith(mark) and piece.endswith(mark)
        if (lone or held) and piece.startswith(mark):
            start += len(mark)
        if (lone or held) and piece.endswith(mark):
            end -= len(mark)
        piece = text[start:end]
    return start, end


def _question(page: Sheet, part: Part) -> tuple[str, str]:
    """How to ask for the list that the line opens, and the word that a text about it must hold; empty where nothing natural is known."""
    start, end = bare(page.passage.text, part)
    is_heading = page.passage.text.startswith("#", start)
    line = clean_heading(page.text((start, end))) if is_heading else flat(page.text((start, end)))
    enumerated = re.match(r"([^:：]{2,30})[:：]\s+\S", line)
    opener = _COLON.sub("", enumerated[1] if enumerated else line)
    head = _AS_FOLLOWS.sub("", opener).strip()
    if is_term(term := asked_term(head)) and not enumerated:
        return (head if re.search(r"[?？]$|란$", head) else fill("{란}?", term)), term
    asked = _asked_in(opener)
    if not asked[0] and (not stands_alone(head) or len(head) > 60 or re.search(r"[?？!]", head)):
        return _NONE
    if asked[0] or (asked := _asked_plural(page, head))[0] or enumerated:
        return asked
    name = re.sub(r"\s?\([^()]*\)$", "", head)
    if is_term(name) and names_something(name) and not depends(name) and (is_heading or _is_item_line(page.passage.text, part[0], start)):
        return fill(page.choose(head, _OUTLINE_ASKS), name), name
    named = opener != line and _is_name(head)
    return (fill(page.choose(head, _ALL_ASKS), head), head.split()[-1]) if named else _NONE


def _is_name(head: str) -> bool:
    """Whether a line that ends in a colon is a Korean noun phrase of several words."""
    return len(head) <= 30 and " " in head and is_korean(head) and names_something(head) and is_noun_phrase(head, of=True)


def _is_item_line(text: str, start: int, words: int) -> bool:
    return bool(text[text.rfind("\n", 0, start) + 1 : words].strip())


def _asked_in(line: str) -> tuple[str, str]:
    """Out of whole sentences: "X에는 … Y가 있다", "X는 … Y로 나뉜다", and English "types of X"."""
    exists = _EXISTS.match(line)
    if exists and _is_thing(exists["of"]) and is_noun_phrase(exists["what"]):
        return f"{exists['of']}에는 어떤 {with_particle(exists['what'], '이/가')} 있나?", exists["what"]
    consists = _CONSISTS.match(line)
    if consists and _is_thing(consists["of"]) and is_noun_phrase(consists["what"]):
        verb = _VERBS.get(consists["verb"], "나뉘나")
        return f"{with_particle(consists['of'], '은/는')} 어떤 {consists['what']}{consists['by']} {verb}?", consists["what"]
    english = _ENGLISH.match(line)
    return (f"What are the {english['what'].lower()} of {english['of']}?", english["what"]) if english else _NONE


def _is_thing(name: str) -> bool:
    return stands_alone(name) and is_noun_phrase(name, of=True)


def _asked_plural(page: Sheet, head: str) -> tuple[str, str]:
    """A head such as "X의 장점" asks for itself, "장점" alone for those of the heading or title above it."""
    names = _PLURAL_END.search(head)
    if not names or len(head) > 40:
        return _NONE
    if names["names"] == head:
        topic = subject(page.passage)
        return (fill(page.choose(f"{topic} {head}", _PLURAL_ASKS), f"{topic}의 {head}"), head) if topic else _NONE
    is_name = is_noun_phrase(re.sub(r"\([^)]*\)", "", head), of=True)
    return (fill(page.choose(head, _PLURAL_ASKS), head), names["names"]) if is_name else _NONE

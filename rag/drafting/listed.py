"""Drafts out of lists: all items answer what their opening line asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.sentences import sentences
from rag.drafting.draft import Draft, draft_of, squeezed
from rag.drafting.naming import BRACKETS, topic
from rag.spans import items
from rag.training.facts import Part, Sheet, bare, fenced, fill, has_markup, overlaps
from rag.training.headings import clean_heading, names_something
from rag.training.korean import is_noun_phrase
from rag.training.lists import lists
from rag.training.terms import any_of, flat, is_korean, is_term, stands_alone

MOST_ITEMS = 8
LONGEST_ITEM = 80
_LONGEST_LINE = 100

_NUMBERS = ("두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열")
_ALONE = ("둘", "셋", "넷")
_COUNT = re.compile(rf"\s*(?:(?P<number>{'|'.join(_NUMBERS)}|\d+) ?(?:가지|종류|갈래|단계|개)|(?P<alone>{'|'.join(_ALONE)}))$")
_SEVERAL = re.compile(
    any_of(
        "종류 유형 갈래 단계 절차 규칙 원칙 조건 방법 방식 법 길 것 점 까닭 이유 원인 구간 항목 요소 지표 동작 연산 실수 과제 기능 역할 "
        "신호 값 대상 경로 전략 기준 예 사례 특징 도구 모델 데이터셋 손잡이"
    )
    + "$"
)
_DEPENDENT = re.compile(
    any_of("종류 유형 갈래 단계 절차 규칙 원칙 조건 원인 이유 장점 단점 특징 강점 약점 한계 구성_요소 데이터셋 데이터 예 역할 기능 용도")
    + "(?=[은는을를이가에 ])"
)
"""Names of what is always something of something else."""
_VAGUE = re.compile(r"해결책|차이점|공통점|개념[은을에]|경우[는은를]")
_COLON = re.compile(r"\s*[:：]\s*$")
_OUTLINE = re.compile(r"에 대(?:해|한)")
_IN_ITSELF = re.compile(r"[A-Z]{2}|\S의 ")
_ASKED = ("{term}에는 무엇이 있나?", "{을} 모두 말해 줘", "{는} 무엇인가?")
_COUNTED = ("{는}?", "{는} 무엇인가?", "{을} 모두 말해 줘")


def listed(page: Sheet) -> Iterator[Draft]:
    """Lists under a line that says what they hold."""
    text = page.passage.text
    code = fenced(text)
    known = {fact.answers: fact.question for fact in lists(page) if not _OUTLINE.search(fact.question)}
    for line in sentences(text):
        if line[1] - line[0] <= _LONGEST_LINE and not overlaps(line, code):
            found = items(text, *line)
            parts = tuple(_stripped(text, part) for part in found)
            if _is_list(text, line, parts) and (question := _in_context(page, known.get(parts) or _ask(page, line, len(parts)))):
                answer = ", ".join(flat(page.text(part)).rstrip(".") for part in parts)
                yield draft_of(page, (found[0][0], found[-1][1]), "list", "list", question, answer)


def _stripped(text: str, part: Part) -> Part:
    """The item without white space and signs of emphasis around it."""
    piece = text[slice(*part)].strip(" *`")
    start = text.find(piece, part[0])
    return start, start + len(piece)


def _is_list(text: str, line: Part, parts: Sequence[Part]) -> bool:
    """Whether all that is listed is short, clean, and in the line itself or in lines of its own with nothing under them."""
    if not 2 <= len(parts) <= MOST_ITEMS or any(has_markup(text[slice(*part)]) or part[1] - part[0] > LONGEST_ITEM for part in parts):
        return False
    rows = text[parts[0][0] : parts[-1][1]].split("\n")
    return parts[0][0] < line[1] or sum(bool(row.strip()) for row in rows) == len(parts)


def _ask(page: Sheet, line: Part, count: int) -> str:
    """The opening line as a question; empty where it is no name of what is listed, or names another number of things."""
    text = page.passage.text
    start, end = bare(text, line)
    opener = clean_heading(text[start:end]) if text.startswith("#", start) else flat(text[start:end])
    head = BRACKETS.sub("", _COLON.sub("", opener))
    number = _COUNT.search(head)
    what = head[: number.start()].strip() if number else head
    if not is_korean(head) or len(head) > 40 or not names_something(head) or (number and _value(number) != count):
        return ""
    if not what or not stands_alone(what) or not is_noun_phrase(what, of=True):
        return ""
    announces = bool(number or _COLON.search(opener))
    if not announces and (is_term(what) or not _SEVERAL.search(what)):
        return ""
    return fill(page.choose(head, _COUNTED if number or " " in what else _ASKED), head)


def _value(count: re.Match[str]) -> int:
    if count["alone"]:
        return _ALONE.index(count["alone"]) + 2
    return int(count["number"]) if count["number"].isdigit() else _NUMBERS.index(count["number"]) + 2


def _in_context(page: Sheet, question: str) -> str:
    """The question behind its topic, where it does not name it; empty where nothing says what it is about."""
    about = topic(page.passage)
    if question.count("의 ") > 1 or _VAGUE.search(question):
        return ""
    if not question or _IN_ITSELF.search(question) or (about and squeezed(about) in squeezed(question)):
        return question
    return f"{about}{'의' if _DEPENDENT.match(question) else '에서'} {question}" if about else ""

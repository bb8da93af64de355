"""Whether a name can be asked for by itself, and what must stand before it where it cannot."""

from __future__ import annotations

import re

from index.types import Passage
from rag.drafting.draft import squeezed
from rag.spans import heads
from rag.training.facts import Part, Sheet
from rag.training.headings import ASKS, clean_heading, depends, names_something, title_of
from rag.training.korean import tags
from rag.training.terms import any_of, is_korean, is_term

BRACKETS = re.compile(r"\s?\([^()]*\)")
_PIECES = re.compile(r"\s*[:：—–|,]\s*|\s+-\s+")
_EDGES = re.compile(r"^\W+|\s+$")
_NO_TOPIC = re.compile(
    any_of(
        "이야기 안내 메모 흐름 가족 계열 지표 방식 갈래 연구 변형 생각 설정 평가 것 용어 시리즈 과정 자세히 고르기 나누기 읽기 쓰기 방향 "
        "생활 특강 강의 수업 실습 워크숍 세미나 소식 일지 기록 규칙 목록 리스트 튜토리얼 개요 소개 면접 질문 List Tutorial Overview "
        "대표_모델 후속_모델 기준_모델 사전학습_모델 관련_모델 주요_모델 그_뒤의_모델"
    )
    + "$"
)
_NO_NAME = re.compile(
    r"[\w)][와과]\s|\band\b|[&/→←↔]|^(?i:before|after|without|with|when|where|how|why|what|from|to|on|in)\b|(?:기반|또|[가-힣]들)$"
)
_CODE = re.compile(r"[a-z]+\d*|[a-z]+[A-Z]\w*")
_NUMBERED = re.compile(r"[가-힣] ?\d+$")
_PROPER = re.compile(r"[A-Z].*[A-Z\d]|[A-Z]\w+[ -][A-Z]")
"""Abbreviations and names of several words with capitals: they mean one thing wherever they stand."""
_ROLE = re.compile(rf"(?:^|\s){any_of('기준 기간 논문 대회 점 까닭 초점 값 정리 소속 쓰임 신호 조언 규칙 흔적 원칙 약점 강점 항목 인턴')}$")
"""Last words of labels that say what follows, and are no name of it."""


def topic(passage: Passage, *, wide: bool = False) -> str:
    """What the passage is about, as a name that can stand before a question: its innermost heading that says something by itself.

    Empty where that is no name; `wide` then takes a heading further out, or the title.
    """
    labels = [clean_heading(label) for label in reversed(passage.section)]
    telling = [label for label in (*labels, title_of(passage)) if label and not depends(label)]
    for label in telling if wide else telling[:1]:
        is_known = bool(BRACKETS.search(label)) or label == telling[-1]
        pieces = (_EDGES.sub("", piece) for piece in _PIECES.split(BRACKETS.sub("", label)))
        found = next((piece for piece in pieces if _is_topic(piece) and (is_known or not is_single(piece))), "")
        if found:
            return found
    return ""


def _is_topic(label: str) -> bool:
    if not names_something(label) or ASKS.search(label) or _NO_TOPIC.search(label) or not is_term(label):
        return False
    if is_no_name(label) or _CODE.fullmatch(label):
        return False
    return not any(tag.endswith("ETM") for _, tag in tags(label))


def is_no_name(label: str) -> bool:
    """Whether a label names two things, a way, a setting or a number, or only says of what sort something is ("생성 기반")."""
    return bool(_NO_NAME.search(label) or _NUMBERED.search(label)) or tags(label)[-1] == ("적", "XSN")


def lead(page: Sheet, line: Part, name: str, alias: str, *, defined: bool) -> str | None:
    """What stands before a question about a name that the line defines or only describes: nothing, or "X에서 ".

    None where nothing makes clear which thing of that name is meant.
    """
    named = bool(alias) or is_marked(page, line, name)
    if is_no_name(name) or (not named and _CODE.fullmatch(name)):
        return None
    about = topic(page.passage, wide=True)
    if _PROPER.search(name) or _heads(page.passage, name) or (about and _overlap(about, name)):
        return ""
    if named and not hangs(page, line) and not is_single(name) and (defined or not about):
        return ""
    return f"{about}에서 " if about and (named or not is_single(name)) else None


def _overlap(one: str, other: str) -> bool:
    """Whether one of two names holds the other."""
    return squeezed(one) in squeezed(other) or squeezed(other) in squeezed(one)


def _heads(passage: Passage, name: str) -> bool:
    """Whether the name is the heading that it stands under."""
    return bool(passage.section) and squeezed(BRACKETS.sub("", clean_heading(passage.section[-1]))) == squeezed(name)


def hangs(page: Sheet, line: Part) -> bool:
    """Whether the line stands below another item, which says what it is about."""
    return bool(heads(page.passage.text, *line) or page.passage.parents)


def is_marked(page: Sheet, line: Part, name: str) -> bool:
    """Whether the name opens the line in bold or as code, and the rest of the line is neither."""
    marks = re.match(r"\*\*[^*]+\*\*|`[^`]+`", page.text(line))
    return marks is not None and name in marks.group() and len(marks.group()) < len(page.text(line)) - 4


def is_name(page: Sheet, line: Part, name: str, alias: str) -> bool:
    """Whether a label names what stands behind it, rather than saying what of something it is ("보관 기간", "Usual fix")."""
    if is_marked(page, line, name) or alias or _PROPER.search(name):
        return True
    return is_korean(name) and not is_single(name) and not _ROLE.search(name)


def is_single(name: str) -> bool:
    """Whether the name is a single common word, which may mean anything: "조정", "결합", "reader"."""
    return len(tags(name)) < 2 and not re.search("[A-Z]", name)

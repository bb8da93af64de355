"""Marks of the span model that answer nothing, whatever it thinks of them: they say the question again, point, announce, or are denied."""

from __future__ import annotations

import re
from collections.abc import Collection

from index.morphemes import Analyser
from index.sentences import BULLET
from rag.questions import Wants, asks_number, wants
from rag.spans import crosses_cells, in_other_column, is_bare, is_quantity

_POINTING = re.compile(
    r"(?:이것|그것|(?:이|그|이러한|그러한|이런|그런|위) (?:것|점|현상|방법|방식|과정|기법|개념|경우|문제|구조|상태|작업|기능|특징))들?"
)
"""Words that stand for what was said before them, and say nothing alone."""
_AHEAD = re.compile(r"(?:[^\n]{0,12}[은는이가] )?(?:아래|다음)(?:과|와|에)[^\n]{0,14}|(?:여러|다양한|몇) ?가지[가-힣 ]{0,6}")
_HOW_MANY = re.compile(r"(?:크게 |총 |모두 )?(?:[두세네]|다섯|여섯|일곱|여덟|\d+) ?(?:가지|개|종류)[가-힣]{0,3}")
"""Words that announce what answers ("다음과 같다"), or count what is to be listed."""
_OPENS = re.compile(rf"[ \t]*(?:{BULLET}[ \t]+)?[*_]*")
_VALUE = re.compile(r"[*_]*[ \t]*[:：][ \t*_]*+([^\n]*\w[^\n]*)")
"""What may stand in a line before a label, and what follows it."""
_REST = re.compile(r"([^:：=\n]{1,20})[:：][ \t]+\S")
"""The rest of a label that a mark begins: " 작용: 혈관 수축" behind "안지오텐신 II"."""
_BOTH = re.compile(r"([^()]+)\(([^()]+)\)")
_GLOSSED = re.compile(r"([^\W_][\w-]{0,60})\s?\(([^()\n]{1,40})\)")
"""A term in two languages, and one that short brackets say in another."""
_DENIED = re.compile(r"[*_`\"'”’)]*(?:이|가|은|는|도)?\s*(?:아[니닌님닐닙]|않)")
_DENIES = re.compile(r"아[니닌님닐닙]|않|제외|외에|말고|빼고")
"""What follows a span that its sentence denies ("O(n log n)이 되는 것은 아니다"), and questions that may ask for it.

No answer of KorQuAD's 5,774 is followed so, and of KLUE-MRC's 3,731 for training three, whose questions ask for what is left out.
"""

_ASKS = re.compile(r"(?:[?？]|(?:무엇|누구|어디|언제|왜|어떻게|어떤|어느|얼마|몇)[^.!?\n]{0,200}(?:까요?|나요|가요))[.\s\"'”’)*_]*\Z")
_FOR_QUESTIONS = re.compile(r"질문|물음|문제|물어|묻|question|exercise|problem|ask", re.IGNORECASE)
"""What ends as a question does, and questions that may be answered with one."""


def only_asks(question: str, text: str) -> bool:
    """Whether a text is itself a question, as exercises in notes are, and questions are not what is asked for."""
    return _ASKS.search(text) is not None and not _FOR_QUESTIONS.search(question)


def says_nothing(question: str, known: Collection[str], text: str, start: int, end: int, analyser: Analyser) -> bool:
    """Whether `text[start:end]` answers nothing; `known` are the question's own morphemes.

    Neither "캐시" nor "이러한 현상" answers "캐시란?", nor "평균" what "- 평균: O(n log n)" tells, nor words of two cells of a table,
    nor the cell under a header that the question does not name, nor what its sentence denies, nor "다음과 같다", nor a date
    "언제 쓰면 좋아?".
    """
    quote, wanted = text[start:end], wants(question)
    if not quote.strip("`*_ \t\n") or is_bare(quote, known) or _POINTING.fullmatch(quote) or _AHEAD.fullmatch(quote):
        return True
    if wanted is Wants.LIST and _HOW_MANY.fullmatch(quote):
        return True
    if "언제" in question and not asks_number(question) and is_quantity(quote):
        return True
    if _DENIED.match(text, end) and not _DENIES.search(question):
        return True
    if wanted is Wants.FACT and in_other_column(text, start, end, known):
        return True
    return crosses_cells(text, start, end) or _is_label(text, start, end, known, analyser)


def is_term(text: str, start: int, end: int, known: Collection[str]) -> bool:
    """Whether a mark only says the question's term, or says it in another language: "data-driven approach(데이터 기반 방법론)"."""
    both = _BOTH.fullmatch(text, start, end)
    said = (text[start:end], *(both.groups() if both else ()))
    return any(is_bare(each, known) for each in said) or _glosses(text, start, end, known)


def _glosses(text: str, start: int, end: int, known: Collection[str]) -> bool:
    """Whether a mark stands in short brackets behind the question's term."""
    line = text.rfind("\n", 0, start) + 1
    around = next((each for each in _GLOSSED.finditer(text, line) if each.start(2) <= start < each.end(2)), None)
    return around is not None and end <= around.end(2) and len(around[2].split()) <= 4 and is_bare(around[1], known)


def _is_label(text: str, start: int, end: int, known: Collection[str], analyser: Analyser) -> bool:
    """Whether a colon follows what opens the line, and then something that holds no word of the question: that is what it asks for; or
    whether it begins a label of which the question says both parts."""
    if not _OPENS.fullmatch(text, text.rfind("\n", 0, start) + 1, start):
        return False
    if value := _VALUE.match(text, end):
        return not any(token.term in known for token in analyser.tokens(value[1]))
    rest = _REST.match(text, end)
    return rest is not None and all(any(len(word) > 1 and word in part.lower() for word in known) for part in (text[start:end], rest[1]))

"""Code as an answer, where a question asks for a command, a flag, a file or an environment variable.

A sentence gives what it sets in backticks, the few lines of the block that it opens ("다음 명령어로 설치하세요:"), or itself as a line of
one.
"""

from __future__ import annotations

import re
from functools import lru_cache

Part = tuple[int, int]
"""Offsets within the text of a passage."""

_FILE = r"[~.]?/[\w.-]+|(?:[~.]?/)?[\w-][\w.-]*(?:/[\w.-]*)+|[\w-]*\.[A-Za-z]\w*"
_FORMS = (
    (r"명령(?:어|줄)?|커맨드|commands?", r"[$\w./~-]+ \S.*"),
    (r"플래그|옵션|flags?|options?", r"-{1,2}[A-Za-z].*|[A-Za-z_]\w* ?= ?\S+"),
    (r"환경 ?변수|environment variables?", r"\$?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*(?:=.*)?"),
    (r"파일|경로|폴더|디렉[터토]리|files?|paths?|folders?|director(?:y|ies)", _FILE),
)
"""What is asked for, and how it is written."""
_ENDS = r"(?: ?이름)?(?:은|는|이|가|을|를)? *(?:(?:뭐|무엇|뭘|어떤|무슨|어떻게|어디|알려|말해)[가-힣 ]{0,10})?[?？.]*$"
_ASKED = tuple(
    (
        re.compile(rf"(?:{noun}){_ENDS}|(?:어떤|무슨) (?:{noun})|\b(?:what|which) (?:\w+ ){{0,2}}(?:{noun})\b", re.IGNORECASE),
        re.compile(form),
    )
    for noun, form in _FORMS
)
_INLINE = re.compile(r"(?<!`)(`+)(?!`)[ \t]*(\S|\S[^\n]*?\S)[ \t]*\1(?!`)")
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})((?:(?!```|~~~)[^\n])*)$", re.MULTILINE)
_LINE = re.compile(r"[^\n]+")
_PROMPT = re.compile(r"[ \t]*(?:[$>%][ \t]|!)?[ \t]*")
_REMARK = re.compile(r"(?<![ \t])[ \t]++(?:#[ \t].*)?$")
_PROSE = re.compile(r"[^\n`]*[가-힣A-Za-z][^\n`]*[다요][.:]?[ \t]*$|[ \t]*#{2,6} .*$", re.MULTILINE)
"""A line that is no code."""
_MOST = 3
"""How many lines of code a sentence may open that are an answer: more are a program."""


@lru_cache(256)
def form_asked(question: str) -> re.Pattern[str] | None:
    """How what the question asks for is written; None where it asks for no code."""
    return next((form for asks, form in _ASKED if asks.search(question)), None)


def snippets(text: str, start: int, end: int, form: re.Pattern[str]) -> list[Part]:
    """The pieces of code of that form that the sentence `text[start:end]` gives, without prompts and remarks."""
    blocks = _blocks(text)
    within = next(((low, high) for low, high in blocks if low <= start < high), None)
    if within:
        found = [_bare(text, *line.span()) for line in _LINE.finditer(text, start, min(end, within[1]))]
    else:
        found = [*(_bare(text, *each.span(2)) for each in _INLINE.finditer(text, start, end)), *opened(text, end)]
    return [part for part in found if form.fullmatch(text, *part)]


def opened(text: str, end: int) -> list[Part]:
    """The lines of the block that stands right behind the sentence that ends there, if they are few."""
    block = next(((low, high) for low, high in _blocks(text) if end <= low and _opens(text[end:low])), None)
    lines = [_bare(text, *line.span()) for line in _LINE.finditer(text, *block)] if block else []
    lines = [(start, stop) for start, stop in lines if start < stop and text[start] != "#"]
    return lines if len(lines) <= _MOST else []


def in_block(text: str, start: int) -> bool:
    """Whether the sentence at `start` is code between fences."""
    return any(low <= start < high for low, high in _blocks(text))


def _blocks(text: str) -> list[Part]:
    """What stands between fences; the first block may lack its beginning, the last its end."""
    found = _fenced(text)
    first = _FENCE.search(text)
    if not first or first[2].strip() or not found or found[-1][1] < len(text):
        return found
    before, behind = _fenced(text, first[1]), text[first.end() :]
    return before if _PROSE.search(behind) and not _PROSE.search(text[: first.start()]) else found


def _fenced(text: str, opened: str = "") -> list[Part]:
    """What stands between fences: each is closed by one as long of its own sign. `opened` is that in which the text begins."""
    found: list[Part] = []
    start = 0
    for fence in _FENCE.finditer(text):
        if not opened:
            opened, start = fence[1], min(fence.end() + 1, len(text))
        elif fence[1].startswith(opened) and not fence[2].strip():
            found.append((start, fence.start()))
            opened = ""
    return [*found, (start, len(text))] if opened else found


def _opens(between: str) -> bool:
    """Whether nothing but white space, the end of a sentence and a fence stand between it and a block."""
    return _FENCE.sub("", between, count=1).strip(" \t\n:：*_") == ""


def _bare(text: str, start: int, end: int) -> Part:
    prompt = _PROMPT.match(text, start, end)
    start = prompt.end() if prompt else start
    remarks = (each.start() for each in _REMARK.finditer(text, start, end))
    return start, next((at for at in remarks if not any(text.count(quote, start, at) % 2 for quote in "\"'`")), end)

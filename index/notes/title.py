"""The title of a note: its front matter, its first heading, its first line, or its file name.

Not every first heading names the note: a lower one in mid-text and the first of several numbered ones ("1. 서론") name a part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from index.notes.extract import clean, one_line
from index.types import Structure

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=](.*)$", re.M | re.I)
_QUOTED = re.compile(r"""(["'])(.*?)\1[ \t]*(?:#.*)?""")
_REMARK = re.compile(r"(?:^|[ \t])#.*")
_BLOCK = re.compile(r"[>|][-+\d]{0,2}")
"""What stands for a value that is written below, indented."""
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+([^ \t].*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_COMMENT = re.compile(r" {0,3}<!--")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_SIGNS = re.compile(r"\*\*|`|</?(?:a|b|i|u|em|strong|center|font|span|div|p|br|img|code|sub|sup)\b[^>]*>", re.I)
_ORNAMENT = re.compile(r"^[\s#=*\-•·◦▪■□◆○●>]+|[\s#=*]+$")
_NUMBERED = re.compile(r"\d+[.)]|제?\s*\d+\s*[장절]")
_MAX_LINE = 60
_MAX_TITLE = 200
_MAX_READ = 2000
"""Characters of a heading of any length that are looked at: the patterns for signs take the square of them."""


def title_of(text: str, structure: Structure, fallback: str) -> str:
    """The title of `text`, in which a `text` structure is known by its first line and a `markdown` one by its headings."""
    own = _markdown_title(text) if structure == "markdown" else _first_line(text)
    return shown(own) or shown(fallback) or "?"


def shown(title: str | None) -> str:
    """A title as one clean line without Markdown signs, or an empty string."""
    if title is None:
        return ""
    return one_line(_SIGNS.sub("", _LINK.sub(r"\1", clean(title[:_MAX_READ]))))[:_MAX_TITLE]


def _markdown_title(text: str) -> str | None:
    front = _FRONT_MATTER.match(text)
    if front and (title := _front_title(front[2])):
        return title
    body = text[front.end() :].lstrip() if front else text.lstrip()
    headings = list(_headings(body))
    tops = [title for level, title in headings if level == 1] or [title for _, title in headings if body.startswith("#")]
    return tops[0] if tops and (len(tops) == 1 or not _NUMBERED.match(tops[0])) else None


def _front_title(front: str) -> str:
    """The title that front matter gives, without quotes and the remark behind it."""
    named = _FRONT_TITLE.search(front)
    value = named[1].strip() if named else ""
    if quoted := _QUOTED.fullmatch(value):
        return quoted[2]
    value = _REMARK.sub("", value).rstrip()
    if named and _BLOCK.fullmatch(value):
        lines = front[named.end() + 1 :].split("\n")
        return " ".join(takewhile(lambda line: not line.strip() or line[0] in " \t", lines)).strip()
    return value


def opening(text: str) -> str | None:
    """The short line an office document opens with, where its author only made the title large; None where it opens otherwise."""
    line = text.partition("\n")[0]
    return None if len(line) > _MAX_LINE or re.match(r"[#|`\\-]|\d+\. ", line) or line.endswith((".", ":", ",")) else line


def _headings(text: str) -> Iterator[tuple[int, str]]:
    """Level and text of each ATX or underlined first-level heading outside code and remarks of HTML."""
    fence = ""
    before = ""
    remark = False
    for line in text.split("\n"):
        if remark or (not fence and _COMMENT.match(line)):
            remark, before = "-->" not in line, ""
            continue
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif not fence and (match := _HEADING.match(line)) and (title := match[2].rstrip(" \t").rstrip("#").rstrip(" \t")):
            yield len(match[1]), title
        elif not fence and before.strip() and re.fullmatch(r" {0,3}={3,}[ \t]*", line):
            yield 1, before
        before = line


def _first_line(text: str) -> str | None:
    line = next((line for line in text.split("\n") if line.strip()), "")
    return _ORNAMENT.sub("", line) if len(line.strip()) <= _MAX_LINE else None

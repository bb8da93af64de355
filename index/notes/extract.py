"""What every reader returns, and how its pieces become one text with marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from index.types import Mark, MarkKind, Structure

_NEWLINE = re.compile(r"\r\n?|[\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of one file, cleaned, before it has an id. `title` is None where the format holds none of its own."""

    text: str
    structure: Structure
    marks: tuple[Mark, ...] = ()
    title: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text, and the place of the source file that begins with it."""

    text: str
    kind: MarkKind | None = None
    value: str = ""


def clean(text: str) -> str:
    r"""NFC text whose only control characters are `\n` and `\t`: byte order marks removed, other control characters become spaces.

    Lone surrogates, which no file can store as UTF-8, become U+FFFD.
    """
    text = _NEWLINE.sub("\n", text.lstrip("\ufeff"))
    text = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text))
    return unicodedata.normalize("NFC", text)


def one_line(text: str) -> str:
    """The text with every run of white space as one space: for titles, table cells and reasons."""
    return " ".join(text.split())


def joined(parts: Iterable[Part], *, title: str | None = None, warnings: Iterable[str] = ()) -> Extract:
    """Markdown-like parts joined by an empty line; blank parts are left out with their marks.

    Each part is cleaned by itself: a newline stands between them and nothing composes with a newline, so the whole is NFC too.
    """
    texts: list[str] = []
    marks: list[Mark] = []
    offset = 0
    pictured = False
    for part in parts:
        text = clean(part.text).strip("\n")
        if not text.strip():
            continue
        if pictured and part.kind != "picture":
            marks.append(Mark(offset, "picture", ""))
        pictured = part.kind == "picture"
        if part.kind is not None:
            marks.append(Mark(offset, part.kind, part.value))
        texts.append(text)
        offset += len(text) + 2
    whole = "\n\n".join(texts)
    return Extract(whole + "\n" if whole else "", "markdown", tuple(marks), title, tuple(warnings))

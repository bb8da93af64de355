"""TeX to MathML, which browsers draw by themselves. What the converter makes is taken apart and written anew: only known parts stay."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 2_000
"""Longer formulas, in characters, stay TeX."""
_DEEPEST = 60
_TAGS = frozenset({
    "mrow", "mi", "mn", "mo", "mtext", "ms", "mspace", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot", "mover", "munder",
    "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mlabeledtr", "mtd", "mstyle", "mpadded", "mphantom",
    "menclose", "merror",
})  # fmt: skip
_INLINE = re.compile(r"(?<![\\$])\$(?![\s$])([^$\n]+?)(?<![\s\\])\$(?![\d$])")
"""`$x$`; a dollar before a digit closes nothing: it is a price."""
_WORD = re.compile(r"[a-z0-9 #-]{1,60}", re.IGNORECASE)
_LENGTH = re.compile(r"(?:-?[0-2]?(?:\.\d{1,4})?(?:em|ex)|\d{1,2}(?:\.\d+)?(?:px|pt)|0)(?: (?:[0-2]?(?:\.\d{1,4})?(?:em|ex)|\d{1,2}pt|0))*")
_WORDS = (
    "accent", "accentunder", "columnalign", "columnlines", "displaystyle", "fence", "form", "largeop", "linebreak", "mathcolor",
    "mathvariant", "movablelimits", "notation", "rowlines", "scriptlevel", "separator", "stretchy", "symmetric",
)  # fmt: skip
_LENGTHS = ("width", "lspace", "rspace", "rowspacing", "columnspacing", "linethickness", "minsize", "maxsize")
_ATTRIBUTES = {**dict.fromkeys(_WORDS, _WORD), **dict.fromkeys(_LENGTHS, _LENGTH)}
"""What may stand, and what its value may be: no link, no style, nothing wide enough to cover something else."""
_MACROS = re.compile(r"\\(?:(?:re|provide)?newcommand|[egx]?def|let|DeclareMathOperator)(?![A-Za-z])")
"""A few definitions of definitions grow beyond any memory."""


@lru_cache(maxsize=1024)
def mathml(tex: str, display: str = "inline") -> str | None:
    """A `<math>` element that also holds its TeX, or None where the TeX is not understood; `display` is `inline` or `block`."""
    if len(tex) > LONGEST or _MACROS.search(tex):
        return None
    from latex2mathml.converter import convert_to_element

    try:
        made = convert_to_element(tex.strip(), display=display)
        body = "".join(_written(child, 0) for child in made)
    except Exception:  # the converter raises whatever its code meets in TeX that it does not know
        return None
    note = f'<annotation encoding="application/x-tex">{escape(tex)}</annotation>'
    return f'<math display="{display}" dir="ltr"><semantics>{body}{note}</semantics></math>'


def drawn(line: str) -> str:
    """A line of text as HTML, the formulas in it drawn; one that is not understood stays as it is written."""
    parts, at = [], 0
    for found in _INLINE.finditer(line):
        parts += [escape(line[at : found.start()]), mathml(found[1]) or escape(found[0])]
        at = found.end()
    return "".join([*parts, escape(line[at:])])


def _written(element: Element, depth: int) -> str:
    """An element of the known ones, with the attributes that are harmless; of others only what is in them, in a row."""
    if depth > _DEEPEST:
        raise RecursionError("nested too deeply")
    tag = element.tag if element.tag in _TAGS else "mrow"
    allowed = ((name, value) for name, value in element.attrib.items() if name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value))
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in allowed)
    inside = "".join(_written(child, depth + 1) for child in element)
    return f"<{tag}{attributes}>{escape(unescape(element.text or ''))}{inside}</{tag}>"

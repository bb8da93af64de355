"""Finding a quote in a text: the one way in which gold, drafted questions and saved citations do it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

Interval = tuple[int, int]


def find_quote(text: str, quote: str) -> list[Interval]:
    """Every place of a quote in a text, both NFC; where it stands nowhere as it is, white space may differ. Nowhere for a blank one."""
    quote = unicodedata.normalize("NFC", quote)
    words = quote.split()
    if not words:
        return []
    return list(_exact(text, quote)) or [match.span() for match in re.finditer(r"\s+".join(map(re.escape, words)), text)]


def unspaced(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


def _exact(text: str, quote: str) -> Iterator[Interval]:
    """Overlapping places too: which of them was meant is for what stands around to say."""
    at = text.find(quote)
    while at >= 0:
        yield at, at + len(quote)
        at = text.find(quote, at + 1)

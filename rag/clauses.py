"""The clauses that English puts behind a noun: "the manner" alone does not define what "in which a burden is shared" does."""

from __future__ import annotations

import re

_NOUN = re.compile(r"(?:(?:an?|the|two|any|one|each) )?(?:[a-z]+(?:[ -]|$)){1,6}(?<=[a-z])", re.IGNORECASE)
"""A plain noun with what stands before it: no name, number, formula or code."""
_CLAUSE = re.compile(
    r"(?:,? (?:that|which|who|whose|when|where|but|in which|of which)| (?:of|in|for|from|by|to|with|without|between|among|on|used|made))\b"
)
_NAMES = re.compile(r",? (?:is|are) (?:(?:called|known as|termed|an?|the) )*(?:\*\*|[*_\"“`])|;| \(|: ")
"""What names that which was defined before it: "A child that has ended is a **zombie**"."""
_END = " \t\n."


def defining(text: str, start: int, end: int, stop: int) -> int:
    """Where the definition ends that `text[start:end]` begins, within the sentence that ends at `stop`: `end` where nothing defines it."""
    if not _NOUN.fullmatch(text, start, end) or not _CLAUSE.match(text, end, stop):
        return end
    name = _NAMES.search(text, end, stop)
    told = text[start : name.start() if name else stop].rstrip(_END)
    signs = told[len(told.rstrip("*_")) :]
    closes_more = bool(signs) and told.count(signs) % 2
    return start + len(told.removesuffix(signs).rstrip(_END) if closes_more else told)

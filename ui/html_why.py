"""Why a passage stands where it does, in one plain sentence of either language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from rag.types import Hit
from rag.why import Edge, edges
from ui.i18n import Lang
from ui.i18n_ask import AskTexts, ask_texts, quoted, subject

Reason = tuple[str, Sequence[str]]
"""A text of `AskTexts`, and the words that it names."""


def sentences(hits: Sequence[Hit], lang: Lang) -> list[str]:
    """For each passage, as HTML: the first against the second, every other against the one above it; empty where nothing is known."""
    t = ask_texts(lang)
    apart = edges(hits)
    first = [_sentence(apart[0], True, 2, t)] if apart else [""]
    return [*first, *(_sentence(each, False, rank, t) for rank, each in enumerate(apart, 1))][: len(hits)]


def _sentence(edge: Edge | None, upper: bool, rank: int, t: AskTexts) -> str:
    """Of the upper passage of two, or of the lower; `rank` is that of the other."""
    if edge is None:
        return ""
    if edge.tied:
        return t.tied.format(rank=rank)
    reasons = list(_reasons(edge, upper, t))
    said = [_filled(reason, number == len(reasons), t) for number, reason in enumerate(reasons, 1)]
    form = t.before if upper else t.behind
    return escape(form.format(rank=rank, reasons=_but(edge, upper, t) + t.joint.join(said)))


def _but(edge: Edge, upper: bool, t: AskTexts) -> str:
    """What speaks for the other passage."""
    if edge.meaning == "lower":
        return t.but_meaning if upper else t.but_meaning_more
    if edge.words == "lower":
        return t.but_words if upper else t.but_words_more
    return ""


def _reasons(edge: Edge, upper: bool, t: AskTexts) -> Iterator[Reason]:
    if edge.only:
        yield (t.only if upper else t.lacks), edge.only
    if edge.more:
        yield (t.more if upper else t.fewer), edge.more
    if edge.words == "upper" and not edge.only and not edge.more:
        yield (t.words if upper else t.words_less), ()
    if edge.meaning == "upper":
        too = edge.words == "upper"
        yield ((t.meaning_too if too else t.meaning) if upper else (t.meaning_less_too if too else t.meaning_less)), ()


def _filled(reason: Reason, last: bool, t: AskTexts) -> str:
    text, words = reason
    form = text.split("/")[-1 if last else 0]
    return form.format(words=quoted(words), subject=subject(words, t.lang)) if words else form

"""Why one passage stands before the next: what its legs and its words say, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rag.types import Hit

Side = Literal["upper", "lower", "neither"]


@dataclass(frozen=True, slots=True)
class Edge:
    """One passage beside the one ranked right below it.

    `meaning` and `words` tell which of the two the dense and the lexical leg prefer. `only` are words of the question that stand in the
    upper passage alone, `more` those that it says oftener: told only where the lexical leg prefers it, for else they decided nothing.
    `tied` says that both have one score.
    """

    meaning: Side = "neither"
    words: Side = "neither"
    only: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    tied: bool = False


def edges(hits: Sequence[Hit]) -> list[Edge | None]:
    """For each pair of neighbours what sets the upper one apart; None where their legs are not known, or do not explain the order."""
    return [edge(upper, lower) for upper, lower in pairwise(hits)]


def edge(upper: Hit, lower: Hit) -> Edge | None:
    """What sets the upper passage apart from the lower."""
    if upper.score < lower.score or not upper.legs.keys() & lower.legs.keys():
        return None
    if upper.score == lower.score:
        return Edge(tied=True)
    meaning, words = _side(upper, lower, "dense"), _side(upper, lower, "lexical")
    if "upper" not in (meaning, words):
        return None
    if words != "upper":
        return Edge(meaning, words)
    above = lower.passage.context.lower()  # a leg reads headings too
    only = tuple(word for word in upper.matched if word not in lower.matched and word not in above)
    more = tuple(word for word in upper.matched if word in lower.matched and said(word, upper) > said(word, lower))
    return Edge(meaning, words, joined(only, upper), joined(more, upper))


def joined(words: Sequence[str], hit: Hit) -> tuple[str, ...]:
    """Words of a question as the passage writes them: parts that stand together there as one (`역전`, `파`), without parts told already."""
    slices = [hit.passage.text[start:end].lower() for start, end in hit.marks]
    out: list[str] = []
    for word in words:
        if out and any(out[-1] + word in each for each in slices):
            out[-1] += word
        else:
            out.append(word)
    return tuple(word for word in dict.fromkeys(out) if not any(word != other and word in other for other in out))


def said(word: str, hit: Hit) -> int:
    """How often a word of the question stands in the marked places of a passage."""
    return sum(hit.passage.text[start:end].lower().count(word) for start, end in hit.marks)


def _side(upper: Hit, lower: Hit, leg: str) -> Side:
    if leg not in upper.legs or leg not in lower.legs:
        return "neither"
    above, below = upper.legs[leg].score, lower.legs[leg].score
    if above == below:
        return "neither"
    return "upper" if above > below else "lower"

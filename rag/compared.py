"""Questions for the difference of two things that the notes tell of apart: a sentence for each answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from index.morphemes import Analyser, Token
from rag.sentence_reader import Candidate, Words

_COMPARES = re.compile(
    r"차이|다른(?:가|지|데|거|점|게)|다르|달라|다를|다름|비교(?:해|하면)|각각|\bdiffer|\bvs\b|\bversus\b|\bcompared? (?:to|with)\b",
    re.IGNORECASE,
)
_CHOOSES = re.compile(r"중(?:에서?)? (?:더 )?(?:무엇|무슨|어느|어떤|누가|누구|뭐|뭘|뭔)")
"""Asks which of the two, and not how they differ."""
_ENGLISH = re.compile(
    r"\bbetween (.+?) and (.+)|\b(?:do|does|is|are) (.+?) (?:differ(?:ent)? from|compared? (?:to|with)) (.+)", re.IGNORECASE
)
_JOINS = frozenset(("와", "과", "이랑", "랑", "하고", "vs", "versus"))
_JOINED = re.compile(r"(?<=\S)(?:와|이랑|(?<![사자노파])랑)(?=\s+\S)")
_ENDS = frozenset(("차이", "차이점", "뭐", "무엇", "어떻게", "서로", "비교", "각각"))
_CONTRASTS = re.compile(r"반면|지만|달리|\b(?:whereas|while|unlike|but)\b", re.IGNORECASE)
_TOPIC = re.compile(r"(\S{1,40})[은는](?=\s)")
_SIDE_BY_SIDE = re.compile(r"(?:^|\s)(\S{2,}) (\S{2,}?)(?:의|은|는)? ?(?:차이|비교|뭐가 ?[달다])")
"""Two things without a word between them: "SN1 SN2 차이"."""
_CLAUSE = re.compile(r"(?:^|\+)(?:E|J(?!KG))")
"""Tags of the morphemes before which a noun phrase does not reach."""
_IDLE = frozenset(("때", "경우", "방법", "방식", "점"))
_NAMES = ("NNG", "NNP", "NR", "SL", "SH", "SN", "XR")
_TOLD = 0.5
"""How much of what tells one thing from the other its sentence holds at least, by rarity, with what it stands under."""
_OWN, _OTHER = 6.0, 2.0
"""What it is worth that a sentence holds all that tells its thing, and that it does not stand by the other; chosen on `dev`."""

Sides = tuple[frozenset[str], frozenset[str]]


def sides(question: str, analyser: Analyser) -> Sides | None:
    """Two things whose difference is asked for, each by the terms that only it has; None where the question is none of that sort."""
    parts = _parts(question, analyser) if _COMPARES.search(question) and not _CHOOSES.search(question) else None
    if parts is None:
        return None
    names = [each for each in analyser.tokens(question) if each.tag.startswith(_NAMES) and each.term not in _IDLE]
    low, near, high, begin, end = parts
    first, second = _within(names, low, high), _within(names, begin, end)
    one = (_within(names, near, high) or first) - second
    one, other = one - _within(names, begin, len(question)) or first - second, second - first
    return (one, other) if one and other else None


def _parts(question: str, analyser: Analyser) -> tuple[int, int, int, int, int] | None:
    """Where the first thing begins, its last noun phrase, and where it ends; where the second begins and ends."""
    if found := _ENGLISH.search(question):
        one, other = (1, 2) if found[1] else (3, 4)
        return found.start(one), found.start(one), found.end(one), *found.span(other)
    tokens = analyser.tagged(question)
    for at, token in enumerate(tokens[1:-1], 1):
        does = token.tag == "XSV"  # "frame하고" is a verb to MeCab
        if (token.term + tokens[at + 1].term * does).lower() in _JOINS and not token.tag.startswith(("N", "M")):
            after = tokens[at + 1 + does :]
            near = next((each.end for each in reversed(tokens[:at]) if _CLAUSE.search(each.tag)), 0)
            end = next((each.start for each in after if _ends(each)), len(question))
            return 0, near, token.start, token.end, end
    if joined := _JOINED.search(question):  # "인식기와" is a tile to MeCab
        end = next((each.start for each in tokens if each.start >= joined.end() and _ends(each)), len(question))
        return 0, 0, joined.start(), joined.end(), end
    beside = _SIDE_BY_SIDE.search(question)
    return (beside.start(1), beside.start(1), beside.end(1), *beside.span(2)) if beside and _alike(beside[1], beside[2]) else None


def _alike(one: str, other: str) -> bool:
    """Whether two words begin or end alike, or are both of Latin letters: what differs of "GPT 모델 차이" are models."""
    return one[:2] == other[:2] or one[-2:] == other[-2:] or (one.isascii() and other.isascii())


def _ends(token: Token) -> bool:
    return token.term in _ENDS or (token.tag.startswith("J") and token.tag not in ("JKG", "JC"))


def _within(tokens: Collection[Token], low: int, high: int) -> frozenset[str]:
    return frozenset(each.term for each in tokens if low <= each.start < high)


def told_apart(words: Words, both: Sides, sentences: Sequence[Candidate], score: Callable[[Candidate], float]) -> Sequence[Candidate]:
    """The sentence of each of the two things, in the order in which they are asked for; the one that tells of
    both where there is such; none where one has none, or the best contrasts them itself."""

    def share(terms: Collection[str], *texts: str) -> float:
        held, known = words.of(*texts), {term: rarity for term, rarity in words.rarity.items() if term in terms}
        return sum(rarity for term, rarity in known.items() if term in held) / (sum(known.values()) or 1.0)

    def stands_by(each: Candidate, own: Collection[str], other: Collection[str]) -> float:
        """Whose sentence it is, by its headings, else its words, else the title of its note: 1 its own, 0 the other's or both's."""
        title, _, under = each.context.partition(" › ")
        for text, alone in ((under, False), (each.text, True), (title, False)):
            held = [share(side, text) >= _TOLD for side in (own, other)]
            if held[0] != held[1] or (alone and held[0]):
                return float(not held[1])
        return 0.5

    def fits(each: Candidate, own: Collection[str], other: Collection[str]) -> float:
        return score(each) + _OWN * share(own, each.text, each.context) + _OTHER * stands_by(each, own, other)

    def tells_of_both(each: Candidate) -> bool:
        topics = _TOPIC.findall(each.text.lower())
        return all(any(share(side, topic) >= _TOLD for topic in topics) for side in both)

    best = max(sentences, key=score)
    if _CONTRASTS.search(best.text) and all(share(side, best.text) >= _TOLD for side in both):
        return ()
    if whole := [each for each in sentences if tells_of_both(each)]:
        return [max(whole, key=score)]
    found = []
    for own, other in (both, both[::-1]):
        told = [each for each in sentences if share(own, each.text, each.context) >= _TOLD and stands_by(each, own, other)]
        if not told:
            return ()
        found.append(max(told, key=lambda each: fits(each, own, other)))
    return found if found[0] is not found[1] else ()

"""The exact ends of a marked answer: no white space, signs or Korean particles at them, and brackets and quotes in pairs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.morphemes import Analyser, Token
from index.sentences import BULLET

Part = tuple[int, int]
"""Offsets within a text."""

REACH = 40
"""How many characters further an answer may grow to close a bracket."""
_AROUND = 200
"""How many characters on each side are analysed: MeCab reads words in their context."""

_OPENING_SIGNS = re.compile(r"(?:[\s|,;:·]|#{1,6}\s|>\s)+")
_CLOSING_SIGNS = re.compile(r"(?<![\s|,;:·…。])[\s|,;:·…。]++$")
_STOP = re.compile(r"(?<!\.\w)\.+$")  # not that of "U.S."
_BULLET = re.compile(rf"[ \t]*{BULLET}\s+")
_EMPHASIS = re.compile(r"\*{1,3}|`+")
_CODE = re.compile(r"(?<!`)(`++)([^`\n]*[<&][^`\n]*)\1(?!`)")
"""Code that would be taken for a tag or an entity without the signs round it."""
_FORMULA = re.compile(r"\$(?=[^\s$`])[^$\n`]*(?<=\S)\$(?!\d)")
"""Not what stands between "$20" and "$200", nor between `$HOME` and `$PATH`."""

_TITLES = {"《": "》", "〈": "〉", "「": "」", "『": "』", "[": "]", "{": "}"}
"""Signs that may belong to a name ("[MASK]", 《토지》): they stay where they pair up."""
_WRAPPERS = {"(": ")", "（": "）", "“": "”", "‘": "’"}
"""Signs that are put round a name: taken off where they hold the whole answer."""
_STRAIGHT = "\"'`"
_PAIRS = _TITLES | _WRAPPERS
_CLOSERS = {closer: opener for opener, closer in _PAIRS.items()}
_INTERVAL = {("[", ")"), ("(", "]")}

_MEMBER = re.compile(r"(?:,[ \t]+|[ \t]*→[ \t]*)(?=\S)")
_BEFORE = re.compile(r"(?:^|[(\[:：]|,[ \t]|→|\n)[ \t]*([^,→()\[\]:：\n]{1,30}?)(?:,[ \t]+|[ \t]*→[ \t]*)$")
_CLAUSE = re.compile(
    r"(?:(?:which|who|whose|whom|where|when|while|so|but|that|as|because|since|if|although|though|it|this|these|they|he|she|we|you"
    r"|each|in|on|at|after|before|for|from|with|without|by|to|of|not)\b|(?:[A-Za-z'’-]+ ){3})",
    re.IGNORECASE,
)
"""English words that begin a clause, no member of an enumeration, which has three words at most: MeCab takes all English for nouns."""
_NOUNS = ("NNG", "NNP", "NR", "SL", "SH", "SN", "SY", "XPN", "XSN", "XR")

_BEFORE_CASE = frozenset(("만", "까지", "부터", "마다"))
_ALWAYS_LAST = frozenset("도이가은는을를나")
_POINTS_BACK = re.compile(r"(?<=\S)이[며고],\s+[이그]것?$")
"""What begins the next clause of a sentence and stands for this one: "1.4배이며, 이" before "를 찬드라세카르 한계라고 부른다"."""


def trimmed(text: str, start: int, end: int, analyser: Analyser) -> Part:
    """The part of `text[start:end]` that answers, from the beginning of its word; nothing but signs or a particle stays as it is."""
    while 0 < start < end and text[start].isalpha() and text[start - 1].isalpha():
        start -= 1
    if code := _code_around(text, start, end):
        return code
    before, found = None, _formula(text, *_completed(text, start, _code_end(text, start, end)))
    while found != before and start < end:
        before = found
        for step in (_without_signs, _unwrapped, _without_loose):
            found = _unless_empty(step(text, *found), found)
        found = found[0], _without_particles(text, *found, analyser)
    start, end = found[0], _enumerated(text, *found, analyser)
    end = start + len(_POINTS_BACK.sub("", text[start:end]))
    return _enumerated_before(text, start, end, analyser), end


def _unless_empty(part: Part, otherwise: Part) -> Part:
    return part if part[0] < part[1] else otherwise


def _line(text: str, start: int, end: int) -> Part:
    """The lines in which the part stands, without their last break."""
    last = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, len(text) if last < 0 else last


def _code_end(text: str, start: int, end: int) -> int:
    """Where the code ends that the part begins and breaks off within a word or a term of: `a x b = c`, not `k1=1.2, b=.75`."""
    line, stop = _line(text, start, end)
    start += text.startswith("`", start)
    opened = text[line:start].count("`") % 2 and text[start - 1] == "`"
    close = text.find("`", start, stop)
    return close if opened and end < close and text[end : end + 1] not in ",;)" else end


def _code_around(text: str, start: int, end: int) -> Part | None:
    """The code with its signs in which the part stands, where it needs them."""
    return next(
        (each.span() for each in _CODE.finditer(text, *_line(text, start, end)) if each.start() <= start and end <= each.end()), None
    )


def _formula(text: str, start: int, end: int) -> Part:
    """Grown on its line to the other signs of formulas that it breaks off, as far as REACH: "$\\tanh" before "$"."""
    for found in _FORMULA.finditer(text, *_line(text, start, end)):
        if found.start() < start < found.end() <= end and start - found.start() <= REACH:
            start = found.start()
        elif start <= found.start() < end < found.end() and found.end() - end <= REACH:
            end = found.end()
    return start, end


# Signs


def _without_signs(text: str, start: int, end: int) -> Part:
    line, stop = _line(text, start, end)
    if not text[line:start].strip() and (bullet := _BULLET.match(text, start, end)):
        start = bullet.end()
    if signs := _OPENING_SIGNS.match(text, start, end):
        start = signs.end()
    for pattern in (_CLOSING_SIGNS, _STOP):
        end = start + len(pattern.sub("", text[start:end]))
    if (opening := _EMPHASIS.match(text, start, end)) and _closes(opening.group(), text, opening.end(), stop):
        start = opening.end()
    closing = _EMPHASIS.match(text[start:end][::-1])
    if closing and _opens(closing.group(), text, line, end - closing.end()):
        end -= closing.end()
    return start, end


def _closes(sign: str, text: str, start: int, end: int) -> bool:
    """Whether the text there has the sign at the end of words: the second of "*args, *rest" is none, nor are those of "**kwargs"."""
    return any(not text[at - 1].isspace() for at in _places(sign, text, start, end))


def _opens(sign: str, text: str, start: int, end: int) -> bool:
    """Whether the text there has the sign before a word: those of "A*로 찾는다. A*는" are none."""
    return any("`" in sign or not text[at - 1 : at].isalnum() for at in _places(sign, text, start, end))


def _places(sign: str, text: str, start: int, end: int) -> Iterator[int]:
    """Where the sign stands, and no longer run of it."""
    for run in re.compile(rf"{re.escape(sign[0])}+").finditer(text, start, end):
        if len(run.group()) == len(sign):
            yield run.start()


def _unwrapped(text: str, start: int, end: int) -> Part:
    """Without one pair of brackets or quotes round all of it."""
    first, last, inside = text[start], text[end - 1], text[start + 1 : end - 1]
    straight = first == last and first in _STRAIGHT and first not in inside
    wrapped = _WRAPPERS.get(first) == last and not any(_loose(inside))
    return (start + 1, end - 1) if end - start > 2 and (straight or wrapped) else (start, end)


# Pairs


def _loose(text: str) -> tuple[list[int], list[int]]:
    """Places of the brackets without a partner: those that open, those that close."""
    opened: list[int] = []
    closing: list[int] = []
    for at, sign in enumerate(text):
        if sign in _PAIRS:
            opened.append(at)
        elif sign in _CLOSERS:
            partner = next((each for each in reversed(opened) if _pair_up(text[each], sign)), None)
            if partner is None:
                closing.append(at)
            else:
                opened.remove(partner)
    return opened, closing


def _pair_up(opener: str, closer: str) -> bool:
    return opener == _CLOSERS[closer] or (opener, closer) in _INTERVAL


def _completed(text: str, start: int, end: int) -> Part:
    """Grown on its line to the partners of brackets that it holds one side of, as far as REACH, where that leaves fewer without one."""
    before, found = None, (start, end)
    while found != before:
        before = found
        for grown in _grown(text, *found):
            if sum(map(len, _loose(text[slice(*grown)]))) < sum(map(len, _loose(text[slice(*found)]))):
                found = grown
                break
    return found


def _grown(text: str, start: int, end: int) -> Iterator[Part]:
    """To the partner of each bracket within, and of one at the edge where it stands right at the other edge."""
    opened, closing = _loose(text[start:end])
    line, stop = _line(text, start, end)
    for at in closing:
        opener = text.rfind(_CLOSERS[text[start + at]], max(line, start - REACH), start)
        if opener >= 0 and (opener == start - 1 or 0 < at < end - start - 1):
            yield opener, end
    for at in opened:
        closer = text.find(_PAIRS[text[start + at]], end, min(stop, end + REACH))
        if closer == end or (closer >= 0 and 0 < at < end - start - 1):
            yield start, closer + 1


def _without_loose(text: str, start: int, end: int) -> Part:
    """Without brackets that have no partner, and what stands beyond those within."""
    opened, closing = _loose(text[start:end])
    if closing:
        return (start, end - 1) if closing[-1] == end - start - 1 else (start + closing[-1] + 1, end)
    if opened:
        return (start + 1, end) if opened[0] == 0 else (start, start + opened[0])
    if text[start:end].count('"') == 1:
        return start + text.startswith('"', start), end - (text[end - 1] == '"')
    return start, end


# Enumerations


def _enumerated(text: str, start: int, end: int, analyser: Analyser) -> int:
    """Where the enumeration ends that the part breaks off: "INFO, WARN" before ", DEBUG로 나눈다" goes on to "DEBUG"."""
    while _MEMBER.search(text, start, end) and (comma := _MEMBER.match(text, end)):
        member = comma.end()
        for token in morphemes(analyser, text, comma.end(), comma.end()):
            if token.start >= comma.end():
                if not token.tag.startswith(_NOUNS) or token.start - member > 1:
                    break
                member = token.end
        if member == comma.end() or _CLAUSE.match(text, comma.end(), member):
            break
        end = member
    return end


def _enumerated_before(text: str, start: int, end: int, analyser: Analyser) -> int:
    """Where the enumeration begins that the part goes on with: "연결 리스트, 힙" behind "(배열, ".

    Its first member is all that stands behind a bracket, a colon or the beginning of the line, or the last word before the sign.
    """
    if not _MEMBER.search(text, start, end):
        return start
    low, _ = _line(text, start, end)
    while before := _BEFORE.search(text[low:start]):
        first, last = low + before.start(1), low + before.end(1)
        tokens = [token for token in morphemes(analyser, text, first, last) if first <= token.start < last]
        others = [token.end for token in tokens if not token.tag.startswith(_NOUNS)]
        if _CLAUSE.match(text, first, last):
            return start
        if not others:
            start = first
            continue
        return text.rfind(" ", others[-1], last) + 1 or start
    return start


# Particles


def _without_particles(text: str, start: int, end: int, analyser: Analyser) -> int:
    """Where the answer ends without particles ("26개의" to "26개") and copula ("책이다" to "책"); titles in quotes stay whole."""
    if _is_quoted(text, start, end):
        return end
    tokens = morphemes(analyser, text, start, end)
    at = max((number for number, token in enumerate(tokens) if token.start < end), default=-1)
    if at >= 0 and tokens[at].end == end and _is_particle_after(tokens, at):
        return end  # who marked "베드로" in "베드로는" knows better than MeCab that 로 is none
    while at > 0 and (begin := _ending(tokens, at)) is not None and tokens[begin].start > start:
        if tokens[begin].term == "까지" and "부터" in text[start:end]:
            break
        at, end = begin - 1, tokens[begin].start
    return end


def _is_quoted(text: str, start: int, end: int) -> bool:
    """Whether the end stands within a title or a quotation on its line."""
    line, stop = _line(text, start, end)
    opened, _ = _loose(text[line:end])
    quoted = any(text[line + at] not in "([{（" and _PAIRS[text[line + at]] in text[end:stop] for at in opened)
    return quoted or text[end : end + 1] in tuple(_STRAIGHT)


def morphemes(analyser: Analyser, text: str, start: int, end: int) -> list[Token]:
    """Every morpheme, particles included, of the words on the line around `text[start:end]`: `term` as written, `tag` whole."""
    low, high = _line(text, start, end)
    low = max(low, start - _AROUND)
    words = text[low : min(high, end + _AROUND)].replace("\n", " ")
    return [replace(token, start=low + token.start, end=low + token.end) for token in analyser.tagged(words)]


def _ending(tokens: Sequence[Token], at: int) -> int | None:
    """The number of the first morpheme of the particle or copula that ends with `tokens[at]`; None where that is none."""
    while tokens[at].tag.startswith("E") and at and tokens[at - 1].end == tokens[at].start:
        at -= 1
        if tokens[at].tag.startswith("VCP"):
            return at
    token, before = tokens[at], tokens[at - 1]
    if token.tag.startswith("VCP"):
        return at
    if token.tag == "NNG" and token.term == "의":  # what MeCab makes of it at the end of a text; "회의" is one morpheme
        return at if before.end == token.start else None
    return at if token.tag.startswith("J") and _may_go(tokens, at) and not _ends_noun(tokens, at) else None


def _ends_noun(tokens: Sequence[Token], at: int) -> bool:
    """Whether what MeCab takes for a particle is the end of a noun: 민감도, 풀링, 렐루, 톨만은. 도 is a particle before another word."""
    term, end = tokens[at].term, tokens[at].end
    after = next(iter(tokens[at + 1 :]), None)
    if term == "도":
        return after is None or after.start == end or after.tag.startswith("S")
    return term in ("링", "루") or (term == "만" and after is not None and after.start == end and after.tag == "JX")


def _may_go(tokens: Sequence[Token], at: int) -> bool:
    """Whether the particle can stand before the next morpheme: in "가거도에서" what MeCab takes for 도 is none."""
    if not _is_particle_after(tokens, at):
        return True
    term, after = tokens[at].term, tokens[at + 1].tag
    return term in _BEFORE_CASE if after in ("JKB", "JKS", "JKO") else term not in _ALWAYS_LAST


def _is_particle_after(tokens: Sequence[Token], at: int) -> bool:
    """Whether a particle or copula follows in the same word."""
    after = tokens[at + 1 : at + 2]
    return bool(after) and after[0].start == tokens[at].end and after[0].tag.startswith(("J", "VCP"))

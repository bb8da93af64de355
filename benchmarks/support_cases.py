"""Answer sentences as a language model writes them, made by rule from our notes and questions, half of them altered so that they are wrong.

A sentence is a line of the evidence or an accepted answer, reworded: made polite, its particles changed, shortened, joined, put in a frame.
Each is kept once as it is and once altered in one way.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from index.morphemes import Analyser
from index.types import Passage
from rag import hangul
from rag.evaluation.datasets import Question
from rag.quotes import find_quote

Alteration = Literal["number", "name", "negation", "other passage"]
ALTERATIONS: tuple[Alteration, ...] = ("number", "name", "negation", "other passage")
Search = Callable[[str], Sequence[Passage]]

_SIGNS = re.compile(r"^[\s>]*(?:(?:[-*•]|\d+[.)])\s+)?|\*\*|`")
_QUOTED = re.compile(r"[\"“‘「]")
_CODE = re.compile(r"\|| = |\w\(.*\)\s*$")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
_ASKS = re.compile(r"(?:은|는|이|가|이란|란)\s*(?:무엇|뭐|누구|언제|어디|얼마|몇)[^,]*$|(?:이란|란)\s*\?*$")
_NOMINAL = (("있음", "있습니다"), ("없음", "없습니다"), ("함", "합니다"), ("됨", "됩니다"), ("임", "입니다"))
_NAMES = ("SL", "NNP", "NNG")
_FRAMES = ("{}", "{}", "노트에 따르면 {}", "즉, {}", "정리하면 {}")
_ENGLISH = ("{}", "{}", "According to the notes, {}", "In short, {}")
_SHORTEST = 8
_CLOSED = frozenset("꿈림킴춤김짐핌봄눔둠줌씀뜀침냄임됨남옴")
"""How the noun form of many verbs ends."""
_OPEN = ("EC", "JKO", "JKS", "JKB", "JX")
_BIEUP, _NIEUN = 17, 4


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence that cites passages (`cited`, from 1) of those shown; `altered` is how it was made wrong, None where it was not."""

    question: str
    sentence: str
    passages: tuple[Passage, ...]
    cited: tuple[int, ...]
    altered: Alteration | None


def make_cases(questions: Sequence[Question], every: Sequence[Passage], search: Search, analyser: Analyser, seed: int) -> list[Case]:
    """Two cases of each sentence that can be altered, in the order of the questions."""
    rng = random.Random(seed)
    counts = dict.fromkeys(ALTERATIONS, 0)
    cases: list[Case] = []
    seen: set[str] = set()
    for question in questions:
        evidence = list(_evidence(question, every))
        if not evidence:
            continue
        golds = list(dict.fromkeys(gold for _, gold in evidence))
        shown = _shown(golds, search(question.text), rng)
        said = [(line, [gold]) for quote, gold in evidence for line in _line(quote, analyser, rng)]
        for sentence, held_by in [*said, *((line, golds) for line in _answer(question, analyser, rng))]:
            if sentence not in seen:
                seen.add(sentence)
                right = Case(question.text, sentence, shown, tuple(shown.index(gold) + 1 for gold in held_by), None)
                wrong = _altered(right, question, counts, analyser, rng)
                cases += [right, wrong] if wrong else []
    return cases


def _evidence(question: Question, every: Sequence[Passage]) -> Iterator[tuple[str, Passage]]:
    """The quotes of a question, each with a passage that holds all of it."""
    for each in question.evidence:
        holds = next((one for one in every if one.doc_id == each.doc and find_quote(one.text, each.quote)), None)
        if holds:
            yield each.quote, holds


def _shown(golds: Sequence[Passage], found: Sequence[Passage], rng: random.Random) -> tuple[Passage, ...]:
    """The passages found, with those that hold the evidence among them."""
    kept = list(found)
    for gold in golds:
        if gold not in kept:
            kept.insert(rng.randrange(len(kept) + 1), gold)
    return tuple(kept)


# Sentences


def _line(quote: str, analyser: Analyser, rng: random.Random) -> Iterator[str]:
    """What a model might say by a quote: one of its lines, or two joined."""
    lines = [plain for line in quote.split("\n") if len(plain := _SIGNS.sub("", line).strip().rstrip(":")) >= 3 and not _CODE.search(line)]
    if not lines:
        return
    first = rng.randrange(max(1, len(lines) - 1))
    line = lines[first] if len(lines) == 1 or rng.random() < 0.5 else f"{lines[first].rstrip('.')}, 그리고 {lines[first + 1]}"
    if len(line) >= _SHORTEST:
        yield _worded(line, analyser, rng)


def _answer(question: Question, analyser: Analyser, rng: random.Random) -> Iterator[str]:
    """What a model might say by the answer: it says the question again as far as that can be done by rule."""
    answer = question.answers[0]  # the note's own words
    topic = _ASKS.search(question.text)
    if topic and _is_korean(question.text) and topic.start() > 1:
        head = question.text[: topic.start()]
        yield _worded(f"{head}{_topic(head)} {answer}", analyser, rng)
    elif len(answer) >= _SHORTEST:
        yield _worded(answer, analyser, rng)


def _topic(word: str) -> str:
    return "은" if hangul.final(word[-1:]) > 0 else "는"


def _is_korean(text: str) -> bool:
    return any(map(hangul.is_syllable, text))


def _worded(line: str, analyser: Analyser, rng: random.Random) -> str:
    """A line in other words: shortened, its particles changed, its end made polite, in a frame."""
    line = line.strip().rstrip(".")
    short = _shortened(line) if rng.random() < 0.4 else line
    line = line if _is_open(short, analyser) else short
    if not _is_korean(line):
        return rng.choice(_ENGLISH).format(line) + "."
    if rng.random() < 0.5:
        line = _particles(line, analyser)
    if _is_open(line, analyser):
        return line + "."
    return rng.choice(_FRAMES).format(polite(line)) + "."


def _is_open(line: str, analyser: Analyser) -> bool:
    """Whether a line ends in the midst: on a connective or a particle."""
    return any(token.tag.split("+")[-1] in _OPEN and not token.term.endswith("다") for token in analyser.tagged(line)[-1:])


def _shortened(line: str) -> str:
    """Without what stands in brackets, or without the clause behind the last comma."""
    bare = re.sub(r"\s?\([^()]*\)", "", line)
    if bare != line:
        return bare
    head, comma, _ = line.rpartition(", ")
    return head if comma and len(head) >= 2 * _SHORTEST else line


def _particles(line: str, analyser: Analyser) -> str:
    """The subject marked instead of the topic, the object not marked."""
    out, last = "", 0
    for token in () if _QUOTED.search(line) else analyser.tagged(line):  # what is quoted stays as it is
        change = {("은", "JX"): "이", ("는", "JX"): "가", ("을", "JKO"): "", ("를", "JKO"): ""}.get((token.term, token.tag))
        if change is not None:
            out += line[last : token.start] + change
            last = token.end
    return out + line[last:]


def polite(line: str) -> str:
    """The sentence or half sentence in the polite style: 한다, 함 → 합니다, 방법 → 방법입니다."""
    for short, long in _NOMINAL:
        if line.endswith(short):
            return line.removesuffix(short) + long
    if line.endswith("음") and hangul.final(line[-2:-1]) > 0:
        return f"{line[:-1]}습니다"
    if line[-1:] in _CLOSED and len(line) > 2:
        return f"{line[:-1]}{hangul.with_final(line[-1], _BIEUP)}니다"
    if not line.endswith("다") or len(line) < 3:
        ended = line.endswith(("요", "니다", "까", "때문", "?")) and not line.endswith("때문")
        return line if ended or not hangul.is_syllable(line[-1]) else f"{line}입니다"
    stem, before = line[:-1], line[-2]
    if before == "는":
        return f"{stem[:-1]}습니다"
    if hangul.final(before) == _NIEUN:
        return f"{stem[:-1]}{hangul.with_final(before, _BIEUP)}니다"
    if hangul.final(before) == 0:
        return f"{stem[:-1]}{hangul.with_final(before, _BIEUP)}니다" if not line.endswith("니다") else line
    return line if line.endswith("니다") else f"{stem}습니다"


# Alterations


def _altered(case: Case, question: Question, counts: dict[Alteration, int], analyser: Analyser, rng: random.Random) -> Case | None:
    """The case made wrong in the way that fits it and was taken least often so far."""
    ways: dict[Alteration, Callable[[], Case | None]] = {
        "number": lambda: _with(case, _other_number(case, rng), "number"),
        "name": lambda: _with(case, _other_name(case, analyser, rng), "name"),
        "negation": lambda: _with(case, negated(case.sentence), "negation"),
        "other passage": lambda: _elsewhere(case, question, rng),
    }
    for kind in sorted(ALTERATIONS, key=lambda each: counts[each]):
        if made := ways[kind]():
            counts[kind] += 1
            return made
    return None


def _with(case: Case, sentence: str, kind: Alteration) -> Case | None:
    return Case(case.question, sentence, case.passages, case.cited, kind) if sentence and sentence != case.sentence else None


def _other_number(case: Case, rng: random.Random) -> str:
    """Another number in the place of one: in a third of the cases another one of the same passage, else one that it does not hold."""
    places = list(_NUMBER.finditer(case.sentence))
    if not places:
        return ""
    place, held = rng.choice(places), _NUMBER.findall("\n".join(case.passages[number - 1].text for number in case.cited))
    others = sorted(set(held) - set(_NUMBER.findall(case.sentence)))
    number = rng.choice(others) if others and rng.random() < 1 / 3 else _invented(place.group(), {*held, place.group()}, rng)
    return case.sentence[: place.start()] + number + case.sentence[place.end() :]


def _invented(number: str, held: set[str], rng: random.Random) -> str:
    """A number with one other digit, which nobody else uses."""
    while True:
        at = rng.choice([at for at, sign in enumerate(number) if sign.isdigit()])
        digit = rng.choice([each for each in "123456789" if each != number[at]])
        if (made := number[:at] + digit + number[at + 1 :]) not in held:
            return made
        held = held if len(number) > 1 else {number}


def _other_name(case: Case, analyser: Analyser, rng: random.Random) -> str:
    """A name or a noun of another passage in the place of one of the same kind."""
    gold = "\n".join(case.passages[number - 1].embedded for number in case.cited).lower()
    others = [one for at, one in enumerate(case.passages, 1) if at not in case.cited]
    offered = [token for one in others for token in analyser.tagged(one.text)]
    for tag in _NAMES:
        mine = [
            token for token in analyser.tagged(case.sentence) if token.tag == tag and len(token.term) > 1 and token.term.lower() in gold
        ]
        theirs = sorted(
            {token.term for token in offered if token.tag == tag and len(token.term) > 2 - (tag != "SL") and token.term.lower() not in gold}
        )
        if mine and theirs:
            place = rng.choice(mine)
            return case.sentence[: place.start] + rng.choice(theirs) + case.sentence[place.end :]
    return ""


_NEGATIONS = (
    (r"지 않습니다\.$", None),
    (r"수 없습니다\.$", "수 있습니다."),
    (r"수 있습니다\.$", "수 없습니다."),
    (r"없습니다\.$", "있습니다."),
    (r"있습니다\.$", "있지 않습니다."),
    (r"입니다\.$", "{}이 아닙니다."),
    (r"했습니다\.$", "하지 않았습니다."),
    (r"합니다\.$", "하지 않습니다."),
    (r"됩니다\.$", "되지 않습니다."),
    (r"\bis not\b", "is"),
    (r"\bare not\b", "are"),
    (r"\bcannot\b", "can"),
    (r"\bis\b", "is not"),
    (r"\bare\b", "are not"),
    (r"\bcan\b", "cannot"),
    (r"\bhas\b", "does not have"),
)


def negated(sentence: str) -> str:
    """The sentence denied, or no longer denied; empty where no rule fits."""
    for pattern, to in _NEGATIONS:
        found = re.search(pattern, sentence)
        if found and to is None:
            return _affirmed(sentence[: found.start()])
        if found and to:
            head, tail = sentence[: found.start()], sentence[found.end() :]
            subject = "가 아닙니다." if hangul.final(head[-1:]) == 0 else "이 아닙니다."
            return head + (subject if "{}" in to else to) + tail
    return ""


def _affirmed(stem: str) -> str:
    last = stem[-1:]
    return f"{stem[:-1]}{hangul.with_final(last, _BIEUP)}니다." if hangul.final(last) == 0 else f"{stem}습니다."


def _elsewhere(case: Case, question: Question, rng: random.Random) -> Case | None:
    """The same sentence with the number of a passage that holds neither an answer nor the evidence."""
    barren = [
        at
        for at, one in enumerate(case.passages, 1)
        if not any(find_quote(one.text, each) for each in question.answers)
        and not any(find_quote(one.text, each.quote) for each in question.evidence)
    ]
    return Case(case.question, case.sentence, case.passages, (rng.choice(barren),), "other passage") if barren else None

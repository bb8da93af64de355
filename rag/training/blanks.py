"""Questions out of single sentences: one part of the sentence is taken out and asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.training.facts import LONGEST_ANSWER, Fact, Part, Sheet, behind_opening, chance, fill
from rag.training.korean import closes_phrase, has_topic, predicate, without_copula
from rag.training.terms import MARK, TERM, any_of, flat, is_korean, is_term, stands_alone

_ATTRIBUTE = re.compile(
    rf"{MARK}(?P<of>[^*_`'\"“”‘’.,:;!?()\n]{{2,30}}?){MARK}(?:\s?\([^()\n]{{2,40}}\))?{MARK}의\s+"
    rf"(?P<what>{any_of('가장_큰 주된 주요 핵심 기본 궁극적인 최종')}?\s?"
    + any_of(
        "목적 목표 이유 특징 장점 단점 역할 차이점 차이 핵심 원인 문제점 한계 해결책 대안 기본값 핵심_아이디어 아이디어 기능 동기 "
        "시간_복잡도 공간_복잡도"
    )
    + r")(?:은|는)\s+(?P<words>\S.*)$",
    re.S,
)
_ATTRIBUTE_ASKS = ("{는} 무엇인가?", "{는}?", "{가} 뭐야?", "{는} 무엇인가요?")


def attributes(page: Sheet) -> Iterator[Fact]:
    """Sentences such as "X의 목적은 …이다": what is the purpose of X?"""
    text = page.passage.text
    for part in page.lines:
        match = _ATTRIBUTE.match(text, *behind_opening(text, part))
        if not match or not is_term(flat(match["of"])):
            continue
        words = without_copula(match["words"])
        answer = flat(words)
        if words != match["words"] and 4 <= len(answer) <= LONGEST_ANSWER and stands_alone(answer) and "다음과" not in answer:
            start = match.start("words")
            asked = f"{flat(match['of'])}의 {match['what'].strip()}"
            question = fill(page.choose(answer, _ATTRIBUTE_ASKS), asked)
            places = ((start, start + len(words)),)
            yield Fact("attribute", question, page.passage, places, (answer, match["what"].split()[-1]))


_COUNTERS = any_of("개월 개 명 층 차원 단계 배 가지 회 비트 바이트 시간 분 초 일 주 년 퍼센트 % 픽셀 단어 문장 토큰 에포크 장")
_AMOUNT = re.compile(
    rf"(?<![\w.,\-~])(?:약 |대략 )?(?P<number>\d[\d,.]*(?:\s?[만억천조])?)\s?(?P<unit>{_COUNTERS})"
    r"(?!\s?번?째|\s?이[상하내]|\s?[~\-]\s?\d|정도| 정도|[가-힣]*당\b|씩? ?이[상하])"
)
_VALUE = re.compile(rf"{TERM}\s*[:：]\s*{MARK}(?P<words>[~≈]?\d[\d,.]*\s?(?:%|개|명|원|토큰|차원|배|[KMGT]?B)?){MARK}$")
_SPEAKS_OF = re.compile(r"(?:\S+ ){0,4}\S*[가-힣A-Za-z)*`](?:은|는|에는|에서는)\s")


def numbers(page: Sheet) -> Iterator[Fact]:
    """A sentence with one amount asks for it; "학습률: 0.1" asks how much it is."""
    for part in page.lines:
        yield from _amounts(page, part)
        yield from _values(page, part)


def _amounts(page: Sheet, part: Part) -> Iterator[Fact]:
    start, end = behind_opening(page.passage.text, part)
    sentence = page.text((start, end))
    found = _AMOUNT.search(sentence)
    if not found or len(re.findall(r"\d[\d,.]*", sentence)) != 1 or not 15 <= len(sentence) <= 90:
        return
    before, after = sentence[: found.start()], sentence[found.end() :]
    if not _SPEAKS_OF.match(before) or not closes_phrase(before) or found["number"] == "1" or re.match(r"\d{4}$|0", found["number"]):
        return
    if len(after.split()) > 4 or after.startswith(("에서", " 전")) or re.search(r"수 (?:있|없)|처음|마지막", sentence):
        return
    question = _as_question(f"{before}몇 {found['unit']}{after}", sentence, page.seed)
    if question and (len(after.split()) <= 1 or not question.endswith(("가?", "가요?"))):
        answer = (start + found.start("number"), start + found.end("unit"))
        yield Fact("number", question, page.passage, (answer,), (page.text(answer),))


def _values(page: Sheet, part: Part) -> Iterator[Fact]:
    match = _VALUE.match(page.passage.text, *part)
    if match and is_korean(match["term"]) and is_term(flat(match["term"])):
        term = flat(match["term"])
        yield Fact("number", fill("{는} 얼마인가?", term), page.passage, (match.span("words"),), (term,))


def _as_question(sentence: str, key: str, seed: int) -> str:
    """A sentence with a word of asking in it as a question; empty where its ending or what it points to does not allow it."""
    sentence = flat(sentence)
    found = predicate(sentence) if stands_alone(sentence) and not re.search(r"만약|예:|^[A-Z]:|['?!]", sentence) else None
    return found.question(chance(seed, key)) if found else ""


_FOLLOWS = r"(?P<after>은|는|이|가|을|를|으로|로|이라고|라고)(?=\s)"
_MARKED = re.compile(rf"(?:\*\*|[\"“‘'`*])(?P<term>[^*\"'“”‘’`\n]{{2,30}})(?:\*\*|[\"”’'`*])(?:\s?\([^()\n]{{2,40}}\))?{_FOLLOWS}")
_PROPER = re.compile(
    rf"(?<![A-Za-z(*\"'“‘`\-])(?P<term>[A-Z][A-Za-z0-9+\-]+(?: [A-Z][A-Za-z0-9+\-]+){{0,2}})(?:\s?\([^()\n]{{2,40}}\))?{_FOLLOWS}"
)
_BEHIND_WHAT = dict.fromkeys("은는이가", "이") | dict.fromkeys("을를", "을")
_BEHIND_WHAT |= dict.fromkeys(("라고", "이라고"), "이라고") | dict.fromkeys(("로", "으로"), "으로")
"""The particle that 무엇 takes in the place of a name with its own."""


def clozes(page: Sheet) -> Iterator[Fact]:
    """A sentence asks for the one name in it that is marked or written large."""
    for part in page.lines:
        start, end = behind_opening(page.passage.text, part)
        body = page.text((start, end))
        if 20 <= len(body) <= 120 and stands_alone(body):
            asked = [(match, question) for match in _candidates(body) if (question := _blanked(page, body, match))]
            if asked:
                match, question = asked[chance(page.seed, body) % len(asked)]
                answer = (start + match.start("term"), start + match.end("term"))
                yield Fact("cloze", question, page.passage, (answer,), (match["term"],))


def _candidates(body: str) -> list[re.Match[str]]:
    """Names that stand once in the sentence and begin a phrase of it."""
    found = [match for pattern in (_MARKED, _PROPER) for match in pattern.finditer(body)]
    return [
        match
        for match in found
        if is_term(match["term"]) and body.lower().count(match["term"].lower()) == 1 and closes_phrase(body[: match.start()])
    ]


def _blanked(page: Sheet, body: str, match: re.Match[str]) -> str:
    """The sentence "X는 … 한다" as "… 하는 것은 무엇인가?", a name right before the verb as "… 무엇을 하는가?"; empty for others."""
    before, rest = body[: match.start()], body[match.end() :]
    if not before and match["after"] in "은는":
        return _what_does(flat(rest)) if len(rest.split()) >= 4 else ""
    if not before.endswith(" ") or len(before.split()) < 3 or len(rest.split()) > 2:
        return ""
    question = _as_question(f"{before}무엇{_BEHIND_WHAT[match['after']]}{rest}", body, page.seed)
    return question if not question.endswith(("인가?", "인가요?")) else ""


def _what_does(sentence: str) -> str:
    """A sentence without its topic as "… 하는 것은 무엇인가?", one that says what the topic is as "… 은 무엇인가?"."""
    if has_topic(sentence) or re.search("['?!]", sentence):
        return ""
    noun = without_copula(sentence)
    if noun != sentence:
        return fill("{는} 무엇인가?", noun)
    found = predicate(sentence)
    modifier = found.modifier() if found else None
    return f"{modifier} 것은 무엇인가?" if modifier else ""

"""Questions out of sentences that define something: "X란?" answered by the words, and the words asking for X."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.training.facts import LONGEST_ANSWER, Fact, Part, Sheet, bare, behind_opening, fill, other_name
from rag.training.headings import ASKS, asked_term, body_of, clean_heading
from rag.training.korean import has_topic, is_described, without_copula
from rag.training.terms import MARK, TERM, any_of, flat, is_korean, is_term, stands_alone

_RAN = re.compile(rf"{TERM}\s?(?:이란|란|이라는 것은|라는 것은|이라 함은|라 함은),?\s+(?P<words>\S.*)$", re.S)
_NEUN = re.compile(rf"{TERM}\s?(?:은|는),?\s+(?P<words>\S.*)$", re.S)
_LABEL = re.compile(rf"{TERM}(?:\s*[:：]{MARK}\s+|\s+[-–—―]\s+)(?P<words>\S.*)$", re.S)
_CALLED = re.compile(
    rf"(?P<words>\S.*)[을를]\s+(?:우리는 |흔히 |보통 |일반적으로 )?{TERM}\s?(?:이라고|라고|이라|라)\s?(?:도 )?"
    + any_of("한다 합니다 부른다 부릅니다 칭한다 칭합니다 말한다 말합니다")
    + "$",
    re.S,
)
_DEED = any_of("process task method technique practice ability act use")
_ENGLISH = re.compile(
    rf"(?:An? |The )?{TERM}\s(?:is|are|refers to|means)\s(?P<words>(?:an? |the {_DEED} )\S.*)$",
    re.S,
)
_SAYS = re.compile(rf"[을를]\s?{any_of('말 뜻 의미 지칭 가리 일컫 나타내 나타낸 나타냅')}\S{{0,7}}$")
_SAYS_AND = re.compile(r"[을를]\s?(?:말|뜻|의미)하(?:며|고|는데),? ")
_KIND = (
    "방법 방법론 기법 기술 방식 과정 작업 절차 알고리즘 모델 모형 함수 구조 개념 값 도구 라이브러리 프레임워크 시스템 언어 네트워크 "
    "신경망 상태 단위 형태 객체 집합 분야 학문 이론 규칙 원칙 원리 프로그램 소프트웨어 플랫폼 서비스 인터페이스 프로토콜 메서드 메소드 "
    "클래스 데이터_세트 데이터셋 패턴 아키텍처 연산 연산자 척도 지표 기준 변수 벡터 행렬 공간 영역 장치 현상 전략 접근법 접근_방식 표현 "
    "파일 포맷 형식 명령어 표준 계층 레이어 층 키 자료형 타입 일종 능력 메커니즘 에이전트 태스크 공격 정책 저장소 컴포넌트 모듈 API "
    "패키지 엔진 트리 그래프 리스트 큐 스택 테이블 메모리 서버 프로세스 스레드 쓰레드 주소 코드 문법 환경 매개변수 파라미터 "
    "하이퍼파라미터 텐서 분포 확률 비율 거리 오차 기억_장치 집합체"
)
_NAMES_KIND = re.compile(rf"(?:^|\s|[가-힣A-Za-z]){any_of(_KIND)}$")
_THING = re.compile(r"(?:[는은인]|[한된]) ?것$")
_POINTS_ON = re.compile(
    r"다음과 같|아래와 같|(?:할|될|일|볼) 것$|수 있는 것$|[?？!:：]$|\b(?:as|by|with)$|^(?:Let|For|Given|If)\b|(?:^|\s)[이그]$"
)

_KOREAN_ASKS = (
    "{란}?",
    "{란} 무엇인가?",
    "{가} 뭐야?",
    "{term}의 뜻은?",
    "{는} 무엇인가요?",
    "{가} 무엇인지 설명해 줘",
    "{term}의 정의는?",
)
_ENGLISH_ASKS = ("What is {term}?", "What does {term} mean?", "Define {term}.", "{가} 뭐야?", "{란}?")
_TELLING_ASKS = (
    "{term}에 대해 말해 줘",
    "{term}에 대해 설명해 줘",
    "{term}의 설명은?",
    "{는} 어떻게 설명되어 있나?",
    "{term}에 대해 알려 줘",
)
_NAMING_ASKS = ("{을} 무엇이라고 하나?", "{을} 뭐라고 해?", "{을} 가리키는 말은?", "{을} 무엇이라고 부르는가?")


@dataclass(frozen=True, slots=True)
class Definition:
    """A term, its other name (empty: none) and the places of the term (None: it stands in the heading) and of the words that define it.

    `told`: the words stand behind a label, "X: …".
    """

    name: str
    alias: str
    term: Part | None
    words: Part
    told: bool = False


def definitions(page: Sheet) -> Iterator[Fact]:
    """Sentences and items that define: "X란 …", "X는 … 방법이다", "…을 X라고 한다", "X: …", "X is a …"."""
    for part in page.lines:
        found = definition(page.passage.text, part, labelled=_is_labelled(page.passage.text, part))
        if found:
            yield from _asked(page, found)


def _is_labelled(text: str, part: Part) -> bool:
    """Whether the sentence opens a list item or begins in bold: only there "X: …" defines."""
    before = text[text.rfind("\n", 0, part[0]) + 1 : part[0]]
    return bool(before.strip()) or text.startswith("**", part[0])


def definition(text: str, part: Part, labelled: bool = False) -> Definition | None:
    """What the sentence `text[part]` defines; `labelled` also reads "X: …" and "X - …" as definitions."""
    part = behind_opening(text, part)
    for pattern, words_of in _FORMS:
        match = pattern.match(text, *part) if labelled or pattern is not _LABEL else None
        words = words_of(text, match.span("words")) if match else None
        if match and words:
            found = Definition(flat(match["term"]), other_name(match["alias"]), match.span("term"), words, pattern is _LABEL)
            if _is_sound(text, found):
                return found
    return None


def _noun_part(text: str, part: Part) -> Part:
    """The words up to their last noun: without "이다" and "을 말한다"."""
    words = text[slice(*part)]
    said = _SAYS_AND.search(words) or _SAYS.search(words)
    words = (words[: said.start()] if said else without_copula(words)).rstrip()
    unmarked = words.rstrip("*`_'\"”’")
    return part[0], part[0] + len(words if _marks_open(unmarked) else unmarked)


def _marks_open(words: str) -> bool:
    """Whether emphasis or code begins in the words that does not end there."""
    return any(words.count(mark) % 2 for mark in ("**", "`", "'")) or words.replace("**", "").count("*") % 2 == 1


def _stated(text: str, part: Part) -> Part | None:
    """As above, where the sentence clearly defines: it says so, or its last noun is a kind of thing."""
    words = _noun_part(text, part)
    says = _SAYS.search(text[slice(*part)]) or _SAYS_AND.search(text[slice(*part)])
    stated = text[slice(*words)]
    is_kind = _NAMES_KIND.search(stated) and (is_described(stated) or len(stated.split()) > 3)
    return words if words[1] < part[1] and (says or is_kind) else None


def _told(text: str, part: Part) -> Part | None:
    """Behind a label: the words, where they are more than a name."""
    return _noun_part(text, part) if len(text[slice(*part)].split()) >= 3 else None


def _whole(text: str, part: Part) -> Part | None:
    return part


_FORMS = ((_RAN, _noun_part), (_CALLED, _whole), (_LABEL, _told), (_NEUN, _stated), (_ENGLISH, _whole))


def _is_sound(text: str, found: Definition) -> bool:
    words = flat(text[slice(*found.words)])
    if not 8 <= len(words) <= LONGEST_ANSWER or len(words.split()) < 2 or not is_term(found.name):
        return False
    if (
        found.name.lower() in words.lower()
        or _POINTS_ON.search(words)
        or re.search(r"\s:\s|^\S+:\s", words)
        or _marks_open(text[slice(*found.words)])
    ):
        return False
    return stands_alone(" ".join(words.split()[:3]).replace("(", "").replace(")", ""))


def _asked(page: Sheet, found: Definition) -> Iterator[Fact]:
    words = flat(page.text(found.words))
    alias = found.alias or page.aliases.get(found.name.lower(), "")
    avoid = tuple(name for name in (found.name, alias) if name)
    name = page.choose(f"name {words}", avoid)
    kind, templates = _ways(words, name, found.told)
    yield Fact(kind, fill(page.choose(f"{words} {name}", templates), name), page.passage, (found.words,), avoid)
    if found.term and _may_ask(words):
        question = fill(page.choose(f"term {words}", _NAMING_ASKS), words)
        yield Fact("term", question, page.passage, (found.term,), avoid)


def _ways(words: str, name: str, told: bool) -> tuple[str, tuple[str, ...]]:
    """Words behind a label that are no "… 하는 방법" describe more often than they define."""
    if told and not (is_korean(words) and (_NAMES_KIND.search(words) or is_described(words))):
        return "label", _TELLING_ASKS
    return "definition", _KOREAN_ASKS if is_korean(words) or is_korean(name) else _ENGLISH_ASKS


def _may_ask(words: str) -> bool:
    """Whether the words are a noun phrase that is enough to ask for what it defines."""
    if not is_korean(words) or not 15 <= len(words) <= 65 or len(words.split()) < 4 or not stands_alone(words):
        return False
    return bool(_NAMES_KIND.search(words) or _THING.search(words)) and not re.search(r"[,.:：] |일종$|\d\)", words)


def bare_terms(page: Sheet) -> Iterator[Fact]:
    """An item that is only a name, "- OCR", with a line hung under it that says what kind of thing it is."""
    text = page.passage.text
    for part in page.lines:
        head = _head(text, part)
        words = _noun_part(text, part)
        bracket = re.fullmatch(rf"{TERM}\s*[:：]?", text[slice(*head)]) if head and _NAMES_KIND.search(text[slice(*words)]) else None
        if head and bracket:
            term = (head[0] + bracket.start("term"), head[0] + bracket.end("term"))
            found = Definition(flat(bracket["term"]), other_name(bracket["alias"]), term, words)
            if _is_sound(text, found):
                yield from _asked(page, found)


def _head(text: str, part: Part) -> Part | None:
    """The item in the line above that of `part`, where it is indented less."""
    line = text.rfind("\n", 0, part[0]) + 1
    above = text.rfind("\n", 0, line - 1) + 1 if line else 0
    if line == 0 or not text[line : part[0]].strip():
        return None
    head = bare(text, (above, line - 1))
    hangs = text[above : head[0]].strip() and _indent(text[above:line]) < _indent(text[line : part[0]])
    return head if hangs and head[0] < head[1] else None


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())


def headed(page: Sheet) -> Iterator[Fact]:
    """A heading that asks what something is, or names it, over a first sentence that says it."""
    text, start = page.passage.text, body_of(page.passage)
    first = next((part for part in page.lines if part[0] >= start), None)
    if not start or not first or re.search(r"\w", text[start : first[0]]):
        return
    heading = clean_heading(page.passage.section[-1])
    asks = asked_term(heading)
    name, alias = _two_names(asks or heading)
    first = _behind_topic(text, behind_opening(text, first), name)
    words = _noun_part(text, first) if asks else _stated(text, first)
    if words and _is_sound(text, found := Definition(name, alias, None, words)) and not _speaks_of_another(text[slice(*words)]):
        for fact in _asked(page, found):
            question = heading if asks and ASKS.search(heading) else fact.question
            yield Fact(fact.kind, question, fact.passage, fact.answers, fact.avoid)


def _two_names(name: str) -> tuple[str, str]:
    bracket = re.fullmatch(r"(.+?)\s?\((.+)\)", flat(name))
    return (bracket[1], other_name(bracket[2])) if bracket else (flat(name), "")


def _behind_topic(text: str, part: Part, name: str) -> Part:
    """The sentence without "X란" or "X는" before it, and without the "Y란" of another name of X."""
    topic = _RAN.match(text, *part)
    if topic:
        return topic.span("words")
    topic = re.compile(rf"{MARK}{re.escape(name)}{MARK}(?:\s?\([^)]*\))?{MARK}\s?(?:이란|란|은|는|is an?|is),?\s+", re.I).match(text, *part)
    return (topic.end() if topic else part[0]), part[1]


def _speaks_of_another(words: str) -> bool:
    """Whether the words have a topic of their own: "최근 모델은 …"."""
    return has_topic(" ".join(flat(words).split()[:4]))

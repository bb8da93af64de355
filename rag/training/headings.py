"""Questions out of headings: the section below answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.types import Passage
from rag.training.facts import Fact, Sheet
from rag.training.korean import is_noun_phrase
from rag.training.terms import any_of, flat, is_korean, stands_alone

_GENERIC = re.compile(
    any_of(
        "개요 소개 들어가며 들어가기 들어가기_전에 시작하며 정리 요약 총정리 참고 참고_자료 참고_문헌 참고_링크 참고_사이트 출처 예제 "
        "예시 예 목차 차례 실습 결론 서론 본론 마무리 마치며 맺음말 연습_문제 질문 추가_자료 추가_정보 추가_학습 추가_리소스 "
        "더_알아보기 더_읽기 더_읽을_거리 더_읽어보기 부록 머리말 배경 준비 준비물 준비_사항 사전_준비 사전_요구_사항 사전_지식 "
        "요구_사항 전제_조건 선수_지식 토론 논의 과제 다음_단계 이어서 후기 느낀_점 메모 기타 노트 라이선스 감사 감사의_글 저자 결과 "
        "코드 구현 전체_코드 풀이 해설 정답 답 문제 도전 할_일 핵심_정리 학습_목표 목표 튜토리얼 가이드 모델_카드 키워드 "
        "배경_&_질문_의도 답변 질문_의도 꼬리_질문 기타_질문 시작하기 설정 설치 introduction intro summary overview references? "
        "examples? exercises? conclusions? contents table_of_contents toc set_up setup install installation prerequisites? "
        "requirements? discussions? see_also further_reading notes? readme resources? appendix acknowledge?ments? licen[cs]e citation "
        "faq q_?&_?a background results? implementation usage next_steps? links? api code tip todo"
        "contributors? what'?s_next"
    ),
    re.IGNORECASE,
)
_DEPENDENT = re.compile(
    "(?:주요 ?)?"
    + any_of(
        "장점 단점 장단점 장/단점 특징 특성 종류 유형 정의 개념 기본_개념 원리 동작_원리 동작_방식 동작_과정 작동_방식 작동_원리 구조 "
        "구성 구성_요소 사용법 사용_방법 사용_예 사용_이유 사용하기 이유 목적 필요성 역할 기능 과정 절차 단계 방법 차이 차이점 비교 "
        "문제점 한계 해결책 해결_방법 공통점 저장_위치 사용_용도 용도 전제_조건 절차_과정 관련_항목 주요_질문 대응_기법 해결_기법 "
        "해결법 발생_조건 동작 개선 포함 처리_과정 주의점 주의_사항 적용 응용 활용 성능 평가 의미 용어 사용_용어 조건 시간_복잡도 "
        "공간_복잡도 복잡도 모델 훈련 학습 데이터 데이터_세트 데이터셋 초기화 추론 테스트 함수 연산 속성 규칙 전략 알고리즘 아키텍처 "
        "매개변수 출력 입력 advantages? disadvantages? pros cons types? features? definition motivation training model dataset data "
        "evaluation"
    )
    + r"|\S{2,4}하기",
    re.IGNORECASE,
)
_NUMBERING = re.compile(
    r"^(?:[#*>\s]+|Q\s?\d*[.:]\s*|(?:제?\s?\d+\s?(?:장|절|강|부|주차|단계)|(?:part|chapter|section|step|lecture|week|unit)\s?[\d.\-]+)[.:)\-]?\s+|"
    r"\d+(?:[.\-]\d+)*[.):]?\s+|\(?\d+\)\s*|\d+\.(?=\D)|[①-⑳]\s*|\([가-힣a-z]\)\s*|[IVX]+\.\s+|[가-하A-Z]\.\s+|[•▶■●◆○★☆✔✅–\-]+\s*)+",
    re.IGNORECASE,
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_DROPPED = re.compile(
    r"\{[^}]*\}|\[\[[^\]]*\]\]|:label:\S*|<[^>]*>|[\U0001f300-\U0001faff\u2600-\u27bf\ufe0f]|^\s*\((?:베타|선택|optional)[^)]*\)"
)
_BRACKET = re.compile(r"\[([^\]]*)\]")
_IN_BRACKETS = re.compile(r"\s?\([^()]*\)")
_UNSPEAKABLE = re.compile(r"\.\s|[_=<>\\{}|$;@]|\w\(\)|\w\.\w|…|::|/\w+/|https?:")
ASKS = re.compile(
    r"[?？]$|(?:이?란|무엇인가|하는가|일까|할까|인가|는가|는지)$|^(?:왜|어떻게|무엇|how|why|what|when|which)\b", re.IGNORECASE
)
_DEFINES = re.compile(
    r"^(?P<korean>.{2,30}?)"
    r"(?:이?란(?: 무엇인가요?| 무엇일까요?| 무엇입니까| 뭘까요?)?|[은는이가] (?:무엇인가요?|무엇일까요?|뭔가요|뭘까요?|뭐야)|"
    r"의 (?:정의|뜻|개념|의미))"
    r"\s*[?？]?$|^what (?:is|are) (?:an? |the )?(?P<english>.{2,30}?)\s*\?*$",
    re.IGNORECASE,
)
_DOING = re.compile(rf"(?P<stem>.*{any_of('하 만들 오 내 줄이 늘리 바꾸 나누 다루 고르 쓰 지우 배우 옮기 살펴보')})기$")


def clean_heading(label: str) -> str:
    """A heading without its number, links, anchors and emphasis."""
    label = _BRACKET.sub(r"\1", _DROPPED.sub("", _LINK.sub(r"\1", label)))
    return flat(_NUMBERING.sub("", flat(label))).strip(" .:：-–")


def asked_term(heading: str) -> str:
    """X of "X란?", "X의 정의" or "What is X?"; empty for other headings."""
    asks = _DEFINES.match(heading)
    return (asks["korean"] or asks["english"]) if asks else ""


def names_something(heading: str) -> bool:
    """Whether a heading can be asked for, by itself or under its title: it is not generic and holds no code."""
    if not 2 <= len(heading) <= 60 or _GENERIC.fullmatch(_IN_BRACKETS.sub("", heading)) or not re.search(r"[가-힣A-Za-z]{2}", heading):
        return False
    return not _UNSPEAKABLE.search(heading)


def title_of(passage: Passage) -> str:
    """The title as it may stand in a question; empty for file names and the like."""
    title = clean_heading(passage.title)
    return title if names_something(title) and not re.fullmatch(r"[\w.\-]+\.\w{2,5}|[a-z0-9_\-]+", title) else ""


def depends(heading: str) -> bool:
    """Whether a heading such as "장점" says nothing without the one above it."""
    return _DEPENDENT.fullmatch(_IN_BRACKETS.sub("", heading)) is not None


def _topics(passage: Passage) -> list[str]:
    """The headings, innermost first, and the title, without those that name nothing by themselves."""
    labels = [*(clean_heading(label) for label in reversed(passage.section)), title_of(passage)]
    return list(dict.fromkeys(label for label in labels if names_something(label) and not depends(label)))


def subject(passage: Passage) -> str:
    """What the passage is about: its innermost heading that names something, or its title; empty where that is no short noun phrase."""
    topic = next(iter(_topics(passage)), "")
    return topic if _is_topic(topic) else ""


def _around(passage: Passage, heading: str) -> str:
    """What stands over the heading and says something that it does not."""
    return next((topic for topic in _topics(passage) if _is_topic(topic) and topic not in heading and heading not in topic), "")


def _is_topic(label: str) -> bool:
    return 2 <= len(label) <= 40 and not ASKS.search(label) and _is_name(label)


def _is_name(label: str) -> bool:
    return is_noun_phrase(_IN_BRACKETS.sub("", label), of=True) and not re.search(r"[,&]|기$", label)


def body_of(passage: Passage) -> int:
    """Where the text behind the passage's own heading begins; 0 where the passage does not open its section."""
    if not passage.section or passage.parents:
        return 0
    label = passage.section[-1].rstrip("…")
    at = 0
    for line in passage.text.split("\n")[:6]:
        at += len(line) + 1
        if " ".join(line.split()).lstrip("# ").startswith(label) and len(line) < len(label) + 20:
            return min(at, len(passage.text))
    return 0


def headings(page: Sheet) -> Iterator[Fact]:
    """The heading asks: alone where it names something by itself, and behind the heading or title above it."""
    start = body_of(page.passage)
    if not start or sum(end - begin for begin, end in page.lines if begin >= start) < 30:
        return
    heading = clean_heading(page.passage.section[-1])
    if not names_something(heading):
        return
    dependent = depends(heading)
    if not dependent and stands_alone(heading):
        yield Fact("heading", _as_question(page, heading), page.passage)
    around = subject(page.passage) if dependent else _around(page.passage, heading)
    if around and not ASKS.search(heading) and len(heading) <= 30:
        link = "의 " if dependent and is_korean(heading) else " "
        yield Fact("title-heading", f"{around}{link}{heading}", page.passage)


def _as_question(page: Sheet, heading: str) -> str:
    """A heading as it might be asked: itself, "… 설명해 줘", or for "모델 만들기" "모델 만들려면 어떻게 해야 하나?"."""
    if ASKS.search(heading):
        return heading
    doing = _DOING.match(heading)
    if doing:
        way = f"{doing['stem']}는 방법".replace("만들는", "만드는")
        return page.choose(heading, (heading, f"{doing['stem']}려면 어떻게 해야 하나?", way))
    if not is_korean(heading):
        return page.choose(heading, (heading, heading, f"{heading} 설명해 줘"))
    if not _is_name(heading):
        return heading
    return page.choose(heading, (heading, heading, f"{heading}에 대해 설명해 줘", f"{heading}에 대해 알려 줘"))

"""Which words name one thing by themselves, and so may be asked about."""

from __future__ import annotations

import re

from rag.training.korean import is_noun_phrase


def any_of(words: str) -> str:
    """A pattern for one of the words; `_` stands for a space that may be missing."""
    return "(?:" + "|".join(word.replace("_", " ?") for word in words.split()) + ")"


MARK = r"[*_`'\"“”‘’]*"
TERM = rf"{MARK}(?P<term>[^*_`'\"“”‘’.,:;!?()\n―–—→]{{2,30}}?){MARK}(?:\s?\((?P<alias>[^()\n]{{2,40}})\))?{MARK}(?:\s?\([^()\n]{{2,40}}\))?"
"""A name as notes write it: marked or not, its other names in brackets behind it."""

_WORDS = """
이것 그것 저것 여기 거기 다음 아래 위 우리 예 예시 예제 참고 주의 노트 메모 출처 결과 설명 내용 방법 문제 답 질문 정리 요약 개요
이유 경우 때 점 것 수 입력 출력 단계 목표 목적 결론 작성자 저자 번역 역자 작성일 날짜 링크 제목 팁 경고 중요 힌트 정답 해설 풀이
시작 종료 전체 부분 나머지 하나 둘 첫째 둘째 셋째 마지막 이전 이후 현재 코드 파일 그림 표 식 장점 단점 특징 종류 정의 개념 원인 해결
역할 기능 사용 구현 실습 과제 참조 추가 설정 설치 실행 기타 사실 생각 의미 핵심 튜토리얼 가이드 문서 노트북 책 글 섹션 절 장 조건
규칙 값 이름 형식 타입 옵션 비고 용도 기본 답변 해결법 해결책 문제점 공통점 비교 포함 전송 가설 전제 상황 대상 순서 과정 시간 장소
사람 사용자 선택 필수 대안 한계 영향 데이터 모델 함수 변수 클래스 객체 프로그램 시스템 서버 클라이언트 작업 note todo tip warning
example examples caution important hint input output result results question answer references reference summary step author date
link title figure table code file here this that these those it they we you there what which who how why remark q a tl;dr tldr faq
license copyright version usage description parameters returns args model data type name value key id case problem solution
application next first second third last final then finally another each every any some such
"""
_GENERIC = frozenset(_WORDS.split())
_RELATIVE = re.compile(
    r"(?:(?:^|\s)(?:예|값|수|중|등|법)|"
    + any_of(
        "목적 목표 이유 장점 단점 장단점 특징 차이 차이점 역할 핵심 원인 결과 문제점 한계 예시 예제 방법 해결책 해결 의미 뜻 정의 "
        "개념 발생 종류 유형 요소 크기 길이 개수 번째 부분 경우 대안 요점 요구사항 기본값 이름 단계 작업 과정 순서 아이디어 "
        "접근법 문제 주제 내용 옵션 선택 주의점 동기 대상 약점 강점 비유 영향 여부 효과 상황 사항 시점 방향 목록 설명 이상 이하 "
        "미만 이후 이전 사용 가능 불가능 필요 정리"
    )
    + ")$"
)
"""Last words of what is always something of something else."""
_RELATIVE_START = re.compile(
    r"(?:관련|실제|각|각각의?|모든|다른|여러|특정|일부|주어진|새로운|기존|초기|추가|많은|첫|두|세|네|처음|최종|전체|현재|이전|대부분의?|"
    r"옵션|단계|방법|문제|장점|단점|결과|다양한|또 다른|주의할|중요한|일반적인|가장|보통|바로|오직|단일|[가-힣]*(?:할|될))(?:\s|\d|$)"
)
_POINTING = re.compile(
    r"(?:^|(?<=\s))"
    + any_of(
        "이 그 저 이러한 그러한 이런 그런 이들 그들 이것 그것 이때 그때 이를 그를 이는 여기 거기 여기서 거기서 위 앞 앞서 뒤 다음 아래 "
        "본 해당 우리 저희 당신 여러분 나는 내가 제가 이번 지금 방금 이제 오늘 어제 후자 전자 둘 양쪽 같은 자신 섹션 튜토리얼 노트북 "
        "예제 그림 강의 위와 이처럼 이렇게 그렇게 this that these those its our your their following above below"
    )
    + r"(?:은|는|이|가|을|를|의|에|에서|에서는|에는|도|와|과|로|으로|까지|부터|들은|들을|들의|들이)?(?=\s|$|,)",
    re.IGNORECASE,
)
_CODE_LIKE = re.compile(r"\s[과와및]$|^Part\b|\s[-–]|[-–]$|[_=<>/\\{}\[\]#@+*&|~^$%]|\w\(|^\W|^\d[\d.,]*|\w\.\w")
_NAMES_WITH_SIGNS = re.compile(r"(?:C\+\+|C#|F#|TCP/IP|CI/CD|I/O|A/B|[A-Z]/[A-Z])")
_HANGUL = re.compile(r"[가-힣]")


def is_korean(text: str) -> bool:
    return len(_HANGUL.findall(text)) >= 2


def is_generic(word: str) -> bool:
    return word.lower() in _GENERIC


def is_term(term: str) -> bool:
    """Whether the words name one thing: a noun phrase of at most four words that is neither generic nor points elsewhere."""
    words = term.split()
    if not 1 <= len(words) <= 4 or not 2 <= len(term) <= 30 or _CODE_LIKE.search(_NAMES_WITH_SIGNS.sub("X", term)):
        return False
    if is_generic(term) or is_generic(words[0]) or words[0].lower() in ("a", "an", "the") or _POINTING.search(term):
        return False
    if is_korean(term):
        return not _RELATIVE.search(term) and not _RELATIVE_START.match(term) and is_noun_phrase(term)
    return bool(re.fullmatch(r"[A-Za-z][\w+.\-' #/]*", term))


def stands_alone(text: str) -> bool:
    """Whether the words can be understood without those around them: nothing in them points back, and no bracket is left open."""
    return not _POINTING.search(text) and text.count("(") == text.count(")")


def flat(text: str) -> str:
    """The text on one line, without emphasis and quotes."""
    return " ".join(re.sub(r"\*\*|[*`\"“”‘’]|(?<!\w)[_']|[_'](?!\w)", "", text).split())


OPENING = re.compile(
    r"(?:(?:"
    + any_of(
        "하지만 그러나 또한 따라서 그래서 그러므로 즉 그리고 반면 반면에 한편 특히 예를_들어 예를_들면 예컨대 먼저 우선 결국 결과적으로 "
        "일반적으로 보통 사실 참고로 물론 마지막으로 기본적으로 이처럼 이렇게 그런데 다만 또 최근 최근에 최근에는 현재 그렇기_때문에 "
        "여전히 흥미롭게도 이제 보시다시피 당연히 실제로 대표적으로 간단히 쉽게_말해 다시_말해"
    )
    + r"),?\s+)+"
)
"""Words that only join a sentence to the one before it."""

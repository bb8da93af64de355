"""What kind of answer a question wants. Standard library only."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_COUNTED = r"(?:두|세|네|다섯|여섯|일곱|여덟|몇|\d) ?(?:가지|단계)"
_SORTS = (
    "evidence|types|kinds|stages|phases|conditions|reasons|factors|properties|examples|components|advantages|disadvantages|drawbacks"
    "|assumptions|principles|features|characteristics|categories|criteria|forms(?= (?:of|are|in))"
)
"""English nouns of which a question wants all there are: "4 conditions for deadlock"."""
_LIST = _any(
    r"종류|목록(?!에서)|나열|모두(?!의)|전부|항목(?! [가-힣]+[를을로])|구성 ?요소|순서대로|장단점|뭐뭐|무엇무엇|뭐가 있|무엇이 있",
    r"어떤 [가-힣A-Za-z]+들(?![과의에이])|[가-힣]{2,}들(?:은|에는)?(?: *(?:무엇|뭐)[가-힣]*)? *[?？]*$",
    rf"{_COUNTED}|(?:여러|각) ?가지|단계[는를별]",
    r"\blist\b|^(?:what|which|name)\b.*\ball (?:the|of)\b|\bwhat are (?:the|some|all)\b|\bname the\b|\bsteps\b",
    r"\bwhich (?:\w+ ){0,2}(?:two|three|four|five|six)\b",
    rf"^(?:(?:what|which|give)(?: are| were)? )?(?:(?:me|the|all|some|main|\d\d?|two|three|four|five|six) )*(?:[\w-]+ )?(?:{_SORTS})\b",
)
_WHY = r"왜(?!란|구|군|국|관|의|와|인(?![가지데])|적(?!용)|곡|도|소|성(?!능))"  # but not in 임진왜란, 왜구, 왜곡, 왜도
_CAUSE = _any(_WHY, r"이유|까닭|\bwhy\b")
_CAUSES = _any(_COUNTED, r"\blist\b|(?:이유|까닭|\bwhy\b).*(?:종류|목록|나열|모두|전부)|\b(?:two|three|four|five|six) reasons\b")
"""A question for causes, and one for a list of them: else it wants a reason, whatever it says "모두" of."""
_REASON = _any(
    r"어째서|어떻게|방법(?!론)|원리|\bhow (?!many|much|long|large|big)",
    r"차이점?[은는이가을를]?(?: *(?:무엇|뭐|좀|설명|알려|말해)[가-힣 ]*)? *[?？.]*$|\bdifferences? between\b|\bthe difference\b",
    r"\b(?:vs|versus)\b|^compare\b",
    r"(?:뭐가|무엇이) *(?:달라|다르|다른|다름)",
)
_ASKS = r"무엇|무얼|뭐|뭘|뭔|모[야예]|멀로|머[하야예가]|누[구가군굴]|어[디딘딨]|언제|언젠|어느|어[떤떠떻찌때]|몇|얼마|며칠|무슨"
_WHETHER = re.compile(
    rf"(?!.*(?:{_ASKS}))(?!.*(?:[나까요지가야어아],|아니면|또는|혹은) )(?=.*[가-힣A-Za-z0-9)](?:은|는|이|가|을|를|도|에|로|에서|하면) ).*"
    r"(?:[나까니냐아어여해돼켜써야가겨져]|[나까지어아해에예가]요)(?<!분야|언어|이해|필요)(?<!평가) *[?？]+ *$"
    r"|(?:is|are|was|were|do|does|did|can|could|should|will|has|have|must)\b(?!.*\bor\b)",
    re.IGNORECASE,
)
"""Asks whether something is so: no question word, no choice of two, and an ending, or an English verb in front, that asks."""
_DEFINITION = _any(
    r"(?:이?란|이라는 (?:건|것|게|말)|의 정의|의 뜻|무슨 뜻|무슨 말|의 개념)(?:은|는|이|가)?(?:이야|이에요|인가요?|인지)? *[?？.]*$",
    r"(?:뭐(?:야|지|임|냐|죠|예요|에요)|뭔(?:가|데|가요)|머[야임]|무엇(?:인가|인가요|이야|인지)) *[?？.]*$",
    r"[가-힣A-Za-z)] (?:뜻|정의)[은이]? *[?？.]*$",
    r"^what(?:'s|’s| is| are| does)\b.*\b(?:mean|definition)?\??$|\bdefin",
)
_NUMBER = _any(
    r"몇|얼마|며칠|비율은|퍼센트|차원은|횟수|개수|연도|년도|일자|날짜",
    r"(?<!경우는 )(?<!경우가 )(?<!때는 )(?<!때가 )언제(?!나)(?!.*(?:쓰|써|쓸|사용|고르|고를|골라|선택|필요|좋|적합|유리|해야|하면|발생))",
    r"\bhow (?:many|much|long|large|big|high|often)\b|\bwhat (?:year|percentage|number|share)\b|^when (?:was|were|did|will)\b",
)
"""What asks for a number or a date; "언제 쓰면 좋아?" asks for a condition."""


class Wants(Enum):
    """The shape of the answer."""

    LIST = "list"
    DEFINITION = "definition"
    REASON = "reason"
    """What a whole sentence says best: why, how, or whether something is so."""
    FACT = "fact"


@lru_cache(256)
def wants(question: str) -> Wants:
    """Rules over the question's words; the first that fits."""
    question = question.strip()
    if place_asked(question):
        return Wants.FACT
    if _CAUSE.search(question):
        return Wants.LIST if _CAUSES.search(question) else Wants.REASON
    for kind, pattern in ((Wants.LIST, _LIST), (Wants.REASON, _REASON), (Wants.DEFINITION, _DEFINITION)):
        if pattern.search(question):
            return kind
    return Wants.REASON if _WHETHER.match(question) else Wants.FACT


def asks_cause(question: str) -> bool:
    """Whether one cause answers: "왜", "이유는", "why"."""
    return _CAUSE.search(question) is not None and wants(question) is Wants.REASON


def asks_number(question: str) -> bool:
    """Whether the answer must hold a number or a date."""
    return _NUMBER.search(question) is not None


_COUNTS = {"두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8}
_ORDINALS = {"첫": 1} | _COUNTS
_ENGLISH_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "last": -1}
_PLACE = _any(
    rf"(?<![가-힣])({'|'.join(_ORDINALS)}|\d{{1,4}}) ?번째 ?(?:단계|특징|방법|장점|단점|항목|종류|규칙|원칙|조건|과정|요소|기준|절차|것)",
    r"(?<![가-힣])(마지막) ?(?:단계|항목|과정|절차|것)",
    rf"\b({'|'.join(_ENGLISH_ORDINALS)}) (?:step|stage|phase|item|method|property|advantage|disadvantage)\b",
)


def place_asked(question: str) -> int | None:
    """Which item of a list is asked for: 1 for the first, -1 for the last, None for no one item."""
    match = _PLACE.search(question)
    word = next((group.lower() for group in match.groups() if group), "") if match else ""
    return (int(word) or None) if word.isdigit() else (_ORDINALS | _ENGLISH_ORDINALS | {"마지막": -1}).get(word)


_ENGLISH_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_COUNT = _any(
    rf"((?<![가-힣])(?:{'|'.join(_COUNTS)})|\d+) ?(?:가지|단계|개|군데|종|요소|곳)",
    rf"\b({'|'.join(_ENGLISH_COUNTS)})\b",
    rf"^(?:(?:what|which|give|list|name)(?: are)? )?(?:me )?(?:the |all )?(\d\d?) (?:[\w-]+ )?(?:{_SORTS})\b",
)


def count_asked(question: str) -> int | None:
    """How many items a list question asks for, where it says so."""
    match = _COUNT.search(question)
    word = next((group.lower() for group in match.groups() if group), "") if match else ""
    return int(word) if word.isdigit() else (_COUNTS | _ENGLISH_COUNTS).get(word)

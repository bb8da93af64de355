"""What kind of answer a question wants. Standard library only."""

from __future__ import annotations

import re
from enum import Enum

_LIST = re.compile(
    r"종류|목록|나열|모두|전부|(?:세|네|두|다섯|여섯|몇|\d) ?(?:가지|단계)|가지는|가지를|구성 ?요소|항목|어떤 것들|뭐뭐|무엇무엇|뭐가 있|무엇이 있|장단점|단계는|단계를"
    r"|\blist\b|\ball (?:the|of)\b|\bwhat are\b|\bname the\b|\bsteps\b|\bwhich (?:\w+ ){0,2}(?:two|three|four|five|six)\b",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"(?:이?란|이라는 (?:건|것|게|말)|의 정의|의 뜻|무슨 뜻|무슨 말|의 개념|(?:이|가)? ?(?:뭐야|뭔가|뭐지|뭐예요|뭔데|무엇인가|무엇이야|무엇인지)) *[?？.]*$"
    r"|^what (?:is|are|does)\b.*\b(?:mean|definition)?\??$|\bdefin",
    re.IGNORECASE,
)
_WHY = re.compile(r"왜|이유|까닭|어째서|어떻게|방법|원리|\bwhy\b|\bhow (?!many|much|long|large|big)", re.IGNORECASE)


class Wants(Enum):
    """The shape of the answer."""

    LIST = "list"
    DEFINITION = "definition"
    REASON = "reason"
    FACT = "fact"


def wants(question: str) -> Wants:
    """Rules over the question's words; the first that fits."""
    for kind, pattern in ((Wants.LIST, _LIST), (Wants.REASON, _WHY), (Wants.DEFINITION, _DEFINITION)):
        if pattern.search(question.strip()):
            return kind
    return Wants.FACT

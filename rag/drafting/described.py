"""Drafts out of sentences and labels that say what something is: asked for by its name, or the name by what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rag.drafting.draft import Draft, Made, squeezed
from rag.drafting.naming import is_name, lead
from rag.training.definitions import bare_terms, definitions, headed
from rag.training.facts import Fact, Part, Sheet, fill
from rag.training.korean import has_topic, tags
from rag.training.terms import any_of, flat, is_korean

_WHAT = ("{란}?", "{란} 무엇인가?", "{가} 뭐야?", "{는} 무엇인가요?", "{term}의 뜻은?", "{term}의 정의는?")
_WHO = ("{는} 어떤 사람인가?", "{는} 어떤 사람을 말하나?")
_TELL = ("{term}에 대해 설명해 줘", "{term}에 대해 알려 줘", "{가} 뭔지 설명해 줘")
_ENGLISH = ("What is meant by {term}?", "Explain {term}.", "{가} 뭐야?", "{란} 무엇인가?")
_NAME = ("{을} 무엇이라고 하나?", "{을} 뭐라고 해?", "{을} 가리키는 말은?", "{을} 무엇이라고 부르는가?")
_LEAST_TOLD = 4
"""Words behind a label from which on they describe it."""
_LEAST_ASKED = 5
"""Words of a definition that are enough to ask for the name."""

_PERSON = re.compile(r"(?:사람|선배|연구자|학자|개발자)$")
_ENGLISH_KIND = re.compile(
    r"(?:an?|the)\s(?!little|lot|few|bit|same)(?:[\w-]+,?\s){1,5}(?:that|which|in which|whose|where|of|for|to|used|with|by)\b",
    re.IGNORECASE,
)
_MEMBERS = re.compile(r"[,/·、]|\s및\s|\s그리고\s")
_ELSEWHERE = re.compile(r"노트에|메모|(?:아래|위|다음) ?(?:표|그림|식|코드)|참고|나중에|적어 둠|때문$|강의에서|지난 ?(?:주|시간)")
_OPENS = re.compile(r"(?:[두세네]|다섯|여섯|(?<![\d,.])\d) ?(?:가지|군데|종류|갈래|단계|개|곳)$|(?:둘|셋|넷|종류)$")
"""Ends of words that only announce a list."""
_JUDGES = re.compile(
    any_of(
        "일반적인 대표적인 기초적인 유용한 효과적인 뜨거운 유명한 중요한 강력한 훌륭한 흥미로운 필수적인 좋은 복잡한 핵심 "
        "가장_일반적으로_사용되는 가장_많이_쓰이는"
    )
    + r"(?: \S+){1,3}$|(?:^|\s)(?:사실|역시|제 생각에|여전히|예를 들어)\s|(?:일|할|될|한|인) 때, "
)
"""Words that judge rather than define."""
_OF_ANOTHER = re.compile(r"[A-Z][A-Za-z0-9 ()\-]*(?:은|는)\s|(?:\S+ ){0,2}\S*(?:일|것|점)은\s")
_JOINS = re.compile(
    r"^(?:마지막으로|따라서|그래서|하지만|또한|그러나|즉|그리고)\s|(?:^|\s)(?:이는|이를|이러한|그러한|이런|그런|이 때|이때)[\s,]"
)
"""What goes on from a sentence before."""
_CLAIMS = re.compile(r"(?:수 있|수 없|고 있|해야 |어야 |아야 |됩)\S*다$")
_CLAUSE = re.compile(r"(?:[가-힣](?:고|며|면|어서|아서|워서|도록|지만|는데|려고|다가)|대신|,)$")
_AUXILIARY = ("않", "있", "없", "못", "주", "보", "두", "둔", "놓", "싶", "하", "한", "할")
_LEAST_LEFT = 0.6


def facts(page: Sheet) -> Iterator[Fact]:
    """Everything that the passage says of a name; `avoid` holds the name, and its other name where it has one."""
    yield from (fact for fact in headed(page) if not _names_another(page, fact))
    yield from definitions(page)
    yield from bare_terms(page)


def _names_another(page: Sheet, fact: Fact) -> bool:
    """Whether the first sentence under a heading begins with another name than the heading's."""
    line = line_of(page, fact.answers[0])
    before = squeezed(page.text((line[0], fact.answers[0][0]))) if line else ""
    return bool(before) and not any(squeezed(name) in before for name in fact.avoid)


def described(page: Sheet) -> Iterator[Draft]:
    """What is X? And what is it that is so?"""
    found = list(facts(page))
    for fact in found:
        draft = _asked(page, fact) if fact.kind in ("definition", "label") else None
        if draft:
            yield draft
            name = next((other for other in found if other.kind == "term" and other.avoid == fact.avoid), None)
            if draft.made == "definition" and name:
                yield from _by_definition(draft, flat(page.text(name.answers[0])), page.choose(f"name {draft.answers[0]}", _NAME))


def line_of(page: Sheet, part: Part) -> Part | None:
    """The sentence that holds the part."""
    return next((line for line in page.lines if line[0] <= part[0] and part[1] <= line[1]), None)


def _asked(page: Sheet, fact: Fact) -> Draft | None:
    """The name asked for; None where the words are no answer, or the name is not clear."""
    name, alias = fact.avoid[0], "".join(fact.avoid[1:2])
    line, words = line_of(page, fact.answers[0]), page.text(_with_ending(page, fact.answers[0]))
    if line is None or flat(words) != " ".join(words.split()) or not _is_said(words):
        return None
    made = _made(page, fact, line, words)
    before = lead(page, line, name, alias, defined=made == "definition")
    if made is None or before is None:
        return None
    question = before + fill(page.choose(words, _templates(made, words, name, before)), name)
    about = (f"{before}{name}",) if before else fact.avoid
    start = page.passage.start + line[0]
    return Draft(made, "definition", question, (flat(words),), page.passage.doc_id, page.text(line), start, about, fact.avoid)


def _with_ending(page: Sheet, part: Part) -> Part:
    """The part with the 임 behind it, which may be the verb's own: "줄임"."""
    return part[0], part[1] + page.passage.text.startswith("임", part[1])


def _made(page: Sheet, fact: Fact, line: Part, words: str) -> Made | None:
    if fact.kind == "definition" and defines(words):
        return "definition"
    is_told = len(words.split()) >= _LEAST_TOLD and is_name(page, line, fact.avoid[0], "".join(fact.avoid[1:2]))
    return "term" if is_told else None


def _templates(made: Made, words: str, name: str, before: str) -> tuple[str, ...]:
    if not before and not is_korean(words) and not is_korean(name):
        return _ENGLISH
    if _PERSON.search(words):
        return _WHO
    return _WHAT if made == "definition" else _TELL


def _is_said(words: str) -> bool:
    """Whether the words say what something is: they list no names, judge nothing, and send the reader nowhere else."""
    members = [part.split() for part in _MEMBERS.split(words)]
    if len(members) > 2 and all(len(part) <= 2 for part in members):
        return False
    if _OF_ANOTHER.match(words) or _JOINS.search(words) or has_topic(words.split()[0]):
        return False
    if words.endswith("니다") or (words.endswith("다") and has_topic(words)):
        return False
    return not any(pattern.search(words) for pattern in (_CLAIMS, _ELSEWHERE, _OPENS, _JUDGES))


def defines(words: str) -> bool:
    """Whether the words are a noun with a clause right before it that says which: "정렬하는 방법"."""
    if not is_korean(words):
        return bool(_ENGLISH_KIND.match(words))
    end = tags(" ".join(words.split()[-4:]))
    return len(words.split()) > 2 and end[-1][1].startswith(("NN", "XSN", "SL")) and any(tag.endswith("ETM") for _, tag in end)


def _by_definition(draft: Draft, name: str, template: str) -> Iterator[Draft]:
    """The name asked for by its definition: by all of it, else by its last clauses."""
    words = draft.answers[0]
    answers, about = tuple(dict.fromkeys((name, *draft.names))), (*draft.names, f"? {words}")
    for clauses in _shorter(words) if len(words.split()) >= _LEAST_ASKED else ():
        yield replace(draft, made="cloze", kind="factoid", question=fill(template, clauses), answers=answers, about=about)


def _shorter(words: str) -> Iterator[str]:
    """The words, and what follows each clause before the last, where most of them are left."""
    yield words
    found = words.split()
    for number in range(1, int((1 - _LEAST_LEFT) * len(found)) + 1):
        if _CLAUSE.search(found[number - 1]) and not found[number].startswith(_AUXILIARY):
            yield " ".join(found[number:])

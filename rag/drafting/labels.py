"""Drafts out of headings, and out of labels that work as one: "GET을 안 쓰는 이유: …", "장점은 …", "왜 내적인가: …"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.drafting.draft import Draft, draft_of, squeezed
from rag.drafting.naming import BRACKETS, hangs, is_no_name, is_single, topic
from rag.spans import heads, items
from rag.training.facts import Part, Sheet, fill, has_markup
from rag.training.headings import body_of, clean_heading, names_something
from rag.training.korean import has_topic, is_noun_phrase, tags, with_particle, without_copula
from rag.training.terms import any_of, flat, is_generic, is_korean, is_term, stands_alone

_ROLES = any_of("이유 까닭 원인 목적 역할 장점 단점 특징 한계 차이 차이점 공통점 유래 약점 강점 문제점 점 조건 비결")
_ROLE = re.compile(rf"(?:(?P<of>.*)\s)?{_ROLES}$")
_OF_A_THING = re.compile(any_of("장점 단점 특징 한계 문제점 약점 강점 역할 목적") + "$")
"""Roles that a thing has by itself; a reason is one of something that it does."""
_OF_ITSELF = re.compile(r"(?:^|\s)(?:어려운|주의할|아쉬운|좋은|나쁜) 점$")
_COMPARED = re.compile(r"(?:(?:와|과) 다른|보다 \S+) 점$")
_UNCLEAR = re.compile(r"느낀|배운|궁금|중요한|유일한|^(?:대부분|보통|주로|흔히)\s|다는 점$|(?:^|[^과와]의? )(?:차이|차이점|공통점)$")
_REASON = re.compile(r"이유|까닭|원인|^왜 |\s왜 ")

_WHY = re.compile(r"(?P<label>왜 [^:：.\n]{1,40}[가나지까])\s*[:：]\s+(?P<words>\S.*)$", re.S)
_COLON = re.compile(rf"(?P<label>[^:：.\n]{{0,45}}?{_ROLES})\s*[:：]\s+(?P<words>\S.*)$", re.S)
_TOPIC = re.compile(rf"(?P<label>(?:[^:：.,\n]{{0,40}}[는은한인할] |[^:：.,\n]{{0,20}}의 )?{_ROLES})(?:은|는)\s+(?P<words>\S.*)$", re.S)
_ASKS = re.compile(r"(?:^|\s)(?:어디서|어디에|무엇을|무엇으로|어떻게|언제|어떤)\s.*[가나까]$")
_SEVERAL = re.compile(r"(?:이유|까닭|문제|점|실수|법|방법|원칙|규칙|조건|장점|단점|특징|한계)$")
_ASKED_LABEL = ("{는}?", "{는} 무엇인가?", "{가} 뭐야?")
_ASKED_TERM = ("{term}에 대해 정리해 줘", "{term}에 대해 설명해 줘")

_LEAST_WORDS = 3
_ITEMS = range(2, 5)
_MOST_CHARACTERS = 250


def labelled(page: Sheet) -> Iterator[Draft]:
    """Labels that ask for a reason, an advantage, a difference: what stands behind them answers."""
    for line in page.lines:
        match = next((found for pattern in (_WHY, _COLON, _TOPIC) if (found := pattern.match(page.passage.text, *line))), None)
        draft = _from_label(page, line, flat(match["label"]), match["words"]) if match else None
        if draft:
            yield draft


def _from_label(page: Sheet, line: Part, label: str, words: str) -> Draft | None:
    words = without_copula(words) if words.endswith("다") else words
    if flat(words) != " ".join(words.split()) or len(words.split()) < _LEAST_WORDS or not _is_clear(label):
        return None
    question = _ask(page, label, _above(page, line))
    kind = "why" if _REASON.search(label) else "factoid"
    return draft_of(page, line, "heading", kind, question, flat(words)) if question else None


def _is_clear(label: str) -> bool:
    """Whether a label says of what it gives the reason: "놓치는 까닭" does not."""
    role = _ROLE.match(label)
    of = (role["of"] or "") if role else ""
    if not stands_alone(label) or _UNCLEAR.search(label) or is_generic(of.removesuffix("의")):
        return False
    return not of or bool(_OF_ITSELF.search(label)) or any(tag.startswith(("NNG", "NNP", "SL")) for _, tag in tags(of))


def _above(page: Sheet, line: Part) -> str:
    """What a label is about: the item above it where that names something, else the topic; empty where it hangs under a sentence."""
    if not hangs(page, line):
        return topic(page.passage)
    parent = heads(page.passage.text, *line).split(" › ")[-1]
    name = BRACKETS.sub("", flat(re.split("[:：]", parent)[0]))
    return name if is_term(name) and not is_no_name(name) else ""


def _ask(page: Sheet, label: str, about: str) -> str:
    """The label as a question about the topic; empty where it is not clear by itself and there is none."""
    is_told = _names(label, about) if about else _stands(label)
    if not about and not is_told:
        return ""
    if label.startswith("왜 ") or _ASKS.search(label):
        return f"{_before_asking(label, about, is_told)}{label}?"
    before = "" if is_told else _before_role(label, about)
    return "" if before is None else before + fill(page.choose(label, _ASKED_LABEL), label)


def _names(label: str, about: str) -> bool:
    """Whether the label names its topic, or where nothing is compared a word of it."""
    parts = () if _COMPARED.search(label) else about.split()
    return squeezed(about) in squeezed(label) or any(len(part) > 1 and part in label for part in parts)


def _stands(label: str) -> bool:
    """Whether a label without a topic names what it is about."""
    return len(label.split()) >= _LEAST_WORDS and bool(re.search(r"[A-Z]{2}|[A-Z]\w+[을를이가은는의]", label))


def _before_asking(label: str, about: str, is_told: bool) -> str:
    if is_told or has_topic(label):
        return ""
    return with_particle(about, "은/는") + " " if label.startswith("왜 ") and not label.endswith("인가") else f"{about}에서 "


def _before_role(label: str, about: str) -> str | None:
    """What stands before the label; None for a bare "이유"."""
    role = _ROLE.match(label)
    if role and not role["of"]:
        return f"{about}의 " if _OF_A_THING.match(label) else None
    return with_particle(about, "이/가") + " " if _COMPARED.search(label) else f"{about}에서 "


def outlines(page: Sheet) -> Iterator[Draft]:
    """Short sections of items: the heading asks, all of them answer."""
    text, start = page.passage.text, body_of(page.passage)
    heading = BRACKETS.sub("", clean_heading(page.passage.section[-1])) if start else ""
    if not names_something(heading) or not is_korean(heading):
        return
    parts = items(text, text.rfind("\n", 0, start - 1) + 1, start - 1)
    words = [flat(text[slice(*part)]).rstrip(".") for part in parts]
    question = _ask_heading(page, heading) if _is_short(text[start:], words) else ""
    if question:
        kind = "why" if _REASON.search(heading) else "list"
        yield draft_of(page, (parts[0][0], parts[-1][1]), "heading", kind, question, ", ".join(words))


def _is_short(body: str, words: list[str]) -> bool:
    """Whether the items are all that the section holds, and are few and clean."""
    if len(words) not in _ITEMS or len(words) != sum(bool(line.strip()) for line in body.split("\n")):
        return False
    clean = (not has_markup(item) and not item.rstrip(")").endswith(("?", "？", ":")) for item in words)
    return all(clean) and sum(map(len, words)) <= _MOST_CHARACTERS


def _ask_heading(page: Sheet, heading: str) -> str:
    about = topic(page.passage)
    if heading.startswith("왜 ") or _ASKS.search(heading) or (_SEVERAL.search(heading) and is_noun_phrase(heading, of=True)):
        return _ask(page, heading, about)
    return fill(page.choose(heading, _ASKED_TERM), heading) if about == heading and not is_single(heading) else ""

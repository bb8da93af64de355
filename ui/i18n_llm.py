"""The words of the card in which a large language model answers, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from rag import hangul
from rag.language_model import SILENT, TOO_LONG, Reply
from rag.support import Fault
from ui.i18n import Lang
from ui.i18n_ask import quoted, subject


@dataclass(frozen=True, slots=True)
class LlmTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    title: str
    offer: str
    ask: str
    again: str
    always: str
    waiting: str
    going: str
    took: str
    held: str
    some: str
    none_held: str
    supported: str
    unsupported: str
    cite: str
    declined: str
    declined_note: str
    problem: str
    broke_off: str
    unharmed: str
    unstreamed: str
    silent: str
    too_long: str
    uncited: str
    range: str
    quote: str
    number: str
    name: str
    word: str
    negation: str
    meaning: str


KO = LlmTexts(
    lang="ko",
    title="대형 모델의 답",
    offer="찾은 단락만 보고 답하게 한 다음, 문장마다 인용한 단락과 맞는지 대조해 드려요.",
    ask="대형 모델에게 묻기",
    again="다시 묻기",
    always="늘 함께 묻기",
    waiting="모델의 답을 기다리고 있어요…",
    going="이어서 쓰고 있어요…",
    took="{seconds}초",
    held="모든 문장이 인용한 단락과 맞아요",
    some="문장 {count}개 가운데 {wrong}개는 근거를 확인하지 못했어요",
    none_held="근거가 확인된 문장이 없어요",
    supported="근거 있음",
    unsupported="근거 확인 안 됨",
    cite="{number}번 단락 열기: {title}",
    declined="모델은 이 단락들에서 답을 찾지 못했어요",
    declined_note="단락에 없는 것은 지어내지 않도록 했어요.",
    problem="모델의 답을 받지 못했어요",
    broke_off="답이 끝까지 오지 않았어요",
    unharmed="위의 답은 노트에서 그대로 찾은 것이라 영향이 없어요.",
    unstreamed="답이 한꺼번에 와요. 쓰는 대로 보려면: pip install '.[llm]'",
    silent="모델이 아무 말도 하지 않았어요.",
    too_long="답이 너무 길어 뒤를 잘랐어요.",
    uncited="인용한 단락이 없어요",
    range="{cited}번 단락은 없어요",
    quote="따온 말이 {cited}에 없어요: {words}",
    number="수 {words} {cited}에 없어요",
    name="{words} {cited}에 없어요",
    word="{words} {cited}에 없어요",
    negation="{words}: {cited}에서는 반대로 말해요",
    meaning="{cited}에 이런 뜻의 문장이 없어요",
)

EN = LlmTexts(
    lang="en",
    title="Answer of the large model",
    offer="It answers from the passages found alone, and every sentence is checked against the passages that it cites.",
    ask="Ask the large model",
    again="Ask again",
    always="Always ask it too",
    waiting="Waiting for the model…",
    going="Still writing…",
    took="{seconds} s",
    held="Every sentence agrees with the passages that it cites",
    some="{wrong} of {count} sentences could not be verified",
    none_held="No sentence could be verified",
    supported="Supported",
    unsupported="Not verified",
    cite="Open passage {number}: {title}",
    declined="The model found no answer in the passages",
    declined_note="It was told to make nothing up that they do not hold.",
    problem="The model gave no answer",
    broke_off="The answer did not come to its end",
    unharmed="The answer above was found in the notes themselves and is not touched by this.",
    unstreamed="Answers come whole. To see them as they are written: pip install '.[llm]'",
    silent="The model said nothing.",
    too_long="The answer was too long and has been cut.",
    uncited="no passage is cited",
    range="there is no passage {cited}",
    quote="the quoted {words} is not in {cited}",
    number="the number {words} is not in {cited}",
    name="the name {words} is not in {cited}",
    word="{words} is not in {cited}",
    negation="{words}: {cited} says the opposite",
    meaning="{cited} says nothing of this meaning",
)

_TEXTS: dict[Lang, LlmTexts] = {"ko": KO, "en": EN}
_MOST = 4
"""Words named of one fault."""
_READ = "013678"
"""Digits whose Korean name ends in a consonant: 영, 일, 삼, 육, 칠, 팔."""


def llm_texts(lang: Lang) -> LlmTexts:
    """The words of one language."""
    return _TEXTS[lang]


def reason(fault: Fault, lang: Lang) -> str:
    """Why a sentence is not supported: `수 1986이 [2]에 없어요`."""
    t = llm_texts(lang)
    cited = "".join(f"[{number}]" for number in fault.cited)
    return str(getattr(t, fault.kind)).format(words=_named(fault, lang), cited=cited if fault.kind != "range" else ", ".join(fault.words))


def _named(fault: Fault, lang: Lang) -> str:
    words = fault.words[:_MOST]
    if fault.kind == "number":
        joined = ", ".join(words)
        return joined + _particle(joined) if lang == "ko" else joined
    return subject(words, lang) if fault.kind in ("name", "word") else quoted(words)


def _particle(number: str) -> str:
    """이 or 가 behind a number as it is read."""
    final = hangul.final(number[-1:])
    return "이" if final > 0 or number[-1:] in _READ else "가"


def verdict(reply: Reply, lang: Lang) -> str:
    """How much of what was said is held."""
    t, count, wrong = llm_texts(lang), len(reply.said), reply.unsupported
    return (t.held if not wrong else t.some if wrong < count else t.none_held).format(count=count, wrong=wrong)


def problem(message: str, lang: Lang) -> str:
    """What ended a reply, in the reader's language where it is one of ours."""
    t = llm_texts(lang)
    return {SILENT: t.silent, TOO_LONG: t.too_long}.get(message, message)

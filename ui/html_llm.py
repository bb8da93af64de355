"""The card in which a large language model answers, as HTML: pure functions of values. Its words come out as text, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.language_model import Reply, Said
from rag.types import Hit
from ui.html_note import place_of
from ui.i18n import Lang
from ui.i18n_llm import LlmTexts, llm_texts, problem, reason, verdict

_TICK = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M4 10.5l4 4 8-9"/></svg>'
_CROSS = '<svg viewBox="0 0 20 20" aria-hidden="true"><path d="M10 3L1.8 17.2h16.4zM10 8v4.4M10 14.8v.2"/></svg>'


def offer(model: str, always: bool, lang: Lang) -> str:
    """The card before the model was asked: what it would do, a button, and the switch that always asks it."""
    t = llm_texts(lang)
    return _card(f'<p class="hint">{t.offer}</p>{_foot(t, t.ask, always)}', _head(model, "", t), t)


def card(reply: Reply, hits: Sequence[Hit], always: bool, lang: Lang) -> str:
    """What the model has said so far, each sentence with its citations and whether they hold it, and how it ended."""
    t = llm_texts(lang)
    took = t.took.format(seconds=f"{reply.seconds:.1f}") if reply.done else ""
    said = "".join(_sentence(each, hits, t) for each in reply.said)
    sentences = f'<ol class="said">{said}</ol>' if said else ""
    notices = f'<p class="hint">{escape(t.unstreamed)}</p>' if reply.notices else ""
    foot = _foot(t, t.again, always) if reply.done else ""
    return _card(f"{_summary(reply, t)}{sentences}{_end(reply, t)}{notices}{foot}", _head(reply.model, took, t), t, busy=not reply.done)


def _card(body: str, head: str, t: LlmTexts, busy: bool = False) -> str:
    state = ' aria-busy="true"' if busy else ""
    return f'<section class="card llm" aria-label="{t.title}"{state}>{head}{body}</section>'


def _head(model: str, took: str, t: LlmTexts) -> str:
    time = f'<span class="took">{took}</span>' if took else ""
    return f'<div class="llm-head"><h2>{t.title}</h2><span class="model">{escape(model)}</span>{time}</div>'


def _foot(t: LlmTexts, ask: str, always: bool) -> str:
    return (
        f'<div class="llm-foot"><button type="button" class="again" data-llm="ask">{ask}</button>'
        f'<button type="button" class="always" role="switch" aria-checked="{str(always).lower()}" data-llm="always">'
        f'<i aria-hidden="true"></i>{t.always}</button></div>'
    )


def _summary(reply: Reply, t: LlmTexts) -> str:
    """How much of it is held, in one line that is read out."""
    if not reply.done:
        return f'<p class="busy" role="status">{t.going if reply.said else t.waiting}</p>'
    if not reply.said:
        return ""
    return f'<p class="verdict {"bad" if reply.unsupported else "good"}" role="status">{verdict(reply, t.lang)}</p>'


def _end(reply: Reply, t: LlmTexts) -> str:
    if reply.declined:
        return f'<p class="declined" role="status"><strong>{t.declined}</strong></p><p class="hint">{t.declined_note}</p>'
    if not reply.problem:
        return ""
    title = t.broke_off if reply.said else t.problem
    return (
        f'<div class="failed" role="status"><strong>{title}</strong><p>{escape(problem(reply.problem, t.lang))}</p>'
        f'<p class="hint">{t.unharmed}</p></div>'
    )


def _sentence(said: Said, hits: Sequence[Hit], t: LlmTexts) -> str:
    cites = "".join(_cite(number, hits, t) for number in said.cited)
    if said.is_supported:
        mark = f'<span class="sign" title="{t.supported}">{_TICK}<span class="visually-hidden">{t.supported}: </span></span>'
        return f'<li class="held">{mark}<p dir="auto">{escape(said.text)} {cites}</p></li>'
    why = "".join(f"<li>{escape(reason(fault, t.lang))}</li>" for fault in said.faults)
    return (
        f'<li class="loose"><span class="sign">{_CROSS}</span><div><p dir="auto"><span class="doubt">{escape(said.text)}</span> {cites}</p>'
        f'<p class="why-not"><strong>{t.unsupported}</strong></p><ul class="why-list">{why}</ul></div></li>'
    )


def _cite(number: int, hits: Sequence[Hit], t: LlmTexts) -> str:
    """The number as a button that opens the passage in its note, or as plain text where there is no such passage."""
    if not 1 <= number <= len(hits):
        return f'<span class="cite gone">{number}</span>'
    passage = hits[number - 1].passage
    label = escape(t.cite.format(number=number, title=passage.title))
    return f'<button type="button" class="cite" data-open="{place_of(passage, ())}" aria-label="{label}" title="{label}">{number}</button>'

"""What the page shows, as HTML fragments: pure functions of values. Notes come out as text, whatever they contain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import isfinite

from index.types import Filter, Locator, Passage
from rag import hangul, why
from rag.types import Answer, Hit, Leg, Repair, Span
from ui import html_why, view
from ui.count import Count
from ui.formula import drawn
from ui.highlight import Interval, hang, kinds, lines
from ui.html_gold import gold_button
from ui.html_log import thumbs
from ui.html_note import place_of
from ui.html_voice import read_aloud
from ui.i18n import KO, LANGS, Lang, Texts, texts
from ui.i18n_ask import AskTexts, ask_texts
from ui.scope import KINDS, Offer


@dataclass(frozen=True, slots=True)
class Start:
    """Nothing was asked yet."""

    examples: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """The question could not be put: the error's own words, and whether the fault is the program's."""

    message: str
    crashed: bool = False


_COMMAND = re.compile(
    r"`(?P<quoted>[^`\n]+)`|(?P<bare>\brag (?:index|status|history|rollback|verify|ui)\b(?: (?:-[\w-]+|[^\s`]*/[^\s`]*\w|[A-Z]+\b|\d+))*)"
)

PICTURE = (
    '<svg class="picture" viewBox="0 0 120 76" aria-hidden="true"><rect x="18" y="3" width="84" height="70" rx="8"/>'
    '<path d="M32 20h48M32 34h30M32 48h56M32 60h38"/><path class="pen" d="M31 34h42"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Narrow:
    """The question was not put, for what the search is narrowed to leaves no note."""

    kept: Filter
    offered: Offer


View = Start | Problem | Narrow | Answer


def header(lang: Lang, notes: int, passages: int) -> str:
    """The top of the page: name, what is open, language switch."""
    t = texts(lang)
    held = t.collection.format(notes=Count(notes), passages=Count(passages)) if notes else t.collection_none
    switch = "".join(
        f'<button type="button" data-lang="{other}" lang="{other}" aria-pressed="{str(other == lang).lower()}">{name}</button>'
        for other, name in zip(LANGS, ("한국어", "English"), strict=True)
    )
    return (
        f'<header class="top"><a class="brand" href="./"><span class="logo" aria-hidden="true"></span>'
        f'<h1>{t.title}</h1></a><p class="tagline">{t.tagline}</p>'
        f'<span class="held">{held}</span><div class="switch" role="group" aria-label="{t.language}">{switch}</div></header>'
    )


def answer_side(shown: View, lang: Lang) -> str:
    """The left column: welcome, answer, refusal or problem."""
    match shown:
        case Start():
            return _welcome(shown, texts(lang))
        case Problem():
            return _problem(shown, texts(lang))
        case Narrow():
            return narrow(shown, "unfilter", lang)
        case Answer(abstained=True):
            return _refusal(shown, texts(lang))
        case Answer():
            return _answer(shown, texts(lang))


def source_side(shown: View, lang: Lang) -> str:
    """The right column: the passages, or nothing where nothing was asked."""
    if not isinstance(shown, Answer):
        return ""
    t = texts(lang)
    if not shown.hits:
        return f'<section class="sources"><p class="none">{t.no_sources}</p></section>'
    title = t.closest if shown.abstained else t.sources
    best = max(hit.score for hit in shown.hits)
    said = html_why.sentences(shown.hits, lang)
    cards = "".join(_source(hit, rank, best, shown.spans, said[rank - 1], t) for rank, hit in enumerate(shown.hits, 1))
    legend = "" if shown.abstained else f'<mark class="evidence">{t.evidence}</mark>'
    return (
        f'<section class="sources" data-asked="{escape(shown.searched or shown.question)}" aria-label="{title}">'
        f'<div class="bar-title"><h2>{title}</h2>'
        f"<span>{t.sources_count.format(count=len(shown.hits))}</span>"
        f'<span class="legend">{legend}<span class="match">{t.matched}</span></span></div><ol>{cards}</ol></section>'
    )


def waiting(lang: Lang) -> tuple[str, str]:
    """Both columns while the answer is looked for."""
    t = texts(lang)
    lines = '<i class="bone wide"></i><i class="bone"></i><i class="bone short"></i>'
    left = (
        f'<section class="card answer" aria-busy="true"><p class="label">{t.answer}</p><p class="busy" role="status">{t.loading}</p>'
        f'<p class="hint">{t.loading_note}</p><div aria-hidden="true">{lines}</div></section>'
    )
    bone = f'<li class="card source" aria-hidden="true">{lines}</li>'
    return left, f'<section class="sources"><div class="bar-title"><h2>{t.sources}</h2></div><ol>{bone * 3}</ol></section>'


def offline(lang: Lang) -> str:
    """What the page shows by itself when the server is gone."""
    t = texts(lang)
    return _alert(t.lost, _code(t.offline))


def _welcome(shown: Start, t: Texts) -> str:
    chips = "".join(
        f'<li><button type="button" class="chip" data-act="ask" data-question="{escape(q)}">{escape(q)}</button></li>'
        for q in shown.examples
    )
    keys = t.keys.format(enter="<kbd>Enter</kbd>", slash="<kbd>/</kbd>", help="<kbd>?</kbd>")
    examples = f'<h3>{t.examples}</h3><ul class="chips">{chips}</ul>' if chips else ""
    return (
        f'<section class="welcome">{PICTURE}<h2>{t.welcome}</h2><p>{t.welcome_text}</p>{_notices(shown, t)}{examples}'
        f'<p class="keys">{keys}</p></section>'
    )


def _problem(shown: Problem, t: Texts) -> str:
    if shown.crashed:
        return _alert(t.crashed, escape(shown.message), f'<p class="hint">{t.crashed_note}</p>')
    retry = f'<button type="button" class="again" data-act="retry">{t.problem_again}</button>'
    return _alert(t.problem, _code(shown.message), f'<p class="hint">{t.problem_note}</p>{retry}')


def narrow(shown: Narrow, act: str, lang: Lang) -> str:
    """That no note is left to search, and the button that mends it by the act named."""
    t = ask_texts(lang)
    names = " · ".join(named(kind, value, shown.offered, t) for kind in KINDS for value in getattr(shown.kept, kind))
    button = t.clear_and_ask if act == "unfilter" else t.clear
    return (
        f'<section class="card narrow"><h2>{t.narrow}</h2><p class="what">{t.narrow_note.format(scope=escape(names))}</p>'
        f'<button type="button" class="again" data-act="{act}">{button}</button></section>'
    )


def named(kind: str, value: str | int, offered: Offer, t: AskTexts) -> str:
    """One value of a filter for a person: a note's title, `week05/`, `5주차`, `md`."""
    if kind == "notes":
        return dict(offered.titles).get(str(value)) or str(value)
    if kind == "weeks":
        return t.week.format(week=value)
    return f"{value}/" if kind == "folders" else str(value)


def _alert(title: str, body: str, rest: str = "") -> str:
    return f'<section class="card problem" role="alert"><h2>{title}</h2><p class="what">{body}</p>{rest}</section>'


def _code(text: str) -> str:
    """Escaped text in which commands, `back-quoted` or beginning with the program's name, become `<code>`."""
    return _COMMAND.sub(lambda found: f"<code>{found['quoted'] or found['bare']}</code>", escape(text))


def asked(answer: Answer, t: Texts) -> str:
    """The question, and what was searched where that differs."""
    searched = answer.searched and answer.searched != answer.question
    extra = f'<p class="searched"><span>{t.searched}</span> {escape(answer.searched)}</p>' if searched else ""
    known = f'data-asked="{escape(answer.question)}" data-searched="{escape(answer.searched or answer.question)}"'
    question = f'<span class="visually-hidden">{t.asked}: </span>{escape(answer.question)}'
    return f'<p class="asked" title="{escape(answer.question)}" {known}>{question}</p>{extra}{_repaired(answer, t)}'


def _repaired(answer: Answer, t: Texts) -> str:
    """That other words were searched than typed, and a button that asks again as typed."""
    if not answer.repairs:
        return ""
    button = f'<button type="button" class="undo" data-act="as-typed" data-question="{escape(answer.question)}">{t.as_typed}</button>'
    return f'<p class="repaired"><span>{escape(searched_for(answer.repairs, t))}</span> {button}</p>'


def searched_for(repairs: Sequence[Repair], t: Texts) -> str:
    """The words that were searched for those typed, in a sentence."""
    words = [repair.meant for repair in repairs]
    return t.repaired.format(words=hangul.searched_for(words) if t.lang == "ko" else ", ".join(f"‘{word}’" for word in words))


def _notices(shown: Start | Answer, t: Texts) -> str:
    told = searched_for(shown.repairs, KO) if isinstance(shown, Answer) and shown.repairs else ""
    items = "".join(f"<li>{_code(spoken(notice, t))}</li>" for notice in shown.notices if notice != told)
    return f'<ul class="notices" aria-label="{t.notices}">{items}</ul>' if items else ""


def _refusal(answer: Answer, t: Texts) -> str:
    said, _, more = spoken(answer.message or t.not_found, t).partition(". ")
    tips = "".join(f"<li>{tip}</li>" for tip in (t.try_words, t.try_shorter, t.try_settings, t.try_notes))
    rest = f'<p class="what">{escape(more)}</p>' if more else ""
    unfilter = f'<button type="button" class="again unfilter" data-act="unfilter">{ask_texts(t.lang).clear_and_ask}</button>'
    return (
        f'<section class="card refusal">{asked(answer, t)}<h2>{escape(said)}</h2>{rest}{_notices(answer, t)}'
        f'<h3>{t.try_title}</h3><ul class="tips">{tips}</ul>{unfilter}{thumbs(answer, t)}</section>'
    )


SPOKEN = ("not_found", "no_summary", "no_question", "model_changed", "model_missing", "no_spans")
"""What the pipeline and the page's shelf say in Korean, `: ` and details behind it or not."""


def spoken(message: str, t: Texts) -> str:
    """Something of SPOKEN in the reader's language, anything else as it is."""
    head, colon, details = message.partition(": ")
    known: dict[str, str] = {getattr(KO, name): getattr(t, name) for name in SPOKEN}
    return known.get(head, head) + colon + details


def _answer(answer: Answer, t: Texts) -> str:
    many = " many" if "\n" in answer.text else ""
    return (
        f'<section class="card answer">{asked(answer, t)}<p class="label">{t.answer}{read_aloud(answer.text, t.lang)}</p>'
        f'<div class="text{many}" dir="auto">{worded(answer.text)}</div>'
        f"{sureness(answer.confidence, t)}{origins(answer, t)}{_notices(answer, t)}{thumbs(answer, t)}</section>"
    )


def confidence_words(confidence: float, t: Texts) -> tuple[str, str]:
    """A probability in plain words, and the name of its step (`sure` from .75, `likely` from .5, else `unsure`)."""
    if confidence >= 0.75:
        return t.sure, "sure"
    return (t.likely, "likely") if confidence >= 0.5 else (t.unsure, "unsure")


def sureness(confidence: float, t: Texts) -> str:
    """The confidence as a bar, in words and in percent."""
    words, step = confidence_words(confidence, t)
    percent = round(100 * confidence)
    return (
        f'<p class="confidence {step}" title="{t.confidence_note}">'
        f'<span class="dial" aria-hidden="true"><i style="width:{percent}%"></i></span>'
        f"<strong>{words}</strong><span>{t.confidence} {percent}%</span></p>"
    )


def origins(answer: Answer, t: Texts) -> str:
    """The passages that hold the answer, each once at its first words, as buttons that open the note."""
    found = [(rank, hit.passage, span) for span in answer.spans for rank, hit in enumerate(answer.hits, 1) if view.evidence(hit, [span])]
    first = {passage.passage_id: (rank, passage, span) for rank, passage, span in reversed(found)}
    rows = [_origin(rank, passage, span, answer, t) for rank, passage, span in sorted(first.values(), key=lambda row: row[0])]
    return f'<p class="label">{t.source}</p><ul class="origins">{"".join(rows)}</ul>' if rows else ""


def _origin(rank: int, passage: Passage, span: Span, answer: Answer, t: Texts) -> str:
    line = passage.locator.line + passage.text[: max(0, span.start - passage.start)].count("\n")
    where = place(replace(passage.locator, line=line), t)
    return (
        f'<li><button type="button" class="origin" data-open="{place_of(passage, answer.spans)}"><b aria-hidden="true">{rank}</b>'
        f'<span class="path">{crumb(passage)}</span><span class="where">{where}</span></button></li>'
    )


def crumb(passage: Passage) -> str:
    """Where a passage stands: `note › heading › heading`."""
    title, *path = (escape(part) for part in (passage.title, *passage.section) if part)
    rest = "".join(f'<i aria-hidden="true">›</i><span>{part}</span>' for part in path if part != title)
    return f'<span class="note">{title}</span>{rest}'


def place(locator: Locator, t: Texts) -> str:
    """The locator in words: page, slide, cell, time and picture, or line."""
    whole = ((locator.page, t.page), (locator.slide, t.slide), (locator.cell, t.cell), (locator.time, "{value}"))
    forms = (*whole, (locator.picture, t.picture))
    named = " · ".join(form.format(value=escape(str(value))) for value, form in forms if value is not None)
    return named or t.line.format(value=locator.line)


def _source(hit: Hit, rank: int, best: float, spans: Sequence[Span], said: str, t: Texts) -> str:
    passage = hit.passage
    strong = view.evidence(hit, spans)
    target = place_of(passage, spans)
    return (
        f'<li class="card source{" cited" if strong else ""}" data-passage="{escape(passage.passage_id)}">'
        f'<div class="head"><span class="rank" title="{t.rank.format(rank=rank)}">{rank}</span>'
        f'<span class="path" title="{escape(passage.doc_id)}">{crumb(passage)}</span>'
        f'<span class="where">{place(passage.locator, t)}</span></div>{_under(passage)}'
        f'<div class="passage" dir="auto" data-open="{target}">{dressed(passage.text, strong, hit.marks)}</div>'
        f'<div class="foot">{_meter(hit.score, best, t)}{gold_button(target, t.lang)}'
        f'<button type="button" class="open" data-open="{target}">'
        f'{t.open_note}<span class="visually-hidden">: {escape(passage.title)}</span></button></div>{_why(hit, said, t)}</li>'
    )


def _under(passage: Passage) -> str:
    """The bullets that the passage hangs under."""
    return f'<p class="under">{" › ".join(escape(parent) for parent in passage.parents)}</p>' if passage.parents else ""


def dressed(text: str, strong: Sequence[Interval] = (), light: Sequence[Interval] = ()) -> str:
    """A text line by line, its places marked."""
    return _verses(text, lines(text, strong, light))


def worded(text: str) -> str:
    """The words of an answer line by line, formulas drawn."""
    return _verses(text, (drawn(line) if "$" in line else row for line, row in zip(text.split("\n"), lines(text), strict=False)))


def _verses(text: str, rows: Iterable[str]) -> str:
    plain = text.split("\n")
    dressed = zip(plain, kinds(plain), rows, strict=False)
    return "".join(f'<span class="verse {kind}" style="--in:{hang(line)}">{row}</span>' for line, kind, row in dressed)


def _meter(score: float, best: float, t: Texts) -> str:
    share = round(100 * max(score, 0) / best) if best > 0 else 0
    return (
        f'<span class="meter" title="{t.score}"><span class="bar" aria-hidden="true"><i style="width:{share}%"></i></span>'
        f'<span class="visually-hidden">{t.score} </span>{score:.2f}</span>'
    )


def _why(hit: Hit, said: str, t: Texts) -> str:
    """The details; `said` is the sentence that compares the passage with its neighbour, as HTML."""
    names = {"dense": t.dense, "lexical": t.lexical}
    rows = "".join(_leg(names.get(name, escape(name)), leg, t) for name, leg in hit.legs.items())
    table = f"<table><thead><tr><th>{t.leg}</th><th>{t.leg_rank}</th><th>{t.leg_score}</th></tr></thead><tbody>{rows}</tbody></table>"
    words = "".join(f"<li>{escape(word)}</li>" for word in why.joined(hit.matched, hit))
    shared = f'<p>{t.matched_words}</p><ul class="words">{words}</ul>' if words else f"<p>{t.matched_none}</p>"
    plain = f'<p class="plain">{said}</p>' if said else ""
    return f'<details class="why"><summary>{t.why}</summary>{plain}{table if rows else ""}{shared}</details>'


def _leg(name: str, leg: Leg, t: Texts) -> str:
    rank = t.rank.format(rank=leg.rank) if leg.rank is not None else t.leg_none
    return f'<tr><th scope="row">{name}</th><td>{rank}</td><td>{leg.score:.3f}</td></tr>' if isfinite(leg.score) else ""

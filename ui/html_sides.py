"""One question of a measurement opened, as HTML fragments: its gold, and what each system found, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.types import Passage
from rag.evaluation.report import HitRow, QuestionRow
from rag.evaluation.setups import Setup
from rag.types import Span
from ui import html
from ui.bench import Bench, Outcome
from ui.highlight import Interval as Part
from ui.html_measure import method_name, setup_name
from ui.html_note import place_of
from ui.html_table import safe
from ui.i18n import Lang, texts
from ui.i18n_measure import MeasureTexts, measure_texts
from ui.i18n_report import word
from ui.report_figures import is_refused

LEAST = 5
"""Hits shown of each ranking, or the setup's own k where that is more."""
_GOLD_SHOWN = 4
_CONTEXT = 600  # characters


def sides_html(bench: Bench, outcome: Outcome, name: str, lang: Lang) -> str:
    """A question opened: its gold, and what each system found, side by side."""
    t = measure_texts(lang)
    question = outcome.questions.get(name)
    if question is None:
        return f'<p class="told">{t.gone_question}</p>'
    rows = [row for row in outcome.report.rows if row.question_id == name]
    gold = list(_gold_spans(bench, outcome, name))
    changed = not outcome.contexts and bench.generation() != outcome.generation
    columns = "".join(_column(bench, outcome, row, gold, t) for row in rows)
    return (
        f"{f'<p class=told>{t.index_changed}</p>' if changed else ''}"
        f'{_facts_of(outcome, name, t)}{_gold_words(bench, gold, question.answerable, t)}<div class="columns">{columns}</div>'
    )


def _facts_of(outcome: Outcome, name: str, t: MeasureTexts) -> str:
    question = outcome.questions[name]
    kind = t.kind_of.format(kind=safe(word(question.kind, t.lang))) if question.kind else ""
    answer = t.accepted_answer.format(answer=safe(question.answers[0])) if question.answers else ""
    return f'<p class="about">{" · ".join(filter(None, (f"<code>{safe(name)}</code>", kind, answer)))}</p>'


def _gold_spans(bench: Bench, outcome: Outcome, name: str) -> Iterator[Span]:
    """Where the quotes of a question stand today."""
    from rag.quotes import find_quote

    if outcome.contexts:
        return
    for item in outcome.questions[name].evidence:
        document = bench.document(item.doc)
        if document is not None and item.quote:
            yield from (Span(item.doc, *part, document.text[slice(*part)]) for part in find_quote(document.text, item.quote))


def _gold_words(bench: Bench, gold: Sequence[Span], answerable: bool, t: MeasureTexts) -> str:
    if not answerable:
        return f'<p class="gold-words">{t.no_evidence}</p>'
    items = []
    for span in gold[:_GOLD_SHOWN]:
        passage = bench.around(span.doc_id, span.start, span.end)
        if passage is None:
            continue
        target = place_of(passage, [span])
        where = f'<button type="button" class="origin" data-open="{target}"><span class="path">{html.crumb(passage)}</span></button>'
        items.append(f'<li>{where}<q dir="auto">{safe(span.quote)}</q></li>')
    return f'<div class="gold-words"><p class="label">{t.gold_words}</p><ul>{"".join(items)}</ul></div>' if items else ""


def _column(bench: Bench, outcome: Outcome, row: QuestionRow, gold: Sequence[Span], t: MeasureTexts) -> str:
    setup = _setup_of(outcome, row)
    title = f"<b>{row.system.upper()}</b> {setup_name(setup, t)}" if row.system in "ab" else _mark_name(row, t)
    if "confidence" in row.metrics:
        return f"<section><h4>{title}</h4>{_answered(bench, row, gold, t)}</section>"
    shown = row.hits[: max(LEAST, setup.k)]
    items = "".join(_hit(bench, outcome, hit, rank, gold, t) for rank, hit in enumerate(shown, 1))
    nowhere = f'<p class="none">{t.gold_elsewhere}</p>' if shown and not any(hit.gain for hit in shown) else ""
    return f"<section><h4>{title}</h4>{nowhere}<ol>{items}</ol>{'' if items else f'<p class=none>{t.no_hits}</p>'}</section>"


def _mark_name(row: QuestionRow, t: MeasureTexts) -> str:
    return t.given_answer if row.system == "pipeline" else method_name(row.system, t)


def _setup_of(outcome: Outcome, row: QuestionRow) -> Setup:
    if row.system in "ab":
        return outcome.setups["ab".index(row.system)]
    return next((each for each in outcome.setups if each.retriever == row.system), outcome.setups[0])


def _answered(bench: Bench, row: QuestionRow, gold: Sequence[Span], t: MeasureTexts) -> str:
    """The words that answered, where they stand, and what they were worth."""
    if is_refused(row) or not row.hits:
        return f'<p class="none">{t.refused}</p>'
    worth = f"F1 {row.metrics['F1']:.2f} · " if "F1" in row.metrics else ""
    items = []
    for hit in row.hits:
        passage = bench.around(hit.doc_id, hit.start, hit.end)
        if passage is not None:
            document = bench.document(hit.doc_id)
            words = document.text[hit.start : hit.end] if document else ""
            span = Span(hit.doc_id, hit.start, hit.end, words)
            items.append(_card(passage, [span], hit.gain > 0, 0, t, gold))
    sure = f"{texts(t.lang).confidence} {round(100 * row.metrics['confidence'])}%"
    return f'<p class="about">{worth}{sure}</p><ol>{"".join(items)}</ol>'


def _hit(bench: Bench, outcome: Outcome, hit: HitRow, rank: int, gold: Sequence[Span], t: MeasureTexts) -> str:
    is_gold = hit.gain > 0
    if outcome.contexts:
        context = outcome.contexts.get(hit.doc_id)
        title, body = (safe(context.title or hit.doc_id), safe(context.text[:_CONTEXT])) if context else (safe(hit.doc_id), "")
        return (
            f'<li class="found{" gold" if is_gold else ""}"><div class="head">{_rank(rank, is_gold, t)}'
            f'<span class="path"><bdi>{title}</bdi></span></div>'
            f'<p class="passage" dir="auto">{body}</p></li>'
        )
    passage = bench.around(hit.doc_id, hit.start, hit.end)
    return "" if passage is None else _card(passage, gold, is_gold, rank, t, gold)


def _card(passage: Passage, spans: Sequence[Span], is_gold: bool, rank: int, t: MeasureTexts, gold: Sequence[Span]) -> str:
    """A passage with words of it marked; a press opens the note there."""
    target = place_of(passage, [*_of(passage, spans)])
    other = _inside(passage, gold) if spans is not gold else ()
    return (
        f'<li class="found{" gold" if is_gold else ""}"><div class="head">{_rank(rank, is_gold, t)}'
        f'<span class="path">{html.crumb(passage)}</span></div>'
        f'<div class="passage" dir="auto" data-open="{target}">{html.dressed(passage.text, _inside(passage, spans), other)}</div>'
        f'<button type="button" class="open" data-open="{target}">{texts(t.lang).open_note}</button></li>'
    )


def _rank(rank: int, is_gold: bool, t: MeasureTexts) -> str:
    number = f'<span class="rank">{rank}</span>' if rank else ""
    return number + (f'<span class="badge">{t.gold_mark}</span>' if is_gold else "")


def _of(passage: Passage, spans: Sequence[Span]) -> Iterator[Span]:
    return (span for span in spans if span.doc_id == passage.doc_id and span.start < passage.end and passage.start < span.end)


def _inside(passage: Passage, spans: Sequence[Span]) -> list[Part]:
    """The parts of a passage that spans cover, as offsets of its text."""
    return [(max(span.start, passage.start) - passage.start, min(span.end, passage.end) - passage.start) for span in _of(passage, spans)]

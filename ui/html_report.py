"""An evaluation as one page that stands by itself: facts, tables, charts and every question, without a request to any host.

A pure function of the report. The page reads and prints without JavaScript, which only sorts and filters the questions. Whatever stands in
a report comes out as text, and the page forbids any script but its own.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from rag.evaluation.report import Report, Table
from ui.html_questions import questions_html
from ui.html_table import number, safe, table_html
from ui.i18n import Lang
from ui.i18n_report import ReportTexts, definition, report_texts, word
from ui.plots import SLOTS, mark_path
from ui.report_figures import Figure, Key, answer_figures, retrieval_figures

ASSETS = Path(__file__).parent / "assets"

LONG = 14
"""Rows from which a table that breaks figures down is folded up."""

_BREAKDOWN = re.compile(r" by |, further|^reliability$|chang")


def report_html(report: Report, lang: Lang = "ko", questions: Mapping[str, str] | None = None) -> str:
    """The whole page. `questions` gives the words of a question by its id, where they may be shown."""
    t, words = report_texts(lang), questions or {}
    style, script = ((ASSETS / f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    icon = quote((ASSETS / "icon.svg").read_text(encoding="utf-8"))
    links, body = _sections(report, words, t)
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><title>{t.title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:image/svg+xml,{icon}"><style>{style}</style></head><body>'
        f'<header><h1>{t.title}</h1><p class="private">{t.with_texts if words else t.private}</p>{_facts(report, t)}'
        f"<nav>{links}</nav></header><main>{body or f'<p>{t.nothing}</p>'}</main><script>{script}</script></body></html>\n"
    )


def _sections(report: Report, words: Mapping[str, str], t: ReportTexts) -> tuple[str, str]:
    """The links to the sections that have anything to show, and the sections."""
    parts = (
        ("overview", t.overview, _overview(report, t)),
        ("plots", t.plots, _plots(report, t)),
        ("breakdown", t.breakdown, _breakdown(report, t)),
        ("questions", t.questions, questions_html(report.rows, words, t)),
        ("definitions", t.definitions, _definitions(report, t)),
    )
    links = "".join(f'<a href="#{name}">{title}</a>' for name, title, content in parts if content)
    return links, "".join(f'<section id="{name}"><h2>{title}</h2>{content}</section>' for name, title, content in parts if content)


def _policy(script: str) -> str:
    """Nothing is fetched, and only this very script runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"


def _facts(report: Report, t: ReportTexts) -> str:
    pairs = "".join(f"<div><dt>{safe(word(name, t.lang))}</dt><dd>{number(value)}</dd></div>" for name, value in report.facts.items())
    return f'<dl class="facts" aria-label="{t.facts}">{pairs}</dl>' if pairs else ""


# Tables


def _overview(report: Report, t: ReportTexts) -> str:
    return "".join(titled_html(table, t) for table in report.tables if table.rows and not _BREAKDOWN.search(table.title))


def _breakdown(report: Report, t: ReportTexts) -> str:
    """Further tables; long ones are folded up."""
    return "".join(
        f"<details{'' if len(table.rows) >= LONG else ' open'}><summary>{_title(table, t)}</summary>{table_html(table, t)}</details>"
        for table in report.tables
        if table.rows and _BREAKDOWN.search(table.title)
    )


def titled_html(table: Table, t: ReportTexts) -> str:
    """A table under its title."""
    return f"<h3>{_title(table, t)}</h3>{table_html(table, t)}"


def _title(table: Table, t: ReportTexts) -> str:
    return safe(word(table.title, t.lang))


def _definitions(report: Report, t: ReportTexts) -> str:
    found = (name for table in report.tables for name in (*table.columns, *_measures(table)))
    names = dict.fromkeys(re.sub(r"(hit|recall|precision|answer)@\d+$", r"\1@k", name) for name in found)
    known = [(name, meaning) for name in names if (meaning := definition(name, t.lang))]
    items = "".join(f"<div><dt>{safe(word(name, t.lang))}</dt><dd>{escape(meaning)}</dd></div>" for name, meaning in known)
    return f'<dl class="definitions">{items}</dl>' if items else ""


def _measures(table: Table) -> list[str]:
    """The names of measures that stand in cells."""
    return [str(line["measure"]) for line in table.records()] if "measure" in table.columns else []


# Charts


def _plots(report: Report, t: ReportTexts) -> str:
    parts = ((t.retrieval, retrieval_figures(report.rows, t)), (t.answers, answer_figures(report.rows, t)))
    return "".join(
        f'<h3>{title}</h3><div class="figures">{"".join(map(figure_html, figures))}</div>' for title, figures in parts if figures
    )


def figure_html(figure: Figure) -> str:
    """A chart with its title, its legend and how to read it."""
    keys = "".join(f"<li>{_sample(key)}{safe(key.label)}</li>" for key in figure.legend)
    panels = "".join(
        f'<div class="panel" role="img" aria-label="{safe(panel.summary)}"><h5>{safe(panel.label)}</h5>'
        f"{f'<p>{safe(panel.note)}</p>' if panel.note else ''}{panel.svg}</div>"
        for panel in figure.panels
    )
    return (
        f'<figure class="columns-{figure.columns}"><figcaption><h4>{safe(figure.title)}</h4><p>{safe(figure.note)}</p></figcaption>'
        f'<ul class="legend">{keys}</ul><div class="panels">{panels}</div></figure>'
    )


def _sample(key: Key) -> str:
    colour = "soft" if key.slot is None else f"s{key.slot % SLOTS + 1}"
    if key.sample == "mark" and key.slot is not None:
        return f'<svg viewBox="0 0 12 12" aria-hidden="true"><path d="{mark_path(key.slot)}" fill="var(--{colour})"/></svg>'
    dash = ' stroke-dasharray="3.5 2"' if key.sample == "dashed" else ""
    return f'<svg viewBox="0 0 16 12" aria-hidden="true"><path d="M0 6H16" stroke="var(--{colour})" stroke-width="2"{dash}/></svg>'

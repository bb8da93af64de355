"""Putting notes in, as HTML fragments: where they are dropped, how far indexing is, and what became of each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from index.inbox import MOST_FILES, Offered, Refused, Taken
from index.job import Failed, Standing, Stopped
from index.notes import SUFFIXES
from index.notes.limits import MAX_FILE_BYTES
from index.refresh import Run
from index.types import Document, DocumentInfo, NoteProblem, UpdateReport
from ui import html_job
from ui.count import Count
from ui.html_table import coded
from ui.i18n import Lang
from ui.i18n_notes import NotesTexts, notes_texts, said

KINDS = {
    "markdown": "Markdown",
    "text": "TXT",
    "html": "HTML",
    "pdf": "PDF",
    "docx": "Word",
    "pptx": "PowerPoint",
    "ipynb": "Jupyter",
    "captions": "SRT·VTT",
    "hwp": "HWP",
    "hwpx": "HWPX",
    "image": "PNG·JPG·WebP·TIFF",
}
"""What a student calls each format."""
ROWS = 60
"""Files of one run that are told one by one."""
MEGABYTES = MAX_FILE_BYTES // 1024**2

_PICTURE = (
    '<svg class="picture" viewBox="0 0 120 76" aria-hidden="true"><rect x="18" y="3" width="84" height="70" rx="8"/>'
    '<path d="M60 22v32M46 42l14 14 14-14"/></svg>'
)


def add(inbox: Path | None, lang: Lang, *, running: bool = False) -> str:
    """Where files are dropped; with no inbox, that nothing can be changed here."""
    t = notes_texts(lang)
    if inbox is None:
        return f'<section class="card fixed"><h2>{t.fixed}</h2><p>{coded(t.fixed_note)}</p></section>'
    kinds = t.formats.format(kinds=", ".join(dict.fromkeys(KINDS.values())), size=MEGABYTES)
    stop = " disabled" if running else ""
    accept = ",".join(SUFFIXES)
    return (
        f'<section class="card add" data-drop data-kinds="{accept}" data-most="{MAX_FILE_BYTES}" data-busy="{str(running).lower()}" '
        f'data-said-lost="{escape(t.upload_lost)}" data-said-up="{t.uploading}" '
        f'data-said-busy="{t.upload_again}" aria-labelledby="notes-add-title">'
        f'<div class="zone">{_PICTURE}<div class="about"><h2 id="notes-add-title">{t.add}</h2><p>{t.add_hint}</p>'
        f'<div class="ways"><button type="button" class="way main" data-pick="files"{stop}>{t.pick_files}</button>'
        f'<button type="button" class="way" data-pick="folder"{stop}>{t.pick_folder}</button></div>'
        f'<p class="kinds">{kinds}</p></div><p class="over" aria-hidden="true">{t.drop_here}</p></div>'
        f'<input type="file" data-from="files" multiple accept="{accept}" tabindex="-1" aria-hidden="true" hidden>'
        f'<input type="file" data-from="folder" webkitdirectory tabindex="-1" aria-hidden="true" hidden>'
        f'<p class="sent" role="status"></p>'
        f'<div class="beneath"><p>{t.place.format(folder=f"<code>{escape(str(inbox))}</code>")}</p>'
        f'<p class="again-line"><button type="button" class="way" data-do="index"{stop}>{t.reindex}</button>'
        f"<span>{t.reindex_note}</span></p></div></section>"
    )


def clash(files: Sequence[Offered], lang: Lang) -> str:
    """Which names are taken by other contents, and the choice."""
    t = notes_texts(lang)
    if not files:
        return ""
    names = "".join(f'<li dir="auto">{escape(each.name)}</li>' for each in files[:ROWS]) + _more(len(files) - ROWS, t)
    buttons = "".join(
        f'<button type="button" class="way" data-do="clash" data-choice="{choice}">{word}</button>'
        for choice, word in (("replace", t.clash_replace), ("both", t.clash_both), ("leave", t.clash_leave))
    )
    return (
        f'<section class="card asks" role="alertdialog" aria-label="{t.clash}"><h2>{t.clash}</h2><ul>{names}</ul><p>{t.clash_note}</p>'
        f'<div class="ways">{buttons}</div></section>'
    )


def stopper(run: Standing[UpdateReport] | None, lang: Lang) -> str:
    """The button that stops a run: a fragment of its own, so that it is not drawn anew under the pointer."""
    if run is None or run.outcome is not None:
        return ""
    t = notes_texts(lang)
    waits = " disabled" if run.stopping else ""
    return f'<button type="button" class="way stop" data-do="stop"{waits}>{t.stopping if run.stopping else t.stop}</button>'


def progress(run: Standing[UpdateReport], lang: Lang) -> str:
    """What is being done, how far it is, and how long it will take."""
    t = notes_texts(lang)
    ends = run.stage == "encode" and run.total and run.done >= run.total
    stage = t.stage_ends if ends else {"read": t.stage_read, "encode": t.stage_encode}.get(run.stage, t.stage_open)
    form = t.of_notes if run.stage == "read" else t.of_passages
    counted = form.format(done=Count(run.done), total=Count(run.total)) if run.total else ""
    left = "" if run.left is None or ends else html_job.left(run.left, lang)
    bar = html_job.bar(stage, run.share if run.total and not ends else None)
    return (
        f'<section class="card going"><p class="stage" role="status">{t.stopping if run.stopping else stage}</p>'
        f'<p class="counted"><span>{counted}</span><span>{left}</span></p>'
        f'{bar}<p class="meanwhile">{t.meanwhile}</p></section>'
    )


# ------------------------------------------------------------------------ what came of it


Look = Callable[[str], Document | None]
"""Opens a note of the index, None where there is none."""


def result(run: Run, infos: Mapping[str, DocumentInfo], look: Look, lang: Lang, inbox: Path | None = None) -> str:
    """What a run did, file by file: what was put in, brought up to date, taken out, could not be read, and was left out beforehand."""
    t = notes_texts(lang)
    rows = _told(run.taken, t) if run.taken else []
    match run.now.outcome:
        case UpdateReport() as report:
            rows = [*_reported(report, infos, look, lang, f"{inbox.name}/" if inbox else ""), *rows]
            kept = f" {t.unchanged.format(count=Count(report.unchanged))}" if report.unchanged else ""
            passages = sum(info.passages for info in infos.values())
            whole = t.in_index.format(notes=Count(len(infos)), passages=Count(passages))
            head, words, look_of = t.done if rows else t.done_same, f"<p>{whole}{kept}</p>", "ended"
        case Failed() as failed:
            head = t.busy if failed.busy else t.crashed if failed.crashed else t.failed
            note = t.busy_note if failed.busy else t.crashed_note if failed.crashed else ""
            words = (f"<p>{coded(note)}</p>" if note else "") + f'<p class="detail">{coded(_reason(failed.message, lang))}</p>'
            look_of = "failed"
        case Stopped():
            head, words, look_of = t.stopped, f"<p>{t.stopped_note}</p>", "stopped"
        case None:
            return ""
    return _card(look_of, head, words + _rows(rows, t), t)


def not_now(taken: Taken, lang: Lang) -> str:
    """What was not put in, where that leaves nothing to index."""
    t = notes_texts(lang)
    rows = _told(taken, t)
    return _card("", t.done_same, _rows(rows, t), t) if rows else ""


def message(head: str, words: str, lang: Lang) -> str:
    """A short word where a file list would be too much."""
    return _card("failed", head, f"<p>{coded(words)}</p>", notes_texts(lang))


def _reason(message: str, lang: Lang) -> str:
    """The words of an error; the reason of a note inside them is put to a student."""
    _, found, reason = message.partition("The first: ")
    return said(reason, lang) if found else message


def _reported(report: UpdateReport, infos: Mapping[str, DocumentInfo], look: Look, lang: Lang, prefix: str) -> list[str]:
    """One row for each note; those of the inbox without its name, which no student gave them."""
    t = notes_texts(lang)
    warnings: dict[str, list[str]] = {}
    for each in report.warnings:
        warnings.setdefault(each.doc_id, []).append(each.reason)
    rows = [_unread(each, each.doc_id.removeprefix(prefix), warnings.pop(each.doc_id, []), lang) for each in report.problems]
    for word, kind, names in ((t.added, "new", report.added), (t.changed, "changed", report.changed)):
        for doc_id in names:
            room = len(rows) < ROWS
            facts = _facts(infos.get(doc_id), look(doc_id) if room else None, t)
            told = [said(warning, lang) for warning in warnings.pop(doc_id, [])]
            rows.append(_row(word, kind, doc_id.removeprefix(prefix), facts, told))
    return rows + [_row(t.removed, "removed", doc_id.removeprefix(prefix), "", []) for doc_id in report.removed]


def _unread(problem: NoteProblem, name: str, warnings: Sequence[str], lang: Lang) -> str:
    words, t = said(problem.reason, lang), notes_texts(lang)
    detail = "" if words == problem.reason else f' <small dir="ltr">({escape(problem.reason)})</small>'
    told = [escape(words) + detail, *(escape(said(warning, lang)) for warning in warnings)]
    return _row(t.unread, "unread", name, "", told, escaped=True)


def _facts(info: DocumentInfo | None, document: Document | None, t: NotesTexts) -> str:
    if info is None:
        return ""
    facts = [t.passages.format(count=Count(info.passages))]
    marks: dict[str, int] = {}
    for mark in document.marks if document else ():
        number = int(mark.value) if mark.value.isdecimal() else 0
        marks[mark.kind] = marks.get(mark.kind, 0) + bool(number) if mark.kind == "picture" else max(marks.get(mark.kind, 0), number)
    forms = {"page": t.pages, "slide": t.slides, "cell": t.cells, "picture": t.pictures}
    facts = [form.format(count=Count(marks[kind])) for kind, form in forms.items() if marks.get(kind)] + facts
    return " · ".join([*facts, t.characters.format(count=Count(info.characters))])


def _told(taken: Taken, t: NotesTexts) -> list[str]:
    rows = [_row(t.not_taken, "refused", each.name, "", [_refusal(each, t)]) for each in taken.refused]
    rows += [
        _row(t.already, "same", name, "", [t.twin.format(note=f"<bdi>{escape(twin)}</bdi>")], escaped=True)
        for name, twin in taken.twins.items()
    ]
    return rows + [_row(t.already, "same", name, "", []) for name in taken.same]


def _refusal(refused: Refused, t: NotesTexts) -> str:
    words: str = getattr(t, f"not_{refused.reason}")
    limit = MOST_FILES if refused.reason == "many" else MEGABYTES
    return words.format(detail=refused.detail, limit=f"{limit:,}")


def _row(word: str, kind: str, name: str, facts: str, told: Sequence[str], *, escaped: bool = False) -> str:
    notes = "".join(f"<p>{each if escaped else escape(each)}</p>" for each in told)
    return (
        f'<li class="{kind}"><span class="what">{word}</span><span class="name" dir="auto">{escape(name)}</span>'
        f'<span class="facts">{facts}</span>{notes}</li>'
    )


def _rows(rows: Sequence[str], t: NotesTexts) -> str:
    return f'<ul class="files">{"".join(rows[:ROWS])}{_more(len(rows) - ROWS, t)}</ul>' if rows else ""


def _more(count: int, t: NotesTexts) -> str:
    return f'<li class="more">{t.more.format(count=Count(count))}</li>' if count > 0 else ""


def _card(look: str, head: str, words: str, t: NotesTexts) -> str:
    """What is said of a run, and the button that takes it away."""
    close = f'<button type="button" class="shut" data-do="dismiss">{t.dismiss}</button>'
    return f'<section class="card result {look}" role="status"><div class="bar-title"><h2>{head}</h2>{close}</div>{words}</section>'

"""The list of notes as HTML: in folders, with what is known of each, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import PurePosixPath

from index.holdings import Held, Holdings
from index.notes import SUFFIXES
from rag.querylog import Retrieved
from ui.count import Count
from ui.i18n import Lang
from ui.i18n_notes import NotesTexts, notes_texts, said

FINDABLE = 8
"""So many notes and more have a box to find one by its name."""
ROWS = 3000
"""A longer list is cut: a browser does not lay out every note of a library."""

Never = Retrieved | str
"""What the log of questions has brought up, or the word that says why it is not known."""


def holdings_list(held: Holdings, never: Never, lang: Lang) -> str:
    """All notes, folder by folder."""
    t = notes_texts(lang)
    if not held.notes:
        trouble = _trouble(held, t)
        return f'{trouble}<section class="card none-yet"><h2>{t.none}</h2><p>{t.none_note}</p></section>'
    known = [note for note in held.notes if note.state != "waiting"]
    total = t.list_sum.format(
        notes=Count(len(known)),
        passages=Count(sum(note.passages for note in known)),
        characters=Count(sum(note.characters for note in known)),
    )
    unseen = {note.doc_id for note in known if note.passages} - never.notes if isinstance(never, Retrieved) and never.questions else set()
    find = (
        f'<input type="search" class="find" data-find placeholder="{t.find}" aria-label="{t.find}">' if len(held.notes) >= FINDABLE else ""
    )
    ordered = sorted(held.notes[:ROWS], key=lambda note: (not note.put_in, natural(folder_of(note)), natural(note.doc_id)))
    groups = "".join(
        _group(folder, list(notes), held, unseen, lang) for folder, notes in groupby(ordered, key=lambda note: label_of(note, t))
    )
    rest = len(held.notes) - ROWS
    more = f'<p class="hint">{t.more.format(count=Count(rest))}</p>' if rest > 0 else ""
    return (
        f'<section class="holdings" aria-label="{t.list}"><div class="bar-title"><h2>{t.list}</h2><span>{total}</span></div>'
        f'{_trouble(held, t)}{_folders(held, t)}<p class="hint never-line">{_never(never, unseen, t)}</p>{find}{groups}{more}'
        f'<p class="found-none" hidden>{t.find_none}</p></section>'
    )


def folder_of(note: Held) -> str:
    """The folder of a note, empty at the top; below the inbox, the folder that was dropped."""
    folder = PurePosixPath(note.put_in or note.doc_id).parent.as_posix()
    return "" if folder == "." else folder


def label_of(note: Held, t: NotesTexts) -> str:
    """What a person calls the place of a note."""
    folder = folder_of(note)
    if note.put_in:
        return f"{t.put_in} › {folder}" if folder else t.put_in
    return folder or t.top


def natural(name: str) -> list[tuple[int, int, str]]:
    """A key for sorting: `week2` before `week10`."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


def _trouble(held: Holdings, t: NotesTexts) -> str:
    return f'<p class="trouble" role="note"><strong>{t.trouble}</strong> {escape(held.trouble)}</p>' if held.trouble else ""


def _folders(held: Holdings, t: NotesTexts) -> str:
    codes = " ".join(f"<code>{escape(str(folder))}</code>" for folder in held.folders)
    return f'<p class="hint folders"><span>{t.folders}</span> {codes}</p>' if codes else ""


def _never(never: Never, unseen: set[str], t: NotesTexts) -> str:
    if isinstance(never, str):
        return never
    if not never.questions:
        return t.never_empty
    form = t.never_note if unseen else t.never_none
    return form.format(questions=Count(never.questions), notes=Count(len(unseen)))


def _group(label: str, notes: Sequence[Held], held: Holdings, unseen: set[str], lang: Lang) -> str:
    rows = "".join(_row(note, held, note.doc_id in unseen, lang) for note in notes)
    return f'<details class="group" open><summary><span>{escape(label)}</span> <b>{len(notes)}</b></summary><ul>{rows}</ul></details>'


def _row(note: Held, held: Holdings, unseen: bool, lang: Lang) -> str:
    t = notes_texts(lang)
    name = PurePosixPath(note.doc_id).name
    suffix = PurePosixPath(name).suffix.lower()
    kind = suffix[1:].upper() if suffix in SUFFIXES else "?"
    chips = [("waiting", t.waiting, t.waiting_note)] if note.state == "waiting" else []
    chips += [("gone", t.gone, t.gone_note)] if note.state == "gone" else []
    chips += [("never", t.never, "")] if unseen else []
    marks = "".join(f'<span class="badge {look}" title="{tip}">{word}</span>' for look, word, tip in chips)
    counted = (
        ""
        if note.state == "waiting"
        else f"{t.passages.format(count=Count(note.passages))} · {t.characters.format(count=Count(note.characters))}"
    )
    warnings = "".join(f'<p class="warning">{escape(said(warning, lang))}</p>' for warning in note.warnings)
    doc = escape(note.doc_id)
    return (
        f'<li class="held" data-name="{escape(f"{note.title} {note.doc_id}".lower())}"><div class="line">'
        f'<button type="button" class="pick" data-do="cut" data-doc="{doc}" title="{doc}"><span class="kind {suffix[1:]}">{kind}</span>'
        f'<span class="about"><span class="title" dir="auto">{escape(note.title)}</span>'
        f'<span class="small"><span dir="auto">{escape(name)}</span><span>{counted}</span>{marks}</span></span></button>'
        f"{_way_out(note, held, t)}</div>{warnings}</li>"
    )


def _way_out(note: Held, held: Holdings, t: NotesTexts) -> str:
    """How a note is taken out: with a second click where it was put in here, by hand where it lies in a folder of the user's."""
    if held.inbox is None:
        return ""
    name = f"<b><bdi>{escape(PurePosixPath(note.doc_id).name)}</bdi></b>"
    if note.put_in:
        words = t.out_ask.format(file=name)
        sure = f'<button type="button" class="way sure" data-do="remove" data-name="{escape(note.put_in)}">{t.out_sure}</button>'
    elif note.file:
        words, sure = t.out_yours.format(folder=f"<code>{escape(str(note.file.parent))}</code>", file=name), ""
    else:
        words, sure = t.out_gone if note.state == "gone" else "", ""
    mark = f'<span aria-hidden="true">{t.out}</span><span class="visually-hidden">{t.out}: <bdi>{escape(note.title)}</bdi></span>'
    return f'<details class="out"><summary>{mark}</summary><div class="ask"><p>{words}</p>{sure}</div></details>' if words else ""

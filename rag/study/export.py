"""Cards for other programs: a package for Anki, and CSV for spreadsheets. Both keep where each answer stands."""

from __future__ import annotations

import csv
import hashlib
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from html import escape
from io import BytesIO, StringIO
from itertools import count
from pathlib import PurePosixPath

from rag.study.cards import Card

FIELDS = ("key", "kind", "front", "back", "context", "note", "section", "place", "quote")
"""The columns, and with other cases the fields of an Anki note."""
MODEL = 1_907_221_301
"""Anki's number of our kind of note: fixed, so that a second import knows the first."""

_FRONT = '<p class="context">{{Context}}</p><div class="front">{{Front}}</div>'
_BACK = (
    '{{FrontSide}}<hr id="answer"><div class="back">{{Back}}</div>'
    '<blockquote>{{Quote}}</blockquote><p class="source">{{Note}} · {{Section}} · {{Place}}</p>'
)
_STYLE = """.card { font: 20px/1.6 sans-serif; text-align: left; max-width: 36em; margin: 0 auto; padding: 12px; word-break: keep-all; }
.context, .source { font-size: 14px; opacity: .75; }
.front { font-weight: 600; }
blockquote { margin: 1em 0 .4em; padding-left: 12px; border-left: 3px solid #80a896; font-size: 15px; white-space: pre-wrap; }
"""


def apkg(cards: Sequence[Card], name: str, now: float) -> bytes:
    """A package for Anki with one deck of that name; `now` is in seconds since 1970.

    Ids follow from keys and names: a later package brings notes up to date where an earlier one was imported, and doubles none.
    """
    import genanki  # type: ignore[import-untyped]

    fields = [{"name": field.capitalize()} for field in FIELDS]
    template = {"name": "Card", "qfmt": _FRONT, "afmt": _BACK}
    model = genanki.Model(MODEL, "Lecture notes", fields=fields, templates=[template], css=_STYLE)
    deck = genanki.Deck(_number(name), name)
    for card in cards:
        deck.add_note(genanki.Note(model, list(html_row(card).values()), guid=genanki.guid_for(card.key), tags=_tags(card)))
    out = BytesIO()
    with closing(sqlite3.connect(":memory:")) as database, zipfile.ZipFile(out, "w") as package:  # genanki's own way leaves a file behind
        genanki.Package(deck).write_to_db(database.cursor(), now, count(int(now * 1000)))
        database.commit()
        package.writestr("collection.anki2", database.serialize())
        package.writestr("media", "{}")
    return out.getvalue()


def table(cards: Sequence[Card]) -> bytes:
    """CSV in UTF-8 with the mark by which Excel knows it; no cell can be taken for a formula."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, FIELDS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: guarded(value) for name, value in row(card).items()} for card in cards)
    return text.getvalue().encode("utf-8-sig")


FORMATS: Mapping[str, Callable[[Sequence[Card], str, float], bytes]] = {
    ".apkg": apkg,
    ".csv": lambda cards, name, now: table(cards),
}
"""What writes a file, by its ending."""


def row(card: Card) -> dict[str, str]:
    """The card as one row of text."""
    source = card.sources[0]
    texts = (card.key, card.kind, card.front, "\n".join(card.back), " › ".join(card.context))
    return dict(zip(FIELDS, (*texts, card.doc_id, " › ".join(card.section), place(card), source.quote), strict=True))


def html_row(card: Card) -> dict[str, str]:
    """The same for Anki, whose fields are HTML."""
    cells = {name: escape(value).replace("\n", "<br>") for name, value in row(card).items()}
    if len(card.back) > 1:
        cells["back"] = "<ol>" + "".join(f"<li>{escape(item)}</li>" for item in card.back) + "</ol>"
    return cells


def place(card: Card) -> str:
    """Page, slide, cell or time where the format has one, else the line."""
    said = str(card.locator)
    return f"line {said}" if said.isdigit() else said


def guarded(value: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{value}" if value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else value


def _tags(card: Card) -> list[str]:
    """The kind and the folders of the note, by which Anki finds cards; a tag holds no space."""
    folders = "::".join(PurePosixPath(card.doc_id).with_suffix("").parts)
    return [card.kind, "_".join(folders.split())]


def _number(name: str) -> int:
    """A number for Anki out of a name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 2**30 + 2**30

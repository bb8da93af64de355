"""The verb `rag study`: the cards made of the notes, their export, and notes at a glance."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from index.errors import UsageError
from index.types import Filter
from ui import scope, view
from ui.arguments import Options, add_verb
from ui.console import count, need_folders, progress, show
from ui.count import Count

if TYPE_CHECKING:
    from index.engines import Stored
    from rag.study.cards import Card
    from rag.study.overview import Glance, Point
    from ui.arguments import Verbs

DONE, NOTHING = 0, 1
KINDS = ("definition", "cloze", "list", "fact")
DECK = "Lecture notes"
_FLAGS = {"kind": "--kind, which chooses cards", "sample": "--sample, which draws cards", "n": "-n, which belongs to the overview"}


def add_study(verbs: Verbs) -> None:
    verb = add_verb(verbs, "study", study, "show the cards made of the notes, export them, or show notes at a glance")
    verb.add_argument(
        "what",
        choices=("cards", "export", "overview"),
        nargs="?",
        default="cards",
        help="the cards; a file of them for Anki or a spreadsheet; or the central sentences of each note (default: cards)",
    )
    verb.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="where to export to: FILE.apkg for Anki, FILE.csv for a spreadsheet"
    )
    verb.add_argument("--note", action="append", default=[], metavar="GLOB", help="only notes of this name; may be repeated")
    verb.add_argument("--folder", action="append", default=[], metavar="PATH", help="only notes of this folder; may be repeated")
    verb.add_argument(
        "--week", type=count, action="append", default=[], metavar="N", help="only notes named after this week; may be repeated"
    )
    verb.add_argument("--kind", choices=KINDS, help="only cards of this kind")
    verb.add_argument("--sample", type=count, metavar="N", help="only so many cards, drawn at random")
    verb.add_argument("--seed", type=int, default=13, metavar="N", help="what the drawing begins with (default: 13)")
    verb.add_argument("-n", type=count, metavar="N", help="sentences of each note at a glance, at most (default: 6)")


def study(options: Options) -> int:
    """Shows cards or notes at a glance, or writes a file of cards: 1 where there are none."""
    from index.engines import open_index

    if (options.what == "export") != bool(options.file):
        raise UsageError("name the file that `rag study export` writes, cards.apkg or cards.csv, and none for anything else")
    strange = ("kind", "sample") if options.what == "overview" else ("n",)
    for name in strange:
        if getattr(options, name):
            raise UsageError(f"`rag study {options.what}` has no use for {_FLAGS[name]}")
    need_folders(options.file)
    index = open_index(options.index)
    kept = Filter(tuple(options.note), tuple(options.folder), tuple(options.week))
    if not scope.keeps_any(kept, index.documents()):
        raise UsageError("no note is left by --note, --folder and --week: `rag status` lists the notes")
    if options.what == "overview":
        return _overview(options, index, kept)
    cards = _cards(options, index, kept)
    return _export(options, cards) if options.what == "export" else _list(options, cards)


def _cards(options: Options, index: Stored, kept: Filter) -> Sequence[Card]:
    """The cards asked for: none that was left out, none whose words are gone."""
    from rag.study.book import book_of
    from rag.study.desk import cards_of, desk_of

    book = book_of(options.index)
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    cards = desk_of(index, book, cards_of(index, book, progress()), kept, midnight).cards
    cards = tuple(card for card in cards if options.kind in (None, card.kind))
    return cards if options.sample is None else random.Random(options.seed).sample(cards, min(options.sample, len(cards)))


def _list(options: Options, cards: Sequence[Card]) -> int:
    for number, card in enumerate(cards, 1):
        show(options, card_dict(card), partial(card_text, number, card))
    kinds = Counter[str](card.kind for card in cards)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
    print(f"{Count(len(cards)):card|cards}{f': {told}' if told else ''}", file=sys.stderr)
    return DONE if cards else NOTHING


def _export(options: Options, cards: Sequence[Card]) -> int:
    from index.files import save
    from rag.study.export import FORMATS

    write = FORMATS.get(options.file.suffix.lower())
    if write is None:
        raise UsageError(f"{options.file} ends in none of {', '.join(FORMATS)}: Anki reads .apkg, a spreadsheet .csv")
    if not cards:
        print("There is no card to export: `rag study cards` shows what the notes give", file=sys.stderr)
        return NOTHING
    try:
        save(options.file, write(cards, DECK, time()))
    except OSError as problem:
        raise UsageError(f"cannot write {options.file}: {problem.strerror}") from problem
    show(options, {"file": str(options.file), "cards": len(cards)}, lambda _: f"{Count(len(cards)):card|cards} written to {options.file}")
    return DONE


def _overview(options: Options, index: Stored, kept: Filter) -> int:
    from index.morphemes import Analyser
    from rag.study.overview import PER_NOTE, overview

    analyser = Analyser()
    documents = [index.document(info.doc_id) for info in index.documents() if not kept or kept.keeps(info.doc_id)]
    found = overview(documents, lambda text: (token.term for token in analyser.tokens(text)), options.n or PER_NOTE)
    for glance in found:
        show(options, glance_dict(glance), partial(glance_text, glance))
    print(f"{Count(len(found)):note|notes}", file=sys.stderr)
    return DONE if found else NOTHING


def card_text(number: int, card: Card, style: view.Style) -> str:
    """A card for people: front, back, and where the answer stands."""
    from rag.study.export import place

    where = " › ".join((card.doc_id, *card.section))
    back = "\n".join(f"    {item}" for item in card.back)
    told = f"{where} · {place(card)} · {card.kind} · {card.key}"
    lines = f"{number:3}  {view.wrapped(view.printable(card.front), style.strong)}\n{view.printable(back)}"
    return f"{lines}\n    {view.wrapped(view.printable(told), style.faint)}"


def card_dict(card: Card) -> dict[str, Any]:
    """A card as JSON: what a file of cards has of it, with its items apart."""
    from rag.study.export import row

    source = card.sources[0]
    return {**row(card), "back": list(card.back), "start": source.start, "end": source.end}


def glance_text(glance: Glance, style: view.Style) -> str:
    """A note at a glance for people."""
    points = "\n".join(f"    - {view.printable(_point(point))}" for point in glance.points)
    return (
        f"{view.wrapped(view.printable(glance.title), style.strong)}  {view.wrapped(view.printable(glance.doc_id), style.faint)}\n{points}"
    )


def _point(point: Point) -> str:
    return f"{point.said} ({' › '.join((*point.section[-1:], f'line {point.locator.line}'))})"


def glance_dict(glance: Glance) -> dict[str, Any]:
    """A note at a glance as JSON."""
    points = [
        {"said": p.said, "section": list(p.section), "start": p.span.start, "end": p.span.end, "quote": p.span.quote} for p in glance.points
    ]
    return {"note": glance.doc_id, "title": glance.title, "points": points}

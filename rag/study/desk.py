"""What is to be learned today: the cards of the notes beside what is kept of them, and which of them comes next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from index.errors import StudyError
from index.types import Filter, Progress
from rag.citations import Notes
from rag.study.book import Book, Day, Kept
from rag.study.cards import RULES, Card, chosen, located, make_cards

NEW_A_DAY = 20
"""Cards that are asked for the first time on one day, unless more are wanted."""
AHEAD = timedelta(minutes=20)
"""A card that is being learned is asked so much before its time where nothing else is left, so that a quiz comes to its end."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The cards of some notes: to be asked, left out, and resting, for their words are gone from the notes."""

    cards: tuple[Card, ...]
    out: tuple[Card, ...]
    resting: tuple[Card, ...]
    kept: dict[str, Kept]
    day: Day

    def due(self, now: datetime) -> list[Card]:
        """The cards whose time has come, the longest overdue first."""
        found = [(due, card) for card in self.cards if (due := self._due(card)) is not None and due <= now]
        return [card for _, card in sorted(found, key=lambda pair: (pair[0], pair[1].key))]

    def new(self, more: int = 0) -> list[Card]:
        """The cards that were never asked, in the order of the notes, as many as the day still takes; `more` are wanted beyond that."""
        unseen = [card for card in self.cards if self._due(card) is None]
        return unseen[: max(0, NEW_A_DAY + more - self.day.new)]

    def unseen(self) -> int:
        """How many cards were never asked."""
        return sum(self._due(card) is None for card in self.cards)

    def extra(self) -> int:
        """How many new cards the day had beyond `NEW_A_DAY`."""
        return max(0, self.day.new - NEW_A_DAY)

    def soon(self, now: datetime) -> list[Card]:
        """The cards that are being learned and come again within `AHEAD`, the next first."""
        found = [(kept.due, card) for card in self.cards if (kept := self.kept.get(card.key)) and kept.due and kept.learning]
        return [card for due, card in sorted(found, key=lambda pair: (pair[0], pair[1].key)) if now < due <= now + AHEAD]

    def next(self, now: datetime, more: int = 0) -> Card | None:
        """The card to ask now; None where all is done for today."""
        return next(iter((*self.due(now), *self.new(more), *self.soon(now))), None)

    def next_due(self, now: datetime) -> datetime | None:
        """When the first card after now is due."""
        return min((due for card in self.cards if (due := self._due(card)) is not None and due > now), default=None)

    def _due(self, card: Card) -> datetime | None:
        kept = self.kept.get(card.key)
        return kept.due if kept else None


def cards_of(notes: Notes, book: Book | None, progress: Progress | None = None) -> list[Card]:
    """The cards of all notes, as they are kept or made anew where notes have changed. Cards that cannot be kept are made each time."""
    stamp = stamp_of(notes)
    if book and (found := book.made(stamp)) is not None:
        return found
    made = make_cards([notes.document(info.doc_id) for info in notes.documents()], progress)
    if book:
        with suppress(StudyError):  # a folder that nothing can be written to is said when something is learned
            book.keep_made(stamp, made)
    return made


def desk_of(
    notes: Notes, book: Book, cards: Sequence[Card], kept: Filter | None, midnight: datetime, found: dict[str, Card | None] | None = None
) -> Desk:
    """What is to be learned of the notes that a filter keeps; `midnight` is when the day began. Raises StudyError.

    A card that the rules make no more is still asked while its words stand in the notes; else it rests. Where such cards stand is
    remembered in `found`, which is of use while the notes stay as they are.
    """
    known = book.kept()
    keys = {card.key for card in cards}
    places = {} if found is None else found
    for key in known.keys() - keys - places.keys():
        places[key] = located(known[key].card, notes)
    found = {key: places[key] for key in known if key not in keys}
    mine = chosen((*cards, *filter(None, found.values())), kept)
    resting = chosen((known[key].card for key, card in found.items() if card is None), kept)
    out = {key for key, each in known.items() if each.out}
    asked, left = (tuple(card for card in mine if (card.key in out) is wanted) for wanted in (False, True))
    return Desk(asked, left, tuple(resting), known, book.day(midnight))


def stamp_of(notes: Notes) -> str:
    """What the cards follow from: the same for the same notes and rules."""
    rows = [(info.doc_id, info.content_hash, info.characters) for info in notes.documents()]
    return hashlib.sha256(repr((RULES, rows)).encode()).hexdigest()[:16]

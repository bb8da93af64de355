"""What a search is narrowed to: what an index offers for it, and how the browser keeps it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from index.types import DocumentInfo, Filter, weeks_of
from ui.view import Json

T = TypeVar("T", str, int)

KINDS = ("notes", "folders", "weeks", "types")
"""The fields of a filter, in the order in which they are shown."""
MOST = 20
"""Of each kind."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the notes of an index can be narrowed to. `titles` name the notes; weeks ascend, the rest is in the order of names."""

    titles: tuple[tuple[str, str], ...] = ()
    folders: tuple[str, ...] = ()
    weeks: tuple[int, ...] = ()
    types: tuple[str, ...] = ()

    def has(self, kind: str, value: str | int) -> bool:
        known = [doc_id for doc_id, _ in self.titles] if kind == "notes" else getattr(self, kind)
        return value in known


def offer(documents: Iterable[DocumentInfo]) -> Offer:
    """What tells these notes apart: a folder that holds all of them, and a format that all are of, narrow nothing and are left out."""
    documents = list(documents)
    folders: Counter[str] = Counter()
    weeks: set[int] = set()
    types: Counter[str] = Counter()
    for each in documents:
        folders.update(_above(each.doc_id))
        weeks |= weeks_of(each.doc_id)
        types.update([suffix] if (suffix := PurePosixPath(each.doc_id).suffix.lower().lstrip(".")) else [])
    titles = tuple((each.doc_id, each.title) for each in documents)
    return Offer(titles, _telling(folders, len(documents)), tuple(sorted(weeks)), _telling(types, len(documents)))


def offer_of(kept: Filter) -> Offer:
    """Nothing but what is chosen already: where there is no index to ask."""
    return Offer(tuple((name, name) for name in kept.notes), kept.folders, kept.weeks, kept.types)


def _above(doc_id: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(doc_id).parents if str(folder) != "."]


def _telling(counts: Counter[str], documents: int) -> tuple[str, ...]:
    return tuple(sorted(name for name, count in counts.items() if count < documents))


def to_json(kept: Filter) -> Json:
    """The filter as the browser keeps it, for `from_json`; empty where it keeps everything."""
    return {kind: list(values) for kind in KINDS if (values := getattr(kept, kind))}


def from_json(value: object, offered: Offer | None = None) -> Filter:
    """What `to_json` wrote, without whatever is not of its form or not offered any more: it comes back from outside."""
    found = value if isinstance(value, dict) else {}
    weeks = _values("weeks", found.get("weeks"), int, offered)
    notes, folders, types = (_values(kind, found.get(kind), str, offered) for kind in ("notes", "folders", "types"))
    return Filter(notes, folders, weeks, types)


def _values(kind: str, values: object, wanted: type[T], offered: Offer | None) -> tuple[T, ...]:
    rows = [each for each in values if type(each) is wanted] if isinstance(values, list) else []
    return tuple(each for each in dict.fromkeys(rows) if offered is None or offered.has(kind, each))[:MOST]


def without(kept: Filter, kind: str, value: str) -> Filter:
    """The filter with one value taken out; unchanged where it has none such."""
    fields = {each: getattr(kept, each) for each in KINDS}
    if kind in fields:
        fields[kind] = tuple(each for each in fields[kind] if str(each) != value)
    return Filter(**fields)


def keeps_any(kept: Filter, documents: Sequence[DocumentInfo]) -> bool:
    """Whether any note is left to search."""
    return not kept or any(kept.keeps(each.doc_id) for each in documents)

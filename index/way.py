"""How the vectors of one segment are searched: all compared, or by inverted lists where there are very many."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from threading import Lock

from index import vectors
from index.files import Stored, sha256
from index.index import Ids, Scores, Vectors
from index.manifest import SegmentEntry
from index.near import Among, Near
from index.vectors import Flat

REMAKE = "`rag index` makes it again"


class Way:
    """Searches the vectors of one segment the way that their number asks for, and says which it is."""

    def __init__(self, flat: Flat, folder: Path, entry: SegmentEntry) -> None:
        self._flat = flat
        self._folder = folder
        self._entry = entry
        self._lock = Lock()

    def search(self, queries: Vectors, k: int, among: Among | None = None) -> list[tuple[Ids, Scores]]:
        """For each query the k best of the rows that may be found, in the order `(-score, row)`; scores are exact."""
        with self._lock:  # threads that ask at the same time open the file once
            near, _ = self._near
        if near is not None:
            return near.search(queries, k, among)
        return self._flat.search(queries, k, None if among is None else among.ids)

    def __str__(self) -> str:
        near, trouble = self._near
        if near is not None:
            found = f"more than {vectors.EXACT_UP_TO:,}, so {near.lists} inverted lists lead to candidates, which are compared exactly"
        else:
            found = f"all are compared, {f'slowly: {trouble}' if trouble else f'being at most {vectors.EXACT_UP_TO:,}'}"
        return f"{len(self._flat.vectors):,} vectors: {found}"

    @property
    def is_large(self) -> bool:
        return is_large(self._entry)

    @cached_property
    def _near(self) -> tuple[Near | None, str]:
        """The lists, or why there are none although there are very many vectors."""
        if not is_large(self._entry):
            return None, ""
        for name, stored in self._entry.caches.items():
            trouble = fault(self._folder / name, stored)
            if trouble:
                return None, f"{trouble} {REMAKE}"
            try:
                return Near(self._folder / name, self._flat), ""
            except (RuntimeError, ImportError) as error:
                return None, f"{self._folder / name} cannot be read ({error}); {REMAKE}"
        return None, f"their lists are still to be made; {REMAKE}"


def is_large(entry: SegmentEntry) -> bool:
    """Whether a segment holds too many vectors to compare all of them."""
    return entry.rows > vectors.EXACT_UP_TO


def fault(file: Path, stored: Stored) -> str:
    """What is wrong with a file of lists. It is hashed before it is used: FAISS believes what it reads."""
    try:
        altered = file.stat().st_size != stored.bytes or sha256(file) != stored.sha256
    except FileNotFoundError:
        return f"{file} is missing."
    except OSError as error:
        return f"{file} cannot be read ({error.strerror})."
    return f"{file} is altered: its hash is not the manifest's." if altered else ""

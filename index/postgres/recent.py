"""What a thread asked last. A hybrid search asks by meaning, then by words, then for the score by words of what meaning had found: so that
the postings are read once and not twice, the second brings along what the third wants."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.index import Ids, Scores
from index.types import Filter

MOST = 1000
"""Of so many passages at most scores are brought along."""


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores by words of passages, whose ids ascend, for some weighted terms."""

    terms: Mapping[str, float]
    ids: Ids
    scores: Scores

    def of(self, terms: Mapping[str, float], ids: Ids) -> Scores | None:
        """Those of the passages named, or nothing where one is not known for these very terms."""
        if terms != self.terms or not np.isin(ids, self.ids).all():
            return None
        return self.scores[np.searchsorted(self.ids, ids)]


class Recent(threading.local):
    """Each thread has its own."""

    near: Ids | None = None
    within: Filter | None = None
    scored: Scored | None = None

    def found(self, ids: Ids, filter: Filter | None) -> None:
        """What a search by meaning found."""
        self.near, self.within = np.sort(ids[:MOST]), filter

    def wanted(self, filter: Filter | None) -> Ids:
        """The passages that a search by words brings along: what was found before it by meaning, in the same notes. Said once."""
        near, self.near = self.near, None
        return near if near is not None and self.within == filter else np.empty(0, np.int64)

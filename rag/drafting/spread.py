"""An even choice among drafts: over notes first, then over what made them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rag.drafting.draft import Draft

Kept = tuple[str, str]
"""The note and the maker of a question that is kept already."""


def spread(drafts: Sequence[Draft], most: int, kept: Iterable[Kept] = ()) -> list[Draft]:
    """At most so many of the drafts, in their order: each comes from the note with fewest so far, and is of the maker with fewest.

    What is kept already counts. Among equals the choice follows the ids, so it is always the same.
    """
    kept = list(kept)
    of_note, of_kind = Counter(note for note, _ in kept), Counter(made for _, made in kept)
    left: defaultdict[str, list[Draft]] = defaultdict(list)
    for draft in sorted(drafts, key=lambda each: each.id[-8:]):
        left[draft.doc_id].append(draft)
    chosen: list[Draft] = []
    while left and len(chosen) < most:
        note = min(left, key=lambda name: (of_note[name], name))
        draft = min(left[note], key=lambda each: of_kind[each.made])
        left[note].remove(draft)
        if not left[note]:
            del left[note]
        of_note[note] += 1
        of_kind[draft.made] += 1
        chosen.append(draft)
    picked = {draft.id for draft in chosen}
    return [draft for draft in drafts if draft.id in picked]

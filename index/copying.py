"""Moves an index from one engine to another, and proves that both give the same results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from index.build import grouped
from index.engines import Stored, empty_index, open_index, writing
from index.errors import EncoderMismatch, IndexMissing, IndexProblem, ModelError, UsageError
from index.index import Changes, Ids, Scores, Vectors
from index.places import Place
from index.types import Progress

GROUP = 4096
"""Passages of one commit: what is held in memory, and what a copy that was stopped does again at most."""
SAMPLE, TOP = 50, 10
NEAR, OVERLAP = 1e-6, 0.98
"""How far scores may be apart, relative to their size; how many of the nearest an engine that searches by a graph has to find."""


@dataclass(frozen=True, slots=True)
class Leg:
    """How alike the results of two indexes are: shared passages among the first ten, and how far their scores are apart at most."""

    overlap: float
    apart: float
    differing: int

    @property
    def same(self) -> bool:
        return not self.differing and self.apart <= NEAR and self.overlap >= OVERLAP


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied and what came of comparing the two: notes that differ, and each leg over so many questions."""

    notes: int
    passages: int
    generation: int
    differing: tuple[str, ...]
    questions: int
    asked_by: str
    legs: Mapping[str, Leg]

    @property
    def same(self) -> bool:
        return not self.differing and all(leg.same for leg in self.legs.values())


def copy(source: Place, target: Place, *, replace: bool = False, progress: Progress | None = None) -> Copied:
    """Copies an index to a place where none is, or goes on with a copy that was stopped there, and compares the two.

    `replace` takes out what the target holds. Raises UsageError where it holds another index, IndexBusy, and IndexProblem.
    """
    old = open_index(source)
    with writing(target):
        base = _begun(old, target, replace)
        new = _filled(old, base, progress, hidden=replace)
    return compared(old, new)


def _begun(old: Stored, target: Place, replace: bool) -> Stored:
    """The target as it is now: without notes, or with some of a copy that did not come to its end."""
    try:
        found = open_index(target)
    except IndexMissing:
        return empty_index(target, old.encoder, old.settings, old.sources)
    except IndexProblem:
        if not replace:
            raise
        return empty_index(target, old.encoder, old.settings, old.sources)
    alike = (found.encoder, found.settings) == (old.encoder, old.settings)
    if found.unfinished and alike and not replace:
        return found
    if len(found.documents()) and not replace:
        raise UsageError(f"{target} holds an index of {len(found.documents())} notes already: name another place, or add --replace")
    return empty_index(target, old.encoder, old.settings, old.sources)


def _filled(old: Stored, base: Stored, progress: Progress | None, hidden: bool) -> Stored:
    """Commits all that the target lacks; hidden, so that what it holds is there until the end."""
    there = {info.doc_id: info.content_hash for info in base.documents()}
    hashes = {info.doc_id: info.content_hash for info in old.documents()}
    wanted = [doc_id for doc_id, content_hash in hashes.items() if there.get(doc_id) != content_hash]
    gone = [doc_id for doc_id in there if doc_id not in hashes]
    done = 0
    for group, last in grouped(old.every(wanted), lambda: GROUP):
        done += len(group)
        summary = f"copy of generation {old.generation}" if last else f"{done} of {len(wanted)} notes"
        base = base.commit(
            Changes(group, gone if last else ()), summary, sources=old.sources, unfinished=not last, hidden=hidden and not last
        )
        if progress:
            progress("copy", done, len(wanted))
    return base


# ----------------------------------------------------------------------- comparing


def compared(old: Stored, new: Stored) -> Copied:
    """Asks both the same questions, which are sentences of the notes."""
    texts = _sentences(old)
    vectors, asked_by = _vectors(old, texts)
    differing = _differing(old, new)
    legs = {"dense": _dense(old, new, vectors), "lexical": _lexical(old, new, texts)} if len(new) else {}
    return Copied(len(new.documents()), len(new), new.generation, tuple(differing), len(texts), asked_by, legs)


def _differing(old: Stored, new: Stored) -> list[str]:
    """Notes that one of them lacks, or holds otherwise."""
    before = {info.doc_id: info for info in old.documents()}
    after = {info.doc_id: info for info in new.documents()}
    return sorted(doc_id for doc_id in before.keys() | after.keys() if before.get(doc_id) != after.get(doc_id))


def _sentences(index: Stored) -> list[str]:
    """Sentences out of passages drawn at random, the same for the same index."""
    from index.sentences import sentences

    chosen = sorted(Random(13).sample(range(len(index)), min(SAMPLE, len(index))))
    found = []
    for passage in index.passages(chosen):
        spans = [passage.text[start:end].strip() for start, end in sentences(passage.text)]
        found.append(max(spans, key=len, default="") or passage.text)
    return found


def _vectors(index: Stored, texts: Sequence[str]) -> tuple[Vectors, str]:
    """The sentences as the index's own encoder sees them; where that is not to be had, vectors of passages stand for them."""
    from index.recorded import open_recorded

    try:
        encoder = open_recorded(index.path)
        if encoder.fingerprint == index.encoder_fingerprint and texts:
            return encoder.encode_questions(texts), "sentences of the notes"
    except (ModelError, EncoderMismatch):
        pass
    chosen = sorted(Random(13).sample(range(len(index)), min(SAMPLE, len(index))))
    return index.vectors(chosen), "vectors of passages, since the encoder that made them is not here"


def _dense(old: Stored, new: Stored, vectors: Vectors) -> Leg:
    pairs = [
        (_named(old, ids, scores), _named(new, others, other))
        for ids, scores, others, other in zip(*old.dense(vectors, TOP), *new.dense(vectors, TOP), strict=True)
    ]
    return _leg(pairs)


def _lexical(old: Stored, new: Stored, texts: Sequence[str]) -> Leg:
    from index.morphemes import Analyser

    analyser = Analyser()
    asked = [analyser.query(text) for text in texts]
    return _leg([(_named(old, *old.lexical(terms, TOP)), _named(new, *new.lexical(terms, TOP))) for terms in asked])


def _named(index: Stored, ids: Ids, scores: Scores) -> dict[str, float]:
    """Results by the passages' names, best first."""
    there = ids >= 0
    names = [passage.passage_id for passage in index.passages(ids[there])]
    return dict(zip(names, scores[there].tolist(), strict=True))


def _leg(pairs: Sequence[tuple[dict[str, float], dict[str, float]]]) -> Leg:
    """Passages that tie with the tenth may be either one: results of unlike length are what must not be."""
    shared = [len(a.keys() & b.keys()) / max(len(a), 1) if a else float(not b) for a, b in pairs]
    apart = [abs(a[name] - b[name]) / max(abs(a[name]), 1.0) for a, b in pairs for name in a.keys() & b.keys()]
    return Leg(float(np.mean(shared)) if shared else 1.0, max(apart, default=0.0), sum(len(a) != len(b) for a, b in pairs))

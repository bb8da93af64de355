"""Adapts an encoder to one index of notes, without labels, and says by held-out questions whether that helped."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from index.errors import UsageError
from index.files import save
from index.index import Index, Scores
from index.morphemes import Analyser
from index.types import Passage
from rag import mixture, retriever
from rag.evaluation.stats import paired_bootstrap
from rag.training.examples import Pair
from rag.training.selfsup import pairs
from rag.training.stages import say

if TYPE_CHECKING:
    from rag.training.retriever import Lesson

LEAST = 60
"""Held-out questions below which no difference would be believed."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""How much of the way from the old weights to the trained ones is tried."""
LONGEST, DEPTH = 224, 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """MRR@10 of held-out questions, a mean over their passages: by meaning alone before and after, with the 95 % interval of the
    difference, and by meaning and words together, as the default asks."""

    questions: int
    trained_on: int
    share: float
    before: float
    after: float
    low: float
    high: float
    mixed_before: float
    mixed_after: float

    @property
    def wins(self) -> bool:
        """Whether the adapted encoder is better beyond chance, and the default no worse with it."""
        return self.low > 0 and self.mixed_after >= self.mixed_before


@dataclass(frozen=True, slots=True)
class Parts:
    """The questions that the notes ask themselves: those to train on, to choose the share by, and to judge by; no two share a passage."""

    train: list[Pair]
    choose: list[Pair]
    judge: list[Pair]


def adapt(index: Index, encoder: Path, out: Path, epochs: int = 2, rate: float = 2e-5, seed: int = 13) -> Verdict:
    """Trains on the questions of two thirds of the passages, chooses the share of the new weights on a sixth, judges on a sixth.

    Where the adapted encoder wins, `out/encoder` is a folder that `rag index --encoder` takes; else nothing but the verdict is written.
    Raises UsageError where the notes give too few questions to judge, ModelError where the encoder is no exported folder.
    """
    from index.shipping import export_folder
    from index.weights import thaw
    from rag.training.retriever import averaged

    passages = index.passages(range(len(index)))
    parts = questions_of(passages, seed)
    counts = f"{len(parts.train)} questions to train on, {len(parts.choose)} to choose by, {len(parts.judge)} to judge by"
    say(f"{len(passages)} passages, {counts}")
    model = thaw(encoder)
    bert = model[0].model
    raw = _copied(bert)
    analyser = Analyser()
    before, mixed_before = _reciprocal_ranks(model, index, passages, parts.judge, analyser)
    used = _train(model, passages, parts.train, out / "adapt.pt", epochs, rate, seed, analyser)
    trained = _copied(bert)

    def ranked(share: float, questions: Sequence[Pair]) -> tuple[list[float], list[float]]:
        bert.load_state_dict(averaged(raw, trained, share))
        return _reciprocal_ranks(model, index, passages, questions, analyser)

    share = max(SHARES, key=lambda each: fmean(ranked(each, parts.choose)[0]))
    after, mixed_after = ranked(share, parts.judge)
    found = paired_bootstrap(after, before)
    verdict = Verdict(
        len(parts.judge), used, share, fmean(before), fmean(after), found.low, found.high, fmean(mixed_before), fmean(mixed_after)
    )
    save(out / "verdict.json", (json.dumps(asdict(verdict), indent=1) + "\n").encode())
    if verdict.wins:
        export_folder(model, out / "encoder")
    return verdict


def questions_of(passages: Sequence[Passage], seed: int) -> Parts:
    """The passages' own questions in three parts; UsageError where there are too few."""
    parts = Parts([], [], [])
    made = list(pairs(passages, seed))
    for pair in made:
        number = int(hashlib.sha256(pair.positive.encode()).hexdigest()[:8], 16) % 6
        (parts.judge if number == 0 else parts.choose if number == 1 else parts.train).append(pair)
    if len(parts.judge) < LEAST:
        raise UsageError(
            f"the notes give {len(made)} questions of their own, {len(parts.judge)} of them to judge by; at least {LEAST} are needed to "
            "tell whether an adapted encoder is better. Keep the one you have, or add notes with headings and definitions"
        )
    return parts


def _train(
    model: Any,
    passages: Sequence[Passage],
    questions: Sequence[Pair],
    checkpoint: Path,
    epochs: int,
    rate: float,
    seed: int,
    analyser: Analyser,
) -> int:
    """Returns how many questions were trained on. UsageError where they are of too few notes for one batch."""
    import torch

    from rag.training.loop import Schedule, digest, train
    from rag.training.model import freeze_trunk
    from rag.training.retriever import Chunk, Towers, contrastive_loss, dense_rank, lesson_batches, lexical_rank, mined, note_lessons

    freeze_trunk(model[0].model)
    for module in list(model)[1:]:
        module.requires_grad_(False)
    towers = Towers(model, LONGEST)
    chunks = [Chunk(passage.passage_id, passage.embedded, passage.doc_id) for passage in passages]
    legs = [lexical_rank(chunks, analyser), dense_rank(chunks, towers.passages, towers.questions)]
    lessons = mined(note_lessons(passages, questions), chunks, legs)
    batches = lesson_batches(lessons, batch_size(lessons), epochs, seed)

    def loss_of(batch: Sequence[int]) -> torch.Tensor:
        return contrastive_loss(towers, [lessons[at] for at in batch], random.Random(f"{seed} {batch[0]}"))

    train(model, batches, loss_of, Schedule(rate, seed=seed), checkpoint, digest([batches, *lessons]), unit="questions")
    return len({at for batch in batches for at in batch})


def batch_size(lessons: Sequence[Lesson]) -> int:
    """At most a quarter of the questions, and as many as half of the notes: a batch holds one question of a note."""
    notes = len({lesson.positive.group for lesson in lessons})
    return min(32, max(2, min(len(lessons) // 4, notes // 2)))


def _reciprocal_ranks(
    model: Any, index: Index, passages: Sequence[Passage], questions: Sequence[Pair], analyser: Analyser
) -> tuple[list[float], list[float]]:
    """1 / rank of the questions' own passages among all, nothing below rank 10: by meaning, and by meaning and words.

    One value for each passage, the mean of its questions, which stand and fall together.
    """
    from rag.training.retriever import Towers

    towers = Towers(model, LONGEST)
    place = {passage.passage_id: number for number, passage in enumerate(passages)}
    scores = towers.questions([pair.question for pair in questions]) @ towers.passages([passage.embedded for passage in passages]).T
    found: dict[str, list[tuple[float, float]]] = {}
    for row, pair in zip(scores, questions, strict=True):
        values = (
            _reciprocal(row, place[pair.positive]),
            _reciprocal(_mixed(index, row, analyser.query(pair.question)), place[pair.positive]),
        )
        found.setdefault(pair.positive, []).append(values)
    return [fmean(dense for dense, _ in each) for each in found.values()], [fmean(mixed for _, mixed in each) for each in found.values()]


def _mixed(index: Index, dense: Scores, terms: Mapping[str, float]) -> Scores:
    """The scores by which the default retriever ranks all passages; -inf for what neither leg brings."""
    near = np.argsort(-dense, kind="stable")[: retriever.DEPTH]
    every = np.union1d(near, index.lexical(terms, retriever.DEPTH)[0])
    scores = np.full(len(dense), -np.inf, np.float32)
    scores[every] = mixture.shipped().scores(mixture.describe(index, terms), dense[every], index.score_lexical(terms, every))
    return scores


def _reciprocal(scores: Scores, place: int) -> float:
    rank = int((scores > scores[place]).sum()) + 1
    return 1 / rank if rank <= DEPTH and scores[place] > -np.inf else 0.0


def _copied(bert: Any) -> Mapping[str, Any]:
    return {name: value.detach().to("cpu", copy=True) for name, value in bert.state_dict().items()}

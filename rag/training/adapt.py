"""Adapts an encoder to one index of notes, without labels, and says by held-out questions whether that helped."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from index.encoder import Vectors
from index.errors import UsageError
from index.files import save
from index.index import Index
from index.types import Passage
from rag.evaluation.stats import paired_bootstrap
from rag.training.examples import Pair
from rag.training.selfsup import pairs
from rag.training.stages import say

LEAST = 60
"""Held-out questions below which no difference would be believed."""
SHARES = (0.25, 0.5, 0.75, 1.0)
"""How much of the way from the old weights to the trained ones is tried."""
LONGEST, DEPTH = 224, 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """MRR@10 of held-out questions by meaning alone, before and after, and the 95 % interval of the difference."""

    questions: int
    trained_on: int
    share: float
    before: float
    after: float
    low: float
    high: float

    @property
    def wins(self) -> bool:
        """Whether the adapted encoder is better beyond chance."""
        return self.low > 0


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
    before = _reciprocal_ranks(model, passages, parts.judge)
    _train(model, passages, parts.train, out / "adapt.pt", epochs, rate, seed)
    trained = _copied(bert)

    def ranked(share: float, questions: Sequence[Pair]) -> list[float]:
        bert.load_state_dict(averaged(raw, trained, share))
        return _reciprocal_ranks(model, passages, questions)

    share = max(SHARES, key=lambda each: fmean(ranked(each, parts.choose)))
    after = ranked(share, parts.judge)
    found = paired_bootstrap(after, before)
    verdict = Verdict(len(after), len(parts.train), share, fmean(before), fmean(after), found.low, found.high)
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
    model: Any, passages: Sequence[Passage], questions: Sequence[Pair], checkpoint: Path, epochs: int, rate: float, seed: int
) -> None:
    import torch

    from index.morphemes import Analyser
    from rag.training.loop import Schedule, train
    from rag.training.model import freeze_trunk
    from rag.training.retriever import Chunk, Towers, contrastive_loss, dense_rank, lesson_batches, lexical_rank, mined, note_lessons

    freeze_trunk(model[0].model)
    for module in list(model)[1:]:
        module.requires_grad_(False)
    towers = Towers(model, LONGEST)
    chunks = [Chunk(passage.passage_id, passage.embedded, passage.doc_id) for passage in passages]
    legs = [lexical_rank(chunks, Analyser()), dense_rank(chunks, towers.passages, towers.questions)]
    lessons = mined(note_lessons(passages, questions), chunks, legs)
    batches = lesson_batches(lessons, min(32, max(2, len(lessons) // 4)), epochs, seed)

    def loss_of(batch: Sequence[int]) -> torch.Tensor:
        return contrastive_loss(towers, [lessons[at] for at in batch], random.Random(f"{seed} {batch[0]}"))

    train(model, batches, loss_of, Schedule(rate, seed=seed), checkpoint)


def _reciprocal_ranks(model: Any, passages: Sequence[Passage], questions: Sequence[Pair]) -> list[float]:
    """1 / rank of each question's own passage among all, nothing below rank 10."""
    from rag.training.retriever import Towers

    towers = Towers(model, LONGEST)
    place = {passage.passage_id: number for number, passage in enumerate(passages)}
    scores = towers.questions([pair.question for pair in questions]) @ towers.passages([passage.embedded for passage in passages]).T
    return [_reciprocal(row, place[pair.positive]) for row, pair in zip(scores, questions, strict=True)]


def _reciprocal(scores: Vectors, place: int) -> float:
    rank = int((scores > scores[place]).sum()) + 1
    return 1 / rank if rank <= DEPTH else 0.0


def _copied(bert: Any) -> Mapping[str, Any]:
    return {name: value.clone() for name, value in bert.state_dict().items()}

"""Sets of questions over passages, ready for any way to rank, and what rankings are worth on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.peers import Rankings, Work
from index.encoder import Encoder
from index.folder import FolderIndex
from index.types import Passage, Progress
from rag.evaluation.datasets import Dataset, Question
from rag.evaluation.evaluate import DEPTH, Texts, retrieval_row
from rag.evaluation.gold import Gold, gold_of, gold_over
from rag.evaluation.report import QuestionRow
from rag.evaluation.yardstick import CachedEncoder
from rag.mixture import Mixture
from rag.reading import as_hit, evenly
from rag.training.examples import TYDI, held_out
from rag.types import Hit

FIFTH = "tydi, fixed fifth"
"""Questions of the passages that no training saw, asked over all passages of the set."""


@dataclass(frozen=True, slots=True)
class Task:
    """Passages, the answerable questions that are asked of them, and what is relevant to each, by question id."""

    name: str
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]
    gold: Mapping[str, Gold]

    @property
    def texts(self) -> list[str]:
        """What is embedded of each passage."""
        return [passage.embedded for passage in self.passages]

    @property
    def asked(self) -> list[str]:
        return [question.text for question in self.questions]


def fixed_fifth(data: Dataset) -> Dataset:
    """All its passages, and the questions of those that are kept out of every training."""
    kept = [question for question in data.questions if held_out(TYDI, question.evidence[0].doc)]
    return replace(data, name=FIFTH, questions=tuple(kept))


def of_set(data: Dataset, limit: int | None = None) -> Task:
    """A public set, or at most `limit` of its questions, spread evenly over them."""
    passages = {context.id: as_hit(context).passage for context in data.contexts}
    questions = tuple(evenly([question for question in data.questions if question.answerable], limit))
    gold = gold_over({name: [passage] for name, passage in passages.items()}, lambda name: passages[name].text, questions)
    return Task(data.name, tuple(passages.values()), questions, gold)


def of_notes(name: str, place: Path, questions: Iterable[Question], fingerprint: str, limit: int | None = None) -> Task:
    """The passages of an index. Raises IndexMissing, EncoderMismatch and so on, as `FolderIndex.open`."""
    index = FolderIndex.open(place, fingerprint=fingerprint)
    chosen = tuple(evenly([question for question in questions if question.answerable], limit))
    return Task(name, tuple(index.passages(range(len(index)))), chosen, gold_of(index, chosen))


def work(task: Task, encoder: CachedEncoder | None, mixture: Mixture | None = None, progress: Progress | None = None) -> Work:
    """The task as a way is given it, with vectors where there is an encoder."""
    if encoder is None:
        return Work(task.passages, tuple(task.asked))
    passages = encoder.encode_passages(task.texts, progress)
    encoder.warm(task.asked, progress)
    return Work(task.passages, tuple(task.asked), passages, encoder.encode_questions(task.asked), mixture)


def rows(task: Task, found: Mapping[str, Rankings], ks: Sequence[int], encoder: Encoder) -> Iterator[QuestionRow]:
    """A row for each system and question, without its hits; `split` is the name of the task. The encoder only counts tokens."""
    texts, depth = Texts(encoder), max(DEPTH, *ks)
    for system, (ids, scores) in found.items():
        for question, places, values in zip(task.questions, ids[:, :depth], scores, strict=True):
            hits = [Hit(task.passages[at], float(score)) for at, score in zip(places, values[:depth], strict=True) if at >= 0]
            row = retrieval_row(system, question, task.gold[question.id], hits, ks, texts)
            yield replace(row, split=task.name, hits=())

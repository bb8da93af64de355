"""hit@1 of the legs and of the default on the public sets, with one encoder and with another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.accuracy import lead, number, worse
from benchmarks.cells import Cell, rankings
from benchmarks.changes import COLUMNS, Change, changed
from benchmarks.results import Figure, Findings
from benchmarks.tasks import FIFTH, fixed_fifth, of_set, rows, work
from index.encoder import Encoder
from index.index import Index
from index.morphemes import Analyser
from index.types import Progress
from rag.evaluation.datasets import YARDSTICKS, Dataset, load_set
from rag.evaluation.evaluate import COMPARED, averaged, compared
from rag.evaluation.report import QuestionRow, Table
from rag.evaluation.yardstick import CachedEncoder
from rag.mixture import Mixture, shipped
from rag.retriever import IndexRetriever
from rag.training.examples import TYDI
from rag.types import RETRIEVERS, RetrieverName

HIT = "hit@1"
POOLED, HARD = "all dev sets", "mlfb, hf, autorag"
NOT_WORSE = ("mlfb", "hf", "autorag")


@dataclass(frozen=True, slots=True)
class Finder:
    """What retrieves: an encoder, and the weights that mix it with BM25 (None: the shipped ones)."""

    encoder: Encoder
    analyser: Analyser
    mixture: Mixture | None = None

    def over(self, index: Index, name: RetrieverName, encoder: Encoder | None = None) -> IndexRetriever:
        return IndexRetriever(index, encoder or self.encoder, self.analyser, name, self.mixture)


def retrieval(root: Path, new: Finder, old: Finder | None, cache: Path | None, progress: Progress | None) -> Findings:
    """hit@1 of every leg on every set, on all dev sets as one, and as the mean over the three hard ones."""
    sets = [*(load_set(name, root) for name in YARDSTICKS), fixed_fifth(load_set(TYDI, root))]
    after = ranked(sets, new, RETRIEVERS, cache, progress)
    before = ranked(sets, old, ("hybrid", "dense"), cache, progress) if old else []
    changes = {
        (group, system): moved(after, before, names, system, even=group == HARD)
        for group, names in groups([data.name for data in sets])
        for system in RETRIEVERS
    }
    lines = ((*key, change.after.items, *change.cells()) for key, change in changes.items())
    table = Table(HIT, ("set", "system", "questions", *COLUMNS), tuple(lines))
    return Findings({}, tuple(retrieval_figures(changes, after)), (table,))


def ranked(
    sets: Sequence[Dataset], finder: Finder, systems: Sequence[str], cache: Path | None, progress: Progress | None
) -> list[QuestionRow]:
    """Every question of every set by every system."""
    tasks, encoder = [of_set(data) for data in sets], CachedEncoder(finder.encoder, cache)
    mixture = finder.mixture or shipped()
    found = rankings([Cell("ours", work(task, encoder, mixture, progress)) for task in tasks], cache, progress)
    kept = ({name: each[name] for name in systems} for each in found)
    return [row for task, each in zip(tasks, kept, strict=True) for row in rows(task, each, (1,), finder.encoder)]


def groups(sets: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """Each set by itself, then those that are read together."""
    return [*((name, (name,)) for name in sets), (POOLED, YARDSTICKS), (HARD, NOT_WORSE)]


def moved(after: Sequence[QuestionRow], before: Sequence[QuestionRow], sets: Sequence[str], system: str, even: bool) -> Change:
    """hit@1 over the sets together; `even` weighs each set the same, else each question counts the same."""
    new, old = values(after, sets, system, even), values(before, sets, system, even)
    return changed(list(new.values()), [old[key] for key in new] if old else None)


Values = Mapping[tuple[str, str], float]
"""hit@1 of each question, by set and question id."""


def values(rows: Sequence[QuestionRow], sets: Sequence[str], system: str, even: bool) -> Values:
    """hit@1 by question; where `even`, times what makes their mean the mean over the sets."""
    found = {(row.split, row.question_id): row.metrics[HIT] for row in rows if row.system == system and row.split in sets}
    held = [sum(name == group for name, _ in found) for group in sets]
    scale = {group: len(found) / (len(sets) * count) if even and count else 1.0 for group, count in zip(sets, held, strict=True)}
    return {key: value * scale[key[0]] for key, value in found.items()}


def retrieval_figures(changes: Mapping[tuple[str, RetrieverName], Change], rows: Sequence[QuestionRow]) -> Iterator[Figure]:
    """What was promised of the retriever."""
    yield changes["korquad", "dense"].figure("KorQuAD, dense, hit@1", 0.88)
    yield changes[FIFTH, "dense"].figure("TyDi's fixed fifth, dense, hit@1", 0.80)
    hard = changes[HARD, "dense"]
    yield hard.figure("mean of mlfb, hf and autorag, dense, hit@1", hard.before.value if hard.before else None)
    yield changes["korquad", "hybrid"].figure("KorQuAD, default, hit@1", 0.95)
    yield changes[POOLED, "hybrid"].figure("all dev sets, default, hit@1")
    dev = [row for row in rows if row.split in YARDSTICKS]
    sets = averaged("sets", ("set", "system"), dev, lambda row: (row.split, row.system)).records()
    yield Figure("default above the better leg, all dev sets", lead(sets, lambda row: number(row["questions"])), "", 0.0, at_least=True)
    tests = [(name, *line) for name in YARDSTICKS for line in compared("", [row for row in dev if row.split == name], (HIT,)).rows]
    yield Figure("sets significantly below a leg", worse(Table("sets compared", ("set", *COMPARED), tuple(tests))), "", 0)

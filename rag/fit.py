"""Fits the few numbers that the retriever and the readers use, and writes them to `rag/models/`.

    python -m rag.fit --data DATA --index data/index --questions data/questions.jsonl

- the mixture of the legs: on questions of KLUE-MRC and TyDi-ko, each set counting the same
- which sentence or span answers: on the same questions, and on the `dev` split of our own, which count twice as much as both sets
- confidence and refusal: on the same questions as they are asked, without the passages that answer them, and asked of notes that do not
- the threshold of refusal: on our own `dev` split, each question judged by weights fitted on other notes

All questions are about passages that neither encoder nor span model was trained on. All models are linear, with a softmax or logistic
loss. Figures go to standard output; each is of weights fitted on other folds, by passage or note.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from index.encoder import open_encoder
from index.errors import UsageError
from index.morphemes import Analyser
from index.places import place_of
from rag import sentence_reader, span_reader
from rag.cases import OWN, Case, How, Source, cases, own_sources, public_sources, strangers
from rag.evaluation.datasets import data_root, load_questions
from rag.evaluation.evaluate import RIGHT
from rag.evaluation.metrics import auroc, calibration_error, f1
from rag.linear import Choice, Flags, Folds, Matrix, cross_fitted, fit_choices, fit_logistic, probability
from rag.mixture import FEATURES, WEIGHTS, describe, features, scaled
from rag.questions import Wants, wants
from rag.reading import Evidenced, side_by_side
from rag.retriever import DEPTH
from rag.sentence_reader import KINDS, Candidate, SentenceReader, Weights
from rag.span_model import SpanModel, WindowReader
from rag.span_reader import SpanReader
from rag.spans import answer_spans, shown
from rag.types import Span

REFUSED_WRONGLY = 0.04
"""The share of answerable `dev` questions that the threshold refuses."""

REMEMBERED = 64
"""How many windows of the span model are kept: a question is read twice, over much the same passages."""

Group = tuple[bool, How]
"""Whether questions are our own, and how they are asked."""

CHOOSING: Mapping[Group, float] = {(True, How.ASKED): 2.0, (False, How.ASKED): 1.0}
"""How much the questions of a group count together where answers are chosen: notes are what we are asked of."""
TRUSTING: Mapping[Group, float] = {(True, How.ASKED): 1.0, (True, How.NEAR): 0.15, (False, How.ASKED): 1.0}
"""The same for the confidence."""
REFUSING: Mapping[Group, float] = {
    (True, How.ASKED): 1.0,
    (True, How.NEAR): 0.5,
    (True, How.WITHOUT): 0.1,
    (True, How.ELSEWHERE): 0.15,
    (True, How.STRANGE): 0.05,
    (False, How.ASKED): 0.3,
    (False, How.WITHOUT): 0.15,
}
"""The same for refusal: those near our topics count most, since all others are easier to refuse."""


# The mixture


def fit_mixture(sources: Sequence[Source]) -> tuple[float, ...]:
    """Weights of FEATURES."""
    cosine, *rest = fit_choices([choice for source in sources for choice in mixture_choices(source)], l2=1e-6)
    return tuple(round(float(value / cosine), 5) for value in rest)


def mixture_choices(source: Source) -> list[Choice]:
    """Linear form of the mixture: the columns are cosine and scaled BM25 times each of FEATURES, so that α = w / (weight of the cosine)."""
    choices, retriever = [], source.retriever
    for question in source.questions:
        terms = retriever.analyser.query(question.text)
        found = retriever.candidates(question.text, terms, DEPTH)
        query = describe(retriever.index, terms)
        dense, lexical = found.scores["dense"], found.scores["lexical"]
        columns = np.outer(scaled(query, lexical), features(query, dense, lexical))
        right = [passage.passage_id in source.gold[question.id].holders for passage in retriever.index.passages(found.ids)]
        choices.append(Choice(np.column_stack((dense, columns)).astype(np.float64), np.array(right), 1 / len(source.questions)))
    return choices


# What readers see


@dataclass(frozen=True, slots=True)
class Read:
    """A case as a reader sees it: of each possible answer the features `(n, f)`, whether it is right to choose it `(n,)` and the F1 of
    what it says `(n,)`; and what it knows of the evidence once the answers are ranked by weights."""

    case: Case
    features: Matrix
    right: Flags
    f1: Matrix
    ranked: Callable[[Matrix], Evidenced]

    @property
    def group(self) -> Group:
        return self.case.source.name == OWN, self.case.how


def read_sentences(case: Case) -> Read | None:
    """By the sentence reader; None where there is nothing to read. Right are the sentences of gold passages that give the answer."""
    source, question = case.source.retriever, case.question
    offers = SentenceReader(source.index, source.encoder, source.analyser).offers(question.text, case.hits)
    if offers is None:
        return None
    known = {token.term for token in source.analyser.tokens(question.text)}
    said = [answer_spans(each.hit.passage, each.start, each.end, question.text, known) for each in offers.candidates]
    right = [_gives(case, each, spans) for each, spans in zip(offers.candidates, said, strict=True)]
    rows = np.array([each.features for each in offers.candidates])
    return Read(case, rows, np.array(right), _f1(case, said), offers.ranked)


def _gives(case: Case, sentence: Candidate, spans: Sequence[Span]) -> bool:
    """Where a list is wanted: its items are the gold ones. Else its answer overlaps a gold quote, or it holds an answer string."""
    passage, question = sentence.hit.passage, case.question
    if passage.passage_id not in case.held:
        return False
    if wants(question.text) is Wants.LIST:
        return f1(shown(spans), question.answers) >= RIGHT
    quotes = [place for item in case.source.gold[question.id].places for place in item if place.doc_id == passage.doc_id]
    if quotes:
        return any(place.start < span.end and span.start < place.end for place in quotes for span in spans)
    return any(answer in sentence.text for answer in question.answers)


def read_spans(model: WindowReader, case: Case) -> Read | None:
    """By the span reader; None where there is nothing to read. Right are the answers of gold passages with the highest F1."""
    source = case.source.retriever
    offers = SpanReader(source.index, source.encoder, source.analyser, model).offers(case.question.text, case.hits)
    if offers is None:
        return None
    score = _f1(case, [each.spans for each in offers.candidates])
    held = np.where([each.sentence.hit.passage.passage_id in case.held for each in offers.candidates], score, 0.0)
    rows = np.array([each.features for each in offers.candidates])
    return Read(case, rows, held >= max(RIGHT, held.max()), score, offers.ranked)


def _f1(case: Case, said: Sequence[Sequence[Span]]) -> Matrix:
    """Of each answer; 0 where the question has none."""
    return np.array([f1(shown(spans), case.question.answers) if case.question.answers else 0.0 for spans in said])


def read_all(sources: Sequence[Source], read: Callable[[Case], Read | None]) -> list[Read]:
    """Every question of the sources, however it is asked."""
    jobs = [(source, question) for source in sources for question in source.questions]
    found = side_by_side("questions read", lambda job: [read(case) for case in cases(*job)], jobs, _progress)
    return [each for one in found for each in one if each]


def _progress(stage: str, done: int, total: int) -> None:
    if done % 100 == 0 or done == total:
        print(f"{stage}: {done} of {total}", file=sys.stderr, flush=True)


# Readers


@dataclass(frozen=True, slots=True)
class Judged:
    """What comes of each of n cases, by weights fitted on the other folds: the evidence `(n, e)` for the answer chosen, its F1 `(n,)`, the
    probabilities that it is right and that there is one `(n,)`."""

    evidence: Matrix
    f1: Matrix
    confidence: Matrix
    support: Matrix


def fit_reader(reads: Sequence[Read]) -> tuple[Weights, Judged]:
    """All weights of a reader, and what comes of each case by those of other folds."""
    folds = np.array([read.case.fold for read in reads])
    choices = [Choice(read.features, read.right, count) for read, count in zip(reads, _counts(reads, CHOOSING), strict=True) if count]
    taught = np.array([bool(CHOOSING.get(read.group)) for read in reads])
    by_fold = {
        fold: fit_choices([choice for choice, of in zip(choices, folds[taught], strict=True) if of != fold], l2=1e-4)
        for fold in np.unique(folds)
    }
    weights = [by_fold[fold] for fold in folds]
    evidence = np.array([read.ranked(each).evidence for read, each in zip(reads, weights, strict=True)])
    score = np.array([read.f1[np.argmax(read.features @ each)] for read, each in zip(reads, weights, strict=True)])
    right, confidence = _logistic(evidence, score >= RIGHT, _counts(reads, TRUSTING), folds)
    there = np.array([read.case.there for read in reads])
    answerable, support = _logistic(evidence[:, :-KINDS], there, _counts(reads, REFUSING), folds)
    threshold = float(np.quantile(support[_group(reads, True, How.ASKED)], REFUSED_WRONGLY))
    kinds = np.zeros(KINDS)
    fitted = Weights(_rounded(fit_choices(choices, l2=1e-4)), _rounded(right), _rounded([*answerable, *kinds]), round(threshold, 4))
    return fitted, Judged(evidence, score, confidence, support)


def _logistic(rows: Matrix, labels: Flags, counts: Matrix, folds: Folds) -> tuple[Matrix, Matrix]:
    """Weights, and the probability of each row by those of the other folds; rows that count nothing are only judged."""
    return fit_logistic(rows[counts > 0], labels[counts > 0], counts[counts > 0]), probability(cross_fitted(rows, labels, counts, folds))


def _counts(reads: Sequence[Read], shares: Mapping[Group, float]) -> Matrix:
    """How much each counts, so that each group has its share."""
    sizes = Counter(read.group for read in reads)
    return np.array([shares.get(read.group, 0.0) / sizes[read.group] for read in reads])


def _group(reads: Sequence[Read], own: bool, *how: How) -> Flags:
    return np.array([read.group[0] is own and read.case.how in how for read in reads])


def _rounded(values: Sequence[float] | Matrix) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)


def figures(reads: Sequence[Read], judged: Judged, threshold: float) -> Iterator[tuple[str, int, float | None]]:
    """What is measured, on how many questions, and its value."""
    answered = judged.support >= threshold
    for own, name in ((True, "own"), (False, "public")):
        asked = _group(reads, own, How.ASKED)
        if not asked.any():
            continue
        yield f"{name}: F1 of the answer chosen", int(asked.sum()), float(judged.f1[asked].mean())
        yield f"{name}: share with F1 of {RIGHT} or more", int(asked.sum()), float((judged.f1[asked] >= RIGHT).mean())
        stated = _group(reads, own, How.ASKED, How.NEAR) & answered
        yield f"{name}: ECE of those answered", int(stated.sum()), _ece(judged, stated)
        for how in How:
            those = _group(reads, own, how)
            if those.any():
                yield f"{name}: refused, {how.value}", int(those.sum()), float((~answered[those]).mean())
                if how is not How.ASKED:
                    yield f"{name}: AUROC against {how.value}", int((asked | those).sum()), _auroc(judged, asked, those)


def _ece(judged: Judged, those: Flags) -> float | None:
    return calibration_error(judged.confidence[those].tolist(), (judged.f1[those] >= RIGHT).tolist())


def _auroc(judged: Judged, answerable: Flags, those: Flags) -> float | None:
    both = answerable | those
    return auroc(judged.support[both].tolist(), answerable[both].tolist())


# Running


@dataclass(frozen=True, slots=True)
class Task:
    """A reader to fit: where its weights go, the features they are for, and how it reads."""

    path: Path
    choice: Sequence[str]
    evidence: Sequence[str]
    read: Callable[[Case], Read | None]


def tasks(only: str | None) -> Iterator[Task]:
    """The sentence reader first: the span reader looks at its weights."""
    if only in (None, "sentence"):
        yield Task(sentence_reader.READER, sentence_reader.SENTENCE, sentence_reader.EVIDENCE, read_sentences)
    if only in (None, "span"):
        sentence_reader.shipped.cache_clear()
        yield Task(span_reader.READER, span_reader.CHOICE, span_reader.EVIDENCE, partial(read_spans, SpanModel(remembered=REMEMBERED)))


def run(task: Task, sources: Sequence[Source]) -> None:
    """Fits a reader, prints the figures and saves the weights."""
    reads = read_all(sources, task.read)
    weights, judged = fit_reader(reads)
    for label, count, value in figures(reads, judged, weights.threshold):
        print(f"{label:<50}{count:6}" + ("" if value is None else f"{value:8.3f}"), flush=True)
    named = {"sentence": list(task.choice), "right": list(task.evidence), "answerable": list(task.evidence)}
    _save(task.path, {"features": named, **{name: list(getattr(weights, name)) for name in named}, "threshold": weights.threshold})


def _save(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    print(path, json.dumps(value), file=sys.stderr)


def _folder(text: str) -> Path:
    """The folder of an index, parts of which are fitted on copies of it; UsageError for a database."""
    place = place_of(text)
    if not isinstance(place, Path):
        raise UsageError(f"weights are fitted on an index in a folder, not in {place}. Copy it first: rag copy '{place}' data/index")
    return place


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with train/ (default: $RAG_DATA)")
    parser.add_argument("--index", default="data/index", help="a folder (default: data/index)")
    parser.add_argument("--questions", type=Path, default=Path("data/questions.jsonl"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/vectors"))
    parser.add_argument("--only", choices=("mixture", "sentence", "span"))
    parser.add_argument("--encoder", help="the encoder to fit for, by folder or name (default: the shipped one)")
    parser.add_argument("--mixture", type=Path, default=WEIGHTS, help="where the mixture's weights go (default: into the package)")
    options = parser.parse_args(arguments)
    try:
        place = _folder(options.index)
    except UsageError as error:
        parser.error(str(error))
    encoder, analyser = open_encoder(options.encoder), Analyser()
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        public = public_sources(data_root(options.data), encoder, analyser, options.cache, Path(folder))
        if options.only in (None, "mixture"):
            _save(options.mixture, {"features": FEATURES, "weights": fit_mixture(public)})
        if options.only != "mixture":
            questions = [question for question in load_questions(options.questions) if question.split == "dev"]
            own = own_sources(place, questions, encoder, analyser, Path(folder))
            for task in tasks(options.only):
                run(task, [*public, *own, strangers(own[0], public)])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

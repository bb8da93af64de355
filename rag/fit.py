"""Fits the few numbers that the retriever and the sentence reader use, and writes them to `rag/models/`.

    python -m rag.fit --data DATA --index data/index --questions data/questions.jsonl

- the mixture of the legs: on the training questions of KLUE-MRC and TyDi-ko, each set counting the same
- which sentence answers: on the same sets, and on the `dev` split of our own questions
- confidence, refusal and its threshold: on the `dev` split, each question asked with its gold passages and without them

All are linear models with a softmax or logistic loss and a small L2 term, minimised by L-BFGS: the result is deterministic.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from index.encoder import open_encoder
from index.index import Index
from index.morphemes import Analyser
from rag.datasets import Dataset, Question, data_root, load_questions, load_set
from rag.evaluate import RIGHT
from rag.gold import Gold, gold_of
from rag.metrics import f1
from rag.mixture import FEATURES, WEIGHTS, describe, features, scaled
from rag.pipeline import Pipeline
from rag.questions import Wants, wants
from rag.retriever import DEPTH, IndexRetriever
from rag.sentence_reader import EVIDENCE, KINDS, READER, SENTENCE, Candidate, SentenceReader, Weights
from rag.spans import answer_spans, shown
from rag.types import Hit
from rag.yardstick import CachedEncoder, passage_index

Matrix = NDArray[np.float64]
TRAINING = ("klue-mrc-train", "tydiqa-train")
READ = 250
"""Training questions of each set that the sentence weights are fitted on, spread evenly over the set."""
REFUSED_WRONGLY = 0.04
"""The share of answerable `dev` questions that the threshold refuses, each judged by weights fitted on other notes."""
MADE_COUNTS = 0.1
"""How much a question counts that is asked without its gold passages, against one asked as it is."""
STRANGERS = 100
"""Questions of each training set that are asked of our notes, which know nothing of them."""
STRANGER_COUNTS = 0.05
"""How much each of those counts: they are easy, and must not speak louder than the questions near our topics."""
NEAR_COUNTS = 3.0
"""How much a question counts that was written to have no answer: there is one for six that have one."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One question's candidates: features `(n, f)`, which of them are right `(n,)`, and how much the question counts."""

    features: Matrix
    right: NDArray[np.bool_]
    weight: float = 1.0


def fit_choices(choices: Sequence[Choice], l2: float = 1e-3) -> Matrix:
    """Weights `(f,)` that minimise the mean of -log softmax(features @ w)[right], a right candidate taken as any of the right ones."""
    usable = [choice for choice in choices if choice.right.any() and not choice.right.all()]
    total = sum(choice.weight for choice in usable)

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        value, slope = l2 * float(weights @ weights), 2 * l2 * weights
        for choice in usable:
            scores = choice.features @ weights
            every = np.exp(scores - scores.max())
            right = every * choice.right
            value -= choice.weight / total * float(np.log(right.sum() / every.sum()))
            slope += choice.weight / total * ((every / every.sum() - right / right.sum()) @ choice.features)
        return value, slope

    return _minimised(loss, usable[0].features.shape[1])


def fit_logistic(rows: Matrix, labels: NDArray[np.bool_], counts: Matrix | None = None, l2: float = 1e-2) -> Matrix:
    """Logistic weights `(f,)`; features are scaled to unit deviation while fitting, so that the L2 term treats them alike.

    `counts` `(n,)` says how much each row counts. A column of ones is the constant and bears no penalty.
    """
    scale = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
    inputs, signs = rows / scale, np.where(labels, 1.0, -1.0)
    share = np.ones(len(rows)) / len(rows) if counts is None else counts / counts.sum()
    penalty = l2 * (rows.std(axis=0) > 0)

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        margins = signs * (inputs @ weights)
        slope = -(share * signs / (1 + np.exp(margins))) @ inputs
        return float(share @ np.logaddexp(0, -margins) + penalty @ weights**2), slope + 2 * penalty * weights

    return _minimised(loss, rows.shape[1]) / scale


def _minimised(loss: Callable[[Matrix], tuple[float, Matrix]], size: int) -> Matrix:
    from scipy.optimize import minimize  # comes with sentence-transformers

    found: Matrix = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B").x
    return found


def mixture_choices(retriever: IndexRetriever, data: Dataset, gold: dict[str, Gold]) -> list[Choice]:
    """Linear form of the mixture: the columns are cosine and scaled BM25 times each of FEATURES, so that α = w / (weight of the cosine)."""
    choices = []
    for question in data.questions:
        terms = retriever.analyser.query(question.text)
        found = retriever.candidates(question.text, terms, DEPTH)
        query = describe(retriever.index, terms)
        dense, lexical = found.scores["dense"], found.scores["lexical"]
        columns = np.outer(scaled(query, lexical), features(query, dense, lexical))
        right = [passage.passage_id in gold[question.id].holders for passage in retriever.index.passages(found.ids)]
        choices.append(Choice(np.column_stack((dense, columns)).astype(np.float64), np.array(right), 1 / len(data.questions)))
    return choices


def sentence_choice(reader: SentenceReader, question: Question, hits: Sequence[Hit], gold: Gold, weight: float) -> Choice | None:
    """The sentences of the hits; right are those in a gold passage that give the answer."""
    reading = reader.weigh(question.text, hits, np.zeros(len(SENTENCE)))
    if reading is None:
        return None
    right = [each.hit.passage.passage_id in gold.holders and _answers(each, question, gold, reader.analyser) for each in reading.candidates]
    return Choice(np.array([candidate.features for candidate in reading.candidates]), np.array(right), weight)


def _answers(candidate: Candidate, question: Question, gold: Gold, analyser: Analyser) -> bool:
    """Where a list is wanted: its items are the gold ones. Else its answer overlaps a gold quote, or it holds an answer string."""
    passage = candidate.hit.passage
    known = {token.term for token in analyser.tokens(question.text)}
    spans = answer_spans(passage, candidate.start, candidate.end, question.text, known)
    if wants(question.text) is Wants.LIST:
        return f1(shown(spans), question.answers) >= RIGHT
    places = [
        place for item in gold.places for place in item if place.doc_id == passage.doc_id and place.end - place.start < len(passage.text)
    ]
    if places:
        return any(place.start < span.end and span.start < place.end for place in places for span in spans)
    return any(answer in candidate.text for answer in question.answers)


def fit_mixture(retrievers: Sequence[tuple[IndexRetriever, Dataset, dict[str, Gold]]]) -> tuple[float, ...]:
    choices = [choice for retriever, data, gold in retrievers for choice in mixture_choices(retriever, data, gold)]
    cosine, *rest = fit_choices(choices, l2=1e-6)
    return tuple(round(float(value / cosine), 5) for value in rest)


def evidence_rows(
    reader: SentenceReader, pipeline: Pipeline, questions: Sequence[Question], gold: dict[str, Gold]
) -> tuple[Matrix, NDArray[np.bool_]]:
    """EVIDENCE of every `dev` question, with `(the answer is there, it is read right, asked as a user would, it has an answer)`.

    The answerable ones are asked once more without their gold passages: to refuse them is right.
    """
    rows, labels = [], []
    always = replace(reader, weights=replace(reader.weights, threshold=0.0) if reader.weights else None)
    for question in questions:
        hits = pipeline.search(question.text, 20)
        held = gold[question.id].holders if question.answerable else {}
        without = [hit for hit in hits if hit.passage.passage_id not in held][:5]
        for kept in (hits[:5], without) if without != hits[:5] else (hits[:5],):
            reading = reader.weigh(question.text, kept, reader.weights.sentence if reader.weights else ())
            if reading is not None:
                there = any(hit.passage.passage_id in held for hit in kept)
                answer = always.read(question.text, kept)
                rows.append(reading.evidence)
                right = there and f1(answer.text, question.answers) >= RIGHT
                labels.append((there, right, kept is not without, question.answerable))
    return np.array(rows), np.array(labels, np.bool_)


def fit_reader(
    trained: Sequence[tuple[IndexRetriever, Dataset, dict[str, Gold]]], pipeline: Pipeline, questions: Sequence[Question]
) -> Weights:
    """All weights of the sentence reader."""
    gold = gold_of(pipeline.index, questions)
    choices: list[Choice | None] = []
    for retriever, data, known in trained:
        reader = SentenceReader(retriever.index, retriever.encoder, retriever.analyser)
        for question in spread(data.questions, READ):
            choices.append(sentence_choice(reader, question, retriever.retrieve(question.text, 5), known[question.id], 1 / READ))
        print(f"sentences of {data.name}: {len(choices)}", file=sys.stderr, flush=True)
    reader = SentenceReader(pipeline.index, pipeline.encoder, pipeline.analyser)
    asked = [question for question in questions if question.answerable]
    for question in asked:
        choices.append(sentence_choice(reader, question, pipeline.search(question.text), gold[question.id], 2 / len(asked)))
    sentence = fit_choices([choice for choice in choices if choice], l2=1e-4)
    weights = Weights(_rounded(sentence), (0.0,) * len(EVIDENCE), (0.0,) * len(EVIDENCE), 0.0)
    rows, labels = evidence_rows(replace(reader, weights=weights), pipeline, questions, gold)
    strangers = [replace(question, answers=(), evidence=()) for _, data, _ in trained for question in spread(data.questions, STRANGERS)]
    strange, unheld = evidence_rows(replace(reader, weights=weights), pipeline, strangers, {})
    rows, labels = np.concatenate((rows, strange)), np.concatenate((labels, unheld))
    there, right, asked_so, gold_exists = labels.T
    near = np.where(gold_exists, 1.0, NEAR_COUNTS) * np.where(asked_so, 1.0, MADE_COUNTS)
    counts = np.where(np.arange(len(rows)) < len(rows) - len(strange), near, STRANGER_COUNTS)
    answerable = np.append(fit_logistic(rows[:, :-KINDS], there, counts), np.zeros(KINDS))
    support = cross_fitted(rows[:, :-KINDS], there, counts)[asked_so & gold_exists]
    threshold = float(np.quantile(1 / (1 + np.exp(-support)), REFUSED_WRONGLY))
    correct = fit_logistic(rows[asked_so], right[asked_so], np.minimum(counts, 1.0)[asked_so])
    return replace(weights, right=_rounded(correct), answerable=_rounded(answerable), threshold=round(threshold, 4))


def spread(questions: Sequence[Question], count: int) -> Sequence[Question]:
    """About so many of the questions, evenly over the set."""
    return questions[:: max(1, len(questions) // count)]


def cross_fitted(rows: Matrix, labels: NDArray[np.bool_], counts: Matrix, folds: int = 10) -> Matrix:
    """The logit of each row from weights fitted on the other folds (stretches of the question file, so of other notes)."""
    fold = np.arange(len(rows)) * folds // len(rows)
    return np.concatenate([rows[fold == n] @ fit_logistic(rows[fold != n], labels[fold != n], counts[fold != n]) for n in range(folds)])


def _rounded(values: Matrix) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)


def _trained(root: Path, cache: Path, folder: Path) -> list[tuple[IndexRetriever, Dataset, dict[str, Gold]]]:
    analyser, out = Analyser(), []
    for name in TRAINING:
        encoder, data = CachedEncoder(open_encoder(), cache), load_set(name, root)
        index: Index = passage_index(data.contexts, encoder, analyser.terms, folder / name)
        encoder.warm([question.text for question in data.questions])
        out.append((IndexRetriever(index, encoder, analyser), data, gold_of(index, data.questions)))
    return out


def _save(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", "utf-8")
    print(path, json.dumps(value), file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with train/ (default: $RAG_DATA)")
    parser.add_argument("--index", type=Path, default=Path("data/index"))
    parser.add_argument("--questions", type=Path, default=Path("data/questions.jsonl"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/vectors"))
    parser.add_argument("--only", choices=("mixture", "reader"))
    options = parser.parse_args(arguments)
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        trained = _trained(data_root(options.data), options.cache, Path(folder))
        if options.only != "reader":
            _save(WEIGHTS, {"features": FEATURES, "weights": fit_mixture(trained)})
        if options.only != "mixture":
            questions = [question for question in load_questions(options.questions) if question.split == "dev"]
            weights = fit_reader(trained, Pipeline.open(options.index), questions)
            named = {"sentence": SENTENCE, "right": EVIDENCE, "answerable": EVIDENCE}
            values = {name: list(getattr(weights, name)) for name in named}
            _save(READER, {"features": named, **values, "threshold": weights.threshold})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

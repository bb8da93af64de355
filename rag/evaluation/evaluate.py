"""Measures retrieval and answers over gold questions. `docs/evaluation.md` defines every column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Protocol

from index.encoder import Encoder
from index.index import Index
from index.types import Progress
from rag.evaluation import metrics
from rag.evaluation.datasets import Question
from rag.evaluation.gold import Gold, cites, gold_of, judge_ranking, shown_recall
from rag.evaluation.report import Cell, HitRow, QuestionRow, Report, Table, merged
from rag.evaluation.stats import paired_bootstrap
from rag.types import RETRIEVERS, Answer, Hit, Retriever, RetrieverName

KS = (1, 3, 5, 10, 20)
DEPTH = 10
"""Where MRR and nDCG stop."""

RIGHT = 0.5
"""An answer of at least this F1 is right: what `Answer.confidence` is the probability of."""

TOKENS = "tokens/passage"
SHOWN_RECALL = "recall@1000c"
COMPARED = ("systems", "metric", "questions", "difference", "2.5 %", "97.5 %", "p")


class Asker(Protocol):
    """What answers questions over an index: the pipeline."""

    @property
    def index(self) -> Index: ...

    def ask(self, question: str) -> Answer: ...


class Measured(Asker, Protocol):
    """A pipeline whose retrievers can be asked by themselves."""

    @property
    def encoder(self) -> Encoder: ...

    def retriever(self, name: RetrieverName) -> Retriever: ...


def evaluate(pipeline: Measured, questions: Sequence[Question], ks: Sequence[int] = KS, progress: Progress | None = None) -> Report:
    """Retrieval by every retriever, then the pipeline's answers, in one report."""
    retrievers: dict[str, Retriever] = {name: pipeline.retriever(name) for name in RETRIEVERS}
    retrieval = evaluate_retrieval(retrievers, pipeline.index, pipeline.encoder, questions, ks, progress)
    return merged(retrieval, evaluate_answers(pipeline, questions, progress=progress))


def evaluate_retrieval(
    retrievers: Mapping[str, Retriever],
    index: Index,
    encoder: Encoder,
    questions: Sequence[Question],
    ks: Sequence[int] = KS,
    progress: Progress | None = None,
) -> Report:
    """Every retriever on every answerable question: over all of them, by kind, by split, and the first retriever against the others."""
    gold = gold_of(index, questions)
    rows = retrieval_rows(retrievers, gold, questions, ks, encoder, progress)
    tables = [*grouped("retrieval", rows), compared("retrieval compared", rows, (f"hit@{min(ks)}", f"MRR@{DEPTH}"))]
    return Report(_retrieval_facts(index, encoder, gold), tuple(tables), tuple(rows))


def evaluate_answers(pipeline: Asker, questions: Sequence[Question], system: str = "pipeline", progress: Progress | None = None) -> Report:
    """EM and F1 of the answerable questions, refusals of both sorts, and whether the pipeline's confidence can be believed."""
    gold = gold_of(pipeline.index, questions)
    answers = []
    for done, question in enumerate(questions, 1):
        answers.append(pipeline.ask(question.text))
        if progress:
            progress("answer", done, len(questions))
    rows = [_answer_row(system, question, gold.get(question.id), answer) for question, answer in zip(questions, answers, strict=True)]
    facts = {"answerable questions": len(gold), "unanswerable questions": len(questions) - len(gold)}
    return Report(facts, (*grouped("answers", rows), _confidence(questions, answers)), tuple(rows))


def retrieval_rows(
    retrievers: Mapping[str, Retriever],
    gold: Mapping[str, Gold],
    questions: Sequence[Question],
    ks: Sequence[int],
    encoder: Encoder,
    progress: Progress | None = None,
) -> list[QuestionRow]:
    """One row per retriever and question with gold."""
    asked = [question for question in questions if question.id in gold]
    rows = []
    for system, retriever in retrievers.items():
        rankings = []
        for done, question in enumerate(asked, 1):
            rankings.append(retriever.retrieve(question.text, max(DEPTH, *ks)))
            if progress:
                progress(f"retrieve {system}", done, len(asked))
        tokens = _count_tokens(encoder, rankings)
        rows += [
            _retrieval_row(system, question, gold[question.id], hits, ks, tokens) for question, hits in zip(asked, rankings, strict=True)
        ]
    return rows


def grouped(title: str, rows: Sequence[QuestionRow]) -> list[Table]:
    """Means per system over all questions, by kind, and by split where there are several."""
    tables = [averaged(title, ("system",), rows, lambda row: (row.system,))]
    tables.append(averaged(f"{title} by kind", ("kind", "system"), rows, lambda row: (row.kind, row.system)))
    if len({row.split for row in rows}) > 1:
        tables.append(averaged(f"{title} by split", ("split", "system"), rows, lambda row: (row.split, row.system)))
    return tables


def averaged(title: str, by: tuple[str, ...], rows: Sequence[QuestionRow], key: Callable[[QuestionRow], tuple[str, ...]]) -> Table:
    """One line per group, as they first appear: its size, and the mean of each metric over the rows that define it."""
    names = tuple(dict.fromkeys(name for row in rows for name in row.metrics))
    groups: dict[tuple[str, ...], list[QuestionRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    leading = list(dict.fromkeys(group[0] for group in groups))
    ordered = sorted(groups.items(), key=lambda item: leading.index(item[0][0]))  # systems of one kind stand together
    lines = ((*group, len(members), *(_mean(members, name) for name in names)) for group, members in ordered)
    return Table(title, (*by, "questions", *names), tuple(lines))


def compared(title: str, rows: Sequence[QuestionRow], names: Sequence[str]) -> Table:
    """The first system minus each other one over the same questions: mean, 95 % interval and p of the paired bootstrap."""
    scores: dict[str, list[QuestionRow]] = {}
    for row in rows:
        scores.setdefault(row.system, []).append(row)
    first, *others = scores or ("",)
    lines: list[tuple[Cell, ...]] = []
    for other in others:
        for name in names:
            test = paired_bootstrap([row.metrics[name] for row in scores[first]], [row.metrics[name] for row in scores[other]])
            lines.append((f"{first} - {other}", name, test.questions, test.difference, test.low, test.high, test.p))
    return Table(title, COMPARED, tuple(lines))


def _mean(rows: Sequence[QuestionRow], name: str) -> float | None:
    values = [row.metrics[name] for row in rows if name in row.metrics]
    return fmean(values) if values else None


def _retrieval_row(
    system: str, question: Question, gold: Gold, hits: Sequence[Hit], ks: Sequence[int], tokens: Mapping[str, int]
) -> QuestionRow:
    ids = [hit.passage.passage_id for hit in hits]
    judged = judge_ranking(gold, ids)
    found = {f"hit@{k}": metrics.success(judged, k) for k in ks}
    found |= {f"recall@{k}": sum(judged.gains[:k]) / len(gold.places) for k in ks}
    found |= {f"MRR@{DEPTH}": metrics.reciprocal_rank(judged, DEPTH), f"nDCG@{DEPTH}": metrics.ndcg(judged, DEPTH)}
    found[SHOWN_RECALL] = shown_recall(gold, hits)
    if hits:
        found[TOKENS] = fmean([tokens[passage_id] for passage_id in ids])
    shown = [
        HitRow(hit.passage.doc_id, hit.passage.start, hit.passage.end, hit.score, gain)
        for hit, gain in zip(hits, judged.gains, strict=True)
    ]
    return QuestionRow(system, question.id, question.kind, question.split, found, tuple(shown))


def _count_tokens(encoder: Encoder, rankings: Sequence[Sequence[Hit]]) -> dict[str, int]:
    texts = {hit.passage.passage_id: hit.passage.text for hits in rankings for hit in hits}
    return dict(zip(texts, encoder.count_tokens(list(texts.values())), strict=True))


def _retrieval_facts(index: Index, encoder: Encoder, gold: Mapping[str, Gold]) -> dict[str, Cell]:
    tokens = encoder.count_tokens([passage.text for passage in index.passages(range(len(index)))])
    return {
        "encoder": index.encoder_name,
        "passages": len(index),
        "tokens per indexed passage": fmean(tokens) if tokens else None,
        "questions": len(gold),
        "gold quotes": sum(len(each.places) for each in gold.values()),
        "gold quotes that no passage holds": sum(len(each.places) - each.held for each in gold.values()),
    }


def _answer_row(system: str, question: Question, gold: Gold | None, answer: Answer) -> QuestionRow:
    found = {"confidence": answer.confidence}
    if gold is None:
        found["refused unanswerable"] = float(answer.abstained)
    else:
        found |= {"EM": metrics.exact_match(answer.text, question.answers), "F1": metrics.f1(answer.text, question.answers)}
        found |= {"cites gold": float(cites(gold, answer.spans)), "refused answerable": float(answer.abstained)}
        if not answer.abstained:
            found["F1 if answered"] = found["F1"]
    spans = [
        HitRow(span.doc_id, span.start, span.end, answer.confidence, int(gold is not None and cites(gold, [span]))) for span in answer.spans
    ]
    return QuestionRow(system, question.id, question.kind, question.split, found, tuple(spans))


def _confidence(questions: Sequence[Question], answers: Sequence[Answer]) -> Table:
    """Does confidence tell answerable from unanswerable, right from wrong, and does it mean what it says?"""
    answered = [(question, answer) for question, answer in zip(questions, answers, strict=True) if not answer.abstained]
    stated = [answer.confidence for _, answer in answered]
    right = [question.answerable and metrics.f1(answer.text, question.answers) >= RIGHT for question, answer in answered]
    refusal = metrics.auroc([answer.confidence for answer in answers], [question.answerable for question in questions])
    lines = (
        ("AUROC, answerable against unanswerable", len(answers), refusal),
        ("AUROC, right against wrong", len(answered), metrics.auroc(stated, right)),
        ("ECE", len(answered), metrics.calibration_error(stated, right)),
        ("right", len(answered), fmean(right) if right else None),
    )
    return Table("confidence", ("measure", "questions", "value"), lines)

"""Measures retrieval and answers over gold questions. `docs/evaluation.md` defines every column."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Protocol

from index.encoder import Encoder
from index.index import Index
from index.types import Passage, Progress
from rag.evaluation import metrics
from rag.evaluation.answer_recall import Words, answer_metrics, words_of
from rag.evaluation.datasets import Question
from rag.evaluation.gold import Gold, answer_test, cites, gold_of, judge_passages, shown_recall
from rag.evaluation.report import Cell, HitColumns, HitRow, QuestionRow, Report, Table, by_system, many_rows, merged, rows_by
from rag.evaluation.stats import paired_bootstrap
from rag.types import RETRIEVERS, Answer, Hit, Retriever, RetrieverName

KS = (1, 3, 5, 10, 20)
DEPTH = 10
"""Where MRR and nDCG stop."""

RIGHT = 0.5
"""An answer of at least this F1 is right: what `Answer.confidence` is the probability of."""

TOKENS = "tokens/passage"
SHOWN_RECALL = "recall@1000c"
FURTHER = ("precision@", "answer@", "MAP")
"""How the metrics begin that have a table of their own, so that the first stays narrow."""

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


def evaluate(
    pipeline: Measured,
    questions: Sequence[Question],
    ks: Sequence[int] = KS,
    names: Sequence[RetrieverName] = RETRIEVERS,
    answers: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Retrieval by each of the retrievers, then the pipeline's answers, in one report."""
    retrievers: dict[str, Retriever] = {name: pipeline.retriever(name) for name in names}
    retrieval = evaluate_retrieval(retrievers, pipeline.index, pipeline.encoder, questions, ks, progress)
    return merged(retrieval, evaluate_answers(pipeline, questions, progress=progress)) if answers else retrieval


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
    texts = Texts(encoder)
    facts = _retrieval_facts(index, texts, gold)  # counts the tokens of every passage: first, so that no hit's are counted again
    rows = retrieval_rows(retrievers, gold, questions, ks, encoder, progress, texts)
    return Report(facts, retrieval_tables(rows, ks), tuple(rows))


def retrieval_tables(rows: Sequence[QuestionRow], ks: Sequence[int]) -> tuple[Table, ...]:
    """What is shown of rankings: means by system, kind and split, further metrics, and the first system against the others."""
    first, *others = grouped("retrieval", rows, is_brief)
    more = averaged("retrieval, further metrics", ("system",), rows, lambda row: (row.system,), lambda name: not is_brief(name))
    systems = {row.system for row in rows}
    tests = [compared("retrieval compared", rows, (f"hit@{min(ks)}", f"MRR@{DEPTH}"))] if len(systems) > 1 else []
    return (first, more, *others, *tests)


def is_brief(metric: str) -> bool:
    """Whether a metric of rankings stands in the first table."""
    return not metric.startswith(FURTHER)


def evaluate_answers(pipeline: Asker, questions: Sequence[Question], system: str = "pipeline", progress: Progress | None = None) -> Report:
    """EM and F1 of the answerable questions, refusals of both sorts, and whether the pipeline's confidence can be believed.

    Questions whose answers are not known in words are left out.
    """
    questions = [question for question in questions if question.answers or not question.answerable]
    gold = gold_of(pipeline.index, questions)
    answers = []
    for done, question in enumerate(questions, 1):
        answers.append(pipeline.ask(question.text))
        if progress:
            progress("answer", done, len(questions))
    rows = [_answer_row(system, question, gold.get(question.id), answer) for question, answer in zip(questions, answers, strict=True)]
    facts = {"answerable questions": len(gold), "unanswerable questions": len(questions) - len(gold)}
    return Report(facts, (*grouped("answers", rows), *_confidence(questions, answers)), tuple(rows))


@many_rows()
def retrieval_rows(
    retrievers: Mapping[str, Retriever],
    gold: Mapping[str, Gold],
    questions: Sequence[Question],
    ks: Sequence[int],
    encoder: Encoder,
    progress: Progress | None = None,
    texts: Texts | None = None,
) -> list[QuestionRow]:
    """One row per retriever and question with gold; `texts` may know the passages from before."""
    asked = [question for question in questions if question.id in gold]
    texts = texts or Texts(encoder)
    rows = []
    for system, retriever in retrievers.items():
        for done, question in enumerate(asked, 1):
            hits = retriever.retrieve(question.text, max(DEPTH, *ks))
            rows.append(retrieval_row(system, question, gold[question.id], hits, ks, texts))
            if progress:
                progress(f"retrieve {system}", done, len(asked))
    return rows


class Texts:
    """What is worked out once for each text that is a hit's: its tokens, and its words where answers are looked for in it."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._tokens: dict[str, int] = {}
        self._words: dict[str, Words] = {}

    def tokens(self, texts: Sequence[str]) -> list[int]:
        """The encoder's tokens of each text, special tokens left out."""
        if new := list(dict.fromkeys(text for text in texts if text not in self._tokens)):
            self._tokens.update(zip(new, self._encoder.count_tokens(new), strict=True))
        return [self._tokens[text] for text in texts]

    def contain(self, question: Question, texts: Iterable[str]) -> Iterator[bool]:
        """Whether each text contains an answer."""
        contains = answer_test(question)
        for text in texts:
            if text not in self._words:
                self._words[text] = words_of(text)
            yield contains(text, self._words[text])


def grouped(title: str, rows: Sequence[QuestionRow], shown: Callable[[str], bool] = bool) -> list[Table]:
    """Means per system over all questions, by kind where they have one, and by split where there are several; `shown` picks metrics."""
    tables = [averaged(title, ("system",), rows, lambda row: (row.system,), shown)]
    if any(row.kind for row in rows):
        tables.append(averaged(f"{title} by kind", ("kind", "system"), rows, lambda row: (row.kind, row.system), shown))
    if len({row.split for row in rows}) > 1:
        tables.append(averaged(f"{title} by split", ("split", "system"), rows, lambda row: (row.split, row.system), shown))
    return tables


def averaged(
    title: str,
    by: tuple[str, ...],
    rows: Sequence[QuestionRow],
    key: Callable[[QuestionRow], tuple[str, ...]],
    shown: Callable[[str], bool] = bool,
) -> Table:
    """One line per group, as they first appear: its size, and the mean of each metric that is shown over the rows that define it."""
    names = tuple(filter(shown, dict.fromkeys(name for row in rows for name in row.metrics)))
    groups = rows_by(key, rows)
    leading = list(dict.fromkeys(group[0] for group in groups))
    ordered = sorted(groups.items(), key=lambda item: leading.index(item[0][0]))  # systems of one kind stand together
    lines = ((*group, len(members), *(_mean(members, name) for name in names)) for group, members in ordered)
    return Table(title, (*by, "questions", *names), tuple(lines))


def compared(title: str, rows: Sequence[QuestionRow], names: Sequence[str]) -> Table:
    """The first system minus each other one over the same questions: mean, 95 % interval and p of the paired bootstrap."""
    scores = by_system(rows)
    first, *others = scores or ("",)
    lines: list[tuple[Cell, ...]] = []
    for other in others:
        for name in names:
            test = paired_bootstrap([row.metrics[name] for row in scores[first]], [row.metrics[name] for row in scores[other]])
            lines.append((f"{first} - {other}", name, test.questions, test.difference, test.low, test.high, test.p))
    return Table(title, COMPARED, tuple(lines))


def _mean(rows: Sequence[QuestionRow], name: str) -> float | None:
    values = [value for row in rows if (value := row.metrics.get(name)) is not None]
    return fmean(values) if values else None


def retrieval_row(system: str, question: Question, gold: Gold, hits: Sequence[Hit], ks: Sequence[int], texts: Texts) -> QuestionRow:
    """One ranking against one question's gold."""
    passages = [hit.passage for hit in hits]
    judged = judge_passages(gold, passages)
    found = metrics.ranking_metrics(judged, ks, DEPTH) | {SHOWN_RECALL: shown_recall(gold, hits)}
    shown = [passage.text for passage in passages]
    if hits:
        found[TOKENS] = fmean(texts.tokens(shown))
    if question.answers or question.patterns:
        found |= answer_metrics(texts.contain(question, shown), ks)
    return QuestionRow(system, question.id, question.kind, question.split, found, _columns(hits, passages, judged.gains))


def _columns(hits: Sequence[Hit], passages: Sequence[Passage], gains: tuple[int, ...]) -> HitColumns:
    return HitColumns(
        tuple([passage.doc_id for passage in passages]),
        array("q", [passage.start for passage in passages]),
        array("q", [passage.end for passage in passages]),
        array("d", [hit.score for hit in hits]),
        gains,
    )


def _retrieval_facts(index: Index, texts: Texts, gold: Mapping[str, Gold]) -> dict[str, Cell]:
    tokens = texts.tokens([passage.text for passage in index.passages(range(len(index)))])
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
    found |= {"KLUE EM": metrics.klue_exact_match(answer.text, question.answers)}
    found |= {"KLUE ROUGE-W": metrics.klue_rouge_w(answer.text, question.answers)}
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


def _confidence(questions: Sequence[Question], answers: Sequence[Answer]) -> tuple[Table, Table]:
    """Does confidence tell answerable from unanswerable, right from wrong, and does it mean what it says?"""
    answered = [(question, answer) for question, answer in zip(questions, answers, strict=True) if not answer.abstained]
    stated = [answer.confidence for _, answer in answered]
    right = [question.answerable and metrics.f1(answer.text, question.answers) >= RIGHT for question, answer in answered]
    refusal = metrics.auroc([answer.confidence for answer in answers], [question.answerable for question in questions])
    lines = (
        ("AUROC, answerable against unanswerable", len(answers), refusal),
        ("AUROC, right against wrong", len(answered), metrics.auroc(stated, right)),
        ("ECE", len(answered), metrics.calibration_error(stated, right)),
        ("AURC", len(answered), metrics.risk_area(stated, right)),
        ("right", len(answered), fmean(right) if right else None),
    )
    bins = tuple((each.items, each.confidence, each.right) for each in metrics.reliability(stated, right))
    return (
        Table("confidence", ("measure", "questions", "value"), lines),
        Table("reliability", ("questions", "mean confidence", "share right"), bins),
    )

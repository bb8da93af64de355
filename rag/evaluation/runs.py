"""Rankings of any other system, read from a TREC run, against quotes, answers and documents: what it cut, and how, need not be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.encoder import Encoder
from index.engines import open_index
from index.errors import DataError
from index.places import Place
from index.types import Document, Locator, Passage
from rag.evaluation.datasets import Dataset, Question
from rag.evaluation.evaluate import KS, Texts, retrieval_row, retrieval_tables
from rag.evaluation.gold import gold_over
from rag.evaluation.metrics import trec_order
from rag.evaluation.report import Cell, Report
from rag.evaluation.trec import judged_run, passage_span
from rag.types import Hit

Run = Mapping[str, Mapping[str, float]]
Judgements = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Library:
    """The documents that the ids of a run may name, each opened when it is named."""

    ids: frozenset[str]
    open: Callable[[str], Document]


def library(documents: Iterable[Document]) -> Library:
    """A library of documents that are open already."""
    known = {document.doc_id: document for document in documents}
    return Library(frozenset(known), known.__getitem__)


def open_library(data: Dataset, index_dir: Place) -> Library:
    """The set's own passages, or the notes of an index where it brings none."""
    if data.contexts:
        return library(Document(each.id, each.title, each.text, "text") for each in data.contexts)
    index = open_index(index_dir)
    return Library(frozenset(each.doc_id for each in index.documents()), index.document)


def evaluate_judged(run: Run, system: str, qrels: Judgements, ks: Sequence[int] = KS) -> Report:
    """A row for every judged query, judged by ids as trec_eval does; queries that are not judged are left out and counted."""
    rows = judged_run(run, qrels, ks, system)
    facts: dict[str, Cell] = {
        "run": system,
        "questions": len(rows),
        "questions that the run lacks": len(qrels.keys() - run.keys()),
        "queries of the run that are not judged": len(run.keys() - qrels.keys()),
    }
    return Report(facts, retrieval_tables(rows, ks), tuple(rows))


def shares_ids(run: Run, qrels: Judgements) -> bool:
    """Whether any document of a run is judged for its query: if so the judgements are of the run's own ids."""
    return any(not scores.keys().isdisjoint(qrels.get(query, ())) for query, scores in run.items())


def evaluate_run(
    run: Run, system: str, documents: Library, questions: Sequence[Question], encoder: Encoder, ks: Sequence[int] = KS
) -> Report:
    """A row for every answerable question, one without hits where the run lacks it; the encoder only counts tokens.

    An id is a document, or a part of it as `doc_id#start-end`; anything else is a hit of no worth. Order as trec_eval's.
    DataError where no id is known, or two ids of one ranking are one passage.
    """
    asked = {question.id: question for question in questions if question.answerable}
    named = {name for query in asked for name in run.get(query, ())}
    passages = {name: _passage(name, documents) for name in named}
    known = {name for name in named if passages[name].end}
    if not known:
        raise _nothing_known(run, asked, named, documents)
    gold = gold_over(_by_document(passages.values(), documents.ids), lambda doc_id: documents.open(doc_id).text, asked.values())
    texts = Texts(encoder)
    rows = [
        retrieval_row(system, question, gold[name], _hits(name, run.get(name, {}), passages), ks, texts) for name, question in asked.items()
    ]
    facts: dict[str, Cell] = {
        "run": system,
        "questions": len(asked),
        "questions that the run lacks": len(asked.keys() - run.keys()),
        "queries of the run that are no answerable question": len(run.keys() - asked.keys()),
        "ids of the run": len(named),
        "ids of the run that are no passage": len(named) - len(known),
        "gold quotes": sum(len(each.places) for each in gold.values()),
    }
    return Report(facts, retrieval_tables(rows, ks), tuple(rows))


def _passage(name: str, documents: Library) -> Passage:
    """What an id names; an empty passage where it names nothing."""
    doc_id, start, end = (name, 0, None) if name in documents.ids else passage_span(name) or (name, 0, 0)
    if doc_id in documents.ids:
        document = documents.open(doc_id)
        end = len(document.text) if end is None else end
        if 0 <= start < end <= len(document.text):
            return Passage(doc_id, document.title, (), document.text[start:end], start, end, Locator(1))
    return Passage(name, "", (), "", 0, 0, Locator(1))


def _by_document(passages: Iterable[Passage], doc_ids: Iterable[str]) -> dict[str, list[Passage]]:
    """Every document with the passages of it that the run names: one that it never names is still no folder of others."""
    out: dict[str, list[Passage]] = {doc_id: [] for doc_id in doc_ids}
    for passage in {passage.passage_id: passage for passage in passages if passage.end}.values():
        out[passage.doc_id].append(passage)
    return out


def _hits(query: str, scores: Mapping[str, float], passages: Mapping[str, Passage]) -> list[Hit]:
    hits = [Hit(passages[name], scores[name]) for name in trec_order(scores)]
    ids = [hit.passage.passage_id for hit in hits]
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise DataError(f"the run's query {query!r} holds the passage {twice!r} twice, as a document and as its part: keep one of them")
    return hits


def _nothing_known(run: Run, asked: Mapping[str, Question], named: set[str], documents: Library) -> DataError:
    """Why a run and a set of questions have nothing in common."""
    if not run:
        return DataError("the run is empty; expected lines `query Q0 document rank score name`")
    if not asked.keys() & run.keys():
        found, wanted = min(run), min(asked, default="no answerable question")
        return DataError(f"the run answers none of the questions: its queries are such as {found!r}, the questions' ids such as {wanted!r}")
    found, wanted = min(named, default="nothing"), min(documents.ids, default="no document")
    return DataError(f"the run names no passage: its ids are such as {found!r}; expected documents such as {wanted!r}, or {wanted}#0-100")

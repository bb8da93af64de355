"""Ways to rank the passages of a set: ours, and those of others over the same texts and, where they compare vectors, the same model.

A way gets one set ready and gives a function that ranks its questions. Ids are places in `Work.passages`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from index.encoder import Vectors
from index.index import Ids, Index, Scores, padded
from index.morphemes import Analyser
from index.types import Passage, Progress
from rag.evaluation.datasets import Context
from rag.evaluation.yardstick import passage_index
from rag.mixture import Mixture
from rag.retriever import DEPTH, IndexRetriever
from rag.types import RETRIEVERS

Rankings = tuple[Ids, Scores]
"""Of each question the DEPTH best passages, best first, and their scores: `(questions, DEPTH)`, padded with -1 and -inf."""

Search = Callable[[Sequence[int]], Mapping[str, Rankings]]
"""Ranks the questions at these places of `Work.questions`, by each of a way's systems."""


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One set as a way is given it. Vectors are rows of unit length, none where the way compares none; the mixture is for ours."""

    passages: tuple[Passage, ...]
    questions: tuple[str, ...]
    passage_vectors: Vectors | None = None
    question_vectors: Vectors | None = None
    mixture: Mixture | None = None

    @property
    def texts(self) -> list[str]:
        """What every way indexes of a passage: its title or headings, and its text."""
        return [passage.embedded for passage in self.passages]

    @property
    def vectors(self) -> tuple[Vectors, Vectors]:
        """Of passages and questions; ValueError where the way was given none."""
        if self.passage_vectors is None or self.question_vectors is None:
            raise ValueError("this way to rank needs vectors")
        return self.passage_vectors, self.question_vectors


@dataclass(frozen=True, slots=True)
class Way:
    """`systems` name the rankings that it gives, `packages` what they hang on; `files` are sources of ours that they hang on."""

    open: Callable[[Work], Search]
    systems: tuple[str, ...]
    packages: tuple[str, ...]
    about: str
    model: str = ""
    files: tuple[str, ...] = ()

    @property
    def versions(self) -> str | None:
        """`txtai 9.14.0`; None where something is not installed."""
        try:
            return ", ".join(f"{name} {version(name)}" for name in self.packages)
        except PackageNotFoundError:
            return None


# Ours


class Kept:
    """The vectors of a set in the place of an encoder, so that the model need not be opened where they are ranked."""

    def __init__(self, work: Work) -> None:
        passages, questions = work.vectors
        self.name = self.fingerprint = "kept"
        self.dim = self.max_tokens = passages.shape[1]
        self._passages = dict(zip(work.texts, passages, strict=True))
        self._questions = dict(zip(work.questions, questions, strict=True))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        raise LookupError("only the vectors of a set are here, not the model that made them")

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._questions[text] for text in texts])

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return np.stack([self._passages[text] for text in texts])


def ours(work: Work) -> Search:
    """Both legs and their mixture, from one look at the index: each ranks as `IndexRetriever` with its name does."""
    folder = TemporaryDirectory(ignore_cleanup_errors=True)
    encoder, analyser = Kept(work), Analyser()
    contexts = [Context(passage.passage_id, passage.context, passage.text) for passage in work.passages]
    index = passage_index(contexts, encoder, analyser.terms, Path(folder.name) / "index")
    retriever = IndexRetriever(index, encoder, analyser, "hybrid", work.mixture)
    places, turns = _numbered(index, work.passages)

    def search(asked: Sequence[int], kept: object = folder) -> Mapping[str, Rankings]:  # the folder goes with the function
        found = [legs(retriever, work.questions[at], turns) for at in asked]
        return {name: padded([(places[each[name][0]], each[name][1]) for each in found], DEPTH) for name in RETRIEVERS}

    return search


def _numbered(index: Index, passages: Sequence[Passage]) -> tuple[Ids, Ids]:
    """For each id of the index, the place of its passage, and its turn in the order of the passages' ids, by which ties are broken."""
    names = [passage.doc_id for passage in index.passages(range(len(index)))]
    place = {passage.passage_id: at for at, passage in enumerate(passages)}
    turns = np.empty(len(names), np.int64)
    turns[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    return np.array([place[name] for name in names], np.int64), turns


def legs(retriever: IndexRetriever, question: str, turns: Ids) -> dict[str, tuple[Ids, Scores]]:
    """What the hybrid retriever, its dense and its lexical leg would return, DEPTH hits of each; `turns` orders ids of equal score."""
    terms = retriever.analyser.query(question)
    found = retriever.candidates(question, terms, DEPTH)
    scores = {"hybrid": retriever.mixed(terms, found), **found.scores}
    out: dict[str, tuple[Ids, Scores]] = {}
    for name in RETRIEVERS:
        among = np.arange(len(found.ids)) if name == "hybrid" else np.flatnonzero(found.ranks[name])
        best = among[np.lexsort((turns[found.ids[among]], -scores[name][among]))][:DEPTH]
        out[name] = found.ids[best], scores[name][best]
    return out


# Others


def bm25s_words(work: Work) -> Search:
    """bm25s as it comes, over words as white space parts them, in lower case."""
    import bm25s

    index = bm25s.BM25()
    index.index([_words(text) for text in work.texts], show_progress=False)

    def search(asked: Sequence[int]) -> Mapping[str, Rankings]:
        words = [_words(work.questions[at]) for at in asked]
        ids, scores = index.retrieve(words, k=min(DEPTH, len(work.passages)), show_progress=False)
        rows = (zip(*row, strict=True) for row in zip(ids, scores, strict=True))
        return {"bm25s, words": _ranked([[(place, score) for place, score in row if score > 0] for row in rows])}

    return search


def _words(text: str) -> list[str]:
    return text.lower().split()


def sentence_transformers(work: Work) -> Search:
    """The exact search of sentence-transformers by cosine."""
    from sentence_transformers.util import semantic_search

    passages, questions = work.vectors

    def search(asked: Sequence[int]) -> Mapping[str, Rankings]:
        hits = semantic_search(questions[list(asked)], passages, top_k=min(DEPTH, len(passages)))
        return {"e5-small": _ranked([[(hit["corpus_id"], hit["score"]) for hit in row] for row in hits])}

    return search


def txtai(work: Work) -> Search:
    """txtai's hybrid search with its default settings: FAISS and BM25, half of the score each."""
    from txtai import Embeddings

    passages, questions = work.vectors
    known = dict(zip(work.texts, passages, strict=True))

    def transform(texts: Sequence[str]) -> Vectors:
        return np.stack([known[text] for text in texts])

    embeddings = Embeddings(method="external", transform=transform, hybrid=True)
    embeddings.index(list(enumerate(work.texts)))
    known |= dict(zip(work.questions, questions, strict=True))  # from here on only questions are asked for

    def search(asked: Sequence[int]) -> Mapping[str, Rankings]:
        return {"txtai": _ranked(embeddings.batchsearch([work.questions[at] for at in asked], DEPTH))}

    return search


def haystack(work: Work) -> Search:
    """Haystack's hybrid pipeline: BM25 and vectors in memory with their default settings, joined by reciprocal rank fusion."""
    os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
    from haystack import Document, Pipeline
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    passages, questions = work.vectors
    store = InMemoryDocumentStore(shared=False, return_embedding=False)
    texts = zip(work.texts, passages.tolist(), strict=True)
    store.write_documents([Document(id=str(at), content=text, embedding=vector) for at, (text, vector) in enumerate(texts)])
    pipeline = Pipeline()
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=DEPTH))
    pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=DEPTH))
    pipeline.add_component("joined", DocumentJoiner("reciprocal_rank_fusion", top_k=DEPTH))
    pipeline.connect("words", "joined")
    pipeline.connect("vectors", "joined")

    def rank(at: int) -> list[tuple[int, float]]:
        asked = {"words": {"query": work.questions[at]}, "vectors": {"query_embedding": questions[at].tolist()}}
        return [(int(document.id), document.score) for document in pipeline.run(asked)["joined"]["documents"]]

    return lambda asked: {"Haystack": _ranked([rank(at) for at in asked])}


def _ranked(rows: Iterable[Sequence[tuple[int, float]]]) -> Rankings:
    """Hits `(place, score)` of each question, best first."""
    columns = [np.array(row, np.float64).reshape(-1, 2).T for row in rows]
    return padded([(ids.astype(np.int64), scores.astype(np.float32)) for ids, scores in columns], DEPTH)


SAME_MODEL = "with the vectors of multilingual-e5-small"
WAYS: Mapping[str, Way] = {
    "ours": Way(
        ours,
        RETRIEVERS,
        ("python-mecab-ko", "python-mecab-ko-dic", "faiss-cpu", "numpy"),
        "this project: the shipped encoder (dense), BM25 over morphemes (lexical), and both mixed",
        "shipped",
        ("index/*.py", "rag/retriever.py", "rag/mixture.py"),
    ),
    "bm25s": Way(bm25s_words, ("bm25s, words",), ("bm25s",), "BM25 over words between white space"),
    "e5": Way(
        sentence_transformers, ("e5-small",), ("sentence-transformers",), "multilingual-e5-small through sentence-transformers", "raw"
    ),
    "txtai": Way(txtai, ("txtai",), ("txtai",), f"its hybrid search, {SAME_MODEL}", "raw"),
    "haystack": Way(haystack, ("Haystack",), ("haystack-ai",), f"BM25 and vectors joined by reciprocal rank fusion, {SAME_MODEL}", "raw"),
}
"""By the name that `--systems` takes. `model` says whose vectors it compares: those of the shipped encoder or of its raw model."""

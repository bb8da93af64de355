"""What scoring costs beyond retrieval: the rankings of a set as large as KorQuAD's, made up, so that nobody's text is needed.

Scored are the hits of a retriever that had them ready, as `rag eval` does it (gold, the passages' tokens, every metric and the tables),
and a TREC run.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar

from benchmarks.results import Figure, Findings
from index.encoder import Encoder, open_encoder
from index.types import Filter, Locator, Passage
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.evaluate import Texts, retrieval_rows, retrieval_tables
from rag.evaluation.gold import gold_over
from rag.evaluation.report import QuestionRow
from rag.evaluation.trec import Qrels, judged_run, read_run, write_run
from rag.types import Hit

QUESTIONS, PASSAGES, DEPTH = 5_774, 960, 100
"""KorQuAD's, and how many hits of each question are scored."""

KS = (1, 5, 20, 100)
WORDS = 120
"""Words of a passage; three syllables each make it as long as KorQuAD's."""

FOUND = 0.8
"""How likely the relevant passage stands at a rank, where it stands no higher."""

Value = TypeVar("Value")


class Ready:
    """A retriever that knows every ranking before it is asked, and how long it took to hand them over."""

    def __init__(self, rankings: Mapping[str, Sequence[Passage]]) -> None:
        self.seconds = 0.0
        self._rankings = rankings

    def retrieve(self, question: str, k: int, filter: Filter | None = None) -> list[Hit]:
        start = time.perf_counter()
        hits = [Hit(passage, 1 / rank) for rank, passage in enumerate(self._rankings[question][:k], 1)]
        self.seconds += time.perf_counter() - start
        return hits


def measure(questions: int = QUESTIONS, rounds: int = 5) -> Findings:
    """The median over rounds of each step, in seconds."""
    rng = random.Random(0)
    passages = [_passage(number, rng) for number in range(PASSAGES)]
    asked = [_question(number, passages[number % PASSAGES], rng) for number in range(questions)]
    rankings = {question.text: _ranking(passages[number % PASSAGES], passages, rng) for number, question in enumerate(asked)}
    encoder = open_encoder()
    encoder.count_tokens([passages[0].text])  # whoever retrieves has the tokenizer already
    steps = [_round(passages, asked, rankings, encoder) for _ in range(rounds)]
    settings = {"questions": questions, "hits of each": DEPTH, "passages": PASSAGES, "rounds": rounds}
    goals = {"score the hits": 1.0, "score a TREC run": 1.0, "read a TREC run": None, "write a TREC run": None}
    return Findings(settings, tuple(Figure(name, median(step[name] for step in steps), "s", goal) for name, goal in goals.items()))


def _round(
    passages: Sequence[Passage], questions: Sequence[Question], rankings: Mapping[str, Sequence[Passage]], encoder: Encoder
) -> dict[str, float]:
    took: dict[str, float] = {}
    ready = Ready(rankings)
    rows = _timed(took, "score the hits", lambda: _scored(passages, questions, ready, encoder))
    took["score the hits"] -= ready.seconds
    held = {passage.doc_id: passage.passage_id for passage in passages}
    qrels: Qrels = {question.id: {held[question.evidence[0].doc]: 1} for question in questions}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.trec"
        _timed(took, "write a TREC run", lambda: write_run(path, rows, "ready"))
        run = _timed(took, "read a TREC run", lambda: read_run(path))
    _timed(took, "score a TREC run", lambda: judged_run(run, qrels, KS, "run"))
    return took


def _timed(took: dict[str, float], name: str, step: Callable[[], Value]) -> Value:
    start = time.perf_counter()
    value = step()
    took[name] = time.perf_counter() - start
    return value


def _scored(passages: Sequence[Passage], questions: Sequence[Question], ready: Ready, encoder: Encoder) -> list[QuestionRow]:
    texts = {passage.doc_id: passage.text for passage in passages}
    gold = gold_over({passage.doc_id: [passage] for passage in passages}, texts.__getitem__, questions)
    known = Texts(encoder)
    known.tokens(list(texts.values()))
    rows = retrieval_rows({"ready": ready}, gold, questions, KS, encoder, texts=known)
    retrieval_tables(rows, KS)
    return rows


def _passage(number: int, rng: random.Random) -> Passage:
    text = " ".join("".join(chr(rng.randrange(ord("가"), ord("힣") + 1)) for _ in range(3)) for _ in range(WORDS))
    return Passage(f"문서/{number}", f"제목 {number}", (), text, 0, len(text), Locator(1))


def _question(number: int, passage: Passage, rng: random.Random) -> Question:
    """Asked of that passage; its answer is a word of it."""
    return Question(f"q{number}", f"질문 {number}", (rng.choice(passage.text.split()),), (Evidence(passage.doc_id),))


def _ranking(relevant: Passage, passages: Sequence[Passage], rng: random.Random) -> list[Passage]:
    drawn = [passage for passage in rng.sample(passages, DEPTH) if passage is not relevant][: DEPTH - 1]
    rank = 0
    while rank < len(drawn) and rng.random() > FOUND:
        rank += 1
    return [*drawn[:rank], relevant, *drawn[rank:]]

"""What the readers learn from is right, and they learn it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.errors import UsageError
from index.index import Index
from index.morphemes import Analyser
from rag import fit
from rag.cases import OWN, Case, How, Source, cases
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.gold import gold_of
from rag.fit import Judged, Read, Task, figures, fit_mixture, fit_reader, mixture_choices, read_all, read_sentences, read_spans, run, tasks
from rag.linear import Matrix, fit_choices
from rag.mixture import FEATURES, Mixture, describe
from rag.retriever import IndexRetriever
from rag.sentence_reader import EVIDENCE, KINDS, SENTENCE, SentenceReader, Weights
from rag.span_reader import CHOICE, SpanReader
from tests.rag.samples import ENCODER, memory_index
from tests.rag.test_span_reader import Marker

NOTES = {
    "a.md": "그림의 종류:\n- 수채화\n- 유화\n- 판화\n\n그림은 종이에 그린다. 종이는 나무로 만든다.",
    "b.md": "음악은 소리로 만든다. 악기는 네 가지다.\n\n피아노는 건반이 88개다.",
}
QUESTIONS = (
    Question("1", "종이는 나무로 만드나?", ("나무로 만든다",), (Evidence("a.md", "종이는 나무로 만든다."),)),
    Question("2", "피아노의 건반은 몇 개?", ("88개",), (Evidence("b.md", "피아노는 건반이 88개다."),)),
    Question("3", "그림의 종류를 모두 말해 줘", ("수채화, 유화, 판화",), (Evidence("a.md", "- 수채화\n- 유화\n- 판화"),)),
    Question("4", "음악은 무엇으로 만드나?", ("소리로 만든다",), (Evidence("b.md", "음악은 소리로 만든다."),)),
    Question("5", "연극의 막은 몇 개?"),
    Question("6", "춤은 왜 추는가?"),
)
PLAY, DANCE = QUESTIONS[4:]


@pytest.fixture(scope="module")
def index(analyser: Analyser) -> Index:
    return memory_index(analyser, NOTES)


def source(index: Index, analyser: Analyser, questions: Sequence[Question] = QUESTIONS, name: str = OWN) -> Source:
    return Source(name, IndexRetriever(index, ENCODER, analyser), questions, gold_of(index, questions))


def test_the_linear_form_of_the_mixture(index: Index, analyser: Analyser) -> None:
    own = source(index, analyser, QUESTIONS[:4])
    weights = (0.3, 0.1, 0.05, 0.2, 0.1)
    choices = mixture_choices(own)
    assert [choice.weight for choice in choices] == [0.25] * 4
    for question, choice in zip(own.questions, choices, strict=True):
        terms = analyser.query(question.text)
        found = own.retriever.candidates(question.text, terms, 100)
        mixed = Mixture(weights).scores(describe(index, terms), found.scores["dense"], found.scores["lexical"])
        assert (choice.features @ np.array([1.0, *weights])).tolist() == pytest.approx(mixed.tolist(), abs=1e-5)
        assert choice.right.sum() == 1


def test_the_fitted_mixture_is_relative_to_the_cosine(index: Index, analyser: Analyser) -> None:
    own = source(index, analyser, QUESTIONS[:4])
    cosine, *rest = fit_choices(mixture_choices(own), l2=1e-6)
    assert fit_mixture([own]) == pytest.approx([value / cosine for value in rest], abs=1e-4)
    assert len(rest) == len(FEATURES)


# ------------------------------------------------------------------- what is learnt from


def test_right_sentences(index: Index, analyser: Analyser) -> None:
    own = source(index, analyser)
    told = []
    for question in QUESTIONS[:4]:
        case = next(cases(own, question))
        read = read_sentences(case)
        offers = SentenceReader(index, ENCODER, analyser).offers(question.text, case.hits)
        assert read is not None
        assert offers is not None
        assert read.features.tolist() == [list(each.features) for each in offers.candidates]
        told.append([each.text for each, right in zip(offers.candidates, read.right, strict=True) if right])
    assert told[0] == ["종이는 나무로 만든다."]
    assert told[1] == ["피아노는 건반이 88개다."]
    assert "그림의 종류:" in told[2]
    assert told[3] == ["음악은 소리로 만든다."]
    assert read_sentences(Case(own, QUESTIONS[0], [], How.ASKED)) is None


def spans_read(index: Index, analyser: Analyser, question: Question, *words: str) -> dict[tuple[str, bool], tuple[bool, float]]:
    """Of each possible answer, by its words and whether it is all of a sentence: whether it is right, and its F1."""
    case = next(cases(source(index, analyser, [question]), question))
    model = Marker(words)
    read, offers = read_spans(model, case), SpanReader(index, ENCODER, analyser, model).offers(question.text, case.hits)
    assert read is not None
    assert offers is not None
    names = [(" ".join(span.quote for span in each.spans), each.whole) for each in offers.candidates]
    return dict(zip(names, zip(read.right.tolist(), read.f1.tolist(), strict=True), strict=True))


def test_the_span_beats_its_sentence_where_the_gold_is_short(index: Index, analyser: Analyser) -> None:
    question = Question("k", "종이는 무엇으로?", ("나무",), (Evidence("a.md", "종이는 나무로 만든다."),))
    found = spans_read(index, analyser, question, "나무로")
    assert found["나무", False] == (True, 1.0)
    assert [each for each, (right, _) in found.items() if right] == [("나무", False)]


def test_the_sentence_beats_its_span_where_the_gold_is_long(index: Index, analyser: Analyser) -> None:
    question = Question("k", "종이는 왜?", ("종이는 나무로 만든다",), (Evidence("a.md", "종이는 나무로 만든다."),))
    found = spans_read(index, analyser, question, "나무로 만든다")
    assert found["종이는 나무로 만든다.", True] == (True, 1.0)
    assert found["나무로 만든다", False][0] is False
    assert found["나무로 만든다", False][1] >= 0.5


def test_nothing_is_right_below_half_or_outside_the_gold_passage(index: Index, analyser: Analyser) -> None:
    short = Question("k", "건반은 몇 개?", ("피아노 건반 88개 전부 검은 것과 흰 것",), (Evidence("b.md", "피아노는 건반이 88개다."),))
    assert not any(right for right, _ in spans_read(index, analyser, short, "88개").values())
    elsewhere = Question("k", "피아노는 몇 개?", ("88개",), (Evidence("a.md", "종이는 나무로 만든다."),))
    found = spans_read(index, analyser, elsewhere, "88개")
    assert found["88개", False] == (False, 1.0)
    unanswerable = spans_read(index, analyser, PLAY, "88개")
    assert set(unanswerable.values()) == {(False, 0.0)}


def test_every_question_is_read_in_the_order_given(index: Index, analyser: Analyser) -> None:
    reads = read_all([source(index, analyser), source(index, analyser, QUESTIONS[:1], "public")], read_sentences)
    told = [(read.case.question.id, read.group) for read in reads]
    assert told == [
        *((number, (True, how)) for number in "1234" for how in (How.ASKED, How.WITHOUT)),
        *(("5", (True, How.NEAR)), ("6", (True, How.NEAR)), ("1", (False, How.ASKED)), ("1", (False, How.WITHOUT))),
    ]


# ---------------------------------------------------------------------------- the fit


def planted(count: int = 400, own: str = OWN) -> list[Read]:
    """Cases whose right answer the feature "cosine" tells, and whose answerability "words" tells; the others are noise."""
    random = np.random.default_rng(len(own))
    retriever = IndexRetriever.__new__(IndexRetriever)
    out = []
    for number in range(count):
        there = number % 2 == 0
        rows = random.standard_normal((4, len(SENTENCE)))
        right = rows[:, 0] == rows[:, 0].max()
        evidence = np.array([1.0, *random.standard_normal(len(EVIDENCE) - 1)])
        evidence[EVIDENCE.index("words")] += 4.0 * there
        how = How.ASKED if there else How.NEAR
        question = Question(str(number), "?", ("x",) if there else (), (Evidence(f"{number}"),) if there else (), near=f"{number}")
        case = Case(Source(own, retriever, (), {}), question, (), how)
        out.append(Read(case, rows, right & there, np.where(right & there, 1.0, 0.0), partial(Known, evidence)))
    return out


class Known:
    def __init__(self, evidence: Matrix, weights: Matrix) -> None:
        self.evidence = evidence
        assert weights.shape == (len(SENTENCE),)


def test_the_readers_weights_find_what_was_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Case, "there", property(lambda case: case.how is How.ASKED))
    reads = [*planted(), *planted(own="public")]
    weights, judged = fit_reader(reads)
    assert np.argmax(np.abs(weights.sentence)) == 0
    assert np.argmax(np.abs(weights.answerable[1:])) + 1 == EVIDENCE.index("words")
    assert weights.answerable[-KINDS:] == (0.0,) * KINDS
    asked = np.array([read.group == (True, How.ASKED) for read in reads])
    assert (judged.support[asked] < weights.threshold).mean() == pytest.approx(fit.REFUSED_WRONGLY, abs=0.006)
    assert judged.f1[asked].mean() > 0.95
    told = {label: (count, value) for label, count, value in figures(reads, judged, weights.threshold)}
    assert told["own: AUROC against written to have no answer"][0] == 400
    assert (told["own: AUROC against written to have no answer"][1] or 0) > 0.95
    assert told["own: refused, as asked"][1] == pytest.approx(fit.REFUSED_WRONGLY, abs=0.006)
    assert (told["own: refused, written to have no answer"][1] or 0) > 0.5
    assert not any("strange" in label or "other" in label for label in told), "no figure without its questions"


def test_figures_are_of_the_right_questions() -> None:
    reads = [*planted(4), *planted(2, "public")]
    judged = Judged(
        evidence=np.zeros((6, 1)),
        f1=np.array([1.0, 0.0, 0.4, 0.0, 0.8, 0.0]),
        confidence=np.array([0.9, 0.3, 0.2, 0.5, 0.6, 0.0]),
        support=np.array([0.9, 0.7, 0.6, 0.1, 0.8, 0.9]),
    )
    told = {label: value for label, _, value in figures(reads, judged, 0.5)}
    assert told == pytest.approx(
        {
            "own: F1 of the answer chosen": 0.7,
            "own: share with F1 of 0.5 or more": 0.5,
            "own: ECE of those answered": (0.1 + 0.3 + 0.2) / 3,
            "own: refused, as asked": 0.0,
            "own: refused, written to have no answer": 0.5,
            "own: AUROC against written to have no answer": 0.75,
            "public: F1 of the answer chosen": 0.8,
            "public: share with F1 of 0.5 or more": 1.0,
            "public: ECE of those answered": (0.4 + 0.0) / 2,
            "public: refused, as asked": 0.0,
            "public: refused, written to have no answer": 0.0,
            "public: AUROC against written to have no answer": 0.0,
        }
    )


def test_a_reader_is_fitted_and_saved(index: Index, analyser: Analyser, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, public = source(index, analyser), source(index, analyser, QUESTIONS[:4], "public")
    run(Task(tmp_path / "weights.json", SENTENCE, EVIDENCE, read_sentences), [own, public])
    weights = Weights.load(tmp_path / "weights.json")
    assert 0 < weights.threshold < 1
    reader = SentenceReader(index, ENCODER, analyser, replace(weights, threshold=0.0))
    answers = {question.id: reader.read(question.text, own.retriever.retrieve(question.text, 5)).text for question in QUESTIONS[:4]}
    assert answers["1"] == "종이는 나무로 만든다."
    assert answers["3"] == "수채화, 유화, 판화"
    assert "own: refused, as asked" in capsys.readouterr().out


def test_the_span_reader_is_fitted_to_mark(index: Index, analyser: Analyser, tmp_path: Path) -> None:
    from rag import span_reader

    own = source(index, analyser)
    model = Marker(("나무로 만든다", "88개", "수채화", "소리로 만든다"))
    run(Task(tmp_path / "weights.json", CHOICE, span_reader.EVIDENCE, partial(read_spans, model)), [own])
    weights = Weights.load(tmp_path / "weights.json", CHOICE, span_reader.EVIDENCE)
    reader = SpanReader(index, ENCODER, analyser, model, replace(weights, threshold=0.0))
    answers = {question.id: reader.read(question.text, own.retriever.retrieve(question.text, 5)).text for question in QUESTIONS[:4]}
    assert answers == {"1": "나무로 만든다", "2": "88개", "3": "수채화, 유화, 판화", "4": "소리로 만든다"}


def test_the_sentence_reader_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "SpanModel", lambda remembered: Marker())
    assert [task.path.name for task in tasks(None)] == ["sentence_reader.json", "span_reader.json"]
    assert [[task.path.name for task in tasks(only)] for only in ("sentence", "span")] == [["sentence_reader.json"], ["span_reader.json"]]


def test_a_database_is_to_be_copied_first(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fit.main(["--index", "postgresql://u:geheim@h/db?schema=notes"])
    said = capsys.readouterr().err
    assert ended.value.code == UsageError.exit_code
    assert "not in postgresql://u:***@h/db?schema=notes. Copy it first: rag copy 'postgresql://" in said
    assert "geheim" not in said


def test_saved_numbers_are_readable(tmp_path: Path) -> None:
    fit._save(tmp_path / "x.json", {"weights": (1.0, 2.0)})
    assert json.loads((tmp_path / "x.json").read_text("utf-8")) == {"weights": [1.0, 2.0]}

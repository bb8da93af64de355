"""The fits find again what was planted, and the labels they learn from are the right ones."""

from __future__ import annotations

import numpy as np
import pytest

from index.index import Index
from index.morphemes import Analyser
from rag.datasets import Dataset, Evidence, Question
from rag.fit import Choice, Matrix, evidence_rows, fit_choices, fit_logistic, fit_mixture, fit_reader, mixture_choices, sentence_choice
from rag.gold import gold_of
from rag.mixture import FEATURES, Mixture, describe
from rag.pipeline import Pipeline
from rag.retriever import IndexRetriever
from rag.sentence_reader import EVIDENCE, KINDS, SENTENCE, SentenceReader, Weights
from tests.rag.samples import ENCODER, memory_index

PLANTED = np.array([1.5, -0.7, 0.3])


def logit(values: Matrix) -> Matrix:
    return 1 / (1 + np.exp(-values))


def chosen(count: int, seed: int = 0) -> list[Choice]:
    """Questions of six candidates, the right one drawn by the softmax of PLANTED."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        features = random.standard_normal((6, 3))
        odds = np.exp(features @ PLANTED)
        out.append(Choice(features, np.arange(6) == random.choice(6, p=odds / odds.sum())))
    return out


def test_choices_give_the_planted_weights() -> None:
    assert fit_choices(chosen(3000), l2=0).tolist() == pytest.approx(PLANTED.tolist(), abs=0.12)


def test_choices_count_by_their_weight() -> None:
    some, more = chosen(60, 1), chosen(60, 2)
    heavier = [Choice(each.features, each.right, 3.0) for each in more]
    assert fit_choices([*some, *heavier]).tolist() == pytest.approx(fit_choices([*some, *more, *more, *more]).tolist(), abs=1e-3)


def test_choices_without_a_choice_teach_nothing() -> None:
    none = Choice(np.ones((2, 3)) * 9, np.array([False, False]))
    every = Choice(np.ones((2, 3)) * -9, np.array([True, True]))
    assert fit_choices([*chosen(50), none, every]).tolist() == pytest.approx(fit_choices(chosen(50)).tolist(), abs=1e-4)


def test_any_of_several_right_candidates_will_do() -> None:
    """The loss looks at the sum over the right ones: with one of the two far ahead, the other is not pulled up."""
    features = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    found = fit_choices([Choice(features, np.array([True, True, False]))], l2=0.01)
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    assert found[0] > 0.5


def test_a_penalty_shrinks() -> None:
    free, held = fit_choices(chosen(200), l2=0), fit_choices(chosen(200), l2=1.0)
    assert np.linalg.norm(held) < 0.5 * np.linalg.norm(free)


@pytest.fixture(scope="module")
def labelled() -> tuple[Matrix, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    random = np.random.default_rng(3)
    rows = np.column_stack((np.ones(20_000), random.standard_normal((20_000, 3))))
    return rows, random.random(20_000) < logit(rows @ np.array([-1.0, *PLANTED]))


def test_logistic_gives_the_planted_weights(labelled: tuple[Matrix, np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> None:
    rows, labels = labelled
    found = fit_logistic(rows, labels, l2=1e-6)
    assert found.tolist() == pytest.approx([-1.0, *PLANTED], abs=0.08)
    assert logit(rows @ fit_logistic(rows, labels, l2=1.0)).mean() == pytest.approx(labels.mean(), abs=1e-3), "the constant is free"


def test_logistic_treats_features_of_any_scale_alike(labelled: tuple[Matrix, np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> None:
    rows, labels = labelled[0][:500], labelled[1][:500]
    stretched = fit_logistic(rows * np.array([1, 100, 1, 0.01]), labels)
    assert (stretched * np.array([1, 100, 1, 0.01])).tolist() == pytest.approx(fit_logistic(rows, labels).tolist(), abs=2e-3)


def test_logistic_rows_count_as_told(labelled: tuple[Matrix, np.ndarray[tuple[int], np.dtype[np.bool_]]]) -> None:
    rows, labels = labelled[0][:300], labelled[1][:300]
    counts = np.where(np.arange(300) < 100, 2.0, 0.0)
    fitted = fit_logistic(rows, labels, counts, l2=0.0)
    assert fitted.tolist() == pytest.approx(fit_logistic(rows[:100], labels[:100], l2=0.0).tolist(), abs=0.02)


def test_logistic_of_what_can_be_told_apart_is_finite() -> None:
    rows = np.column_stack((np.ones(40), np.repeat([-1.0, 1.0], 20) * 1000, np.zeros(40)))
    found = fit_logistic(rows, rows[:, 1] > 0)
    assert np.isfinite(found).all()
    assert found[2] == 0


# ------------------------------------------------------------------- what is learnt from

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


@pytest.fixture(scope="module")
def index(analyser: Analyser) -> Index:
    return memory_index(analyser, NOTES)


def test_the_linear_form_of_the_mixture(index: Index, analyser: Analyser) -> None:
    retriever = IndexRetriever(index, ENCODER, analyser)
    data = Dataset("own", (), QUESTIONS[:4])
    weights = (0.3, 0.1, 0.05, 0.2, 0.1)
    choices = mixture_choices(retriever, data, gold_of(index, data.questions))
    assert [choice.weight for choice in choices] == [0.25] * 4
    for question, choice in zip(data.questions, choices, strict=True):
        terms = analyser.query(question.text)
        found = retriever.candidates(question.text, terms, 100)
        mixed = Mixture(weights).scores(describe(index, terms), found.scores["dense"], found.scores["lexical"])
        assert (choice.features @ np.array([1.0, *weights])).tolist() == pytest.approx(mixed.tolist(), abs=1e-5)
        assert choice.right.sum() == 1


def test_the_fitted_mixture_is_relative_to_the_cosine(index: Index, analyser: Analyser) -> None:
    retriever = IndexRetriever(index, ENCODER, analyser)
    data = Dataset("own", (), QUESTIONS[:4])
    gold = gold_of(index, data.questions)
    cosine, *rest = fit_choices(mixture_choices(retriever, data, gold), l2=1e-6)
    assert fit_mixture([(retriever, data, gold)]) == pytest.approx([value / cosine for value in rest], abs=1e-4)
    assert len(rest) == len(FEATURES)


def test_right_sentences(index: Index, analyser: Analyser) -> None:
    pipeline = Pipeline.over(index, ENCODER)
    reader = SentenceReader(index, ENCODER, analyser)
    gold = gold_of(index, QUESTIONS)
    told = []
    for question in QUESTIONS[:4]:
        hits = pipeline.search(question.text, 10)
        choice = sentence_choice(reader, question, hits, gold[question.id], 0.5)
        reading = reader.weigh(question.text, hits, np.zeros(len(SENTENCE)))
        assert choice is not None
        assert reading is not None
        assert (choice.weight, choice.features.shape) == (0.5, (len(reading.candidates), len(SENTENCE)))
        told.append([each.text for each, right in zip(reading.candidates, choice.right, strict=True) if right])
    assert told[0] == ["종이는 나무로 만든다."]
    assert told[1] == ["피아노는 건반이 88개다."]
    assert "그림의 종류:" in told[2]
    assert told[3] == ["음악은 소리로 만든다."]
    assert sentence_choice(reader, QUESTIONS[0], [], gold["1"], 1.0) is None


def test_every_question_is_also_asked_without_its_gold(index: Index, analyser: Analyser) -> None:
    pipeline = Pipeline.over(index, ENCODER)
    by_words = tuple(float(name == "words") for name in SENTENCE)
    reader = SentenceReader(index, ENCODER, analyser, Weights(by_words, (0.0,) * len(EVIDENCE), (0.0,) * len(EVIDENCE), 0.9))
    rows, labels = evidence_rows(reader, pipeline, QUESTIONS, gold_of(index, QUESTIONS))
    assert rows.shape == (10, len(EVIDENCE))
    there, right, asked_so, has_answer = labels.T.tolist()
    assert there == [True, False] * 4 + [False, False]
    assert asked_so == [True, False] * 4 + [True, True]
    assert has_answer == [True] * 8 + [False] * 2
    assert not any(right[at] for at in range(1, 8, 2))
    assert right[0], "the words alone find the sentence"


def test_the_reader_is_fitted_from_end_to_end(index: Index, analyser: Analyser) -> None:
    pipeline = Pipeline.over(index, ENCODER)
    data = Dataset("own", (), QUESTIONS[:4])
    weights = fit_reader([(IndexRetriever(index, ENCODER, analyser), data, gold_of(index, data.questions))], pipeline, QUESTIONS)
    assert [len(part) for part in (weights.sentence, weights.right, weights.answerable)] == [len(SENTENCE), len(EVIDENCE), len(EVIDENCE)]
    assert weights.answerable[-KINDS:] == (0.0,) * KINDS
    assert 0 < weights.threshold < 1
    reader = SentenceReader(index, ENCODER, analyser, weights)
    answers = {question.id: reader.read(question.text, pipeline.search(question.text)).text for question in QUESTIONS[:4]}
    assert answers["1"] == "종이는 나무로 만든다."
    assert answers["3"] == "수채화, 유화, 판화"

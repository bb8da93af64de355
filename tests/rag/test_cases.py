"""Which questions the readers are fitted on, over which notes, and with which hits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import EncoderMismatch
from index.index import Index
from index.morphemes import Analyser
from rag.cases import FOLDS, OWN, PUBLIC, READ, How, Source, cases, own_sources, public_sources, strangers
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.gold import gold_of
from rag.retriever import IndexRetriever
from rag.training.examples import held_out
from tests.fakes import HashEncoder
from tests.rag.samples import ENCODER, folder_index, memory_index

NOTES = {
    "a.md": "종이는 나무로 만든다.\n\n종이는 얇다.\n\n붓은 털로 만든다.",
    "b.md": "나무로 배도 만든다.\n\n음악은 소리로 만든다.",
    "c.md": "피아노는 건반이 88개다.",
}
PAPER = Question("1", "종이는 무엇으로 만드나?", ("나무로",), (Evidence("a.md", "종이는 나무로 만든다."),))
PIANO = Question("2", "피아노의 건반은 몇 개?", ("88개",), (Evidence("c.md", "건반이 88개다."),))
BOTH = Question("3", "종이와 소리로 무엇을 만드나?", ("책",), (Evidence("a.md", "종이는 얇다."), Evidence("b.md", "음악은 소리로 만든다.")))
STAGE = Question("4", "연극의 막은 몇 개?", near="c.md")


@pytest.fixture(scope="module")
def index(analyser: Analyser) -> Index:
    return memory_index(analyser, NOTES)


def source(index: Index, analyser: Analyser, *questions: Question, how: How = How.ASKED) -> Source:
    return Source(OWN, IndexRetriever(index, ENCODER, analyser), questions, gold_of(index, questions), how)


def test_a_question_is_asked_with_its_passages_and_without(index: Index, analyser: Analyser) -> None:
    asked, without = cases(source(index, analyser, PAPER), PAPER)
    assert (asked.how, without.how) == (How.ASKED, How.WITHOUT)
    assert (asked.there, without.there) == (True, False)
    assert [hit.passage.text for hit in asked.hits] == [
        hit.passage.text for hit in IndexRetriever(index, ENCODER, analyser).retrieve(PAPER.text, READ)
    ]
    texts = [hit.passage.text for hit in without.hits]
    assert set(texts) <= {"종이는 얇다.", "붓은 털로 만든다.", "음악은 소리로 만든다.", NOTES["c.md"]}, "no word of the answer"
    assert "종이는 얇다." in texts, "near its topic"


def test_a_question_without_an_answer_is_asked_once(index: Index, analyser: Analyser) -> None:
    [case] = cases(source(index, analyser, STAGE), STAGE)
    assert (case.how, case.there, len(case.hits)) == (How.NEAR, False, READ)


def test_notes_that_hold_no_answer_are_asked_once(index: Index, analyser: Analyser) -> None:
    [case] = cases(source(index, analyser, PAPER, how=How.ELSEWHERE), PAPER)
    assert (case.how, case.there) == (How.ELSEWHERE, False)
    assert not any("나무로" in hit.passage.text for hit in case.hits)


def test_letters_tell_nothing(index: Index, analyser: Analyser) -> None:
    letter = replace(PIANO, answers=("다",))
    assert {hit.passage.text for case in cases(source(index, analyser, letter), letter) for hit in case.hits if case.how is How.WITHOUT}


def test_questions_of_a_note_are_in_one_fold_however_they_are_asked(index: Index, analyser: Analyser) -> None:
    own = source(index, analyser, PAPER, PIANO, STAGE)
    piano, stage = ({case.fold for case in cases(own, question)} for question in (PIANO, STAGE))
    assert piano == stage and len(piano) == 1
    folds = {case.fold for number in range(99) for case in cases(own, replace(STAGE, near=f"{number}.md"))}
    assert folds == set(range(FOLDS))


def test_notes_are_asked_whole_and_in_halves(analyser: Analyser, tmp_path: Path) -> None:
    index = folder_index(analyser, NOTES, tmp_path / "index")
    own, first, second = own_sources(tmp_path / "index", [PAPER, PIANO, BOTH, STAGE], ENCODER, analyser, tmp_path)
    assert (own.how, own.questions, len(own.retriever.index)) == (How.ASKED, [PAPER, PIANO, BOTH, STAGE], len(index))
    assert own.gold["1"].held == 1
    assert [info.doc_id for info in first.retriever.index.documents()] == ["b.md"]
    assert [info.doc_id for info in second.retriever.index.documents()] == ["a.md", "c.md"]
    assert (first.questions, second.questions) == ([PAPER, PIANO], []), "none whose answer is partly left"
    assert {first.how, second.how} == {How.ELSEWHERE}
    [case] = cases(first, PIANO)
    assert [hit.passage.doc_id for hit in case.hits] == ["b.md", "b.md"]
    with pytest.raises(EncoderMismatch):
        own_sources(tmp_path / "index", [PAPER], HashEncoder(dim=8), analyser, tmp_path / "other")


def test_public_questions_are_those_held_out_of_training(analyser: Analyser, tmp_path: Path) -> None:
    data = {name: [f"{name} {number}" for number in range(40)] for name in PUBLIC}
    (tmp_path / "train").mkdir()
    for name, file in zip(PUBLIC, ("klue_mrc", "tydiqa_ko"), strict=True):
        contexts = [{"context_id": each, "title": "", "text": f"{each}호의 글이다."} for each in data[name]]
        questions = [{"id": f"q {each}", "question": f"{each}호?", "context_id": each, "answers": [{"text": each}]} for each in data[name]]
        for part, rows in (("contexts", contexts), ("qa", questions)):
            (tmp_path / "train" / f"{file}.{part}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    sources = public_sources(tmp_path, ENCODER, analyser, tmp_path / "cache", tmp_path)
    assert [each.name for each in sources] == list(PUBLIC)
    for each in sources:
        assert len(each.retriever.index) == 40, "all passages are searched"
        assert [question.id for question in each.questions] == [f"q {at}" for at in data[each.name] if held_out(each.name, at)]
        assert 0 < len(each.questions) < 20
        assert all(each.gold[question.id].held == 1 for question in each.questions)
    folds = {case.fold for each in sources for asked in each.questions for case in cases(each, asked)}
    assert len(folds) > FOLDS // 3, "what is held out does not say in which fold"
    other = strangers(source(memory_index(analyser, NOTES), analyser), sources)
    assert (other.name, other.how, len(other.questions)) == (OWN, How.STRANGE, sum(len(each.questions) for each in sources))
    assert {next(cases(other, asked)).fold for asked in other.questions} == {
        next(cases(each, asked)).fold for each in sources for asked in each.questions
    }
    assert not any(asked.answerable for asked in other.questions)

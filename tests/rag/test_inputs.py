"""Every kind of question set is known by what it holds, and what is none of them is told what would be."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from index.errors import DataError, UsageError
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.inputs import load_input, load_judgements

OWN = {"id": "o1", "question": "언제?", "answers": ["2020년"], "evidence": [{"doc": "a.md", "quote": "2020년에"}], "kind": "factoid"}
SQUAD = {
    "data": [
        {
            "title": "DPR",
            "paragraphs": [
                {
                    "context": "2020년에 나왔다",
                    "qas": [{"id": "s1", "question": "언제?", "answers": [{"text": "2020년", "answer_start": 0}]}],
                }
            ],
        }
    ]
}
QRELS = "t1 0 a.md 1\nt1 0 b.md 0\nt2 0 b.md#0-40 2\nt3 0 a.md 0\n"
TOPICS = "t1\tDPR은 언제?\nt2\t배치는?\n"
TAGGED = "<top>\n<num> Number: t1\n<title> DPR은 언제?\n</top>\n<top>\n<num> Number: t2\n<title> 배치는?\n</top>\n"


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("name", "text", "ids", "contexts"),
    [
        ("own.txt", lines(OWN), ["o1"], 0),
        ("own.jsonl", "\ufeff" + lines(OWN | {"status": "accepted"}), ["o1"], 0),
        ("squad", json.dumps(SQUAD), ["s1"], 1),
        ("squad.jsonl", json.dumps(SQUAD, indent=1), ["s1"], 1),
        ("table.txt", "id,question,answer\nc1,언제?,2020년\n", ["c1"], 0),
    ],
)
def test_the_name_of_a_file_does_not_matter(tmp_path: Path, name: str, text: str, ids: list[str], contexts: int) -> None:
    data = load_input(write(tmp_path / name, text))
    assert ([question.id for question in data.questions], len(data.contexts)) == (ids, contexts)
    assert data.questions[0].answers == ("2020년",)


def test_an_archive_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl.zst").write_bytes(zstandard.compress(lines(OWN).encode()))
    assert load_input(tmp_path / "own.jsonl.zst").questions[0].evidence == (Evidence("a.md", "2020년에"),)


def test_contexts_stand_beside_their_questions(tmp_path: Path) -> None:
    write(tmp_path / "set.contexts.jsonl", lines({"context_id": "c", "title": "", "text": "2020년에"}))
    asked = lines({"id": "q", "question": "언제?", "context_id": "c", "answers": [{"text": "2020년"}]})
    data = load_input(write(tmp_path / "set.qa.jsonl", asked))
    assert (len(data.contexts), data.questions[0].evidence) == (1, (Evidence("c"),))
    with pytest.raises(DataError, match=r"beside NAME\.qa\.jsonl.*rename it"):
        load_input(write(tmp_path / "other.jsonl", asked))


# Splits


def test_a_split_is_test_unless_another_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "q", lines(*(OWN | {"id": name, "split": split} for name, split in (("a", "dev"), ("b", "test"), ("c", "x")))))
    kept = {split: [question.id for question in load_input(path, split=split).questions] for split in (None, "dev", "x", "all")}
    assert kept == {None: ["b"], "dev": ["a"], "x": ["c"], "all": ["a", "b", "c"]}
    with pytest.raises(UsageError, match="no question of split train: there are dev, test, x, or all"):
        load_input(path, split="train")


def test_a_set_without_splits_is_measured_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "q", lines(OWN))
    assert len(load_input(path).questions) == len(load_input(path, split="all").questions) == 1
    with pytest.raises(UsageError, match="no question of split dev: it names no splits: leave --split out"):
        load_input(path, split="dev")


def test_drafted_questions_wait_until_they_are_accepted_or_asked_for(tmp_path: Path) -> None:
    rows = [OWN | {"id": status, "status": status} for status in ("drafted", "accepted", "rejected")]
    path = write(tmp_path / "q", lines(*rows))
    kept, asked = load_input(path), load_input(path, drafted=True)
    assert ([each.id for each in kept.questions], kept.waiting) == (["accepted"], 1)
    assert ([each.id for each in asked.questions], asked.waiting) == (["accepted", "drafted"], 0)
    with pytest.raises(UsageError, match=r"1 drafted questions and no accepted one: .*--drafted"):
        load_input(write(tmp_path / "new", lines(rows[0])))


# BEIR


def beir(folder: Path, *judgements: str) -> Path:
    write(folder / "corpus.jsonl", lines({"_id": "d1", "title": "", "text": "가"}, {"_id": "d2", "text": "나"}))
    write(folder / "queries.jsonl", lines({"_id": "q1", "text": "?"}, {"_id": "q2", "text": "??"}))
    for name in judgements:
        document = "d2" if "dev" in name else "d1"
        write(folder / name, f"query-id\tcorpus-id\tscore\nq1\t{document}\t2\n")
    return folder


@pytest.mark.parametrize(
    ("judgements", "split", "document"),
    [
        (["qrels.tsv"], None, "d1"),
        (["qrels/test.tsv", "qrels/dev.tsv"], None, "d1"),
        (["qrels/test.tsv", "qrels/dev.tsv"], "dev", "d2"),
    ],
)
def test_a_beir_folder_and_its_splits(tmp_path: Path, judgements: list[str], split: str | None, document: str) -> None:
    data = load_input(beir(tmp_path, *judgements), split=split)
    assert data.questions == (Question("q1", "?", (), (Evidence(document, grade=2),)),)
    assert len(data.contexts) == 2


def test_the_judgements_of_a_beir_folder_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beir(tmp_path / "set", "qrels/dev.tsv")
    with pytest.raises(UsageError, match=r"neither qrels\.tsv nor qrels/test\.tsv is there, but qrels/dev\.tsv: name .* --qrels FILE"):
        load_input(tmp_path / "set")
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.txt", "q2 0 d1 1\n")
    assert [question.id for question in load_input(Path("set"), Path("mine.txt")).questions] == ["q2"]


def test_a_folder_that_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a folder without corpus\.jsonl is no BEIR set\. Accepted are:\n  our questions"):
        load_input(tmp_path)


# TREC


@pytest.mark.parametrize("topics", [TOPICS, TAGGED])
def test_topics_and_their_judgements(tmp_path: Path, topics: str) -> None:
    data = load_input(write(tmp_path / "topics", topics), write(tmp_path / "qrels", QRELS))
    assert data.questions == (
        Question("t1", "DPR은 언제?", evidence=(Evidence("a.md"),)),
        Question("t2", "배치는?", evidence=(Evidence("b.md#0-40", grade=2),)),
    )
    assert load_judgements(tmp_path / "qrels").questions[1] == Question("t2", "", evidence=data.questions[1].evidence)


def test_topics_need_judgements_and_only_they_do(tmp_path: Path) -> None:
    topics, qrels = write(tmp_path / "topics", TOPICS), write(tmp_path / "qrels", QRELS)
    with pytest.raises(UsageError, match="topics are topics: name their judgements with --qrels FILE"):
        load_input(topics)
    with pytest.raises(UsageError, match="own brings its own gold: leave --qrels out"):
        load_input(write(tmp_path / "own", lines(OWN)), qrels)


def test_an_unknown_file_is_unknown_with_judgements_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a set of questions that is known"):
        load_input(write(tmp_path / "note", "그냥 글"), write(tmp_path / "qrels", QRELS))


def test_a_judged_topic_that_is_not_there_is_no_smaller_denominator(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"judges 1 topics that .*topics does not hold, the first is 't2'"):
        load_input(write(tmp_path / "topics", TOPICS.split("\n")[0]), write(tmp_path / "qrels", QRELS))


# CSV

CSVS: list[Callable[[], tuple[str, str]]] = [
    lambda: ("question,answer\nDPR은?,2020년\n", "utf-8"),
    lambda: ("Question,Answer\r\nDPR은?,2020년\r\n", "utf-8-sig"),
    lambda: ("질문,답\nDPR은?,2020년\n", "cp949"),
    lambda: ("질문;정답\nDPR은?;2020년\n", "utf-8"),
    lambda: ("번호\t질문\t답변\n7\tDPR은?\t2020년\n", "utf-16"),
    lambda: ("question,answer\rDPR은?,2020년\r", "utf-8"),
    lambda: ('note,answer,question\n"여러 줄\n글",2020년,DPR은?\n\n', "utf-8"),
]


@pytest.mark.parametrize("made", CSVS)
def test_a_table_of_question_and_answer(tmp_path: Path, made: Callable[[], tuple[str, str]]) -> None:
    (question,) = load_input(write(tmp_path / "q.csv", *made())).questions
    assert (question.text, question.answers, question.evidence, question.answerable) == ("DPR은?", ("2020년",), (), True)


def test_other_columns_of_a_table(tmp_path: Path) -> None:
    text = "id,question,answer,answer 2,pattern,kind,split\na,하나?,1,일,,n,dev\nb,둘?,,,,n,dev\nc,셋?,,,3|삼,n,dev\n"
    assert load_input(write(tmp_path / "q.csv", text), split="dev").questions == (
        Question("a", "하나?", ("1", "일"), kind="n", split="dev"),
        Question("b", "둘?", kind="n", split="dev"),
        Question("c", "셋?", kind="n", split="dev", patterns=("3|삼",)),
    )


def test_cells_without_words_are_no_loss(tmp_path: Path) -> None:
    text = ',question,answer,,\n0,하나?,"1, 일",,\n1,둘?,2, ,,\n'  # a first column without a name numbers the rows
    assert [question.answers for question in load_input(write(tmp_path / "q.csv", text)).questions] == [("1, 일",), ("2",)]


def test_a_row_is_named_by_its_words_wherever_it_stands(tmp_path: Path) -> None:
    before = load_input(write(tmp_path / "a.csv", "question,answer\n하나?,1\n")).questions
    after = load_input(write(tmp_path / "b.csv", "question,answer\n영?,0\n하나?,1\n")).questions
    assert before[0].id == after[1].id != after[0].id


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question,answer\n하나?,1\n하나?,2\n", r"q\.csv:3: this question, or its id, stands further up already: 하나\?"),
        ("question,answer,id\n하나?,1,x\n둘?,2,x\n", r"q\.csv:3: this question, or its id"),
        ("question,answer\n하나?,1\n,2\n", r"q\.csv:3: the question is missing"),
        ('question,answer\n하나?,"1\n', r"q\.csv:2: not the expected form: unexpected end of data"),
        ("question,answer\n", r"q\.csv holds no question"),
        (
            "question,answer\n하나?,1\n쿼리 확장이 높이는 것은?,재현율, 그리고 더\n",
            r"q\.csv:3: 3 cells, .* header names 2: '그리고 더' belongs to no column\. A cell that holds ',' needs quotes: .one, two.$",
        ),
        ("question,answer,\n하나?,1,일\n", r"q\.csv:2: 3 cells, and the header names 2: '일' belongs"),  # as a spreadsheet saves it again
        ("질문;답\n하나?;1;일\n", r"A cell that holds ';' needs quotes: .one; two.$"),
        ("question,pattern\n하나?,1\n둘?,19[71\n", r"q\.csv:3: the answer '19\[71' is no regular expression: unterminated character set"),
        ("question,pattern\n하나?,a{99999999999}\n", r"q\.csv:2: .*no regular expression: the repetition number is too large"),
    ],
)
def test_a_broken_table_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_input(write(tmp_path / "q.csv", text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "그냥 글",
        "긴 글 " * 50_000,
        "question only\nx\n",
        "a,b\n1,2\n",
        '{"id": 1}\n',
        '{"data": 3}',
        "[1, 2]",
        '{"question": ',
        "t1\tok\nno tab\n",
        "글\r이다, 표가 아니다\n",
        '{"a":' * 60_000,
    ],
)
def test_what_is_not_known_is_told_what_is_accepted(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"not a set of questions that is known\. Accepted are:\n(.*\n)*.*CP949"):
        load_input(write(tmp_path / "what", text))


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DataError, match=r"image: not a text file.*Accepted are:"):
        load_input(tmp_path / "image")
    with pytest.raises(DataError, match=r"nothing: cannot be read"):
        load_input(tmp_path / "nothing")

"""The file a person goes through: its lines are kept to the letter, and its check finds what no longer stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from index.errors import DataError, UsageError
from rag.drafting.check import Problem, check
from rag.drafting.draft import Draft
from rag.drafting.question_file import append, read
from rag.evaluation.datasets import Evidence, Question, load_questions

LRU = Draft(
    "term", "definition", "LRU에 대해 알려 줘", ("가장 오래 안 쓰인 것부터 버림",), "week1/os.md", "LRU: 가장 오래 안 쓰인 것부터 버림", 10
)
LFU = Draft(
    "term", "definition", "LFU에 대해 알려 줘", ("가장 적게 쓰인 것부터 버림",), "week1/os.md", "LFU: 가장 적게 쓰인 것부터 버림", 50
)
TEXTS = {"week1/os.md": "# 캐시\n\n- LRU: 가장 오래 안 쓰인 것부터 버림\n- LFU: 가장 적게 쓰인 것부터 버림\n"}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_draft_is_written_in_the_format_of_our_gold(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    append(file, read(file), [LRU], "dev")
    assert lines(file) == [
        {
            "id": LRU.id,
            "question": "LRU에 대해 알려 줘",
            "answers": ["가장 오래 안 쓰인 것부터 버림"],
            "evidence": [{"doc": "week1/os.md", "quote": "LRU: 가장 오래 안 쓰인 것부터 버림"}],
            "kind": "definition",
            "split": "dev",
            "status": "drafted",
            "made": "term",
        }
    ]
    assert LRU.id.startswith("os-term-")
    evidence = (Evidence("week1/os.md", LRU.quote),)
    assert load_questions(file) == ()
    assert load_questions(file, ["drafted"]) == (Question(LRU.id, LRU.question, LRU.answers, evidence, "definition", "dev"),)


def judged(file: Path, **changes: str) -> str:
    """The file with its first line changed by a person, who also likes spaces."""
    first, *rest = lines(file)
    text = json.dumps(first | changes, ensure_ascii=False, indent=None, separators=(" , ", " : "))
    file.write_text("\n".join([text, *(json.dumps(row, ensure_ascii=False) for row in rest)]), "utf-8")
    return text


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "accepted"},
        {"status": "accepted", "question": "안 쓴 지 오래된 것을 버리는 방식은?"},
        {"status": "rejected"},
        {"id": "mine-1", "question": "무엇부터 버리나?"},
    ],
)
def test_what_a_person_judged_is_kept_to_the_letter_and_not_drafted_again(tmp_path: Path, changes: dict[str, str]) -> None:
    file = tmp_path / "q.jsonl"
    append(file, read(file), [LRU], "test")
    kept = judged(file, **changes)
    before = read(file)
    assert before.new([LRU, LFU]) == [LFU]
    append(file, before, before.new([LRU, LFU]), "test")
    assert file.read_text("utf-8").split("\n")[0] == kept
    assert [row["id"] for row in lines(file)] == [changes.get("id", LRU.id), LFU.id]


def test_counts_and_what_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    append(file, read(file), [LRU, LFU], "test")
    judged(file, status="rejected")
    found = read(file)
    assert (found.counts(), list(found.kept())) == ({"rejected": 1, "drafted": 1}, [("week1/os.md", "term")])


def test_the_same_question_on_other_words_is_not_new(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    append(file, read(file), [LRU], "test")
    other = Draft("list", "list", "lru에 대해 알려줘!", ("답",), "week2/x.md", "다른 문장", 0)
    assert read(file).new([other]) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"q\.jsonl:2: not a line of JSON"),
        ("[1]", r"q\.jsonl:2: expected an object, found list"),
        ('{"id": "a"}', r"q\.jsonl:2: the field 'question' is missing"),
        ('{"id": "a", "question": "b", "answers": "c", "evidence": []}', r"q\.jsonl:2: 'answers' is no list"),
        ('{"id": "a", "question": "b", "answers": ["c"], "evidence": [{"doc": 1}]}', r"q\.jsonl:2: evidence is expected as"),
        ('{"id": "a", "question": "b", "answers": [], "evidence": [], "status": "good"}', r"q\.jsonl:2: the status is 'good'"),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_written(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "q.jsonl"
    append(file, read(file), [LRU], "test")
    file.write_text(file.read_text("utf-8") + line, "utf-8")
    with pytest.raises(DataError, match=message):
        read(file)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        append(tmp_path / "no" / "q.jsonl", read(tmp_path / "q.jsonl"), [LRU], "test")
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------ check


def row(**changes: Any) -> dict[str, Any]:
    return LRU.row("test") | changes


def problems(tmp_path: Path, *rows: Any) -> list[Problem]:
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in rows), "utf-8")
    return check(file, TEXTS)


def test_nothing_is_wrong(tmp_path: Path) -> None:
    unanswerable = {"id": "x", "question": "누가 만들었나?", "answers": [], "evidence": [], "near": "week1/os.md"}
    assert problems(tmp_path, LRU.row("test"), "", LFU.row("test"), unanswerable) == []


def test_white_space_of_a_quote_may_differ(tmp_path: Path) -> None:
    assert problems(tmp_path, row(evidence=[{"doc": "week1/os.md", "quote": "LRU:  가장 오래\n안 쓰인 것부터 버림"}])) == []


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (row(evidence=[{"doc": "week9/os.md", "quote": "LRU"}]), "there is no note 'week9/os.md'"),
        (
            row(evidence=[{"doc": "week1/os.md", "quote": "MRU: 새것부터"}]),
            "the quote stands 0 times in week1/os.md, expected once: 'MRU: 새것부터'",
        ),
        (
            row(evidence=[{"doc": "week1/os.md", "quote": "쓰인 것부터 버림"}]),
            "ambiguous: the quote stands 2 times in week1/os.md, expected once:",
        ),
        (row(evidence=[{"doc": "week1/os.md", "quote": " "}]), "an empty quote"),
        (row(answers=[]), "answers without evidence, or evidence without answers"),
        (row(question=" "), "the question or an answer is empty"),
        (row(status="fine"), "the status is 'fine'; expected one of drafted, accepted, rejected"),
        ("{", "not a line of JSON"),
        ("7", "expected an object, found int"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, wrong: Any, reason: str) -> None:
    (found,) = problems(tmp_path, LFU.row("test"), wrong)
    assert found.place == f"{tmp_path / 'q.jsonl'}:2"
    assert found.reason.startswith(reason)


def test_a_quote_that_another_note_holds_too_is_ambiguous(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps(LRU.row("test"), ensure_ascii=False), "utf-8")
    (found,) = check(file, TEXTS | {"week2/copy.md": TEXTS["week1/os.md"]})
    assert found.reason.startswith("ambiguous: the quote stands in week2/copy.md too: 'LRU:")


def test_what_stands_twice_is_told(tmp_path: Path) -> None:
    found = problems(tmp_path, LRU.row("test"), row(question="LRU에 대해 알려줘."), row(id="other"))
    first = f"{tmp_path / 'q.jsonl'}:1"
    assert [(each.place[-1], each.reason) for each in found] == [
        ("2", f"the id {LRU.id!r} stands at {first} too"),
        ("2", f"the same question is asked at {first}"),
        ("3", f"the same question is asked at {first}"),
    ]


def test_a_rejected_question_need_not_stand(tmp_path: Path) -> None:
    gone = row(status="rejected", evidence=[{"doc": "gone.md", "quote": "x"}])
    assert problems(tmp_path, gone, row(id="again")) == []


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        check(tmp_path / "q.jsonl", TEXTS)

"""The notes and gold questions that come with the project: whole, quoted to the letter, and fair to what they measure."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from index.notes import discover, read_note

ROOT = Path(__file__).parents[1]
NOTES = ROOT / "data" / "notes"
DAY7 = NOTES / "week01" / "day7-domain-talk.txt"
ORIGINAL = Path(os.environ.get("RAG_DATA") or ROOT.parent / "shared" / "data") / "lecture" / "day7_domain_talk.txt"

ROWS: list[dict[str, Any]] = [json.loads(line) for line in (ROOT / "data" / "questions.jsonl").read_text("utf-8").splitlines()]
KINDS = {
    "factoid",
    "definition",
    "list",
    "why",
    "paraphrase",
    "colloquial",
    "crosslingual",
    "keyword",
    "typo",
    "comparison",
    "unanswerable",
}
# What a paraphrase may not share with its quotes, and the words of these classes that carry no topic.
CONTENT = {"NNG", "NNP", "XR", "SL", "SN", "VV", "VA", "MAG"}
EMPTY = {"하", "되", "있", "없", "같", "이", "보", "주", "않", "때", "것", "수", "뭐", "무엇", "어떤", "왜"}


@cache
def documents() -> dict[str, str]:
    return {file.doc_id: read_note(file).text for file in discover([NOTES])}


@cache
def mecab() -> Any:
    from mecab import MeCab

    return MeCab()


def content(text: str) -> set[str]:
    """The content morphemes as written; one that carries several tags (VV+EC) counts by its first."""
    morphemes = [(surface.lower(), tag.split("+")[0]) for surface, tag in mecab().pos(text)]
    return {surface for surface, tag in morphemes if tag in CONTENT and surface not in EMPTY}


def hangul_share(text: str) -> float:
    letters = [sign for sign in text if sign.isalpha()]
    return sum("가" <= sign <= "힣" for sign in letters) / len(letters)


def notes_of(row: dict[str, Any]) -> set[str]:
    return {item["doc"] for item in row["evidence"]} or {row["near"]}


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["kind"] == kind]


def runs(text: str, length: int = 20) -> set[str]:
    squeezed = " ".join(unicodedata.normalize("NFC", text).split())
    return {squeezed[start : start + length] for start in range(len(squeezed) - length + 1)}


def test_notes_are_korean_first() -> None:
    shares = [hangul_share(text) for text in documents().values()]
    assert len(shares) >= 28
    assert sum(share > 0.5 for share in shares) >= 25
    assert sum(share < 0.05 for share in shares) >= 3


def test_notes_read_without_a_warning_and_are_nfc() -> None:
    files = discover([NOTES])
    assert {file.doc_id: read_note(file).warnings for file in files} == {file.doc_id: () for file in files}
    assert [file.doc_id for file in files if not unicodedata.is_normalized("NFC", file.path.read_text("utf-8"))] == []


def test_enough_questions_of_each_kind_in_each_split() -> None:
    counts = Counter((row["kind"], row["split"]) for row in ROWS)
    assert len(ROWS) >= 320
    assert {kind for kind, _ in counts} == KINDS
    assert [kind for kind in KINDS if counts[kind, "dev"] + counts[kind, "test"] < 25] == []
    assert min(counts[kind, split] for kind in KINDS for split in ("dev", "test")) >= 10
    assert len(of_kind("unanswerable")) >= 50


def test_the_table_of_the_readme_counts_them() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\d+) \| (\d+) \|$", (ROOT / "data" / "README.md").read_text("utf-8"), re.MULTILINE)
    told = {(kind, split): int(count) for kind, dev, test in rows for split, count in (("dev", dev), ("test", test))}
    assert told == Counter((row["kind"], row["split"]) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_schema(row: dict[str, Any]) -> None:
    answerable = row["kind"] != "unanswerable"
    assert set(row) == {"id", "question", "answers", "evidence", "kind", "split"} | (set() if answerable else {"near"})
    assert row["split"] in ("dev", "test")
    assert bool(row["answers"]) == bool(row["evidence"]) == answerable
    assert all(isinstance(text, str) and text.strip() == text != "" for text in (row["question"], *row["answers"]))
    assert len(set(row["answers"])) == len(row["answers"])
    assert all(set(item) == {"doc", "quote"} for item in row["evidence"])
    assert notes_of(row) <= set(documents())
    assert re.sub(r"-\d\d$", "", row["id"]) in {Path(doc).stem for doc in notes_of(row)}
    assert unicodedata.is_normalized("NFC", json.dumps(row, ensure_ascii=False))


def test_nothing_is_asked_twice() -> None:
    assert [key for key, count in Counter(row["id"] for row in ROWS).items() if count > 1] == []
    assert [text for text, count in Counter(" ".join(row["question"].split()) for row in ROWS).items() if count > 1] == []


def test_every_quote_stands_once_in_its_note() -> None:
    found = {(row["id"], item["quote"]): documents()[item["doc"]].count(item["quote"]) for row in ROWS for item in row["evidence"]}
    assert {key: count for key, count in found.items() if count != 1} == {}


def test_quotes_are_a_sentence_not_a_page() -> None:
    quotes = [(row["id"], item["quote"], 600 if row["kind"] == "list" else 300) for row in ROWS for item in row["evidence"]]
    assert [key for key, quote, most in quotes if not 10 <= len(quote) <= most] == []


def test_the_first_answer_is_in_the_words_of_a_quote() -> None:
    """Except where an answer joins several places."""
    rows = [row for row in ROWS if row["kind"] not in ("list", "comparison", "unanswerable")]
    assert [row["id"] for row in rows if not any(row["answers"][0] in item["quote"] for item in row["evidence"])] == []


def test_every_item_of_a_list_is_in_its_quote() -> None:
    missing = [
        (row["id"], item) for row in of_kind("list") for item in row["answers"][0].split(", ") if item not in row["evidence"][0]["quote"]
    ]
    assert missing == []


def test_a_comparison_needs_two_places() -> None:
    assert [row["id"] for row in of_kind("comparison") if len({item["quote"] for item in row["evidence"]}) < 2] == []


def test_splits_are_by_note() -> None:
    """So nothing that is fitted on `dev` has seen a note of `test`, and the evidence of a comparison is of one split."""
    splits = defaultdict(set)
    for row in ROWS:
        for doc in notes_of(row):
            splits[doc].add(row["split"])
    assert {doc: found for doc, found in splits.items() if len(found) > 1} == {}
    assert set(splits) == set(documents())


def test_content_morphemes() -> None:
    assert content("왜 BERT는 문단을 빨리 찾나?") == {"bert", "문단", "빨리", "찾"}
    assert content("그것은 이미 되어 있는 것이다") == {"이미"}


def test_paraphrases_share_no_content_with_their_quotes() -> None:
    shared = {
        row["id"]: content(row["question"]) & {m for item in row["evidence"] for m in content(item["quote"])}
        for row in of_kind("paraphrase")
    }
    assert {key: morphemes for key, morphemes in shared.items() if morphemes} == {}


def test_runs_see_through_white_space() -> None:
    assert runs("가나다 라마바\n\n  사아자차카타파하 거너더러머버") & runs("앞 가나다\t라마바 사아자차카타파하 거너더러머버")
    assert not runs("가나다라마바사아자차카타파하거너더러머") & runs("가나다라마바사아자차카타파하거너더러버")


if ORIGINAL.is_file():  # the talk's own note belongs to another; without it there is nothing to compare, and nothing to skip

    def test_the_day7_note_is_in_our_own_words() -> None:
        assert runs(DAY7.read_text("utf-8")) & runs(ORIGINAL.read_text("utf-8")) == set()

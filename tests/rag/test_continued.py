"""Lists that were cut between passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.index import Changes, Index, IndexedDocument
from index.memory import MemoryIndex
from index.settings import IndexSettings
from index.types import Document, Locator, Passage
from rag.continued import NEAR, opened, whole_spans, with_holders
from rag.types import Answer, Hit, Span
from tests.rag.samples import ENCODER

LIST = "## 종류\n다음과 같다.\n- 하나\n- 둘\n- 셋\n  - 셋의 가지\n- 넷\n- 다섯\n\n끝이다."


def cut(text: str, ends: Sequence[int], doc_id: str = "가.md", sections: Sequence[str] = ()) -> list[Passage]:
    """A text as passages that end at those places."""
    bounds = [0, *ends, len(text)]
    names = sections or ["종류"] * (len(ends) + 1)
    return [
        Passage(doc_id, "노트", (name,), text[start:end], start, end, Locator(1))
        for (start, end), name in zip(pairwise(bounds), names, strict=True)
    ]


def at(text: str, *words: str) -> list[int]:
    """Where lines begin."""
    return [text.index(f"- {word}") for word in words]


def made(passages: Sequence[Passage], text: str = LIST) -> Index:
    notes = {"가.md": (text, passages), "나.md": ("- 하나\n- 둘", cut("- 하나\n- 둘", (), "나.md"))}
    documents = []
    for doc_id, (words, pieces) in notes.items():
        vectors = ENCODER.encode_passages([piece.embedded for piece in pieces])
        documents.append(IndexedDocument(Document(doc_id, "노트", words), doc_id, pieces, vectors, [["하나"]] * len(pieces)))
    empty = MemoryIndex(encoder_name=ENCODER.name, encoder_fingerprint=ENCODER.fingerprint, dim=ENCODER.dim, settings=IndexSettings())
    return empty.apply(Changes(put=documents))


def plain(ids: Sequence[int], index: Index) -> list[Hit]:
    return [Hit(passage, 0.0) for passage in index.passages(ids)]


def spans_of(passages: Sequence[Passage], number: int, sentence: str, question: str = "종류를 모두 말해 줘", text: str = LIST) -> list[str]:
    """What a sentence of one passage gives."""
    start = passages[number].text.index(sentence)
    spans = whole_spans(opened(made(passages, text)), passages[number], start, start + len(sentence), question, {"종류"})
    assert all(text[span.start : span.end] == span.quote for span in spans)
    return [span.quote for span in spans]


ALL = ["하나", "둘", "셋", "넷", "다섯"]


@pytest.mark.parametrize(
    ("ends", "number", "sentence"),
    [
        (("셋",), 0, "- 하나"),
        (("하나",), 0, "다음과 같다."),
        (("둘",), 0, "다음과 같다."),
        (("셋",), 1, "- 다섯"),
        (("둘", "넷"), 1, "- 셋"),
        (("둘", "셋", "넷", "다섯"), 3, "- 넷"),
    ],
)
def test_a_list_goes_on_in_other_passages(ends: Sequence[str], number: int, sentence: str) -> None:
    assert spans_of(cut(LIST, at(LIST, *ends)), number, sentence) == ALL


def test_only_lists_go_on() -> None:
    passages = cut(LIST, at(LIST, "셋"))
    assert spans_of(passages, 0, "- 하나", "누가 그랬어?") == ["하나"]
    assert spans_of(passages, 1, "끝이다.") == ["끝이다."]
    assert spans_of(passages, 0, "- 하나", "종류 두 가지는?") == ["하나", "둘"], "no more than were asked for, as the passage has them"
    assert spans_of(cut(LIST, at(LIST, "둘")), 0, "- 하나", "종류 네 가지는?") == ["하나"]
    other = cut(LIST, at(LIST, "셋"), sections=["종류", "다른 종류"])
    assert spans_of(other, 0, "- 하나") == ["하나", "둘"]
    inner = "- 종류\n  - 가\n  - 나\n- 둘\n- 셋"
    assert spans_of(cut(inner, (inner.index("- 둘"),)), 0, "- 가", text=inner) == ["가", "나"]


def test_what_hangs_under_a_line_may_stand_in_the_next_passage() -> None:
    text = "- 종류\n  - 가\n  - 나\n- 끝"
    for question in ("종류는?", "종류를 모두 말해 줘", "종류란?"):
        for word in ("  - 가", "  - 나"):
            assert spans_of(cut(text, (text.index(word),)), 0, "- 종류", question, text) == ["가", "나"]


def test_tables_are_read_as_they_stand() -> None:
    text = "종류:\n\n| 이름 | 값 |\n|---|---|\n| 가 | 1 |\n| 나 | 2 |\n| 다 | 3 |"
    passages = cut(text, (text.index("| 다"),))
    assert [quote.strip() for quote in spans_of(passages, 0, "| 가 | 1 |", text=text)] == ["가", "나"]


def test_a_row_is_read_by_a_header_that_stands_before() -> None:
    text = "| 이름 | 값 | 곳 |\n|---|---|---|\n" + "".join(f"| 가{number} | {number} | 서울 |\n" for number in range(30))
    passages = cut(text, [text.index(f"| 가{number} ") for number in range(1, 30)])
    row = passages[20].text.strip()
    spans = whole_spans(opened(made(passages, text)), passages[20], 0, len(row), "가20의 곳은 어디야?", {"곳", "가"})
    assert [span.quote.strip() for span in spans] == ["서울"]
    assert text[spans[0].start : spans[0].end] == spans[0].quote and spans[0].start > passages[20].start


def test_it_reaches_so_many_passages() -> None:
    text = "".join(f"- 항목 {number:02}\n" for number in range(40))
    passages = cut(text, range(0, len(text), 16)[1:])
    named = [f"항목 {number:02}" for number in range(40)]
    assert spans_of(passages, 0, "- 항목 00", text=text) == named[: 2 * (NEAR + 1)]
    assert spans_of(passages, 9, "- 항목 18", text=text) == named[2 * (9 - NEAR) : 2 * (9 + NEAR + 1)]


@given(st.lists(st.sampled_from(at(LIST, *ALL)), unique=True).map(sorted))
def test_however_it_was_cut(ends: list[int]) -> None:
    passages = cut(LIST, ends)
    for number, passage in enumerate(passages):
        for word in ALL:
            if f"- {word}\n" in passage.text:
                assert spans_of(passages, number, f"- {word}") == ALL


# The passages that hold the rest


def answered(passages: Sequence[Passage], *numbers: int) -> Answer:
    """An answer by all items, with hits of some of the passages."""
    spans = tuple(Span("가.md", start + 2, start + 2 + len(word), word) for word, start in zip(ALL, at(LIST, *ALL), strict=True))
    return Answer("종류는?", ", ".join(ALL), spans, 0.5, tuple(Hit(passages[number], 1.0) for number in numbers))


@pytest.mark.parametrize(("hits", "expected"), [((0,), [0, 1, 2]), ((1,), [1, 0, 2]), ((2, 0), [2, 0, 1]), ((2, 1, 0), [2, 1, 0])])
def test_what_holds_a_part_of_the_answer_is_shown(hits: Sequence[int], expected: Sequence[int]) -> None:
    passages = cut(LIST, at(LIST, "둘", "넷"))
    index = made(passages)
    found = with_holders(answered(passages, *hits), index, lambda ids: plain(ids, index))
    assert [hit.passage for hit in found.hits] == [passages[number] for number in expected]


def test_nothing_is_fetched_where_nothing_is_missing() -> None:
    passages = cut(LIST, at(LIST, "둘", "넷"))
    index, refused = made(passages), Answer("?", "", (), 0.0, (Hit(passages[0], 1.0),), abstained=True)
    whole = answered(passages, 0, 1, 2)
    one = replace(whole, spans=whole.spans[:1], hits=whole.hits[1:])
    for answer in (refused, whole, one):
        assert with_holders(answer, index, lambda ids: pytest.fail("asked for passages")) is answer


def test_a_note_is_read_once_for_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    passages = cut(LIST, at(LIST, "셋"))
    index = made(passages)
    read: list[str] = []
    document = index.document
    monkeypatch.setattr(index, "document", lambda doc_id: (read.append(doc_id), document(doc_id))[1])
    notes = opened(index)
    for sentence in ("- 하나", "- 둘"):
        start = passages[0].text.index(sentence)
        assert [span.quote for span in whole_spans(notes, passages[0], start, start + len(sentence), "모두 말해 줘", set())] == ALL
    assert read == ["가.md"]


def test_of_what_the_index_does_not_hold_only_the_passage_is_read() -> None:
    [whole], notes = cut(LIST, ()), opened(made(cut(LIST, at(LIST, "셋"))))
    start = LIST.index("- 하나")
    for strange in (whole, replace(whole, doc_id="다.md")):
        spans = whole_spans(notes, strange, start, start + 4, "모두 말해 줘", set())
        assert [span.quote for span in spans] == ALL

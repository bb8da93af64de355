"""Lists that were cut between passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.index import Changes, Index, IndexedDocument, ids_of
from index.memory import MemoryIndex
from index.settings import IndexSettings
from index.types import Document, Locator, Passage
from rag.continued import NEAR, continued
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


def answered(passages: Sequence[Passage], number: int, *words: str, question: str = "종류는?") -> Answer:
    """An answer by items of one passage, which is its only hit."""
    text, hit = passages[number].text, Hit(passages[number], 1.0)
    starts = [passages[number].start + text.index(f"- {word}") + 2 for word in words]
    spans = tuple(Span(passages[number].doc_id, start, start + len(word), word) for word, start in zip(words, starts, strict=True))
    return Answer(question, ", ".join(words), spans, 0.5, (hit,))


def told(answer: Answer, passages: Sequence[Passage], text: str = LIST) -> Answer:
    index = made(passages, text)
    found = continued(answer, index, lambda ids: plain(ids, index))
    assert all(text[span.start : span.end] == span.quote for span in found.spans)
    for span in found.spans:
        assert any(hit.passage.start <= span.start < hit.passage.end for hit in found.hits), "each span stands in a passage that is shown"
    assert len({hit.passage.passage_id for hit in found.hits}) == len(found.hits)
    return found


@pytest.mark.parametrize(
    ("ends", "number", "words", "hits"),
    [
        (("셋",), 0, ("하나", "둘"), 2),
        (("셋",), 1, ("셋", "넷", "다섯"), 2),
        (("둘", "넷"), 1, ("둘", "셋"), 3),
        (("둘", "셋", "넷", "다섯"), 3, ("넷",), 1),
    ],
)
def test_a_list_goes_on_in_other_passages(ends: Sequence[str], number: int, words: Sequence[str], hits: int) -> None:
    passages = cut(LIST, at(LIST, *ends))
    found = told(answered(passages, number, *words), passages)
    assert len(found.hits) == hits
    assert found.text == ("하나, 둘, 셋, 넷, 다섯" if hits > 1 else "넷")


def test_hits_that_are_there_are_not_fetched_again() -> None:
    passages = cut(LIST, at(LIST, "셋"))
    answer = answered(passages, 0, "하나", "둘")
    both = replace(answer, hits=(*answer.hits, Hit(passages[1], 0.5)))
    assert told(both, passages).hits == both.hits


def test_what_is_whole_stays_as_it_is() -> None:
    passages = cut(LIST, at(LIST, "셋"))
    one = answered(passages, 0, "하나")
    assert told(one, passages) is one
    refused = Answer("?", "", (), 0.0, one.hits, abstained=True)
    assert told(refused, passages) is refused
    whole = answered(cut(LIST, ()), 0, "하나", "둘", "셋", "넷", "다섯")
    assert told(whole, cut(LIST, ())) is whole
    branch = cut("- 하나\n  - 가\n  - 나\n- 둘", (len("- 하나\n  - 가\n  - 나\n"),))
    inner = answered(branch, 0, "가", "나")
    assert told(inner, branch, "- 하나\n  - 가\n  - 나\n- 둘") is inner


def test_another_section_or_a_number_asked_for_ends_it() -> None:
    ends = at(LIST, "셋")
    other = cut(LIST, ends, sections=["종류", "다른 종류"])
    answer = answered(other, 0, "하나", "둘")
    assert told(answer, other) is answer
    passages = cut(LIST, ends)
    for question, count in (("두 가지는?", 2), ("다섯 가지는?", 5), ("여덟 가지는?", 5)):
        assert len(told(answered(passages, 0, "하나", "둘", question=question), passages).spans) == count


def test_it_reaches_so_many_passages() -> None:
    text = "".join(f"- 항목 {number:02}\n" for number in range(40))
    passages = cut(text, range(0, len(text), 16)[1:])
    answer = answered(passages, 0, "항목 00", "항목 01")
    assert len(told(answer, passages, text).spans) == 2 * (NEAR + 1)


@given(st.lists(st.sampled_from(at(LIST, "둘", "셋", "넷", "다섯")), unique=True).map(sorted))
def test_however_it_was_cut(ends: list[int]) -> None:
    passages = cut(LIST, ends)
    for number, passage in enumerate(passages):
        words = [word for word in ("하나", "둘", "셋", "넷", "다섯") if f"- {word}\n" in passage.text]
        if len(words) > 1:
            assert told(answered(passages, number, *words), passages).text == "하나, 둘, 셋, 넷, 다섯"


def test_ids_of_a_note() -> None:
    index = made(cut(LIST, at(LIST, "셋", "넷")))
    assert [list(ids_of(index, doc_id)) for doc_id in ("가.md", "나.md")] == [[0, 1, 2], [3]]
    for doc_id in ("가", "나.md2", "다.md", ""):
        with pytest.raises(KeyError):
            ids_of(index, doc_id)

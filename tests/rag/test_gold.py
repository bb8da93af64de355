"""Quotes against passages: whole, cut by a boundary, missing; and what of them a reader would have seen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.index import Changes, IndexedDocument
from index.memory import MemoryIndex
from index.settings import IndexSettings
from index.types import Document, Locator, Passage
from rag.evaluation.datasets import Evidence, Question
from rag.evaluation.gold import Gold, cites, gold_of, judge_ranking, missing_documents, shown_recall
from rag.evaluation.metrics import Judged, ndcg, recall, success
from rag.quotes import find_quote
from rag.types import Hit, Span
from tests.fakes import HashEncoder

TEXT = "0123456789" * 3


def index_of(notes: dict[str, tuple[str, Sequence[tuple[int, int]]]]) -> MemoryIndex:
    """An index over notes cut as told."""
    encoder = HashEncoder()
    documents = []
    for doc_id, (text, cuts) in notes.items():
        passages = [Passage(doc_id, doc_id, (), text[start:end], start, end, Locator(1)) for start, end in cuts]
        vectors = encoder.encode_passages([passage.text for passage in passages])
        documents.append(
            IndexedDocument(Document(doc_id, doc_id, text), doc_id, passages, vectors, [passage.text.split() for passage in passages])
        )
    empty = MemoryIndex(encoder_name="hash", encoder_fingerprint=encoder.fingerprint, dim=encoder.dim, settings=IndexSettings())
    return empty.apply(Changes(put=documents))


def gold(index: MemoryIndex, *evidence: Evidence) -> Gold:
    return gold_of(index, [Question("q", "?", ("a",), evidence)])["q"]


def hits(index: MemoryIndex, *ids: int) -> list[Hit]:
    return [Hit(passage, 1.0) for passage in index.passages(ids)]


def judge_hits(found: Gold, ranking: Sequence[Hit]) -> Judged:
    return judge_ranking(found, [hit.passage.passage_id for hit in ranking])


@pytest.mark.parametrize(
    ("cuts", "holders"),
    [
        ([(0, 30)], {"n#0-30"}),
        ([(10, 20)], {"n#10-20"}),  # just the quote
        ([(0, 18), (18, 30)], {"n#0-18"}),  # 8 of its 10 characters
        ([(0, 17), (17, 30)], set()),  # 7 and 3: no passage holds it
        ([(0, 12), (12, 30)], {"n#12-30"}),
        ([(0, 20), (12, 30)], {"n#0-20", "n#12-30"}),  # overlapping passages both hold it
        ([(0, 10), (20, 30)], set()),
    ],
)
def test_a_passage_holds_a_quote_with_all_or_four_fifths_of_it(cuts: list[tuple[int, int]], holders: set[str]) -> None:
    text = "a" * 10 + "0123456789" + "b" * 10
    found = gold(index_of({"n": (text, cuts)}), Evidence("n", "0123456789"))
    assert found.holders.keys() == holders
    assert found.ideal == (1,)  # also where it is lost: a miss, not a smaller denominator
    assert found.held == bool(holders)


def test_lost_quotes_stay_in_the_denominator() -> None:
    index = index_of({"n": ("가나다 라마바 사아자", [(0, 3), (4, 7)])})
    found = gold(index, Evidence("n", "가나다"), Evidence("n", "사아자"), Evidence("n", "없는 말"), Evidence("gone", "가나다"))
    judged = judge_hits(found, hits(index, 0, 1))
    assert (judged.gains, judged.ideal) == ((1, 0), (1, 1, 1, 1))
    assert found.held == 1
    assert ndcg(judged, 10) == pytest.approx(1 / (1 + 1 / 1.584962500721156 + 1 / 2 + 1 / 2.321928094887362))


def test_a_quote_counts_once_and_a_passage_with_two_counts_two() -> None:
    index = index_of({"n": ("가나다 라마바 사아자", [(0, 7), (0, 3), (8, 11)])})
    found = gold(index, Evidence("n", "가나다"), Evidence("n", "라마바"), Evidence("n", "사아자"))
    assert found.ideal == (2, 1)
    assert judge_hits(found, hits(index, 1, 0, 2)).gains == (1, 1, 1)
    assert judge_hits(found, hits(index, 0, 1, 2)).gains == (2, 0, 1)
    assert ndcg(judge_hits(found, hits(index, 0, 2, 1))) == 1.0


def test_whole_documents_and_folders_of_documents() -> None:
    index = index_of({name: ("글", [(0, 1)]) for name in ("l/1#0", "l/1#1", "l/10#0", "l/2/a#0", "m")})
    assert gold(index, Evidence("m")).holders == {"m#0-1": frozenset({0})}
    assert gold(index, Evidence("l/1")).holders.keys() == {"l/1#0#0-1", "l/1#1#0-1"}
    assert gold(index, Evidence("l/2")).holders.keys() == {"l/2/a#0#0-1"}
    lesson = gold(index, Evidence("l/1"))
    assert judge_hits(lesson, hits(index, 4, 0, 1)).gains == (0, 1, 0)
    assert lesson.ideal == (1,)
    unknown = gold(index, Evidence("l/3"))
    assert (unknown.holders, unknown.ideal, success(judge_hits(unknown, hits(index, 0, 1)), 2)) == ({}, (1,), 0)


def test_grades_are_what_a_document_is_worth() -> None:
    index = index_of({name: ("글", [(0, 1)]) for name in "abc"})
    found = gold(index, Evidence("a", grade=1), Evidence("b", grade=3), Evidence("gone", grade=2))
    judged = judge_hits(found, hits(index, 0, 1))
    assert (judged.gains, judged.ideal, judged.counted) == ((1, 3), (3, 2, 1), False)
    assert recall(judged, 2) == 2 / 3  # documents, not grades
    assert judge_hits(gold(index, Evidence("a"), Evidence("b")), hits(index, 0)).counted


def test_a_part_of_a_document_is_gold_as_a_quote_is() -> None:
    index = index_of({"n": (TEXT, [(0, 12), (12, 30)]), "n#3-4": (TEXT, [(0, 30)])})
    assert gold(index, Evidence("n#0-10")).holders.keys() == {"n#0-12"}
    assert gold(index, Evidence("n#10-20")).holders.keys() == {"n#12-30"}
    assert gold(index, Evidence("n#3-4")).holders.keys() == {"n#3-4#0-30"}  # a document of that name comes first
    assert gold(index, Evidence("gone#0-10")).held == 0


def test_without_evidence_the_answer_is_looked_for_in_every_passage() -> None:
    text = "DPR은 2020년에 나왔다. 배치는 128이다. 20205"
    index = index_of({"a": (text, [(0, 16), (16, len(text))]), "b": ("2020 년에 발표", [(0, 10)]), "c": ("없음", [(0, 2)])})
    (found,) = gold_of(index, [Question("q", "?", ("2020년", "이천이십년"))]).values()
    assert found.holders.keys() == {"a#0-16", "b#0-10"}
    assert (found.ideal, found.held) == ((1,), 1)
    assert [text[place.start : place.end] for place in found.places[0] if place.doc_id == "a"] == ["2020년"]
    assert judge_hits(found, hits(index, 3, 2, 0)).gains == (0, 1, 0)
    (found,) = gold_of(index, [Question("q", "?", patterns=(r"배치는 \d+", "없는 말"))]).values()
    assert found.holders.keys() == {f"a#16-{len(text)}"}
    (lost,) = gold_of(index, [Question("q", "?", ("없는 말",))]).values()
    assert (lost.holders, lost.ideal) == ({}, (1,))


def test_what_stands_twice_is_refused() -> None:
    index = index_of({"n": (TEXT, [(0, 30)])})
    question = Question("q", "?", ("a",), (Evidence("n", "123"),))
    with pytest.raises(ValueError, match="'q' stands more than once"):
        gold_of(index, [question, question])
    with pytest.raises(ValueError, match="'n#0-30' stands more than once"):
        judge_hits(gold(index, *question.evidence), hits(index, 0, 0))


def test_unanswerable_questions_have_no_gold() -> None:
    assert gold_of(index_of({"n": (TEXT, [(0, 30)])}), [Question("u", "?")]) == {}


@pytest.mark.parametrize(
    ("text", "quote", "places"),
    [
        ("가나다. 가나다.", "가나다", [(0, 3), (5, 8)]),
        ("- a\n  - b\n  - c", "- a\n- b", [(0, 9)]),  # white space may differ where the quote does not stand as it is
        ("a.b", "a.b", [(0, 3)]),
        ("axb", "a.b", []),
        ("가", "\u1100\u1161", [(0, 1)]),  # the quote in NFD
    ],
)
def test_quotes_are_found_wherever_they_stand(text: str, quote: str, places: list[tuple[int, int]]) -> None:
    assert find_quote(text, quote) == places


@pytest.mark.parametrize(
    ("order", "characters", "share"),
    [
        ((0, 1, 2), 30, 1.0),
        ((0, 1, 2), 18, 0.5),  # the second quote, cut at the end of what is shown, with 8 of 10 …
        ((0, 1, 2), 17, 0.0),  # … and with 7
        ((2, 0, 1), 27, 0.5),
        ((2, 0, 1), 28, 1.0),
        ((1, 0), 20, 0.5),  # shown in two passages, in the wrong order
        ((), 30, 0.0),
    ],
)
def test_recall_within_what_is_shown(order: tuple[int, ...], characters: int, share: float) -> None:
    text = "a" * 10 + "0123456789" + "b" * 10
    index = index_of({"n": (text, [(0, 15), (15, 20), (20, 30)])})
    found = gold(index, Evidence("n", "0123456789"), Evidence("n", "b" * 10))
    assert found.held == 1  # the first quote lies in halves, yet both halves may be shown
    assert shown_recall(found, hits(index, *order), characters) == share


def test_a_whole_document_is_shown_when_any_of_it_is() -> None:
    index = index_of({"m": (TEXT, [(0, 30)]), "n": (TEXT, [(0, 30)])})
    found = gold(index, Evidence("n"))
    assert [shown_recall(found, hits(index, 0, 1), characters) for characters in (30, 31)] == [0.0, 1.0]


@given(st.lists(st.integers(1, 29), unique=True, max_size=8), st.integers(0, 20), st.integers(1, 10), st.permutations(range(9)))
def test_finer_cuts_never_change_what_is_shown_in_full(cuts: list[int], start: int, length: int, order: list[int]) -> None:
    text = "".join(chr(0xAC00 + number) for number in range(30))
    edges = [0, *sorted(cuts), 30]
    index = index_of({"n": (text, list(pairwise(edges)))})
    found = gold(index, Evidence("n", text[start : start + length]))
    everything = hits(index, *(number for number in order if number < len(index)))
    assert shown_recall(found, everything) == 1.0
    assert sum(judge_hits(found, everything).gains) == found.held <= 1


@pytest.mark.parametrize(("span", "cited"), [((10, 20), True), ((0, 30), True), ((15, 40), True), ((16, 40), False), ((12, 14), True)])
def test_an_answer_cites_the_gold_when_half_of_the_shorter_is_shared(span: tuple[int, int], cited: bool) -> None:
    text = "a" * 10 + "0123456789" + "b" * 20
    found = gold(index_of({"n": (text, [(0, 40)])}), Evidence("n", "0123456789"))
    assert cites(found, [Span("n", *span, text[slice(*span)])]) is cited
    assert not cites(found, [Span("m", *span, text[slice(*span)])])


def test_documents_of_the_gold_that_there_are_not() -> None:
    named = ("a/n.md", "n.md", "a", "a/n.md#0-3", "a#0-3", "n.md", "b")
    asked = [Question(str(at), "?", evidence=(Evidence(doc),)) for at, doc in enumerate(named)]
    assert missing_documents({"a/n.md"}, asked) == ["n.md", "a#0-3", "b"]
    quoted = Question("q", "?", ("x",), (Evidence("a", "quote"), Evidence("a")))  # a folder holds no quote
    assert missing_documents({"a/n.md"}, [quoted]) == ["a"]
    assert missing_documents({"a"}, [Question("q", "?", ("x",)), Question("u", "?", near="gone")]) == []

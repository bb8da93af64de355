"""Citations outlive changes of the notes: the same words where they still stand, nothing where they are gone."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from index.types import Document, DocumentInfo
from rag.citations import AROUND, Citation, anchor, cite, from_json, locate
from rag.quotes import unspaced
from rag.types import Span

words = st.text(st.sampled_from("가나다 abc\n.-😀"), max_size=60)
anything = st.text(st.characters(codec="utf-8"), max_size=80).map(lambda text: unicodedata.normalize("NFC", text))


@dataclass(frozen=True)
class Shelf:
    """Notes in memory."""

    notes: Sequence[Document]

    def documents(self) -> list[DocumentInfo]:
        return [DocumentInfo(note.doc_id, note.title, "", 1, len(note.text)) for note in self.notes]

    def document(self, doc_id: str) -> Document:
        return {note.doc_id: note for note in self.notes}[doc_id]


def note(text: str, doc_id: str = "a.md") -> Document:
    return Document(doc_id, "A", text)


def cited(text: str, quote: str, nth: int = 0) -> Citation:
    start = -1
    for _ in range(nth + 1):
        start = text.index(quote, start + 1)
    return cite(note(text), Span("a.md", start, start + len(quote), quote))


def place(citation: Citation, text: str) -> tuple[int, int] | None:
    """Where a citation stands now; whatever comes back is what stands there."""
    found = anchor(citation, note(text))
    if found is None:
        return None
    assert text[found.start : found.end] == found.quote
    return found.start, found.end


def test_white_space_of_any_kind_is_left_out() -> None:
    assert unspaced(" 가\t나\n\xa0\u3000Ab ") == "가나Ab"


# One change elsewhere


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A text as what stands before the words, the words and what stands behind, and the text after one change elsewhere."""
    before, behind, new = draw(words), draw(words), draw(words)
    quote = draw(st.text(st.sampled_from("가나 abc7"), min_size=1, max_size=30).filter(str.strip))
    side, cut = (before, behind), draw(st.booleans())
    old = side[cut]
    start = draw(st.integers(0, len(old)))
    end = draw(st.integers(start, len(old)))
    changed = old[:start] + new + old[end:]
    return before, quote, behind, f"{before}{quote}{changed}" if cut else f"{changed}{quote}{behind}"


@given(edits())
def test_a_change_elsewhere_keeps_the_words(edit: tuple[str, str, str, str]) -> None:
    before, quote, behind, after = edit
    text = before + quote + behind
    citation = cite(note(text), Span("a.md", len(before), len(before) + len(quote), quote))
    where = place(citation, after)
    assert where is not None
    assert after[where[0] : where[1]] == quote
    if sum(after.startswith(quote, at) for at in range(len(after))) == 1:  # no other place to mistake it for, "bb" of "bbb" neither
        start = after.index(quote)
        assert where == (start, start + len(quote))


@given(st.data())
def test_numbered_lines_follow_their_number_through_any_change_elsewhere(data: st.DataObject) -> None:
    """The quote is the same in each line; only what stands around tells them apart."""
    lines = [f"{n}번째 줄에서 답은 셋이다 (줄 {n} 끝, 다음은 {n + 1})" for n in range(data.draw(st.integers(1, 12)))]
    chosen = data.draw(st.integers(0, len(lines) - 1))
    citation = cited("\n".join(lines), "답은 셋이다", chosen)
    rest = [n for n in range(len(lines)) if n != chosen]
    kept = [n for n in rest if data.draw(st.booleans())] + [chosen]
    after = "\n".join(["새 머리말", *(lines[n] for n in sorted(kept)), "답은 셋이다"])
    start = after.index("답은 셋이다", after.index(lines[chosen]))
    assert place(citation, after) == (start, start + len("답은 셋이다"))


@given(anything, st.data())
def test_an_unchanged_note_gives_back_the_very_place(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span("a.md", start, end, text[start:end])
    assume(span.quote.strip())
    assert anchor(cite(note(text), span), note(text)) == span


@given(words, words, st.text(st.sampled_from("xyz"), min_size=1, max_size=40))
def test_words_that_are_nowhere_are_gone(before: str, behind: str, quote: str) -> None:
    assert place(cited(f"{before}{quote}{behind}", quote), before + behind) is None


# Cases


LONG = "역전파는 손실의 기울기를 출력에서 입력 쪽으로 보낸다"
WRAPPED = LONG.replace("기울기를 ", "기울기를\n  ")


@pytest.mark.parametrize(
    ("text", "quote", "after", "where"),
    [
        ("답은 3이다", "3", "답은 3이다", 3),
        ("답은 3이다", "3", "그래서 답은 3이다", 7),
        ("3", "3", "답은 3", 3),  # one side was the end of the note, and is still
        ("답은 3이다. 나머지는 모두 틀렸다.", "3", "3장\n\n전혀 다른 글이 되었다", None),  # another 3
        ("가나다 3 라마바사", "3", "3 3 3 가나다 3 라마바사 3", 10),
        (f"앞글.\n{LONG}.\n뒷글.", LONG, f"모두 새로 썼다. {LONG}, 라고 배웠다.", 10),  # long words are known by themselves
        (f"앞글.\n{LONG}.", LONG, f"앞글.\n{WRAPPED}.", 4),  # wrapped anew
        ("앞글 중간 끝글", "중간", "앞글\n\n중간  끝글", 4),  # white space around is no difference
        ("aaa|bbb", "aaa|bbb", "aaa|bb", None),
    ],
)
def test_where_words_are_found_again(text: str, quote: str, after: str, where: int | None) -> None:
    found = place(cited(text, quote), after)
    assert (found and found[0]) == where


def test_of_equal_places_the_nearest_is_meant() -> None:
    text = "\n".join(["- 예: 없음"] * 40)
    start = text.index("없음", 200)
    citation = cite(note(text), Span("a.md", start, start + 2, "없음"))
    assert place(citation, text + "\n- 예: 없음") == (start, start + 2)


def test_a_decomposed_quote_is_the_same_words() -> None:
    quote = unicodedata.normalize("NFD", LONG)
    citation = Citation("a.md", 5, 5 + len(quote), quote, "", "")
    assert place(citation, f"머리말.\n{LONG}.") == (5, 5 + len(LONG))


# Other notes


def test_words_that_moved_to_another_note_are_found_there() -> None:
    citation = cited(f"앞글.\n{LONG}.\n", LONG)
    shelf = Shelf([note("이제 다른 글", "a.md"), note(f"옮긴 글: {LONG}.", "b.md")])
    assert locate(citation, shelf) == Span("b.md", 6, 6 + len(LONG), LONG)


def test_a_renamed_note_keeps_even_short_words() -> None:
    text = "학습률은 0.1로 둔다. 배치는 32로 둔다."
    renamed = Shelf([note(text, "week02/a.md"), note("32쪽을 보라. 32번 문제", "c.md")])
    assert locate(cited(text, "32"), renamed) == Span("week02/a.md", 18, 20, "32")


def test_words_of_two_other_notes_or_of_none_are_gone() -> None:
    citation = cited(f"앞글.\n{LONG}.\n", LONG)
    assert locate(citation, Shelf([note(LONG, "b.md"), note(LONG, "c.md")])) is None
    assert locate(citation, Shelf([note("남의 글", "b.md")])) is None
    assert locate(cited("답은 3이다. 나머지는 모두 틀렸다.", "3"), Shelf([note("3장 검색", "b.md")])) is None


def test_the_own_note_goes_before_all_others() -> None:
    citation = cited(f"앞글.\n{LONG}.\n", LONG)
    found = locate(citation, Shelf([note(f"앞글.\n{LONG}.\n", "0.md"), note(f"새 줄\n{LONG}", "a.md")]))
    assert found == Span("a.md", 4, 4 + len(LONG), LONG)


# Making and keeping


def test_what_stands_around_is_kept_up_to_a_bound() -> None:
    text = "가" * 100 + "답" + "나" * 5
    assert cited(text, "답") == Citation("a.md", 100, 101, "답", "가" * AROUND, "나" * 5)


@pytest.mark.parametrize(
    "span",
    [Span("b.md", 0, 2, "가나"), Span("a.md", 0, 2, "나다"), Span("a.md", 1, 1, ""), Span("a.md", 3, 4, " "), Span("a.md", -2, 5, " 라")],
)
def test_only_words_that_stand_there_are_cited(span: Span) -> None:
    with pytest.raises(ValueError, match=r"says '.*'; a\.md holds"):
        cite(note("가나다 라"), span)


@given(anything.filter(str.strip), anything)
def test_json_gives_the_same_citation_back(quote: str, around: str) -> None:
    text = around + quote + around
    citation = cite(note(text), Span("a.md", len(around), len(around) + len(quote), quote))
    assert from_json(json.loads(json.dumps(asdict(citation)))) == citation


GOOD = asdict(Citation("a.md", 3, 5, "가나", "앞", "뒤"))


@pytest.mark.parametrize(
    "value",
    [None, [], "a", {}, GOOD | {"start": "3"}, GOOD | {"end": 6}, GOOD | {"start": -1, "end": 1}, GOOD | {"quote": None}]
    + [{key: value for key, value in GOOD.items() if key != left_out} for left_out in GOOD],
)
def test_what_is_no_citation_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a citation"):
        from_json(value)

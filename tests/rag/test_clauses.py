"""English definitions go on to the end of their clause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clauses import defining


# The marked part stands between ⟦ and ⟧, the sentence is all of it.
@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("Incidence is ⟦the manner⟧ in which the burden is shared.", "the manner in which the burden is shared"),
        ("A minimal pair is ⟦two words⟧ that differ in one sound.", "two words that differ in one sound"),
        ("A heap is ⟦a tree⟧, which is kept in order. ", "a tree, which is kept in order"),
        ("A pair is ⟦two words⟧, like *pat* and *bat*.", "two words"),
        ("A pair is ⟦two words⟧ of one kind, like *pat* and *bat*.", "two words of one kind, like *pat* and *bat*"),
        ("*A pair is ⟦two words⟧ of one kind.*", "two words of one kind"),
        ("**A pair is ⟦two words⟧ of one kind.**", "two words of one kind"),
        ("⟦A child⟧ that has ended is called a **zombie**.", "A child that has ended"),
        ("⟦A child⟧ that has ended is an *orphan*.", "A child that has ended"),
        ("A quota is ⟦a limit⟧ on trade; it is set by law.", "a limit on trade"),
        ("A quota is ⟦a limit⟧ for trade; it is set by law.", "a limit for trade"),
        ("A quota is ⟦a limit⟧ for trade (and people).", "a limit for trade"),
        ("A quota is ⟦a limit⟧.", "a limit"),
        ("A quota is ⟦a limit⟧ often.", "a limit"),
        ("It was ⟦Noam Chomsky 1957⟧ who said it.", "Noam Chomsky 1957"),
        ("It costs ⟦3.5⟧ of them.", "3.5"),
        ("쿼터는 ⟦한도⟧ of trade.", "한도"),
    ],
)
def test_defining(marked: str, expected: str) -> None:
    text = marked.replace("⟦", "").replace("⟧", "")
    start, end = marked.index("⟦"), marked.index("⟧") - 1
    assert text[start : defining(text, start, end, len(text))] == expected


def test_no_word_behind_the_sentence_is_taken() -> None:
    text = "A quota is a limit for trade. It is set."
    stop = text.index(" It")
    assert text[: defining(text, 11, 18, stop)] == "A quota is a limit for trade"
    assert defining(text, 11, 18, 18) == 18


@given(st.text("ab thein. *_of;(", max_size=40).flatmap(lambda text: st.tuples(st.just(text), *[st.integers(0, len(text))] * 3)))
def test_it_ends_within_the_sentence(drawn: tuple[str, int, int, int]) -> None:
    text, (start, end, stop) = drawn[0], sorted(drawn[1:])
    assert end <= defining(text, start, end, stop) <= stop

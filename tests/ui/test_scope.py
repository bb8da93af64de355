"""What a search can be narrowed to, and how that comes back from a browser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import DocumentInfo, Filter
from ui.scope import KINDS, Offer, from_json, keeps_any, offer, offer_of, to_json, without


def info(doc_id: str) -> DocumentInfo:
    return DocumentInfo(doc_id, doc_id.upper(), "", 1, 10)


NOTES = [info(name) for name in ("ml/week03/backprop.md", "ml/week03/slides.PDF", "ml/10주차/opt.md", "ml/README")]
OFFERED = offer(NOTES)


def test_what_tells_notes_apart_is_offered() -> None:
    assert offer(NOTES) == Offer(
        titles=tuple((each.doc_id, each.title) for each in NOTES),
        folders=("ml/10주차", "ml/week03"),  # all are in ml
        weeks=(3, 10),
        types=("md", "pdf"),
    )
    assert offer([info("a.md"), info("b.md")]) == Offer((("a.md", "A.MD"), ("b.md", "B.MD")))
    assert offer([]) == Offer()


@pytest.mark.parametrize(("kind", "values"), [("folders", OFFERED.folders), ("weeks", OFFERED.weeks), ("types", OFFERED.types)])
def test_whatever_is_offered_keeps_some_notes_and_leaves_out_some(kind: str, values: tuple[str | int, ...]) -> None:
    for value in values:
        kept = [from_json({kind: [value]}).keeps(each.doc_id) for each in NOTES]
        assert any(kept) and not all(kept)


def test_a_filter_comes_back_as_it_went() -> None:
    kept = Filter(("ml/README",), ("ml/week03",), (3, 10), ("md",))
    assert to_json(kept) == {"notes": ["ml/README"], "folders": ["ml/week03"], "weeks": [3, 10], "types": ["md"]}
    assert from_json(to_json(kept), OFFERED) == kept
    assert to_json(Filter()) == {} and from_json({}) == Filter()


@pytest.mark.parametrize(
    "value", [None, [], "weeks", 3, {"weeks": 3}, {"weeks": ["3", True, None, 3.0]}, {"notes": [1]}, {"x": ["md"]}, {"types": {"md": 1}}]
)
def test_what_is_of_another_form_narrows_nothing(value: object) -> None:
    assert from_json(value) == Filter()


def test_what_the_index_no_longer_offers_is_left_out() -> None:
    assert from_json({"weeks": [3, 4], "types": ["md", "docx"], "notes": ["gone.md"]}, OFFERED) == Filter(weeks=(3,), types=("md",))
    assert len(from_json({"weeks": list(range(50))}).weeks) == 20
    assert from_json({"weeks": [3, 3]}).weeks == (3,)


def test_without_an_index_what_was_chosen_is_still_there() -> None:
    kept = Filter(("a.md",), ("b",), (3,), ("md",))
    assert from_json(to_json(kept), offer_of(kept)) == kept


def test_one_value_is_taken_out() -> None:
    kept = Filter(weeks=(3, 10), types=("md",))
    assert without(kept, "weeks", "3") == Filter(weeks=(10,), types=("md",))
    assert without(kept, "types", "md") == Filter(weeks=(3, 10))
    assert without(kept, "weeks", "4") == without(kept, "__class__", "3") == kept


def test_a_filter_may_leave_no_note() -> None:
    assert keeps_any(Filter(), [])
    assert keeps_any(Filter(weeks=(10,), types=("md",)), NOTES)
    assert not keeps_any(Filter(weeks=(10,), types=("pdf",)), NOTES)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*KINDS, "x"]), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_whatever_comes_back_is_a_filter_that_goes_out_again(value: object) -> None:
    kept = from_json(value)
    assert from_json(to_json(kept)) == kept

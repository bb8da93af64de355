"""How systems are named: what the words mean, and what is refused with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UsageError
from rag.evaluation.systems import KEYS, WORDS, System, parse_system, parse_systems


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("hybrid", System("", "hybrid")),
        ("retriever=dense", System("", "dense")),
        ("sentence", System("", "hybrid", "sentence")),
        ("lexical, reader=span", System("", "lexical", "span")),
        ("passage=96,dense", System("", "dense", passage=96)),
        ("encoder=some/model", System("", encoder="some/model")),
        ("index=other,mixture=weights.json", System("", index=Path("other"), mixture=Path("weights.json"))),
        ("run=a=b.trec", System("", run=Path("a=b.trec"))),
    ],
)
def test_what_a_name_means(text: str, system: System) -> None:
    found = parse_system(text)
    assert (found, found.label) == (system, text)


def test_a_folder_of_an_encoder_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_system("encoder=model").encoder == str((tmp_path / "model").resolve())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "cannot read ''"),
        ("fuzzy", "cannot read 'fuzzy'; expected hybrid, dense, lexical, span, sentence, or KEY=VALUE"),
        ("hybrid,", "cannot read ''"),
        ("chunk=5", "cannot read 'chunk=5'"),
        ("encoder=", "cannot read 'encoder='"),
        ("dense,retriever=lexical", "names its retriever twice"),
        ("retriever=span", "no retriever 'span'; there are hybrid, dense, lexical"),
        ("reader=hybrid", "no reader 'hybrid'; there are span, sentence"),
        ("passage=many", "passage=many: expected the tokens of a passage, 16 to 1000"),
        ("passage=15", "16 to 1000"),
        ("passage=-96", "16 to 1000"),
        ("lexical,mixture=w.json", "only the hybrid retriever mixes"),
        ("run=a.trec,dense", "leave out retriever"),
    ],
)
def test_what_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_system(text)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["hybrid"], "1 system is nothing to compare"),
        (["dense", "lexical", "retriever=dense"], "'dense' and 'retriever=dense' are the same system"),
        (["span", "hybrid"], "'hybrid' names no reader"),
        (["run=a.trec", "sentence"], "'run=a.trec' names no reader"),
    ],
)
def test_systems_that_cannot_be_compared(texts: list[str], complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_systems(texts)
    assert complaint in str(refusal.value)


def test_systems_keep_their_order() -> None:
    assert [each.label for each in parse_systems(["lexical", "hybrid", "passage=96"])] == ["lexical", "hybrid", "passage=96"]


@given(st.lists(st.one_of(st.sampled_from([*WORDS, *(f"{key}=64" for key in KEYS)]), st.text(max_size=6)), max_size=4).map(",".join))
def test_any_text_is_a_system_or_a_usage_error(text: str) -> None:
    try:
        assert parse_system(text).label == text
    except UsageError as refusal:
        assert str(refusal)

"""Every reader under any bytes: a document that keeps its promises, or a refusal in one line."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fuzz
from benchmarks.fuzz import FORMATS, checked, promised
from benchmarks.hostile_files import DAMAGES, whole_files
from index.types import Document, Mark

BOUND = (
    *("<", ">", "&", "\n\n", "# ", "```", "|", "$$", "- ", "![](a.png)", "<table><tr><td>", "WEBVTT\n\n", '{"cells":['),
    *("00:00:01,000 --> 00:00:02,000\n", "\u1100\u1161", "\ufeff", "\x00"),
)
"""What means something to a reader."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def check(place: Path, kind: str, data: bytes) -> None:
    (place / f"a.{kind}").write_bytes(data)
    checked(place / f"a.{kind}")


@pytest.mark.parametrize("kind", FORMATS)
def test_whole_files_are_read(place: Path, kind: str) -> None:
    check(place, kind, whole_files()[kind])


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=12)
@given(data=st.binary(max_size=400))
def test_any_bytes(place: Path, kind: str, data: bytes) -> None:
    check(place, kind, data)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), damages=st.lists(st.sampled_from(sorted(DAMAGES)), min_size=1, max_size=3))
def test_altered_files(place: Path, kind: str, seed: int, damages: list[str]) -> None:
    data, chance = whole_files()[kind], random.Random(seed)
    for damage in damages:
        data = DAMAGES[damage](data or b"x", chance)
    check(place, kind, data)


@pytest.mark.parametrize("kind", ["md", "txt", "html", "xhtml", "srt", "vtt", "ipynb"])
@settings(max_examples=40)
@given(pieces=st.lists(st.one_of(st.sampled_from(BOUND), st.text(max_size=8)), max_size=25), codec=st.sampled_from(("utf-8", "cp949")))
def test_any_text(place: Path, kind: str, pieces: list[str], codec: str) -> None:
    check(place, kind, "".join(pieces).encode(codec, "ignore"))


@pytest.mark.parametrize(
    "document",
    [
        Document("a.md", "", "a\x07b", "text"),
        Document("a.md", "", "\u1100\u1161", "text"),
        Document("a.md", "", "ab", "text", (Mark(2, "page", "2"), Mark(1, "page", "1"))),
        Document("a.md", "", "ab", "text", (Mark(3, "page", "1"),)),
    ],
)
def test_a_broken_promise_is_noticed(document: Document) -> None:
    with pytest.raises(AssertionError):
        promised(document)


def test_fuzzing_counts_what_it_ran() -> None:
    found = fuzz.measure(1, ("md", "srt"))
    assert [row[0] for row in found.tables[0].rows] == ["md", "srt"]
    assert found.figures[0].value > 20 and found.figures[1].value == 0

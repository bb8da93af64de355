"""Pictures that are written into Markdown, from the note to the answer."""

from __future__ import annotations

import base64
import random

import pytest

from index.index import Changes, IndexedDocument
from index.memory import MemoryIndex
from index.settings import IndexSettings, SplitSettings
from index.split import split
from index.types import Document
from rag.continued import Note, opened, stretch, whole_spans
from tests.fakes import HashEncoder

ENCODER = HashEncoder(dim=16)


def note(text: str) -> tuple[MemoryIndex, Note]:
    document = Document("가.md", "노트", text)
    passages = split(document, SplitSettings(), lambda texts: [len(each.split()) for each in texts])
    vectors = ENCODER.encode_passages([each.embedded for each in passages])
    entry = IndexedDocument(document, "가", passages, vectors, [["하나"]] * len(passages))
    empty = MemoryIndex(encoder_name=ENCODER.name, encoder_fingerprint=ENCODER.fingerprint, dim=ENCODER.dim, settings=IndexSettings())
    index = empty.apply(Changes(put=[entry]))
    return index, opened(index)("가.md")


@pytest.mark.parametrize(
    ("body", "listed"),
    [
        ("- 하나\n- 둘 ![](DATA)\n- 셋\n- 넷", ["하나", "둘", "셋", "넷"]),
        ("- 하나\n- 둘\n![](DATA)\n- 셋\n- 넷", ["하나", "둘"]),
        ("- 하나\n- 둘 ![그림](DATA)\n- 셋\n- 넷", ["하나", "둘 ![그림]", "셋", "넷"]),
        ("- 하나\n- 둘 ![](DATA) 뒤\n- 셋\n- 넷", ["하나", "둘"]),
    ],
)
def test_a_list_goes_on_behind_a_picture_whose_bytes_are_not_read(body: str, listed: list[str]) -> None:
    lines = base64.encodebytes(random.Random(0).randbytes(3000)).decode().strip()
    text = f"## 종류\n\n{body.replace('DATA', f'data:image/png;base64,{lines}')}\n"
    index, held = note(text)
    first, last = held.passages[0], held.passages[-1]
    wide = stretch(opened(index), first)
    assert (wide.start, wide.end, len(wide.text)) == (first.start, last.end, last.end - first.start)
    assert not any(line in wide.text for line in lines.split("\n"))
    start = first.text.index("- 하나")
    spans = whole_spans(opened(index), first, start, start + 4, "종류를 모두 말해 줘", {"종류"})
    assert [span.quote for span in spans] == listed
    assert all(text[span.start : span.end] == span.quote for span in spans)


def test_an_item_that_reaches_over_a_picture_is_quoted_as_its_passage_has_it() -> None:
    text = f"## 종류\n\n- 하나\n- 둘 ![](data:image/png;base64,{'iVBOR' * 20}) 뒤\n- 셋\n"
    index, held = note(text)
    behind = held.passages[1]
    for question in ("종류를 모두 말해 줘", "뒤의 종류는?"):
        spans = whole_spans(opened(index), behind, 0, 1, question, {"종류"})
        assert [span.quote for span in spans] == ["뒤"]

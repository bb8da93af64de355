"""A question whose answer stands in a photograph of a slide: asked, found, and framed where it was drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.slides import SLIDE, around, overlap, photographed, slide
from index.build import update
from index.encoder import Encoder
from index.morphemes import Analyser
from index.notes.pdf_picture import boxes, page_picture
from index.settings import IndexSettings
from rag.pipeline import Pipeline
from tests.index.notes.make import needs_tesseract


@needs_tesseract
@pytest.mark.parametrize("name", ["board.png", "scan.pdf"])
def test_an_answer_in_a_picture_is_framed_where_it_was_drawn(tmp_path: Path, shipped: Encoder, analyser: Analyser, name: str) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    photo = photographed(slide())
    photo.image.save(notes / name, **({"resolution": 120} if name.endswith(".pdf") else {}))
    (notes / "other.md").write_text("# 데이터 수집\n\n같은 서버에 요청하는 간격은 최소 2초로 둔다.\n", encoding="utf-8")
    update(tmp_path / "index", [notes], encoder=shipped, analyse=analyser.terms, settings=IndexSettings())
    pipeline = Pipeline.open(tmp_path / "index")
    answer = pipeline.ask("학습률은 얼마에서 시작하나?")
    assert "0.1" in answer.text and answer.spans[0].doc_id == name
    assert str(answer.hits[0].passage.locator) == {"board.png": "picture 1", "scan.pdf": "p.1"}[name]
    text = pipeline.index.document(name).text
    line = text.index(SLIDE[2])
    assert line <= answer.spans[0].start < answer.spans[0].end <= line + len(SLIDE[2])
    glyphs = page_picture(notes / name, 1).glyphs
    assert overlap(around(boxes(glyphs, text, line, line + len(SLIDE[2]))), photo.places[SLIDE[2]]) > 0.7
    span = around(boxes(glyphs, text, answer.spans[0].start, answer.spans[0].end))
    left, top, right, bottom = photo.places[SLIDE[2]]
    assert left - 0.02 < span[0] < span[2] < right + 0.02 and top - 0.03 < span[1] < span[3] < bottom + 0.03

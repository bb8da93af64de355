"""PowerPoint decks: one part per slide, speaker notes included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.notes.blocks import heading, item, plain, stacked, table
from index.notes.extract import Extract, Part, joined
from index.notes.guard import check_zip
from index.notes.ooxml import A, text_of
from index.notes.pictures import Pictures

if TYPE_CHECKING:
    from pptx.slide import Slide

_FURNITURE = ("SLIDE_NUMBER", "DATE", "FOOTER", "HEADER")
_BULLETED = ("BODY", "OBJECT", "VERTICAL_BODY", "VERTICAL_OBJECT")


def read_pptx(path: Path, pictures: Pictures) -> Extract:
    """Titles as headings, bullets with their depth, tables, and speaker notes under a heading `Notes`."""
    from pptx import Presentation

    check_zip(path, "PPTX", "ppt/")
    deck = Presentation(str(path))
    parts: list[Part] = []
    for number, slide in enumerate(deck.slides, 1):
        found = list(pictures.placed(Part(_slide(slide, number, pictures), "slide", str(number))))
        if len(found) > 1 or found[0].text.strip() != f"# Slide {number}":  # else a picture in which nothing is read
            parts += found
    return joined(parts, warnings=pictures.warnings())


def _slide(slide: Slide, number: int, pictures: Pictures) -> str:
    """The slide's text under its title; a slide without one is named by its number, so that it does not fall under the slide before."""
    title = slide.shapes.title
    blocks = [block for shape in slide.shapes if title is None or shape.shape_id != title.shape_id for block in _shape(shape, pictures)]
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        blocks += [heading("Notes", 2), *_paragraphs(notes, bulleted=False)]
    named = " ".join(_paragraphs(title.text_frame, bulleted=False)) if title is not None else ""
    return stacked([heading(named or f"Slide {number}", 1), *blocks]) if named or any(blocks) else ""


def _shape(shape: Any, pictures: Pictures) -> Iterator[str]:
    kind = shape.placeholder_format.type.name if shape.is_placeholder and shape.placeholder_format.type else ""
    if kind in _FURNITURE:
        return
    if hasattr(shape, "shapes"):
        for inner in shape.shapes:
            yield from _shape(inner, pictures)
    elif getattr(shape, "has_table", False):
        yield table([[_cell(cell) for cell in row.cells] for row in shape.table.rows])
    elif shape.has_text_frame:
        yield from _paragraphs(shape.text_frame, bulleted=kind in _BULLETED)
    elif found := shape._element.xpath(".//p:cNvPr"):
        yield plain(pictures.token(_blob(shape), found[0].get("descr") or ""))


def _blob(shape: Any) -> bytes:
    """The bytes of a shape's picture; none where it is a chart, a film, or a picture that lies elsewhere."""
    try:
        return bytes(shape.image.blob)
    except (AttributeError, KeyError, ValueError):
        return b""


def _paragraphs(frame: Any, *, bulleted: bool) -> list[str]:
    """The paragraphs of a text frame; `bulleted` says what the layout does where the paragraph itself does not choose."""
    out = []
    for paragraph in frame.paragraphs:
        text = text_of(paragraph._p)
        out.append(item(text, paragraph.level) if _has_bullet(paragraph._p, bulleted) else plain(text))
    return [block for block in out if block]


def _has_bullet(paragraph: Any, default: bool) -> bool:
    properties = paragraph.find(f"{A}pPr")
    if properties is None:
        return default
    if properties.find(f"{A}buNone") is not None:
        return False
    return default or properties.find(f"{A}buChar") is not None or properties.find(f"{A}buAutoNum") is not None


def _cell(cell: Any) -> str:
    return "" if cell.is_spanned else "\n".join(_paragraphs(cell.text_frame, bulleted=False))

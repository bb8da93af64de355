"""Word documents: paragraphs and tables in their order, with headings, lists and text boxes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.notes.blocks import Numbering, heading, item, plain, stacked, table
from index.notes.extract import Extract, Part, joined
from index.notes.guard import check_zip
from index.notes.ooxml import MC, WP, A, R, W, text_of
from index.notes.pictures import Pictures, opening_of

_CONTENTS = "Table of Contents"


@dataclass(frozen=True, slots=True)
class _Style:
    """What a paragraph is by its style and its own properties. `level` counts headings from 1 and list depths from 0."""

    kind: str  # "heading", "list", "contents" or ""
    level: int = 0
    list_id: str = ""


@dataclass(slots=True)
class _Reading:
    """What is known of the document while its blocks are read in order."""

    styles: dict[str, Any]
    numbered: frozenset[tuple[str, int]]
    part: Any
    pictures: Pictures
    numbering: Numbering = field(default_factory=Numbering)


def read_docx(path: Path, pictures: Pictures) -> Extract:
    """The document's text; its title is the first paragraph of style Title."""
    from docx import Document

    check_zip(path, "DOCX", "word/")
    document = Document(str(path))
    styles = {style.get(f"{W}styleId"): style for style in document.styles.element.iter(f"{W}style")}
    reading = _Reading(styles, _numbered(document.part), document.part, pictures)
    text = stacked(list(_blocks(document.element.body, reading)))
    parts = list(pictures.placed(Part(text)))
    return joined(parts, title=opening_of(text), warnings=pictures.warnings())


def _blocks(container: Any, reading: _Reading) -> Iterator[str]:
    """The blocks of a body, a text box or a table cell. Wrappers such as content controls are looked into, tables of contents are not."""
    for element in container:
        if element.tag == f"{W}p":
            yield _paragraph(element, reading)
            yield _pictures(element, reading)
            for box in _shown(element.iter(f"{W}txbxContent")):
                yield from _blocks(box, reading)
        elif element.tag == f"{W}tbl":
            yield from _table(element, reading)
        elif element.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml", f"{W}smartTag") and not _is_contents(element):
            yield from _blocks(element, reading)


def _pictures(element: Any, reading: _Reading) -> str:
    """The pictures of a paragraph, each by its description and what stands for it; those in its text boxes are read with them."""
    found = []
    for drawing in _shown(element.iter(f"{W}drawing")):
        if next(drawing.iterancestors(f"{W}p")) is not element:
            continue
        about = next(drawing.iter(f"{WP}docPr"), None)
        alt = (about.get("descr") or "") if about is not None else ""
        blobs = [_blob(reading.part, blip.get(f"{R}embed")) for blip in drawing.iter(f"{A}blip")]
        found += [reading.pictures.token(blob, alt) for blob in blobs or [b""]]
    return plain(" ".join(filter(None, found)))


def _blob(part: Any, relation: str | None) -> bytes:
    """The bytes that a relation leads to; none where they lie outside the document."""
    try:
        return bytes(part.related_parts[relation].blob)
    except (KeyError, AttributeError):
        return b""


def _shown(elements: Iterable[Any]) -> Iterator[Any]:
    """Leaves out the second copy of a drawing, which is kept for older programs."""
    return (element for element in elements if next(element.iterancestors(f"{MC}Fallback"), None) is None)


def _is_contents(element: Any) -> bool:
    gallery = element.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
    return gallery is not None and gallery.get(f"{W}val") == _CONTENTS


def _paragraph(element: Any, reading: _Reading) -> str:
    text = text_of(element)
    style = _style(element, reading)
    if not text or style.kind == "contents":
        return ""
    if style.kind == "heading":
        return heading(text, style.level)
    return item(text, style.level, _sign(style, reading)) if style.kind == "list" else plain(text)


def _style(paragraph: Any, reading: _Reading) -> _Style:
    """Looks in the paragraph's own properties, then in its style and the styles that one is based on."""
    properties = [found] if (found := paragraph.find(f"{W}pPr")) is not None else []
    name = ""
    style_id = _value(properties[0], "pStyle") if properties else None
    seen: set[str] = set()
    while style_id in reading.styles and style_id not in seen:
        seen.add(style_id)
        style = reading.styles[style_id]
        name = name or (_value(style, "name") or "").lower()
        properties.extend(style.findall(f"{W}pPr"))
        style_id = _value(style, "basedOn")
    return _named(name) or _outlined(properties) or _listed(properties, name) or _Style("")


def _named(name: str) -> _Style | None:
    if match := re.fullmatch(r"heading (\d)", name):
        return _Style("heading", int(match[1]))
    if name == "title":
        return _Style("heading", 1)
    return _Style("contents") if re.fullmatch(r"toc (\d|heading)", name) else None


def _outlined(properties: list[Any]) -> _Style | None:
    level = next((level for each in properties if (level := _value(each, "outlineLvl")) is not None), None)
    return _Style("heading", int(level) + 1) if level is not None and int(level) < 9 else None


def _listed(properties: list[Any], name: str) -> _Style | None:
    number = next((number for each in properties if (number := each.find(f"{W}numPr")) is not None), None)
    list_id = _value(number, "numId") if number is not None else None
    if list_id in (None, "0"):  # 0 takes the paragraph out of the list of its style
        return None
    depth = re.fullmatch(r"list (?:bullet|number) (\d)", name)
    return _Style("list", max(int(_value(number, "ilvl") or 0), int(depth[1]) - 1 if depth else 0), str(list_id))


def _sign(style: _Style, reading: _Reading) -> str:
    """`-`, or the number that Word would show."""
    if (style.list_id, style.level) not in reading.numbered:
        return "-"
    return f"{reading.numbering.next(style.list_id, style.level)}."


def _numbered(part: Any) -> frozenset[tuple[str, int]]:
    """The (list, level) pairs that show numbers."""
    numbering = next((rel.target_part.element for rel in part.rels.values() if rel.reltype.endswith("/numbering")), None)
    if numbering is None:
        return frozenset()
    formats = {
        (abstract.get(f"{W}abstractNumId"), int(level.get(f"{W}ilvl"))): _value(level, "numFmt")
        for abstract in numbering.iter(f"{W}abstractNum")
        for level in abstract.iter(f"{W}lvl")
    }
    lists = {number.get(f"{W}numId"): _value(number, "abstractNumId") for number in numbering.iter(f"{W}num")}
    return frozenset(
        (list_id, level)
        for list_id, abstract in lists.items()
        for (owner, level), form in formats.items()
        if owner == abstract and form not in ("bullet", "none", None)
    )


def _table(element: Any, reading: _Reading) -> Iterator[str]:
    """A Markdown table; a table of one column is a frame, and its content is read as the page's own."""
    rows = [[cell for cell in row.iter(f"{W}tc") if next(cell.iterancestors(f"{W}tr")) is row] for row in _rows(element)]
    if all(len(row) == 1 for row in rows):
        for row in rows:
            yield from _blocks(row[0], reading)
    else:
        yield table([[text for cell in row for text in _cell(cell)] for row in rows])
        yield stacked([_pictures(paragraph, reading) for row in rows for cell in row for paragraph in cell.iter(f"{W}p")])


def _rows(element: Any) -> list[Any]:
    return [row for row in element.iter(f"{W}tr") if next(row.iterancestors(f"{W}tbl")) is element]


def _cell(element: Any) -> list[str]:
    """The cell's text and an empty string for each further column it spans; a cell merged into the one above is empty."""
    properties = element.find(f"{W}tcPr")
    merged = properties.find(f"{W}vMerge") if properties is not None else None
    span = _value(properties, "gridSpan") if properties is not None else None
    follows = merged is not None and merged.get(f"{W}val") != "restart"
    text = "" if follows else "\n".join(text_of(paragraph) for paragraph in _shown(element.iter(f"{W}p")))
    return [text, *[""] * (min(int(span or 1), 50) - 1)]


def _value(element: Any, child: str) -> str | None:
    """`w:val` of a child element, None where either is missing."""
    found = element.find(f"{W}{child}")
    value = found.get(f"{W}val") if found is not None else None
    return None if value is None else str(value)

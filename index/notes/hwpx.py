"""Hangul documents in XML (HWPX, KS X 6101): paragraphs, tables, text boxes, notes and formulas."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from index.errors import NoteError
from index.notes.blocks import Numbering, plain, stacked
from index.notes.extract import Extract, Part, joined
from index.notes.guard import check_zip
from index.notes.hangul import Cell, Head, grid, head_of, paragraph
from index.notes.pictures import Pictures, opening_of

_SECTION = re.compile(r"Contents/section(\d+)\.xml")
_SIGNS = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_SKIPPED = ("secPr", "header", "footer", "fieldBegin", "linesegarray", "hiddenComment")


@dataclass(slots=True)
class _Reading:
    """What the header says of paragraph shapes and styles, by id; and the numbers given so far."""

    shapes: dict[str, Head]
    styles: dict[str, str]
    numbering: Numbering = field(default_factory=Numbering)
    picture: Callable[[Element], str] = lambda element: ""


def read_hwpx(path: Path, pictures: Pictures) -> Extract:
    """The document's text: outline paragraphs as headings, lists, tables in their place; page headers and comments are left out."""
    check_zip(path, "HWPX", "Contents/section")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise NoteError("encrypted HWPX: a password is needed")
        reading = _header(
            ElementTree.fromstring(archive.read("Contents/header.xml")) if "Contents/header.xml" in names else Element("none")
        )
        reading.picture = lambda element: pictures.token(_blob(element, archive), _alt(element))
        sections = sorted((int(match[1]), name) for name in names if (match := _SECTION.fullmatch(name)))
        blocks = [block for _, name in sections for block in _blocks(ElementTree.fromstring(archive.read(name)), reading)]
    text = stacked(blocks)
    parts = list(pictures.placed(Part(text)))
    return joined(parts, title=opening_of(text), warnings=pictures.warnings())


def _header(root: Element) -> _Reading:
    shapes = {}
    for shape in _all(root, "paraPr"):
        head = next(_all(shape, "heading"), None)
        if head is not None:
            shapes[shape.get("id", "")] = Head(head.get("type", "NONE"), _number(head.get("level")), head.get("idRef", ""))
    return _Reading(shapes, {style.get("id", ""): style.get("name", "") for style in _all(root, "style")})


def _blocks(container: Element, reading: _Reading) -> Iterator[str]:
    """The outermost paragraphs under `container`, and what is anchored in each, after it."""
    stack = [container]
    while stack:
        element = stack.pop()
        if _tag(element) == "p":
            yield from _paragraph(element, reading)
        else:
            stack.extend(reversed(element))


def _paragraph(element: Element, reading: _Reading) -> Iterator[str]:
    line: list[str] = []
    anchored: list[Element] = []
    drawn: list[str] = []
    stack = list(reversed(element))
    while stack:
        child = stack.pop()
        tag = _tag(child)
        if tag == "t":
            line.append(_words(child))
        elif tag == "equation":
            line.append(f"${' '.join((script.text or '').strip() for script in _all(child, 'script'))}$")
        elif tag in ("tbl", "p"):
            anchored.append(child)
        elif tag == "pic":
            drawn.append(reading.picture(child))
            stack.extend(caption for caption in child if _tag(caption) == "caption")
        elif tag not in _SKIPPED:
            stack.extend(reversed(child))
    shape = reading.shapes.get(element.get("paraPrIDRef", ""), Head())
    style = reading.styles.get(element.get("styleIDRef", ""), "")
    yield paragraph("".join(line), head_of(shape, style), reading.numbering)
    yield plain(" ".join(filter(None, drawn)))
    for child in anchored:
        yield from _table(child, reading) if _tag(child) == "tbl" else _paragraph(child, reading)


def _table(element: Element, reading: _Reading) -> list[str]:
    cells = []
    for row, line in enumerate(child for child in element if _tag(child) == "tr"):
        for column, cell in enumerate(child for child in line if _tag(child) == "tc"):
            address = next((child for child in cell if _tag(child) == "cellAddr"), None)
            place = (row, column) if address is None else (_number(address.get("rowAddr")), _number(address.get("colAddr")))
            cells.append(Cell(*place, list(_blocks(cell, reading))))
    captions = [block for caption in element if _tag(caption) == "caption" for block in _blocks(caption, reading)]
    return [*captions, *grid(cells)]


def _words(element: Element) -> str:
    """The text of a `t` element; tabs and line breaks stand in it as elements of their own."""
    return (element.text or "") + "".join(_SIGNS.get(_tag(child), "") + _words(child) + (child.tail or "") for child in element)


def _blob(picture: Element, archive: zipfile.ZipFile) -> bytes:
    """The bytes of a picture, which lies in `BinData` under the name that it is referred to by; none where it does not."""
    name = next((image.get("binaryItemIDRef", "") for image in _all(picture, "img")), "")
    found = next((each for each in archive.namelist() if name and re.fullmatch(rf"BinData/{re.escape(name)}\.\w+", each)), None)
    return archive.read(found) if found else b""


def _alt(picture: Element) -> str:
    return next(("".join(comment.itertext()) for comment in _all(picture, "shapeComment")), "")


def _all(root: Element, tag: str) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) == tag)


def _tag(element: Element) -> str:
    """The name without its namespace, which differs between versions of the format."""
    return element.tag.rpartition("}")[2]


def _number(value: str | None) -> int:
    return int(value) if value and value.isdecimal() else 0

"""Hangul documents in binary (HWP 5.0), after Hancom's published description of the format.

A section is a flat run of records, each with a tag and a level; read as a tree, a paragraph owns its text and its controls
(tables, text boxes, notes, formulas), and a control owns the paragraphs inside it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.errors import NoteError
from index.notes.blocks import Numbering, stacked
from index.notes.extract import Extract, Part, joined
from index.notes.guard import OLE, found, head_of, wrong_format
from index.notes.hangul import Cell, Head, grid, paragraph
from index.notes.hangul import head_of as paragraph_head
from index.notes.limits import MAX_UNZIPPED_BYTES
from index.notes.pictures import Pictures, opening_of

_BIN_DATA, _PARA_SHAPE, _STYLE = 18, 25, 26
_PARA_HEADER, _PARA_TEXT, _CTRL_HEADER, _LIST_HEADER, _TABLE, _PICTURE, _EQUATION = 66, 67, 71, 72, 77, 85, 88
_PICTURE_ITEM = 71
"""Where a picture's record names its entry among the binary data, from 1."""
_COMPRESSED, _PASSWORD, _DISTRIBUTION = 1, 2, 4
_KINDS = ("NONE", "OUTLINE", "NUMBER", "BULLET")
_PAGE_CONTROLS = (b"head", b"foot", b"tcmt", b"secd")
_SINGLE_SIGNS = {10: "\n", 24: "-", 30: " ", 31: " "}
_INLINE_TAB = 9
_LONG_SIGNS = frozenset((*range(1, 10), 11, 12, *range(14, 24)))
"""Control characters that take eight units: themselves, six units of data, themselves."""


@dataclass(slots=True)
class _Record:
    tag: int
    data: bytes
    children: list[_Record] = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """What DocInfo says of paragraph shapes and styles, by position; and the numbers given so far."""

    shapes: list[Head]
    styles: list[str]
    numbering: Numbering = field(default_factory=Numbering)
    files: list[str] = field(default_factory=list)
    picture: Callable[[int], str] = lambda item: ""


def read_hwp(path: Path, pictures: Pictures) -> Extract:
    """The document's text: outline paragraphs as headings, lists, tables in their place; page headers and comments are left out."""
    import olefile

    head = head_of(path)
    if head.startswith(b"HWP Document File"):
        raise NoteError("HWP 3.0 is too old: open it in Hangul and save it as HWPX")
    if not head.startswith(OLE):
        raise wrong_format("HWP", found(head))
    with olefile.OleFileIO(str(path)) as ole:
        flags = _flags(ole)
        names = sorted((int(name[1][7:]), "/".join(name)) for name in ole.listdir() if _is_section(name))
        reading = _doc_info(_stream(ole, "DocInfo", flags))
        reading.picture = lambda item: pictures.token(_blob(ole, reading.files, item))
        blocks = [block for _, name in names for block in _blocks(_tree(_stream(ole, name, flags)), reading)]
    text = stacked(blocks)
    parts = list(pictures.placed(Part(text)))
    return joined(parts, title=opening_of(text), warnings=pictures.warnings())


def _flags(ole: Any) -> int:
    if not ole.exists("FileHeader"):
        raise wrong_format("HWP", "another kind of OLE bytes")
    header = ole.openstream("FileHeader").read(40)
    flags = int(struct.unpack_from("<I", header, 36)[0])
    if flags & _PASSWORD:
        raise NoteError("encrypted HWP: a password is needed")
    if flags & _DISTRIBUTION:
        raise NoteError("HWP made for distribution only: its text is locked; ask for the original or a PDF")
    return flags


def _is_section(name: Sequence[str]) -> bool:
    return len(name) == 2 and name[0] == "BodyText" and re.fullmatch(r"Section\d+", name[1]) is not None


def _stream(ole: Any, name: str, flags: int) -> bytes:
    data = bytes(ole.openstream(name).read())
    if not flags & _COMPRESSED:
        return data
    inflater = zlib.decompressobj(-15)
    data = inflater.decompress(data, MAX_UNZIPPED_BYTES)
    if inflater.unconsumed_tail:
        raise NoteError(f"HWP unpacks to more than the limit of {MAX_UNZIPPED_BYTES // 1024**2} MB")
    return data


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, level and data of each record; a size of FFF announces the real one in four further bytes."""
    place = 0
    while place + 4 <= len(data):
        (head,) = struct.unpack_from("<I", data, place)
        size = head >> 20
        place += 4
        if size == 0xFFF:
            (size,) = struct.unpack_from("<I", data, place)
            place += 4
        yield head & 0x3FF, head >> 10 & 0x3FF, data[place : place + size]
        place += size


def _tree(data: bytes) -> list[_Record]:
    root = _Record(0, b"")
    path = [root]
    for tag, level, content in _records(data):
        record = _Record(tag, content)
        del path[min(level, len(path) - 1) + 1 :]
        path[-1].children.append(record)
        path.append(record)
    return root.children


def _doc_info(data: bytes) -> _Reading:
    """Paragraph shapes keep the kind of head in bits 23 and 24 of their first word, its level in 25 to 27; their list stands at byte 30."""
    reading = _Reading([], [])
    for tag, _, content in _records(data):
        if tag == _PARA_SHAPE:
            (word,) = struct.unpack_from("<I", content)
            list_id = content[30:32].hex()
            reading.shapes.append(Head(_KINDS[word >> 23 & 3], word >> 25 & 7, list_id))
        elif tag == _BIN_DATA:
            reading.files.append(_bin_name(content))
        elif tag == _STYLE:
            (length,) = struct.unpack_from("<H", content)
            reading.styles.append(content[2 : 2 + 2 * length].decode("utf-16-le", "replace"))
    return reading


def _bin_name(content: bytes) -> str:
    """The name of the stream that holds an entry of the binary data; empty for a link to a file elsewhere."""
    kind, number, length = struct.unpack_from("<HHH", content.ljust(6, b"\0"))
    suffix = content[6 : 6 + 2 * length].decode("utf-16-le", "replace")
    return f"BinData/BIN{number:04X}.{suffix}" if kind & 0xF else ""


def _blob(ole: Any, files: Sequence[str], item: int) -> bytes:
    """The bytes of an entry of the binary data, which may be deflated; none where there is no such entry."""
    name = files[item - 1] if 0 < item <= len(files) else ""
    if not name or not ole.exists(name):
        return b""
    data = bytes(ole.openstream(name).read())
    try:
        return zlib.decompressobj(-15).decompress(data, MAX_UNZIPPED_BYTES)
    except zlib.error:  # a picture as it is
        return data


def _blocks(records: Sequence[_Record], reading: _Reading) -> Iterator[str]:
    """The paragraphs among `records` and below them, each followed by what is anchored in it."""
    for record in records:
        if record.tag == _PARA_HEADER:
            yield from _paragraph(record, reading)
        elif record.tag == _PICTURE and len(record.data) >= _PICTURE_ITEM + 2:
            yield reading.picture(struct.unpack_from("<H", record.data, _PICTURE_ITEM)[0])
        elif record.tag != _CTRL_HEADER:
            yield from _blocks(record.children, reading)
        elif (name := record.data[3::-1]) == b"tbl ":
            yield from _table(record.children, reading)
        elif name not in _PAGE_CONTROLS:
            yield from _blocks(record.children, reading)


def _paragraph(record: _Record, reading: _Reading) -> Iterator[str]:
    shape, style = struct.unpack_from("<HB", record.data, 8)
    formulas = [_formula(inner.data) for child in record.children for inner in child.children if inner.tag == _EQUATION]
    text = "".join(_words(child.data, iter(formulas)) for child in record.children if child.tag == _PARA_TEXT)
    head = paragraph_head(
        reading.shapes[shape] if shape < len(reading.shapes) else Head(), reading.styles[style] if style < len(reading.styles) else ""
    )
    yield paragraph(text, head, reading.numbering)
    yield from _blocks([child for child in record.children if child.tag == _CTRL_HEADER], reading)


def _table(records: Sequence[_Record], reading: _Reading) -> list[str]:
    """After the TABLE record each LIST_HEADER opens a cell for the paragraphs up to the next one; before it stands the caption."""
    start = next((place for place, record in enumerate(records) if record.tag == _TABLE), len(records))
    cells: list[Cell] = []
    for record in records[start:]:
        if record.tag == _LIST_HEADER:
            column, row = struct.unpack_from("<HH", record.data, 8)
            cells.append(Cell(row, column, []))
        elif record.tag == _PARA_HEADER and cells:
            cells[-1].blocks.extend(_paragraph(record, reading))
    return [*_blocks(records[:start], reading), *grid(cells)]


def _words(data: bytes, formulas: Iterator[str]) -> str:
    """The text of a paragraph without its control characters; formulas stand where their control is."""
    units = struct.unpack_from(f"<{len(data) // 2}H", data)
    out: list[str] = []
    place = 0
    while place < len(units):
        unit = units[place]
        if unit >= 32:
            end = next((i for i in range(place, len(units)) if units[i] < 32), len(units))
            out.append(data[2 * place : 2 * end].decode("utf-16-le", "replace"))
            place = end
        elif unit in _LONG_SIGNS:
            name = data[2 * place + 2 : 2 * place + 6][::-1]
            out.append("\t" if unit == _INLINE_TAB else next(formulas, "") if name == b"eqed" else "")
            place += 8
        else:
            out.append(_SINGLE_SIGNS.get(unit, ""))
            place += 1
    return "".join(out)


def _formula(data: bytes) -> str:
    """Hangul's own formula script, between dollar signs."""
    (length,) = struct.unpack_from("<H", data, 4)
    return f"${data[6 : 6 + 2 * length].decode('utf-16-le', 'replace').strip()}$"

"""Makes note files of every format, with the formats' usual libraries or byte by byte where none writes them."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from index.notes import NoteFile, ocr, read_note
from index.types import Document

needs_tesseract = pytest.mark.skipif(not ocr.is_installed(), reason=f"reads pictures: {ocr.HOW}")
MUST = (
    "고윳값은 행렬의 고유한 성질이다.",
    "역전파(backpropagation)는 연쇄 법칙을 쓴다",
    "질의어와 문서의 관련도",
    "똠방각하 펲시콜라",
    "3.14절: BM25의 k₁ = 1.2",
)
"""Strings that every format must give back as they are: spaces, Latin among Hangul, rare syllables, signs."""


def read(path: Path) -> Document:
    """Reads one file as if its folder had been given."""
    return read_note(NoteFile(path.name, path, path.parent))


def at(document: Document, kind: str, value: str) -> str:
    """The text from one mark to the next."""
    starts = [mark.start for mark in document.marks] + [len(document.text)]
    place = next(i for i, mark in enumerate(document.marks) if (mark.kind, mark.value) == (kind, value))
    return document.text[starts[place] : starts[place + 1]]


def zipped(path: Path, members: Mapping[str, str | bytes]) -> Path:
    """A ZIP with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


# PDF

_CID = "HYSMyeongJo-Medium"


def pdf(path: Path, pages: Sequence[Sequence[tuple[float, float, float, str]]], font: str | Sequence[str] = _CID, **options: Any) -> Path:
    """A PDF whose pages hold `(x, y, size, text)` lines; `font` is a Korean CID font, or the font of each page."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(_CID))
    fonts = [font] * len(pages) if isinstance(font, str) else font
    canvas = Canvas(str(path), pagesize=(595, 842), **options)
    for lines, name in zip(pages, fonts, strict=True):
        for x, y, size, text in lines:
            canvas.setFont(name, size)
            canvas.drawString(x, y, text)
        if not lines:
            canvas.rect(100, 100, 300, 300, fill=1)
        canvas.showPage()
    canvas.save()
    return path


# HWPX

_NAMESPACES = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph" xmlns:hh="http://www.hancom.co.kr/hwpml/2011/head"'
_HEADER = f"""<hh:head {_NAMESPACES}><hh:refList>
<hh:paraProperties>
<hh:paraPr id="0"><hh:heading type="NONE" idRef="0" level="0"/></hh:paraPr>
<hh:paraPr id="1"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr>
<hh:paraPr id="2"><hh:heading type="BULLET" idRef="1" level="0"/></hh:paraPr>
<hh:paraPr id="3"><hh:heading type="BULLET" idRef="1" level="1"/></hh:paraPr>
<hh:paraPr id="4"><hh:heading type="NUMBER" idRef="1" level="0"/></hh:paraPr>
</hh:paraProperties>
<hh:styles><hh:style id="0" name="바탕글"/><hh:style id="2" name="개요 2"/></hh:styles>
</hh:refList></hh:head>"""


def hwpx_paragraph(content: str, shape: int = 0, style: int = 0) -> str:
    """A paragraph; `content` is text, or XML for what stands in a run."""
    run = content if content.startswith("<") else f"<hp:t>{content}</hp:t>"
    return f'<hp:p paraPrIDRef="{shape}" styleIDRef="{style}"><hp:run>{run}</hp:run></hp:p>'


def hwpx_table(rows: Sequence[Sequence[str]]) -> str:
    """A table in a run, each cell with its address."""
    lines = []
    for row, cells in enumerate(rows):
        made = (
            f'<hp:tc><hp:subList>{hwpx_paragraph(text)}</hp:subList><hp:cellAddr colAddr="{column}" rowAddr="{row}"/></hp:tc>'
            for column, text in enumerate(cells)
        )
        lines.append(f"<hp:tr>{''.join(made)}</hp:tr>")
    return f"<hp:tbl>{''.join(lines)}</hp:tbl>"


def hwpx(path: Path, sections: Sequence[Sequence[str]], manifest: str = "<manifest/>") -> Path:
    """An HWPX of these sections, each a list of paragraphs."""
    members = {"mimetype": "application/hwp+zip", "META-INF/manifest.xml": manifest, "Contents/header.xml": _HEADER}
    for number, paragraphs in enumerate(sections):
        members[f"Contents/section{number}.xml"] = f"<hs:sec xmlns:hs='section' {_NAMESPACES}>{''.join(paragraphs)}</hs:sec>"
    return zipped(path, members)


# HWP 5.0

HWP_SHAPES = (("NONE", 0), ("OUTLINE", 0), ("BULLET", 0), ("BULLET", 1), ("NUMBER", 0))
_KINDS = ("NONE", "OUTLINE", "NUMBER", "BULLET")
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def record(tag: int, level: int, data: bytes) -> bytes:
    """A record of HWP 5.0, with the long size where it needs one."""
    if len(data) < 0xFFF:
        return struct.pack("<I", tag | level << 10 | len(data) << 20) + data
    return struct.pack("<II", tag | level << 10 | 0xFFF << 20, len(data)) + data


def control(unit: int, name: bytes = b"") -> str:
    """An eight-unit control character as it stands in a paragraph's text."""
    return struct.pack("<H4s8sH", unit, name[::-1].ljust(4, b"\0"), b"", unit).decode("utf-16-le")


def hwp_paragraph(text: str, level: int = 0, shape: int = 0, style: int = 0) -> bytes:
    """PARA_HEADER and PARA_TEXT; `text` may hold control characters."""
    units = (text + "\r").encode("utf-16-le")
    header = struct.pack("<IIHBBHHHI", len(units) // 2, 0, shape, style, 0, 1, 0, 1, 0)
    return record(66, level, header) + record(67, level + 1, units) + record(68, level + 1, b"\0" * 8)


def hwp_table(rows: Sequence[Sequence[str]], level: int = 1) -> bytes:
    """The records of a table control at `level`."""
    out = record(71, level, b"tbl "[::-1] + b"\0" * 40) + record(
        77, level + 1, struct.pack("<IHH", 0, len(rows), len(rows[0])) + b"\0" * 14
    )
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            out += record(72, level + 1, struct.pack("<IIHHHH", 1, 0, column, row, 1, 1) + b"\0" * 18)
            out += hwp_paragraph(text, level + 1)
    return out


def hwp_formula(script: str, level: int = 1) -> bytes:
    """The records of an equation control at `level`."""
    return record(71, level, b"eqed"[::-1] + b"\0" * 20) + record(
        88, level + 1, struct.pack("<IH", 0, len(script)) + script.encode("utf-16-le")
    )


def hwp(path: Path, sections: Sequence[bytes], flags: int = 1, styles: Sequence[str] = ("바탕글", "본문", "개요 2")) -> Path:
    """An HWP 5.0 file of these sections, compressed where flag 1 is set."""
    info = b"".join(record(25, 1, struct.pack("<I", _KINDS.index(kind) << 23 | level << 25) + b"\0" * 50) for kind, level in HWP_SHAPES)
    info += b"".join(record(26, 1, struct.pack("<H", len(name)) + name.encode("utf-16-le") + b"\0" * 12) for name in styles)
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05010000, flags)
    streams = {f"BodyText/Section{number}": section for number, section in enumerate(sections)}
    packed = {name: _deflated(data) if flags & 1 else data for name, data in {"DocInfo": info, **streams}.items()}
    path.write_bytes(compound({"FileHeader": header, **packed}))
    return path


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def compound(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file (MS-CFB, version 3) of these streams; streams are padded to the size that needs no mini stream."""
    padded = {name: data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0") for name, data in streams.items()}
    entries = _directory(padded)
    directory_sectors = -(-len(entries) // 4)
    data_sectors = sum(len(data) // 512 for data in padded.values())
    fat_sectors = next(n for n in range(1, 100) if n * 128 >= n + directory_sectors + data_sectors)
    fat = [_FAT] * fat_sectors + _chain(fat_sectors, directory_sectors)
    body = b""
    for name, data in padded.items():
        start = len(fat)
        entries[_index(entries, name.rpartition("/")[2])][-1] = (start, len(data))
        fat += _chain(start, len(data) // 512)
        body += data
    fat += [_FREE] * (fat_sectors * 128 - len(fat))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH6s", 0x3E, 3, 0xFFFE, 9, 6, b"")
    header += struct.pack("<IIIIIIIII", 0, fat_sectors, fat_sectors, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", *range(fat_sectors), *[_FREE] * (109 - fat_sectors))
    directory = b"".join(map(_entry, entries)).ljust(directory_sectors * 512, b"\0")
    return header + struct.pack(f"<{len(fat)}I", *fat) + directory + body


def _chain(start: int, length: int) -> list[int]:
    return [*range(start + 1, start + length), _END]


def _directory(streams: Iterable[str]) -> list[list[Any]]:
    """`[name, type, right sibling, child, (start, size)]`: the siblings of a storage form a chain."""
    entries: list[list[Any]] = [["Root Entry", 5, _FREE, _FREE, (_END, 0)]]
    last: dict[str, int] = {}
    for name in streams:
        folder, _, leaf = name.rpartition("/")
        if folder and folder not in last and not any(entry[0] == folder for entry in entries):
            _append(entries, last, "", 0, [folder, 1, _FREE, _FREE, (0, 0)])
        _append(entries, last, folder, _index(entries, folder) if folder else 0, [leaf, 2, _FREE, _FREE, (0, 0)])
    return entries


def _append(entries: list[list[Any]], last: dict[str, int], folder: str, parent: int, entry: list[Any]) -> None:
    entries.append(entry)
    if folder in last:
        entries[last[folder]][2] = len(entries) - 1
    else:
        entries[parent][3] = len(entries) - 1
    last[folder] = len(entries) - 1


def _index(entries: list[list[Any]], name: str) -> int:
    return next(place for place, entry in enumerate(entries) if entry[0] == name)


def _entry(entry: list[Any]) -> bytes:
    name, kind, right, child, (start, size) = entry
    raw: bytes = name.encode("utf-16-le")
    tree = struct.pack("<BBIII", kind, 1, _FREE, right, child)
    return raw.ljust(64, b"\0") + struct.pack("<H", len(raw) + 2) + tree + b"\0" * 36 + struct.pack("<IQ", start, size)

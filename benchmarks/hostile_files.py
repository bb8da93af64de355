"""Files that no program wrote like this: every format of notes with every kind of damage, and what is made to harm a reader."""

from __future__ import annotations

import io
import json
import os
import random
import socket
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.index.notes.make import MUST, hwp, hwp_paragraph, hwp_table, hwpx, hwpx_paragraph, hwpx_table, pdf

Damage = Callable[[bytes, random.Random], bytes]

TEXT_FORMATS = ("md", "txt", "html", "srt", "vtt", "ipynb")
ZIPPED = {"docx": "word/document.xml", "pptx": "ppt/slides/slide1.xml", "hwpx": "Contents/section0.xml"}


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file to be made: its name, the kind of damage, and what writes it."""

    name: str
    format: str
    damage: str
    write: Callable[[Path], object]


def hostile_files(seed: int = 0) -> Iterator[Hostile]:
    """All of them; the same bytes for the same seed."""
    yield from _damaged(random.Random(seed))
    yield from _encoded()
    yield from _nested()
    yield from _xml()
    yield from _zips()
    yield from _pdfs()
    yield from _pictures()
    yield from _named()
    yield from _no_files()


def whole_files() -> Mapping[str, bytes]:
    """A good file of each format, by its ending."""
    return _whole()


@cache
def _whole() -> dict[str, bytes]:
    text = "\n\n".join(MUST)
    cues = "\n".join(f"{at}\n00:00:{at:02},000 --> 00:00:{at + 1:02},000\n{line}\n" for at, line in enumerate(MUST, 1))
    cells = [{"cell_type": "markdown", "metadata": {}, "source": text}]
    made = {
        "md": f"# 제목\n\n{text}\n".encode(),
        "txt": f"{text}\n".encode(),
        "html": f"<html><body><h1>제목</h1><p>{text}</p></body></html>".encode(),
        "xhtml": f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>{text}</p></body></html>'.encode(),
        "srt": cues.encode(),
        "vtt": f"WEBVTT\n\n{cues.replace(',', '.')}".encode(),
        "ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(),
        "png": _picture("PNG"),
        "jpg": _picture("JPEG"),
    }
    with TemporaryDirectory() as folder:
        place = Path(folder)
        pdf(place / "a.pdf", [[(72, 700, 11, line)] for line in MUST])
        hwp(place / "a.hwp", [hwp_paragraph(MUST[0]) + hwp_table([["가", "나"]])])
        hwpx(place / "a.hwpx", [[hwpx_paragraph(MUST[0]), hwpx_paragraph(hwpx_table([["가", "나"]]))]])
        _docx(place / "a.docx")
        _pptx(place / "a.pptx")
        return {**made, **{file.suffix[1:]: file.read_bytes() for file in sorted(place.iterdir())}}


def _docx(path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_heading("제목", 1)
    for line in MUST:
        document.add_paragraph(line)
    document.save(str(path))


def _pptx(path: Path) -> None:
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "제목"
    slide.placeholders[1].text = "\n".join(MUST)
    deck.save(str(path))


def _picture(kind: str) -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.effect_noise((80, 60), 40).save(data, kind)
    return data.getvalue()


def _file(name: str, damage: str, data: bytes) -> Hostile:
    return Hostile(name, name.rpartition(".")[2], damage, lambda path: path.write_bytes(data))


# Damage that any file may suffer


def _changed(count: int) -> Damage:
    def change(data: bytes, chance: random.Random) -> bytes:
        out = bytearray(data)
        for _ in range(count):
            out[chance.randrange(len(out))] = chance.randrange(256)
        return bytes(out)

    return change


def _cut(share: float) -> Damage:
    return lambda data, _: data[: int(len(data) * share)]


DAMAGES: Mapping[str, Damage] = {
    "empty": lambda data, chance: b"",
    "one byte": lambda data, chance: data[:1],
    "first tenth alone": _cut(0.1),
    "first half alone": _cut(0.5),
    "end cut off": _cut(0.97),
    "beginning cut off": lambda data, chance: data[len(data) // 10 :],
    "middle taken out": lambda data, chance: data[: len(data) // 3] + data[len(data) // 2 :],
    "4 bytes changed": _changed(4),
    "64 bytes changed": _changed(64),
    "a tenth zeros": lambda data, chance: data[: len(data) // 2] + bytes(len(data) // 10) + data[len(data) * 6 // 10 :],
    "zeros in front": lambda data, chance: bytes(64) + data,
    "zeros behind": lambda data, chance: data + bytes(4096),
    "twice": lambda data, chance: data + data,
    "backwards": lambda data, chance: data[::-1],
    "random bytes": lambda data, chance: chance.randbytes(5000),
    "zeros alone": lambda data, chance: bytes(100_000),
}


def _damaged(chance: random.Random) -> Iterator[Hostile]:
    whole = whole_files()
    formats = sorted(whole)
    for number, kind in enumerate(formats):
        for damage, change in DAMAGES.items():
            data = change(whole[kind], chance)
            yield _file(f"{damage}.{kind}", damage, data)
        for step in (1, 4, 7):
            other = formats[(number + step) % len(formats)]
            yield _file(f"really {other}.{kind}", "wrong ending", whole[other])


# Text


def _encoded() -> Iterator[Hostile]:
    for kind in TEXT_FORMATS:
        text = whole_files()[kind].decode()
        korean = (text + "\n역전파는 기울기를 구한다." * 20).encode("cp949", "ignore")
        ways: dict[str, bytes] = {
            "CP949, broken bytes": korean[: len(korean) // 2] + b"\xff\x80\xfe" + korean[len(korean) // 2 :],
            "CP949, odd length": korean[:-1] + b"\xb0",
            "UTF-16 LE without a mark": text.encode("utf-16-le"),
            "UTF-16 BE without a mark": text.encode("utf-16-be"),
            "UTF-16, odd length": text.encode("utf-16")[:-1],
            "UTF-32": text.encode("utf-32"),
            "mark alone": b"\xef\xbb\xbf",
            "NFD": unicodedata.normalize("NFD", text).encode(),
            "lone surrogates": (text + "\ud800\udfff").encode("utf-8", "surrogatepass"),
            "control characters": text.encode() + bytes(range(1, 32)) * 3,
            "NUL between": text.encode().replace("의".encode(), b"\0"),
            "right to left": f"\u202e{text}\u2066".encode(),
            "combining marks": text.encode() + ("a" + "\u0301" * 50_000).encode(),
            "a line of 4 MB": text.encode() + b"\n" + "가나다라 ".encode() * 330_000,
            "a word of 2 MB": text.encode() + b"\n" + "가".encode() * 700_000,
            "200,000 lines": text.encode() + b"\nx" * 200_000,
        }
        for damage, data in ways.items():
            yield _file(f"{damage}.{kind}", damage, data)


def _nested() -> Iterator[Hostile]:
    """Structures within structures, 100 deep as people may make them, and as deep as nobody does."""
    for deep in (100, 20_000):
        how = f"nested {deep} deep"
        made = {
            "quotes.md": b">" * deep + " 글".encode(),
            "lists.md": b"\n".join(b" " * (2 * at) + b"- x" for at in range(min(deep, 1500))),
            "emphasis.md": b"*" * deep + " 글 ".encode() + b"*" * deep,
            "brackets.md": b"[" * deep + " 글".encode() + b"](" * deep,
            "divs.html": b"<div>" * deep + "글".encode(),
            "tables.html": b"<table><tr><td>" * deep + "글".encode(),
            "lists.html": b"<ul><li>" * deep + "글".encode(),
            "elements.xhtml": b"<?xml version='1.0'?>" + b"<b>" * deep + "글".encode() + b"</b>" * deep,
            "arrays.ipynb": b'{"cells":' + b"[" * deep + b"]" * deep + b',"metadata":{},"nbformat":4}',
            "tags.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"<b>" * deep + "글".encode(),
            "arrays.pdf": _pdf(b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * deep + b"]" * deep + b">>"),
            "tables.hwpx": _zipped({ZIPPED["hwpx"]: _deep_hwpx(min(deep, 5000))}, "hwpx"),
            "tables.docx": _zipped({ZIPPED["docx"]: _deep_docx(min(deep, 5000))}, "docx"),
            "groups.pptx": _zipped({ZIPPED["pptx"]: _deep_pptx(min(deep, 5000))}, "pptx"),
        }
        for name, data in made.items():
            yield _file(f"{how}, {name}", how, data)


_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"


def _deep_docx(deep: int) -> bytes:
    table = ("<w:tbl><w:tr><w:tc>" * deep, "<w:p><w:r><w:t>글</w:t></w:r></w:p>", "<w:p/></w:tc></w:tr></w:tbl>" * deep)
    return f'<w:document xmlns:w="{_W}"><w:body>{"".join(table)}</w:body></w:document>'.encode()


def _deep_pptx(deep: int) -> bytes:
    group = "<p:grpSp><p:nvGrpSpPr/><p:grpSpPr/>"
    inner = f"{group * deep}{'</p:grpSp>' * deep}"
    return f'<p:sld xmlns:p="{_P}" xmlns:a="{_A}"><p:cSld><p:spTree><p:nvGrpSpPr/><p:grpSpPr/>{inner}</p:spTree></p:cSld></p:sld>'.encode()


def _deep_hwpx(deep: int) -> bytes:
    space = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'
    cell = "<hp:p><hp:run><hp:tbl><hp:tr><hp:tc><hp:subList>"
    end = "</hp:subList></hp:tc></hp:tr></hp:tbl></hp:run></hp:p>"
    return f"<hs:sec xmlns:hs='section' {space}>{cell * deep}<hp:p><hp:run><hp:t>글</hp:t></hp:run></hp:p>{end * deep}</hs:sec>".encode()


# XML and ZIP


def _zipped(exchanged: Mapping[str, bytes], kind: str) -> bytes:
    """A good file with members exchanged or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole_files()[kind])) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            if member.filename not in exchanged:
                target.writestr(member.filename, source.read(member.filename))
        for name, data in exchanged.items():
            target.writestr(name, data)
    return out.getvalue()


def _entities(kind: str) -> Iterator[tuple[str, bytes]]:
    """What may stand before a document's root: entities that grow, and those that lead elsewhere."""
    laughs = '<!ENTITY a "웃음">' + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
    flat = f'<!ENTITY j "{"가" * 100_000}">'
    yield "billion laughs", f"<!DOCTYPE x [{laughs}]>".encode()
    yield "quadratic blow-up", f"<!DOCTYPE x [{flat}]>".encode()
    yield "external entity", b'<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>'
    yield "external DTD", b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY j "x">]>'


def _xml() -> Iterator[Hostile]:
    for kind, member in (*ZIPPED.items(), ("xhtml", "")):
        data = whole_files()[kind]
        body = zipfile.ZipFile(io.BytesIO(data)).read(member) if member else data
        body = body[body.index(b"?>") + 2 :] if body.lstrip().startswith(b"<?xml") else body
        for damage, head in _entities(kind):
            many = b"&j;" * (2000 if damage == "quadratic blow-up" else 1)
            xml = b'<?xml version="1.0"?>' + head + body.replace(MUST[0].encode(), many)
            made = _zipped({member: xml}, kind) if member else xml
            yield _file(f"{damage}.{kind}", damage, made)


def _zips() -> Iterator[Hostile]:
    for kind, member in ZIPPED.items():
        folder = member.partition("/")[0]
        made = {
            "ZIP bomb": _zipped({member: bytes(120_000_000)}, kind),
            "ZIP bomb, size understated": _understated(_zipped({member: bytes(60_000_000)}, kind)),
            "ZIP in ZIP": _zipped({member: whole_files()[kind]}, kind),
            "30,000 members": _zipped({f"{folder}/{at}": b"" for at in range(30_000)}, kind),
            "members outside": _zipped({"../../outside.txt": b"x", "/etc/outside": b"x"}, kind),
            "member missing": _zipped_without(kind, member),
            "no XML in it": _zipped({member: b"\x00\x01 no XML <"}, kind),
            "marked as encrypted": _marked(whole_files()[kind]),
            "OLE, as encrypted office files are": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") * 40,
        }  # fmt: skip
        for damage, data in made.items():
            yield _file(f"{damage}.{kind}", damage, data)


def _zipped_without(kind: str, member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole_files()[kind])) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            if name != member:
                target.writestr(name, source.read(name))
    return out.getvalue()


def _marked(data: bytes) -> bytes:
    """Says in every directory entry that its member is encrypted."""
    out, at = bytearray(data), data.find(b"PK\x01\x02")
    while at >= 0:
        out[at + 8] |= 1
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(out)


def _understated(data: bytes) -> bytes:
    """Says in every directory entry that its member holds 100 bytes."""
    out, at = bytearray(data), data.find(b"PK\x01\x02")
    while at >= 0:
        out[at + 24 : at + 28] = struct.pack("<I", 100)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(out)


# PDF and pictures


def _pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1, the first its root; its table is rebuilt by the reader."""
    body = b"".join(b"%d 0 obj %s endobj\n" % (number, data) for number, data in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer <</Root 1 0 R>>\n%%EOF"


def _pdfs() -> Iterator[Hostile]:
    root = b"<</Type/Catalog/Pages 2 0 R>>"
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %s]/Contents 4 0 R>>"
    one = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    bomb = zlib.compress(bytes(300_000_000), 1)
    stream = b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
    words = b"<</Length 44>>stream\nBT /F1 12 Tf 10 10 Td (word) Tj ET            \nendstream"
    made = {
        "no page": _pdf(root, b"<</Type/Pages/Kids[]/Count 0>>"),
        "pages in a circle": _pdf(root, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"),
        "a million pages claimed": _pdf(root, b"<</Type/Pages/Kids[3 0 R]/Count 1000000>>", page % b"100 100", words),
        "page of 2 billion points": _pdf(root, one, page % b"2000000000 2000000000", words),
        "page without contents": _pdf(root, one, b"<</Type/Page/Parent 2 0 R>>"),
        "stream that unpacks to 300 MB": _pdf(root, one, page % b"100 100", stream % (len(bomb), bomb)),
        "stream that is its own length": _pdf(root, one, page % b"100 100", b"<</Length 4 0 R>>stream\nx\nendstream"),
        "no root": b"%PDF-1.7\ntrailer <<>>\n%%EOF",
    }
    for damage, data in made.items():
        yield _file(f"{damage}.pdf", damage, data)
    for strength in (40, 128):
        yield Hostile(f"encrypted {strength}.pdf", "pdf", "encrypted", partial(_encrypted, strength=strength))


def _encrypted(path: Path, strength: int) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    pdf(path, [[(72, 700, 11, MUST[0])]], encrypt=StandardEncryption("secret", strength=strength))


def _pictures() -> Iterator[Hostile]:
    def png(width: int, height: int, data: bytes = b"") -> bytes:
        def chunk(name: bytes, body: bytes) -> bytes:
            return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

        head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")

    made = {
        "60,000 by 60,000": png(60_000, 60_000),
        "8,000 by 8,000 claimed": png(8000, 8000),
        "no size": png(0, 0),
        "a size below nothing": png(2**31, 2**31),
        "one point": png(1, 1, b"\0\0"),
    }
    for damage, data in made.items():
        yield _file(f"{damage}.png", damage, data)


# Names, and what is no file


def _named() -> Iterator[Hostile]:
    names = {
        "NFD name": unicodedata.normalize("NFD", "한글 이름"),
        "line feed in the name": "두 줄\n이름",
        "control character in the name": "소리\x07\x1b[31m",
        "right to left in the name": "\u202eexe.나",
        "name that is no UTF-8": os.fsdecode("씨피".encode("cp949")),
        "surrogate in the name": os.fsdecode(b"\xff\xfe\x80"),
        "name of 250 bytes": "가" * 83,
        "spaces around the name": " 앞뒤 ",
        "quotes in the name": "\"'`$(x)",
        "name like a passage": "a.md#0-5",
        "name like an option": "--replace",
        "markup in the name": "<img src=x onerror=alert(1)>&amp;",
        "emoji in the name": "👩‍👩‍👧",
        "percent in the name": "%2e%2e%2f%s",
        "backslash in the name": "a\\..\\b",
        "dots": "....",
    }
    text = f"# 제목\n\n{MUST[1]}\n".encode()
    for damage, name in names.items():
        yield _file(f"{name.replace('/', '_')}.md", damage, text)


def _no_files() -> Iterator[Hostile]:
    def link(target: str) -> Callable[[Path], object]:
        return lambda path: path.symlink_to(target)

    def circle(path: Path) -> None:
        path.symlink_to("two.md")
        path.with_name("two.md").symlink_to(path.name)

    def locked(path: Path) -> None:
        path.write_text("# 비밀\n", encoding="utf-8")
        path.chmod(0)

    def listening(path: Path) -> None:
        here = os.getcwd()
        with socket.socket(socket.AF_UNIX) as door:  # the path of a socket is short
            os.chdir(path.parent)
            try:
                door.bind(path.name)
            finally:
                os.chdir(here)

    def sparse(size: int) -> Callable[[Path], object]:
        def write(path: Path) -> None:
            path.touch()
            os.truncate(path, size)

        return write

    made: dict[str, tuple[str, Callable[[Path], object]]] = {
        "link to itself": ("self.md", link("self.md")),
        "links in a circle": ("one.md", circle),
        "link to its own folder": ("up", link(".")),
        "link to nothing": ("dangling.md", link("nowhere.md")),
        "link to a device": ("zero.txt", link("/dev/zero")),
        "named pipe": ("pipe.md", lambda path: os.mkfifo(path)),
        "socket": ("socket.md", listening),
        "folder with a note's name": ("folder.md", lambda path: path.mkdir()),
        "200 MB of nothing": ("large.txt", sparse(200_000_000)),
        "90 MB of zeros": ("zeros.html", sparse(90_000_000)),
        "not readable": ("secret.md", locked),
    }
    for damage, (name, write) in made.items():
        yield Hostile(name, name.rpartition(".")[2] if "." in name else "", damage, write)

"""Bytes of a text file to text, for the encodings Korean notes come in."""

from __future__ import annotations

import codecs
import re

from index.errors import NoteError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.I)
_EXPECTED = re.compile(r"[\t\n\r -~가-힣]")
_UNPRINTABLE = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 200_000
_MOSTLY = 0.8
_MOST_LOST = 0.1


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`: byte order mark, then UTF-16 without a mark, UTF-8, `declared`, CP949, and last charset-normalizer's guess.

    A file with few broken bytes is still read in its encoding, with U+FFFD for them. Raises NoteError for bytes that are no text.
    CP949 text made only of syllables from 촁 on whose second byte is below C0 is also valid UTF-8, and is taken for that.
    """
    text = _decode(data, declared)
    if len(_UNPRINTABLE.findall(text[:_SAMPLE])) > len(text[:_SAMPLE]) * 0.01:
        raise NoteError("not a text file (found binary data)")
    return text


def decode_page(data: bytes) -> str:
    """The text of a web page, which may declare its encoding. Raises what `decode` raises."""
    declared = _CHARSET.search(data[:4096])
    return decode(data, declared[1].decode("ascii") if declared else None)


def damage(text: str) -> tuple[str, ...]:
    """The warning that belongs to text decoded with losses."""
    lost = text.count("\ufffd")
    return (f"{lost} unreadable character{'s' if lost > 1 else ''} (shown as \ufffd): save the file as UTF-8",) if lost else ()


def _decode(data: bytes, declared: str | None) -> str:
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    for codec in filter(None, (_utf16_without_mark(data), "utf-8", _known(declared))):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    korean = _korean(data)
    return _guessed(data) if korean is None else korean


def _korean(data: bytes) -> str | None:
    """CP949, or either Korean encoding with a few broken bytes.

    Western text can be valid CP949 too (a curly quote and the letter after it make a rare syllable), so most of what is not
    ASCII must lie in KS X 1001, which holds the syllables people use.
    """
    for codec, errors in (("cp949", "strict"), ("utf-8", "replace"), ("cp949", "replace")):
        try:
            text = data.decode(codec, errors)
        except UnicodeDecodeError:
            continue
        foreign = "".join(char for char in text[:_SAMPLE] if char > "\x7f")
        common = len(foreign.encode("euc_kr", "ignore")) / 2
        if common > 0.5 * len(foreign) and common > 20 * foreign.count("\ufffd"):
            return text
    return None


def _known(declared: str | None) -> str | None:
    """The Python codec of a declared name. Browsers read EUC-KR and KS C 5601 as CP949, their superset, and so do we."""
    if declared is None:
        return None
    try:
        name = codecs.lookup(declared).name
    except LookupError:
        return "cp949" if declared.lower().startswith(("ks_c", "ksc", "windows-949")) else None
    return "cp949" if name == "euc_kr" else name


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 betrays itself: zero bytes (spaces, line ends, Latin letters) that vanish when decoded, leaving Hangul and ASCII.

    Other pairs of bytes become Chinese characters, so that a wrong guess shows.
    """
    if len(data) % 2 or data[:_SAMPLE].count(0) < 0.025 * len(data[:_SAMPLE]) or not data:
        return None
    for codec in ("utf-16-le", "utf-16-be"):
        sample = data[:_SAMPLE].decode(codec, "replace")
        if len(_EXPECTED.findall(sample)) > _MOSTLY * len(sample):
            return codec
    return None


def _guessed(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    text = data.decode("utf-8" if best is None else best.encoding, "replace")
    if text.count("\ufffd") > _MOST_LOST * len(text):
        raise NoteError("not a text file (no known encoding fits): save it as UTF-8")
    return text

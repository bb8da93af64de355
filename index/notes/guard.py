"""Checks before a file is opened by a library: what it really is, and what it would unpack to."""

from __future__ import annotations

import zipfile
from pathlib import Path

from index.errors import NoteError
from index.notes.limits import MAX_UNZIPPED_BYTES, MAX_ZIP_RATIO, RATIO_MATTERS_BYTES

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
PDF = b"%PDF-"

_SIGNATURES = (
    (PDF, "PDF"),
    (ZIP, "ZIP"),
    (OLE, "OLE"),
    (b"HWP Document File", "HWP 3.0"),
    (b"{\\rtf", "RTF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x7fELF", "program"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"<?xml", "XML"),
)
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


def found(head: bytes) -> str:
    """What the first bytes of a file say it is, in words."""
    if not head:
        return "an empty file"
    start = head.lstrip().lower()
    return next((f"{name} bytes" for sign, name in _SIGNATURES if head.startswith(sign) or start.startswith(sign)), "other bytes")


def head_of(path: Path) -> bytes:
    """The first kilobyte."""
    with path.open("rb") as file:
        return file.read(1024)


def wrong_format(name: str, what: str) -> NoteError:
    """The error for a file that is not what its suffix says."""
    return NoteError(f"not {'an' if name[0] in 'HI' else 'a'} {name} file (found {what})")


def refuse_binary(data: bytes, name: str) -> None:
    """Raises NoteError where bytes that should be text are another known format."""
    kind = found(data[:1024])
    if kind not in ("an empty file", "other bytes", "HTML bytes", "XML bytes"):
        raise wrong_format(name, kind)


def check_zip(path: Path, name: str, folder: str) -> None:
    """Raises NoteError unless `path` is a ZIP that holds something under `folder` and unpacks to a sane size."""
    head = head_of(path)
    if head.startswith(OLE) and _ENCRYPTED_OFFICE in path.read_bytes():
        raise NoteError(f"encrypted {name}: a password is needed")
    if not head.startswith(ZIP):
        raise wrong_format(name, found(head))
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise NoteError(f"broken {name} file ({error})") from error
    _check_size(path, name, sum(member.file_size for member in members))
    if any(member.flag_bits & 1 for member in members):
        raise NoteError(f"encrypted {name}: a password is needed")
    if not any(member.filename.startswith(folder) for member in members):
        raise wrong_format(name, f"a ZIP without {folder}")


def _check_size(path: Path, name: str, unpacked: int) -> None:
    packed = max(path.stat().st_size, 1)
    if unpacked > MAX_UNZIPPED_BYTES:
        raise NoteError(f"{name} unpacks to {unpacked // 1024**2:,} MB, more than the limit of {MAX_UNZIPPED_BYTES // 1024**2} MB")
    if unpacked > RATIO_MATTERS_BYTES and unpacked > packed * MAX_ZIP_RATIO:
        raise NoteError(f"{name} unpacks to {unpacked // packed:,} times its size, more than the limit of {MAX_ZIP_RATIO}: a ZIP bomb?")

"""Who may come in: a file of names with hashed passwords, one a line, which only its owner can read.

    name:$scrypt$ln=15,r=8,p=3$SALT$HASH        salt and hash in base64

The cost is what OWASP's Password Storage Cheat Sheet asks of scrypt (32 MiB, about a quarter of a second); a line says its own, so that
it can rise without anybody's password being set anew.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from index.errors import UsageError

SHORTEST, LONGEST = 8, 256
"""Characters of a password; more would only be work for the server."""
LOG2_N, BLOCK, LANES = 15, 8, 3
MOST_MEMORY = 256 * 2**20
"""Bytes that a line of the file may ask for."""
NAME = re.compile(r"[\w.@-]{1,64}")
_LINE = re.compile(r"(?P<name>[^:]+):\$scrypt\$ln=(?P<ln>\d{1,2}),r=(?P<r>\d{1,2}),p=(?P<p>\d{1,2})\$(?P<salt>[^$]+)\$(?P<digest>[^$]+)")


@dataclass(frozen=True, slots=True)
class Hashed:
    """A password's hash, which its `repr` does not show."""

    log2_n: int
    block: int
    lanes: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    def matches(self, password: str) -> bool:
        """Compares in a time that does not tell how much agrees."""
        return hmac.compare_digest(self.digest, _scrypt(password, self.salt, self.log2_n, self.block, self.lanes))


def hashed(password: str) -> Hashed:
    """The hash of a new password, under a salt of its own."""
    salt = secrets.token_bytes(16)
    return Hashed(LOG2_N, BLOCK, LANES, salt, _scrypt(password, salt, LOG2_N, BLOCK, LANES))


def _scrypt(password: str, salt: bytes, log2_n: int, block: int, lanes: int) -> bytes:
    given = unicodedata.normalize("NFC", password[:LONGEST]).encode("utf-8", "replace")
    return hashlib.scrypt(given, salt=salt, n=2**log2_n, r=block, p=lanes, maxmem=2 * MOST_MEMORY, dklen=32)


NOBODY = Hashed(LOG2_N, BLOCK, LANES, bytes(16), bytes(32))
"""What an unknown name's password is compared with, so that the time does not tell which names there are. Nothing hashes to it."""


class Users:
    """The file as it stands now: read again when it has changed. A file that can no longer be read lets nobody in."""

    def __init__(self, file: Path) -> None:
        """UsageError where the file cannot be used, or holds nobody."""
        self.file = file
        self._lock = Lock()
        self._stamp = _stamp(file)
        self._held: Mapping[str, Hashed] = read_users(file)
        if not self._held:
            raise UsageError(f"{file} holds no user: rag users add NAME --auth {file}")

    def __repr__(self) -> str:
        return f"Users({str(self.file)!r})"

    def find(self, name: str) -> Hashed | None:
        """The hash of a user's password, None where there is no such user."""
        return self._current().get(unicodedata.normalize("NFC", name))

    def _current(self) -> Mapping[str, Hashed]:
        with self._lock:
            try:
                stamp = _stamp(self.file)
                if stamp != self._stamp:
                    self._held, self._stamp = read_users(self.file), stamp
            except UsageError:
                self._held, self._stamp = {}, (0, 0, 0)
            return self._held


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError as problem:
        raise UsageError(
            f"cannot read the users of {file}: {problem.strerror}. Make the first: rag users add NAME --auth {file}"
        ) from problem
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_users(file: Path) -> dict[str, Hashed]:
    """Names and hashes; UsageError where the file cannot be read, is not one of users, or can be read or changed by others."""
    try:
        mode, text = file.stat().st_mode, file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"cannot read the users of {file}: {problem}. Make the first: rag users add NAME --auth {file}") from problem
    if os.name != "nt" and mode & 0o077:
        raise UsageError(f"others may read or change {file} (mode {mode & 0o777:o}), which says who may come in: chmod 600 {file}")
    users = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            name, users[name] = _parsed(file, number, line)
    return users


def _parsed(file: Path, number: int, line: str) -> tuple[str, Hashed]:
    """A line's user. What is wrong is said without the line, which may be a password that someone wrote there."""
    found = _LINE.fullmatch(line.strip())
    try:
        if not found or not NAME.fullmatch(found["name"]):
            raise ValueError
        log2_n, block, lanes = int(found["ln"]), int(found["r"]), int(found["p"])
        if not (
            log2_n and block and lanes and 128 * block * 2**log2_n * lanes <= 3 * MOST_MEMORY and 128 * block * 2**log2_n <= MOST_MEMORY
        ):
            raise ValueError
        digest = base64.b64decode(found["digest"], validate=True)
        return found["name"], Hashed(log2_n, block, lanes, base64.b64decode(found["salt"], validate=True), digest)
    except (ValueError, binascii.Error):
        raise UsageError(f"line {number} of {file} is no user: take it out, then rag users add NAME --auth {file}") from None


def add(file: Path, name: str, password: str) -> bool:
    """Adds a user, or sets a user's password anew; whether the user is new. Raises UsageError."""
    name = unicodedata.normalize("NFC", name)
    if not NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a user: letters, digits and . @ _ - alone, at most 64")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"the password has {len(password)} characters: from {SHORTEST} to {LONGEST}")
    users = read_users(file) if file.exists() else {}
    new = name not in users
    _write(file, {**users, name: hashed(password)})
    return new


def remove(file: Path, name: str) -> None:
    """Takes a user out, whose sessions end with that. Raises UsageError."""
    users = read_users(file)
    if users.pop(unicodedata.normalize("NFC", name), None) is None:
        raise UsageError(f"{file} holds no user {name!r}: rag users list --auth {file}")
    _write(file, users)


def _write(file: Path, users: Mapping[str, Hashed]) -> None:
    """Takes the file's place in one step, readable by its owner alone from the first byte on."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="\n") as out:
            out.writelines(_line(name, each) for name, each in sorted(users.items()))
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, file)
    except OSError as problem:
        raise UsageError(f"cannot write the users to {file}: {problem.strerror}") from problem
    finally:
        part.unlink(missing_ok=True)


def _line(name: str, each: Hashed) -> str:
    salt, digest = (base64.b64encode(part).decode() for part in (each.salt, each.digest))
    return f"{name}:$scrypt$ln={each.log2_n},r={each.block},p={each.lanes}${salt}${digest}\n"

"""The place of an index in PostgreSQL: libpq's own URI, with the schema as one more parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qsl, quote, unquote, urlencode

from index.errors import UsageError

SCHEMES = ("postgresql:", "postgres:")
SCHEMA = "rag"
"""Where the URI names none."""
EXPECTED = "postgresql://USER@HOST:PORT/DATABASE?schema=NAME"

_URI = re.compile(
    r"postgres(?:ql)?:/{1,2}(?:(?P<user>[^:@/?]*)(?::(?P<password>.*?))?@)?(?P<hosts>[^@/?]*)(?:/(?P<name>[^?@]*))?(?:\?(?P<query>[^@]*))?$",
    re.DOTALL,
)
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PLACE = ("host", "port", "dbname", "schema")
_SECRETS = ("password", "sslpassword", "oauth_client_secret")


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    """A schema of a database. Its text is safe to show: of a password it says only that there is one.

    `conninfo` is what libpq is given.
    """

    conninfo: str
    schema: str
    shown: str
    secrets: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.shown

    __repr__ = __str__

    def without_secrets(self, text: str) -> str:
        """A message of libpq or the server in which no password stands."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text

    @property
    def key(self) -> str:
        """A name for files of this machine that belong to the index: the same whoever asks, with whatever password."""
        found = _URI.match(self.shown)
        assert found is not None
        name = unquote(found["name"] or "") or "postgres"
        place = [found["hosts"], name, *(each for each in parse_qsl(found["query"] or "") if each[0] in _PLACE)]
        digest = sha256(repr(place).encode()).hexdigest()[:12]
        return f"{re.sub(r'[^0-9A-Za-z가-힣_-]', '_', name)[:40]}-{self.schema}-{digest}"


def is_uri(text: str) -> bool:
    """Whether a place is meant as a database. A path that lost one of its slashes counts: `Path` drops it."""
    return text.lower().startswith(SCHEMES)


def parse(text: str) -> Database:
    """The database that a URI names; UsageError, which shows no password, where it is none."""
    found = _URI.match(text)
    if not found:
        raise UsageError(
            f"this is no URI of a database: expected {EXPECTED}, with special characters of a password written as %40 and so on"
        )
    query = parse_qsl(found["query"] or "", keep_blank_values=True)
    schema = dict(query).get("schema", SCHEMA)
    if not _NAME.fullmatch(schema) or schema.startswith("pg_") or schema in ("public", "information_schema"):
        raise UsageError(
            f"schema={schema} cannot hold an index: expected a name of its own in small letters, digits and _, such as schema=notes"
        )
    rest = [(name, value) for name, value in query if name != "schema"]
    user, password, hosts, name = found["user"] or "", found["password"], found["hosts"], found["name"] or ""
    secrets = {unquote(password), password} if password else set[str]()
    secrets |= {value for key, value in rest if key in _SECRETS and value}
    named = f"{user}@" if user else ""
    given = named if password is None else f"{user}:{quote(unquote(password), safe='')}@"
    masked = named if password is None else f"{user}:***@"
    safe = [(key, "***" if key in _SECRETS else value) for key, value in rest]
    return Database(
        f"postgresql://{given}{hosts}/{name}{_joined(rest)}",
        schema,
        f"postgresql://{masked}{hosts}/{name}{_joined([*safe, ('schema', schema)])}",
        tuple(sorted(secrets, key=len, reverse=True)),
    )


def _joined(query: list[tuple[str, str]]) -> str:
    return "?" + urlencode(query, safe="*/", quote_via=quote) if query else ""  # libpq reads no + as a space

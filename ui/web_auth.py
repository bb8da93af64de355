"""Names and passwords before everything the page serves: a form for people, HTTP Basic for programs. What is not signed in sees nothing.

No route is asked whether it wants to be guarded: only those named here are open, so that a route that Gradio adds is closed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from time import monotonic
from urllib.parse import parse_qs

from ui import html_login
from ui.i18n import Lang, language
from ui.throttle import WrongTries, client_of
from ui.users import NOBODY, Hashed, Users
from ui.web_guard import App, Message, Receive, Send, header, respond, whole_body

LOGIN, LOGOUT, HEALTH = "/login", "/logout", "/healthz"
SESSION, VERIFIED = 12 * 3600.0, 600.0
"""Seconds that a sign-in lasts, and that a program's password is known without being hashed again."""
MOST_SESSIONS = 1000
LARGEST_FORM = 4096
SIGNED_IN = "rag.user"
"""Where the scope names who asks."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Who has shown a right password, and which: another one, or none any more, ends it. `until` is on the monotonic clock."""

    name: str
    hashed: Hashed
    until: float


@dataclass(slots=True)
class Passes:
    """Passes by the digest of the secret that was given out or shown; the secrets themselves are not kept."""

    users: Users
    clock: Callable[[], float]
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _held: OrderedDict[bytes, Pass] = field(default_factory=OrderedDict, repr=False)

    def keep(self, secret: str, name: str, lasting: float) -> None:
        if found := self.users.find(name):
            self._held[self._digest(secret)] = Pass(name, found, self.clock() + lasting)
        while len(self._held) > MOST_SESSIONS:
            self._held.popitem(last=False)

    def holder(self, secret: str) -> str | None:
        """Whose secret it is, if it still opens the door."""
        digest = self._digest(secret)
        found = self._held.get(digest)
        if found is None:
            return None
        if found.until < self.clock() or self.users.find(found.name) != found.hashed:
            self._held.pop(digest, None)
            return None
        return found.name

    def drop(self, secret: str) -> None:
        self._held.pop(self._digest(secret), None)

    def _digest(self, secret: str) -> bytes:
        return hmac.new(self._key, secret.encode("utf-8", "replace"), hashlib.sha256).digest()


def signed_in(request: object) -> str:
    """The name of whoever sent a request to Gradio, as FastAPI's or in Gradio's wrapping; "" where nobody is asked for one."""
    scope = getattr(getattr(request, "request", request), "scope", {})
    return str(scope.get(SIGNED_IN, ""))


class Gate:
    """Lets those through who are signed in. `told` is given a line for the terminal about each wrong try, without what was typed."""

    def __init__(self, app: App, users: Users, clock: Callable[[], float] = monotonic, told: Callable[[str], None] | None = None) -> None:
        self.app, self.users = app, users
        self._told = told or _on_stderr
        self._sessions, self._programs = Passes(users, clock), Passes(users, clock)
        self._wrong = WrongTries(clock)
        self._one = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] == HEALTH:
            await self.app(scope, receive, send)
            return
        token = self._token(scope)
        name = self._sessions.holder(token) if token else None
        if scope["type"] == "http" and scope["path"] in (LOGIN, LOGOUT):
            await self._form(scope, receive, send, name, token)
            return
        wait = 0.0
        if name is None and (shown := header(scope, b"authorization")):
            name, wait = await self._shown(scope, shown)
        if name is not None:
            await self.app({**scope, SIGNED_IN: name}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _refuse(scope, send, wait)

    async def _shown(self, scope: Message, shown: str) -> tuple[str | None, float]:
        """Who shows a right name and password by HTTP Basic, else the seconds that further tries have to wait."""
        if name := self._programs.holder(shown):
            return name, 0.0
        given = _basic(shown)
        if given is None:
            return None, 0.0
        wait = await self._tried(scope, *given, keep=lambda name: self._programs.keep(shown, name, VERIFIED), known=shown)
        return (given[0], 0.0) if wait is None else (None, wait)

    async def _tried(self, scope: Message, name: str, password: str, keep: Callable[[str], None], known: str = "") -> float | None:
        """None where the password is right, and then `keep` is called; else the seconds to wait, 0 where it was simply wrong.

        One is compared at a time: each takes 32 MiB, and programs that come with one password at once are told by the first.
        """
        client = client_of(_address(scope))
        async with self._one:
            if known and self._programs.holder(known):
                return None
            keys = ("address", client), ("name", name[:100])
            if wait := self._wrong.begin(*keys):
                return wait
            found = self.users.find(name)
            is_right = await asyncio.to_thread((found or NOBODY).matches, password)
            if found is None or not is_right:
                self._told(f"wrong name or password from {client}")
                return 0.0
            self._wrong.right(*keys)
            keep(name)
            return None

    # The form

    def _cookie(self, scope: Message) -> str:
        """Its name holds the port: browsers send cookies to every port of a host."""
        return f"rag-session-{(scope.get('server') or ('', 0))[1]}"

    def _token(self, scope: Message) -> str:
        """Of cookies that programs at other ports have set, some may be none by the standard: each is looked at by itself."""
        pairs = (each.strip().partition("=") for each in header(scope, b"cookie").split(";"))
        return next((value for name, _, value in pairs if name == self._cookie(scope)), "")

    async def _form(self, scope: Message, receive: Receive, send: Send, name: str | None, token: str) -> None:
        lang: Lang = language(header(scope, b"accept-language"))
        if scope["method"] in ("GET", "HEAD") and scope["path"] == LOGIN:
            await respond(send, 200, html_login.page(lang, name), *_HTML)
        elif scope["method"] != "POST":
            await respond(send, 405, "405: this is posted\n", (b"allow", b"POST"))
        elif scope["path"] == LOGOUT:
            self._sessions.drop(token)
            await respond(send, 303, "", (b"location", LOGIN.encode()), (b"set-cookie", self._set(scope, "", 0)))
        else:
            await self._posted(scope, receive, send, lang)

    async def _posted(self, scope: Message, receive: Receive, send: Send, lang: Lang) -> None:
        body = await whole_body(receive, LARGEST_FORM)
        given = parse_qs((body or b"").decode("utf-8", "replace"), max_num_fields=10) if body and body.count(b"&") < 10 else {}
        name, password = (given.get(field, [""])[0] for field in ("name", "password"))
        token = secrets.token_urlsafe(32)
        wait = await self._tried(scope, name, password, keep=lambda name: self._sessions.keep(token, name, SESSION))
        if wait is None:
            await respond(send, 303, "", (b"location", b"/"), (b"set-cookie", self._set(scope, token, int(SESSION))))
        elif wait:
            retry = (b"retry-after", str(ceil(wait)).encode())
            await respond(send, 429, html_login.page(lang, None, wait=ceil(wait)), *_HTML, retry)
        else:
            await respond(send, 403, html_login.page(lang, None, is_wrong=True), *_HTML)

    def _set(self, scope: Message, token: str, seconds: int) -> bytes:
        """A cookie for this server alone; for https alone where the browser came that way, of which its Origin tells."""
        secure = "; Secure" if header(scope, b"origin").startswith("https://") else ""
        return f"{self._cookie(scope)}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}".encode()


def who(scope: Message) -> str:
    """Who counts as one client: a user wherever he sits, else an address."""
    name = scope.get(SIGNED_IN)
    return f"user {name}" if name else client_of(_address(scope))


_HTML = ((b"content-type", b"text/html; charset=utf-8"),)


def _on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _address(scope: Message) -> str:
    return str((scope.get("client") or ("",))[0])


def _basic(shown: str) -> tuple[str, str] | None:
    """Name and password of `Basic …` (RFC 7617, UTF-8)."""
    scheme, _, given = shown.partition(" ")
    try:
        name, colon, password = base64.b64decode(given.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (name, password) if scheme.lower() == "basic" and colon else None


async def _refuse(scope: Message, send: Send, wait: float) -> None:
    """A person is led to the form; a program is told of both ways in, and a browser's script is asked for no password by the browser."""
    if "text/html" in header(scope, b"accept") and scope["method"] == "GET":
        await respond(send, 303, "", (b"location", LOGIN.encode()))
        return
    json = (b"content-type", b"application/json")
    if wait:
        said = f'{{"error":"SignIn","message":"too many wrong tries: wait {ceil(wait)} seconds"}}'
        await respond(send, 429, said, json, (b"retry-after", str(ceil(wait)).encode()))
        return
    challenge = (
        b'Form realm="lecture-notes-rag"' if header(scope, b"sec-fetch-site") else b'Basic realm="lecture-notes-rag", charset="UTF-8"'
    )
    said = '{"error":"SignIn","message":"name and password are needed: HTTP Basic, or the form at /login"}'
    await respond(send, 401, said, json, (b"www-authenticate", challenge))

"""Who may talk to the local page, and how much: ASGI layers in front of what it serves."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextlib import suppress
from email.message import Message as Part
from math import ceil
from pathlib import PurePath
from typing import Any

from index.errors import UsageError
from index.notes.files import SUFFIXES
from index.notes.limits import MAX_FILE_BYTES
from ui.throttle import Buckets, client_of

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        b"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=(), payment=(), usb=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
)
"""The page reaches no other host, and no other page frames it. Gradio's page needs inline scripts and `Function`.

Under `no-referrer` a browser would send the form of `/login` with the Origin `null`, as if it came from another page.
"""
BARE = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
)
"""Besides, for what needs no script: the API, its manual, the form at the door. A second policy narrows the first."""
BARE_PLACES = ("/api", "/login", "/logout", "/metrics", "/healthz")
VISITED = frozenset(("/", "/login", "/api", "/api/", "/api/docs"))
"""What a link on another site may lead to; nothing is asked by it."""
LARGEST_BODY = 64 * 2**20
"""Bytes of any request but an upload: a recording in base64 fits."""
LARGEST_UPLOAD = MAX_FILE_BYTES + 2**20
UPLOAD = "/gradio_api/upload"
UPLOADED = (*SUFFIXES, ".jsonl", ".json", ".csv", ".tsv", ".trec", ".topics", ".qrels")
"""Notes, and sets of questions to measure on."""
FILES_AT_ONCE = 20
"""Files of one upload; the page sends one."""
RATE = 20.0
"""Requests a second that one client may make on the average, ten times as many at once; uploads, which come by the folder, five times."""
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.?(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?")


def local_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers that mean this server: loopback by any of its names, and the address it was told to listen on."""
    names = {*_LOOPBACK, f"[{host}]" if ":" in host else host}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def host_names(names: Iterable[str], port: int) -> frozenset[str]:
    """The Host headers of the names that the server is published under, with its own port or without, as a proxy has it. UsageError."""
    given = [name.strip().lower() for name in names]
    if wrong := [name for name in given if not _NAME.fullmatch(name)]:
        raise UsageError(f"{wrong[0]!r} is no host name: give it as in notes.example.org, or with a port")
    return frozenset(given) | frozenset(f"{name}:{port}" for name in given if not re.search(r":\d+$", name))


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def must_be_guarded(host: str, names: Iterable[str], has_users: bool, insecure: bool) -> None:
    """UsageError where others could reach the page and nothing asks who they are."""
    names = list(names)
    if (is_loopback(host) and not names) or has_users or insecure:
        return
    found = f"{host} can be reached from other machines" if not is_loopback(host) else f"as {names[0]} the page can be reached by others"
    raise UsageError(
        f"{found}, and whoever reaches it reads and changes the notes. Say who may come in: `rag users add NAME --auth FILE`, "
        "then `rag ui --auth FILE`; or let everyone in: `rag ui --insecure`"
    )


class LocalOnly:
    """Refuses (403) requests whose Host is not this server's (DNS rebinding), or that another site's page makes (CSRF).

    `names` are the Host headers under which others reach it, over http or, through a proxy, over https.
    """

    def __init__(self, app: App, hosts: Iterable[str], names: Iterable[str] = ()) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.names = frozenset(names)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif self.allows(scope):
            await self.app(scope, receive, _with_headers(scope, send))
        elif scope["type"] == "http":
            await respond(send, 403, FORBIDDEN)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def allows(self, scope: Message) -> bool:
        """Whether the request is for this server and comes from its own page, from no page at all, or by a link to a page."""
        headers = [(name.lower(), value.decode("latin-1").lower()) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or not self._is_ours(hosts[0], scope) or not all(self._is_own(origin, hosts[0]) for origin in origins):
            return False
        sent = {name: value for name, value in headers if name.startswith(b"sec-fetch-")}
        return sent.get(b"sec-fetch-site", "none") in ("none", "same-origin") or _is_visit(scope, sent)

    def _is_ours(self, host: str, scope: Message) -> bool:
        """An address is its own name: no name of another's leads to it, so that the one that the request came in by is ours as well."""
        if host in self.hosts or host in self.names:
            return True
        address, port = scope.get("server") or ("", 0)
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return host == f"[{ip}]:{port}" if ip.version == 6 else host == f"{ip}:{port}"

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether a page of that origin is this server's: by the address asked, or by a name, which a proxy may have replaced."""
        scheme, _, place = origin.partition("://")
        return (scheme == "http" and place == host) or (scheme in ("http", "https") and place in self.names)


FORBIDDEN = "403: this page answers only its own pages, under the address that `rag ui` printed or a name given by --host-name.\n"


def _is_visit(scope: Message, sent: MutableMapping[bytes, str]) -> bool:
    """A link that was followed, not a picture, a frame or a script's request; it may lead to pages alone, for even to ask is a change."""
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and (sent.get(b"sec-fetch-mode"), sent.get(b"sec-fetch-dest")) == ("navigate", "document")
        and scope["path"] in VISITED
    )


def _with_headers(scope: Message, send: Send) -> Send:
    is_bare = f"{scope.get('path', '')}/".startswith(tuple(f"{place}/" for place in BARE_PLACES))

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS, *(BARE if is_bare else ())]}
        await send(message)

    return sending


def header(scope: Message, name: bytes) -> str:
    """A request's header, empty where it has none."""
    return next((bytes(value).decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")


async def respond(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    """A whole response; plain text, if no header says another kind."""
    body = text.encode()
    kind = () if any(name == b"content-type" for name, _ in headers) else ((b"content-type", b"text/plain; charset=utf-8"),)
    start = [*kind, *headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


# How much


class Limited:
    """Refuses (429) a client that asks too often. `rate` is requests a second; 0 lets all through. `key` names the client of a scope."""

    def __init__(self, app: App, rate: float = RATE, key: Callable[[Message], str] | None = None) -> None:
        self.app = app
        self._key = key or (lambda scope: client_of(str((scope.get("client") or ("",))[0])))
        self._asked = Buckets(rate, 10 * rate) if rate else None
        self._uploaded = Buckets(5 * rate, 50 * rate) if rate else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        wait = self._wait(scope) if scope["type"] == "http" else 0.0
        if not wait:
            await self.app(scope, receive, send)
            return
        said = f'{{"error":"TooMany","message":"too many requests in a short time: wait {ceil(wait)} s"}}'
        await respond(send, 429, said, (b"content-type", b"application/json"), (b"retry-after", str(ceil(wait)).encode()))

    def _wait(self, scope: Message) -> float:
        """What only hands out files of the program costs nothing."""
        if not scope["path"].startswith(("/api/", "/gradio_api/")):
            return 0.0
        buckets = self._uploaded if scope["path"] == UPLOAD else self._asked
        return buckets.take(self._key(scope)) if buckets else 0.0


class Bounded:
    """Refuses requests whose body is too large (413), and uploads of what is no note (415), before it is kept anywhere."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            look = _Names(header(scope, b"content-type")) if scope["path"] == UPLOAD else None
            reading = _Reading(receive, LARGEST_UPLOAD if look else LARGEST_BODY, look)
            if header(scope, b"content-length").isdecimal() and int(header(scope, b"content-length")) > reading.most:
                raise _Refused(413, reading.too_large)
        except _Refused as problem:
            await respond(send, problem.status, problem.said)
            return
        await self._watched(scope, reading, send)

    async def _watched(self, scope: Message, reading: _Reading, send: Send) -> None:
        """Whatever the application makes of a body that breaks off, the client is told why it did, if it has been told nothing yet."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if reading.refused is None or started:
                started = True
                await send(message)

        with suppress(_Refused):
            await self.app(scope, reading, sending)
        if reading.refused and not started:
            await respond(send, reading.refused.status, reading.refused.said)


class _Refused(Exception):
    """A body is not read any further."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class _Reading:
    """A request's body as it comes, counted and looked at."""

    def __init__(self, receive: Receive, most: int, look: _Names | None) -> None:
        self._receive, self.most, self._look = receive, most, look
        self._size = 0
        self.refused: _Refused | None = None
        self.too_large = f"413: the request is too large: at most {most} bytes\n"

    async def __call__(self) -> Message:
        message = await self._receive()
        body = message.get("body", b"")
        self._size += len(body)
        try:
            if self._size > self.most:
                raise _Refused(413, self.too_large)
            if self._look:
                self._look(body)
        except _Refused as problem:
            self.refused = problem
            raise
        return message


class _Names:
    """Reads the names of the files in a multipart body as it streams by: behind a boundary, which no file holds, stand a part's headers."""

    MOST = 8192
    """Bytes of a part's headers, as the server behind takes them."""

    def __init__(self, content_type: str) -> None:
        told = Part()
        told["content-type"] = content_type
        boundary = told.get_param("boundary")
        if told.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary.isascii():
            raise _Refused(415, "415: an upload is multipart/form-data\n")
        self._boundary = b"--" + boundary.encode()
        self._held, self._files = b"", 0

    def __call__(self, body: bytes) -> None:
        self._held += body
        while (at := self._held.find(self._boundary)) >= 0:
            end = self._held.find(b"\r\n\r\n", at)
            if end < 0:
                if len(self._held) - at > self.MOST:
                    raise _Refused(413, "413: a part of the upload has too large headers\n")
                self._held = self._held[at:]
                return
            self._part(self._held[at + len(self._boundary) : end])
            self._held = self._held[end:]
        self._held = self._held[-len(self._boundary) :]

    def _part(self, headers: bytes) -> None:
        told = Part()
        for line in headers.decode("utf-8", "replace").split("\r\n"):
            name, _, value = line.partition(":")
            if name.strip().lower() == "content-disposition":
                told["content-disposition"] = value.strip()
        file = told.get_filename()
        if file is None and b"filename" not in headers.lower():
            return
        self._files += 1
        if self._files > FILES_AT_ONCE:
            raise _Refused(413, f"413: at most {FILES_AT_ONCE} files in one upload\n")
        if PurePath(file or "").suffix.lower() not in UPLOADED:
            raise _Refused(415, f"415: no format of notes or questions; there are {' '.join(sorted(UPLOADED))}\n")


class SmallBodies:
    """Refuses (413) requests whose body has more bytes than that, whether they say so or not; a smaller one is handed on whole."""

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await whole_body(receive, self.most)
        if body is None:
            said = f'{{"error":"HTTPError","message":"the request is too large: at most {self.most} bytes"}}'
            await respond(send, 413, said, (b"content-type", b"application/json"))
        else:
            await self.app(scope, _given({"type": "http.request", "body": body, "more_body": False}, receive), send)


async def whole_body(receive: Receive, most: int) -> bytes | None:
    """The body, or None once it is too large."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > most:
            return None
    return body


def _given(first: Message, then: Receive) -> Receive:
    waiting = [first]

    async def receiving() -> Message:
        return waiting.pop() if waiting else await then()

    return receiving

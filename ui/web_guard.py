"""Who may talk to the local page, and how much: ASGI layers in front of what it serves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

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
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""The page reaches no other host, and no other page frames it. Gradio's page needs inline scripts and `Function`."""


def local_hosts(host: str, port: int) -> frozenset[str]:
    """The Host headers that mean this server: loopback by any of its names, and the address it was told to listen on."""
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


class LocalOnly:
    """Refuses (403) requests whose Host is not this server's (DNS rebinding) or whose Origin is another site's page."""

    def __init__(self, app: App, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif self.allows(scope):
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http":
            await _forbid(send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def allows(self, scope: Message) -> bool:
        """Whether the request is for this server and comes from its own page, or from no page at all."""
        headers = [(name.lower(), value.decode("latin-1").lower()) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        return len(hosts) == 1 and hosts[0] in self.hosts and all(origin.removeprefix("http://") in self.hosts for origin in origins)


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
        await send(message)

    return sending


async def _forbid(send: Send) -> None:
    body = b"403: this page answers only on this machine, under the address that `rag ui` printed.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class SmallBodies:
    """Refuses (413) requests whose body has more bytes than that, whether they say so or not; a smaller one is handed on whole."""

    def __init__(self, app: App, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _body(receive, self.most)
        if body is None:
            await _too_large(send, self.most)
        else:
            await self.app(scope, _given({"type": "http.request", "body": body, "more_body": False}, receive), send)


async def _body(receive: Receive, most: int) -> bytes | None:
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


async def _too_large(send: Send, most: int) -> None:
    body = b'{"error":"HTTPError","message":"the request is too large: at most %d bytes"}' % most
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})

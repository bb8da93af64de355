"""The page answers this machine's own browser and nobody else's page."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.web_guard import HEADERS, LocalOnly, Message, Receive, Send, SmallBodies, local_hosts

HOSTS = local_hosts("127.0.0.1", 7860)


async def inner(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"page"})
    else:
        await send({"type": f"{scope['type']}.reached"})


def ask(headers: dict[str, str], method: str = "GET", kind: str = "http") -> list[Message]:
    """What the guarded application sends for one request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope: dict[str, Any] = {"type": kind, "method": method, "headers": raw}
    asyncio.run(LocalOnly(inner, HOSTS)(scope, receive, send))
    return sent


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST:7860", "[::1]:7860"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_this_machine_is_answered(host: str, method: str) -> None:
    sent = ask({"host": host, "origin": f"http://{host.lower()}"}, method)
    assert [message.get("status") for message in sent] == [200, None]
    assert sent[1]["body"] == b"page"
    assert sent[0]["headers"] == [(b"x-own", b"1"), *HEADERS]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1:7861", "127.0.0.1", "localhost.evil.example:7860", "127.0.0.1:7860.evil", ""]
)
def test_another_host_name_is_refused(host: str) -> None:
    sent = ask({"host": host})
    assert sent[0]["status"] == 403
    assert b"page" in sent[1]["body"] and sent[1]["body"] != b"page"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:7860", "http://localhost:3000", "file://"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_another_sites_page_is_refused(origin: str, method: str) -> None:
    assert ask({"host": "127.0.0.1:7860", "origin": origin}, method)[0]["status"] == 403


def test_a_request_without_a_host_is_refused() -> None:
    assert ask({})[0]["status"] == 403


def test_sockets_are_checked_too() -> None:
    assert ask({"host": "localhost:7860"}, kind="websocket") == [{"type": "websocket.reached"}]
    assert ask({"host": "evil.example"}, kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_the_life_of_the_server_is_not_a_request() -> None:
    assert ask({}, kind="lifespan") == [{"type": "lifespan.reached"}]


@pytest.mark.parametrize(
    ("host", "port", "more"), [("::1", 1, "[::1]:1"), ("192.168.0.7", 1, "192.168.0.7:1"), ("127.0.0.1", 80, "localhost")]
)
def test_the_address_that_is_listened_on_is_ours(host: str, port: int, more: str) -> None:
    assert more in local_hosts(host, port)


# The size of a request


def post(chunks: list[bytes], most: int) -> tuple[list[bytes], list[Message]]:
    """The bodies that reach an application behind the limit, and what is sent, for a body that comes in those chunks."""
    reached: list[bytes] = []
    sent: list[Message] = []
    waiting = [{"type": "http.request", "body": chunk, "more_body": n < len(chunks)} for n, chunk in enumerate(chunks, 1)]

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        message = await receive()
        assert message["more_body"] is False
        reached.append(message["body"])
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(SmallBodies(app, most)({"type": "http"}, receive, send))
    return reached, sent


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=6), st.integers(0, 24))
def test_a_body_comes_whole_or_not_at_all(chunks: list[bytes], most: int) -> None:
    reached, sent = post(chunks, most)
    whole = b"".join(chunks)
    assert reached == ([whole] if len(whole) <= most else [])
    assert sent[0]["status"] == (200 if len(whole) <= most else 413)


def test_a_body_that_never_ends_is_left_at_the_limit() -> None:
    taken = 0

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"12345678", "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(SmallBodies(inner, 20)({"type": "http"}, receive, send))
    assert (taken, sent[0]["status"]) == (3, 413)
    assert sent[0]["headers"] == [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(sent[1]["body"]))]
    assert json.loads(sent[1]["body"]) == {"error": "HTTPError", "message": "the request is too large: at most 20 bytes"}

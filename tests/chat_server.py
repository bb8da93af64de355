"""A small server on this machine that answers, or misbehaves, as a chat endpoint might."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the server sends: `drip` seconds pass between the pieces of the body, `wait` before the first.

    `lacking` so many bytes it hangs up, although it promised them.
    """

    status: int = 200
    body: str = ""
    wait: float = 0.0
    drip: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    lacking: int = 0


EVENTS = {"Content-Type": "text/event-stream"}


def streams(content: str, *, ends: bool = True, step: int = 7, **how: Any) -> Reply:
    """A well-formed answer in pieces of `step` characters, each an event; without its end where `ends` is false."""
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    events = [{"choices": [{"delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    last = json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    return Reply(body=body + (f"data: {last}\n\ndata: [DONE]\n\n" if ends else ""), headers=EVENTS, **how)


def says(content: str | None) -> Reply:
    """A well-formed answer."""
    return Reply(body=json.dumps({"choices": [{"message": {"role": "assistant", "content": content}}]}))


@dataclass
class ChatServer:
    """Its address, and what it was sent: `(path, headers, body)`."""

    url: str
    asked: list[tuple[str, dict[str, str], dict[str, Any]]]


@contextmanager
def serving(answer: Callable[[dict[str, Any]], Reply] | Sequence[Reply]) -> Iterator[ChatServer]:
    """A server that answers each request by the function, or by the next of the replies (the last one again and again)."""
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                number = len(asked)
            reply = answer(body) if callable(answer) else answer[min(number, len(answer)) - 1]
            time.sleep(reply.wait)
            with suppress(OSError):  # the client may have given up
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            content = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(content) + reply.lacking))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            is_stream = "Content-Type" in reply.headers
            pieces = (
                content.split(b"\n\n") if is_stream else [content[at : at + 1] for at in range(len(content))] if reply.drip else [content]
            )
            for piece in pieces:
                self.wfile.write(piece + b"\n\n" * (is_stream and piece != pieces[-1]))
                self.wfile.flush()
                time.sleep(reply.drip)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield ChatServer(f"http://127.0.0.1:{server.server_address[1]}/v1", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

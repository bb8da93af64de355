"""A line for each request and each answer, and what `/metrics` and `/healthz` say. No line holds a question, an answer or a note's name."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
from asyncio import to_thread
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from traceback import format_exception
from typing import Any, Literal, TextIO

from index.errors import RagError
from rag.stages import timed
from rag.types import Answer, Hit
from ui.metrics import CONTENT_TYPE, Metrics
from ui.turns import CAME, Turns
from ui.web_guard import App, Message, Receive, Send, respond
from ui.web_index import Asks, Before, ByWords, Notes

LogFormat = Literal["text", "json"]
METRICS, HEALTH = "/metrics", "/healthz"
REQUEST_ID: ContextVar[str] = ContextVar("request id", default="")
"""Of the request in whose course something happens; the page's queue works apart from requests."""
_API = ("ask", "search", "notes", "status", "docs", "openapi.json")
_PAGE = (
    "queue/join", "queue/data", "component_server", "upload", "upload_progress", "heartbeat", "file", "mcp", "call", "run", "api", "config",
    "info", "startup-events", "theme.css", "cancel", "reset",
)  # fmt: skip
_FILES = ("assets", "static", "svelte", "custom_component")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def route_of(path: str) -> str:
    """The route of a path, out of a fixed set: what else stands in a path is the asker's business."""
    if path in ("/", "/login", "/logout", METRICS, HEALTH, "/api", "/config"):
        return path
    first, _, rest = path.lstrip("/").partition("/")
    if first == "api":
        call, _, further = rest.partition("/")
        return f"/api/{call}" + ("/{doc_id}" if further and call == "notes" else "") if call in _API else "/api/*"
    if first == "gradio_api":
        found = (name for name in _PAGE if re.match(rf"{re.escape(name)}(?:[/=]|$)", rest))
        return f"/gradio_api/{next(found, '*')}"
    return f"/{first}/*" if first in _FILES else "other"


class Log:
    """Writes lines to a stream, of JSON or for people; without a format it writes warnings alone."""

    def __init__(self, format: LogFormat | None = None, out: TextIO | None = None) -> None:
        self.format = format
        self._out = out

    def event(self, event: str, **values: Any) -> None:
        if self.format:
            self._write("info", event, values)

    def warning(self, event: str, **values: Any) -> None:
        self._write("warning", event, values)

    def _write(self, level: str, event: str, values: Mapping[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self.format == "json":
            line = json.dumps({"time": now, "level": level, "event": event, **values}, ensure_ascii=False, default=str)
        else:
            told = " ".join(f"{name}={_plain(value)}" for name, value in values.items())
            line = f"{now} {level} {event} {told}".rstrip()
        print(line, file=self._out or sys.stderr, flush=True)


def _plain(value: Any) -> str:
    """One line whatever it holds, so that nobody writes lines of his own into the log."""
    if isinstance(value, dict):
        return ",".join(f"{name}:{_plain(each)}" for name, each in value.items()) or "-"
    return re.sub(r"[^\x21-\x7e가-힣]+", "_", str(value)) or "-"


class LogHandler(logging.Handler):
    """Takes what libraries log, of the server above all, into our lines."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._formatter = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        trace = {"trace": self._formatter.formatException(record.exc_info)} if record.exc_info else {}
        self._log.warning("server", source=record.name, message=record.getMessage(), **trace)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is seen of the server, its lines and its counts, and whose turn it is to be answered."""

    log: Log
    metrics: Metrics
    turns: Turns = field(default_factory=Turns)

    def answering(self, pipeline: Callable[[], Asks], door: str) -> Callable[[], Asks]:
        """The current pipeline each time, watched."""
        return lambda: Watched(pipeline(), self, door)


def watch(format: LogFormat | None = None, out: TextIO | None = None) -> Watch:
    return Watch(Log(format, out), Metrics())


@dataclass(frozen=True, slots=True)
class Watched(Before):
    """A pipeline whose answers come by turns, and are timed and counted."""

    pipeline: Asks
    seen: Watch
    door: str

    def search(self, question: str, *place: Any, **settings: Any) -> list[Hit]:
        with self.seen.turns(self.door):
            return self.pipeline.search(question, *place, **settings)

    def ask(self, question: str, **settings: Any) -> Answer:
        began = CAME.get() or perf_counter()
        with self.seen.turns(self.door), timed() as stages:
            stages["wait"] = perf_counter() - began
            answer = self.pipeline.ask(question, **settings)
        stages["answer"] = perf_counter() - began
        self.seen.metrics.answer(self.door, answer.abstained, stages)
        told = {name: round(1000 * seconds, 1) for name, seconds in stages.items()}
        self.seen.log.event("answer", id=REQUEST_ID.get(), door=self.door, abstained=answer.abstained, milliseconds=told)
        return answer


class Observed:
    """The outermost layer: gives each request an id, which the response bears, and tells of it when it is through."""

    def __init__(self, app: App, seen: Watch) -> None:
        self.app, self.seen = app, seen

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, number = perf_counter(), 500, secrets.token_hex(8)
        token = REQUEST_ID.set(number)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", number.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            REQUEST_ID.reset(token)
            self._tell(scope, number, status, perf_counter() - began)

    def _tell(self, scope: Message, number: str, status: int, seconds: float) -> None:
        route, method = route_of(scope["path"]), scope["method"] if scope["method"] in _METHODS else "other"
        self.seen.metrics.request(route, method, status, seconds)
        self.seen.log.event("request", id=number, method=method, route=route, status=status, milliseconds=round(1000 * seconds, 1))


class Told:
    """Answers `/healthz` and `/metrics` for the pipeline that is asked."""

    def __init__(self, app: App, seen: Watch, pipeline: Callable[[], Asks]) -> None:
        self.app, self.seen, self.pipeline = app, seen, pipeline

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in (METRICS, HEALTH):
            await self.app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, "405: this is read with GET\n", (b"allow", b"GET"))
        elif scope["path"] == METRICS:
            gauges = await to_thread(self._gauges)
            await respond(send, 200, self.seen.metrics.text(gauges), (b"content-type", CONTENT_TYPE.encode()))
        else:
            problem = (await to_thread(self._opened))[1]
            said = json.dumps({"healthy": not problem, **({"problem": f"{problem}: run `rag doctor`"} if problem else {})})
            await respond(send, 503 if problem else 200, said, (b"content-type", b"application/json"))

    def _opened(self) -> tuple[Asks | None, str]:
        """The pipeline, or the kind of what is wrong: its message names folders, which are nobody's business who has not signed in."""
        try:
            return self.pipeline(), ""
        except RagError as error:
            return None, type(error).__name__
        except Exception as error:  # a probe must be answered; the trace is for the terminal
            self.seen.log.warning("health", trace="".join(format_exception(error)))
            return None, type(error).__name__

    def _gauges(self) -> Mapping[str, float]:
        opened, _ = self._opened()
        if opened is None:
            return {"index_healthy": 0}
        by_words = isinstance(opened, ByWords)
        return {
            "index_healthy": 1,
            "index_generation": generation_of(opened.index),
            "index_passages": len(opened.index),
            "index_by_words_alone": int(by_words),
        }


def generation_of(index: Notes) -> int:
    """Which state of the index is open; 0 where the index keeps none."""
    return int(getattr(index, "generation", 0))

"""Many users at once, half of them at the page's queue and half at the API, while the index is brought up to date again and again; or,
as a soak, thousands of questions and searches one after the other, with the server's memory looked at all the while.

The server is `rag ui` in a process of its own over an index of its own, without the limit on how often one client may ask: all users
come from this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import psutil

from benchmarks.results import Figure, Findings
from index.errors import RagError
from index.types import Progress
from rag.evaluation.datasets import load_questions
from rag.evaluation.report import Table
from rag.reading import evenly

if TYPE_CHECKING:
    import httpx

Way = Literal["page", "api"]
GROWTH, FAIR, SILENCE, SLOPE = 50.0, 0.5, 5.0, 1.0
"""Most MB that memory may rise from the second quarter of the time to the last; least share of the busiest user's answers that the
slowest one gets; most seconds in which nobody is answered; most MB for a thousand requests of a soak."""
STARTING, EVERY, PATIENCE = 60.0, 0.5, 120.0
"""Seconds: for the server to start, between two looks at its memory, for one answer."""
PAUSE = 10.0
"""Seconds between two indexings."""
MOST_QUESTIONS = 120
"""Questions that are asked in turn."""


@dataclass(slots=True)
class Asked:
    """What came of the requests; `seconds` by way, answers by user, and `at` what time of the clock there was one."""

    seconds: dict[Way, list[float]] = field(default_factory=lambda: {"page": [], "api": []})
    answers: dict[tuple[Way, int], int] = field(default_factory=dict)
    at: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `memory` is MB at each look, with the seconds since the start."""

    address: str
    process: subprocess.Popen[bytes]
    memory: list[tuple[float, float]]


def measure(
    notes: Path,
    questions: Path,
    users: int = 50,
    minutes: float = 5.0,
    soak: bool = False,
    asked: int = 3_000,
    searched: int = 20_000,
    progress: Progress | None = None,
) -> Findings:
    """Load by `users` at once for so many minutes; as a soak so many questions and searches by four."""
    texts = [question.text for question in evenly(load_questions(questions), MOST_QUESTIONS)]
    with TemporaryDirectory() as folder:
        own = Path(folder) / "notes"
        shutil.copytree(notes, own)
        index = Path(folder) / "index"
        _indexed(own, index)
        with served(index) as server:
            if soak:
                return _soaked(server, texts, asked, searched, progress)
            return _loaded(server, texts, users, minutes * 60, own, index)


def _indexed(notes: Path, index: Path) -> None:
    """Brings the index up to date as a user does; RagError where that fails."""
    command = [sys.executable, "-m", "ui.cli", "index", str(notes), "--index", str(index)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env={**os.environ, "RAG_LOG": "0"})
    if done.returncode:
        raise RagError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")


@contextmanager
def served(index: Path) -> Iterator[Server]:
    """`rag ui` over an index, in a process of its own whose memory is watched."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "ui", "--index", str(index), "--port", str(port), "--rate", "0"]
    process = subprocess.Popen(command, env={**os.environ, "RAG_LOG": "0"}, stderr=subprocess.DEVNULL)
    server = Server(f"http://127.0.0.1:{port}", process, [])
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, ended), daemon=True)
    try:
        _wait(server)
        watcher.start()
        yield server
    finally:
        ended.set()
        process.terminate()
        try:
            process.wait(STARTING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server) -> None:
    """Until the server is healthy: its models are loaded then."""
    until = time.monotonic() + STARTING
    while time.monotonic() < until and server.process.poll() is None:
        try:
            with urlopen(f"{server.address}/healthz", timeout=STARTING):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RagError(f"`rag ui` did not answer within {STARTING:g} seconds: does it start by hand?")


def _watch(server: Server, ended: threading.Event) -> None:
    began, seen = time.perf_counter(), psutil.Process(server.process.pid)
    while not ended.wait(EVERY):
        try:
            server.memory.append((time.perf_counter() - began, seen.memory_info().rss / 1e6))
        except psutil.NoSuchProcess:
            return


# Load


def _loaded(server: Server, texts: Sequence[str], users: int, seconds: float, notes: Path, index: Path) -> Findings:
    ended, runs, broken = threading.Event(), list[float](), list[str]()
    indexing = threading.Thread(target=_index_on, args=(notes, index, ended, runs, broken))
    indexing.start()
    try:
        done = asyncio.run(_crowd(server, texts, users, seconds))
    finally:
        ended.set()
        indexing.join()
    done.problems += broken
    beside = Figure("indexings meanwhile", len(runs), "", 1, True)
    return Findings({"users": users, "seconds": seconds}, (*_load_figures(done, server, seconds), beside), _tables(done))


def _index_on(notes: Path, index: Path, ended: threading.Event, runs: list[float], broken: list[str]) -> None:
    """Changes a note and brings the index up to date, until told to stop."""
    for number in count(1):
        if ended.is_set():
            return
        (notes / "load.md").write_text(f"# 부하 시험\n\n{number}번째로 고친 노트이다.\n", encoding="utf-8")
        began = time.perf_counter()
        try:
            _indexed(notes, index)
        except RagError as problem:
            broken.append(f"indexing: {problem}")
            return
        runs.append(time.perf_counter() - began)
        ended.wait(PAUSE)


async def _crowd(server: Server, texts: Sequence[str], users: int, seconds: float) -> Asked:
    """All users ask one question after the other until the time is over; the last answer is waited for."""
    import httpx

    done, until = Asked(), time.perf_counter() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=server.address, timeout=PATIENCE, limits=limits) as client:
        press = await _button(client)
        ways: list[Way] = ["page" if user % 2 else "api" for user in range(users)]
        await asyncio.gather(*(_user(client, way, user, texts, until, press, done) for user, way in enumerate(ways)))
    return done


async def _user(
    client: httpx.AsyncClient, way: Way, user: int, texts: Sequence[str], until: float, press: tuple[int, int], done: Asked
) -> None:
    done.answers[way, user] = 0
    for number in count(user):
        if time.perf_counter() >= until:
            return
        began, text = time.perf_counter(), texts[number % len(texts)]
        problem = await (_by_page(client, text, f"user-{user}", press) if way == "page" else _by_api(client, "ask", text))
        done.seconds[way].append(time.perf_counter() - began)
        if problem:
            done.problems.append(f"{way}: {problem}")
        else:
            done.answers[way, user] += 1
            done.at.append(time.perf_counter())


async def _by_api(client: httpx.AsyncClient, call: str, text: str) -> str:
    """What went wrong with a request, nothing if it was answered."""
    import httpx

    try:
        reply = await client.post(f"/api/{call}", json={"question": text})
        return "" if reply.status_code == 200 and "hits" in reply.json() else f"{reply.status_code} {reply.text[:200]}"
    except (httpx.HTTPError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


async def _button(client: httpx.AsyncClient) -> tuple[int, int]:
    """The page's event that asks, and the button that it belongs to."""
    config = (await client.get("/config")).json()
    buttons = {part["id"] for part in config["components"] if part["props"].get("elem_id") == "ask"}
    for event in config["dependencies"]:
        for target, kind in event["targets"]:
            if target in buttons and kind == "click" and event["inputs"]:
                return event["id"], target
    raise RagError("the page has no button that asks")


async def _by_page(client: httpx.AsyncClient, text: str, session: str, press: tuple[int, int]) -> str:
    """Presses the button as a browser does, and follows the queue to the answer."""
    import httpx

    event, target = press
    given = [text, "hybrid", 5, {}, "ko", None, []]
    body = {"data": given, "fn_index": event, "session_hash": session, "event_data": None, "trigger_id": target}
    try:
        joined = await client.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            return f"{joined.status_code} {joined.text[:200]}"
        async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
            async for line in stream.aiter_lines():
                told = json.loads(line[5:]) if line.startswith("data:") else {}
                if told.get("msg") == "process_completed":
                    return "" if told["success"] and "data-searched" in json.dumps(told["output"]) else f"no answer: {line[:200]}"
        return "the stream ended without an answer"
    except (httpx.HTTPError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def _load_figures(done: Asked, server: Server, seconds: float) -> tuple[Figure, ...]:
    quarters = [[mb for at, mb in server.memory if low <= at / seconds < low + 0.25] or [0.0] for low in (0.25, 0.75)]
    fair = {way: [n for (whose, _), n in done.answers.items() if whose == way] for way in ("page", "api")}
    figures = [
        Figure("errors", len(done.problems), "", 0),
        Figure("answers", sum(done.answers.values())),
        Figure("longest time without an answer", max((late - soon for soon, late in pairwise(done.at)), default=seconds), "s", SILENCE),
        Figure("memory, highest", max(mb for _, mb in server.memory), "MB"),
        Figure("memory, rise from the second quarter to the last", median(quarters[1]) - median(quarters[0]), "MB", GROWTH),
    ]
    for way, taken in done.seconds.items():
        figures += [
            Figure(f"{way}, {name}", float(np.percentile(taken, share)), "s") for name, share in (("p50", 50), ("p95", 95)) if taken
        ]
        if fair[way]:
            figures.append(Figure(f"{way}, slowest user's answers to the busiest's", min(fair[way]) / max(1, *fair[way]), "", FAIR, True))
    return tuple(figures)


def _tables(done: Asked) -> tuple[Table, ...]:
    rows = []
    for way in ("page", "api"):
        counts = sorted(n for (whose, _), n in done.answers.items() if whose == way)
        if counts:
            rows.append((way, len(counts), counts[0], float(median(counts)), counts[-1]))
    problems = tuple((problem[:200],) for problem in sorted(set(done.problems))[:10])
    return Table("answers by user", ("way", "users", "fewest", "median", "most"), tuple(rows)), Table("problems", ("problem",), problems)


# Soak


def _soaked(server: Server, texts: Sequence[str], asked: int, searched: int, progress: Progress | None) -> Findings:
    done, memory = asyncio.run(_stream(server, texts, asked, searched, progress))
    settings = {"questions": asked, "searches": searched}
    return Findings(settings, _soak_figures(done, memory), (Table("memory", ("requests", "MB"), tuple(thinned(memory))), _tables(done)[1]))


async def _stream(
    server: Server, texts: Sequence[str], asked: int, searched: int, progress: Progress | None
) -> tuple[Asked, list[tuple[float, float]]]:
    """Questions among searches, spread evenly, by four at once, no two alike: what remembers them without end must show. Memory in MB by
    requests answered."""
    import httpx

    done, memory, whole = Asked(), list[tuple[float, float]](), asked + searched
    calls = ["ask" if (n + 1) * asked // whole > n * asked // whole else "search" for n in range(whole)]
    requests = iter([(call, f"{texts[n % len(texts)]} {n}") for n, call in enumerate(calls)])
    finished = 0

    async def worker(client: httpx.AsyncClient) -> None:
        nonlocal finished
        for call, text in requests:
            began = time.perf_counter()
            problem = await _by_api(client, call, text)
            done.seconds["api"].append(time.perf_counter() - began)
            done.problems += [f"{call}: {problem}"] if problem else []
            finished += 1
            if server.memory:
                memory.append((finished, server.memory[-1][1]))
            if progress:
                progress("soak", finished, whole)

    async with httpx.AsyncClient(base_url=server.address, timeout=PATIENCE) as client:
        await asyncio.gather(*(worker(client) for _ in range(4)))
    return done, memory


def _soak_figures(done: Asked, memory: Sequence[tuple[float, float]]) -> tuple[Figure, ...]:
    return (
        Figure("errors", len(done.problems), "", 0),
        Figure("requests", len(done.seconds["api"])),
        Figure("request, p95", float(np.percentile(done.seconds["api"], 95)), "s"),
        Figure("memory, highest", max(mb for _, mb in memory), "MB"),
        Figure("memory, rise per 1,000 requests, second half", 1000 * slope(memory[len(memory) // 2 :]), "MB", SLOPE),
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of the points; 0 where they are too few to have one."""
    xs, ys = (np.array([point[axis] for point in points], float) for axis in (0, 1))
    if len(points) < 2 or np.ptp(xs) == 0:
        return 0.0
    return float(((xs - xs.mean()) * (ys - ys.mean())).sum() / ((xs - xs.mean()) ** 2).sum())


def thinned(points: Sequence[tuple[float, float]], most: int = 24) -> Iterator[tuple[float, float]]:
    """At most so many of the points, evenly spread."""
    step = max(1, -(-len(points) // most))
    yield from points[::step]

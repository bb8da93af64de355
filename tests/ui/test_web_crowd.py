"""Crowds: hundreds of calls of programs that wait stop nothing on the page, and what one page asks for is answered in its order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import httpx
import pytest

from benchmarks import load
from index.types import Document
from rag.types import Answer
from tests.rag import study_notes
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui.door import Door
from ui.i18n import texts
from ui.i18n_study import study_texts
from ui.metrics import Metrics
from ui.observe import Log, Watch
from ui.turns import Turns
from ui.web_index import Before

NOTE = Document("a.md", "역전파", "# 역전파\n\n역전파는 기울기를 뒤로 보낸다.")
CROWD, SOON = 200, 20.0
"""Calls at once; the seconds within which an event of the page must be answered on a slow machine."""


@dataclass
class Slow(Before):
    """Answers nobody until `open` is set; `asked` is whose turn came, in order."""

    pipeline: WordPipeline = field(default_factory=lambda: WordPipeline(WordIndex([NOTE])))
    asked: list[str] = field(default_factory=list)
    open: Event = field(default_factory=Event)

    def __call__(self) -> Slow:
        return self

    def ask(self, question: str, **settings: Any) -> Answer:
        self.asked.append(question)
        assert self.open.wait(120)
        return self.pipeline.ask(question, **settings)


@dataclass(frozen=True)
class Site:
    """A server with two slots."""

    url: str
    desk: Slow
    turns: Turns

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """One that opens as many connections as it needs; in the end whoever waits is answered."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(base_url=self.url, timeout=120, limits=limits) as client:
            try:
                yield client
            finally:
                self.desk.open.set()


@pytest.fixture
def site() -> Iterator[Site]:
    desk, turns = Slow(), Turns(2)
    with serving(desk, door=Door(rate=0, seen=Watch(Log(), Metrics(), turns))) as port:
        yield Site(f"http://127.0.0.1:{port}", desk, turns)


async def until(is_so: Callable[[], Any]) -> None:
    """TimeoutError where that does not come."""
    async with asyncio.timeout(SOON):
        while not is_so():
            await asyncio.sleep(0.02)


# Many programs and one page


def test_the_page_answers_while_hundreds_of_calls_wait(site: Site) -> None:
    async def run() -> None:
        async with site.client() as client:
            press = await load._button(client)
            crowd = [asyncio.create_task(program(client, number)) for number in range(CROWD)]
            await until(lambda: len(site.desk.asked) == 2 and site.turns._waiting["api"])
            await asyncio.sleep(1)  # for the others to come in
            async with asyncio.timeout(SOON):
                assert (await client.get("/")).status_code == 200
                assert "역전파는 무엇인가요?" in await opened(client)
            page = asyncio.create_task(load._by_page(client, "역전파는?", "page", press))
            await until(lambda: site.turns._waiting.get("page"))
            site.desk.open.set()
            assert await page == ""
            assert site.desk.asked.index("역전파는?") < CROWD // 2  # its turn is the next; when its thread wakes up is the system's affair
            assert [await each for each in crowd] == [200] * CROWD
            assert len(site.desk.asked) == CROWD + 1

    asyncio.run(run())


async def program(client: httpx.AsyncClient, number: int) -> int:
    """Half of them ask over HTTP, half call the page's tools."""
    text = f"역전파 {number}"
    if number % 2:
        return (await client.post("/api/ask", json={"question": text})).status_code
    return (await client.post("/gradio_api/run/ask", json={"data": [text, 5, "hybrid", "", "", 0, ""]})).status_code


async def opened(client: httpx.AsyncClient) -> str:
    """What the page is told as it is opened: an event that is answered by its own request."""
    events = (await client.get("/config")).json()["dependencies"]
    [event] = [
        each for each in events if "load" in (kind for _, kind in each["targets"]) and each["backend_fn"] and len(each["inputs"]) == 3
    ]
    return await pressed(client, event["id"], None, ["ko", [], {}])


# One page


def test_what_one_page_asks_for_is_answered_in_its_order(site: Site) -> None:
    """Why the queue lets one question through at a time: a switch of the language that overtook it would draw the view before."""

    async def run() -> None:
        async with site.client() as client:
            ask, button = await load._button(client)
            config = (await client.get("/config")).json()
            [header] = [part["id"] for part in config["components"] if part["props"].get("elem_id") == "top"]
            waiting = [each for each in config["dependencies"] if each["queue"] and not each["types"]["generator"]]
            [switch] = [each["id"] for each in waiting if [header, "select"] in each["targets"]]
            asked = await join(client, ask, button, ["역전파는?", "hybrid", 5, {}, "ko", None, []])
            await until(lambda: site.desk.asked)
            switched = await join(client, switch, header, [None, None, [], {}], {"lang": "en"})
            reading = asyncio.create_task(completed(client, 2))
            await asyncio.sleep(1)
            site.desk.open.set()
            told = await reading
            assert list(told) == [asked, switched]
            assert "기울기를" in told[switched] and texts("en").sources in told[switched]

    asyncio.run(run())


@dataclass
class Closed(WordIndex):
    """Gives no text until `open` is set."""

    open: Event = field(default_factory=Event)

    def document(self, doc_id: str) -> Document:
        assert self.open.wait(120)
        return super().document(doc_id)


def test_a_class_that_studies_is_told_all_at_once_that_cards_are_made() -> None:
    index = Closed(study_notes.NOTES)

    async def run(url: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=120) as client:
            opening, tab = await event(client, "view-study")
            looking, body = await event(client, "study-body")
            told = await asyncio.gather(*(pressed(client, opening, tab, ["cards", {}, "ko"]) for _ in range(40)))
            assert all(study_texts("ko").making in said for said in told)

            async def look() -> str:
                return await pressed(client, looking, body, ["cards", {}, 0, "ko"], {"do": "look"})

            assert study_texts("ko").making in await look()
            index.open.set()
            async with asyncio.timeout(SOON):
                while study_texts("ko").making in (shown := await look()):
                    await asyncio.sleep(0.02)
            assert "과적합" in shown

    try:
        with serving(lambda: WordPipeline(index), door=Door(rate=0)) as port:
            asyncio.run(run(f"http://127.0.0.1:{port}"))
    finally:
        index.open.set()


async def event(client: httpx.AsyncClient, elem_id: str) -> tuple[int, int]:
    """What is done as that part of the study is picked, and the part."""
    config = (await client.get("/config")).json()
    [part] = [part["id"] for part in config["components"] if part["props"].get("elem_id") == elem_id]
    [found] = [each["id"] for each in config["dependencies"] if [part, "select"] in each["targets"] and len(each["inputs"]) in (3, 4)]
    return found, part


async def pressed(client: httpx.AsyncClient, event: int, target: int | None, given: list[Any], data: dict[str, Any] | None = None) -> str:
    """What an event that is answered by its own request ends with."""
    body = {"data": given, "fn_index": event, "session_hash": "page", "event_data": data, "trigger_id": target}
    return json.dumps((await client.post("/gradio_api/run/predict", json=body)).json(), ensure_ascii=False)


async def join(client: httpx.AsyncClient, event: int, target: int, given: list[Any], data: dict[str, Any] | None = None) -> str:
    body = {"data": given, "fn_index": event, "session_hash": "page", "event_data": data, "trigger_id": target}
    return str((await client.post("/gradio_api/queue/join", json=body)).json()["event_id"])


async def completed(client: httpx.AsyncClient, many: int) -> dict[str, str]:
    """What so many events of the page ended with, in the order in which they did."""
    told = dict[str, str]()
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "page"}) as stream:
        async for line in stream.aiter_lines():
            if (said := json.loads(line[5:]) if line.startswith("data:") else {}).get("msg") == "process_completed":
                told[said["event_id"]] = json.dumps(said["output"], ensure_ascii=False)
                if len(told) == many:
                    break
    return told

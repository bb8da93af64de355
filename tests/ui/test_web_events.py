"""Which events of the page go through Gradio's queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from index.types import Document
from rag.endpoint import Endpoint
from rag.language_model import LanguageModel
from tests.ui.shelf import WordIndex, WordPipeline
from ui import web, web_log

MUST_WAIT = {("top", "select")}
"""Events that answer at once and still wait in the queue, for an answer that is being drawn: the switch of the language."""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Every event of a page with all its parts that the server answers, with `names`: its targets by `elem_id` and what happens to them."""

    def nobody() -> Any:
        raise AssertionError("nobody is asked")

    desk = WordPipeline(WordIndex([Document("a.md", "역전파", "# 역전파\n\n역전파는 기울기를 뒤로 보낸다.")]))
    model = LanguageModel(Endpoint("http://127.0.0.1:9", "model"), nobody)
    place: Path = tmp_path_factory.mktemp("index")
    config = web.build(lambda: desk, (), web_log.silent(), place, model).config
    ids = {part["id"]: part["props"].get("elem_id") or part["type"] for part in config["components"]}
    return list(_named([each for each in config["dependencies"] if each["backend_fn"] or each["cancels"]], ids))


def test_a_page_that_nobody_asks_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = WordPipeline(WordIndex([Document("a.md", "역전파", "역전파는 기울기를 뒤로 보낸다.")]))
    queue, sleep, rests = web.build(lambda: desk, (), web_log.silent())._queue, asyncio.sleep, list[float]()

    async def counted(seconds: float) -> None:
        rests.append(seconds)
        await sleep(seconds)

    async def idle() -> None:
        looking = asyncio.create_task(queue.start_processing())
        await sleep(0.5)
        looking.cancel()

    monkeypatch.setattr("gradio.queueing.asyncio.sleep", counted)
    asyncio.run(idle())
    assert 1 <= len(rests) <= 26


def _named(found: list[dict[str, Any]], ids: dict[int, str]) -> Iterator[dict[str, Any]]:
    for each in found:
        yield {**each, "names": {(ids.get(target, ""), kind) for target, kind in each["targets"]}}


def test_only_what_is_streamed_goes_through_the_queue(events: list[dict[str, Any]]) -> None:
    """Gradio's queue can end a stream just as an event joins it, which is then never told of: all else is answered by its own request."""
    queued = [each for each in events if each["queue"]]
    assert [each["names"] for each in queued if not each["types"]["generator"]] == [MUST_WAIT]
    streamed = set().union(*(each["names"] for each in queued if each["types"]["generator"]))
    assert {("ask", "click"), ("question", "submit"), ("llm", "select")} <= streamed
    alone = set().union(*(each["names"] for each in events if not each["queue"]))
    assert {("notes-add", "select"), ("log", "select"), ("scope", "select"), ("study-body", "select")} <= alone


def test_no_other_program_may_call_an_event_of_the_page(events: list[dict[str, Any]]) -> None:
    assert {each["api_visibility"] for each in events} == {"private"}

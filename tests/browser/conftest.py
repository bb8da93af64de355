"""One server and one Chromium for all tests of the page; the network is cut, and every page is watched for faults."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexMissing
from index.types import Document
from rag.querylog import QueryLog, Recorder
from rag.types import Answer
from tests.ui.serving import serving
from tests.ui.shelf import WordIndex, WordPipeline
from ui.door import Door
from ui.web_index import Before

NASTY = '<script>window.harm=1</script><img src=x onerror="window.harm=1"> [눌러](javascript:window.harm=1) 위험 ${1+1} {{value}} &lt;b&gt;'
NOTES = (
    Document(
        "week03/backprop.md",
        "역전파",
        "# 역전파\n\n😀👩‍💻 오늘의 메모\n\n## 정의\n\n"
        "- 𝒳 표기에 주의\n- **역전파(backpropagation)**는 기울기를 뒤로 보낸다 🙂\n  - 연쇄 법칙\n",
    ),
    Document(
        "week04/long.txt", "긴 노트", "\n\n".join(f"{n}번째 문단은 채우는 글이다." for n in range(300)) + "\n\n맨끝 보물은 여기\n", "text"
    ),
    Document("week09/nasty.md", "<b onmouseover=window.harm=1>나쁜</b>", f"# 나쁜 노트\n\n{NASTY}\n"),
    Document("english/attention.md", "Attention", "# Attention\n\nScaled dot-product attention divides by the square root.\n"),
    Document("week05/wide.md", "넓은 노트", f"# 넓은 노트\n\n{'가로' * 200}\n\n| {' | '.join(f'열{n}' for n in range(60))} |\n"),
)


PATIENCE = 30_000
"""Milliseconds waited for anything: a loaded machine is slow, not wrong."""


@dataclass
class Desk(Before):
    """The pipeline behind the page, with what a test may do to it: break the index, hold an answer back, change the notes."""

    pipeline: WordPipeline = field(default_factory=lambda: WordPipeline(WordIndex(NOTES)))
    broken: bool = False
    gate: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Desk:
        if self.broken:
            raise IndexMissing("There is no index in data/index. Make one: rag index --index data/index NOTES")
        return self

    def ask(self, question: str, **settings: Any) -> Answer:
        assert self.gate.wait(30)
        return self.pipeline.ask(question, **settings)

    def reset(self) -> None:
        self.pipeline = WordPipeline(WordIndex(NOTES))
        self.broken = False
        self.gate.set()


@dataclass(frozen=True)
class Site:
    """The page's address, and what stands behind it."""

    port: int
    desk: Desk
    recorder: Recorder

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    desk = Desk()
    folder = tmp_path_factory.mktemp("log")
    recorder = Recorder(QueryLog(folder / "questions.sqlite"), folder)
    with serving(desk, recorder=recorder, door=Door(rate=0)) as port:  # all tests are one client
        yield Site(port, desk, recorder)


def chromium() -> str | None:
    """Where a Chromium lies: $RAG_CHROMIUM, on the path, or the one Playwright installed."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    found = os.environ.get("RAG_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found:
        return found
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install one (apt install chromium, or: playwright install chromium), or name it in RAG_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
    )
    cut = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=[*flags.split(), cut])
        yield chrome
        chrome.close()


@dataclass
class Watch:
    """What went wrong on a page: console errors, exceptions, requests to other hosts."""

    faults: list[str] = field(default_factory=list)

    def attend(self, page: Any, url: str) -> None:
        def note(fault: bool, text: str) -> None:
            if fault:
                self.faults.append(text)

        # Gradio has the console say so of a stream or a request that ends because the page goes
        gone = ("AbortError", "Unexpected error Connection errored out")
        page.on(
            "console",
            lambda message: note(message.type == "error" and not any(each in message.text for each in gone), f"console: {message.text}"),
        )
        page.on("pageerror", lambda error: note(True, f"exception: {error}"))
        page.on("request", lambda request: note(not request.url.startswith((url, "data:", "blob:")), f"request: {request.url}"))


Open = Callable[..., Any]


@pytest.fixture
def watch() -> Watch:
    """The faults of this test's pages; what a test provokes on purpose it takes out again."""
    return Watch()


@pytest.fixture
def open_page(site: Site, browser: Any, watch: Watch) -> Iterator[Open]:
    """Opens the page in a browser of its own: `open_page(locale="ko-KR", width=1280, height=860)`. At the end no page may have a fault."""
    site.desk.reset()
    contexts = []

    def open_one(url: str = "", locale: str = "ko-KR", width: int = 1280, height: int = 860, **options: Any) -> Any:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch.attend(page, url or site.url)
        page.goto(url or site.url)
        page.wait_for_selector("#answer section")
        page.wait_for_function("document.querySelector('#answer').getAttribute('aria-live') === 'polite'")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert watch.faults == []

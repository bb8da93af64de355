"""How long a page takes to show passages for what is being typed, from the key to the list, in a real Chromium.

Each question is typed letter by letter as a person does; the time of a key runs from its event to the frame after the list was drawn,
the page's own wait for another key included. Keys after which nothing was drawn are counted apart.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

from benchmarks.results import Figure, Findings
from index.disk import read_manifest
from index.errors import RagError
from rag.evaluation.datasets import load_questions
from rag.reading import evenly

FIRST = 150.0
"""The most milliseconds that half of the first keys with a result may take."""
BETWEEN = 170
"""Milliseconds between two keys: some 70 words a minute."""
KEYS = 12
"""Letters typed of each question."""
STARTING = 60.0

READY = "document.querySelector('#answer')?.getAttribute('aria-live') === 'polite'"
"""Whether the page can be used."""
WATCH = """() => {
  const box = document.querySelector("#question textarea"), list = document.querySelector("#typed .typed");
  window.took = [];
  let pressed = null;
  box.addEventListener("input", () => { pressed = performance.now(); window.took.push(null); }, true);
  new MutationObserver(() => {
    if (!list.childElementCount || pressed === null) return;
    const began = pressed, at = window.took.length - 1;
    requestAnimationFrame(() => { window.took[at] ??= performance.now() - began; });
  }).observe(list, { childList: true });
}"""


def measure(index: Path, questions: Path, limit: int = 20) -> Findings:
    """Types `limit` questions into the page over the index: milliseconds of the first key of each that shows passages, and of all keys."""
    read_manifest(index)  # IndexMissing before anything is started
    texts = [question.text for question in evenly(load_questions(questions), limit)]
    with served(index) as address, opened(address) as page:
        typed(page, texts[0])  # the words of the notes are gathered at the first
        rows = [typed(page, text) for text in texts]
    first = [took for row in rows if (took := next((each for each in row if each is not None), None)) is not None]
    every = [each for row in rows for each in row if each is not None]
    if not first:
        raise RagError("no key showed any passage")
    keys = sum(map(len, rows))
    figures = (
        Figure("first key with passages, p50", float(np.percentile(first, 50)), "ms", FIRST),
        Figure("first key with passages, p95", float(np.percentile(first, 95)), "ms"),
        Figure("every key, p50", float(np.percentile(every, 50)), "ms"),
        Figure("every key, p95", float(np.percentile(every, 95)), "ms"),
        Figure("keys without passages of their own", 100 * (keys - len(every)) / keys, "%"),
    )
    return Findings({"questions": len(texts), "keys": keys, "ms between keys": BETWEEN}, figures)


def typed(page: Any, text: str) -> list[float | None]:
    """The milliseconds of each key, None where nothing was drawn before the next."""
    page.fill("#question textarea", "")
    page.wait_for_timeout(BETWEEN)
    page.evaluate("window.took = []")
    page.locator("#question textarea").press_sequentially(text[:KEYS], delay=BETWEEN)
    page.wait_for_timeout(500)
    took: list[float | None] = page.evaluate("window.took")
    return took


@contextmanager
def opened(address: str) -> Iterator[Any]:
    """The page in a Chromium, watched. RagError where there is none."""
    with launched() as browser:
        page = browser.new_page(locale="ko-KR")
        page.goto(address)
        page.wait_for_function(READY)
        page.evaluate(WATCH)
        yield page


@contextmanager
def launched() -> Iterator[Any]:
    """A Chromium. RagError where there is none."""
    from playwright.sync_api import Error, sync_playwright

    path = os.environ.get("RAG_CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        except Error as error:
            raise RagError(
                "no Chromium: install one (apt install chromium, or: playwright install chromium), or name it in RAG_CHROMIUM"
            ) from error
        yield browser
        browser.close()


@contextmanager
def served(index: Path) -> Iterator[str]:
    """The address of `rag ui` over an index, in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ui.cli", "ui", "--index", str(index), "--port", str(port)]
    address = f"http://127.0.0.1:{port}/"
    process = subprocess.Popen(command, env={**os.environ, "RAG_LOG": "0"}, stderr=subprocess.DEVNULL)
    try:
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urlopen(address, timeout=STARTING):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RagError(f"the page did not answer at {address}")

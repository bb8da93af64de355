"""How long `rag ui` takes from its start until it answers, and its page from there until it can be used, in a real Chromium.

Every run starts a server of its own over the built index, with the files in the system's cache, and opens one page in a browser that
has kept nothing of an earlier one: the page of a server that has not yet opened its models, which is the slowest.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.results import Figure, Findings
from benchmarks.typing import READY, launched, served
from index.disk import read_manifest

SERVER, PAGE = 6.0, 3.0
"""The most seconds that are allowed."""
WELCOME = f"{READY} && document.querySelector('.welcome') && !document.querySelector('#question textarea').disabled"
"""The view of the index stands there, and a question can be typed."""


def measure(index: Path, runs: int = 7) -> Findings:
    """Seconds of `runs` servers and pages, after one that warms up."""
    read_manifest(index)  # IndexMissing before anything is started
    with launched() as browser:
        rows = [_once(index, browser) for _ in range(runs + 1)][1:]
    servers, pages = zip(*rows, strict=True)
    figures = (
        Figure("server answers, median", median(servers), "s", SERVER),
        Figure("server answers, slowest", max(servers), "s", SERVER),
        Figure("page can be used, median", median(pages), "s", PAGE),
        Figure("page can be used, slowest", max(pages), "s", PAGE),
    )
    return Findings({"runs": runs}, figures)


def _once(index: Path, browser: Any) -> tuple[float, float]:
    began = perf_counter()
    with served(index) as address:
        server = perf_counter() - began
        with browser.new_page(locale="ko-KR") as page:
            began = perf_counter()
            page.goto(address)
            page.wait_for_function(WELCOME)
            return server, perf_counter() - began

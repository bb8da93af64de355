"""`rag ui` as a user starts it: over no index at first, then over one that is made while the page is open."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Open
from tests.browser.test_page import DONE, answering, ask, source, text_of
from ui.i18n import KO

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
NOTE = """# 과적합

😀 10주차

## 뜻

- **과적합(overfitting)**은 모델이 훈련 데이터의 잡음까지 외워서 처음 보는 데이터에서 성능이 떨어지는 현상이다.
- 라벨 오류가 많으면 심해진다.
"""
OTHER = """# 어텐션

질의와 키의 내적을 차원의 제곱근으로 나눈 뒤 소프트맥스를 취한다.
"""


def rag(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "ui.cli", *map(str, arguments)]


@dataclass(frozen=True)
class Served:
    """A running `rag ui`."""

    url: str
    index: Path
    process: subprocess.Popen[str]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    index = tmp_path / "index"
    command = rag("ui", "--index", index, "--port", str(port))
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stderr
    line = process.stderr.readline()
    assert line.startswith(f"http://127.0.0.1:{port}/"), line
    yield Served(f"http://127.0.0.1:{port}/", index, process)
    process.kill()
    process.communicate()


def index_notes(served: Served, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "overfit.md").write_text(NOTE, encoding="utf-8")
    (notes / "attention.md").write_text(OTHER, encoding="utf-8")
    index_again(served, notes)


def index_again(served: Served, notes: Path) -> None:
    done = subprocess.run(rag("index", notes, "--index", served.index), cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr


def test_a_page_over_no_index_finds_the_one_that_is_made_and_ctrl_c_ends_it(served: Served, open_page: Open, tmp_path: Path) -> None:
    page: Any = open_page(served.url)
    assert page.inner_text("#answer h2") == KO.problem
    assert str(served.index) in page.inner_text("#answer .what")
    assert page.inner_text("#answer code").startswith("rag index")

    index_notes(served, tmp_path)
    with answering(page):
        page.click(".again")
    assert page.inner_text(".chip >> nth=0") == "어텐션은 무엇인가요?"

    ask(page, "과적합이란?")
    assert page.locator(DONE).get_attribute("class") == "card answer"
    quote = text_of(page, "#sources .cited mark.evidence")
    assert "훈련 데이터의 잡음까지 외워서" in quote and quote in NOTE
    page.click("#answer .origin")
    source(page)
    assert text_of(page, "#note mark.evidence") == quote
    assert text_of(page, "#note .verse") == NOTE

    page.context.close()
    if sys.platform != "win32":  # there is no Ctrl+C for one process there
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(10) in (0, 130)


def test_an_answer_finds_its_words_in_a_new_index_until_they_are_gone(served: Served, open_page: Open, tmp_path: Path) -> None:
    index_notes(served, tmp_path)
    page: Any = open_page(served.url)
    ask(page, "과적합이란?")
    quote = text_of(page, "#sources .cited mark.evidence")
    notes = tmp_path / "notes"
    moved = "앞에 넣은 줄 🙂\n\n" + NOTE
    (notes / "overfit.md").unlink()
    (notes / "week10").mkdir()
    (notes / "week10" / "renamed.md").write_text(moved, encoding="utf-8")
    index_again(served, notes)
    reopen(page)
    assert text_of(page, "#sources .cited mark.evidence") == quote
    page.click("#answer .origin")
    source(page)
    assert text_of(page, "#note .verse") == moved
    assert text_of(page, "#note mark.evidence") == quote

    (notes / "week10" / "renamed.md").write_text(moved.replace("훈련 데이터의 잡음까지 외워서", "너무 오래 배워서"), encoding="utf-8")
    index_again(served, notes)
    reopen(page)
    assert page.inner_text("#answer .gone p") == KO.words_gone
    assert text_of(page, "#answer .gone q") == quote
    assert page.locator("#board mark.evidence").count() == 0


def reopen(page: Any) -> None:
    """Loads the page again and opens the first of the earlier answers."""
    page.reload()
    page.wait_for_selector("#trail .recall")
    with answering(page):
        page.click("#trail .recall >> nth=0")
    assert page.locator("#answer .recalled").count() == 1

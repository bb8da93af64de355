"""Takes the pictures that the README shows: `python -m tests.browser.pictures docs/images` (needs data/index and a Chromium)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import chromium

PORT = 7871
SHOTS = (
    ("answer", "드롭아웃이란?", 1280, 860, "light", "ko-KR"),
    ("answer-dark-en", "What is self-supervised learning?", 1280, 860, "dark", "en-US"),
    ("phone", "검색 기반 모델을 아이에 빗대면?", 390, 844, "light", "ko-KR"),
)
"""Name, question, width, height, colour scheme, language."""


def take(browser: Browser, folder: Path, name: str, question: str, width: int, height: int, scheme: str, language: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light", locale=language
    )
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_selector("#answer section")
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector("#answer .answer:not([aria-busy])")
    page.wait_for_timeout(600)
    page.screenshot(path=str(folder / f"{name}.png"))
    context.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as away:  # a log of its own, for the page shows its thumbs only where there is one
        _photograph(folder, Path(away) / "questions.sqlite")


def _photograph(folder: Path, log: Path) -> None:
    command, environment = [sys.executable, "-m", "ui.cli", "ui", "--port", str(PORT)], {**os.environ, "RAG_LOG": str(log)}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        server.stderr.readline()  # the address, once the socket listens
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
            for shot in SHOTS:
                take(browser, folder, *shot)
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

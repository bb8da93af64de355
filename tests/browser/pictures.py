"""Takes the pictures of the views: `python -m tests.browser.pictures docs/images` (needs data/index, data/questions.jsonl and a Chromium).

It works on a copy of the index, with a log of its own that holds a few questions. Names may follow, to take these pictures alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time
from types import MappingProxyType
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks.slides import photographed, slide
from rag.querylog import Door, Entry, QueryLog, Thumb, index_name
from tests.browser.conftest import chromium
from tests.chat_server import serving, streams
from tests.speech import STILL

PORT = 7871
DESK, PHONE = (1280, 860), (390, 844)
MOST = 150_000
"""Bytes of a picture at most."""
LONG = 900_000
"""Milliseconds that a measurement over all questions may take."""
HOME = """(places) => {
  for (const code of document.querySelectorAll("code")) {
    for (const [from, to] of places) if (!code.childElementCount) code.textContent = code.textContent.replace(from, to);
  }
}"""
"""Names the folders as a reader's own are named: where the pictures are taken means nothing to anyone."""
DONE = "#answer .answer:not([aria-busy]), #answer .refusal"


def ask(page: Any, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    page.wait_for_timeout(600)


def asked(question: str) -> Callable[[Any], None]:
    return lambda page: ask(page, question)


def typed(question: str) -> Callable[[Any], None]:
    def take(page: Any) -> None:
        page.locator("#question textarea").press_sequentially(question, delay=60)
        page.wait_for_selector("#typed .passage")

    return take


def in_the_note(question: str, marked: str = "#note mark.evidence") -> Callable[[Any], None]:
    """The source of an answer, opened in its note."""

    def take(page: Any) -> None:
        ask(page, question)
        page.click("#sources .cited .open >> nth=0")
        page.wait_for_selector(marked)

    return take


def view(name: str) -> Callable[[Any], None]:
    def take(page: Any) -> None:
        page.click(f"#view-{name}-button")
        page.wait_for_timeout(1500)

    return take


def notes(page: Any) -> None:
    view("notes")(page)
    page.click(".holdings .pick >> nth=0")
    page.wait_for_selector("#notes-right [data-do=close]")


def collection(page: Any) -> None:
    view("notes")(page)
    page.click("#notes-right [data-do=map]")
    page.wait_for_selector("#notes-right .sky")
    page.evaluate("document.querySelector('#notes-right').scrollIntoView()")
    page.hover("#notes-right .sky path >> nth=20", force=True)


def measured(page: Any) -> None:
    view("measure")(page)
    page.click("#measure-names label >> nth=1")
    page.click("#measure-start-run")
    page.wait_for_selector("#measure-found svg", timeout=LONG)
    page.evaluate("document.querySelector('#measure-found').scrollIntoView()")


def compared(page: Any) -> None:
    """Two settings, and a question with both of its rankings."""
    view("measure")(page)
    page.click("[data-part=compare]")
    page.click("#measure-start-compare")
    page.wait_for_selector("#measure-compared [data-sides]", state="attached", timeout=LONG)
    page.evaluate("document.querySelectorAll('#measure-compared details').forEach((each) => { each.open = true; })")
    page.click("#measure-compared [data-sides] >> nth=0")
    page.wait_for_selector("#measure-compared .found")
    page.evaluate("document.querySelector('#measure-compared [data-sides]').scrollIntoView()")


def studied(page: Any) -> None:
    """A card with its answer, some days into a course."""
    page.click("#view-study-button")
    for _ in range(2):
        page.wait_for_selector(".study-card")
        page.keyboard.press("Space")
        page.wait_for_selector(".study-told:not([hidden])")
        page.keyboard.press("4")
        page.wait_for_timeout(900)
    page.wait_for_selector(".study-card")
    page.keyboard.press("Space")
    page.wait_for_selector(".study-told:not([hidden])")


def logged(page: Any) -> None:
    view("log")(page)
    page.click("#log-rows summary >> nth=1")
    page.mouse.move(4, 4)


def listening(page: Any) -> None:
    page.evaluate(STILL)
    page.click("#mic")
    page.wait_for_selector('#mic[data-state="listening"]')


MODEL_SAYS = (
    "드롭아웃은 학습 중에 뉴런을 확률 p로 무작위로 꺼서 특정 뉴런에 기대지 못하게 하는 기법입니다 [1]."
    " Srivastava 등이 2014년에 JMLR에 발표했습니다 [1]. 추론 때는 뉴런의 80%만 남깁니다 [1]."
)
"""What a large model might say, with one number of its own."""


def with_model(question: str) -> Callable[[Any], None]:
    """The card of the large model below the answer."""

    def take(page: Any) -> None:
        ask(page, question)
        page.click("#llm [data-llm=ask]")
        page.wait_for_selector("#llm .verdict")

    return take


@dataclass(frozen=True)
class Shot:
    name: str
    take: Callable[[Any], None]
    size: tuple[int, int] = DESK
    dark: bool = False
    language: str = "ko-KR"
    says: str = ""


SHOTS = (
    Shot("answer", asked("드롭아웃이란?")),
    Shot("answer-dark-en", asked("What is self-supervised learning?"), dark=True, language="en-US"),
    Shot("phone", asked("OCR이 뭐야?"), PHONE),
    Shot("typing", typed("ㅇㅈㅍ")),
    Shot("typing-phone-dark", typed("정규화"), PHONE, dark=True),
    Shot("note", in_the_note("BM25란?")),
    Shot("notes", notes),
    Shot("notes-phone-en", view("notes"), PHONE, language="en-US"),
    Shot("map-dark", collection, dark=True),
    Shot("measure", measured),
    Shot("compare-dark-en", compared, dark=True, language="en-US"),
    Shot("study", studied),
    Shot("voice", listening),
    Shot("picture", in_the_note("경사 하강법에서 학습률은 얼마에서 시작하나?", "#note .box.evidence"), PHONE),
    Shot("model", with_model("드롭아웃이란?"), (1280, 980), says=MODEL_SAYS),
    Shot("log", logged),
    Shot("log-phone-dark-en", view("log"), PHONE, dark=True, language="en-US"),
)

QUESTIONS: tuple[tuple[str, str, float, Thumb], ...] = (
    ("드롭아웃이란?", "학습할 때 뉴런 일부를 무작위로 끄는 방법", 0.87, 1),
    ("역전파는 무엇인가요?", "출력의 오차를 뒤로 보내며 기울기를 구하는 방법", 0.81, 0),
    ("점심 메뉴는?", "", 0.04, 0),
    ("What is self-supervised learning?", "Learning from labels that the data itself provides", 0.72, 0),
    ("BM25란?", "IDF와 단어 빈도, 문서 길이로 점수를 매긴다", 0.66, 1),
    ("기말고사 범위는?", "", 0.09, -1),
    ("어텐션은 왜 차원의 제곱근으로 나누나요?", "내적이 커져 소프트맥스가 한쪽으로 쏠리는 것을 막으려고", 0.78, 0),
)
"""What the log holds: question, answer, confidence, thumb."""


def fill(log: QueryLog, index: Path) -> None:
    """Two weeks of questions, the same each time."""
    doors: tuple[Door, ...] = ("page", "page", "shell", "page", "api")
    now = time()
    first = Entry(now, "page", index_name(index), "", "", "hybrid", "span", (), "", False, 0.0, 0.0)
    notes = sorted(file.relative_to("data/notes").as_posix() for file in Path("data/notes").rglob("*.*"))[:-3]
    for n in range(90):
        question, answer, confidence, thumb = QUESTIONS[n * 5 % len(QUESTIONS)]
        ago, took = (89 - n) * 13_000 + n * n % 7 * 900, 90 + n * 37 % 220 + (400 if n % 17 == 0 else 0)
        entry = replace(first, time=now - ago, door=doors[n % 5], question=question, searched=question, answer=answer)
        entry = replace(entry, passages=tuple(f"{notes[(3 * n + k) % len(notes)]}#0-1" for k in (0, 1)))
        log.add([replace(entry, abstained=not answer, confidence=confidence, milliseconds=float(took), thumb=thumb if n % 3 == 0 else 0)])


def main(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as away:
        copy = Path(away) / "index"
        shutil.copytree("data/index", copy)
        shutil.copy("data/questions.jsonl", away)
        fill(QueryLog(Path(away) / "questions.sqlite"), copy)
        chosen = [shot for shot in SHOTS if not names or shot.name in names]
        if plain := [shot for shot in chosen if not shot.says and shot.name != "picture"]:
            _photograph(folder, Path(away), plain)
        if pictured := [shot for shot in chosen if shot.name == "picture"]:
            put_in_a_picture(copy)
            _photograph(folder, Path(away), pictured)
        for shot in chosen:
            if shot.says:
                with serving([streams(shot.says)]) as server:
                    _photograph(folder, Path(away), [shot], {"RAG_LLM_URL": server.url, "RAG_LLM_MODEL": "sample"})


def put_in_a_picture(index: Path) -> None:
    """A photograph of a slide among the notes."""
    photo = index.with_name(f"{index.name}.notes") / "칠판.png"
    photo.parent.mkdir(exist_ok=True)
    photo.write_bytes(photographed(slide()).png())
    subprocess.run([sys.executable, "-m", "ui.cli", "index", "--index", str(index), "--add", str(photo.parent)], check=True)


def _photograph(folder: Path, away: Path, shots: list[Shot], more: Mapping[str, str] = MappingProxyType({})) -> None:
    command = [sys.executable, "-m", "ui.cli", "ui", "--index", str(away / "index"), "--port", str(PORT)]
    environment = {**os.environ, "RAG_LOG": str(away / "questions.sqlite"), "XDG_STATE_HOME": str(away), **more}
    server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        server.stderr.readline()  # the address, once the socket listens
        with sync_playwright() as playwright:
            arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
            for shot in shots:
                picture = _taken(browser, shot, away)
                (folder / f"{shot.name}.png").write_bytes(picture)
                print(f"{shot.name}.png  {len(picture) // 1000} kB", flush=True)
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _taken(browser: Any, shot: Shot, away: Path) -> bytes:
    width, height = shot.size
    scheme = "dark" if shot.dark else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale=shot.language)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{PORT}/")
    page.wait_for_function("document.querySelector('#answer')?.getAttribute('aria-live') === 'polite'")
    shot.take(page)
    page.wait_for_timeout(800)
    page.evaluate(HOME, [[str(away), "~/lecture"], [str(Path.cwd()), "~/lecture"]])
    picture: bytes = page.screenshot()
    context.close()
    return small(picture)


def small(picture: bytes) -> bytes:
    """The picture in at most MOST bytes: as it is, else in as many colours as fit."""
    from PIL import Image

    for colours in (0, 256, 128, 64):
        with Image.open(BytesIO(picture)) as image:
            plain = image.convert("RGB")
        out = BytesIO()
        (plain.quantize(colours, dither=Image.Dither.NONE) if colours else plain).save(out, "PNG", optimize=True)
        if out.tell() <= MOST:
            return out.getvalue()
    raise ValueError(f"a picture takes {out.tell()} bytes, {MOST} are allowed: make its window smaller")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])

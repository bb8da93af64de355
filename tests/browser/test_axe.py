"""axe-core (MPL-2.0, in the package axe-playwright-python) on every view: no serious and no critical violation."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from time import time
from typing import Any
from urllib.request import urlopen

import pytest

from rag.querylog import Entry, QueryLog
from tests.browser.conftest import Open, Site
from tests.browser.test_page import DONE, ask
from tests.browser.test_served import ROOT, rag
from tests.speech import VOICES

pytestmark = pytest.mark.browser

RICH = """# 과적합

## 뜻

- **과적합(overfitting)**은 모델이 훈련 데이터의 잡음까지 외워서 처음 보는 데이터에서 성능이 떨어지는 현상이다. 😀

손실은 $L = \\frac{1}{n} \\sum_i (y_i - \\hat{y}_i)^2$ 이다.

| 방법 | 효과 |
|---|---|
| 드롭아웃 | 뉴런을 끈다 |
| 조기 종료 | 일찍 멈춘다 |

```python
model.fit(x, y)  # 과적합
```
"""
MORE = {f"week{n}/{name}.md": f"# {name}\n\n{name}은 {n}주차에 배운다.\n" for n, name in enumerate(("손실", "정규화", "벡터"), 1)}
OTHER = "# 어텐션\n\n질의와 키의 내적을 차원의 제곱근으로 나눈 뒤 소프트맥스를 취한다.\n\n[자료](https://example.org) 를 보라.\n"
QUESTIONS = (
    {"id": "q1", "question": "과적합이란?", "answers": ["훈련 데이터의 잡음까지 외워서"], "kind": "definition",
     "evidence": [{"doc": "overfit.md", "quote": "훈련 데이터의 잡음까지 외워서"}]},
    {"id": "q2", "question": "내적을 무엇으로 나누나?", "answers": ["차원의 제곱근"], "kind": "factoid",
     "evidence": [{"doc": "attention.md", "quote": "차원의 제곱근"}]},
)  # fmt: skip
ENTRY = Entry(
    0, "page", "/elsewhere", "과적합이란?", "과적합이란?", "hybrid", "span", ("overfit.md#0-9",), "잡음까지 외운다", False, 0.8, 140.0, 1
)

RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ['violations'], preload: false });
  return found.violations.filter((each) => ['serious', 'critical'].includes(each.impact)).flatMap((each) => each.nodes.map(
    (node) => `${each.id}: ${node.target.join(' ')} ${node.html.slice(0, 200)} (${[...node.any, ...node.all, ...node.none][0]?.message})`));
}"""


def look(page: Any) -> list[str]:
    """What is seriously wrong with the page as it stands."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN)
    return found


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`rag ui` over a small index of its own, with a log that holds some questions."""
    folder = tmp_path_factory.mktemp("axe")
    for name, text in {"overfit.md": RICH, "attention.md": OTHER, **MORE}.items():
        (folder / "notes" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "notes" / name).write_text(text, encoding="utf-8")
    (folder / "questions.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in QUESTIONS), encoding="utf-8")
    subprocess.run(rag("index", folder / "notes", "--index", folder / "index"), cwd=ROOT, check=True, capture_output=True)
    refused = replace(ENTRY, abstained=True, answer="", thumb=-1)
    QueryLog(folder / "log.sqlite").add([replace(each, time=time() - n) for n, each in enumerate((ENTRY, refused, ENTRY))])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "RAG_LOG": str(folder / "log.sqlite"), "XDG_STATE_HOME": str(folder)}
    command = rag("ui", "--index", folder / "index", "--port", str(port))
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stderr
    assert process.stderr.readline().startswith(f"http://127.0.0.1:{port}/")
    urlopen(f"http://127.0.0.1:{port}/api/search?question=a", timeout=60).close()  # the models are open
    yield f"http://127.0.0.1:{port}/"
    process.kill()
    process.communicate()


# One step after the other; each ends with the page at rest


def settings(page: Any) -> None:
    page.click("#settings > button")
    page.wait_for_selector("#log .turn")


def unheard(page: Any) -> None:
    """No microphone may be opened; answers can be read aloud from here on."""
    page.evaluate(VOICES)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }; }")
    page.click("#mic")
    page.wait_for_selector("#heard.wrong")


def typing(page: Any) -> None:
    page.fill("#question textarea", "과적합 훈련")
    page.wait_for_selector("#typed .passage")


def answer(page: Any) -> None:
    page.press("#question textarea", "Enter")
    page.wait_for_selector(f":is({DONE})")
    page.wait_for_selector("#sources .source")
    page.evaluate("document.querySelectorAll('#sources details').forEach((each) => { each.open = true; })")


def drawer(page: Any) -> None:
    page.click("#sources .open >> nth=0")
    page.wait_for_selector("#note mark.evidence")


def help(page: Any) -> None:
    page.keyboard.press("Escape")
    page.wait_for_selector("#note", state="hidden")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def notes(page: Any) -> None:
    page.keyboard.press("Escape")
    page.click("#view-notes-button")
    page.wait_for_selector(".holdings")


def passages_as_cut(page: Any) -> None:
    page.click(".holdings .pick >> nth=0")
    page.wait_for_selector("#notes-right [data-do=close]")


def collection(page: Any) -> None:
    page.click("#notes-right [data-do=close]")
    page.click("#notes-right [data-do=map]")
    page.wait_for_selector("#notes-right .sky")


def measure(page: Any) -> None:
    page.click("#view-measure-button")
    page.wait_for_selector("#measure-start-run")


def measured(page: Any) -> None:
    page.click("#measure-start-run")
    open_a_question(page, "#measure-found")


def compared(page: Any) -> None:
    page.click("[data-part=compare]")
    page.click("#measure-start-compare")
    open_a_question(page, "#measure-compared")


def open_a_question(page: Any, found: str) -> None:
    page.wait_for_selector(f"{found} [data-sides]", state="attached")
    page.evaluate("found => document.querySelectorAll(`${found} details`).forEach((each) => { each.open = true; })", found)
    page.click(f"{found} [data-sides] >> nth=0")
    page.wait_for_selector(f"{found} .found")


def gold(page: Any) -> None:
    page.click("[data-part=gold]")
    page.wait_for_selector("#measure-start-draft")


def study(page: Any) -> None:
    page.click("#view-study-button")
    page.wait_for_selector("#study-body .study-card")
    page.click("[data-reveal]")
    page.wait_for_selector(".study-told:not([hidden])")


def all_cards(page: Any) -> None:
    page.click("#study-part label >> nth=1")
    page.wait_for_selector(".study-cards")


def at_a_glance(page: Any) -> None:
    page.click("#study-part label >> nth=2")
    page.wait_for_selector(".study-glance")


def log(page: Any) -> None:
    page.click("#view-log-button")
    page.wait_for_selector("#log-rows summary")
    page.click("#log-rows summary >> nth=0")
    page.click("#log-keeping [data-turn=delete]")
    page.wait_for_selector("#log-keeping [data-turn=sure]")


STEPS: tuple[Callable[[Any], None], ...] = (
    settings, unheard, typing, answer, drawer, help, notes, passages_as_cut, collection, measure, measured, compared, gold,
    study, all_cards, at_a_glance, log,
)  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "width", "scheme"),
    [
        ("ko-KR", 1280, "light"),
        ("en-US", 390, "dark"),
        pytest.param("ko-KR", 390, "light", marks=pytest.mark.slow),
        pytest.param("en-US", 1280, "dark", marks=pytest.mark.slow),
    ],
)
def test_no_view_has_a_serious_violation(open_page: Open, url: str, locale: str, width: int, scheme: str) -> None:
    page = open_page(url, locale=locale, width=width, color_scheme=scheme, reduced_motion="reduce")
    found = {"welcome": look(page)}
    for step in STEPS:
        step(page)
        found[step.__name__] = look(page)
    assert {step: violations for step, violations in found.items() if violations} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_refusal_and_a_problem_have_none_either(open_page: Open, site: Site, scheme: str) -> None:
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    ask(page, "zzzz")
    assert page.locator("#answer .refusal").count() == 1
    assert look(page) == []
    site.desk.broken = True
    page.reload()
    page.wait_for_selector("#answer .problem")
    assert look(page) == []


def test_violations_are_found(open_page: Open) -> None:
    page = open_page(reduced_motion="reduce")
    page.evaluate("document.querySelector('.welcome h2 + p').style.color = '#999'")
    page.evaluate("document.querySelector('.welcome').append(document.createElement('button'))")
    assert [each.split(":")[0] for each in look(page)] == ["button-name", "color-contrast"]

"""The card of the large language model in a real Chromium, over a server that answers well or misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from index.morphemes import Analyser
from rag.endpoint import MOST_BYTES, Endpoint
from rag.language_model import LanguageModel
from rag.querylog import QueryLog, Recorder
from rag.support import Checker
from tests.browser.conftest import Desk, Open
from tests.browser.test_axe import look
from tests.browser.test_page import ask, fits, text_of
from tests.chat_server import Reply, serving, streams
from tests.ui import serving as page_server
from ui.i18n_llm import EN, KO

pytestmark = pytest.mark.browser

GOOD = "역전파는 기울기를 뒤로 보냅니다 [1]. 연쇄 법칙도 나옵니다 [1]."
BAD = (
    "역전파는 기울기를 뒤로 보냅니다 [1]. 1986년에 기울기를 뒤로 보냈습니다 [1]. 역전파는 기울기를 뒤로 보내지 않습니다 [1]."
    " 역전파는 기울기를 뒤로 보냅니다 [42]. 기울기를 뒤로 보냅니다."
)
HARM = (
    '<img src=x onerror="window.harm=1"> <script>window.harm=1</script> ![기울기](http://example.org/x.png)'
    " [눌러](javascript:window.harm=1) [1]."
)
DENIED = Reply(500, '{"error": {"message": "the model fell over"}}')
REPLIES = {
    "역전파": streams(GOOD),
    "backpropagation": streams(BAD),
    "위험": streams(HARM),
    "기울기": DENIED,
    "연쇄": streams(GOOD, ends=False),
    "채우는": Reply(body="x" * (MOST_BYTES + 1)),
    "보물은": streams("NOT IN THE NOTES"),
    "square": streams(GOOD, wait=20.0),
}
"""By a word of the question."""


def replied(body: dict[str, Any]) -> Reply:
    question = json.loads(body["messages"][1]["content"])["question"]
    return next(reply for word, reply in REPLIES.items() if word in question)


@cache
def checker() -> Checker:
    return Checker(Analyser())


@pytest.fixture(scope="module")
def llm_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Any], Recorder]]:
    """The page with an endpoint: its address, what the endpoint was sent, and the log."""
    desk = Desk(gate=threading.Event())
    desk.gate.set()
    folder = tmp_path_factory.mktemp("llm")
    recorder = Recorder(QueryLog(folder / "questions.sqlite"), folder)
    with serving(replied) as server, Endpoint(server.url, "작은 <b>모델", tries=1, timeout=60) as endpoint:
        model = LanguageModel(endpoint, checker)
        with page_server.serving(desk, recorder=recorder, llm=model) as port:
            yield f"http://127.0.0.1:{port}/", server.asked, recorder


@pytest.fixture
def url(llm_url: tuple[str, list[Any], Recorder]) -> str:
    return llm_url[0]


def press(page: Any) -> None:
    """Asks the model about the answer shown, and waits for the end of what it says."""
    page.wait_for_selector("#llm section:not(:has(.took)) [data-llm=ask]")
    page.click("#llm [data-llm=ask]")
    page.wait_for_selector("#llm section:not([aria-busy]) [data-llm=ask]")
    page.wait_for_selector("#llm :is(.verdict, .failed, .declined)")


def ask_model(page: Any, question: str) -> None:
    ask(page, question)
    press(page)


def test_a_held_answer_is_marked_so_and_its_citations_open_the_note(open_page: Open, llm_url: tuple[str, list[Any], Recorder]) -> None:
    url, sent, recorder = llm_url
    page = open_page(url)
    ask(page, "역전파")
    before = page.inner_html("#answer")
    assert page.inner_text("#llm .model") == "작은 <b>모델"
    press(page)
    assert page.locator("#llm .said .held").count() == 2
    assert page.locator("#llm .said .loose").count() == 0
    assert page.inner_text("#llm .verdict") == KO.held.format(count=2)
    assert page.inner_text("#llm .said > li >> nth=0").split("\n")[-1].strip().startswith("역전파는 기울기를 뒤로 보냅니다.")
    assert page.inner_text("#llm .took").endswith("초")
    assert page.inner_html("#answer") == before
    shown = json.loads(sent[-1][2]["messages"][1]["content"])
    assert [each["number"] for each in shown["passages"]] == [1, 2, 3, 4, 5]
    page.click("#llm .cite >> nth=0")
    page.wait_for_selector("#note[open] .sheet-body :is(.here, .verse, p)")
    assert page.inner_text("#note h2") == "역전파"
    recorder.close()
    entry = recorder.log.read()[0]
    assert (entry.reader, entry.answer) == ("llm 작은 <b>모델", "역전파는 기울기를 뒤로 보냅니다. [1]\n연쇄 법칙도 나옵니다. [1]")


def test_what_is_not_held_is_marked_with_its_reason(open_page: Open, url: str) -> None:
    page = open_page(url, width=390)
    ask_model(page, "backpropagation")
    assert page.inner_text("#llm .verdict") == KO.some.format(count=5, wrong=4)
    reasons = [each.strip() for each in page.locator("#llm .why-list").all_inner_texts()]
    assert reasons == [
        "수 1986년이 [1]에 없어요",
        "‘보내지 않습니다’: [1]에서는 반대로 말해요",
        "42번 단락은 없어요",
        "인용한 단락이 없어요",
    ]
    assert page.locator("#llm .loose strong").all_inner_texts() == [KO.unsupported] * 4
    assert page.locator("#llm .loose .cite.gone").all_inner_texts() == ["42"]
    assert fits(page)
    page.click("button[data-lang=en]")
    page.wait_for_function(f"document.querySelector('#llm h2')?.textContent === {json.dumps(EN.title)}")
    assert page.inner_text("#llm .verdict") == EN.some.format(count=5, wrong=4)
    assert "the number 1986년 is not in [1]" in text_of(page, "#llm .why-list")


def test_what_the_model_says_is_text(open_page: Open, url: str) -> None:
    page = open_page(url)
    ask_model(page, "위험")
    assert "<script>window.harm=1</script>" in text_of(page, "#llm .said")
    assert page.evaluate("[window.harm, document.querySelectorAll('#llm :is(img, script, a)').length]") == [None, 0]


def test_a_failure_of_the_endpoint_leaves_the_answer_alone(open_page: Open, url: str) -> None:
    page = open_page(url)
    for question, title, told in (
        ("기울기", KO.problem, "HTTP 500: the model fell over"),
        ("연쇄", KO.broke_off, "hung up before the end of its answer"),
        ("채우는 글", KO.problem, "more than 4 MB"),
    ):
        ask(page, question)
        before = page.inner_html("#answer")
        press(page)
        assert page.inner_text("#llm .failed strong") == title
        assert told in page.inner_text("#llm .failed")
        assert page.inner_html("#answer") == before


def test_always_asking_is_remembered_and_a_new_question_stops_the_model(open_page: Open, url: str) -> None:
    page = open_page(url)
    ask(page, "보물은")
    page.click("#llm [data-llm=always]")
    page.wait_for_selector("#llm [data-llm=always][aria-checked=true]")
    page.reload()
    page.wait_for_selector("#answer section")
    page.wait_for_function("document.querySelector('#answer').getAttribute('aria-live') === 'polite'")
    ask(page, "square root")
    page.wait_for_selector("#llm [aria-busy]")  # its answer takes 20 s
    ask(page, "보물은")
    page.wait_for_selector("#llm .declined")
    assert page.inner_text("#llm .declined") == KO.declined
    assert page.locator("#llm .said").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_the_card_has_no_serious_violation(open_page: Open, url: str, width: int, scheme: str) -> None:
    page = open_page(url, width=width, color_scheme=scheme, reduced_motion="reduce")
    ask(page, "backpropagation")
    offered = look(page)
    press(page)
    assert (offered, look(page), fits(page)) == ([], [], True)


def test_without_an_endpoint_there_is_no_card(open_page: Open) -> None:
    page = open_page()
    ask(page, "역전파")
    assert page.locator("#llm").count() == 0

"""Asking by voice and reading aloud, in a real Chromium whose microphone is a file."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from index.types import Document
from rag import voice
from tests.browser.conftest import Open, Site, chromium
from tests.browser.test_axe import look
from tests.browser.test_page import DONE, answering, ask, fits
from tests.speech import STILL, VOICES, speak
from tests.ui.shelf import WordIndex, WordPipeline
from ui.i18n_voice import EN, KO

pytestmark = pytest.mark.browser

SAID = "역전파가 뭐야"
TERM = "역전파가"
"""What is heard of it every time; of the rest a synthetic voice leaves some room."""
NOTE = Document("week03/spoken.md", "역전파", "# 역전파\n\n- 연쇄 법칙\n- **역전파가** 하는 일은 기울기를 뒤로 보내는 것이다.\n")
FLAGS = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync"
MICROPHONE = "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream --use-file-for-fake-audio-capture="


SLOW = 120_000
"""Milliseconds that hearing may take on a loaded machine."""


@pytest.fixture(scope="module")
def browser(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium into whose microphone the question is spoken, with a pause behind it."""
    assert voice.knows("전파")  # the model is loaded by now
    file = tmp_path_factory.mktemp("voice") / "said.wav"
    with wave.open(BytesIO(speak(SAID))) as spoken, wave.open(str(file), "wb") as out:
        out.setparams(spoken.getparams()._replace(nframes=0))
        frames = spoken.readframes(2**30)
        still = bytes(2 * spoken.getframerate())
        out.writeframes(still + frames + still * 6)
    chrome = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS.split(), *f"{MICROPHONE}{file}".split()])
    yield chrome
    chrome.close()


def state(page: Any, name: str) -> None:
    page.wait_for_selector(f'#mic[data-state="{name}"]')


def refuse(page: Any, error: str) -> None:
    """The next wish for the microphone fails so."""
    page.evaluate(f"() => {{ navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('no', '{error}'); }}; }}")


def test_a_question_is_spoken_shown_and_asked_by_enter(open_page: Open, site: Site) -> None:
    site.desk.pipeline = WordPipeline(WordIndex((NOTE,)))
    page = open_page(permissions=["microphone"])
    page.click("#mic")
    page.wait_for_function(f"document.querySelector('#question textarea').value.startsWith('{TERM}')", timeout=SLOW)
    heard = page.input_value("#question textarea")
    state(page, "idle")
    assert page.inner_text("#heard").startswith(KO.heard)
    page.wait_for_selector("#typed .passage")
    assert site.desk.pipeline.asked == [], "it is shown, and not asked"
    assert page.evaluate("document.activeElement === document.querySelector('#question textarea')")

    with answering(page):
        page.keyboard.press("Enter")
    page.wait_for_selector(DONE)
    assert page.inner_text("#answer .text") == "**역전파가** 하는 일은 기울기를 뒤로 보내는 것이다."
    assert [question for question, _, _ in site.desk.pipeline.asked] == [heard]
    assert page.inner_text("#heard") == ""


def test_the_second_reading_takes_the_place_of_the_first(open_page: Open, site: Site) -> None:
    site.desk.pipeline = WordPipeline(WordIndex((NOTE,)))
    page = open_page(permissions=["microphone"])
    page.click("#mic")
    other = page.wait_for_selector("#heard .undo", timeout=SLOW).inner_text().removeprefix(f"{KO.other}: ")
    first = page.input_value("#question textarea")
    assert other and first.startswith(TERM) and not other.startswith(TERM)
    page.click("#heard .undo")
    page.wait_for_function("text => document.querySelector('#question textarea').value === text", arg=other)
    assert page.inner_text("#heard .undo") == f"{KO.other}: {first}"


def test_escape_ends_the_listening_and_nothing_is_written(open_page: Open) -> None:
    page = open_page(locale="en-US")
    page.evaluate(STILL)  # else the pause after the question might end it first
    page.focus("#mic")
    page.keyboard.press("Enter")
    state(page, "listening")
    assert page.get_attribute("#mic", "aria-label") == EN.stop and page.inner_text("#heard") == EN.listening
    assert look(page) == []
    page.keyboard.press("Escape")
    state(page, "idle")
    assert page.get_attribute("#mic", "aria-label") == EN.speak and page.inner_text("#heard") == ""
    assert page.input_value("#question textarea") == "" and page.evaluate("document.activeElement.id") == "mic"


@pytest.mark.parametrize(("error", "said"), [("NotAllowedError", KO.denied), ("NotFoundError", KO.none), ("NotReadableError", KO.none)])
def test_a_microphone_that_cannot_be_had_is_said(open_page: Open, error: str, said: str) -> None:
    page = open_page()
    refuse(page, error)
    page.click("#mic")
    page.wait_for_function("text => document.querySelector('#heard').textContent === text", arg=said)
    state(page, "idle")


def test_what_keeps_it_from_hearing_is_said_in_both_languages(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.voice.is_installed", lambda: False)
    page = open_page(width=390, height=844)
    page.click("#mic")
    page.wait_for_function("text => document.querySelector('#heard').textContent === text", arg=KO.absent)
    assert "pip install '.[voice]'" in KO.absent and fits(page)
    page.click("button[data-lang=en]")
    page.wait_for_function("text => document.querySelector('#heard').textContent === text", arg=EN.absent)
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.click("#mic")
    page.wait_for_function("text => document.querySelector('#heard').textContent === text", arg=EN.insecure)


def test_silence_is_told_from_speech(open_page: Open) -> None:
    page = open_page()
    page.evaluate(STILL)
    page.click("#mic")
    state(page, "listening")
    page.wait_for_timeout(600)
    page.click("#mic")
    page.wait_for_function("text => document.querySelector('#heard').textContent === text", arg=KO.nothing)


# Reading aloud


def test_an_answer_is_read_without_its_signs_and_hushed_by_a_second_press(open_page: Open) -> None:
    page = open_page()
    ask(page, "기울기를")
    page.evaluate(VOICES)
    page.click("#answer .aloud")
    said = page.evaluate("window.said.map((each) => each === 'stop' ? each : [each.text, each.lang, each.voice.localService])")
    assert said == [["역전파(backpropagation)는 기울기를 뒤로 보낸다 🙂", "ko-KR", True]]
    button = page.locator("#answer .aloud")
    assert (button.get_attribute("aria-pressed"), button.get_attribute("aria-label")) == ("true", KO.read_stop)
    button.click()
    assert page.evaluate("window.said.at(-1)") == "stop"
    assert (button.get_attribute("aria-pressed"), button.get_attribute("aria-label")) == ("false", KO.read)
    button.click()
    page.evaluate("window.said.at(-1).dispatchEvent(new Event('end'))")
    assert button.get_attribute("aria-pressed") == "false"
    button.evaluate("button => { window.said = []; button.dataset.aloud = '값은 0.1이다. GPT-3.5를 쓸까?! 그래\\n끝'; }")
    button.click()
    assert page.evaluate("window.said.map((each) => each.text)") == ["값은 0.1이다.", "GPT-3.5를 쓸까?!", "그래", "끝"]


def test_nothing_is_offered_to_be_read_without_a_voice_of_this_machine(open_page: Open) -> None:
    page = open_page()
    ask(page, "scaled dot-product")
    page.evaluate(VOICES)  # it has a Korean voice; the answer is English
    assert page.locator("#answer .aloud").count() == 1
    assert not page.is_visible("#answer .aloud")

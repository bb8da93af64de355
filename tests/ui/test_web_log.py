"""How the page keeps a log: what is recorded of an answer, the functions that its script calls, and what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from index.errors import IndexMissing
from rag.querylog import QueryLog, Recorder, key_of
from rag.types import Answer
from tests.ui.parse import parse
from tests.ui.test_web import missing, pipeline
from ui import html, html_log, web_ask, web_log
from ui.i18n import EN, KO
from ui.web_index import ByWords


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(QueryLog(tmp_path / "log.sqlite"), tmp_path)


def test_what_the_page_answers_is_recorded(recorder: Recorder, tmp_path: Path) -> None:
    asking = web_log.recorded(pipeline, recorder, "page")
    *_, answer = web_ask._respond(asking, "역전파는?", "dense", 3)
    recorder.close()
    assert isinstance(answer, Answer)
    (entry,) = recorder.log.read()
    assert (entry.door, entry.question, entry.retriever, entry.reader) == ("page", "역전파는?", "dense", "sentence")
    assert (entry.answer, entry.index) == (answer.text, str(tmp_path.resolve()))
    assert entry.passages == tuple(hit.passage.passage_id for hit in answer.hits)


def test_what_searches_by_words_is_recorded_so(recorder: Recorder) -> None:
    by_words = ByWords(pipeline(), "the model has changed")
    web_log.recorded(lambda: by_words, recorder, "api")().ask("역전파는?", retriever="hybrid")
    recorder.close()
    assert [(entry.door, entry.retriever) for entry in recorder.log.read()] == [("api", "lexical")]


def test_a_recorded_pipeline_is_otherwise_the_same(recorder: Recorder) -> None:
    held = web_log.recorded(pipeline, recorder, "page")()
    assert (len(held.index), held.reader_name) == (2, "sentence")
    with pytest.raises(IndexMissing):
        web_log.recorded(missing, recorder, "page")()


def test_thumbs_are_kept_while_the_log_is_on(recorder: Recorder) -> None:
    rate = web_log.rater(recorder)
    web_log.recorded(pipeline, recorder, "page")().ask("역전파는?")
    assert rate({"key": key_of("역전파는?", "역전파는 기울기를 뒤로 보낸다."), "thumb": -1}) is True
    recorder.close()
    assert [entry.thumb for entry in recorder.log.read()] == [-1]
    recorder.log.turn(False)
    assert rate({"key": "0" * 16, "thumb": 1}) is False


@pytest.mark.parametrize(
    "request_", [{}, {"key": "x", "thumb": 1}, {"key": "0" * 16, "thumb": 2}, {"key": "0" * 16, "thumb": True}, {"key": [1], "thumb": 1}]
)
def test_what_is_no_thumb_is_refused(recorder: Recorder, request_: dict[str, Any]) -> None:
    assert web_log.rater(recorder)(request_) is False


def test_a_silent_recorder_keeps_nothing() -> None:
    silent = web_log.silent()
    web_log.recorded(pipeline, silent, "page")().ask("역전파는?")
    assert not silent.log.is_on and silent._waiting.empty()
    assert web_log.rater(silent)({"key": "0" * 16, "thumb": 1}) is False


def test_an_answer_and_a_refusal_can_be_rated() -> None:
    for answer in (pipeline().ask("역전파는?"), pipeline().ask("점심")):
        tree = parse(html.answer_side(answer, "ko"))
        (group,) = tree.of("thumbs")
        assert group.attributes["role"] == "group"
        assert [(button.attributes["aria-label"], button.attributes["data-thumb"]) for button in tree.of("thumb")] == [
            (KO.thumb_up, "1"),
            (KO.thumb_down, "-1"),
        ]
        assert {button.attributes["data-key"] for button in tree.of("thumb")} == {key_of(answer.question, answer.text)}


def test_the_settings_say_where_the_log_is(tmp_path: Path) -> None:
    log = QueryLog(tmp_path / "a<b>.sqlite")
    assert str(log.file).replace("<", "&lt;").replace(">", "&gt;") in html_log.settings_line(log, "ko")
    assert [button.attributes["data-turn"] for button in parse(html_log.settings_line(log, "ko")).of("turn")] == ["off"]
    log.turn(False)
    shown = parse(html_log.settings_line(log, "en"))
    assert [(button.attributes["data-turn"], button.text) for button in shown.of("turn")] == [("on", EN.log_turn_on)]
    forbidden = parse(html_log.settings_line(QueryLog(log.file, forbidden=True), "en"))
    assert forbidden.of("turn") == [] and EN.log_forbidden in [node.text for node in forbidden.of("log")]
